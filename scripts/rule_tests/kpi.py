"""From one story of an alert about figures to all that must hold of every such alert."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scripts.rule_tests.model import INSTANCES, Case, Exporter, Fired, Look, Series, figures

A, B = INSTANCES["a"], INSTANCES["b"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Figures, constant from the first minute, at which an alert fires after `hold`.

    And others at which it must not.

    `low` holds the figures of a desk with too little behind them to tell; the rest of the figures are as in
    `shown`.
    """

    alert: str
    what: str
    hold: int  # minutes
    shown: Series
    low: Series
    fired: Fired
    beside: tuple[Fired, ...] = ()  # what fires with it, under the same name
    step: int = 1  # minutes between two samples, and two evaluations

    def cases(self) -> Iterator[Case]:
        """Cases in which it fires in time, once.

        It is silent on low volume, stale or incomplete figures, a rebalance and a restart.
        """
        fires = Look(f"{self.hold}m", self.alert, self._all)
        early = Look(f"{self.hold - self.step}m", self.alert)
        silent = Look(f"{self.hold + 10}m", self.alert)
        yield self._case(
            f"{self.what}: told after {self.hold} minutes and not before", self._one(), early, fires
        )
        yield self._case(
            f"{self.what}, but too little behind it: silent",
            self._one(shown={**self.shown, **self.low}),
            silent,
        )
        yield self._case(
            f"{self.what}, shown by two exporters: told once", self._two(self.shown, self.shown), fires
        )
        calm = {**self.shown, **self.low}
        yield self._case(
            f"{self.what}, shown beside an exporter that Kafka does not answer and that shows otherwise: "
            "told once",
            self._two(calm, self.shown, lagging=_UNANSWERED),
            Look(f"{self.hold + self.step}m", self.alert, self._all),
        )
        yield self._case(
            f"{self.what}, but only in an exporter that has read nothing but older events, beside a fresh "
            "one: silent",
            self._two(self.shown, calm, lagging=_UNREAD),
            silent,
        )
        yield self._case(
            f"{self.what}, but in a view that is not complete: silent",
            self._one({"deskpulse_view_complete": f"0x{_STEPS}"}),
            silent,
        )
        yield self._case(
            f"{self.what}, but Kafka has not answered since the start: silent", self._one(_UNANSWERED), silent
        )
        yield from self._beside_another_desk()
        yield from self._interrupted()

    def _beside_another_desk(self) -> Iterator[Case]:
        """Both desks have exporters of their own; neither is taken for the other's."""
        calm = {**self.shown, **self.low}
        for what, own, others, look in (
            (
                "and another desk is calm: told",
                self.shown,
                calm,
                Look(f"{self.hold}m", self.alert, self._all),
            ),
            ("but at another desk: silent", calm, self.shown, Look(f"{self.hold + 10}m", self.alert)),
        ):
            other = {**Exporter(B, _STEPS, {}, self.step, "us").series(), **figures(B, others, "us")}
            yield self._case(f"{self.what}, {what}", {**self._one(shown=own), **other}, look)

    def _interrupted(self) -> Iterator[Case]:
        """An alert that fires goes on firing through a moment without figures.

        Such a moment does not begin an alert either.
        """
        at = self.hold // self.step + 2
        during, after = f"{(at + 2) * self.step}m", f"{(at + 4) * self.step}m"
        rebalance = {"deskpulse_view_complete": f"1x{at} 0 0 1x{_STEPS}"}
        goes_on = (Look(during, self.alert, self._all), Look(after, self.alert, self._all))
        yield self._case(
            f"{self.what}, and a rebalance for a moment: goes on", self._one(rebalance), *goes_on
        )
        calm = {**self.shown, **self.low}
        gone = f"1x{at} _ _ 1x{_STEPS}"
        restart = dict.fromkeys(
            ("deskpulse_exporter_ready", "deskpulse_exporter_up", "deskpulse_view_complete"), gone
        )
        down = {**restart, "up": f"1x{at} 0 0 1x{_STEPS}"}
        yield self._case(
            f"{self.what} is not so, and the exporter restarts: silent",
            self._one(down, shown=calm),
            Look(during, self.alert),
            Look(after, self.alert),
        )

    @property
    def _all(self) -> tuple[Fired, ...]:
        return (self.fired, *self.beside)

    def _case(self, name: str, series: Series, *looks: Look) -> Case:
        return Case(name, series, looks)

    def _one(self, more: Series | None = None, shown: Series | None = None) -> dict[str, str]:
        return {**Exporter(A, _STEPS, more or {}, self.step).series(), **figures(A, shown or self.shown)}

    def _two(self, first: Series, second: Series, *, lagging: Series | None = None) -> dict[str, str]:
        """Two exporters.

        Where the first one lags it was believed before: the second one is ready a sample later.
        """
        second_ready = {} if lagging is None else {"deskpulse_exporter_ready": f"_ 1x{_STEPS}"}
        return {
            **Exporter(A, _STEPS, lagging or {}, self.step).series(),
            **figures(A, first),
            **Exporter(B, _STEPS, second_ready, self.step).series(),
            **figures(B, second),
        }


_STEPS: Final = 45  # of every story
_UNANSWERED: Final = {
    f"deskpulse_view_{what}_timestamp_seconds": f"-600x{_STEPS}" for what in ("read", "as_of")
}
_UNREAD: Final = {
    'deskpulse_ledger_position_offset{partition="0"}': f"7x{_STEPS}",
    'deskpulse_ledger_end_offset{partition="0"}': f"900x{_STEPS}",
}
