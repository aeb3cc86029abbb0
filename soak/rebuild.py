"""The figures once more, from the bytes in the ledger: no code of exporters or workers, spans by the oracle's calendar, plain sums.

Kept to what DESIGN promises to any reader: rows of a view partition count up to its last position row, of committed transactions only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from deskpulse import verify
from deskpulse.logs import Logs, read_topics
from deskpulse.oracle import DIMENSIONS, OTHER, OracleFigure
from deskpulse.oracle_spans import ROLLING, WINDOWS, Span, spans
from deskpulse.settings import Settings
from kpis import catalogue, figures, series
from kpis.customers import CustomerRow
from kpis.figures import Figure, Labels
from kpis.ledger import (
    LevelKey,
    PaneKey,
    Position,
    PositionKey,
    decode_cells,
    decode_customer,
    decode_position,
    decode_ticket,
    decode_view_key,
    is_ticket_key,
)
from kpis.tickets import Dims, TicketRow
from streams.topics import ledger_topics
from windows.panes import MINUTE, RESOLUTIONS

Group = tuple[str, str]  # by, member
Names = Mapping[str, frozenset[str]]  # shown members by dimension; the rest is `other`
CUSTOMER_WINDOWS: Final = ("30d", "365d")
ONLY_CUSTOMERS: Final = "365d"
_WITH_CUSTOMERS: Final = ("all", "team")
_CUSTOMER_DIMS: Final = ("", "", "")
_QUARTER_MS: Final = 900_000
_OF_LENGTH: Final = {resolution.length_ms: resolution.index for resolution in RESOLUTIONS}
NAMES: Final = frozenset(
    {name for kind in catalogue.FIGURES for name in (kind.name, kind.observations_name)}
    | {catalogue.PER_HOUR, f"{catalogue.PER_HOUR}_observations", *catalogue.LIVE_FIGURES}
    | {name for figure in (catalogue.RETENTION, catalogue.CHURN) for name in (figure, f"{figure.removesuffix('_ratio')}_observations")}
)


@dataclass
class Ledger:
    """What a reader of committed records holds of the ledger's last rows."""

    panes: dict[int, list[tuple[PaneKey, Mapping[int, int]]]] = field(default_factory=lambda: defaultdict(list))  # by resolution
    levels: list[tuple[LevelKey, Mapping[int, int]]] = field(default_factory=list)
    positions: dict[int, Position] = field(default_factory=dict)
    tickets: dict[str, TicketRow] = field(default_factory=dict)
    customers: dict[str, CustomerRow] = field(default_factory=dict)
    rows: int = 0

    def counter(self, name: str) -> int:
        """Sum of a counter over the partitions."""
        return sum(position.counters.get(name, 0) for position in self.positions.values())

    def rejected(self) -> dict[str, int]:
        """Rejects by reason."""
        prefix = "rejected:"
        names = {name for position in self.positions.values() for name in position.counters if name.startswith(prefix)}
        return {name.removeprefix(prefix): self.counter(name) for name in sorted(names)}


async def read_ledger(settings: Settings) -> Ledger:
    """The ledger of an installation as it is now, from its first row."""
    tickets, view = ledger_topics(settings.app_id)
    logs, _ = await read_topics(settings.kafka.client_options(), [tickets, view])
    return build(logs, view)


def build(logs: Logs, view: str) -> Ledger:
    """The ledger from the records of its two topics."""
    ledger = Ledger()
    for place, records in logs.items():
        pairs = [(record.key, record.value) for record in records]
        ledger.rows += len(pairs)
        if place.topic == view:
            _take_view(ledger, place.partition, vouched(pairs))
        else:
            _take_rows(ledger, dict(pairs))
    return ledger


def vouched(pairs: Iterable[tuple[bytes, bytes | None]]) -> dict[bytes, bytes | None]:
    r"""The last row of each key, of those up to the last position row.

    >>> from kpis.ledger import POSITION_KEY
    >>> first = [(b"\x94\x00", b"1"), (POSITION_KEY, b"p")]
    >>> vouched([*first, (b"\x94\x00", b"2")]) == dict(first)
    True
    """
    known: dict[bytes, bytes | None] = {}
    held: dict[bytes, bytes | None] = {}
    for key, value in pairs:
        held[key] = value
        if isinstance(decode_view_key(key), PositionKey):
            known.update(held)
            held = {}
    return known


def _take_view(ledger: Ledger, partition: int, rows: Mapping[bytes, bytes | None]) -> None:
    for raw, value in rows.items():
        key = decode_view_key(raw)
        if value is None:
            continue
        if isinstance(key, PaneKey):
            ledger.panes[key.resolution].append((key, decode_cells(value)))
        elif isinstance(key, LevelKey):
            ledger.levels.append((key, decode_cells(value)))
        elif isinstance(key, PositionKey):
            ledger.positions[partition] = decode_position(value)


def _take_rows(ledger: Ledger, rows: Mapping[bytes, bytes | None]) -> None:
    for key, value in rows.items():
        if value is None:
            continue
        if is_ticket_key(key):
            ledger.tickets[key[1:].decode()] = decode_ticket(value)
        else:
            ledger.customers[key[1:].decode()] = decode_customer(value)


def shown_names(expected: Iterable[OracleFigure]) -> Names:
    """Which members the oracle shows, by dimension."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for figure in expected:
        labels = dict(figure.labels)
        if "by" in labels:
            found[labels["by"]].add(labels["member"])
    return {by: frozenset(members) for by, members in found.items()}


def rebuilt(ledger: Ledger, settings: Settings, names: Names, as_of_ms: int) -> dict[verify.Key, float]:
    """All final and live figures at an instant, as an exporter would show them. The names shown are the oracle's choice."""
    assert not settings.desk.team_time_zones, "every team has its day in one zone here"
    groups = [(by, member) for by, members in names.items() for member in members]
    found: list[Figure] = []
    for span in spans(as_of_ms=as_of_ms, time_zone=settings.desk.time_zone, windows=WINDOWS):
        if span.window in CUSTOMER_WINDOWS:
            found += _customers(ledger, span)
        if span.window == ONLY_CUSTOMERS:
            continue
        sums = _sums(ledger, span, names)
        for by, member in groups:
            if span.period != "current" and by not in settings.exporter.compared_rollups:
                continue
            cells = sums.get((by, member), {})
            found += figures.lower(cells, _labels(span, by, member), by)
            found += figures.per_hour(cells, _labels(span, by, member), span.covered_ms)
    found += _live(ledger, names, groups)
    return {(figure.name, frozenset(figure.labels)): figure.value for figure in found}


def _labels(span: Span, by: str, member: str) -> Labels:
    return (("window", span.window), ("period", span.period), ("by", by), ("member", member))


def _resolution(window: str) -> int:
    return _OF_LENGTH[ROLLING[window][0] if window in ROLLING else _QUARTER_MS]


def _within(ledger: Ledger, span: Span) -> Iterator[tuple[Dims, Mapping[int, int], int]]:
    """The panes of a span, with +1; and with -1 the minutes of its last pane that have not begun: what is dated there is ahead of now."""
    index = _resolution(span.window)
    length_ms = RESOLUTIONS[index].length_ms
    for key, cells in ledger.panes[index]:
        if span.start_ms <= key.pane * length_ms < span.end_ms:
            yield key.dims, cells, 1
    for key, cells in ledger.panes[MINUTE.index]:
        if span.end_ms <= key.pane * MINUTE.length_ms < span.pane_end_ms:
            yield key.dims, cells, -1


def _groups(dims: Dims, names: Names) -> list[Group]:
    members = zip(DIMENSIONS, dims, strict=True)
    return [("all", "all"), *((by, name if name in names.get(by, ()) else OTHER) for by, name in members)]


def _sums(ledger: Ledger, span: Span, names: Names) -> Mapping[Group, dict[int, int]]:
    """Cells of each group in a span, and how many registers of distinct customers are in use."""
    found: defaultdict[Group, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    for dims, cells, sign in _within(ledger, span):
        if dims == _CUSTOMER_DIMS:
            continue
        for group in _groups(dims, names):
            sums = found[group]
            for cell, amount in cells.items():
                if cell < series.REGISTER or group[0] in _WITH_CUSTOMERS:
                    sums[cell] += sign * amount
    return {group: _with_registers(sums) for group, sums in found.items()}


def _with_registers(sums: Mapping[int, int]) -> dict[int, int]:
    used = sum(1 for cell, amount in sums.items() if cell >= series.REGISTER and amount > 0)
    return {**{cell: amount for cell, amount in sums.items() if cell < series.REGISTER}, series.REGISTERS_USED: used}


def _customers(ledger: Ledger, span: Span) -> Iterator[Figure]:
    """Retention and churn: who is a customer now, less what came since; a join after a leave within the span is no new customer."""
    index = _resolution(span.window)
    length_ms = RESOLUTIONS[index].length_ms
    active = sum(sum(cells.values()) for key, cells in ledger.levels if key.series == series.ACTIVE)
    within: defaultdict[int, int] = defaultdict(int)
    later = 0
    for key, cells in ledger.panes[index]:
        if key.dims != _CUSTOMER_DIMS:
            continue
        at_ms = key.pane * length_ms
        if at_ms >= span.pane_end_ms:
            later += cells.get(series.JOINED, 0) - cells.get(series.LEFT, 0)
        elif at_ms >= span.start_ms:
            for cell, amount in cells.items():
                within[cell] += amount
    at_end = active - later
    at_start = at_end - within[series.JOINED] + within[series.LEFT]
    again = sum(amount for cell, amount in within.items() if cell >= series.REJOINED + span.start_ms // length_ms)
    yield from figures.customers(at_start, within[series.JOINED] - again, at_end, _labels(span, "all", "all"))


def _live(ledger: Ledger, names: Names, groups: Iterable[Group]) -> Iterator[Figure]:
    counts: defaultdict[tuple[int, Group], int] = defaultdict(int)
    oldest: dict[Group, int] = {}
    for key, cells in ledger.levels:
        if key.series not in {series.OPEN, series.UNANSWERED}:
            continue
        for group in _groups(key.dims, names):
            counts[key.series, group] += sum(cells.values())
            minutes = [key.hour * 60 + minute for minute, amount in cells.items() if amount]
            if key.series == series.UNANSWERED and minutes:
                oldest[group] = min(*minutes, oldest.get(group, minutes[0]))
    for group in groups:
        labels = (("by", group[0]), ("member", group[1]))
        waiting = counts[series.UNANSWERED, group]
        yield Figure("support_open_tickets", labels, float(counts[series.OPEN, group]), counts[series.OPEN, group])
        yield Figure("support_unanswered_tickets", labels, float(waiting), waiting)
        if waiting:
            yield Figure("support_oldest_unanswered_timestamp_seconds", labels, oldest[group] * 60.0, waiting)
