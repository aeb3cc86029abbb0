"""A policy that does everything a policy file allows, for the laws.

It has two versions, breaks, holidays, zones, nights, and calendar time.
"""

from __future__ import annotations

from typing import Final

import yaml

from deskpulse.policy import PolicyFile, build
from kpis.sla.policy import Policy
from oracle.clock import Edition, read_policy

# Tickets of the laws are created from 2026-02-25 on; Madrid's clocks change on March 29th, New York's on
# March 8th.
TEXT: Final = """
versions:
  - name: first
    calendars:
      madrid: &madrid
        time_zone: Europe/Madrid
        hours: {mon-thu: ["09:00-14:00", "15:00-18:30"], fri: "09:00-15:00", sat: "22:00-06:00"}
        holidays:
          country: ES
          region: MD
          add: [2026-04-07, {day: 2026-05-06, to: 2026-05-07}]
          every: [{day: "03-27", to: "03-28"}, {day: "03-31", hours: "10:00-13:00"}]
          remove: [2026-03-19]
        dates: {2026-04-09: "10:00-12:00"}
    default_calendar: madrid
    team_calendars: {billing: always, a: always}
    first_reply:
      - {priority: [urgent, c], within: 10m, objective: 90%}
      - {channel: [chat, b], within: 40m, objective: 80%, clock: calendar}
      - {within: 4h, objective: 95%}
    resolution:
      - {team: [billing, "técnica", a, b], within: 9h, objective: 85%}
  - name: second
    effective_from: 2026-04-01T12:00:00+02:00
    calendars:
      madrid: *madrid
      new_york: {time_zone: America/New_York, hours: {mon-sun: "08:00-20:00"}}
    default_calendar: new_york
    team_calendars: {"técnica": madrid, billing: always}
    first_reply:
      - {priority: urgent, within: 25m, objective: 90%}
      - {within: 2h, objective: 90%}
    resolution:
      - {priority: [low, normal], within: 5h, objective: 85%}
"""
EDITIONS: Final[list[Edition]] = read_policy(yaml.safe_load(TEXT))


def the_policy() -> Policy:
    """A new one each time: it remembers what it was asked."""
    return build(PolicyFile.model_validate(yaml.safe_load(TEXT)))


POLICY: Final = the_policy()
