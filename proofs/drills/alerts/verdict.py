"""What a drill delivered, against what it should have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from deskpulse.monitoring.alert_log import Notice
from proofs.drills.alerts.drills import MINUTE_MS, WATCHDOG, Drill, Expected

_TOLD: Final = ("by", "member", "target", "topic", "window")
Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """An alert as it was first delivered, in minutes of the desk since the moment of the scenario."""

    notice: Notice
    minutes: float

    def __str__(self) -> str:
        """Read as the alert and what tells it from others of its name."""
        told = [f"{name}={self.notice.labels[name]}" for name in _TOLD if name in self.notice.labels]
        return self.notice.name + (f"({', '.join(told)})" if told else "")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one drill."""

    drill: Drill
    speed: float
    delivered: tuple[Delivery, ...]  # what fired, each once, but the watchdog
    faults: tuple[str, ...]

    def __str__(self) -> str:
        """Read as one line that begins with the name of the drill."""
        expected = (
            "; ".join(f"{one} within {one.within_minutes * 60:g} s" for one in self.drill.expected)
            or "only the watchdog"
        )
        got = "; ".join(self._told(one) for one in self.delivered) or "only the watchdog"
        outcome = "ok" if not self.faults else "FAILED: " + "; ".join(self.faults)
        return f"{self.drill.name}: expected {expected}; delivered {got}; {outcome}"

    def _told(self, one: Delivery) -> str:
        seconds = one.minutes * 60
        return f"{one} {seconds:.0f} s after the slip (in {seconds / self.speed:.1f} s at {self.speed:g}x)"


def judge(
    drill: Drill, speed: float, moment_ms: int, notices: Sequence[Notice], seen: Iterable[str] = ()
) -> Verdict:
    """Everything expected came, in time and not before the moment; nothing else came; the watchdog came.

    `seen` are faults of the run itself, such as figures that nobody could have judged: silence is no proof
    then.
    """
    first: dict[Key, Notice] = {}
    for notice in notices:
        if notice.status == "firing" and notice.name != WATCHDOG:
            first.setdefault(_key(notice), notice)
    delivered = tuple(
        Delivery(notice, (notice.received_ms - moment_ms) / MINUTE_MS) for notice in first.values()
    )
    faults = [*seen, *(fault for one in drill.expected for fault in _missing(one, delivered))]
    faults += [f"nobody expected {one}" for one in delivered if not _is_allowed(drill, one.notice)]
    faults += [f"{one} came {-one.minutes:.1f} min before the slip" for one in delivered if one.minutes < 0]
    if drill.resolves:
        faults += _unresolved(notices)
    if not any(notice.name == WATCHDOG and notice.status == "firing" for notice in notices):
        faults.append("no watchdog")
    return Verdict(drill, speed, delivered, tuple(faults))


def is_complete(drill: Drill, notices: Iterable[Notice]) -> bool:
    """Whether everything expected has come."""
    firing = [notice for notice in notices if notice.status == "firing"]
    return all(any(one.matches(notice) for notice in firing) for one in drill.expected)


def _key(notice: Notice) -> Key:
    return tuple(sorted(notice.labels.items()))


def _missing(one: Expected, delivered: Iterable[Delivery]) -> Iterator[str]:
    minutes = [delivery.minutes for delivery in delivered if one.matches(delivery.notice)]
    if not minutes:
        yield f"{one} never came"
    elif min(minutes) > one.within_minutes:
        yield f"{one} came after {min(minutes) * 60:.0f} s, promised are {one.within_minutes * 60:g}"


def _is_allowed(drill: Drill, notice: Notice) -> bool:
    return any(one.matches(notice) for one in drill.expected) or drill.also(notice)


def _unresolved(notices: Iterable[Notice]) -> list[str]:
    last = {(notice.receiver, _key(notice)): notice for notice in notices if notice.name != WATCHDOG}
    return sorted(
        {
            f"{Delivery(notice, 0)} is not over at the end"
            for notice in last.values()
            if notice.status != "resolved"
        }
    )
