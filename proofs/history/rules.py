"""The rules of `monitoring/rules` over a history.

They give recorded series, and the series that alerts leave behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from exporters.metrics.exposition import label_text
from proofs.history.stories import Span
from proofs.local_prometheus import LocalPrometheus

ALERTS: Final = "ALERTS"
_Key = tuple[tuple[str, str], ...]  # labels of one alert
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_DURATION: Final = re.compile(r"(\d+)(ms|s|m|h|d|w)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_OF_LABEL: Final = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")
_IF_TEAM: Final = re.compile(
    r'\{\{\s*if eq \$labels\.by "team"\s*\}\}(.*?)(?:\{\{\s*else\s*\}\}(.*?))?\{\{\s*end\s*\}\}'
)


@dataclass(frozen=True)
class Rule:
    """A rule of either kind. `alert`: the alert's name, empty for a recording rule."""

    record: str
    expr: str
    alert: str = ""
    hold_seconds: float = 0.0
    keep_seconds: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def reads(self) -> frozenset[str]:
        """Every word of its expression: names of metrics are among them."""
        return frozenset(_NAME.findall(self.expr))


def read(folder: Path) -> list[Rule]:
    """The rules of all files of a folder, in order."""
    groups = (
        group
        for path in sorted(folder.glob("*.yml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    )
    return [_rule(one) for group in groups for one in group["rules"]]


def _rule(one: Mapping[str, Any]) -> Rule:
    labels = {name: str(text) for name, text in one.get("labels", {}).items()}
    if "record" in one:
        return Rule(one["record"], one["expr"], labels=labels)
    return Rule(
        ALERTS,
        one["expr"],
        one["alert"],
        seconds(one.get("for", "0s")),
        seconds(one.get("keep_firing_for", "0s")),
        labels,
    )


def seconds(text: str) -> float:
    """A duration of Prometheus.

    >>> seconds("1h30m"), seconds("2m"), seconds("0s")
    (5400.0, 120.0, 0.0)
    """
    return sum(float(count) * _SECONDS[unit] for count, unit in _DURATION.findall(text))


def levels(rules: Iterable[Rule]) -> list[list[Rule]]:
    """Rules in the order in which they can be worked out: each reads only what an earlier level has made.

    A rule may read its own past; rules that read each other in a circle come together, last.
    """
    found: list[list[Rule]] = []
    left = list(rules)
    while left:
        unmade = {rule.record for rule in left}
        ready = [rule for rule in left if not (rule.reads & (unmade - {rule.record}))] or left
        # Rules of one record belong together: whoever reads it wants all of them.
        waiting = {rule.record for rule in left if rule not in ready}
        chosen = [rule for rule in ready if rule.record not in waiting] or ready
        found.append(chosen)
        left = [rule for rule in left if rule not in chosen]
    return found


def recorded(
    prometheus: LocalPrometheus, rule: Rule, spans: Iterable[Span]
) -> Iterator[tuple[int, list[str]]]:
    """(number of the span, lines) that a recording rule leaves."""
    for number, span in enumerate(spans):
        lines: list[str] = []
        for labels, values in _answers(prometheus, rule, span):
            text = f"{rule.record}{label_text({**labels, **rule.labels})}"
            lines += [f"{text} {value} {at}\n" for at, value in values]
        yield number, lines


def in_order(lines: Iterable[str]) -> list[str]:
    """Lines of rules that share a name: a series comes from the one, then from the other.

    Of two at one instant the first stays.

    >>> in_order(["a 1 60", "b 5 60", "a 2 120", "a 3 0", "a 4 120"])
    ['a 3 0', 'a 1 60', 'a 2 120', 'b 5 60']
    """
    series: dict[str, dict[int, str]] = {}
    for line in lines:
        name, _, at = line.rsplit(" ", 2)
        series.setdefault(name, {}).setdefault(int(at), line)
    return [found[at] for found in series.values() for at in sorted(found)]


def alerted(
    prometheus: LocalPrometheus, rule: Rule, spans: Iterable[Span]
) -> Iterator[tuple[int, list[str]]]:
    """(number of the span, lines) of ALERTS and ALERTS_FOR_STATE that an alert leaves."""
    state: dict[_Key, _Active] = {}
    for number, span in enumerate(spans):
        at_instants: dict[int, set[_Key]] = {}
        for labels, values in _answers(prometheus, rule, span):
            key = tuple(sorted({**labels, **expanded(rule.labels, labels), "alertname": rule.alert}.items()))
            for at, _ in values:
                at_instants.setdefault(at, set()).add(key)
        lines: list[str] = []
        for at in span:
            _move(state, at_instants.get(at, set()), at, rule)
            for key, active in state.items():
                lines += active.lines(dict(key), at)
        yield number, lines


@dataclass
class _Active:
    """One alert that is pending or fires; in seconds."""

    since: int
    last: int
    firing: bool = False

    def lines(self, labels: Mapping[str, str], at: int) -> Iterator[str]:
        state = "firing" if self.firing else "pending"
        yield f"{ALERTS}{label_text({**labels, 'alertstate': state})} 1 {at}\n"
        yield f"{ALERTS}_FOR_STATE{label_text(labels)} {self.since} {at}\n"


def _move(state: dict[_Key, _Active], true_now: Iterable[_Key], at: int, rule: Rule) -> None:
    for key in true_now:
        active = state.setdefault(key, _Active(at, at))
        active.last = at
        active.firing = active.firing or at - active.since >= rule.hold_seconds
    for key, active in list(state.items()):
        if active.last < at and (not active.firing or at - active.last > rule.keep_seconds):
            del state[key]


def expanded(templates: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    """Labels of an alert with their templates filled.

    What comes out empty, or is a template of another kind, is left out.

    >>> expanded(
    ...     {"team": '{{ if eq $labels.by "team" }}{{ $labels.member }}{{ end }}', "kind": "kpi"},
    ...     {"by": "team", "member": "vip"},
    ... )
    {'team': 'vip', 'kind': 'kpi'}
    """
    found = {}
    for name, template in templates.items():
        text = _IF_TEAM.sub(
            lambda match: (match[1] if labels.get("by") == "team" else match[2]) or "", template
        )
        text = _OF_LABEL.sub(lambda match: labels.get(match[1], ""), text)
        if text and "{{" not in text:
            found[name] = text
    return found


def _answers(
    prometheus: LocalPrometheus, rule: Rule, span: Span
) -> Iterator[tuple[dict[str, str], list[tuple[int, str]]]]:
    found: dict[_Key, dict[int, str]] = {}
    # of `a or b` one series of each may remain, at other instants: for a rule they are one
    for series in _asked(prometheus, rule, span):
        key = tuple(sorted((name, value) for name, value in series["metric"].items() if name != "__name__"))
        found.setdefault(key, {}).update((round(at), value) for at, value in series["values"])
    for key, values in found.items():
        yield dict(key), sorted(values.items())


def _asked(prometheus: LocalPrometheus, rule: Rule, span: Span) -> Iterator[Mapping[str, Any]]:
    """Series with their values.

    Prometheus 2.42 loses labels of `count_values by` after the first instant of a range.
    """
    if "count_values by" not in rule.expr:
        yield from prometheus.query_range(
            rule.expr, start_seconds=span.start, end_seconds=span.end, step_seconds=span.step
        )
        return
    for at in span:
        for sample in prometheus.query(rule.expr, at):
            yield {"metric": sample["metric"], "values": [sample["value"]]}
