"""The faults of a run are drawn from its seed: each kind once if it fits, then any."""

from __future__ import annotations

from itertools import islice

import pytest

from proofs.soak.faults import ACTS, FAULTS, SHORT, SPOIL_RATE, kinds
from proofs.soak.faults.brokers import away_seconds
from proofs.soak.schedule import Kind, Lot, draw

KINDS = [
    Kind("quick", "world", 10),
    Kind("slow", "world", 60),
    Kind("odd", "world", 20),
    Kind("double", "data", 15),
]


def names(seed: int, count: int = 12) -> list[str]:
    return [kind.name for kind in islice(draw(seed, KINDS, "world"), count)]


def test_a_seed_is_a_schedule() -> None:
    assert names(7) == names(7)
    assert len({tuple(names(seed)) for seed in range(20)}) > 10


@pytest.mark.parametrize("seed", range(20))
def test_each_kind_of_a_lane_comes_once_before_any_comes_again(seed: int) -> None:
    assert {"quick", "slow", "odd"} == set(names(seed, 3))


def test_a_lane_without_kinds_has_no_faults() -> None:
    assert [] == list(draw(1, KINDS[:3], "data"))
    assert Lot(1, KINDS[:3], "data").next(1_000) is None


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_that_fits_occurs_and_the_others_do_not(seed: int) -> None:
    """With 30 s left at every draw, the fault of 60 s never begins."""
    lot = Lot(seed, KINDS, "world")
    drawn = [kind.name for _ in range(10) if (kind := lot.next(30))]
    assert {"quick", "odd"} == set(drawn)
    assert 10 == len(drawn)


def test_a_kind_that_did_not_fit_comes_when_it_does() -> None:
    lot = Lot(3, KINDS, "world")
    assert {"quick", "odd"} == {kind.name for _ in range(2) if (kind := lot.next(30))}
    following = lot.next(100)
    assert following is not None
    assert "slow" == following.name


@pytest.mark.parametrize("seed", range(20))
def test_a_long_fault_is_not_put_off_until_it_does_not_fit(seed: int) -> None:
    """Of 75 s the fault of 60 s gets its share, in whatever order the seed has them."""
    lot, left, drawn = Lot(seed, KINDS, "world"), 75.0, set()
    while kind := lot.next(left):
        drawn.add(kind.name)
        left -= kind.seconds
    assert {"quick", "slow"} == drawn


def test_nothing_is_begun_that_cannot_end() -> None:
    assert Lot(1, KINDS, "world").next(5) is None


def test_a_short_run_has_each_kind_once_however_little_time_is_left() -> None:
    lot = Lot(1, KINDS, "world", once=True)
    assert {"quick", "slow", "odd"} == {kind.name for _ in range(3) if (kind := lot.next(0))}
    assert lot.next(1_000) is None


def test_the_faults_of_the_issue_are_there() -> None:
    assert {
        "kill", "kill-all", "kill-in-recovery", "kill-in-transaction",
        "leave", "join", "join-storm", "zombie", "exporter-kill",
        "broker-kill", "broker-slow", "brokers-away", "compaction-gap", "retention-loss",
        "sent-twice", "aborted-upstream", "late-in-reverse", "topic-ahead",
    } == set(ACTS)  # fmt: skip
    assert set(SHORT) < set(ACTS)
    assert set(ACTS) > SPOIL_RATE
    assert len(FAULTS) == len(ACTS)


def test_all_brokers_are_away_for_a_tenth_of_the_run_and_a_minute_at_most() -> None:
    assert 30.0 == away_seconds(5)
    assert 60.0 == away_seconds(10) == away_seconds(60)
    [away] = kinds(10, ["brokers-away"])
    assert away.seconds >= 60


def test_a_fault_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no such fault: earthquake; there are kill, "):
        kinds(1, ["kill", "earthquake"])
