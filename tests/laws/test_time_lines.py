"""A ticket's time line: whatever happens to it, in any order, it counts what the oracle counts."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.laws.facts import Content, agrees, row_of
from tests.laws.ledgers import contents
from windows.panes import DAY_MS

THOROUGH = settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
SILENCES_MS = tuple(days * DAY_MS for days in (0, 0, 0, 62, 70, 200, 380))
of_one_ticket = st.lists(contents("T1"), max_size=18)


@THOROUGH
@given(of_one_ticket)
def test_a_row_contributes_what_the_oracle_sees(found: list[Content]) -> None:
    agrees(row_of(found), found)


@THOROUGH
@given(of_one_ticket, st.integers(0, 1 << 32))
def test_it_does_so_over_long_silences_too(found: list[Content], seed: int) -> None:
    """Of what lies behind a silence that a row does not outlast nothing can be retracted."""
    random = Random(seed)
    spread = [
        (topic, {**content, "occurred_at": content["occurred_at"] + random.choice(SILENCES_MS)})
        for topic, content in found
    ]
    agrees(row_of(spread), spread)
