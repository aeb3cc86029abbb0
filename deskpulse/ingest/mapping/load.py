"""Reads a mapping file and finds everything that is wrong with it before a row is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from deskpulse.ingest.mapping import contract
from deskpulse.ingest.mapping.faults import MappingError, MappingFault, join, one_of
from deskpulse.ingest.mapping.schema import Case, EventRule, FieldValue, Mapping, MappingPart, Time, Value
from deskpulse.ingest.mapping.values import FLAGS
from deskpulse.settings import yaml_bounds
from deskpulse.settings.yaml_bounds import YamlBoundError

P = TypeVar("P", bound=MappingPart)


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Errors: MappingError with all faults; OSError when the file cannot be read.
    """
    document = _read_yaml(path)
    faults = [*_shape_faults(document), *_sense_faults(document)]
    if faults:
        raise MappingError(path, faults)
    return Mapping.model_validate(document)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        document = yaml_bounds.load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}"
        if isinstance(error, YamlBoundError):
            fix = "write it out, as the examples do"
            raise MappingError(
                path, [MappingFault(line, None, f"too large for a mapping: {error.problem}", fix)]
            ) from None
        raise MappingError(
            path, [MappingFault(line, None, f"not YAML: {error.problem}", "correct the syntax")]
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingError(
            path, [MappingFault("", None, f"not YAML in UTF-8: {error}", "correct the syntax")]
        ) from None
    if not isinstance(document, dict):
        raise MappingError(
            path,
            [MappingFault("", document, "a mapping file must be a YAML mapping", "begin with `events:`")],
        )
    return document


def _shape_faults(document: dict[str, Any]) -> Iterator[MappingFault]:
    """What pydantic finds: unknown words, missing parts, wrong types."""
    try:
        Mapping.model_validate(document)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            problem, fix = _words(detail["type"], detail["msg"], detail.get("ctx", {}))
            yield MappingFault(
                join("", *detail["loc"]),
                None if detail["type"] == "missing" else detail["input"],
                problem,
                fix,
            )


def _words(kind: str, message: str, context: dict[str, Any]) -> tuple[str, str]:
    """Problem and fix; our own faults bring theirs along."""
    if kind == "mapping":
        return context["problem"], context["fix"]
    if kind == "missing":
        return "it is missing", "add it"
    if kind == "extra_forbidden":
        return "no such word here", "correct its spelling or remove it"
    if kind == "literal_error":
        return "no such choice", f"use {context['expected']}"
    return message, "correct it; examples/mappings has files that work"


def _sense_faults(document: dict[str, Any]) -> Iterator[MappingFault]:
    """What a part means beside the others. Parts whose own shape is wrong are left to `_shape_faults`."""
    times = _dict(document.get("times"))
    for name, raw in times.items():
        time = _attempt(Time, raw)
        if time is not None and time.wraps_after is not None:
            # An anchor that wraps itself could go round in a circle.
            anchors = [anchor for anchor, part in times.items() if "wraps_after" not in _dict(part)]
            yield from _unknown_time(join("times", name, "wraps_after"), time.wraps_after, anchors)
    case = _attempt(Case, document.get("case"))
    if case is not None and case.order_by is not None:
        yield from _unknown_time("case.order_by", case.order_by, list(times))
    events = document.get("events")
    for index, raw in enumerate(events if isinstance(events, list) else ()):
        rule = _attempt(EventRule, raw)
        if rule is not None:
            yield from _event_faults(rule, join("events", index), list(times), has_case="case" in document)


def _event_faults(
    rule: EventRule, place: str, times: Sequence[str], *, has_case: bool
) -> Iterator[MappingFault]:
    if rule.rows == "first" and not has_case:
        yield MappingFault(
            join(place, "rows"),
            rule.rows,
            "`first` needs a case, and there is none",
            "add `case: {by: <column>}`",
        )
    tags = contract.tag_field(rule.topic)
    tag = rule.fields[tags].constant if tags in rule.fields else None
    known = contract.rules(rule.topic, tag)
    if tags is not None and tag is not None and tag not in known[tags].choices:
        # the tag is the fault, told below, and not what the fields of no kind lack
        known = contract.rules(rule.topic)
    for name, field in known.items():
        if field.required and name not in rule.fields:
            yield MappingFault(join(place, "fields", name), None, f"{rule.topic} needs it", "add it")
    for name, value in rule.fields.items():
        where = join(place, "fields", name)
        if name not in known:
            yield MappingFault(where, None, f"{rule.topic} has no such field", one_of(name, known))
        else:
            yield from _field_faults(value, known[name], where, times)


def _field_faults(
    value: FieldValue, field: contract.FieldRule, place: str, times: Sequence[str]
) -> Iterator[MappingFault]:
    if (field.holds == "time") != (value.time is not None):
        fix = (
            "give {time: <name>}, and describe it under times"
            if field.holds == "time"
            else "times are for instants: use a column"
        )
        yield MappingFault(place, value.time, f"the field holds a {field.holds}", fix)
    elif value.time is not None:
        yield from _unknown_time(place, value.time, times)
    if value.withdraw and not field.withdraws:
        yield MappingFault(
            join(place, "withdraw"),
            None,
            "nothing of this field can be withdrawn",
            "leave it out: only the deadlines of a `due` can",
        )
    for where, text in _texts(value, place):
        if field.choices and text not in field.choices:
            yield MappingFault(where, text, "no such choice", one_of(text, field.choices))
        if field.holds == "flag" and text.lower() not in FLAGS:
            yield MappingFault(where, text, "the field holds a flag", one_of(text, FLAGS))
    if value.constant is not None and field.holds == "integer" and not value.constant.lstrip("-").isdecimal():
        yield MappingFault(place, value.constant, "the field holds an integer", "give a whole number")


def _texts(value: Value, place: str) -> Iterator[tuple[str, str]]:
    """The texts that a mapping itself puts into a field, each with its place."""
    if value.constant is not None:
        yield place, value.constant
    if value.default is not None:
        yield join(place, "default"), value.default
    for cell, text in (value.map or {}).items():
        yield join(place, "map", cell), text
    for index, choice in enumerate(value.first or ()):
        yield from _texts(choice, join(place, "first", index))


def _unknown_time(place: str, name: str, times: Sequence[str]) -> Iterator[MappingFault]:
    if name not in times:
        yield MappingFault(
            place, name, "no such time here", one_of(name, times) if times else "describe it under times"
        )


def _attempt(model: type[P], raw: object) -> P | None:
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None


def _dict(raw: object) -> dict[str, Any]:
    return raw if isinstance(raw, dict) else {}
