"""The figures as JSON, in the shape of `deskpulse report --format json`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from exporters.snapshot import Snapshot
from kpis.figures import Figure

FILTERS: Final = ("name", "window", "period", "by", "member")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Wanted = Mapping[str, Collection[str]]


def kpis_json(snapshot: Snapshot, wanted: Wanted) -> bytes:
    """Current figures. `wanted` maps a filter to the values to keep; a figure without the label is left out.

    Figures of nothing observed are absent; the number of observations is each figure's `n`.
    """
    view, status = snapshot.view, snapshot.status
    body: dict[str, Any] = {
        "as_of": _time(view.as_of_ms) if view else None,
        "watermark": _time(view.watermark_ms) if view else None,
        "now": _time(snapshot.now_ms),
        "ready": status.ready,
        "complete": status.complete and not snapshot.failed,
        "reasons": reasons(snapshot),
        "age_seconds": status.silent_seconds,
        "figures": [],
        "live": [],
    }
    if view is not None:
        values = (figure for figure in view.figures if not figure.name.endswith("_observations"))
        body["figures"] = [_figure(figure) for figure in values if _keep(figure, wanted)]
        of_live = {name: values for name, values in wanted.items() if name not in ("window", "period")}
        body["live"] = [_figure(figure) for figure in view.live if _keep(figure, of_live)]
    return msgspec.json.encode(body)


def reasons(snapshot: Snapshot) -> list[str]:
    """Why the figures are not complete, in words."""
    return [*unready(snapshot), *snapshot.status.behind]


def unready(snapshot: Snapshot) -> list[str]:
    """Why the figures are not those of the whole ledger, in words; that the ledger itself is behind is no fault of this exporter."""
    return [*snapshot.status.reasons, *(["the figures could not be computed: see the exporter's log"] if snapshot.failed else [])]


def _keep(figure: Figure, wanted: Wanted) -> bool:
    if not wanted:
        return True
    labels = dict(figure.labels)
    labels["name"] = figure.name
    return all(labels.get(name) in values for name, values in wanted.items())


def _figure(figure: Figure) -> dict[str, str | float | int]:
    return {"name": figure.name, **dict(figure.labels), "value": figure.value, "n": figure.n}


def _time(ms: int | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    return None if ms is None else (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
