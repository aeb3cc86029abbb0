"""`monitoring/tests` from the cases: `python -m scripts.rule_tests [--check]`.

`--check` writes nothing and exits 1 when a committed test is not what the cases give.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from scripts.rule_tests import (
    meta_cases,
    pipeline_cases,
    score_stories,
    sla_cases,
    sla_stories,
    volume_stories,
)
from scripts.rule_tests.kpi import Story
from scripts.rule_tests.model import Case, File
from scripts.tidy import ROOT

FOLDER: Final = Path("monitoring/tests")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tests, or compare them."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.rule_tests", description="Promtool tests of the alert rules."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when a committed test is out of date"
    )
    options = parser.parse_args(arguments)
    made = {file.name: file.text() for file in files()}
    if options.check:
        stale = [name for name, wanted in made.items() if not _is(ROOT / FOLDER / name, wanted)]
        stale += sorted({path.name for path in (ROOT / FOLDER).glob("*.yml")} - made.keys())
        for name in stale:
            print(
                f"rule_tests: {FOLDER / name} is not what the cases give: run `python -m scripts.rule_tests`"
            )
        return 1 if stale else 0
    for name, wanted in made.items():
        (ROOT / FOLDER / name).write_text(wanted, encoding="utf-8")
        print(f"rule_tests: wrote {FOLDER / name}")
    return 0


def files() -> Iterator[File]:
    """Every file of tests."""
    promises = (*_stories(sla_stories.ALL), *sla_cases.cases())
    yield File(
        "sla.yml", "Promises: endangered, broken, burnt.", ("view", "sla", "scores", "volume"), promises
    )
    scores = (*_stories((*score_stories.ALL, *volume_stories.ALL)), *volume_stories.cases())
    yield File(
        "scores.yml", "Scores, times and volume.", ("view", "scores", "volume"), scores, score_stories.STEP
    )
    yield File(
        "pipeline.yml", "The way of the events.", ("view", "pipeline", "meta"), tuple(pipeline_cases.cases())
    )
    yield File(
        "meta.yml", "Whether the alerts can be relied on.", ("view", "meta"), tuple(meta_cases.cases())
    )


def _stories(stories: Sequence[Story]) -> tuple[Case, ...]:
    return tuple(case for story in stories for case in story.cases())


def _is(path: Path, wanted: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == wanted


if __name__ == "__main__":
    sys.exit(main())
