"""The tickets at risk: the running clocks around now of each target and team.

They are one small row of the ledger. A worker keeps all running clocks in memory, by the hour of their
deadline. Of them the row lists the first ahead of the newest event and the last behind it, so its size has a
bound whatever happens, and it changes at most once a transaction. The exporter, which has the clock, shows of
it what has passed or is due soon.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from msgspec import Struct

from kpis.sla.policy import Policy
from windows.panes import HOUR_MS, MINUTE_MS

LISTED: Final = 25  # tickets ahead, and as many behind
LONGEST_URL: Final = 512  # bytes; a longer link is left out
_NUMBER_BYTES: Final = 40  # of an entry beside its texts, from above
_ROW_BYTES: Final = 640  # of a row beside its entries: a key with two names, numbers
HORIZON_MS: Final = 4 * HOUR_MS  # what is due later is not at risk yet
_FAR: Final = 1 << 62


class Entry(Struct, array_like=True, frozen=True, gc=False):
    """One running clock."""

    due_ms: int
    ticket_id: str
    created_ms: int
    channel: str
    priority: str
    url: str | None = None
    given: bool = False  # the deadline came with the ticket, and is not the policy's
    wait_ms: int | None = None  # of a next reply: the start of the wait

    @property
    def since_ms(self) -> int:
        """From when on its age counts: of a next reply from its wait, else from the creation."""
        return self.created_ms if self.wait_ms is None else self.wait_ms


class SegmentEntry(Entry, array_like=True, frozen=True, gc=False):
    """The same at a desk that has switched the fourth dimension on."""

    segment: str | None = None


class AtRiskRow(Struct, array_like=True, frozen=True):
    """The running clocks of one target and team around an instant, by deadline.

    And how many are not listed on either side.
    """

    # when the newest event is beyond it, so much of the list has passed that it is to be made again
    stale_ms: int
    left_out_behind: int
    left_out_ahead: int
    entries: Sequence[Entry]


class ToldAtRiskRow(AtRiskRow, array_like=True, frozen=True):
    """The same as it is read, from desks with and without segments."""

    entries: Sequence[SegmentEntry]


class AtRiskKey(NamedTuple):
    """Of which target and team a row is."""

    target: str
    team: str


class ClocksByHour:
    """Running clocks by the hour of their deadline."""

    def __init__(self) -> None:
        self._by_hour: dict[int, dict[str, int]] = {}
        self._hours: list[int] = []  # ascending
        self.count = 0
        self.widest_bytes = 0  # of the entries that were ever here, from above

    def start(self, ticket_id: str, due_ms: int) -> None:
        """A clock runs."""
        hour = due_ms // HOUR_MS
        clocks = self._by_hour.get(hour)
        if clocks is None:
            clocks = self._by_hour[hour] = {}
            insort(self._hours, hour)
        self.count += ticket_id not in clocks
        clocks[ticket_id] = due_ms

    def stop(self, ticket_id: str, due_ms: int) -> None:
        """It runs no more."""
        hour = due_ms // HOUR_MS
        clocks = self._by_hour[hour]
        del clocks[ticket_id]
        self.count -= 1
        if not clocks:
            del self._by_hour[hour]
            del self._hours[bisect_left(self._hours, hour)]

    def count_behind(self, from_ms: int) -> int:
        """How many deadlines are before an instant."""
        hour = from_ms // HOUR_MS
        whole = sum(len(self._by_hour[found]) for found in self._hours[: bisect_left(self._hours, hour)])
        return whole + sum(due < from_ms for due in self._by_hour.get(hour, {}).values())

    def ahead(self, from_ms: int) -> Iterator[tuple[int, str]]:
        """(deadline, ticket) from an instant on, ascending."""
        for hour in self._hours[bisect_left(self._hours, from_ms // HOUR_MS) :]:
            yield from sorted((due, ticket) for ticket, due in self._by_hour[hour].items() if due >= from_ms)

    def behind(self, from_ms: int) -> Iterator[tuple[int, str]]:
        """(deadline, ticket) before an instant, the latest first."""
        last = bisect_left(self._hours, from_ms // HOUR_MS + 1)
        for hour in reversed(self._hours[:last]):
            yield from sorted(
                ((due, ticket) for ticket, due in self._by_hour[hour].items() if due < from_ms), reverse=True
            )


Describe = Callable[[str, str, int], Entry]  # target, ticket and deadline to its entry


class AtRiskIndex:
    """All running clocks of a partition, and which rows are to be written."""

    def __init__(self) -> None:
        self._clocks: dict[AtRiskKey, ClocksByHour] = {}
        self._changed: set[AtRiskKey] = set()
        self._written: dict[AtRiskKey, bytes] = {}
        self._stale_ms: dict[AtRiskKey, int] = {}

    def start(self, key: AtRiskKey, ticket_id: str, due_ms: int, *, text_bytes: int) -> None:
        """A clock runs. `text_bytes`: of the texts of its entry, from above."""
        clocks = self._clocks.get(key)
        if clocks is None:
            clocks = self._clocks[key] = ClocksByHour()
        clocks.start(ticket_id, due_ms)
        clocks.widest_bytes = max(clocks.widest_bytes, text_bytes)
        self._changed.add(key)

    def stop(self, key: AtRiskKey, ticket_id: str, due_ms: int) -> None:
        """It runs no more."""
        clocks = self._clocks[key]
        clocks.stop(ticket_id, due_ms)
        if not clocks.count:
            del self._clocks[key]
        self._changed.add(key)

    def load(self, key: AtRiskKey, raw: bytes | None, row: AtRiskRow | None) -> None:
        """Take over a row of the ledger; the clocks themselves come from the ticket rows."""
        if raw is None or row is None:
            self._written.pop(key, None)
            self._stale_ms.pop(key, None)
        else:
            self._written[key] = raw
            self._stale_ms[key] = row.stale_ms

    def loaded(self) -> None:
        """All is read: nothing has changed yet."""
        self._changed.clear()

    def look_at_all(self) -> None:
        """All is read, and any row may have to be written."""
        self._changed.update(self._clocks, self._written)

    def size_of_changes(self) -> int:
        """Bytes that the changed rows may take, estimated from above."""
        size = _ROW_BYTES * len(self._changed)
        for key in self._changed:
            clocks = self._clocks.get(key)
            if clocks is not None:
                size += min(2 * LISTED, clocks.count) * (clocks.widest_bytes + _NUMBER_BYTES)
        return size

    def changes(
        self, newest_ms: int, describe: Describe, encode: Callable[[AtRiskRow], bytes]
    ) -> list[tuple[AtRiskKey, bytes | None]]:
        """The rows that are to be written, around the newest event; None where no clock runs any more."""
        self._changed.update([key for key, stale_ms in self._stale_ms.items() if stale_ms < newest_ms])
        found: list[tuple[AtRiskKey, bytes | None]] = []
        for key in self._changed:
            clocks = self._clocks.get(key)
            row = None if clocks is None else _row(key.target, clocks, newest_ms, describe)
            raw = None if row is None else encode(row)
            if raw != self._written.get(key):
                found.append((key, raw))
            self.load(key, raw, row)
        self._changed.clear()
        return found


def text_bytes(*texts: str | None) -> int:
    """Bytes of texts in UTF-8, estimated from above without writing them.

    >>> text_bytes("T-1", None, "técnica")
    31
    """
    return sum([len(text) if text.isascii() else 4 * len(text) for text in texts if text is not None])


def _row(target: str, clocks: ClocksByHour, newest_ms: int, describe: Describe) -> AtRiskRow:
    ahead, behind = (
        list(islice(clocks.ahead(newest_ms), LISTED)),
        list(islice(clocks.behind(newest_ms), LISTED)),
    )
    behind_count = clocks.count_behind(newest_ms)
    left_out_ahead = clocks.count - behind_count - len(ahead)
    stale_ms = ahead[LISTED // 2][0] if left_out_ahead else _FAR
    entries = [describe(target, ticket, due) for due, ticket in (*reversed(behind), *ahead)]
    return AtRiskRow(stale_ms, behind_count - len(behind), left_out_ahead, entries)


class AtRisk(NamedTuple):
    """One ticket at risk, as it is shown."""

    ticket_id: str
    url: str | None
    team: str
    channel: str
    priority: str
    target: str
    due_ms: int
    breached: bool
    age_ms: int  # of a next reply since its wait began, else since the creation
    business_age_ms: int | None  # None: no version of the policy was in force at the creation
    given: bool  # the deadline came with the ticket
    segment: str | None = None  # None: the desk has not switched segments on


class AtRiskList(NamedTuple):
    """Tickets at risk by deadline; truncated when there are more."""

    tickets: list[AtRisk]
    truncated: bool


AtRiskRows = Iterable[tuple[AtRiskKey, AtRiskRow]]


def at_risk(
    rows: AtRiskRows,
    policy: Policy | None,
    as_of_ms: int,
    *,
    teams: Sequence[str],
    targets: Sequence[str],
    limit: int,
) -> AtRiskList:
    """Open tickets that are past their deadline or due within 4 h; no team and no target is any.

    Where there are more than the limit, those nearest to now are shown: first what is due soonest, then what
    was missed last.
    """
    found: list[AtRisk] = []
    truncated = False
    now = as_of_ms // MINUTE_MS
    for key, row in rows:
        if (teams and key.team not in teams) or (targets and key.target not in targets):
            continue
        until_ms = as_of_ms + HORIZON_MS
        shown = [entry for entry in row.entries if entry.due_ms <= until_ms]
        # A list that does not reach beyond the horizon may miss something before it.
        truncated = (
            truncated
            or row.left_out_behind > 0
            or (row.left_out_ahead > 0 and len(shown) == len(row.entries))
        )
        found += [
            _shown(key, entry, policy, as_of_ms, breached=entry.due_ms // MINUTE_MS < now) for entry in shown
        ]
    found.sort(key=lambda one: (one.breached, -one.due_ms if one.breached else one.due_ms, one.ticket_id))
    truncated = truncated or len(found) > limit
    return AtRiskList(
        sorted(found[:limit], key=lambda one: (one.due_ms, one.ticket_id, one.target)), truncated
    )


def _shown(key: AtRiskKey, entry: Entry, policy: Policy | None, as_of_ms: int, *, breached: bool) -> AtRisk:
    version = None if policy is None else policy.at(entry.created_ms)
    business = None if version is None else version.calendar(key.team).elapsed_ms(entry.since_ms, as_of_ms)
    age = max(0, as_of_ms - entry.since_ms)
    return AtRisk(
        entry.ticket_id,
        entry.url,
        key.team,
        entry.channel,
        entry.priority,
        key.target,
        entry.due_ms,
        breached,
        age,
        business,
        entry.given,
        entry.segment if isinstance(entry, SegmentEntry) else None,
    )
