"""What the documentation says about this tree is true.

Links, anchors, files, tests, make targets, settings variables.

Each function takes a page's text and gives its faults; `tests/test_docs.py` applies them to every page.
"""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from scripts.tidy import ROOT, files

_FENCE: Final = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_CODE_SPAN: Final = re.compile(r"`[^`\n]+`")
_LINK: Final = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_HEADING: Final = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_NAMED_TEST: Final = re.compile(r"\b(tests/[\w./-]+\.py)(?:::(\w+))?(?:::(\w+))?")
_MAKE: Final = re.compile(r"(?:^|[`$]\s?|\bdoes )make ([a-z][a-z0-9-]*)", re.MULTILINE)
_TARGET: Final = re.compile(r"^([a-z][a-z0-9-]*):", re.MULTILINE)
_VARIABLE: Final = re.compile(r"\bDESKPULSE_[A-Z0-9_]*[A-Z0-9]\b")
_ELSEWHERE: Final = ("http://", "https://", "mailto:")


def pages(root: Path = ROOT) -> list[Path]:
    """Every page of documentation, relative to the root."""
    return sorted(files(".md", root))


def prose(text: str) -> str:
    """The page without its code blocks."""
    return _FENCE.sub("", text)


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading.

    >>> slug("Own Kafka: `topics`, TLS/SASL")
    'own-kafka-topics-tlssasl'
    """
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")


def anchors(text: str) -> set[str]:
    """All anchors of a page; a repeated heading gets a number."""
    found: set[str] = set()
    for heading in _HEADING.findall(prose(text)):
        name = base = slug(heading)
        number = 0
        while name in found:
            number += 1
            name = f"{base}-{number}"
        found.add(name)
    return found


def broken_links(page: Path, text: str, root: Path = ROOT) -> list[str]:
    """Links to files or headings of this tree that do not exist."""
    found = []
    for target in _LINK.findall(_CODE_SPAN.sub("", prose(text))):
        if target.startswith(_ELSEWHERE):
            continue
        path, _, anchor = target.partition("#")
        file = (root / page.parent / path) if path else root / page
        if not file.exists():
            found.append(f"link to {target}: no such file")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
            found.append(f"link to {target}: no such heading")
    return found


def missing_tests(text: str, root: Path = ROOT) -> list[str]:
    """Tests that a page names as holding something, and that do not exist."""
    found = []
    for path, *names in _NAMED_TEST.findall(text):
        file = root / path
        if not file.is_file():
            found.append(f"names {path}: no such file")
        else:
            defined = set(_definitions(file))
            found += [f"names {path}::{name}: no such test" for name in names if name and name not in defined]
    return found


def _definitions(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def make_targets(root: Path = ROOT) -> set[str]:
    """What `make` can be asked for."""
    return set(_TARGET.findall((root / "Makefile").read_text(encoding="utf-8")))


def unknown_targets(text: str, targets: Collection[str]) -> list[str]:
    """Commands `make X` of a page without such a target."""
    return [f"names make {name}: no such target" for name in _MAKE.findall(text) if name not in targets]


def unknown_variables(text: str, known: Collection[str]) -> list[str]:
    """DESKPULSE_ variables that nothing reads."""
    return sorted(
        {f"names {name}: nothing reads it" for name in _VARIABLE.findall(text) if name not in known}
    )
