"""Durations and times as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskpulse.times import format_duration, format_time, parse_duration_ms, parse_time_ms


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("45s", 45_000),
        ("5m", 300_000),
        ("2h", 7_200_000),
        ("7d", 604_800_000),
        ("250ms", 250),
        ("1h30m", 5_400_000),
    ],
)
def test_a_duration_is_a_number_and_its_unit(text: str, expected_ms: int) -> None:
    assert parse_duration_ms(text) == expected_ms


@pytest.mark.parametrize("text", ["", "45", "s", "5 m", "-5s", "5x", "1h 30", "0s", "1,5h", "inf", "5M"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 45s"):
        parse_duration_ms(text)


@given(st.integers(min_value=1, max_value=10**12))
def test_a_formatted_duration_reads_back(ms: int) -> None:
    assert parse_duration_ms(format_duration(ms)) == ms


@given(st.integers(min_value=100_000_000, max_value=7_258_118_399))
def test_a_formatted_time_reads_back(seconds: int) -> None:
    assert parse_time_ms(format_time(seconds * 1000)) == seconds * 1000


def test_epoch_milliseconds_are_a_time() -> None:
    assert parse_time_ms("1272672000000") == parse_time_ms("2010-05-01T00:00:00Z")


def test_epoch_seconds_are_refused_with_the_milliseconds_they_would_be() -> None:
    with pytest.raises(ValueError, match="1272672000000"):
        parse_time_ms("1272672000")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2010-05-01", "2010-05-01T00:00:00", "2010-13-01T00:00:00Z", "12:00Z"]
)
def test_a_time_that_names_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write RFC 3339 with an offset"):
        parse_time_ms(text)
