"""What a wall shows, as values.

The JSON of `/api/wall` and `/api/stream`, and the schemas in `/api/openapi.json`.

Times are milliseconds since the epoch, durations seconds, ratios 0..1. What was not observed is null.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from kpis.figures.kpi.declaration import Better, Observed
from kpis.figures.kpi.declaration import TileKind as Kind


class Why(Struct):
    """Why the figures are not all that they should be.

    `code` for programs: fault, unknown, reading, silent, stuck, failed, behind.
    """

    code: str
    text: str
    seconds: float | None


class Pulse(Struct):
    """Sent every second: how the figures are, and the exporter's clock to measure their age by."""

    now_ms: int
    as_of_ms: int | None
    watermark_ms: int | None  # latest event
    ready: bool  # there are figures
    good: bool  # they are all that is committed, and events do not wait to be counted
    why: list[Why]
    room: bool  # one screen more may be opened
    version: str  # of the page that this exporter serves


class Trend(Struct):
    """One value a pane, oldest first; the last pane is partial. None: nothing observed."""

    # line: the figure as it stood at each pane's end; bars: what fell into each pane
    shape: Literal["line", "bars"]
    start_ms: int
    step_ms: int
    values: list[float | None]


class Compared(Struct):
    """The same figure in the period compared with."""

    value: float
    n: int
    verdict: Literal["better", "worse", "same", "other"]


class Tile(Struct):
    """One figure. `value` None: nothing observed."""

    id: str
    figure: str  # its metric
    kind: Kind  # duration: seconds; ratio: 0..1; points: -100..100
    window: str | None  # None: now
    by: str
    member: str
    clock: str | None
    value: float | None
    # what a face writes: `value`; of a mean by work hours that of the observations within them, null without
    # any
    shown: float | None
    n: int
    n_all: (
        int | None
        # observations by the calendar clock, where the business clock has fewer: not those created for teams
        # that always work
    )
    # observations that the calendar made: all their time lay out of hours; null where the clock is not
    # business
    closed: int | None
    of: Observed
    better: Better | None
    # exceptional, above, typical, below; met, missed where there is an objective that the test of worst now
    # has judged
    band: str | None
    # why there is no band: window, channel, few, closed (made by the calendar), objective, none (no band is
    # stated)
    plain: str | None
    stated: list[str]  # the windows or channels that the band is stated for
    objective: float | None
    low: float | None  # 95 % interval
    high: float | None
    compared: Compared | None
    trend: Trend | None


class Live(Struct):
    """What stands now. `ages`: unanswered tickets younger than 15 min, 1 h, 4 h, 24 h, and older."""

    open: int
    waiting: int  # for our reply, the first one or a later one
    oldest_wait_ms: int | None  # its start, in calendar time; null: nobody waits
    unassigned: int | None  # null: the desk tells of no assignments
    with_bot: int
    unanswered: int  # waiting for the first one
    oldest_ms: int | None
    oldest_business_seconds: float | None
    business_open: bool | None  # None: no calendar
    ages: list[int]


class SlaTarget(Struct):
    """Deadlines of one target: of the last hour, running, and missed."""

    target: str
    waiting: int | None
    breached: int | None  # past the deadline and still waiting
    due: dict[str, int]  # within 15m, 1h, 4h
    next_ms: int | None
    forecast: float | None  # breaches within the next hour
    forecast_low: float | None
    forecast_high: float | None
    ratio: float | None  # kept in time, of the deadlines of the last hour
    n: int  # deadlines of the last hour
    objective: float | None
    below: bool | None  # worst now lists it, or something within it; null: nothing was due, or it is closed
    newest_ms: int | None  # the deadline that was missed last, of those that still wait


class AtRisk(Struct):
    """A ticket with a deadline within 4 h or behind it.

    Without names it stands for as many of a kind, and has the first deadline of them.
    """

    ticket_id: str | None
    url: str | None
    count: int
    team: str
    priority: str
    target: str
    due_ms: int
    breached: bool
    deadline_of: Literal["policy", "ticket"]  # ticket: the deadline came with it


class WorstNow(Struct):
    """A member that is significantly below its objective."""

    by: str
    member: str
    team: str | None  # that it is of; null: it is of several
    target: str
    window: Literal["1h", "8h"]
    n: int  # deadlines
    missed: int
    excess: float  # missed beyond what the objective allows
    ratio: float  # kept in time
    objective: float
    overdue: int  # not done yet, now
    since_ms: int  # listed since


class Endangered(Struct):
    """A member of whose deadlines of the next 15 minutes significantly more than usual are still not done."""

    by: str
    member: str
    team: str | None  # that it is of; null: it is of several
    target: str
    n: int  # deadlines of these 15 minutes, done ones included
    waiting: int  # not done
    usual: float


class TeamRow(Struct):
    """One team at a glance. Where nothing is promised there are no deadlines: null.

    `soon`, `ratio`, `n`, `objective` and `below` are about replies, first and next ones together.
    """

    team: str
    open_now: bool | None  # by its calendar; null: no team has one
    opens_ms: int | None  # the next opening of a team that is closed; null: it does not come
    open: int
    waiting: int  # for our reply, the first one or a later one
    unassigned: int | None  # null: the desk tells of no assignments
    with_bot: int
    unanswered: int
    oldest_ms: int | None
    oldest_business_seconds: float | None
    overdue: dict[str, int]  # by target
    soon: int | None  # due within 15 min
    ratio: float | None  # in time, of the deadlines of the last hour
    n: int
    objective: float | None  # null also where first and next replies have different ones
    below: bool | None  # whether either is, by the test of worst now
    created: int | None  # in the last hour
    reply_seconds: float | None  # mean of the last hour, calendar time
    replies: int
    online: int | None  # responders; null: no presence stands, or too few to be shown
    available: int | None  # of these


class Staffing(Struct):
    """Who is there of all teams that tell it, or of one."""

    team: str | None  # null: all of them
    online: int
    available: int
    busy: int
    waiting_each: float | None  # waiting tickets for each available responder; null: nobody is


class SegmentRow(Struct):
    """One member of the fourth dimension at a glance, of all teams. Without a policy: null."""

    segment: str
    open: int
    waiting: int  # for our reply
    overdue: int | None  # first replies
    ratio: float | None  # first replies in time, of the deadlines of the last hour
    n: int
    below: bool | None  # first replies, by the test of worst now


class Today(Struct):
    """What came and went since midnight."""

    created: int
    solved: int


class Risk(Struct):
    """What is due soonest, then what was missed last."""

    lines: list[AtRisk]
    truncated: bool  # there are more


class Where(Struct):
    """The member that explains most of a change.

    It has its share of the change, and its part of the observations.
    """

    dimension: str
    member: str
    share: float
    weight: float


class Change(Struct):
    """A figure that moved against the period compared with."""

    tile: str
    kind: Kind
    value: float
    before: float
    n: int
    n_before: int
    verdict: Literal["worse", "better", "other"]
    where: Where | None  # None: no member explains most of it


class Wall(Struct):
    """All that a wall shows of one choice, but for the pulse."""

    as_of_ms: int | None  # the instant of all figures here; None: there are none yet
    desk: str | None  # its name, for the title; null: it is told none
    window: str
    team: str | None
    known: bool  # False: no such team is shown
    period: str  # compared with
    zone: str  # time zone of the desk, whose midnight starts `today`
    clock: Literal["business", "calendar"] | None  # by which the choice works; None: no team has work hours
    span_ms: tuple[int, int] | None  # start of the window, and of the period compared with
    windows: list[str]
    periods: list[str]  # that the window can be compared with
    teams: list[str]
    minimum: int  # observations below which nothing is coloured
    show_tickets: bool
    policy: bool  # there is one: without it only deadlines that came with tickets are promised
    promised: bool  # any figure of a deadline is here
    worst: list[WorstNow]  # the worst first; of the choice
    # since when nothing of the choice has been listed; null while something is, and where nothing fell due
    kept_since_ms: int | None
    elsewhere: int  # listed, but not of the choice
    endangered: list[Endangered]  # of the choice
    rows: list[TeamRow]  # every team that is shown, the worst first
    staffing: list[Staffing]  # all, then by team; empty where no presence stands
    today: Today | None
    live: Live | None
    tiles: list[Tile]
    sla: list[SlaTarget]  # empty where nothing is promised
    risk: Risk | None  # None where nothing is promised
    changes: list[Change]
    segment: str | None = None  # what the desk calls its fourth dimension; null: it is off
    segments: list[SegmentRow] = []  # of all teams; empty while it is off
    in_segment: str | None = None  # the one that is shown; null: all of them
