"""The laws on the hard desk: 400 days with each hardship of scenario `rough`.

Live = report = oracle, and the test says how often each hardship came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Literal
from zoneinfo import ZoneInfo

import pytest

from deskpulse.ingest.events_io import TimedEvent, encode
from deskpulse.lab.simulator import Kinds, Rough, simulate
from deskpulse.lab.simulator.backlog import partition_of
from kpis.figures.batch import Batch, History
from kpis.figures.view import View, ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.ledger.codec import ViewKey, decode_view_key
from kpis.members import DIMENSIONS, MemberRules
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from oracle import figures as oracle
from oracle import promised, verify
from oracle.clock import names_written
from oracle.events import Facts, read_records
from streams.names import fold
from streams.topics import SOURCE_TOPICS
from tests.laws.policies import EDITIONS, POLICY
from tests.laws.test_stream_batch_oracle import samples
from tests.sla.desk import Record
from windows.panes import DAY_MS
from windows.spans import CUSTOMER_WINDOWS, WINDOWS

END_MS: Final = 1_782_000_000_000  # 2026-06-21T00:00Z
RATE: Final = 0.25  # tickets an hour: 2,400 in all
PARTITIONS: Final = 2
MOST: Final = 8
NAMED: Final = {
    dimension: tuple(dict.fromkeys(POLICY.names(place))) for place, dimension in enumerate(DIMENSIONS)
}
SPELLED: Final = {
    dimension: {fold(name): name for name in reversed(names)} for dimension, names in NAMED.items()
}
RULES: Final = ViewRules(
    ZoneInfo("Europe/Madrid"), members=MemberRules(most=MOST, named=NAMED), policy=POLICY, spelled=SPELLED
)


@dataclass
class Partition:
    """State and ledger of one partition; a worker that takes it over makes the state anew from the ledger."""

    number: int

    def __post_init__(self) -> None:
        self.state = PartitionState(self.number, StateRules(policy=POLICY))
        self.rows: dict[Literal["tickets", "view"], dict[bytes, bytes | None]] = {"tickets": {}, "view": {}}
        self.offsets = dict.fromkeys(SOURCE_TOPICS, 0)

    def take(self, event: TimedEvent) -> None:
        offset = self.offsets[event.topic]
        self.offsets[event.topic] += 1
        letters = self.state.apply(
            event.topic, [Record(self.number, offset, event.publish_ms, event.key, encode(event.value))]
        )
        assert not letters, letters

    def write(self) -> None:
        self.state.advance(SOURCE_TOPICS)
        changes = self.state.take_changes()
        self.rows["tickets"] |= dict(changes.tickets)
        self.rows["view"] |= dict(changes.view)

    def take_over(self) -> None:
        self.state = PartitionState(self.number, StateRules(policy=POLICY))
        for name, rows in self.rows.items():
            for key, value in rows.items():
                self.state.load(name, key, value)
        self.state.loaded()


@pytest.fixture(scope="module", params=[1, 2])
def story(request: pytest.FixtureRequest) -> Sequence[TimedEvent]:
    return list(
        simulate(
            Rough.name,
            seed=request.param,
            start_ms=END_MS - Rough.history_ms,
            end_ms=END_MS,
            rate_per_hour=RATE,
            presence_ms=END_MS - DAY_MS,
        )
    )


@pytest.fixture(scope="module")
def partitions(story: Sequence[TimedEvent]) -> list[Partition]:
    """The partitions after all of it, with a write every hundred events or so.

    Now and then another state takes over from the ledger.
    """
    random = Random(len(story))
    found = [Partition(number) for number in range(PARTITIONS)]
    for event in story:
        one = found[partition_of(event.key, PARTITIONS)]
        one.take(event)
        if random.random() < 0.01:
            one.write()
            if random.random() < 0.2:
                one.take_over()
    for one in found:
        one.write()
    return found


def expected(facts: Facts) -> list[oracle.OracleFigure]:
    named = {dimension: names_written(EDITIONS, place) for place, dimension in enumerate(DIMENSIONS)}
    given = {"time_zone": "Europe/Madrid", "max_members": MOST, "written": named, "named": named}
    return [
        *oracle.figures(facts, as_of_ms=END_MS, **given),  # type: ignore[arg-type]
        *promised.figures(facts, as_of_ms=END_MS, policy=EDITIONS, **given),  # type: ignore[arg-type]
    ]


@pytest.fixture(scope="module")
def facts(story: Sequence[TimedEvent]) -> Facts:
    found = read_records((event.topic, event.key, encode(event.value), event.publish_ms) for event in story)
    assert {} == found.rejected
    return found


def test_each_hardship_came(story: Sequence[TimedEvent], note: Callable[[str], None]) -> None:
    kinds = Kinds()
    for event in story:
        kinds.note(event)
    # the scenario sends none
    counts = {name: count for name, count in kinds.counts().items() if name != "events of a known identity"}
    note("rough: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))
    assert all(counts.values()), counts


def test_live_agrees_with_the_oracle(partitions: Sequence[Partition], facts: Facts) -> None:
    builder = ViewBuilder(RULES)
    for one in partitions:
        builder.apply(one.number, [*one.rows["view"].items()])
    view: View = builder.build(END_MS)
    heard = [one.state.position.event_clock_ms or 0 for one in partitions]
    assert min(heard) > END_MS - 2 * DAY_MS
    clocks = {ticket: heard[partition_of(ticket.encode(), PARTITIONS)] for ticket in facts.tickets}
    shown = samples([*view.figures, *view.live])
    differences = verify.compare(expected(replace(facts, clocks=clocks)), shown)
    assert not differences, verify.report(differences)


def test_a_report_agrees_with_the_oracle(story: Sequence[TimedEvent], facts: Facts) -> None:
    history = History()
    for event in Random(7).sample(story, len(story)):
        assert history.add(event.topic, encode(event.value)) is None
    batch = Batch(history, RULES, END_MS)
    windows = list(dict.fromkeys(window.name for window in (*WINDOWS, *CUSTOMER_WINDOWS)))
    differences = verify.compare(
        expected(facts), samples(batch.figures(batch.stretches(END_MS, windows), END_MS))
    )
    assert not differences, verify.report(differences)


def test_a_state_from_the_ledger_is_the_state(partitions: Sequence[Partition]) -> None:
    """Taken over once more it has nothing to write but its position."""
    for one in partitions:
        one.take_over()
        rows: list[ViewKey] = [decode_view_key(key) for key, _ in one.state.take_changes().view]
        assert 1 == len(rows)
