"""Messages, statuses, transfers, bots, deadlines, corrections: what the decoder takes, and refuses."""

from __future__ import annotations

import json
from typing import Any, cast

import msgspec
import pytest
from msgspec import UNSET

from streams.decode import Reject, decoder
from streams.events import Due, Instant, TicketChanged
from streams.sources import BY_TOPIC
from tests.streams.test_decoders_agree import CHANGES, GOOD

KINDS = BY_TOPIC["ticket-changed"].kinds
OPTIONAL = [
    (topic, change, field.name)
    for topic, source in BY_TOPIC.items()
    for kind in source.kinds
    for change in [str(kind.__struct_config__.tag)]
    for field in msgspec.structs.fields(cast("Any", kind)[Instant])
    if not field.required and kind is not Due and (topic == "ticket-changed" or len(source.kinds) == 1)
]


def decoded(topic: str, event: dict[str, Any]) -> Any:
    return decoder(topic)(json.dumps(event).encode())


def refused(topic: str, event: dict[str, Any]) -> Reject:
    found = decoded(topic, event)
    assert isinstance(found, Reject), found
    return found


def changed(change: str, **fields: Any) -> dict[str, Any]:
    return CHANGES[change] | fields


def test_every_change_has_an_example_that_names_all_of_its_fields() -> None:
    assert {str(kind.__struct_config__.tag) for kind in KINDS} == set(CHANGES)
    for kind in KINDS:
        tag = str(kind.__struct_config__.tag)
        assert {*kind.__struct_fields__, "change"} == set(CHANGES[tag])
        assert type(decoded("ticket-changed", CHANGES[tag])) is kind


@pytest.mark.parametrize(("topic", "change", "field"), OPTIONAL)
def test_null_in_an_optional_field_counts_as_absent(topic: str, change: str, field: str) -> None:
    """Absent and null give the same event, or are refused alike: a survey must name somebody."""
    good = GOOD[topic] if topic != "ticket-changed" else CHANGES[change]
    if topic == "survey":
        good = good | {"customer_id": "c" if field == "ticket_id" else None}
    absent = {name: value for name, value in good.items() if name != field}
    with_null, without = decoded(topic, good | {field: None}), decoded(topic, absent)
    assert type(with_null) is type(without)
    defaults = {
        "automated": False,
        "opened_by": "customer",
        "with_bot": False,
        "outcome": "solved",
        "by": "human",
    }
    for name in type(without).__struct_fields__ if not isinstance(without, Reject) else ():
        read = [getattr(event, name) for event in (with_null, without)]
        assert 1 == len({defaults.get(name) if value is None else value for value in read}), name


@pytest.mark.parametrize(
    ("change", "field"), [("status", "status"), ("assigned", "assigned"), ("retracted", "retracts")]
)
def test_what_an_event_is_about_cannot_be_null_or_absent(change: str, field: str) -> None:
    assert "schema" == refused("ticket-changed", changed(change, **{field: None})).reason
    without = {name: value for name, value in CHANGES[change].items() if name != field}
    assert f"Object missing required field `{field}`" == refused("ticket-changed", without).detail


class TestDeadlines:
    def test_null_withdraws_a_deadline_and_an_absent_one_stays(self) -> None:
        found = decoded("ticket-changed", changed("due", first_reply_due=None) | {"resolution_due": 9000})
        assert (None, 9000, None) == (found.first_reply_due, found.resolution_due, found.next_reply_due)
        bare = {name: value for name, value in CHANGES["due"].items() if not name.endswith("_due")}
        found = decoded("ticket-changed", bare | {"next_reply_due": 9000})
        assert (UNSET, UNSET, 9000) == (found.first_reply_due, found.resolution_due, found.next_reply_due)

    def test_a_due_without_any_deadline_says_nothing(self) -> None:
        bare = {name: value for name, value in CHANGES["due"].items() if not name.endswith("_due")}
        found = refused("ticket-changed", bare)
        assert "schema" == found.reason
        assert "due needs one of first_reply_due, resolution_due, next_reply_due" in found.detail

    @pytest.mark.parametrize("field", ["first_reply_due", "resolution_due", "next_reply_due"])
    @pytest.mark.parametrize(("topic", "change"), [("ticket-created", ""), ("ticket-changed", "due")])
    def test_a_deadline_in_epoch_seconds_is_refused_by_its_name(
        self, topic: str, change: str, field: str
    ) -> None:
        good = CHANGES[change] if change else GOOD[topic]
        found = refused(topic, good | {field: 1_772_625_600})
        assert "time" == found.reason
        assert f"epoch seconds? this field is milliseconds: {field} 1772625600" in found.detail

    @pytest.mark.parametrize("at", ["2026-01-01T00:00:00", "soon", -1, 7_258_118_400_000])
    def test_what_is_no_instant_is_refused(self, at: Any) -> None:
        assert "time" == refused("ticket-changed", changed("due", next_reply_due=at)).reason
        assert "time" == refused("ticket-changed", changed("customer_replied", waiting_since=at)).reason


class TestChoices:
    @pytest.mark.parametrize(
        ("topic", "event", "reason", "told"),
        [
            (
                "ticket-changed",
                CHANGES["paused"] | {"change": "closed"},
                "kind",
                "use one of triaged, transferred, ",
            ),
            (
                "ticket-changed",
                changed("status", status="pending"),
                "schema",
                "'pending' - at `$.status`: use one",
            ),
            (
                "ticket-changed",
                changed("retracted", retracts_kind="nps"),
                "schema",
                "assigned, customer_replied",
            ),
            ("customer", GOOD["customer"] | {"status": "gone"}, "kind", "use one of joined, left"),
            ("survey", GOOD["survey"] | {"kind": "stars"}, "kind", "use one of ces, csat, nps"),
            ("resolved", GOOD["resolved"] | {"by": "robot"}, "schema", "use one of bot, human"),
            ("resolved", GOOD["resolved"] | {"outcome": "closed"}, "schema", "use one of abandoned, solved"),
            (
                "ticket-created",
                GOOD["ticket-created"] | {"opened_by": "agent"},
                "schema",
                "bot, customer, desk",
            ),
        ],
    )
    def test_an_unknown_text_is_told_with_those_that_are_known(
        self, topic: str, event: dict[str, Any], reason: str, told: str
    ) -> None:
        """`kind` is what tells the events of a topic apart; everything else is a field's fault."""
        found = refused(topic, event)
        assert reason == found.reason
        assert told in found.detail

    def test_a_retraction_may_name_every_kind_of_event_of_a_ticket_but_itself(self) -> None:
        names = [*(str(kind.__struct_config__.tag) for kind in KINDS), *BY_TOPIC]
        for name in names:
            found = decoded("ticket-changed", changed("retracted", retracts_kind=name))
            expected = name not in {"retracted", "ticket-changed", "customer", "presence"}
            assert expected == (not isinstance(found, Reject)), name


class TestNames:
    @pytest.mark.parametrize("change", ["triaged", "transferred"])
    def test_labels_are_folded(self, change: str) -> None:
        labels = {"team": " Billing", "channel": "E-MAIL", "priority": "High ", "segment": "Straße"}
        found = decoded("ticket-changed", changed(change, **labels))
        assert ("billing", "e-mail", "high", "strasse") == (
            found.team,
            found.channel,
            found.priority,
            found.segment,
        )

    def test_the_segment_of_a_creation_is_folded(self) -> None:
        assert "gold" == decoded("ticket-created", GOOD["ticket-created"] | {"segment": " GOLD "}).segment

    @pytest.mark.parametrize(
        ("topic", "event", "field"),
        [
            ("ticket-changed", CHANGES["merged"], "into"),
            ("ticket-changed", CHANGES["retracted"], "retracts"),
            ("ticket-changed", CHANGES["transferred"], "segment"),
            ("ticket-created", GOOD["ticket-created"], "segment"),
        ],
    )
    def test_a_character_that_no_screen_shows_is_refused_by_field(
        self, topic: str, event: dict[str, Any], field: str
    ) -> None:
        found = refused(topic, event | {field: "a\u202eb"})
        assert ("name", True) == (found.reason, found.detail.startswith(f"{field} has the character U+202E"))

    @pytest.mark.parametrize("field", ["team", "channel", "priority", "segment"])
    def test_a_blank_label_is_refused(self, field: str) -> None:
        assert (
            f"{field} is blank" == refused("ticket-changed", changed("transferred", **{field: " \t"})).detail
        )

    @pytest.mark.parametrize(
        ("change", "field"), [("merged", "into"), ("retracted", "retracts"), ("transferred", "segment")]
    )
    def test_an_identifier_has_1_to_128_characters(self, change: str, field: str) -> None:
        assert not isinstance(decoded("ticket-changed", changed(change, **{field: "é" * 128})), Reject)
        for text in ("", "é" * 129):
            assert "schema" == refused("ticket-changed", changed(change, **{field: text})).reason


def test_no_kind_of_change_is_missing_in_the_union() -> None:
    assert set(KINDS) == set(TicketChanged.__args__)
