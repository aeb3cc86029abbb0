"""What a policy promises: the first matching line, the version of the creation, clocks that stand still.

The past stays.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from kpis.sla.calendar import ALWAYS, BusinessCalendar, Hours, WorkingTime
from kpis.sla.policy import (
    FIRST_REPLY,
    NEXT_REPLY,
    RESOLUTION,
    Policy,
    Rule,
    Signed,
    Term,
    Terms,
    Version,
    changed_past,
    deadline_ms,
    year_of,
)

HOUR_MS = 3_600_000
OFFICE = WorkingTime("Europe/Madrid", (((540, 1080),),) * 5 + ((), ()), {date(2026, 5, 1): ()})


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def rule(hours: float, objective: float = 0.9, **names: str) -> Rule:
    return Rule(
        within_ms=int(hours * HOUR_MS),
        objective=objective,
        **{key: frozenset({name}) for key, name in names.items()},  # type: ignore[arg-type]
    )


def with_lines(**lines: Rule) -> Version:
    """A version with one line of some targets."""
    return replace(version(), rules={target: (line,) for target, line in lines.items()})


def version(
    name: str = "v1",
    effective: str | None = None,
    *,
    rules: tuple[Rule, ...] = (),
    time: WorkingTime = OFFICE,
) -> Version:
    return Version(
        name=name,
        effective_ms=None if effective is None else at(effective),
        rules={FIRST_REPLY: rules or (rule(4),), RESOLUTION: ()},
        calendars={"office": BusinessCalendar(time)},
        default_calendar="office",
        team_calendars={"night": "always"},
    )


def terms(
    policy: Policy, created: str, team: str = "billing", channel: str = "email", priority: str = "normal"
) -> Terms:
    found = policy.terms(at(created), (team, channel, priority))
    assert found is not None
    return found


def within(term: Term | None) -> float | None:
    return None if term is None else term.within_ms / HOUR_MS


def test_the_first_line_that_matches_wins() -> None:
    policy = Policy([version(rules=(rule(1, priorities="high"), rule(2, teams="billing"), rule(8)))])
    assert 1 == within(terms(policy, "2026-03-02", priority="high").first_reply)
    assert 2 == within(terms(policy, "2026-03-02").first_reply)
    assert 8 == within(terms(policy, "2026-03-02", team="night").first_reply)


def test_where_no_line_matches_nothing_is_promised() -> None:
    policy = Policy([version(rules=(rule(1, channels="chat"),))])
    assert terms(policy, "2026-03-02").first_reply is None
    assert terms(policy, "2026-03-02").resolution is None


def test_each_target_has_the_promise_of_its_own_lines() -> None:
    """1, 2 and 3 hours to the first reply, the next one and the resolution."""
    found = terms(
        Policy([with_lines(first_reply=rule(1), next_reply=rule(2), resolution=rule(3))]), "2026-03-02"
    )
    assert [1, 2, 3] == [within(found.of(target)) for target in (FIRST_REPLY, NEXT_REPLY, RESOLUTION)]
    assert (1, 2, 3) == (within(found.first_reply), within(found.next_reply), within(found.resolution))


def test_a_policy_without_lines_of_the_next_reply_has_no_such_target() -> None:
    assert (FIRST_REPLY, RESOLUTION) == Policy([with_lines(first_reply=rule(1), resolution=rule(3))]).targets
    assert (NEXT_REPLY,) == Policy([with_lines(next_reply=rule(2))]).targets
    assert ["x"] == Policy([with_lines(next_reply=rule(2, teams="x"))]).names(0)[:1]


def test_a_team_works_by_its_calendar_and_the_others_by_the_default() -> None:
    policy = Policy([version()])
    assert ALWAYS == terms(policy, "2026-03-02", team="night").calendar
    assert isinstance(terms(policy, "2026-03-02", team="new").calendar, BusinessCalendar)


def test_a_line_may_count_all_the_time_although_its_team_has_hours() -> None:
    always = Rule(within_ms=60_000, objective=0.9, clock="calendar")
    assert Term(60_000, ALWAYS, 1_000) == terms(Policy([version(rules=(always,))]), "2026-03-02").first_reply


def test_the_version_in_force_at_the_creation_decides() -> None:
    """Effective from noon on: a millisecond before it the old version holds.

    Before the first version nothing is promised.
    """
    policy = Policy(
        [version("a", "2026-01-01", rules=(rule(4),)), version("b", "2026-03-02T12:00", rules=(rule(2),))]
    )
    noon = at("2026-03-02T12:00")
    dims = ("billing", "email", "normal")
    found = [policy.terms(moment, dims) for moment in (at("2026-01-01") - 1, noon - 1, noon)]
    assert [None, 4, 2] == [None if one is None else within(one.first_reply) for one in found]
    assert policy.at(noon - 1) is policy.versions[0]


def test_names_that_are_made_up_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kpis.sla.policy.MOST_TERMS", 10)
    policy = Policy([version()])
    for number in range(100):
        policy.terms(0, (f"team{number}", "email", "low"))
    assert len(policy._terms) <= 10


@pytest.mark.parametrize(
    ("dimension", "member", "expected"),
    [
        (None, "all", 0.8),
        (2, "high", 0.95),  # the first line takes all of them
        (2, "low", 0.8),  # some by chat, the others by the last line
        (1, "chat", 0.8),  # the second line takes what is not high
        (1, "email", 0.9),  # high 95 %, others 90 %
        (0, "billing", 0.8),
    ],
)
def test_the_objective_of_a_member_is_the_smallest_that_may_apply(
    dimension: int | None, member: str, expected: float
) -> None:
    lines = (rule(1, 0.95, priorities="high"), rule(1, 0.8, channels="chat"), rule(8, 0.9), rule(9, 0.5))
    assert expected == version(rules=lines).objective(FIRST_REPLY, dimension, member)


@pytest.mark.parametrize(
    ("dimension", "member", "expected"),
    [
        (None, "all", 0.8),
        (0, "vip", 0.9),  # its own line takes what is high, and the last one the rest
        (0, "key", 0.9),
        (0, "billing", 0.8),
        (2, "high", 0.8),  # two lines together leave nothing to the fourth
        (2, "low", 0.9),
        (3, "gold", 0.8),  # a line of a team is for its gold too
    ],
)
def test_a_line_counts_for_no_member_whose_tickets_other_lines_take(
    dimension: int | None, member: str, expected: float
) -> None:
    lines = (
        rule(1, 0.95, teams="vip", priorities="high", segments="gold"),
        rule(1, 0.97, teams="VIP", priorities="high"),
        rule(1, 0.96, teams="key", priorities="high"),
        replace(rule(1, 0.5, priorities="high"), teams=frozenset({"vip", "key"})),
        rule(2, 0.8, priorities="high"),
        rule(8, 0.9),
    )
    assert expected == version(rules=lines).objective(FIRST_REPLY, dimension, member)


def test_without_a_promise_there_is_no_objective() -> None:
    assert version().objective(RESOLUTION, None, "all") is None
    assert version(rules=(rule(1, channels="chat"),)).objective(FIRST_REPLY, 1, "email") is None


def test_a_clock_that_never_stops_ends_after_its_time() -> None:
    assert 5 * HOUR_MS == deadline_ms(Term(4 * HOUR_MS, ALWAYS, 0), [], HOUR_MS)


def test_while_it_stands_still_there_is_no_deadline() -> None:
    """Four hours; one ran, then a pause without an end."""
    assert deadline_ms(Term(4 * HOUR_MS, ALWAYS, 0), [(0, HOUR_MS)], None) is None


def test_a_pause_moves_the_deadline_by_its_length() -> None:
    """Four hours from 0: one until the pause, three after it: resumed at 10, due at 13."""
    assert 13 * HOUR_MS == deadline_ms(Term(4 * HOUR_MS, ALWAYS, 0), [(0, HOUR_MS)], 10 * HOUR_MS)


def test_a_deadline_that_was_passed_before_the_pause_stays() -> None:
    assert 4 * HOUR_MS == deadline_ms(Term(4 * HOUR_MS, ALWAYS, 0), [(0, 5 * HOUR_MS)], None)
    assert 4 * HOUR_MS == deadline_ms(Term(4 * HOUR_MS, ALWAYS, 0), [(0, 5 * HOUR_MS)], 9 * HOUR_MS)


def test_a_pause_out_of_hours_moves_nothing() -> None:
    """Friday 17:00 in Madrid (16:00 UTC), four hours, paused from 19:00 to Sunday.

    Still Monday noon (11:00 UTC).
    """
    term = Term(4 * HOUR_MS, BusinessCalendar(OFFICE), 0)
    start, paused, resumed = at("2026-03-06T16:00"), at("2026-03-06T18:00"), at("2026-03-08T10:00")
    assert (
        at("2026-03-09T11:00")
        == deadline_ms(term, [], start)
        == deadline_ms(term, [(start, paused)], resumed)
    )


def signed(policy: Policy, year: int = 2026) -> Signed:
    return policy.signed(year)


NEWEST = at("2026-06-01")


def test_the_same_policy_goes_on() -> None:
    assert [] == changed_past(Policy([version()]), signed(Policy([version()])), NEWEST)
    assert [] == changed_past(None, None, NEWEST)


def test_a_ledger_without_events_takes_any_policy() -> None:
    assert [] == changed_past(Policy([version()]), None, None)


@pytest.mark.parametrize(
    "other",
    [
        version(rules=(rule(5),)),
        version(rules=(rule(4, 0.91),)),
        version(rules=(rule(4, teams="billing"),)),
        version(time=WorkingTime("Europe/Lisbon", OFFICE.week, OFFICE.dates)),
        version(time=WorkingTime(OFFICE.zone, OFFICE.week, {})),
        version(effective="2020-01-01"),
        replace(version(), rules={FIRST_REPLY: (rule(4),), NEXT_REPLY: (rule(4),), RESOLUTION: ()}),
        replace(version(), after_triage="retarget"),
        replace(version(), pausing=frozenset({"waiting"})),
        replace(version(), pausing=frozenset()),
        replace(version(), effective_for_open=True),
    ],
    ids=[
        *("target", "objective", "match", "zone", "holiday", "start"),
        *("next reply", "triage", "pausing", "no pausing", "open tickets"),
    ],
)
def test_a_version_that_was_in_force_must_not_change(other: Version) -> None:
    """Also a holiday less: it would move deadlines that people have worked by."""
    faults = changed_past(Policy([other]), signed(Policy([version()])), NEWEST)
    assert 1 == len(faults)
    assert "'v1' was in force and has changed" in faults[0]


def test_a_version_that_was_in_force_must_not_go() -> None:
    before = signed(Policy([version()]))
    assert "is missing" in changed_past(None, before, NEWEST)[0]
    assert ["is missing" in fault for fault in changed_past(Policy([version("v2")]), before, NEWEST)] == [
        True,
        False,
    ]


def test_holidays_of_later_years_may_still_be_decreed() -> None:
    """The ledger is of 2026; a day of 2027 may come, one of 2026 may not."""
    dates: dict[date, Hours] = dict(OFFICE.dates)
    later = version(time=WorkingTime(OFFICE.zone, OFFICE.week, {**dates, date(2027, 1, 7): ()}))
    sooner = version(time=WorkingTime(OFFICE.zone, OFFICE.week, {**dates, date(2026, 12, 7): ()}))
    before = signed(Policy([version()]))
    assert [] == changed_past(Policy([later]), before, NEWEST)
    assert 1 == len(changed_past(Policy([sooner]), before, NEWEST))


def test_what_is_still_to_come_may_change_or_go() -> None:
    before = signed(Policy([version(), version("v2", "2026-07-01", rules=(rule(2),))]))
    assert [] == changed_past(
        Policy([version(), version("v2", "2026-08-01", rules=(rule(1),))]), before, NEWEST
    )
    assert [] == changed_past(Policy([version()]), before, NEWEST)


def test_a_new_version_takes_effect_after_the_events_that_were_counted() -> None:
    before = signed(Policy([version()]))
    assert [] == changed_past(Policy([version(), version("v2", "2026-06-01T00:00:00.001")]), before, NEWEST)
    faults = changed_past(Policy([version(), version("v2", "2026-06-01")]), before, NEWEST)
    assert [
        (
            "version 'v2' is in force since 2026-06-01T00:00:00Z, "
            "but what happened until 2026-06-01T00:00:00Z was counted without it"
        )
    ] == [fault.partition(":  ")[0].rpartition(": let")[0] for fault in faults]


def test_a_first_policy_must_not_rewrite_what_was_counted_without_one() -> None:
    assert "has always been in force" in changed_past(Policy([version()]), None, NEWEST)[0]
    assert [] == changed_past(Policy([version(effective="2026-07-01")]), None, NEWEST)


def test_an_empty_next_reply_is_as_none_to_the_digest() -> None:
    empty = replace(version(), rules={FIRST_REPLY: (rule(4),), NEXT_REPLY: (), RESOLUTION: ()})
    assert version().digest() == empty.digest()


def test_a_digest_tells_versions_apart_and_is_the_same_in_every_run() -> None:
    assert version().digest() == version().digest()
    assert version().digest(2025) != version().digest(2026)
    assert "96e0b1b0" != version("other").digest()[:8]
    assert 2026 == year_of(at("2026-12-31T23:59"))
