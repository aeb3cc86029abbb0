"""The event contract as JSON Schemas, made from its types: `python -m scripts.schemas [--check]`.

What a type cannot say (the range of a time, the scale of a score, who must be named in a survey) is added
from the decoder's own limits. `--check` writes nothing and exits 1 when a committed schema is not what the
types give.
"""

import argparse
import json
from collections.abc import Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from scripts.tidy import ROOT
from streams.decode import DUES, FIRST_MS, LAST_MS
from streams.events import Due, Instant
from streams.sources import BY_TOPIC
from streams.topics import SOURCE_TOPICS

FOLDER: Final = Path("streams/schemas")
_INSTANT: Final = {
    "anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "integer", "minimum": FIRST_MS, "maximum": LAST_MS - 1},
    ],
    "description": "RFC 3339 with an offset, or milliseconds since 1970 (UTC).",
}
_OR_NULL: Final = {**_INSTANT, "anyOf": [*cast("list[object]", _INSTANT["anyOf"]), {"type": "null"}]}
_SCORES: Final = {"nps": (0, 10), "ces": (1, 7)}
_CSAT_SCALES: Final = range(2, 11)
_CSAT_DEFAULT: Final = 5
_ELEVEN: Final = 10  # the largest score of eleven from 0 on


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the schemas, or compare them."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.schemas", description="JSON Schemas of the event contract."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when a committed schema is out of date"
    )
    options = parser.parse_args(arguments)
    if options.check:
        stale = out_of_date(ROOT)
        for path in stale:
            print(f"schemas: {path} is not what the types give: run `python -m scripts.schemas`")
        return 1 if stale else 0
    for topic in SOURCE_TOPICS:
        (ROOT / path_of(topic)).write_text(render(topic), encoding="utf-8")
        print(f"schemas: wrote {path_of(topic)}")
    return 0


def path_of(topic: str) -> Path:
    """Where the schema of a topic stands, relative to the root."""
    return FOLDER / f"{topic}.schema.json"


def out_of_date(root: Path) -> list[Path]:
    """Committed schemas that differ from the types, and files that belong to no topic."""
    wanted = {path_of(topic): render(topic) for topic in SOURCE_TOPICS}
    stale = [
        path
        for path, text in wanted.items()
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text
    ]
    return stale + [
        FOLDER / file.name
        for file in sorted((root / FOLDER).glob("*.json"))
        if FOLDER / file.name not in wanted
    ]


def render(topic: str) -> str:
    """The text of a topic's schema file."""
    return json.dumps(schema(topic), indent=2, ensure_ascii=False) + "\n"


def schema(topic: str) -> dict[str, Any]:
    """The schema of the values of a topic. Errors: KeyError for a topic that the contract does not name."""
    source = BY_TOPIC[topic]
    named = [
        (kind.__name__, msgspec.json.schema(cast("Any", kind)[Instant])["$defs"]) for kind in source.kinds
    ]
    kinds = {name: _tidied(name, body) for name, defined in named for body in defined.values()}
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Made by scripts/schemas.py from streams/events.py; do not edit.",
        "title": topic,
        "description": f"{source.about} Record key: {', else '.join(source.key)}.",
    }
    if len(kinds) > 1:
        return {**head, "anyOf": [{"$ref": f"#/$defs/{name}"} for name in kinds], "$defs": kinds}
    (body,) = kinds.values()
    rules = _survey_rules() if topic == "survey" else {}
    return {**head, **{name: value for name, value in body.items() if name not in head}, **rules}


def _tidied(name: str, kind: dict[str, Any]) -> dict[str, Any]:
    """msgspec's schema of one struct: times bounded, no default where null means absent."""
    properties = {}
    for field, rule in kind["properties"].items():
        parts = rule.get("anyOf", ())
        is_instant = any(part.get("format") == "date-time" for part in parts)
        shown = rule if not is_instant else _OR_NULL if {"type": "null"} in parts else _INSTANT
        properties[field] = {
            word: value for word, value in shown.items() if word != "default" or value is not None
        }
    made = {**kind, "title": name, "description": cleandoc(kind["description"]), "properties": properties}
    return {**made, "anyOf": [{"required": [due]} for due in DUES]} if name == Due.__name__ else made


def _survey_rules() -> dict[str, Any]:
    """Who answered must be named.

    A score must lie on its scale, and a stated scale must be one that the kind is asked on.
    """
    own = [
        {
            "if": _asked(kind),
            "then": _scale(
                low,
                high,
                {
                    "scale_min": {"enum": [low, None]},
                    "scale_max": {"enum": [high, None]},
                    "satisfied": {"type": "null"},
                },
            ),
        }
        for kind, (low, high) in _SCORES.items()
    ]
    from_one = {"scale_min": {"enum": [1, None]}}
    scales = [
        _scale(1, _CSAT_DEFAULT, {**from_one, "scale_max": {"type": "null"}}),
        *(
            {**_scale(1, top, {**from_one, "scale_max": {"const": top}}), "required": ["scale_max"]}
            for top in _CSAT_SCALES
        ),
        {
            **_scale(0, _ELEVEN, {"scale_min": {"const": 0}, "scale_max": {"const": _ELEVEN}}),
            "required": ["scale_min", "scale_max"],
        },
    ]
    csat = {"if": _asked("csat", {"satisfied": {"type": "null"}}), "then": {"anyOf": scales}}
    named = [
        {"required": [name], "properties": {name: {"type": "string"}}}
        for name in ("ticket_id", "customer_id")
    ]
    return {"anyOf": named, "allOf": [*own, csat]}


def _asked(kind: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"properties": {"kind": {"const": kind}, **(more or {})}}


def _scale(low: int, high: int, more: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"score": {"minimum": low, "maximum": high}, **more}}


if __name__ == "__main__":
    raise SystemExit(main())
