"""An upgrade can be taken back until an operator raises the ledger.

Two versions of the rows take turns, and nothing differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest

from kpis.ledger import codec, formats
from kpis.ledger.codec import NewerRowError, Position
from kpis.ledger.formats import LedgerFormatError
from kpis.state.rules import StateRules
from tests.laws.ledgers import T0, Desk
from tests.next_version import NEXT, THIS, NextTicketRow, upgraded
from windows.panes import MINUTE_MS

ROUNDS = 4


def events_of(desk: Desk, number: int) -> None:
    """A round of work: tickets of their own, and one that every round touches."""
    for ticket in range(5):
        desk.create(f"T{number}-{ticket}", T0 + ticket)
        desk.send("first-reply", T0 + MINUTE_MS, ticket_id=f"T{number}-{ticket}")
    if number == 0:
        desk.create("shared", T0)
    desk.send(
        "ticket-changed",
        T0 + number * MINUTE_MS,
        ticket_id="shared",
        change="handled",
        talk_seconds=number + 1,
    )
    desk.write()


def versions(desk: Desk) -> set[int]:
    return {value[0] for value in desk.rows.values()}


def turn(desk: Desk, number: int, version: AbstractContextManager[None]) -> None:
    """A worker of some version takes over from the ledger and works."""
    with version:
        desk.state = desk.recovered(number)
        events_of(desk, number)


def without_names(desk: Desk) -> Iterator[tuple[object, object]]:
    return ((key, value) for key, value in desk.rows.items() if key != ("view", codec.POSITION_KEY))


def test_versions_may_take_turns_while_the_ledger_keeps_its_format() -> None:
    """Versions take turns: this one, the next, this one again, the next.

    Byte by byte it is the ledger of one that never changed, except for the position row.
    """
    rolled, steady = Desk(), Desk()
    for number in range(ROUNDS):
        turn(rolled, number, upgraded() if number % 2 else nullcontext())
        turn(steady, number, nullcontext())
    assert dict(without_names(steady)) == dict(without_names(rolled))
    assert max(versions(rolled)) <= THIS
    assert rolled.state.position.format == steady.state.position.format == THIS


def test_once_raised_the_next_version_writes_its_own_rows_and_reads_all() -> None:
    desk = Desk()
    turn(desk, 0, nullcontext())
    desk.rules = StateRules(ledger_format=NEXT)
    turn(desk, 1, upgraded())
    assert {1, NEXT} <= versions(desk)
    desk.rules = StateRules()  # the setting may be left out again
    turn(desk, 2, upgraded())
    assert NEXT == desk.state.position.format
    assert isinstance(desk.state._tickets.by_id["shared"], NextTicketRow)
    assert 16 == desk.state.tickets_held


def test_after_that_this_version_refuses_the_ledger_and_says_what_is_left() -> None:
    desk = Desk()
    turn(desk, 0, nullcontext())
    desk.rules = StateRules(ledger_format=NEXT)
    turn(desk, 1, upgraded())
    desk.rules = StateRules()
    with pytest.raises(
        NewerRowError,
        match=rf"row has version {NEXT}, this program reads up to {THIS}: upgrade it; .*docs/upgrade\.md",
    ):
        desk.recovered()


def test_a_ledger_that_was_raised_is_refused_although_no_newer_row_stands_in_it_yet() -> None:
    with pytest.raises(
        LedgerFormatError, match=f"raised to format {NEXT}, and this program writes up to {THIS}: upgrade it"
    ):
        formats.settle(Position(format=NEXT), None)


def test_a_new_ledger_has_the_format_of_its_program_or_the_one_that_was_asked_for() -> None:
    assert THIS == Desk().state.position.format
    with upgraded():
        assert NEXT == Desk().state.position.format
        careful = Desk(StateRules(ledger_format=THIS))
        events_of(careful, 0)
    assert max(versions(careful)) <= THIS


def test_the_format_is_not_lowered() -> None:
    position = Position(format=5)
    with (
        pytest.raises(LedgerFormatError, match=r"is 4, but the ledger has been raised to 5.*another app_id"),
        upgraded(),
    ):
        formats.settle(position, 4)
    assert 5 == position.format


@pytest.mark.parametrize("format_", [1, 2, 3])
def test_a_ledger_that_cannot_say_who_made_its_panes_waits_until_somebody_raises_it(format_: int) -> None:
    """From then on programs before definitions had a version refuse it.

    They would subtract what they never added.
    """
    position = Position(format=format_)
    with pytest.raises(
        LedgerFormatError,
        match=rf"needs a ledger of format 4, but this one has {format_}: .* worker\.ledger_format: 4",
    ):
        formats.settle(position, None)
    formats.settle(position, 4)
    assert 4 == position.format
    assert bytes([4]) == codec.encode_position(position)[:1]
