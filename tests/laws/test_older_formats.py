"""A ledger of format 6 goes on as before under this program, until somebody raises it to 7.

Programs of format 6 can read all that it writes there; what they have no room for is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.ledger import codec
from kpis.ledger.formats import LedgerFormatError
from kpis.sla.at_risk import AtRiskKey
from kpis.state.older_format import NEW_KINDS, as_before
from kpis.state.rules import StateRules
from kpis.tickets import booking, merging
from kpis.tickets import row as tickets
from kpis.tickets.facts import STORED
from kpis.view_keys import LevelKey, PaneKey
from streams.decode import Reject
from streams.events import Resolved, TicketCreated, Triaged
from streams.topics import SOURCE_TOPICS
from tests import format_six
from tests.examples import examples
from tests.laws.ledgers import T0, Desk, contents, decoded, readable
from tests.laws.policies import the_policy
from tests.next_version import upgraded
from tests.other_definitions import BEFORE, carrying
from windows.panes import DAY_MS, HOUR_MS

Event = tuple[str, dict[str, Any]]
THOROUGH = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
POLICY: Final = the_policy()
SIX: Final = StateRules(policy=POLICY, ledger_format=codec.OWN_IDS_FORMAT)
SEVEN: Final = StateRules(policy=POLICY, ledger_format=codec.TIME_LINE_FORMAT)
histories = st.lists(contents("T1", "T2"), min_size=5, max_size=30)


def apply(desk: Desk, found: Sequence[Event]) -> list[str]:
    """Reasons of the refused ones."""
    refused = []
    for topic, content in found:
        refused += [letter.reason for letter in desk.state.apply(topic, [desk.record(topic, content)])]
    desk.write()
    return refused


def read_by_six(desk: Desk) -> Iterator[tuple[bytes, list[format_six.Fact]]]:
    """All rows as a program of format 6 reads them: the facts of each ticket that it has."""
    for (name, key), value in desk.rows.items():
        if name == "tickets" and codec.is_ticket_key(key):
            found = format_six.ticket(value)
            if not isinstance(found, format_six.Remains):
                yield key, found[1]
        elif name == "view":
            typed = codec.decode_view_key(key)
            shape: Any = dict[int, int]
            if isinstance(typed, codec.NamesKey):
                shape = tuple[list[str], list[str], list[str]]
            elif isinstance(typed, codec.PositionKey):
                shape = format_six.Position
            elif isinstance(typed, AtRiskKey):
                shape = format_six.AtRisk
            format_six.view(value, shape)


def is_new(event: Event) -> bool:
    return type(decoded(event)) in NEW_KINDS


@pytest.fixture
def short_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows fold their oldest facts into a stub from the ninth on."""
    for place in (tickets, booking, merging):
        monkeypatch.setattr(place, "MOST_FACTS", 8)
    monkeypatch.setattr(merging, "KEPT_FACTS", 6)


@THOROUGH
@given(histories)
def test_new_kinds_are_refused_and_the_rest_is_as_they_read_it(found: list[Event]) -> None:
    desk = Desk(SIX)
    assert ["format"] * sum(map(is_new, found)) == apply(desk, found)
    mine = {
        codec.ticket_key(ticket_id): [
            (at, STORED[kind], digest, content) for at, kind, digest, content in row.facts
        ]
        for ticket_id, row in desk.state._tickets.by_id.items()
    }
    assert mine == dict(read_by_six(desk))


@pytest.mark.usefixtures("short_rows")
@settings(
    THOROUGH, suppress_health_check=[*THOROUGH.suppress_health_check, HealthCheck.function_scoped_fixture]
)
@given(st.lists(contents("T1"), min_size=30, max_size=50))
def test_they_read_rows_with_a_stub(found: list[Event]) -> None:
    desk = Desk(SIX)
    apply(desk, [one for one in found if not is_new(one)])
    assert list(read_by_six(desk))


def test_an_answer_in_a_stub_has_the_length_that_they_know(short_rows: None) -> None:
    """Theirs is of four values; a fifth, the stretch, comes with the first transfer."""
    del short_rows
    desk = Desk(SIX)
    desk.create("T1", T0)
    desk.send("survey", T0 + 1, ticket_id="T1", kind="nps", score=9)
    for number in range(12):
        desk.send("ticket-changed", T0 + 2 + number, ticket_id="T1", change="handled", talk_seconds=1)
    desk.write()
    ((_, value),) = [row for row in desk.rows.items() if row[0][0] == "tickets"]
    body = format_six.ticket(value)
    assert not isinstance(body, format_six.Remains)
    assert body[0].stub is not None
    assert [4] == [len(one) for one in body[0].stub.standing.answers or ()]


@THOROUGH
@given(histories)
def test_they_read_what_remains_of_rows(found: list[Event]) -> None:
    desk = Desk(SIX)
    apply(desk, found)
    desk.send("customer", T0 + 398 * DAY_MS, customer_id="clock", status="left")
    desk.state.advance(SOURCE_TOPICS)
    desk.write()
    assert not list(read_by_six(desk))
    assert not desk.state.tickets_held


@THOROUGH
@given(histories, histories)
def test_a_ledger_of_an_older_program_goes_on_as_before_and_is_read_by_it_again(
    before: list[Event], after: list[Event]
) -> None:
    """Forwards, back and forwards: the panes are those of a desk that this program had all along."""
    desk, steady = Desk(SIX), Desk(SIX)
    for number, part in enumerate((before, after, before)):
        for one, program in ((desk, BEFORE), (steady, None)):
            if program is None or number == 1:
                _take_over(one)
                apply(one, part)
                continue
            with carrying(program):
                _take_over(one)
                apply(one, part)
    list(read_by_six(desk))
    _take_over(desk)
    assert _view(steady) == _view(desk)


def _take_over(desk: Desk) -> None:
    for changes in desk.taken_over():
        desk.keep(changes)


def _view(desk: Desk) -> dict[object, object]:
    rows = [(key, value) for (name, key), value in desk.rows.items() if name == "view"]
    return {
        key: row for key, row in readable(rows).items() if isinstance(key, PaneKey | LevelKey | AtRiskKey)
    }


class TestRaising:
    """Format 7 lets new events in, and closes the way back."""

    MESSAGE: Final = {
        "event_id": "m",
        "occurred_at": T0 + HOUR_MS,
        "ticket_id": "T1",
        "change": "customer_replied",
    }

    def desk(self) -> Desk:
        desk = Desk(SIX)
        desk.create("T1", T0)
        desk.write()
        return desk

    def test_before_it_a_message_is_refused_with_what_to_do(self) -> None:
        desk = self.desk()
        (letter,) = desk.state.apply("ticket-changed", [desk.record("ticket-changed", self.MESSAGE)])
        assert "format" == letter.reason
        assert "set worker.ledger_format: 7 (docs/upgrade.md)" in letter.detail

    def test_from_then_on_it_is_taken_and_written_as_a_row_of_7(self) -> None:
        desk = self.desk()
        desk.rules = SEVEN
        _take_over(desk)
        assert [] == apply(desk, [("ticket-changed", self.MESSAGE)])
        assert 7 == max(value[0] for value in desk.rows.values())
        desk.rules = StateRules(policy=POLICY)  # the setting may be left out again
        _take_over(desk)
        assert 7 == desk.state.position.format

    def test_a_row_without_anything_new_is_written_as_before(self) -> None:
        """Raising rewrites nothing, and only what needs it has the new version."""
        desk = self.desk()
        desk.rules = SEVEN
        _take_over(desk)
        desk.send("first-reply", T0 + 1, ticket_id="T1")
        desk.write()
        assert 4 == max(value[0] for value in desk.rows.values())

    def test_the_way_back_is_refused_and_says_what_is_left(self) -> None:
        desk = self.desk()
        desk.rules = SEVEN
        _take_over(desk)
        desk.rules = StateRules(policy=POLICY)
        with (
            carrying(BEFORE),
            pytest.raises(
                LedgerFormatError, match=r"raised to format 7, .* writes up to 6: .*docs/upgrade\.md"
            ),
        ):
            desk.recovered()
        apply(desk, [("ticket-changed", self.MESSAGE)])
        with (
            carrying(BEFORE),
            pytest.raises(codec.NewerRowError, match=r"row has version 7, this program reads up to 6"),
        ):
            desk.recovered()

    def test_the_next_version_may_take_turns_with_this_one_on_it(self) -> None:
        desk = self.desk()
        desk.rules = SEVEN
        _take_over(desk)
        apply(desk, [("ticket-changed", self.MESSAGE)])
        with upgraded():
            _take_over(desk)
            desk.send("first-reply", T0 + 2 * HOUR_MS, ticket_id="T1")
            desk.write()
        _take_over(desk)
        assert 2 == len([fact for fact in desk.state._tickets.by_id["T1"].facts if fact[0] > T0])


class TestFields:
    """Of events that such a ledger takes, what is new in them is not there."""

    HEAD: Final = {"event_id": "e", "occurred_at": T0, "ticket_id": "T1"}
    LABELS: Final = {"customer_id": "c", "team": "a", "channel": "b", "priority": "c"}

    def test_of_a_creation(self) -> None:
        new = {"segment": "gold", "opened_by": "desk", "with_bot": True, "resolution_due": T0 + HOUR_MS}
        event = as_before(decoded(("ticket-created", {**self.HEAD, **self.LABELS, **new})))
        assert isinstance(event, TicketCreated)
        assert decoded(("ticket-created", {**self.HEAD, **self.LABELS})) == event

    def test_of_a_resolution_and_a_triage(self) -> None:
        resolved = as_before(decoded(("resolved", {**self.HEAD, "by": "bot"})))
        assert isinstance(resolved, Resolved)
        assert decoded(("resolved", self.HEAD)) == resolved
        triage = {**self.HEAD, "change": "triaged", "team": "b"}
        triaged = as_before(decoded(("ticket-changed", {**triage, "segment": "gold"})))
        assert isinstance(triaged, Triaged)
        assert decoded(("ticket-changed", triage)) == triaged

    def test_a_new_kind_is_no_event(self) -> None:
        assert isinstance(as_before(decoded(("ticket-changed", TestRaising.MESSAGE))), Reject)
