"""A stated scale is obeyed or refused; who is satisfied by his own word is counted so."""

from __future__ import annotations

import json

import pytest

from kpis.cell_numbers import SATISFIED, UNSATISFIED
from kpis.tickets.answers import cell_of
from kpis.tickets.facts import fact_of
from streams.decode import Reject, decoder
from streams.events import Survey

DECODE = decoder("survey")


def asked(kind: str, score: int, **stated: object) -> Survey | Reject:
    event = {
        "event_id": "e",
        "occurred_at": 1_772_442_000_000,
        "ticket_id": "T",
        "kind": kind,
        "score": score,
        **stated,
    }
    found = DECODE(json.dumps(event).encode())
    assert isinstance(found, Survey | Reject)
    return found


@pytest.mark.parametrize(
    ("score", "stated", "satisfied"),
    [
        (4, {}, True),  # without a scale: of five, the top two
        (3, {"scale_max": 5}, False),
        (4, {"scale_max": 4}, True),  # of two to four the top one
        (3, {"scale_max": 4}, False),
        (9, {"scale_max": 10, "scale_min": 0}, True),  # of eleven the top two
        (8, {"scale_max": 10, "scale_min": 0}, False),
        (0, {"scale_max": 10, "scale_min": 0}, False),
        (3, {"scale_max": 5, "satisfied": True}, True),  # the word overrules the scale
        (5, {"scale_max": 5, "satisfied": False}, False),
        (73, {"scale_max": 100, "satisfied": True}, True),  # of which nothing need be known then
    ],
)
def test_satisfied_is(score: int, stated: dict[str, object], satisfied: bool) -> None:  # noqa: FBT001
    found = asked("csat", score, **stated)
    assert isinstance(found, Survey), found
    assert (SATISFIED if satisfied else UNSATISFIED) == cell_of(*fact_of(found)[1::2])


@pytest.mark.parametrize(
    ("kind", "score", "stated"),
    [
        ("csat", 73, {"scale_max": 100}),
        ("csat", 0, {"scale_max": 10}),
        ("csat", 0, {"scale_min": 0, "scale_max": 5}),
        ("csat", 3, {"scale_min": 2}),
        ("nps", 4, {"scale_max": 5}),
        ("nps", 4, {"scale_min": 1}),
        ("nps", 9, {"satisfied": True}),
        ("ces", 4, {"scale_max": 5}),
        ("ces", 4, {"scale_min": 0}),
        ("ces", 0, {}),
    ],
)
def test_what_cannot_be_obeyed_is_refused(kind: str, score: int, stated: dict[str, object]) -> None:
    found = asked(kind, score, **stated)
    assert isinstance(found, Reject)
    assert "score" == found.reason


@pytest.mark.parametrize(
    ("kind", "stated"),
    [("nps", {"scale_min": 0, "scale_max": 10}), ("ces", {"scale_min": 1, "scale_max": 7})],
)
def test_a_kind_whose_own_scale_is_stated_is_taken(kind: str, stated: dict[str, object]) -> None:
    assert isinstance(asked(kind, 5, **stated), Survey)
