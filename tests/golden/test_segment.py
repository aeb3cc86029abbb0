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
from kpis.sla.at_risk import LISTED
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
GOLD_DAY: Final = Choice("24h", None, "Gold")
FREE_DAY: Final = Choice("24h", None, "free")


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
    return builder.build(NOW, [LAST_DAY, GOLD_DAY, FREE_DAY])


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


def test_the_wall_of_a_segment_shows_its_figures_and_nothing_of_others(view: View) -> None:
    """Gold: two tickets, replies after 10 and 90 min (mean 3,000 s), one of two in time by its own 90 %.

    Of free one ticket waits, due at 4 h; no figure of it stands on the wall of gold, nor the other way round.
    """
    gold, free = (
        WallMaker(WallRules(segment="tier"), "UTC", POLICY).wall(view, Wanted(choice))
        for choice in (GOLD_DAY, FREE_DAY)
    )
    assert ("tier", "Gold", None, True) == (gold.segment, gold.in_segment, gold.team, gold.known)
    tiles = {tile.id: tile for tile in gold.tiles}
    assert (3000.0, 2, "segment", "Gold") == (
        tiles["first_response"].value,
        tiles["first_response"].n,
        tiles["first_response"].by,
        tiles["first_response"].member,
    )
    assert 2.0 == tiles["tickets"].value
    assert not {"tickets_per_customer", "retention"} & tiles.keys(), "which are not kept by segment"
    (reply,) = gold.sla
    assert (0.9, None) == (reply.objective, reply.newest_ms)
    assert gold.live is not None
    assert free.live is not None
    assert ((2, 0), (1, 1)) == ((gold.live.open, gold.live.waiting), (free.live.open, free.live.waiting))
    assert gold.risk is not None
    assert free.risk is not None
    assert ([], [1]) == (gold.risk.lines, [line.count for line in free.risk.lines])
    assert [row.segment for row in gold.segments] == [row.segment for row in free.segments]


def test_a_tiles_course_is_that_of_the_segment(view: View) -> None:
    """Two of the four tickets of the day are gold's, and one is free's."""
    maker = WallMaker(WallRules(segment="tier"), "UTC", POLICY)
    counts = {}
    for choice in (LAST_DAY, GOLD_DAY, FREE_DAY):
        (tile,) = (tile for tile in maker.wall(view, Wanted(choice)).tiles if tile.id == "tickets")
        assert tile.trend is not None
        counts[choice.segment] = sum(value or 0 for value in tile.trend.values)
    assert {None: 4, "Gold": 2, "free": 1} == counts


def test_a_segment_that_is_not_shown_is_not_known_and_the_way_back_is_offered(view: View) -> None:
    wall = WallMaker(WallRules(segment="tier"), "UTC", POLICY).wall(view, Wanted(Choice("24h", None, "iron")))
    assert (False, "tier", "iron", []) == (wall.known, wall.segment, wall.in_segment, wall.tiles)


def test_the_newest_miss_of_a_segment_is_told_only_where_the_lists_hold_it() -> None:
    """Gold is due after 1 h, the others after 4 h. At 10 h all are late.

    The last miss of gold is that of the team a, at 1 h; the team b missed one at 0 h. With 25 later misses
    the row of a has no room for gold's: which is the last is not known, and that of b is not told as it.
    """
    few, many = late_desk(2), late_desk(LISTED)
    assert (T0 + HOUR_MS, T0 + 4 * HOUR_MS) == (newest_miss(few, GOLD_DAY), newest_miss(few, FREE_DAY))
    assert (None, T0 + 4 * HOUR_MS) == (newest_miss(many, GOLD_DAY), newest_miss(many, FREE_DAY))


def late_desk(others: int) -> View:
    """An unanswered ticket of gold in each of two teams, and so many of free in the first, all late."""
    desk = Desk(StateRules(policy=POLICY, segment=True))
    for number in range(others + 1):
        desk.create(f"T{number}", T0, segment="free" if number else "gold")
    desk.create("B", T0 - HOUR_MS, team="b", segment="gold")
    desk.pass_time(T0 + 10 * HOUR_MS)
    builder = ViewBuilder(VIEW)
    builder.apply(0, desk.write().view)
    return builder.build(T0 + 10 * HOUR_MS, [GOLD_DAY, FREE_DAY])


def newest_miss(view: View, choice: Choice) -> int | None:
    """The last missed first reply on the wall of a choice."""
    (reply,) = WallMaker(WallRules(segment="tier"), "UTC", POLICY).wall(view, Wanted(choice)).sla
    return reply.newest_ms


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
