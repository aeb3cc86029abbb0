"""Files of events for `replay`: JSONL as it is, anything else through a mapping.

Dirty lines are reported and stop nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from deskpulse.ingest.events_io import BadLine, TimedEvent, read_events, record_key, to_ms
from deskpulse.ingest.mapping import DirtyRows, MappingError, load_mapping, map_file

_EXAMPLES: Final = 5
_READ_EVERY: Final = 1_000  # lines between two words of progress

Progress = Callable[[int], None]


class InputError(Exception):
    """A file that cannot be used at all: the text names it and the fix."""


def read_timed_events(
    file: Path, mapping: Path | None = None, *, on_progress: Progress = lambda _: None
) -> tuple[list[TimedEvent], list[str]]:
    """Events of all topics in the order of their times, and what to say of dirty lines.

    Events with equal times keep the file's order. Errors: InputError.
    """
    complaints: list[str] = []
    try:
        found = (
            _lines(file, complaints, on_progress)
            if mapping is None
            else _mapped(file, mapping, complaints, on_progress)
        )
        events = sorted(found, key=lambda event: event.publish_ms)
    except MappingError as error:
        raise InputError(str(error)) from error
    except OSError as error:
        raise InputError(f"{error.filename}: {error.strerror}; fix: name a readable file") from error
    return events, complaints


def printable(text: str) -> str:
    r"""A text from a file, safe on a terminal.

    What controls one, or turns the direction of writing, is shown as its code.

    >>> printable("T-1\x1b[2J é"), printable("\u202etxt")
    ('T-1\\x1b[2J é', '\\u202etxt')
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _mapped(file: Path, mapping: Path, complaints: list[str], on_progress: Progress) -> Iterator[TimedEvent]:
    dirty = DirtyRows()
    for event in map_file(file, load_mapping(mapping), dirty, on_progress=on_progress):
        topic = str(event.pop("topic"))
        yield TimedEvent(to_ms(event["occurred_at"]), topic, record_key(topic, event), event)
    if dirty.count:
        complaints.extend(dirty.lines())


def _lines(file: Path, complaints: list[str], on_progress: Progress) -> Iterator[TimedEvent]:
    bad: list[BadLine] = []
    unkeyed = 0
    for number, (topic, raw) in enumerate(read_events(file, bad.append), start=1):
        if number % _READ_EVERY == 0:
            on_progress(number)
        event = msgspec.json.decode(raw, type=dict[str, Any])
        del event["topic"]
        try:
            yield TimedEvent(to_ms(event.get("occurred_at")), topic, record_key(topic, event), event)
        except (KeyError, ValueError):
            unkeyed += 1
    if bad:
        complaints.append(f"{len(bad)} lines are not events and were left out, such as:")
        complaints.extend(f"  {line}" for line in bad[:_EXAMPLES])
    if unkeyed:
        complaints.append(
            f"{unkeyed} events without a readable occurred_at or without the identifier of their key were "
            "left out"
        )
