"""Policies that do everything a policy file allows, for the laws.

The first has two versions, breaks, holidays, zones, nights, and calendar time. The others follow their labels
or keep what they said, pause by statuses of their own, and take open tickets along.
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
    next_reply:
      - {priority: [urgent, c], within: 15m, objective: 90%}
      - {within: 2h, objective: 85%}
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
    next_reply:
      - {within: 1h, objective: 90%}
    resolution:
      - {priority: [low, normal], within: 5h, objective: 85%}
"""
EDITIONS: Final[list[Edition]] = read_policy(yaml.safe_load(TEXT))
_LINES: Final = """
    first_reply:
      - {team: a, channel: a, within: 30m, objective: 90%}
      - {team: a, within: 1h, objective: 90%}
      - {team: b, priority: [a, b], within: 3h, objective: 80%, clock: calendar}
      - {priority: b, within: 10h, objective: 95%}
    next_reply:
      - {team: b, within: 1m, objective: 90%}
      - {channel: [a, b], within: 1h, objective: 85%}
      - {team: a, within: 6h, objective: 85%}
    resolution:
      - {team: b, within: 1h, objective: 85%}
      - {channel: a, within: 9h, objective: 85%}
      - {priority: a, within: 20h, objective: 85%, clock: calendar}
      - {team: a, within: 4h, objective: 70%}
"""
_OTHER_LINES: Final = """
    first_reply: [{priority: [a, b], within: 2h, objective: 90%}, {team: [a], within: 20m, objective: 90%}]
    next_reply: [{within: 2h, objective: 85%}]
    resolution: [{team: a, within: 1h, objective: 85%}, {within: 12h, objective: 90%}]
"""
_CALENDARS: Final = """
    calendars:
      madrid: {time_zone: Europe/Madrid, hours: {mon-fri: ["07:30-14:00", "15:00-18:30"]}}
      new_york: {time_zone: America/New_York, hours: {mon-sun: "08:00-20:00"}}
    default_calendar: madrid
    team_calendars: {a: new_york, b: always}
"""
# Tickets of `tests.laws.ledgers` are created around 2026-02-25T06:13:20Z, and go on for two days.
RETARGET: Final = f"""
versions:
  - name: follows
    after_triage: retarget
    {_CALENDARS}{_LINES}
"""
ALWAYS_OPEN: Final = f"""
versions:
  - name: around-the-clock
    after_triage: retarget
    pausing_statuses: [open, on_hold]
    {_LINES}
"""
KEEP: Final = f"""
versions:
  - name: keeps
    after_triage: keep
    pausing_statuses: [on_hold]
    {_LINES}
"""
IN_TURN: Final = f"""
versions:
  - name: keeps
    {_LINES}
  - name: follows-for-open
    effective_from: 2026-02-25T07:13:20Z
    effective_for: open
    after_triage: retarget
    pausing_statuses: [open]
    {_CALENDARS}{_OTHER_LINES}
  - name: for-new
    effective_from: 2026-02-25T10:00:00Z
    after_triage: retarget
    {_CALENDARS}{_LINES}
  - name: keeps-for-open
    effective_from: 2026-02-26T07:00:00Z
    effective_for: open
    after_triage: keep
    {_CALENDARS}{_LINES}
"""
BEGINS_LATE: Final = f"""
versions:
  - name: first
    effective_from: 2026-02-25T06:13:21Z
    effective_for: open
    after_triage: retarget
    {_CALENDARS}{_OTHER_LINES}
"""
HANDFUL: Final = {
    "two versions": TEXT,
    "retarget": RETARGET,
    "around the clock": ALWAYS_OPEN,
    "keep": KEEP,
    "in turn": IN_TURN,
    "begins late": BEGINS_LATE,
}


def both(text: str) -> tuple[Policy, list[Edition]]:
    """One document as the product reads it, and as the oracle does."""
    document = yaml.safe_load(text)
    return build(PolicyFile.model_validate(document)), read_policy(document)


def the_policy() -> Policy:
    """A new one each time: it remembers what it was asked."""
    return build(PolicyFile.model_validate(yaml.safe_load(TEXT)))


POLICY: Final = the_policy()

# The same, with lines that name segments: of a desk that has switched them on.
BY_SEGMENT: Final = TEXT.replace(
    "{priority: [urgent, c], within: 10m, objective: 90%}",
    "{segment: [free, a], within: 10m, objective: 90%}",
).replace(
    "{within: 2h, objective: 85%}",
    "{segment: [PRO, b], team: [billing, pop-up, a], within: 20m, objective: 80%}",
)
EDITIONS_BY_SEGMENT: Final[list[Edition]] = read_policy(yaml.safe_load(BY_SEGMENT))
POLICY_BY_SEGMENT: Final = build(PolicyFile.model_validate(yaml.safe_load(BY_SEGMENT)))
