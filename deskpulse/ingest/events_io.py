"""Event files: JSONL, one event a line, each the event of the contract plus its `topic`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from deskpulse.times import parse_time_ms
from streams.sources import BY_TOPIC
from streams.topics import SOURCE_TOPICS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class TimedEvent(NamedTuple):
    """An event and when it is published.

    It never happens after its publication, though the clock that it is stamped by may be fast.
    """

    publish_ms: int  # epoch milliseconds
    topic: str
    key: bytes
    value: dict[str, object]


class BadLine(NamedTuple):
    """A line of an event file that names no event: a value, so that one bad line stops nothing."""

    path: Path
    line: int  # from 1
    reason: str

    def __str__(self) -> str:
        """`file:line: reason`, as editors and people read it."""
        return f"{self.path}:{self.line}: {self.reason}"


class EventFileError(ValueError):
    """A bad line, where the caller did not ask to hear of bad lines."""


class _Envelope(msgspec.Struct):
    """The two fields that a reader needs before the contract's decoder looks at the rest."""

    topic: str | None = None
    occurred_at: int | str | None = None


# the last two are not MsgspecError
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_envelope: Final = msgspec.json.Decoder(_Envelope)


def read_events(
    path: Path, on_bad_line: Callable[[BadLine], None] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield (topic, raw line) of each line, in file order; blank lines are passed over.

    The raw line still holds `topic`; the contract ignores unknown fields, so it decodes as it is. Errors: a
    line without JSON or without a source topic goes to `on_bad_line`, and without one raises EventFileError.
    """
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            raw = text.strip()
            if not raw:
                continue
            topic, fault = _topic_of(raw)
            if topic is not None:
                yield topic, raw
                continue
            bad = BadLine(path, number, fault)
            if on_bad_line is None:
                raise EventFileError(str(bad))
            on_bad_line(bad)


def write_events(path: Path, events: Iterable[Mapping[str, object]]) -> int:
    """Write events that carry their `topic`, one a line; return how many.

    The file appears under its name only when it is complete, so a reader never takes half a file for a whole
    one.
    """
    part = path.with_name(f"{path.name}.part")
    count = 0
    with part.open("wb") as file:
        for event in events:
            file.write(encode(event) + b"\n")
            count += 1
    part.replace(path)
    return count


def sort_by_event_time(events: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """All events in event-time order across topics; equal times keep their order.

    Held in memory. An event whose time cannot be read stays behind the one it followed: the decoder rejects
    it later.
    """
    latest_ms = 0
    timed: list[tuple[int, tuple[str, bytes]]] = []
    for topic, raw in events:
        at_ms = _occurred_ms(raw)
        latest_ms = latest_ms if at_ms is None else at_ms
        timed.append((latest_ms, (topic, raw)))
    timed.sort(key=lambda item: item[0])
    return [event for _, event in timed]


def record_key(topic: str, event: Mapping[str, object]) -> bytes:
    """Kafka's key of an event: `customer_id` for customers, `team` for presence, else `ticket_id`.

    A survey without a ticket has its `customer_id` as key.
    """
    return str(event[BY_TOPIC[topic].key_field(event)]).encode()


def encode(event: Mapping[str, object]) -> bytes:
    """JSON bytes of an event, fields in their given order."""
    return msgspec.json.encode(event)


def to_rfc3339(at_ms: int) -> str:
    """UTC with milliseconds and `Z`.

    >>> to_rfc3339(1_767_605_400_120)
    '2026-01-05T09:30:00.120Z'
    """
    return (_EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds")[:-6] + "Z"


def to_ms(instant: object) -> int:
    """Integer milliseconds since the epoch of an RFC 3339 text with an offset, or of milliseconds already.

    Errors: ValueError for anything else, also for a text without an offset.

    >>> to_ms("2026-01-05T10:30:00.120+01:00")
    1767605400120
    """
    if isinstance(instant, str):
        return parse_time_ms(instant)
    if isinstance(instant, int) and not isinstance(instant, bool):
        return instant
    raise ValueError(f"{instant!r} is neither integer milliseconds nor RFC 3339 with an offset")


def _topic_of(raw: bytes) -> tuple[str | None, str]:
    """The source topic, or None and what is wrong with the line."""
    try:
        topic = _envelope.decode(raw).topic
    except _UNREADABLE as error:
        return None, f"not an event: {error}"
    if topic in SOURCE_TOPICS:
        return topic, ""
    return None, f"topic is {json.dumps(topic)}; it must be one of {', '.join(SOURCE_TOPICS)}"


def _occurred_ms(raw: bytes) -> int | None:
    try:
        return to_ms(_envelope.decode(raw).occurred_at)
    except (*_UNREADABLE, ValueError):
        return None
