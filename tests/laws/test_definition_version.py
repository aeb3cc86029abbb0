"""A changed definition never shows a false figure.

Rows loaded under any other C are the same events under that C from the start.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.ledger import codec, definitions
from kpis.ledger.codec import OWN_IDS_FORMAT, Position
from kpis.ledger.definitions import CURRENT, HISTORY
from kpis.sla import commitments
from kpis.state.rules import StateRules
from kpis.tickets import observe
from kpis.tickets.row import TicketRow
from kpis.view_keys import LevelKey, PaneKey
from tests import definitions_five as five
from tests.examples import examples
from tests.laws.histories import fixed_rows, rows_of_old_kinds
from tests.laws.ledgers import T0, Desk, contents, readable
from tests.laws.policies import the_policy
from tests.other_definitions import BEFORE, OTHERS, THIS, Program, carrying
from windows.panes import DAY_MS, HOUR_MS, SIX_HOURS

Event = tuple[str, dict[str, Any]]
QUICK = settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.too_slow])
RULES: Final = StateRules(policy=the_policy())
# of a ledger that programs before definitions 6 go on reading
OLDER: Final = StateRules(policy=the_policy(), ledger_format=OWN_IDS_FORMAT)
RAISED: Final = StateRules(policy=the_policy(), ledger_format=codec.VERSION)
MOST_BYTES: Final = 600  # small, so that a rebuild takes many transactions
customer_events = st.builds(
    lambda number, status, at_ms, customer: (
        "customer",
        {"event_id": f"k{number}", "occurred_at": at_ms, "customer_id": customer, "status": status},
    ),
    st.integers(0, 9),
    st.sampled_from(["joined", "joined", "left"]),
    st.integers(T0 - 90 * DAY_MS, T0 + DAY_MS),
    st.sampled_from(["anna", "berta"]),
)
histories = st.lists(contents("T1", "T2", "T3") | customer_events, min_size=10, max_size=40)


def take_over(desk: Desk, *, crash_after: int | None = None, seed: int = 0) -> None:
    """A worker recovers the partition and brings it to its C; it may die after some transactions."""
    for number, changes in enumerate(desk.taken_over(seed, most_bytes=MOST_BYTES)):
        if number == crash_after:
            return
        desk.keep(changes)


def without_position(desk: Desk) -> dict[object, object]:
    rows = [
        (key, value)
        for (name, key), value in desk.rows.items()
        if name == "view" and key != codec.POSITION_KEY
    ]
    return readable(rows)


def rules_of(program: Program) -> StateRules:
    """Of a ledger that the program shares with this one."""
    return OLDER if program.format < codec.VERSION else RULES


def from_the_start(
    program: Program, before: Sequence[Event], after: Sequence[Event] = (), rules: StateRules = RULES
) -> Desk:
    with carrying(program):
        desk = Desk(rules)
        desk.apply(before)
        desk.write()
        desk.apply(after)
        desk.write()
    return desk


@pytest.mark.parametrize("name", OTHERS)
@QUICK
@given(
    before=histories,
    after=histories,
    way=st.sampled_from(["up", "down"]),
    crash=st.none() | st.integers(0, 12),
)
def test_rows_loaded_under_another_c_are_the_same_events_under_it_from_the_start(
    name: str, before: list[Event], after: list[Event], way: str, crash: int | None
) -> None:
    """Up and down, through a crash in the middle; what is booked afterwards fits too."""
    old, new = (THIS, OTHERS[name]) if way == "up" else (OTHERS[name], THIS)
    seed, rules = len(before), rules_of(OTHERS[name])
    desk = from_the_start(old, before, rules=rules)
    with carrying(new):
        if crash is not None:
            take_over(desk, crash_after=crash, seed=seed)
        take_over(desk, seed=seed)
        position = desk.state.position
        assert (new.number, None, True) == (position.definitions, position.becoming, desk.state.clean)
        expected = from_the_start(new, before, rules=rules)
        assert without_position(expected) == without_position(desk)
        desk.apply(after)
        desk.write()
    expected = from_the_start(new, before, after, rules)
    assert without_position(expected) == without_position(desk)
    assert expected.tickets() == desk.tickets()


@QUICK
@given(before=histories, crash=st.integers(0, 12), seed=st.integers(0, 99))
def test_a_crash_on_the_way_up_may_be_followed_by_the_way_down(
    before: list[Event], crash: int, seed: int
) -> None:
    desk = from_the_start(THIS, before)
    with carrying(OTHERS["promises otherwise"]):
        take_over(desk, crash_after=crash, seed=seed)
    take_over(desk)
    expected = from_the_start(THIS, before)
    assert without_position(expected) == without_position(desk)
    assert expected.tickets() == desk.tickets()


@QUICK
@given(histories)
def test_while_the_panes_are_made_anew_the_position_says_of_what_they_may_be(before: list[Event]) -> None:
    """From before the first changed pane to after the last: so no face trusts a pane of either."""
    desk = from_the_start(BEFORE, before, rules=OLDER)
    desk.state = desk.recovered()
    for changes in desk.state.rebuild(MOST_BYTES):
        if changes is None:
            continue
        desk.keep(changes)
        position = codec.decode_position(desk.rows["view", codec.POSITION_KEY])
        if position.becoming is None:
            assert CURRENT == position.definitions
            break
        assert (BEFORE.number, CURRENT) == (position.definitions, position.becoming)
        assert HISTORY[-1].figures <= definitions.hidden([position])
    else:
        pytest.fail("the position row never said that it was over")
    assert desk.state.clean


@QUICK
@given(histories, histories)
def test_the_format_may_be_raised_in_the_same_take_over(before: list[Event], after: list[Event]) -> None:
    """What came before had no room for new kinds of events; what comes afterwards has."""
    desk = from_the_start(BEFORE, before, rules=OLDER)
    expected = from_the_start(THIS, before, rules=OLDER)
    for one in (desk, expected):
        one.rules = RAISED
        take_over(one)
        assert codec.VERSION == one.state.position.format
        one.apply(after)
        one.write()
    assert without_position(expected) == without_position(desk)
    assert expected.tickets() == desk.tickets()


def test_an_unchanged_program_rebuilds_nothing() -> None:
    desk = from_the_start(THIS, [("ticket-created", _creation("T1", T0))])
    desk.state = desk.recovered()
    assert not desk.state.outdated
    assert desk.state.clean


def _creation(ticket_id: str, at_ms: int) -> dict[str, Any]:
    return {
        "event_id": f"c-{ticket_id}",
        "occurred_at": at_ms,
        "ticket_id": ticket_id,
        "customer_id": "anna",
        "team": "a",
        "channel": "b",
        "priority": "c",
    }


def _closed(ticket_id: str, at_ms: int) -> list[Event]:
    solved = {"event_id": f"r-{ticket_id}", "occurred_at": at_ms + HOUR_MS, "ticket_id": ticket_id}
    return [("ticket-created", _creation(ticket_id, at_ms)), ("resolved", solved)]


@pytest.mark.parametrize("horizon_days", [7, 61])
@pytest.mark.parametrize("name", ["adds", "moves", "before"])
def test_at_the_edge_of_61_days_no_pane_outlives_the_row_that_it_is_made_of(
    name: str, horizon_days: int
) -> None:
    """One ticket a day, and any horizon.

    A rebuild on any day gives the panes of a program that had that C all along.
    """
    rules = replace(rules_of(OTHERS[name]), horizon_ms=horizon_days * DAY_MS, policy=None)
    clocks = [T0 + days * DAY_MS + hours * HOUR_MS for days in (60, 61, 62, 63) for hours in (0, 7, 23)]

    def lived(program: Program, until_ms: int) -> Desk:
        with carrying(program):
            desk = Desk(rules)
            for day in range(4):
                desk.apply(_closed(f"T{day}", T0 + day * DAY_MS))
            desk.pass_time(until_ms)
            desk.write()
        return desk

    for clock in clocks:
        desk = lived(THIS, clock)
        with carrying(OTHERS[name]):
            take_over(desk)
        assert without_position(lived(OTHERS[name], clock)) == without_position(desk), clock


def test_a_closed_row_stays_until_its_last_booked_instant_is_over_too() -> None:
    """Solved at once, promised within hours.

    Met is booked at the deadline, so the row stays as long as that pane.
    """
    desk = Desk(RULES)
    desk.apply(_closed("T1", T0))
    row = desk.state._tickets.by_id["T1"]
    found = [*observe.observe(row), *commitments.contribution(row).found]
    booked = [at_ms for _, (at_ms, _, _) in found]
    assert (
        desk.state._ticket_leaves_ms(row)
        == max(booked) + SIX_HOURS.retention_ms
        > row.last_ms + SIX_HOURS.retention_ms
    )


def test_names_that_were_folded_are_folded_again_and_counted_once() -> None:
    rules = StateRules(most_names=2, ledger_format=OWN_IDS_FORMAT)
    with carrying(BEFORE):
        desk = Desk(rules)
        for number, team in enumerate(["x", "y", "z", "z"]):
            desk.apply([("ticket-created", {**_creation(f"T{number}", T0), "team": team})])
        desk.write()
    counted = dict(desk.state.position.counters)
    assert desk.recovered().outdated
    take_over(desk)
    assert counted == desk.state.position.counters
    assert {("x", "b", "c"), ("y", "b", "c"), ("other", "b", "c")} == {
        key.dims for key in desk.view() if isinstance(key, PaneKey | LevelKey)
    }


class TestHidden:
    """Which figures a face shows where partitions differ."""

    def test_where_all_agree_nothing_is_hidden(self) -> None:
        assert frozenset() == definitions.hidden([Position(definitions=CURRENT)] * 3)
        assert frozenset() == definitions.hidden([])

    def test_between_two_what_any_of_the_steps_changed(self) -> None:
        found = definitions.hidden([Position(definitions=1), Position(definitions=CURRENT)])
        steps = [one.figures for one in HISTORY if one.number > 1]
        assert found == (definitions.EVERY if definitions.EVERY in steps else frozenset().union(*steps))

    def test_of_a_newer_one_nothing_is_known(self) -> None:
        assert definitions.EVERY == definitions.hidden([Position(definitions=CURRENT + 1)])
        assert definitions.EVERY == definitions.hidden([Position(definitions=CURRENT, becoming=CURRENT + 1)])

    def test_numbers_rise_by_one_and_each_says_what_came(self) -> None:
        assert [one.number for one in HISTORY] == list(range(1, CURRENT + 1))
        assert all(one.change and one.figures for one in HISTORY)

    def test_each_figure_that_is_named_exists(self) -> None:
        page = Path("docs/metrics.md").read_text(encoding="utf-8")
        named = {name for one in HISTORY for name in one.figures if one.figures != definitions.EVERY}
        assert not {name for name in named if not re.search(rf"`{name}`", page)}


def digest_of(rows: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for one in rows:
        digest.update(msgspec.json.encode(one))
    return digest.hexdigest()[:16]


def _sorted(row: TicketRow) -> list[object]:
    found, promised = observe.contribution(row), commitments.contribution(row)
    booked = sorted(observe.observe(row))
    return [list(found.dims), booked, sorted(found.levels), *(sorted(part) for part in promised)]


def test_a_change_of_c_has_a_number_and_a_digest_of_its_own() -> None:
    """Red after a change of what rows contribute: add a line to HISTORY with the digest found here."""
    assert HISTORY[-1].digest == digest_of(map(_sorted, fixed_rows()))


def test_the_program_before_time_lines_is_written_out_as_it_was() -> None:
    """It gives the digest that it had when it was released, in the words that a digest was made of then."""

    def told(row: TicketRow) -> list[object]:
        found, promised = five.contribution(row), five.promised(row)
        booked = sorted(one for _, bookings in found.parts for one in observe.observations(bookings))
        clocks = sorted((level, due) for _, level, due, _ in promised.levels)
        return [
            list(found.dims),
            booked,
            sorted(found.levels),
            sorted(one for _, one in promised.found),
            clocks,
        ]

    assert HISTORY[4].digest == digest_of(map(told, rows_of_old_kinds(five.derive)))


def test_digests_of_before_stay_as_they_were() -> None:
    """They say what a number means: a line that was released is never changed, only followed by another."""
    known = {3: "68bdc6260f3b7866", 4: "833b7b68ae39f367", 5: "9de7297dc3effa4e"}
    assert known.items() <= {one.number: one.digest for one in HISTORY}.items()
    assert len({one.digest for one in HISTORY[2:]}) == len(HISTORY[2:])
