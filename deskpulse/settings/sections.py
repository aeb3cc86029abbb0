"""The sections of the settings that hold plain values: topics, desk, worker, exporter."""

from __future__ import annotations

import difflib
import ipaddress
import zoneinfo
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from deskpulse.settings.base import Names, Section, from_json, listed, wrong

PartsWindow = Literal["15m", "1h", "8h", "24h", "7d", "30d", "today"]
RESERVED_MEMBERS: Final = frozenset({"all", "other"})  # the roll-up over everything, and where unlisted names are folded
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# Edges of the stored histograms: only on these are the exported buckets exact.
BUCKETS_SECONDS: Final = (
    *(n * _MINUTE for n in (1, 2, 4, 5, 8, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 4, 8)),
    *(n * _DAY for n in (1, 2, 3, 7, 14, 30)),
)


class TopicSettings(Section):
    """Section `topics`: what `deskpulse topics` creates and `doctor` expects."""

    partitions: int = Field(4, ge=1, le=10_000)
    replication_factor: int = Field(1, ge=1, le=100)
    min_insync_replicas: int = Field(1, ge=1, le=100)
    dead_letter_retention_days: int = Field(14, ge=1, le=3_650)
    dead_letter_max_bytes: int = Field(4_194_304, ge=1_048_576, le=1_073_741_824)
    ledger_segment_seconds: int = Field(600, ge=10, le=86_400)
    ledger_compaction_lag_seconds: int = Field(3_600, ge=10, le=604_800)
    ledger_delete_retention_seconds: int = Field(86_400, ge=60, le=2_592_000)

    @field_validator("min_insync_replicas")
    @classmethod
    def _check_replicas(cls, least: int, info: ValidationInfo) -> int:
        copies = info.data.get("replication_factor")
        if copies is not None and least > copies:
            raise wrong(f"above topics.replication_factor ({copies}), so no write could ever succeed", "use 1 with 1 copy, 2 with 3 copies")
        return least


class MemberSettings(Section):
    """Section `desk.members`: the names that are shown, one list a dimension; none shows the largest."""

    team: Names | None = None
    channel: Names | None = None
    priority: Names | None = None

    @field_validator("team", "channel", "priority")
    @classmethod
    def _check_names(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is None:
            return None
        if not names:
            raise wrong("an empty list", "name at least one, or write null to show the largest by volume")
        if taken := RESERVED_MEMBERS.intersection(names):
            raise wrong(f"{sorted(taken)} have a meaning of their own in the metrics", "leave them out")
        if len(set(names)) < len(names):
            raise wrong("something stands in it twice", "list each name once")
        return names


class DeskSettings(Section):
    """Section `desk`: whose day it is, which names are shown, how late an event may be."""

    time_zone: str = "UTC"
    team_time_zones: Annotated[dict[str, str], BeforeValidator(from_json)] = Field(default_factory=dict)
    members: MemberSettings = Field(default_factory=MemberSettings)
    max_members: int = Field(3, ge=1, le=1_000)
    max_names: int = Field(1_000, ge=1, le=100_000)
    future_tolerance_seconds: int = Field(300, ge=0, le=86_400)
    horizon_days: int = Field(61, ge=1, le=3_650)
    open_horizon_days: int = Field(365, ge=1, le=3_650)

    @field_validator("time_zone")
    @classmethod
    def _check_zone(cls, zone: str) -> str:
        _zone(zone)
        return zone

    @field_validator("team_time_zones")
    @classmethod
    def _check_zones(cls, zones: dict[str, str]) -> dict[str, str]:
        for zone in zones.values():
            _zone(zone)
        return zones


class WorkerSettings(Section):
    """Section `worker`: units of work, and when a worker stops itself."""

    chunk_records: int = Field(2_000, ge=1, le=100_000)
    session_timeout_seconds: float = Field(10.0, ge=1, le=1_800)
    transaction_timeout_seconds: float = Field(10.0, ge=1, le=900)
    reject_least_records: int = Field(500, ge=1)
    reject_ratio: float = Field(0.95, gt=0, le=1)
    watchdog_seconds: float = Field(60.0, ge=1, le=86_400)


class ExporterSettings(Section):
    """Section `exporter`: where it listens and how much it exports."""

    host: str = "127.0.0.1"
    port: int = Field(9_108, ge=0, le=65_535)
    insecure_listen: bool = False
    clock: Literal["wall", "event"] = "wall"
    parts_windows: Annotated[tuple[PartsWindow, ...], BeforeValidator(listed)] = ("1h",)
    buckets_seconds: Annotated[tuple[int, ...], BeforeValidator(listed)] = (900, 3_600, 10_800)

    @field_validator("insecure_listen")
    @classmethod
    def _check_listen(cls, insecure: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic calls it
        host = info.data.get("host")
        if host is not None and not insecure and not is_loopback(host):
            raise wrong(
                f"exporter.host {host!r} can be reached from other machines, and the exporter has neither TLS nor a log-in",
                "keep host 127.0.0.1 behind a proxy that has both; in a network you trust, set insecure_listen to true",
            )
        return insecure

    @field_validator("parts_windows", "buckets_seconds")
    @classmethod
    def _check_once(cls, values: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(values)) < len(values):
            raise wrong("something stands in it twice", "list each value once")
        return values

    @field_validator("buckets_seconds")
    @classmethod
    def _check_buckets(cls, edges: tuple[int, ...]) -> tuple[int, ...]:
        if unknown := [edge for edge in edges if edge not in BUCKETS_SECONDS]:
            raise wrong(f"the stored histograms have no edge at {unknown}", f"choose from {', '.join(map(str, BUCKETS_SECONDS))}")
        return tuple(sorted(edges))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a listener on `host`; a name other than localhost counts as reachable."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        close = difflib.get_close_matches(name, sorted(zoneinfo.available_timezones()), n=1)
        hint = f"did you mean {close[0]}?" if close else "such as Europe/Madrid or UTC"
        raise wrong(f"{name!r} is no time zone", f"write an IANA name; {hint}") from error
