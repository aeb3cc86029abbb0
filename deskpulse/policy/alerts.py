"""The part of a policy file that says when people get alerts.

It changes no deadline, so it may change at any time.

`deskpulse rules` makes Prometheus's rules and Alertmanager's configuration of it.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from deskpulse.settings.base import Section, wrong
from deskpulse.settings.windows import RollingWindow
from deskpulse.times import parse_duration_ms
from windows.offered import WINDOW_MS

Severity = Literal["page", "warning"]
# How many times as fast as planned a budget of 30 days burns when 2 % of it go within an hour, 6.7 % within 8
# h, 10 % within 24 h, 35 % within 7 days; from 30 days on as planned.
_USUAL_FACTORS: Final = (("1h", 14.4), ("8h", 6.0), ("24h", 3.0), ("7d", 1.5))
_BASE: Final = re.compile(r"https?://[^\s\"'<>{}]+/")


def usual_factor(window: str) -> float:
    """The factor of a long window where a policy states none; 1.0 for windows of more than 7 days.

    >>> usual_factor("15m"), usual_factor("7d"), usual_factor("30d")
    (14.4, 1.5, 1.0)
    """
    fitting = (factor for name, factor in _USUAL_FACTORS if WINDOW_MS[window] <= WINDOW_MS[name])
    return next(fitting, 1.0)


def _duration_ms(value: object) -> object:
    try:
        return parse_duration_ms(str(value))
    except ValueError as error:
        what, _, fix = str(error).partition(": ")
        raise wrong(what, fix) from None


def _base(value: object) -> object:
    if not isinstance(value, str) or not _BASE.fullmatch(value):
        raise wrong(
            f"{value!r} is not an address to which a name can be appended",
            "write http:// or https:// and end it with /",
        )
    return value


Duration = Annotated[int, BeforeValidator(_duration_ms)]
Base = Annotated[str, BeforeValidator(_base)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Margin = Annotated[float, Field(ge=0, le=20)]
Factor = Annotated[float, Field(gt=0, le=1_000)]


class AlertSection(Section):
    """A section whose defaults are values as they are kept.

    A duration is written `2m` and kept in milliseconds.
    """

    model_config = ConfigDict(validate_default=False)


class LinksPart(AlertSection):
    """Where the links of alerts lead."""

    # before the name of the alert and .md
    runbooks: Base = "https://deskpulse.example.com/docs/runbooks/alerts/"
    dashboards: Base = "http://127.0.0.1:3000/d/"  # Grafana
    exporter: Base = "http://127.0.0.1:9108/"  # before api/at-risk
    webhook: Base = "http://alerts:9119/"  # before the name of a receiver; `deskpulse alerts` listens there


class EndangeredPart(AlertSection):
    """Deadlines of the next 15 minutes of which more than usual are still not met.

    The exporter says so, the rule waits.
    """

    hold: Duration = 30_000  # or one scrape, if that is longer: minutes count here


class WorstPart(AlertSection):
    """The part that is named worst now: it is below its objective by the exporter's test.

    The test itself looks back on several minutes.
    """

    hold: Duration = 60_000
    # tickets past their deadline, for a page: without any there is nothing to be done at once
    overdue: Count = 1


class SmallPart(AlertSection):
    """Replies of a small team that wait twice as long as promised."""

    tickets: Count = 2
    # within 8 hours; a team with as many is not small: the test of worst now speaks for it
    deadlines: Count = 10
    hold: Duration = 120_000


class BurnPart(AlertSection):
    """How fast the budget of missed deadlines is used up: the same factor must be passed in both windows."""

    long: RollingWindow
    short: RollingWindow
    factor: Factor | None = None  # None: the usual one, capped
    severity: Severity = "warning"

    @field_validator("short")
    @classmethod
    def _check_short(cls, short: RollingWindow, info: ValidationInfo) -> RollingWindow:
        long = info.data.get("long")
        if long is not None and WINDOW_MS[short] >= WINDOW_MS[long]:
            raise wrong(
                f"{short!r} is not shorter than the long window {long!r}",
                "use a shorter one: it confirms that the burn continues",
            )
        return short

    @property
    def aim(self) -> float:
        """The factor before any cap."""
        return usual_factor(self.long) if self.factor is None else self.factor


# Shorter windows are left to worst now: with an objective of 90 % a burn that is worth a page asks for more
# than half of the deadlines.
_USUAL_BURNS: Final = (BurnPart(long="7d", short="24h"),)


class ScoresPart(AlertSection):
    """Scores and times that get worse."""

    least: Count = 50  # answers, replies or tickets in each of the two spans
    margin: Margin = 4


class VolumePart(AlertSection):
    """Tickets created, against the same span a week ago."""

    least: Count = 50
    margin: Margin = 4
    factor: Annotated[float, Field(gt=1, le=100)] = 2


class SilencePart(AlertSection):
    """A source topic from which nothing comes any more."""

    events: Count = 12  # that would have come meanwhile
    least: Duration = 120_000
    hold: Duration = 180_000


class AlertsPart(AlertSection):
    """Section `alerts`."""

    links: LinksPart = Field(default_factory=LinksPart)
    scrape_interval: Duration = 10_000  # of Prometheus, as in its configuration; rules are evaluated as often
    endangered: EndangeredPart = Field(default_factory=EndangeredPart)
    worst: WorstPart = Field(default_factory=WorstPart)
    small_teams: SmallPart = Field(default_factory=SmallPart)
    burn: tuple[BurnPart, ...] = _USUAL_BURNS
    burn_deadlines: Count = 20  # in the long window; a quarter of it in the short one
    scores: ScoresPart = Field(default_factory=ScoresPart)
    volume: VolumePart = Field(default_factory=VolumePart)
    silence: SilencePart = Field(default_factory=SilencePart)
    # after opening; otherwise what pages is a message until the hour is over
    pages_in_first_hour: bool = False
    # for which holidays are written into Alertmanager's configuration
    calendar_years: Annotated[int, Field(ge=1, le=30)] = 5
