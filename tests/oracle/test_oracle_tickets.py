"""One ticket or one customer at a time: what it contributes, in whatever order its events came."""

import json
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.customers import active_spans, bounded
from oracle.figures import figures
from oracle.tickets import Observation, history_of, observations_of_ticket
from tests.examples import examples
from tests.oracle.desk import MINUTE_MS, Desk, at, read, series

BILLING = ("billing", "mail", "high")
UNKNOWN = ("unknown", "unknown", "unknown")


def dimensions(desk: Desk, ticket: str = "T") -> set[tuple[str, str, str]]:
    return {one.dimensions for one in observations_of_ticket(desk.events(ticket))}


class TestTheStateMachine:
    def test_a_second_resolution_is_a_no_op_whose_handle_time_counts(self) -> None:
        desk = Desk()
        desk.resolved("T", "10:00", outcome="abandoned", talk_seconds=1)
        desk.resolved("T", "10:05", outcome="solved", talk_seconds=2)
        seen = history_of(desk.events("T")).course
        assert [(at("10:00"), "abandoned")] == [(one.at_ms, one.outcome) for one in seen.resolutions]
        assert "abandoned" == seen.outcome
        assert [(at("10:00"), 1000), (at("10:05"), 2000)] == series(desk, "handle_time")

    def test_a_reopening_withdraws_the_ticket_from_net_and_cohort(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.resolved("T", "10:10")
        assert [(at("10:10"), 1)] == series(desk, "net")
        assert [(at("10:00"), 1)] == series(desk, "cohort")
        desk.changed("T", "10:20", "reopened")
        assert [(at("10:10"), 1)] == series(desk, "solved")
        assert [(at("10:20"), 1)] == series(desk, "reopened")
        assert [] == series(desk, "net")
        assert [] == series(desk, "cohort")
        assert [(at("10:00"), 1)] == series(desk, "open")

    def test_solved_again_brings_cohort_and_net_back_the_net_at_the_first_solution(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.resolved("T", "10:10")
        desk.changed("T", "10:20", "reopened")
        desk.resolved("T", "10:30")
        assert [(at("10:10"), 1)] == series(desk, "solved")
        assert [(at("10:00"), 1)] == series(desk, "cohort")
        assert [(at("10:10"), 1)] == series(desk, "net")
        assert [] == series(desk, "open")

    def test_abandoned_then_reopened_then_solved_is_each_once_and_net(self) -> None:
        desk = Desk()
        desk.resolved("T", "10:10", outcome="abandoned")
        desk.changed("T", "10:20", "reopened")
        desk.resolved("T", "10:30")
        found = {one.series: one.at_ms for one in observations_of_ticket(desk.events("T"))}
        asked = ("first_resolution", "abandoned", "reopened", "solved", "net", "cohort")
        assert {series: at_ms for series, at_ms in found.items() if series in asked} == {
            "first_resolution": at("10:10"),
            "abandoned": at("10:10"),
            "reopened": at("10:20"),
            "solved": at("10:30"),
            "net": at("10:30"),
        }

    def test_reopening_an_open_ticket_is_a_no_op(self) -> None:
        desk = Desk()
        desk.changed("T", "10:00", "reopened")
        desk.resolved("T", "10:10")
        assert [] == series(desk, "reopened")
        assert [(at("10:10"), 1)] == series(desk, "net")

    def test_at_the_same_millisecond_a_resolution_comes_before_a_reopening(self) -> None:
        desk = Desk()
        desk.changed("T", "10:10", "reopened", event_id="a")
        desk.resolved("T", "10:10", event_id="b")
        assert [(at("10:10"), 1)] == series(desk, "reopened")


class TestIdentityAndBounds:
    def test_a_repeated_event_counts_once_and_its_smaller_content_stands(self) -> None:
        desk = Desk()
        desk.changed("T", "10:05", "handled", event_id="x", talk_seconds=7)
        desk.changed("T", "10:00", "handled", event_id="x", talk_seconds=9)
        assert [(at("10:00"), 9000)] == series(desk, "handle_time")

    def test_the_same_id_in_two_kinds_are_two_events(self) -> None:
        desk = Desk()
        desk.resolved("T", "10:00", event_id="x", talk_seconds=1)
        desk.changed("T", "10:05", "handled", event_id="x", talk_seconds=2)
        assert [1000, 2000] == [value for _, value in series(desk, "handle_time")]

    def test_equal_times_and_ids_are_ordered_by_their_canonical_bytes(self) -> None:
        """`"outcome":"abandoned"` comes before `"ticket_id"`: the default, solved, is left out."""
        desk = Desk()
        desk.resolved("T", "10:00", event_id="x")
        desk.resolved("T", "10:00", event_id="x", outcome="abandoned")
        assert "abandoned" == history_of(desk.events("T")).course.outcome

    def test_a_first_reply_and_a_reply_of_one_id_are_one_event(self) -> None:
        """The earlier one stands."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:04", event_id="x")
        desk.changed("T", "10:03", "replied", event_id="x", waiting_since=at("10:01"))
        assert [(at("10:03"), 3 * MINUTE_MS)] == series(desk, "first_response")
        assert [(at("10:03"), 2 * MINUTE_MS)] == series(desk, "response")

    def test_no_number_of_repeats_hides_a_fact(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        for number in range(5_000):
            desk.changed("T", at("10:00") + number, "resumed")
        desk.resolved("T", "11:00")
        assert [(at("11:00"), 60 * MINUTE_MS)] == series(desk, "resolution_time")
        assert [] == series(desk, "open")

    def test_of_a_customer_s_facts_64_and_the_greatest_are_kept(self) -> None:
        desk = Desk()
        for number in reversed(range(70)):
            desk.changed("T", at("10:00") + number, "handled", event_id=f"h{number}", talk_seconds=number)
        kept = [event.at_ms - at("10:00") for event in bounded(desk.events("T"))]
        assert [*range(64), 69] == kept


class TestDimensions:
    def test_a_field_that_none_has_named_is_unknown(self) -> None:
        desk = Desk()
        desk.changed("T", "10:00", "triaged", team="refunds")
        desk.resolved("T", "10:05")
        assert {("refunds", "unknown", "unknown")} == dimensions(desk)
        desk.created("T", "11:00")
        assert {("refunds", "mail", "high")} == dimensions(desk)

    def test_each_field_follows_its_own_latest_triage(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:02", "triaged", team="late", channel=None)
        desk.changed("T", "10:01", "triaged", team="early", channel="phone")
        assert {("late", "phone", "high")} == dimensions(desk)

    def test_the_earliest_creation_decides(self) -> None:
        desk = Desk()
        desk.created("T", "10:05", team="second")
        desk.created("T", "10:00", team="first")
        assert {("first", "mail", "high")} == dimensions(desk)
        assert [(at("10:00"), 1)] == series(desk, "created")

    def test_a_discarded_ticket_contributes_nothing_whenever_that_was(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.surveyed("T", "10:01", "nps", 9)
        desk.changed("T", "09:00", "discarded")
        assert [] == observations_of_ticket(desk.events("T"))


class TestReplies:
    def test_an_automated_reply_does_not_end_the_wait(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:00:01", automated=True)
        assert [(at("10:00"), 1)] == series(desk, "unanswered")
        desk.answered("T", "10:04", automated=None)
        assert [(at("10:04"), 4 * MINUTE_MS)] == series(desk, "first_response")
        assert [] == series(desk, "unanswered")
        assert [(at("10:00"), 1)] == series(desk, "open")

    def test_what_is_stamped_before_the_creation_is_booked_at_the_creation(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "09:58")
        assert [(at("10:00"), 0)] == series(desk, "first_response") == series(desk, "response")
        desk.resolved("T", "09:59", talk_seconds=5)
        assert [(at("10:00"), 0)] == series(desk, "resolution_time")
        assert [(at("10:00"), 5_000)] == series(desk, "handle_time")

    def test_the_first_reply_may_come_by_any_topic(self) -> None:
        """Created 10:00, asked again 10:20, answered 10:30; the next answer says 10:41, after itself: 0 s."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:30", "replied", waiting_since="2024-03-04T11:20:00+01:00")
        desk.changed("T", "10:40", "replied", waiting_since=at("10:41"))
        assert [(at("10:30"), 30 * MINUTE_MS)] == series(desk, "first_response")
        assert [(at("10:30"), 10 * MINUTE_MS), (at("10:40"), 0)] == series(desk, "response")
        assert [] == series(desk, "unanswered")

    def test_a_later_first_reply_states_no_wait_and_ends_none(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:05", "replied", waiting_since=at("10:00"))
        desk.answered("T", "10:09")
        assert [(at("10:05"), 5 * MINUTE_MS)] == series(desk, "response") == series(desk, "first_response")

    def test_an_event_without_parts_is_no_interaction_and_a_part_of_0_is_one(self) -> None:
        desk = Desk()
        desk.changed("T", "10:00", "handled")
        desk.changed("T", "10:01", "handled", hold_seconds=0)
        assert [(at("10:01"), 0)] == series(desk, "handle_time")


class TestSurveys:
    def test_the_later_answer_of_a_kind_counts(self) -> None:
        desk = Desk()
        desk.surveyed("T", "10:05", "nps", 3)
        desk.surveyed("T", "10:00", "nps", 10)
        desk.surveyed("T", "10:01", "ces", 7)
        assert [(at("10:05"), 3)] == series(desk, "nps")
        assert [(at("10:01"), 7)] == series(desk, "ces")

    @pytest.mark.parametrize(
        ("scale_max", "score", "satisfied"),
        [
            (2, 2, 1),
            (2, 1, 0),
            (4, 4, 1),
            (4, 3, 0),
            (5, 4, 1),
            (5, 3, 0),
            (10, 9, 1),
            (10, 8, 0),
            (None, 4, 1),
        ],
    )
    def test_satisfied_is_the_top_option_below_scale_5_and_the_top_two_from_it(
        self, scale_max: int | None, score: int, satisfied: int
    ) -> None:
        desk = Desk()
        desk.surveyed("T", "10:00", "csat", score, scale_max=scale_max)
        assert [(at("10:00"), satisfied)] == series(desk, "csat")

    def test_an_answer_without_ticket_counts_under_its_team_once_a_customer(self) -> None:
        desk = Desk()
        desk.customer_surveyed("C", "10:00", "nps", 10, team="billing")
        desk.customer_surveyed("C", "10:05", "nps", 0)
        desk.customer_surveyed("D", "10:05", "nps", 9, team="billing")
        found = figures(desk.records, as_of_ms=at("10:10"))
        assert 0.0 == read(found, "support_nps_score")
        assert -100.0 == read(found, "support_nps_score", by="team", member="unknown")
        assert 100.0 == read(found, "support_nps_score", by="team", member="billing")
        assert 2 == read(found, "support_nps_observations", by="channel", member="unknown")


class TestCustomers:
    def test_joining_while_active_and_leaving_while_not_are_no_ops(self) -> None:
        desk = Desk()
        for when, status in [
            ("09:00", "left"),
            ("10:00", "joined"),
            ("11:00", "joined"),
            ("12:00", "left"),
            ("13:00", "left"),
        ]:
            desk.customer("C", when, status)
        assert [(at("10:00"), at("12:00"))] == active_spans(desk.events("C"))

    def test_one_who_leaves_and_comes_back_within_the_window_is_kept_and_not_new(self) -> None:
        """S = 1 (C), N = 0, E = 1: retention 1."""
        desk = Desk()
        desk.customer("C", "2023-01-01 00:00", "joined")
        desk.customer("C", "2024-03-01 00:00", "left")
        desk.customer("C", "2024-03-02 00:00", "joined")
        found = figures(desk.records, as_of_ms=at("12:00"))
        assert 1.0 == read(found, "support_customer_retention_ratio", window="30d")

    def test_one_who_joins_twice_within_the_window_is_new_once(self) -> None:
        """S = 1 (A), N = 1 (C, joined twice), E = 2: (2 - 1) / 1 = 1."""
        desk = Desk()
        desk.customer("A", "2023-01-01 00:00", "joined")
        for day, status in [("01", "joined"), ("02", "left"), ("03", "joined")]:
            desk.customer("C", f"2024-03-{day} 00:00", status)
        found = figures(desk.records, as_of_ms=at("12:00"))
        assert 1.0 == read(found, "support_customer_retention_ratio", window="30d")

    def test_one_who_came_and_went_within_the_window_makes_retention_negative(self) -> None:
        """S = 1 (A, who leaves), N = 1 (B, gone again), E = 0: (0 - 1) / 1 = -1, churn 2."""
        desk = Desk()
        desk.customer("A", "2023-01-01 00:00", "joined")
        for customer, day, status in [("A", "01", "left"), ("B", "02", "joined"), ("B", "03", "left")]:
            desk.customer(customer, f"2024-03-{day} 00:00", status)
        found = figures(desk.records, as_of_ms=at("12:00"))
        assert -1.0 == read(found, "support_customer_retention_ratio", window="30d")
        assert 2.0 == read(found, "support_customer_churn_ratio", window="30d")

    def test_a_span_is_half_open_at_both_ends(self) -> None:
        """The 30 days end at 18:00 (panes of 6 h) and start at 18:00 on 3 February, where one joins.

        New, not there before.
        """
        desk = Desk()
        desk.customer("C", "2024-02-03 18:00", "joined")
        desk.customer("D", "2024-02-03 17:59", "joined")
        desk.customer("D", "18:00", "left")
        found = figures(desk.records, as_of_ms=at("12:00"))
        assert 1 == read(found, "support_customer_retention_observations", window="30d")
        assert 1.0 == read(found, "support_customer_retention_ratio", window="30d")  # (2 - 1) / 1

    def test_retention_is_absent_without_customers_at_the_start(self) -> None:
        found = figures([], as_of_ms=at("12:00"))
        assert read(found, "support_customer_retention_ratio", window="30d") is None
        assert 0 == read(found, "support_customer_retention_observations", window="30d")


def test_any_order_of_a_ticket_gives_the_same_observations() -> None:
    desk = Desk()
    desk.created("T", "10:00")
    desk.resolved("T", "10:10", event_id="r", talk_seconds=5)
    desk.resolved("T", "10:10", event_id="r", talk_seconds=6)
    desk.changed("T", "10:10", "reopened")
    desk.changed("T", "10:10", "triaged", team="refunds")
    desk.answered("T", "10:10")
    expected = sorted(observations_of_ticket(desk.events("T")), key=repr)
    for events in permutations(desk.events("T")):
        assert expected == sorted(observations_of_ticket(events), key=repr)
    assert Observation("handle_time", at("10:10"), ("refunds", "mail", "high"), 5000) in expected


@settings(max_examples=examples(25))
@given(st.randoms(use_true_random=False))
def test_shuffled_and_repeated_records_change_no_figure(random: Random) -> None:
    desk = Desk()
    for number in range(6):
        desk.created(f"T{number}", at("10:00") + number, team=f"team{number % 3}")
        desk.answered(f"T{number}", at("10:01") + number)
        desk.resolved(f"T{number}", at("10:02") + number % 2, event_id=json.dumps(number))
        desk.changed(f"T{number}", at("10:02"), "reopened")
    expected = figures(desk.records, as_of_ms=at("10:30"), max_members=2)
    shuffled = [*desk.records, *desk.records[::2]]
    random.shuffle(shuffled)
    assert expected == figures(shuffled, as_of_ms=at("10:30"), max_members=2)
