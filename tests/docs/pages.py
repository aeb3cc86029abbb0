"""What tests take from pages of the documentation: blocks of code, tables, sections."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from scripts.tidy import ROOT

_FENCE: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING: Final = re.compile(r"^## (.+)$", re.MULTILINE)
_TABLE: Final = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
_SAMPLE: Final = re.compile(r"(?P<name>[a-z_]+)\{(?P<labels>[^}]*)\} (?P<value>-?[\d.]+)")
_LABEL: Final = re.compile(r'(\w+)="([^"]*)"')
_GIVES: Final = re.compile(r"^# (?P<wrong>WRONG: )?gives (?P<value>-?\d+(?:\.\d+)?)", re.MULTILINE)


class Sample(NamedTuple):
    """A line of exposition text; `decimals` is how exactly the page states it."""

    name: str
    labels: frozenset[tuple[str, str]]
    value: float
    decimals: int


class Query(NamedTuple):
    """A query and what the page says that it gives; None where it says nothing."""

    expression: str
    gives: float | None
    is_wrong: bool


def text(page: str) -> str:
    """A page, by its path from the root."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return [body for found, body in _FENCE.findall(text(page)) if found == language]


def sections(page: str) -> dict[str, str]:
    """Headings of the second level and what stands under them."""
    _, *found = _HEADING.split(text(page))
    return dict(zip(found[::2], found[1::2], strict=True))


def table(part: str) -> list[list[str]]:
    """The rows of the first table, without its head."""
    found = _TABLE.search(part)
    assert found, part
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[0].splitlines()[2:]]


def parse_samples(block: str) -> list[Sample]:
    """The samples of a `prometheus` block. Errors: AssertionError for a line that is none."""
    found = []
    for line in block.splitlines():
        match = _SAMPLE.fullmatch(line)
        assert match, line
        decimals = len(match["value"].partition(".")[2])
        found.append(
            Sample(match["name"], frozenset(_LABEL.findall(match["labels"])), float(match["value"]), decimals)
        )
    return found


def parse_query(block: str) -> Query:
    """A `promql` block: an expression, perhaps under a comment that says what it gives."""
    said = _GIVES.search(block)
    expression = "\n".join(line for line in block.splitlines() if not line.startswith("#"))
    if said is None:
        return Query(expression, None, is_wrong=False)
    return Query(expression, float(said["value"]), is_wrong=said["wrong"] is not None)
