"""Each sentence about changes of state, worked by hand: a view, a report in another order, and the oracle."""

from __future__ import annotations

import pytest

from tests.golden.readers import ATTAINMENT, OUTCOMES, RESPONSE, RESPONSE_N, WAITING, instant, told

OPEN = "support_open_tickets"
SOLVED, COHORT, NET = (f"support_resolution_{one}ratio" for one in ("", "cohort_", "net_"))
REOPENED = "support_reopen_ratio"
PROMISED = """
    versions:
      - name: v1
        first_reply: [{within: 30m, objective: 90%}]
        resolution: [{within: 1h, objective: 90%}]
"""
ON_HOLD_ONLY = PROMISED + "        pausing_statuses: [on_hold]\n"
ANSWERED = "10:00 created\n10:05 replied"


def kept(story: str, target: str, policy: str = PROMISED) -> tuple[float | None, float | None]:
    """Outcomes of a target, and the share that was met."""
    return tuple(  # type: ignore[return-value] # of two names, two values
        told(story, name, policy=policy, target=target) for name in (OUTCOMES, ATTAINMENT)
    )


class TestResolved:
    def test_the_reopen_rate_is_first_reopenings_over_first_resolutions_of_either_outcome(self) -> None:
        """T1 solved and back twice, T2 abandoned, T3 solved by a bot: 1 of 3."""
        story = """
            10:00 T1 created
            10:10 T1 resolved
            10:20 T1 reopened
            10:30 T1 resolved
            10:40 T1 reopened
            10:00 T2 created
            10:10 T2 resolved outcome=abandoned
            10:00 T3 created
            10:10 T3 resolved by=bot"""
        assert 3 == told(story, "support_reopen_observations")
        assert 1 / 3 == told(story, REOPENED)

    @pytest.mark.parametrize("end", ["resolved outcome=abandoned", "merged", "discarded"])
    def test_abandoned_merged_and_discarded_are_not_resolved(self, end: str) -> None:
        """T2 is open: 0 of T2 (and of T1, if it still counts) are solved, and T1 is closed."""
        story = f"""
            10:00 T1 created
            10:10 T1 {end}
            10:00 T2 created"""
        assert (0.0, 1) == (told(story, SOLVED), told(story, OPEN))

    def test_solved_without_a_human_reply_has_no_first_reply_outcome(self) -> None:
        story = """
            10:00 created
            10:10 replied automated=true
            10:20 resolved"""
        assert (0, None) == kept(story, "first_reply")
        assert 1 == told(story, "support_solved_unanswered_tickets")


class TestStatusAsALevel:
    @pytest.mark.parametrize("status", ["solved", "closed"])
    def test_solved_and_closed_solve_an_open_ticket_once(self, status: str) -> None:
        """After 30 min, and what comes later says nothing new."""
        story = f"""
            {ANSWERED}
            10:30 status status={status}
            10:50 status status=closed"""
        assert (1.0, 0) == (told(story, SOLVED), told(story, OPEN))
        assert 1800.0 == told(story, "support_resolution_time_mean_seconds")

    def test_abandoned_abandons_an_open_ticket(self) -> None:
        story = "10:00 created\n10:30 status status=abandoned"
        assert (1.0, 0.0) == (told(story, "support_abandonment_ratio"), told(story, SOLVED))

    @pytest.mark.parametrize("status", ["bot", "open", "waiting", "on_hold"])
    def test_any_other_reopens_a_closed_ticket(self, status: str) -> None:
        story = f"""
            10:00 created
            10:10 resolved
            10:30 status status={status}"""
        assert (1.0, 1, 0.0) == (told(story, REOPENED), told(story, OPEN), told(story, NET))

    def test_it_is_compared_with_the_state_whoever_set_it(self) -> None:
        """Solved by an event at 10:10, so the status of 10:20 is nothing; reopened at 10:30, so is `open`.

        Solved after 10 min = 600 s, reopened once, open.
        """
        story = """
            10:00 created
            10:10 resolved
            10:20 status status=solved
            10:30 reopened
            10:40 status status=open"""
        assert 600.0 == told(story, "support_resolution_time_mean_seconds")
        assert (1.0, 1) == (told(story, REOPENED), told(story, OPEN))

    @pytest.mark.parametrize(("policy", "share"), [(PROMISED, 1.0), (ON_HOLD_ONLY, 0.0)])
    def test_waiting_pauses_the_resolution_clock_unless_the_policy_says_otherwise(
        self, policy: str, share: float
    ) -> None:
        """30 min until 10:30, 25 min from 11:15 on: 55 of 60 min. Without the pause it is 100 min."""
        story = f"""
            {ANSWERED}
            10:30 status status=waiting
            11:15 status status=open
            11:40 resolved"""
        assert (1, share) == kept(story, "resolution", policy)

    def test_waiting_reopens_a_closed_ticket_and_pauses_it(self) -> None:
        """10 min until it was closed, closed until 10:30, paused until 11:30, 20 more: 30 of 60 min."""
        story = """
            10:00 created
            10:10 resolved
            10:30 status status=waiting
            11:30 status status=open
            11:50 resolved"""
        assert (1, 1.0) == kept(story, "resolution")

    def test_the_same_again_is_nothing(self) -> None:
        """Paused from 10:30 to 11:15, however often it is said: 55 of 60 min."""
        story = """
            10:00 created
            10:10 status status=open
            10:30 status status=waiting
            10:50 status status=waiting
            11:15 status status=open
            11:20 status status=open
            11:40 resolved"""
        assert (1, 1.0) == kept(story, "resolution")
        assert 0.0 == told(story, REOPENED)

    @pytest.mark.parametrize("pause", ["status status=on_hold", "paused"])
    def test_a_pause_stops_only_the_resolution_clock(self, pause: str) -> None:
        """The customer waits on: unanswered at 10:20, 40 min until the reply, which is late by 10 min."""
        story = f"10:00 created\n10:05 {pause}"
        assert 1 == told(story, "support_unanswered_tickets", as_of="10:20")
        answered = f"{story}\n10:40 replied"
        assert 2400.0 == told(answered, RESPONSE) == told(answered, "support_first_response_mean_seconds")
        assert (1, 0.0) == kept(answered, "first_reply")


WHOLE = """
    10:00 created
    10:10 replied
    10:20 handled talk_seconds=60
    10:25 survey kind=csat score=5
    10:30 resolved
    10:40 reopened
    10:45 resolved"""
OF_ITS_OWN = (
    "support_tickets",
    "support_received_tickets",
    "support_tickets_per_customer_observations",
    "support_resolution_observations",
    "support_resolution_net_observations",
    "support_resolution_cohort_observations",
    "support_resolution_time_mean_observations",
    "support_full_resolution_time_mean_observations",
    "support_reopen_observations",
    "support_one_touch_observations",
    "support_solved_unanswered_observations",
    "support_abandonment_observations",
)
OF_THE_WORK = (
    "support_first_response_mean_observations",
    "support_response_mean_observations",
    "support_handle_time_mean_observations",
    "support_csat_observations",
)


class TestDiscardedAndMerged:
    def test_before_that_each_of_these_figures_counts_it(self) -> None:
        """Else the next two tests would say nothing."""
        assert {1} == {told(WHOLE, name) for name in (*OF_ITS_OWN, *OF_THE_WORK)}

    @pytest.mark.parametrize("name", [*OF_ITS_OWN, *OF_THE_WORK])
    def test_discarded_is_withdrawn_from_every_figure(self, name: str) -> None:
        assert 0 == told(f"{WHOLE}\n11:00 discarded", name)

    @pytest.mark.parametrize("name", OF_ITS_OWN)
    def test_merged_was_no_request_of_its_own(self, name: str) -> None:
        assert 0 == told(f"{WHOLE}\n11:00 merged into=T9", name)

    @pytest.mark.parametrize("name", OF_THE_WORK)
    def test_merged_keeps_what_people_did(self, name: str) -> None:
        assert 1 == told(f"{WHOLE}\n11:00 merged into=T9", name)

    def test_merged_keeps_deadlines_that_were_met_or_missed(self) -> None:
        """The first reply was in time; the resolution of 10:45 too, and it was no solution of its own."""
        assert (1, 1.0) == kept(f"{WHOLE}\n11:00 merged", "first_reply")

    def test_the_wait_that_a_merge_ends_is_carried_over_by_a_message_of_the_target(self) -> None:
        """T1 waited from 10:00 to its merge; T2 takes it over: 10:00 to 10:30 are 30 min.

        T2's own first reply took 5 min: (5 + 30) / 2 = 17.5 min = 1,050 s.
        """
        story = """
            10:00 T1 created
            09:50 T2 created
            09:55 T2 replied
            10:20 T1 merged into=T2
            10:20 T2 customer_replied waiting_since=10:00"""
        assert (1, 1) == (told(story, WAITING), told(story, OPEN))
        assert instant("10:00") / 1000 == told(story, "support_oldest_waiting_timestamp_seconds")
        replied = f"{story}\n10:30 T2 replied"
        assert (2, 1050.0) == (told(replied, RESPONSE_N), told(replied, RESPONSE))

    @pytest.mark.parametrize("gone", ["merged", "discarded"])
    @pytest.mark.parametrize(
        "what", ["resolved", "status status=solved", "handed_over", "status status=bot", "paused"]
    )
    def test_what_happens_meanwhile_does_nothing_for_later_too(self, gone: str, what: str) -> None:
        """Restored, it is open, waits, no bot has it, and nothing was solved."""
        story = f"""
            10:00 created
            10:10 {gone}
            10:20 {what}
            10:30 restored"""
        assert (1, 1) == (told(story, OPEN), told(story, WAITING))
        assert (0, 0.0) == (told(story, "support_with_bot_tickets"), told(story, SOLVED))
        # the hour of resolution runs on as well: 10 min, 20 min gone, 45 min
        assert (1, 1.0) == kept(f"{story}\n11:15 resolved", "resolution")
        assert (1, 0.0) == kept(f"{story}\n11:35 resolved", "resolution")

    def test_handling_meanwhile_counts_as_an_interaction(self) -> None:
        story = """
            10:00 created
            10:10 merged
            10:20 resolved talk_seconds=90"""
        assert 90.0 == told(story, "support_handle_time_mean_seconds")

    def test_restored_gives_back_the_state_and_is_a_reopening_for_waits_alone(self) -> None:
        """Open before, so open again; the wait begins at 10:30: 15 min = 900 s. It was never reopened."""
        story = """
            10:00 created
            10:10 merged
            10:30 restored
            10:45 replied
            11:00 resolved"""
        assert (1, 900.0) == (told(story, RESPONSE_N), told(story, RESPONSE))
        assert (0.0, 1.0) == (told(story, REOPENED), told(story, SOLVED))

    def test_a_solved_ticket_is_restored_as_solved(self) -> None:
        story = """
            10:00 created
            10:05 resolved
            10:10 merged
            10:30 restored"""
        assert (0, 1.0, 1.0) == (told(story, OPEN), told(story, SOLVED), told(story, NET))

    @pytest.mark.parametrize(
        ("words", "open_", "tickets", "replies"),
        [
            ("discarded restored merged", 0, 0, 1),
            ("merged discarded", 0, 0, 0),
            ("discarded merged", 0, 0, 1),
            ("merged discarded restored", 1, 1, 1),
        ],
    )
    def test_the_latest_of_them_decides(self, words: str, open_: int, tickets: int, replies: int) -> None:
        lines = [f"10:{20 + 10 * number} {word}" for number, word in enumerate(words.split())]
        story = "\n".join([ANSWERED, *lines])
        assert (open_, tickets, replies) == (
            told(story, OPEN),
            told(story, "support_tickets"),
            told(story, "support_first_response_mean_observations"),
        )

    @pytest.mark.parametrize(("replied", "share"), [("11:28", 1.0), ("11:32", 0.0)])
    def test_the_time_between_counts_as_closed(self, replied: str, share: float) -> None:
        """20 min until the merge, an hour gone, and 8 (or 12) more: 28 (or 32) of 30 min."""
        story = f"""
            10:00 created
            10:20 merged
            11:20 restored
            {replied} replied"""
        assert (1, share) == kept(story, "first_reply")


class TestRetracted:
    @pytest.mark.parametrize("said", ["10:05", "11:00"])
    def test_the_row_is_as_if_the_event_had_never_come(self, said: str) -> None:
        """Whether the retraction is dated before the reply or after it."""
        story = f"""
            10:00 created
            10:20 replied event_id=wrong
            {said} retracted retracts=wrong"""
        assert (0, 1) == (
            told(story, "support_first_response_mean_observations"),
            told(story, "support_unanswered_tickets"),
        )

    def test_with_a_kind_only_that_one_goes(self) -> None:
        """Two events carry one id: the resolution goes, the reply stays."""
        story = """
            10:00 created
            10:20 replied event_id=x
            10:30 resolved event_id=x
            11:00 retracted retracts=x {kind}"""
        both, one = story.format(kind=""), story.format(kind="retracts_kind=resolved")
        names = ("support_first_response_mean_observations", SOLVED)
        assert (0, 0.0) == tuple(told(both, name) for name in names)
        assert (1, 0.0) == tuple(told(one, name) for name in names)

    def test_a_retraction_cannot_be_retracted(self) -> None:
        story = """
            10:00 created
            10:20 replied event_id=wrong
            10:30 retracted retracts=wrong event_id=r
            10:40 retracted retracts=r"""
        assert 0 == told(story, "support_first_response_mean_observations")

    def test_of_several_creations_the_next_one_stands(self) -> None:
        """The creation of 10:00 goes, that of 10:10 stands: 10 min to the reply."""
        story = """
            10:00 created event_id=wrong
            10:10 created
            10:20 replied
            11:00 retracted retracts=wrong"""
        assert 600.0 == told(story, "support_first_response_mean_seconds")


class TestAssigned:
    def test_unassigned_is_absent_until_the_desk_has_sent_one(self) -> None:
        assert told("10:00 created", "support_unassigned_tickets") is None
        story = "10:00 T1 created\n10:00 T2 created\n10:10 T1 assigned assigned=true"
        assert 1 == told(story, "support_unassigned_tickets")

    @pytest.mark.parametrize(
        ("line", "count"),
        [
            ("10:20 T1 assigned assigned=false", 2),  # the latest counts
            ("10:05 T1 assigned assigned=false", 1),
            ("10:20 T1 transferred team=sales", 1),  # a transfer does not touch it
            ("10:20 T2 resolved", 0),
            ("10:20 T1 resolved", 1),
        ],
    )
    def test_it_is_open_less_those_whose_latest_assigned_is_true(self, line: str, count: int) -> None:
        story = f"10:00 T1 created\n10:00 T2 created\n10:10 T1 assigned assigned=true\n{line}"
        assert count == told(story, "support_unassigned_tickets")
