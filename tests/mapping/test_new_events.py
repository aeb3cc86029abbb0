"""A mapping can produce every event of the contract, and withdraw a deadline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deskpulse.ingest.mapping import DirtyRows, contract, load_mapping, map_file
from streams.sources import BY_TOPIC
from tests.mapping.test_load import faults_of, load, minimal
from tests.streams.test_decoders_agree import CHANGES, GOOD

AT = "2026-03-04T09:00:00.000Z"
EVENTS = [*GOOD.items(), *(("ticket-changed", event) for event in CHANGES.values())]


def mapping_of(topic: str, event: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A mapping with a constant for each field of an event, and the event that it makes."""
    known = contract.rules(topic, event.get(contract.tag_field(topic) or ""))
    fields: dict[str, Any] = {}
    expected: dict[str, Any] = {"topic": topic}
    for name, value in event.items():
        if name in known and value is not None:
            is_time = known[name].holds == "time"
            text = str(value).lower() if isinstance(value, bool) else str(value)
            fields[name] = {"time": "at"} if is_time else {"constant": text}
            expected[name] = AT if is_time else value
    return {"times": {"at": {"column": "at"}}, "events": [{"topic": topic, "fields": fields}]}, expected


def due(**deadline: Any) -> dict[str, Any]:
    """A mapping of `due` with a resolution deadline from the column `due`."""
    fields = {
        "event_id": {"column": "id"},
        "occurred_at": {"time": "at"},
        "ticket_id": {"column": "id"},
        "change": {"constant": "due"},
        "resolution_due": {"time": "due", **deadline},
    }
    times = {"at": {"column": "at"}, "due": {"column": "due"}}
    return {"times": times, "events": [{"topic": "ticket-changed", "fields": fields}]}


@pytest.mark.parametrize(("topic", "event"), EVENTS, ids=[*GOOD, *CHANGES])
def test_every_event_can_come_from_a_mapping(map_text: Any, topic: str, event: dict[str, Any]) -> None:
    mapping, expected = mapping_of(topic, event)
    events, dirty = map_text(mapping, f"at\n{AT}\n")
    assert [expected] == events, list(dirty.lines())


def test_the_history_of_a_desk_gives_the_events_that_its_example_names(
    mappings: Path, tmp_path: Path
) -> None:
    """The rows in the head of the example, a withdrawn deadline, and a row that the mapping does not know."""
    example = mappings / "desk_history.yaml"
    rows = [line[4:] for line in example.read_text("utf-8").splitlines() if line.startswith("#   ")]
    rows += ["9,T-1,2026-03-04 11:01:00,due,,staff", "10,T-1,2026-03-04 11:02:00,tags,vip,staff"]
    file, dirty = tmp_path / "history.csv", DirtyRows()
    file.write_text("\n".join(rows), encoding="utf-8")
    events = list(map_file(file, load_mapping(example), dirty))
    told = [
        {name: value for name, value in event.items() if name not in {"event_id", "occurred_at", "ticket_id"}}
        for event in events[1:]
    ]
    changes: list[dict[str, Any]] = [
        {"change": "replied", "automated": False},
        {"change": "customer_replied"},
        {"change": "status", "status": "waiting"},
        {"change": "transferred", "team": "orders"},
        {"change": "assigned", "assigned": False},
        {"change": "due", "resolution_due": "2026-03-04T16:00:00.000Z"},
        {"change": "merged", "into": "T-0"},
        {"change": "due", "resolution_due": None},
    ]
    assert [{"topic": "ticket-changed", **change} for change in changes] == told
    assert ("ticket-created", "C-7") == (events[0]["topic"], events[0]["customer_id"])
    assert {"a kind of change that this mapping does not know": 1} == dict(dirty.reasons)


def test_a_mapping_knows_the_fields_of_every_kind_of_event() -> None:
    for topic, source in BY_TOPIC.items():
        for kind in source.kinds:
            tag = kind.__struct_config__.tag
            known = contract.rules(topic, None if tag is None else str(tag))
            assert set(kind.__struct_fields__) <= set(known), kind


class TestWithdrawing:
    def test_an_empty_cell_withdraws_a_deadline_where_the_mapping_says_so(self, map_text: Any) -> None:
        events, dirty = map_text(due(withdraw=True), f"id,at,due\n1,{AT},{AT}\n2,{AT},\n")
        assert [AT, None] == [event["resolution_due"] for event in events], list(dirty.lines())

    def test_an_empty_cell_leaves_a_deadline_as_it_is_otherwise(self, map_text: Any) -> None:
        """A `due` that names no deadline then says nothing, and the row is dirty."""
        events, dirty = map_text(due(), f"id,at,due\n1,{AT},\n")
        assert ([], {"schema": 1}) == (events, dict(dirty.reasons))

    def test_only_a_deadline_of_a_due_can_be_withdrawn(self, tmp_path: Path) -> None:
        document = minimal()
        document["events"][0]["fields"]["ticket_id"]["withdraw"] = True
        (fault,) = faults_of(tmp_path, document)
        assert fault.startswith("events[0].fields.ticket_id.withdraw: nothing of this field can be withdrawn")


class TestTextsOfTheMapping:
    @pytest.mark.parametrize(
        ("value", "told"),
        [
            (
                {"column": "s", "map": {"neu": "opne"}},
                ".map.neu is 'opne': no such choice. Fix: did you mean open?",
            ),
            ({"column": "s", "default": "pending"}, ".default is 'pending': no such choice"),
            ({"first": [{"constant": "done"}]}, ".first[0] is 'done': no such choice"),
            ({"column": "s", "map": {"neu": "open"}, "default": "waiting"}, None),
        ],
    )
    def test_a_text_that_the_contract_does_not_know_is_a_fault_before_any_row(
        self, tmp_path: Path, value: dict[str, Any], told: str | None
    ) -> None:
        document = minimal()
        fields = document["events"][0]["fields"] | {"change": {"constant": "status"}, "status": value}
        document["events"][0] = {"topic": "ticket-changed", "fields": fields}
        if told is None:
            assert load(tmp_path, document).events
        else:
            (fault,) = faults_of(tmp_path, document)
            assert fault.startswith(f"events[0].fields.status{told}")

    def test_a_flag_that_is_none_is_a_fault_before_any_row(self, tmp_path: Path) -> None:
        document = minimal()
        fields = document["events"][0]["fields"]
        fields |= {"change": {"constant": "assigned"}, "assigned": {"constant": "anna"}}
        document["events"][0]["topic"] = "ticket-changed"
        (fault,) = faults_of(tmp_path, document)
        assert (
            "events[0].fields.assigned is 'anna': the field holds a flag. Fix: use one of true, 1, yes"
            in fault
        )
