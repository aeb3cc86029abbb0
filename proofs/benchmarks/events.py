"""The events that are measured.

Simulated once for a seed and a count, kept in `build/bench/`, the same bytes at every run.

A simulation is one sequence, so several desks are simulated at once, each in a process, and merged by the
time of publication.
"""

from __future__ import annotations

import hashlib
import heapq
import multiprocessing
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from deskpulse.ingest.events_io import TimedEvent, encode, to_ms
from deskpulse.lab.simulator import DEFAULT_DESK, simulate
from streams.topics import SOURCE_TOPICS

START_MS: Final = 1_709_510_400_000  # 2024-03-04, a Monday: everything is past, and the same at every run
# of all desks: a million events are about four weeks, a thousand times real time
TICKETS_PER_HOUR: Final = 300.0
_DESKS: Final = 4
# that existing customers are some hundredths of the events, however few are asked for
_EVENTS_PER_CUSTOMER: Final = 50
_BLOCK: Final = 5_000
_LENGTH: Final = struct.Struct("<I")
_ROOT: Final = Path(__file__).resolve().parents[2]

OnProgress = Callable[[int], None]  # events so far


class BenchEvent(NamedTuple):
    """A record to be written: topic without prefix, key, value."""

    topic: str
    key: bytes
    value: bytes


def prepare(folder: Path, *, seed: int, count: int, on_simulated: OnProgress, on_merged: OnProgress) -> Path:
    """The file of exactly `count` events, simulated unless it is there already."""
    path = folder / f"events-{seed}-{count}-{_simulator_digest()}.bin"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob(f"events-{seed}-{count}-*"):  # of an older simulator, or half written
        stale.unlink()
    parts = [path.with_suffix(f".{number}") for number in range(_DESKS)]
    _simulate_all(parts, seed=seed, count=count, on_progress=on_simulated)
    merged = heapq.merge(*map(_read, parts), key=lambda row: (row[0], row[1]))
    unfinished = path.with_suffix(".part")
    _write(unfinished, (row[2:] for row in merged), on_merged)
    for part in parts:
        part.unlink()
    return unfinished.rename(path)


def read(path: Path) -> Iterator[BenchEvent]:
    """All events of a file, in the order of publication."""
    for number, key, value in _read(path):
        yield BenchEvent(SOURCE_TOPICS[number], key, value)


def _simulate_all(parts: list[Path], *, seed: int, count: int, on_progress: OnProgress) -> None:
    context = multiprocessing.get_context("spawn")
    done = context.Array("q", _DESKS)
    with ProcessPoolExecutor(min(_DESKS, os.cpu_count() or 1), context, _share, (done,)) as pool:
        sizes = [count // _DESKS + (number < count % _DESKS) for number in range(_DESKS)]
        jobs = [
            pool.submit(_simulate, part, number, seed, size)
            for number, (part, size) in enumerate(zip(parts, sizes, strict=True))
        ]
        while wait(jobs, timeout=0.2).not_done:
            on_progress(sum(done[:]))
        for job in jobs:
            job.result()
    on_progress(sum(done[:]))


_done: Any = None  # in a child: how far each desk is


def _share(done: Any) -> None:
    global _done  # noqa: PLW0603 - how a process pool hands shared memory to its children
    _done = done


def _simulate(path: Path, number: int, seed: int, count: int) -> None:
    def tell(written: int) -> None:
        _done[number] = written

    desk = replace(DEFAULT_DESK, max_customers=max(1, count // _EVENTS_PER_CUSTOMER))
    events = simulate(
        seed=seed * _DESKS + number, start_ms=START_MS, rate_per_hour=TICKETS_PER_HOUR / _DESKS, desk=desk
    )
    _write(path, map(_row, islice(events, count)), tell)


def _row(event: TimedEvent) -> tuple[int, int, int, bytes, bytes]:
    # Existing customers are published at once: merged by event time, else those of the second desk would be
    # too late behind the first.
    happened_ms = to_ms(event.value["occurred_at"]) if event.publish_ms == START_MS else 0
    return event.publish_ms, happened_ms, SOURCE_TOPICS.index(event.topic), event.key, encode(event.value)


def _write(path: Path, rows: Iterable[Any], on_progress: OnProgress) -> None:
    """Blocks of rows, each behind its length."""
    rows, written = iter(rows), 0
    with path.open("wb") as file:
        while block := list(islice(rows, _BLOCK)):
            body = msgspec.msgpack.encode(block)
            file.write(_LENGTH.pack(len(body)) + body)
            written += len(block)
            on_progress(written)


def _read(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        while head := file.read(_LENGTH.size):
            yield from msgspec.msgpack.decode(file.read(_LENGTH.unpack(head)[0]))


def _simulator_digest() -> str:
    """Changes with the simulator: a file of older code would be other events under the same name."""
    product = _ROOT / "deskpulse"
    sources = [
        *sorted((product / "lab" / "simulator").glob("*.py")),
        product / "ingest" / "events_io.py",
        Path(__file__),
    ]
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()[:8]
