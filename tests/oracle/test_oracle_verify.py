"""A check that cannot fail is a defect: every kind of difference is shown once."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from oracle.figures import OracleFigure, figures, parts
from oracle.verify import Difference, compare, parse_exposition, report
from tests.oracle.desk import Desk, at

COUNT = OracleFigure("support_tickets", (("by", "all"),), 1000.0, 1000)
MEAN = OracleFigure("support_response_mean_seconds", (), 1000.0, 3)
QUANTILE = OracleFigure("support_response_quantile_seconds", (("q", "0.5"),), 1000.0, 3)
QUANTILE_COUNT = OracleFigure("support_response_quantile_observations", (), 1000.0, 1000)


def found(figure: OracleFigure, value: float) -> list[str]:
    return [difference.kind for difference in compare([figure], {figure.key: value})]


@pytest.mark.parametrize(
    ("figure", "value", "same"),
    [
        (COUNT, 1000.0, True),
        (COUNT, 1000.0001, False),
        (QUANTILE_COUNT, 1001.0, False),
        (MEAN, 1000.0000009, True),
        (MEAN, 1000.000002, False),
        (MEAN, float("nan"), False),
        (QUANTILE, 1009.9, True),
        (QUANTILE, 990.1, True),
        (QUANTILE, 1010.1, False),
        (QUANTILE, float("nan"), False),
    ],
)
def test_counts_are_exact_means_nearly_and_quantiles_to_1_per_cent(
    figure: OracleFigure, value: float, *, same: bool
) -> None:
    assert found(figure, value) == ([] if same else ["value"])


def test_a_quantile_of_0_may_be_off_by_a_millisecond() -> None:
    zero = OracleFigure(QUANTILE.name, QUANTILE.labels, 0.0, 3)
    assert [] == found(zero, 0.001)
    assert ["value"] == found(zero, 0.0011)


def test_missing_and_unexpected_samples_are_differences() -> None:
    stray = ("support_tickets", frozenset({("by", "moon")}))
    foreign = ("deskpulse_up", frozenset[tuple[str, str]]())
    assert [
        Difference("missing", "support_tickets", frozenset({("by", "all")}), 1000.0, None),
        Difference("unexpected", "support_tickets", frozenset({("by", "moon")}), None, 5.0),
    ] == compare([COUNT], {stray: 5.0, foreign: 1.0})
    assert [] == compare([COUNT], {stray: 5.0}, ignore={"support_tickets"})


def test_a_report_names_each_difference_in_a_line() -> None:
    stray = ("support_tickets", frozenset({("by", "moon")}))
    differences = compare([COUNT, MEAN], {stray: 5.0, MEAN.key: 7.0})
    assert [
        "3 differences",
        "value       support_response_mean_seconds{}: expected 1000.0, found 7.0",
        'missing     support_tickets{by="all"}: expected 1000.0',
        'unexpected  support_tickets{by="moon"}: found 5.0',
    ] == report(differences).splitlines()
    assert ["3 differences", "and 2 more"] == [
        report(differences, limit=1).splitlines()[line] for line in (0, -1)
    ]
    assert "no differences" == report([])


class Exported(Collector):
    """Shows the oracle's own figures as an exporter would."""

    def __init__(self, shown: list[OracleFigure]) -> None:
        self.shown = shown

    def collect(self) -> list[Metric]:
        families: list[Metric] = []
        for figure in self.shown:
            names, values = zip(*figure.labels, strict=True)
            family = GaugeMetricFamily(figure.name, "help", labels=names)
            family.add_metric(values, figure.value)
            families.append(family)
        return families


def a_desk() -> Desk:
    desk = Desk()
    desk.created("T", "11:30", team='quo"te\\')
    desk.answered("T", "11:35")
    return desk


@pytest.mark.parametrize("write", [generate_latest, generate_openmetrics])
def test_figures_survive_the_way_through_both_formats(write: object) -> None:
    assert callable(write)
    shown = figures(a_desk().records, as_of_ms=at("12:00"))
    unique = {figure.name: figure for figure in shown}  # one sample a family keeps this exporter simple
    registry = CollectorRegistry()
    registry.register(Exported(list(unique.values())))
    samples = parse_exposition(write(registry).decode())
    assert len(unique) == len(samples)
    assert [] == compare(unique.values(), samples)


class Histogram(Collector):
    def collect(self) -> list[Metric]:
        family = GaugeHistogramMetricFamily("support_first_response_seconds", "help", labels=["window"])
        family.add_metric(["1h"], [("60.0", 0), ("2.592e+06", 1), ("+Inf", 1)], gsum_value=300)
        return [family]


@pytest.mark.parametrize("write", [generate_latest, generate_openmetrics])
def test_edges_are_compared_as_numbers(write: object) -> None:
    assert callable(write)
    registry = CollectorRegistry()
    registry.register(Histogram())
    edges = {"support_first_response_seconds": [60, 2_592_000]}
    one = parts(a_desk().records, as_of_ms=at("12:00"), thresholds_seconds=edges, windows=["1h"])
    expected = [
        OracleFigure(
            part.name, tuple(pair for pair in part.labels if pair[0] in ("window", "le")), part.value, part.n
        )
        for part in one
        if part.name.startswith("support_first_response_seconds")
    ]
    assert [] == compare(expected, parse_exposition(write(registry).decode()))


def test_a_sample_exported_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="exported twice: support_tickets"):
        parse_exposition('# TYPE support_tickets gauge\nsupport_tickets{a="1"} 1\nsupport_tickets{a="1"} 2\n')
