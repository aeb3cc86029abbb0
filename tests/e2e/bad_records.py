"""Everything that a record can be but an event, each with the reason for which it must be refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from windows.panes import DAY_MS, HOUR_MS


class BadRecord(NamedTuple):
    """A record for a source topic that no worker may take for an event."""

    what: str
    reason: str
    topic: str
    key: bytes | None
    value: bytes | None


def bad_records(now_ms: int) -> Iterator[BadRecord]:
    """One of each kind; `T1` is a ticket that exists."""
    yield from _unreadable()
    yield from _of_wrong_form(now_ms)
    yield from _out_of_range(now_ms)
    reply = _event(now_ms, ticket_id="T1")
    yield BadRecord("a key of another ticket", "key", "first-reply", b"T2", reply)
    yield BadRecord("no key", "key", "first-reply", None, reply)
    yield BadRecord(
        "a customer under a ticket's key",
        "key",
        "customer",
        b"T1",
        _event(now_ms, customer_id="C1", status="joined"),
    )


def too_late(now_ms: int) -> BadRecord:
    """More than 61 days before what is known of its partition.

    It books nothing, so that the oracle, which takes it, agrees.
    """
    value = _event(now_ms - 62 * DAY_MS, ticket_id="T1", change="paused")
    return BadRecord("two months late", "too_late", "ticket-changed", b"T1", value)


def _unreadable() -> Iterator[BadRecord]:
    texts = {
        "half a JSON text": b'{"event_id": "e", "occurred_at": ',
        "nothing at all": b"",
        "no JSON": b"\x00\x01binary",
        "a Latin-1 letter": b'{"event_id": "caf\xe9", "occurred_at": 1, "ticket_id": "T1"}',
        "bad UTF-8 in a field that nobody reads": b'{"event_id": "e", "occurred_at": 1, '
        b'"ticket_id": "T1", "note": "\xff\xfe"}',
        "nesting without end": b'{"event_id": "e", "note": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    }
    for what, text in texts.items():
        yield BadRecord(what, "syntax", "first-reply", b"T1", text)
    yield BadRecord("a tombstone", "null", "resolved", b"T1", None)
    padded = _event(0, ticket_id="T1", note="x" * 70 * 1024)
    yield BadRecord("70 KiB", "oversize", "first-reply", b"T1", padded)


def _of_wrong_form(now_ms: int) -> Iterator[BadRecord]:
    wrong = {
        "no ticket_id": _event(now_ms),
        "no event_id": json.dumps({"occurred_at": now_ms, "ticket_id": "T1"}).encode(),
        "a number for an identifier": _event(now_ms, ticket_id=1),
        "a text for a flag": _event(now_ms, ticket_id="T1", automated="yes"),
        "an empty identifier": _event(now_ms, ticket_id=""),
        "129 characters": _event(now_ms, ticket_id="T" * 129),
        "a list": b"[]",
        "a fraction for an instant": json.dumps(
            {"event_id": "e", "ticket_id": "T1", "occurred_at": 1.5}
        ).encode(),
    }
    for what, value in wrong.items():
        yield BadRecord(what, "schema", "first-reply", b"T1", value)
    yield BadRecord("a survey of nobody", "schema", "survey", b"T1", _event(now_ms, kind="nps", score=9))
    yield BadRecord(
        "negative seconds", "schema", "resolved", b"T1", _event(now_ms, ticket_id="T1", talk_seconds=-1)
    )
    yield BadRecord(
        "an unknown change",
        "kind",
        "ticket-changed",
        b"T1",
        _event(now_ms, ticket_id="T1", change="exploded"),
    )
    yield BadRecord(
        "an unknown status", "kind", "customer", b"C1", _event(now_ms, customer_id="C1", status="pending")
    )
    yield BadRecord(
        "an unknown survey", "kind", "survey", b"T1", _event(now_ms, ticket_id="T1", kind="mood", score=5)
    )


def _out_of_range(now_ms: int) -> Iterator[BadRecord]:
    yield BadRecord(
        "an NPS of 11", "score", "survey", b"T1", _event(now_ms, ticket_id="T1", kind="nps", score=11)
    )
    yield BadRecord(
        "a scale of one",
        "score",
        "survey",
        b"T1",
        _event(now_ms, ticket_id="T1", kind="csat", score=1, scale_max=1),
    )
    instants: dict[str, int | str] = {
        "before 1970": -1,
        "microseconds": now_ms * 1000,
        "epoch seconds": now_ms // 1000,
        "no offset": "2026-03-02T12:00:00",
        "the 30th of February": "2026-02-30T12:00:00Z",
        "no time": "yesterday",
    }
    for what, instant in instants.items():
        yield BadRecord(what, "time", "first-reply", b"T1", _event(instant, ticket_id="T1"))
    waiting = _event(now_ms, ticket_id="T1", change="replied", waiting_since=-1)
    yield BadRecord("waiting since before 1970", "time", "ticket-changed", b"T1", waiting)
    yield BadRecord("an hour ahead", "future", "first-reply", b"T1", _event(now_ms + HOUR_MS, ticket_id="T1"))


def _event(occurred_at: int | str, **fields: object) -> bytes:
    return json.dumps({"event_id": "bad", "occurred_at": occurred_at, **fields}).encode()
