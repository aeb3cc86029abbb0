"""Every query of every board, put to a real Prometheus and compared with the oracle: `make boards-check`, `python -m scripts.boards_check`.

The simulator's events go through a broker, a worker and two exporters, Prometheus scrapes both and evaluates our rules, and each panel is
asked what it would show at one instant. A panel that shows figures must show those of `deskpulse/oracle.py` at the `as_of` of the scrape
that Prometheus answers from: `deskpulse.boards.promql` says what a query means without Prometheus. So an answer may be empty exactly where
the oracle says that there is no figure, whatever the hour; one about the programs themselves must not be.
A line a board, the last line sums them up; exit 0 only if nothing is empty that should not be and nothing differs.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaProducer

from deskpulse.boards import Board
from deskpulse.boards.build import TEAM_WINDOWS
from deskpulse.boards.desk import DEFAULT_POLICY
from deskpulse.boards.moment import Labels, Moment, Result, fill
from deskpulse.boards.promql import JOB, Expression, Rounded
from deskpulse.boards.sheet import Asked
from deskpulse.brokers import Broker
from deskpulse.brokers.embedded import EmbeddedBroker
from deskpulse.brokers.kafka import LocalKafka
from deskpulse.demo import proof
from deskpulse.demo.stack import start_broker
from deskpulse.simulator import DEFAULT_DESK, Pace, publish
from scripts.boards import made
from scripts.local_prometheus import Answer, LocalPrometheus
from scripts.thin_story import thin_story
from scripts.tidy import ROOT
from tests.agents.harness import until
from tests.e2e.stack import Stack, start_program

HISTORY_RATE: Final = 2.0  # tickets an hour for two months: enough for every window
PRESENT_RATE: Final = 240.0
SCRAPE_SECONDS: Final = 3
MIDDLE_OF_A_MINUTE: Final = (12, 50)  # seconds
SCRAPES: Final = 4  # so many that a rate over the last of them has something to count
RANGE_SECONDS: Final = 12
LONGEST_SECONDS: Final = 900.0  # on a machine that does much else; a quiet one needs a tenth
SHOWN_FAULTS: Final = 40
EXACT: Final = (1e-9, 1e-9)  # but for the order in which floats were added
QUANTILE: Final = (0.01, 0.001)


@dataclass
class Tally:
    """What the check of one board found."""

    panels: int = 0
    queries: int = 0
    compared: int = 0
    without: int = 0  # empty, and so says the oracle
    longest: int = 0  # characters of a query
    empty: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Read as a line."""
        return (
            f"{self.panels} panels, {self.queries} queries run, the longest of {self.longest} characters, {len(self.empty)} empty, "
            f"{self.without} without a figure as the oracle says, {self.compared} figures compared, {len(self.differences)} differences"
        )

    def add(self, other: Tally) -> None:
        """Count another board in."""
        self.panels += other.panels
        self.queries += other.queries
        self.compared += other.compared
        self.without += other.without
        self.longest = max(self.longest, other.longest)
        self.empty += other.empty
        self.differences += other.differences


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.boards_check", description="All boards against a real Prometheus and the oracle."
    )
    parser.add_argument("--broker", choices=("embedded", "kafka"), help="by default the embedded one, if it is installed")
    parser.add_argument("--scenario", default="sla-slip", help="of the simulator (default: sla-slip)")
    options = parser.parse_args(arguments)
    if shutil.which("prometheus") is None:
        print("boards-check: no prometheus here: apt-get install prometheus", file=sys.stderr)
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="deskpulse-boards-") as folder, ExitStack() as exits:
        broker = {"embedded": EmbeddedBroker, "kafka": LocalKafka}[options.broker]() if options.broker else None
        if broker is None:
            broker = start_broker()
        else:
            broker.start()
        exits.callback(broker.stop)
        total = asyncio.run(_check(broker, options.scenario, Path(folder), exits))
    for fault in [*total.empty, *total.differences][:SHOWN_FAULTS]:
        print(f"  {fault}")
    print(f"boards-check: {total}, on {broker.name}, {time.monotonic() - began:.0f} s")
    return 1 if total.empty or total.differences or not total.compared else 0


async def _check(broker: Broker, scenario: str, folder: Path, exits: ExitStack) -> Tally:
    async with asyncio.timeout(LONGEST_SECONDS):
        stack = Stack(broker.bootstrap, "boards-", folder, _surroundings())
        exits.callback(stack.stop)
        await stack.start_all()
        second = stack.port + 1
        variables = {**stack.variables, "DESKPULSE_EXPORTER__PORT": str(second)}
        stack.programs.append(start_program("exporter", variables=variables, log=folder / "second-exporter.log"))
        _say(f"two months of {scenario}, a worker and two exporters on {broker.name} ...")
        await _publish(stack, scenario)
        records, ends = await stack.source()
        await stack.caught_up(ends)
        _say(f"{len(records):,} records counted; Prometheus scrapes ...")
        rules = sorted((ROOT / "monitoring/rules").glob("*.yml"))
        targets = [f"127.0.0.1:{port}" for port in (stack.port, second)]
        prometheus = LocalPrometheus(folder=folder, job=JOB, targets=targets, rules=rules, scrape_seconds=SCRAPE_SECONDS)
        prometheus.start()
        exits.callback(prometheus.stop)
        await prometheus.ready()
        at_seconds = await until(lambda: _scraped(prometheus), seconds=LONGEST_SECONDS, what=f"scrapes: {stack.last_words()}")
        stack.stop()  # what was scraped stays, and the oracle wants the processor
        as_of = await asyncio.to_thread(_as_of, prometheus, at_seconds)
        _say("the oracle computes every figure ...")
        expected = await asyncio.to_thread(proof.expected, stack.settings, records, round(as_of * 1000))
        moment = Moment.of(at_seconds, {figure.key: figure.value for figure in expected})
        return await asyncio.to_thread(_judge, prometheus, moment)


def _say(line: str) -> None:
    print(f"boards-check: {time.strftime('%X')} {line}", flush=True)


def _surroundings() -> dict[str, str]:
    desk = DEFAULT_DESK
    names = {"TEAM": desk.teams, "CHANNEL": desk.channels, "PRIORITY": desk.priorities}
    lists = {f"DESKPULSE_DESK__MEMBERS__{dimension}": ",".join(one.name for one in some) for dimension, some in names.items()}  # type: ignore[attr-defined]
    return {**lists, "DESKPULSE_DESK__POLICY": str(DEFAULT_POLICY)}


async def _publish(stack: Stack, scenario: str) -> None:
    now_ms = int(time.time() * 1000)
    events = thin_story(scenario, now_ms=now_ms, rate_per_hour=PRESENT_RATE, history_rate=HISTORY_RATE)
    past = itertools.takewhile(lambda event: event.publish_ms <= now_ms, events)
    producer = AIOKafkaProducer(acks="all", enable_idempotence=True, linger_ms=20, **stack.settings.kafka.client_options())
    async with producer:
        await publish(past, producer, pace=Pace.flat_out(), topic_prefix=stack.settings.topic_prefix)


def _scraped(prometheus: LocalPrometheus) -> float | None:
    """An instant at which both exporters have been scraped often enough and show all there is, and alerting is alive."""
    # A scrape is dated by its start and seen at its end: at a moment so long ago nothing more can arrive.
    now = round(time.time() - SCRAPE_SECONDS - 1, 3)
    complete = f'sum_over_time(deskpulse_view_complete{{job="{JOB}"}}[{RANGE_SECONDS}s]) >= {SCRAPES - 1}'
    both = len(prometheus.query(complete, now)) == 2
    awake = prometheus.query('ALERTS{alertname="Watchdog",alertstate="firing"}', now)
    # A scrape that ends while the rules are evaluated is seen by the later ones alone: no edge of a minute may lie between two scrapes.
    first, last = MIDDLE_OF_A_MINUTE
    return now if both and awake and first <= now % 60 <= last else None


def _as_of(prometheus: LocalPrometheus, at_seconds: float) -> float:
    """The instant that the figures are for which Prometheus gives at `at_seconds`."""
    (sample,) = prometheus.query("desk:view_as_of_timestamp_seconds", at_seconds)
    return float(sample["value"][1])


def _judge(prometheus: LocalPrometheus, moment: Moment) -> Tally:
    total = Tally()
    inquiry = Inquiry(prometheus, moment)
    for code, boards in made().items():
        for board in boards:
            tally = Tally(panels=len(board.model.panels or ()))
            for variables in _variables(board):
                for asked in board.asked:
                    inquiry.ask(asked, variables, tally)
            print(f"{code}/{board.name}: {tally}", flush=True)
            total.add(tally)
    return total


def _variables(board: Board) -> Sequence[Mapping[str, str]]:
    """What the variables of a board may be: what it starts with first, then every other value of each."""
    teams = [team.name for team in DEFAULT_DESK.teams]
    if board.name == "team":
        return [{"team": teams[0], "window": window} for window in TEAM_WINDOWS] + [{"team": team, "window": "24h"} for team in teams[1:]]
    if board.name == "sla":
        return [{"target": target} for target in board.targets]
    return [{}]


@dataclass
class Inquiry:
    """Prometheus and the oracle as of one instant; what was asked is asked once."""

    prometheus: LocalPrometheus
    moment: Moment
    known: dict[str, Result] = field(default_factory=dict)

    def ask(self, asked: Asked, variables: Mapping[str, str], tally: Tally) -> None:
        """Put one question, with one choice of variables."""
        expression = asked.query.expression
        query = fill(expression.promql(), {**variables, "__rate_interval": f"{RANGE_SECONDS}s", "__range": f"{RANGE_SECONDS}s"})
        found = self._answer(query, instant=asked.query.instant)
        tally.queries += 1
        tally.longest = max(tally.longest, len(expression.promql()))
        place = f"{asked.panel} {asked.ref} {dict(variables) or ''}"
        if all(name.startswith("support_") for name in expression.names()):
            tally.without += not found
            expected = expression.value(self.moment.with_variables(variables).with_choice(found))
            tally.compared += len(expected.keys() | found.keys())
            told = differences(expected, found, _tolerance(expression))
            tally.differences += [f"differs: {place} {difference}" for difference in told]
        elif not found and not asked.query.may_be_empty:
            tally.empty.append(f"empty: {place}: {query}")

    def _answer(self, query: str, *, instant: bool) -> Result:
        key = f"{'instant' if instant else 'range'} {query}"
        if key not in self.known:
            self.known[key] = _shown(self.prometheus, self.moment.at_seconds, query, instant=instant)
        return self.known[key]


def _tolerance(expression: Expression) -> tuple[float, float]:
    """Relative and absolute: quantiles are within 1 %, and what was rounded afterwards may have gone the other way."""
    if not any("_quantile_" in name for name in expression.names()):
        return EXACT
    return QUANTILE if not isinstance(expression, Rounded) else (QUANTILE[0], 10.0**-expression.decimals)


def _shown(prometheus: LocalPrometheus, at_seconds: float, query: str, *, instant: bool) -> Result:
    """What a panel shows at the end of its time range, by labels. A series that has ended before is not shown as the present."""
    if instant:
        return {_labels(sample): float(sample["value"][1]) for sample in prometheus.query(query, at_seconds)}
    start = at_seconds - RANGE_SECONDS
    matrix: Answer = prometheus.query_range(query, start_seconds=start, end_seconds=at_seconds, step_seconds=SCRAPE_SECONDS)
    last = ((series, series["values"][-1]) for series in matrix)
    return {_labels(series): float(value) for series, (instant_seconds, value) in last if instant_seconds >= at_seconds - 0.01}


def _labels(sample: Mapping[str, Mapping[str, str]]) -> Labels:
    return frozenset((name, value) for name, value in sample["metric"].items() if name != "__name__")


def differences(expected: Result, found: Result, tolerance: tuple[float, float] = EXACT) -> list[str]:
    """Samples that one side lacks, or whose values differ by more than (relative, absolute)."""
    told = []
    for labels in sorted(expected.keys() | found.keys(), key=sorted):
        one, other = expected.get(labels), found.get(labels)
        if one is None or other is None or not _equal(one, other, tolerance):
            told.append(f"{dict(labels)}: expected {one}, found {other}")
    return told


def _equal(one: float, other: float, tolerance: tuple[float, float]) -> bool:
    if math.isnan(one) and math.isnan(other):
        return True
    return abs(one - other) <= tolerance[0] * abs(one) + tolerance[1]


if __name__ == "__main__":
    raise SystemExit(main())
