"""The figures as JSON, in the shape of `deskpulse report --format json`, and the tickets at risk."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from exporters.links import safe_link
from exporters.snapshot import Snapshot
from kpis.figure import Figure
from kpis.figures.catalogue import is_denominator
from kpis.figures.view import View
from kpis.ledger.codec import decode_at_risk
from kpis.sla.at_risk import AtRisk, at_risk

FILTERS: Final = ("name", "window", "period", "by", "member")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
WantedLabels = Mapping[str, Collection[str]]
FigureList = list[Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/Figure"})]]


class Answer(Struct):
    """What `/api/kpis` answers. Times are RFC 3339 in UTC; null while there are no figures."""

    desk: str  # its name: the label of its series
    as_of: str | None
    watermark: str | None  # latest event
    now: str
    ready: bool  # the whole ledger has been read
    complete: bool  # the figures are all that there is, and the workers are not far behind
    reasons: list[str]  # why they are not
    age_seconds: float | None  # since Kafka last answered
    figures: FigureList
    live: FigureList


class Ticket(Struct, omit_defaults=True):
    """An open ticket that is past a deadline or has one within 4 h."""

    ticket_id: str
    url: str | None
    team: str
    channel: str
    priority: str
    target: str
    deadline: str
    deadline_of: Literal["policy", "ticket"]  # ticket: the deadline came with it
    breached: bool
    age_seconds: float  # of a next reply since its wait began, else since the creation
    business_age_seconds: float | None  # by the team's calendar; null without one
    segment: str | None = None  # absent where the desk has not switched segments on


class AtRiskAnswer(Struct):
    """What `/api/at-risk` answers: tickets by deadline."""

    desk: str  # its name: the label of its series
    as_of: str | None
    complete: bool
    reasons: list[str]
    tickets: list[Ticket]
    truncated: bool  # there are more


def kpis_json(snapshot: Snapshot, wanted: WantedLabels) -> bytes:
    """Current figures. `wanted` maps a filter to the values to keep; a figure without the label is left out.

    Figures of nothing observed are absent; the number of observations is each figure's `n`.
    """
    view, status = snapshot.view, snapshot.status
    answer = Answer(
        desk=snapshot.desk,
        as_of=rfc3339(view.as_of_ms) if view else None,
        watermark=rfc3339(view.watermark_ms) if view and view.watermark_ms is not None else None,
        now=rfc3339(snapshot.now_ms),
        ready=status.ready,
        complete=status.complete and not snapshot.failed,
        reasons=reasons(snapshot),
        age_seconds=status.silent_seconds,
        figures=[],
        live=[],
    )
    if view is not None:
        values = (figure for figure in view.figures if not is_denominator(figure.name))
        answer.figures = [_figure(figure) for figure in values if _keep(figure, wanted)]
        of_live = {name: values for name, values in wanted.items() if name not in ("window", "period")}
        answer.live = [_figure(figure) for figure in view.live if _keep(figure, of_live)]
    return msgspec.json.encode(answer)


def reasons(snapshot: Snapshot) -> list[str]:
    """Why the figures are not complete, in words."""
    return [*unready(snapshot), *snapshot.status.behind]


def unready(snapshot: Snapshot) -> list[str]:
    """Reasons why the figures are not those of the whole ledger, in words.

    A ledger that is behind itself is no fault of this exporter.
    """
    return [
        *snapshot.status.reasons,
        *(["the figures could not be computed: see the exporter's log"] if snapshot.failed else []),
    ]


def _keep(figure: Figure, wanted: WantedLabels) -> bool:
    if not wanted:
        return True
    labels = dict(figure.labels)
    labels["name"] = figure.name
    return all(labels.get(name) in values for name, values in wanted.items())


def _figure(figure: Figure) -> dict[str, Any]:
    return {"name": figure.name, **dict(figure.labels), "value": figure.value, "n": figure.n}


def rfc3339(ms: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def at_risk_json(snapshot: Snapshot, wanted: WantedLabels, limit: int) -> bytes:
    """Open tickets past their deadline or due within 4 h, by deadline.

    `wanted` may name teams and targets.
    """
    view, status = snapshot.view, snapshot.status
    answer = AtRiskAnswer(
        desk=snapshot.desk,
        as_of=rfc3339(view.as_of_ms) if view else None,
        complete=status.complete and not snapshot.failed,
        reasons=reasons(snapshot),
        tickets=[],
        truncated=False,
    )
    if view is not None and view.targets:
        rows = ((key, decode_at_risk(raw)) for key, raw in view.at_risk)
        teams, targets = sorted(wanted.get("team", ())), sorted(wanted.get("target", ()))
        found = at_risk(rows, view.policy, view.as_of_ms, teams=teams, targets=targets, limit=limit)
        answer.tickets = [_ticket(ticket, view) for ticket in found.tickets]
        answer.truncated = found.truncated
    return msgspec.json.encode(answer)


def _ticket(ticket: AtRisk, view: View) -> Ticket:
    return Ticket(
        ticket_id=ticket.ticket_id,
        url=safe_link(ticket.url),
        team=ticket.team,
        channel=view.name("channel", ticket.channel),
        priority=view.name("priority", ticket.priority),
        target=ticket.target,
        deadline=rfc3339(ticket.due_ms),
        deadline_of="ticket" if ticket.given else "policy",
        breached=ticket.breached,
        age_seconds=ticket.age_ms / 1000,
        business_age_seconds=None if ticket.business_age_ms is None else ticket.business_age_ms / 1000,
        segment=None if ticket.segment is None else view.name("segment", ticket.segment),
    )
