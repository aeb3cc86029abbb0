"""A face shows a figure only where it means the same in all partitions and in the exporter.

It says which it hides, and why.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.samples import Sample

from exporters.reading.status import ReaderStatus
from exporters.snapshot import Snapshot
from kpis.figures.view import View
from kpis.figures.view_builder import ViewBuilder
from kpis.ledger.codec import POSITION_KEY, Position, decode_position, encode_position
from kpis.ledger.definitions import CURRENT, HISTORY, Definitions
from kpis.tickets.manner import Manner
from tests.exporters.desk import RULES, Desk, all_read, at
from tests.exporters.test_collectors import metrics

NET = "support_resolution_net_ratio"
CHANGED = frozenset({NET, "support_oldest_unanswered_timestamp_seconds"})


@pytest.fixture
def few_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The definitions of now give another value to two figures only."""
    step = Definitions(CURRENT, "says two things otherwise", CHANGED)
    monkeypatch.setattr("kpis.ledger.definitions.HISTORY", (*HISTORY[:-1], step))


def a_desk() -> Desk:
    desk = Desk()
    desk.created("T1", "10:00")
    desk.replied("T1", "10:10")
    desk.resolved("T1", "10:20")
    desk.created("T2", "10:25")
    return desk


def view_of(*positions: Position) -> View:
    """Of a desk with one partition for each position; the rows are the same."""
    builder = ViewBuilder(RULES)
    for number, wanted in enumerate(positions):
        changes = a_desk().state.take_changes()
        own = decode_position(changes.view[-1][1] or b"")
        own.definitions, own.becoming = wanted.definitions, wanted.becoming
        builder.apply(number, [*changes.view[:-1], (POSITION_KEY, encode_position(own))])
    return builder.build(at("10:30"))


def names(view: View) -> set[str]:
    return {one.name for one in (*view.figures, *view.live)}


def status(**definitions: Position) -> ReaderStatus:
    found = {int(number.removeprefix("p")): position for number, position in definitions.items()}
    return replace(all_read(2), definitions=found)


def test_where_all_partitions_have_its_definitions_nothing_is_hidden() -> None:
    view = view_of(Position(definitions=CURRENT), Position(definitions=CURRENT))
    assert {NET, "support_resolution_ratio", "support_open_tickets"} <= names(view)
    assert not view.hidden


@pytest.mark.usefixtures("few_changed")
def test_what_one_partition_means_otherwise_is_absent_and_all_else_is_there() -> None:
    same = view_of(Position(definitions=CURRENT), Position(definitions=CURRENT))
    mixed = view_of(Position(definitions=CURRENT), Position(definitions=CURRENT - 1))
    assert names(same) - names(mixed) == CHANGED
    assert [one for one in same.figures if one.name not in CHANGED] == list(mixed.figures)
    assert [one for one in same.live if one.name not in CHANGED] == list(mixed.live)


def test_before_time_lines_every_figure_meant_something_else() -> None:
    """Definitions 5 and 6 share none: until a ledger is made anew, nothing is shown of it."""
    mixed = view_of(Position(definitions=CURRENT), Position(definitions=5))
    assert not names(mixed)
    assert ((), ()) == (mixed.parts, mixed.at_risk)
    found = status(p1=Position(definitions=5))
    assert ["definitions"] == [reason.code for reason in found.why]


@pytest.mark.parametrize(
    "position",
    [
        Position(definitions=CURRENT),
        Position(definitions=CURRENT, segment=True, frt_from="created"),
        Position(definitions=CURRENT, frt_from="created", remaking=True),
        Position(definitions=CURRENT, frt_from="as a newer program calls it"),
    ],
)
def test_of_panes_made_in_another_manner_nothing_is_shown(position: Position) -> None:
    created = Manner(frt_from="created")
    same = replace(
        all_read(2), definitions={0: Position(definitions=CURRENT, frt_from="created")}, manner=created
    )
    assert frozenset() == same.hidden
    other = replace(all_read(2), definitions={0: position}, manner=created)
    assert {"*"} == other.hidden
    assert ["definitions"] == [reason.code for reason in other.why]


def test_while_a_partition_is_made_anew_both_definitions_count() -> None:
    assert HISTORY[-1].figures == view_of(Position(definitions=CURRENT - 1, becoming=CURRENT)).hidden


def test_of_a_newer_program_nothing_is_shown_since_nothing_is_known() -> None:
    view = view_of(Position(definitions=CURRENT), Position(definitions=CURRENT, becoming=CURRENT + 1))
    assert not names(view)
    assert ((), ()) == (view.parts, view.at_risk)


def test_a_figure_less_that_says_nothing_of_promises_leaves_the_view_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = Definitions(CURRENT, "says nothing of promises", frozenset({NET}))
    monkeypatch.setattr("kpis.ledger.definitions.HISTORY", (*HISTORY[:-1], step))
    found = status(p1=Position(definitions=CURRENT - 1))
    assert {NET} == found.hidden
    assert found.complete
    assert [1.0] == [
        sample.value
        for sample in samples(found, "deskpulse_figure_hidden")
        if sample.labels == {"figure": NET}
    ]
    assert [] == samples(found, "deskpulse_view_incomplete")


def test_where_alerts_about_promises_are_blind_the_view_is_incomplete_with_the_reason() -> None:
    found = status(p1=Position(definitions=CURRENT, becoming=CURRENT + 1))
    assert found.ready
    assert not found.complete
    assert ["definitions"] == [reason.code for reason in found.why]
    assert (
        "partition 1: the figures are being recomputed with other definitions than this exporter's "
        f"({CURRENT})" in found.behind[0]
    )
    assert [{"reason": "definitions"}] == [
        sample.labels for sample in samples(found, "deskpulse_view_incomplete")
    ]
    assert [{"figure": "*"}] == [sample.labels for sample in samples(found, "deskpulse_figure_hidden")]


def samples(found: ReaderStatus, name: str) -> list[Sample]:
    for metric in metrics(Snapshot(at("10:30"), found)):
        if metric.name == name:
            return list(metric.samples)
    return []
