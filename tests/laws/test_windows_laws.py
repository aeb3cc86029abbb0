"""Laws of the windowed tables: cells are a group, buckets are within 1 %, rolling sums are plain sums."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from windows import histogram
from windows.cells import Cells, add, difference, subtract
from windows.panes import HOUR_MS, MINUTE, MINUTE_MS, QUARTER
from windows.rolling import RollingSums, Slot
from windows.spans import WINDOWS

cells = st.dictionaries(st.integers(0, 5), st.integers(-3, 3).filter(bool))


def plus(one: Cells, other: Cells) -> Cells:
    total = dict(one)
    add(total, other)
    return total


@given(cells, cells, cells)
def test_cells_are_a_commutative_group(one: Cells, two: Cells, three: Cells) -> None:
    assert plus(plus(one, two), three) == plus(one, plus(two, three))
    assert plus(one, two) == plus(two, one)
    assert plus(one, {}) == one
    assert {} == plus(one, difference({}, one))
    total = plus(one, two)
    subtract(total, two)
    assert one == total
    assert plus(one, difference(two, one)) == two


@given(cells, cells)
def test_no_cell_is_ever_zero(one: Cells, two: Cells) -> None:
    assert all(plus(one, two).values())
    assert all(difference(one, two).values())


@given(st.integers(0, (1 << 40) - 1))
def test_a_bucket_stands_for_its_values_within_one_percent(value: int) -> None:
    number = histogram.bucket(value)
    assert abs(histogram.middle(number) - value) <= 0.01 * value
    assert histogram.bucket(histogram.BOUNDS[number]) == number
    assert not number or histogram.BOUNDS[number - 1] < value <= histogram.BOUNDS[number]


@given(
    st.lists(st.integers(0, 1 << 36), min_size=1, max_size=60), st.sampled_from([0.01, 0.5, 0.9, 0.95, 1.0])
)
def test_a_quantile_is_within_one_percent_of_the_value_of_its_rank(values: list[int], q: float) -> None:
    counts: Cells = {}
    for value in values:
        add(counts, {histogram.bucket(value): 1})
    found = histogram.quantile(sorted(counts.items()), q)
    rank = max(1, -int(-q * len(values) // 1))
    exact = sorted(values)[rank - 1]
    assert found is not None
    assert abs(found - exact) <= 0.01 * exact


def test_targets_are_counted_exactly() -> None:
    """15 minutes is a bound: a millisecond more is not `within 15 minutes`."""
    for target in histogram.EXACT_MS:
        assert 1 == histogram.at_most(
            [(histogram.bucket(target), 1), (histogram.bucket(target + 1), 1)], target
        )


SLOTS = [
    Slot(w, p, ZoneInfo("Europe/Madrid"))
    for w in WINDOWS
    if w.name in {"1h", "8h", "today"}
    for p in w.periods
]
START_MS = 1_774_700_000_000  # a day before the clocks of Europe change
changes = st.tuples(st.integers(-200, 40), st.sampled_from("ab"), cells)
steps = st.lists(
    st.tuples(st.integers(0, 30 * HOUR_MS), st.lists(changes, max_size=4)), min_size=1, max_size=8
)


@settings(deadline=None, max_examples=examples(60))
@given(steps)
def test_rolling_sums_are_the_sums_of_their_panes(
    moves: list[tuple[int, list[tuple[int, str, Cells]]]],
) -> None:
    """Whatever changed, and however far time moved, a slot holds the sum of all its panes.

    The minutes that lie ahead are not in it.
    """
    rolling = RollingSums(SLOTS, _split)
    panes: dict[tuple[int, int, str], Cells] = {}
    as_of = START_MS
    for forward, found in moves:
        as_of += forward
        rolling.advance(as_of)
        for back, key, delta in found:
            for resolution in {slot.span(as_of).resolution for slot in SLOTS}:
                pane = resolution.pane(
                    as_of
                    + back * (MINUTE_MS if resolution.length_ms < QUARTER.length_ms else QUARTER.length_ms)
                )
                rolling.change(resolution.index, pane, key, delta)
                add(panes.setdefault((resolution.index, pane, key), {}), delta)
        for slot in SLOTS:
            for group in ("a", "b", "all"):
                assert _sum(panes, slot, group, as_of) == rolling.cells(slot, group), (slot, group)


def _split(_: Slot, key: Hashable, found: Mapping[int, int]) -> Iterable[tuple[Hashable, Mapping[int, int]]]:
    return ((key, found), ("all", found))


def _sum(panes: Mapping[tuple[int, int, str], Cells], slot: Slot, group: str, as_of_ms: int) -> Cells:
    part, ahead = slot.span(as_of_ms), slot.ahead(as_of_ms)
    total: Cells = {}
    for (resolution, pane, key), found in panes.items():
        if resolution == part.resolution.index and part.first <= pane <= part.last and group in {key, "all"}:
            add(total, found)
        if (
            ahead is not None
            and resolution == MINUTE.index
            and ahead.first <= pane <= ahead.last
            and group in {key, "all"}
        ):
            subtract(total, found)
    return total
