"""The exporter through a story.

Events go in, and at every instant the lines that a scrape would bring come out, with their time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from deskpulse.ingest.events_io import TimedEvent
from deskpulse.lab.simulator import simulate
from deskpulse.wiring import exporter_config, state_rules
from exporters.metrics.collectors import DeskpulseCollector
from exporters.metrics.exposition import DESK, label_text
from exporters.reading.status import LedgerPartition, LogSpan, ReaderStatus
from exporters.reading.workers import Workers
from exporters.snapshot import Snapshot
from kpis.figures.view import View
from kpis.figures.view_builder import ViewBuilder
from kpis.state.partition import PartitionState
from proofs.history.stories import Story
from proofs.history.worker import NAME, LocalWorker
from streams.topics import SOURCE_TOPICS

JOB: Final = "deskpulse-exporter"  # of monitoring/prometheus.yml
INSTANCE: Final = "127.0.0.1:9108"
_OWN: Final = {"instance": INSTANCE, "job": JOB}


@dataclass
class _Desk:
    """The worker and the exporter of a story, without Kafka between them."""

    story: Story
    worker: LocalWorker = field(init=False)
    builder: ViewBuilder = field(init=False)
    events: Iterator[TimedEvent] = field(init=False)

    def __post_init__(self) -> None:
        story = self.story
        config = exporter_config(story.settings)
        self.worker = LocalWorker(PartitionState(0, state_rules(story.settings)))
        self.builder = ViewBuilder(config.view_rules)
        self.events = simulate(
            story.scenario,
            seed=story.seed,
            start_ms=story.start_ms,
            end_ms=story.now_ms,
            rate_per_hour=story.rate_per_hour,
            desk=story.desk,
            moment_ms=story.moment_ms,
        )
        self.buckets_seconds = config.buckets_seconds
        self._next = next(self.events, None)

    def read_to(self, at_ms: int) -> None:
        """Count what is published up to an instant, and let the exporter read it."""
        self.builder.apply(0, self.worker.take(self._until(at_ms)))

    def _until(self, at_ms: int) -> Iterator[TimedEvent]:
        while self._next is not None and self._next.publish_ms <= at_ms:
            yield self._next
            self._next = next(self.events, None)

    def status(self, heard_ms: int, at_ms: int) -> ReaderStatus:
        """What the exporter knows of Kafka at an instant, when it has last heard of it at another."""
        end = self.worker.state.position.transaction
        return ReaderStatus(
            expected=1,
            partitions={0: LedgerPartition(position=end, end=end, stable=end, caught_up=True)},
            read_at_ms=heard_ms,
            silent_seconds=(at_ms - heard_ms) / 1000 + 0.2,
            connections=1,
            sources={(topic, 0): LogSpan(0, self.worker.offsets[topic]) for topic in SOURCE_TOPICS},
            workers=Workers(
                1, {0: NAME}, {(topic, 0): self.worker.offsets[topic] for topic in SOURCE_TOPICS}
            ),
        )


def scrapes(story: Story) -> Iterator[tuple[int, list[str]]]:
    """(seconds since the epoch, lines of OpenMetrics) of every instant of a story, in order."""
    desk = _Desk(story)
    labels, of_target = _Labels(story.settings.desk_name), _Labels(None)
    for span in story.spans():
        for at in span:
            at_ms = at * 1000
            if story.fault == "gone" and at_ms >= story.fault_ms:
                yield at, [of_target.line("up", {}, 0.0, at)]
                continue
            heard_ms = min(at_ms, story.fault_ms)
            desk.read_to(heard_ms)
            view = desk.builder.build(at_ms)
            own = (
                of_target.line(name, {}, value, at)
                for name, value in (("up", 1.0), ("scrape_duration_seconds", 0.05))
            )
            yield at, [*_lines(desk, view, desk.status(heard_ms, at_ms), labels, at), *own]


def _lines(desk: _Desk, view: View, status: ReaderStatus, labels: _Labels, at: int) -> Iterable[str]:
    snapshot = Snapshot(at * 1000, status, view, build_seconds=0.1)
    for metric in DeskpulseCollector(
        lambda: snapshot, desk.buckets_seconds, desk.story.settings.desk_name
    ).collect():
        for sample in metric.samples:
            yield labels.line(sample.name, sample.labels, sample.value, at)


class _Labels:
    """Label sets as text, each rendered once; all of a desk, or of none, as those that Prometheus adds."""

    def __init__(self, desk: str | None) -> None:
        self._desk = {} if desk is None else {DESK: desk}
        self._known: dict[tuple[tuple[str, str], ...], str] = {}

    def line(self, name: str, labels: dict[str, str], value: float, at: int) -> str:
        """A sample as OpenMetrics writes it."""
        key = tuple(labels.items())
        text = self._known.get(key)
        if text is None:
            text = self._known[key] = label_text({**labels, **_OWN, **self._desk})
        return f"{name}{text} {value!r} {at}\n"
