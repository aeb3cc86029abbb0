"""Examples in docstrings are executed."""

import doctest
import importlib
from pathlib import Path

import pytest

from scripts import tidy


def has_examples(path: Path) -> bool:
    return ">>> " in (tidy.ROOT / path).read_text(encoding="utf-8")


FILES = [
    path for path in tidy.files(".py") if path.parts[0] in {*tidy.PACKAGES, "scripts"} and has_examples(path)
]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_examples_hold(path: Path) -> None:
    parts = path.with_suffix("").parts
    module = importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    outcome = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert 0 < outcome.attempted
    assert 0 == outcome.failed, "pytest shows the difference above"
