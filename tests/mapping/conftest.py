"""Small files and the mappings that read them; the real files, where they are to be had."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from deskpulse.ingest.mapping import DirtyRows, load_mapping, map_file

ROOT = Path(__file__).parents[2]

MapText = Callable[..., tuple[list[dict[str, object]], DirtyRows]]


@pytest.fixture(scope="session")
def mappings() -> Path:
    """The folder of the mappings that the project brings along."""
    return ROOT / "examples" / "mappings"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real event logs, which are no part of the project."""
    folder = Path(os.environ.get("DESKPULSE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: set DESKPULSE_TEST_DATA to the folder of the real event logs")
    return folder


@pytest.fixture
def map_text(tmp_path: Path) -> MapText:
    """Maps a text: `map_text(document, text)` gives the events and the summary of dirty rows."""

    def of(
        document: dict[str, Any], text: str | bytes, **options: Any
    ) -> tuple[list[dict[str, object]], DirtyRows]:
        rules, rows, dirty = tmp_path / "mapping.yaml", tmp_path / "rows.txt", DirtyRows(max_examples=2)
        rules.write_text(yaml.safe_dump(document), encoding="utf-8")
        rows.write_bytes(text.encode() if isinstance(text, str) else text)
        return list(map_file(rows, load_mapping(rules), dirty, **options)), dirty

    return of
