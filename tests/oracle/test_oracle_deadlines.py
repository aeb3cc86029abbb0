"""Deadlines under the states of the time line: each worked by hand, with a promise of 1 h and one of 4 h."""

import pytest
import yaml

from oracle.clock import read_policy
from oracle.deadlines import Deadline, look
from oracle.events import read_records
from oracle.promised import figures
from tests.oracle.desk import Desk, at, read

ALL_DAY = read_policy(
    yaml.safe_load("""
versions:
  - name: all the time
    first_reply: [{within: 1h, objective: 90%}]
    resolution: [{within: 4h, objective: 90%}]
""")
)
OFFICE = read_policy(
    yaml.safe_load("""
versions:
  - name: office
    calendars: {office: {time_zone: UTC, hours: {mon-fri: ["10:00-18:00"]}}}
    default_calendar: office
    first_reply: [{within: 1h, objective: 90%}]
""")
)
EVENING = at("20:00")


def of(desk: Desk, target: str) -> list[Deadline]:
    found = look(read_records(desk.records), ALL_DAY, EVENING).deadlines
    return [one for one in found if one.target == target]


def told(desk: Desk, target: str = "first_reply") -> tuple[str, str] | None:
    """When the one deadline is due, and what came of it; None without one."""
    found = of(desk, target)
    assert len(found) <= 1
    return (hand(found[0].due_ms), found[0].outcome) if found else None


def hand(at_ms: int) -> str:
    """An instant of the day as `10:30`."""
    return f"{(at_ms - at('00:00')) // 3_600_000:02}:{at_ms // 60_000 % 60:02}"


def created(**fields: object) -> Desk:
    desk = Desk()
    desk.created("T", "10:00", **fields)
    return desk


class TestTheFirstReply:
    def test_it_is_due_after_an_hour_and_met_at_it(self) -> None:
        desk = created()
        assert ("11:00", "running") == told(desk)
        desk.answered("T", "11:00")
        assert ("11:00", "met") == told(desk)

    @pytest.mark.parametrize("stop", ["resolved", "merged", "discarded", "status"])
    def test_the_clock_stands_still_while_the_ticket_is_closed(self, stop: str) -> None:
        """Closed from 10:20 to 12:00: 40 min are left, due 12:40."""
        desk = created()
        if stop == "resolved":
            desk.resolved("T", "10:20")
        else:
            desk.changed("T", "10:20", stop, status="closed")
        assert told(desk) is None
        desk.changed("T", "12:00", "restored" if stop in ("merged", "discarded") else "reopened")
        assert ("12:40", "running") == told(desk)
        desk.answered("T", "12:30")
        assert ("12:40", "met") == told(desk)

    def test_the_clock_stands_still_while_the_ticket_is_with_a_bot(self) -> None:
        """With a bot until 10:30, and from 10:50 to 11:20: 20 min of the hour are used, due 12:00."""
        desk = created(with_bot=True)
        assert told(desk) is None
        desk.changed("T", "10:30", "handed_over")
        assert ("11:30", "running") == told(desk)
        desk.changed("T", "10:50", "status", status="bot")
        assert told(desk) is None
        desk.changed("T", "11:20", "handed_over")
        assert ("12:00", "running") == told(desk)

    def test_a_reply_to_a_ticket_with_a_bot_is_in_time(self) -> None:
        desk = created(with_bot=True)
        desk.answered("T", "14:00")
        assert [("met", at("14:00"))] == [(one.outcome, one.at_ms) for one in of(desk, "first_reply")]

    def test_what_the_desk_opened_is_promised_from_the_customer_s_first_message(self) -> None:
        """Ours 10:30, message 11:00: due 12:00; reply 11:20: met."""
        desk = created(opened_by="desk")
        desk.answered("T", "10:30")
        assert told(desk) is None
        desk.changed("T", "11:00", "customer_replied")
        assert ("12:00", "running") == told(desk)
        desk.answered("T", "11:20")
        assert ("12:00", "met") == told(desk)

    def test_no_reply_needed_withdraws_it_and_the_next_message_begins_it_anew(self) -> None:
        """Withdrawn 10:50; message 13:00: due 14:00, the whole hour; reply 14:30: missed."""
        desk = created()
        desk.changed("T", "10:50", "no_reply_needed")
        assert told(desk) is None
        desk.changed("T", "13:00", "customer_replied")
        assert ("14:00", "running") == told(desk)
        desk.answered("T", "14:30")
        assert ("14:00", "breached") == told(desk)

    def test_one_that_had_passed_stays_missed_and_waits_for_nobody(self) -> None:
        desk = created()
        desk.changed("T", "11:00:00.001", "no_reply_needed")
        assert ("11:00", "breached") == told(desk)
        desk.changed("T", "13:00", "customer_replied")
        desk.answered("T", "13:10")
        assert ("11:00", "breached") == told(desk)

    def test_at_the_deadline_it_has_not_passed(self) -> None:
        desk = created()
        desk.changed("T", "11:00", "no_reply_needed")
        assert told(desk) is None

    def test_a_reply_after_it_without_a_message_has_no_outcome(self) -> None:
        desk = created()
        desk.changed("T", "10:50", "no_reply_needed")
        desk.answered("T", "10:55")
        desk.changed("T", "13:00", "customer_replied")
        assert told(desk) is None

    def test_merged_after_it_was_met_it_stays_met_and_merged_before_it_ends(self) -> None:
        desk = created()
        desk.answered("T", "10:30")
        desk.changed("T", "10:40", "merged")
        assert ("11:00", "met") == told(desk)
        late = created()
        late.changed("T", "11:30", "merged")
        assert ("11:00", "breached") == told(late)


class TestTheResolution:
    def test_a_bot_s_solution_is_no_outcome(self) -> None:
        """Solved by a bot 11:00: neither met nor missed. Reopened 15:00: 3 h are left, due 18:00."""
        desk = created()
        desk.resolved("T", "11:00", by="bot")
        assert told(desk, "resolution") is None
        desk.changed("T", "15:00", "reopened")
        assert ("18:00", "running") == told(desk, "resolution")
        desk.resolved("T", "17:00")
        assert ("18:00", "met") == told(desk, "resolution")

    def test_one_that_had_passed_before_it_is_missed(self) -> None:
        desk = created()
        desk.resolved("T", "14:30", by="bot")
        assert ("14:00", "breached") == told(desk, "resolution")

    def test_statuses_that_pause_stop_it_and_a_bot_does_not(self) -> None:
        """waiting from 11:00 to 12:30: due 15:30; with a bot all the time."""
        desk = created(with_bot=True)
        desk.changed("T", "11:00", "status", status="waiting")
        assert told(desk, "resolution") is None
        desk.changed("T", "12:30", "status", status="bot")
        assert ("15:30", "running") == told(desk, "resolution")

    def test_a_reopening_takes_back_what_was_met_and_a_merge_does_not(self) -> None:
        desk = created()
        desk.resolved("T", "11:00")
        desk.changed("T", "11:30", "merged")
        assert ("14:00", "met") == told(desk, "resolution")
        desk.changed("T", "11:40", "restored")
        desk.changed("T", "12:00", "status", status="open")
        assert ("15:00", "running") == told(desk, "resolution")

    def test_what_was_open_when_it_was_merged_has_no_outcome_unless_it_had_passed(self) -> None:
        """Merged 12:00 it has 2 h left when it is restored at 16:00: due 18:00."""
        desk = created()
        desk.changed("T", "12:00", "merged")
        desk.resolved("T", "12:30")
        assert told(desk, "resolution") is None
        desk.changed("T", "16:00", "restored")
        assert ("18:00", "running") == told(desk, "resolution")
        late = created()
        late.changed("T", "14:30", "merged")
        assert ("14:00", "breached") == told(late, "resolution")


class TestUnderWhichLabels:
    def test_what_was_met_counts_for_the_team_of_the_reply_and_what_was_missed_for_that_of_the_deadline(
        self,
    ) -> None:
        """Transferred at 11:00 itself: the deadline of 11:00 is refunds'; a reply of 10:30 is billing's."""
        for replied, team, outcome in (("10:30", "billing", "met"), ("12:00", "refunds", "breached")):
            desk = created()
            desk.changed("T", "11:00", "transferred", team="refunds")
            desk.answered("T", replied)
            assert [(team, outcome)] == [(one.dimensions[0], one.outcome) for one in of(desk, "first_reply")]

    def test_a_triage_corrects_the_team_of_both(self) -> None:
        desk = created()
        desk.answered("T", "10:30")
        desk.changed("T", "18:00", "triaged", team="claims")
        assert ["claims"] == [one.dimensions[0] for one in of(desk, "first_reply")]

    def test_a_passed_one_that_still_runs_is_missed_by_one_and_overdue_for_the_other(self) -> None:
        """Due 11:00 with billing, transferred 11:30: missed by billing, overdue with refunds."""
        desk = created()
        desk.changed("T", "11:30", "transferred", team="refunds")
        found = figures(desk.records, as_of_ms=at("11:50"), policy=ALL_DAY)
        shown = {
            team: (
                read(found, "support_sla_breached_tickets", by="team", member=team, target="first_reply"),
                read(found, "support_sla_overdue_tickets", by="team", member=team, target="first_reply"),
            )
            for team in ("billing", "refunds")
        }
        assert {"billing": (1, 0), "refunds": (0, 1)} == shown


class TestByTheBusinessClock:
    def business(self, desk: Desk, name: str) -> float | None:
        found = figures(desk.records, as_of_ms=EVENING, policy=OFFICE)
        return read(found, name, window="24h", clock="business")

    def test_a_response_counts_open_time_from_the_start_of_its_wait(self) -> None:
        """Message 17:00, reply 19:00: the office closes at 18:00: 60 min. The first took 10: mean 35."""
        desk = created()
        desk.answered("T", "10:10")
        desk.changed("T", "17:00", "customer_replied")
        desk.answered("T", "19:00")
        assert 2100.0 == self.business(desk, "support_response_mean_seconds")
        assert 2 == self.business(desk, "support_response_mean_observations")

    def test_what_lay_in_closed_hours_counts_as_0_and_is_told(self) -> None:
        """Message 18:30, reply 19:00: 0 s, one of the two."""
        desk = created()
        desk.answered("T", "10:10")
        desk.changed("T", "18:30", "customer_replied")
        desk.answered("T", "19:00")
        assert 300.0 == self.business(desk, "support_response_mean_seconds")
        found = figures(desk.records, as_of_ms=EVENING, policy=OFFICE)
        assert 1 == read(found, "support_response_closed_observations", window="24h")

    def test_the_first_response_starts_at_the_hand_over_there_too(self) -> None:
        """With a bot from 10:00, handed over 17:30, reply 19:00: 30 min."""
        desk = created(with_bot=True)
        desk.changed("T", "17:30", "handed_over")
        desk.answered("T", "19:00")
        assert 1800.0 == self.business(desk, "support_first_response_mean_seconds")

    def test_a_bot_s_solution_and_that_of_a_merged_ticket_have_no_time(self) -> None:
        desk = created()
        desk.resolved("T", "11:00", by="bot")
        assert 0 == self.business(desk, "support_resolution_time_mean_observations")
        merged = created()
        merged.resolved("T", "11:00")
        assert 3600.0 == self.business(merged, "support_resolution_time_mean_seconds")
        merged.changed("T", "11:30", "merged")
        assert 0 == self.business(merged, "support_resolution_time_mean_observations")


def test_the_oldest_unanswered_counts_work_since_its_present_wait() -> None:
    """Created 10:00, not needed 10:10, message 16:00: at 17:00 an hour, not seven."""
    desk = created()
    desk.changed("T", "10:10", "no_reply_needed")
    desk.changed("T", "16:00", "customer_replied")
    found = figures(desk.records, as_of_ms=at("17:00"), policy=OFFICE)
    assert 3600.0 == read(found, "support_oldest_unanswered_business_seconds")
