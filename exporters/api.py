"""The figures as JSON, in the shape of `deskpulse report --format json`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from exporters.snapshot import Snapshot
from kpis.at_risk import AtRisk, at_risk
from kpis.figures import Figure
from kpis.ledger import decode_at_risk

FILTERS: Final = ("name", "window", "period", "by", "member")
AT_RISK_FILTERS: Final = ("team", "target")
MOST_AT_RISK: Final = 500
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


def at_risk_json(snapshot: Snapshot, wanted: Wanted, limit: int) -> bytes:
    """Open tickets past their deadline or due within 4 h, by deadline; `wanted` may name teams and targets."""
    view, status = snapshot.view, snapshot.status
    body: dict[str, Any] = {
        "as_of": _time(view.as_of_ms) if view else None,
        "complete": status.complete and not snapshot.failed,
        "reasons": reasons(snapshot),
        "tickets": [],
        "truncated": False,
    }
    if view is not None and view.policy is not None:
        rows = ((key, decode_at_risk(raw)) for key, raw in view.at_risk)
        teams, targets = sorted(wanted.get("team", ())), sorted(wanted.get("target", ()))
        found = at_risk(rows, view.policy, view.as_of_ms, teams=teams, targets=targets, limit=limit)
        body["tickets"] = [_ticket(ticket) for ticket in found.tickets]
        body["truncated"] = found.truncated
    return msgspec.json.encode(body)


def _ticket(ticket: AtRisk) -> dict[str, Any]:
    return {
        "ticket_id": ticket.ticket_id,
        "url": safe_link(ticket.url),
        "team": ticket.team,
        "channel": ticket.channel,
        "priority": ticket.priority,
        "target": ticket.target,
        "deadline": _time(ticket.due_ms),
        "breached": ticket.breached,
        "age_seconds": ticket.age_ms / 1000,
        "business_age_seconds": None if ticket.business_age_ms is None else ticket.business_age_ms / 1000,
    }


def safe_link(url: str | None) -> str | None:
    """The link, if following it can do no harm: whoever may write an event must not put a script on somebody's wall.

    >>> safe_link("https://desk.example.com/T-1"), safe_link("javascript:alert(1)"), safe_link("https://user:secret@desk.example.com/")
    ('https://desk.example.com/T-1', None, None)
    """
    if url is None or any(character <= " " for character in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname and parts.username is None else None
