"""The runbooks: every failure that a person would meet has a page of one shape.

The pages name only what exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.exits import PAGES, Exit, WorkerError
from agents.partitions.skips import SKIPPED
from deskpulse.cli import app
from deskpulse.settings import Settings
from deskpulse.settings.base import leaves
from exporters.metrics.program_families import REASONS
from scripts import docs_check, metrics_doc
from scripts.tidy import ROOT, files

FOLDER = ROOT / "docs" / "runbooks"
SECTIONS = ["What it looks like", "First look", "Mend"]
FAILURES = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
INDEX = (FOLDER / "README.md").read_text(encoding="utf-8")
CODE = [path for path in files(".py") if path.parts[0] in {"agents", "exporters", "deskpulse", "kpis"}]


def text_of(page: str) -> str:
    return (FOLDER / f"{page}.md").read_text(encoding="utf-8")


def test_the_pages_are_seen() -> None:
    assert {"fenced", "dead-letters", "newer-row"} <= set(FAILURES)


@pytest.mark.parametrize("page", FAILURES)
def test_a_page_says_what_it_looks_like_where_to_look_and_how_to_mend_it(page: str) -> None:
    assert SECTIONS == re.findall(r"^## (.+)$", text_of(page), re.MULTILINE)
    parts = re.split(r"^## .+$", text_of(page), flags=re.MULTILINE)
    assert all(part.strip() for part in parts[1:]), "an empty section"


@pytest.mark.parametrize("page", FAILURES)
def test_a_page_is_found_by_the_index(page: str) -> None:
    assert f"]({page}.md)" in INDEX


@pytest.mark.parametrize("code", [code for code in Exit if code is not Exit.OK], ids=lambda code: code.name)
def test_every_exit_code_has_its_page(code: Exit) -> None:
    assert f"exit code {code.value}" in text_of(PAGES[code])
    assert f"({code.name})" in text_of(PAGES[code])
    assert str(WorkerError(code, "why")) == f"why; see docs/runbooks/{PAGES[code]}.md"


@pytest.mark.parametrize("reason", [*REASONS, SKIPPED])
def test_every_reason_of_a_refusal_has_its_place(reason: str) -> None:
    headings = re.findall(r"^### (.+)$", text_of("dead-letters"), re.MULTILINE)
    assert reason in headings
    assert len(headings) == len(set(headings))


def named_pages() -> Iterator[tuple[Path, str]]:
    for path in CODE:
        code = (ROOT / path).read_text(encoding="utf-8")
        yield from ((path, page) for page in re.findall(r"docs/runbooks/([\w-]+)\.md", code))
        if not path.is_relative_to("kpis/figures/kpi"):  # a KPI's page is one of docs/kpis/
            yield from ((path, page) for page in re.findall(r'\bpage="([\w-]+)"', code))


def test_programs_name_pages_that_exist() -> None:
    named = list(named_pages())
    assert len(named) > 10
    assert [] == [(str(path), page) for path, page in named if page not in FAILURES]


@pytest.mark.parametrize("page", ["README", *FAILURES])
def test_a_page_names_metrics_that_exist(page: str) -> None:
    named = set(re.findall(r"\b((?:deskpulse|support)_[a-z0-9_]+)\b", text_of(page)))
    assert named <= metrics_doc.documented()


@pytest.mark.parametrize("page", ["README", *FAILURES])
def test_a_page_names_settings_that_exist(page: str) -> None:
    known = {".".join(path) for path, _ in leaves(Settings)} | {"desk.members"}
    named = set(re.findall(r"`((?:kafka|topics|desk|worker|exporter)\.[a-z_]+)", text_of(page)))
    assert named <= known


@pytest.mark.parametrize("page", ["README", *FAILURES])
def test_a_page_names_commands_that_exist(page: str) -> None:
    named = {words.split()[0] for words in re.findall(r"`deskpulse ([a-z][^`]*)`", text_of(page))}
    known = {command.callback.__name__ for command in app.registered_commands if command.callback is not None}
    assert named <= known | {group.name for group in app.registered_groups}


def test_a_link_that_leads_nowhere_is_seen() -> None:
    """`tests/test_docs.py` looks at the links of every page; this shows that it would see one of these."""
    broken = docs_check.broken_links(
        Path("docs/runbooks/README.md"), "[x](no-such-page.md) and [y](fenced.md#no-such-heading)"
    )
    assert 2 == len(broken)
