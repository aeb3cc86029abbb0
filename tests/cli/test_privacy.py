"""`deskpulse privacy`: no field of the contract is missing, and rows hold what the list says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from deskpulse import exits
from deskpulse.privacy import as_markdown, as_text, inventory
from deskpulse.privacy.facts import CLEAR, FACTS
from deskpulse.privacy.inventory import carriers, entry_of, unused
from deskpulse.privacy.places import KeptAt, how_long
from deskpulse.settings import Settings
from kpis.ledger import codec
from kpis.state.partition import PartitionState
from scripts import privacy_doc
from scripts.tidy import ROOT
from tests.cli.harness import Run
from tests.docs.desks import NOON_MS, SourceRecord
from tests.streams.test_decoders_agree import CHANGES, GOOD

TEXTS: Final = (
    *("event_id", "customer_id", "team", "channel", "priority", "segment"),
    *("url", "responder_id", "into", "retracts"),
)


class TestTheList:
    def test_no_field_of_any_event_is_missing(self) -> None:
        found = inventory(Settings())
        listed = [(field.field, event) for field in found.fields for event in field.events]
        assert sorted(set(carriers())) == sorted(listed)
        assert {"customer_id", "responder_id", "segment", "into", "retracts", "change"} <= {
            field for field, _ in listed
        }

    def test_no_entry_is_left_over(self) -> None:
        assert [] == unused()

    def test_a_field_that_nobody_has_described_is_seen(self) -> None:
        cut = tuple(entry for entry in FACTS if entry.field != "into")
        with pytest.raises(LookupError, match="says nothing of the field into of merged"):
            entry_of("into", "merged", cut)
        (gone,) = [entry for entry in FACTS if entry.field == "into"]
        assert unused((*FACTS, gone._replace(field="nickname"), gone._replace(events=("paused",))))

    def test_every_field_names_its_topic_and_the_dead_letters(self) -> None:
        for field in inventory(Settings()).fields:
            assert {"source topic", "dead letters"} <= {kept.place for kept in field.kept}, field.field

    def test_a_responder_is_kept_nowhere_but_as_it_was_sent(self) -> None:
        (found,) = [field for field in inventory(Settings()).fields if field.field == "responder_id"]
        assert ("the responder", ("first-reply", "replied")) == (found.identifies, found.events)
        assert ["source topic", "dead letters"] == [kept.place for kept in found.kept]

    def test_terms_are_those_of_the_settings(self) -> None:
        settings = Settings.model_validate(
            {
                "topics": {"dead_letter_retention_days": 3},
                "desk": {"horizon_days": 90, "open_horizon_days": 200},
                "exporter": {"show_tickets": True},
                "app_id": "north",
            }
        )
        assert "3 days" == how_long(KeptAt.DEAD_LETTER, settings)
        assert how_long(KeptAt.TICKET, settings).startswith(
            "closed: 90 days after its last event and last figure"
        )
        assert "open: 200 days" in how_long(KeptAt.TICKET, settings)
        places = {place.place: place for place in inventory(settings).places}
        assert "north-tickets" in places["row of the ticket"].what
        assert "(shown)" in places["wall"].what
        assert "400 days" in places["remainder of the ticket"].how_long

    def test_a_closed_ticket_stays_as_long_as_panes_ask_for_it(self) -> None:
        settings = Settings.model_validate({"desk": {"horizon_days": 7}})
        assert how_long(KeptAt.TICKET, settings).startswith("closed: 61 days")

    def test_whether_responders_are_kept_is_told(self, tmp_path: Path) -> None:
        key = tmp_path / "key"
        key.write_text("0123456789abcdef", encoding="utf-8")
        kept = Settings.model_validate({"privacy": {"keep_responders": True, "responder_key_file": str(key)}})
        for settings, word in ((Settings(), "dropped by replay"), (kept, "a keyed hash by replay")):
            found = inventory(settings)
            assert f"privacy.keep_responders is {str(settings is kept).lower()}" in found.responders
            assert word in as_text(found)
            assert word in as_markdown(found)


class TestTheCommand:
    def test_each_format_has_every_field(self, run: Run) -> None:
        names = {field for field, _ in carriers()}
        text, page = run("privacy"), run("privacy", "--format", "markdown")
        plain = run("privacy", "--format", "json")
        assert [exits.OK] * 3 == [text.code, page.code, plain.code]
        assert names == {
            line.split(" (")[0] for line in text.out.splitlines() if line.split(" (")[0] in names
        }
        assert names == {line.split("`")[1] for line in page.out.splitlines() if line.startswith("| `")}
        found = json.loads(plain.out)
        assert names == {field["field"] for field in found["fields"]}
        assert ["places", "fields", "responders", "notes"] == list(found)
        assert {"place", "form", "how_long"} == set(found["fields"][0]["kept"][0])
        assert all(len(line) <= 112 for line in text.out.splitlines())

    def test_the_page_has_the_output_for_the_default_settings(self, run: Run, tmp_path: Path) -> None:
        assert privacy_doc.is_current(ROOT), "run `python -m scripts.privacy_doc`"
        assert 0 == privacy_doc.main(["--check"])
        page = (ROOT / privacy_doc.PAGE).read_text(encoding="utf-8")
        assert run("privacy", "--format", "markdown").out.strip() in page
        (tmp_path / "docs").mkdir()
        (tmp_path / privacy_doc.PAGE).write_text(page.replace("the customer |", "nobody |"), encoding="utf-8")
        assert not privacy_doc.is_current(tmp_path)
        with pytest.raises(ValueError, match="has lost the marks"):
            privacy_doc.render("# Privacy\n")


def marked(topic: str, event: str, good: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    """An event whose texts are found again wherever they are: each names its field and its event."""
    head = {"occurred_at": NOON_MS}
    texts = {field: f"mark-{event}-{field}".lower() for field in TEXTS if good.get(field) is not None}
    return topic, {name: value for name, value in (good | texts | head | more).items() if value is not None}


LIFE: Final = [
    marked("ticket-created", "ticket-created", GOOD["ticket-created"]),
    marked("first-reply", "first-reply", GOOD["first-reply"]),
    marked("resolved", "resolved", GOOD["resolved"]),
    marked("survey", "survey", GOOD["survey"] | {"team": "x"}),
    marked("survey", "survey", GOOD["survey"] | {"ticket_id": None, "team": "x"}),
    *(marked("ticket-changed", change, event, waiting_since=None) for change, event in CHANGES.items()),
    marked("customer", "joined", GOOD["customer"]),
    marked("customer", "left", GOOD["customer"], status="left"),
]


def test_rows_hold_in_clear_text_what_the_list_says_and_nothing_else() -> None:
    """A life with every event, each text unique: where the list says clear text it is found, else not."""
    state = PartitionState(0)
    for topic, event in LIFE:
        key = str(event.get("ticket_id") or event["customer_id"])
        value = json.dumps(event).encode()
        assert [] == state.apply(topic, [SourceRecord(0, 1, NOON_MS, key.encode(), value)])
    row = state._tickets.by_id["t"]
    remains = codec.encode_remains(row)
    changes = state.take_changes()
    rows = [key + (value or b"") for key, value in changes.tickets]
    ticket = b"".join(raw for raw, (key, _) in zip(rows, changes.tickets, strict=True) if key.endswith(b"t"))
    customer = b"".join(raw for raw in rows if b"mark" in raw[:12])
    view = b"".join(key + (value or b"") for key, value in changes.view)
    found: dict[str, set[KeptAt]] = {}
    for field, name in carriers():
        if field in TEXTS and any(f"mark-{name}-{field}" in str(one) for _, one in LIFE):
            mark = f"mark-{name}-{field}".encode()
            claimed = {kept.place for kept in entry_of(field, name).kept if kept.form == CLEAR}
            kept = {
                place for place, raw in ((KeptAt.TICKET, ticket), (KeptAt.CUSTOMER, customer)) if mark in raw
            }
            assert kept == claimed & {KeptAt.TICKET, KeptAt.CUSTOMER}, (field, name)
            if mark in remains:
                kept.add(KeptAt.REMAINS)
            assert kept <= claimed, (field, name)
            if mark in view:
                assert claimed & {KeptAt.NAMES, KeptAt.AT_RISK, KeptAt.QUALITY}, (field, name)
            found.setdefault(field, set()).update(kept)
    assert set(TEXTS) == set(found)
    assert {"customer_id", "team", "channel", "priority", "segment", "url"} == {
        field for field, places in found.items() if KeptAt.REMAINS in places
    }
