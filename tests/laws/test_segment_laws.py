"""The fourth dimension: stream = batch = oracle with it, no byte without it, and the way there and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.figures.view import View, ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.ledger import codec
from kpis.ledger.codec import NewerRowError
from kpis.ledger.formats import LedgerFormatError
from kpis.members import SEGMENT, MemberRules
from kpis.state.records import Changes
from kpis.state.rules import SettingsChangedError, StateRules
from kpis.view_keys import LevelKey, PaneKey
from oracle import verify
from tests.laws.anything import SEGMENTS
from tests.laws.chaos import AS_OF_MS, ChaoticDesk, Stream
from tests.laws.ledgers import T0, Desk, contents, readable
from tests.laws.policies import EDITIONS_BY_SEGMENT, POLICY_BY_SEGMENT, the_policy
from tests.laws.test_definition_version import MOST_BYTES, QUICK, Event, customer_events
from tests.laws.test_stream_batch_oracle import (
    LISTS,
    RULES,
    SEEDED,
    batch_of,
    expected,
    expected_parts,
    exported,
    seeds,
)

WITH_SEGMENTS: Final = {**LISTS, SEGMENT: SEGMENTS[:1]}  # the other ones are folded
ON: Final = replace(RULES, members=MemberRules(WITH_SEGMENTS), segment=True, policy=POLICY_BY_SEGMENT)
STATE_ON: Final = StateRules(policy=POLICY_BY_SEGMENT, segment=True)
BY_SEGMENT: Final[dict[str, Any]] = {"members": WITH_SEGMENTS, "segment": True}
ASKED: Final[dict[str, Any]] = {"editions": EDITIONS_BY_SEGMENT, **BY_SEGMENT}


@SEEDED
@given(seed=seeds)
def test_the_stream_agrees_with_the_oracle_by_segment_too(seed: int) -> None:
    desk = ChaoticDesk(seed)
    view = Stream(seed, rules=STATE_ON).run(desk.records, ON, AS_OF_MS)
    differences = verify.compare(
        [*expected(desk, **ASKED), *expected_parts(desk, **BY_SEGMENT)], exported(view)
    )
    assert not differences, verify.report(differences)


@SEEDED
@given(seed=seeds)
def test_the_batch_agrees_with_the_oracle_by_segment_too(seed: int) -> None:
    desk = ChaoticDesk(seed)
    differences = verify.compare(expected(desk, **ASKED), batch_of(desk, ON))
    assert not differences, verify.report(differences)


ORDERS: Final = st.lists(contents("T1", "T2", "T3") | customer_events, min_size=10, max_size=40)
OFF_RULES: Final = StateRules(policy=the_policy())
ON_RULES: Final = StateRules(policy=the_policy(), segment=True)
VIEWS: Final = {
    on: ViewRules(ZoneInfo("UTC"), policy=the_policy(), parts_windows=("7d",), segment=on)
    for on in (False, True)
}


def rows_of(desk: Desk) -> dict[object, object]:
    """The view without its position, and without the row of names: a name that was corrected stays there."""
    return readable(
        (key, value)
        for (name, key), value in desk.rows.items()
        if name == "view" and key not in (codec.POSITION_KEY, codec.NAMES_KEY)
    )


def are_admitted(desk: Desk) -> bool:
    """Whether the row of names has every name that a pane or level has, and no dimension more."""
    names = codec.decode_names(desk.rows.get(("view", codec.NAMES_KEY), codec.encode_value([])))
    dims = [key.dims for key in desk.view() if isinstance(key, PaneKey | LevelKey) and key.dims[0]]
    widths = {len(one) for one in dims} or {len(names)}
    return widths == {len(names)} and all(
        set(one) <= set(known) for known, one in zip(names, zip(*dims, strict=True), strict=False)
    )


def from_the_start(rules: StateRules, *parts: Sequence[Event]) -> Desk:
    desk = Desk(rules)
    for events in parts:
        desk.apply(events)
        desk.write()
    return desk


def switched(desk: Desk, rules: StateRules) -> Iterator[Changes]:
    """A worker with other rules takes the partition over, transaction by transaction."""
    desk.rules = rules
    yield from desk.taken_over(most_bytes=MOST_BYTES)


def once_each(events: Sequence[Event]) -> list[Event]:
    """The events with identities of their own: of a repetition the content decides which one stands."""
    return [(topic, {**content, "event_id": f"n{place}"}) for place, (topic, content) in enumerate(events)]


@QUICK
@given(ORDERS)
def test_while_it_is_off_no_byte_of_panes_levels_and_lists_knows_of_segments(events: list[Event]) -> None:
    events = once_each(events)
    without = [
        (topic, {name: value for name, value in content.items() if name != SEGMENT})
        for topic, content in events
    ]
    first, second = from_the_start(OFF_RULES, events), from_the_start(OFF_RULES, without)
    assert [row for row in first.rows.items() if row[0][0] == "view"] == [
        row for row in second.rows.items() if row[0][0] == "view"
    ]


@QUICK
@given(ORDERS)
def test_rows_of_tickets_are_the_same_bytes_with_it_and_without_it(events: list[Event]) -> None:
    """So both ways are open: a row knows the segments that events named, whatever the setting is.

    What the policy makes of a ticket is the same as well, as long as no line names a segment.
    """
    assert from_the_start(OFF_RULES, events).tickets() == from_the_start(ON_RULES, events).tickets()


@pytest.mark.parametrize("way", ["on", "off"])
@QUICK
@given(before=ORDERS, after=ORDERS, crash=st.none() | st.integers(0, 30))
def test_after_it_was_switched_the_ledger_is_what_it_had_been_from_the_start(
    way: str, before: list[Event], after: list[Event], crash: int | None
) -> None:
    """There, perhaps after a crash on the way and a step back; what is booked afterwards fits too."""
    on = way == "on"
    old, new = (OFF_RULES, ON_RULES) if on else (ON_RULES, OFF_RULES)
    desk = from_the_start(old, before)
    if crash is not None:
        for number, changes in enumerate(switched(desk, new)):
            if number == crash:
                break
            desk.keep(changes)
        for changes in switched(desk, old):
            desk.keep(changes)
        assert rows_of(from_the_start(old, before)) == rows_of(desk)
    for changes in switched(desk, new):
        desk.keep(changes)
    assert rows_of(from_the_start(new, before)) == rows_of(desk)
    assert on is codec.decode_position(desk.rows["view", codec.POSITION_KEY]).segment
    desk.apply(after)
    desk.write()
    assert are_admitted(desk)
    expected = from_the_start(new, before, after)
    assert (rows_of(expected), expected.tickets()) == (rows_of(desk), desk.tickets())
    assert not desk.recovered().outdated


def seen(view: View) -> dict[object, object]:
    found: dict[object, object] = {
        (one.name, frozenset(one.labels)): one.value for one in (*view.figures, *view.live)
    }
    return found | {(part.window, part.dims): dict(part.cells) for part in view.parts}


@pytest.mark.parametrize("way", ["on", "off"])
@QUICK
@given(events=ORDERS)
def test_until_the_panes_are_made_anew_faces_show_nothing_and_then_what_holds(
    way: str, events: list[Event]
) -> None:
    """A face of either setting, after each transaction on the way."""
    on = way == "on"
    old, new = (OFF_RULES, ON_RULES) if on else (ON_RULES, OFF_RULES)
    at_ms, desk = T0 + 3_600_000, from_the_start(old, events)
    faces = {setting: ViewBuilder(VIEWS[setting]) for setting in (on, not on)}
    changes = [(key, value) for (name, key), value in desk.rows.items() if name == "view"]
    for face in faces.values():
        face.apply(0, changes)
    assert not seen(faces[on].build(at_ms))
    assert seen(faces[not on].build(at_ms))
    *first, last, _ = list(switched(desk, new))
    for step in first:
        desk.keep(step)
        for face in faces.values():
            face.apply(0, step.view)
            assert not seen(face.build(at_ms))
    desk.keep(last)
    for face in faces.values():
        face.apply(0, last.view)
    assert not seen(faces[not on].build(at_ms))
    fresh = ViewBuilder(VIEWS[on])
    expected_rows = from_the_start(new, events).rows
    fresh.apply(0, [(key, value) for (name, key), value in expected_rows.items() if name == "view"])
    assert seen(fresh.build(at_ms)) == seen(faces[on].build(at_ms)) != {}


def a_ticket(segment: str = "gold", number: int = 0) -> Event:
    content = {"event_id": f"e{number}", "occurred_at": T0, "ticket_id": f"T{number}", "customer_id": "c"}
    return "ticket-created", {**content, "team": "a", "channel": "b", "priority": "c", "segment": segment}


def test_a_ledger_of_an_older_format_cannot_hold_segments() -> None:
    desk = from_the_start(StateRules(ledger_format=6), [a_ticket()])
    desk.rules = StateRules(segment=True)
    with pytest.raises(
        LedgerFormatError, match=r"desk\.segment needs a ledger of format 7, but this one has 6"
    ):
        desk.recovered()
    desk.rules = StateRules(segment=True, ledger_format=7)
    assert desk.recovered().outdated


def test_programs_before_format_7_refuse_panes_by_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = from_the_start(StateRules(segment=True), [a_ticket()])
    panes = [value for (name, _), value in desk.rows.items() if name == "view" and value[0] == 7]
    assert panes
    monkeypatch.setattr(codec, "VERSION", 6)
    for value in panes:
        with pytest.raises(NewerRowError):
            codec.decode_cells(value)


def test_it_is_switched_on_purpose_only() -> None:
    desk = from_the_start(StateRules(shared={"desk.horizon_days": "61"}), [a_ticket()])
    desk.state = desk.recovered()
    desk.write()
    desk.rules = StateRules(shared={"desk.horizon_days": "61", "desk.segment": "tier"}, segment=True)
    with pytest.raises(SettingsChangedError, match=r"desk\.segment is tier here and off in the ledger"):
        desk.recovered()
    desk.rules = replace(desk.rules, adopt=True)
    desk.state = desk.recovered()
    desk.write()
    desk.rules = StateRules(shared={"desk.horizon_days": "61"})
    with pytest.raises(SettingsChangedError, match=r"desk\.segment is off here and tier in the ledger"):
        desk.recovered()
    desk.rules = replace(desk.rules, adopt=True)
    assert {"desk.horizon_days": "61"} == desk.recovered().position.settings


def test_segments_beyond_the_limit_of_names_count_as_other() -> None:
    rules = StateRules(segment=True, most_names=2)
    desk = from_the_start(rules, [a_ticket(name, place) for place, name in enumerate(("x", "y", "z", "z"))])
    assert {"x", "y", "other"} == {
        key.dims[3] for key in desk.view() if isinstance(key, PaneKey) and key.dims[0]
    }
    assert desk.state.position.counters["folded:segment"]
