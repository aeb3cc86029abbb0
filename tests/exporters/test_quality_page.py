"""The page about the quality of the data.

It has the same counts as `/api/quality`, in two languages, and nobody's name is markup.
"""

from __future__ import annotations

import json
from dataclasses import replace

from exporters.snapshot import Snapshot
from exporters.web.quality import DOCS, quality_json, quality_page
from kpis.figures.view_builder import ViewBuilder
from kpis.ledger.codec import POSITION_KEY, decode_position, encode_position
from tests.exporters.desk import RULES, a_morning, all_read, at


def snapshot(**counters: int) -> Snapshot:
    """A desk whose workers have counted so much."""
    builder = ViewBuilder(RULES)
    rows = a_morning().rows()
    *view, (_, raw) = rows
    position = decode_position(raw or b"")
    position.counters = counters
    position.overflowed = ["T-<b>1</b>"]
    builder.apply(0, [*view, (POSITION_KEY, encode_position(position))])
    return Snapshot(at("11:00"), all_read(1), builder.build(at("11:00")))


def test_it_shows_what_programs_get() -> None:
    counted = {
        "accepted": 1_234,
        "duplicate": 5,
        "twin": 2,
        "late": 7,
        "uncreated": 3,
        "overflow": 1,
        "comeback": 4,
    }
    found = snapshot(**counted, **{"rejected:time": 9, "folded:team": 1})
    answer = json.loads(quality_json(found))
    assert answer["complete"]
    assert {
        "accepted": 1_234,
        "duplicates": 5,
        "twins": 2,
        "late": 7,
        "without_creation": 3,
        "overflowed": 1,
        "returned": 4,
    } == {
        name: answer["quality"][name]
        for name in ("accepted", "duplicates", "twins", "late", "without_creation", "overflowed", "returned")
    }
    assert {"time": 9} == answer["quality"]["rejected"]
    page = quality_page(found, "en-GB,en")
    for text in ("1,234", "Data quality", *(escape_free for escape_free, _ in DOCS.values()), "time"):
        assert text in page


def test_names_are_text() -> None:
    page = quality_page(snapshot(overflow=1), "en")
    assert "T-&lt;b&gt;1&lt;/b&gt;" in page
    assert "<b>" not in page


def test_spanish_says_it_in_spanish() -> None:
    page = quality_page(snapshot(), "es-ES,es;q=0.9")
    assert '<html lang="es">' in page
    assert all(spanish in page for _, spanish in DOCS.values())
    assert "Tickets without" not in page


def test_without_figures_it_says_so_and_why() -> None:
    found = replace(snapshot(), view=None, status=all_read(1))
    assert json.loads(quality_json(found))["quality"] is None
    assert "No figures yet" in quality_page(found, "")
