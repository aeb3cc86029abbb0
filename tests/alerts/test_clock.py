"""The clock of a drill: it stands, then runs fast, and is the same in every process."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs.drills.alerts import clock as clocks
from proofs.drills.alerts.clock import DrillClock

ORIGIN_MS = 1_772_532_000_000


class Wall:
    """Our clock, moved by hand."""

    ms = 5_000_000.0

    def __call__(self) -> float:
        return self.ms


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    found = Wall()
    monkeypatch.setattr(clocks, "wall_ms", found)
    return found


def test_it_stands_until_it_is_started(wall: Wall, tmp_path: Path) -> None:
    clock = DrillClock(tmp_path / "clock", ORIGIN_MS, 15)
    wall.ms += 60_000
    assert ORIGIN_MS == clock.now_ms()


def test_it_runs_so_many_times_as_fast(wall: Wall, tmp_path: Path) -> None:
    """4 s are a minute at 15 times."""
    clock = DrillClock(tmp_path / "clock", ORIGIN_MS, 15)
    clock.start()
    wall.ms += 4_000
    assert ORIGIN_MS + 60_000 == clock.now_ms()


def test_every_process_reads_the_same(wall: Wall, tmp_path: Path) -> None:
    ours, other = (DrillClock(tmp_path / "clock", ORIGIN_MS, 15) for _ in range(2))
    assert ORIGIN_MS == other.now_ms()
    ours.start()
    wall.ms += 10_000
    assert ORIGIN_MS + 150_000 == ours.now_ms() == other.now_ms()
