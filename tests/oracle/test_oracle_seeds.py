"""The worked examples of the definitions, from raw records to figures."""

import pytest

from oracle.figures import estimate_customers, figures, nearest_rank, nps_interval
from tests.oracle.desk import Desk, at, read

NOON = at("12:00")


def test_first_response_200_minutes_over_50_tickets_are_4_minutes() -> None:
    """25 replies after 3 min and 25 after 5 min: 75 + 125 = 200 min; 200 / 50 = 4 min = 240 s."""
    desk = Desk()
    for number in range(50):
        desk.created(f"T{number}", "11:30")
        desk.answered(f"T{number}", "11:33" if number % 2 else "11:35")
    found = figures(desk.records, as_of_ms=NOON)
    assert 240.0 == read(found, "support_first_response_mean_seconds", clock="calendar")
    assert 50 == read(found, "support_first_response_mean_observations", clock="calendar")
    assert 180.0 == read(found, "support_first_response_quantile_seconds", clock="calendar", q="0.5")
    assert 300.0 == read(found, "support_first_response_quantile_seconds", clock="calendar", q="0.95")


def test_450_solved_of_500_created_are_90_per_cent() -> None:
    desk = Desk()
    for number in range(500):
        desk.created(f"T{number}", "11:30")
        if number < 450:
            desk.resolved(f"T{number}", "11:45")
    found = figures(desk.records, as_of_ms=NOON)
    assert 0.9 == read(found, "support_resolution_ratio")
    assert 500 == read(found, "support_resolution_observations")


def test_handle_time_800_minutes_over_100_interactions_are_8_minutes() -> None:
    """Talk 5 min, hold 1 min, wrap-up 2 min each: (500 + 100 + 200) / 100 = 8 min = 480 s."""
    desk = Desk()
    for number in range(100):
        desk.resolved(f"T{number}", "11:45", talk_seconds=300, hold_seconds=60.0, wrap_up_seconds=120)
    assert 480.0 == read(figures(desk.records, as_of_ms=NOON), "support_handle_time_mean_seconds")


def test_60_per_cent_promoters_less_20_per_cent_detractors_are_40() -> None:
    desk = Desk()
    for number, score in enumerate([9, 10, 9, 10, 9, 10, 7, 8, 6, 0]):
        desk.surveyed(f"T{number}", "11:45", "nps", score)
    found = figures(desk.records, as_of_ms=NOON)
    assert 40.0 == read(found, "support_nps_score")
    assert 10 == read(found, "support_nps_observations")
    assert -12.6 == round(read(found, "support_nps_interval_score", bound="low") or 0, 1)
    assert 74.1 == round(read(found, "support_nps_interval_score", bound="high") or 0, 1)


@pytest.mark.parametrize(("n", "low", "high"), [(10, -12.6, 74.1), (100, 23.4, 54.3), (1000, 34.9, 44.8)])
def test_the_interval_narrows_with_the_answers(n: int, low: float, high: float) -> None:
    found = nps_interval(promoters=n * 6 // 10, detractors=n * 2 // 10, n=n)
    assert (low, high) == tuple(round(bound, 1) for bound in found)


def test_65_satisfied_of_80_are_81_25_per_cent() -> None:
    desk = Desk()
    for number in range(80):
        desk.surveyed(f"T{number}", "11:45", "csat", 4 if number < 65 else 3)
    assert 0.8125 == read(figures(desk.records, as_of_ms=NOON), "support_csat_ratio")


def test_effort_counts_give_a_mean_of_4_08() -> None:
    """80 x 1 + 210 x 2 + 140 x 3 + 110 x 4 + 160 x 5 + 180 x 6 + 120 x 7 = 4,080 over 1,000.

    Easy 300 - hard 430 = -130.
    """
    desk = Desk()
    scores = [
        score for score, count in enumerate([80, 210, 140, 110, 160, 180, 120], 1) for _ in range(count)
    ]
    for number, score in enumerate(scores):
        desk.surveyed(f"T{number}", "11:45", "ces", score)
    found = figures(desk.records, as_of_ms=NOON)
    assert 4.08 == read(found, "support_effort_mean_score")
    assert -0.13 == read(found, "support_effort_net_ratio")


def test_500_tickets_of_100_customers_are_exactly_5() -> None:
    desk = Desk()
    for number in range(500):
        desk.created(f"T{number}", "11:30", customer_id=f"C{number % 100}")
    found = figures(desk.records, as_of_ms=NOON)
    assert 5.0 == read(found, "support_tickets_per_customer")
    assert 100 == read(found, "support_tickets_per_customer_observations")
    assert 5.0 == read(found, "support_tickets_per_customer", by="team", member="billing")
    assert read(found, "support_tickets_per_customer", by="channel", member="mail") is None


@pytest.mark.parametrize("window", ["30d", "365d"])
def test_480_at_the_end_less_200_new_over_500_are_56_per_cent(window: str) -> None:
    """500 before the window, 220 of them leave, 200 join: 480 at the end; (480 - 200) / 500 = 0.56."""
    desk = Desk()
    for number in range(500):
        desk.customer(f"C{number}", "2022-06-01 00:00", "joined")
        if number < 220:
            desk.customer(f"C{number}", "2024-03-01 00:00", "left")
    for number in range(200):
        desk.customer(f"N{number}", "2024-03-02 00:00", "joined")
    found = figures(desk.records, as_of_ms=NOON)
    assert 0.56 == read(found, "support_customer_retention_ratio", window=window)
    assert pytest.approx(0.44) == read(found, "support_customer_churn_ratio", window=window)
    assert 500 == read(found, "support_customer_retention_observations", window=window)
    assert 1.0 == read(found, "support_customer_retention_ratio", window="30d", period="previous")


@pytest.mark.parametrize(("percent", "expected"), [(50, 10), (90, 18), (95, 19), (1, 1), (100, 20)])
def test_the_rank_is_exact_where_doubles_would_slip(percent: int, expected: int) -> None:
    assert expected == nearest_rank(range(1, 21), percent)


def test_customers_are_estimated_from_registers_until_they_are_all_in_use() -> None:
    assert 0 == estimate_customers(0)
    assert 100 == estimate_customers(100)
    # half in use: 2^24 x ln 2 = 16,777,216 x 0.693147, collisions given back
    assert 11_629_080 == estimate_customers(1 << 23)
    assert estimate_customers(1 << 24) is None
