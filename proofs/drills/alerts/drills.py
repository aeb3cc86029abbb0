"""What happens in each scenario, which alerts must arrive, and within which time of the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from deskpulse.monitoring.alert_log import Notice

MINUTE_MS: Final = 60_000
MOMENT_MINUTES: Final = 5  # from the start of the clock until the scenario begins to bite
WATCHDOG: Final = "Watchdog"
_SILENT: Final = "DeskpulseSourceSilent"
_BLIND: Final = "SupportSLABlind"


@dataclass(frozen=True, slots=True)
class Expected:
    """An alert that must arrive within so many minutes of the desk.

    They are counted from the moment of the scenario.
    """

    alert: str
    within_minutes: float
    labels: Mapping[str, str] = field(default_factory=dict)

    def matches(self, notice: Notice) -> bool:
        """Whether a notice is of this alert."""
        return notice.name == self.alert and self.labels.items() <= notice.labels.items()

    def __str__(self) -> str:
        """Read as `Alert(label=value)`."""
        return self.alert + (
            f"({', '.join(f'{name}={value}' for name, value in self.labels.items())})" if self.labels else ""
        )


def _nothing_more(_: Notice) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A scenario of the simulator, and what it must do. `minutes` of the desk from the start of the clock."""

    name: str
    scenario: str
    minutes: int
    expected: tuple[Expected, ...] = ()
    also: Callable[[Notice], bool] = _nothing_more  # what may arrive beside it, being true as well
    rate_per_hour: float = 600.0  # mean of new tickets
    silent_topic: str | None = None  # from the moment on nothing comes from it
    ends_early: bool = False  # once all that is expected has arrived
    resolves: bool = False  # all that fired must be over at the end, and figures be trusted


def _true_of_the_slip(notice: Notice) -> bool:
    """First replies to high tickets of team billing are late, most of them by mail.

    Alerts may name what they are part of, too.
    """
    slipped = {"team": "billing", "channel": "email", "priority": "high"}
    named = {name: notice.labels[name] for name in slipped if name in notice.labels}
    return (
        notice.name.startswith("SupportSLA")
        and notice.labels.get("target") == "first_reply"
        and named.items() <= slipped.items()
    )


def _any_silence(notice: Notice) -> bool:
    """Where all topics are silent, so is each."""
    return notice.name == _SILENT


SLIPPED: Final = {
    "by": "team_priority",
    "member": "billing · high",
    "target": "first_reply",
    "severity": "page",
}
NAMED_MINUTES: Final = 30  # after which a slip must have been told by its name
DRILLS: Final = (
    Drill(
        name="sla-slip",
        scenario="sla-slip",
        minutes=MOMENT_MINUTES + 65,
        # Of fewer tickets chance can be told from a slip only later: docs/alerts.md.
        rate_per_hour=2_400,
        expected=(
            # The first slipped tickets come within 15 minutes of their deadline after 15, and miss it after
            # 30. By then far more than usual of what is due are not done; the rule waits for half a minute;
            # then it is scraped, evaluated, grouped and sent.
            Expected("SupportSLAEndangered", NAMED_MINUTES, SLIPPED),
            # From the first missed deadlines, after 30 minutes, until they are more in an hour than chance
            # explains, for five minutes.
            Expected("SupportSLABelowObjective", 60, SLIPPED),
        ),
        also=_true_of_the_slip,
        ends_early=True,
    ),
    Drill(name="calm", scenario="calm", minutes=40, resolves=True),
    Drill(
        name="outage-and-catch-up",
        scenario="outage-and-catch-up",
        minutes=MOMENT_MINUTES + 20 + 15,
        expected=(
            # 3 minutes until silence is believed, 3 until it is told.
            Expected(_SILENT, 10, {"topic": "all"}),
            # Alerts about figures keep silent from the third minute on; five minutes later nobody may rely on
            # them.
            Expected(_BLIND, 12),
        ),
        also=_any_silence,
        resolves=True,
    ),
    Drill(
        name="source-silent",
        scenario="calm",
        minutes=MOMENT_MINUTES + 15,
        silent_topic="first-reply",
        expected=(Expected(_SILENT, 10, {"topic": "first-reply"}), Expected(_BLIND, 12)),
    ),
)
