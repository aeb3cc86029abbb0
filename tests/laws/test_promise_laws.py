"""Laws of promises: the same row in any order, and the ledger as the sum of the rows.

A recovered state is like the lost one, and nothing is booked without a policy.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.ledger import codec
from kpis.sla import at_risk, commitments
from kpis.sla.at_risk import LISTED, AtRiskKey, AtRiskRow, SegmentEntry
from kpis.sla.policy import Policy
from kpis.state.rules import PolicyChangedError, StateRules
from kpis.tickets import booking, merging, observe
from kpis.tickets.facts import CREATED, DUE
from kpis.tickets.promise import GIVEN
from kpis.tickets.row import TicketRow
from kpis.view_keys import LevelKey, PaneKey
from streams.events import AnyEvent
from tests.examples import examples
from tests.laws.ledgers import T0, Desk, contents, events, readable
from tests.laws.policies import the_policy
from tests.laws.test_rows_laws import without_zeros
from windows.panes import DAY_MS, HOUR_MS, MINUTE, MINUTE_MS, QUARTER, SIX_HOURS

QUICK = settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
several_tickets = st.lists(contents("T1", "T2", "T3"), min_size=15, max_size=40)
POLICY = the_policy()
AT_NIGHT_MS = 1_772_040_600_000  # 2026-02-25T18:30 in Madrid: the desk has just closed
NIGHT = {"team": "b", "channel": "a", "priority": "a"}
RULES = StateRules(policy=POLICY)
Found = list[tuple[str, dict[str, Any]]]


def promised(found: list[AnyEvent]) -> TicketRow:
    """The row after events, its promise derived after each, as a worker does."""
    row = TicketRow()
    for event in found:
        merging.merge(row, event)  # type: ignore[arg-type]
        row.promise = commitments.derive(row, POLICY)
    return row


@settings(deadline=None)
@given(st.data())
def test_any_order_of_events_gives_the_same_promise(data: st.DataObject) -> None:
    found = data.draw(st.lists(events, max_size=14))
    other = promised(data.draw(st.permutations(found)))
    assert promised(found).promise == other.promise
    assert commitments.contribution(promised(found)) == commitments.contribution(other)


@settings(deadline=None)
@given(st.lists(events, max_size=14))
def test_each_target_stands_in_one_place_at_the_most(found: list[AnyEvent]) -> None:
    """A clock that runs is not settled, and what is settled is settled once."""
    booked = commitments.contribution(promised(found))
    settled = [cell for _, (_, cell, _) in booked.found if cell in commitments.SETTLED_CELLS]
    running = [target for target, _ in booked.running]
    first_reply = [cell >> 12 for cell in settled].count(7) + running.count("first_reply")
    resolution = [cell >> 12 for cell in settled].count(8) + running.count("resolution")
    assert first_reply <= 1
    assert resolution <= 1


def _apply(desk: Desk, found: Found) -> None:
    for topic, content in found:
        desk.state.apply(topic, [desk.record(topic, content)])


@QUICK
@given(several_tickets, st.integers(1, 7))
def test_the_ledger_is_the_sum_of_what_its_rows_contribute(found: Found, unit: int) -> None:
    """Promises included: panes, levels and rows of tickets at risk follow from the ticket rows alone.

    This holds after every transaction.
    """
    desk = Desk(RULES)
    for start in range(0, len(found), unit):
        _apply(desk, found[start : start + unit])
        desk.write()
        rows = {
            key[1:].decode(): codec.decode_ticket(value)
            for (name, key), value in desk.rows.items()
            if name == "tickets" and codec.is_ticket_key(key)
        }
        view = desk.view()
        tables = {
            key: codec.decode_cells(value)
            for key, value in view.items()
            if isinstance(key, PaneKey | LevelKey)
        }
        assert tables == _contributions(rows)
        assert {row.promise for row in rows.values()} == {
            commitments.derive(row, POLICY) for row in rows.values()
        }
        listed = {
            key: codec.decode_at_risk(value).entries
            for key, value in view.items()
            if isinstance(key, AtRiskKey)
        }
        assert listed == _at_risk(rows)


def _contributions(rows: dict[str, TicketRow]) -> dict[codec.ViewKey, dict[int, int]]:
    expected: dict[codec.ViewKey, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows.values():
        promised = commitments.contribution(row)
        for dims, (at_ms, cell, amount) in [*observe.observe(row), *promised.found]:
            for resolution in (MINUTE, QUARTER, SIX_HOURS):
                expected[PaneKey(resolution.index, resolution.pane(at_ms), dims)][cell] += amount
        levels = [(row.dims(), level, at_ms, 1) for level, at_ms in observe.levels(row)]
        for dims, level, at_ms, n in [*levels, *promised.levels]:
            expected[LevelKey(level, at_ms // HOUR_MS, dims)][at_ms % HOUR_MS // MINUTE_MS] += n
    return without_zeros(expected)


def _running(row: TicketRow, target: str) -> tuple[bool, int | None]:
    """Whether the running deadline came with the ticket, and when its wait began."""
    promise = row.promise
    assert promise is not None
    if target == "next_reply":
        latest = promise.next_replies[-1]
        return bool(latest.how & GIVEN), latest.start_ms
    return bool((promise.how >> 4 if target == "resolution" else promise.how) & GIVEN), None


def _at_risk(rows: dict[str, TicketRow]) -> dict[AtRiskKey, list[SegmentEntry]]:
    found: dict[AtRiskKey, list[SegmentEntry]] = defaultdict(list)
    for ticket_id, row in rows.items():
        for target, due in commitments.running(row):
            assert row.creation is not None
            team, channel, priority = row.dims()
            given, wait_ms = _running(row, target)
            found[AtRiskKey(target, team)].append(
                SegmentEntry(due, ticket_id, row.creation.at_ms, channel, priority, None, given, wait_ms)
            )
    return {
        key: sorted(entries, key=lambda entry: (entry.due_ms, entry.ticket_id))
        for key, entries in found.items()
    }


@QUICK
@given(several_tickets, several_tickets, st.integers(0, 99))
def test_a_recovered_state_goes_on_as_the_lost_one_would(before: Found, after: Found, seed: int) -> None:
    desk = Desk(RULES)
    _apply(desk, before)
    desk.write()
    twin = desk.recovered(seed)
    for topic, content in after:
        record = desk.record(topic, content)
        assert desk.state.apply(topic, [record]) == twin.apply(topic, [record])
    mine, theirs = desk.state.take_changes(), twin.take_changes()
    assert dict(mine.tickets) == dict(theirs.tickets)
    assert readable(mine.view) == readable(theirs.view)


@QUICK
@given(several_tickets)
def test_the_estimate_of_bytes_is_never_too_low(found: Found) -> None:
    desk = Desk(RULES)
    _apply(desk, found)
    estimate = desk.state.dirty_bytes()
    changes = desk.write()
    assert estimate >= sum(len(key) + len(value or b"") for key, value in [*changes.tickets, *changes.view])


@QUICK
@given(several_tickets)
def test_what_is_not_computed_again_would_have_come_out_the_same(found: Found) -> None:
    """Deadlines and durations that an event does not move are kept.

    Here they are computed after each event.
    """
    quick, slow = Desk(RULES), Desk(RULES)
    _apply(quick, found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(booking, "_step", lambda *_: False)
        _apply(slow, found)
    mine, theirs = quick.write(), slow.write()
    assert dict(mine.tickets) == dict(theirs.tickets)
    assert {k: v for k, v in readable(mine.view).items() if v is not None} == {
        k: v for k, v in readable(theirs.view).items() if v is not None
    }


def test_a_ticket_that_was_discarded_before_it_was_known_is_promised_nothing() -> None:
    desk = Desk(RULES)
    desk.send("ticket-changed", T0, ticket_id="T1", change="discarded")
    desk.create("T1", T0)
    desk.write()
    assert [] == [key for key in desk.view() if isinstance(key, PaneKey | LevelKey | AtRiskKey)]


@QUICK
@given(several_tickets)
def test_without_a_policy_nothing_is_promised_but_what_came_with_a_ticket(found: Found) -> None:
    desk = Desk()
    _apply(desk, found)
    changes = desk.write()
    rows = [codec.decode_ticket(value) for key, value in changes.tickets if value and key[:1] == b"t"]
    assert [row.promise for row in rows] == [commitments.derive(row, None) for row in rows]
    with_deadlines = [row for row in rows if _has_deadlines(row)]
    assert all(row.promise is None for row in rows if row not in with_deadlines)


def _has_deadlines(row: TicketRow) -> bool:
    return any(kind == DUE or (kind == CREATED and len(content) > 8) for _, kind, _, content in row.facts)


def test_a_ticket_is_a_row_that_older_programs_refuse() -> None:
    desk = Desk(RULES)
    desk.create("T1", T0)
    changes = desk.write()
    assert [b"\x04"] == [value[:1] for _, value in changes.tickets if value is not None]


def test_clocks_of_tickets_that_leave_are_withdrawn() -> None:
    """Open for a year without an event: the ticket leaves, and with it what it was late with."""
    desk = Desk(RULES)
    desk.create("T1", T0)
    desk.write()
    # open, waiting, unanswered, and two clocks
    assert 5 == len([key for key in desk.view() if isinstance(key, LevelKey)])
    desk.pass_time(T0 + 367 * DAY_MS)
    desk.write()
    assert [] == [key for key in desk.view() if isinstance(key, LevelKey | AtRiskKey)]


def test_the_list_of_tickets_at_risk_moves_on_with_the_events_of_others() -> None:
    """Sixty clocks, due a minute apart: 25 ahead are listed.

    When half of them have passed, any event renews the list.
    """
    desk = Desk(RULES)
    for number in range(60):
        desk.create(f"T{number:02}", T0 + number * MINUTE_MS, team="a", channel="x", priority="d")
    desk.write()
    first = _row(desk)
    assert (0, 60 - LISTED, LISTED) == (first.left_out_behind, first.left_out_ahead, len(first.entries))
    due = first.entries[0].due_ms
    desk.pass_time(due + 5 * MINUTE_MS)
    desk.write()
    assert first == _row(desk)
    desk.pass_time(due + 14 * MINUTE_MS)
    desk.write()
    second = _row(desk)
    assert (0, 60 - 14 - LISTED, 14 + LISTED) == (
        second.left_out_behind,
        second.left_out_ahead,
        len(second.entries),
    )
    desk.pass_time(due + 50 * MINUTE_MS)
    desk.write()
    last = _row(desk)
    assert (50 - LISTED, 0, LISTED + 10) == (last.left_out_behind, last.left_out_ahead, len(last.entries))


def _row(desk: Desk) -> AtRiskRow:
    key = AtRiskKey("first_reply", "a")
    return codec.decode_at_risk(desk.view()[key])


def test_a_list_has_the_creation_that_stands_though_no_deadline_moved() -> None:
    """Of one identity the earlier creation stands.

    Both lie in closed hours, so their deadlines are one; time and link are not.
    """
    desk = Desk(RULES)
    for late_ms, url in ((1, "https://desk.example.com/later"), (0, "https://desk.example.com/sooner")):
        desk.send(
            "ticket-created",
            AT_NIGHT_MS + late_ms,
            ticket_id="T2",
            event_id="e1",
            customer_id="a",
            **NIGHT,
            url=url,
        )
        desk.write()
    entries = codec.decode_at_risk(desk.view()[AtRiskKey("first_reply", "b")]).entries
    assert [(AT_NIGHT_MS, "https://desk.example.com/sooner")] == [
        (entry.created_ms, entry.url) for entry in entries
    ]


def test_a_flood_of_teams_is_one_list() -> None:
    desk = Desk(StateRules(policy=POLICY, most_names=2))
    for number in range(30):
        desk.create(f"T{number}", T0, team=f"team{number}")
    desk.write()
    assert {"team0", "team1", "other"} == {key.team for key in desk.view() if isinstance(key, AtRiskKey)}


def test_a_link_that_is_too_long_is_left_out() -> None:
    desk = Desk(RULES)
    desk.create("T1", T0, url="https://desk.example.com/" + "x" * at_risk.LONGEST_URL)
    desk.create("T2", T0, url="https://desk.example.com/2")
    desk.write()
    entries = codec.decode_at_risk(desk.view()[AtRiskKey("first_reply", "a")]).entries
    assert [None, "https://desk.example.com/2"] == [entry.url for entry in entries]


def test_a_changed_past_is_refused_at_recovery() -> None:
    """The same ledger, another policy.

    The worker must not go on, since it would withdraw deadlines from where they never stood.
    """
    desk = Desk(RULES)
    desk.create("T1", T0)
    desk.write()
    desk.recovered()
    for policy in (None, Policy(POLICY.versions[1:])):
        desk.rules = StateRules(policy=policy)
        with pytest.raises(PolicyChangedError, match="'first' was in force and is missing"):
            desk.recovered()


def test_a_first_policy_on_an_old_ledger_is_refused() -> None:
    desk = Desk()
    desk.create("T1", T0)
    desk.write()
    desk.rules = RULES
    with pytest.raises(PolicyChangedError, match="DESKPULSE_APP_ID"):
        desk.recovered()


def test_an_automated_reply_that_takes_the_place_of_a_human_one_takes_its_outcome_back() -> None:
    """One identity with two contents: the earlier one stands, and it is no answer.

    Booked is what the row says.
    """
    desk = Desk(RULES)
    desk.create("T1", T0)
    for automated, at_ms in ((False, T0 + MINUTE_MS), (True, T0)):
        content = {"event_id": "e1", "occurred_at": at_ms, "ticket_id": "T1", "automated": automated}
        assert not desk.state.apply("first-reply", [desk.record("first-reply", content)])
    desk.write()
    rows = {
        "T1": codec.decode_ticket(next(value for (name, _), value in desk.rows.items() if name == "tickets"))
    }
    tables = {
        key: codec.decode_cells(value)
        for key, value in desk.view().items()
        if isinstance(key, PaneKey | LevelKey)
    }
    assert tables == _contributions(rows)
