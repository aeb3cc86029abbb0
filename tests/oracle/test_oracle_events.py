"""Which records the contract takes, and the reason to refuse the others."""

import json
from typing import Any, ClassVar

import pytest

from kpis.tickets import facts as kpis_facts
from oracle.events import Event, Rejected, digest, read_event, read_records

NOW = 1_709_546_400_000  # 2024-03-04T10:00:00Z
CREATED = {
    "event_id": "e1",
    "occurred_at": NOW,
    "ticket_id": "T",
    "customer_id": "C",
    "team": "billing",
    "channel": "mail",
    "priority": "high",
}
REPLY = {"event_id": "e1", "occurred_at": NOW, "ticket_id": "T"}
NPS = REPLY | {"kind": "nps", "score": 9}
CSAT = REPLY | {"kind": "csat", "score": 4}
CHANGED = REPLY
PAUSED = REPLY | {"change": "paused"}
REPLIED = REPLY | {"change": "replied", "waiting_since": NOW}
JOINED = {"event_id": "e1", "occurred_at": NOW, "customer_id": "C", "status": "joined"}


def reason(topic: str, event: object, *, key: bytes | None = b"T", stamp: int | None = NOW) -> str | None:
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    found = read_event((topic, key, raw, stamp))
    return found.reason if isinstance(found, Rejected) else None


def accepted(topic: str, event: dict[str, Any]) -> Event:
    found = read_event((topic, b"T", json.dumps(event).encode(), None))
    assert isinstance(found, Event)
    return found


@pytest.mark.parametrize(
    ("topic", "event"),
    [
        ("ticket-created", CREATED),
        ("ticket-created", CREATED | {"url": None, "more": {"a": [1]}}),
        ("ticket-created", CREATED | {"team": "é" * 128}),
        ("first-reply", REPLY | {"automated": True, "responder_id": "r"}),
        ("resolved", REPLY | {"outcome": None, "talk_seconds": 0, "hold_seconds": 1.5}),
        ("survey", NPS | {"score": 0}),
        ("survey", NPS | {"scale_max": 10, "scale_min": 0}),
        ("survey", CSAT | {"scale_min": 0, "scale_max": 10, "score": 0}),
        ("survey", CSAT | {"satisfied": True, "score": 73, "scale_max": 100}),
        ("survey", CSAT | {"scale_max": 10, "score": 10}),
        ("ticket-changed", PAUSED | {"waiting_since": "nonsense"}),
        ("ticket-changed", REPLIED),
        ("ticket-changed", REPLY | {"change": "replied", "automated": True, "responder_id": "r"}),
        ("ticket-created", CREATED | {"segment": "gold", "opened_by": "bot", "with_bot": True}),
        ("ticket-created", CREATED | {"first_reply_due": NOW, "resolution_due": None}),
        ("ticket-changed", CHANGED | {"change": "customer_replied", "waiting_since": NOW - 1}),
        ("ticket-changed", CHANGED | {"change": "no_reply_needed"}),
        ("ticket-changed", CHANGED | {"change": "status", "status": "on_hold"}),
        ("ticket-changed", CHANGED | {"change": "handed_over"}),
        ("ticket-changed", CHANGED | {"change": "assigned", "assigned": False}),
        ("ticket-changed", CHANGED | {"change": "due", "next_reply_due": None}),
        ("ticket-changed", CHANGED | {"change": "due", "resolution_due": "2024-03-04T12:00:00Z"}),
        ("ticket-changed", CHANGED | {"change": "transferred", "team": "b", "segment": "gold"}),
        ("ticket-changed", CHANGED | {"change": "merged", "into": "U"}),
        ("ticket-changed", CHANGED | {"change": "merged"}),
        ("ticket-changed", CHANGED | {"change": "restored"}),
        ("ticket-changed", CHANGED | {"change": "retracted", "retracts": "e9"}),
        (
            "ticket-changed",
            CHANGED | {"change": "retracted", "retracts": "e9", "retracts_kind": "first-reply"},
        ),
        ("resolved", REPLY | {"by": "bot"}),
    ],
)
def test_the_contract_takes(topic: str, event: dict[str, Any]) -> None:
    assert reason(topic, event) is None


@pytest.mark.parametrize(
    ("expected", "topic", "event"),
    [
        ("oversize", "first-reply", json.dumps(REPLY).encode() + b" " * 65_536),
        ("syntax", "first-reply", b""),
        ("syntax", "first-reply", b"{"),
        ("syntax", "first-reply", b'{"x": NaN}'),
        ("syntax", "first-reply", b'\xef\xbb\xbf{"x": 1}'),
        ("syntax", "first-reply", b'{"x": "\xff"}'),
        ("syntax", "first-reply", b'{"x": "\\ud800"}'),
        ("syntax", "first-reply", b'{"x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
        ("schema", "first-reply", b"[]"),
        ("schema", "first-reply", {"occurred_at": NOW, "ticket_id": "T"}),
        ("schema", "first-reply", REPLY | {"event_id": ""}),
        ("schema", "first-reply", REPLY | {"event_id": "x" * 129}),
        ("schema", "first-reply", REPLY | {"event_id": 7}),
        ("schema", "first-reply", REPLY | {"occurred_at": float(NOW)}),
        ("schema", "first-reply", REPLY | {"occurred_at": True}),
        ("schema", "first-reply", REPLY | {"automated": 1}),
        ("schema", "ticket-created", CREATED | {"team": None}),
        ("schema", "resolved", REPLY | {"outcome": "closed"}),
        ("schema", "resolved", REPLY | {"talk_seconds": True}),
        ("schema", "resolved", REPLY | {"talk_seconds": "3"}),
        ("schema", "resolved", REPLY | {"talk_seconds": -0.001}),
        ("schema", "resolved", b'{"event_id":"e","occurred_at":1,"ticket_id":"T","talk_seconds":1e999}'),
        ("schema", "survey", NPS | {"score": 9.0}),
        ("schema", "survey", {"event_id": "e", "occurred_at": NOW, "kind": "nps", "score": 9}),
        ("score", "survey", NPS | {"scale_max": 5}),
        ("score", "survey", NPS | {"satisfied": True}),
        ("score", "survey", CSAT | {"scale_min": 0, "scale_max": 5}),
        ("name", "first-reply", REPLY | {"event_id": "e\x00"}),
        ("schema", "ticket-changed", REPLY),
        ("schema", "ticket-created", CREATED | {"opened_by": "program"}),
        ("schema", "ticket-created", CREATED | {"with_bot": "yes"}),
        ("schema", "resolved", REPLY | {"by": "desk"}),
        ("schema", "ticket-changed", CHANGED | {"change": "status"}),
        ("schema", "ticket-changed", CHANGED | {"change": "status", "status": "pending"}),
        ("schema", "ticket-changed", CHANGED | {"change": "assigned"}),
        ("schema", "ticket-changed", CHANGED | {"change": "assigned", "assigned": "anna"}),
        ("schema", "ticket-changed", CHANGED | {"change": "due"}),
        ("schema", "ticket-changed", CHANGED | {"change": "due", "next_reply_due": True}),
        ("time", "ticket-changed", CHANGED | {"change": "due", "next_reply_due": "noon"}),
        ("schema", "ticket-changed", CHANGED | {"change": "retracted"}),
        (
            "schema",
            "ticket-changed",
            CHANGED | {"change": "retracted", "retracts": "e", "retracts_kind": "nps"},
        ),
        ("kind", "ticket-changed", CHANGED | {"change": "created"}),
        ("schema", "ticket-changed", REPLY | {"change": "closed", "event_id": None}),
        ("kind", "ticket-changed", REPLY | {"change": "closed"}),
        ("kind", "survey", NPS | {"kind": "stars"}),
        ("kind", "customer", JOINED | {"status": "paused"}),
        ("score", "survey", NPS | {"score": 11}),
        ("score", "survey", NPS | {"kind": "ces", "score": 0}),
        ("score", "survey", CSAT | {"score": 6}),
        ("score", "survey", CSAT | {"score": 0}),
        ("score", "survey", CSAT | {"scale_max": 11}),
        ("score", "survey", CSAT | {"scale_max": 1, "score": 1}),
        ("time", "first-reply", REPLY | {"occurred_at": -1}),
        ("time", "first-reply", REPLY | {"occurred_at": "soon"}),
        ("time", "first-reply", REPLY | {"occurred_at": 7_258_118_400_000}),
        ("time", "ticket-changed", REPLIED | {"waiting_since": "2024-03-04T10:00:00"}),
        ("future", "first-reply", REPLY | {"occurred_at": NOW + 300_001}),
        ("key", "first-reply", REPLY | {"ticket_id": "U"}),
    ],
)
def test_the_contract_refuses(expected: str, topic: str, event: object) -> None:
    assert expected == reason(topic, event)


class TestPresence:
    BILLING: ClassVar = {
        "event_id": "p1",
        "occurred_at": NOW,
        "team": "Billing ",
        "online": 6,
        "available": 2,
        "busy": 5,
    }

    def test_counts_need_not_add_up_and_the_key_is_the_team_in_any_spelling(self) -> None:
        for key in (b"Billing ", b"billing"):
            assert reason("presence", self.BILLING, key=key) is None
        assert "key" == reason("presence", self.BILLING, key=b"sales")
        assert "key" == reason("presence", self.BILLING, key=b"\xff")

    @pytest.mark.parametrize("name", ["team", "online", "available", "busy"])
    def test_every_field_is_required(self, name: str) -> None:
        given = {field: value for field, value in self.BILLING.items() if field != name}
        assert "schema" == reason("presence", given, key=b"billing")

    @pytest.mark.parametrize("number", [-1, 2.0, True, "3"])
    def test_a_number_of_persons_is_whole_and_not_below_0(self, number: object) -> None:
        assert "schema" == reason("presence", self.BILLING | {"busy": number}, key=b"billing")

    def test_it_belongs_to_the_team_in_the_spelling_that_names_are_compared_by(self) -> None:
        facts = read_records([("presence", b"billing", json.dumps(self.BILLING).encode(), NOW)])
        assert ({}, {}, ["billing"]) == (facts.tickets, facts.customers, list(facts.presence))
        assert [6] == [one.content["online"] for one in facts.presence["billing"]]


def test_a_deadline_withdrawn_and_one_not_named_are_two_contents() -> None:
    """Null in `due` withdraws, and the bytes say so; null in `ticket-created` is an absent field."""
    withdrawn = accepted("ticket-changed", CHANGED | {"change": "due", "resolution_due": None})
    assert b'"resolution_due":null' in withdrawn.order[3]
    assert {"resolution_due": None} == {k: v for k, v in withdrawn.content.items() if k.endswith("_due")}
    created = accepted("ticket-created", CREATED | {"resolution_due": None})
    assert not [name for name in created.content if name.endswith("_due")]


def test_what_says_the_default_is_written_as_what_says_nothing() -> None:
    stated = {"opened_by": "customer", "with_bot": False}
    assert accepted("ticket-created", CREATED | stated).order == accepted("ticket-created", CREATED).order
    assert accepted("resolved", REPLY | {"by": "human"}).order == accepted("resolved", REPLY).order
    assert accepted("resolved", REPLY | {"by": "bot"}).order != accepted("resolved", REPLY).order


def test_a_retraction_is_the_last_of_its_instant() -> None:
    survey = accepted("survey", NPS)
    assert (
        survey.order < accepted("ticket-changed", CHANGED | {"change": "retracted", "retracts": "e9"}).order
    )


def test_a_tombstone_is_refused_as_null() -> None:
    assert Rejected("null") == read_event(("first-reply", b"T", None, NOW))


def test_the_key_is_the_ticket_else_the_customer() -> None:
    without_ticket = {name: value for name, value in NPS.items() if name != "ticket_id"} | {
        "customer_id": "C"
    }
    assert reason("survey", without_ticket, key=b"C") is None
    assert reason("survey", without_ticket | {"ticket_id": "T"}, key=b"C") == "key"
    assert reason("customer", JOINED, key=b"C") is None
    assert reason("first-reply", REPLY, key=None) == "key"


def test_tolerance_reaches_to_its_last_millisecond_and_needs_a_record_timestamp() -> None:
    assert reason("first-reply", REPLY | {"occurred_at": NOW + 300_000}) is None
    assert reason("first-reply", REPLY | {"occurred_at": NOW + 10**9}, stamp=None) is None


def test_of_several_faults_the_first_of_the_list_is_the_reason() -> None:
    assert "schema" == reason("survey", NPS | {"event_id": 1, "kind": "stars", "occurred_at": -1}, key=b"X")
    assert "kind" == reason("survey", NPS | {"kind": "stars", "occurred_at": -1}, key=b"X")
    assert "score" == reason("survey", NPS | {"score": 11, "occurred_at": -1}, key=b"X")
    assert "future" == reason("first-reply", REPLY | {"occurred_at": NOW + 10**9}, key=b"X")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-04T10:00:00Z", NOW),
        ("2024-03-04t10:00:00z", NOW),
        ("2024-03-04T10:00:00.1+00:00", NOW + 100),
        ("2024-03-04T10:00:00.9999999-00:00", NOW + 999),
        ("2024-03-04T15:30:00+05:30", NOW),
        ("2024-03-03T23:30:00-10:30", NOW),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.9999Z", None),
        ("2199-12-31T23:59:59.999Z", 7_258_118_399_999),
        ("2200-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("2024-02-30T10:00:00Z", None),
        ("2024-03-04T10:00:60Z", None),
        ("2024-03-04T24:00:00Z", None),
        ("2024-03-04 10:00:00Z", NOW),
        ("2024-03-04T10:00Z", None),
        ("2024-03-04T10:00:00", None),
        ("2024-03-04T10:00:00.Z", None),
        ("2024-03-04T10:00:00+0000", NOW),
        ("2024-03-04T10:00:00Z\n", None),
        ("٢٠٢٤-03-04T10:00:00Z", None),
    ],
)
def test_rfc_3339_is_cut_to_milliseconds(text: str, expected: int | None) -> None:
    if expected is None:
        assert "time" == reason("first-reply", REPLY | {"occurred_at": text}, stamp=None)
    else:
        assert expected == accepted("first-reply", REPLY | {"occurred_at": text}).at_ms


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0004, 0), (0.0005, 1), (1.0005, 1001), (2.0015, 2002), (3, 3000), (-0.0, 0)]
)
def test_parts_are_rounded_half_up_in_decimals(seconds: float, expected: int) -> None:
    assert expected == accepted("resolved", REPLY | {"talk_seconds": seconds}).content["talk_ms"]


def test_canonical_bytes_hold_known_fields_in_integers_and_no_defaults() -> None:
    event = accepted(
        "resolved",
        REPLY | {"occurred_at": "2024-03-04T10:00:00Z", "hold_seconds": 1.5, "outcome": "solved", "x": 1},
    )
    expected = f'{{"hold_ms":1500,"occurred_at":{NOW},"ticket_id":"T"}}'
    assert (NOW, 12, digest("e1"), expected.encode()) == event.order


def test_a_first_reply_is_written_as_a_reply_and_names_nobody() -> None:
    event = accepted("first-reply", REPLY | {"occurred_at": NOW, "responder_id": "anna", "automated": False})
    assert ("replied", f'{{"change":"replied","occurred_at":{NOW},"ticket_id":"T"}}'.encode()) == (
        event.kind,
        event.order[3],
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "99aa06d3014798d86001c324468d497f"), ("a", "a96faf705af16834e6c632b61e964e1f")],
)
def test_digests_are_those_of_xxh3_128(text: str, expected: str) -> None:
    """Vectors that the authors of the function publish."""
    assert expected == digest(text) == kpis_facts.digest(text).hex()


def test_reading_sorts_by_owner_and_counts_the_rest() -> None:
    records = [
        ("first-reply", b"T", json.dumps(REPLY).encode(), NOW),
        ("customer", b"C", json.dumps(JOINED).encode(), NOW),
        ("customer", b"C", b"{", NOW),
        ("customer", b"C", None, NOW),
    ]
    facts = read_records(records)
    assert (["T"], ["C"], 2) == (list(facts.tickets), list(facts.customers), facts.accepted)
    assert {"syntax": 1, "null": 1} == facts.rejected
    assert facts.first_ms == NOW


def test_an_unknown_topic_is_the_caller_s_mistake() -> None:
    with pytest.raises(ValueError, match="unknown topic 'tickets'"):
        read_records([("tickets", b"T", b"{}", NOW)])
