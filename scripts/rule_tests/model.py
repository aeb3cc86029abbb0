"""A test of promtool as a value, and its YAML.

Cases state series, instants and expected alerts by hand; this module repeats what every alert carries (links,
labels) and adds the exporters around the figures. In a test the clock starts at 0, and `a+bxn` is a series
that begins at a and grows by b, n times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from deskpulse.monitoring.rules.files import InOneLine, dump

RUNBOOKS: Final = "https://deskpulse.example.com/docs/runbooks/alerts/"
BOARDS: Final = "http://127.0.0.1:3000/d/"
TICKETS: Final = "http://127.0.0.1:9108/api/at-risk?target="
HEAD: Final = (
    "# Made by scripts/rule_tests from the cases there: run `python -m scripts.rule_tests` instead of "
    "editing."
)
GROUPS: Final = (
    "deskpulse-view",
    "deskpulse-endangered",
    "deskpulse-worst",
    "deskpulse-waits",
    "deskpulse-burn",
    "deskpulse-scores",
    "deskpulse-volume",
    "deskpulse-exporters",
    "deskpulse-workers",
    "deskpulse-records",
    "deskpulse-meta",
)
INSTANCES: Final = {"a": "10.0.0.2:9108", "b": "10.0.0.3:9108"}
DESK: Final = "deskpulse"  # of monitoring/rules
Series = Mapping[str, str]  # values by series


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """An alert that fires: its labels and words in full, without the links and the desk.

    The desk is in all of them.
    """

    labels: Mapping[str, str]
    summary: str
    description: str
    board: str
    tickets: str | None = None  # what follows api/at-risk?target=
    desk: str | None = DESK  # None: of no desk


@dataclass(frozen=True, slots=True)
class Look:
    """What an alert is at an instant, such as "7m": every instance of it that fires."""

    at: str
    alert: str
    fired: tuple[Fired, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One story."""

    name: str
    series: Series
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Exporter:
    """What an exporter says of itself in a test; values are those of promtool."""

    instance: str
    steps: int  # how many samples
    more: Series = field(default_factory=dict)  # in place of, or beside, what a healthy one says
    step: int = 1  # minutes between two samples
    desk: str = DESK

    def series(self) -> dict[str, str]:
        """Up, ready, complete, and at every instant just read."""
        ones, clock = f"1x{self.steps}", f"0+{60 * self.step}x{self.steps}"
        said = {
            "up": ones,
            "deskpulse_exporter_ready": ones,
            "deskpulse_exporter_up": ones,
            "deskpulse_view_complete": ones,
            "deskpulse_view_read_timestamp_seconds": clock,
            "deskpulse_view_as_of_timestamp_seconds": clock,
            "deskpulse_watermark_timestamp_seconds": clock,
            **self.more,
        }
        return {
            labelled(name, desk=self.desk, instance=self.instance): values for name, values in said.items()
        }


def labelled(series: str, *, desk: str = DESK, **labels: str) -> str:
    """A series with the labels of its target and, unless it is about a target alone, of its desk.

    >>> labelled('x{by="all"}', instance="i")
    'x{desk="deskpulse",by="all",job="deskpulse-exporter",instance="i"}'
    >>> labelled("up", instance="i")
    'up{job="deskpulse-exporter",instance="i"}'
    """
    name, _, having = series.partition("{")
    inner = [part for part in ("" if name == "up" else f'desk="{desk}"', having.removesuffix("}")) if part]
    inner += [f'{label}="{value}"' for label, value in {"job": "deskpulse-exporter", **labels}.items()]
    return f"{name}{{{','.join(inner)}}}"


def figures(instance: str, shown: Series, desk: str = DESK) -> dict[str, str]:
    """Series of figures as one exporter shows them."""
    return {labelled(name, desk=desk, instance=instance): values for name, values in shown.items()}


def healthy(
    minutes: int, *, instance: str = INSTANCES["a"], more: Series | None = None, desk: str = DESK
) -> dict[str, str]:
    """An exporter to which nothing happens."""
    return Exporter(instance, minutes, more or {}, desk=desk).series()


@dataclass(frozen=True, slots=True)
class File:
    """Cases that make one file. Naming only the `rules` that matter saves most of the time."""

    name: str
    about: str
    rules: tuple[str, ...]
    cases: tuple[Case, ...]
    step: int = 1  # minutes between two samples, and two evaluations

    def text(self) -> str:
        """What promtool reads."""
        tree = {
            "rule_files": [f"../rules/{name}.yml" for name in self.rules],
            "evaluation_interval": f"{self.step}m",
            "group_eval_order": list(GROUPS),
            "tests": [_test(case, self.step) for case in self.cases],
        }
        return f"{HEAD}\n# {self.about}\n{dump(tree)}"


def _test(case: Case, step: int) -> dict[str, Any]:
    return {
        "name": case.name,
        "interval": f"{step}m",
        "input_series": [InOneLine(series=name, values=values) for name, values in case.series.items()],
        "alert_rule_test": [_look(look) for look in case.looks],
    }


def _look(look: Look) -> dict[str, Any]:
    if not look.fired:
        return InOneLine(eval_time=look.at, alertname=look.alert, exp_alerts=[])
    return {
        "eval_time": look.at,
        "alertname": look.alert,
        "exp_alerts": [_fired(look.alert, fired) for fired in look.fired],
    }


def _fired(alert: str, fired: Fired) -> dict[str, Any]:
    board, _, narrowed = fired.board.partition("?")
    desk = fired.desk is not None
    query = "&".join([*([f"var-desk={fired.desk}"] if desk else []), *([narrowed] if narrowed else [])])
    annotations = {
        "summary": f"[{fired.desk}] {fired.summary}" if desk else fired.summary,
        "description": fired.description,
        "runbook_url": f"{RUNBOOKS}{alert}.md",
        "dashboard_url": f"{BOARDS}{board}" + (f"?{query}" if query else ""),
    }
    if fired.tickets is not None:
        annotations["tickets_url"] = TICKETS + fired.tickets
    labels = dict(fired.labels) | ({"desk": fired.desk} if fired.desk is not None else {})
    return {"exp_labels": labels, "exp_annotations": annotations}
