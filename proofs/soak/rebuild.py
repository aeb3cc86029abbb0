"""The figures once more, from the bytes in the ledger.

No code of exporters or workers, spans by the oracle's calendar, plain sums.

Kept to what docs/ledger.md promises to any reader: rows of a view partition count up to its last position
row, of committed transactions only. Ticket and customer rows are decoded by whoever looks at them
(`judge.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from deskpulse.cluster.read_topics import Logs, read_topics
from deskpulse.settings import Settings
from oracle import verify
from oracle.board import DIMENSIONS, OTHER
from oracle.figures import OracleFigure
from oracle.spans import ROLLING, WINDOWS, Span, spans
from proofs.soak.lowering import (
    ACTIVE,
    ASSIGNED,
    JOINED,
    LEFT,
    OPEN,
    REGISTER,
    REJOINED,
    UNANSWERED,
    WAITING,
    WITH_BOT,
    Labels,
    Sample,
    final,
    retention,
)
from proofs.soak.presence import staffing
from streams.topics import ledger_topics

Group = tuple[str, str]  # by, member
Dims = tuple[str, str, str]
Names = Mapping[str, frozenset[str]]  # shown members by dimension; the rest is `other`
CUSTOMER_WINDOWS: Final = ("30d", "365d")
ONLY_CUSTOMERS: Final = "365d"
_WITH_CUSTOMERS: Final = ("all", "team")
_CUSTOMER_DIMS: Final = ("", "", "")
_PANE, _LEVEL, _POSITION, _PRESENCE = 0, 1, 3, 5  # kinds of rows of the view
_LENGTHS_MS: Final = (60_000, 900_000, 21_600_000, 86_400_000)  # of panes, by resolution
_QUARTER_MS: Final = 900_000
_MINUTES: Final = 0  # resolution of panes of a minute
_MORE_READINGS: Final = 4  # of the ledger, at the most
_NEWEST: Final = 7  # version of a row
_REMAINS: Final = 5  # of a ticket row that has left: it contributes to nothing


class Pane(NamedTuple):
    """The sums of one combination of names in one span."""

    start_ms: int
    dims: Dims
    cells: Mapping[int, int]


class Level(NamedTuple):
    """What stands now: of one hour, by minute."""

    series: int
    hour: int
    dims: Dims
    cells: Mapping[int, int]


class Position(NamedTuple):
    """What of a position row is looked at."""

    transaction: int
    event_clock_ms: int | None
    counters: Mapping[str, int]
    owner: str


@dataclass
class Ledger:
    """What a reader of committed records holds of the ledger's last rows."""

    panes: dict[int, list[Pane]] = field(default_factory=lambda: defaultdict(list))  # by resolution
    levels: list[Level] = field(default_factory=list)
    presence: list[tuple[str, Any]] = field(default_factory=list)  # team and decoded body
    positions: dict[int, Position] = field(default_factory=dict)
    tickets: dict[str, Any] = field(default_factory=dict)  # decoded bodies
    remains: dict[str, Any] = field(default_factory=dict)  # likewise, of tickets whose rows have left
    rows: int = 0
    told: list[str] = field(default_factory=list)  # how much was read where

    def transaction(self, partition: int) -> int:
        """The number of the last transaction that was read of a partition; 0: none."""
        return self.positions[partition].transaction if partition in self.positions else 0

    def counter(self, name: str) -> int:
        """Sum of a counter over the partitions."""
        return sum(position.counters.get(name, 0) for position in self.positions.values())

    def rejected(self) -> dict[str, int]:
        """Rejects by reason."""
        prefix = "rejected:"
        names = {
            name
            for position in self.positions.values()
            for name in position.counters
            if name.startswith(prefix)
        }
        return {name.removeprefix(prefix): self.counter(name) for name in sorted(names)}


async def read_ledger(settings: Settings) -> Ledger:
    """The ledger of an installation as it is now, from its first row.

    While it is read, workers write on, and Kafka compacts: the last position row before the end that there
    was at the start may be gone by the time it is reached, since there is a newer one behind it. Then the
    ledger is read once more.
    """
    ledger = await _read_once(settings)
    for _ in range(_MORE_READINGS):
        if set(ledger.positions) == set(range(settings.topics.partitions)):
            break
        ledger = await _read_once(settings)
    return ledger


async def _read_once(settings: Settings) -> Ledger:
    tickets, view = ledger_topics(settings.app_id)
    logs, ends = await read_topics(settings.kafka.client_options(), [tickets, view])
    ledger = build(logs, view)
    for place, records in sorted(logs.items()):
        offsets = f"{records[0].offset} to {records[-1].offset}" if records else "none"
        ledger.told.append(
            f"{place.topic}/{place.partition}: {len(records)} records, offsets {offsets}, end {ends[place]}"
        )
    return ledger


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

    >>> first = [(b"\x94\x00", b"1"), (b"\x91\x03", b"p")]
    >>> vouched([*first, (b"\x94\x00", b"2")]) == dict(first)
    True
    """
    known: dict[bytes, bytes | None] = {}
    held: dict[bytes, bytes | None] = {}
    for key, value in pairs:
        held[key] = value
        if key == _POSITION_KEY:
            known.update(held)
            held = {}
    return known


_POSITION_KEY: Final = msgspec.msgpack.encode([_POSITION])


def body(raw: bytes) -> Any:
    """What follows the version byte of a row.

    Errors: ValueError for a version that this reader does not know.
    """
    if not 1 <= raw[0] <= _NEWEST:
        raise ValueError(f"a row of version {raw[0]}")
    return msgspec.msgpack.decode(memoryview(raw)[1:])


def _take_view(ledger: Ledger, partition: int, rows: Mapping[bytes, bytes | None]) -> None:
    for raw, value in rows.items():
        if value is None:
            continue
        kind, *key = msgspec.msgpack.decode(raw)
        if kind == _PANE:
            resolution, number, *dims = key
            ledger.panes[resolution].append(Pane(number * _LENGTHS_MS[resolution], _dims(dims), body(value)))
        elif kind == _LEVEL:
            series, hour, *dims = key
            ledger.levels.append(Level(series, hour, _dims(dims), body(value)))
        elif kind == _PRESENCE:
            ledger.presence.append((key[0], body(value)))
        elif kind == _POSITION:
            found = body(value)
            ledger.positions[partition] = Position(
                found.get("transaction", 0),
                found.get("event_clock_ms"),
                found.get("counters", {}),
                found.get("owner", ""),
            )


def _dims(names: list[str]) -> Dims:
    team, channel, priority = names
    return team, channel, priority


def _take_rows(ledger: Ledger, rows: Mapping[bytes, bytes | None]) -> None:
    for key, value in rows.items():
        if value is not None and key[:1] == b"t":
            kept = ledger.remains if value[0] == _REMAINS else ledger.tickets
            kept[key[1:].decode()] = body(value)


def shown_names(expected: Iterable[OracleFigure]) -> Names:
    """Which members the oracle shows, by dimension."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for figure in expected:
        labels = dict(figure.labels)
        if "by" in labels:
            found[labels["by"]].add(labels["member"])
    return {by: frozenset(members) for by, members in found.items()}


def rebuilt(ledger: Ledger, settings: Settings, names: Names, as_of_ms: int) -> dict[verify.Key, float]:
    """All final and live figures at an instant, as an exporter would show them.

    The names shown are the oracle's choice.
    """
    desk = settings.desk
    assert not desk.team_time_zones, "every team has its day in one zone here"
    assert desk.time_zone or desk.policy is None, "no policy decides on the zone here"
    groups = [(by, member) for by, members in names.items() for member in members]
    found: list[Sample] = []
    for span in spans(as_of_ms=as_of_ms, time_zone=desk.time_zone or "UTC", windows=WINDOWS):
        if span.window in CUSTOMER_WINDOWS:
            found += _customers(ledger, span)
        if span.window == ONLY_CUSTOMERS:
            continue
        sums = _sums(ledger, span, names)
        for by, member in groups:
            if span.period != "current" and by not in settings.exporter.compared_rollups:
                continue
            cells = sums.get((by, member), {})
            registers = sum(1 for cell, amount in cells.items() if cell >= REGISTER and amount > 0)
            found += final(cells, _labels(span, by, member), by, span.covered_ms, registers)
    found += _live(ledger, names, groups)
    found += _staffing(ledger, names, as_of_ms)
    return {(sample.name, frozenset(sample.labels)): sample.value for sample in found}


def _labels(span: Span, by: str, member: str) -> Labels:
    return (("window", span.window), ("period", span.period), ("by", by), ("member", member))


def _resolution(window: str) -> int:
    return _LENGTHS_MS.index(ROLLING[window][0] if window in ROLLING else _QUARTER_MS)


def _within(ledger: Ledger, span: Span) -> Iterator[tuple[Pane, int]]:
    """The panes of a span with +1, and with -1 the minutes of its last pane that have not begun.

    An event dated there is ahead of now.
    """
    for pane in ledger.panes[_resolution(span.window)]:
        if span.start_ms <= pane.start_ms < span.end_ms:
            yield pane, 1
    for pane in ledger.panes[_MINUTES]:
        if span.end_ms <= pane.start_ms < span.pane_end_ms:
            yield pane, -1


def _groups(dims: Dims, names: Names) -> list[Group]:
    members = zip(DIMENSIONS, dims, strict=True)
    return [("all", "all"), *((by, name if name in names.get(by, ()) else OTHER) for by, name in members)]


def _sums(ledger: Ledger, span: Span, names: Names) -> Mapping[Group, Mapping[int, int]]:
    """Cells of each group in a span, the registers of distinct customers among them where they are shown."""
    found: defaultdict[Group, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    for pane, sign in _within(ledger, span):
        if pane.dims == _CUSTOMER_DIMS:
            continue
        for group in _groups(pane.dims, names):
            sums = found[group]
            for cell, amount in pane.cells.items():
                if cell < REGISTER or group[0] in _WITH_CUSTOMERS:
                    sums[cell] += sign * amount
    return found


def _customers(ledger: Ledger, span: Span) -> Iterator[Sample]:
    """Retention and churn: the customers of now, less what came since.

    A join after a leave within the span is no new customer.
    """
    index = _resolution(span.window)
    active = sum(sum(level.cells.values()) for level in ledger.levels if level.series == ACTIVE)
    within: defaultdict[int, int] = defaultdict(int)
    later = 0
    for pane in ledger.panes[index]:
        if pane.dims != _CUSTOMER_DIMS:
            continue
        if pane.start_ms >= span.pane_end_ms:
            later += pane.cells.get(JOINED, 0) - pane.cells.get(LEFT, 0)
        elif pane.start_ms >= span.start_ms:
            for cell, amount in pane.cells.items():
                within[cell] += amount
    at_end = active - later
    at_start = at_end - within[JOINED] + within[LEFT]
    again = sum(
        amount for cell, amount in within.items() if cell >= REJOINED + span.start_ms // _LENGTHS_MS[index]
    )
    yield from retention(at_start, within[JOINED] - again, at_end, _labels(span, "all", "all"))


def _live(ledger: Ledger, names: Names, groups: Iterable[Group]) -> Iterator[Sample]:
    counts: defaultdict[tuple[int, Group], int] = defaultdict(int)
    oldest: dict[tuple[int, Group], int] = {}
    for level in ledger.levels:
        if level.series not in _LEVELS:
            continue
        for group in _groups(level.dims, names):
            place = level.series, group
            counts[place] += sum(level.cells.values())
            minutes = [level.hour * 60 + minute for minute, amount in level.cells.items() if amount]
            if minutes:
                oldest[place] = min(*minutes, oldest.get(place, minutes[0]))
    for group in groups:
        labels = (("by", group[0]), ("member", group[1]))
        for series, name in _LEVELS.items():
            if series != ASSIGNED:
                yield Sample(f"support_{name}_tickets", labels, float(counts[series, group]))
            if series in _WITH_OLDEST and counts[series, group]:
                began = oldest[series, group] * 60.0
                yield Sample(f"support_oldest_{name}_timestamp_seconds", labels, began)
        if ledger.counter("assigned"):  # else the desk does not tell of it
            nobodys = counts[OPEN, group] - counts[ASSIGNED, group]
            yield Sample("support_unassigned_tickets", labels, float(nobodys))


_LEVELS: Final = {
    OPEN: "open",
    UNANSWERED: "unanswered",
    WAITING: "waiting",
    WITH_BOT: "with_bot",
    ASSIGNED: "assigned",
}
_WITH_OLDEST: Final = frozenset({UNANSWERED, WAITING})


def _staffing(ledger: Ledger, names: Names, as_of_ms: int) -> Iterator[Sample]:
    waiting: defaultdict[str, int] = defaultdict(int)
    for level in ledger.levels:
        if level.series == WAITING:
            waiting[level.dims[0]] += sum(level.cells.values())
    teams = names.get("team", frozenset()) - {OTHER}
    return staffing(ledger.presence, teams, waiting, as_of_ms)
