"""Facts of one ticket for the laws: made up, brought into a row, and compared with the oracle."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from kpis import cell_numbers
from kpis.tickets import merging, observe
from kpis.tickets.answers import score_cell
from kpis.tickets.row import TicketRow
from kpis.tickets.standing import Dims
from oracle import tickets as oracle_tickets
from oracle.events import Event, Rejected, read_event
from tests.laws.ledgers import T0, decoded
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

Content = tuple[str, dict[str, Any]]
LARGEST = 256 * 1024
NAMES = {
    number: name
    for name, number in zip(("created", "triaged", "replied", "handled", "paused"), range(5), strict=True)
}
NAMES |= {5: "resumed", 6: "resolved", 7: "reopened", 8: "discarded", 9: "nps", 10: "csat", 11: "ces"}


def event(topic: str, at_ms: int, event_id: str, **fields: Any) -> Content:
    return topic, {"event_id": event_id, "occurred_at": at_ms, "ticket_id": "T1", **fields}


def changed(change: str, at_ms: int, event_id: str, **fields: Any) -> Content:
    return event("ticket-changed", at_ms, event_id, change=change, **fields)


def created(at_ms: int = T0, event_id: str = "c", **fields: Any) -> Content:
    return event(
        "ticket-created",
        at_ms,
        event_id,
        **{"customer_id": "anna", "team": "a", "channel": "b", "priority": "c", **fields},
    )


def row_of(found: Iterable[Content]) -> TicketRow:
    row = TicketRow()
    for one in found:
        merging.merge(row, decoded(one))  # type: ignore[arg-type]
    return row


def read(found: Iterable[Content]) -> list[Event]:
    """The events as the oracle reads them."""
    events = [read_event((topic, b"T1", json.dumps(content).encode(), None)) for topic, content in found]
    assert not [one for one in events if isinstance(one, Rejected)]
    return events  # type: ignore[return-value]


def sums(row: TicketRow) -> Counter[tuple[int, int]]:
    """C(row) by time and cell."""
    return added(one for _, one in observe.observe(row))


def added(found: Iterable[tuple[int, int, int]]) -> Counter[tuple[int, int]]:
    sums: Counter[tuple[int, int]] = Counter()
    for at_ms, cell, amount in found:
        sums[at_ms, cell] += amount
    return Counter({key: amount for key, amount in sums.items() if amount})


CELLS = {
    "created": cell_numbers.CREATED,
    "received": cell_numbers.RECEIVED,
    "cohort": cell_numbers.COHORT,
    "first_resolution": cell_numbers.RESOLVED,
    "solved": cell_numbers.SOLVED,
    "bot_solved": cell_numbers.BOT_SOLVED,
    "solved_unanswered": cell_numbers.SOLVED_UNANSWERED,
    "net": cell_numbers.NET,
    "abandoned": cell_numbers.ABANDONED,
    "reopened": cell_numbers.REOPENED,
    "touched": cell_numbers.TOUCHED,
    "one_touch": cell_numbers.ONE_TOUCH,
    "first_contact": cell_numbers.FIRST_CONTACT_OF,
    "kept_contact": cell_numbers.FIRST_CONTACT,
}
DURATIONS = {
    "first_response": cell_numbers.FIRST_RESPONSE,
    "response": cell_numbers.RESPONSE,
    "handle_time": cell_numbers.HANDLE,
    "resolution_time": cell_numbers.RESOLUTION,
    "full_resolution": cell_numbers.FULL_RESOLUTION,
}
LEVELS = {
    "open": cell_numbers.OPEN,
    "unanswered": cell_numbers.UNANSWERED,
    "waiting": cell_numbers.WAITING,
    "with_bot": cell_numbers.WITH_BOT,
    "assigned": cell_numbers.ASSIGNED,
}
NUMBERED = {"customer": cell_numbers.REGISTER, "ces": cell_numbers.EFFORT}  # a cell for each value
Place = tuple[Dims, int, int]  # labels, event time ms, cell


def cells_of(one: oracle_tickets.Observation) -> list[tuple[int, int]]:
    """Which cells an observation of the oracle stands in, with its amounts."""
    if one.series in CELLS:
        return [(CELLS[one.series], one.value if one.series == "received" else 1)]
    if one.series in DURATIONS:
        return [(DURATIONS[one.series], 1), (DURATIONS[one.series] + 1, one.value)]
    if one.series in NUMBERED:
        return [(NUMBERED[one.series] + one.value, 1)]
    if one.series == "nps":
        return [(score_cell("nps", one.value, None), 1)]
    if one.series == "csat":
        return [(cell_numbers.SATISFIED if one.value else cell_numbers.UNSATISFIED, 1)]
    assert one.series in LEVELS, one.series
    return []


def agrees(row: TicketRow, found: Sequence[Content]) -> None:
    """Each count, duration, answer and level is where the oracle, which has no bounds, sees it.

    Under its labels, and nothing else is there but buckets of durations and anomalies.
    """
    seen = oracle_tickets.observations_of_ticket(read(found))
    expected: Counter[Place] = Counter()
    for one in seen:
        for cell, amount in cells_of(one):
            expected[one.dimensions, one.at_ms, cell] += amount
    mine: Counter[Place] = Counter()
    for dims, (at_ms, cell, amount) in observe.observe(row):
        if cell < cell_numbers.BLOCK or cell >= cell_numbers.REGISTER or cell % cell_numbers.BLOCK < 2:
            mine[dims, at_ms, cell] += amount
    assert _some(expected) == {
        place: n for place, n in _some(mine).items() if place[2] != cell_numbers.ANOMALY
    }
    levels = sorted((LEVELS[one.series], one.at_ms, one.dimensions) for one in seen if one.series in LEVELS)
    assert levels == sorted((level, at_ms, row.dims()) for level, at_ms in observe.levels(row))


def _some(places: Counter[Place]) -> dict[Place, int]:
    return {place: n for place, n in places.items() if n}


def history(random: Random, count: int, *, within_ms: int = 20 * DAY_MS) -> list[Content]:
    """A creation and so many further facts of every kind, in no order.

    Some are stamped before the creation, some at one instant.
    """
    found = [created(T0 + HOUR_MS)]
    for number in range(count):
        at_ms = T0 + random.choice(
            [random.randrange(within_ms), random.randrange(within_ms) // MINUTE_MS * MINUTE_MS]
        )
        kinds: list[Content] = [
            event("first-reply", at_ms, f"f{number}", automated=random.random() < 0.5),
            changed("replied", at_ms, f"r{number}", waiting_since=at_ms - random.randrange(-1000, HOUR_MS)),
            changed("handled", at_ms, f"h{number}", talk_seconds=random.randrange(100)),
            changed("paused", at_ms, f"p{number}"),
            changed("resumed", at_ms, f"u{number}"),
            changed("reopened", at_ms, f"o{number}"),
            changed("triaged", at_ms, f"t{number}", team=random.choice("xyz")),
            event(
                "resolved",
                at_ms,
                f"s{number}",
                outcome=random.choice(["solved", "abandoned"]),
                hold_seconds=random.choice([None, 3]),
            ),
            event(
                "survey",
                at_ms,
                f"n{number}",
                kind="nps",
                score=random.randrange(11),
                customer_id=random.choice([None, "anna", "berta"]),
            ),
            event("survey", at_ms, f"n{number}", kind="ces", score=random.randrange(1, 8)),
        ]
        found.append(random.choice(kinds))
    return found
