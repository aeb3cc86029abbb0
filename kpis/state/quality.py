"""How good the data are, as figures: what came twice, came wrong, had no beginning, or does not fit.

None of it changes a KPI by itself: a duplicate counts once, a twin twice. It is shown because the sender of
the events can mend it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from kpis.ledger.codec import Position
from kpis.tickets.facts import HANDLED, RESOLVED, RETRACTED, Fact
from kpis.tickets.row import TicketRow

MOST_NAMED: Final = 20  # tickets
NamedTickets = list[str]


class Quality(Struct, kw_only=True):
    """Of a history, or of a desk since its ledger was begun.

    Counts; 0 is a real 0, null is not known here.
    """

    accepted: int = 0  # events, duplicates among them
    rejected: dict[str, int] = field(default_factory=dict)  # by reason
    duplicates: int = 0  # events whose identity was known
    # interactions that repeat another one of their ticket: kind, instant and parts, under another event_id
    twins: int = 0
    late: int | None = None  # events before the event clock of their partition; a history has none
    anomalies: int | None = None  # what is stamped before its cause; of a desk in the last 24 h
    without_creation: int = 0  # tickets of which no creation is known
    overflowed: int = 0  # tickets with more facts than the program keeps exactly
    # retractions of what lies behind a long silence of its ticket, and stands for ever
    unretractable: int = 0
    # tickets that had left the state and were known when their next event came; a history has none
    returned: int | None = None
    folded: dict[str, int] = field(default_factory=dict)  # names shown as `other`, by dimension
    overflowed_tickets: NamedTickets = field(default_factory=list)  # the latest MOST_NAMED
    tickets_without_creation: NamedTickets = field(default_factory=list)  # of a history the first MOST_NAMED


def is_twin(row: TicketRow, fact: Fact) -> bool:
    """Whether a row holds the same interaction under another identity: kind, instant and parts."""
    at, kind, digest, content = fact
    if not has_parts(kind, content):
        return False
    place = bisect_left(row.facts, (at, kind, b"", ()))
    for other in row.facts[place:]:
        if other[:2] != (at, kind):
            return False
        if other[2] != digest and other[3] == content:
            return True
    return False


def has_parts(kind: int, content: tuple[object, ...]) -> bool:
    """Whether a fact is an interaction: it states talk, hold or wrap-up."""
    return (kind == RESOLVED and any(part is not None for part in content[1:4])) or (
        kind == HANDLED and bool(content)
    )


def twins_of(row: TicketRow) -> int:
    """How many interactions of a row repeat another one."""
    seen = Counter((at, kind, content) for at, kind, _, content in row.facts if has_parts(kind, content))
    return sum(count - 1 for count in seen.values())


def refused_of(row: TicketRow) -> int:
    """How many retractions of a row are refused."""
    return sum(fact[1] == RETRACTED and row.refuses(fact) for fact in row.facts) if row.corrected else 0


def of_rows(
    rows: Mapping[str, TicketRow], *, accepted: int, rejected: Mapping[str, int], duplicates: int
) -> Quality:
    """Of a finished history, but for its anomalies and for names that are not shown."""
    unknown = [ticket_id for ticket_id, row in rows.items() if row.creation is None]
    overflowed = [ticket_id for ticket_id, row in rows.items() if row.overflowed]
    return Quality(
        accepted=accepted,
        rejected=dict(rejected),
        duplicates=duplicates,
        twins=sum(map(twins_of, rows.values())),
        without_creation=len(unknown),
        unretractable=sum(map(refused_of, rows.values())),
        overflowed=len(overflowed),
        overflowed_tickets=sorted(overflowed)[:MOST_NAMED],
        tickets_without_creation=sorted(unknown)[:MOST_NAMED],
    )


def of_positions(
    positions: Iterable[Position], *, anomalies: int | None, folded: Mapping[str, int]
) -> Quality:
    """Of a desk, from what its workers have counted."""
    found: Counter[str] = Counter()
    named: NamedTickets = []
    for position in positions:
        found.update(position.counters)
        named += position.overflowed
    return Quality(
        accepted=found["accepted"],
        rejected={
            name.removeprefix("rejected:"): n
            for name, n in sorted(found.items())
            if name.startswith("rejected:") and n
        },
        duplicates=found["duplicate"],
        twins=found["twin"],
        late=found["late"],
        anomalies=anomalies,
        without_creation=found["uncreated"],
        unretractable=found["unretractable"],
        overflowed=found["overflow"],
        returned=found["comeback"],
        folded={dimension: n for dimension, n in folded.items() if n},
        overflowed_tickets=sorted(named)[:MOST_NAMED],
    )


def told(quality: Quality) -> Iterator[str]:
    """A line for each thing that somebody may want to mend; nothing where all is well."""
    for count, one, many, why in (
        (quality.duplicates, "duplicate", "duplicates", "known identity, counted once"),
        (
            quality.twins,
            "twin",
            "twins",
            "the same interaction (kind, instant, parts) under another event_id, counted again",
        ),
        (
            quality.late or 0,
            "late event",
            "late events",
            "older than the newest events of its partition; it counts at its own time",
        ),
        (
            quality.anomalies or 0,
            "anomaly",
            "anomalies",
            "dated before its cause: a wrong clock or lost order",
        ),
        (
            quality.unretractable,
            "retraction refused",
            "retractions refused",
            "what they name lies behind 61 days of silence of its ticket, and stands",
        ),
        (quality.returned or 0, "ticket returned", "tickets returned", "its state had expired"),
    ):
        if count:
            yield f"{count:,} {one if count == 1 else many}: {why}"
    if quality.without_creation:
        what = "without a creation, so under `unknown` and in no live count"
        yield _of_tickets(quality.without_creation, what, quality.tickets_without_creation)
    if quality.overflowed:
        yield _of_tickets(
            quality.overflowed, "with more facts than the program keeps exactly", quality.overflowed_tickets
        )
    for dimension, count in quality.folded.items():
        yield f"{count:,} name{'s' if count != 1 else ''} of {dimension} shown as other"
    if quality.rejected:
        yield "rejected: " + ", ".join(f"{reason} {count:,}" for reason, count in quality.rejected.items())


def _of_tickets(count: int, what: str, named: NamedTickets) -> str:
    names = ", ".join(named) + (", ..." if count > len(named) else "")
    return f"{count:,} ticket{'s' if count != 1 else ''} {what}" + (f": {names}" if named else "")
