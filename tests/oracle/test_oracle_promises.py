"""Promises by the sentences of the definitions: next replies, triages, versions, deadlines that are given.

Tickets are created at 10:00 for billing, worked by hand with promises of an hour, of four, and of 30 minutes.
"""

from collections.abc import Sequence

import pytest
import yaml

from oracle.clock import Edition, read_policy
from oracle.deadlines import look
from oracle.events import read_records
from oracle.promised import figures
from tests.oracle.desk import MINUTE_MS, Desk, at, clock, read

LINES = """
    first_reply:
      - {team: claims, within: 2h, objective: 90%}
      - {team: refunds, within: 20m, objective: 90%}
      - {team: nobody, priority: low, within: 1h, objective: 90%}
      - {team: billing, within: 1h, objective: 90%}
    next_reply:
      - {team: claims, within: 1h, objective: 90%}
      - {team: billing, within: 30m, objective: 80%}
    resolution:
      - {team: [claims, refunds], within: 6h, objective: 90%}
      - {team: billing, within: 4h, objective: 90%}
"""
KEEP = read_policy(yaml.safe_load(f"versions:\n  - name: keep{LINES}"))
RETARGET = read_policy(yaml.safe_load(f"versions:\n  - name: new\n    after_triage: retarget{LINES}"))
OFFICE = """
    calendars:
      office: {time_zone: UTC, hours: {mon-fri: ["10:00-18:00"]}}
      early: {time_zone: UTC, hours: {mon-fri: ["06:00-12:00"]}}
    default_calendar: office
    team_calendars: {claims: early, refunds: always}
"""
BY_HOURS = read_policy(
    yaml.safe_load(f"versions:\n  - name: hours\n    after_triage: retarget{OFFICE}{LINES}")
)
Told = list[tuple[str, str]]


def told(desk: Desk, target: str, policy: Sequence[Edition] = KEEP) -> Told:
    """When each deadline of a target is due, and what came of it."""
    found = look(read_records(desk.records), policy, at("23:00")).deadlines
    return [(clock(one.due_ms), one.outcome) for one in found if one.target == target]


def extended(desk: Desk, policy: Sequence[Edition] = RETARGET) -> list[tuple[str, str, str]]:
    found = look(read_records(desk.records), policy, at("23:00")).extended
    return [(one.target, clock(one.at_ms), one.dimensions[0]) for one in found]


def foreign(desk: Desk, target: str, policy: Sequence[Edition]) -> list[bool]:
    found = look(read_records(desk.records), policy, at("23:00")).deadlines
    return [one.is_foreign for one in found if one.target == target]


def created(**fields: object) -> Desk:
    desk = Desk()
    desk.created("T", "10:00", **fields)
    return desk


def answered(**fields: object) -> Desk:
    desk = created(**fields)
    desk.answered("T", "10:10")
    return desk


class TestTheNextReply:
    def test_each_wait_after_the_first_reply_has_a_deadline_of_its_own(self) -> None:
        desk = answered()
        assert [] == told(desk, "next_reply")
        desk.changed("T", "11:00", "customer_replied")
        assert [("11:30", "running")] == told(desk, "next_reply")
        desk.answered("T", "11:30")
        desk.changed("T", "12:00", "customer_replied")
        desk.answered("T", "12:31")
        assert [("11:30", "met"), ("12:30", "breached")] == told(desk, "next_reply")

    def test_a_further_message_does_not_begin_it_anew_and_a_stated_start_does_begin_it_earlier(self) -> None:
        desk = answered()
        desk.changed("T", "11:00", "customer_replied")
        desk.changed("T", "11:10", "customer_replied")
        assert [("11:30", "running")] == told(desk, "next_reply")
        desk.changed("T", "11:15", "customer_replied", waiting_since=at("10:50"))
        assert [("11:20", "running")] == told(desk, "next_reply")
        stated = answered()
        stated.changed("T", "11:00", "customer_replied", waiting_since=at("10:45"))
        assert [("11:15", "running")] == told(stated, "next_reply")

    @pytest.mark.parametrize("end", ["no_reply_needed", "resolved", "merged", "status"])
    def test_what_ends_the_wait_without_a_reply_misses_only_what_had_passed(self, end: str) -> None:
        """Due 11:30: ended at 11:30 itself it has no outcome, a millisecond later it is missed."""
        for when, outcome in (("11:30", []), ("11:30:00.001", [("11:30", "breached")])):
            desk = answered()
            desk.changed("T", "11:00", "customer_replied")
            if end == "resolved":
                desk.resolved("T", when)
            else:
                desk.changed("T", when, end, status="bot")
            assert outcome == told(desk, "next_reply")

    def test_a_reopening_begins_another_from_itself(self) -> None:
        """Message 11:00, closed 11:10, reopened 13:00: due 13:30."""
        desk = answered()
        desk.changed("T", "11:00", "customer_replied")
        desk.resolved("T", "11:10")
        assert [] == told(desk, "next_reply")
        desk.changed("T", "13:00", "reopened")
        assert [("13:30", "running")] == told(desk, "next_reply")

    def test_a_reply_that_states_the_start_moves_the_deadline(self) -> None:
        """Message 11:00, reply 11:20 that says 10:45: due 11:15, missed. One that says 10:50: at 11:20."""
        for since, due, outcome in (("10:45", "11:15", "breached"), ("10:50", "11:20", "met")):
            desk = answered()
            desk.changed("T", "11:00", "customer_replied")
            desk.changed("T", "11:20", "replied", waiting_since=at(since))
            assert [(due, outcome)] == told(desk, "next_reply")

    def test_a_reply_that_states_a_start_has_a_deadline_though_no_wait_ran(self) -> None:
        desk = answered()
        desk.changed("T", "12:00", "replied", waiting_since=at("11:40"))
        desk.changed("T", "12:50", "replied")
        desk.changed("T", "13:00", "replied", waiting_since=at("12:00"))
        desk.changed("T", "14:00", "replied", waiting_since=at("14:30"))
        expected = [("12:10", "met"), ("12:30", "breached"), ("14:30", "met")]
        assert expected == told(desk, "next_reply")

    def test_its_time_counts_from_the_start_of_the_wait(self) -> None:
        desk = answered()
        desk.changed("T", "11:00", "customer_replied")
        desk.answered("T", "11:20")
        (one,) = [
            one
            for one in look(read_records(desk.records), KEEP, at("23:00")).deadlines
            if one.target == "next_reply"
        ]
        minutes = (one.life_ms / MINUTE_MS, one.spare_ms / MINUTE_MS)
        assert ((30, 10), 2000) == (minutes, one.allowance)


class TestKeepAndRetarget:
    def test_keep_is_the_deadline_of_the_creation_s_labels(self) -> None:
        desk = created()
        desk.changed("T", "10:10", "triaged", team="claims")
        assert [("11:00", "running")] == told(desk, "first_reply")
        assert [("14:00", "running")] == told(desk, "resolution")

    def test_retarget_lets_the_line_of_the_new_labels_count_from_the_creation(self) -> None:
        desk = created()
        desk.changed("T", "10:10", "triaged", team="claims")
        assert [("12:00", "running")] == told(desk, "first_reply", RETARGET)
        assert [("16:00", "running")] == told(desk, "resolution", RETARGET)

    def test_a_transferred_team_is_promised_nothing_until_a_triage_names_it(self) -> None:
        desk = created()
        desk.changed("T", "10:10", "transferred", team="claims")
        desk.changed("T", "10:20", "triaged", priority="low")
        assert [("11:00", "running")] == told(desk, "first_reply", RETARGET)
        desk.changed("T", "10:30", "triaged", team="claims")
        assert [("12:00", "running")] == told(desk, "first_reply", RETARGET)

    def test_a_deadline_that_lies_before_the_triage_stands_at_it_whatever_pauses_follow(self) -> None:
        """Claims' 2 h and 6 h; at 10:30 refunds' 20 min are over; billing's 4 h at 15:00."""
        desk = created()
        desk.changed("T", "10:30", "triaged", team="refunds")
        assert [("10:30", "running")] == told(desk, "first_reply", RETARGET)
        late = created(team="claims")
        late.changed("T", "15:00", "triaged", team="billing")
        late.changed("T", "15:00", "paused")
        late.changed("T", "19:00", "resumed")
        assert [("15:00", "running")] == told(late, "resolution", RETARGET)

    def test_what_has_passed_or_has_an_outcome_stays(self) -> None:
        desk = created()
        desk.changed("T", "11:00:00.001", "triaged", team="claims")
        assert [("11:00", "running")] == told(desk, "first_reply", RETARGET)
        assert [("16:00", "running")] == told(desk, "resolution", RETARGET)
        met = answered()
        met.resolved("T", "10:20")
        met.changed("T", "10:30", "triaged", team="claims")
        assert [("11:00", "met")] == told(met, "first_reply", RETARGET)
        assert [("14:00", "met")] == told(met, "resolution", RETARGET)

    def test_at_the_deadline_it_has_not_passed(self) -> None:
        desk = created()
        desk.changed("T", "11:00", "triaged", team="claims")
        assert [("12:00", "running")] == told(desk, "first_reply", RETARGET)

    def test_labels_that_no_line_fits_end_the_promise_until_a_triage_brings_one(self) -> None:
        desk = created()
        desk.changed("T", "10:10", "triaged", team="nobody")
        assert [] == told(desk, "first_reply", RETARGET)
        desk.changed("T", "10:20", "triaged", priority="low")
        assert [("11:00", "running")] == told(desk, "first_reply", RETARGET)

    def test_the_new_line_counts_only_what_the_clock_has_run(self) -> None:
        """With a bot from 10:10 to 11:10: 10 min used. Triaged meanwhile to claims: 110 left, due 13:00."""
        desk = created()
        desk.changed("T", "10:10", "status", status="bot")
        desk.changed("T", "10:50", "triaged", team="claims")
        desk.changed("T", "11:10", "handed_over")
        assert [("13:00", "running")] == told(desk, "first_reply", RETARGET)

    def test_a_running_next_reply_counts_from_its_wait(self) -> None:
        desk = answered()
        desk.changed("T", "11:00", "customer_replied")
        desk.changed("T", "11:20", "triaged", team="claims")
        assert [("12:00", "running")] == told(desk, "next_reply", RETARGET)
        assert [("11:30", "running")] == told(desk, "next_reply", KEEP)

    def test_what_no_reply_needed_withdrew_starts_anew_by_the_labels_of_then(self) -> None:
        desk = created()
        desk.changed("T", "10:30", "no_reply_needed")
        desk.changed("T", "10:40", "triaged", team="claims")
        desk.changed("T", "12:00", "customer_replied")
        assert [("14:00", "running")] == told(desk, "first_reply", RETARGET)
        assert [("13:00", "running")] == told(desk, "first_reply", KEEP)

    def test_one_that_finds_no_message_pending_withdraws_nothing(self) -> None:
        desk = created(opened_by="desk")
        desk.changed("T", "10:30", "no_reply_needed")
        desk.changed("T", "11:00", "customer_replied")
        assert [("12:00", "running")] == told(desk, "first_reply")

    def test_statuses_pause_as_the_version_of_the_creation_says(self) -> None:
        """waiting 11:00 to 12:00: due 15:00. Where only on_hold pauses: 14:00."""
        policy = read_policy(
            yaml.safe_load(f"versions:\n  - name: hold\n    pausing_statuses: [on_hold]{LINES}")
        )
        desk = created()
        desk.changed("T", "11:00", "status", status="waiting")
        assert [("14:00", "running")] == told(desk, "resolution", policy)
        desk.changed("T", "12:00", "status", status="open")
        assert [("15:00", "running")] == told(desk, "resolution", KEEP)
        desk.changed("T", "12:30", "status", status="on_hold")
        assert [] == told(desk, "resolution", policy)


class TestExtended:
    def test_later_after_half_of_the_time_is_counted_at_the_triage_under_the_labels_of_then(self) -> None:
        for when, counted in (("10:30", []), ("10:30:00.001", [("first_reply", "10:30", "refunds")])):
            desk = created()
            desk.changed("T", when, "transferred", team="refunds")
            desk.changed("T", when, "triaged", team="claims")
            desk.changed("T", when, "transferred", team="refunds")
            assert counted == extended(desk)

    def test_an_earlier_one_is_not_and_each_target_is_asked_by_itself(self) -> None:
        desk = created(team="claims")
        desk.changed("T", "11:30", "triaged", team="billing")
        assert [] == extended(desk)
        late = answered()
        late.changed("T", "12:10", "customer_replied")
        late.changed("T", "12:30", "triaged", team="claims")
        assert [("next_reply", "12:30", "claims"), ("resolution", "12:30", "claims")] == extended(late)

    def test_a_clock_that_stands_still_is_taken_as_if_it_ran_on(self) -> None:
        """40 min used and then with a bot: at 12:00 it would be 12:20 by the old line, 13:20 by the new."""
        desk = created()
        desk.changed("T", "10:40", "status", status="bot")
        desk.changed("T", "12:00", "triaged", team="claims")
        assert [("first_reply", "12:00", "claims")] == extended(desk)

    def test_the_figure_counts_them_and_keep_counts_none(self) -> None:
        desk = created()
        desk.changed("T", "10:40", "triaged", team="claims")
        for policy, n in ((RETARGET, 1), (KEEP, 0)):
            found = figures(desk.records, as_of_ms=at("10:50"), policy=policy)
            assert n == read(found, "support_sla_extended_tickets", target="first_reply")


class TestForeign:
    def test_an_outcome_of_another_line_s_labels_is_told(self) -> None:
        """Promised as billing's, and claims' when it was met: another line promises that."""
        desk = created()
        desk.changed("T", "10:10", "triaged", team="claims")
        assert [False] == foreign(desk, "first_reply", KEEP)
        desk.answered("T", "10:30")
        assert [True] == foreign(desk, "first_reply", KEEP)
        assert [False] == foreign(desk, "first_reply", RETARGET)
        found = figures(desk.records, as_of_ms=at("10:50"), policy=KEEP)
        assert 1 == read(found, "support_sla_foreign_observations", target="first_reply")
        assert 1 == read(found, "support_sla_attainment_observations", target="first_reply")

    def test_labels_that_no_line_fits_are_others_too_and_a_transfer_counts(self) -> None:
        desk = created()
        desk.changed("T", "10:20", "transferred", team="elsewhere")
        desk.answered("T", "10:20")
        assert [True] == foreign(desk, "first_reply", RETARGET)

    def test_a_missed_one_is_asked_at_its_deadline(self) -> None:
        desk = created()
        desk.changed("T", "11:00:00.001", "transferred", team="claims")
        desk.answered("T", "12:00")
        assert [False] == foreign(desk, "first_reply", RETARGET)

    def test_another_field_that_no_line_names_is_no_other_line(self) -> None:
        desk = created()
        desk.changed("T", "10:10", "triaged", priority="low")
        desk.answered("T", "10:20")
        assert [False] == foreign(desk, "first_reply", KEEP)


class TestVersions:
    def policy(self, *words: str) -> list[Edition]:
        head = "\n    ".join(("- name: second", "effective_from: 2024-03-04T10:30:00Z", *words))
        lines = "\n    first_reply: [{within: 3h, objective: 90%}]\n    next_reply: []"
        return read_policy(yaml.safe_load(f"versions:\n  - name: first{LINES}\n  {head}{lines}"))

    def test_a_ticket_keeps_the_version_of_its_creation(self) -> None:
        assert [("11:00", "running")] == told(created(), "first_reply", self.policy())

    def test_one_for_open_tickets_takes_running_clocks_along(self) -> None:
        """3 h from the creation; no resolution is promised any more."""
        policy = self.policy("effective_for: open")
        assert [("13:00", "running")] == told(created(), "first_reply", policy)
        assert [] == told(created(), "resolution", policy)
        assert [] == extended(created(), policy)

    def test_never_what_has_an_outcome(self) -> None:
        policy = self.policy("effective_for: open")
        desk = answered()
        desk.resolved("T", "10:30")
        assert [("11:00", "met")] == told(desk, "first_reply", policy)
        late = answered()
        late.resolved("T", "10:20")
        assert [("14:00", "met")] == told(late, "resolution", policy)

    def test_what_it_says_of_triages_holds_from_then_on(self) -> None:
        policy = self.policy("effective_for: open", "after_triage: retarget")
        desk = created()
        desk.changed("T", "10:20", "triaged", team="claims")
        assert [("13:00", "running")] == told(desk, "first_reply", policy)
        desk.changed("T", "10:40", "status", status="waiting")
        assert [("13:00", "running")] == told(desk, "first_reply", policy)


class TestGiven:
    def test_it_overrules_the_line_and_no_pause_or_calendar_moves_it(self) -> None:
        desk = created(first_reply_due=at("10:20"), resolution_due=at("12:00"))
        desk.changed("T", "10:05", "paused")
        desk.changed("T", "10:15", "triaged", team="claims")
        assert [("10:20", "running")] == told(desk, "first_reply", RETARGET)
        assert [("12:00", "running")] == told(desk, "resolution", RETARGET)
        desk.answered("T", "10:20")
        desk.resolved("T", "12:00:00.001")
        assert [("10:20", "met")] == told(desk, "first_reply", RETARGET)
        assert [("12:00", "breached")] == told(desk, "resolution", RETARGET)

    def test_one_that_passes_while_no_wait_runs_is_no_miss_of_the_first_reply(self) -> None:
        """With a bot from 10:10 to 11:00. Due 10:10: what ended then came before. Due 11:00: it runs."""
        for due, outcome in (("10:09", "running"), ("10:10", None), ("10:59", None), ("11:00", "running")):
            desk = created(first_reply_due=at(due))
            desk.changed("T", "10:10", "status", status="bot")
            desk.changed("T", "11:00", "handed_over")
            expected = [] if outcome is None else [(due, outcome)]
            assert expected == told(desk, "first_reply")
            desk.answered("T", "12:00")
            expected = [] if outcome is None else [(due, "breached")]
            assert expected == told(desk, "first_reply")

    def test_one_before_the_creation_is_missed_at_it_if_the_clock_ran_then(self) -> None:
        desk = created(first_reply_due=at("09:00"))
        assert [("09:00", "running")] == told(desk, "first_reply")
        assert [] == told(created(first_reply_due=at("09:00"), with_bot=True), "first_reply")

    def test_a_resolution_met_before_it_stays_met_if_the_reopening_comes_after_it(self) -> None:
        for reopened, outcome in (("12:00", "running"), ("12:00:00.001", "met")):
            desk = created(resolution_due=at("12:00"))
            desk.resolved("T", "11:00")
            desk.changed("T", reopened, "reopened")
            assert [("12:00", outcome)] == told(desk, "resolution")

    def test_one_that_passes_while_closed_otherwise_or_with_a_bot_is_no_miss(self) -> None:
        for change, fields in (
            ("merged", {}),
            ("status", {"status": "abandoned"}),
            ("status", {"status": "bot"}),
        ):
            desk = created(resolution_due=at("12:00"))
            desk.changed("T", "11:00", change, **fields)
            assert [] == told(desk, "resolution")

    def test_a_due_moves_only_what_has_not_passed(self) -> None:
        """The line's 11:00 and a given one alike."""
        for first in ({}, {"first_reply_due": at("11:00")}):
            for when, due in (("11:00", "13:00"), ("11:00:00.001", "11:00")):
                desk = created(**first)
                desk.changed("T", when, "due", first_reply_due=at("13:00"))
                assert [(due, "running")] == told(desk, "first_reply")

    def test_a_null_ends_the_promise_and_no_triage_brings_it_back_but_a_later_due(self) -> None:
        desk = created()
        desk.changed("T", "10:10", "due", first_reply_due=None, resolution_due=None)
        desk.changed("T", "10:20", "triaged", team="claims")
        assert [] == told(desk, "first_reply", RETARGET)
        assert [] == told(desk, "resolution", RETARGET)
        desk.changed("T", "10:30", "due", resolution_due=at("15:00"))
        assert [("15:00", "running")] == told(desk, "resolution", RETARGET)

    def test_a_null_at_the_creation_is_an_absent_field(self) -> None:
        assert [("11:00", "running")] == told(created(first_reply_due=None), "first_reply")

    def test_no_reply_needed_withdraws_one_of_the_first_reply(self) -> None:
        desk = created(first_reply_due=at("12:00"))
        desk.changed("T", "10:30", "no_reply_needed")
        assert [] == told(desk, "first_reply")
        desk.changed("T", "13:00", "customer_replied")
        assert [("14:00", "running")] == told(desk, "first_reply")

    def test_one_of_the_next_reply_holds_for_one_wait(self) -> None:
        """Stated at the creation, for the wait of 11:00; the one of 12:00 has the line's."""
        desk = answered(next_reply_due=at("11:05"))
        desk.changed("T", "11:00", "customer_replied")
        desk.answered("T", "11:10")
        desk.changed("T", "12:00", "customer_replied")
        assert [("11:05", "breached"), ("12:30", "running")] == told(desk, "next_reply")

    def test_one_kept_that_lies_before_its_wait_is_dropped_and_a_null_takes_the_wait_s_promise(self) -> None:
        desk = answered(next_reply_due=at("10:59"))
        desk.changed("T", "11:00", "customer_replied")
        assert [("11:30", "running")] == told(desk, "next_reply")
        desk.changed("T", "11:10", "due", next_reply_due=at("13:00"))
        assert [("13:00", "running")] == told(desk, "next_reply")
        desk.changed("T", "11:20", "due", next_reply_due=None)
        assert [] == told(desk, "next_reply")
        none = answered()
        none.changed("T", "10:30", "due", next_reply_due=None)
        none.changed("T", "11:00", "customer_replied")
        none.answered("T", "11:05")
        none.changed("T", "12:00", "customer_replied")
        assert [("12:30", "running")] == told(none, "next_reply")

    def test_its_outcome_counts_in_attainment_and_has_no_allowance(self) -> None:
        desk = created(first_reply_due=at("10:20"))
        desk.answered("T", "10:15")
        (one,) = [
            one
            for one in look(read_records(desk.records), KEEP, at("23:00")).deadlines
            if one.target == "first_reply"
        ]
        assert (True, 0, False) == (one.is_given, one.allowance, one.is_foreign)
        found = figures(desk.records, as_of_ms=at("10:30"), policy=KEEP)
        assert 1 == read(found, "support_sla_attainment_ratio", target="first_reply")

    def test_without_a_policy_attainment_exists_for_its_target_alone(self) -> None:
        desk = created(first_reply_due=at("10:20"))
        nothing: list[Edition] = []
        for policy in (None, nothing):
            found = figures(desk.records, as_of_ms=at("10:30"), policy=policy)
            assert 1 == read(found, "support_sla_overdue_tickets", target="first_reply")
            assert 1 == read(found, "support_sla_breached_tickets", target="first_reply")
            assert 0 == read(found, "support_sla_attainment_ratio", target="first_reply")
            assert read(found, "support_sla_overdue_tickets", target="resolution") is None
            assert {"support_sla_objective_ratio", "support_sla_below_objective"}.isdisjoint(
                one.name for one in found
            )


class TestByTheCalendarOfThePromise:
    def business(self, desk: Desk, name: str) -> float | None:
        return read(
            figures(desk.records, as_of_ms=at("20:00"), policy=BY_HOURS), name, window="24h", clock="business"
        )

    def test_a_duration_counts_by_the_team_that_was_promised_at_its_end(self) -> None:
        """Created 10:00, reply 13:00. The office is open all 3 h; claims, early, for 2 of them."""
        for triaged, hours in (("12:00", 2), ("13:30", 3)):
            desk = created()
            desk.changed("T", triaged, "triaged", team="claims")
            desk.answered("T", "13:00")
            assert hours * 3600.0 == self.business(desk, "support_first_response_mean_seconds")

    def test_a_transfer_does_not_change_it_and_always_has_none(self) -> None:
        desk = created()
        desk.changed("T", "11:00", "transferred", team="claims")
        desk.answered("T", "13:00")
        assert 3 * 3600.0 == self.business(desk, "support_first_response_mean_seconds")
        desk.changed("T", "12:00", "triaged", team="refunds")
        assert 0 == self.business(desk, "support_first_response_mean_observations")
