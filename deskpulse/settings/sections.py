"""The sections of the settings that hold plain values: topics, desk, worker."""

from __future__ import annotations

import difflib
import zoneinfo
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from deskpulse.settings.base import NameList, Section, check_name, check_readable, from_json, wrong
from kpis.ledger import codec, formats
from kpis.members import DIMENSIONS
from kpis.tickets.manner import FIRST_CONTACT, FrtFrom
from windows.panes import DAY_MS, SIX_HOURS

LONGEST_NAME: Final = 128  # characters, as of every name in events
LONGEST_SEGMENT_NAME: Final = 32  # it heads columns and choosers
# the roll-up over everything, and where unlisted names are folded
RESERVED_MEMBERS: Final = frozenset({"all", "other"})


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
            raise wrong(
                f"above topics.replication_factor ({copies}), so every write would fail",
                "use 1 with 1 copy, 2 with 3 copies",
            )
        return least


class MemberSettings(Section):
    """Section `desk.members`: the names that are shown, one list a dimension; none shows the largest."""

    team: NameList | None = None
    channel: NameList | None = None
    priority: NameList | None = None
    segment: NameList | None = None

    @field_validator("team", "channel", "priority", "segment")
    @classmethod
    def _check_names(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is None:
            return None
        if not names:
            raise wrong("an empty list", "name at least one, or write null to show the largest by volume")
        for name in names:
            check_name(name)
        if taken := RESERVED_MEMBERS.intersection(names):
            raise wrong(f"{sorted(taken)} are reserved in the metrics", "leave them out")
        if len(set(names)) < len(names):
            raise wrong("it has duplicates", "list each name once")
        return names


class DeskSettings(Section):
    """Section `desk`: what it is called, whose day it is, which names are shown, how late an event may be."""

    # None: the app_id
    name: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)] | None = None
    time_zone: str | None = None  # None: that of the policy, see `deskpulse.policy.desk_zone`
    team_time_zones: Annotated[dict[str, str], BeforeValidator(from_json)] = Field(default_factory=dict)
    policy: Path | None = None
    # what the fourth dimension is called (tier, brand, product, language); None: it is off
    segment: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SEGMENT_NAME)] | None = None
    frt_from: FrtFrom = FIRST_CONTACT  # where the first response time begins
    members: MemberSettings = Field(default_factory=MemberSettings)
    max_members: int = Field(4, ge=1, le=1_000)
    max_names: int = Field(1_000, ge=1, le=100_000)
    max_combinations: int = Field(5_000, ge=1, le=1_000_000)
    future_tolerance_seconds: int = Field(300, ge=0, le=86_400)
    # as long as any window asks for panes of tickets
    horizon_days: int = Field(SIX_HOURS.retention_ms // DAY_MS, ge=1, le=3_650)
    open_horizon_days: int = Field(365, ge=1, le=3_650)

    @field_validator("name")
    @classmethod
    def _check_desk(cls, name: str | None) -> str | None:
        return None if name is None else check_name(name)

    @field_validator("segment")
    @classmethod
    def _check_segment(cls, name: str | None) -> str | None:
        if name is None:
            return None
        if name.casefold() in DIMENSIONS:
            raise wrong(
                f"{name!r} is a dimension already", "name the fourth one otherwise, such as tier or brand"
            )
        return check_name(name)

    @field_validator("members")
    @classmethod
    def _check_members(cls, members: MemberSettings, info: ValidationInfo) -> MemberSettings:
        if members.segment is not None and "segment" in info.data and info.data["segment"] is None:
            raise wrong(
                "desk.members.segment lists names, but desk.segment is not set",
                "set desk.segment to what the fourth dimension is called, or leave the list out",
            )
        return members

    @field_validator("time_zone")
    @classmethod
    def _check_zone(cls, zone: str | None) -> str | None:
        if zone is not None:
            known_zone(zone)
        return zone

    @field_validator("policy")
    @classmethod
    def _check_policy(cls, path: Path | None) -> Path | None:
        check_readable(path)
        return path

    @field_validator("team_time_zones")
    @classmethod
    def _check_zones(cls, zones: dict[str, str]) -> dict[str, str]:
        for team, zone in zones.items():
            check_name(team)
            known_zone(zone)
        return zones


class WorkerSettings(Section):
    """Section `worker`: units of work, and when a worker stops itself."""

    chunk_records: int = Field(5_000, ge=1, le=100_000)
    unit_interval_seconds: float = Field(0.1, ge=0.01, le=10)
    fetch_pace_seconds: float = Field(0.1, ge=0, le=10)
    session_timeout_seconds: float = Field(10.0, ge=1, le=1_800)
    transaction_timeout_seconds: float = Field(10.0, ge=1, le=900)
    reject_least_records: int = Field(500, ge=1)
    reject_ratio: float = Field(0.95, gt=0, le=1)
    watchdog_seconds: float = Field(60.0, ge=1, le=86_400)
    position_seconds: float = Field(10.0, ge=1, le=3_600)
    ledger_format: int | None = Field(None, ge=1)

    @field_validator("ledger_format")
    @classmethod
    def _check_format(cls, wanted: int | None) -> int | None:
        if wanted is not None and wanted < formats.LEAST:
            raise wrong(
                f"this program needs at least ledger format {formats.LEAST}",
                "leave it out, or raise it (docs/upgrade.md)",
            )
        if wanted is not None and wanted > codec.VERSION:
            raise wrong(
                f"this program writes ledgers up to format {codec.VERSION}",
                "upgrade every worker and exporter before you raise it",
            )
        return wanted


def known_zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone of an IANA name. Errors: the fault of a setting."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        close = difflib.get_close_matches(name, sorted(zoneinfo.available_timezones()), n=1)
        hint = f"did you mean {close[0]}?" if close else "such as Europe/Madrid or UTC"
        raise wrong(f"{name!r} is not a time zone", f"write an IANA name; {hint}") from error
