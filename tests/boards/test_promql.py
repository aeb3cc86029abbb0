"""A query means the same in Prometheus and by hand, with two exporters of which one lags behind; promtool is the judge."""

from __future__ import annotations

import math
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from deskpulse.boards import ENGLISH, Desk
from deskpulse.boards.desk import DEFAULT_POLICY
from deskpulse.boards.figures import FIRST_RESPONSE, TEAMS, enough, figure, live, marked_if_few, minutes, of_a_team, percent, sla_status
from deskpulse.boards.promql import (
    JOB,
    Age,
    Besides,
    Combined,
    Compared,
    Either,
    Expression,
    Given,
    Grouped,
    Labels,
    Marked,
    Moment,
    Pick,
    Rounded,
    Scaled,
    Where,
    Written,
    fill,
)
from deskpulse.boards.sla import budget_left
from deskpulse.policy import load_policy
from kpis.policy import Policy

POLICY = load_policy(DEFAULT_POLICY)
assert POLICY is not None
DESK = Desk(ENGLISH, POLICY)
AT_SECONDS = 600.0
RIGHT, BEHIND, DEAD, OLDER = "10.0.0.2:9108", "10.0.0.3:9108", "10.0.0.4:9108", "10.0.0.1:9108"
VARIABLES = {"target": "first_reply", "team": "billing", "window": "24h"}


ODD = "night (a|b) 1.5"


def labels(**values: str) -> Labels:
    return frozenset(values.items())


def team(member: str, **more: str) -> Labels:
    return labels(by="team", member=member, **more)


def windowed(member: str, **more: str) -> Labels:
    return team(member, window="24h", period="current", **more)


# Billing: 45 of 50 deadlines met; onboarding: 3 of 4; orders: no deadline fell.
SAMPLES: dict[tuple[str, Labels], float] = {
    ("support_sla_attainment_ratio", windowed("billing", target="first_reply")): 0.9,
    ("support_sla_attainment_ratio", windowed("onboarding", target="first_reply")): 0.75,
    ("support_sla_attainment_observations", windowed("billing", target="first_reply")): 50,
    ("support_sla_attainment_observations", windowed("onboarding", target="first_reply")): 4,
    ("support_sla_attainment_observations", windowed("orders", target="first_reply")): 0,
    ("support_sla_objective_ratio", team("billing", target="first_reply")): 0.8,
    ("support_sla_objective_ratio", team("onboarding", target="first_reply")): 0.9,
    ("support_sla_breached_waiting_tickets", team("billing", target="first_reply")): 0,
    ("support_sla_breached_waiting_tickets", team("billing", target="resolution")): 0,
    ("support_sla_breached_waiting_tickets", team("onboarding", target="first_reply")): 2,
    ("support_sla_breached_waiting_tickets", team("onboarding", target="resolution")): 1,
    ("support_sla_due_tickets", team("billing", target="first_reply", within="15m")): 3,
    ("support_sla_due_tickets", team("billing", target="resolution", within="15m")): 0,
    ("support_sla_due_tickets", team("onboarding", target="first_reply", within="15m")): 1,
    ("support_sla_due_tickets", team("onboarding", target="resolution", within="15m")): 0,
    ("support_oldest_unanswered_timestamp_seconds", team("billing")): 60,
    ("support_response_mean_seconds", windowed("billing")): 1234,
    ("support_response_mean_observations", windowed("billing")): 10,
    # The technical team always works; its business time is of a ticket that was created for billing.
    ("support_first_response_mean_seconds", windowed("billing", clock="business")): 60,
    ("support_first_response_mean_seconds", windowed("billing", clock="calendar")): 70,
    ("support_first_response_mean_seconds", windowed("technical", clock="business")): 80,
    ("support_first_response_mean_seconds", windowed("technical", clock="calendar")): 90,
    ("support_open_tickets", team("billing")): 6,
    ("support_open_tickets", team(ODD)): 5,
}
ATTAINED = figure("support_sla_attainment_ratio", "24h", TEAMS, ("target", "$target"), desk=DESK, keep=("member",))
LATE = live("support_sla_breached_waiting_tickets", TEAMS, keep=("member", "target"))
RESPONSE = figure("support_response_mean_seconds", "$window", (("by", "team"), ("member", "$team")), desk=DESK)
NONE = figure("support_nps_score", "24h", TEAMS, desk=DESK, keep=("member",))

EXPRESSIONS: dict[str, tuple[Expression, dict[Labels, float]]] = {
    "a figure of each team": (ATTAINED, {labels(member="billing"): 0.9, labels(member="onboarding"): 0.75}),
    "an empty figure is absent": (NONE, {}),
    "another unit": (minutes(RESPONSE), {labels(): 1234 / 60}),
    "rounded": (Rounded(minutes(RESPONSE), 1), {labels(): 20.6}),
    "a sum": (Grouped(LATE, "sum", ("member",)), {labels(member="billing"): 0, labels(member="onboarding"): 3}),
    "the greatest of all": (Grouped(LATE, "max"), {labels(): 2}),
    "the least of each": (Grouped(LATE, "min", ("target",)), {labels(target="first_reply"): 0, labels(target="resolution"): 0}),
    "several values of a label": (
        Pick(LATE.name, (*TEAMS, ("target", ("resolution", "none"))), ("member",)),
        {labels(member="billing"): 0, labels(member="onboarding"): 1},
    ),
    "all values but some": (
        Pick("support_open_tickets", (*TEAMS, ("member", Besides((ODD, "sales")))), ("member",)),
        {labels(member="billing"): 6},
    ),
    "a name with signs of its own": (
        Pick("support_open_tickets", (*TEAMS, ("member", (ODD, "sales"))), ("member",)),
        {labels(member=ODD): 5},
    ),
    "a team with work hours goes by them": (of_a_team(FIRST_RESPONSE, "24h", desk=DESK), {labels(): 60}),
    "an age": (Age(live("support_oldest_unanswered_timestamp_seconds", TEAMS)), {labels(): 540}),
    "1 - x": (Scaled(percent(ATTAINED), times=-1, plus=100), {labels(member="billing"): 10, labels(member="onboarding"): 25}),
    "compared": (Compared(ATTAINED, ">=", 0.9), {labels(member="billing"): 1, labels(member="onboarding"): 0}),
    "filtered": (Where(ATTAINED, "<", 0.9), {labels(member="onboarding"): 0.75}),
    "given another": (Given(ATTAINED, Where(LATE, ">", 0), ("member",)), {labels(member="onboarding"): 0.75}),
    "either": (
        Either(Where(ATTAINED, ">", 0.8), Scaled(ATTAINED, times=2)),
        {labels(member="billing"): 0.9, labels(member="onboarding"): 1.5},
    ),
    "with a mark": (Marked(Where(ATTAINED, "<", 0.8), "member", " (few)"), {labels(member="onboarding (few)"): 0.75}),
    "spread over the teams": (
        Combined(ATTAINED, "*", Grouped(LATE, "max"), spread=True),
        {labels(member="billing"): 1.8, labels(member="onboarding"): 1.5},
    ),
    # Failed 10 % of 20 % allowed: half is left. Failed 25 % of 10 % allowed: 150 % too much.
    "what is left of the budget": (
        budget_left("24h", TEAMS, ("member",)),
        {labels(member="billing"): 50, labels(member="onboarding"): -150},
    ),
    "the state of each team": (sla_status(TEAMS), {labels(member="billing"): 1, labels(member="onboarding"): 2}),
    "teams with few deadlines say so": (
        marked_if_few(percent(ATTAINED), ATTAINED, DESK),
        {labels(member="billing"): 90, labels(member="onboarding (n<10)"): 75},
    ),
    "ten observations are enough for a band": (enough(RESPONSE, RESPONSE, DESK), {labels(): 1234}),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_it_is_worked_out_as_by_hand(name: str) -> None:
    expression, expected = EXPRESSIONS[name]
    found = expression.value(Moment.of(AT_SECONDS, SAMPLES).with_variables(VARIABLES))
    assert expected.keys() == found.keys()
    assert all(math.isclose(expected[one], found[one]) for one in expected)


def test_a_team_that_always_works_goes_by_the_calendar_whatever_stands_under_its_name() -> None:
    moment = Moment.of(AT_SECONDS, SAMPLES).with_variables({**VARIABLES, "team": "technical"})
    assert {labels(): 90} == of_a_team(FIRST_RESPONSE, "24h", desk=DESK).value(moment)


def test_where_most_teams_always_work_those_with_hours_are_named() -> None:
    assert POLICY is not None
    version = replace(POLICY.versions[-1], default_calendar="always", team_calendars={"billing": "madrid", "technical": "always"})
    desk = Desk(ENGLISH, Policy((version,)))
    assert ("billing",) == desk.teams_with_hours
    assert 'member="$team",member=~"billing"' in of_a_team(FIRST_RESPONSE, "24h", desk=desk).promql()


def series() -> list[dict[str, str]]:
    """The right exporter, one that has seen the same but computed it earlier, one that lags and knows it, and one that died minutes ago."""
    found = []
    for instance, complete, newest, as_of, factor, values in (
        (RIGHT, 1, 590, 598, 1.0, "x20"),
        (OLDER, 1, 590, 597, 5.0, "x20"),
        (BEHIND, 0, 500, 599, 7.0, "x20"),
        (DEAD, 1, 595, 599, 9.0, "x6 stale"),
    ):
        own = f'job="{JOB}",instance="{instance}"'
        found.append({"series": f"deskpulse_view_complete{{{own}}}", "values": f"{complete}{values}"})
        found.append({"series": f"deskpulse_watermark_timestamp_seconds{{{own}}}", "values": f"{newest}{values}"})
        found.append({"series": f"deskpulse_view_as_of_timestamp_seconds{{{own}}}", "values": f"{as_of}{values}"})
        for (name, having), value in SAMPLES.items():
            matchers = ",".join(f'{label}="{text}"' for label, text in sorted(having))
            found.append({"series": f"{name}{{{own},{matchers}}}", "values": f"{value * factor!r}{values}"})
    return found


def asked(expression: Expression, answers: dict[Labels, float]) -> dict[str, Any]:
    """What promtool shall ask and be told, in billionths, since it compares exactly."""
    query = fill(expression.promql(), VARIABLES)
    samples = [
        {"labels": "{" + ",".join(f'{label}="{text}"' for label, text in sorted(having)) + "}", "value": round(value * 1e9)}
        for having, value in answers.items()
    ]
    return {"expr": f"round({query} * 1e9)", "eval_time": "10m", "exp_samples": samples}


def promtool(tmp_path: Path, *questions: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "queries.yml"
    tests = [{"interval": "30s", "input_series": series(), "promql_expr_test": list(questions)}]
    file.write_text(yaml.safe_dump({"evaluation_interval": "30s", "tests": tests}), encoding="utf-8")
    return subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: apt-get install prometheus")
def test_prometheus_answers_as_by_hand_from_the_exporter_that_is_right(tmp_path: Path) -> None:
    run = promtool(tmp_path, *(asked(expression, answers) for expression, answers in EXPRESSIONS.values()))
    assert 0 == run.returncode, run.stdout + run.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: apt-get install prometheus")
def test_a_query_that_asks_all_exporters_is_seen(tmp_path: Path) -> None:
    answers = {labels(member="billing"): 0.9, labels(member="onboarding"): 0.75}
    careless = Written('max by (member) (support_sla_attainment_ratio{window="24h",by="team"})')
    assert 0 != promtool(tmp_path, asked(careless, answers)).returncode


def test_variables_are_filled_and_others_stay() -> None:
    assert 'x{team="billing"}[$__rate_interval]' == fill('x{team="$team"}[$__rate_interval]', VARIABLES)


def test_what_is_written_names_its_metrics() -> None:
    written = Written('sum by (topic) (deskpulse_source_lag_records{job="x"}) / rate(deskpulse_transactions_total[5m]) + up')
    assert {"deskpulse_source_lag_records", "deskpulse_transactions_total", "up"} <= written.names()
    with pytest.raises(NotImplementedError):
        written.value(Moment(0, {}))
