"""A scripted support desk: each call makes one raw record, as a producer would write it."""

import itertools
import json
from datetime import UTC, datetime

from oracle.events import Event, Record, read_records
from oracle.figures import OracleFigure
from oracle.tickets import observations_of_ticket

DAY = "2024-03-04"  # a Monday
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
LIVE = tuple(
    f"support_{name}"
    for name in (
        "open",
        "unanswered",
        "unassigned",
        "waiting",
        "with_bot",
        "oldest",
        "responders",
        "sla_waiting",
        "sla_overdue",
    )
)


def at(text: str) -> int:
    """Milliseconds of `10:00`, `10:00:30` (on DAY) or `2024-03-01 10:00`, UTC."""
    full = text if "-" in text else f"{DAY} {text}"
    return round(datetime.fromisoformat(full).replace(tzinfo=UTC).timestamp() * 1000)


class Desk:
    """Writes records; event ids count up unless a test gives one."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._numbers = itertools.count(1)

    def send(self, topic: str, key: str, when: str | int, **fields: object) -> None:
        time_ms = at(when) if isinstance(when, str) else when
        event = {"event_id": f"e{next(self._numbers):06}", "occurred_at": time_ms} | fields
        self.records.append((topic, key.encode(), json.dumps(event).encode(), time_ms))

    def created(self, ticket: str, when: str | int, **fields: object) -> None:
        defaults = {
            "ticket_id": ticket,
            "customer_id": "C1",
            "team": "billing",
            "channel": "mail",
            "priority": "high",
        }
        self.send("ticket-created", ticket, when, **(defaults | fields))

    def answered(self, ticket: str, when: str | int, **fields: object) -> None:
        self.send("first-reply", ticket, when, ticket_id=ticket, **fields)

    def resolved(self, ticket: str, when: str | int, **fields: object) -> None:
        self.send("resolved", ticket, when, ticket_id=ticket, **fields)

    def changed(self, ticket: str, when: str | int, change: str, **fields: object) -> None:
        self.send("ticket-changed", ticket, when, ticket_id=ticket, change=change, **fields)

    def surveyed(self, ticket: str, when: str | int, kind: str, score: int, **fields: object) -> None:
        self.send("survey", ticket, when, ticket_id=ticket, kind=kind, score=score, **fields)

    def customer_surveyed(
        self, customer: str, when: str | int, kind: str, score: int, **fields: object
    ) -> None:
        self.send("survey", customer, when, customer_id=customer, kind=kind, score=score, **fields)

    def customer(self, customer: str, when: str | int, status: str, **fields: object) -> None:
        self.send("customer", customer, when, customer_id=customer, status=status, **fields)

    def events(self, owner: str) -> list[Event]:
        """The events of one ticket or customer, all of which must be accepted."""
        facts = read_records(self.records)
        assert not facts.rejected
        return [*facts.tickets.get(owner, []), *facts.customers.get(owner, [])]


def read(figures: list[OracleFigure], name: str, **labels: str) -> float | None:
    """The value of the one figure with these labels among its own; None when it is absent."""
    asked = {"window": "1h", "period": "current", "by": "all", "member": "all"} | labels
    if name.startswith(LIVE):
        asked = {key: value for key, value in asked.items() if key not in ("window", "period")}
    found = [figure.value for figure in figures if figure.key == (name, frozenset(asked.items()))]
    assert len(found) <= 1
    return found[0] if found else None


def series(desk: Desk, name: str, ticket: str = "T") -> list[tuple[int, int]]:
    """Time and value of what a ticket adds to a series, in the order of time."""
    return sorted(
        (one.at_ms, one.value) for one in observations_of_ticket(desk.events(ticket)) if one.series == name
    )


def minutes(desk: Desk, name: str, ticket: str = "T") -> list[tuple[str, float]]:
    """The durations that a ticket adds to a series, as `10:30` and minutes."""
    return [(clock(at_ms), value / MINUTE_MS) for at_ms, value in series(desk, name, ticket)]


def times(desk: Desk, name: str, ticket: str = "T") -> list[str]:
    """When a ticket adds to a series, as `10:30`; on another day as `2024-03-11 10:30`."""
    return [clock(at_ms) for at_ms, _ in series(desk, name, ticket)]


def teams(desk: Desk, name: str, ticket: str = "T") -> list[str]:
    """Of which team is what a ticket adds to a series, in the order of time."""
    found = [one for one in observations_of_ticket(desk.events(ticket)) if one.series == name]
    return [one.dimensions[0] for one in sorted(found, key=lambda one: one.at_ms)]


def clock(at_ms: int) -> str:
    """The time of day of an instant, after its day if that is another than DAY."""
    moment = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    return f"{moment:%H:%M}" if f"{moment:%Y-%m-%d}" == DAY else f"{moment:%Y-%m-%d %H:%M}"
