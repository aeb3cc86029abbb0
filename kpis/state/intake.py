"""Intake: a record becomes an event of this partition, or a reject that says why not.

```
            event clock - horizon              event clock    record's timestamp + tolerance
  -----------------|---------------------------------|-----------------|--------->  event time
      too_late     |         taken, counted late     |      taken      |   future
```
Each edge still belongs to the better side. An event of a customer is never too late: customers of many years
are loaded into a running desk, as `joined` with their dates.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, get_args

from kpis.state.older_format import as_before
from kpis.state.records import SourceRecord
from kpis.state.rules import StateRules
from streams.decode import Reject, decoder
from streams.events import AnyEvent, CustomerChanged
from streams.sources import SOURCES

DECODERS: Final = {source.topic: decoder(source.topic) for source in SOURCES}
KEYS: Final = {source.topic: source.key_of for source in SOURCES}
_NEVER_LATE: Final = frozenset(get_args(CustomerChanged))


class Intake:
    """Admits decoded events by key and time, and counts the late ones."""

    def __init__(self, rules: StateRules, counts: Counter[str]) -> None:
        self._horizon_ms = rules.horizon_ms
        self._tolerance_ms = rules.future_tolerance_ms
        self._counts = counts
        self.takes_all = True  # False: the ledger has a format of programs that know fewer events

    def admitted(
        self, event: AnyEvent, key: str, record: SourceRecord, clock_ms: int | None
    ) -> AnyEvent | Reject:
        """The event, or why it must not be merged.

        `key` is the identifier that the event names; `clock_ms` the event clock, None while it has not begun:
        then nothing is late.
        """
        at = event.occurred_at
        if not self.takes_all:
            older = as_before(event)
            if isinstance(older, Reject):
                return older
        if record.key != key.encode():
            detail = f"the record key {record.key!r} is not the identifier {key!r}: another partition owns it"
            return Reject("key", detail)
        if at > record.timestamp + self._tolerance_ms:
            stamped = f"the record's timestamp {record.timestamp} ms plus the tolerance"
            return Reject("future", f"occurred_at {at} ms is later than {stamped}")
        if clock_ms is not None and at < clock_ms and type(event) not in _NEVER_LATE:
            if at < clock_ms - self._horizon_ms:
                behind = f"more than {self._horizon_ms} ms before the event clock {clock_ms} ms"
                return Reject("too_late", f"occurred_at {at} ms is {behind}")
            self._counts["late"] += 1
        return event
