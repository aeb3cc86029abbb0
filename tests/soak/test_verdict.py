"""What makes a soak red.

Each rule is shown a run that breaks it, since a harness that cannot fail shows nothing.
"""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from proofs.soak import verdict
from proofs.soak.verdict import Comparison, Outcome, Run

KINDS = [f"kind-{number}" for number in range(8)]


def outcome(kind: str, **changes: object) -> Outcome:
    return replace(Outcome(kind, 3, "kills felt", 7.5, 10.0, 20.0), **changes)  # type: ignore[arg-type]


GREEN = Run(
    seed=7,
    minutes=5,
    rate=1_000,
    events=360_000,
    seconds=300,
    outcomes=[outcome(kind) for kind in KINDS * 2],
    comparisons=[
        Comparison("exporter 1", 6_000, []),
        Comparison("exporter 2", 6_000, []),
        Comparison("counters", 4, [], figures=False),
    ],
    acknowledged=dict.fromkeys(range(300), 1_200),
    limit_seconds=45,
)


def test_a_good_run_is_green() -> None:
    """16 faults of 8 kinds; 6,000 + 6,000 figures: the counters are none."""
    assert [] == verdict.failures(GREEN)
    assert (
        "soak: 16 faults of 8 kinds, 360000 events, 12000 figures compared, 0 differences"
        == verdict.last_line(GREEN)
    )


def test_one_difference_anywhere_makes_it_red() -> None:
    for place, comparison in enumerate(GREEN.comparisons):
        comparisons = list(GREEN.comparisons)
        comparisons[place] = replace(comparison, differences=["support_tickets{}: expected 5.0, found 4.0"])
        run = replace(GREEN, comparisons=comparisons)
        assert ["1 differences"] == verdict.failures(run)
        assert verdict.last_line(run).endswith("figures compared, 1 differences")
        assert [f"{comparison.what}: support_tickets{{}}: expected 5.0, found 4.0"] == run.differences


def test_a_comparison_of_nothing_is_no_comparison() -> None:
    assert ["nothing was compared"] == verdict.failures(replace(GREEN, comparisons=[]))
    assert ["nothing was compared: exporter 1"] == verdict.failures(
        replace(GREEN, comparisons=[Comparison("exporter 1", 0, [])])
    )


def test_a_fault_that_nobody_felt_makes_it_red() -> None:
    run = replace(GREEN, outcomes=[*GREEN.outcomes, outcome("zombie", amount=0, effect="fenced")])
    assert ["zombie at 10 s was not felt: no fenced"] == verdict.failures(run)


def test_a_group_that_stands_still_for_too_long_makes_it_red() -> None:
    run = replace(GREEN, outcomes=[*GREEN.outcomes, outcome("kill", recovery_seconds=45.1)])
    assert ["kill at 10 s: stood still for 45.1 s, at most 45"] == verdict.failures(run)


def test_too_few_faults_in_five_minutes_make_it_red_and_in_one_minute_do_not() -> None:
    run = replace(GREEN, outcomes=GREEN.outcomes[:14])
    assert ["14 faults of 8 kinds, at least 15 of 8 are promised"] == verdict.failures(run)
    few = replace(GREEN, outcomes=[outcome(kind) for kind in KINDS[:7] * 3])
    assert ["21 faults of 7 kinds, at least 15 of 8 are promised"] == verdict.failures(few)
    assert [] == verdict.failures(replace(run, minutes=1))


def test_a_load_below_the_promise_makes_it_red() -> None:
    run = replace(GREEN, acknowledged=dict.fromkeys(range(300), 999))
    assert "999 events/s on the whole, at least 1000 are promised" in verdict.failures(run)


def test_twenty_slow_seconds_make_it_red_though_the_mean_is_good() -> None:
    """Twenty seconds of 900 among 280 of 1,200: the mean is 1,180."""
    slow = {**GREEN.acknowledged, **dict.fromkeys(range(100, 120), 900)}
    assert ["900 events/s in the 20 s from 100 s, at least 1000 are promised"] == verdict.failures(
        replace(GREEN, acknowledged=slow)
    )


@pytest.mark.parametrize(("spoils", "red"), [(True, False), (False, True)])
def test_a_rate_that_brokers_spoil_is_nobodys_fault(*, spoils: bool, red: bool) -> None:
    """No write in ten seconds, made good for in the ten that follow.

    Fewer than 20,000 in any 20 s that begin before 100 s.
    """
    acknowledged = {
        **GREEN.acknowledged,
        **dict.fromkeys(range(100, 110), 0),
        **dict.fromkeys(range(110, 120), 2_400),
    }
    away = outcome("brokers-away", began=100.0, ended=120.0, spoils_rate=spoils)
    run = replace(GREEN, acknowledged=acknowledged, outcomes=[*GREEN.outcomes, away])
    assert red is bool(verdict.failures(run))


def test_other_trouble_makes_it_red() -> None:
    assert ["a worker ended with exit code 70"] == verdict.failures(
        replace(GREEN, trouble=["a worker ended with exit code 70"])
    )


def test_the_table_sums_effects_and_shows_median_and_maximum() -> None:
    """Recoveries of 6, 7 and 20 s: median 7, maximum 20; effects 1 + 2 + 3 = 6."""
    outcomes = [
        outcome("kill", amount=amount, recovery_seconds=took)
        for amount, took in ((1, 6.0), (2, 20.0), (3, 7.0))
    ]
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(
        verdict.table(replace(GREEN, outcomes=[*outcomes, outcome("sent-twice", recovery_seconds=None)]))
    )
    lines = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in console.export_text().splitlines()
        if line.startswith("│")
    ]
    assert [
        ["kill", "3", "6 kills felt", "7.0", "20.0"],
        ["sent-twice", "1", "3 kills felt", "-", "-"],
    ] == lines
