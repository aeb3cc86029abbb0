"""The sums and lists that deadlines are kept in, against plain ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kpis.sla.at_risk import ClocksByHour
from kpis.sla.deadlines import Timeline
from windows.cells import Cells, add
from windows.panes import HOUR_MS

deltas = st.lists(
    st.dictionaries(st.integers(0, 30), st.integers(-2, 3).filter(bool), max_size=4), max_size=12
)


@given(deltas, st.integers(-2, 32), st.integers(-2, 32))
def test_a_timeline_sums_what_stands_between_minutes(found: list[Cells], first: int, end: int) -> None:
    timeline = Timeline()
    plain: Cells = {}
    for delta in found:
        timeline.change(delta)
        add(plain, delta)
        assert sum(n for minute, n in plain.items() if first <= minute < end) == timeline.between(first, end)
    assert sum(n for minute, n in plain.items() if minute < first) == timeline.before(first)
    assert sum(plain.values()) == timeline.total
    assert min((minute for minute in plain if minute >= first), default=None) == timeline.following(first)


clocks = st.lists(
    st.tuples(st.sampled_from([f"T{n}" for n in range(12)]), st.integers(0, 5 * HOUR_MS)), max_size=30
)


@given(clocks, st.integers(0, 5 * HOUR_MS))
def test_running_clocks_are_listed_from_an_instant_on_and_back_from_it(
    found: list[tuple[str, int]], from_ms: int
) -> None:
    """Started again, a ticket's clock stops where it ran before."""
    index = ClocksByHour()
    plain: dict[str, int] = {}
    for ticket, due in found:
        if ticket in plain:
            index.stop(ticket, plain.pop(ticket))
        if due % 3:
            index.start(ticket, due)
            plain[ticket] = due
    ordered = sorted((due, ticket) for ticket, due in plain.items())
    assert [one for one in ordered if one[0] >= from_ms] == list(index.ahead(from_ms))
    assert [one for one in reversed(ordered) if one[0] < from_ms] == list(index.behind(from_ms))
    assert (sum(due < from_ms for due, _ in ordered), len(ordered)) == (
        index.count_behind(from_ms),
        index.count,
    )
