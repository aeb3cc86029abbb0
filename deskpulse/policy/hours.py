"""Hours of a day in a policy file: `"09:00-17:30"`, or a list of such spans."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator

from deskpulse.settings.base import wrong

DAY_MINUTES: Final = 24 * 60
_SPAN: Final = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
StatedSpan = tuple[int, int]  # minutes since midnight; the end is above 1440 where it lies after midnight


def as_list(value: object) -> object:
    """One value is a list of one; nothing stays nothing."""
    return value if value is None or isinstance(value, (list, tuple)) else [value]


def _span(value: object) -> object:
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise wrong(f"{value!r} is not a range of hours", 'write "09:00-17:30", in quotes')
    opens, closes = (int(match[i]) * 60 + int(match[i + 1]) for i in (1, 3))
    if opens >= DAY_MINUTES or closes > DAY_MINUTES or int(match[2]) > 59 or int(match[4]) > 59:
        raise wrong(
            f"{value!r} has no valid time of day", "write 00:00 to 23:59, and 24:00 for the end of the day"
        )
    if opens == closes:
        raise wrong(f"{value!r} is empty", "write 00:00-24:00 for the whole day")
    return opens, closes if closes > opens else closes + DAY_MINUTES


def check_order(spans: Iterable[StatedSpan]) -> None:
    """Errors: the fault of a setting, if two spans of a day overlap."""
    ordered = sorted(spans)
    for (_, closes), (opens, _) in pairwise(ordered):
        if opens < closes:
            raise wrong("two spans of a day overlap", "leave a break between them, or write one span")


def _ordered(spans: tuple[StatedSpan, ...]) -> tuple[StatedSpan, ...]:
    check_order(spans)
    return spans


StatedHours = Annotated[tuple[Annotated[StatedSpan, BeforeValidator(_span)], ...], BeforeValidator(as_list)]
HoursOfDay = Annotated[StatedHours, AfterValidator(_ordered)]


def span_text(span: StatedSpan) -> str:
    """A span as it is written in the file.

    >>> span_text((540, 1050)), span_text((1320, 1800)), span_text((0, 1440))
    ('09:00-17:30', '22:00-06:00', '00:00-24:00')
    """
    opens, closes = span[0], span[1] if span[1] <= DAY_MINUTES else span[1] - DAY_MINUTES
    return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"
