"""The customer base: who exists at the start, who joins, leaves and comes back, and who writes."""

from __future__ import annotations

from random import Random
from typing import Final

from deskpulse.lab.simulator.desk import DAY_MS, SimulatedDesk
from deskpulse.lab.simulator.happening import EventIds, Happening

_HISTORY_MS: Final = 400 * DAY_MS  # how far back the existing customers joined
_YEAR_MS: Final = 366 * DAY_MS
_OLD_SHARE: Final = 0.8  # of the existing customers joined more than a year before the start
_SKEW: Final = 1.6  # above 1: some customers write more than others
_YEAR_HOURS: Final = 365 * 24


class CustomerBase:
    """Active and former customers; memory grows with customers, not with time."""

    def __init__(self, desk: SimulatedDesk, rng: Random, *, tag: str, size: int) -> None:
        self._rates, self._rng, self._ids, self._tag = desk.rates, rng, EventIds(rng), tag
        self._size = size
        self._known = 0
        self._active: list[str] = []
        self._former: list[str] = []

    @property
    def moves_per_hour(self) -> float:
        """How often somebody joins or leaves."""
        return self._size * (self._rates.growth_per_year + self._rates.churn_per_year) / _YEAR_HOURS

    def history(self, start_ms: int) -> list[Happening]:
        """How the existing customers came to be.

        Dated events of the 400 days before the start, in event-time order.

        Some of them left in the last year, and a few of those came back.
        """
        events: list[Happening] = []
        for _ in range(self._size):
            customer_id = self._new()
            old = self._rng.random() < _OLD_SHARE
            joined_ms = start_ms - (
                self._rng.randint(_YEAR_MS, _HISTORY_MS) if old else self._rng.randint(1, _YEAR_MS)
            )
            events.append(self._event(joined_ms, customer_id, "joined"))
            if not (old and self._rng.random() < self._rates.churn_per_year):
                self._active.append(customer_id)
                continue
            left_ms = self._rng.randint(start_ms - _YEAR_MS + 1, start_ms - 1)
            events.append(self._event(left_ms, customer_id, "left"))
            if self._rng.random() < self._rates.rejoined:
                events.append(self._event(self._rng.randint(left_ms, start_ms), customer_id, "joined"))
                self._active.append(customer_id)
            else:
                self._former.append(customer_id)
        return sorted(events, key=lambda event: event.at_ms)

    def move(self, at_ms: int) -> Happening:
        """Somebody joins (perhaps again) or leaves."""
        rates = self._rates
        leaves = self._rng.random() * (rates.churn_per_year + rates.growth_per_year) < rates.churn_per_year
        if leaves and len(self._active) > 1:
            customer_id = _take(self._active, self._rng.randrange(len(self._active)))
            self._former.append(customer_id)
            return self._event(at_ms, customer_id, "left")
        again = self._former and self._rng.random() < rates.rejoined
        customer_id = _take(self._former, self._rng.randrange(len(self._former))) if again else self._new()
        self._active.append(customer_id)
        return self._event(at_ms, customer_id, "joined")

    def writer(self) -> str:
        """An active customer; the longest known write most."""
        return self._active[int(len(self._active) * self._rng.random() ** _SKEW)]

    def _new(self) -> str:
        self._known += 1
        return f"C-{self._tag}-{self._known:06}"

    def _event(self, at_ms: int, customer_id: str, status: str) -> Happening:
        return self._ids.event("customer", at_ms, customer_id=customer_id, status=status)


def _take(customers: list[str], index: int) -> str:
    """Remove one in constant time; the last takes its place."""
    customers[index], customers[-1] = customers[-1], customers[index]
    return customers.pop()
