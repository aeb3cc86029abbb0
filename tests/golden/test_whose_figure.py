"""Each sentence about whose figure it is, worked by hand: a view, a report in another order, and the oracle.

The desks show the teams billing and sales; a third team counts as `other`.
"""

from __future__ import annotations

import pytest

from tests.golden.readers import told

SOLVED, NET, COHORT = (f"support_resolution_{one}ratio" for one in ("", "net_", "cohort_"))
RECEIVED = "support_received_tickets"
OVERDUE, BREACHED = "support_sla_overdue_tickets", "support_sla_breached_tickets"
HALF_AN_HOUR = """
    versions:
      - name: v1
        first_reply: [{within: 30m, objective: 90%}]
"""


def by_team(story: str, name: str, **labels: str) -> tuple[float | None, ...]:
    """A figure for billing, for sales and for the others."""
    return tuple(
        told(story, name, by="team", member=team, **labels) for team in ("billing", "sales", "other")
    )


class TestTriagedCorrects:
    def test_it_corrects_the_stretch_from_its_start(self) -> None:
        """Answered at 10:05, triaged at 10:10: it was sales' all the time."""
        story = """
            10:00 created team=billing
            10:05 replied
            10:10 triaged team=sales"""
        assert (0, 1, None) == by_team(story, "support_tickets")
        assert (0, 1, None) == by_team(story, "support_first_response_mean_observations")

    def test_after_a_transfer_it_corrects_what_came_after_that_alone(self) -> None:
        """Created for billing; handed at 10:30 to a third team, which should have been sales."""
        story = """
            10:00 created team=billing
            10:30 transferred team=third
            10:40 replied
            10:50 triaged team=sales"""
        assert (1, 0) == by_team(story, "support_tickets")[:2]
        assert (0, 1) == by_team(story, "support_first_response_mean_observations")[:2]

    def test_field_by_field(self) -> None:
        """The transfer names the team alone, so the triage of the channel reaches back to the creation."""
        story = """
            10:00 created team=billing channel=phone
            10:30 transferred team=sales
            10:40 triaged channel=email"""
        assert (1, 0) == by_team(story, "support_tickets")[:2]
        assert (0, 1) == tuple(
            told(story, "support_tickets", by="channel", member=channel) for channel in ("phone", "email")
        )


# Billing answers, sales handles and solves, the third team gets the survey and the ticket back.
HANDED = """
    10:00 created team=billing
    10:10 replied
    10:30 transferred team=sales
    10:35 customer_replied
    10:40 replied
    10:50 handled talk_seconds=60
    11:00 resolved
    11:05 transferred team=third
    11:10 survey kind=csat score=5
    11:20 reopened"""


class TestTransferredHandsOver:
    @pytest.mark.parametrize(
        ("name", "billing", "sales", "other"),
        [
            ("support_tickets", 1, 0, 0),
            ("support_tickets_per_customer_observations", 1, 0, 0),
            ("support_resolution_cohort_observations", 1, 0, 0),
            ("support_first_response_mean_observations", 1, 0, 0),
            ("support_response_mean_observations", 1, 1, 0),
            ("support_handle_time_mean_observations", 0, 1, 0),
            ("support_resolution_time_mean_observations", 0, 1, 0),
            ("support_reopen_observations", 0, 1, 0),
            ("support_csat_observations", 0, 0, 1),
        ],
    )
    def test_each_figure_counts_where_its_own_instant_lies(
        self, name: str, billing: int, sales: int, other: int
    ) -> None:
        assert (billing, sales, other) == by_team(HANDED, name)

    def test_a_reopening_counts_for_the_team_of_the_resolution_that_it_takes_back(self) -> None:
        """Sales solved it, so it is 1 of 1 for sales, though the third team has it by now."""
        assert (None, 1.0, None) == by_team(HANDED, "support_reopen_ratio")
        assert (None, 0.0, None) == by_team(HANDED, NET)

    def test_one_touch_and_full_resolution_count_for_the_team_of_the_solution_that_stands(self) -> None:
        """Solved again by the third team at 11:30: two replies, and 90 min since the creation."""
        story = f"{HANDED}\n11:30 resolved"
        assert (0, 0, 1) == by_team(story, "support_one_touch_observations")
        assert (None, None, 5400.0) == by_team(story, "support_full_resolution_time_mean_seconds")
        assert 3600.0 == by_team(story, "support_resolution_time_mean_seconds")[1]

    def test_first_contact_counts_for_the_team_of_the_first_solution(self) -> None:
        """Booked a day ago, seven days after the solution by sales."""
        story = """
            -8d 10:00 created team=billing
            -8d 10:10 replied
            -8d 10:30 transferred team=sales
            -8d 11:00 resolved
            -8d 11:05 transferred team=third"""
        assert (0, 1) == by_team(story, "support_first_contact_observations", window="30d")[:2]

    def test_levels_count_for_the_present_team(self) -> None:
        story = """
            10:00 created team=billing
            10:30 transferred team=sales"""
        assert (0, 1) == by_team(story, "support_open_tickets")[:2]
        assert (0, 1) == by_team(story, "support_waiting_tickets")[:2]


class TestReceived:
    STORY = """
        10:00 T1 created team=billing
        10:10 T1 transferred team=sales
        10:00 T2 created team=billing
        10:20 T2 resolved
        10:30 T2 transferred team=sales"""

    def test_it_is_created_and_handed_in_less_handed_out_while_open(self) -> None:
        """Billing: 2 created, T1 handed out while open, T2 once it was closed: 1. Sales: T1. All: 2."""
        assert (1, 1) == by_team(self.STORY, RECEIVED)[:2]
        assert (2, 2) == (told(self.STORY, RECEIVED), told(self.STORY, "support_tickets"))

    def test_the_windowed_and_the_net_rate_are_over_it_and_the_cohort_rate_is_not(self) -> None:
        """Billing solved T2: 1 of the 1 that it kept; of the 2 created for it one is solved."""
        assert (1.0, 0.0) == by_team(self.STORY, SOLVED)[:2]
        assert (1.0, 0.0) == by_team(self.STORY, NET)[:2]
        assert (0.5, None) == by_team(self.STORY, COHORT)[:2]

    def test_with_none_left_the_rate_is_absent(self) -> None:
        """Created for billing, handed out while open, and solved by sales: 1 - 1 = 0."""
        story = """
            10:00 created team=billing
            10:10 transferred team=sales
            10:20 resolved"""
        assert (None, 1.0) == by_team(story, SOLVED)[:2]
        assert (0, 1) == by_team(story, RECEIVED)[:2]

    def test_it_may_be_less_than_nothing_in_a_window(self) -> None:
        """Created two hours ago, handed out 10 min ago: in the last hour 0 - 1."""
        story = """
            10:00 created team=billing
            11:50 transferred team=sales"""
        assert (-1, 1) == by_team(story, RECEIVED, window="1h")[:2]
        assert (None, 0.0) == by_team(story, SOLVED, window="1h")[:2]


class TestARunningDeadline:
    def test_it_stands_for_the_team_at_the_deadline_and_for_the_present_team(self) -> None:
        """Due at 10:30 while billing had it: missed there. Sales has it since 10:40: overdue there."""
        story = """
            10:00 created team=billing
            10:40 transferred team=sales"""
        labels = {"policy": HALF_AN_HOUR, "target": "first_reply"}
        assert (1, 0) == by_team(story, BREACHED, **labels)[:2]
        assert (0, 1) == by_team(story, OVERDUE, **labels)[:2]

    def test_an_outcome_counts_for_the_team_at_the_deadline_where_that_came_first(self) -> None:
        """Missed at 10:30 by billing; that sales answered at 10:50 changes nothing."""
        story = """
            10:00 created team=billing
            10:40 transferred team=sales
            10:50 replied"""
        labels = {"policy": HALF_AN_HOUR, "target": "first_reply"}
        assert (1, 0) == by_team(story, BREACHED, **labels)[:2]
        assert (1, 0) == by_team(story, "support_sla_attainment_observations", **labels)[:2]
