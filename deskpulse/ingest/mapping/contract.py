"""The event contract as a mapping sees it: the fields of a topic and what they hold.

It is read off the event types themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, cast

import msgspec
from msgspec import inspect

from streams.events import Event, Instant
from streams.sources import BY_TOPIC

Holds = Literal["text", "integer", "number", "flag", "time"]


class FieldRule(NamedTuple):
    """What one field of an event may be."""

    holds: Holds
    required: bool
    choices: tuple[str, ...] = ()  # where only some texts are allowed
    withdraws: bool = False  # null says something else than an absent field: a deadline is withdrawn


@cache
def tag_field(topic: str) -> str | None:
    """The field that tells the events of one topic apart (`change`, `status`), or None."""
    kinds = BY_TOPIC[topic].kinds
    return _tag(kinds[0])[0] if len(kinds) > 1 else None


@cache
def rules(topic: str, tag: str | None = None) -> Mapping[str, FieldRule]:
    """Fields of the events of a topic by name.

    Of a single kind where `tag` names one, else of all its kinds together.

    A field that only some of the kinds know or need is not required.
    """
    kinds = [kind for kind in BY_TOPIC[topic].kinds if tag is None or _tag(kind)[1] == tag]
    merged: dict[str, FieldRule] = {}
    for kind in kinds:
        for field in msgspec.structs.fields(cast("Any", kind)[Instant]):
            rule = _rule(field)
            known_to_all = all(field.name in peer.__struct_fields__ for peer in kinds)
            merged.setdefault(field.name, rule._replace(required=rule.required and known_to_all))
    if (tags := tag_field(topic)) is not None:
        merged[tags] = FieldRule(
            "text", required=True, choices=tuple(str(_tag(kind)[1]) for kind in BY_TOPIC[topic].kinds)
        )
    return merged


def _rule(field: msgspec.structs.FieldInfo) -> FieldRule:
    shape = inspect.type_info(field.type)
    shapes = shape.types if isinstance(shape, inspect.UnionType) else (shape,)
    choices = next((part.values for part in shapes if isinstance(part, inspect.LiteralType)), ())
    names = tuple(sorted(map(str, choices)))
    return FieldRule(_holds(shapes), field.required, names, withdraws=field.default is msgspec.UNSET)


def _holds(shapes: tuple[inspect.Type, ...]) -> Holds:
    """By the first type that fits: an instant may also be an integer, so it comes before."""
    holders: tuple[tuple[type[inspect.Type], Holds], ...] = (
        (inspect.DateTimeType, "time"),
        (inspect.BoolType, "flag"),
        (inspect.FloatType, "number"),
        (inspect.IntType, "integer"),
    )
    return next(
        (holds for kind, holds in holders if any(isinstance(shape, kind) for shape in shapes)), "text"
    )


def _tag(kind: type[Event]) -> tuple[str | None, Any]:
    config = kind.__struct_config__
    return config.tag_field, config.tag
