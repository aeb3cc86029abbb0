"""What remains of a row that has left goes on as the row would: with all that the time line knows."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from kpis.ledger import packing
from kpis.sla import commitments
from kpis.sla.policy import Policy
from kpis.tickets import merging, observe
from kpis.tickets.row import TicketRow
from kpis.tickets.standing import Standing
from tests.examples import examples
from tests.laws.ledgers import T0, contents, decoded
from tests.laws.policies import HANDFUL, both
from windows.panes import DAY_MS, HOUR_MS

Event = tuple[str, dict[str, Any]]
THOROUGH = settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
GAP_MS: Final = 100 * DAY_MS
POLICIES: Final = {name: both(text)[0] for name, text in HANDFUL.items()}
# Answers are corrected within 61 days, a solution has ripened by then, and stretches differ by labels.
NOT_KEPT: Final = frozenset(
    {
        *("answers", "at_first_contact", "ripens_ms", "team", "channel", "priority", "segment", "handed"),
        *("first_stretch", "solved_stretch", "human_stretch", "ended_stretch"),
    }
)


def row_of(found: list[Event]) -> TicketRow:
    row = TicketRow()
    for one in found:
        merging.merge(row, decoded(one))  # type: ignore[arg-type]
    return row


def back(row: TicketRow) -> TicketRow:
    """The row that comes back after this one has left."""
    return packing.unpack_remains(packing.pack_remains(row))


def told(standing: Standing) -> dict[str, object]:
    kept = {name: value for name, value in asdict(standing).items() if name not in NOT_KEPT}
    if not standing.paused:
        kept["word"] = None  # what clocks make of another one is in the log
    if not standing.assigned:
        kept["assigned"] = None  # nobody has it, or nobody has said
    kept["dims"] = standing.dims()
    if standing.outcome is not None:
        kept["resolved as"] = standing.dims_of(standing.ended_stretch)
    return kept


def later(found: list[Event]) -> list[Event]:
    """The same events under other names, after the gap; no creation is among them."""
    return [
        (topic, {name: _shifted(name, value) for name, value in fields.items()})
        for topic, fields in found
        if topic != "ticket-created"
    ]


def _shifted(name: str, value: Any) -> Any:
    if name in {"event_id", "retracts"}:
        return f"later {value}"
    if name == "occurred_at" or name.endswith(("_due", "_since")):
        return None if value is None else value + GAP_MS
    return value


def adds(row: TicketRow, policy: Policy) -> Counter[object]:
    """What a row adds to panes and levels after the gap: all before has left the panes.

    A deadline that had passed before is overdue for the team that has the ticket now, in `running`.
    """
    row.promise = commitments.derive(row, policy)
    promised = commitments.contribution(row)
    found: Counter[object] = Counter()
    for dims, (at_ms, cell, amount) in [*observe.observe(row), *promised.found]:
        if at_ms >= T0 + GAP_MS - HOUR_MS:
            found[dims, at_ms, cell] += amount
    found.update(("level", row.dims(), *one) for one in observe.levels(row))
    found.update(("promised", *one) for one in promised.levels if one[2] >= T0 + GAP_MS - HOUR_MS)
    found.update(("running", *one) for one in promised.running)
    return Counter({key: amount for key, amount in found.items() if amount})


def changed(change: str, at_ms: int, event_id: str, **fields: Any) -> Event:
    head = {"event_id": event_id, "occurred_at": at_ms, "ticket_id": "T1", "change": change}
    return "ticket-changed", {**head, **fields}


CREATED: Final[Event] = (
    "ticket-created",
    {
        "event_id": "c",
        "occurred_at": T0,
        "ticket_id": "T1",
        "customer_id": "a",
        "team": "a",
        "channel": "b",
        "priority": "a",
    },
)
SOLVED: Final[Event] = ("resolved", {"event_id": "r", "occurred_at": T0 + HOUR_MS, "ticket_id": "T1"})
HANDED: Final = changed("transferred", T0 + 2 * HOUR_MS, "t", team="b")
SAME: Final = changed("transferred", T0 + 2 * HOUR_MS, "t", team="a")  # the labels that it had
ANSWERED: Final = [
    CREATED,
    changed("replied", T0 + 1, "f"),
    changed("customer_replied", T0 + 2, "m"),
]


@THOROUGH
@given(st.lists(contents("T1"), max_size=16))
@example([CREATED, SOLVED, HANDED])
@example(ANSWERED)
@example([CREATED, changed("paused", T0 + 1, "p")])
@example([CREATED, changed("status", T0 + 1, "s", status="bot")])
def test_a_row_comes_back_with_all_that_it_had_come_to(found: list[Event]) -> None:
    row = row_of(found)
    again = back(row)
    assert told(observe.walk(row, None)) == told(observe.walk(again, None))
    assert (row.last_ms, row.overflowed, row.creation) == (again.last_ms, again.overflowed, again.creation)


@THOROUGH
@given(
    st.lists(contents("T1"), max_size=16),
    st.lists(contents("T1"), max_size=10),
    st.sampled_from(sorted(POLICIES)),
)
@example(  # under the labels of the resolution
    [CREATED, SOLVED, HANDED], [changed("reopened", T0, "o")], "two versions"
)
@example(
    [CREATED, SOLVED, SAME],
    [changed("reopened", T0, "o"), changed("triaged", T0 + 1, "g", team="b")],
    "two versions",
)
@example(  # late again, and by now with those to whom another line is promised
    [CREATED, changed("transferred", T0 + 1, "t", team="b"), SOLVED],
    [changed("reopened", T0, "o"), ("resolved", {**SOLVED[1], "occurred_at": T0 + 30 * DAY_MS})],
    "retarget",
)
@example(ANSWERED, [SOLVED], "two versions")  # a message came after the first reply: no first contact
@example(
    [CREATED, changed("status", T0 + 1, "s", status="bot")], [changed("handed_over", T0, "h")], "two versions"
)
@example([CREATED, SOLVED], [changed("replied", T0, "f"), changed("reopened", T0 + 1, "o")], "two versions")
def test_what_comes_after_the_gap_adds_what_it_would_have_added_to_the_row(
    found: list[Event], more: list[Event], name: str
) -> None:
    row, policy = row_of(found), POLICIES[name]
    again = back(row)
    assert adds(row, policy) == adds(again, policy)
    for event in later(more):
        for one in (row, again):
            merging.merge(one, decoded(event))  # type: ignore[arg-type]
        assert adds(row, policy) == adds(again, policy), event


@THOROUGH
@given(st.lists(contents("T1"), max_size=12), st.lists(contents("T1"), max_size=6))
def test_a_row_that_leaves_twice_goes_on_likewise(found: list[Event], more: list[Event]) -> None:
    row = row_of(found)
    again = back(back(row))
    for event in later(more):
        for one in (row, again):
            merging.merge(one, decoded(event))  # type: ignore[arg-type]
    again = back(again)
    assert told(observe.walk(row, None)) == told(observe.walk(again, None))
