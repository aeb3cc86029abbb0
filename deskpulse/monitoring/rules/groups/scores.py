"""Alerts about scores and times that get worse, and about unusual volume.

Against an earlier span of the same length.

Each says so only when there is enough behind both figures, the change matters to somebody, and chance does
not explain it: the change is more than `margin` times its standard error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from deskpulse.monitoring.rules.model import MINUTE_MS, Alert, Family, Group, Record
from deskpulse.monitoring.rules.plan import Plan, number
from deskpulse.monitoring.rules.promql import MEMBER, WHOSE, block, of_team, trusted

BOARD: Final = "deskpulse-team"
KEEP_MS: Final = 10 * MINUTE_MS
ABOUT_SCORES: Final = (
    "Scores that drop and times that rise, against the span before or the same days a week ago, for "
    "all and by team."
)
ABOUT_VOLUME: Final = "Tickets created in 8 hours, against the same hours a week ago, for all and by team."


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A figure that is compared with an earlier one.

    `change` is the least change that matters: a difference, or for times a factor. `variance` is that of one
    figure, as PromQL of `{r}` (the figure) and `{n}` (its observations); of a time it is that of its
    logarithm.
    """

    kpi: str
    says: str
    metric: str
    observed: str
    window: str
    against: str  # the period that it is compared with
    change: float
    variance: str
    form: str = "humanizePercentage"  # how a value of it is written
    labels: str = ""  # of both metrics
    quantile: str = ""  # of the figure alone
    rises: bool = False  # higher is worse
    factor: bool = False  # the change is a factor

    def figure(self, period: str) -> str:
        """The figure in one of the two spans, without the labels that tell them apart."""
        return self._at(self.metric, period, self.labels + self.quantile)

    def observations(self, period: str) -> str:
        """What is behind the figure."""
        return self._at(self.observed, period, self.labels)

    def _at(self, metric: str, period: str, labels: str) -> str:
        found = (
            f"max by ({MEMBER}) "
            f'(desk:{metric}{{by=~"all|team",window="{self.window}",period="{period}"{labels}}})'
        )
        return f'label_replace({found}, "kpi", "{self.kpi}", "", "")'

    @property
    def earlier(self) -> str:
        """The span that it is compared with, in words."""
        return "the same days a week ago" if self.against == "week_ago" else f"the {self.window} before"


_SHARE: Final = "{r} * (1 - {r}) / {n}"
_OF_CLOCK: Final = ',clock="calendar"'
_MEDIAN: Final = ',q="0.5"'
_WRITTEN_SCORE: Final = 'printf "%.1f"'
SCORES: Final = (
    # Two intervals of 95 % that do not meet would say the same; this way all scores have one margin.
    Score(
        kpi="nps",
        says="The net promoter score",
        metric="support_nps_score",
        observed="support_nps_observations",
        window="7d",
        against="previous",
        change=10,
        # of answers that are 100, 0 or -100: at most 10,000, and 5,000 for a score near 0
        variance="5000 / {n}",
        form=_WRITTEN_SCORE,
    ),
    Score(
        kpi="csat",
        says="The share of satisfied customers",
        metric="support_csat_ratio",
        observed="support_csat_observations",
        window="7d",
        against="previous",
        change=0.05,
        variance=_SHARE,
    ),
    Score(
        kpi="effort",
        says="The customer effort score",
        metric="support_effort_mean_score",
        observed="support_effort_mean_observations",
        window="7d",
        against="previous",
        change=0.5,
        variance="4 / {n}",  # seven steps spread over about two
        form=_WRITTEN_SCORE,
    ),
    Score(
        kpi="resolution",
        says="The resolution rate",
        metric="support_resolution_ratio",
        observed="support_resolution_observations",
        window="24h",
        against="week_ago",
        change=0.1,
        variance="({r} + {r} * {r}) / {n}",  # solved over created, both counts of what comes by chance
    ),
    Score(
        kpi="abandonment",
        says="The share of abandoned tickets",
        metric="support_abandonment_ratio",
        observed="support_abandonment_observations",
        window="24h",
        against="week_ago",
        change=0.05,
        variance=_SHARE,
        rises=True,
    ),
    Score(
        kpi="reopened",
        says="The share of reopened tickets",
        metric="support_reopen_ratio",
        observed="support_reopen_observations",
        window="7d",
        against="previous",
        change=0.05,
        variance=_SHARE,
        rises=True,
    ),
)
_FIRST_RESPONSE: Final = Score(
    kpi="first_response",
    says="The median first response time",
    metric="support_first_response_quantile_seconds",
    observed="support_first_response_quantile_observations",
    window="24h",
    against="week_ago",
    change=1.5,
    variance="2.25 / {n}",
    form="humanizeDuration",
    labels=_OF_CLOCK,
    quantile=_MEDIAN,
    rises=True,
    factor=True,
)
TIMES: Final = (
    _FIRST_RESPONSE,
    replace(
        _FIRST_RESPONSE,
        kpi="resolution_time",
        says="The median resolution time",
        metric="support_resolution_time_quantile_seconds",
        observed="support_resolution_time_quantile_observations",
    ),
    Score(
        kpi="handle_time",
        says="The mean handle time",
        metric="support_handle_time_mean_seconds",
        observed="support_handle_time_mean_observations",
        window="24h",
        against="week_ago",
        change=1.25,
        variance="1 / {n}",
        form="humanizeDuration",
        rises=True,
        factor=True,
    ),
)


def family(plan: Plan) -> Family:
    """Scores that drop, times that rise."""
    compared = (
        Record("desk:score_now", _either(score.figure("current") for score in _ALL)),
        Record("desk:score_before", _either(score.figure(score.against) for score in _ALL)),
        Record("desk:score_now_observations", _either(score.observations("current") for score in _ALL)),
        Record(
            "desk:score_before_observations", _either(score.observations(score.against) for score in _ALL)
        ),
        Record("desk:score_variance", _either(_variance(score) for score in _ALL)),
    )
    alerts = (_alert(plan, score) for score in _ALL)
    return Family("scores.yml", ABOUT_SCORES, (Group("deskpulse-scores", (*compared, *alerts)),))


def _either(exprs: Iterable[str]) -> str:
    return "\nor\n".join(exprs)


def _variance(score: Score) -> str:
    parts = []
    for span in ("now", "before"):
        figure, observations = (
            f'desk:score_{span}{what}{{kpi="{score.kpi}"}}' for what in ("", "_observations")
        )
        parts.append(score.variance.format(r=figure, n=observations))
    return " + ".join(parts)


def _alert(plan: Plan, score: Score) -> Alert:
    settings = plan.alerts.scores
    now, before, variance = (
        f'desk:score_{what}{{kpi="{score.kpi}"}}' for what in ("now", "before", "variance")
    )
    error = f"{number(settings.margin)} * sqrt({variance})"
    if score.factor:
        matters, sure = f"{now} > {number(score.change)} * {before}", f"ln({now} / {before}) > {error}"
    elif score.rises:
        matters, sure = f"{now} > {before} + {number(score.change)}", f"{now} - {before} > {error}"
    else:
        matters, sure = f"{now} < {before} - {number(score.change)}", f"{before} - {now} > {error}"
    return Alert(
        name="SupportTimeRises" if score.factor else "SupportScoreWorse",
        expr=trusted(
            of_team(
                f"({matters})",
                f"and ({sure})",
                *(
                    f'and (desk:score_{span}_observations{{kpi="{score.kpi}"}} >= {settings.least})'
                    for span in ("now", "before")
                ),
            )
        ),
        severity="warning",
        kind="kpi",
        board=BOARD,
        hold_ms=30 * MINUTE_MS,
        keep_ms=KEEP_MS,
        labels={"kpi": score.kpi},
        summary=f"{score.says} of {WHOSE} is {{{{ $value | {score.form} }}}}, worse than {score.earlier}.",
        description=f"Over {score.window}, against {score.earlier}: a change that matters, and more than chance "
        "explains.",
    )


def volume(plan: Plan) -> Family:
    """Many more, or many fewer tickets than at the same time a week ago."""
    return Family("volume.yml", ABOUT_VOLUME, (Group("deskpulse-volume", (*_volumes(), *_unusual(plan))),))


def _volumes() -> tuple[Record, ...]:
    tickets = 'desk:support_tickets{by=~"all|team",window="8h",period='
    return (
        Record("desk:volume_now_tickets", f'max by ({MEMBER}) ({tickets}"current"}})'),
        Record("desk:volume_week_ago_tickets", f'max by ({MEMBER}) ({tickets}"week_ago"}})'),
    )


def _unusual(plan: Plan) -> Iterator[Alert]:
    settings = plan.alerts.volume
    now, before = "desk:volume_now_tickets", "desk:volume_week_ago_tickets"
    error = f"{number(settings.margin)} * sqrt({now} + {before})"
    closed = f"unless on ({MEMBER}) (desk:support_business_open == 0)"
    for name, more, less, only in (
        ("High", now, before, (_history(before),)),
        ("Low", before, now, (closed,)),
    ):
        yield Alert(
            name=f"SupportVolume{name}",
            expr=trusted(
                of_team(
                    f"{now} {'>' if more == now else '<'} {before} {'*' if more == now else '/'} "
                    f"{number(settings.factor)}",
                    f"and ({more} - {less} > {error})",
                    f"and ({more} >= {settings.least})",
                    *only,
                )
            ),
            severity="warning",
            kind="kpi",
            board=BOARD,
            hold_ms=15 * MINUTE_MS,
            keep_ms=KEEP_MS,
            summary=f"{{{{ $value }}}} tickets of {WHOSE} in 8 h, "
            + (
                f"over {number(settings.factor)} times"
                if more == now
                else f"less than 1/{number(settings.factor)} of"
            )
            + " the same hours a week ago.",
            description=_VOLUME_MEANS[name],
        )


def _history(week_ago: str) -> str:
    """Whether tickets were counted all through those hours.

    In the hours before them, or, of a desk that sleeps then, in the weeks before.

    A new installation has counted nothing a week ago, or only the end of it, and any desk has more than
    nothing.
    """
    of_24h, of_7d, of_14d, of_30d = (
        f'desk:support_tickets{{window="{window}",period="{period}"}}'
        for window, period in (("24h", "week_ago"), ("7d", "current"), ("7d", "previous"), ("30d", "current"))
    )
    return block(
        f"and on ({MEMBER}) (",
        f"  {of_24h} > on ({MEMBER}) {week_ago}",
        f"  or on ({MEMBER}) {of_30d} > on ({MEMBER}) ({of_7d} + on ({MEMBER}) {of_14d})",
        ")",
    )


_ALL: Final = (*SCORES, *TIMES)
_VOLUME_MEANS: Final = {
    "High": "More than chance explains. Look at what customers write about before the queue grows: an outage, "
    "a mailing, an invoice run.",
    "Low": "Fewer than chance explains. Can customers reach you, and does what creates the tickets send all "
    "of its events?",
}
