"""A mapping file is checked as a whole before a row is read.

Every fault has its place, its value and its fix.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deskpulse.ingest.mapping import Mapping, MappingError, load_mapping


def minimal() -> dict[str, Any]:
    return {
        "times": {"at": {"column": "when"}},
        "events": [
            {
                "topic": "resolved",
                "fields": {
                    "event_id": {"template": "r-{id}"},
                    "occurred_at": {"time": "at"},
                    "ticket_id": {"column": "id"},
                },
            }
        ],
    }


def load(folder: Path, document: object) -> Mapping:
    path = folder / "mine.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    return load_mapping(path)


def faults_of(folder: Path, document: object) -> list[str]:
    with pytest.raises(MappingError) as caught:
        load(folder, document)
    return [str(fault) for fault in caught.value.faults]


def test_the_smallest_mapping_is_accepted(tmp_path: Path) -> None:
    assert "resolved" == load(tmp_path, minimal()).events[0].topic


@pytest.mark.parametrize(
    "name", ["desk_history", "helpdesk_italy", "anonymous_bank_1999", "sfo_survey_2017", "sfo_survey_2018"]
)
def test_the_mappings_of_the_project_are_accepted(mappings: Path, name: str) -> None:
    assert load_mapping(mappings / f"{name}.yaml").description


def test_all_faults_are_told_together_with_file_place_value_and_fix(tmp_path: Path) -> None:
    document = minimal()
    document |= {
        "zone": "Europe/Rom",
        "colour": "red",
        "source": {"delimiter": ";;"},
        "case": {"by": "id", "order_by": "att"},
    }
    document["times"]["at"]["format"] = "%Q"
    document["events"][0]["fields"] |= {"outcome": {"constant": "resolvd"}, "talk": {"column": "t"}}
    document["events"] += [{"topic": "resolved", "fields": {}}, {"topic": "surveys", "fields": {}}]
    with pytest.raises(MappingError) as caught:
        load(tmp_path, document)
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / 'mine.yaml'}: {len(caught.value.faults)} faults\n")
    for expected in (
        "zone is 'Europe/Rom': no such time zone. Fix: use an IANA name, such as Europe/Rome or UTC.",
        "colour is 'red': no such word here. Fix: correct its spelling or remove it.",
        "source.delimiter is ';;': String should have at most 1 character.",
        (
            "times.at.format is '%Q': 'Q' is a bad directive in format '%Q'. Fix: use rfc3339, epoch_ms, "
            "epoch_s or a strptime format"
        ),
        "case.order_by is 'att': no such time here. Fix: did you mean at? use one of at.",
        (
            "events[0].fields.outcome is 'resolvd': no such choice. Fix: did you mean solved? use one of "
            "abandoned, solved."
        ),
        (
            "events[0].fields.talk: resolved has no such field. Fix: use one of event_id, occurred_at, "
            "ticket_id,"
        ),
        "events[1].fields.event_id: resolved needs it. Fix: add it.",
        "events[1].fields.occurred_at: resolved needs it. Fix: add it.",
        "events[1].fields.ticket_id: resolved needs it. Fix: add it.",
        "events[2].topic is 'surveys': no such choice. Fix: use 'ticket-created', 'first-reply',",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (
            "occurred_at",
            {"column": "when"},
            "events[0].fields.occurred_at: the field holds a time. Fix: give {time: <name>}",
        ),
        (
            "occurred_at",
            {"time": "att"},
            "events[0].fields.occurred_at is 'att': no such time here. Fix: did you mean at?",
        ),
        (
            "ticket_id",
            {"time": "at"},
            "events[0].fields.ticket_id is 'at': the field holds a text. Fix: times are for instants",
        ),
        (
            "ticket_id",
            {"column": "a", "constant": "b"},
            "it has 2 origins. Fix: give exactly one of column, constant, template, first, time",
        ),
        ("ticket_id", {"map": {"a": "b"}}, "it has 0 origins"),
        (
            "ticket_id",
            {"constant": 1.5},
            "events[0].fields.ticket_id.constant is 1.5: it is not text. Fix: put it in quotes",
        ),
        ("ticket_id", {"constant": True}, "events[0].fields.ticket_id.constant is True: it is not text"),
        ("ticket_id", {"template": "{a"}, "events[0].fields.ticket_id.template is '{a': a single brace"),
        (
            "ticket_id",
            {"template": "{#row}"},
            "no such placeholder {#row}. Fix: use {#line}, {#nth} or the name of a column",
        ),
        ("ticket_id", {"first": [{"colum": "a"}]}, "events[0].fields.ticket_id.first[0].colum is 'a'"),
    ],
)
def test_a_wrong_field_is_told_with_its_place(tmp_path: Path, place: str, value: object, told: str) -> None:
    document = minimal()
    document["events"][0]["fields"][place] = value
    assert any(told in fault for fault in faults_of(tmp_path, document)), faults_of(tmp_path, document)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"events": []}, "events is []: Tuple should have at least 1 item"),
        ({"events": None}, "events: "),
        (
            {"source": {"encoding": "utf-9"}},
            "source.encoding is 'utf-9': no such encoding. Fix: use a name that Python knows",
        ),
        ({"keep": [{"column": "a", "equals": "b", "not": "c"}]}, "keep[0] is {"),
        (
            {"keep": [{"column": "a"}]},
            "it needs a column and exactly one test. Fix: give one of equals, not, in, not_in, empty",
        ),
        ({"checks": [{"reason": "odd", "when": []}]}, "checks[0].when is []"),
        (
            {"times": {"at": {"column": "a", "format": "iso"}}},
            "times.at.format is 'iso': no such time format",
        ),
        (
            {"times": {"at": {"column": "a", "wraps_after": "at"}}},
            "times.at.wraps_after is 'at': no such time here",
        ),
    ],
)
def test_a_wrong_part_is_told_with_its_place(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    assert any(told in fault for fault in faults_of(tmp_path, minimal() | change)), faults_of(
        tmp_path, minimal() | change
    )


def test_the_first_row_of_a_case_needs_cases(tmp_path: Path) -> None:
    document = minimal()
    document["events"][0]["rows"] = "first"
    expected = (
        "events[0].rows is 'first': `first` needs a case, and there is none. Fix: add `case: {by: <column>}`."
    )
    assert [expected] == faults_of(tmp_path, document)


class TestTopicsWithSeveralKinds:
    def test_a_kind_is_needed(self, tmp_path: Path) -> None:
        document = minimal()
        document["events"][0]["topic"] = "ticket-changed"
        assert ["events[0].fields.change: ticket-changed needs it. Fix: add it."] == faults_of(
            tmp_path, document
        )

    def test_a_wrong_kind_is_told_and_nothing_else(self, tmp_path: Path) -> None:
        document = minimal()
        document["events"][0]["topic"] = "ticket-changed"
        document["events"][0]["fields"]["change"] = {"constant": "reopend"}
        (fault,) = faults_of(tmp_path, document)
        assert fault.startswith(
            "events[0].fields.change is 'reopend': no such choice. Fix: did you mean reopened? use one of "
            "triaged,"
        )

    def test_each_kind_has_its_own_fields(self, tmp_path: Path) -> None:
        document = minimal()
        document["events"][0]["topic"] = "ticket-changed"
        document["events"][0]["fields"] |= {
            "change": {"constant": "status"},
            "talk_seconds": {"column": "t"},
        }
        needed, unknown = faults_of(tmp_path, document)
        assert "events[0].fields.status: ticket-changed needs it. Fix: add it." == needed
        assert unknown.startswith(
            "events[0].fields.talk_seconds: ticket-changed has no such field. Fix: use one of event_id,"
        )


class TestNotAMapping:
    def test_a_syntax_error_names_its_line(self, tmp_path: Path) -> None:
        (fault,) = faults_of(tmp_path, "events:\n  - topic: [\n")
        assert fault.startswith("line 3: not YAML: ")

    def test_a_list_is_no_mapping(self, tmp_path: Path) -> None:
        assert ["begin with `events:`" in fault for fault in faults_of(tmp_path, ["a"])] == [True]

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.yaml"
        path.write_bytes(b"zone: \xff")
        with pytest.raises(MappingError, match="not YAML in UTF-8"):
            load_mapping(path)
