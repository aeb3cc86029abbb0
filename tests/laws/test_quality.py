"""How good the data are: each kind counted by hand, live and of a history, and the same of both."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.figures.batch import History
from kpis.state import quality
from kpis.state.quality import Quality
from kpis.state.rules import StateRules
from tests.examples import examples
from tests.laws.ledgers import T0, Desk, contents
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

Event = tuple[str, dict[str, Any]]


def created(ticket: str = "T1", event_id: str = "c", at_ms: int = T0) -> Event:
    dims = {"customer_id": "anna", "team": "a", "channel": "b", "priority": "c"}
    return "ticket-created", {"event_id": event_id, "occurred_at": at_ms, "ticket_id": ticket, **dims}


def handled(event_id: str, at_ms: int = T0 + HOUR_MS, talk: float | None = 200, ticket: str = "T1") -> Event:
    parts = {} if talk is None else {"talk_seconds": talk}
    return "resolved", {"event_id": event_id, "occurred_at": at_ms, "ticket_id": ticket, **parts}


def of_history(events: list[Event]) -> Quality:
    history = History()
    for topic, event in events:
        history.add(topic, json.dumps(event).encode())
    return history.quality()


def live(events: list[Event], *, crash: bool = False) -> Quality:
    desk = Desk(StateRules())
    for topic, event in events:
        desk.state.apply(topic, [desk.record(topic, event)])
        if crash:
            desk.write()
            desk.state = desk.recovered()
    desk.write()
    return quality.of_positions([desk.state.position], anomalies=None, folded={})


both = pytest.mark.parametrize("of", [of_history, live])


@both
class TestTwins:
    def test_a_call_read_twice_with_another_id_is_a_twin(self, of: Any) -> None:
        assert 1 == of([created(), handled("a"), handled("b")]).twins
        assert 2 == of([created(), handled("a"), handled("b"), handled("c")]).twins

    def test_other_parts_another_instant_or_none_are_none(self, of: Any) -> None:
        assert 0 == of([created(), handled("a"), handled("b", talk=201)]).twins
        assert 0 == of([created(), handled("a"), handled("b", at_ms=T0 + HOUR_MS + 1)]).twins
        assert 0 == of([created(), handled("a", talk=None), handled("b", talk=None)]).twins
        assert 0 == of([created(), created("T2"), handled("a"), handled("b", ticket="T2")]).twins

    def test_a_duplicate_is_no_twin(self, of: Any) -> None:
        found = of([created(), handled("a"), handled("a")])
        assert (0, 1) == (found.twins, found.duplicates)


@both
def test_a_ticket_without_a_creation_counts_until_it_arrives(of: Any) -> None:
    assert 1 == of([handled("a"), handled("b", at_ms=T0)]).without_creation
    assert 1 == of([handled("a"), handled("a", ticket="T2"), created("T2")]).without_creation
    assert 0 == of([created(), handled("a")]).without_creation
    assert 0 == of([created(), created(event_id="d"), handled("a")]).without_creation


@both
def test_what_was_refused_counts_by_reason(of: Any) -> None:
    bad = ("resolved", {"event_id": "x", "occurred_at": 1_772_442_000, "ticket_id": "T1"})
    found = of([created(), bad, bad])
    assert (1, {"time": 2}) == (found.accepted, found.rejected)


def test_a_ticket_that_leaves_is_not_counted_and_one_that_returns_is() -> None:
    desk = Desk()
    for topic, event in (handled("a"),):
        desk.state.apply(topic, [desk.record(topic, event)])
    desk.pass_time(T0 + 70 * DAY_MS)
    desk.write()
    assert 0 == desk.state.position.counters["uncreated"]
    desk.send("ticket-changed", T0 + 100 * DAY_MS, ticket_id="T1", change="reopened")
    desk.write()
    found = quality.of_positions([desk.state.position], anomalies=0, folded={"team": 0, "channel": 3})
    assert (1, 1, {"channel": 3}) == (found.without_creation, found.returned, found.folded)


@pytest.mark.parametrize("of", [of_history, live])
def test_a_ticket_with_too_many_facts_is_named(of: Any) -> None:
    many = [handled(f"h{number}", at_ms=T0 + number * MINUTE_MS, talk=number) for number in range(2_600)]
    found = of(
        [
            created("T-many"),
            *(("resolved", {**event, "ticket_id": "T-many"}) for _, event in many),
            created("T2"),
        ]
    )
    assert (1, ["T-many"]) == (found.overflowed, found.overflowed_tickets)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(contents("T1", "T2", "T3"), min_size=5, max_size=40), st.integers(0, 99))
def test_live_counts_as_a_history_does_in_any_order_and_through_crashes(
    events: list[Event], seed: int
) -> None:
    shuffled = Random(seed).sample(events, len(events))
    told, whole = live(shuffled, crash=True), of_history(events)
    assert (whole.accepted, whole.without_creation) == (told.accepted, told.without_creation)


class TestTold:
    def test_where_all_is_well_nothing_is_told(self) -> None:
        assert [] == list(quality.told(Quality(accepted=10, late=0)))

    def test_each_kind_has_a_line(self) -> None:
        found = Quality(
            duplicates=1_200,
            twins=1,
            late=2,
            anomalies=3,
            returned=4,
            without_creation=25,
            tickets_without_creation=["T1", "T2"],
            overflowed=1,
            overflowed_tickets=["T9"],
            folded={"team": 7},
            rejected={"time": 3},
        )
        lines = list(quality.told(found))
        assert 9 == len(lines)
        assert lines[0].startswith("1,200 duplicates: ")
        assert lines[1].startswith("1 twin: ")
        assert "25 tickets without a creation, so under `unknown` and in no live count: T1, T2, ..." in lines
        assert "1 ticket with more facts than the program keeps exactly: T9" in lines
        assert "7 names of team shown as other" in lines
