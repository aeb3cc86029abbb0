"""How the oracle checks single fields: each check gives the value, or the reason to refuse the record."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Final

EMBEDDINGS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
MARKS: Final = frozenset({"LEFT-TO-RIGHT MARK", "RIGHT-TO-LEFT MARK", "ARABIC LETTER MARK"})
MAX_IDENTIFIER_CHARACTERS: Final = 128
MAX_SECONDS: Final = 1e9
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
YEAR_1990_S: Final = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp())
YEAR_2100_S: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
YEAR_2200_MS: Final = (datetime(2200, 1, 1, tzinfo=UTC) - EPOCH) // MILLISECOND
RFC_3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?"
    r"(?:([Zz])|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))",
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that the contract refuses, and the reason."""

    reason: str


def identifier(value: object) -> str | Rejected:
    """A text of 1 to 128 characters."""
    text = plain_text(value)
    if isinstance(text, str) and 1 <= len(text) <= MAX_IDENTIFIER_CHARACTERS:
        return text
    return Rejected("schema")


def one_spelling(name: str) -> str:
    """By what names are compared: composed, without white space around it, and without regard to case."""
    trimmed = re.sub(r"^\s+|\s+$", "", unicodedata.normalize("NFC", name))
    return unicodedata.normalize("NFC", trimmed.casefold())


def _controls(text: str) -> bool:
    """Whether a screen would not show the text as it is."""
    return any(
        unicodedata.category(c) in ("Cc", "Zl", "Zp")
        or unicodedata.bidirectional(c) in EMBEDDINGS
        or unicodedata.name(c, "") in MARKS
        for c in text
    )


def mark(value: object) -> str | Rejected:
    """An identifier that people may read on a screen."""
    found = identifier(value)
    return Rejected("name") if isinstance(found, str) and _controls(found) else found


def name_of(value: object) -> str | Rejected:
    """A name that people chose, in the one spelling that stands for all."""
    found = identifier(value)
    if isinstance(found, Rejected):
        return found
    name = one_spelling(found)
    return Rejected("name") if not name or _controls(name) else name


def plain_text(value: object) -> str | Rejected:
    """Any text."""
    return value if isinstance(value, str) else Rejected("schema")


def flag(value: object) -> bool | Rejected:
    """True or false."""
    return value if isinstance(value, bool) else Rejected("schema")


def integer(value: object) -> int | Rejected:
    """A whole number; 5.0 is none, and neither is true."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return Rejected("schema")


def count(value: object) -> int | Rejected:
    """A whole number, 0 or more."""
    found = integer(value)
    return found if isinstance(found, Rejected) or found >= 0 else Rejected("schema")


def one_of(*known: str) -> Callable[[object], str | Rejected]:
    """Give a check that takes these words alone."""

    def check(value: object) -> str | Rejected:
        return value if isinstance(value, str) and value in known else Rejected("schema")

    return check


def whole_ms(value: object) -> int | Rejected:
    """Seconds to whole milliseconds, half up, of the shortest decimal of the double."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Rejected("schema")
    try:
        seconds = float(value)
    except OverflowError:
        return Rejected("schema")
    if not 0 <= seconds <= MAX_SECONDS:
        return Rejected("schema")
    # 1.0005 * 1000 is 1000.4999... in doubles; in decimals it is what was written.
    milliseconds = Decimal(repr(seconds)) * 1000 + Decimal("0.5")
    return int(milliseconds.to_integral_value(rounding=ROUND_FLOOR))


def instant(value: object) -> int | Rejected:
    """Epoch milliseconds or RFC 3339 with an offset, from 1970 to the end of 2199.

    Rejects what looks like epoch seconds.
    """
    if isinstance(value, str):
        at_ms = _from_rfc_3339(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        at_ms = value
    else:
        return Rejected("schema")
    if at_ms is None or not 0 <= at_ms < YEAR_2200_MS or YEAR_1990_S <= at_ms < YEAR_2100_S:
        return Rejected("time")
    return at_ms


def _from_rfc_3339(text: str) -> int | None:
    """Milliseconds since the epoch; digits beyond them are cut, so time rounds down."""
    match = RFC_3339.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, _, sign, hours, minutes = match.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{clock}+00:00")
    except ValueError:  # the 30th of February, hour 24, second 60
        return None
    local_ms = (local - EPOCH) // MILLISECOND + int(((fraction or "") + "000")[:3])
    offset_ms = (int(hours or 0) * 60 + int(minutes or 0)) * 60_000
    return local_ms + offset_ms if sign == "-" else local_ms - offset_ms
