"""The fourth dimension from events in to faces out: two tiers, and a ticket of which nobody named one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import pytest

from exporters.config import WallRules
from exporters.reading.status import LedgerPartition, ReaderStatus
from exporters.snapshot import Snapshot
from exporters.wall.build import WallMaker, Wanted
from exporters.web.api import at_risk_json
from kpis.figures.history import Choice
from kpis.figures.view import View, ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.sla.policy import Policy, Rule, Version
from kpis.state.rules import StateRules
from tests.laws.ledgers import T0, Desk
from tests.laws.test_stream_batch_oracle import exported
from windows.panes import HOUR_MS, MINUTE_MS

GOLD: Final = Rule(within_ms=HOUR_MS, objective=0.9, segments=frozenset({"Gold"}))
REST: Final = Rule(within_ms=4 * HOUR_MS, objective=0.8)
POLICY: Final = Policy([Version("one", None, {"first_reply": (GOLD, REST)}, {})])
VIEW: Final = ViewRules(ZoneInfo("UTC"), policy=POLICY, segment=True, spelled={"segment": {"gold": "Gold"}})
NOW: Final = T0 + 2 * HOUR_MS
LAST_DAY: Final = Choice("24h")


@pytest.fixture(scope="module")
def view() -> View:
    """Replies after 10 min (gold) and 90 min (gold, late by 30), and none (free, and a ticket without)."""
    desk = Desk(StateRules(policy=POLICY, segment=True))
    for number, segment in enumerate(({"segment": "gold"}, {"segment": "GOLD"}, {"segment": "free"}, {})):
        desk.create(f"T{number}", T0, **segment)
    desk.send("first-reply", T0 + 10 * MINUTE_MS, ticket_id="T0")
    desk.send("first-reply", T0 + 90 * MINUTE_MS, ticket_id="T1")
    builder = ViewBuilder(VIEW)
    builder.apply(0, desk.write().view)
    return builder.build(NOW, [LAST_DAY])


def of(view: View, name: str, **labels: str) -> dict[str, float]:
    """The values of a metric by segment."""
    return {
        dict(key)["member"]: value
        for (found, key), value in exported(view).items()
        if found == name and labels.items() <= dict(key).items() and dict(key).get("by") == "segment"
    }


def test_figures_come_by_segment_as_the_policy_writes_it(view: View) -> None:
    """Of gold the mean of 10 and 90 min is 50 min = 3,000 s; what nobody named is `unknown`."""
    day = {"window": "24h", "period": "current"}
    assert {"Gold": 3000.0} == of(view, "support_first_response_mean_seconds", **day)
    assert {"Gold": 2.0, "free": 1.0, "unknown": 1.0} == of(view, "support_tickets", **day)
    assert {"Gold": 2.0, "free": 1.0, "unknown": 1.0} == of(view, "support_open_tickets")
    assert {"Gold": 0.0, "free": 1.0, "unknown": 1.0} == of(view, "support_waiting_tickets")


def test_lines_by_segment_promise_and_their_objectives_are_those_of_the_segment(view: View) -> None:
    """Gold has 1 h: met after 10 min, missed after 90; the others have until 4 h, and nothing has fallen."""
    day = {"window": "24h", "period": "current", "target": "first_reply"}
    assert {"Gold": 0.5} == of(view, "support_sla_attainment_ratio", **day)
    assert {"Gold": 0.9, "free": 0.8, "unknown": 0.8} == of(view, "support_sla_objective_ratio")


def test_parts_carry_the_segment(view: View) -> None:
    created = {
        dict(key)["segment"]: value
        for (name, key), value in exported(view).items()
        if name == "support_created_tickets"
    }
    assert {"Gold", "free", "unknown"} == created.keys()


def test_tickets_at_risk_say_their_segment(view: View) -> None:
    """Due at 4 h, two hours from now, are the two that nobody has answered."""
    part = LedgerPartition(position=0, end=0, stable=0, caught_up=True)
    status = ReaderStatus(expected=1, partitions={0: part}, read_at_ms=NOW, silent_seconds=0.0)
    answer = msgspec.json.decode(at_risk_json(Snapshot(NOW, status, view), {}, 10))
    assert [("T2", "free"), ("T3", "unknown")] == [
        (one["ticket_id"], one["segment"]) for one in answer["tickets"]
    ]


def test_the_wall_has_a_row_a_segment_under_the_desks_word(view: View) -> None:
    wall = WallMaker(WallRules(segment="tier"), "UTC", POLICY).wall(view, Wanted(LAST_DAY))
    assert "tier" == wall.segment
    assert [("Gold", 2, 0), ("free", 1, 1), ("unknown", 1, 1)] == [
        (row.segment, row.open, row.waiting) for row in wall.segments
    ]


def test_where_it_is_off_no_face_knows_of_it(view: View) -> None:
    off = Desk(StateRules(policy=None))
    off.create("T0", T0, segment="gold")
    builder = ViewBuilder(replace(VIEW, policy=None, segment=False))
    builder.apply(0, off.write().view)
    without = builder.build(NOW, [LAST_DAY])
    assert not any("segment" in dict(key) or "segment" in dict(key).values() for _, key in exported(without))
    wall = WallMaker(WallRules(), "UTC", None).wall(without, Wanted(LAST_DAY))
    assert (None, []) == (wall.segment, wall.segments)
    assert exported(view)  # and with it there is something
