"""Plays about deadlines: events, then views at instants, most of them without another event in between."""

from __future__ import annotations

import pytest

from tests.sla.desk import OFFICE, SlaDesk, at, figure, settled, standing


def test_a_deadline_comes_although_no_event_arrives() -> None:
    """Created at 10:00, due at 10:30; the minute of the deadline is over at 10:31."""
    desk = SlaDesk()
    desk.created("T1", "10:00")
    assert (1, 0, 0, 1, 1) == standing(desk.view("10:10"))
    assert (1, 0, 1, 1, 1) == standing(desk.view("10:15"))
    assert at("10:30") / 1000 == figure(
        desk.view("10:20"), "support_sla_next_deadline_timestamp_seconds", target="first_reply"
    )
    assert (0, 0) == settled(desk.view("10:30:59"))
    late = desk.view("10:31")
    assert (0, 1, 0, 0, 0) == standing(late)
    assert (0, 1) == settled(late)
    assert figure(late, "support_sla_next_deadline_timestamp_seconds", target="first_reply") is None


def test_a_late_reply_is_booked_at_the_deadline() -> None:
    """Due at 10:30, answered at 12:00.

    At 12:05 the last hour has no deadline, the last 8 hours one that was missed.
    """
    desk = SlaDesk()
    desk.created("T1", "10:00")
    desk.replied("T1", "12:00")
    view = desk.view("12:05")
    assert (0, 0) == settled(view, window="1h")
    assert (0, 1) == settled(view, window="8h")
    assert (0, 0, 0, 0, 0) == standing(view)
    assert (0, 1) == settled(desk.view("2026-03-03T09:00"), window="24h")


def test_a_deadline_that_was_met_counts_from_what_met_it_on() -> None:
    """Answered after 5 minutes of 30.

    Met at 10:05, in every window, and not once more when it would have fallen due.
    """
    desk = SlaDesk()
    desk.created("T1", "10:00")
    assert {(0, 0)} == {
        settled(desk.view("10:04"), window=w) for w in ("15m", "1h", "8h", "24h", "today", "7d", "30d")
    }
    desk.replied("T1", "10:05")
    for when in ("10:05:30", "10:10", "10:19"):
        assert {(1, 0)} == {
            settled(desk.view(when), window=w) for w in ("15m", "1h", "8h", "24h", "today", "7d", "30d")
        }
    assert (0, 0) == settled(desk.view("10:31"), window="15m")


def test_a_reply_in_the_minute_of_the_deadline_is_judged_to_the_millisecond() -> None:
    desk = SlaDesk()
    for ticket, reply in (("T1", "10:30:00"), ("T2", "10:30:00.001")):
        desk.created(ticket, "10:00")
        desk.replied(ticket, reply)
    assert (1, 1) == settled(desk.view("10:31"))


def test_an_automated_reply_stops_no_clock() -> None:
    desk = SlaDesk()
    desk.created("T1", "10:00")
    desk.send("first-reply", "T1", "10:01", automated=True)
    assert (1, 0, 0, 1, 1) == standing(desk.view("10:10"))


def test_an_earlier_reply_that_arrives_late_changes_what_was_missed() -> None:
    """The reply of 11:00 was late; then one of 10:10 arrives: the deadline was met after all."""
    desk = SlaDesk()
    desk.created("T1", "10:00")
    desk.replied("T1", "11:00")
    assert (0, 1) == settled(desk.view("11:05"))
    desk.replied("T1", "10:10")
    assert (1, 0) == settled(desk.view("11:10"))


def test_a_pause_stops_the_clock_of_the_resolution() -> None:
    """Two hours from 10:00; an hour has passed at the pause, so after it an hour is left.

    Resumed at 15:00, due at 16:00.
    """
    desk = SlaDesk()
    desk.created("T1", "10:00")
    desk.replied("T1", "10:05")
    assert (1, 0, 0, 0, 1) == standing(desk.view("10:30"), "resolution")
    desk.changed("T1", "11:00", "paused")
    assert (0, 0, 0, 0, 0) == standing(desk.view("14:00"), "resolution")
    desk.changed("T1", "15:00", "resumed")
    assert at("16:00") / 1000 == figure(
        desk.view("15:10"), "support_sla_next_deadline_timestamp_seconds", target="resolution"
    )
    desk.resolved("T1", "15:59")
    assert (1, 0) == settled(desk.view("16:01"), "resolution")


def test_what_was_missed_before_a_pause_stays_missed_but_waits_for_nobody_here() -> None:
    desk = SlaDesk()
    desk.created("T1", "10:00")
    desk.changed("T1", "12:30", "paused")
    view = desk.view("13:00")
    assert (0, 1) == settled(view, "resolution")
    assert (0, 0, 0, 0, 0) == standing(view, "resolution")
    desk.changed("T1", "13:30", "resumed")
    assert (0, 1, 0, 0, 0) == standing(desk.view("13:31"), "resolution")


def test_a_reopened_ticket_goes_on_where_its_clock_stood() -> None:
    """Solved after 1.5 of 2 hours, at 11:30; reopened at 14:00: due at 14:30.

    What had been met is open again.
    """
    desk = SlaDesk()
    desk.created("T1", "10:00")
    desk.resolved("T1", "11:30")
    assert (1, 0) == settled(desk.view("12:01"), "resolution")
    desk.changed("T1", "14:00", "reopened")
    view = desk.view("14:10")
    assert (0, 0) == settled(view, "resolution")
    assert (1, 0, 0, 1, 1) == standing(view, "resolution")
    desk.resolved("T1", "15:00")
    assert (0, 1) == settled(desk.view("15:01"), "resolution")


NINE_TO_FIVE = """
    versions:
      - name: a
        calendars: {office: {time_zone: Europe/Madrid, hours: {mon-fri: ["09:00-17:00"]}}}
        default_calendar: office
        first_reply: [{within: 2h, objective: 90%}]
"""


class TestClosedTime:
    """The clock of the first reply stands still while a ticket is closed."""

    def closed_by_a_bot(self) -> SlaDesk:
        desk = SlaDesk(NINE_TO_FIVE)
        desk.created("T1", "2026-03-02T10:00")
        desk.send("first-reply", "T1", "2026-03-02T10:00:30", automated=True)
        desk.resolved("T1", "2026-03-02T10:05")
        return desk

    def test_a_reopening_gives_the_past_no_miss(self) -> None:
        """Closed on Monday after 5 minutes of two hours, reopened on Friday at 14:00.

        1 h 55 min are left, so it is due at 15:55.
        """
        desk = self.closed_by_a_bot()
        assert (0, 0) == settled(desk.view("2026-03-06T13:59"), window="7d")
        desk.changed("T1", "2026-03-06T14:00", "reopened")
        view = desk.view("2026-03-06T14:05")
        assert (0, 0) == settled(view, window="7d")
        assert (1, 0, 0, 0, 1) == standing(view)
        assert at("2026-03-06T15:55") / 1000 == figure(
            view, "support_sla_next_deadline_timestamp_seconds", target="first_reply"
        )
        assert at("2026-03-06T14:00") / 1000 == figure(view, "support_oldest_unanswered_timestamp_seconds")
        assert 300 == figure(view, "support_oldest_unanswered_business_seconds")
        desk.replied("T1", "2026-03-06T14:10")
        view = desk.view("2026-03-06T14:11")
        assert [(1, 0), (1, 0)] == [settled(view, window=window) for window in ("1h", "7d")]
        assert (100 * 60 + 10) * 60 == figure(
            view, "support_first_response_mean_seconds", window="7d", clock="calendar"
        )

    def test_what_it_had_left_it_may_still_miss(self) -> None:
        desk = self.closed_by_a_bot()
        desk.changed("T1", "2026-03-06T14:00", "reopened")
        assert (0, 0) == settled(desk.view("2026-03-06T15:55:59"), window="7d")
        assert (0, 1) == settled(desk.view("2026-03-06T15:56"), window="1h")

    def test_a_missed_deadline_stays_missed(self) -> None:
        """Two hours from Monday 10:00 end at 12:00.

        It was closed at 12:30, and is reopened and answered on Friday.
        """
        desk = SlaDesk(NINE_TO_FIVE)
        desk.created("T1", "2026-03-02T10:00")
        desk.resolved("T1", "2026-03-02T12:30")
        for change, count in (
            ("closed", (0, 0, 0, 0, 0)),
            ("reopened", (0, 1, 0, 0, 0)),
            ("answered", (0, 0, 0, 0, 0)),
        ):
            if change == "reopened":
                desk.changed("T1", "2026-03-06T14:00", "reopened")
            elif change == "answered":
                desk.replied("T1", "2026-03-06T14:05")
            view = desk.view("2026-03-06T14:06")
            assert (0, 1) == settled(view, window="7d"), change
            assert (0, 0) == settled(view, window="1h"), change
            assert count == standing(view), change

    def test_a_reply_to_a_closed_ticket_is_in_time(self) -> None:
        desk = self.closed_by_a_bot()
        desk.replied("T1", "2026-03-05T16:00")
        assert (1, 0) == settled(desk.view("2026-03-05T16:01"), window="1h")
        desk.changed("T1", "2026-03-06T14:00", "reopened")
        assert (1, 0) == settled(desk.view("2026-03-06T16:30"), window="7d")

    def test_what_is_closed_at_the_deadline_has_not_passed_it(self) -> None:
        """To the millisecond.

        Reopened there is no time left: it is due in that minute, and the past has no miss.
        """
        desk = SlaDesk()
        for ticket, closed in (("T1", "10:30:00"), ("T2", "10:30:00.001")):
            desk.created(ticket, "10:00")
            desk.resolved(ticket, closed)
        assert (0, 1) == settled(desk.view("11:00"))
        for ticket in ("T1", "T2"):
            desk.changed(ticket, "12:00", "reopened")
        assert [(0, 1), (0, 0)] == [settled(desk.view("12:00:59"), window=window) for window in ("8h", "1h")]
        assert [(0, 2), (0, 1)] == [settled(desk.view("12:01"), window=window) for window in ("8h", "1h")]

    def test_a_solution_at_the_deadline_is_met_and_taken_back_without_a_miss(self) -> None:
        desk = SlaDesk()
        desk.created("T1", "10:00")
        desk.resolved("T1", "12:00")
        assert (1, 0) == settled(desk.view("12:01"), "resolution")
        desk.changed("T1", "15:00", "reopened")
        assert (0, 0) == settled(desk.view("15:00:30"), "resolution", window="8h")
        assert (0, 1) == settled(desk.view("15:01"), "resolution", window="1h")


def test_a_caller_who_gives_up_before_the_deadline_counts_nowhere() -> None:
    """Abandoned at 10:10: neither promise was kept or broken. Abandoned at 12:10: both had been broken."""
    desk = SlaDesk()
    desk.created("T1", "10:00")
    desk.resolved("T1", "10:10", outcome="abandoned")
    desk.created("T2", "10:00")
    desk.resolved("T2", "12:10", outcome="abandoned")
    view = desk.view("12:30")
    assert (0, 1) == settled(view)
    assert (0, 1) == settled(view, "resolution")


def test_a_ticket_solved_without_a_reply_owes_none() -> None:
    desk = SlaDesk()
    desk.created("T1", "10:00")
    desk.resolved("T1", "10:20")
    view = desk.view("12:30")
    assert (0, 0) == settled(view)
    assert (1, 0) == settled(view, "resolution")


def test_a_discarded_ticket_is_withdrawn_from_everything() -> None:
    desk = SlaDesk()
    desk.created("T1", "10:00")
    desk.created("T2", "10:00")
    desk.replied("T2", "11:00")
    for ticket in ("T1", "T2"):
        desk.changed(ticket, "11:10", "discarded")
    view = desk.view("12:30")
    assert (0, 0) == settled(view) == settled(view, "resolution")
    assert (0, 0, 0, 0, 0) == standing(view)
    assert [] == desk.at_risk("12:30").tickets


def test_triage_moves_a_deadline_to_another_team_but_not_in_time() -> None:
    """Promised is what was promised at the creation: else a label would be the way to a better attainment."""
    desk = SlaDesk(
        """
        versions:
          - name: a
            first_reply: [{team: sales, within: 1h, objective: 90%}, {within: 30m, objective: 90%}]
        """
    )
    desk.created("T1", "10:00")
    desk.changed("T1", "10:05", "triaged", team="sales")
    view = desk.view("10:10")
    assert (1, 0, 0, 1, 1) == standing(view, by="team", member="sales")
    assert at("10:30") / 1000 == figure(
        view, "support_sla_next_deadline_timestamp_seconds", "team", "sales", target="first_reply"
    )
    late = desk.view("10:31")
    assert (0, 1) == settled(late, by="team", member="sales")
    assert ["sales"] == [ticket.team for ticket in desk.at_risk("10:31").tickets]


def test_without_a_creation_there_is_no_deadline_until_it_arrives() -> None:
    desk = SlaDesk()
    desk.replied("T1", "11:00")
    assert (0, 0) == settled(desk.view("11:05"))
    desk.created("T1", "10:00")
    assert (0, 1) == settled(desk.view("11:06"))


def test_tickets_from_before_the_first_version_carry_no_promise() -> None:
    desk = SlaDesk(
        """
        versions:
          - name: a
            effective_from: 2026-03-02T10:00:00+01:00
            first_reply: [{within: 30m, objective: 90%}]
        """
    )
    desk.created("T1", "09:59:59")
    desk.created("T2", "10:00")
    assert (0, 1, 0, 0, 0) == standing(desk.view("10:31"))


class TestMondayMorning:
    """Five past nine: what piled up over the weekend, which tickets breach next."""

    @pytest.fixture
    def desk(self) -> SlaDesk:
        desk = SlaDesk(OFFICE)
        desk.created("friday", "2026-02-27T17:30")  # half an hour is left of the day: due on Monday at 9:30
        desk.created("saturday", "2026-02-28T11:00")  # due on Monday at 10:00
        desk.created("call", "2026-03-01T23:50", team="night")  # by calendar time: due at 0:50
        return desk

    def test_ages_are_in_business_time(self, desk: SlaDesk) -> None:
        """Friday's half hour and Monday's five minutes.

        The night team's nine and a quarter hours are the most.
        """
        view = desk.view("09:05")
        assert 35 * 60 == figure(view, "support_oldest_unanswered_business_seconds", "team", "billing")
        assert (9 * 60 + 15) * 60 == figure(
            view, "support_oldest_unanswered_business_seconds", "team", "night"
        )
        assert (9 * 60 + 15) * 60 == figure(view, "support_oldest_unanswered_business_seconds")

    def test_what_is_due_is_due_by_the_clock_on_the_wall(self, desk: SlaDesk) -> None:
        assert (2, 0, 0, 2, 2) == standing(desk.view("09:05"), by="team", member="billing")
        assert (2, 1, 0, 2, 2) == standing(desk.view("09:05"))

    def test_the_list_of_tickets_has_them_although_nothing_happened_since_sunday(self, desk: SlaDesk) -> None:
        """Resolutions are due later than in 4 hours: 8 hours from Friday 17:30 end on Monday at 17:30."""
        found = desk.at_risk("09:05", targets=("first_reply",))
        assert ["call", "friday", "saturday"] == [ticket.ticket_id for ticket in found.tickets]
        assert [True, False, False] == [ticket.breached for ticket in found.tickets]
        friday = found.tickets[1]
        assert (at("09:30"), 35 * 60_000) == (friday.due_ms, friday.business_age_ms)
        assert (63 * 60 + 35) * 60_000 == friday.age_ms
        assert "https://desk.example.com/friday" == friday.url
        assert not found.truncated
        assert ["call"] == [
            ticket.ticket_id
            for ticket in desk.at_risk("09:05", "night").tickets
            if ticket.target == "first_reply"
        ]

    def test_the_desk_opens_and_closes(self, desk: SlaDesk) -> None:
        def opened(when: str, member: str) -> float | None:
            by = "all" if member == "all" else "team"
            return figure(desk.view(when), "support_business_open", by, member)

        assert [0, 1, 1] == [opened("08:59", member) for member in ("billing", "night", "all")]
        assert [1, 0, 1] == [opened(when, "billing") for when in ("09:00", "14:00", "17:59")]

    def test_durations_come_by_both_clocks(self, desk: SlaDesk) -> None:
        """Answered on Monday at 9:15: 45 minutes of work after Friday 17:30, and 15 after Saturday.

        The night team has no hours.
        """
        for ticket in ("friday", "saturday", "call"):
            desk.replied(ticket, "09:15")
        view = desk.view("09:20")
        name, labels = "support_first_response_mean_seconds", {"window": "1h", "clock": "business"}
        assert 30 * 60 == figure(view, name, **labels)
        assert 30 * 60 == figure(view, name, "team", "billing", **labels)
        assert figure(view, name, "team", "night", **labels) is None
        assert 2 == figure(view, "support_first_response_mean_observations", **labels)
        calendar = figure(view, name, "team", "billing", window="1h", clock="calendar")
        assert calendar == ((63 * 60 + 45) + (46 * 60 + 15)) * 60 / 2


def test_objectives_are_those_of_the_version_in_force() -> None:
    desk = SlaDesk(
        """
        versions:
          - name: a
            first_reply: [{priority: high, within: 30m, objective: 95%}, {within: 1h, objective: 90%}]
          - name: b
            effective_from: 2026-03-02T12:00:00+01:00
            first_reply: [{priority: high, within: 30m, objective: 97%}, {within: 1h, objective: 91%}]
        """
    )
    desk.created("T1", "10:00", priority="high")
    before, after = (
        [
            figure(desk.view(when), "support_sla_objective_ratio", *who, target="first_reply")
            for who in (("all", "all"), ("priority", "high"))
        ]
        for when in ("11:59", "12:00")
    )
    assert ([0.9, 0.95], [0.91, 0.97]) == (before, after)
    assert figure(desk.view("12:01"), "support_sla_objective_ratio", target="resolution") is None


def test_targets_that_the_policy_does_not_have_are_no_figures() -> None:
    desk = SlaDesk("versions: [{name: a, first_reply: [{within: 30m, objective: 90%}]}]")
    desk.created("T1", "10:00")
    assert not [
        f
        for f in (*desk.view("11:00").figures, *desk.view("11:00").live)
        if ("target", "resolution") in f.labels
    ]


def test_where_there_are_more_tickets_than_asked_for_the_nearest_to_now_are_shown() -> None:
    """First what is due soonest, then what was missed last; shown by deadline all the same."""
    desk = SlaDesk("versions: [{name: a, first_reply: [{within: 30m, objective: 90%}]}]")
    for number in range(10):
        desk.created(f"T{number}", f"10:{6 * number:02}")
    found = desk.at_risk("10:58", limit=6)
    assert ["T4", "T5", "T6", "T7", "T8", "T9"] == [ticket.ticket_id for ticket in found.tickets]
    assert [True, False] == [found.truncated, desk.at_risk("10:58").truncated]


def test_a_list_that_was_cut_by_the_worker_says_so() -> None:
    desk = SlaDesk("versions: [{name: a, first_reply: [{within: 30m, objective: 90%}]}]")
    for number in range(40):
        desk.created(f"T{number:02}", f"10:{number:02}")
    found = desk.at_risk("10:39")
    assert found.truncated
    assert 9 + 25 == len(found.tickets)  # T00 to T08 were due before 10:39; of the 31 others 25 are listed
