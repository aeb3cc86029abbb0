"""When a partition has caught up, when it is stuck, when it must be read again."""

from exporters.reading.progress import ReadingProgress
from kpis.ledger.codec import POSITION_KEY


def begun(target: int = 10) -> ReadingProgress:
    progress = ReadingProgress(now=0.0)
    progress.begin(first=0, target=target, now=0.0)
    return progress


def note(
    progress: ReadingProgress,
    now: float,
    *,
    position: int,
    end: int,
    stable: int | None = None,
    heard_ms: int | None = None,
) -> None:
    stable, now_ms = end if stable is None else stable, int(now * 1000)
    heard_ms = now_ms if heard_ms is None else heard_ms
    progress.note(position=position, end=end, stable=stable, heard_ms=heard_ms, stamped_ms=now_ms, now=now)


def test_it_has_caught_up_at_the_log_end_seen_at_the_start() -> None:
    progress = begun(target=10)
    note(progress, 1.0, position=9, end=12)
    assert not progress.caught_up
    note(progress, 2.0, position=10, end=14)
    assert progress.caught_up


def test_an_empty_partition_has_caught_up_at_once() -> None:
    progress = begun(target=0)
    progress.note(position=0, end=None, stable=None, heard_ms=None, stamped_ms=100, now=0.1)
    assert progress.caught_up


def test_rows_without_a_position_row_are_not_caught_up() -> None:
    progress = begun(target=1)
    progress.buffer.take([(b"a", b"1")])
    note(progress, 1.0, position=1, end=1)
    assert not progress.caught_up
    assert 1 == progress.status(1.0).held_rows


def test_an_open_transaction_is_stuck_once_the_stable_offset_rests() -> None:
    progress = begun()
    note(progress, 1.0, position=10, end=20, stable=10)
    note(progress, 4.0, position=10, end=25, stable=10)
    assert (3.0, 15) == (progress.status(4.0).stuck_seconds, progress.status(4.0).unstable)
    # it moves: a worker that writes all the time is always a bit behind
    note(progress, 5.0, position=12, end=25, stable=12)
    assert 0.0 == progress.status(5.0).stuck_seconds
    note(progress, 6.0, position=25, end=25)
    assert (0.0, 0) == (progress.status(6.0).stuck_seconds, progress.status(6.0).unstable)


def test_a_broker_without_a_stable_offset_has_no_open_transactions() -> None:
    progress = begun()
    note(progress, 1.0, position=10, end=10, stable=-1)
    assert 0 == progress.status(1.0).unstable


def test_a_reader_that_lagged_for_too_long_must_start_again() -> None:
    """A tombstone may be gone after a day; a reader that was last current 13 h ago may have missed it."""
    progress = begun()
    note(progress, 1.0, position=10, end=10)
    assert not progress.stalled(1.0 + 12 * 3600, limit_seconds=43_200)
    assert progress.stalled(1.0 + 13 * 3600, limit_seconds=43_200)


def test_silence_is_no_proof_of_being_current() -> None:
    """Position and end of an old answer agree for ever: only a new answer says that nothing came after."""
    progress = begun()
    note(progress, 1.0, position=10, end=10, heard_ms=1000)
    note(progress, 50_000.0, position=10, end=10, heard_ms=1000)
    assert progress.stalled(50_000.0, limit_seconds=43_200)


def test_an_answer_from_before_a_long_sleep_is_as_old_as_it_is() -> None:
    progress = begun()
    note(progress, 50_000.0, position=10, end=10, heard_ms=1000)
    assert 1.0 == progress.heard_at
    assert progress.stalled(50_000.0, limit_seconds=43_200)


def test_a_forgotten_partition_starts_from_nothing() -> None:
    progress = begun(target=0)
    note(progress, 1.0, position=5, end=5)
    progress.buffer.take([(b"a", b"1")])
    progress.forget()
    assert (None, False, 0) == (progress.position, progress.caught_up, len(progress.buffer))
    assert not progress.stalled(1e9, limit_seconds=1)
    note(progress, 2.0, position=5, end=5)
    assert not progress.caught_up  # no target yet


def test_on_the_way_to_the_target_only_the_last_row_of_each_key_is_kept() -> None:
    """Three rows of one pane and one that was deleted.

    On arrival two rows are handed on, the position row last.
    """
    part = begun(target=7)
    part.gather([(b"pane", b"1"), (b"gone", b"1"), (POSITION_KEY, b"p1")])
    assert [] == part.release(3)
    part.gather([(b"pane", b"2"), (b"gone", None), (POSITION_KEY, b"p2")])
    part.gather([(b"pane", b"3"), (POSITION_KEY, b"p3")])
    note(part, 1.0, position=7, end=7)
    assert not part.caught_up, "what is gathered is not shown yet"
    assert [(b"pane", b"3"), (POSITION_KEY, b"p3")] == part.release(7)
    assert [] == part.release(7)
    note(part, 2.0, position=7, end=7)
    assert part.caught_up
