"""How often each kind of hardship, each use of the contract and each situation was among the events of a run.

They are counted from the events alone, so that a run can show that each was there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from deskpulse.ingest.events_io import TimedEvent, to_ms
from deskpulse.lab.simulator.desk import DAY_MS, MINUTE_MS
from deskpulse.lab.simulator.situations import SITUATIONS, Situations
from deskpulse.lab.simulator.uses import USES, uses_of


@dataclass
class Kinds:
    """Counts kinds. Memory grows with events."""

    found: Counter[str] = field(default_factory=Counter)
    _changes: Counter[str] = field(default_factory=Counter)
    _last_ms: dict[str, int] = field(default_factory=dict)
    _contents: set[int] = field(default_factory=set)
    _ids: set[int] = field(default_factory=set)
    _created: dict[str, int] = field(default_factory=dict)  # publication, ms
    _newest_ms: int = 0
    _met: Counter[str] = field(default_factory=Counter)  # events by ticket
    _teams: set[str] = field(default_factory=set)

    _uses: Counter[str] = field(default_factory=Counter)
    _situations: Situations = field(default_factory=Situations)

    HARDSHIPS: ClassVar[tuple[str, ...]] = (
        "tickets with more than 100 changes",
        "comebacks after 70 to 300 days",
        "events ahead of their publication",
        "events more than 10 min behind their publication",
        "events sent again with another id",
        "tickets without a creation",
        "tickets of which nothing but the creation is known, a week later",
        "teams with an odd name",
        "events of a known identity",
    )
    NAMES: ClassVar[tuple[str, ...]] = (*HARDSHIPS, *SITUATIONS, *USES)

    def watch(self, events: Iterable[TimedEvent]) -> Iterator[TimedEvent]:
        """Let events through, and count."""
        for event in events:
            self.note(event)
            yield event

    def note(self, event: TimedEvent) -> None:
        """Count one event."""
        many, back, ahead, behind, twins, _, _, odd, known = self.HARDSHIPS
        value = event.value
        self._uses.update(uses_of(event.topic, value))
        self._situations.note(event)
        at_ms = to_ms(value["occurred_at"])
        self._newest_ms = max(self._newest_ms, event.publish_ms)
        self.found[ahead] += at_ms > event.publish_ms
        self.found[behind] += event.publish_ms - at_ms > 10 * MINUTE_MS and event.topic != "customer"
        ticket = value.get("ticket_id")
        identity = hash((event.topic, value["event_id"], event.key))
        if identity in self._ids:
            self.found[known] += 1
        elif isinstance(ticket, str):
            content = hash(
                (event.topic, repr({name: field for name, field in value.items() if name != "event_id"}))
            )
            self.found[twins] += content in self._contents
            self._contents.add(content)
        self._ids.add(identity)
        if not isinstance(ticket, str):
            return
        self._met[ticket] += 1
        if event.topic == "ticket-created":
            self._created.setdefault(ticket, event.publish_ms)
            team = str(value["team"])
            self.found[odd] += not _is_plain(team) and team not in self._teams
            self._teams.add(team)
        if event.topic == "ticket-changed":
            self._changes[ticket] += 1
            self.found[many] += self._changes[ticket] == 101
        gone_ms = at_ms - self._last_ms.get(ticket, at_ms)
        self.found[back] += 70 * DAY_MS <= gone_ms <= 300 * DAY_MS
        self._last_ms[ticket] = max(at_ms, self._last_ms.get(ticket, at_ms))

    def counts(self) -> Mapping[str, int]:
        """By kind; 0 where one did not come."""
        self.found["tickets without a creation"] = len(self._met.keys() - self._created.keys())
        old = [
            ticket
            for ticket, published_ms in self._created.items()
            if published_ms < self._newest_ms - 7 * DAY_MS
        ]
        self.found["tickets of which nothing but the creation is known, a week later"] = sum(
            self._met[ticket] == 1 for ticket in old
        )
        found = {name: self.found[name] for name in self.HARDSHIPS}
        return {**found, **self._situations.counts(), **{name: self._uses[name] for name in USES}}

    def lines(self) -> Iterator[str]:
        """The counts for people: a hardship or situation a line, and all values of a field in one."""
        fields: dict[str, list[str]] = {}
        for name, count in self.counts().items():
            group, colon, value = name.partition(": ")
            if colon:
                fields.setdefault(group, []).append(f"{value} {count:,}")
            else:
                yield f"{count:>7,} {name}"
        for group, values in fields.items():
            yield f"{group}: {', '.join(values)}"


def _is_plain(name: str) -> bool:
    return name.isascii() and name.isalnum() and len(name) <= 30
