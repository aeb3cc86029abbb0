"""Event files: what is written reads back, a bad line is told by its number, replay gets event-time order."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskpulse.ingest.events_io import (
    BadLine,
    EventFileError,
    encode,
    read_events,
    record_key,
    sort_by_event_time,
    to_ms,
    to_rfc3339,
    write_events,
)

GOOD = {"topic": "resolved", "event_id": "e1", "occurred_at": 1_000, "ticket_id": "T1"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_what_is_written_reads_back_and_blank_lines_are_passed_over(path: Path) -> None:
    assert 2 == write_events(path, [GOOD, GOOD])
    path.write_bytes(path.read_bytes() + b"\n  \r\n" + encode(GOOD))
    assert [("resolved", encode(GOOD))] * 3 == list(read_events(path))


def test_a_file_appears_only_when_it_is_complete(path: Path) -> None:
    def broken() -> object:
        yield GOOD
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_events(path, broken())  # type: ignore[arg-type]
    assert not path.exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "not an event: "),
        (b'{"topic": "\xff"}', "not an event: "),
        (b"[1]", "not an event: "),
        (b"{}", "topic is null; it must be one of ticket-created, "),
        (b'{"topic": "resovled"}', 'topic is "resovled"; it must be one of'),
        (b'{"topic": 5}', "not an event: "),
        (b"[" * 100_000, "not an event: "),
    ],
)
def test_a_bad_line_is_told_with_file_and_line(path: Path, line: bytes, told: str) -> None:
    path.write_bytes(encode(GOOD) + b"\n\n" + line + b"\n" + encode(GOOD) + b"\n")
    with pytest.raises(EventFileError, match=r"events\.jsonl:3: "):
        list(read_events(path))
    bad: list[BadLine] = []
    assert 2 == len(list(read_events(path, bad.append)))
    assert [(path, 3)] == [(one.path, one.line) for one in bad]
    assert bad[0].reason.startswith(told)


class TestEventTimeOrder:
    def test_milliseconds_and_rfc_3339_are_one_time_line(self) -> None:
        events = [
            ("resolved", b'{"occurred_at": 3000}'),
            ("ticket-created", b'{"occurred_at": "1970-01-01T00:00:01Z"}'),
            ("first-reply", b'{"occurred_at": "1970-01-01T01:00:02+01:00"}'),
        ]
        assert ["ticket-created", "first-reply", "resolved"] == [
            topic for topic, _ in sort_by_event_time(events)
        ]

    def test_an_event_without_a_readable_time_stays_behind_the_one_it_followed(self) -> None:
        times = ["5", "1", '"yesterday"', "3"]
        events = [("resolved", b'{"occurred_at": %s}' % time.encode()) for time in times]
        events.insert(4, ("survey", b"not even JSON"))
        ordered = [raw for _, raw in sort_by_event_time(events)]
        assert [events[index][1] for index in (1, 2, 3, 4, 0)] == ordered

    @given(st.lists(st.integers(0, 5)))
    def test_sorting_is_stable_and_loses_nothing(self, times: list[int]) -> None:
        events = [("resolved", encode({"occurred_at": time, "n": n})) for n, time in enumerate(times)]
        assert [
            events[index] for index in sorted(range(len(times)), key=times.__getitem__)
        ] == sort_by_event_time(events)


@pytest.mark.parametrize(
    ("topic", "event", "key"),
    [
        ("ticket-created", {"ticket_id": "T", "customer_id": "C"}, b"T"),
        ("survey", {"ticket_id": "T", "customer_id": "C"}, b"T"),
        ("survey", {"ticket_id": None, "customer_id": "C"}, b"C"),
        ("customer", {"customer_id": "Ç"}, "Ç".encode()),
    ],
)
def test_the_record_key_is_the_contracts(topic: str, event: dict[str, object], key: bytes) -> None:
    assert key == record_key(topic, event)


@given(st.integers(0, 7_258_118_399_999))
def test_times_survive_their_text(at_ms: int) -> None:
    assert at_ms == to_ms(to_rfc3339(at_ms)) == to_ms(at_ms)


@pytest.mark.parametrize("wrong", ["2026-01-05T09:00:00", "now", None, 1.5, True])
def test_what_is_no_instant_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError):
        to_ms(wrong)
