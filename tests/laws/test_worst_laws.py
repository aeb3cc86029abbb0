"""Worst now is the same in the stream, in a batch and by the oracle, on desks in which a corner slips.

A calm desk has none.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from deskpulse.ingest.events_io import TimedEvent
from deskpulse.lab.simulator import simulate
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY
from deskpulse.policy import load_policy
from kpis.figure import Figure
from kpis.figures.batch import Batch, History
from kpis.figures.view import ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.members import MemberRules
from kpis.sla.policy import TARGETS
from kpis.sla.worst import judge
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from oracle import kept, verify
from oracle import worst as oracle_worst
from oracle.clock import read_policy
from oracle.events import Record as SourceRecord
from oracle.events import read_records
from oracle.figures import OracleFigure
from oracle.sla import look
from streams.topics import SOURCE_TOPICS
from tests.exporters.desk import Record
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

POLICY = load_policy(DEFAULT_POLICY)

EDITIONS = read_policy(yaml.safe_load(Path(DEFAULT_POLICY).read_text(encoding="utf-8")))
MONDAY = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)
RULES = ViewRules(
    zone=ZoneInfo("Europe/Madrid"), members=MemberRules(most=8), compared=("all",), policy=POLICY
)
JUDGED = (
    "support_sla_worst_",
    "support_sla_endangered_",
    "support_sla_below_objective",
    "support_sla_kept_since_",
    "support_sla_long_overdue_",
)


class Watched:
    """A desk whose ledger is followed event by event."""

    def __init__(self, events: Iterable[TimedEvent], rules: ViewRules = RULES) -> None:
        self.events = list(events)
        self.state = PartitionState(0, StateRules(policy=rules.policy))
        self.builder = ViewBuilder(rules)
        self._offsets = {topic: itertools.count() for topic in SOURCE_TOPICS}
        self._next = 0

    def until(self, at_ms: int) -> None:
        """Take what is published before an instant."""
        while self._next < len(self.events) and self.events[self._next].publish_ms < at_ms:
            event = self.events[self._next]
            self._next += 1
            value = json.dumps(event.value).encode()
            self.state.apply(
                event.topic, [Record(0, next(self._offsets[event.topic]), event.publish_ms, event.key, value)]
            )
        self.state.advance(SOURCE_TOPICS)
        self.builder.apply(0, self.state.take_changes().view)

    @property
    def taken(self) -> list[TimedEvent]:
        """The events up to now."""
        return self.events[: self._next]


def of_interest(figures: Iterable[Figure]) -> dict[verify.Key, float]:
    return {(one.name, frozenset(one.labels)): one.value for one in figures if one.name.startswith(JUDGED)}


def differences(desk: Watched, at_ms: int) -> list[verify.Difference]:
    """What the oracle says of the same events at the same instant, against the stream.

    Every name is shown, so none is folded.
    """
    records: list[SourceRecord] = [
        (one.topic, one.key, json.dumps(one.value).encode(), one.publish_ms) for one in desk.taken
    ]
    deadlines = look(read_records(records), EDITIONS, at_ms).deadlines
    wanted = [
        OracleFigure(*sample)
        for judged in (oracle_worst.judge, kept.judge)
        for sample in judged(deadlines, EDITIONS, TARGETS, lambda dims: dims[:3], at_ms)
    ]
    assert wanted, "nothing was judged"
    return verify.compare(wanted, of_interest(desk.builder.build(at_ms).live))


@pytest.mark.parametrize(
    ("seed", "scenario"), [(1, "sla-slip"), pytest.param(3, "monday-rush", marks=pytest.mark.slow)]
)
def test_the_oracle_judges_the_same(seed: int, scenario: str) -> None:
    """From the first late replies until three hours into the slip.

    It also judges at night, when most teams are closed.
    """
    slip = MONDAY + 33 * HOUR_MS + 30 * MINUTE_MS  # Tuesday 10:30 in Madrid
    events = simulate(
        scenario, seed=seed, start_ms=MONDAY, end_ms=MONDAY + 2 * DAY_MS, rate_per_hour=60, moment_ms=slip
    )
    desk = Watched(events)
    named = 0
    for minutes in (-240, 31, 66, 180, 700):
        at_ms = slip + minutes * MINUTE_MS
        desk.until(at_ms)
        assert not (found := differences(desk, at_ms)), verify.report(found)
        named += len(desk.builder.build(at_ms).worst)
    assert named or scenario != "sla-slip"


def test_a_batch_judges_the_same() -> None:
    slip = MONDAY + 33 * HOUR_MS
    at_ms = slip + 3 * HOUR_MS
    desk = Watched(
        simulate("sla-slip", seed=5, start_ms=MONDAY, end_ms=at_ms, rate_per_hour=60, moment_ms=slip)
    )
    desk.until(at_ms)
    history = History()
    for event in desk.taken:
        assert history.add(event.topic, json.dumps(event.value).encode()) is None
    batch = Batch(history, RULES, at_ms)
    found = of_interest(batch.figures(batch.stretches(at_ms, ("1h",)), at_ms))
    assert of_interest(desk.builder.build(at_ms).live) == found
    assert any(name == "support_sla_worst_ratio" for name, _ in found)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_three_hours_into_the_slip_it_is_named_first(seed: int) -> None:
    """Of 120 tickets an hour, whatever the seed; of 60 it is a matter of chance whether 3 hours suffice."""
    slip = MONDAY + 33 * HOUR_MS
    at_ms = slip + 3 * HOUR_MS
    desk = Watched(
        simulate(
            "sla-slip",
            seed=seed,
            start_ms=MONDAY - 2 * DAY_MS,
            end_ms=at_ms,
            rate_per_hour=120,
            moment_ms=slip,
        )
    )
    desk.until(at_ms)
    worst = desk.builder.build(at_ms).worst[0]
    assert ("billing · high", "first_reply") == (worst.member, worst.target)


@pytest.mark.slow
def test_a_calm_week_has_nothing_worst_and_no_reply_that_pages_beforehand() -> None:
    """Twice an hour from Monday to Sunday, nights and weekend included.

    What is endangered pages for replies; solutions only warn.
    """
    desk = Watched(
        simulate("calm", seed=1, start_ms=MONDAY - 2 * DAY_MS, end_ms=MONDAY + 7 * DAY_MS, rate_per_hour=60)
    )
    the_policy = POLICY
    assert the_policy is not None
    shown = {
        "team": ("billing", "orders", "technical"),
        "channel": ("chat", "email", "phone"),
        "priority": ("high", "low", "normal"),
    }
    for at_ms in range(MONDAY, MONDAY + 7 * DAY_MS, 30 * MINUTE_MS):
        desk.until(at_ms)
        found = judge(desk.builder._outcomes, the_policy, at_ms, shown)
        assert () == found.worst, datetime.fromtimestamp(at_ms / 1000, UTC)
        assert [] == [one for one in found.endangered if one.target != "resolution"], datetime.fromtimestamp(
            at_ms / 1000, UTC
        )
