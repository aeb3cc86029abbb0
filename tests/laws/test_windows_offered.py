"""The list of windows stands once: a window more is a line in two files, and it is everywhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.tidy import PACKAGES, ROOT

# The two files, and what is added to each: windows and periods of the product, and those of the oracle.
ADDED = {
    "windows/offered.py": (
        '    Offered("30d", "6h", 120),\n)\n# Customers',
        '    Offered("30d", "6h", 120),\n    Offered("90d", "6h", 360),\n)\n# Customers',
    ),
    "oracle/spans.py": (
        '    "30d": (6 * HOUR_MS, 120),\n',
        '    "30d": (6 * HOUR_MS, 120),\n    "90d": (6 * HOUR_MS, 360),\n',
    ),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree with `90d`."""
    for folder in (*PACKAGES, "scripts", "tests", "examples", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (old, new) in ADDED.items():
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert 1 == text.count(old), f"{name} lists its windows in another way"
        (tmp_path / name).write_text(text.replace(old, new), encoding="utf-8")
    return tmp_path


def test_a_window_more_is_a_line_in_two_files(tree: Path) -> None:
    """Figures of the new window are the oracle's; panes, rows and settings reach far enough back."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.laws.a_window_more", "90d"],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    assert {
        "report": True,
        "wall": True,
        "board": True,
        "words": ["last 90 days", "últimos 90 días", "últimos 90 días"],
        "settings": ["90d"],
        "horizon_days": 181,  # twice 90 days and a day
        "retention_days": 181,
        "metrics": True,
        "burn": 1.0,
        "rules": True,
        "periods": ["current", "previous"],
        "differences": 0,
    } == json.loads(done.stdout.splitlines()[-1])
