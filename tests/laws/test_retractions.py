"""Retracted, an event leaves a ticket as if it had never come, whichever of the two comes first."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.sla import commitments
from kpis.sla.at_risk import AtRiskKey
from kpis.state.rules import StateRules
from kpis.tickets import corrections, merging, observe
from kpis.tickets.facts import RETRACTABLE, digest, fact_of
from kpis.tickets.row import TicketRow
from kpis.view_keys import LevelKey, PaneKey
from tests.examples import examples
from tests.laws.ledgers import T0, Desk, contents, decoded, readable
from tests.laws.policies import the_policy
from windows.panes import HOUR_MS, MINUTE_MS

Event = tuple[str, dict[str, Any]]
THOROUGH = settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
RULES: Final = StateRules(policy=the_policy())


def event(topic: str, at_ms: int, event_id: str, **fields: Any) -> Event:
    return topic, {"event_id": event_id, "occurred_at": at_ms, "ticket_id": "T1", **fields}


def changed(change: str, at_ms: int, event_id: str, **fields: Any) -> Event:
    return event("ticket-changed", at_ms, event_id, change=change, **fields)


def created(at_ms: int, event_id: str, **fields: Any) -> Event:
    labels = {"customer_id": "anna", "team": "a", "channel": "b", "priority": "c"}
    return event("ticket-created", at_ms, event_id, **{**labels, **fields})


def panes(found: list[Event]) -> dict[object, object]:
    """All that faces read of a desk that got these events, but for its position and its names."""
    desk = Desk(RULES)
    for topic, content in found:
        assert not desk.state.apply(topic, [desk.record(topic, content)])
    desk.write()
    rows = readable((key, value) for (name, key), value in desk.rows.items() if name == "view")
    return {key: row for key, row in rows.items() if isinstance(key, PaneKey | LevelKey | AtRiskKey)}


def told(found: list[Event]) -> list[object]:
    """What a row contributes, and how the clocks of its promises run."""
    row = TicketRow()
    for one in found:
        merging.merge(row, decoded(one))  # type: ignore[arg-type]
    row.promise = commitments.derive(row, RULES.policy)
    log: list[Any] = []
    standing = observe.walk(row, None, log)
    parts, levels, dims = observe.contribution(row)
    return [parts, levels, dims, standing, log, row.creation, row.dims(), row.promise]


AT: Final = T0 + 4 * HOUR_MS
# Around it all else happens; each of these changes something there.
AROUND: Final = [
    created(T0, "c"),
    changed("customer_replied", T0 + HOUR_MS, "m"),
    changed("replied", T0 + 2 * HOUR_MS, "f"),
    changed("customer_replied", T0 + 3 * HOUR_MS, "n"),
    changed("transferred", T0 + 3 * HOUR_MS, "t", team="b"),
    changed("status", T0 + 5 * HOUR_MS, "s", status="waiting"),
    event("resolved", T0 + 6 * HOUR_MS, "r", talk_seconds=60),
    changed("reopened", T0 + 7 * HOUR_MS, "o"),
    changed("handed_over", T0 + 8 * HOUR_MS, "h"),
    event("survey", T0 + 9 * HOUR_MS, "q", kind="nps", score=9),
]
TARGETS: Final[dict[str, Event]] = {
    "ticket-created": created(T0 - HOUR_MS, "x", team="z", opened_by="desk"),
    "first-reply": event("first-reply", T0 + MINUTE_MS, "x"),
    "resolved": event("resolved", AT, "x", by="bot"),
    "survey": event("survey", T0 + 10 * HOUR_MS, "x", kind="nps", score=1),
    "triaged": changed("triaged", AT, "x", team="z"),
    "transferred": changed("transferred", AT, "x", team="z"),
    "replied": changed("replied", AT, "x", waiting_since=T0),
    "customer_replied": changed("customer_replied", T0 + 5 * HOUR_MS, "x", waiting_since=T0),
    "no_reply_needed": changed("no_reply_needed", AT, "x"),
    "handled": changed("handled", AT, "x", hold_seconds=5),
    "status": changed("status", AT, "x", status="bot"),
    "handed_over": changed("handed_over", AT + MINUTE_MS, "x"),
    "assigned": changed("assigned", AT, "x", assigned=True),
    "paused": changed("paused", AT, "x"),
    "resumed": changed("resumed", T0 + 5 * HOUR_MS + 1, "x"),
    "reopened": changed("reopened", T0 + 6 * HOUR_MS + 1, "x"),
    "due": changed("due", AT, "x", resolution_due=T0 + 5 * HOUR_MS),
    "merged": changed("merged", AT, "x", into="T2"),
    "discarded": changed("discarded", AT, "x"),
    "restored": changed("restored", T0 + 10 * HOUR_MS, "x"),
}
# What a target needs to change anything.
BEFORE: Final = {
    "handed_over": [changed("status", AT, "b", status="bot")],
    "restored": [changed("merged", T0 + 9 * HOUR_MS, "g")],
}


def test_every_kind_has_a_target() -> None:
    assert TARGETS.keys() == RETRACTABLE.keys()


@pytest.mark.parametrize("own_kind", [True, False])
@pytest.mark.parametrize("kind", TARGETS)
def test_it_is_as_if_the_event_had_never_come(kind: str, own_kind: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """Of every kind, with its kind and without, and at any time: even before all else."""
    around, target = [*AROUND, *BEFORE.get(kind, ())], TARGETS[kind]
    fields = {"retracts": "x", **({"retracts_kind": kind} if own_kind else {})}
    assert told(around) != told([*around, target]), "the target changes nothing here"
    for at_ms in (T0 - 2 * HOUR_MS, AT, T0 + 30 * HOUR_MS):
        taken_back = changed("retracted", at_ms, "y", **fields)
        for found in (
            [*around, target, taken_back],
            [taken_back, target, *around],
            [target, taken_back, *around],
        ):
            assert told(around) == told(found)
            assert panes(around) == panes(found)


@pytest.mark.parametrize("kind", TARGETS)
def test_of_another_kind_it_takes_nothing_back(kind: str) -> None:
    others = {name for name in TARGETS if RETRACTABLE[name] != RETRACTABLE[kind]}
    for other in sorted(others):
        taken_back = changed("retracted", AT, "y", retracts="x", retracts_kind=other)
        found = [*AROUND, TARGETS[kind]]
        assert told(found) == told([taken_back, *found]) == told([*found, taken_back])


def test_a_name_of_a_reply_means_either_topic() -> None:
    reply = TARGETS["first-reply"]
    for name in ("first-reply", "replied"):
        taken_back = changed("retracted", AT, "y", retracts="x", retracts_kind=name)
        assert told(AROUND) == told([*AROUND, reply, taken_back])


def test_a_retraction_cannot_be_retracted() -> None:
    target = TARGETS["resolved"]
    first = changed("retracted", AT, "y", retracts="x")
    second = changed("retracted", AT, "z", retracts="y")
    for found in ([target, first, second], [second, first, target]):
        assert told(AROUND) == told([*AROUND, *found])


def test_the_retracted_event_is_known_and_comes_again_as_a_duplicate() -> None:
    desk, target = Desk(RULES), TARGETS["resolved"]
    for topic, content in [*AROUND, target, changed("retracted", AT, "y", retracts="x"), target]:
        desk.state.apply(topic, [desk.record(topic, content)])
    desk.write()
    assert 1 == desk.state.position.counters["duplicate"]


def test_both_the_event_and_its_retraction_let_the_row_stay() -> None:
    last_ms = T0 + 100 * HOUR_MS
    row = TicketRow()
    for one in (
        *AROUND,
        event("resolved", last_ms - 1, "x"),
        changed("retracted", last_ms, "y", retracts="x"),
    ):
        merging.merge(row, decoded(one))  # type: ignore[arg-type]
    assert last_ms == row.last_ms


def test_of_several_creations_the_smallest_that_is_not_retracted_stands() -> None:
    found = [created(T0 - 1, "x", team="z"), created(T0 - 2, "w", team="y"), *AROUND]
    assert told(found[1:]) == told([*found, changed("retracted", T0, "r1", retracts="x")])
    assert told(found[:1] + found[2:]) == told([*found, changed("retracted", T0, "r1", retracts="w")])


@THOROUGH
@given(st.data())
def test_in_any_order_nothing_is_left_of_what_was_retracted(data: st.DataObject) -> None:
    """Of an identity with several contents, too: none of them comes back."""
    found = data.draw(st.lists(contents("T1").filter(_is_no_retraction), min_size=1, max_size=14))
    _, aim = data.draw(st.sampled_from(found))
    kind = data.draw(st.none() | st.sampled_from(sorted(RETRACTABLE)))
    taken_back = changed("retracted", T0, "y", retracts=aim["event_id"], retracts_kind=kind)
    meant = None if kind is None else RETRACTABLE[kind]
    kept = [
        one
        for one in found
        if one[1]["event_id"] != aim["event_id"] or not (meant is None or fact_of(decoded(one))[1] in meant)  # type: ignore[arg-type]
    ]
    order = data.draw(st.permutations([*found, taken_back]))
    assert told(kept) == told(order)
    assert panes(kept) == panes(order)


def _is_no_retraction(one: Event) -> bool:
    return one[1].get("change") != "retracted"


def test_to_see_what_stands_each_retraction_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 messages, every other one retracted: 100 names are digested, however many facts there are."""
    row = TicketRow()
    for number in range(200):
        merging.merge(row, decoded(changed("customer_replied", T0 + number, f"m{number}")))  # type: ignore[arg-type]
    for number in range(0, 200, 2):
        merging.merge(row, decoded(changed("retracted", T0 + 300, f"r{number}", retracts=f"m{number}")))  # type: ignore[arg-type]
    asked: list[str] = []

    def counted(name: str) -> bytes:
        asked.append(name)
        return digest(name)

    monkeypatch.setattr(corrections, "digest", counted)
    standing = observe.walk(row, None)
    assert (100, 100) == (len(asked), len(set(asked)))
    assert T0 + 1 == standing.messaged_ms
