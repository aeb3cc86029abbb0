"""Faults of settings in words: where, which value, what is wrong, and the fix."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, SecretStr
from pydantic_core import ErrorDetails

from deskpulse.settings.base import VARIABLE_PREFIX, leaves, variable
from deskpulse.settings.document import Document, KeyPath
from deskpulse.settings.kafka import HIDDEN
from deskpulse.settings.renamed import SETTINGS, became
from deskpulse.settings.root import Settings

_LOGIN: Final = re.compile(r"[^/@\s'\"]*:[^/@\s'\"]*@")  # user:password@ in an address that somebody pasted
_LONGEST_VALUE: Final = 80
_LEAVES: Final = dict(leaves(Settings))
_SECRETS: Final = frozenset(
    path for path, field in _LEAVES.items() if SecretStr in getattr(field.annotation, "__args__", ())
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the settings."""

    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n    fix: {self.fix}"


class SettingsError(Exception):
    """Everything that is wrong with the settings, all of it at once."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        heading = f"{count} fault{'s' if count > 1 else ''} in the settings"
        super().__init__(
            "\n".join(
                [heading, *(f"  {str(fault).replace(chr(10), chr(10) + '  ')}" for fault in self.faults)]
            )
        )


def from_pydantic(error: ErrorDetails, document: Document) -> Fault:
    """The fault that pydantic found, with its variable or its line in the file."""
    path = error["loc"]
    if error["type"] in {"extra_forbidden", "invalid_key"}:
        return unknown_key(path, document)
    what, fix = wording(error)
    return Fault(_where(path, document) + _shown(path, error["input"]), _without_login(what), fix)


def unknown_key(path: KeyPath, document: Document) -> Fault:
    """A key that no section has. Its value is not shown: it may be a password under a misspelt name."""
    if (old := became(SETTINGS, path)) is not None:
        return Fault(_where(path, document), *old)
    names = _siblings(path)
    close = difflib.get_close_matches(str(path[-1]), names, n=1)
    fix = f"known here: {', '.join(names)}" if names else "it has no keys"
    if close:
        fix = f"did you mean {_dotted((*path[:-1], close[0]))}?"
    return Fault(_where(path, document), "no such setting", fix)


def repeated_key(path: KeyPath, document: Document) -> Fault:
    """A key that the file gives twice."""
    return Fault(
        f"{document.name}:{document.lines[path]}: {_dotted(path)}",
        "given twice, and YAML would keep the last one",
        "keep one of them",
    )


def unknown_variables(environ: Iterable[str]) -> list[Fault]:
    """Variables with our prefix that name no setting.

    Else a typing error would silently leave the default.
    """
    known = {variable(path) for path in _LEAVES}
    names = sorted(name for name in environ if name.upper().startswith(VARIABLE_PREFIX))
    odd = [name for name in names if name.upper() not in known and not name.upper().startswith(NOT_SETTINGS)]
    return [_unknown_variable(name, sorted(known)) for name in odd]


# Read elsewhere: the place of the file, and what the tests and tools of the project itself understand.
NOT_SETTINGS: Final = (
    "DESKPULSE_CONFIG",
    "DESKPULSE_KAFKA_CACHE",
    "DESKPULSE_KAFKA_REPOSITORY",
    "DESKPULSE_JAVA",
    "DESKPULSE_REQUIRE_",
    "DESKPULSE_TEST_",
)


def _unknown_variable(name: str, known: list[str]) -> Fault:
    for old, found in SETTINGS.items():
        if name.upper() == variable(tuple(old.split("."))):
            now = (
                "it no longer exists"
                if found.now is None
                else f"it is now called {variable(tuple(found.now.split('.')))}"
            )
            return Fault(name, now, found.fix)
    close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)
    if close:
        return Fault(name, "no such setting", f"did you mean {close[0]}?")
    return Fault(
        name,
        "no such setting",
        "examples/deskpulse.yaml lists every variable; two underscores join section and key",
    )


def _siblings(path: KeyPath) -> list[str]:
    model: type[BaseModel] = Settings
    for name in path[:-1]:
        kind = model.model_fields[str(name)].annotation if str(name) in model.model_fields else None
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return []
        model = kind
    return list(model.model_fields)


def _where(path: KeyPath, document: Document) -> str:
    leaf = tuple(str(name) for name in path if isinstance(name, str))
    for name in _variables(leaf):
        if os.environ.get(name):
            return name
    for length in range(len(path), 0, -1):
        if line := document.lines.get(path[:length]):
            return f"{document.name}:{line}: {_dotted(path)}"
    return f"{_dotted(path)} ({variable(leaf)})"


def _variables(leaf: tuple[str, ...]) -> list[str]:
    # A mapping's own keys follow the setting's name in `loc`, so a shorter name may be the variable's.
    wanted = [variable(leaf[:length]) for length in range(len(leaf), 0, -1)]
    given = {name.upper(): name for name in os.environ}
    return [given[name] for name in wanted if name in given]


def _dotted(path: KeyPath) -> str:
    text = ""
    for name in path:
        text += f"[{name}]" if isinstance(name, int) else f".{name}" if text else name
    return text


def _shown(path: KeyPath, value: object) -> str:
    leaf = next((path[:length] for length in range(len(path), 0, -1) if path[:length] in _LEAVES), None)
    if leaf is None or value is None:
        return ""  # a whole section may hold a password; an absent value shows nothing
    if leaf in _SECRETS:
        return f" = {HIDDEN}"
    text = _without_login(
        repr(value if isinstance(value, (bool, int, float, list, tuple, dict)) else str(value))
    )
    return f" = {text[:_LONGEST_VALUE]}..." if len(text) > _LONGEST_VALUE else f" = {text}"


def _without_login(text: str) -> str:
    return _LOGIN.sub(f"{HIDDEN}@", text)


def wording(error: ErrorDetails) -> tuple[str, str]:
    """What is wrong and its fix, of an error that pydantic found."""
    context: dict[str, Any] = error.get("ctx", {})
    kind = error["type"]
    if kind == "deskpulse":
        return context["what"], context["fix"]
    if kind == "literal_error":
        return _one_of(error["input"], context["expected"])
    for comparison, words in _BOUNDS.items():
        if comparison in context:
            return f"not {words} {context[comparison]}", f"use a number {words} {context[comparison]}"
    for bound, (beyond, words) in _LENGTHS.items():
        if bound in context:
            of = "characters" if kind.startswith("string") else "entries"
            return f"{beyond} {context[bound]} {of}", f"use {words} {context[bound]} {of}"
    if kind.startswith("date_"):
        return "no date", "write each day as 2026-12-24; a range of days is a list of its days"
    return _KINDS.get(
        kind, (f"refused: {error['msg']}", "see examples/deskpulse.yaml for the values allowed")
    )


def _one_of(value: object, expected: str) -> tuple[str, str]:
    choices = re.findall(r"'([^']*)'", expected)
    close = difflib.get_close_matches(str(value).upper(), [choice.upper() for choice in choices], n=1)
    hint = next(
        (f"; did you mean {choice}?" for choice in choices if close and choice.upper() == close[0]), ""
    )
    return "not one of the choices", f"use {', '.join(choices)}{hint}"


_BOUNDS: Final = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_LENGTHS: Final = {"min_length": ("shorter than", "at least"), "max_length": ("longer than", "at most")}
_A_SECTION: Final = (
    "a section, not a value",
    "put its keys below it, indented; variables join section and key with two underscores",
)
_KINDS: Final = {
    "int_parsing": ("not a whole number", "write digits only"),
    "int_type": ("not a whole number", "write digits only"),
    "int_from_float": ("not a whole number", "write it without decimals"),
    "float_parsing": ("no number", "write a number with a decimal point"),
    "float_type": ("no number", "write a number with a decimal point"),
    "finite_number": ("not a finite number", "write a number"),
    "bool_parsing": ("neither true nor false", "write true or false"),
    "bool_type": ("neither true nor false", "write true or false"),
    "string_type": ("no text", "put it in quotes; YAML reads no, on and 1 as other types"),
    "tuple_type": ("no list", "write [a, b] in the file, or a,b in a variable"),
    "dict_type": (
        "no mapping",
        "write indented `key: value` lines in the file, or a JSON object in a variable",
    ),
    "model_type": _A_SECTION,
    "model_attributes_type": _A_SECTION,
    "path_type": ("no path", "put it in quotes"),
}
