"""What three readers say of the same events: an exporter's view, a report and the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import count
from textwrap import dedent
from typing import Any, Final, cast

import yaml

from deskpulse.policy import PolicyFile, build
from kpis.figure import Figure
from kpis.figures.batch import Batch, History
from kpis.figures.kpi import live
from kpis.figures.view_builder import ViewBuilder
from kpis.state.rules import StateRules
from kpis.tickets.manner import FrtFrom
from oracle import figures as oracle
from oracle import promised
from oracle.clock import read_policy
from tests.golden.desk import MEMBERS, NOON_MS, RULES, GoldenDesk
from windows.panes import HOUR_MS, MINUTE_MS

# Figures that several stories ask for.
FRT, FRT_N = "support_first_response_mean_seconds", "support_first_response_mean_observations"
RESPONSE, RESPONSE_N = "support_response_mean_seconds", "support_response_mean_observations"
UNANSWERED, WAITING = "support_unanswered_tickets", "support_waiting_tickets"
ATTAINMENT, OUTCOMES = "support_sla_attainment_ratio", "support_sla_attainment_observations"
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
Told = tuple[tuple[int, str, str, bytes], ...]
_LIVE: Final = {shown.name for shown in live.KPI.live} | {"support_sla_overdue_tickets"}
_CLOCKED: Final = ("support_first_response_", "support_response_", "support_resolution_time_")
_TOPICS: Final = {
    "created": "ticket-created",
    "first-reply": "first-reply",
    "resolved": "resolved",
    "survey": "survey",
}
_CREATION: Final = {"team": "billing", "channel": "phone", "priority": "normal"}
_WORDS: Final = {"true": True, "false": False, "null": None}


def told(
    story: str,
    name: str,
    *,
    as_of: str = "12:00",
    policy: str | None = None,
    frt_from: str = "first_contact",
    **labels: str,
) -> float | None:
    """One figure of a story as a view, a report and the oracle show it.

    Of the last 24 h, of `all` and in calendar time unless labels say otherwise. None where there is no
    sample.
    """
    if name.startswith(_CLOCKED):
        labels = {"clock": "calendar", **labels}
    if name not in _LIVE:
        labels = {"window": "24h", "period": "current", **labels}
    return agreed(tuple(play(story).events), name, instant(as_of), policy, labels, frt_from=frt_from)


def play(story: str) -> GoldenDesk:
    """A desk with the events of a story, a line each: day, time, ticket, what happened, fields.

    The day (`-8d`: 8 days before) and the ticket (T1) may be left out. A time as the value of a field is of
    the same day.

        10:00    created opened_by=desk
        10:20 T2 customer_replied waiting_since=10:10
    """
    desk = GoldenDesk()
    for line in filter(None, map(str.strip, story.splitlines())):
        words = line.split("#")[0].split()
        day = words.pop(0) if words[0].startswith("-") else ""
        at_ms = instant(words.pop(0), day)
        ticket = words.pop(0) if words[0].startswith("T") else "T1"
        what, *pairs = words
        fields = {key: _value(value, day) for key, _, value in (pair.partition("=") for pair in pairs)}
        topic = _TOPICS.get(what, "ticket-changed")
        if topic == "ticket-created":
            fields = {"customer_id": f"customer of {ticket}", **_CREATION, **fields}
        elif topic == "ticket-changed":
            fields["change"] = what
        desk.send(topic, ticket, at_ms, ticket_id=ticket, **fields)
    return desk


def _value(text: str, day: str) -> object:
    if ":" in text:
        return instant(text, day)
    return _WORDS.get(text, int(text) if text.isdigit() else text)


def instant(clock: str, day: str = "") -> int:
    """A time of the Monday whose noon is `NOON_MS`, or so many days before it."""
    hours, minutes = map(int, clock.split(":"))
    days = int(day.strip("-d") or 0)
    return NOON_MS + (hours - 12 - 24 * days) * HOUR_MS + minutes * MINUTE_MS


def agreed(
    events: Told,
    name: str,
    as_of_ms: int,
    policy: str | None,
    labels: Mapping[str, str],
    *,
    frt_from: str = "first_contact",
) -> float | None:
    """One figure on which all three agree. Errors: AssertionError where they differ."""
    key = (name, frozenset({"by": "all", "member": "all", **labels}.items()))
    view, reported, computed = (found.get(key) for found in three_readers(events, as_of_ms, policy, frt_from))
    assert (view, view) == (reported, computed), "the view, a report and the oracle differ"
    return view


@lru_cache(maxsize=8)
def three_readers(
    events: Told, as_of_ms: int, policy: str | None, frt_from: str = "first_contact"
) -> tuple[Samples, Samples, Samples]:
    """Every figure of some events: live, in a report, and by the oracle.

    The events come to the report in the opposite order.
    """
    text = None if policy is None else yaml.safe_load(dedent(policy))
    agreed_policy = None if text is None else build(PolicyFile.model_validate(text))
    start = cast("FrtFrom", frt_from)
    rules = replace(RULES, policy=agreed_policy, frt_from=start)
    desk = GoldenDesk(list(events), rules, count(len(events)))
    builder = ViewBuilder(desk.rules)
    for state in desk.states(StateRules(policy=agreed_policy, frt_from=start)):
        builder.apply(state.partition, state.take_changes().view)
    view = builder.build(as_of_ms)
    history = History()
    for _, topic, _, value in reversed(events):
        assert history.add(topic, value) is None
    batch = Batch(history, desk.rules, as_of_ms)
    report = batch.figures(batch.stretches(as_of_ms, ("1h", "24h", "30d")), as_of_ms)
    records = [(topic, owner.encode(), value, at_ms) for at_ms, topic, owner, value in events]
    asked: Any = {"as_of_ms": as_of_ms, "members": MEMBERS, "frt_from": frt_from}
    computed = oracle.figures(records, **asked)
    if text is not None:
        computed += promised.figures(records, policy=read_policy(text), **asked)
    return samples([*view.figures, *view.live]), samples(report), {one.key: one.value for one in computed}


def samples(figures: Iterable[Figure]) -> Samples:
    """Figures by name and labels."""
    return {(one.name, frozenset(one.labels)): one.value for one in figures}
