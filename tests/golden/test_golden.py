"""Each worked example of the definitions, through the whole path: events in, the text of a scrape out.

The sum is in the docstring.
"""

from __future__ import annotations

import pytest

from tests.golden.desk import GoldenDesk, ago

CALENDAR = {"clock": "calendar"}


def test_first_response_200_minutes_over_50_tickets_are_4_minutes() -> None:
    """25 replies after 3 min and 25 after 5 min: 75 + 125 = 200 min.

    200 / 50 = 4 min = 240 s, which is below 15 min.
    """
    desk = GoldenDesk()
    for number in range(50):
        desk.created(f"T{number}", ago(minutes=30))
        desk.first_reply(f"T{number}", ago(minutes=27 if number % 2 else 25))
    found = desk.scrape()
    assert 240.0 == found.get("support_first_response_mean_seconds", **CALENDAR)
    assert 50 == found.get("support_first_response_mean_observations", **CALENDAR)
    assert "exceptional" == found.colour("first_response", "support_first_response_mean_seconds", **CALENDAR)


def test_quantiles_are_values_of_a_rank_within_one_per_cent() -> None:
    """20 waits of 1..20 min: rank ceil(0.5 x 20) = 10, ceil(0.9 x 20) = 18, ceil(0.95 x 20) = 19."""
    desk = GoldenDesk()
    for minute in range(1, 21):
        desk.created(f"T{minute}", ago(minutes=30))
        desk.first_reply(f"T{minute}", ago(minutes=30 - minute))
    found = desk.scrape()
    for q, minutes in (("0.5", 10), ("0.9", 18), ("0.95", 19)):
        assert pytest.approx(60 * minutes, rel=0.01) == found.get(
            "support_first_response_quantile_seconds", q=q, **CALENDAR
        )
    assert 20 == found.get("support_first_response_quantile_observations", **CALENDAR)


def test_an_automated_reply_ends_no_wait_and_an_early_one_waits_0() -> None:
    """T1: the robot at 1 min is nobody, the person at 6 min is; T2 is answered 2 min before it is written: 0.

    (360 + 0) / 2 = 180 s.
    """
    desk = GoldenDesk()
    desk.created("T1", ago(minutes=30))
    desk.first_reply("T1", ago(minutes=29), automated=True)
    desk.first_reply("T1", ago(minutes=24))
    desk.created("T2", ago(minutes=30))
    desk.first_reply("T2", ago(minutes=32))
    found = desk.scrape()
    assert 180.0 == found.get("support_first_response_mean_seconds", **CALENDAR)
    assert 1 == found.samples["deskpulse_anomalies", frozenset()]


def test_response_time_is_over_the_first_and_all_later_replies() -> None:
    """First reply after 60 s, later ones after 120 s and 600 s: 780 s / 3 = 260 s."""
    desk = GoldenDesk()
    desk.created("T1", ago(minutes=30))
    desk.first_reply("T1", ago(minutes=29))
    desk.changed("T1", ago(minutes=20), "replied", waiting_since=ago(minutes=22))
    desk.changed("T1", ago(minutes=5), "replied", waiting_since=ago(minutes=15))
    found = desk.scrape()
    assert 260.0 == found.get("support_response_mean_seconds", **CALENDAR)
    assert 3 == found.get("support_response_mean_observations", **CALENDAR)
    assert pytest.approx(120, rel=0.01) == found.get("support_response_quantile_seconds", q="0.5", **CALENDAR)
    assert 60.0 == found.get("support_first_response_mean_seconds", **CALENDAR)


def test_450_solved_of_500_created_are_90_per_cent() -> None:
    """450 / 500 = 0.9: above, since the article says "above 90 %" for exceptional. Coloured for 30d only."""
    desk = GoldenDesk()
    for number in range(500):
        desk.created(f"T{number}", ago(minutes=30))
        if number < 450:
            desk.resolved(f"T{number}", ago(minutes=10))
    found = desk.scrape()
    assert 0.9 == found.get("support_resolution_ratio") == found.get("support_resolution_ratio", window="30d")
    assert 500 == found.get("support_resolution_observations")
    assert "above" == found.colour("resolution", "support_resolution_ratio", window="30d")
    assert found.colour("resolution", "support_resolution_ratio") is None


def test_three_readings_of_the_resolution_rate() -> None:
    """10 created in the hour, 6 solved; 2 older ones solved too: windowed 8 / 10.

    One of the hour reopened since: net 7 / 10.

    Of the 10 created now 5 stand solved: cohort 5 / 10. Reopened 1 of 8 first resolutions.
    """
    desk = GoldenDesk()
    for number in range(12):
        desk.created(f"T{number}", ago(minutes=40) if number < 10 else ago(hours=5))
    for number in (0, 1, 2, 3, 4, 5, 10, 11):
        desk.resolved(f"T{number}", ago(minutes=20))
    desk.changed("T0", ago(minutes=10), "reopened")
    found = desk.scrape()
    assert 0.8 == found.get("support_resolution_ratio")
    assert 0.7 == found.get("support_resolution_net_ratio")
    assert 0.5 == found.get("support_resolution_cohort_ratio")
    assert 1 / 8 == found.get("support_reopen_ratio")
    assert 8 == found.get("support_reopen_observations")


def test_more_solved_than_created_passes_one() -> None:
    """3 solved in the hour, 2 created in it: 3 / 2 = 1.5."""
    desk = GoldenDesk()
    for number, created in enumerate((ago(hours=3), ago(minutes=40), ago(minutes=40))):
        desk.created(f"T{number}", created)
        desk.resolved(f"T{number}", ago(minutes=10))
    assert 1.5 == desk.scrape().get("support_resolution_ratio")


def test_handle_time_800_minutes_over_100_interactions_are_8_minutes() -> None:
    """Talk 500, hold 100, wrap-up 200 min over 100 calls: 5 + 1 + 2 each.

    (500 + 100 + 200) / 100 = 8 min = 480 s: typical, up to 8 min.

    Coloured for the channel phone only.
    """
    desk = GoldenDesk()
    for number in range(100):
        desk.created(f"T{number}", ago(minutes=40))
        desk.resolved(f"T{number}", ago(minutes=10), talk_seconds=300, hold_seconds=60.0, wrap_up_seconds=120)
    found = desk.scrape()
    assert 480.0 == found.get("support_handle_time_mean_seconds", by="channel", member="phone")
    assert 100 == found.get("support_handle_time_mean_observations")
    assert "typical" == found.colour(
        "handle_time", "support_handle_time_mean_seconds", by="channel", member="phone"
    )
    assert found.colour("handle_time", "support_handle_time_mean_seconds") is None


def test_an_interaction_is_an_event_with_a_part() -> None:
    """Handled 90 s + 30 s, resolved with 60 s hold, resolved without parts: (120 + 60) / 2 = 90 s.

    The third is not in the denominator.
    """
    desk = GoldenDesk()
    for ticket in ("T1", "T2"):
        desk.created(ticket, ago(minutes=40))
    desk.changed("T1", ago(minutes=30), "handled", talk_seconds=90, wrap_up_seconds=30)
    desk.resolved("T1", ago(minutes=20), hold_seconds=60)
    desk.resolved("T2", ago(minutes=20))
    found = desk.scrape()
    assert 90.0 == found.get("support_handle_time_mean_seconds")
    assert 2 == found.get("support_handle_time_mean_observations")


# 6 promoters, 2 passives, 2 detractors: a 6 is one, and a 0 is valid
NPS_SCORES = (9, 10, 9, 10, 9, 10, 7, 8, 6, 0)


@pytest.mark.parametrize(("n", "low", "high"), [(10, -12.6, 74.1), (100, 23.4, 54.3), (1000, 34.9, 44.8)])
def test_60_per_cent_promoters_less_20_per_cent_detractors_are_40(n: int, low: float, high: float) -> None:
    """60 % - 20 % = 40, typical. For n = 100: p = 60.75 / 103, d = 20.75 / 103, p - d = 0.3883.

    Half width: 1.96 x sqrt((0.7913 - 0.1508) / 103) = 0.1546, so [23.4, 54.3].
    """
    desk = GoldenDesk()
    for number in range(n):
        desk.created(f"T{number}", ago(minutes=40))
        desk.answered(f"T{number}", ago(minutes=10), "nps", NPS_SCORES[number % 10])
    found = desk.scrape()
    assert 40.0 == pytest.approx(found.get("support_nps_score"))
    assert n == found.get("support_nps_observations") == found.get("support_nps_interval_observations")
    bounds = [found.get("support_nps_interval_score", bound=bound) or 0 for bound in ("low", "high")]
    assert [low, high] == [round(bound, 1) for bound in bounds]
    assert "typical" == found.colour("nps", "support_nps_score")


def test_65_satisfied_of_80_are_81_25_per_cent() -> None:
    """Of the default scale of 5 the top two satisfy: 40 fives and 25 fours; 65 / 80 = 0.8125, below 85 %."""
    desk = GoldenDesk()
    for number in range(80):
        desk.created(f"T{number}", ago(minutes=40))
        desk.answered(f"T{number}", ago(minutes=10), "csat", 5 if number < 40 else 4 if number < 65 else 3)
    found = desk.scrape()
    assert 0.8125 == found.get("support_csat_ratio")
    assert 80 == found.get("support_csat_observations")
    assert "below" == found.colour("csat", "support_csat_ratio")


def test_a_changed_answer_replaces_the_earlier_one() -> None:
    """T1 says 1, later 5; T2 says 5: 2 of 2 satisfied, not 2 of 3."""
    desk = GoldenDesk()
    for ticket in ("T1", "T2"):
        desk.created(ticket, ago(minutes=40))
        desk.answered(ticket, ago(minutes=20), "csat", 1 if ticket == "T1" else 5)
    desk.answered("T1", ago(minutes=10), "csat", 5)
    found = desk.scrape()
    assert 1.0 == found.get("support_csat_ratio")
    assert 2 == found.get("support_csat_observations")


def test_effort_of_1000_answers_is_4_08() -> None:
    """80 x 1 + 210 x 2 + 140 x 3 + 110 x 4 + 160 x 5 + 180 x 6 + 120 x 7 = 4,080; / 1,000 = 4.08.

    Easy 300 less hard 430 = -0.13.
    """
    desk = GoldenDesk()
    scores = [
        score for score, count in enumerate((80, 210, 140, 110, 160, 180, 120), start=1) for _ in range(count)
    ]
    for number, score in enumerate(scores):
        desk.send(
            "survey",
            f"C{number}",
            ago(minutes=10),
            customer_id=f"C{number}",
            kind="ces",
            score=score,
            team="sales",
        )
    found = desk.scrape()
    assert 4.08 == found.get("support_effort_mean_score", by="team", member="sales")
    assert -0.13 == pytest.approx(found.get("support_effort_net_ratio"))
    assert 1000 == found.get("support_effort_mean_observations")


def test_500_tickets_of_100_customers_are_5_each() -> None:
    """500 / 100 = 5 exactly: the estimate of distinct customers rounds to 100.

    Typical in 30d; by channel there is no such figure.
    """
    desk = GoldenDesk()
    for number in range(500):
        desk.created(f"T{number}", ago(minutes=30), customer=f"C{number % 100}")
    found = desk.scrape()
    assert 5.0 == found.get("support_tickets_per_customer")
    assert 100 == found.get("support_tickets_per_customer_observations")
    assert "typical" == found.colour("tickets_per_customer", "support_tickets_per_customer", window="30d")
    assert found.get("support_tickets_per_customer", by="channel", member="phone") is None


def customers_come_and_go(at_start: int, left: int, new: int) -> GoldenDesk:
    """So many customers a year and more ago, of whom some leave within it, and new ones."""
    desk = GoldenDesk()
    for number in range(at_start):
        desk.customer(f"C{number}", ago(days=400), "joined")
    for number in range(left):
        desk.customer(f"C{number}", ago(days=100), "left")
    for number in range(new):
        desk.customer(f"N{number}", ago(days=50), "joined")
    return desk


def test_retention_of_480_less_200_new_over_500_is_56_per_cent() -> None:
    """500 at the start, 220 leave, 200 come: E = 480; (480 - 200) / 500 = 0.56, below 80 %.

    Churn = 1 - 0.56 = 0.44.
    """
    found = customers_come_and_go(500, 220, 200).scrape()
    assert 0.56 == found.get("support_customer_retention_ratio", window="365d")
    assert 0.44 == pytest.approx(found.get("support_customer_churn_ratio", window="365d"))
    assert 500 == found.get("support_customer_retention_observations", window="365d")
    assert "below" == found.colour("retention", "support_customer_retention_ratio", window="365d")
    assert 1.0 == found.get("support_customer_retention_ratio", window="30d")  # nobody came or went
    assert found.colour("retention", "support_customer_retention_ratio", window="30d") is None


def test_volume_is_counted_and_per_covered_hour() -> None:
    """30 tickets in the window 8h: its first pane began at 4:15, so at noon 7.75 h have passed.

    30 / 7.75 = 3.871 an hour.
    """
    desk = GoldenDesk()
    for number in range(30):
        desk.created(f"T{number}", ago(hours=2, minutes=number), team="sales" if number % 3 else "billing")
    found = desk.scrape()
    assert 30 == found.get("support_tickets", window="8h")
    assert pytest.approx(30 / 7.75) == found.get("support_tickets_per_hour", window="8h")
    assert (10, 20) == tuple(
        found.get("support_tickets", window="8h", by="team", member=team) for team in ("billing", "sales")
    )
    assert 0 == found.get("support_tickets", window="15m")
    assert found.get("support_tickets_per_hour", window="15m") is None


def test_resolution_time_runs_from_creation_to_the_first_solved() -> None:
    """Solved after 20 and 40 min; a third is abandoned, which is no resolution.

    (1,200 + 2,400) / 2 = 1,800 s. Abandoned 1 of 3.
    """
    desk = GoldenDesk()
    for number in range(3):
        desk.created(f"T{number}", ago(minutes=50))
    desk.resolved("T0", ago(minutes=30))
    desk.resolved("T1", ago(minutes=10))
    desk.resolved("T2", ago(minutes=10), outcome="abandoned")
    found = desk.scrape()
    assert 1800.0 == found.get("support_resolution_time_mean_seconds", **CALENDAR)
    assert 2 == found.get("support_resolution_time_mean_observations", **CALENDAR)
    assert pytest.approx(1200, rel=0.01) == found.get(
        "support_resolution_time_quantile_seconds", q="0.5", **CALENDAR
    )
    assert 1 / 3 == found.get("support_abandonment_ratio")
    assert 2 / 3 == found.get("support_resolution_ratio")


def test_live_counts_and_the_oldest_who_waits() -> None:
    """T0 solved, T1 answered, T2 and T3 wait, T4 discarded: 3 open, 2 unanswered.

    T2 was written at 11:20:30, floored to 11:20.
    """
    desk = GoldenDesk()
    for number, minutes in enumerate((50, 45, 39.5, 20, 59)):
        desk.created(f"T{number}", ago(minutes=minutes))
    desk.resolved("T0", ago(minutes=30))
    desk.first_reply("T1", ago(minutes=30))
    desk.changed("T4", ago(minutes=5), "discarded")
    found = desk.scrape()
    assert 3 == found.now("support_open_tickets")
    assert 2 == found.now("support_unanswered_tickets")
    assert ago(minutes=40) / 1000 == found.now("support_oldest_unanswered_timestamp_seconds")
    assert 4 == found.get("support_tickets")


def test_parts_are_additive_counts_and_exact_buckets() -> None:
    """Waits of exactly 15 min (in `le="900"`), 15 min + 1 ms (not), and 50 min: cumulative 1, 3, 3.

    Sum 900 + 900.001 + 3,000 s.
    """
    desk = GoldenDesk()
    for number, wait_ms in enumerate((900_000, 900_001, 3_000_000)):
        desk.created(f"T{number}", ago(minutes=55))
        desk.first_reply(f"T{number}", ago(minutes=55) + wait_ms)
        desk.answered(f"T{number}", ago(minutes=2), "nps", (10, 7, 3)[number])
    desk.answered("T0", ago(minutes=1), "csat", 5)
    desk.resolved("T0", ago(minutes=1))
    desk.resolved("T1", ago(minutes=1), outcome="abandoned")
    found = desk.scrape()
    buckets = [
        found.part("support_first_response_seconds_bucket", le=le)
        for le in ("900.0", "3600.0", "10800.0", "+Inf")
    ]
    assert [1, 3, 3, 3] == buckets
    assert pytest.approx(4800.001) == found.part("support_first_response_seconds_gsum")
    assert (3, 1, 1) == tuple(
        found.part(f"support_{name}_tickets") for name in ("created", "solved", "abandoned")
    )
    assert [1, 1, 1] == [
        found.part("support_nps_answers", group=group) for group in ("promoter", "passive", "detractor")
    ]
    assert [1, 0] == [found.part("support_csat_answers", satisfied=yes) for yes in ("true", "false")]


def test_an_empty_figure_is_absent_and_its_count_is_0() -> None:
    """One ticket, nothing else: no mean, no ratio of surveys, but observations of 0.

    A solved ratio of 0 / 1 = 0 is real.
    """
    desk = GoldenDesk()
    desk.created("T1", ago(minutes=30))
    found = desk.scrape()
    assert found.get("support_first_response_mean_seconds", **CALENDAR) is None
    assert 0 == found.get("support_first_response_mean_observations", **CALENDAR)
    assert found.get("support_csat_ratio") is None
    assert 0.0 == found.get("support_resolution_ratio")
    assert "NaN" not in desk.exposition()
