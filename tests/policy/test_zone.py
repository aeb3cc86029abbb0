"""Whose midnight a desk has: the settings', else that of the policy's default calendar.

The window `today` and the wall agree.
"""

from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from deskpulse.policy import PolicyError, desk_zone
from deskpulse.settings import Settings
from deskpulse.settings.sections import DeskSettings
from deskpulse.wiring import exporter_config, wall_rules
from exporters.wall.build import WallMaker, Wanted
from kpis.figures.history import Choice
from kpis.figures.view_builder import ViewBuilder
from oracle.clock import desk_zone as told_by_the_oracle
from oracle.clock import read_policy
from tests.sla.desk import OFFICE, SIMPLE, SlaDesk, at, policy_of

TWO_ZONES = """
    versions:
      - name: old
        calendars: {office: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:00"}}}
        default_calendar: office
        first_reply: [{within: 30m, objective: 90%}]
      - name: moved
        effective_from: 2026-01-01T00:00:00Z
        calendars: {office: {time_zone: Europe/Madrid, hours: {mon-fri: "09:00-17:00"}}}
        default_calendar: office
        first_reply: [{within: 30m, objective: 90%}]
"""


def desk(folder: Path, policy: str | None, zone: str | None = None) -> DeskSettings:
    if policy is None:
        return DeskSettings(time_zone=zone)
    path = folder / "policy.yaml"
    path.write_text(dedent(policy), encoding="utf-8")
    return DeskSettings(time_zone=zone, policy=path)


@pytest.mark.parametrize(
    ("policy", "zone", "wanted"),
    [
        (OFFICE, None, "Europe/Madrid"),
        (OFFICE, "America/Bogota", "America/Bogota"),
        (OFFICE, "UTC", "UTC"),  # who says UTC means it
        (SIMPLE, None, "UTC"),  # its calendar is always open
        (None, None, "UTC"),
        (None, "America/Bogota", "America/Bogota"),
        (TWO_ZONES, "Europe/London", "Europe/London"),
    ],
)
def test_the_settings_decide_then_the_policy(
    tmp_path: Path, policy: str | None, zone: str | None, wanted: str
) -> None:
    settings = desk(tmp_path, policy, zone)
    assert wanted == desk_zone(settings).name
    editions = [] if policy is None else read_policy(yaml.safe_load(dedent(policy)))
    assert wanted == (zone or told_by_the_oracle(editions) or "UTC")


def test_a_policy_whose_versions_have_several_zones_needs_the_setting(tmp_path: Path) -> None:
    with pytest.raises(
        PolicyError, match=r"in Europe/London and Europe/Madrid, and a desk has one clock"
    ) as caught:
        desk_zone(desk(tmp_path, TWO_ZONES))
    assert "desk.time_zone" in str(caught.value)


def test_today_and_the_walls_clock_are_in_the_zone_of_the_policy(tmp_path: Path) -> None:
    """0:30 of Monday in Madrid is 23:30 of Sunday in UTC.

    At 2:30, 1:30 UTC, it belongs to today, and what came an hour before does not.
    """
    settings = Settings(desk=desk(tmp_path, OFFICE))
    config = exporter_config(settings)
    told = SlaDesk(OFFICE)
    told.created("before", "2026-03-01T23:30")
    told.created("after", "00:30")
    builder = ViewBuilder(config.view_rules)
    builder.apply(0, told.state.take_changes().view)
    choice = Choice("today")
    view = builder.build(at("02:30"), [choice])
    wall = WallMaker(wall_rules(settings), str(config.view_rules.zone), policy_of(OFFICE)).wall(
        view, Wanted(choice)
    )
    assert ("Europe/Madrid", 1) == (wall.zone, wall.today.created if wall.today else None)
    assert at("00:00") == (wall.span_ms or (0,))[0]
