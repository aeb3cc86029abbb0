"""Windows and periods as spans of panes at a given `as_of`; the clock is always an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from windows.offered import OFFERED, OFFERED_FOR_CUSTOMERS, Offered
from windows.panes import DAY_MS, MINUTE, RESOLUTIONS, Resolution

Period = Literal["current", "previous", "week_ago"]
PERIODS: Final[tuple[Period, ...]] = ("current", "previous", "week_ago")


@dataclass(frozen=True, slots=True)
class Window:
    """A rolling window: the last `panes` panes, or since local midnight when `panes` is None."""

    name: str
    resolution: Resolution
    panes: int | None
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Panes `[first, last + 1)` of one resolution."""

    resolution: Resolution
    first: int
    last: int

    @property
    def start_ms(self) -> int:
        """First instant of the span."""
        return self.resolution.start_ms(self.first)

    @property
    def end_ms(self) -> int:
        """First instant after the span."""
        return self.resolution.start_ms(self.last + 1)

    def moved(self, panes: int) -> Span:
        """The same span, so many panes later."""
        return Span(self.resolution, self.first + panes, self.last + panes)


_RESOLUTIONS: Final = {resolution.name: resolution for resolution in RESOLUTIONS}


def _window(offered: Offered) -> Window:
    periods = PERIODS if offered.week_ago else PERIODS[:2]
    return Window(offered.name, _RESOLUTIONS[offered.resolution], offered.panes, periods)


WINDOWS: Final = tuple(map(_window, OFFERED))
CUSTOMER_WINDOWS: Final = tuple(map(_window, OFFERED_FOR_CUSTOMERS))


def span(window: Window, period: Period, as_of_ms: int, zone: ZoneInfo) -> Span:
    """The panes of a window and period; `current` includes the (partial) pane that contains `as_of`.

    `zone` matters for `today` only. Errors: ValueError when the window has no such period.
    """
    if period not in window.periods:
        message = f"window {window.name} has no period {period}"
        raise ValueError(message)
    if window.panes is None:
        return _since_midnight(window.resolution, period, as_of_ms, zone)
    last = window.resolution.pane(as_of_ms)
    current = Span(window.resolution, last + 1 - window.panes, last)
    if period == "previous":
        return current.moved(-window.panes)
    if period == "week_ago":
        return current.moved(-7 * DAY_MS // window.resolution.length_ms)
    return current


def minutes_ahead(resolution: Resolution, as_of_ms: int) -> Span | None:
    """The panes of one minute between that of `as_of` and the end of the pane that contains it.

    None when none is left.

    >>> quarter = RESOLUTIONS[1]
    >>> minutes_ahead(quarter, 270_000)
    Span(resolution=Resolution(name='1m', index=0, length_ms=60000, retention_ms=7800000), first=5, last=14)
    >>> minutes_ahead(quarter, 840_000) is minutes_ahead(MINUTE, 0) is None
    True
    """
    first = MINUTE.pane(as_of_ms) + 1
    last = MINUTE.pane(resolution.start_ms(resolution.pane(as_of_ms) + 1)) - 1
    return Span(MINUTE, first, last) if first <= last else None


def covered_ms(part: Span, period: Period, as_of_ms: int) -> int:
    """How much time the span really covers: the current one ends at `as_of`, inside its last pane."""
    return (as_of_ms if period == "current" else part.end_ms) - part.start_ms


_DAYS_BACK: Final[dict[Period, int]] = {"current": 0, "previous": 1, "week_ago": 7}


def _since_midnight(resolution: Resolution, period: Period, as_of_ms: int, zone: ZoneInfo) -> Span:
    local = _local(as_of_ms, zone)
    if days := _DAYS_BACK[period]:
        # Wall-clock arithmetic on purpose: "the same time of day" across a change of the clocks.
        local = (local - timedelta(days=days)).replace(fold=0)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    last = as_of_ms if not days else _epoch_ms(local)
    return Span(resolution, resolution.pane(_epoch_ms(midnight)), resolution.pane(last))


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def _local(time_ms: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(zone)


def _epoch_ms(local: datetime) -> int:
    return (local - _EPOCH) // _MILLISECOND
