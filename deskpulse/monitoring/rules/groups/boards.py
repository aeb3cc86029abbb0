"""What the boards of Grafana ask and no single figure answers.

The expressions are those of deskpulse/monitoring/boards/questions/recorded.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from deskpulse.monitoring.boards.desk import teams_with_hours
from deskpulse.monitoring.boards.questions import recorded
from deskpulse.monitoring.rules.groups.view import TRUSTED, chosen, complete
from deskpulse.monitoring.rules.model import RecordingRule, RuleFile
from deskpulse.monitoring.rules.plan import Plan
from deskpulse.monitoring.rules.promql import block
from exporters.metrics import families
from exporters.metrics.name_families import DESK, TEAM
from kpis.sla import metrics

ABOUT: Final = """

For the boards: worst now with its numbers as labels (a panel can put a label into a sentence, but not a
value), the state of each SLA target, one word for the whole desk, which figures, policy and parts exist, and
the names to choose from."""
_STALE_SECONDS: Final = 60


def added(family: RuleFile, plan: Plan) -> RuleFile:
    """The family of the view with the rules that only boards read, in its one group.

    Rules of a group are evaluated for the same instant, one after the other; two groups are not, so a word
    that is made in another group would be that of an earlier instant than the number beside it.
    """
    (group,) = family.groups
    rules = (*group.rules, *_names(), *_program(), *_parts(), *_expressions(plan))
    return replace(family, about=family.about + ABOUT, groups=(replace(group, rules=rules),))


def _expressions(plan: Plan) -> list[RecordingRule]:
    every = (*recorded.EXPRESSIONS, *recorded.durations_of_teams(teams_with_hours(plan.policy)))
    return [RecordingRule(one.name, one.inner.promql(each=True)) for one in every]


def _names() -> tuple[RecordingRule, ...]:
    """What the variables of the boards are made of: each name, and the pattern that boards select it by."""
    return tuple(
        RecordingRule(
            f"desk:{name}", f"max by ({', '.join(('desk', *labels))}) ({chosen(f'deskpulse_{name}')})"
        )
        for name, labels in (("desk_info", DESK.labels), ("team_info", TEAM.labels))
    )


def _program() -> tuple[RecordingRule, ...]:
    age = "abs(time() - desk:view_as_of_timestamp_seconds)"
    return (
        # 3 they can be trusted, 2 a source is silent, 1 something is not counted yet, 0 nothing was computed
        # for a minute.
        RecordingRule(
            "desk:figures_state",
            block(
                f"3 * {TRUSTED}",
                f"or on (desk) 2 * ({complete()})",
                f"or on (desk) ({age} < bool {_STALE_SECONDS})",
            ),
        ),
        # The figures are there and no policy is: -1, by which a tile that shows a count says so.
        RecordingRule(
            "desk:sla_policy_missing",
            f"desk:view_as_of_timestamp_seconds * 0 - 1 unless on (desk) desk:{metrics.OBJECTIVE}",
        ),
        # 2 there is none, 1 workers and exporters differ, 0 one policy.
        RecordingRule(
            "desk:policy_state",
            "-2 * desk:sla_policy_missing or on (desk) max by (desk) (deskpulse_policy_mismatch)",
        ),
    )


def _parts() -> tuple[RecordingRule, ...]:
    """Counts that may be added, of the believed exporter: boards ask them by team."""
    created, waits = families.CREATED, families.FIRST_RESPONSE
    bucket = f"{waits.name}_bucket"
    return (
        RecordingRule(
            f"desk:{created.name}", f"max by (desk, {', '.join(created.labels)}) ({chosen(created.name)})"
        ),
        RecordingRule(
            f"desk:{bucket}", f"max by (desk, {', '.join((*waits.labels, 'le'))}) ({chosen(bucket)})"
        ),
    )
