"""What a partition holds is bounded.

The bound is by open and recent tickets and active customers, not by history or by made-up team names.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from exporters.metrics.collectors import new_registry
from exporters.snapshot import Snapshot
from kpis import cell_numbers
from kpis.figures.bound import series_bound
from kpis.figures.view import ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.ledger import codec
from kpis.members import OTHER, MemberRules
from kpis.state.admission import COMBINATION
from kpis.state.names_held import COMBINATIONS_LIMIT, NAMES_LIMIT, Room
from kpis.state.rules import StateRules
from kpis.view_keys import LevelKey, PaneKey
from streams.names import fold
from tests.exporters.desk import RULES, all_read
from tests.laws.ledgers import T0, Desk
from tests.laws.policies import the_policy
from tests.sla.desk import policy_of
from windows.panes import DAY, DAY_MS, HOUR_MS, MINUTE_MS
from windows.tables import Tables

FLOOD = 100_000


@contextmanager
def traced() -> Iterator[None]:
    tracemalloc.start(1)
    try:
        yield
    finally:
        tracemalloc.stop()


def held_bytes() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def a_day(desk: Desk, day: int) -> None:
    """Six tickets with all that happens to tickets; the first is never solved."""
    for number in range(6):
        ticket, at = f"T{day}-{number}", T0 + day * DAY_MS + number * HOUR_MS
        desk.create(ticket, at, team=f"team{number % 3}", channel=f"channel{number % 2}")
        desk.send(
            "ticket-changed", at + 1, ticket_id=ticket, change="triaged", team=f"team{(number + 1) % 3}"
        )
        desk.send("first-reply", at + MINUTE_MS, ticket_id=ticket)
        desk.send(
            "ticket-changed",
            at + 2 * MINUTE_MS,
            ticket_id=ticket,
            change="replied",
            waiting_since=at + MINUTE_MS,
        )
        if number:
            desk.send("resolved", at + HOUR_MS, ticket_id=ticket, talk_seconds=60)
            desk.send("ticket-changed", at + 2 * HOUR_MS, ticket_id=ticket, change="reopened")
            desk.send("resolved", at + 3 * HOUR_MS, ticket_id=ticket)
            desk.send("survey", at + DAY_MS // 2, ticket_id=ticket, kind="nps", score=number)


@patch("kpis.state.comebacks.KNOWN_MS", 100 * DAY_MS)
def test_neither_memory_nor_ledger_grow_over_months_of_equal_days() -> None:
    """Open tickets leave after 80 days here.

    So from day 90 on the state is that of 61 days, and of 80 open tickets. What remains of them is forgotten
    after 100 days. The tables that hold it all have found their size by day 150.
    """
    desk = Desk(StateRules(open_ms=80 * DAY_MS))
    rows, held = [], []
    with traced():
        for day in range(270):
            a_day(desk, day)
            desk.pass_time(T0 + (day + 1) * DAY_MS)
            desk.write()
            rows.append(len(desk.rows))
            if day in {150, 209, 269}:
                held.append(held_bytes())
    assert max(rows[110:]) <= 1.02 * rows[110]
    assert max(held[1:]) <= 1.03 * held[0], held
    assert 61 * 5 + 80 <= desk.state.tickets_held <= 70 * 5 + 82


def test_former_customers_leave_after_two_years() -> None:
    """One joins and leaves each day: as many rows as the longest window may still ask about."""
    desk = Desk()
    sizes = []
    for day in range(900):
        customer, at = f"C{day}", T0 + day * DAY_MS
        desk.send("customer", at, customer_id=customer, status="joined")
        desk.send("customer", at + HOUR_MS, customer_id=customer, status="left")
        desk.pass_time(at + 2 * HOUR_MS)
        if day % 10 == 9:
            desk.write()
            sizes.append(len(desk.rows))
    days = DAY.retention_ms // DAY_MS
    assert days <= sizes[-1]
    assert max(sizes[days // 10 + 5 :]) <= min(sizes[days // 10 + 5 :]) + 40


def test_a_flood_of_teams_explodes_neither_state_nor_series() -> None:
    """100,000 teams that nobody has heard of.

    A thousand get panes, the rest counts as other, and not one series more is exported.

    What is folded costs no memory beyond its own ticket: the names of the first ten thousand take as much as
    those of all.
    """
    desk = Desk(StateRules(most_names=1_000))
    rows: list[int] = []
    for number in range(FLOOD):
        desk.create(f"T{number}", T0, team=f"team{number}")
        if number in {FLOOD // 10, FLOOD - 1}:
            desk.write()
            rows.append(sum(name == "view" for name, _ in desk.rows))
    tables = desk.state._tables
    assert isinstance(tables, Tables)
    assert (1_000, 1, 1) == tuple(map(len, desk.state._admission.names))
    assert len(tables._numbers) == len(tables._dims) <= 1_002
    assert rows[0] == rows[1]

    builder = ViewBuilder(RULES)
    builder.apply(
        0,
        [
            (key, value)
            for (name, key), value in desk.rows.items()
            if name == "view" and key != codec.POSITION_KEY
        ],
    )
    builder.apply(0, [(codec.POSITION_KEY, desk.rows["view", codec.POSITION_KEY])])
    view = builder.build(T0 + MINUTE_MS)
    samples = [
        sample
        for family in new_registry(lambda: Snapshot(T0, all_read(1), view), (900,)).collect()
        for sample in family.samples
    ]
    assert sum(sample.name.startswith("support_") for sample in samples) <= series_bound(
        ViewRules(zone=RULES.zone, members=RULES.members)
    )
    found = {(sample.name, *sorted(sample.labels.items())): sample.value for sample in samples}
    assert FLOOD == found["support_open_tickets", ("by", "all"), ("member", "all")]
    assert FLOOD - 2 == found["support_open_tickets", ("by", "team"), ("member", OTHER)]
    counted = found["deskpulse_changes_folded_total", ("kind", "team"), ("partition", "0")]
    assert counted >= FLOOD - 1_000


def test_a_flood_of_combinations_ends_in_other_and_can_be_withdrawn() -> None:
    """Ten names a dimension are a thousand combinations, of which 50 are allowed.

    What was folded stays so after a recovery.
    """
    rules = StateRules(most_combinations=50, shared={COMBINATIONS_LIMIT: "50", NAMES_LIMIT: "1000"})
    desk = Desk(rules)
    for number in range(1_000):
        desk.create(
            f"T{number}",
            T0,
            team=f"t{number % 10}",
            channel=f"c{number // 10 % 10}",
            priority=f"p{number // 100}",
        )
    desk.write()
    tables = desk.state._tables
    assert isinstance(tables, Tables)
    assert len(tables._dims) <= 52  # and other, and the customers
    assert 950 <= desk.state.position.counters[f"folded:{COMBINATION}"]
    opened = [
        sum(codec.decode_cells(value).values())
        for key, value in desk.view().items()
        if isinstance(key, LevelKey) and key.series == cell_numbers.OPEN
    ]
    assert 1_000 == sum(opened)
    assert 50 == rooms(desk)[0][COMBINATION].held
    desk.state = desk.recovered()
    for number in range(1_000):
        desk.send("ticket-changed", T0, ticket_id=f"T{number}", change="discarded")
    desk.write()
    assert [] == [key for key in desk.view() if isinstance(key, PaneKey | LevelKey)]
    names = dict.fromkeys(("team", "channel", "priority"), Room(10, 1_000))
    assert {0: {**names, COMBINATION: Room(0, 50)}} == rooms(desk)


def test_an_exporter_that_follows_the_ledger_sees_combinations_go() -> None:
    """It sees what an exporter sees that reads the ledger anew.

    Rows that are written again count once, and those that are deleted no more.
    """
    desk, builder = Desk(StateRules()), ViewBuilder(RULES)

    def held() -> int:
        before = dict(desk.rows)
        desk.write()
        changed = [
            (key, desk.rows.get((topic, key))) for topic, key in {**before, **desk.rows} if topic == "view"
        ]
        builder.apply(0, sorted(changed, key=lambda row: row[0] == codec.POSITION_KEY))
        return builder.build(T0 + MINUTE_MS).rooms[0][COMBINATION].held

    for number in range(3):
        desk.create(f"T{number}", T0, team=f"t{number}")
    seen = [held()]
    for topic, more in (("first-reply", {}), ("ticket-changed", {"change": "discarded"})):
        for number in range(3):
            desk.send(topic, T0, ticket_id=f"T{number}", **more)
            seen.append(held())
    assert [3, 3, 3, 3, 2, 1, 0] == seen


def rooms(desk: Desk) -> Mapping[int, Mapping[str, Room]]:
    """How full the places for names are, by an exporter that has read the ledger."""
    rows = [(key, value) for (topic, key), value in desk.rows.items() if topic == "view"]
    builder = ViewBuilder(RULES)
    builder.apply(0, sorted(rows, key=lambda row: row[0] == codec.POSITION_KEY))
    view = builder.build(T0 + MINUTE_MS)
    metrics = new_registry(lambda: Snapshot(T0, all_read(1), view), (900,)).collect()
    shown = {
        (one.name, one.labels["of"]): one.value
        for metric in metrics
        if "_names_" in metric.name
        for one in metric.samples
        if "of" in one.labels
    }
    told = {
        (f"deskpulse_names_{what}", kind): n
        for kind, room in view.rooms[0].items()
        for what, n in room._asdict().items()
        if n is not None
    }
    assert told == shown
    return view.rooms


@pytest.mark.parametrize("limit", [3, 50])
def test_a_dimension_that_had_to_fold_stays_closed_whatever_the_limit_is_later(limit: int) -> None:
    """Else the new name would get what the old tickets take back.

    And `other` would keep what nobody withdraws.
    """
    desk = Desk(StateRules(most_names=3))
    for number in range(6):
        desk.create(f"T{number}", T0, team=f"team{number}")
    desk.write()
    desk.rules = StateRules(most_names=limit)
    desk.state = desk.recovered()
    for number in range(6):
        desk.send("resolved", T0 + 1, ticket_id=f"T{number}")
    desk.create("T9", T0 + 2, team="team9")
    desk.write()
    opened = {
        key.dims[0]: codec.decode_cells(value)
        for key, value in desk.view().items()
        if isinstance(key, LevelKey) and key.series == cell_numbers.OPEN
    }
    assert [OTHER] == list(opened)
    assert 1 == sum(opened[OTHER].values())


def test_the_other_of_the_workers_is_part_of_the_other_of_the_exporter() -> None:
    """However large it is: two series of one name would be refused by Prometheus."""
    assert (["a"], ["b", OTHER]) == MemberRules(most=2).choose("team", {OTHER: 99, "a": 3, "b": 1})
    assert (["a"], [OTHER]) == MemberRules(most=2).choose("team", {OTHER: 99, "a": 3})
    assert (["a", "b"], []) == MemberRules(most=2).choose("team", {"a": 3, "b": 1})


def test_what_a_policy_names_is_never_folded() -> None:
    """However small it is, and however many there are, a policy's names have their places.

    The rest has what room is left, and `other` stands for it.
    """
    rules = MemberRules(most=4, named={"team": ("vip", "legal", "nobody ever wrote to it", OTHER)})
    volumes = {"a": 9, "b": 8, "c": 7, "vip": 1, "legal": 0}
    assert (["a", "legal", "vip"], ["b", "c"]) == rules.choose("team", volumes)
    assert (["a", "legal", "vip"], []) == rules.choose("team", {"a": 9, "vip": 1, "legal": 0})
    assert 4 == rules.most_shown("channel")
    assert 5 == rules.most_shown("team")
    many = MemberRules(most=2, named={"team": tuple("abcdef")})
    assert (list("abcdef"), ["x"]) == many.choose("team", {**dict.fromkeys("abcdef", 1), "x": 100})
    assert 7 == many.most_shown("team")


def test_a_list_of_the_settings_shows_what_the_policy_names_too() -> None:
    rules = MemberRules({"team": ("a", "b")}, named={"team": ("b", "vip")})
    assert (["a", "b", "vip"], ["c"]) == rules.choose("team", {"a": 1, "c": 5, "vip": 1})
    assert (["a", "b"], ["c"]) == rules.choose("team", {"a": 1, "c": 5})


POLICY = the_policy()
NAMED = {
    dimension: [fold(name) for name in POLICY.names(place)]
    for place, dimension in enumerate(("team", "channel", "priority"))
}


def test_what_a_policy_names_is_admitted_before_any_event() -> None:
    """A flood of made-up teams has taken all places.

    The teams of the policy have theirs, in this ledger and when it is read again.
    """
    assert NAMED["team"]
    desk = Desk(StateRules(most_names=2, policy=POLICY))
    for number in range(9):
        desk.create(f"T{number}", T0, team=f"made up {number}")
    desk.write()
    desk.state = desk.recovered()
    assert [] == desk.state.too_late_names
    for number, team in enumerate(NAMED["team"]):
        desk.create(f"N{number}", T0, team=team)
    desk.write()
    found = {
        key.dims[0] for key in desk.view() if isinstance(key, LevelKey) and key.series == cell_numbers.OPEN
    }
    assert {*NAMED["team"], OTHER, "made up 0", "made up 1"} == found  # they take no place away from others


def test_a_policy_that_comes_too_late_says_which_of_its_names_stay_other() -> None:
    """Bookings under `other` can be withdrawn from there alone.

    So a team that was folded is not admitted any more.
    """
    desk = Desk(StateRules(most_names=2))
    for number, team in enumerate(("a", "b", "vip")):
        desk.create(f"T{number}", T0, team=team)
    desk.write()
    later = """
        versions:
          - name: v1
            effective_from: 2026-06-01T00:00:00Z
            first_reply: [{team: [VIP, A], channel: post, within: 1h, objective: 90%}]
    """
    desk.rules = StateRules(most_names=2, policy=policy_of(later))
    desk.state = desk.recovered()
    assert ["vip"] == desk.state.too_late_names
    desk.create("T9", T0 + 1, team="vip", channel="post")
    desk.write()
    assert {("a", "b"), ("b", "b"), (OTHER, "b"), (OTHER, "post")} == {
        key.dims[:2] for key in desk.view() if isinstance(key, LevelKey) and key.series == cell_numbers.OPEN
    }
