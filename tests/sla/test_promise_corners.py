"""Corners of promises, each found by the law of `tests.laws.test_deadline_lines` and worked by hand here.

Around the clock: a first reply in 1 h (of b in 20 min), a next one in 30 min (10 min), a resolution in 4 h.
"""

from __future__ import annotations

import yaml

from deskpulse.policy import PolicyFile, build
from kpis.sla import commitments
from kpis.sla.policy import Policy
from kpis.tickets.promise import Promise
from tests.laws.facts import Content, changed, created, event, row_of
from tests.laws.ledgers import T0
from windows.panes import HOUR_MS, MINUTE_MS

LINES = """
    first_reply: [{team: b, within: 20m, objective: 90%}, {within: 1h, objective: 90%}]
    next_reply: [{team: b, within: 10m, objective: 90%}, {within: 30m, objective: 90%}]
    resolution: [{within: 4h, objective: 90%}]
"""
RETARGET = f"""
versions:
  - name: follows
    after_triage: retarget{LINES}
"""
THEN_KEEP = f"""{RETARGET}
  - name: keeps
    effective_from: 2026-02-25T06:43:20Z
    effective_for: open
    after_triage: keep{LINES}
"""


def policy(text: str) -> Policy:
    return build(PolicyFile.model_validate(yaml.safe_load(text)))


def promise(*found: Content, text: str = RETARGET) -> Promise:
    made = commitments.derive(row_of(found), policy(text))
    assert made is not None
    return made


def minute(number: float) -> int:
    return T0 + round(number * MINUTE_MS)


def test_a_reply_that_states_a_start_after_itself_is_due_from_itself_on() -> None:
    """Reply at 10, and at 20 one that says 50: its deadline is 20 + 30, not 50 + 30."""
    made = promise(
        created(),
        event("first-reply", minute(10), "1"),
        changed("replied", minute(20), "2", waiting_since=minute(50)),
    )
    assert [(minute(20), minute(50))] == [(one.start_ms, one.due_ms) for one in made.next_replies]


def test_a_reply_stamped_before_the_creation_has_waited_for_nothing() -> None:
    """The second states an hour before the creation: at the creation it waits 0, and is in time."""
    made = promise(
        created(),
        event("first-reply", minute(-20), "1"),
        changed("replied", minute(-10), "2", waiting_since=minute(-60)),
    )
    assert [(T0, minute(30), T0)] == [(one.start_ms, one.due_ms, one.kept_ms) for one in made.next_replies]


def test_a_status_bot_that_reopens_uses_up_no_deadline_stated_for_the_next_wait() -> None:
    """Closed at 20, a message at 30, a bot at 40: no wait. People have it at 50, by the stated 100."""
    made = promise(
        created(next_reply_due=minute(100)),
        event("first-reply", minute(10), "1"),
        event("resolved", minute(20), "2"),
        changed("customer_replied", minute(30), "3"),
        changed("status", minute(40), "4", status="bot"),
        changed("handed_over", minute(50), "5"),
    )
    assert [minute(100)] == [one.due_ms for one in made.next_replies]


def test_a_first_reply_at_the_creation_ends_the_wait_before_a_given_deadline_of_the_past_is_asked() -> None:
    made = promise(created(first_reply_due=T0 - HOUR_MS), event("first-reply", T0, "1"))
    assert made.reply_due_ms is None


def test_a_given_resolution_of_the_past_is_no_miss_of_a_ticket_that_begins_with_a_bot() -> None:
    assert promise(created(resolution_due=T0 - HOUR_MS, with_bot=True)).resolution_due_ms is None
    assert T0 - HOUR_MS == promise(created(resolution_due=T0 - HOUR_MS)).resolution_due_ms


def test_of_two_triages_at_one_instant_the_second_sets_the_promise_anew() -> None:
    """At 30 the 20 minutes of b are over; a at the same instant has its hour."""
    triages = [changed("triaged", minute(30), name, team=team) for name, team in (("x", "b"), ("y", "a"))]
    other = [changed("triaged", minute(30), name, team=team) for name, team in (("x", "a"), ("y", "b"))]
    dues = {promise(created(), *found).reply_due_ms for found in (triages, other)}
    assert {minute(60), minute(30)} == dues


def test_a_triage_under_keep_takes_nothing_back() -> None:
    """b's from 10 on. The version of 30 keeps: a triage at 40, and a message at 60 has b's 10 minutes."""
    made = promise(
        created(),
        changed("triaged", minute(10), "1", team="b"),
        event("first-reply", minute(15), "2"),
        changed("triaged", minute(40), "3", team="a"),
        changed("customer_replied", minute(60), "4"),
        text=THEN_KEEP,
    )
    assert [minute(70)] == [one.due_ms for one in made.next_replies]
