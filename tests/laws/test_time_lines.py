"""A ticket's time line: whatever happens to it, in any order, it counts what the oracle counts."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.laws.facts import Content, agrees, row_of
from tests.laws.ledgers import contents

THOROUGH = settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@THOROUGH
@given(st.lists(contents("T1"), max_size=16), st.randoms(use_true_random=False))
def test_a_row_contributes_what_the_oracle_sees(found: list[Content], random: object) -> None:
    agrees(row_of(found), found)
