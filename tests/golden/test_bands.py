"""Each band of the definitions on its edges, driven as events through the whole path.

The default settings give the colours. A value on a shared edge takes the better band unless the article says
"above" strictly; fewer than ten observations have no colour.
"""

from __future__ import annotations

import pytest

from tests.golden.desk import GoldenDesk, Scrape, ago

MINUTES = 60_000
PHONE = {"by": "channel", "member": "phone"}


def waited(wait_ms: int, n: int = 10) -> Scrape:
    """So many tickets, each answered after the same time."""
    desk = GoldenDesk()
    for number in range(n):
        desk.created(f"T{number}", ago(hours=6))
        desk.first_reply(f"T{number}", ago(hours=6) + wait_ms)
    return desk.scrape()


@pytest.mark.parametrize(
    ("wait_ms", "band"),
    [
        (15 * MINUTES - 1, "exceptional"),
        (15 * MINUTES, "above"),  # "less than 15 min" is strict
        (60 * MINUTES - 1, "above"),
        (60 * MINUTES, "typical"),
        (180 * MINUTES, "typical"),
        (180 * MINUTES + 1, "below"),
    ],
)
def test_first_response(wait_ms: int, band: str) -> None:
    labels = {"window": "24h", "clock": "calendar"}
    assert band == waited(wait_ms).colour("first_response", "support_first_response_mean_seconds", **labels)


def test_nine_tickets_have_no_colour_and_ten_have() -> None:
    """The default minimum is 10: of fewer, a colour would be chance."""
    labels = {"window": "24h", "clock": "calendar"}
    assert (
        waited(MINUTES, n=9).colour("first_response", "support_first_response_mean_seconds", **labels) is None
    )
    assert "exceptional" == waited(MINUTES, n=10).colour(
        "first_response", "support_first_response_mean_seconds", **labels
    )


@pytest.mark.parametrize(
    ("satisfied", "band"),
    [(20, "exceptional"), (19, "exceptional"), (18, "above"), (17, "typical"), (16, "below")],
)
def test_csat(satisfied: int, band: str) -> None:
    """Of 20 answers: 19 are 95 %, 18 are 90 %, 17 are 85 %."""
    desk = GoldenDesk()
    for number in range(20):
        desk.created(f"T{number}", ago(minutes=40))
        desk.answered(f"T{number}", ago(minutes=10), "csat", 5 if number < satisfied else 1)
    assert band == desk.scrape().colour("csat", "support_csat_ratio")


@pytest.mark.parametrize(
    ("solved", "band"),
    [(91, "exceptional"), (90, "above"), (85, "above"), (84, "typical"), (70, "typical"), (69, "below")],
)
def test_resolution(solved: int, band: str) -> None:
    """Of 100 tickets; "above 90 %" is strict, so 90 is not exceptional."""
    desk = GoldenDesk()
    for number in range(100):
        desk.created(f"T{number}", ago(days=2))
        if number < solved:
            desk.resolved(f"T{number}", ago(days=1))
    assert band == desk.scrape().colour("resolution", "support_resolution_ratio", window="30d")


@pytest.mark.parametrize(
    ("seconds", "band"),
    [
        (120, "exceptional"),
        (120.001, "above"),
        (239.999, "above"),
        (240, "typical"),
        (480, "typical"),
        (480.001, "below"),
    ],
)
def test_handle_time(seconds: float, band: str) -> None:
    desk = GoldenDesk()
    for number in range(10):
        desk.created(f"T{number}", ago(minutes=40))
        desk.resolved(f"T{number}", ago(minutes=10), talk_seconds=seconds)
    assert band == desk.scrape().colour("handle_time", "support_handle_time_mean_seconds", **PHONE)


@pytest.mark.parametrize(
    ("promoters", "detractors", "band"),
    [
        (71, 0, "exceptional"),
        (70, 0, "above"),
        (60, 10, "above"),
        (49, 0, "typical"),
        (50, 20, "typical"),
        (49, 20, "below"),
    ],
)
def test_nps(promoters: int, detractors: int, band: str) -> None:
    """Of 100 answers: 70 - 0 = 70 is not above 70; 60 - 10 = 50; 50 - 20 = 30."""
    desk = GoldenDesk()
    for number in range(100):
        desk.created(f"T{number}", ago(minutes=40))
        score = 9 if number < promoters else 6 if number < promoters + detractors else 8
        desk.answered(f"T{number}", ago(minutes=10), "nps", score)
    assert band == desk.scrape().colour("nps", "support_nps_score")


@pytest.mark.parametrize(
    ("kept", "band"),
    [(91, "exceptional"), (90, "above"), (85, "above"), (84, "typical"), (80, "typical"), (79, "below")],
)
def test_retention(kept: int, band: str) -> None:
    """Of 100 customers at the start of the year; 30 new ones change nothing: (kept + 30 - 30) / 100."""
    desk = GoldenDesk()
    for number in range(100):
        desk.customer(f"C{number}", ago(days=400), "joined")
        if number >= kept:
            desk.customer(f"C{number}", ago(days=100), "left")
    for number in range(30):
        desk.customer(f"N{number}", ago(days=50), "joined")
    assert band == desk.scrape().colour("retention", "support_customer_retention_ratio", window="365d")


@pytest.mark.parametrize(
    ("tickets", "band"), [(30, "exceptional"), (31, "typical"), (50, "typical"), (51, "below")]
)
def test_tickets_per_customer(tickets: int, band: str) -> None:
    """Of 10 customers; the gap between 3 and 5 is one band: nothing is "above"."""
    desk = GoldenDesk()
    for number in range(tickets):
        desk.created(f"T{number}", ago(days=1), customer=f"C{number % 10}")
    assert band == desk.scrape().colour("tickets_per_customer", "support_tickets_per_customer", window="30d")
