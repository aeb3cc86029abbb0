"""A query means the same in Prometheus and by hand; promtool is the judge.

Which exporter is believed is for tests/rules.
"""

from __future__ import annotations

import math
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from deskpulse.monitoring.boards import ENGLISH, Desk
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY, teams_with_hours
from deskpulse.monitoring.boards.matchers import Besides, Chosen
from deskpulse.monitoring.boards.moment import Moment, SampleLabels, fill
from deskpulse.monitoring.boards.questions import recorded
from deskpulse.monitoring.boards.questions.ages import Age
from deskpulse.monitoring.boards.questions.figures import (
    FIRST_RESPONSE,
    NONE,
    TEAMS,
    budget_left,
    enough,
    excess,
    figure,
    first_response,
    live,
    minutes,
    next_deadline,
    of_a_team,
    percent,
    wait_or_none,
)
from deskpulse.monitoring.boards.questions.program import NO_POLICY, TRUSTED, PlainPromql, fresh
from deskpulse.monitoring.boards.questions.promql import (
    Combined,
    Comparison,
    Either,
    Expression,
    Filtered,
    Given,
    Grouped,
    JoinedLabels,
    LastKnown,
    Named,
    Pick,
    Ranked,
    Recorded,
    Rounded,
    Scaled,
    Spelt,
    Top,
    Unless,
)
from deskpulse.policy import load_policy
from exporters.metrics.exposition import label_text
from exporters.metrics.name_families import pattern
from kpis.sla.policy import Policy
from scripts.boards.variables import Choice, interpolated

POLICY = load_policy(DEFAULT_POLICY)
assert POLICY is not None
DESK = Desk(ENGLISH, POLICY)
AT_SECONDS = 600.0
VARIABLES = {"target": "first_reply", "team": "billing", "window": "24h", "__range": "10m"}
# desks side by side; what the last one says cannot be trusted
ONE, OTHER, CALM, BLIND = "one (1)", 'an "other" $desk', "calm", "blind"
Samples = dict[tuple[str, SampleLabels], float]


ODD = "night (a|b) 1.5"


def labels(**values: str) -> SampleLabels:
    return frozenset(values.items())


def team(member: str, **more: str) -> SampleLabels:
    return labels(by="team", member=member, **more)


def windowed(member: str, **more: str) -> SampleLabels:
    return team(member, window="24h", period="current", **more)


LISTED = labels(by="team_priority", member="billing · high", target="first_reply", window="1h")
# Billing: 45 of 50 deadlines met; onboarding: 3 of 4; orders: no deadline fell.
SAMPLES: dict[tuple[str, SampleLabels], float] = {
    ("support_sla_attainment_ratio", windowed("billing", target="first_reply")): 0.9,
    ("support_sla_attainment_ratio", windowed("onboarding", target="first_reply")): 0.75,
    ("support_sla_attainment_observations", windowed("billing", target="first_reply")): 50,
    ("support_sla_attainment_observations", windowed("onboarding", target="first_reply")): 4,
    ("support_sla_attainment_observations", windowed("orders", target="first_reply")): 0,
    # Of the last hour: 6 of 20 missed where 4 may be; of 30 days: a tenth where a fifth may be, a quarter
    # where a tenth may be.
    (
        "support_sla_attainment_ratio",
        team("billing", window="1h", period="current", target="first_reply"),
    ): 0.7,
    (
        "support_sla_attainment_observations",
        team("billing", window="1h", period="current", target="first_reply"),
    ): 20,
    (
        "support_sla_attainment_ratio",
        team("billing", window="30d", period="current", target="first_reply"),
    ): 0.9,
    (
        "support_sla_attainment_observations",
        team("billing", window="30d", period="current", target="first_reply"),
    ): 1000,
    (
        "support_sla_attainment_ratio",
        team("onboarding", window="30d", period="current", target="first_reply"),
    ): 0.75,
    ("support_sla_objective_ratio", team("other", target="first_reply")): 0.9,
    ("support_sla_next_deadline_timestamp_seconds", team("billing", target="first_reply")): 660,
    ("support_sla_next_deadline_timestamp_seconds", team("orders", target="first_reply")): 598,
    ("support_sla_objective_ratio", team("billing", target="first_reply")): 0.8,
    ("support_sla_objective_ratio", team("onboarding", target="first_reply")): 0.9,
    ("support_sla_overdue_tickets", team("billing", target="first_reply")): 0,
    ("support_sla_overdue_tickets", team("billing", target="resolution")): 0,
    ("support_sla_overdue_tickets", team("onboarding", target="first_reply")): 2,
    ("support_sla_overdue_tickets", team("onboarding", target="resolution")): 1,
    ("support_sla_due_tickets", team("billing", target="first_reply", within="15m")): 3,
    ("support_sla_due_tickets", team("billing", target="resolution", within="15m")): 0,
    ("support_sla_due_tickets", team("onboarding", target="first_reply", within="15m")): 1,
    ("support_sla_due_tickets", team("onboarding", target="resolution", within="15m")): 0,
    ("support_oldest_unanswered_timestamp_seconds", team("billing")): 60,
    ("support_response_mean_seconds", windowed("billing", clock="business")): 1234,
    ("support_response_mean_observations", windowed("billing", clock="business")): 10,
    # The technical team always works; its business time is of a ticket that was created for billing.
    ("support_first_response_mean_seconds", windowed("billing", clock="business")): 60,
    ("support_first_response_mean_seconds", windowed("billing", clock="calendar")): 70,
    ("support_first_response_mean_seconds", windowed("technical", clock="business")): 80,
    ("support_first_response_mean_seconds", windowed("technical", clock="calendar")): 90,
    ("support_first_response_quantile_seconds", windowed("billing", clock="business", q="0.9")): 61,
    ("support_first_response_quantile_seconds", windowed("billing", clock="calendar", q="0.9")): 71,
    ("support_first_response_quantile_seconds", windowed("technical", clock="business", q="0.9")): 81,
    ("support_first_response_quantile_seconds", windowed("technical", clock="calendar", q="0.9")): 91,
    # One of the three replies of billing within hours took 180 s; two were given out of hours.
    ("support_first_response_mean_observations", windowed("billing", clock="business")): 3,
    ("support_first_response_closed_observations", windowed("billing")): 2,
    ("support_first_response_mean_observations", windowed("orders", clock="business")): 2,
    ("support_first_response_closed_observations", windowed("orders")): 2,
    ("support_first_response_mean_seconds", windowed("orders", clock="business")): 0,
    ("support_unanswered_tickets", team("billing")): 4,
    ("support_unanswered_tickets", team("orders")): 0,
    ("support_business_open", team("billing")): 1,
    ("support_business_open", team("onboarding")): 0,
    ("support_business_open", team("orders")): 1,
    ("support_business_open", team("other")): 1,
    ("support_sla_objective_ratio", team("orders", target="first_reply")): 0.9,
    ("support_sla_below_objective", team("billing", target="first_reply")): 1,
    ("support_sla_worst_excess_tickets", LISTED): 23.5,
    ("support_sla_worst_overdue_tickets", LISTED): 7,
    ("support_sla_worst_missed_tickets", LISTED): 32,
    ("support_sla_worst_observations", LISTED): 90,
    ("support_sla_worst_ratio", LISTED): 58 / 90,
    ("support_sla_worst_objective_ratio", LISTED): 0.9,
    ("support_open_tickets", team("billing")): 6,
    ("support_open_tickets", team(ODD)): 5,
}
ATTAINED = figure(
    "support_sla_attainment_ratio", "24h", TEAMS, ("target", "$target"), desk=DESK, keep=("member",)
)
LATE = live("support_sla_overdue_tickets", TEAMS, keep=("member", "target"))
RESPONSE = figure(
    "support_response_mean_seconds", "$window", (("by", "team"), ("member", Chosen("team"))), desk=DESK
)
UNSEEN = figure("support_nps_score", "24h", TEAMS, desk=DESK, keep=("member",))

EXPRESSIONS: dict[str, tuple[Expression, dict[SampleLabels, float]]] = {
    "a figure of each team": (ATTAINED, {labels(member="billing"): 0.9, labels(member="onboarding"): 0.75}),
    "an empty figure is absent": (UNSEEN, {}),
    "another unit": (minutes(RESPONSE), {labels(): 1234 / 60}),
    "rounded": (Rounded(minutes(RESPONSE), 1), {labels(): 20.6}),
    "a sum": (
        Grouped(LATE, "sum", ("member",)),
        {labels(member="billing"): 0, labels(member="onboarding"): 3},
    ),
    "the greatest of all": (Grouped(LATE, "max"), {labels(): 2}),
    "the least of each": (
        Grouped(LATE, "min", ("target",)),
        {labels(target="first_reply"): 0, labels(target="resolution"): 0},
    ),
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
    "an age": (Age(live("support_oldest_unanswered_timestamp_seconds", TEAMS)), {labels(): 540}),
    "1 - x": (
        Scaled(percent(ATTAINED), times=-1, plus=100),
        {labels(member="billing"): 10, labels(member="onboarding"): 25},
    ),
    "compared": (
        Comparison(ATTAINED, ">=", 0.9),
        {labels(member="billing"): 1, labels(member="onboarding"): 0},
    ),
    "filtered": (Filtered(ATTAINED, "<", 0.9), {labels(member="onboarding"): 0.75}),
    "given another": (
        Given(ATTAINED, Filtered(LATE, ">", 0), ("member",)),
        {labels(member="onboarding"): 0.75},
    ),
    "either": (
        Either(Filtered(ATTAINED, ">", 0.8), Scaled(ATTAINED, times=2)),
        {labels(member="billing"): 0.9, labels(member="onboarding"): 1.5},
    ),
    "spread over the teams": (
        Combined(ATTAINED, "*", Grouped(LATE, "max"), spread=True),
        {labels(member="billing"): 1.8, labels(member="onboarding"): 1.5},
    ),
    # Failed 10 % of 20 % allowed: half is left. Failed 25 % of 10 % allowed: 150 % too much.
    "what is left of the budget": (
        budget_left("$target", "team"),
        {labels(member="billing"): 50, labels(member="onboarding"): -150},
    ),
    "ten observations are enough for a band": (enough(RESPONSE, RESPONSE, DESK), {labels(): 1234}),
    "only while the figures can be trusted": (fresh(LATE), LATE.value(Moment.of(AT_SECONDS, SAMPLES))),
    "unless there is another": (
        Unless(ATTAINED, Filtered(LATE, ">", 0), ("member",)),
        {labels(member="billing"): 0.9},
    ),
    "either, all or nothing": (
        Either(UNSEEN, Scaled(ATTAINED, times=2), ()),
        {labels(member="billing"): 1.8, labels(member="onboarding"): 1.5},
    ),
    "in the order of a panel": (
        Ranked(ATTAINED),
        {labels(member="billing"): 0.9, labels(member="onboarding"): 0.75},
    ),
    "the greatest": (Top(ATTAINED, 1), {labels(member="billing"): 0.9}),
    "the least": (Top(ATTAINED, 1, least=True), {labels(member="onboarding"): 0.75}),
    "how many": (Grouped(LATE, "count"), {labels(): 4}),
    "a value as a label": (
        Spelt(Rounded(percent(ATTAINED), 0), "share", ("member",)),
        {labels(member="billing", share="90"): 1, labels(member="onboarding", share="75"): 1},
    ),
    "labels of another": (
        JoinedLabels(ATTAINED, Spelt(Filtered(LATE, ">", 1), "late", ("member",)), ("member",), ("late",)),
        {labels(member="onboarding", late="2"): 0.75},
    ),
    "a wait that is": (wait_or_none((*TEAMS, ("member", "billing")), desk=DESK), {}),
    "nobody waits, and that is known": (
        wait_or_none((*TEAMS, ("member", "orders")), desk=DESK),
        {labels(): NONE},
    ),
    # 60 s in the mean over three, two of which waited 0: the third waited 180 s. Both of orders came out of
    # hours: no mean at all.
    "the wait of those who waited within hours": (
        recorded.IN_HOURS.inner,
        {windowed("billing"): 180.0},
    ),
    "a team with work hours goes by them, another by the calendar": (
        recorded.by_own_clock(
            "support_first_response_quantile_seconds", teams_with_hours(POLICY), ("q",)
        ).inner,
        {windowed("billing", q="0.9"): 61, windowed("technical", q="0.9"): 91},
    ),
    "what is worst, with its numbers as labels": (
        recorded.WORST_LATE.inner,
        {LISTED | labels(missed="32", n="90", share="64", promised="90", excess="24"): 23.500007},
    ),
    # Billing is listed; onboarding is closed, so nothing is said of it; of orders nothing was due while it
    # was open.
    "the state of each promise": (
        recorded.SLA_STATE.inner,
        {
            team("billing", target="first_reply"): recorded.BELOW,
            team("onboarding", target="first_reply"): recorded.CLOSED,
            team("orders", target="first_reply"): recorded.NOT_DUE,
        },
    ),
    # Billing is listed, and 20 x (0.8 - 0.7) = 2 too many; its 1,000 deadlines break ties. Nothing was due of
    # the two others.
    "in which order members are taken": (
        recorded.RANK.inner,
        {
            team("billing", target="first_reply"): 1_000_002.001,
            team("onboarding", target="first_reply"): -200_000,
            team("orders", target="first_reply"): -200_000,
        },
    ),
    "how many more were late than may be": (excess("$target", "1h", "team"), {labels(member="billing"): 2}),
    "fewer than are shown": (recorded.BESIDES.inner, {}),
    "how many there are beyond one": (
        recorded.beyond(recorded.RANK, 1, ("by", "target")),
        {labels(by="team", target="first_reply", n="2"): 1},
    ),
    "their row in a table": (
        Named(recorded.beyond(recorded.RANK, 1), "member", "{n} more"),
        {labels(member="2 more"): 1},
    ),
    "the worst, as was last known": (
        Top(LastKnown(recorded.RANK), 1),
        {team("billing", target="first_reply"): 1_000_002.001},
    ),
    # The deadline of orders passed 2 s ago: the next scrape will tell of another one.
    "a deadline that is near, and one that has just passed": (
        next_deadline("$target", TEAMS, ("member",)),
        {labels(member="billing"): 60, labels(member="orders"): 0},
    ),
    "nothing is said of a policy that is there": (Given(NO_POLICY, TRUSTED), {}),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_it_is_worked_out_as_by_hand(name: str) -> None:
    expression, expected = EXPRESSIONS[name]
    found = expression.value(Moment.of(AT_SECONDS, SAMPLES).with_variables(VARIABLES))
    assert expected.keys() == found.keys()
    assert all(math.isclose(expected[one], found[one]) for one in expected)


def test_where_most_teams_always_work_those_with_hours_are_named() -> None:
    assert POLICY is not None
    version = replace(
        POLICY.versions[-1],
        default_calendar="always",
        team_calendars={"billing": "madrid", "technical": "always"},
    )
    assert ("billing",) == teams_with_hours(Policy((version,)))


def test_a_recording_is_asked_by_its_name_and_means_what_it_records() -> None:
    asked = of_a_team(FIRST_RESPONSE, "24h", desk=DESK)
    assert (
        'max(desk:team_first_response_mean_seconds{desk=~"$desk",window="24h",period="current",member=~"$team"})'
        == asked.promql()
    )
    assert {labels(): 180} == asked.value(Moment.of(AT_SECONDS, SAMPLES).with_variables(VARIABLES))
    assert (
        'max(desk:first_response_in_hours_mean_seconds{desk=~"$desk",window="1h",period="current",by="all",member="all"})'
        == (first_response("1h", desk=DESK).promql())
    )


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [((), {"a", "b"}), (("c",), {"a", "c"}), (("b", "c"), {"a", "b"}), (("d",), {"a", "b"})],
)
def test_among_equals_those_count_that_prometheus_has_chosen(
    chosen: tuple[str, ...], expected: set[str]
) -> None:
    """`a` is the greatest, `b` and `c` are equal, and `d` is too small to be chosen at all."""
    samples = {
        ("x", labels(member=name)): value for name, value in (("a", 3.0), ("b", 2.0), ("c", 2.0), ("d", 1.0))
    }
    moment = Moment.of(AT_SECONDS, samples).with_choice([labels(member=name) for name in chosen])
    found = Top(Pick("x", (), ("member",)), 2).value(moment)
    assert expected == {dict(one)["member"] for one in found}


def test_what_must_hold_at_the_end_is_asked_there() -> None:
    assert 'desk:x{desk=~"$desk"} @ end()' == Recorded(ATTAINED, "desk:x", at_end=True).promql()
    assert "desk:x @ end()" == Recorded(ATTAINED, "desk:x", at_end=True).promql(each=True)


def others() -> Samples:
    """The other desk: more of everything, and some of it missing.

    Three of its promises are worse than the worst of the first desk.
    """
    missing = {"support_first_response_closed_observations", "support_oldest_unanswered_timestamp_seconds"}
    found = {
        (name, having): 0.5 + 3 * value for (name, having), value in SAMPLES.items() if name not in missing
    }
    found = {
        key: 1.0 if "below" in key[0] else value
        for key, value in found.items()
        if key != ("support_business_open", team("orders"))
    }
    for name, having in list(found):
        if "_worst_" in name:
            found |= {
                (name, having - {("member", "billing · high")} | {("member", one)}): 1000.0 + rank
                for rank, one in enumerate("abc")
            }
    return found


def calm() -> Samples:
    """A desk that is closed and of which nothing is listed."""
    found = {
        (name, having): value
        for (name, having), value in SAMPLES.items()
        if "_worst_" not in name and "_below_" not in name
    }
    everything = labels(by="all", member="all")
    return {
        **found,
        ("support_business_open", everything): 0.0,
        ("support_sla_objective_ratio", everything | {("target", "x")}): 0.9,
    }


DESKS: dict[str, Samples] = {ONE: SAMPLES, OTHER: others(), CALM: calm()}


def text_of(having: SampleLabels) -> str:
    return label_text(dict(having))


def series() -> list[dict[str, str]]:
    """What the rules of the view have recorded of every desk, and that it can be trusted."""
    found = []
    for desk, samples in {**DESKS, BLIND: SAMPLES}.items():
        own = frozenset({("desk", desk)})
        found += (
            [{"series": f"desk:figures_trusted{text_of(own)}", "values": "1x20"}] if desk != BLIND else []
        )
        found += [
            {"series": f"desk:{name}{text_of(having | own)}", "values": f"{value!r}x20"}
            for (name, having), value in samples.items()
        ]
    return found


def asked(query: str, answers: dict[SampleLabels, float]) -> dict[str, Any]:
    """What promtool shall ask and be told, in billionths, since it compares exactly."""
    samples = [
        {"labels": text_of(having) or "{}", "value": round(value * 1e9)} for having, value in answers.items()
    ]
    return {"expr": f"round(max without (desk) ({query}) * 1e9)", "eval_time": "10m", "exp_samples": samples}


def filled(expression: Expression) -> str:
    """A question of a board of the first desk."""
    names = {name: Choice(text, pattern(text)) for name, text in {**VARIABLES, "desk": ONE}.items()}
    return interpolated(expression.promql(), names, special=False)


def promtool(tmp_path: Path, *questions: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "queries.yml"
    tests = [{"interval": "30s", "input_series": series(), "promql_expr_test": list(questions)}]
    rules = [{"record": one.name, "expr": one.inner.promql(each=True)} for one in recorded.EXPRESSIONS]
    recording = tmp_path / "rules.yml"
    recording.write_text(yaml.safe_dump({"groups": [{"name": "recorded", "rules": rules}]}), encoding="utf-8")
    file.write_text(
        yaml.safe_dump({"rule_files": [recording.name], "evaluation_interval": "30s", "tests": tests}),
        encoding="utf-8",
    )
    return subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: apt-get install prometheus")
def test_prometheus_answers_as_by_hand(tmp_path: Path) -> None:
    run = promtool(
        tmp_path, *(asked(filled(expression), answers) for expression, answers in EXPRESSIONS.values())
    )
    assert 0 == run.returncode, run.stdout + run.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: apt-get install prometheus")
def test_rules_record_each_desk_as_if_it_were_alone(tmp_path: Path) -> None:
    questions = []
    for desk, samples in DESKS.items():
        moment = Moment.of(AT_SECONDS, samples)
        own = text_of(frozenset({("desk", desk)}))
        questions += [asked(f"{one.name}{own}", one.inner.value(moment)) for one in recorded.EXPRESSIONS]
    believed = (recorded.WORST_LATE, recorded.SLA_STATE, recorded.DESK_STATE, recorded.SHOWN_ON_WALL)
    questions += [asked(f'{one.name}{{desk="{BLIND}"}}', {}) for one in believed]
    states = [recorded.DESK_STATE.inner.value(Moment.of(AT_SECONDS, samples)) for samples in DESKS.values()]
    assert [{labels(): recorded.BELOW}, {labels(): recorded.BELOW}, {labels(): recorded.CLOSED}] == states
    run = promtool(tmp_path, *questions)
    assert 0 == run.returncode, run.stdout + run.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: apt-get install prometheus")
def test_another_answer_is_seen(tmp_path: Path) -> None:
    assert 0 != promtool(tmp_path, asked(filled(ATTAINED), {labels(member="billing"): 0.8})).returncode


def test_variables_are_filled_and_others_stay() -> None:
    assert 'x{team="billing"}[$__rate_interval]' == fill('x{team="$team"}[$__rate_interval]', VARIABLES)


def test_what_is_written_names_its_metrics() -> None:
    written = PlainPromql(
        'sum by (topic) (deskpulse_source_lag_records{job="x"}) / rate(deskpulse_transactions_total[5m]) + up'
    )
    assert {"deskpulse_source_lag_records", "deskpulse_transactions_total", "up"} <= written.names()
    with pytest.raises(NotImplementedError):
        written.value(Moment(0, {}))
