"""A ledger without Kafka, and events as strategies: what the laws of rows, tables and states share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from kpis.ledger import codec
from kpis.sla.at_risk import AtRiskKey
from kpis.state.intake import DECODERS
from kpis.state.partition import PartitionState
from kpis.state.records import Changes, SourceRecord
from kpis.state.rules import StateRules
from kpis.tickets.facts import STATUSES
from kpis.tickets.standing import Dims
from streams.decode import Reject
from streams.events import AnyEvent
from streams.sources import BY_TOPIC
from streams.topics import SOURCE_TOPICS
from tests.laws.chaos import StreamRecord
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS
from windows.protocols import MakeTables
from windows.tables import Tables

T0: Final = 1_772_000_000_000

_times = st.sampled_from([T0, T0 + 1, T0 + MINUTE_MS, T0 + HOUR_MS]) | st.integers(
    T0 - HOUR_MS, T0 + 2 * DAY_MS
)
_ids = st.sampled_from(["e1", "e2", "é3"]) | st.integers(0, 40).map(lambda n: f"n{n}")
_names = st.sampled_from(["a", "b", "ñ"])
_parts = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([0, 1.5, 60]) for name in ("talk_seconds", "hold_seconds")}
)
_labels = {"team": _names, "channel": _names, "priority": _names}
_segments = {"segment": _names}
_waits = st.sampled_from([None, T0 - HOUR_MS, T0]) | _times
_dues = st.sampled_from([None, T0 + HOUR_MS]) | _times
_DUES: Final = ("first_reply_due", "resolution_due", "next_reply_due")


def _changed(change: str, **fields: st.SearchStrategy[Any]) -> tuple[str, st.SearchStrategy[dict[str, Any]]]:
    return "ticket-changed", st.fixed_dictionaries({"change": st.just(change), **fields})


_HIDING: Final = ("merged", "discarded")
_RETRACTED: Final = (None, "ticket-created", "first-reply", "resolved", "survey", "status", "transferred")
_KINDS: Final[tuple[tuple[str, st.SearchStrategy[dict[str, Any]]], ...]] = (
    (
        "ticket-created",
        st.fixed_dictionaries(
            {**_labels, "customer_id": _names},
            optional={
                "opened_by": st.sampled_from(["customer", "desk", "bot"]),
                "with_bot": st.booleans(),
                **_segments,
                **dict.fromkeys(_DUES, _dues),
            },
        ),
    ),
    ("first-reply", st.fixed_dictionaries({"automated": st.booleans()})),
    (
        "resolved",
        st.builds(
            dict,
            _parts,
            outcome=st.sampled_from(["solved", "solved", "abandoned"]),
            by=st.sampled_from(["human", "human", "bot"]),
        ),
    ),
    ("survey", st.fixed_dictionaries({"kind": st.just("nps"), "score": st.integers(0, 10)})),
    (
        "survey",
        st.fixed_dictionaries(
            {"kind": st.just("csat"), "score": st.integers(1, 2), "scale_max": st.sampled_from([None, 2, 7])},
            optional={"customer_id": _names},
        ),
    ),
    (
        "ticket-changed",
        st.fixed_dictionaries({"change": st.sampled_from(["reopened", "reopened", "paused", "resumed"])}),
    ),
    ("ticket-changed", st.builds(dict, _parts, change=st.just("handled"))),
    _changed("replied", waiting_since=_waits, automated=st.sampled_from([None, False, False, True])),
    _changed("customer_replied", waiting_since=_waits),
    _changed("customer_replied"),
    _changed("no_reply_needed"),
    ("ticket-changed", st.fixed_dictionaries({"change": st.just("triaged")}, optional=_labels | _segments)),
    (
        "ticket-changed",
        st.fixed_dictionaries({"change": st.just("transferred")}, optional=_labels | _segments),
    ),
    _changed("status", status=st.sampled_from(STATUSES)),
    _changed("handed_over"),
    _changed("assigned", assigned=st.booleans()),
    _changed("restored"),
    _changed("retracted", retracts=_ids, retracts_kind=st.sampled_from(_RETRACTED)),
    *[_changed("due", **{name: _dues}) for name in _DUES],
    _changed("merged"),
    _changed("discarded"),
)


@st.composite
def contents(draw: st.DrawFn, *ticket_ids: str) -> tuple[str, dict[str, Any]]:
    """(topic, event) of some ticket; discarding is rare, since it hides everything else."""
    few = _KINDS[: -len(_HIDING)]
    topic, fields = draw(st.sampled_from(_KINDS * 4 if draw(st.integers(0, 9)) == 0 else few))
    head = {
        "event_id": draw(_ids),
        "occurred_at": draw(_times),
        "ticket_id": draw(st.sampled_from(ticket_ids)),
    }
    return topic, {**head, **draw(fields)}


def decoded(content: tuple[str, dict[str, Any]]) -> AnyEvent:
    event = DECODERS[content[0]](json.dumps(content[1]).encode())
    assert not isinstance(event, Reject), event
    return event


events = contents("T1").map(decoded)


class Desk:
    """One partition with its ledger.

    It sends events, writes transactions, and can be recovered from what it wrote.
    """

    def __init__(self, rules: StateRules | None = None, make_tables: MakeTables[Dims] = Tables) -> None:
        self.rules = rules or StateRules()
        self.make_tables = make_tables
        self.state = PartitionState(0, self.rules, make_tables)
        self.rows: dict[tuple[str, bytes], bytes] = {}
        self.tombstones = 0
        self._offsets: dict[str, int] = {}
        self._sent = 0

    def record(self, topic: str, content: Mapping[str, Any]) -> SourceRecord:
        key = content[BY_TOPIC[topic].key_field(content)]
        offset = self._offsets[topic] = self._offsets.get(topic, -1) + 1
        return StreamRecord(0, offset, 1 << 50, key.encode(), json.dumps(content).encode())

    def send(self, topic: str, at_ms: int, **fields: Any) -> None:
        """One event with an id of its own."""
        self._sent += 1
        content = {"event_id": f"s{self._sent}", "occurred_at": at_ms, **fields}
        assert not self.state.apply(topic, [self.record(topic, content)])

    def create(self, ticket_id: str, at_ms: int, **fields: Any) -> None:
        dims = {"customer_id": "c", "team": "a", "channel": "b", "priority": "c", **fields}
        self.send("ticket-created", at_ms, ticket_id=ticket_id, **dims)

    def pass_time(self, at_ms: int) -> None:
        """Move the event clock: every topic but `customer` is drained."""
        self.send("customer", at_ms, customer_id="clock", status="left")
        self.state.advance(drained=set(SOURCE_TOPICS) - {"customer"})

    def write(self) -> Changes:
        return self.keep(self.state.take_changes())

    def keep(self, changes: Changes) -> Changes:
        """One transaction."""
        for name, rows in (("tickets", changes.tickets), ("view", changes.view)):
            assert len({key for key, _ in rows}) == len(rows), "a row was written twice in one transaction"
            for key, value in rows:
                self.tombstones += value is None
                self.rows.pop((name, key), None)
                if value is not None:
                    self.rows[name, key] = value
        return changes

    def recovered(self, seed: int = 0) -> PartitionState:
        """A new state from the written rows, in any order of keys."""
        state = PartitionState(0, self.rules, self.make_tables)
        rows = list(self.rows.items())
        Random(seed).shuffle(rows)
        for (name, key), value in rows:
            state.load(name, key, value)  # type: ignore[arg-type]
        state.loaded()
        return state

    def taken_over(self, seed: int = 0, *, most_bytes: int = 600) -> Iterator[Changes]:
        """A worker recovers the partition and brings it up to date, in transactions of its own.

        Few bytes make many transactions. The caller keeps them, or stops where the worker dies.
        """
        self.state = self.recovered(seed)
        if self.state.outdated:
            yield from (changes for changes in self.state.rebuild(most_bytes) if changes is not None)
        yield self.state.take_changes()

    def apply(self, found: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Events with the ids that they have, one record each."""
        for topic, content in found:
            self.state.apply(topic, [self.record(topic, content)])

    def tickets(self) -> dict[bytes, bytes]:
        return {key: value for (name, key), value in self.rows.items() if name == "tickets"}

    def view(self) -> dict[codec.ViewKey, Any]:
        return {
            codec.decode_view_key(key): value for (name, key), value in self.rows.items() if name == "view"
        }


def readable(rows: Iterable[tuple[bytes, bytes | None]]) -> dict[object, object]:
    """Rows of the view by typed key and decoded value: the order of cells within a value means nothing."""
    found: dict[object, object] = {}
    for key, value in rows:
        typed = codec.decode_view_key(key)
        decode: Any = codec.decode_cells
        if isinstance(typed, codec.NamesKey):
            decode = codec.decode_names
        elif isinstance(typed, codec.PositionKey):
            decode = codec.decode_position
        elif isinstance(typed, AtRiskKey):
            decode = codec.decode_at_risk
        elif isinstance(typed, codec.PresenceKey):
            decode = codec.decode_presence
        found[typed] = None if value is None else decode(value)
    return found
