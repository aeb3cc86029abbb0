"""The law of rounding: seconds as written in JSON become the milliseconds that a person would expect."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from streams.events import Handled


@given(
    st.floats(0, 1e9)
    | st.integers(0, 10**10).map(lambda n: n / 10000)
    | st.integers(0, 10**9).map(lambda n: n + 0.0005)
)
def test_seconds_round_half_up_as_decimal_numbers(seconds: float) -> None:
    """1.0005 s are 1001 ms, although the float is a little less."""
    exact = int((Decimal(repr(seconds)) * 1000).to_integral_value(ROUND_HALF_UP))
    assert (exact, None, None) == Handled(
        event_id="e", occurred_at=0, ticket_id="T1", talk_seconds=seconds
    ).parts_ms()
