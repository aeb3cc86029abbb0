"""Durations and times as people write them, parsed in this one place."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_UNITS_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# 1973 in milliseconds, the year 5138 in seconds: below it somebody meant seconds
_SECONDS_BELOW_MS: Final = 100_000_000_000
_DURATION_FIX: Final = "write a number and its unit (ms, s, m, h, d), such as 45s, 5m, 2h or 1h30m"
_TIME_FIX: Final = "write RFC 3339 with an offset, such as 2026-03-02T09:05:00Z, or epoch milliseconds"


def parse_duration_ms(text: str) -> int:
    """Milliseconds of a duration above 0.

    >>> parse_duration_ms("45s"), parse_duration_ms("1h30m"), parse_duration_ms("0.5s")
    (45000, 5400000, 500)

    Errors: ValueError, which names the fix.
    """
    parts = _PART.findall(text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise ValueError(f"{text!r} is not a duration: {_DURATION_FIX}")
    total_ms = round(sum(float(number) * _UNITS_MS[unit] for number, unit in parts))
    if total_ms == 0:
        raise ValueError(f"{text!r} is too short: write a duration above 0, such as 45s")
    return total_ms


def parse_time_ms(text: str) -> int:
    """Epoch milliseconds of an RFC 3339 time with an offset, or of integer epoch milliseconds.

    >>> parse_time_ms("2010-05-01T00:00:00Z") == parse_time_ms("2010-05-01T02:00:00+02:00") == parse_time_ms(
    ...     "1272672000000"
    ... )
    True

    Errors: ValueError, which names the fix. A time without an offset is one: nobody could tell which midnight
    it means.
    """
    text = text.strip()
    if text.isdecimal():
        return _epoch_ms(int(text))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time: {_TIME_FIX}") from None
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset, so it is ambiguous: {_TIME_FIX}")
    return (at - _EPOCH) // timedelta(milliseconds=1)


def format_duration(ms: int) -> str:
    """The shortest text that `parse_duration_ms` reads back; "0s" for 0.

    >>> format_duration(5_400_000), format_duration(45_000), format_duration(0)
    ('1h30m', '45s', '0s')
    """
    parts = []
    for unit, unit_ms in sorted(_UNITS_MS.items(), key=lambda item: -item[1]):
        count, ms = divmod(ms, unit_ms)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def format_time(ms: int) -> str:
    """RFC 3339 in UTC, to the second.

    >>> format_time(1_272_672_000_000)
    '2010-05-01T00:00:00Z'
    """
    return (_EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _epoch_ms(value: int) -> int:
    if 0 < value < _SECONDS_BELOW_MS:
        raise ValueError(f"{value} looks like epoch seconds: write milliseconds, {value * 1000}")
    return value
