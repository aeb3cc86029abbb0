"""The composition root: settings become the arguments of the parts; no part reads settings itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from xxhash import xxh3_64_hexdigest

from deskpulse import clocks
from deskpulse.policy import desk_policy, desk_zone
from exporters.config import ExporterConfig, WallRules
from kpis.figures.bands import BANDED, BandRule
from kpis.figures.view import ViewRules
from kpis.ledger.shared import FRT_SETTING, SEGMENT_SETTING
from kpis.members import MemberRules, dimensions
from kpis.state.rules import StateRules
from kpis.tickets.manner import FIRST_CONTACT
from streams.names import fold, spellings

if TYPE_CHECKING:
    from agents.config import WorkerConfig
    from deskpulse.settings import Settings

_DAY_MS: Final = 86_400_000
_LONGEST_VALUE: Final = 120  # characters of a setting that the position row has as it is
_HEARTBEAT_SECONDS: Final = 3.0


def state_rules(settings: Settings, *, adopt: bool = False) -> StateRules:
    """Limits of a partition's state, and its policy. Errors: PolicyError.

    `adopt`: where shared settings are not those of the ledger, it takes these over.
    """
    desk = settings.desk
    return StateRules(
        horizon_ms=desk.horizon_days * _DAY_MS,
        open_ms=desk.open_horizon_days * _DAY_MS,
        future_tolerance_ms=desk.future_tolerance_seconds * 1_000,
        most_names=desk.max_names,
        most_combinations=desk.max_combinations,
        shared=shared_settings(settings),
        ledger_format=settings.worker.ledger_format,
        policy=desk_policy(desk),
        segment=desk.segment is not None,
        frt_from=desk.frt_from,
        adopt=adopt,
    )


def view_rules(settings: Settings) -> ViewRules:
    """What a view shows. Errors: PolicyError."""
    desk = settings.desk
    policy = desk_policy(desk)
    known = dimensions(segment=desk.segment is not None)
    lists = {
        dimension: names for dimension in known if (names := getattr(desk.members, dimension)) is not None
    }
    zones = {"team": desk.team_time_zones}
    spelled = {
        dimension: spellings(
            [] if policy is None else policy.names(number), lists.get(dimension, ()), zones.get(dimension, ())
        )
        for number, dimension in enumerate(known)
    }
    shown = {
        dimension: tuple(dict.fromkeys(spelled[dimension][fold(name)] for name in names))
        for dimension, names in lists.items()
    }
    named = {
        dimension: ()
        if policy is None
        else tuple(dict.fromkeys(spelled[dimension][fold(name)] for name in policy.names(number)))
        for number, dimension in enumerate(known)
    }
    return ViewRules(
        zone=ZoneInfo(desk_zone(desk).name),
        team_zones={
            spelled["team"][fold(team)]: ZoneInfo(zone) for team, zone in desk.team_time_zones.items()
        },
        members=MemberRules(shown, desk.max_members, named),
        parts_windows=settings.exporter.parts_windows,
        compared=settings.exporter.compared_rollups,
        policy=policy,
        spelled=spelled,
        shared=shared_settings(settings),
        open_ms=desk.open_horizon_days * _DAY_MS,
        segment=desk.segment is not None,
        frt_from=desk.frt_from,
    )


def shared_settings(settings: Settings) -> dict[str, str]:
    """The settings that every worker and exporter of a ledger must share, as the position row keeps them.

    Errors: PolicyError.
    """
    desk = settings.desk
    zones = json.dumps(dict(sorted(desk.team_time_zones.items())), ensure_ascii=False)
    return {
        # absent while they are off: then the ledger has not a byte of them
        **({} if desk.segment is None else {SEGMENT_SETTING: desk.segment}),
        **({} if desk.frt_from == FIRST_CONTACT else {FRT_SETTING: desk.frt_from}),
        "desk.horizon_days": str(desk.horizon_days),
        "desk.open_horizon_days": str(desk.open_horizon_days),
        "desk.future_tolerance_seconds": str(desk.future_tolerance_seconds),
        "desk.max_names": str(desk.max_names),
        "desk.max_combinations": str(desk.max_combinations),
        "desk.time_zone": desk_zone(desk).name,
        "desk.team_time_zones": zones
        if len(zones) <= _LONGEST_VALUE
        else f"of {len(desk.team_time_zones)} teams, {xxh3_64_hexdigest(zones.encode())}",
    }


def wall_rules(settings: Settings) -> WallRules:
    """What the wall shows beyond the figures."""
    bands = {}
    for kpi in BANDED.values():
        band = getattr(settings.bands, kpi)
        edges = tuple(bound.edge(name) for name, bound in band.edges)
        bands[kpi] = BandRule(edges, band.windows, band.channels)
    return WallRules(
        bands=bands,
        minimum=settings.bands.minimum_observations,
        show_tickets=settings.exporter.show_tickets,
        most_screens=settings.exporter.max_screens,
        desk=settings.desk_name,
        segment=settings.desk.segment,
    )


def exporter_config(settings: Settings) -> ExporterConfig:
    """The configuration of an exporter."""
    server = settings.exporter
    return ExporterConfig(
        time=clocks.EXPORTER,
        kafka=settings.kafka.client_options(),
        view_rules=view_rules(settings),
        wall=wall_rules(settings),
        app_id=settings.app_id,
        desk=settings.desk_name,
        topic_prefix=settings.topic_prefix,
        host=server.host,
        port=server.port,
        insecure_listen=server.insecure_listen,
        allowed_hosts=server.allowed_hosts,
        cert_file=server.cert_file,
        key_file=server.key_file,
        bearer_token=server.read_bearer_token(),
        basic_auth=server.read_basic_auth(),
        clock=server.clock,
        behind_seconds=server.behind_seconds,
        skew_seconds=server.clock_skew_seconds,
        buckets_seconds=server.buckets_seconds,
        # A reader that was away for longer may have missed that a row was deleted.
        stall_seconds=settings.topics.ledger_delete_retention_seconds / 2,
    )


def worker_config(settings: Settings, *, adopt: bool = False) -> WorkerConfig:
    """The configuration of a worker. `adopt`: as in `state_rules`."""
    from agents.config import WorkerConfig  # noqa: PLC0415 - imports Faust, which nothing but a worker should wait for

    worker = settings.worker
    return WorkerConfig(
        clock=clocks.WORKER,
        kafka=settings.kafka.client_options(),
        app_id=settings.app_id,
        topic_prefix=settings.topic_prefix,
        state_rules=state_rules(settings, adopt=adopt),
        chunk_records=worker.chunk_records,
        unit_interval_seconds=worker.unit_interval_seconds,
        fetch_pace_seconds=worker.fetch_pace_seconds,
        session_timeout_seconds=worker.session_timeout_seconds,
        # Three missed heartbeats end a session, also a short one.
        heartbeat_seconds=min(_HEARTBEAT_SECONDS, worker.session_timeout_seconds / 3),
        transaction_timeout_seconds=worker.transaction_timeout_seconds,
        reject_share=worker.reject_ratio,
        reject_least=worker.reject_least_records,
        watchdog_seconds=worker.watchdog_seconds,
        position_seconds=worker.position_seconds,
    )
