"""Laws of ticket rows and of the state that holds them: order-free, recoverable, bounded."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis import cell_numbers
from kpis.ledger import codec
from kpis.members import OTHER
from kpis.sla import commitments
from kpis.state.admission import Admission
from kpis.state.rules import StateRules
from kpis.tickets import booking, merging, observe
from kpis.tickets.row import CUSTOMERS, TicketRow
from kpis.view_keys import LevelKey, PaneKey
from streams.events import AnyEvent
from streams.topics import SOURCE_TOPICS
from tests.examples import examples
from tests.laws.ledgers import T0, Desk, contents, events, readable
from windows.keys import pane_key
from windows.panes import DAY, DAY_MS, HOUR_MS, MINUTE, MINUTE_MS, QUARTER, RESOLUTIONS, SIX_HOURS, Resolution
from windows.tables import Tables

QUICK = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
# short lists hardly ever meet in one ticket
several_tickets = st.lists(contents("T1", "T2"), min_size=15, max_size=40)


def merged(found: list[AnyEvent]) -> TicketRow:
    row = TicketRow()
    for event in found:
        merging.merge(row, event)  # type: ignore[arg-type]
    return row


def comparable(row: TicketRow) -> object:
    """The row as the ledger has it."""
    return codec.encode_ticket(row)


@settings(deadline=None)
@given(st.data())
def test_any_order_of_events_gives_the_same_row(data: st.DataObject) -> None:
    """Equal ids with different content included: that is what merging by order is for."""
    found = data.draw(st.lists(events, max_size=14))
    other = data.draw(st.permutations(found))
    assert comparable(merged(found)) == comparable(merged(other))


@settings(deadline=None)
@given(st.lists(events, max_size=14), st.lists(events, max_size=14))
def test_events_that_come_again_change_nothing(found: list[AnyEvent], more: list[AnyEvent]) -> None:
    """Idempotent, also when the repetition comes after something else.

    A re-delivery looks like that.
    """
    assert comparable(merged([*found, *found])) == comparable(merged(found))
    assert comparable(merged([*found, *more, *found])) == comparable(merged([*found, *more]))


@QUICK
@given(several_tickets, st.integers(1, 7))
def test_the_ledger_is_the_sum_of_what_its_rows_contribute(
    found: list[tuple[str, dict[str, Any]]], unit: int
) -> None:
    """The one law of the design, checked on bytes.

    Panes and levels = sum of C(row) over the ticket rows, after every transaction.

    It also holds every shortcut of the apply path to the generic C(new) - C(old).
    """
    desk = Desk()
    for start in range(0, len(found), unit):
        for topic, content in found[start : start + unit]:
            desk.state.apply(topic, [desk.record(topic, content)])
        desk.write()
        assert tables_of(desk) == contributions_of(desk)


def tables_of(desk: Desk) -> dict[codec.ViewKey, dict[int, int]]:
    return {
        key: codec.decode_cells(value)
        for key, value in desk.view().items()
        if isinstance(key, PaneKey | LevelKey)
    }


def contributions_of(desk: Desk) -> dict[codec.ViewKey, dict[int, int]]:
    expected: dict[codec.ViewKey, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in (codec.decode_ticket(value) for (name, _), value in desk.rows.items() if name == "tickets"):
        promised = commitments.contribution(row)
        for dims, (at_ms, cell, amount) in [*observe.observe(row), *promised.found]:
            for resolution in (MINUTE, QUARTER, SIX_HOURS):
                expected[PaneKey(resolution.index, resolution.pane(at_ms), dims)][cell] += amount
        levels = [(row.dims(), level, at_ms, 1) for level, at_ms in observe.levels(row)]
        for dims, level, at_ms, n in [*levels, *promised.levels]:
            expected[LevelKey(level, at_ms // HOUR_MS, dims)][at_ms % HOUR_MS // MINUTE_MS] += n
    return without_zeros(expected)


def without_zeros(sums: dict[codec.ViewKey, dict[int, int]]) -> dict[codec.ViewKey, dict[int, int]]:
    """What one fact added and a later one withdrew is nowhere in the ledger."""
    kept = {key: {cell: n for cell, n in cells.items() if n} for key, cells in sums.items()}
    return {key: cells for key, cells in kept.items() if cells}


@QUICK
@given(several_tickets, several_tickets, st.integers(0, 99))
def test_a_recovered_state_goes_on_as_the_lost_one_would(
    before: list[tuple[str, dict[str, Any]]], after: list[tuple[str, dict[str, Any]]], seed: int
) -> None:
    desk = Desk()
    for topic, content in before:
        desk.state.apply(topic, [desk.record(topic, content)])
    desk.state.advance(drained=set(SOURCE_TOPICS) - {"ticket-created"})
    desk.write()
    twin = desk.recovered(seed)
    assert (twin.position, twin.tickets_held, twin.clean) == (
        desk.state.position,
        desk.state.tickets_held,
        True,
    )
    for topic, content in after:
        record = desk.record(topic, content)
        assert desk.state.apply(topic, [record]) == twin.apply(topic, [record])
    for state in (desk.state, twin):
        state.advance(drained=())
    mine, theirs = desk.state.take_changes(), twin.take_changes()
    assert dict(mine.tickets) == dict(theirs.tickets)
    assert readable(mine.view) == readable(theirs.view)


def test_closed_tickets_leave_after_the_horizon_and_open_ones_after_a_year() -> None:
    """H = 61 days after the last event; whole days only, so a day more is granted.

    What remains of them leaves after 400 days.
    """
    desk = Desk()
    desk.create("closed", T0)
    desk.send("resolved", T0 + HOUR_MS, ticket_id="closed")
    desk.create("open", T0)
    desk.pass_time(T0 + 61 * DAY_MS)
    desk.write()
    assert 2 == desk.state.tickets_held
    desk.pass_time(T0 + 63 * DAY_MS)
    changes = desk.write()
    assert [(b"tclosed", True)] == [
        (key, codec.are_remains(value or b"")) for key, value in changes.tickets if key.startswith(b"t")
    ]
    desk.pass_time(T0 + 365 * DAY_MS)
    assert 1 == desk.state.tickets_held
    desk.pass_time(T0 + 367 * DAY_MS)
    changes = desk.write()
    assert [(b"topen", True)] == [
        (key, codec.are_remains(value or b"")) for key, value in changes.tickets if key.startswith(b"t")
    ]
    assert 0 == desk.state.tickets_held
    desk.pass_time(T0 + 402 * DAY_MS)
    assert {(b"tclosed", None), (b"topen", None)} == {
        row for row in desk.write().tickets if row[0].startswith(b"t")
    }
    assert not [key for key in desk.view() if isinstance(key, LevelKey)], (
        "an open ticket that left still counts as open"
    )


def test_an_event_keeps_its_ticket() -> None:
    """A ticket due to leave was touched again: it is put off, not lost."""
    desk = Desk()
    desk.create("T1", T0)
    desk.send("resolved", T0, ticket_id="T1")
    desk.pass_time(T0 + 50 * DAY_MS)
    desk.send("survey", T0 + 50 * DAY_MS, ticket_id="T1", kind="nps", score=9)
    desk.pass_time(T0 + 100 * DAY_MS)
    assert 1 == desk.state.tickets_held
    desk.pass_time(T0 + 113 * DAY_MS)
    assert 0 == desk.state.tickets_held


def test_a_reopened_ticket_stays_for_the_time_of_open_ones() -> None:
    desk = Desk()
    desk.create("T1", T0)
    desk.send("resolved", T0 + 1, ticket_id="T1")
    desk.write()
    desk.send("ticket-changed", T0 + 2, ticket_id="T1", change="reopened")
    desk.pass_time(T0 + 100 * DAY_MS)
    assert 1 == desk.state.tickets_held
    assert 1 == desk.recovered().tickets_held


def test_panes_leave_after_their_retention_with_a_tombstone() -> None:
    """Each resolution on its own: 2 h 10 min, 9 days 1 h, 61 days, behind the event clock."""
    desk = Desk()
    desk.create("T1", T0)
    desk.write()
    for resolution in (MINUTE, QUARTER, SIX_HOURS):
        clock = T0 + resolution.retention_ms
        desk.pass_time(clock)
        desk.write()
        assert resolution.index in _resolutions(desk)
        desk.pass_time(clock + resolution.length_ms)
        changes = desk.write()
        assert {resolution.index} == {
            key.resolution
            for key, value in readable(changes.view).items()
            if isinstance(key, PaneKey) and value is None and key.dims[0]
        }
        assert resolution.index not in _resolutions(desk)
        desk.state.apply("survey", [desk.record("survey", _late_answer())])
        assert not [
            key
            for key in readable(desk.write().view)
            if isinstance(key, PaneKey) and key.resolution == resolution.index
        ]


def _late_answer() -> dict[str, Any]:
    return {"event_id": "late", "occurred_at": T0, "ticket_id": "T1", "kind": "ces", "score": 3}


def _resolutions(desk: Desk) -> set[int]:
    return {key.resolution for key in desk.view() if isinstance(key, PaneKey) and key.dims[0]}


@patch("kpis.state.comebacks.KNOWN_MS", 90 * DAY_MS)
def test_the_state_does_not_grow_over_a_year_of_equal_days() -> None:
    """Twelve tickets a day, each solved, and known until 61 days after what it books last.

    That is 7 days after the solution: then it is known to have been one at first contact. From the fourth
    month on, rows in = rows out.
    """
    desk = Desk()
    sizes = []
    for day in range(300):
        for number in range(12):
            at = T0 + day * DAY_MS + number * HOUR_MS
            desk.create(f"T{day}-{number}", at, team=f"team{number % 3}")
            desk.send("first-reply", at + MINUTE_MS, ticket_id=f"T{day}-{number}")
            desk.send("resolved", at + 2 * MINUTE_MS, ticket_id=f"T{day}-{number}")
        desk.pass_time(T0 + (day + 1) * DAY_MS)
        desk.write()
        sizes.append((desk.state.tickets_held, len(desk.rows)))
    assert max(held for held, _ in sizes[100:]) <= 70 * 12
    assert max(rows for _, rows in sizes[100:]) <= min(rows for _, rows in sizes[100:]) + 20
    assert desk.tombstones > 200 * 12
    # of minutes only those ahead: a solution at first contact counts 7 days after it
    assert {MINUTE.index, QUARTER.index, SIX_HOURS.index} == _resolutions(desk)


def test_a_flood_of_names_ends_in_other() -> None:
    """Three names a dimension: the fourth team counts as `other`.

    What it booked is withdrawn from there again.
    """
    desk = Desk(StateRules(most_names=3))
    for number in range(50):
        desk.create(f"T{number}", T0, team=f"team{number}")
    desk.write()
    minutes = [
        (key, value)
        for key, value in desk.view().items()
        if isinstance(key, PaneKey) and key.resolution == MINUTE.index
    ]
    teams = {key.dims[0]: codec.decode_cells(value)[cell_numbers.CREATED] for key, value in minutes}
    assert {"team0": 1, "team1": 1, "team2": 1, OTHER: 47} == teams
    desk.state = desk.recovered()
    for number in range(50):
        desk.send("ticket-changed", T0, ticket_id=f"T{number}", change="discarded")
    desk.write()
    assert [] == [key for key in desk.view() if isinstance(key, PaneKey | LevelKey)]


@QUICK
@given(several_tickets)
def test_the_estimate_of_bytes_is_never_too_low(found: list[tuple[str, dict[str, Any]]]) -> None:
    """Broker limits depend on it.

    (A hundred events of one ticket in a unit are beyond what it promises, forty are not.)
    """
    desk = Desk()
    for topic, content in found:
        desk.state.apply(topic, [desk.record(topic, content)])
    estimate = desk.state.dirty_bytes()
    changes = desk.write()
    assert estimate >= sum(len(key) + len(value or b"") for key, value in [*changes.tickets, *changes.view])


def test_a_former_customer_is_known_as_long_as_windows_ask() -> None:
    """Left, and back after 100 days.

    No new customer within 365 days, so the row may not leave after the 61 days of tickets.
    """
    desk = Desk()
    desk.send("customer", T0, customer_id="C1", status="joined")
    desk.send("customer", T0 + DAY_MS, customer_id="C1", status="left")
    desk.pass_time(T0 + 100 * DAY_MS)
    desk.write()
    desk.send("customer", T0 + 101 * DAY_MS, customer_id="C1", status="joined")
    desk.write()
    day = PaneKey(DAY.index, DAY.pane(T0 + 101 * DAY_MS), CUSTOMERS)
    assert {cell_numbers.JOINED: 1, cell_numbers.REJOINED + DAY.pane(T0 + DAY_MS): 1} == codec.decode_cells(
        desk.view()[day]
    )


def test_customers_of_many_years_may_be_loaded_at_any_time() -> None:
    desk = Desk()
    desk.pass_time(T0)
    desk.send("customer", T0 - 2000 * DAY_MS, customer_id="C1", status="joined")
    desk.write()
    assert {0: 1} == codec.decode_cells(desk.view()[LevelKey(cell_numbers.ACTIVE, 0, CUSTOMERS)])


@QUICK
@given(several_tickets)
def test_a_step_books_what_the_generic_difference_would(found: list[tuple[str, dict[str, Any]]]) -> None:
    """Same events, once booked by steps where that is possible and once by C(new) - C(old).

    Not one row differs, nor a counter.
    """
    quick, slow = Desk(), Desk()
    for topic, content in found:
        quick.state.apply(topic, [quick.record(topic, content)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(booking, "_step", lambda *_: False)
        for topic, content in found:
            slow.state.apply(topic, [slow.record(topic, content)])
    mine, theirs = quick.write(), slow.write()
    assert dict(mine.tickets) == dict(theirs.tickets)
    assert _without_emptiness(mine.view) == _without_emptiness(theirs.view)


def _without_emptiness(rows: list[tuple[bytes, bytes | None]]) -> dict[object, object]:
    """A row that came and went within the unit may be written as a tombstone, or not at all.

    Names may be admitted in another order.
    """
    found = {key: value for key, value in readable(rows).items() if value is not None}
    return {
        key: [sorted(names) for names in value] if isinstance(value, tuple) else value
        for key, value in found.items()
    }


@given(st.sampled_from(RESOLUTIONS), st.integers(0, 1 << 33), st.tuples(*[st.text(max_size=40)] * 3))
def test_keys_of_panes_are_those_of_the_ledger(
    resolution: Resolution, pane: int, dims: tuple[str, str, str]
) -> None:
    """Tables puts them together from parts that it keeps."""
    tables = Tables(Admission(10, 100), codec.ViewCodec())
    key = pane_key(pane=pane, slot=tables.number(dims), resolution=resolution.index)
    assert codec.pane_key(PaneKey(resolution.index, pane, dims)) == tables._pane_key(key)
