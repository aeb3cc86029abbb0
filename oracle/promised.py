"""The oracle's figures of a policy: SLA figures, and durations by business clocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from oracle import kept
from oracle.board import Board
from oracle.clock import Edition, has_hours
from oracle.events import Facts, Record
from oracle.figures import (
    ONLY_CUSTOMERS,
    THREE_QUANTILES,
    TWO_QUANTILES,
    OracleFigure,
    durations,
    facts_of,
    labels_of,
)
from oracle.sla import SlaBoard, look
from oracle.spans import WINDOWS, Span, spans
from oracle.tickets import Start
from oracle.worst import judge

BUSINESS: Final = (("clock", "business"),)
MEASURED: Final = (
    ("support_first_response", "first_response_business", THREE_QUANTILES),
    ("support_response", "response_business", TWO_QUANTILES),
    ("support_resolution_time", "resolution_time_business", THREE_QUANTILES),
)


def figures(  # noqa: PLR0913 - each is named
    source: Facts | Iterable[Record],
    *,
    as_of_ms: int,
    policy: Sequence[Edition] | None,
    time_zone: str = "UTC",
    team_time_zones: Mapping[str, str] | None = None,
    members: Mapping[str, Sequence[str]] | None = None,
    max_members: int | None = None,
    future_tolerance_ms: int = 300_000,
    written: Mapping[str, Sequence[str]] | None = None,
    named: Mapping[str, Sequence[str]] | None = None,
    segment: bool = False,
    frt_from: Start = "first_contact",
) -> list[OracleFigure]:
    """Compute what a policy adds to `oracle.figures`; the arguments are the same.

    Without a policy there are the figures of the targets of which any ticket brought a deadline with it.
    """
    policy = policy or ()
    facts = facts_of(source, future_tolerance_ms)
    promised = look(facts, policy, as_of_ms, frt_from=frt_from)
    board = Board(
        facts, as_of_ms, members, max_members, promised.measured, written, named=named, segment=segment
    )
    sla = SlaBoard(promised, policy, board.folded, as_of_ms)
    zones = {board.shown(0, team): zone for team, zone in (team_time_zones or {}).items()}
    found: list[OracleFigure] = []
    for by, member in board.members():
        zone = zones.get(member, time_zone) if by == "team" else time_zone
        asked = [
            span
            for span in spans(as_of_ms=as_of_ms, time_zone=zone, windows=WINDOWS, first_ms=facts.first_ms)
            if span.window not in ONLY_CUSTOMERS
        ]
        for span in asked:
            found.extend(OracleFigure(*sample) for sample in sla.windowed(by, member, span))
        found.extend(OracleFigure(*sample) for sample in sla.live(by, member, board.own_names(by, member)))
        if has_hours(policy) and by in ("all", "team"):
            found.extend(_business(board, by, member, asked))
    for judged in (judge, kept.judge):
        found.extend(
            OracleFigure(*sample)
            for sample in judged(promised.deadlines, policy, sla.targets, board.folded, as_of_ms)
        )
    return found


def _business(board: Board, by: str, member: str, asked: Iterable[Span]) -> Iterator[OracleFigure]:
    """Durations by the calendars of teams; quantiles of the current period only."""
    for span in asked:
        pick = board.pick(by, member, span)
        for stem, series, quantiles in MEASURED:
            for name, extra, value, n in durations(stem, pick(series), quantiles, BUSINESS):
                if span.period == "current" or "quantile" not in name:
                    yield OracleFigure(name, (*labels_of(span, by, member), *extra), value, n)
            measured = pick(series)
            yield OracleFigure(
                f"{stem}_closed_observations",
                labels_of(span, by, member),
                float(measured.count(0)),
                len(measured),
            )
