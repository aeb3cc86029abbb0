"""`/api/openapi.json`: what the exporter answers, for programs.

The schemas are made from the types that are sent.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import msgspec

from exporters.wall.build import COMPARES
from exporters.wall.model import Pulse, Wall
from exporters.wall.specs import TILES
from exporters.web.api import FILTERS, Answer, AtRiskAnswer
from exporters.web.parameters import ALL_WINDOWS, MOST_AT_RISK, ROLLUPS, WALL_WINDOWS
from exporters.web.quality import QualityAnswer
from kpis.sla.policy import TARGETS
from windows.spans import PERIODS

JSON: Final = "application/json"
OpenApiDocument = dict[str, Any]
_WINDOWS: Final = list(ALL_WINDOWS)
_DIMENSIONS: Final = list(ROLLUPS)
# A figure has as many labels as its metric, so it is no fixed struct.
_FIGURE: Final[OpenApiDocument] = {
    "type": "object",
    "title": "Figure",
    "description": (
        "One figure: a metric of /metrics with its labels. Figures with `live` have neither window nor "
        "period."
    ),
    "required": ["name", "by", "member", "value", "n"],
    "properties": {
        "name": {"type": "string", "pattern": "^support_[a-z_]+$"},
        "window": {"enum": _WINDOWS},
        "period": {"enum": list(PERIODS)},
        "by": {"enum": _DIMENSIONS},
        "member": {"type": "string"},
        "value": {"type": "number"},
        "n": {"type": "integer", "description": "Observations behind the figure."},
    },
    "additionalProperties": {
        "type": "string",
        "description": "Further labels: clock, q, bound, target, within.",
    },
}


def document() -> OpenApiDocument:
    """The description, OpenAPI 3.1."""
    types = [Answer, AtRiskAnswer, QualityAnswer, Pulse, Wall]
    (answer, at_risk, quality, pulse, wall), components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    components["Figure"] = _FIGURE
    components["WallNow"] = {
        "type": "object",
        "required": ["pulse", "wall"],
        "properties": {"pulse": pulse, "wall": wall},
    }
    components["Error"] = {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string"}},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "deskpulse exporter",
            "version": _version(),
            "summary": "Live KPIs of a support desk, read only.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/api/kpis": {"get": _kpis(answer)},
            "/api/at-risk": {"get": _at_risk(at_risk)},
            "/api/quality": {"get": _quality(quality)},
            "/api/wall": {"get": _wall()},
            "/api/stream": {"get": _stream()},
            "/readyz": {"get": _readyz()},
        },
        "components": {"schemas": components, "securitySchemes": _SECURITY},
        # Any of these where it is set up; nothing on loopback by default.
        "security": [{}, {"bearer": []}, {"basic": []}, {"session": []}],
    }


_SECURITY: Final[OpenApiDocument] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "deskpulse-session",
        "description": "Issued by POST /login in exchange for the token.",
    },
}


def _kpis(answer: OpenApiDocument) -> OpenApiDocument:
    allowed: dict[str, list[str]] = {"window": _WINDOWS, "period": list(PERIODS), "by": _DIMENSIONS}
    return {
        "operationId": "kpis",
        "summary": "The figures: all of them, or those selected by the parameters.",
        "parameters": [
            {
                "name": name,
                "in": "query",
                "description": "Values to select: separate them by commas or repeat the parameter.",
                "style": "form",
                "explode": False,
                "schema": {
                    "type": "array",
                    "items": {"enum": allowed[name]} if name in allowed else {"type": "string"},
                },
            }
            for name in FILTERS
        ],
        "responses": {"200": _body("The current figures.", answer), "400": _REFUSED, "401": _LOGIN},
    }


def _at_risk(answer: OpenApiDocument) -> OpenApiDocument:
    names = {"type": "array", "items": {"type": "string"}}
    return {
        "operationId": "atRisk",
        "summary": "Open tickets that have missed a deadline or have one within 4 h, sorted by deadline.",
        "parameters": [
            {"name": "team", "in": "query", "description": "May be repeated.", "schema": names},
            {
                "name": "target",
                "in": "query",
                "description": "May be repeated.",
                "schema": {"type": "array", "items": {"enum": list(TARGETS)}},
            },
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST_AT_RISK, "default": 100},
            },
        ],
        "responses": {
            "200": _body("The current tickets; without a policy those that brought a deadline.", answer),
            "400": _REFUSED,
            "401": _LOGIN,
        },
    }


_LOGIN: Final[OpenApiDocument] = {"description": "Log in first."}


def _quality(answer: OpenApiDocument) -> OpenApiDocument:
    return {
        "operationId": "quality",
        "summary": (
            "Data quality: duplicates, rejected records, and tickets without a creation. `/quality` is the "
            "page for people."
        ),
        "responses": {"200": _body("The current counts.", answer), "401": _LOGIN},
    }


_REFUSED: Final[OpenApiDocument] = {
    "description": "Unknown parameter or value; the text lists the choices.",
    "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
}
_CHOICE: Final[list[OpenApiDocument]] = [
    {"name": "window", "in": "query", "schema": {"enum": list(WALL_WINDOWS), "default": "24h"}},
    {
        "name": "team",
        "in": "query",
        "description": "One team; without it, everything.",
        "schema": {"type": "string", "maxLength": 128},
    },
    {
        "name": "segment",
        "in": "query",
        "description": "One member of the fourth dimension, where the desk has one; not beside a team.",
        "schema": {"type": "string", "maxLength": 128},
    },
    {
        "name": "compare",
        "in": "query",
        "description": (
            "The period to compare with; auto is a week ago where the window has it, else the previous "
            "period."
        ),
        "schema": {"enum": list(COMPARES), "default": "auto"},
    },
]


def _wall() -> OpenApiDocument:
    return {
        "operationId": "wall",
        "summary": "The content of the built-in wall for the given choice, now. Tiles: "
        + ", ".join(spec.id for spec in TILES)
        + ".",
        "parameters": _CHOICE,
        "responses": {
            "200": _body("The wall and the state of its figures.", {"$ref": "#/components/schemas/WallNow"}),
            "400": _REFUSED,
            "401": _LOGIN,
        },
    }


def _stream() -> OpenApiDocument:
    return {
        "operationId": "stream",
        "summary": (
            "The same, pushed as server-sent events: `wall` (a Wall, after a change) and `pulse` (a Pulse, "
            "every second)."
        ),
        "parameters": _CHOICE,
        "responses": {
            "200": {
                "description": "An endless stream of events. Each `data` line is JSON.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            "400": _REFUSED,
            "401": _LOGIN,
            "503": _body("Too many screens are connected.", {"$ref": "#/components/schemas/Error"}),
        },
    }


def _readyz() -> OpenApiDocument:
    schema = {
        "type": "object",
        "required": ["desk", "ready", "complete", "reasons", "hidden", "settings", "partitions"],
        "properties": {
            "desk": {"type": "string", "description": "Name of the desk: the label `desk` of its series."},
            "ready": {"type": "boolean"},
            "complete": {
                "type": "boolean",
                "description": "The figures are complete, and the workers are not far behind.",
            },
            "reasons": {"type": "array", "items": {"type": "string"}},
            "hidden": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Figures hidden because programs define them differently; * means all.",
            },
            "settings": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Settings that must be shared but differ between the exporter and the ledger.",
            },
            "partitions": {
                "type": "object",
                "required": ["expected", "read", "owned", "recovering"],
                "additionalProperties": {"type": ["integer", "null"]},
            },
        },
    }
    return {
        "operationId": "readyz",
        "summary": "Whether the figures are complete. Needs no log-in.",
        "security": [{}],
        "responses": {
            "200": _body("They are.", schema),
            "503": _body("They are incomplete; the body says why.", schema),
        },
    }


def _body(description: str, schema: OpenApiDocument) -> OpenApiDocument:
    return {"description": description, "content": {JSON: {"schema": schema}}}


def _version() -> str:
    try:
        return version("deskpulse")
    except PackageNotFoundError:  # run from a source tree that nobody installed
        return "0"
