"""One touch, first contact, full resolution and answers to surveys, worked by hand.

Every figure is asked of a view, of a report to which the events came in the opposite order, and of the
oracle.
"""

from __future__ import annotations

import pytest

from tests.golden.readers import told

ONE_TOUCH, TOUCHED = "support_one_touch_ratio", "support_one_touch_observations"
FIRST_CONTACT, FIRST_CONTACT_N = "support_first_contact_ratio", "support_first_contact_observations"
FULL = "support_full_resolution_time_mean_seconds"


class TestOneTouch:
    def test_it_is_solved_now_with_exactly_one_human_reply_over_those_with_any(self) -> None:
        """T1 one reply; T2 two; T3 none; T4 one and open again; T5 one, by a bot's solution: 1 of 2."""
        story = """
            10:00 T1 created
            10:05 T1 replied
            10:30 T1 resolved
            10:00 T2 created
            10:05 T2 replied
            10:10 T2 replied
            10:30 T2 resolved
            10:00 T3 created
            10:05 T3 replied automated=true
            10:30 T3 resolved
            10:00 T4 created
            10:05 T4 replied
            10:30 T4 resolved
            10:40 T4 reopened
            10:00 T5 created
            10:05 T5 replied
            10:30 T5 resolved by=bot"""
        assert (2, 0.5) == (told(story, TOUCHED), told(story, ONE_TOUCH))

    def test_solved_again_without_a_further_reply_it_still_counts_at_the_last_solution(self) -> None:
        """Solved at 10:30 and at 11:30. In the hour until 12:00: 1 of 1."""
        story = """
            10:00 created
            10:05 replied
            10:30 resolved
            10:40 reopened
            11:30 resolved"""
        assert (1, 1.0) == (told(story, TOUCHED, window="1h"), told(story, ONE_TOUCH, window="1h"))
        assert 1 == told(story, TOUCHED)

    def test_a_reply_after_the_solution_counts_too(self) -> None:
        story = """
            10:00 created
            10:05 replied
            10:30 resolved
            10:45 replied"""
        assert (1, 0.0) == (told(story, TOUCHED), told(story, ONE_TOUCH))


class TestFirstContact:
    KEPT = """
        -8d 10:00 created
        -8d 10:05 replied
        -8d 10:30 resolved"""

    def test_it_is_booked_seven_days_after_the_solution(self) -> None:
        """Solved 8 days ago at 10:30, booked yesterday at 10:30: 1.5 h before the last 24 h began."""
        assert (1, 1.0) == (
            told(self.KEPT, FIRST_CONTACT_N, window="30d"),
            told(self.KEPT, FIRST_CONTACT, window="30d"),
        )
        assert 0 == told(self.KEPT, FIRST_CONTACT_N)
        assert 1 == told(self.KEPT.replace("-8d", "-7d"), FIRST_CONTACT_N)
        assert 0 == told(self.KEPT.replace("-8d", "-6d"), FIRST_CONTACT_N, window="30d")

    @pytest.mark.parametrize(
        ("line", "share"),
        [
            ("-8d 10:03 customer_replied", 1.0),  # before the reply
            ("-8d 10:20 customer_replied", 0.0),  # between the reply and the solution
            ("-8d 10:40 customer_replied", 1.0),  # after the solution: a word of thanks
            ("-2d 10:00 reopened", 0.0),  # within 7 days
            ("-2d 10:00 status status=open", 0.0),
            ("-1d 10:31 reopened", 1.0),  # a minute too late
        ],
    )
    def test_a_message_before_the_solution_or_a_reopening_in_seven_days_breaks_it(
        self, line: str, share: float
    ) -> None:
        story = f"{self.KEPT}\n{line}"
        assert 1 == told(story, FIRST_CONTACT_N, window="30d")
        assert share == told(story, FIRST_CONTACT, window="30d")

    def test_a_restoration_is_no_reopening(self) -> None:
        story = f"{self.KEPT}\n-3d 10:00 merged\n-2d 10:00 restored"
        assert 1.0 == told(story, FIRST_CONTACT, window="30d")

    @pytest.mark.parametrize("reply", ["", "-8d 10:05 replied automated=true", "-8d 10:40 replied"])
    def test_without_a_reply_before_the_solution_it_is_not_asked(self, reply: str) -> None:
        story = f"-8d 10:00 created\n{reply}\n-8d 10:30 resolved"
        assert 0 == told(story, FIRST_CONTACT_N, window="30d")


class TestFullResolution:
    def test_it_is_the_last_solution_since_the_creation(self) -> None:
        """10:00 to 11:30: 90 min = 5,400 s, where the resolution time stays 30 min."""
        story = """
            10:00 created
            10:30 resolved
            10:40 reopened
            11:30 resolved"""
        assert 5400.0 == told(story, FULL)
        assert 1800.0 == told(story, "support_resolution_time_mean_seconds")

    def test_while_it_is_open_again_it_has_none(self) -> None:
        story = """
            10:00 created
            10:30 resolved
            10:40 reopened"""
        assert (None, 0) == (told(story, FULL), told(story, FULL.replace("seconds", "observations")))


class TestSurveys:
    def test_the_response_rate_is_answers_of_a_kind_over_the_solved(self) -> None:
        """Four solved; three answers to CSAT, one of them twice; one to NPS: 3 of 4 and 1 of 4."""
        solved = "\n".join(f"10:00 T{n} created\n10:30 T{n} resolved" for n in range(1, 5))
        story = f"""{solved}
            11:00 T1 survey kind=csat score=5
            11:10 T1 survey kind=csat score=1
            11:00 T2 survey kind=csat score=4
            11:00 T3 survey kind=csat score=2
            11:20 T3 survey kind=nps score=9"""
        shares = {
            kind: told(story, "support_survey_response_ratio", kind=kind) for kind in ("csat", "nps", "ces")
        }
        assert {"csat": 0.75, "nps": 0.25, "ces": 0.0} == shares

    @pytest.mark.parametrize(
        ("answer", "share"),
        [
            ("score=3 scale_max=3", 1.0),
            ("score=2 scale_max=3", 0.0),
            ("score=4", 1.0),
            ("score=3", 0.0),
            ("score=9 scale_max=10", 1.0),
            ("score=8 scale_max=10", 0.0),
            ("score=9 scale_max=10 scale_min=0", 1.0),
            ("score=8 scale_max=10 scale_min=0", 0.0),
            ("score=0 scale_max=10 scale_min=0", 0.0),
            ("score=1 satisfied=true", 1.0),
            ("score=5 satisfied=false", 0.0),
        ],
    )
    def test_satisfied_is_the_top_of_small_scales_and_the_top_two_of_others(
        self, answer: str, share: float
    ) -> None:
        story = f"10:00 created\n11:00 survey kind=csat {answer}"
        assert (1, share) == (told(story, "support_csat_observations"), told(story, "support_csat_ratio"))

    def test_the_later_answer_of_a_respondent_counts(self) -> None:
        """5, then 1: one answer, not satisfied. In 24 h the earlier one is withdrawn from its own time."""
        story = """
            10:00 created
            10:10 survey kind=csat score=5
            11:30 survey kind=csat score=1"""
        assert (1, 0.0) == (told(story, "support_csat_observations"), told(story, "support_csat_ratio"))

    def test_a_retracted_answer_gives_the_earlier_one_back(self) -> None:
        story = """
            10:00 created
            10:10 survey kind=csat score=5
            11:30 survey kind=csat score=1 event_id=wrong
            11:40 retracted retracts=wrong retracts_kind=survey"""
        assert (1, 1.0) == (told(story, "support_csat_observations"), told(story, "support_csat_ratio"))


class TestWithoutACreation:
    def test_one_touch_and_first_contact_count_under_unknown_and_full_resolution_does_not(self) -> None:
        """The desk shows neither team nor channel `unknown`: it is among the others."""
        story = """
            -8d 10:05 replied
            -8d 10:30 resolved"""
        others = {"window": "30d", "by": "team", "member": "other"}
        assert 1.0 == told(story, ONE_TOUCH, **others)
        assert 1.0 == told(story, FIRST_CONTACT, **others)
        assert told(story, FULL, **others) is None
