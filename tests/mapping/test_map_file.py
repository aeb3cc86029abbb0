"""Rows become events: each word of a mapping is shown on a file of a few lines.

Dirty rows are shown too.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskpulse.ingest.mapping import DirtyRows, Example, MappingError, load_mapping, map_file


def resolved(**fields: Any) -> dict[str, Any]:
    """A mapping of one event a row, from the columns `id` and `at`, and further fields.

    `at` is in epoch milliseconds.
    """
    needed = {
        "event_id": {"template": "r-{id}"},
        "occurred_at": {"time": "at"},
        "ticket_id": {"column": "id"},
    }
    return {
        "times": {"at": {"column": "at", "format": "epoch_ms"}},
        "events": [{"topic": "resolved", "fields": needed | fields}],
    }


EVENT = {"topic": "resolved", "event_id": "r-7", "occurred_at": "1970-01-01T00:00:01.000Z", "ticket_id": "7"}


class TestSources:
    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ({}, "id,at\n7,1000\n"),
            # a byte order mark, blanks and a blank line, as exports have them
            ({}, "\ufeffid , at\r\n7,1000\r\n\r\n"),
            ({"delimiter": ";"}, 'at;note;id\n1000;"a; ""b""\nc";7\n'),
            ({"delimiter": "\t"}, "id\tat\n7\t1000"),
            ({"header": False, "names": {"id": 1, "at": 0}}, "1000,7\n"),
            ({"names": {"id": 2}}, "id,at,id\n1,1000,7\n"),  # a name that occurs twice
            ({"format": "jsonl"}, '{"id": 7, "at": 1000, "more": [1]}\n\n'),
            ({"encoding": "utf-16"}, "id,at\n7,1000\n".encode("utf-16")),
        ],
    )
    def test_the_same_row_in_many_files(
        self, map_text: Any, source: dict[str, Any], text: str | bytes
    ) -> None:
        events, dirty = map_text(resolved() | {"source": source}, text)
        assert [EVENT] == events
        assert (1, 1, 0) == (dirty.rows, dirty.events, dirty.count)

    def test_an_empty_file_has_no_columns(self, map_text: Any) -> None:
        with pytest.raises(MappingError, match=r"rows\.txt has no such column"):
            map_text(resolved(), "")

    def test_a_header_alone_has_no_events(self, map_text: Any) -> None:
        events, dirty = map_text(resolved(), "id,at\n")
        assert ([], 0) == (events, dirty.rows)

    def test_missing_and_repeated_columns_are_told_together(self, map_text: Any) -> None:
        with pytest.raises(MappingError) as caught:
            map_text(resolved(talk_seconds={"column": "talk"}), "ID,at,at,tlk\n")
        assert [
            "source.names is 'at': the header repeats it at positions [1, 2]. Fix: give `at: <position>`.",
            "column is 'id': rows.txt has no such column. Fix: use one of ID, at, at, tlk.",
            (
                "column is 'talk': rows.txt has no such column. "
                "Fix: did you mean tlk? use one of ID, at, at, tlk."
            ),
        ] == sorted(map(str, caught.value.faults), key=lambda fault: fault.split("'")[1])

    def test_a_position_outside_the_file_is_told(self, map_text: Any) -> None:
        with pytest.raises(
            MappingError, match=r"source.names.id is 5: the file has 2 columns. Fix: use 0 to 1."
        ):
            map_text(resolved() | {"source": {"names": {"id": 5}}}, "id,at\n7,1000\n")


class TestValues:
    @pytest.mark.parametrize(
        ("value", "row", "expected"),
        [
            ({"column": "x"}, "A", "A"),
            ({"constant": "abandoned"}, "A", "abandoned"),
            ({"constant": 5}, "A", "5"),
            ({"template": "<{x}-{id}-{#line}-{#nth}>"}, "A", "<A-7-2-1>"),
            ({"template": "<{x}>"}, "", None),  # an empty cell empties it
            ({"first": [{"template": "a-{x}"}, {"template": "b-{id}"}]}, "A", "a-A"),
            ({"first": [{"template": "a-{x}"}, {"template": "b-{id}"}]}, "none", "b-7"),
            ({"column": "x", "map": {"A": "alpha"}}, "A", "alpha"),
            ({"column": "x", "map": {1: "one"}}, "1", "one"),
            ({"column": "x", "map": {"A": "alpha"}, "default": "beta"}, "B", "beta"),
            ({"column": "x", "default": "beta"}, "", "beta"),
            ({"column": "x", "map": {"A": "alpha"}}, "none", None),  # nothing is not a value without a name
        ],
    )
    def test_where_a_text_comes_from(
        self, map_text: Any, value: dict[str, Any], row: str, expected: str | None
    ) -> None:
        document = resolved()
        document["source"] = {"empty": {"x": ["none"]}}
        document["events"][0] |= {"topic": "first-reply"}
        document["events"][0]["fields"]["responder_id"] = value
        (event,), dirty = map_text(document, f"id,at,x\n7,1000,{row}\n")
        assert expected == event.get("responder_id")
        assert 0 == dirty.count

    @pytest.mark.parametrize(("cell", "expected"), [("166", 166), ("1.50", 1.5), (" 0 ", 0), ("", None)])
    def test_numbers(self, map_text: Any, cell: str, expected: float | None) -> None:
        (event,), _ = map_text(resolved(talk_seconds={"column": "talk"}), f"id,at,talk\n7,1000,{cell}\n")
        assert expected == event.get("talk_seconds")
        assert type(expected) is type(event.get("talk_seconds"))

    @pytest.mark.parametrize(("cell", "expected"), [("true", True), ("No", False), ("1", True)])
    def test_flags(self, map_text: Any, cell: str, expected: bool) -> None:  # noqa: FBT001 - a value under test
        document = resolved()
        document["events"][0] |= {"topic": "first-reply"}
        document["events"][0]["fields"]["automated"] = {"column": "bot"}
        (event,), _ = map_text(document, f"id,at,bot\n7,1000,{cell}\n")
        assert expected is event["automated"]


class TestTimes:
    @pytest.mark.parametrize(
        ("time", "cells", "expected"),
        [
            ({"column": "day"}, "2026-07-01T12:00:00+02:00,", "2026-07-01T10:00:00.000Z"),
            ({"column": "day", "format": "epoch_ms"}, "1500,", "1970-01-01T00:00:01.500Z"),
            ({"column": "day", "format": "epoch_s"}, "1.5,", "1970-01-01T00:00:01.500Z"),
            # zone of the mapping
            ({"column": "day", "format": "%d.%m.%Y %H:%M"}, "01.07.2026 12:00,", "2026-07-01T10:00:00.000Z"),
            (
                {"column": "day", "format": "%d.%m.%Y %H:%M", "zone": "UTC"},
                "01.07.2026 12:00,",
                "2026-07-01T12:00:00.000Z",
            ),
            (
                {"column": "day", "format": "%Y-%m-%d %H:%M %z"},
                "2026-07-01 12:00 -0500,",
                "2026-07-01T17:00:00.000Z",
            ),
            (
                {"template": "{day} {hour}", "format": "%y%m%d %H:%M:%S"},
                "260101,7:02:47",
                "2026-01-01T06:02:47.000Z",
            ),
            # in a gap
            (
                {"template": "{day} {hour}", "format": "%Y-%m-%d %H:%M"},
                "2026-03-29,02:30",
                "2026-03-29T01:30:00.000Z",
            ),
            # twice: the first
            (
                {"template": "{day} {hour}", "format": "%Y-%m-%d %H:%M"},
                "2026-10-25,02:30",
                "2026-10-25T00:30:00.000Z",
            ),
        ],
    )
    def test_formats_and_zones(self, map_text: Any, time: dict[str, str], cells: str, expected: str) -> None:
        document = resolved() | {"zone": "Europe/Rome", "times": {"at": time}}
        (event,), _ = map_text(document, f"id,day,hour\n7,{cells}\n")
        assert expected == event["occurred_at"]

    @pytest.mark.parametrize(
        ("ended", "expected"),
        [("0:10", "02T00:10"), ("23:40", "01T23:40"), ("12:00", "01T12:00"), ("11:00", "02T11:00")],
    )
    def test_a_time_of_day_wraps_after_midnight(self, map_text: Any, ended: str, expected: str) -> None:
        """Begun at 23:50: what seems more than 12 h earlier is on the next day.

        10 min earlier is a clock that is off.
        """
        clock = {"format": "%y%m%d %H:%M"}
        times = {
            "begun": {"template": "{day} {begun}", **clock},
            "at": {"template": "{day} {ended}", "wraps_after": "begun", **clock},
        }
        (event,), _ = map_text(resolved() | {"times": times}, f"id,day,begun,ended\n7,260101,23:50,{ended}\n")
        assert f"2026-01-{expected}:00.000Z" == event["occurred_at"]


class TestRows:
    @pytest.mark.parametrize(
        ("test", "kept"),
        [
            ({"equals": "b"}, "2"),
            ({"not": "b"}, "134"),
            ({"in": ["a", "b"]}, "12"),
            ({"not_in": ["a", "b"]}, "34"),
            ({"empty": True}, "3"),
            ({"empty": False}, "124"),
            ({"below": 0}, "4"),
            ({"above": -3}, "4"),
        ],
    )
    def test_filters(self, map_text: Any, test: dict[str, Any], kept: str) -> None:
        """What is no number is neither below nor above anything."""
        rows = "id,at,x\n1,1,a\n2,2,b\n3,3,\n4,4,-1.5\n"
        events, dirty = map_text(resolved() | {"keep": [{"column": "x", **test}]}, rows)
        assert kept == "".join(event["ticket_id"] for event in events)
        assert 4 - len(kept) == dirty.passed_over

    def test_one_row_gives_several_events(self, map_text: Any) -> None:
        document = resolved()
        document["events"].append(
            {
                "topic": "first-reply",
                "when": [{"column": "id", "not": "8"}],
                "fields": document["events"][0]["fields"],
            }
        )
        events, dirty = map_text(document, "id,at\n7,1000\n8,2000\n")
        assert [("resolved", "7"), ("first-reply", "7"), ("resolved", "8")] == [
            (event["topic"], event["ticket_id"]) for event in events
        ]
        assert (2, 3) == (dirty.rows, dirty.events)


class TestCases:
    ROWS = "id,at,what\n1,30,open\n2,5,note\n1,10,note\n1,40,done\n2,6,done\n1,50,done\n"

    def document(self, **case: str) -> dict[str, Any]:
        document = resolved() | {"case": {"by": "id", **case}}
        first = {"topic": "first-reply", "rows": "first", "fields": document["events"][0]["fields"]}
        each = {**document["events"][0], "when": [{"column": "what", "equals": "done"}]}
        each["fields"] = each["fields"] | {"event_id": {"template": "{id}-{#nth}"}}
        return document | {"events": [first, each]}

    @staticmethod
    def told(events: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
        return [(event["topic"], event["event_id"], event["occurred_at"][20:23]) for event in events]

    def test_first_and_each_row_of_a_case_whose_rows_are_scattered(self, map_text: Any) -> None:
        """By time: the case begins at 10, though the file has its row at 30 before."""
        events, _ = map_text(self.document(order_by="at"), self.ROWS)
        assert [
            ("first-reply", "r-1", "010"),
            ("resolved", "1-1", "040"),
            ("resolved", "1-2", "050"),
            ("first-reply", "r-2", "005"),
            ("resolved", "2-1", "006"),
        ] == self.told(events)

    def test_without_an_order_the_file_gives_it(self, map_text: Any) -> None:
        events, _ = map_text(self.document(), self.ROWS)
        assert ("first-reply", "r-1", "030") == self.told(events)[0]

    def test_rows_without_case_or_time_are_dirty(self, map_text: Any) -> None:
        events, dirty = map_text(self.document(order_by="at"), self.ROWS + ",60,done\n1,soon,done\n1,,done\n")
        assert 5 == len(events)
        assert {"empty": 2, "time": 1} == dirty.reasons


class TestDirtyRows:
    @pytest.mark.parametrize(
        ("row", "reason", "detail"),
        [
            (b"7", "columns", "1 cells instead of 4"),
            (b"7,1,,,", "columns", "5 cells instead of 4"),
            (b"7,now,,", "time", "'now' is not in the format epoch_ms"),
            (b",1,,", "empty", "event_id of resolved is empty"),
            (b"7,,,", "empty", "occurred_at of resolved is empty"),
            (b"7,1,ten,", "number", "'ten' is no number"),
            (b"7,1,nan,", "number", "'nan' is no number"),
            (b"7,1,-5,", "schema", "resolved: Expected `float` >= 0.0 - at `$.talk_seconds`"),
            (b"7,1,,maybe", "value", "'maybe' is not in the map of outcome"),
            (b"\xff,1,,", "encoding", "not utf-8"),
            (b"7,-1,,", "time", "resolved: occurred_at -1 ms is outside 1970..2199"),
            (b"7" * 127 + b",1,,", "schema", "resolved: Expected `str` of length <= 128 - at `$.event_id`"),
            (b"7,1,," + b"x" * 200_000, "csv", "field larger than field limit (131072)"),
        ],
    )
    def test_a_dirty_row_is_counted_with_its_line_and_stops_nothing(
        self, map_text: Any, row: bytes, reason: str, detail: str
    ) -> None:
        document = resolved(
            talk_seconds={"column": "talk"}, outcome={"column": "outcome", "map": {"ok": "solved"}}
        )
        events, dirty = map_text(document, b"id,at,talk,outcome\n1,1,,\n" + row + b"\n2,2,9,ok\n")
        assert ["1", "2"] == [event["ticket_id"] for event in events]
        assert {reason: [Example(3, detail)]} == dirty.examples
        assert (3, 2, 1) == (dirty.rows, dirty.events, dirty.count)

    @pytest.mark.parametrize(
        ("line", "detail"), [("{", "Expecting property name"), ("[1]", "not an object"), ("[" * 100_000, "")]
    )
    def test_a_bad_line_of_json(self, map_text: Any, line: str, detail: str) -> None:
        events, dirty = map_text(
            resolved() | {"source": {"format": "jsonl"}}, f'{line}\n{{"id": "7", "at": 1000}}\n'
        )
        assert [EVENT] == events
        (example,) = dirty.examples["json"]
        assert 1 == example.line
        assert detail in example.detail

    def test_a_quoted_cell_over_several_lines_counts_by_its_first(self, map_text: Any) -> None:
        _, dirty = map_text(resolved(), 'id,at\n7,"1\n0"\n8,"\n\n"\n')
        assert [2, 4] == [example.line for example in dirty.examples["time"]]

    def test_only_the_first_examples_are_kept_and_all_are_counted(self, map_text: Any) -> None:
        _, dirty = map_text(resolved(), "id,at\n" + "7,x\n" * 9)
        assert 9 == dirty.reasons["time"]
        assert [
            Example(2, "'x' is not in the format epoch_ms"),
            Example(3, "'x' is not in the format epoch_ms"),
        ] == dirty.examples["time"]
        assert ["9 rows, 0 passed over, 0 events, 9 dirty rows", "  time: 9 rows"] == list(dirty.lines())[:2]

    def test_a_row_counts_once_for_a_reason_however_many_of_its_events_fail(self, map_text: Any) -> None:
        document = resolved()
        document["events"] *= 2
        _, dirty = map_text(document, "id,at\n7,x\n")
        assert ({"time": 1}, 1) == (dirty.reasons, dirty.count)

    @pytest.mark.parametrize(("drop", "events"), [(False, 2), (True, 1)])
    def test_a_check_counts_a_row_and_drops_it_when_told(
        self,
        map_text: Any,
        drop: bool,  # noqa: FBT001 - a case
        events: int,
    ) -> None:
        check = {"reason": "negative wait", "when": [{"column": "wait", "below": 0}], "drop": drop}
        mapped, dirty = map_text(resolved() | {"checks": [check]}, "id,at,wait\n7,1,-5\n8,1,5\n")
        assert events == len(mapped)
        assert {"negative wait": [Example(2, "wait is '-5'")]} == dirty.examples


def test_progress_tells_the_rows_read(map_text: Any) -> None:
    told: list[int] = []
    map_text(resolved(), "id,at\n" + "7,1\n" * 2_500, on_progress=told.append)
    assert [1_000, 2_000, 2_500] == told


@given(content=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_raises(tmp_path: Path, content: bytes) -> None:
    """Whatever stands below the header: every row is an event or counted as dirty."""
    rules, rows, dirty = tmp_path / "mapping.yaml", tmp_path / "rows.csv", DirtyRows()
    rules.write_text(yaml.safe_dump(resolved()), encoding="utf-8")
    rows.write_bytes(b"id,at\n" + content)
    events = list(map_file(rows, load_mapping(rules), dirty))
    assert dirty.rows == len(events) + dirty.count
