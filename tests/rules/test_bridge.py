"""The recipes of docs/upgrade.md for recorded series that have no desk yet, run as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from deskpulse.lab.brokers.process import free_ports
from proofs.history.blocks import Blocks
from proofs.local_prometheus import LocalPrometheus
from scripts.tidy import ROOT
from tests.docs.pages import blocks

PAGE: Final = "docs/upgrade.md"
MINUTE: Final = 60
OLD: Final = 'desk:support_tickets{by="all",member="all",period="current",window="24h"}'
NEW: Final = OLD.replace("{", '{desk="deskpulse",')
pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (apt-get install prometheus)"
)


def recipe(language: str, word: str) -> str:
    (found,) = [block for block in blocks(PAGE, language) if word in block]
    return found


@pytest.fixture
def switch() -> int:
    """The instant from which on series have the desk, an hour ago; in seconds since the epoch."""
    return int(time.time()) // (2 * 3600) * 2 * 3600 - 2 * 3600


@pytest.fixture
def data(tmp_path: Path, switch: int) -> Path:
    """An hour without the desk, then an hour with it.

    A sample a minute, which counts the minutes since the switch.
    """
    with Blocks(tmp_path / "data") as made:
        for series, minutes in ((OLD, range(-60, 0)), (NEW, range(60))):
            made.write(f"{series} {minute} {switch + minute * MINUTE}\n" for minute in minutes)
    return tmp_path / "data"


def served(folder: Path) -> LocalPrometheus:
    prometheus = LocalPrometheus(folder=folder, job="nothing", targets=(), port=free_ports(1)[0])
    prometheus.start()
    prometheus.wait()
    return prometheus


def values(answer: list[dict[str, Any]]) -> list[float]:
    (series,) = answer
    return [float(value) for _, value in series["values"]]


def test_a_query_reads_both_and_so_does_a_span_that_reaches_behind_the_switch(
    data: Path, tmp_path: Path, switch: int
) -> None:
    query = recipe("promql", "label_replace(desk:support_tickets")
    prometheus = served(tmp_path)
    try:
        along = {
            "start_seconds": switch - 30 * MINUTE,
            "end_seconds": switch + 30 * MINUTE,
            "step_seconds": MINUTE,
        }
        assert list(range(-30, 31)) == values(prometheus.query_range(query, **along))
        assert 31 == len(values(prometheus.query_range('desk:support_tickets{desk="deskpulse"}', **along)))
        (lowest,) = prometheus.query(f"min_over_time(({query})[50m:1m])", switch + 20 * MINUTE)
        assert -30 == float(lowest["value"][1])
    finally:
        prometheus.stop()
    assert data.is_dir()


def test_the_recorded_figures_of_before_are_written_once_more_with_the_desk(
    data: Path, tmp_path: Path, switch: int
) -> None:
    """What the boards ask is there then for the days before, and nothing that was there is lost."""
    prometheus = served(tmp_path)
    surroundings = {
        "URL": prometheus.url,
        "DESK": "deskpulse",
        "FROM": str(switch - 60 * MINUTE),
        "UNTIL": str(switch - MINUTE),
        "DATA": str(tmp_path / "written"),
    }
    shutil.copytree(ROOT / "monitoring/rules", tmp_path / "monitoring/rules")
    try:
        command = ["bash", "-euo", "pipefail", "-c", recipe("sh", "create-blocks-from rules")]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", **surroundings},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert 0 == done.returncode, done.stdout + done.stderr
    finally:
        prometheus.stop()
    (group,) = yaml.safe_load((tmp_path / "before.yml").read_text(encoding="utf-8"))["groups"]
    recorded = set(
        re.findall(r"record: (desk:\w+)", (ROOT / "monitoring/rules/view.yml").read_text(encoding="utf-8"))
    )
    assert recorded == {rule["record"] for rule in group["rules"]}
    for block in (tmp_path / "written").iterdir():
        shutil.move(block, data / block.name)
    prometheus = served(tmp_path)
    try:
        along = {
            "start_seconds": switch - 30 * MINUTE,
            "end_seconds": switch + 30 * MINUTE,
            "step_seconds": MINUTE,
        }
        found = values(prometheus.query_range('desk:support_tickets{desk="deskpulse"}', **along))
        assert list(range(31)) == found[30:]
        # What is written is evaluated within each minute, not on it: a sample may be that of the minute
        # before.
        assert all(
            wanted - value in {0, 1} for wanted, value in zip(range(-30, 0), found[:30], strict=True)
        ), found
    finally:
        prometheus.stop()
