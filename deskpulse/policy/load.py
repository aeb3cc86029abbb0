"""Reading a policy file: all its faults are shown at once, each with its line and its fix."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from deskpulse.policy.build import build
from deskpulse.policy.schema import PolicyFile
from deskpulse.settings.document import Document, KeyPath, UnreadableFileError, read_document
from deskpulse.settings.faults import Fault, wording
from deskpulse.settings.renamed import POLICY, became
from deskpulse.settings.sections import DeskSettings
from kpis.members import EVERY_DIMENSION, SEGMENT
from kpis.sla.policy import Policy

MANUAL: Final = "examples/policy.yaml"
_LONGEST_VALUE: Final = 80


class PolicyError(Exception):
    """Everything that is wrong with a policy file."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        count = len(faults)
        heading = f"{count} fault{'s' if count > 1 else ''} in the policy"
        super().__init__(
            "\n".join(
                [heading, *(f"  {str(fault).replace(chr(10), chr(10) + '  ')}" for fault in self.faults)]
            )
        )


def load_file(path: Path) -> PolicyFile:
    """The checked file. Errors: PolicyError with all faults."""
    try:
        document = read_document(path)
    except UnreadableFileError as error:
        raise PolicyError([Fault(str(path), error.what, f"write a policy as shown in {MANUAL}")]) from None
    faults = [
        Fault(_where(where, document), "given twice, and YAML would keep the last one", "keep one of them")
        for where in document.repeated
    ]
    try:
        file = PolicyFile.model_validate(document.values)
    except ValidationError as error:
        faults += [_fault(detail, document) for detail in error.errors()]
        raise PolicyError(faults) from None
    if faults:
        raise PolicyError(faults)
    return file


def load_policy(path: Path | None) -> Policy | None:
    """The policy of a file; None without one. Errors: PolicyError."""
    if path is None:
        return None
    changed_ns = path.stat().st_mtime_ns if path.exists() else 0
    return _built(path, changed_ns)


def desk_policy(desk: DeskSettings) -> Policy | None:
    """The policy of a desk; None without one.

    Errors: PolicyError, also where lines name segments and the desk has not switched them on: no ticket would
    have any.
    """
    policy = load_policy(desk.policy)
    if policy is not None and policy.has_segments and desk.segment is None:
        names = ", ".join(map(repr, sorted(policy.names(EVERY_DIMENSION.index(SEGMENT)))))
        fault = Fault(
            str(desk.policy),
            f"lines name the segments {names}, but desk.segment is not set, so no ticket has a segment",
            "set desk.segment to what the fourth dimension is called, such as tier, or take `segment` out of "
            "the lines",
        )
        raise PolicyError([fault])
    return policy


@lru_cache(maxsize=4)
def _built(path: Path, changed_ns: int) -> Policy:  # noqa: ARG001 - a file that has changed is another one
    return build(load_file(path))


def _fault(error: ErrorDetails, document: Document) -> Fault:
    path = error["loc"]
    where = _where(path, document)
    if error["type"] == "extra_forbidden":
        return Fault(
            where,
            *(
                became(POLICY, path)
                or ("no such word here", f"correct it or leave it out; {MANUAL} lists all words")
            ),
        )
    if error["type"] == "missing":
        return Fault(where, "it is missing", f"add it as shown in {MANUAL}")
    what, fix = wording(error)
    if error["type"] != "deskpulse":
        fix = fix.replace("examples/deskpulse.yaml", MANUAL)
        where += _shown(error["input"])
    return Fault(where, what, fix)


def _shown(value: object) -> str:
    if value is None or isinstance(value, (dict, list)):
        return ""
    text = repr(value)
    return f" = {text[:_LONGEST_VALUE]}..." if len(text) > _LONGEST_VALUE else f" = {text}"


def _where(path: KeyPath, document: Document) -> str:
    """File, line and place; `[key]` marks a fault of the key itself."""
    place = tuple(part for part in path if part != "[key]")
    line = next(
        (
            document.lines[place[:length]]
            for length in range(len(place), 0, -1)
            if place[:length] in document.lines
        ),
        1,
    )
    dotted = ""
    for part in place:
        dotted += f"[{part}]" if isinstance(part, int) else f".{part}" if dotted else part
    return f"{document.name}:{line}: {dotted}"
