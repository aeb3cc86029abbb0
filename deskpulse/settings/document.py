"""The YAML file with the line of each key, so that a fault can point at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from deskpulse.settings import yaml_bounds
from deskpulse.settings.yaml_bounds import YamlBoundError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A parsed settings file. Without a file it is empty."""

    name: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[KeyPath, int] = field(default_factory=dict)  # counted from 1
    repeated: tuple[KeyPath, ...] = ()  # keys given twice: YAML keeps the last one silently


class UnreadableFileError(Exception):
    """The file cannot be read as one YAML mapping."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what}; {fix}")
        self.what = what
        self.fix = fix


def read_document(path: Path) -> Document:
    """Read a settings file. Errors: UnreadableFileError."""
    try:
        text = path.read_text(encoding="utf-8")
        yaml_bounds.check(text)
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
    except OSError as error:
        raise UnreadableFileError(
            f"cannot be read ({error.strerror})", "name an existing file with --config or DESKPULSE_CONFIG"
        ) from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError("is not UTF-8", "save it as UTF-8 text") from error
    except YamlBoundError as error:
        raise UnreadableFileError(
            f"is too large for a settings file: {_problem(error)}", "write it out, as the examples do"
        ) from error
    except yaml.YAMLError as error:
        raise UnreadableFileError(
            f"is not valid YAML: {_problem(error)}", "check indentation, colons and quotes there"
        ) from error
    if node is None:
        return Document(path.name)
    if not isinstance(node, yaml.MappingNode):
        raise UnreadableFileError(
            "is not a YAML mapping",
            "write `section:` lines with indented keys, as in examples/deskpulse.yaml",
        )
    lines: dict[KeyPath, int] = {}
    repeated: list[KeyPath] = []
    _walk(node, (), lines, repeated)
    values = _construct(loader, node)
    for name in values:  # `yes:` is True in YAML: its line stands under another name than its value
        lines.setdefault((name,), node.start_mark.line + 1)
    return Document(path.name, values, lines, tuple(repeated))


def _construct(loader: yaml.SafeLoader, node: yaml.Node) -> dict[str, Any]:
    try:
        values = loader.construct_document(node)
    except yaml.YAMLError as error:
        raise UnreadableFileError(
            f"is not plain YAML: {_problem(error)}", "use text, numbers, lists and mappings only"
        ) from error
    # A key such as `1:` or `yes:` is no text in YAML; as text it becomes an unknown key, which is reported as
    # one.
    return {str(key): value for key, value in values.items()}


def _walk(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], repeated: list[KeyPath]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            if below in lines:
                repeated.append(below)
            lines[below] = key.start_mark.line + 1
            _walk(value, below, lines, repeated)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*path, index)] = value.start_mark.line + 1
            _walk(value, (*path, index), lines, repeated)


def _problem(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return str(getattr(error, "problem", None) or error).splitlines()[0]
    return f"{error.problem} in line {error.problem_mark.line + 1}"
