"""Expressions that hold timestamps against the clock of the Prometheus that answers."""

from __future__ import annotations

from dataclasses import dataclass

from deskpulse.monitoring.boards.moment import Moment, Result
from deskpulse.monitoring.boards.questions.promql import Derived


@dataclass(frozen=True, slots=True)
class Age(Derived):
    """Seconds since timestamps."""

    def promql(self, *, each: bool = False) -> str:
        return f"(time() - {self.inner.promql(each=each)})"

    def value(self, moment: Moment) -> Result:
        return {labels: moment.at_seconds - value for labels, value in self.inner.value(moment).items()}


@dataclass(frozen=True, slots=True)
class Until(Derived):
    """Seconds until timestamps; 0 when they have passed.

    A timestamp is past for a moment before the next scrape brings the one that comes then.
    """

    def promql(self, *, each: bool = False) -> str:
        return f"clamp_min({self.inner.promql(each=each)} - time(), 0)"

    def value(self, moment: Moment) -> Result:
        return {
            labels: max(value - moment.at_seconds, 0.0) for labels, value in self.inner.value(moment).items()
        }
