"""The name of a figure is written down where the KPI is declared; everything else refers to that."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from exporters.metrics.families import metric_families
from scripts import tidy

# Declaration, oracle, the text of the boards, and one place more: so a figure can be renamed and found.
MOST_PLACES: Final = 4
_SUFFIXES: Final = (".py", ".ts", ".mjs", ".yaml", ".yml", ".toml", ".sh", ".css", ".html")
_APART: Final = ("tests/", "docs/", "monitoring/", "exporters/wall/static/")  # tests, pages, generated files
_NAME: Final = re.compile(r"support_[a-z0-9_]+")
NAMES: Final = sorted({family.name for family in metric_families()})


def places(texts: Mapping[str, str]) -> Mapping[str, list[str]]:
    """Each name of a metric with the lines that write it out, as path:line, once for each time."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), start=1):
            for name in _NAME.findall(line):
                found[name].append(f"{path}:{number}")
    return found


@cache
def in_the_tree() -> Mapping[str, list[str]]:
    return places({str(path): (tidy.ROOT / path).read_text(encoding="utf-8") for path in _files()})


def _files() -> Iterable[Path]:
    for suffix in _SUFFIXES:
        yield from (path for path in tidy.files(suffix) if not str(path).startswith(_APART))


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_written_out_in_few_places(name: str) -> None:
    found = in_the_tree().get(name, [])
    assert len(found) <= MOST_PLACES, (
        f"refer to the declaration in kpis/figures/kpi instead: {', '.join(found)}"
    )


def test_every_family_is_written_out_somewhere_or_made_from_one_that_is() -> None:
    """So the count above cannot pass because nothing was looked at."""
    written = in_the_tree()
    unseen = [name for name in NAMES if name not in written and not name.endswith("_observations")]
    assert [] == unseen


def test_each_time_on_a_line_counts_and_a_longer_name_does_not() -> None:
    text = 'a = "support_x"\nb = ("support_x", f"support_x{c}", "support_x_ratio")\n'
    assert ["f.py:1", "f.py:2", "f.py:2"] == places({"f.py": text})["support_x"]
