"""A day of the desk in minutes: what the rules page, without a clock or a broker.

The simulator's events go through the state of a worker and the judgement of an exporter; the rules are
evaluated on what that shows by Prometheus's own engine (`promtool test rules`). Who is told is not part of
it: the drills show that.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from deskpulse.ingest.events_io import TimedEvent
from deskpulse.lab.simulator import DEFAULT_DESK, simulate
from deskpulse.monitoring.rules import Plan, texts
from deskpulse.monitoring.rules.files import InOneLine, dump
from deskpulse.policy import build, load_file
from kpis.figure import Figure
from kpis.ledger import codec
from kpis.sla import metrics, worst
from kpis.sla.deadlines import minute_of
from kpis.sla.outcomes import Outcomes
from kpis.sla.policy import Policy
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from kpis.tickets.row import CUSTOMERS
from kpis.view_keys import LevelKey, PaneKey
from proofs.drills.alerts.drills import MINUTE_MS
from proofs.history.worker import LocalWorker
from scripts.rule_tests.model import GROUPS, INSTANCES, Exporter, labelled
from scripts.tidy import ROOT
from windows.cells import difference
from windows.panes import HOUR_MS, QUARTER

STEP_SECONDS: Final = 30  # between two scrapes, and two evaluations
HISTORY_MS: Final = 10 * HOUR_MS  # as the drills have it: the same seed, the same events
POLICY: Final = ROOT / "examples/policy.yaml"
RULES: Final = ("view", "sla", "meta")  # those that page about promises
_EIGHT_HOURS: Final = 32  # quarters
_SHOWN: Final = {
    "team": [team.name for team in DEFAULT_DESK.teams],
    "channel": [channel.name for channel in DEFAULT_DESK.channels],
    "priority": [priority.name for priority in DEFAULT_DESK.priorities],
}
_FIRED: Final = 'min_over_time(timestamp(ALERTS{alertstate="firing",alertname!="Watchdog"})[SPAN:STEP])'
_GOT: Final = re.compile(r"\{([^{}]*)\} ([-+.\dE]+)")
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class LapseError(RuntimeError):
    """Promtool did not do what it was asked for."""


class Fired(NamedTuple):
    """An alert, and when it first fired, in minutes since the story began."""

    labels: Mapping[str, str]
    minutes: float

    @property
    def pages(self) -> bool:
        """Whether somebody was to be woken."""
        return self.labels.get("severity") == "page"

    def __str__(self) -> str:
        told = (self.labels[name] for name in ("member", "target", "severity") if name in self.labels)
        return f"{self.labels['alertname']}({', '.join(told)}) at minute {self.minutes:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the simulator plays, from `start_ms` on; before that there is a history."""

    scenario: str
    seed: int
    start_ms: int
    minutes: int
    moment_minutes: int  # after the start, when the scenario begins to bite
    rate_per_hour: float

    def events(self) -> Iterator[TimedEvent]:
        """All events, the history first."""
        return simulate(
            self.scenario,
            seed=self.seed,
            start_ms=self.start_ms - HISTORY_MS,
            end_ms=self.start_ms + self.minutes * MINUTE_MS,
            rate_per_hour=self.rate_per_hour,
            moment_ms=self.start_ms + self.moment_minutes * MINUTE_MS,
        )

    def instants(self) -> range:
        """When figures are shown, in epoch milliseconds."""
        return range(self.start_ms, self.start_ms + self.minutes * MINUTE_MS, STEP_SECONDS * 1_000)


@dataclass
class Promises:
    """A worker's state and an exporter's judgement of promises, without Kafka between them."""

    policy: Policy
    worker: LocalWorker = field(init=False)
    outcomes: Outcomes = field(default_factory=Outcomes)
    _rows: dict[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.worker = LocalWorker(PartitionState(0, StateRules(policy=self.policy)))

    def take(self, events: Sequence[TimedEvent]) -> None:
        """Count events as a worker does, and let the exporter read what changed."""
        for key, value in self.worker.take(events):
            self._change(key, value)

    def _change(self, key: bytes, value: bytes | None) -> None:
        typed = codec.decode_view_key(key)
        if not isinstance(typed, PaneKey | LevelKey) or typed.dims == CUSTOMERS:
            return
        old = self._rows.get(key)
        delta = difference(
            {} if value is None else codec.decode_cells(value), {} if old is None else codec.decode_cells(old)
        )
        if isinstance(typed, LevelKey):
            self.outcomes.level(typed, delta)
        else:
            self.outcomes.pane(typed.resolution, typed.pane, typed.dims, delta)
        if value is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = value

    def figures(self, at_ms: int) -> Iterator[Figure]:
        """The parts that are worst or endangered, and what waits for long.

        It also has how many deadlines a team had in 8 h.
        """
        yield from worst.figures(worst.judge(self.outcomes, self.policy, at_ms, _SHOWN))
        end = minute_of(at_ms) // (QUARTER.length_ms // MINUTE_MS)
        for target in self.policy.targets:
            by_team: Counter[str] = Counter()
            for dims in self.outcomes.combinations(target):
                by_team[dims[0]] += self.outcomes.fallen((target, dims), QUARTER, end - _EIGHT_HOURS, end).n
            for team, n in by_team.items():
                labels = (
                    ("window", "8h"),
                    ("period", "current"),
                    ("by", "team"),
                    ("member", team),
                    ("target", target),
                )
                yield Figure(metrics.DEADLINES, labels, float(n), n)


def shown(story: Story, policy: Policy) -> dict[str, list[float | None]]:
    """Values by series, one an instant; None where the exporter does not show it."""
    desk = Promises(policy)
    events = story.events()
    following = next(events, None)
    found: dict[str, list[float | None]] = {}
    for number, at_ms in enumerate(story.instants()):
        read = []
        while following is not None and following.publish_ms <= at_ms:
            read.append(following)
            following = next(events, None)
        desk.take(read)
        for figure in desk.figures(at_ms):
            values = found.setdefault(_series(figure), [])
            values += [None] * (number - len(values))
            values.append(figure.value)
    steps = len(story.instants())
    return {series: values + [None] * (steps - len(values)) for series, values in found.items()}


def _series(figure: Figure) -> str:
    labels = ",".join(f'{name}="{value}"' for name, value in figure.labels)
    return f"{figure.name}{{{labels}}}"


def written(values: Sequence[float | None]) -> str:
    """A series as promtool reads it: what is shown no more is stale, as it is after a scrape without it.

    >>> written([None, 1.0, 1.0, None, None, 2.5])
    '_ 1 1 stale _ 2.5'
    """
    words = []
    for before, value in zip((None, *values), values, strict=False):
        words.append(f"{value:.12g}" if value is not None else "_" if before is None else "stale")
    return " ".join(words)


def fired(story: Story, folder: Path) -> list[Fired]:
    """Every alert that the rules fire in a story, by the time of its first firing. Errors: LapseError."""
    file = load_file(POLICY)
    policy = build(file)
    for name, text in texts(Plan(policy, file.alerts), story.start_ms).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    path = folder / "lapse.yml"
    path.write_text(_test(shown(story, policy), len(story.instants())), encoding="utf-8")
    return sorted(_evaluated(path), key=lambda one: one.minutes)


def _test(series: Mapping[str, Sequence[float | None]], steps: int) -> str:
    instance = INSTANCES["a"]
    step, span = f"{STEP_SECONDS}s", f"{steps * STEP_SECONDS}s"
    clock = f"0+{STEP_SECONDS}x{steps}"
    clocks = {
        f"deskpulse_{what}_timestamp_seconds": clock for what in ("view_read", "view_as_of", "watermark")
    }
    healthy = Exporter(instance, steps, clocks).series()
    own = {labelled(name, instance=instance): written(values) for name, values in series.items()}
    expected = {
        "expr": _FIRED.replace("SPAN", span).replace("STEP", step),
        "eval_time": span,
        "exp_samples": [],
    }
    test = {
        "interval": step,
        "input_series": [
            InOneLine(series=name, values=values) for name, values in {**healthy, **own}.items()
        ],
        "promql_expr_test": [expected],
    }
    return dump(
        {
            "rule_files": [f"rules/{name}.yml" for name in RULES],
            "evaluation_interval": step,
            "group_eval_order": list(GROUPS),
            "tests": [test],
        }
    )


def _evaluated(path: Path) -> Iterator[Fired]:
    """What promtool says that it got where nothing was expected: all that ever fired."""
    promtool = shutil.which("promtool")
    if promtool is None:
        raise LapseError("promtool is not installed: apt-get install --no-install-recommends prometheus")
    done = subprocess.run(
        [promtool, "test", "rules", str(path)], capture_output=True, text=True, timeout=1_200, check=False
    )
    said = done.stdout + done.stderr
    if done.returncode == 0:
        return
    _, got, answer = said.partition("got:")
    if not got:
        raise LapseError(said.strip())
    for labels, seconds in _GOT.findall(answer.replace('\\"', '"')):
        yield Fired(dict(_LABEL.findall(labels)), float(seconds) / 60)
