"""Everybody's figures against the oracle's, which reads the source topics: two exporters, the ledger, its rows and its counters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskpulse import verify
from deskpulse.demo import proof
from deskpulse.oracle import OracleFigure
from deskpulse.oracle_events import Event, Facts, Record, read_records
from deskpulse.oracle_tickets import standing, walk
from deskpulse.settings import Settings
from soak.archive import Contents
from soak.rebuild import Ledger, rebuilt, shown_names
from soak.verdict import Comparison

DAY_MS = 86_400_000
LONGEST_PANE_DAYS = 61  # no row leaves before what it has booked
BY_POLICY = ("support_sla_", "support_business_", "support_oldest_unanswered_business_")  # the soak's desk has none
# What a ticket row says (docs/ledger.md): the numbers of kinds, and the place of the flag of a row that let go of facts.
_KINDS = ("created", "triaged", "replied", "handled", "paused", "resumed", "resolved", "reopened", "discarded", "nps", "csat", "ces")
_CUT = 3
_CHANGES = frozenset({"resolved", "reopened"})


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
        facts = read_records(records(), future_tolerance_ms=tolerance_ms, on_reject=lambda _: refused.add(key))
        return cls(settings, facts, frozenset(refused))

    def exporter(self, what: str, samples: proof.Samples) -> tuple[Comparison, list[OracleFigure]]:
        """A scrape against the oracle at its own instant; the expected figures beside it."""
        expected = proof.expected_figures(self.settings, self.facts, proof.as_of(samples))
        differences = verify.compare(expected, samples)
        return Comparison(what, len(expected), [str(one) for one in differences]), expected

    def ledger(self, ledger: Ledger, as_of_ms: int, expected: Sequence[OracleFigure] | None = None) -> Comparison:
        """The figures rebuilt from the ledger's rows."""
        if expected is None:
            expected = proof.expected_figures(self.settings, self.facts, as_of_ms, with_parts=False)
        wanted = [figure for figure in expected if "by" in dict(figure.labels) and not figure.name.startswith(BY_POLICY)]
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
        twice = [f"twice: {key}" for key in sorted({key for key in keys if keys.count(key) > 1})] if len(keys) > len(set(keys)) else []
        missing = [f"missing: {key}" for key in sorted(self.refused - set(keys))]
        strange = [f"unexpected: {key}" for key in sorted(set(keys) - self.refused)]
        return Comparison("dead letters", len(self.refused), [*twice, *missing, *strange], figures=False)

    def rows(self, ledger: Ledger) -> Comparison:
        """Each ticket row against the events of its ticket."""
        clock_ms = max((position.event_clock_ms or 0 for position in ledger.positions.values()), default=0)
        gone_ms = clock_ms - max(self.settings.desk.horizon_days, LONGEST_PANE_DAYS) * DAY_MS
        cut = {ticket for ticket, row in ledger.tickets.items() if is_cut(row)}
        wanted = {ticket: told(events) for ticket, events in self.facts.tickets.items() if ticket not in cut}
        found = {ticket: written(row) for ticket, row in ledger.tickets.items() if ticket not in cut}
        over = {ticket for ticket, row in wanted.items() if ticket not in found and not row["open"] and _last(row) < gone_ms}
        return Comparison("ticket rows", len(found), _unequal({t: row for t, row in wanted.items() if t not in over}, found), figures=False)


def _last(row: Mapping[str, object]) -> int:
    last = row["last"]
    assert isinstance(last, int)
    return last


def duplicates(facts: Facts) -> int:
    """Accepted events beyond the first of each identity, counted from the topics alone."""
    return sum(
        len(found) - len({event.identity for event in found}) for owners in (facts.tickets, facts.customers) for found in owners.values()
    )


def told(events: Sequence[Event]) -> dict[str, object]:
    """What the events say of a ticket: each fact with its time and identity, in order."""
    facts = standing(events)
    kinds = {fact.kind for fact in facts}
    return {
        "facts": [(fact.order[0], fact.content["kind"] if fact.kind == "survey" else fact.kind, fact.order[2]) for fact in facts],
        "last": max(event.order[0] for event in events),
        "open": "created" in kinds and "discarded" not in kinds and walk(fact for fact in facts if fact.kind in _CHANGES).outcome is None,
    }


def written(row: Sequence[Any]) -> dict[str, object]:
    """What a row of the ledger says of its ticket."""
    facts: list[tuple[int, str, str]] = []
    at_ms, closed = 0, False
    items = row[0]
    for place in range(0, len(items), 4):
        kind, since_ms, digest, _ = items[place : place + 4]
        at_ms += since_ms
        facts.append((at_ms, _KINDS[kind], digest.hex()))
        closed = _KINDS[kind] == "resolved" or (closed and _KINDS[kind] != "reopened")
    kinds = {kind for _, kind, _ in facts}
    return {
        "facts": facts,
        "last": at_ms + (row[1] if len(row) > 1 else 0),
        "open": "created" in kinds and "discarded" not in kinds and not closed,
    }


def is_cut(row: Sequence[Any]) -> bool:
    """Whether a ticket had more facts than its row keeps."""
    return len(row) > _CUT and bool(row[_CUT])


def _unequal(wanted: Mapping[str, object], found: Mapping[str, object]) -> list[str]:
    return [
        f"{name}: expected {wanted.get(name)}, found {found.get(name)}"
        for name in sorted({*wanted, *found})
        if wanted.get(name) != found.get(name)
    ]
