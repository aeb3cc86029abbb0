"""Switches and moments fit the worker as it is.

An upgrade that renames what they replace fails here, not in a run of minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proofs.programs import ROOT
from proofs.soak.mutants.bench import Trial
from proofs.soak.mutants.moments import GATE
from proofs.soak.mutants.scenarios import SAFEGUARDS
from proofs.soak.mutants.switches import SWITCHES, replace
from proofs.soak.verdict import Comparison

ALL = """
from proofs.soak.mutants.launcher import small_units
from proofs.soak.mutants.moments import MOMENTS
from proofs.soak.mutants.switches import SWITCHES
import agents.worker
small_units()
for change in SWITCHES.values():
    change()
for moment in MOMENTS.values():
    moment(3)
"""


def test_what_switches_and_moments_replace_is_there(tmp_path: Path) -> None:
    """In a process of its own: what they change would stay changed."""
    done = subprocess.run(
        [sys.executable, "-c", ALL],
        cwd=ROOT,
        env={**os.environ, GATE: str(tmp_path / "gate")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == done.returncode, done.stderr


def test_what_is_not_there_cannot_be_replaced() -> None:
    with pytest.raises(AttributeError):
        replace(Trial, "gone", None)


def test_every_switch_has_a_play() -> None:
    assert set(SWITCHES) == {safeguard.name for safeguard in SAFEGUARDS}


def trial(what: str, *differences: str, notes: tuple[str, ...] = ()) -> Trial:
    return Trial([Comparison(what, 100, differences)], notes, 3_000)


def test_a_trial_without_differences_is_green_and_no_symptom() -> None:
    sound = trial("counters")
    assert sound.green
    assert [] == [safeguard.name for safeguard in SAFEGUARDS if safeguard.symptom(sound)]


def test_a_mutant_that_is_red_for_another_reason_is_not_shown() -> None:
    """A dead letter twice is nobody's symptom."""
    odd = trial("dead letters", "twice: survey-0-1")
    assert not odd.green
    assert [] == [safeguard.name for safeguard in SAFEGUARDS if safeguard.symptom(odd)]


def test_the_position_row_is_known_by_its_counter_alone() -> None:
    [safeguard] = [safeguard for safeguard in SAFEGUARDS if safeguard.name == "position-row"]
    told = "duplicate: expected 28, found 915"
    assert f"{told}, while all figures agree" == safeguard.symptom(trial("counters", told))
    both = Trial(
        [Comparison("counters", 4, [told]), Comparison("figures from the ledger's rows", 9, ["one"])],
        (),
        3_000,
    )
    assert safeguard.symptom(both) is None


@pytest.mark.parametrize(
    ("name", "figure", "other"),
    [
        ("retraction", "support_resolution_ratio", "support_resolution_ratio_observations"),
        ("waits", "support_response_mean_seconds", "support_first_response_mean_seconds"),
    ],
)
def test_a_mutant_of_the_time_line_is_known_by_its_figure_alone(name: str, figure: str, other: str) -> None:
    [safeguard] = [safeguard for safeguard in SAFEGUARDS if safeguard.name == name]
    of_other, of_figure = (
        f'value       {one}{{by="all"}}: expected 1.0, found 2.0' for one in (other, figure)
    )
    what = "figures from the ledger's rows"
    told = f"1 figures {figure} of the ledger differ, such as {of_figure}"
    assert told == safeguard.symptom(trial(what, of_other, of_figure))
    assert safeguard.symptom(trial(what, of_other)) is None
