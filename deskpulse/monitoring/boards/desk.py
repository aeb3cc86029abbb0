"""What boards are made for: the policy, the bands and the settings of a desk, in one language."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.models.common import DataSourceRef

from deskpulse import policy
from deskpulse.monitoring.boards.locales import Locale
from deskpulse.monitoring.boards.matchers import Besides, Match
from deskpulse.monitoring.boards.words import Words
from deskpulse.settings.bands import Band, BandSettings
from kpis.sla.calendar import ALWAYS
from kpis.sla.policy import ALWAYS_NAME, Policy

# the one that the committed boards are made for
DEFAULT_POLICY: Final = Path(policy.__file__).with_name("default.yaml")
DATASOURCE: Final = "deskpulse-prometheus"  # deploy/grafana/provisioning/datasources
SOURCE_VARIABLE: Final = "datasource"


def teams_with_hours(policy: Policy) -> Match:
    """The names of teams that work by a calendar by the newest version, as a match of a label."""
    newest = policy.versions[-1]
    always = {name for name in newest.team_calendars if newest.calendar(name) is ALWAYS}
    if newest.default_calendar == ALWAYS_NAME:
        return tuple(name for name in newest.team_calendars if name not in always)
    return Besides(tuple(sorted(always)))


@dataclass(frozen=True, slots=True)
class Desk:
    """What every board of one output shares."""

    locale: Locale
    policy: Policy | None  # without one there are no promises, and boards show what there is
    bands: BandSettings = field(default_factory=BandSettings)
    buckets_seconds: tuple[int, ...] = (900, 3_600, 10_800)
    parts_window: str = "1h"
    datasource: str = DATASOURCE
    members: tuple[str, ...] = ()  # teams that the settings name
    segment: str | None = None  # what the desk calls its fourth dimension; None: it has none

    @property
    def words(self) -> Words:
        """The texts."""
        return Words(self.locale)

    @property
    def clock(self) -> str:
        """The clock of durations: business where any team has a calendar."""
        return "business" if self.policy is not None and self.policy.has_calendars else "calendar"

    def source(self) -> DataSourceRef:
        """The reference to Prometheus."""
        return DataSourceRef(type_val="prometheus", uid=f"${{{SOURCE_VARIABLE}}}")

    @property
    def targets(self) -> tuple[str, ...]:
        """What the newest version promises, replies before the solution; nothing without a policy."""
        if self.policy is None:
            return ()
        newest = self.policy.versions[-1]
        return tuple(target for target in self.policy.targets if newest.rules.get(target))

    def objective(self, target: str) -> float:
        """The objective of a target for all tickets by the newest version, the smallest where they differ."""
        found = self.policy.versions[-1].objective(target, None, "all") if self.policy is not None else None
        assert found is not None, "a target with a line has an objective"
        return found

    @property
    def teams(self) -> tuple[str, ...]:
        """Every team that the settings or the policy name, in the order of the alphabet.

        Each has a colour of its own.
        """
        newest = self.policy.versions[-1] if self.policy is not None else None
        return tuple(sorted({*self.members, *(newest.team_calendars if newest is not None else ())}))

    def longest_seconds(self, target: str) -> float:
        """The longest time that a target may take by the newest version, by any of its lines."""
        assert self.policy is not None, "who has a target has a policy"
        return max(rule.within_ms for rule in self.policy.versions[-1].rules[target]) / 1000

    def uid(self, board: str) -> str:
        """The uid of a board."""
        return f"deskpulse-{board}{self.locale.uid_suffix}"

    def window(self, band: Band, wanted: str) -> str:
        """The window of a coloured figure.

        It is the wanted one if the band is stated for it, else the first of the band's own.
        """
        return wanted if band.windows is None or wanted in band.windows else band.windows[0]
