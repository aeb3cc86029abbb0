"""Laws of presence: the latest stands, in any order of events, with repetitions, wherever a worker dies."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.figure import Figure
from kpis.figures.batch import Batch, History
from kpis.figures.kpi.staffing import KPI
from kpis.figures.view import ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.ledger import codec
from kpis.ledger.codec import NewerRowError
from kpis.presence import STANDS_MS, LatestPresence, PresenceRow
from kpis.state.partition import PartitionState
from kpis.state.presence_rows import LEFT_OUT
from kpis.state.rules import StateRules
from oracle import figures as oracle
from oracle import verify
from oracle.events import Record, read_records
from streams.events import Presence
from tests.examples import examples
from tests.laws.chaos import StreamRecord
from tests.laws.ledgers import T0, Desk, decoded
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

TEAMS = ("billing", " Billing", "ATENCIÓN", "Atencio\u0301n", "orders")
RULES = ViewRules(ZoneInfo("UTC"))
AS_OF_MS = T0 + 20 * MINUTE_MS
_heads = st.integers(0, 12)
told = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from(["a", "b", "é"]),
        "occurred_at": st.sampled_from([T0, T0 + 1]) | st.integers(T0, T0 + 25 * MINUTE_MS),
        "team": st.sampled_from(TEAMS),
        "online": _heads,
        "available": _heads,
        "busy": _heads,
    }
)
many = st.lists(told, max_size=12)
LAW = settings(max_examples=examples(150), deadline=None)


def rows_of(desk: Desk) -> dict[str, PresenceRow]:
    return {
        key.team: codec.decode_presence(value)
        for key, value in desk.view().items()
        if isinstance(key, codec.PresenceKey)
    }


def apply(desk: Desk, events: list[dict[str, Any]]) -> None:
    for event in events:
        assert not desk.state.apply("presence", [desk.record("presence", event)])


def event(team: str, at_ms: int, online: int = 6, event_id: str = "e") -> dict[str, Any]:
    counts = {"online": online, "available": 2, "busy": 3}
    return {"event_id": event_id, "occurred_at": at_ms, "team": team, **counts}


@LAW
@given(many, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_gives_the_same_rows(
    events: list[dict[str, Any]], random: Random
) -> None:
    straight, shuffled = Desk(), Desk()
    apply(straight, events)
    again = [*events, *random.choices(events, k=len(events))] if events else []
    random.shuffle(again)
    apply(shuffled, again)
    straight.write()
    shuffled.write()
    assert rows_of(straight) == rows_of(shuffled)


@LAW
@given(many, st.integers(0, 12), st.integers(0, 9))
def test_a_worker_that_takes_over_goes_on_as_the_lost_one_would(
    events: list[dict[str, Any]], cut: int, seed: int
) -> None:
    steady, lost = Desk(), Desk()
    apply(steady, events)
    apply(lost, events[:cut])
    lost.write()
    lost.state = lost.recovered(seed)
    apply(lost, events[cut:])
    steady.write()
    lost.write()
    assert rows_of(steady) == rows_of(lost)
    assert steady.state.position.counters == lost.state.position.counters


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(told, min_size=1, max_size=30))
def test_stream_batch_and_oracle_show_the_same_staffing(events: list[dict[str, Any]]) -> None:
    """Spellings of one team go to partitions of their own; tickets of all teams make them members."""
    states = [PartitionState(number) for number in range(len(TEAMS))]
    history, sent, offsets = History(), list[Record](), [0] * len(TEAMS)
    tickets = [
        {"event_id": team, "occurred_at": T0, "ticket_id": team, "customer_id": "c", "channel": "c"}
        for team in TEAMS
    ]
    contents = [("ticket-created", {**one, "priority": "p", "team": one["event_id"]}) for one in tickets]
    for topic, content in [*contents, *(("presence", one) for one in events)]:
        place, raw = TEAMS.index(content["team"]), json.dumps(content).encode()
        key = content.get("ticket_id", content["team"]).encode()
        offset = 0 if topic == "ticket-created" else offsets[place]
        offsets[place] += topic == "presence"
        assert not states[place].apply(topic, [StreamRecord(place, offset, 1 << 50, key, raw)])
        assert history.add(topic, raw) is None
        sent.append((topic, key, raw, None))
    builder = ViewBuilder(RULES)
    for state in states:
        builder.apply(state.partition, state.take_changes().view)
    batch = Batch(history, RULES, AS_OF_MS)
    whole = batch.figures(batch.stretches(AS_OF_MS, ["30d"]), AS_OF_MS)
    shown = staffing(list(builder.build(AS_OF_MS).live))
    assert shown == staffing(whole) == expected(sent)


def staffing(figures: list[Figure]) -> dict[verify.Key, float]:
    return {(one.name, frozenset(one.labels)): one.value for one in figures if one.name in KPI.names}


def expected(sent: list[Record]) -> dict[verify.Key, float]:
    found = oracle.figures(read_records(sent), as_of_ms=AS_OF_MS, time_zone="UTC")
    return {(one.name, frozenset(one.labels)): one.value for one in found if one.name in KPI.names}


def test_of_one_event_with_two_contents_the_smaller_stands() -> None:
    """As canonical JSON: "available":10 is smaller than "available":9, since 1 comes before 9."""
    ten, nine = (event("a", T0) | {"available": available} for available in (10, 9))
    for order in ([ten, nine], [nine, ten]):
        latest = LatestPresence()
        for one in order:
            told_ = decoded(("presence", one))
            assert isinstance(told_, Presence)
            latest.merge(told_)
        assert 10 == latest.by_team["a"].available


def test_of_a_history_spellings_are_one_team() -> None:
    history = History()
    for team in ("billing", "Billing "):
        assert history.add("presence", json.dumps(event(team, T0)).encode()) is None
    assert (["billing"], 1) == (list(history.presence.by_team), history.duplicates)


def test_what_repeats_the_latest_is_a_duplicate_and_what_is_older_changes_nothing() -> None:
    desk = Desk()
    apply(desk, [event("a", T0 + 1), event("a", T0 + 1), event("a", T0, event_id="older", online=9)])
    desk.write()
    assert 1 == desk.state.position.counters["duplicate"]
    assert [T0 + 1] == [row.last_ms for row in rows_of(desk).values()]


def test_a_row_leaves_with_a_tombstone_when_it_is_more_than_a_day_old() -> None:
    """The event clock enters the day after the one on which the row became a day old."""
    desk = Desk()
    apply(desk, [event("a", T0)])
    desk.pass_time(T0 + DAY_MS)
    desk.write()
    assert ["a"] == list(rows_of(desk))
    desk.state = desk.recovered()
    desk.pass_time((T0 // DAY_MS + 2) * DAY_MS)
    desk.write()
    assert {} == rows_of(desk)
    assert 1 == desk.tombstones


def test_a_flood_of_teams_has_no_rows_beyond_the_names_that_are_admitted() -> None:
    desk = Desk(StateRules(most_names=3))
    apply(desk, [event(f"team {number}", T0, event_id=f"e{number}") for number in range(50)])
    desk.write()
    assert ["team 0", "team 1", "team 2"] == sorted(rows_of(desk))
    assert 47 == desk.state.position.counters[LEFT_OUT]


def test_a_team_called_other_has_no_row() -> None:
    """Counts of several teams cannot be told apart there."""
    desk = Desk()
    apply(desk, [event("Other", T0)])
    desk.write()
    assert {} == rows_of(desk)
    assert 1 == desk.state.position.counters[LEFT_OUT]


def test_an_older_format_keeps_none_until_it_is_raised_and_an_older_program_refuses_the_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(StateRules(ledger_format=codec.PRESENCE_FORMAT - 1))
    apply(desk, [event("a", T0)])
    desk.write()
    assert ({}, 1) == (rows_of(desk), desk.state.position.counters[LEFT_OUT])
    desk.rules = StateRules(ledger_format=codec.PRESENCE_FORMAT)
    desk.state = desk.recovered()
    apply(desk, [event("a", T0 + 1)])
    desk.write()
    assert ["a"] == list(rows_of(desk))
    (raw,) = [value for key, value in desk.view().items() if isinstance(key, codec.PresenceKey)]
    monkeypatch.setattr(codec, "VERSION", codec.PRESENCE_FORMAT - 1)
    with pytest.raises(NewerRowError):
        codec.decode_presence(raw)


def test_panes_made_anew_leave_presence_as_it_is() -> None:
    desk = Desk()
    desk.create("T1", T0)
    apply(desk, [event("a", T0 + HOUR_MS)])
    desk.write()
    before = rows_of(desk)
    desk.state = desk.recovered()
    for changes in desk.state.rebuild(1 << 20):
        assert not changes or not any(key[:2] == codec.presence_key("a")[:2] for key, _ in changes.view)
        if changes:
            desk.keep(changes)
    assert before == rows_of(desk)
    assert before == rows_of_state(desk)


def rows_of_state(desk: Desk) -> dict[str, PresenceRow]:
    """What another worker would go on with."""
    apply(desk, [event("a", T0)])
    desk.write()
    return rows_of(desk)


def test_the_estimate_of_bytes_is_never_too_low() -> None:
    desk = Desk()
    most = {"online": 1_000_000, "available": 1_000_000, "busy": 1_000_000}
    apply(desk, [event("€" * 128, 7_000_000_000_000) | most, event("b", T0)])
    estimate, changes = desk.state.dirty_bytes(), desk.state.take_changes()
    assert sum(len(key) + len(value or b"") for key, value in changes.view) <= estimate + 4096


def test_presence_stands_for_a_quarter_of_an_hour() -> None:
    assert 15 * MINUTE_MS == STANDS_MS
