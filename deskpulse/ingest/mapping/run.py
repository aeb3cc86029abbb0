"""Runs a mapping over a file: rows in, events of the contract out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from deskpulse.ingest import responders
from deskpulse.ingest.events_io import encode
from deskpulse.ingest.mapping import contract
from deskpulse.ingest.mapping.contract import Holds
from deskpulse.ingest.mapping.dirty import DirtyCell, DirtyRows
from deskpulse.ingest.mapping.rows import MappedRow, read_rows
from deskpulse.ingest.mapping.schema import EventRule, Mapping
from deskpulse.ingest.mapping.values import (
    InstantOf,
    Test,
    TextOf,
    all_of,
    columns_of,
    instant_field,
    instant_of,
    text_of,
    typed,
)
from streams.decode import Decode, Reject, decoder

_PROGRESS_EVERY: Final = 1_000  # rows


def map_file(
    path: Path,
    mapping: Mapping,
    dirty: DirtyRows | None = None,
    *,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[dict[str, object]]:
    """Yield the events of a file, each with its `topic`, row by row.

    Where the mapping has cases they come case by case. Every event holds to the contract; what does not is
    counted in `dirty`, as are rows that cannot be read, and stops nothing. The order is that of the file, not
    of the events' times. `on_progress` gets the number of rows read, now and then. Errors: MappingError when
    the file lacks a column that the mapping names; OSError when it cannot be read.
    """
    return _Run(mapping, DirtyRows() if dirty is None else dirty, on_progress).events(path)


class _Field(NamedTuple):
    """A field of an event, ready to be filled."""

    name: str
    holds: Holds
    required: bool
    withdraws: bool  # an empty text becomes null
    text: TextOf


@dataclass(frozen=True, slots=True)
class _Event:
    """An event rule, ready to be used."""

    topic: str
    first_only: bool
    applies: Test
    fields: Sequence[_Field]
    decode: Decode

    def of(self, row: MappedRow) -> dict[str, object]:
        """The event of a row, checked against the contract. Errors: DirtyCell."""
        event: dict[str, object] = {}
        for name, holds, required, withdraws, text in self.fields:
            given = self._given(name, text, row)
            if given:
                event[name] = typed("text" if holds == "time" else holds, given)
            elif required:
                raise DirtyCell("empty", f"{name} of {self.topic} is empty")
            elif withdraws:
                event[name] = None
        verdict = self.decode(encode(event))
        if isinstance(verdict, Reject):
            raise DirtyCell(verdict.reason, f"{self.topic}: {verdict.detail}")
        return {"topic": self.topic, **event}

    def _given(self, name: str, text: TextOf, row: MappedRow) -> str:
        """The text of a field. Errors: DirtyCell, which people read: it never holds who replied."""
        try:
            return text(row)
        except DirtyCell as cell:
            if name != responders.FIELD:
                raise
            raise DirtyCell(cell.reason, f"{name} of {self.topic} is not in its map") from None


class _Run:
    def __init__(self, mapping: Mapping, dirty: DirtyRows, on_progress: Callable[[int], None] | None) -> None:
        self._mapping, self._dirty, self._tell = mapping, dirty, on_progress
        self._keep = all_of(mapping.keep)
        self._checks = [(check, all_of(check.when)) for check in mapping.checks]
        self._times = _instants(mapping)
        self._events = [self._prepare(rule) for rule in mapping.events]

    def events(self, path: Path) -> Iterator[dict[str, object]]:
        rows = self._rows(path)
        for group in self._cases(rows) if self._mapping.case is not None else ([row] for row in rows):
            for event in self._events:
                yield from self._events_of(event, group)

    def _events_of(self, event: _Event, group: Iterable[MappedRow]) -> Iterator[dict[str, object]]:
        nth = 0
        for row in group:
            if not event.applies(row):
                continue
            nth += 1
            row.nth = nth
            try:
                made = event.of(row)
            except DirtyCell as cell:
                self._dirty.add(row.line, cell.reason, cell.detail)
            else:
                self._dirty.events += 1
                yield made
            if event.first_only:
                return

    def _rows(self, path: Path) -> Iterator[MappedRow]:
        """The rows that are kept, those that a check drops left out."""
        for row in read_rows(path, self._mapping.source, _columns(self._mapping), self._dirty):
            if self._tell is not None and self._dirty.rows % _PROGRESS_EVERY == 0:
                self._tell(self._dirty.rows)
            dropped = self._is_dropped(row)
            if not self._keep(row):
                self._dirty.passed_over += 1
            elif not dropped:
                yield row
        if self._tell is not None:
            self._tell(self._dirty.rows)

    def _is_dropped(self, row: MappedRow) -> bool:
        dropped = False
        for check, fails in self._checks:
            if fails(row):
                self._dirty.add(
                    row.line,
                    check.reason,
                    ", ".join(f"{test.column} is {row.cells[test.column]!r}" for test in check.when),
                )
                dropped = dropped or check.drop
        return dropped

    def _cases(self, rows: Iterable[MappedRow]) -> Iterator[list[MappedRow]]:
        """Rows of a case together, in the order of the case's first row.

        A row without a case or without its time is dirty.
        """
        case = self._mapping.case
        assert case is not None
        instant = None if case.order_by is None else self._times[case.order_by]
        cases: dict[str, list[tuple[int, MappedRow]]] = {}
        for row in rows:
            name = row.cells[case.by]
            if not name:
                self._dirty.add(row.line, "empty", f"{case.by} is empty")
                continue
            try:
                at_ms = 0 if instant is None else instant(row)
            except DirtyCell as cell:
                self._dirty.add(row.line, cell.reason, cell.detail)
                continue
            if at_ms is None:
                self._dirty.add(row.line, "empty", f"{case.order_by} is empty")
                continue
            cases.setdefault(name, []).append((at_ms, row))
        for timed in cases.values():
            yield [row for _, row in sorted(timed, key=lambda item: item[0])]

    def _prepare(self, rule: EventRule) -> _Event:
        tags = contract.tag_field(rule.topic)
        tag = rule.fields[tags].constant if tags in rule.fields else None
        known = contract.rules(rule.topic, tag)
        fields = [
            _Field(name, known[name].holds, known[name].required, value.withdraw, self._text_of(rule, name))
            for name, value in rule.fields.items()
        ]
        return _Event(rule.topic, rule.rows == "first", all_of(rule.when), fields, decoder(rule.topic))

    def _text_of(self, rule: EventRule, name: str) -> TextOf:
        value = rule.fields[name]
        if value.time is None:
            return text_of(value)
        instant = self._times[value.time]
        return lambda row: instant_field(instant, row)


def _instants(mapping: Mapping) -> dict[str, InstantOf]:
    """The times by name: first those that others wrap after, which do not wrap themselves."""
    instants = {
        name: instant_of(time, mapping.zone)
        for name, time in mapping.times.items()
        if time.wraps_after is None
    }
    for name, time in mapping.times.items():
        if time.wraps_after is not None:
            instants[name] = instant_of(time, mapping.zone, instants[time.wraps_after])
    return instants


def _columns(mapping: Mapping) -> list[str]:
    """The columns that a mapping reads, each once, in the order in which it names them."""
    conditions = [*mapping.keep, *(test for check in mapping.checks for test in check.when)]
    conditions += [test for rule in mapping.events for test in rule.when]
    values = [*mapping.times.values(), *(value for rule in mapping.events for value in rule.fields.values())]
    case = [] if mapping.case is None else [mapping.case.by]
    names = [
        *case,
        *(test.column for test in conditions),
        *(name for value in values for name in columns_of(value)),
    ]
    return list(dict.fromkeys(names))
