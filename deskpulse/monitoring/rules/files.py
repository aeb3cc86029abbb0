"""From rules as values to the files that Prometheus reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from deskpulse.monitoring.rules.desks import of_desk
from deskpulse.monitoring.rules.groups import boards, meta, pipeline, scores, sla, view
from deskpulse.monitoring.rules.model import Alert, AnyRule, RecordingRule, RuleFile, RuleGroup
from deskpulse.monitoring.rules.plan import Plan, promql_duration

HEAD: Final = (
    "# Made by `deskpulse rules` from the SLA policy: change the policy and run it again instead of editing."
)
_LONGEST_LINE: Final = 100
_CLOCK: Final = re.compile(r"\d\d:\d\d")  # some readers of YAML take 18:30 for a number
# Every list and board can be narrowed to a team and a target; a channel or priority is seen in the list
# itself.
_OF_DESK: Final = "{{ with $labels.desk }}?var-desk={{ . | urlquery }}{{ end }}"
_OF_TEAM: Final = _OF_DESK + "{{ with $labels.team }}&var-team={{ . | urlquery }}{{ end }}"
_OF_TARGET: Final = (
    _OF_DESK + "&var-target={{ $labels.target }}{{ with $labels.team }}&var-team={{ . | urlquery }}{{ end }}"
)
_WHOSE: Final = "{{ with $labels.desk }}[{{ . }}] {{ end }}"  # before every summary
_TICKETS: Final = (
    "api/at-risk?target={{ $labels.target }}{{ with $labels.team }}&team={{ . | urlquery }}{{ end }}"
)


def families(plan: Plan) -> tuple[RuleFile, ...]:
    """All rules of a plan."""
    return (
        boards.added(view.family(plan), plan),
        sla.family(plan),
        scores.family(plan),
        scores.volume(plan),
        pipeline.family(plan),
        meta.family(plan),
    )


def alerts(plan: Plan) -> Iterator[Alert]:
    """All alerts of a plan."""
    for one in families(plan):
        yield from one.alerts


def rule_files(plan: Plan) -> dict[str, str]:
    """Text by name of the file below the folder of rules."""
    return {one.file: _text(plan, one) for one in families(plan)}


def _text(plan: Plan, one: RuleFile) -> str:
    about = "\n".join(f"# {line}" for line in one.about.splitlines())
    groups = dump({"groups": [_group(plan, group) for group in one.groups]})
    return f"{HEAD}\n{of_desk_line(plan.desk)}\n{about}\n{_drill(plan)}{groups}"


def of_desk_line(desk: str) -> str:
    """The line of a file of rules that names its desk."""
    return f"# Of the desk {desk}."


def _drill(plan: Plan) -> str:
    return (
        ""
        if plan.time_scale == 1
        else f"# For a drill: the clock of the desk runs {plan.time_scale:g} times as fast.\n"
    )


def _group(plan: Plan, group: RuleGroup) -> dict[str, Any]:
    return {"name": group.name, "rules": [_rule(plan, rule) for rule in group.rules]}


def _rule(plan: Plan, rule: AnyRule) -> dict[str, Any]:
    return (
        {"record": rule.name, "expr": of_desk(rule.expr, plan.desk)}
        if isinstance(rule, RecordingRule)
        else _alert(plan, rule)
    )


def _alert(plan: Plan, alert: Alert) -> dict[str, Any]:
    links = plan.alerts.links
    labels = {"severity": alert.severity, "kind": alert.kind, **alert.labels}
    annotations = {
        "summary": _WHOSE + alert.summary,
        "description": alert.description,
        "runbook_url": f"{links.runbooks}{alert.name}.md",
        "dashboard_url": f"{links.dashboards}{alert.board}{_narrowed(alert)}",
    }
    if alert.tickets is not None:
        annotations["tickets_url"] = links.exporter + _TICKETS
    found: dict[str, Any] = {"alert": alert.name, "expr": of_desk(alert.expr, plan.desk)}
    if alert.hold_ms:
        found["for"] = promql_duration(alert.hold_ms) if alert.of_programs else plan.time(alert.hold_ms)
    if alert.keep_ms:
        found["keep_firing_for"] = plan.time(alert.keep_ms)
    return {**found, "labels": labels, "annotations": annotations}


def _narrowed(alert: Alert) -> str:
    """The variables that narrow a board.

    They are the desk, the team of an alert about figures, and its target where it has one.
    """
    if alert.kind != "kpi":
        return _OF_DESK
    return _OF_TEAM if alert.tickets is None else _OF_TARGET


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stay texts of several lines."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - a file that people read repeats instead of pointing
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else "'" if _CLOCK.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    """Short words stand in one line."""
    short = all(isinstance(value, str) for value in values) and sum(map(len, values)) < _LONGEST_LINE
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=short)


class InOneLine(dict[str, Any]):
    """A mapping that YAML shows in one line."""


def _represent_line(dumper: yaml.SafeDumper, values: InOneLine) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", values, flow_style=True)


_Dumper.add_representer(InOneLine, _represent_line)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)


def dump(tree: Any) -> str:
    """A tree as YAML, in its own order."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
