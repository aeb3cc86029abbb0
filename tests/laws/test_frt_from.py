"""First responses from the creation: stream = batch = oracle, the same rows, and the way there and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis import cell_numbers
from kpis.figures.view import ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.ledger import codec, packing
from kpis.ledger.formats import LedgerFormatError
from kpis.sla import commitments
from kpis.state.rules import SettingsChangedError, StateRules
from kpis.tickets import facts, merging, observe
from kpis.tickets.manner import Manner
from kpis.tickets.row import TicketRow
from oracle import verify
from tests.examples import examples
from tests.laws.chaos import AS_OF_MS, CHANNELS, PRIORITIES, TEAMS, ChaoticDesk, Stream
from tests.laws.facts import Content, changed, created, sums
from tests.laws.ledgers import T0, contents, decoded
from tests.laws.policies import POLICY, the_policy
from tests.laws.test_definition_version import QUICK, Event
from tests.laws.test_facts_laws import narrow
from tests.laws.test_segment_laws import ORDERS, from_the_start, rows_of, seen, switched
from tests.laws.test_stream_batch_oracle import (
    RULES,
    batch_of,
    expected,
    expected_parts,
    exported,
)
from tests.sla.desk import policy_of
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

CREATED: Final = Manner(frt_from="created")
HOURS: Final = """
versions:
  - name: one
    calendars: {all: {time_zone: UTC, hours: {mon-sun: "00:00-24:00"}}}
    default_calendar: all
    first_reply: [{within: 1h, objective: 90%}]
"""
VIEW: Final = replace(RULES, frt_from="created")
STATE: Final = StateRules(policy=POLICY, frt_from="created")
FIRST: Final = range(cell_numbers.FIRST_RESPONSE, cell_numbers.RESPONSE)


class DeskOfBots(ChaoticDesk):
    """With each ticket of chaos another one that a bot has for a while, and that is answered in the end."""

    def _ticket(self, ticket: str) -> None:
        super()._ticket(ticket)
        pick, at_ms, own = self.random, AS_OF_MS - self.random.randrange(HOUR_MS, 4 * DAY_MS), f"{ticket} bot"
        names = {"team": pick.choice(TEAMS), "channel": CHANNELS[0], "priority": pick.choice(PRIORITIES)}
        opened_by = pick.choice(("customer", "customer", "desk"))
        fields = {**names, "customer_id": "C1", "opened_by": opened_by, "with_bot": pick.random() < 0.7}
        self._send("ticket-created", own, at_ms, ticket_id=own, **fields)
        words: list[dict[str, str]] = [
            {"change": "customer_replied"},
            {"change": "handed_over"},
            {"change": "status", "status": "bot"},
            {"change": "transferred", "team": pick.choice(TEAMS)},
        ]
        for word in [*pick.choices(words, k=pick.randrange(5)), {"change": "replied"}]:
            at_ms = min(at_ms + pick.randrange(12 * MINUTE_MS), AS_OF_MS - 1)
            self._send("ticket-changed", own, at_ms, ticket_id=own, **word)


@pytest.mark.parametrize("seed", range(3))
def test_the_stream_agrees_with_the_oracle_from_the_creation(seed: int) -> None:
    desk = DeskOfBots(seed)
    view = Stream(seed, rules=STATE).run(desk.records, VIEW, AS_OF_MS)
    differences = verify.compare(
        [*expected(desk, frt_from="created"), *expected_parts(desk, frt_from="created")], exported(view)
    )
    assert not differences, verify.report(differences)


@pytest.mark.parametrize("seed", range(6))
def test_the_batch_agrees_with_the_oracle_from_the_creation(seed: int) -> None:
    desk = DeskOfBots(seed)
    differences = verify.compare(expected(desk, frt_from="created"), batch_of(desk, VIEW))
    assert not differences, verify.report(differences)


@pytest.mark.parametrize("seed", range(6))
def test_the_two_differ_in_the_first_response_time_and_in_nothing_else(seed: int) -> None:
    """By either clock; so the laws above are about something."""
    desk = DeskOfBots(seed)
    usual = {one.key: one.value for one in expected(desk, frt_from="first_contact")}
    other = {one.key: one.value for one in expected(desk, frt_from="created")}
    assert set(usual) == set(other)
    differing = [key for key, value in usual.items() if value != other[key]]
    assert {
        (f"support_first_response_{what}_seconds", clock)
        for what in ("mean", "quantile")
        for clock in ("calendar", "business")
    } == {(name, dict(labels)["clock"]) for name, labels in differing}


USUAL_RULES: Final = StateRules(policy=the_policy())
CREATED_RULES: Final = StateRules(policy=the_policy(), frt_from="created")


@QUICK
@given(ORDERS)
def test_rows_of_tickets_are_the_same_bytes_in_both(events: list[Event]) -> None:
    """Without a policy. With one a row keeps what calendars make of the first response time, too."""
    usual, other = (
        from_the_start(StateRules(), events),
        from_the_start(StateRules(frt_from="created"), events),
    )
    assert usual.tickets() == other.tickets()


@pytest.mark.parametrize("way", ["there", "back"])
@QUICK
@given(before=ORDERS, after=ORDERS, crash=st.none() | st.integers(0, 30))
def test_after_it_was_changed_the_ledger_is_what_it_had_been_from_the_start(
    way: str, before: list[Event], after: list[Event], crash: int | None
) -> None:
    """There, perhaps after a crash on the way and a step back; what is booked afterwards fits too."""
    old, new = (USUAL_RULES, CREATED_RULES) if way == "there" else (CREATED_RULES, USUAL_RULES)
    desk = from_the_start(old, before)
    if crash is not None:
        for number, changes in enumerate(switched(desk, new)):
            if number == crash:
                break
            desk.keep(changes)
        for changes in switched(desk, old):
            desk.keep(changes)
        first = from_the_start(old, before)
        assert (rows_of(first), first.tickets()) == (rows_of(desk), desk.tickets())
    for changes in switched(desk, new):
        desk.keep(changes)
    assert rows_of(from_the_start(new, before)) == rows_of(desk)
    position = codec.decode_position(desk.rows["view", codec.POSITION_KEY])
    assert (new.manner, False) == (position.manner, position.remaking)
    desk.apply(after)
    desk.write()
    expected = from_the_start(new, before, after)
    assert (rows_of(expected), expected.tickets()) == (rows_of(desk), desk.tickets())
    assert not desk.recovered().outdated


@pytest.mark.parametrize("way", ["there", "back"])
@QUICK
@given(events=ORDERS)
def test_until_the_panes_are_made_anew_faces_show_nothing_and_then_what_holds(
    way: str, events: list[Event]
) -> None:
    """A face of either setting, after each transaction on the way."""
    old, new = (USUAL_RULES, CREATED_RULES) if way == "there" else (CREATED_RULES, USUAL_RULES)
    at_ms, desk = T0 + 3_600_000, from_the_start(old, events)
    before, after = (
        ViewBuilder(ViewRules(ZoneInfo("UTC"), policy=the_policy(), frt_from=rules.frt_from))
        for rules in (old, new)
    )
    changes = [(key, value) for (name, key), value in desk.rows.items() if name == "view"]
    before.apply(0, changes)
    after.apply(0, changes)
    assert seen(before.build(at_ms))
    assert not seen(after.build(at_ms))
    *first, last, _ = list(switched(desk, new))
    for step in first:
        desk.keep(step)
        for face in (before, after):
            face.apply(0, step.view)
            assert not seen(face.build(at_ms))
    for face in (before, after):
        face.apply(0, last.view)
    assert not seen(before.build(at_ms))
    fresh = ViewBuilder(ViewRules(ZoneInfo("UTC"), policy=the_policy(), frt_from=new.frt_from))
    rows = from_the_start(new, events).rows
    fresh.apply(0, [(key, value) for (name, key), value in rows.items() if name == "view"])
    assert seen(fresh.build(at_ms)) == seen(after.build(at_ms)) != {}


HANDED_OVER: Final[list[Content]] = [
    created(with_bot=True),
    changed("handed_over", T0 + 10 * MINUTE_MS, "h"),
    changed("replied", T0 + 40 * MINUTE_MS, "r"),
]


WRITTEN_TO: Final[list[Content]] = [
    created(opened_by="desk"),
    changed("customer_replied", T0 + 5 * MINUTE_MS, "m"),
    changed("status", T0 + 6 * MINUTE_MS, "b", status="bot"),
    changed("handed_over", T0 + 10 * MINUTE_MS, "h"),
    changed("replied", T0 + 40 * MINUTE_MS, "r"),
]


def length_of(row: TicketRow, manner: Manner) -> int:
    row.manner = manner
    return sum(n for (_, cell), n in sums(row).items() if cell == cell_numbers.FIRST_RESPONSE + 1)


def row_of(found: Sequence[Content | Event], manner: Manner = CREATED) -> TicketRow:
    row = TicketRow(manner=manner)
    for one in found:
        merging.merge(row, decoded(one))  # type: ignore[arg-type]
    return row


def firsts(row: TicketRow, manner: Manner) -> dict[tuple[object, int, int], int]:
    """What the first reply adds, by labels, minute and cell."""
    row.manner = manner
    found: Counter[tuple[object, int, int]] = Counter()
    for dims, (at_ms, cell, amount) in observe.observe(row):
        if cell in FIRST:
            found[dims, at_ms // MINUTE_MS, cell] += amount
    return {place: amount for place, amount in found.items() if amount}


@pytest.mark.parametrize("manner", [Manner(), CREATED])
@pytest.mark.parametrize(("story", "minutes"), [(HANDED_OVER, 40), (WRITTEN_TO, 35)])
def test_a_row_that_has_let_go_of_the_reply_counts_in_either_manner(
    story: list[Content], minutes: int, manner: Manner
) -> None:
    """Folded at a desk of either setting it is the same bytes: 30 min since the hand-over, or 40.

    Or 35, of a ticket that the desk opened, since the customer's message.
    """
    later = [changed("handled", T0 + n * MINUTE_MS, f"x{n}", talk_seconds=n) for n in range(50, 90)]
    with narrow(20):
        row = row_of([*story, *later], manner)
    assert row.stub is not None
    assert row.stub.standing.replied_ms is not None
    raw = codec.encode_ticket(row)
    with narrow(20):
        assert raw == codec.encode_ticket(row_of([*story, *later], Manner()))
    again = codec.decode_ticket(raw)
    assert 30 * MINUTE_MS == length_of(again, Manner())
    assert minutes * MINUTE_MS == length_of(again, CREATED)


def test_segments_are_known_beside_it() -> None:
    """Both settings at once: 40 min, under gold; also once the row has let go of the reply."""
    found = [created(with_bot=True, segment="gold"), *HANDED_OVER[1:]]
    later = [changed("handled", T0 + n * MINUTE_MS, f"x{n}", talk_seconds=n) for n in range(50, 90)]
    both = Manner(segment=True, frt_from="created")
    for narrowed, story in ((100, found), (20, [*found, *later])):
        with narrow(narrowed):
            row = row_of(story, both)
        assert ("a", "b", "c", "gold") == observe.walk(row, None).dims()
        assert 40 * MINUTE_MS == length_of(row, both)


@settings(QUICK, max_examples=examples(60))
@given(
    st.lists(contents("T1"), min_size=10, max_size=40),
    st.sampled_from([{"with_bot": True}, {"with_bot": True, "opened_by": "desk"}]),
)
def test_what_is_folded_adds_what_the_facts_would(found: list[Event], begins: dict[str, Any]) -> None:
    """In order of time, so that nothing is lost; transfers, closures and bots among it."""
    others = [
        (topic, {**content, "event_id": f"n{place}"})
        for place, (topic, content) in enumerate(found)
        if topic != "ticket-created" and content.get("change") != "retracted"
    ]
    others.sort(key=lambda one: facts.fact_of(decoded(one)))  # type: ignore[arg-type]
    named = [
        created(T0 - 4 * HOUR_MS, **begins),
        changed("customer_replied", T0 - 3 * HOUR_MS, "m"),
        changed("handed_over", T0 - 2 * HOUR_MS, "h"),
        *others,
    ]
    whole = row_of(named)
    with narrow(10):
        folded = row_of(named)
    for manner in (Manner(), CREATED):
        assert firsts(whole, manner) == firsts(folded, manner)


def test_a_row_that_comes_back_is_promised_by_the_clock_from_the_creation() -> None:
    """What remains of a row is the same bytes in both, and says when the customer asked."""
    rows = [row_of(HANDED_OVER, manner) for manner in (Manner(), CREATED)]
    first, second = (packing.pack_remains(row) for row in rows)
    assert first == second
    lengths = []
    for manner in (Manner(), CREATED):
        back = packing.unpack_remains(first)
        back.manner = manner
        promise = commitments.derive(back, policy_of(HOURS))
        assert promise is not None
        lengths.append(promise.reply_ms)
    assert [30 * MINUTE_MS, 40 * MINUTE_MS] == lengths


def the_setting(frt_from: str) -> StateRules:
    shared = {"desk.horizon_days": "61"}
    if frt_from == "created":
        return StateRules(shared={**shared, "desk.frt_from": "created"}, frt_from="created")
    return StateRules(shared=shared)


@pytest.mark.parametrize(("old", "new"), [("first_contact", "created"), ("created", "first_contact")])
def test_it_is_changed_on_purpose_only(old: str, new: str) -> None:
    desk = from_the_start(the_setting(old), HANDED_OVER)
    desk.state = desk.recovered()
    desk.write()
    desk.rules = the_setting(new)
    with pytest.raises(SettingsChangedError, match=rf"desk\.frt_from is {new} here and {old} in the ledger"):
        desk.recovered()
    desk.rules = replace(desk.rules, adopt=True)
    for changes in switched(desk, desk.rules):
        desk.keep(changes)
    assert rows_of(from_the_start(the_setting(new), HANDED_OVER)) == rows_of(desk)
    desk.rules = the_setting(new)
    assert desk.rules.shared == desk.recovered().position.settings
    assert not desk.recovered().outdated


def test_a_ledger_of_an_older_format_cannot_count_so() -> None:
    """Programs that write it know nothing of the setting, and would book the other length."""
    desk = from_the_start(StateRules(ledger_format=6), [HANDED_OVER[2]])
    desk.rules = StateRules(frt_from="created")
    with pytest.raises(
        LedgerFormatError, match=r"desk\.frt_from needs a ledger of format 7, but this one has 6"
    ):
        desk.recovered()
    desk.rules = StateRules(frt_from="created", ledger_format=7)
    assert desk.recovered().outdated


def test_by_default_the_position_has_not_a_byte_of_it() -> None:
    desk = from_the_start(StateRules(), HANDED_OVER)
    assert b"frt_from" not in desk.rows["view", codec.POSITION_KEY]
