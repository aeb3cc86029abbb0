"""Alerts about scores and times that get worse, and about unusual volume.

Against an earlier span of the same length.

Each says so only when there is enough behind both figures, the change matters to somebody, and chance does
not explain it: the change is more than `margin` times its standard error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from deskpulse.monitoring.rules.model import MINUTE_MS, Alert, RecordingRule, RuleFile, RuleGroup
from deskpulse.monitoring.rules.plan import Plan, number
from deskpulse.monitoring.rules.promql import MEMBER, block, of_team, trusted
from deskpulse.monitoring.rules.words import WHO
from kpis.figures.catalogue import KPIS
from kpis.figures.kpi.declaration import Kpi
from kpis.figures.kpi.declaration import Score as Declared
from kpis.figures.kpi.volume import TICKETS
from kpis.sla.metrics import BUSINESS_OPEN

BOARD: Final = "deskpulse-team"
KEEP_MS: Final = 10 * MINUTE_MS
ABOUT_SCORES: Final = (
    "Scores that drop and times that rise, against the span before or the same time a week ago, for "
    "all and by team."
)
ABOUT_VOLUME: Final = "Tickets created in 8 hours, against the same hours a week ago, for all and by team."


# What the alerts call a score or a time.
SAYS: Final = {
    "nps": "NPS",
    "csat": "CSAT",
    "effort": "customer effort score",
    "resolution": "resolution rate",
    "abandonment": "abandonment rate",
    "reopened": "reopen rate",
    "first_response": "median first response time",
    "resolution_time": "median resolution time",
    "handle_time": "mean handle time",
}
_FORMS: Final = {"ratio": "humanizePercentage", "seconds": "humanizeDuration", "score": 'printf "%.1f"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRule:
    """A figure that is compared with an earlier one, as its KPI declares it (`Declared`).

    Two intervals of 95 % that do not meet would say the same of the net promoter score; this way all scores
    have one margin.
    """

    kpi: str
    says: str
    metric: str
    observed: str
    window: str
    against: str  # the period that it is compared with
    change: float
    variance: str
    form: str  # how a value of it is written
    labels: str  # of both metrics
    quantile: str  # of the figure alone
    rises: bool  # higher is worse
    factor: bool  # the change is a factor

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
        return "a week ago" if self.against == "week_ago" else f"in the {self.window} before"


def _score(kpi: Kpi, declared: Declared) -> ScoreRule:
    figure = declared.figure
    if declared.id not in SAYS:
        raise ValueError(f"the score {declared.id} of the KPI {kpi.id} has no words: add them to SAYS")
    return ScoreRule(
        kpi=declared.id,
        says=SAYS[declared.id],
        metric=figure.name,
        observed=figure.observations_name,
        window=declared.window,
        against=declared.against,
        change=declared.change,
        variance=declared.variance,
        form=_FORMS[figure.unit],
        labels="".join(f',{name}="{value}"' for name, value in figure.fixed_labels),
        quantile=f',q="{declared.q}"' if declared.q else "",
        rises=kpi.better == "lower",
        factor=figure.unit == "seconds",
    )


def _declared() -> tuple[ScoreRule, ...]:
    """In the order of SAYS."""
    found = {kpi.score.id: _score(kpi, kpi.score) for kpi in KPIS if kpi.score is not None}
    return tuple(found[id_] for id_ in SAYS if id_ in found)


_ALL: Final = _declared()
SCORES: Final = tuple(score for score in _ALL if not score.factor)
TIMES: Final = tuple(score for score in _ALL if score.factor)


def family(plan: Plan) -> RuleFile:
    """Scores that drop, times that rise."""
    compared = (
        RecordingRule("desk:score_now", _either(score.figure("current") for score in _ALL)),
        RecordingRule("desk:score_before", _either(score.figure(score.against) for score in _ALL)),
        RecordingRule(
            "desk:score_now_observations", _either(score.observations("current") for score in _ALL)
        ),
        RecordingRule(
            "desk:score_before_observations", _either(score.observations(score.against) for score in _ALL)
        ),
        RecordingRule("desk:score_variance", _either(_variance(score) for score in _ALL)),
    )
    alerts = (_alert(plan, score) for score in _ALL)
    return RuleFile("scores.yml", ABOUT_SCORES, (RuleGroup("deskpulse-scores", (*compared, *alerts)),))


def _either(exprs: Iterable[str]) -> str:
    return "\nor\n".join(exprs)


def _variance(score: ScoreRule) -> str:
    parts = []
    for span in ("now", "before"):
        figure, observations = (
            f'desk:score_{span}{what}{{kpi="{score.kpi}"}}' for what in ("", "_observations")
        )
        parts.append(score.variance.format(r=figure, n=observations))
    return " + ".join(parts)


def _alert(plan: Plan, score: ScoreRule) -> Alert:
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
        summary=f"{WHO}: {score.says} is {{{{ $value | {score.form} }}}}{_was(score)}. Open the board.",
        description=(
            f"The {score.window} figure got worse by more than chance explains and by enough to matter. "
            "Compare teams, channels and priorities on the board to find the cause."
        ),
    )


def _was(score: ScoreRule) -> str:
    """The earlier value, as a piece of the summary.

    Nothing where it exists no longer when the text is made.
    """
    asked = (
        f'printf "desk:score_before{{desk=%q,by=%q,member=%q,kpi=%q}}" $labels.desk $labels.by '
        f'$labels.member "{score.kpi}"'
    )
    return (
        f"{{{{ with query ({asked}) }}}}, was {{{{ . | first | value | {score.form} }}}} "
        f"{score.earlier}{{{{ end }}}}"
    )


def volume(plan: Plan) -> RuleFile:
    """Many more, or many fewer tickets than at the same time a week ago."""
    return RuleFile(
        "volume.yml", ABOUT_VOLUME, (RuleGroup("deskpulse-volume", (*_volumes(), *_unusual(plan))),)
    )


def _volumes() -> tuple[RecordingRule, ...]:
    tickets = f'desk:{TICKETS.name}{{by=~"all|team",window="8h",period='
    return (
        RecordingRule("desk:volume_now_tickets", f'max by ({MEMBER}) ({tickets}"current"}})'),
        RecordingRule("desk:volume_week_ago_tickets", f'max by ({MEMBER}) ({tickets}"week_ago"}})'),
    )


def _unusual(plan: Plan) -> Iterator[Alert]:
    settings = plan.alerts.volume
    now, before = "desk:volume_now_tickets", "desk:volume_week_ago_tickets"
    error = f"{number(settings.margin)} * sqrt({now} + {before})"
    closed = f"unless on ({MEMBER}) (desk:{BUSINESS_OPEN} == 0)"
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
            summary=f"{WHO}: {{{{ $value }}}} new tickets in 8 h, "
            + (
                f"over {number(settings.factor)} times"
                if more == now
                else f"less than 1/{number(settings.factor)} of"
            )
            + f" last week's. {_VOLUME_ASKS[name]}",
            description=_VOLUME_MEANS[name],
        )


def _history(week_ago: str) -> str:
    """Whether tickets were counted all through those hours.

    In the hours before them, or, of a desk that sleeps then, in the weeks before.

    A new installation has counted nothing a week ago, or only the end of it, and any desk has more than
    nothing.
    """
    of_24h, of_7d, of_14d, of_30d = (
        f'desk:{TICKETS.name}{{window="{window}",period="{period}"}}'
        for window, period in (("24h", "week_ago"), ("7d", "current"), ("7d", "previous"), ("30d", "current"))
    )
    return block(
        f"and on ({MEMBER}) (",
        f"  {of_24h} > on ({MEMBER}) {week_ago}",
        f"  or on ({MEMBER}) {of_30d} > on ({MEMBER}) ({of_7d} + on ({MEMBER}) {of_14d})",
        ")",
    )


_VOLUME_ASKS: Final = {"High": "Read what they are about.", "Low": "Can customers reach you?"}
_VOLUME_MEANS: Final = {
    "High": (
        "More tickets than in the same hours a week ago, and more than chance explains. Find out what "
        "customers write about before the queue grows: an outage, a mailing, an invoice run."
    ),
    "Low": (
        "Fewer tickets than in the same hours a week ago, and fewer than chance explains. Check that "
        "customers can reach you and that the ticket system sends all of its events."
    ),
}
