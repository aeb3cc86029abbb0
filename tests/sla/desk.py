"""A desk with a policy, from events to figures: what the plays about SLAs are told with."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import datetime
from textwrap import dedent
from zoneinfo import ZoneInfo

import yaml

from deskpulse.policy import PolicyFile, build
from kpis.figures.view import View, ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.ledger import codec
from kpis.sla.at_risk import AtRiskList, at_risk
from kpis.sla.policy import Policy
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from streams.topics import SOURCE_TOPICS

# A first reply within 30 minutes, a resolution within two hours, at any time.
SIMPLE = """
    versions:
      - name: simple
        first_reply: [{within: 30m, objective: 90%}]
        resolution: [{within: 2h, objective: 80%}]
"""
# Office hours of Madrid, but for the night team.
OFFICE = """
    versions:
      - name: office
        calendars:
          office:
            time_zone: Europe/Madrid
            hours: {mon-fri: ["09:00-14:00", "15:00-18:00"]}
            holidays: {country: ES}
        default_calendar: office
        team_calendars: {night: always}
        first_reply: [{within: 1h, objective: 90%}]
        resolution: [{within: 8h, objective: 80%}]
"""


def policy_of(text: str) -> Policy:
    return build(PolicyFile.model_validate(yaml.safe_load(dedent(text))))


@dataclass(frozen=True)
class Record:
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes


@dataclass
class SlaDesk:
    """One partition. Times are wall clock of Madrid, `HH:MM` of Monday 2026-03-02 or with a date before."""

    text: str = SIMPLE
    policy: Policy = field(init=False)

    def __post_init__(self) -> None:
        self.policy = policy_of(self.text)
        self.state = PartitionState(0, StateRules(policy=self.policy))
        self.builder = ViewBuilder(ViewRules(ZoneInfo("Europe/Madrid"), policy=self.policy))
        self._numbers = itertools.count(1)
        self._offsets = dict.fromkeys(SOURCE_TOPICS, 0)

    def send(self, topic: str, ticket: str, when: str, **fields: object) -> None:
        event = {
            "event_id": f"e{next(self._numbers)}",
            "occurred_at": at(when),
            "ticket_id": ticket,
            **fields,
        }
        offset = self._offsets[topic]
        self._offsets[topic] += 1
        assert not self.state.apply(
            topic, [Record(0, offset, at(when), ticket.encode(), json.dumps(event).encode())]
        )

    def created(
        self, ticket: str, when: str, team: str = "billing", channel: str = "email", priority: str = "normal"
    ) -> None:
        dims = {"customer_id": "C", "team": team, "channel": channel, "priority": priority}
        self.send("ticket-created", ticket, when, url=f"https://desk.example.com/{ticket}", **dims)

    def replied(self, ticket: str, when: str) -> None:
        self.send("first-reply", ticket, when)

    def resolved(self, ticket: str, when: str, outcome: str = "solved") -> None:
        self.send("resolved", ticket, when, outcome=outcome)

    def changed(self, ticket: str, when: str, change: str, **fields: object) -> None:
        self.send("ticket-changed", ticket, when, change=change, **fields)

    def view(self, when: str) -> View:
        """The view of an exporter at an instant; nothing but the clock moves when no event came."""
        self.builder.apply(0, self.state.take_changes().view)
        return self.builder.build(at(when))

    def at_risk(self, when: str, *teams: str, targets: tuple[str, ...] = (), limit: int = 100) -> AtRiskList:
        view = self.view(when)
        rows = [(key, codec.decode_at_risk(raw)) for key, raw in view.at_risk]
        return at_risk(rows, self.policy, view.as_of_ms, teams=teams, targets=targets, limit=limit)


def at(when: str) -> int:
    """Milliseconds of a time in Madrid.

    >>> at("09:00") - at("2026-03-02T08:00")
    3600000
    """
    text = when if "T" in when else f"2026-03-02T{when}"
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Madrid")).timestamp() * 1000)


def figure(view: View, name: str, by: str = "all", member: str = "all", **labels: str) -> float | None:
    """A figure of the view, of the current period where it has one; None when it is absent."""
    wanted = {"by": by, "member": member, **labels}
    if "window" in wanted:
        wanted.setdefault("period", "current")
    found = [f.value for f in (*view.figures, *view.live) if f.name == name and dict(f.labels) == wanted]
    assert len(found) <= 1, f"{name} {wanted} is there {len(found)} times"
    return found[0] if found else None


def settled(
    view: View, target: str = "first_reply", window: str = "8h", by: str = "all", member: str = "all"
) -> tuple[float, float]:
    """(met, breached) of the deadlines of a window."""
    labels = {"window": window, "target": target}
    n = figure(view, "support_sla_attainment_observations", by, member, **labels)
    breached = figure(view, "support_sla_breached_tickets", by, member, **labels)
    share = figure(view, "support_sla_attainment_ratio", by, member, **labels)
    assert n is not None
    assert breached is not None
    assert share == (None if n == 0 else (n - breached) / n)
    return n - breached, breached


def standing(
    view: View, target: str = "first_reply", by: str = "all", member: str = "all"
) -> tuple[float | None, ...]:
    """(waiting, breached and waiting, due within 15 min, 1 h, 4 h)."""
    names = ("support_sla_waiting_tickets", "support_sla_overdue_tickets")
    due = [
        figure(view, "support_sla_due_tickets", by, member, target=target, within=within)
        for within in ("15m", "1h", "4h")
    ]
    return (*(figure(view, name, by, member, target=target) for name in names), *due)
