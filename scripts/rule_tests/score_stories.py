"""Stories of the alerts about scores and times, all of team billing. The margin is 4 standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kpis.figures.kpi import (
    abandonment,
    csat,
    effort,
    first_response,
    handle_time,
    nps,
    reopen,
    resolution_rate,
    resolution_time,
)
from scripts.rule_tests.kpi import Story
from scripts.rule_tests.model import Fired

_FOREVER: Final = "x45"
STEP: Final = 5  # minutes; these alerts wait for so long that a closer look would only take longer
_BOARD: Final = "deskpulse-team?var-team=billing"
_LABELS: Final = {"by": "team", "member": "billing", "team": "billing", "kind": "kpi", "severity": "warning"}
_EARLIER: Final = {"previous": "in the 7d before", "week_ago": "a week ago"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Worse:
    """A figure of team billing that was `before` and is `now`, of `n` observations each."""

    kpi: str
    metric: str
    observed: str
    now: float
    before: float
    n: int
    window: str
    against: str
    told: str
    alert: str = "SupportScoreWorse"
    clock: str = ""
    quantile: str = ""
    few: int = 40  # observations that are too few: below the least of 50, or with an error too large

    def story(self) -> Story:
        """Figures at which it is told after half an hour."""
        labels = self.clock + self.quantile
        return Story(
            alert=self.alert,
            what=f"{self.kpi} is {self.now:g} after {self.before:g}",
            hold=30,
            step=STEP,
            shown={
                self._series(self.metric, "current", labels): f"{self.now:g}{_FOREVER}",
                self._series(self.metric, self.against, labels): f"{self.before:g}{_FOREVER}",
                self._series(self.observed, "current", self.clock): f"{self.n}{_FOREVER}",
                self._series(self.observed, self.against, self.clock): f"{self.n}{_FOREVER}",
            },
            low={self._series(self.observed, "current", self.clock): f"{self.few}{_FOREVER}"},
            fired=self._fired(),
        )

    def _series(self, name: str, period: str, labels: str) -> str:
        return f'{name}{{window="{self.window}",period="{period}",by="team",member="billing"{labels}}}'

    def _fired(self) -> Fired:
        earlier = _EARLIER[self.against]
        return Fired(
            labels={**_LABELS, "kpi": self.kpi},
            summary=f"billing: {self.told} {earlier}. Open the board.",
            description=(
                f"The {self.window} figure got worse by more than chance explains and by enough to matter. "
                "Compare teams, channels and priorities on the board to find the cause."
            ),
            board=_BOARD,
        )


_CLOCK: Final = ',clock="calendar"'
SCORES: Final = (
    # 25 points down; the error is sqrt(5000 / 400 + 5000 / 400) = 5. Of 60 answers it is 9.8: chance could do
    # as much.
    Worse(
        kpi="nps",
        metric=nps.SCORE.name,
        observed=nps.SCORE.observations_name,
        now=5,
        before=30,
        n=400,
        window="7d",
        against="previous",
        told="NPS is 5.0, was 30.0",
        few=60,
    ).story(),
    # 0.15 down; sqrt(0.7 x 0.3 / 400 + 0.85 x 0.15 / 400) = 0.029.
    Worse(
        kpi="csat",
        metric=csat.RATIO.name,
        observed=csat.RATIO.observations_name,
        now=0.7,
        before=0.85,
        n=400,
        window="7d",
        against="previous",
        told="CSAT is 70%, was 85%",
    ).story(),
    # 1.2 down; sqrt(4 / 300 + 4 / 300) = 0.163.
    Worse(
        kpi="effort",
        metric=effort.MEAN.name,
        observed=effort.MEAN.observations_name,
        now=4,
        before=5.2,
        n=300,
        window="7d",
        against="previous",
        told="customer effort score is 4.0, was 5.2",
    ).story(),
    # 0.4 down; sqrt((0.5 + 0.25) / 500 + (0.9 + 0.81) / 500) = 0.070.
    Worse(
        kpi="resolution",
        metric=resolution_rate.RATIO.name,
        observed=resolution_rate.RATIO.observations_name,
        now=0.5,
        before=0.9,
        n=500,
        window="24h",
        against="week_ago",
        told="resolution rate is 50%, was 90%",
    ).story(),
    # 0.4 up; sqrt(0.45 x 0.55 / 600 + 0.05 x 0.95 / 600) = 0.022. Of 40 tickets it is 0.079: no chance, but
    # still only 40.
    Worse(
        kpi="abandonment",
        metric=abandonment.RATIO.name,
        observed=abandonment.RATIO.observations_name,
        now=0.45,
        before=0.05,
        n=600,
        window="24h",
        against="week_ago",
        told="abandonment rate is 45%, was 5%",
    ).story(),
    # 0.1 up; sqrt(0.16 x 0.84 / 600 + 0.06 x 0.94 / 600) = 0.018.
    Worse(
        kpi="reopened",
        metric=reopen.RATIO.name,
        observed=reopen.RATIO.observations_name,
        now=0.16,
        before=0.06,
        n=600,
        window="7d",
        against="previous",
        told="reopen rate is 16%, was 6%",
    ).story(),
)
TIMES: Final = (
    # ln(1200 / 600) = 0.69; sqrt(2.25 / 400 + 2.25 / 400) = 0.106.
    Worse(
        alert="SupportTimeRises",
        kpi="first_response",
        metric=first_response.QUANTILE.name,
        observed=first_response.QUANTILE.observations_name,
        now=1200,
        before=600,
        n=400,
        window="24h",
        against="week_ago",
        told="median first response time is 20m 0s, was 10m 0s",
        clock=_CLOCK,
        quantile=',q="0.5"',
    ).story(),
    Worse(
        alert="SupportTimeRises",
        kpi="resolution_time",
        metric=resolution_time.QUANTILE.name,
        observed=resolution_time.QUANTILE.observations_name,
        now=36000,
        before=18000,
        n=400,
        window="24h",
        against="week_ago",
        told="median resolution time is 10h 0m 0s, was 5h 0m 0s",
        clock=_CLOCK,
        quantile=',q="0.5"',
    ).story(),
    # ln(600 / 420) = 0.357; sqrt(1 / 400 + 1 / 400) = 0.071.
    Worse(
        alert="SupportTimeRises",
        kpi="handle_time",
        metric=handle_time.MEAN.name,
        observed=handle_time.MEAN.observations_name,
        now=600,
        before=420,
        n=400,
        window="24h",
        against="week_ago",
        told="mean handle time is 10m 0s, was 7m 0s",
    ).story(),
)
ALL: Final = (*SCORES, *TIMES)
