"""Rows are shown only when a position row vouches for them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from exporters.reading.buffer import RowBuffer
from kpis.ledger.codec import POSITION_KEY


def test_rows_without_a_position_row_are_held_back() -> None:
    buffer = RowBuffer()
    assert [] == buffer.take([(b"a", b"1")])
    assert [] == buffer.take([(b"b", None)])
    assert [(b"a", b"1"), (b"b", None), (POSITION_KEY, b"p")] == buffer.take([(POSITION_KEY, b"p")])


def test_what_follows_the_last_position_row_waits_for_the_next() -> None:
    buffer = RowBuffer()
    assert [(POSITION_KEY, b"1")] == buffer.take([(POSITION_KEY, b"1"), (b"a", b"1")])
    assert 1 == len(buffer)
    assert [(b"a", b"1"), (POSITION_KEY, b"2")] == buffer.take([(POSITION_KEY, b"2")])


def test_the_position_row_comes_last_also_when_several_transactions_arrive_at_once() -> None:
    rows = RowBuffer().take([(POSITION_KEY, b"1"), (b"a", b"1"), (POSITION_KEY, b"2")])
    assert [(b"a", b"1"), (POSITION_KEY, b"2")] == rows


def test_forgetting_leaves_nothing() -> None:
    buffer = RowBuffer()
    buffer.take([(b"a", b"1")])
    buffer.clear()
    assert [(POSITION_KEY, b"p")] == buffer.take([(POSITION_KEY, b"p")])


keys = st.sampled_from([b"a", b"b", b"c", POSITION_KEY])


@given(st.lists(st.tuples(keys, st.binary(max_size=2))), st.lists(st.integers(0, 30)))
def test_however_the_log_is_cut_the_rows_shown_are_those_up_to_its_last_position_row(
    log: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    buffer, shown = RowBuffer(), dict[bytes, bytes | None]()
    edges = [0, *sorted(min(cut, len(log)) for cut in cuts), len(log)]
    for start, end in pairwise(edges):
        shown.update(buffer.take(log[start:end]))
    last = max((index for index, (key, _) in enumerate(log) if key == POSITION_KEY), default=-1)
    assert dict(log[: last + 1]) == shown
