"""The load knows where in event time it is."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

from proofs.soak.load import Load
from proofs.stack import Sent, Stack

JOINED: Sent = ("customer", b"C-1", json.dumps({"occurred_at": "2021-05-01T00:00:00Z"}).encode())
NO_EVENT: Sent = ("survey", b"S-1", b'{"event_id": ')
CREATED: Sent = ("ticket-created", b"T-1", json.dumps({"occurred_at": 1_700_000_000_000}).encode())


def load(*records: Sent) -> Load:
    return Load(cast("Stack", SimpleNamespace()), records, rate=1.0)


def test_customers_who_joined_years_ago_do_not_say_what_time_it_is() -> None:
    one = load(JOINED, NO_EVENT, CREATED, JOINED)
    assert 1_700_000_000_000 == one.coming_ms()
    assert 1_700_000_000_000 == one.coming_ms()  # and nothing of it is used up
    sent: list[Any] = list(one._take(9))
    assert [JOINED, NO_EVENT, CREATED, JOINED] == sent


def test_what_is_left_comes_before_what_is_only_there_for_a_longer_run() -> None:
    one = Load(cast("Stack", SimpleNamespace()), [JOINED, CREATED], rate=1.0, more=[NO_EVENT])
    sent: list[Any] = list(one._take(3))
    assert [JOINED, CREATED, NO_EVENT] == sent
