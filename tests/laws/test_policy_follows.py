"""A version for open tickets takes along those that are open when a worker first reads it.

They need no event of their own: the ledger is what it would be had the version always been in the policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.ledger import codec
from kpis.sla.at_risk import AtRiskKey
from kpis.sla.policy import Policy
from kpis.state import rebuild
from kpis.state.rules import PolicyChangedError, StateRules
from tests.examples import examples
from tests.laws.ledgers import T0, Desk, contents, readable
from tests.laws.policies import IN_TURN, both
from windows.panes import DAY_MS, HOUR_MS

Event = tuple[str, dict[str, Any]]
QUICK = settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
LINES: Final = """
    first_reply: [{team: a, within: 20h, objective: 90%}, {within: 96h, objective: 90%}]
    next_reply: [{within: 96h, objective: 90%}]
    resolution: [{team: [a, b], within: 30h, objective: 85%}, {within: 120h, objective: 85%}]
"""
OTHER_LINES: Final = """
    first_reply: [{team: a, within: 120h, objective: 80%}, {within: 72h, objective: 90%}]
    next_reply: [{within: 72h, objective: 90%}]
    resolution: [{within: 144h, objective: 80%}]
"""
# Events of `tests.laws.ledgers` go on for two days from 2026-02-25T06:13:20Z on.
FIRST: Final = f"""
versions:
  - name: first
    after_triage: retarget{LINES}
"""
WITH_OPEN: Final = f"""{FIRST}
  - name: for-open-too
    effective_from: 2026-02-28T00:00:00Z
    effective_for: open
    after_triage: keep{OTHER_LINES}
"""
TO_COME: Final = f"""{FIRST}
  - name: for-new-tickets
    effective_from: 2026-02-28T00:00:00Z{OTHER_LINES}
"""
ONLY_OPEN: Final = f"""
versions:
  - name: begins
    effective_from: 2026-02-28T00:00:00Z
    effective_for: open{OTHER_LINES}
"""
POLICIES: Final[dict[str, Policy | None]] = {
    "none": None,
    **{
        name: both(text)[0]
        for name, text in {
            "first": FIRST,
            "with open": WITH_OPEN,
            "to come": TO_COME,
            "only open": ONLY_OPEN,
        }.items()
    },
}
# What a ledger was made with, and what a worker reads next: a version more, or one taken back in time.
TURNS: Final = [
    ("first", "with open"),
    ("with open", "first"),
    ("with open", "to come"),
    ("none", "only open"),
    ("only open", "none"),
    ("first", "to come"),
]
MOVES: Final = [turn for turn in TURNS if turn != ("first", "to come")]
BEFORE: Final = st.lists(contents("T1", "T2", "T3"), min_size=6, max_size=30)


def the_rules(name: str) -> StateRules:
    return StateRules(policy=POLICIES[name])


def from_the_start(name: str, *parts: Sequence[Event]) -> Desk:
    desk = Desk(the_rules(name))
    for found in parts:
        desk.apply(found)
        desk.write()
    return desk


def taken_over(desk: Desk, name: str, *, crash_after: int | None = None, seed: int = 0) -> None:
    """A worker with this policy recovers the partition; it may die on the way."""
    desk.rules = the_rules(name)
    for number, changes in enumerate(desk.taken_over(seed)):
        if number == crash_after:
            return
        desk.keep(changes)


def view_of(desk: Desk) -> dict[object, object]:
    """Panes, levels and lists; the order in which names were admitted is another one, and does not matter."""
    rows = [(key, value) for (name, key), value in desk.rows.items() if name == "view" and value is not None]
    found = readable([row for row in rows if row[0] != codec.POSITION_KEY])
    return {key: value for key, value in found.items() if not isinstance(key, codec.NamesKey)}


def later(found: Sequence[Event]) -> list[Event]:
    """The same two and a half days later: some before the version takes effect, some after."""
    return [
        (topic, {name: _shifted(name, value) for name, value in fields.items()}) for topic, fields in found
    ]


def _shifted(name: str, value: Any) -> Any:
    if name in {"event_id", "retracts"}:
        return f"later {value}"
    if name == "occurred_at" or name.endswith(("_due", "_since")):
        return None if value is None else value + 5 * DAY_MS // 2
    return value


@QUICK
@given(BEFORE, BEFORE, st.sampled_from(TURNS), st.none() | st.integers(0, 8))
def test_a_ledger_follows_a_policy_as_if_it_had_always_been_so(
    before: list[Event], after: list[Event], turn: tuple[str, str], crash: int | None
) -> None:
    """Through a crash in the middle, too; and what comes afterwards fits."""
    made_with, read_next = turn
    desk, seed = from_the_start(made_with, before), len(before)
    if crash is not None:
        taken_over(desk, read_next, crash_after=crash, seed=seed)
    taken_over(desk, read_next, seed=seed)
    expected = from_the_start(read_next, before)
    assert view_of(expected) == view_of(desk)
    assert expected.tickets() == desk.tickets()
    after = later(after)
    desk.apply(after)
    desk.write()
    expected = from_the_start(read_next, before, after)
    assert view_of(expected) == view_of(desk)
    assert expected.tickets() == desk.tickets()


@QUICK
@given(BEFORE, st.sampled_from(MOVES))
def test_the_ledger_is_signed_with_the_new_policy_when_all_have_followed(
    before: list[Event], turn: tuple[str, str]
) -> None:
    """Until then it names the one of before, so whoever takes over begins again."""
    made_with, read_next = turn
    desk = from_the_start(made_with, before)
    signed = desk.state.position.policy
    desk.rules = the_rules(read_next)
    desk.state = state = desk.recovered()
    assert rebuild.POLICY == state.outdated
    found = [changes for changes in desk.state.rebuild(1) if changes is not None]
    told = [dict(changes.view)[codec.POSITION_KEY] for changes in found]
    assert all(row is not None for row in told)
    assert [signed] * (len(found) - 1) == [codec.decode_position(row or b"").policy for row in told[:-1]]
    policy, last = POLICIES[read_next], codec.decode_position(told[-1] or b"").policy
    assert last == (None if policy is None else policy.signed(2026))
    for changes in found:
        desk.keep(changes)
    for state in (desk.state, desk.recovered()):
        assert state.outdated is None


def test_a_version_for_tickets_to_come_moves_no_ticket() -> None:
    desk = from_the_start("first", [a_ticket("T1", T0)])
    desk.rules = the_rules("to come")
    assert desk.recovered().outdated is None


def test_a_deadline_moves_as_soon_as_the_version_is_read() -> None:
    """Created on Wednesday 06:13:20, first reply within 20 h; from Saturday on within 5 d, also if open.

    T1 is late by then and stays late. T2 comes on Friday at 22:13:20: due on Saturday at 18:13:20, and with
    the new version on Wednesday at 22:13:20, for which no event is needed.
    """
    second = T0 + 64 * HOUR_MS
    desk = from_the_start("first", [a_ticket("T1", T0), a_ticket("T2", second)])
    assert {"T1": T0 + 20 * HOUR_MS, "T2": second + 20 * HOUR_MS} == due(desk)
    taken_over(desk, "with open")
    assert {"T1": T0 + 20 * HOUR_MS, "T2": second + 5 * DAY_MS} == due(desk)
    taken_over(desk, "first")  # taken back in time
    assert {"T1": T0 + 20 * HOUR_MS, "T2": second + 20 * HOUR_MS} == due(desk)


def test_a_version_that_has_been_in_force_is_not_taken_back() -> None:
    desk = from_the_start("with open", [a_ticket("T1", T0), a_ticket("T2", T0 + 4 * DAY_MS)])
    desk.rules = the_rules("first")
    with pytest.raises(PolicyChangedError, match="version 'for-open-too' was in force and is missing"):
        desk.recovered()


def test_an_empty_ledger_follows_any_policy_at_once() -> None:
    desk = Desk(StateRules(policy=both(IN_TURN)[0]))
    desk.write()
    assert desk.recovered().outdated is None


def a_ticket(ticket_id: str, at_ms: int) -> Event:
    labels = {"customer_id": "a", "team": "a", "channel": "b", "priority": "c"}
    return "ticket-created", {
        "event_id": ticket_id,
        "occurred_at": at_ms,
        "ticket_id": ticket_id,
        **labels,
    }


def due(desk: Desk) -> dict[str, int]:
    """The deadlines of first replies by ticket, as the list of tickets at risk says."""
    key = codec.at_risk_key(AtRiskKey("first_reply", "a"))
    row = desk.rows["view", key]
    assert row is not None
    return {entry.ticket_id: entry.due_ms for entry in codec.decode_at_risk(row).entries}
