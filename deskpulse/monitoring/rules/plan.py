"""What rules are made from, and how their durations are written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from deskpulse.policy.alerts import AlertsPart
from kpis.sla.policy import Policy

_UNITS: Final = (
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A policy and what it says about alerts.

    `time_scale` above 1 is for drills, in which the clock of the desk runs so many times as fast: what
    Prometheus and Alertmanager wait for the desk is shortened by it. Figures that carry their own time, such
    as `within="15m"`, are not touched, nor is what is waited for a program: exporters and workers are no
    faster in a drill. `desk` is the name of the desk: rules see nothing but its series.
    """

    policy: Policy
    alerts: AlertsPart
    time_scale: float = 1.0
    desk: str = "deskpulse"

    def time(self, ms: int) -> str:
        """A duration of Prometheus, shortened in a drill."""
        return promql_duration(self.scaled_ms(ms))

    def scaled_ms(self, ms: int) -> int:
        """The milliseconds that Prometheus waits."""
        return ms if self.time_scale == 1 or not ms else max(1, math.ceil(ms / self.time_scale))


def promql_duration(ms: int) -> str:
    """A duration as Prometheus writes it.

    >>> promql_duration(90_000), promql_duration(604_800_000), promql_duration(85_500_000), promql_duration(0)
    ('1m30s', '1w', '23h45m', '0s')
    """
    text = ""
    for unit, length in _UNITS:
        count, ms = divmod(ms, length)
        if count:
            text += f"{count}{unit}"
    return text or "0s"


def number(value: float) -> str:
    """A number as short as it can be written.

    >>> number(14.4), number(3.0)
    ('14.4', '3')
    """
    return f"{value:g}"
