"""Every query of every board, put to a real Prometheus and compared with the oracle.

`make boards-check`, `python -m proofs.boards.check`.

Of two desks, the first of which has segments, the simulator's events go through a broker, workers and
exporters, one Prometheus scrapes all and
evaluates the rules of both, and each panel is asked what it would show at one instant. A panel that shows
figures must show those of `oracle/figures.py` at the `as_of` of the scrape that Prometheus answers from:
`deskpulse.monitoring.boards.questions.promql` says what a query means without Prometheus. So an answer may be
empty exactly where the oracle says that there is no figure, whatever the hour; one about the programs
themselves must not be. In the end everything of the second desk is taken out of Prometheus, and no answer
about the first may change. A line a board, the last line sums them up; exit 0 only if nothing is empty that
should not be and nothing differs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
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

from deskpulse.lab.brokers import Broker
from deskpulse.lab.demo import proof
from deskpulse.lab.demo.stack import start_broker
from deskpulse.monitoring.boards import Board
from deskpulse.monitoring.boards.build import TEAM_WINDOWS
from deskpulse.monitoring.boards.moment import Moment, Result, SampleLabels, fill
from deskpulse.monitoring.boards.panels.sheet import AskedQuery
from deskpulse.monitoring.boards.questions.promql import JOB, Expression, Rounded
from exporters.metrics.exposition import label_text
from proofs.boards.side_by_side import Site, sites
from proofs.local_prometheus import Answer, LocalPrometheus
from scripts.boards.generate import made
from scripts.boards.variables import TOGGLES, Choice, choices, interpolated, question
from tests.agents.harness import until

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
    by_segment: int = 0  # answers of one segment each
    longest: int = 0  # characters of a query
    empty: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Read as a line."""
        return (
            f"{self.panels} panels, {self.queries} queries run, the longest of {self.longest} characters, "
            f"{len(self.empty)} empty, "
            f"{self.without} without a figure as the oracle says, {self.compared} figures compared, "
            f"{self.by_segment} by segment, "
            f"{len(self.differences)} differences"
        )

    def add(self, other: Tally) -> None:
        """Count another board in."""
        self.panels += other.panels
        self.queries += other.queries
        self.compared += other.compared
        self.without += other.without
        self.by_segment += other.by_segment
        self.longest = max(self.longest, other.longest)
        self.empty += other.empty
        self.differences += other.differences


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.boards.check",
        description="All boards against a real Prometheus and the oracle.",
    )
    parser.add_argument("--scenario", default="sla-slip", help="of the simulator (default: sla-slip)")
    options = parser.parse_args(arguments)
    if shutil.which("prometheus") is None:
        print("boards-check: no prometheus here: apt-get install prometheus", file=sys.stderr)
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="deskpulse-boards-") as folder, ExitStack() as exits:
        broker = start_broker(_say)
        exits.callback(broker.stop)
        total = asyncio.run(_check(broker, options.scenario, Path(folder), exits))
    for fault in [*total.empty, *total.differences][:SHOWN_FAULTS]:
        print(f"  {fault}")
    print(f"boards-check: {total}, on {broker.name}, {time.monotonic() - began:.0f} s")
    return 1 if total.empty or total.differences or not total.compared or not total.by_segment else 0


async def _check(broker: Broker, scenario: str, folder: Path, exits: ExitStack) -> Tally:
    async with asyncio.timeout(LONGEST_SECONDS):
        desks = sites(scenario)
        for site in desks:
            exits.callback(site.install(broker.bootstrap, folder).stop)
            await site.start()
        exporters = [port for site in desks for port in site.ports]
        _say(
            f"two months of {scenario}, {len(desks)} desks with {len(exporters)} exporters on {broker.name} "
            "..."
        )
        for site in desks:
            await site.fill()
        _say(f"{sum(len(site.records) for site in desks):,} records counted; Prometheus scrapes ...")
        prometheus = LocalPrometheus(
            folder=folder,
            job=JOB,
            targets=[f"127.0.0.1:{port}" for port in exporters],
            rules=[path for site in desks for path in site.write_rules(folder)],
            scrape_seconds=SCRAPE_SECONDS,
            forgets=True,
        )
        prometheus.start()
        exits.callback(prometheus.stop)
        await prometheus.ready()
        last_words = desks[0].stack.last_words
        at_seconds = await until(
            lambda: _scraped(prometheus, desks), seconds=LONGEST_SECONDS, what=f"scrapes: {last_words()}"
        )
        for site in desks:
            site.stack.stop()  # what was scraped stays, and the oracle wants the processor
        _say("the oracle computes every figure ...")
        return await asyncio.to_thread(_judge_all, prometheus, desks, at_seconds)


def _judge_all(prometheus: LocalPrometheus, desks: Sequence[Site], at_seconds: float) -> Tally:
    """Every board of every desk; then the first desk's again, when nothing of the others is left."""
    total, inquiries = Tally(), []
    for site in desks:
        as_of = _as_of(prometheus, site, at_seconds)
        expected = proof.expected(site.stack.settings, site.records, round(as_of * 1000))
        inquiry = Inquiry(
            prometheus, Moment.of(at_seconds, {figure.key: figure.value for figure in expected}), site.name
        )
        inquiries.append(inquiry)
        total.add(_judge(inquiry, site))
    for site in desks[1:]:
        site.leave(prometheus)
    total.differences += inquiries[0].changed()
    return total


def _say(line: str) -> None:
    print(f"boards-check: {time.strftime('%X')} {line}", flush=True)


def _scraped(prometheus: LocalPrometheus, desks: Sequence[Site]) -> float | None:
    """An instant at which every exporter shows all there is and alerting is alive everywhere.

    By then every exporter has been scraped often enough.
    """
    # A scrape is dated by its start and seen at its end: at a moment so long ago nothing more can arrive.
    now = round(time.time() - SCRAPE_SECONDS - 1, 3)
    complete = f'sum_over_time(deskpulse_view_complete{{job="{JOB}"}}[{RANGE_SECONDS}s]) >= {SCRAPES - 1}'
    every = len(prometheus.query(complete, now)) == sum(site.exporters for site in desks)
    awake = len(prometheus.query('ALERTS{alertname="Watchdog",alertstate="firing"}', now)) == len(desks)
    # A scrape that ends while the rules are evaluated is seen by the later ones alone: no edge of a minute
    # may lie between two scrapes.
    first, last = MIDDLE_OF_A_MINUTE
    return now if every and awake and first <= now % 60 <= last else None


def _as_of(prometheus: LocalPrometheus, site: Site, at_seconds: float) -> float:
    """The instant that the figures of a desk are for which Prometheus gives at `at_seconds`."""
    (sample,) = prometheus.query(
        f"desk:view_as_of_timestamp_seconds{label_text({'desk': site.name})}", at_seconds
    )
    return float(sample["value"][1])


def _judge(inquiry: Inquiry, site: Site) -> Tally:
    total = Tally()
    for code, boards in made(segment=site.segment).items():
        for board in boards:
            tally = Tally(panels=len(board.model.panels or ()))
            for variables in _variables(board, site):
                shown = inquiry.chosen(board, variables, tally)
                if not shown:
                    continue
                for asked in board.asked:
                    inquiry.ask(asked, variables, tally, shown)
                inquiry.marks(board, shown, tally)
            print(f"{site.name}: {code}/{board.name}: {tally}", flush=True)
            total.add(tally)
    return total


def _variables(board: Board, site: Site) -> Sequence[Mapping[str, str]]:
    """What the variables of a board may be: what it starts with first, then every other value of each."""
    own = {"desk": site.name}
    if board.name == "team":
        first, *others = site.teams
        return [{**own, "team": first, "window": window} for window in TEAM_WINDOWS] + [
            {**own, "team": team, "window": "24h"} for team in others
        ]
    if board.name == "sla":
        return [{**own, "target": target} for target in board.targets]
    return [own]


@dataclass
class Inquiry:
    """Prometheus and the oracle as of one instant, about one desk; what was asked is asked once."""

    prometheus: LocalPrometheus
    moment: Moment
    desk: str
    # by query, and whether it was an instant one
    known: dict[tuple[str, bool], Result] = field(default_factory=dict)

    def chosen(self, board: Board, variables: Mapping[str, str], tally: Tally) -> dict[str, Choice]:
        """The variables of a board, chosen by what is shown, as a link does.

        None where one of them is not offered.

        The desk comes first, since others are asked of it.
        """
        shown = {name: Choice(text, text) for name, text in variables.items()}
        for variable in json.loads(board.text())["templating"]["list"]:
            if variable["type"] != "query":
                continue
            name = variable["name"]
            answer = self.prometheus.query(
                _own_filled(interpolated(question(variable), shown, special=False)), self.moment.at_seconds
            )
            found = next(
                (choice for choice in choices(variable, answer) if choice.text == variables[name]), None
            )
            if found is None:
                tally.differences.append(
                    f"{board.name}: {name} does not offer {variables[name]!r}, only "
                    f"{choices(variable, answer)}"
                )
                return {}
            shown[name] = found
        return shown

    def ask(
        self, asked: AskedQuery, variables: Mapping[str, str], tally: Tally, shown: Mapping[str, Choice]
    ) -> None:
        """Put one question, with one choice of variables: their names, and what Grafana has of them."""
        expression = asked.query.expression
        place = f"{asked.panel} {asked.ref} {dict(variables) or ''}"
        query = self._query(expression.promql(), shown, place, tally)
        found = self._answer(query, tally, instant=asked.query.instant)
        tally.queries += 1
        tally.longest = max(tally.longest, len(expression.promql()))
        if all(name.startswith("support_") for name in expression.names()):
            tally.without += not found
            tally.by_segment += len(found) if 'by="segment"' in query else 0
            expected = expression.value(self.moment.with_variables(variables).with_choice(found))
            tally.compared += len(expected.keys() | found.keys())
            told = differences(expected, found, _tolerance(expression))
            tally.differences += [f"differs: {place} {difference}" for difference in told]
        elif not found and not asked.query.may_be_empty:
            tally.empty.append(f"empty: {place}: {query}")

    def marks(self, board: Board, shown: Mapping[str, Choice], tally: Tally) -> None:
        """Put the question of the marks, which may have no answer."""
        for note in json.loads(board.text())["annotations"]["list"]:
            self._answer(
                self._query(note["expr"], shown, f"{board.name}: {note['name']}", tally), tally, instant=False
            )
            tally.queries += 1

    def changed(self) -> list[str]:
        """The answers that changed when something was taken away from Prometheus.

        What was taken away should have had no part in them.
        """
        before, self.known = self.known, {}
        return [
            f"changed without the other desk: {query}: {told}"
            for (query, instant), result in before.items()
            for told in differences(result, self._answer(query, Tally(), instant=instant))
        ]

    def _query(self, text: str, shown: Mapping[str, Choice], place: str, tally: Tally) -> str:
        """The text as Grafana sends it, whatever its feature toggle says."""
        found = {_own_filled(interpolated(text, shown, special=special)) for special in TOGGLES}
        if len(found) != 1:
            tally.differences.append(f"{place}: depends on a feature toggle: {sorted(found)}")
        return found.pop()

    def _answer(self, query: str, tally: Tally, *, instant: bool) -> Result:
        """By labels, without the desk.

        Only a series of which nothing is made keeps the label of its desk, and that must be the one of the
        board.
        """
        key = query, instant
        if key not in self.known:
            samples = _shown(self.prometheus, self.moment.at_seconds, query, instant=instant)
            strange = {having["desk"] for having, _ in samples if having.get("desk", self.desk) != self.desk}
            tally.differences += [
                f"{desk!r} answers to a question about {self.desk!r}: {query}" for desk in sorted(strange)
            ]
            self.known[key] = {_labels(having): value for having, value in samples}
        return self.known[key]


def _own_filled(query: str) -> str:
    """With the variables that Grafana's server itself fills in."""
    return fill(query, {"__rate_interval": f"{RANGE_SECONDS}s", "__range": f"{RANGE_SECONDS}s"})


def _tolerance(expression: Expression) -> tuple[float, float]:
    """The relative and the absolute tolerance.

    Quantiles are within 1 %, and a value that was rounded afterwards may have gone the other way.
    """
    if not any("_quantile_" in name for name in expression.names()):
        return EXACT
    return QUANTILE if not isinstance(expression, Rounded) else (QUANTILE[0], 10.0**-expression.decimals)


def _shown(
    prometheus: LocalPrometheus, at_seconds: float, query: str, *, instant: bool
) -> list[tuple[dict[str, str], float]]:
    """What a panel shows at the end of its time range, each with its labels.

    A series that has ended before is not shown as the present.
    """
    if instant:
        return [
            (sample["metric"], float(sample["value"][1])) for sample in prometheus.query(query, at_seconds)
        ]
    start = at_seconds - RANGE_SECONDS
    matrix: Answer = prometheus.query_range(
        query, start_seconds=start, end_seconds=at_seconds, step_seconds=SCRAPE_SECONDS
    )
    last = ((series, series["values"][-1]) for series in matrix)
    return [
        (series["metric"], float(value))
        for series, (instant_seconds, value) in last
        if instant_seconds >= at_seconds - 0.01
    ]


def _labels(having: Mapping[str, str]) -> SampleLabels:
    return frozenset((name, value) for name, value in having.items() if name not in {"__name__", "desk"})


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
