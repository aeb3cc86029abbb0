"""Everybody's figures against the oracle's, which reads the source topics.

They are those of two exporters, and the ledger with its rows and its counters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskpulse.lab.demo import proof
from deskpulse.settings import Settings
from oracle import verify
from oracle.course import follow
from oracle.events import Event, Facts, Record, read_records
from oracle.figures import OracleFigure
from oracle.standing import order_of, standing
from proofs.soak.archive import Contents
from proofs.soak.rebuild import Ledger, rebuilt, shown_names
from proofs.soak.verdict import Comparison

DAY_MS = 86_400_000
LONGEST_PANE_DAYS = 61  # no row leaves before what it has booked
OPEN_DAYS = 365  # without an event, then an open ticket is given up
KNOWN_DAYS = 400  # after its last event a ticket is still known
# the soak's desk has none
BY_POLICY = ("support_sla_", "support_business_", "support_oldest_unanswered_business_")
# What a ticket row says (docs/ledger.md): the numbers of kinds, and the place of the flag of a row that let
# go of facts.
_KINDS = (
    "created",
    "triaged",
    "replied",
    "handled",
    "paused",
    "resumed",
    "resolved",
    "reopened",
    "discarded",
    "nps",
    "csat",
    "ces",
    "transferred",
    "due",
    "assigned",
    "customer_replied",
    "no_reply_needed",
    "handed_over",
    "status",
    "merged",
    "restored",
    "retracted",
)
_CUT, _STUB = 3, 4
_STATES = (None, "solved", "abandoned")  # of what remains
_DISCARDED = 8


@dataclass(frozen=True)
class Truth:
    """What the oracle reads in the source topics."""

    settings: Settings
    facts: Facts
    refused: frozenset[str]  # keys of the dead letters that there must be

    @classmethod
    def of(cls, settings: Settings, contents: Contents) -> Truth:
        """Read everything once."""
        refused: set[str] = set()
        key = ""

        def records() -> Iterator[Record]:
            nonlocal key
            for (topic, partition), offset, record in contents.for_oracle():
                key = f"{topic}-{partition}-{offset}"
                yield record

        tolerance_ms = settings.desk.future_tolerance_seconds * 1000
        facts = read_records(
            records(), future_tolerance_ms=tolerance_ms, on_reject=lambda _: refused.add(key)
        )
        return cls(settings, facts, frozenset(refused))

    def exporter(self, what: str, samples: proof.Samples) -> tuple[Comparison, list[OracleFigure]]:
        """A scrape against the oracle at its own instant; the expected figures beside it."""
        expected = proof.expected_figures(
            self.settings, proof.heard(self.facts, samples), proof.as_of(samples)
        )
        differences = verify.compare(expected, samples)
        return Comparison(what, len(expected), [str(one) for one in differences]), expected

    def ledger(
        self, ledger: Ledger, as_of_ms: int, expected: Sequence[OracleFigure] | None = None
    ) -> Comparison:
        """The figures rebuilt from the ledger's rows."""
        if expected is None:
            expected = proof.expected_figures(self.settings, self.facts, as_of_ms, with_parts=False)
        wanted = [
            figure
            for figure in expected
            if "by" in dict(figure.labels) and not figure.name.startswith(BY_POLICY)
        ]
        try:
            found = rebuilt(ledger, self.settings, shown_names(wanted), as_of_ms)
            differences = [str(one) for one in verify.compare(wanted, found)]
        except (ArithmeticError, ValueError) as error:  # a count below zero has no root
            differences = [f"the rows make no figures: {error}"]
        return Comparison("figures from the ledger's rows", len(wanted), differences)

    def counters(self, ledger: Ledger, *, lost: int = 0) -> Comparison:
        """The counters that a replay would raise: nothing about them is idempotent."""
        wanted = {"accepted": self.facts.accepted, "duplicate": duplicates(self.facts), "lost": lost}
        found = {name: ledger.counter(name) for name in wanted}
        wanted |= {f"rejected {reason}": count for reason, count in self.facts.rejected.items()}
        found |= {f"rejected {reason}": count for reason, count in ledger.rejected().items()}
        return Comparison("counters", len(wanted), _unequal(wanted, found), figures=False)

    def dead_letters(self, letters: Iterable[Any]) -> Comparison:
        """Each refused record is there once and no other."""
        keys = [letter.key.decode() for letter in letters]
        twice = (
            [f"twice: {key}" for key in sorted({key for key in keys if keys.count(key) > 1})]
            if len(keys) > len(set(keys))
            else []
        )
        missing = [f"missing: {key}" for key in sorted(self.refused - set(keys))]
        strange = [f"unexpected: {key}" for key in sorted(set(keys) - self.refused)]
        return Comparison("dead letters", len(self.refused), [*twice, *missing, *strange], figures=False)

    def rows(self, ledger: Ledger) -> Comparison:
        """Each ticket row against the events of its ticket.

        For a ticket that came back, only events after what its row let go of count.
        """
        clock_ms = max((position.event_clock_ms or 0 for position in ledger.positions.values()), default=0)
        cut = {ticket for ticket, row in ledger.tickets.items() if is_cut(row)}
        wanted = {
            ticket: told(events, since_ms=until_ms(ledger.tickets.get(ticket)))
            for ticket, events in self.facts.tickets.items()
            if ticket not in cut
        }
        found = {ticket: written(row) for ticket, row in ledger.tickets.items() if ticket not in cut}
        over = {
            ticket
            for ticket in wanted
            if ticket not in found and _has_left(self.facts.tickets[ticket], clock_ms)
        }
        return Comparison(
            "ticket rows",
            len(found),
            _unequal({t: row for t, row in wanted.items() if t not in over}, found),
            figures=False,
        )

    def remains(self, ledger: Ledger) -> Comparison:
        """What remains of each ticket whose row has left, against its events.

        Nothing does 400 days after the last of them.
        """
        clock_ms = max((position.event_clock_ms or 0 for position in ledger.positions.values()), default=0)
        left = {
            ticket: events for ticket, events in self.facts.tickets.items() if ticket not in ledger.tickets
        }
        wanted = {ticket: summed_up(events) for ticket, events in left.items()}
        found = {
            ticket: (row[0], _STATES[row[1] & 3], bool(row[1] & _DISCARDED))
            for ticket, row in ledger.remains.items()
        }
        gone = {
            ticket
            for ticket, (last_ms, *_) in wanted.items()
            if ticket not in found and last_ms < clock_ms - KNOWN_DAYS * DAY_MS
        }
        differences = _unequal({ticket: row for ticket, row in wanted.items() if ticket not in gone}, found)
        return Comparison("what remains of tickets", len(found), differences, figures=False)


def _has_left(events: Sequence[Event], clock_ms: int) -> bool:
    """Whether so long ago was the last event that the row may have left."""
    days = OPEN_DAYS if follow(standing(events)).is_open else LONGEST_PANE_DAYS
    return max(event.order[0] for event in events) < clock_ms - days * DAY_MS


def duplicates(facts: Facts) -> int:
    """Accepted events beyond the first of each identity, counted from the topics alone."""
    return sum(
        len(found) - len({event.identity for event in found})
        for owners in (facts.tickets, facts.customers)
        for found in owners.values()
    )


def told(events: Sequence[Event], *, since_ms: int | None = None) -> dict[str, object]:
    """What the events say of a ticket: each fact with its time and identity, in order.

    Those that were retracted are among them, and the retractions. `since_ms`: those after it alone.
    """
    facts: dict[tuple[str, str], Event] = {}
    for event in events:
        known = facts.get(event.identity)
        if known is None or event.order < known.order:
            facts[event.identity] = event
    return {
        "facts": [
            (fact.order[0], fact.content["kind"] if fact.kind == "survey" else fact.kind, fact.order[2])
            for fact in sorted(facts.values(), key=order_of)
            if since_ms is None or fact.order[0] > since_ms
        ],
        "last": max(event.order[0] for event in events),
    }


def summed_up(events: Sequence[Event]) -> tuple[int, str | None, bool]:
    """A ticket whose row has left: its last event, how it was closed, and whether it was discarded.

    How it was closed is None where the ticket is open.
    """
    course = follow(standing(events))
    return (max(event.order[0] for event in events), course.outcome, course.gone == "discarded")


def until_ms(row: Sequence[Any] | None) -> int | None:
    """Up to when a row has let go of the facts of a ticket that came back.

    None where the row has them all, or there is none.
    """
    stub = row[_STUB] if row is not None and len(row) > _STUB else None
    return None if stub is None else int(stub[1])


def written(row: Sequence[Any]) -> dict[str, object]:
    """What a row of the ledger says of its ticket."""
    facts: list[tuple[int, str, str]] = []
    at_ms = 0
    items = row[0]
    for place in range(0, len(items), 4):
        kind, since_ms, digest, _ = items[place : place + 4]
        at_ms += since_ms
        facts.append((at_ms, _KINDS[kind], digest.hex()))
    return {"facts": facts, "last": at_ms + (row[1] if len(row) > 1 else 0)}


def is_cut(row: Sequence[Any]) -> bool:
    """Whether a ticket had more facts than its row keeps."""
    return len(row) > _CUT and bool(row[_CUT])


def _unequal(wanted: Mapping[str, object], found: Mapping[str, object]) -> list[str]:
    return [
        f"{name}: expected {wanted.get(name)}, found {found.get(name)}"
        for name in sorted({*wanted, *found})
        if wanted.get(name) != found.get(name)
    ]
