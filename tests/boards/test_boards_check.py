"""The check of all boards can fail.

It sees what is empty, what differs, and what Prometheus has and the oracle has not.
"""

from __future__ import annotations

from typing import Any, cast

from deskpulse.monitoring.boards import ENGLISH, Desk
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY
from deskpulse.monitoring.boards.moment import Moment, SampleLabels
from deskpulse.monitoring.boards.panels.sheet import AskedQuery, Query
from deskpulse.monitoring.boards.questions.figures import figure, minutes
from deskpulse.monitoring.boards.questions.program import PlainPromql
from deskpulse.monitoring.boards.questions.promql import Rounded
from deskpulse.policy import load_policy
from proofs.boards.check import EXACT, Inquiry, Tally, differences
from proofs.local_prometheus import Answer, LocalPrometheus

POLICY = load_policy(DEFAULT_POLICY)
assert POLICY is not None
DESK = Desk(ENGLISH, POLICY)
AT = 1_000.0
HAVING: SampleLabels = frozenset({"window": "24h", "period": "current", "by": "all", "member": "all"}.items())
CSAT = figure("support_csat_ratio", "24h", desk=DESK)
TAIL = figure(
    "support_response_quantile_seconds", "24h", (("by", "all"), ("member", "all")), ("q", "0.9"), desk=DESK
)
MOMENT = Moment.of(
    AT,
    {
        ("support_csat_ratio", HAVING): 0.8125,
        ("support_response_quantile_seconds", HAVING | {("q", "0.9"), ("clock", DESK.clock)}): 600.0,
    },
)


class Canned:
    """A Prometheus that answers everything alike."""

    def __init__(self, *values: float, at: float = AT, desk: str = "one") -> None:
        self.values, self.at, self.desk, self.asked = values, at, desk, 0

    def query(self, _: str, at_seconds: float) -> Answer:
        self.asked += 1
        return [
            {"metric": {"__name__": "x", "desk": self.desk}, "value": [at_seconds, str(value)]}
            for value in self.values
        ]

    def query_range(self, _: str, **span: float) -> Answer:
        self.asked += 1
        return [
            {"metric": {}, "values": [[span["start_seconds"], "0"], [self.at, str(value)]]}
            for value in self.values
        ]


def tally(prometheus: Canned, expression: Any, *, instant: bool = True) -> Tally:
    found = Tally()
    asked = AskedQuery(1, "CSAT", "A", Query(expression, instant=instant))
    Inquiry(cast("LocalPrometheus", prometheus), MOMENT, "one").ask(asked, {}, found, {})
    return found


def test_equal_figures_are_counted() -> None:
    found = tally(Canned(0.8125), CSAT)
    assert (1, 1, [], []) == (found.queries, found.compared, found.empty, found.differences)


def test_another_figure_is_a_difference() -> None:
    (difference,) = tally(Canned(0.8126), CSAT).differences
    assert "expected 0.8125, found 0.8126" in difference


def test_a_figure_that_only_prometheus_has_is_a_difference() -> None:
    unknown = figure("support_nps_score", "24h", desk=DESK)
    assert ["expected None, found 40.0" in one for one in tally(Canned(40), unknown).differences] == [True]


def test_a_figure_that_only_the_oracle_has_is_a_difference() -> None:
    found = tally(Canned(), CSAT)
    assert (1, [], 1) == (found.without, found.empty, len(found.differences))


def test_a_panel_may_be_empty_exactly_where_the_oracle_has_no_figure() -> None:
    """On a Sunday evening nobody has answered a survey.

    That is lawful at any hour, and a lost figure never is.
    """
    found = tally(Canned(), figure("support_nps_score", "24h", desk=DESK))
    assert (1, [], []) == (found.without, found.empty, found.differences)


def test_a_question_about_the_programs_must_not_be_empty() -> None:
    written = PlainPromql('sum(up{job="deskpulse-exporter"})')
    assert 1 == len(tally(Canned(), written).empty)


def test_a_series_that_ended_before_is_not_the_present() -> None:
    assert [] == tally(Canned(0.8125), CSAT, instant=False).differences
    assert 1 == len(tally(Canned(0.8125, at=AT - 3), CSAT, instant=False).differences)


def test_quantiles_may_be_off_by_one_percent_and_a_rounding() -> None:
    assert [] == tally(Canned(10.05), minutes(TAIL)).differences
    assert 1 == len(tally(Canned(10.2), minutes(TAIL)).differences)
    assert [] == tally(Canned(10.1), Rounded(minutes(TAIL), 1)).differences
    assert 1 == len(tally(Canned(10.3), Rounded(minutes(TAIL), 1)).differences)


def test_what_no_oracle_knows_is_only_asked() -> None:
    found = tally(Canned(3), PlainPromql('sum(up{job="deskpulse-exporter"})'))
    assert (1, 0, []) == (found.queries, found.compared, found.empty)


def test_another_desk_that_answers_is_a_difference() -> None:
    written = PlainPromql('desk:figures_state{desk=~"$desk"}')
    assert [] == tally(Canned(3), written).differences
    assert [
        "'two' answers to a question about 'one'" in one
        for one in tally(Canned(3, desk="two"), written).differences
    ] == [True]


def test_an_answer_that_the_other_desk_had_a_part_in_is_seen_when_that_has_gone() -> None:
    prometheus = Canned(0.8125)
    inquiry = Inquiry(cast("LocalPrometheus", prometheus), MOMENT, "one")
    inquiry.ask(AskedQuery(1, "CSAT", "A", Query(CSAT, instant=True)), {}, Tally(), {})
    assert [] == inquiry.changed()
    prometheus.values = (0.8,)
    (difference,) = inquiry.changed()
    assert "expected 0.8125, found 0.8" in difference


def test_a_question_is_put_once() -> None:
    prometheus = Canned(0.8125)
    inquiry = Inquiry(cast("LocalPrometheus", prometheus), MOMENT, "one")
    for _ in range(3):
        inquiry.ask(AskedQuery(1, "CSAT", "A", Query(CSAT, instant=True)), {}, Tally(), {})
    assert 1 == prometheus.asked


def test_nothing_divided_by_nothing_is_the_same_on_both_sides() -> None:
    nan = float("nan")
    assert [] == differences({HAVING: nan}, {HAVING: nan}, EXACT)
    assert 1 == len(differences({HAVING: nan}, {HAVING: 0.0}, EXACT))
