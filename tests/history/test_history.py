"""A history is scraped at the instants of its story, and its rules are worked out in order.

Alerts hold and keep as Prometheus has it.
"""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from proofs.history.make import RULES
from proofs.history.rules import Rule, alerted, levels, read, recorded
from proofs.history.scrapes import scrapes
from proofs.history.stories import STORIES, Span
from proofs.local_prometheus import LocalPrometheus


class Canned:
    """A Prometheus whose query is true at some instants."""

    def __init__(self, *true_at: int) -> None:
        self.true_at = true_at

    def query_range(
        self, expression: str, *, start_seconds: float, end_seconds: float, step_seconds: float
    ) -> list[dict[str, Any]]:
        assert "x > 1" == expression
        values = [
            [at, "2"] for at in self.true_at if start_seconds <= at <= end_seconds and not at % step_seconds
        ]
        return [{"metric": {"by": "team", "member": "vip"}, "values": values}] if values else []


def states(rule: Rule, *true_at: int, end: int = 600) -> Mapping[int, str]:
    spans = [Span(0, end // 2 - 60, 60), Span(end // 2, end, 60)]
    prometheus = cast("LocalPrometheus", Canned(*true_at))
    lines = [
        line for _, some in alerted(prometheus, rule, spans) for line in some if line.startswith("ALERTS{")
    ]
    return {int(line.split()[-1]): "firing" if '"firing"' in line else "pending" for line in lines}


def test_an_alert_fires_when_it_has_held_long_enough() -> None:
    rule = Rule("ALERTS", "x > 1", "Late", hold_seconds=120, labels={"severity": "page"})
    assert {60: "pending", 120: "pending", 180: "firing", 240: "firing"} == states(rule, 60, 120, 180, 240)


def test_a_pending_alert_is_forgotten_at_once_and_a_firing_one_kept_for_a_while() -> None:
    rule = Rule("ALERTS", "x > 1", "Late", hold_seconds=60, keep_seconds=120)
    assert {0: "pending"} == states(rule, 0)
    assert {0: "pending", 60: "firing", 120: "firing", 180: "firing"} == states(rule, 0, 60)


def test_a_rule_comes_after_what_it_reads() -> None:
    rules = [
        Rule("c", "b + a"),
        Rule("b", "a * 2"),
        Rule("a", "x or a"),
        Rule("ALERTS", "c > 1", "Late"),
        Rule("b", "x * 3"),
    ]
    assert [["a"], ["b", "b"], ["c"], ["ALERTS"]] == [
        [rule.record for rule in level] for level in levels(rules)
    ]


def test_rules_in_a_circle_come_last() -> None:
    assert [["a"], ["b", "c"]] == [
        [rule.record for rule in level] for level in levels([Rule("b", "c"), Rule("c", "b"), Rule("a", "x")])
    ]


def test_the_rules_of_the_tree_are_all_worked_out() -> None:
    every = read(RULES)
    assert sorted(rule.record for rule in every) == sorted(
        rule.record for level in levels(every) for rule in level
    )


def test_spans_end_now_and_lie_in_one_block_each() -> None:
    story = STORIES["slip"]
    spans = story.spans()
    instants = [at for span in spans for at in span]
    assert story.now_seconds == instants[-1]
    assert instants == sorted(set(instants))
    assert max(later - earlier for earlier, later in itertools.pairwise(instants)) < 300, (
        "Prometheus looks back 300 s"
    )
    assert all(span.start // 7_200 == span.end // 7_200 for span in spans)


@pytest.mark.parametrize(
    ("fault", "ups", "as_of_moves"), [("none", {"1.0"}, True), ("gone", {"0.0", "1.0"}, False)]
)
def test_some_minutes_of_a_small_desk(fault: str, ups: set[str], *, as_of_moves: bool) -> None:
    story = replace(STORIES["slip"], hours=0.1, rate_per_hour=1.0, fault=fault, fault_minutes=3)  # type: ignore[arg-type]
    found = list(scrapes(story))
    assert [at for at, _ in found] == [at for span in story.spans() for at in span]
    assert ups == {line.split()[-2] for _, lines in found for line in lines if line.startswith("up{")}
    last = found[-1][1]
    assert as_of_moves == any(line.startswith("deskpulse_view_as_of_timestamp_seconds{") for line in last)
    assert as_of_moves == any(
        line.startswith("support_sla_attainment_ratio{") and line.endswith(f" {story.now_seconds}\n")
        for line in last
    )


def test_a_rule_with_count_values_is_asked_instant_by_instant() -> None:
    """Over a range Prometheus 2.42 loses labels of it after the first instant."""

    class Instants:
        def query(self, _: str, at_seconds: float) -> list[dict[str, Any]]:
            return [{"metric": {"__name__": "x", "n": "3", "target": "t"}, "value": [at_seconds, "1"]}]

    rule = Rule("desk:x", 'count_values by (target) ("n", y)')
    (found,) = recorded(cast("LocalPrometheus", Instants()), rule, [Span(0, 60, 60)])
    assert (0, ['desk:x{n="3",target="t"} 1 0\n', 'desk:x{n="3",target="t"} 1 60\n']) == found
