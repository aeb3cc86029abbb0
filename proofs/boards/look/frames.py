"""What Prometheus answers, as the data frames that Grafana's Prometheus backend makes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from proofs.boards.look.frontend import Json

_LEGEND: Final = re.compile(r"\{\{\s*(.+?)\s*\}\}")
_TYPES: Final = {"matrix": "timeseries-multi", "vector": "numeric-multi", "scalar": "numeric-multi"}


def series_name(labels: Mapping[str, str], legend: str | None, expression: str) -> str:
    """The name of a series; empty where the frontend makes one by itself.

    >>> (
    ...     series_name({"team": "billing"}, "{{ team }}, late", "x"),
    ...     series_name({"team": "billing"}, "__auto", "x"),
    ... )
    ('billing, late', '')
    >>> series_name({}, "__auto", "sum(x)"), series_name({"__name__": "up", "job": "a"}, "", "up")
    ('sum(x)', 'up{job="a"}')
    """
    if legend == "__auto" and labels:
        return ""
    if legend and legend != "__auto":
        return _LEGEND.sub(lambda match: labels.get(match[1], ""), legend)
    inner = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    full = labels.get("__name__", "") + (f"{{{inner}}}" if inner else "")
    return full or expression


def frames(data: Json, ref: str, *, legend: str | None, expression: str, step_ms: int) -> list[Json]:
    """Frames of one query's answer (`data` of Prometheus's API).

    There is one for each series, and an empty one when there is none.
    """
    kind = data["resultType"]
    rows = [{"metric": {}, "value": data["result"]}] if kind == "scalar" else data["result"]
    asked = {"executedQueryString": f"Expr: {expression}\nStep: {step_ms / 1000:g}s"}
    meta = {"type": _TYPES[kind], "typeVersion": [0, 1], "custom": {"resultType": kind}}
    if not rows:
        return [{"schema": {"refId": ref, "meta": {**meta, **asked}, "fields": []}, "data": {"values": []}}]
    found = []
    for index, row in enumerate(rows):
        points = row["values"] if kind == "matrix" else [row["value"]]
        name = series_name(row["metric"], legend, expression)
        schema = {
            "refId": ref,
            "meta": {**meta, **({} if index else asked)},
            "fields": _fields(row["metric"], name, step_ms),
        }
        found.append({"schema": {**schema, **({"name": name} if name else {})}, "data": _columns(points)})
    return found


def _fields(labels: Mapping[str, str], name: str, step_ms: int) -> list[Json]:
    return [
        {"name": "Time", "type": "time", "typeInfo": {"frame": "time.Time"}, "config": {"interval": step_ms}},
        {
            "name": labels.get("__name__", "Value"),
            "type": "number",
            "typeInfo": {"frame": "float64"},
            "labels": dict(labels),
            "config": {"displayNameFromDS": name} if name else {},
        },
    ]


def _columns(points: Sequence[Sequence[Any]]) -> Json:
    """Times and values; JSON has neither NaN nor infinity, so their places are told apart."""
    values: list[float | None] = []
    odd: dict[str, list[int]] = {}
    for place, (_, text) in enumerate(points):
        value = float(text)
        if math.isfinite(value):
            values.append(value)
        else:
            values.append(None)
            odd.setdefault("NaN" if math.isnan(value) else "Inf" if value > 0 else "NegInf", []).append(place)
    return {"values": [[round(at * 1000) for at, _ in points], values], "entities": [None, odd or None]}
