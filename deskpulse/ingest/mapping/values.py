"""Turns the words of a mapping into functions of a row: texts, times, tests and typed fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from deskpulse.ingest.events_io import to_ms, to_rfc3339
from deskpulse.ingest.mapping.contract import Holds
from deskpulse.ingest.mapping.dirty import DirtyCell
from deskpulse.ingest.mapping.rows import MappedRow
from deskpulse.ingest.mapping.schema import PLACEHOLDER, Condition, Time, Value

TextOf = Callable[[MappedRow], str]  # "" when there is nothing
InstantOf = Callable[[MappedRow], int | None]  # epoch milliseconds
Test = Callable[[MappedRow], bool]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS: Final = 86_400_000
FLAGS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def columns_of(value: Value) -> Iterator[str]:
    """The columns that a value reads."""
    if value.column is not None:
        yield value.column
    if value.template is not None:
        yield from (name for name in PLACEHOLDER.findall(value.template) if not name.startswith("#"))
    for choice in value.first or ():
        yield from columns_of(choice)


def text_of(value: Value) -> TextOf:
    """The function that turns a cell into the text of a value.

    It raises DirtyCell for a cell that a `map` without a default does not name.
    """
    origin = _origin(value)
    names, default = value.map, value.default
    if names is None:
        return origin if default is None else lambda row: origin(row) or default

    def mapped(row: MappedRow) -> str:
        text = origin(row)
        found = names.get(text, default)
        if found is None and text:
            raise DirtyCell("value", f"{text!r} is not in the map of {', '.join(columns_of(value))}")
        return found or ""

    return mapped


def _origin(value: Value) -> TextOf:
    if (column := value.column) is not None:
        return lambda row: row.cells[column]
    if (constant := value.constant) is not None:
        return lambda _: constant
    if value.template is not None:
        return _template(value.template)
    choices = [text_of(choice) for choice in value.first or ()]
    return lambda row: next((text for choice in choices if (text := choice(row))), "")


def _template(template: str) -> TextOf:
    """Literal texts and placeholders in turn, as the split by a pattern with one group gives them."""
    pieces = PLACEHOLDER.split(template)

    def text(row: MappedRow) -> str:
        built = {"#line": str(row.line), "#nth": str(row.nth)}
        filled = list(pieces)
        for index in range(1, len(pieces), 2):
            name = pieces[index]
            filled[index] = built[name] if name in built else row.cells[name]
            if not filled[index]:
                return ""
        return "".join(filled)

    return text


def instant_of(time: Time, default_zone: str, anchor: InstantOf | None = None) -> InstantOf:
    """An instant; None where the text is empty.

    Its function raises DirtyCell for a text of another format.
    """
    text = text_of(time)
    # Several events of a row read the same time, and strptime is the dearest step of all.
    read = lru_cache(maxsize=256)(_reader(time.format, ZoneInfo(time.zone or default_zone)))

    def instant(row: MappedRow) -> int | None:
        given = text(row)
        if not given:
            return None
        try:
            at_ms = read(given)
        except (ValueError, OverflowError):
            raise DirtyCell("time", f"{given!r} is not in the format {time.format}") from None
        after_ms = anchor(row) if anchor is not None else None
        # A time of day says nothing of midnight: what seems half a day too early is on the next day.
        return at_ms + _DAY_MS if after_ms is not None and at_ms < after_ms - _DAY_MS // 2 else at_ms

    return instant


def _reader(form: str, zone: ZoneInfo) -> Callable[[str], int]:
    if form == "rfc3339":
        return to_ms
    if form == "epoch_ms":
        return int
    if form == "epoch_s":
        return lambda text: round(float(text) * 1000)

    def parse(text: str) -> int:
        at = datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows, where the text has none
        return ((at if at.tzinfo else at.replace(tzinfo=zone)) - _EPOCH) // timedelta(milliseconds=1)

    return parse


def test_of(condition: Condition) -> Test:
    """The test of one cell."""
    c, column = condition, condition.column
    tests: tuple[tuple[object, Callable[[str], bool]], ...] = (
        (c.equals, lambda cell: cell == c.equals),
        (c.not_, lambda cell: cell != c.not_),
        (c.in_, lambda cell: cell in (c.in_ or ())),
        (c.not_in, lambda cell: cell not in (c.not_in or ())),
        (c.empty, lambda cell: (not cell) == c.empty),
        (c.below, lambda cell: _number(cell) < (c.below or 0)),
        (c.above, lambda cell: _number(cell) > (c.above or 0)),
    )
    matches = next(test for given, test in tests if given is not None)
    return lambda row: matches(row.cells[column])


def all_of(conditions: tuple[Condition, ...]) -> Test:
    """All of the tests; without any, every row."""
    tests = [test_of(condition) for condition in conditions]
    return lambda row: all(test(row) for test in tests)


def _number(text: str) -> float:
    """NaN for what is no number: it is neither below nor above anything."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def typed(holds: Holds, text: str) -> object:
    """A text as the type that the contract asks for. Errors: DirtyCell."""
    if holds == "text":
        return text
    try:
        return _TYPED[holds](text.strip())
    except (ValueError, KeyError):
        raise DirtyCell(holds, f"{text!r} is no {holds}") from None


def instant_field(instant: InstantOf, row: MappedRow) -> str:
    """An instant as the events carry it; "" when there is none."""
    at_ms = instant(row)
    return "" if at_ms is None else to_rfc3339(at_ms)


def _finite(text: str) -> int | float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return int(number) if number.is_integer() else number


_TYPED: Final[Mapping[Holds, Callable[[str], Any]]] = {
    "integer": int,
    "number": _finite,
    "flag": lambda text: FLAGS[text.lower()],
}
