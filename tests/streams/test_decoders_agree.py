"""The fast decoder and the oracle's own reading accept the same records, whatever is done to them."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

import pytest

from oracle.events import read_records
from streams.decode import Reject, decoder

GOOD: Final[dict[str, dict[str, Any]]] = {
    "ticket-created": {
        "event_id": "a",
        "occurred_at": 5000,
        "ticket_id": "t",
        "customer_id": "c",
        "team": "x",
        "channel": "y",
        "priority": "z",
        "url": "https://desk.example/1",
        "segment": "gold",
        "opened_by": "desk",
        "with_bot": True,
        "first_reply_due": 6000,
        "resolution_due": "2026-01-02T00:00:00Z",
        "next_reply_due": None,
    },
    "first-reply": {
        "event_id": "a",
        "occurred_at": "2026-01-01T00:00:00Z",
        "ticket_id": "t",
        "responder_id": "r",
        "automated": False,
    },
    "resolved": {
        "event_id": "a",
        "occurred_at": 1,
        "ticket_id": "t",
        "outcome": "solved",
        "by": "bot",
        "talk_seconds": 1.5,
        "hold_seconds": 3,
    },
    "survey": {
        "event_id": "a",
        "occurred_at": 1,
        "ticket_id": "t",
        "customer_id": "c",
        "kind": "csat",
        "score": 4,
        "scale_max": 5,
        "scale_min": 1,
        "satisfied": None,
    },
    "ticket-changed": {
        "event_id": "a",
        "occurred_at": 1,
        "ticket_id": "t",
        "change": "replied",
        "waiting_since": 5,
        "team": "q",
    },
    "customer": {"event_id": "a", "occurred_at": 1, "customer_id": "t", "status": "joined"},
    "presence": {
        "event_id": "a",
        "occurred_at": 1,
        "team": "Billing",
        "online": 8,
        "available": 3,
        "busy": 5,
    },
}
_CHANGE: Final[dict[str, Any]] = {"event_id": "a", "occurred_at": 5000, "ticket_id": "t"}
_LABELS: Final[dict[str, Any]] = {"team": "x", "channel": "y", "priority": "z", "segment": "gold"}
_DUES: Final[dict[str, Any]] = {"first_reply_due": 6000, "resolution_due": 7000, "next_reply_due": None}
CHANGES: Final[
    dict[str, dict[str, Any]]
] = {  # an event of `ticket-changed` for each change, all fields given
    change: {**_CHANGE, "change": change, **fields}
    for change, fields in {
        "triaged": _LABELS,
        "transferred": _LABELS,
        "replied": {"waiting_since": 4000, "automated": False, "responder_id": "r"},
        "customer_replied": {"waiting_since": 4000},
        "no_reply_needed": {},
        "handled": {"talk_seconds": 1.5, "hold_seconds": 3, "wrap_up_seconds": 0},
        "status": {"status": "waiting"},
        "handed_over": {},
        "assigned": {"assigned": True},
        "paused": {},
        "resumed": {},
        "reopened": {},
        "due": _DUES,
        "merged": {"into": "u"},
        "discarded": {},
        "restored": {},
        "retracted": {"retracts": "b", "retracts_kind": "survey"},
    }.items()
}
ODD: Final[tuple[Any, ...]] = (
    *(
        None,
        "",
        0,
        -1,
        1,
        5,
        11,
        1.0,
        1.5,
        -0.5,
        True,
        False,
        "x",
        "x" * 129,
        "é" * 128,
        [],
        {},
        [1],
        10**30,
        1e300,
    ),
    *(
        "joined",
        "left",
        "paused",
        "handled",
        "triaged",
        "status",
        "due",
        "merged",
        "retracted",
        "open",
        "bot",
        "human",
        "desk",
        "survey",
        "first-reply",
        "solved",
        "abandoned",
        "nps",
        "csat",
        "ces",
        7258118400000,
        7258118399999,
    ),
    *(631_151_999, 631_152_000, 1_772_442_000, 4_102_444_799, 4_102_444_800, "1970-01-21T12:20:42Z"),
    *(
        "2026-01-01T00:00:00",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00.123456Z",
        "2026-01-01T24:00:00Z",
        "2026-02-30T00:00:00Z",
    ),
    *(
        "1969-12-31T23:59:59Z",
        "2300-01-01T00:00:00Z",
        "2026-01-01T00:00:00-23:59",
        "2026-01-01t00:00:00z",
        "\ud800",
    ),
    *(
        " ",
        "\t",
        "High\n",
        "a\u0000b",
        "\u202etxt",
        "\u200fx",
        "a\u2028b",
        "Atencio\u0301n",
        "STRASSE",
        "Straße",
        "a\u200db",
        "\u00a0high\u3000",
    ),
)


def mutated(random: Random) -> tuple[str, bytes]:
    topic = random.choice([*GOOD, "ticket-changed", "ticket-changed"])
    event = dict(random.choice(list(CHANGES.values())) if topic == "ticket-changed" else GOOD[topic])
    for _ in range(random.choice((0, 1, 1, 1, 2))):
        name = random.choice([*event, "extra", "change", "kind"])
        if random.random() < 0.2:
            event.pop(name, None)
        else:
            event[name] = random.choice(ODD)
    raw = bytearray(json.dumps(event).encode())
    if random.random() < 0.1:
        raw[random.randrange(len(raw))] = random.randrange(256)
    return topic, bytes(raw)


@pytest.mark.parametrize("seed", range(4))
def test_both_decoders_accept_the_same_records(seed: int) -> None:
    random = Random(seed)
    for _ in range(3000):
        topic, raw = mutated(random)
        event = decoder(topic)(raw)
        key = b"" if isinstance(event, Reject) else event.key.encode()
        theirs = read_records([(topic, key, raw, None)])
        assert isinstance(event, Reject) == bool(theirs.rejected), (seed, topic, raw, event, theirs.rejected)


def test_the_decoder_is_total() -> None:
    """Deep nesting, bad UTF-8, no value, too long: a Reject with its reason each."""
    decode = decoder("first-reply")
    cases = {
        b'{"a":' + b"[" * 30_000: "syntax",
        b'{"event_id":"\xff"}': "syntax",
        b'{"unread":"\xff"}': "syntax",
        b"": "syntax",
        b"[]": "schema",
        b" " * (64 * 1024 + 1): "oversize",
        None: "null",
    }
    for raw, reason in cases.items():
        found = decode(raw)
        assert isinstance(found, Reject), raw
        assert found.reason == reason, (raw, found)
