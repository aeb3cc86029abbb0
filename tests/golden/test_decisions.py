"""Each sentence of the decisions about a ticket's facts, worked by hand.

Where the live path and the oracle are alike because the definitions make them alike (what is first at one
instant, which of two contents stands), a number decides that neither of them computed.

The order of event ids at one instant is that of XXH3-128: of `c` 12d8..., `b` 4b22..., `a` a96f..., so c
comes before b, and b before a.
"""

from __future__ import annotations

import pytest
import xxhash

from tests.golden.desk import NOON_MS, GoldenDesk, ago
from tests.golden.readers import agreed

FRT = "support_first_response_mean_seconds"


def shows(desk: GoldenDesk, name: str, **labels: str) -> float | None:
    """One figure as a view, a report and the oracle show it.

    Of the last hour and of `all` unless labels say otherwise.
    """
    is_live = name in (
        "support_open_tickets",
        "support_unanswered_tickets",
        "support_oldest_unanswered_timestamp_seconds",
    )
    where = ({} if is_live else {"window": "1h", "period": "current"}) | labels
    return agreed(tuple(desk.events), name, NOON_MS, None, where)


@pytest.fixture
def desk() -> GoldenDesk:
    """T1 was written half an hour ago."""
    desk = GoldenDesk()
    desk.created("T1", ago(minutes=30))
    return desk


def test_the_order_of_ids_is_as_the_first_line_says() -> None:
    assert ["c", "b", "a"] == sorted("abc", key=lambda name: xxhash.xxh3_128_digest(name.encode()))


class TestAtOneInstant:
    def test_a_reply_comes_before_the_resolution(self, desk: GoldenDesk) -> None:
        """Answered and solved in one step: a first reply after 20 min, and solved."""
        desk.resolved("T1", ago(minutes=10))
        desk.first_reply("T1", ago(minutes=10))
        assert 1200.0 == shows(desk, FRT, clock="calendar")
        assert 1.0 == shows(desk, "support_resolution_ratio")

    def test_resolved_and_reopened_is_open(self, desk: GoldenDesk) -> None:
        """Resolved stands before reopened, so the ticket was solved, and is open again."""
        desk.changed("T1", ago(minutes=10), "reopened")
        desk.resolved("T1", ago(minutes=10))
        assert 1 == shows(desk, "support_open_tickets")
        assert 1.0 == shows(desk, "support_reopen_ratio")
        assert 1.0 == shows(desk, "support_resolution_ratio")
        assert 0.0 == shows(desk, "support_resolution_net_ratio")

    def test_a_creation_comes_before_everything(self) -> None:
        """Created, answered and solved within one millisecond: 0 s, and no anomaly."""
        desk = GoldenDesk()
        desk.resolved("T1", ago(minutes=10))
        desk.first_reply("T1", ago(minutes=10))
        desk.created("T1", ago(minutes=10))
        assert 0.0 == shows(desk, FRT, clock="calendar")
        assert 0.0 == shows(desk, "support_resolution_time_mean_seconds", clock="calendar")
        assert 0 == desk.scrape().samples["deskpulse_anomalies", frozenset()]

    @pytest.mark.parametrize(
        ("solved", "abandoned", "share"), [("c", "a", 0.0), ("a", "c", 1.0), ("b", "c", 1.0), ("b", "a", 0.0)]
    )
    def test_of_two_resolutions_the_smaller_digest_is_the_first(
        self, desk: GoldenDesk, solved: str, abandoned: str, share: float
    ) -> None:
        """The first resolution decides whether the ticket was abandoned.

        The second one finds it closed and does nothing.
        """
        desk.send("resolved", "T1", ago(minutes=10), ticket_id="T1", event_id=solved)
        desk.send("resolved", "T1", ago(minutes=10), ticket_id="T1", outcome="abandoned", event_id=abandoned)
        assert share == shows(desk, "support_abandonment_ratio")
        assert 1 - share == shows(desk, "support_resolution_ratio")

    @pytest.mark.parametrize(("five", "one", "share"), [("c", "a", 0.0), ("a", "c", 1.0)])
    def test_of_two_answers_the_greater_digest_is_the_later(
        self, desk: GoldenDesk, five: str, one: str, share: float
    ) -> None:
        for event_id, score in ((five, 5), (one, 1)):
            desk.send(
                "survey", "T1", ago(minutes=5), ticket_id="T1", kind="csat", score=score, event_id=event_id
            )
        assert share == shows(desk, "support_csat_ratio")
        assert 1 == shows(desk, "support_csat_observations")


class TestOneIdentity:
    def test_a_repetition_counts_once(self, desk: GoldenDesk) -> None:
        for _ in range(3):
            desk.send(
                "ticket-changed",
                "T1",
                ago(minutes=9),
                ticket_id="T1",
                change="handled",
                talk_seconds=60,
                event_id="x",
            )
        assert 1 == shows(desk, "support_handle_time_mean_observations")

    def test_of_two_contents_the_smaller_bytes_stand(self) -> None:
        r"""`..."priority":"normal","team":"billing"...` is less than the same with `"team":"sales"`.

        The time is the same.
        """
        desk = GoldenDesk()
        for team in ("sales", "billing"):
            fields = {"customer_id": "C", "team": team, "channel": "phone", "priority": "normal"}
            desk.send("ticket-created", "T1", ago(minutes=30), ticket_id="T1", event_id="x", **fields)
        assert 1 == shows(desk, "support_tickets", by="team", member="billing")
        assert 0 == shows(desk, "support_tickets", by="team", member="sales")

    def test_an_absent_field_is_left_out_of_the_bytes(self, desk: GoldenDesk) -> None:
        r"""`{"occurred_at":N,"ticket_id":""}` is greater than `{"occurred_at":N,"outcome":...`.

        `,"t` comes after `,"o`. So abandoned stands.
        """
        desk.send("resolved", "T1", ago(minutes=9), ticket_id="T1", event_id="x")
        desk.send("resolved", "T1", ago(minutes=9), ticket_id="T1", event_id="x", outcome="abandoned")
        assert 1.0 == shows(desk, "support_abandonment_ratio")

    def test_a_first_reply_and_a_reply_of_one_id_are_one(self, desk: GoldenDesk) -> None:
        """Both ways of saying it: one reply.

        That which states its wait goes on with a comma where the other ends, so it is less: 3 min.
        """
        desk.send("first-reply", "T1", ago(minutes=10), ticket_id="T1", event_id="x")
        desk.send(
            "ticket-changed",
            "T1",
            ago(minutes=10),
            ticket_id="T1",
            change="replied",
            waiting_since=ago(minutes=13),
            event_id="x",
        )
        assert 1 == shows(desk, "support_response_mean_observations", clock="calendar")
        assert 180.0 == shows(desk, "support_response_mean_seconds", clock="calendar")

    def test_surveys_of_one_id_and_different_kinds_are_two(self, desk: GoldenDesk) -> None:
        for kind, score in (("nps", 9), ("csat", 5), ("ces", 6)):
            desk.send("survey", "T1", ago(minutes=5), ticket_id="T1", kind=kind, score=score, event_id="x")
        assert (100.0, 1.0, 6.0) == tuple(
            shows(desk, f"support_{name}") for name in ("nps_score", "csat_ratio", "effort_mean_score")
        )


class TestLabels:
    def test_of_several_creations_the_smallest_stands_whole(self) -> None:
        """The earlier one has the phone and billing.

        Nothing of the later one is taken, its channel neither.
        """
        desk = GoldenDesk()
        desk.created("T1", ago(minutes=20), team="sales", channel="email", customer="B")
        desk.created("T1", ago(minutes=30), team="billing", channel="phone", customer="A")
        assert (1, 0) == tuple(
            shows(desk, "support_tickets", by="team", member=team) for team in ("billing", "sales")
        )
        assert (1, 0) == tuple(
            shows(desk, "support_tickets", by="channel", member=channel) for channel in ("phone", "email")
        )

    def test_of_triages_the_greatest_stands_field_by_field(self, desk: GoldenDesk) -> None:
        """At 20 min before: sales and email; at 10 min before: billing. So billing and email."""
        desk.changed("T1", ago(minutes=10), "triaged", team="billing")
        desk.changed("T1", ago(minutes=20), "triaged", team="sales", channel="email")
        assert (1, 0) == tuple(
            shows(desk, "support_tickets", by="team", member=team) for team in ("billing", "sales")
        )
        assert (0, 1) == tuple(
            shows(desk, "support_tickets", by="channel", member=channel) for channel in ("phone", "email")
        )

    def test_what_nobody_has_named_is_unknown_and_moves(self) -> None:
        """Solved without a creation: under unknown, so in `other` here; with the creation it is billing's."""
        desk = GoldenDesk()
        desk.resolved("T1", ago(minutes=10), talk_seconds=60)
        assert 1 == shows(desk, "support_handle_time_mean_observations", by="team", member="other")
        assert 0 == shows(desk, "support_open_tickets")
        desk.created("T1", ago(minutes=30))
        assert 1 == shows(desk, "support_handle_time_mean_observations", by="team", member="billing")


class TestTime:
    def test_what_is_stamped_before_the_creation_happens_at_it_in_its_own_order(
        self, desk: GoldenDesk
    ) -> None:
        """Reopened 35 min before noon, resolved 40: at the creation first resolved, then reopened.

        So it is open, solved after 0 s.
        """
        desk.changed("T1", ago(minutes=35), "reopened")
        desk.resolved("T1", ago(minutes=40))
        assert 1 == shows(desk, "support_open_tickets")
        assert 0.0 == shows(desk, "support_resolution_time_mean_seconds", clock="calendar")
        assert 1.0 == shows(desk, "support_reopen_ratio")
        assert 2 == desk.scrape().samples["deskpulse_anomalies", frozenset()]

    def test_a_reply_before_the_creation_ends_the_wait_at_0_s(self, desk: GoldenDesk) -> None:
        desk.first_reply("T1", ago(minutes=50))
        desk.first_reply("T1", ago(minutes=10))
        assert 0.0 == shows(desk, FRT, clock="calendar")
        assert 0 == shows(desk, "support_unanswered_tickets")

    def test_an_unanswered_ticket_adds_no_0_s(self, desk: GoldenDesk) -> None:
        desk.created("T2", ago(minutes=30))
        desk.first_reply("T2", ago(minutes=20))
        assert 600.0 == shows(desk, FRT, clock="calendar")
        assert 1 == shows(desk, "support_unanswered_tickets")

    def test_the_age_of_an_unanswered_ticket_is_that_of_its_present_wait(self, desk: GoldenDesk) -> None:
        """Closed without a reply and reopened 12.5 min before noon.

        It waits since then, floored to the minute.
        """
        desk.resolved("T1", ago(minutes=20))
        desk.changed("T1", ago(minutes=12.5), "reopened")
        assert 1 == shows(desk, "support_unanswered_tickets")
        assert ago(minutes=13) / 1000 == shows(desk, "support_oldest_unanswered_timestamp_seconds")

    def test_closed_without_a_reply_nobody_waits(self, desk: GoldenDesk) -> None:
        desk.resolved("T1", ago(minutes=20))
        assert 0 == shows(desk, "support_unanswered_tickets")
        assert None is shows(desk, "support_oldest_unanswered_timestamp_seconds")


class TestChangesOfState:
    def test_resolved_is_the_first_solution(self, desk: GoldenDesk) -> None:
        """Solved 20 min before noon, reopened, solved again 5 min before: once, after 10 min; reopened once.

        Closed as solved now.
        """
        for minutes in (20, 5):
            desk.resolved("T1", ago(minutes=minutes))
        for minutes in (15, 10):  # the second finds it open and does nothing
            desk.changed("T1", ago(minutes=minutes), "reopened")
        assert 1.0 == shows(desk, "support_resolution_ratio") == shows(desk, "support_resolution_net_ratio")
        assert 600.0 == shows(desk, "support_resolution_time_mean_seconds", clock="calendar")
        assert 1.0 == shows(desk, "support_reopen_ratio")

    def test_an_earlier_abandonment_is_set_aside(self, desk: GoldenDesk) -> None:
        """Abandoned after 10 min, back, and solved after 25: abandoned once, and solved after 25 min."""
        desk.resolved("T1", ago(minutes=20), outcome="abandoned")
        desk.changed("T1", ago(minutes=15), "reopened")
        desk.resolved("T1", ago(minutes=5))
        assert 1.0 == shows(desk, "support_abandonment_ratio") == shows(desk, "support_resolution_ratio")
        assert 1500.0 == shows(desk, "support_resolution_time_mean_seconds", clock="calendar")

    def test_a_later_abandonment_is_none(self, desk: GoldenDesk) -> None:
        """Solved, reopened, then abandoned: solved, not abandoned, and not closed as solved now.

        Cohort 1, net 0.
        """
        desk.resolved("T1", ago(minutes=20))
        desk.changed("T1", ago(minutes=15), "reopened")
        desk.resolved("T1", ago(minutes=5), outcome="abandoned")
        assert 0.0 == shows(desk, "support_abandonment_ratio")
        assert 1.0 == shows(desk, "support_resolution_ratio")
        assert (
            0.0
            == shows(desk, "support_resolution_net_ratio")
            == shows(desk, "support_resolution_cohort_ratio")
        )

    def test_resolved_while_resolved_does_nothing_but_its_handling_counts(self, desk: GoldenDesk) -> None:
        """100 s at the first and 300 s at the second: 2 interactions, 200 s on average.

        Solved once, after 10 min.
        """
        desk.resolved("T1", ago(minutes=20), talk_seconds=100)
        desk.resolved("T1", ago(minutes=10), talk_seconds=250, wrap_up_seconds=50)
        assert (2, 200.0) == tuple(
            shows(desk, f"support_handle_time_mean_{of}") for of in ("observations", "seconds")
        )
        assert 600.0 == shows(desk, "support_resolution_time_mean_seconds", clock="calendar")

    def test_a_reopening_of_an_open_ticket_does_nothing(self, desk: GoldenDesk) -> None:
        desk.changed("T1", ago(minutes=15), "reopened")
        desk.resolved("T1", ago(minutes=5))
        assert 0.0 == shows(desk, "support_reopen_ratio")

    def test_discarded_is_withdrawn_from_everything_but_was_never_undone(self, desk: GoldenDesk) -> None:
        desk.first_reply("T1", ago(minutes=25))
        desk.answered("T1", ago(minutes=4), "csat", 5)
        desk.resolved("T1", ago(minutes=5), talk_seconds=10)
        desk.changed("T1", ago(minutes=20), "discarded")
        names = (
            "support_tickets",
            "support_first_response_mean_observations",
            "support_csat_observations",
            "support_handle_time_mean_observations",
        )
        assert (0, 0, 0, 0, 0) == (
            *(shows(desk, name, **_clock(name)) for name in names),
            shows(desk, "support_open_tickets"),
        )

    def test_a_pause_stops_no_first_response(self, desk: GoldenDesk) -> None:
        desk.changed("T1", ago(minutes=29), "paused")
        desk.first_reply("T1", ago(minutes=10))
        assert 1200.0 == shows(desk, FRT, clock="calendar")


def _clock(name: str) -> dict[str, str]:
    return {"clock": "calendar"} if "first_response" in name else {}


class TestComebacks:
    """Closed 70 days ago, so a stub is all that is left."""

    @pytest.fixture
    def desk(self) -> GoldenDesk:
        desk = GoldenDesk()
        desk.created("T1", ago(days=71))
        desk.first_reply("T1", ago(days=71, minutes=-5))
        desk.resolved("T1", ago(days=70))
        desk.created("T0", ago(hours=20))  # the desk goes on, and its clock with it
        return desk

    def test_it_is_reopened_and_no_new_ticket(self, desk: GoldenDesk) -> None:
        """T0 of 20 h ago is open too; T1 was answered, so T0 alone waits."""
        desk.changed("T1", ago(minutes=30), "reopened")
        assert (2, 1) == (shows(desk, "support_open_tickets"), shows(desk, "support_unanswered_tickets"))
        assert 0 == shows(desk, "support_tickets")

    def test_its_second_solution_is_no_first_one(self, desk: GoldenDesk) -> None:
        """In 24 h: T0 created, nothing solved for the first time: 0 of 1."""
        desk.changed("T1", ago(minutes=30), "reopened")
        desk.resolved("T1", ago(minutes=10))
        assert 0.0 == shows(desk, "support_resolution_ratio", window="24h")
        assert 1 == shows(desk, "support_open_tickets")

    def test_only_a_reopening_reopens_it(self, desk: GoldenDesk) -> None:
        desk.changed("T1", ago(minutes=30), "triaged", team="sales")
        assert 1 == shows(desk, "support_open_tickets")

    def test_an_open_ticket_is_given_up_a_year_after_its_last_event(self) -> None:
        """Of 367 days ago: in no live count. Of 363 days ago: still open."""
        desk = GoldenDesk()
        desk.created("T1", ago(days=367))
        desk.created("T2", ago(days=363))
        for number in range(12):  # whoever keeps them, hears of today
            desk.created(f"N{number}", ago(minutes=30))
            desk.resolved(f"N{number}", ago(minutes=20))
        assert 1 == shows(desk, "support_open_tickets")


class TestInteractionsAndSurveys:
    def test_missing_parts_are_0_and_an_event_without_any_is_no_interaction(self, desk: GoldenDesk) -> None:
        """talk 90 s; wrap-up 30 s; nothing: two interactions, 120 s together."""
        desk.changed("T1", ago(minutes=20), "handled", talk_seconds=90)
        desk.resolved("T1", ago(minutes=10), wrap_up_seconds=30)
        desk.resolved("T1", ago(minutes=9))
        assert (2, 60.0) == tuple(
            shows(desk, f"support_handle_time_mean_{of}") for of in ("observations", "seconds")
        )

    def test_twins_count(self, desk: GoldenDesk) -> None:
        """Sent twice with other ids, at one instant with the same parts.

        Two interactions (which the data quality tells).
        """
        for _ in range(2):
            desk.changed("T1", ago(minutes=20), "handled", talk_seconds=90)
        assert (2, 90.0) == tuple(
            shows(desk, f"support_handle_time_mean_{of}") for of in ("observations", "seconds")
        )

    def test_two_respondents_of_a_ticket_are_two_answers(self, desk: GoldenDesk) -> None:
        """Anna 5 then 1; Ben 5: 1 of 2 satisfied."""
        for minutes, customer, score in ((9, "Anna", 5), (7, "Anna", 1), (8, "Ben", 5)):
            desk.send(
                "survey",
                "T1",
                ago(minutes=minutes),
                ticket_id="T1",
                customer_id=customer,
                kind="csat",
                score=score,
            )
        assert (2, 0.5) == (shows(desk, "support_csat_observations"), shows(desk, "support_csat_ratio"))

    def test_without_a_respondent_the_ticket_s_customer_is_meant(self, desk: GoldenDesk) -> None:
        """The customer of T1 answers 5 by name, then 1 without: one answer, the later one."""
        desk.send(
            "survey", "T1", ago(minutes=9), ticket_id="T1", customer_id="customer of T1", kind="csat", score=5
        )
        desk.answered("T1", ago(minutes=7), "csat", 1)
        assert (1, 0.0) == (shows(desk, "support_csat_observations"), shows(desk, "support_csat_ratio"))

    def test_a_survey_may_come_without_a_ticket(self) -> None:
        """Of a customer alone: under unknown, so in `other` here, or its own team."""
        desk = GoldenDesk()
        desk.send("survey", "C1", ago(minutes=9), customer_id="C1", kind="nps", score=10)
        desk.send("survey", "C2", ago(minutes=9), customer_id="C2", kind="nps", score=0, team="sales")
        assert (100.0, -100.0) == tuple(
            shows(desk, "support_nps_score", by="team", member=team) for team in ("other", "sales")
        )
