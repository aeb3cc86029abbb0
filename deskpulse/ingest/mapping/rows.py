"""Reads the rows of a CSV, TSV or JSONL file: only the columns that a mapping uses, each cell as a text."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from deskpulse.ingest.mapping.dirty import DirtyRows
from deskpulse.ingest.mapping.faults import MappingError, MappingFault, one_of
from deskpulse.ingest.mapping.schema import FileFormat


@dataclass(slots=True)
class MappedRow:
    """One row: its cells by column name, a cell that means "nothing" as the empty text."""

    line: int  # of the file, from 1; of its first line where a quoted cell spans several
    cells: dict[str, str]
    nth: int = 1  # among the rows that an event takes


def read_rows(
    path: Path, source: FileFormat, columns: Collection[str], dirty: DirtyRows
) -> Iterator[MappedRow]:
    """Yield the rows of a file, in its order; those that cannot be read are counted as dirty.

    Errors: MappingError when the file lacks a column that the mapping names; OSError when it cannot be read.
    """
    # Bad bytes become lone surrogates, so that they spoil their own cell only.
    with path.open(encoding=source.encoding, errors="surrogateescape", newline="") as file:
        for line, cells in (
            _read_csv(path, file, source, columns, dirty)
            if source.format == "csv"
            else _read_jsonl(file, columns, dirty)
        ):
            if not all(map(_is_clean, cells.values())):
                dirty.add(line, "encoding", f"not {source.encoding}")
                continue
            for name, nothing in source.empty.items():
                if cells.get(name) in nothing:
                    cells[name] = ""
            yield MappedRow(line, cells)


def _read_csv(
    path: Path, file: TextIO, source: FileFormat, columns: Collection[str], dirty: DirtyRows
) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(file, delimiter=source.delimiter)
    header = next(reader, []) if source.header else None
    positions = _positions(path, header, source, columns)
    width = None if header is None else len(header)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            dirty.rows += 1
            dirty.add(line, "csv", str(error))
            continue
        if cells is None:
            return
        if not cells:
            continue  # a blank line
        dirty.rows += 1
        width = len(cells) if width is None else width
        if len(cells) != width:
            dirty.add(line, "columns", f"{len(cells)} cells instead of {width}")
            continue
        yield line, {name: cells[position] for name, position in positions.items()}


def _positions(
    path: Path, header: list[str] | None, source: FileFormat, columns: Collection[str]
) -> dict[str, int]:
    """Where each column stands; names given by position win over the header."""
    titles = [title.strip().removeprefix("\ufeff") for title in header or ()]
    positions: dict[str, int] = {}
    faults: list[MappingFault] = []
    for name in columns:
        given = source.names.get(name)
        if given is not None:
            positions[name] = given
            if header is not None and given >= len(titles):
                faults.append(
                    MappingFault(
                        f"source.names.{name}",
                        given,
                        f"the file has {len(titles)} columns",
                        f"use 0 to {len(titles) - 1}",
                    )
                )
        elif titles.count(name) == 1:
            positions[name] = titles.index(name)
        elif name in titles:
            where = [position for position, title in enumerate(titles) if title == name]
            faults.append(
                MappingFault(
                    "source.names",
                    name,
                    f"the header repeats it at positions {where}",
                    f"give `{name}: <position>`",
                )
            )
        else:
            fix = (
                one_of(name, titles)
                if header is not None
                else f"give `{name}: <position>` under source.names"
            )
            faults.append(MappingFault("column", name, f"{path.name} has no such column", fix))
    if faults:
        raise MappingError(path, faults)
    return positions


def _read_jsonl(
    file: TextIO, columns: Collection[str], dirty: DirtyRows
) -> Iterator[tuple[int, dict[str, str]]]:
    """An object a line; a column that an object lacks is empty, since JSON leaves out what is not there."""
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        dirty.rows += 1
        try:
            row = json.loads(text, parse_int=str, parse_float=str)  # as they stand: 1.10 stays 1.10
        except (ValueError, RecursionError) as error:
            dirty.add(line, "json", str(error))
            continue
        if isinstance(row, dict):
            yield line, {name: _text_of(row.get(name)) for name in columns}
        else:
            dirty.add(line, "json", "not an object")


def _text_of(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _is_clean(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
