"""Bands: the table of the KPI definitions as default settings, and its seed examples."""

import pytest

from deskpulse.settings import Band, Settings
from deskpulse.settings.bands import Bound

BANDS = Settings().bands


def band_of(band: Band, figure: float) -> str:
    return next((name for name, bound in band.edges if bound.edge(name).holds(figure)), "below")


@pytest.mark.parametrize(
    ("kpi", "figure", "expected"),
    [
        ("first_response", 240, "exceptional"),  # the seed example: 200 min / 50 = 4 min
        ("first_response", 900, "above"),  # "< 15 min": the edge itself is the next band
        ("first_response", 3_600, "typical"),
        ("first_response", 10_800, "typical"),  # "<= 3 h"
        ("first_response", 10_801, "below"),
        ("csat", 65 / 80, "below"),  # 81.25 %
        ("csat", 0.85, "typical"),
        ("csat", 0.95, "exceptional"),
        ("resolution", 450 / 500, "above"),  # 90 % is not above 90 %
        ("resolution", 0.901, "exceptional"),
        ("resolution", 0.7, "typical"),
        ("handle_time", 800 / 100 * 60, "typical"),  # 8 min
        ("handle_time", 120, "exceptional"),
        ("handle_time", 240, "typical"),
        ("nps", 40, "typical"),
        ("nps", 70, "above"),
        ("nps", 29.9, "below"),
        ("retention", (480 - 200) / 500, "below"),  # 56 %
        ("retention", 0.8, "typical"),
        ("tickets_per_customer", 500 / 100, "typical"),
        ("tickets_per_customer", 3, "exceptional"),
        ("tickets_per_customer", 5.1, "below"),
    ],
)
def test_a_figure_takes_the_first_band_whose_edge_holds(kpi: str, figure: float, expected: str) -> None:
    assert band_of(getattr(BANDS, kpi), figure) == expected


def test_a_band_colours_only_where_it_is_stated_for() -> None:
    assert BANDS.resolution.windows == BANDS.tickets_per_customer.windows == ("30d",)
    assert BANDS.retention.windows == ("365d",)
    assert BANDS.handle_time.channels == ("phone",)
    assert BANDS.first_response.windows is None
    assert BANDS.minimum_observations == 10


def test_an_edge_without_a_band_is_passed_over() -> None:
    assert [name for name, _ in BANDS.tickets_per_customer.edges] == ["exceptional", "typical"]


def test_an_edge_keeps_its_text() -> None:
    assert Bound.parse("<= 3h", "duration") == Bound("<=", 10_800, "")
    assert str(Settings().describe()["bands"]["first_response"]["typical"]) == "<= 3h"
