"""Promtool's tests of the rules can fail: each safeguard taken away turns them red."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from scripts.rule_tests import __main__ as rule_tests
from scripts.rule_tests import (
    meta_cases,
    pipeline_cases,
    score_stories,
    sla_cases,
    sla_stories,
    volume_stories,
)
from scripts.rule_tests.model import Case, File
from scripts.tidy import ROOT

RULES = ROOT / "monitoring" / "rules"
PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed (apt-get install prometheus)"
)

ENDANGERED = tuple(sla_stories.ENDANGERED.cases())
BELOW = tuple(sla_stories.BELOW.cases())
SMALL = tuple(sla_stories.WAITS_LONG.cases())
BURN = tuple(sla_stories.BURN.cases())
NPS, ABANDONED = tuple(score_stories.SCORES[0].cases()), tuple(score_stories.SCORES[4].cases())
FURTHER = tuple(sla_cases.cases())
NEXT_REPLIES = tuple(
    case for story in (sla_stories.ENDANGERED_NEXT, sla_stories.WAITS_LONG_NEXT) for case in story.cases()
)
FURTHER_STORIES = tuple(sla_stories.ENDANGERED_SOLUTIONS.cases())
VOLUME = tuple(volume_stories.cases())
PIPELINE = tuple(pipeline_cases.cases())
META = tuple(meta_cases.cases())


def outcome(
    folder: Path,
    cases: tuple[Case, ...],
    rules: tuple[str, ...],
    *,
    step: int = 1,
    change: tuple[str, str, str] | None = None,
) -> str:
    """What promtool says of some cases; `change` is a file of rules and a text in it to be replaced."""
    (folder / "rules").mkdir()
    (folder / "tests").mkdir()
    for name in rules:
        text = (RULES / f"{name}.yml").read_text(encoding="utf-8")
        if change is not None and change[0] == name:
            assert change[1] in text, f"{name}.yml has no {change[1]}"
            text = text.replace(change[1], change[2])
        (folder / "rules" / f"{name}.yml").write_text(text, encoding="utf-8")
    path = folder / "tests" / "cases.yml"
    path.write_text(File("cases.yml", "Some cases.", rules, cases, step).text(), encoding="utf-8")
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, "test", "rules", str(path)], capture_output=True, text=True, timeout=300, check=False
    )
    return "green" if done.returncode == 0 else done.stdout + done.stderr


def test_the_committed_tests_are_those_of_the_cases() -> None:
    assert 0 == rule_tests.main(["--check"])


SLA, SCORES, VOLUMES, WAY = (
    ("view", "sla"),
    ("view", "scores"),
    ("view", "volume"),
    ("view", "pipeline", "meta"),
)


class Mutant(NamedTuple):
    """A safeguard that is taken away: in a file of rules, a text is replaced.

    The story that turns red has these words in its name.
    """

    what: str
    cases: tuple[Case, ...]
    rules: tuple[str, ...]
    file: str
    old: str
    new: str
    story: str


_OF_24H = 'window="24h",period="week_ago"} >'
_OF = '{desk="deskpulse"}'
_COMPLETE = (
    f"and on (desk) (max by (desk) (deskpulse_view_complete{_OF} and on (desk, instance, job) "
    f"desk:exporter_chosen{_OF}) == 1)"
)
_WATCHED = ' unless on (desk) desk:exporters_answering{desk=~".*"}'
MUTANTS = [
    Mutant(
        "untrusted figures are believed",
        ENDANGERED,
        SLA,
        "sla",
        f"and on (desk) desk:figures_trusted{_OF}",
        "",
        "not complete",
    ),
    Mutant("stale figures count as trusted", ENDANGERED, SLA, "view", "< 60)", "< 6000)", "has not answered"),
    Mutant("partial figures count as trusted", ENDANGERED, SLA, "view", ") == 1)", ") >= 0)", "not complete"),
    Mutant(
        "every exporter is believed",
        ENDANGERED,
        SLA,
        "view",
        "topk by (desk) (1,",
        "topk by (desk) (2,",
        "older events",
    ),
    Mutant(
        "an answer of Kafka tells no exporter from another",
        ENDANGERED,
        SLA,
        "view",
        "4 * (abs",
        "0 * (abs",
        "does not answer",
    ),
    Mutant(
        "what is read tells no exporter from another",
        ENDANGERED,
        SLA,
        "view",
        "- (max without",
        "- 0 * (max without",
        "older events",
    ),
    Mutant("one ticket is enough", SMALL, SLA, "sla", "} >= 2", "} >= 1", "too little behind it"),
    Mutant("a busy team is a small one", FURTHER, SLA, "sla", ">= 10)", ">= 100)", "the test speaks for it"),
    Mutant("a moment is enough", FURTHER, SLA, "sla", "for: 30s", "for: 0s", "endangered for a moment"),
    Mutant(
        "a page when all is answered",
        FURTHER,
        SLA,
        "sla",
        'window="1h"} >= 1',
        'window="1h"} >= 0',
        "have their reply by now",
    ),
    Mutant("a page for what is long over", FURTHER, SLA, "sla", "< 80)", "< 800)", "the last hour was kept"),
    Mutant(
        "one overdue is two",
        FURTHER,
        SLA,
        "sla",
        'window="8h"} >= 2',
        'window="8h"} >= 1',
        "the same, and one is overdue",
    ),
    Mutant(
        "a solution is a page",
        FURTHER_STORIES,
        SLA,
        "sla",
        '=~"first_reply|next_reply"}\n',
        '=~".*"}\n',
        "told after",
    ),
    Mutant(
        "a next reply that is endangered is no page",
        NEXT_REPLIES,
        SLA,
        "sla",
        '=~"first_reply|next_reply"}\n',
        '="first_reply"}\n',
        "due within 15 minutes",
    ),
    Mutant(
        "a small team may forget its next replies",
        NEXT_REPLIES,
        SLA,
        "sla",
        'target=~"first_reply|next_reply"} >=',
        'target="first_reply"} >=',
        "of a team with 9 deadlines",
    ),
    Mutant(
        "an alert ends with the first sample below",
        BELOW,
        SLA,
        "sla",
        "keep_firing_for: 5m",
        "keep_firing_for: 1s",
        "goes on",
    ),
    Mutant("a ratio of few is believed", BURN, SLA, "sla", ">= 20)", ">= 2)", "too little behind it"),
    Mutant(
        "any week is believed",
        FURTHER,
        SLA,
        "sla",
        'by="all"} >',
        'by="all"} >=',
        "missed, in the first week",
    ),
    Mutant("chance is no excuse", NPS, SCORES, "scores", "4 * sqrt(", "0 * sqrt(", "too little behind it"),
    Mutant(
        "few tickets are believed", ABANDONED, SCORES, "scores", ">= 50)", ">= 5)", "too little behind it"
    ),
    Mutant("any week before is believed", VOLUME, VOLUMES, "volume", _OF_24H, f"{_OF_24H}= ", "first week"),
    Mutant("a part of a day is a day", VOLUME, VOLUMES, "volume", _OF_24H, f"{_OF_24H}= ", "three hours ago"),
    Mutant(
        "a desk that sleeps is a new one",
        VOLUME,
        VOLUMES,
        "volume",
        'window="30d"',
        'window="8h"',
        "at night",
    ),
    Mutant(
        "a rebalance is a fault", PIPELINE, WAY, "pipeline", "for: 3m", "for: 0s", "a rebalance and recovery"
    ),
    Mutant("a restart is a fault", PIPELINE, WAY, "pipeline", "for: 2m", "for: 0s", "only exporter restarts"),
    Mutant(
        "an empty installation is a fault",
        PIPELINE,
        WAY,
        "pipeline",
        f"desk:exporter_chosen{_OF}) > 0",
        f"desk:exporter_chosen{_OF}) >= 0",
        "happened yet",
    ),
    Mutant(
        "what is not read was not sent",
        PIPELINE,
        WAY,
        "pipeline",
        _COMPLETE,
        "and on () vector(1)",
        "no worker runs",
    ),
    Mutant(
        "every desk is without rules",
        META,
        ("view", "meta"),
        "meta",
        _WATCHED,
        "",
        "restarts within two minutes",
    ),
    Mutant(
        "the exporter of any desk is one's own",
        PIPELINE,
        WAY,
        "pipeline",
        f"_up{_OF}[1d]",
        '_up{desk=~".*"}[1d]',
        "of another desk",
    ),
    Mutant(
        "closed hours are not known",
        PIPELINE,
        WAY,
        "view",
        'by="all"} == 0',
        'by="all"} == 7',
        "nobody is at work",
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.what for mutant in MUTANTS])
def test_without_a_safeguard_the_tests_are_red(mutant: Mutant, tmp_path: Path) -> None:
    """And green with it: the same cases."""
    step = score_stories.STEP if mutant.rules in {SCORES, VOLUMES} else 1
    cases = tuple(case for case in mutant.cases if mutant.story in case.name)
    for folder, change in (("with", None), ("without", (mutant.file, mutant.old, mutant.new))):
        (tmp_path / folder).mkdir()
        said = outcome(tmp_path / folder, cases, mutant.rules, step=step, change=change)
        assert ("green" == said) is (change is None), said
