"""From a story to a Prometheus that answers: made once, kept until the code or the story changes."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deskpulse.lab.brokers.process import free_ports
from proofs.history.blocks import Blocks, HistoryError
from proofs.history.rules import alerted, in_order, levels, read, recorded
from proofs.history.scrapes import scrapes
from proofs.history.stories import Story
from proofs.local_prometheus import LocalPrometheus, PrometheusError
from scripts.tidy import ROOT

KEPT: Final = ROOT / "build" / "history"
RULES: Final = ROOT / "monitoring" / "rules"
_TOOLS: Final = ("prometheus", "promtool")
# What scrapes and rules are made from: when any of it changes, they are made anew.
_OF_SCRAPES: Final = (
    *(
        "windows",
        "streams",
        "kpis",
        "deskpulse/lab/simulator",
        "deskpulse/lab/demo/story.py",
        "deskpulse/settings",
        "deskpulse/policy",
    ),
    "exporters/metrics",
    "exporters/reading/status.py",
    "proofs/history/scrapes.py",
)
_OF_RULES: Final = ("monitoring/rules", "proofs/history/rules.py")


@dataclass(frozen=True, slots=True)
class History:
    """A story and the data folder of a Prometheus that has it.

    Do not start one there: `serving` works on a copy.
    """

    story: Story
    data: Path


def missing_tools() -> list[str]:
    """Programs that must be installed, and are not."""
    return [tool for tool in _TOOLS if shutil.which(tool) is None]


def made(story: Story, *, say: Callable[[str], None] = print, kept: Path = KEPT) -> History:
    """The history of a story: that of an earlier call, or a new one (some two minutes).

    Errors: HistoryError, PrometheusError.
    """
    if missing := missing_tools():
        raise HistoryError(
            f"{missing[0]} is not installed: apt-get install --no-install-recommends prometheus"
        )
    own = hashlib.sha256(repr((story, story.desk, story.spans())).encode())
    scraped = _kept(
        kept / story.name / "scrapes", _digest(own, _OF_SCRAPES), lambda folder: _scrape(story, folder, say)
    )
    ruled = _kept(
        kept / story.name / "rules",
        _digest(own, (*_OF_SCRAPES, *_OF_RULES)),
        lambda folder: _rule(story, scraped, folder, say),
    )
    return History(story, ruled / "data")


def _kept(place: Path, digest: str, make: Callable[[Path], None]) -> Path:
    """A folder that is made once for a digest; what was made for another one goes."""
    folder = place / digest
    if not folder.exists():
        partial = place / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        make(partial)
        for old in place.iterdir():
            if old != partial:
                shutil.rmtree(old)
        partial.rename(folder)
    return folder


@contextmanager
def serving(history: History, port: int | None = None) -> Iterator[LocalPrometheus]:
    """A Prometheus that has a history and scrapes nothing, on loopback. Errors: PrometheusError."""
    with tempfile.TemporaryDirectory(prefix="deskpulse-history-") as folder:
        shutil.copytree(history.data, Path(folder) / "data")
        with _running(Path(folder), port) as prometheus:
            yield prometheus


def _scrape(story: Story, folder: Path, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    say(f"history: {story.name}: {story.about}; {story.hours} h until {story.now} ...")
    with Blocks(folder / "data") as blocks:
        instants = scrapes(story)
        for span in story.spans():
            blocks.write(line for _ in span for line in next(instants)[1])
    say(f"history: {story.name}: scraped, {time.monotonic() - began:.0f} s")


def _rule(story: Story, scraped: Path, folder: Path, say: Callable[[str], None]) -> None:
    began, spans = time.monotonic(), story.spans()
    shutil.copytree(scraped / "data", folder / "data")
    for level in levels(read(RULES)):
        several = {name for name, count in Counter(rule.record for rule in level).items() if count > 1}
        lines: list[list[str]] = [[] for _ in spans]
        shared: list[list[str]] = [[] for _ in spans]
        with _running(folder) as prometheus:
            for rule in level:
                found = alerted(prometheus, rule, spans) if rule.alert else recorded(prometheus, rule, spans)
                for number, some in found:
                    (shared if rule.record in several else lines)[number].extend(some)
        with Blocks(folder / "data") as blocks:
            for alone, together in zip(lines, shared, strict=True):
                blocks.write([*alone, *in_order(together)])
    say(f"history: {story.name}: rules evaluated, {time.monotonic() - began:.0f} s")


@contextmanager
def _running(folder: Path, port: int | None = None) -> Iterator[LocalPrometheus]:
    """A Prometheus on the data of a folder. It knows what is there when it starts."""
    prometheus = LocalPrometheus(
        folder=folder, job="nothing", targets=(), port=free_ports(1)[0] if port is None else port
    )
    prometheus.start()
    try:
        prometheus.wait()
        yield prometheus
    finally:
        prometheus.stop()


def _digest(own: hashlib._Hash, sources: Iterable[str]) -> str:
    found = own.copy()
    for source in sources:
        at = ROOT / source
        files = (
            [at]
            if at.is_file()
            else sorted(path for path in at.rglob("*") if path.suffix in (".py", ".yml", ".yaml"))
        )
        for path in files:
            found.update(path.read_bytes())
    return found.hexdigest()[:12]


__all__ = ["History", "HistoryError", "PrometheusError", "made", "missing_tools", "serving"]
