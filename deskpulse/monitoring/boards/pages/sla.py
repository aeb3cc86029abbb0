"""The board of the promises: what is below its objective, and where that comes from.

It also shows what may still fail and what is left of the budget.
"""

from __future__ import annotations

from typing import Final

from deskpulse.monitoring.boards.pages.wall import STATES, spoken, without_policy, worst_name
from deskpulse.monitoring.boards.panels import few, kinds, links, tables, tiles
from deskpulse.monitoring.boards.panels.kinds import LineStyle
from deskpulse.monitoring.boards.panels.scale import AMBER, CLOSED, PLAIN, RED, STATE_COLOURS, Step
from deskpulse.monitoring.boards.panels.scale import KEPT as KEPT_FILL
from deskpulse.monitoring.boards.panels.sheet import Frame, Query, Sheet
from deskpulse.monitoring.boards.panels.tables import Column, Key
from deskpulse.monitoring.boards.panels.tiles import Number
from deskpulse.monitoring.boards.questions.ages import Age
from deskpulse.monitoring.boards.questions.figures import (
    ALL,
    FIRST_RESPONSE_QUANTILE,
    TEAMS,
    at_risk,
    attained,
    budget_left,
    excess,
    figure,
    forecast,
    live,
    longest_of_all,
    longest_wait,
    minutes,
    missed,
    next_deadline,
    next_or_none,
    objective,
    observations,
    opened,
    overdue,
    percent,
    unanswered,
    waiting,
)
from deskpulse.monitoring.boards.questions.program import fresh
from deskpulse.monitoring.boards.questions.promql import (
    Expression,
    Given,
    Grouped,
    Named,
    Pick,
    Recorded,
    Rounded,
    Scaled,
    Top,
)
from deskpulse.monitoring.boards.questions.recorded import (
    LISTED,
    NO_OTHER,
    PROMISE,
    SLA_STATE,
    WORST_RANK,
    beyond,
    worst,
)
from kpis.figures.kpi import csat, volume
from kpis.members import SEGMENT
from kpis.sla import metrics

TARGET: Final = "$target"
WINDOWS: Final = ("today", "24h", "7d", "30d")
HOURS: Final = {1.0: ("opened", KEPT_FILL), 0.0: ("closed", CLOSED)}
LISTED_OR_NOT: Final = {1.0: ("below_objective", RED), 0.0: ("kept", STATE_COLOURS["kept"])}
# rows of the board for the heading, MEMBERS rows of a table and the one that counts the others
_TABLE: Final = 11
_BY_TEAM: Final = (("by", "team"),)
_BY_SEGMENT: Final = (("by", SEGMENT),)
_RISKY: Final = (Step(None, "", PLAIN), Step(1, "", AMBER))


def build(sheet: Sheet) -> None:
    """Fill the board; without a policy it says what one would add."""
    w = sheet.desk.words
    if not sheet.desk.targets:
        kinds.words(sheet, Frame((0, 0, 24, 10), w("no_policy"), w("policy_adds")), w("policy_adds_text"))
        _segments(sheet, 10)
        return
    y = sheet.row(0, w("row_worst"))
    _worst(sheet, y)
    y = sheet.row(y + 9, w("row_now"))
    _now(sheet, y)
    y = sheet.row(y + 4, w("row_teams"))
    _teams(sheet, y)
    y = sheet.row(y + 21, w("row_courses"))
    _courses(sheet, y)
    y = sheet.row(y + 20, w("row_members"))
    for index, dimension in enumerate(("channel", "priority")):
        _members(sheet, (12 * index, y, 12, _TABLE), dimension, w(dimension))
    y = _segments(sheet, y + _TABLE)
    y = sheet.row(y, w("row_budget"))
    _budget(sheet, y)


def _worst(sheet: Sheet, y: int) -> None:
    """All that is listed, the greatest excess first."""
    w = sheet.desk.words
    keys = [Key("member", w("who")), Key("target", w("target"), spoken(sheet)), Key("window", w("window"))]
    first = Top(WORST_RANK, LISTED)

    def of(expression: Expression) -> Expression:
        return Given(expression, first, (*PROMISE, "window"))

    shown = [
        Column(w("column_excess"), of(worst("excess_tickets"))),
        Column(w("late_missed"), of(worst("missed_tickets"))),
        Column(w("of_deadlines"), of(worst("observations"))),
        Column(w("in_time"), percent(of(worst("ratio"))), "whole_percent"),
        Column(w("promised"), percent(of(worst("objective_ratio"))), "whole_percent"),
        Column(w("column_overdue"), of(worst("overdue_tickets"))),
        Column(w("listed_for"), Age(of(worst("since_timestamp_seconds"))), "span"),
    ]
    worst_name(sheet, (0, y, 24, 2))
    others = fresh(Named(beyond(WORST_RANK, LISTED), "member", w("n_more", n="{n}")))
    frame = Frame((0, y + 2, 24, 7), w("worst_all"), w("worst_help"))
    tables.columns(sheet, frame, keys, shown, sort_by=[w("column_excess")], others=others)


def _now(sheet: Sheet, y: int) -> None:
    w = sheet.desk.words

    def at(index: int) -> tuple[int, int, int, int]:
        return (index * 4, y, 4, 4)

    tiles.value(
        sheet,
        Frame(at(0), w("overdue"), w("overdue_help")),
        Query(overdue(TARGET)),
        "count",
        Number(of_policy=True),
    )
    risky = Query(at_risk(TARGET))
    tiles.value(
        sheet,
        Frame(at(1), w("at_risk_title"), w("due_help")),
        risky,
        "count",
        Number(steps=_RISKY, of_policy=True),
    )
    tiles.value(
        sheet,
        Frame(at(2), w("within_1h"), w("due_help")),
        Query(at_risk(TARGET, within="1h")),
        "count",
        Number(of_policy=True),
    )
    running = Query(live(metrics.WAITING, ALL, ("target", TARGET)))
    tiles.value(
        sheet, Frame(at(3), w("running"), w("running_help")), running, "count", Number(of_policy=True)
    )
    coming = Query(Rounded(forecast("expected", TARGET), 0))
    tiles.value(
        sheet, Frame(at(4), w("forecast_now"), w("forecast_help")), coming, "count", Number(of_policy=True)
    )
    deadline = Query(next_or_none((*ALL, ("target", TARGET))))
    tiles.value(
        sheet,
        Frame(at(5), w("next_deadline_in"), w("next_deadline_help")),
        deadline,
        "span",
        Number(none=True, of_policy=True),
    )


def _columns(sheet: Sheet, window: str, dimension: str) -> list[Column]:
    """The columns of a table about members.

    They say how many deadlines were missed beyond what may be, the share, and the counts that these come
    from.
    """
    w = sheet.desk.words
    own, who = ("member",), (("by", dimension),)
    share = attained(TARGET, window, who, own)
    return [
        Column(
            w("state"),
            Pick(metrics.BELOW_OBJECTIVE, (*who, ("target", TARGET)), own),
            "word",
            states=LISTED_OR_NOT,
        ),
        Column(w("column_excess"), excess(TARGET, window, dimension)),
        Column(w("late_missed"), missed(TARGET, window, who, own)),
        Column(w("of_deadlines"), observations(share)),
        Column(w("in_time"), percent(share), "whole_percent"),
        Column(w("promised"), percent(objective(TARGET, who, own)), "whole_percent"),
        Column(w("column_overdue"), overdue(TARGET, who, own)),
    ]


def _table(sheet: Sheet, frame: Frame, key: Key, dimension: str, shown: list[Column]) -> None:
    """The worst members: those listed, then the greatest excess, and how many more there are."""
    w = sheet.desk.words
    found = [column._replace(expression=few.now(column.expression, dimension, TARGET)) for column in shown]
    others = few.others(dimension, TARGET, w)
    tables.columns(sheet, frame, [key], found, sort_by=[w("state"), w("column_excess")], others=others)


def _teams(sheet: Sheet, y: int) -> None:
    desk, w = sheet.desk, sheet.desk.words
    own = ("member",)
    shown = [
        *_columns(sheet, "1h", "team"),
        Column(w("column_at_risk"), at_risk(TARGET, TEAMS, own), steps=_RISKY),
        Column(w("title_waiting"), waiting(TEAMS, own)),
        Column(w("title_unanswered"), unanswered(TEAMS, own)),
        Column(w("column_longest"), longest_wait(TEAMS, own, desk=desk), "span", steps=tiles.waited(desk)),
        Column(w("column_next"), next_deadline(TARGET, TEAMS, own), "span"),
    ]
    frame = Frame((0, y, 24, _TABLE), w("teams_now"), w("teams_now_help"))
    _table(sheet, frame, Key("member", w("team"), link=links.team_of_cell(desk)), "team", shown)
    states = Grouped(Recorded(SLA_STATE.inner, SLA_STATE.name, (*_BY_TEAM, ("target", TARGET))), "max", own)
    frame = Frame((0, y + _TABLE, 12, 10), w("sla_status_teams"), w("sla_status_help"))
    kinds.timeline(
        sheet,
        frame,
        [*few.states(states, "team", TARGET, w, others="min"), without_policy()],
        STATES,
        link=links.team_of_series(desk),
    )
    hours = live(metrics.BUSINESS_OPEN, (*_BY_TEAM, NO_OTHER), keep=own)
    frame = Frame((12, y + _TABLE, 12, 10), w("hours_teams"), w("hours_teams_help"))
    kinds.timeline(
        sheet,
        frame,
        few.states(hours, "team", TARGET, w, others="max"),
        HOURS,
        link=links.team_of_series(desk),
    )


def _courses(sheet: Sheet, y: int) -> None:
    desk, w = sheet.desk, sheet.desk.words
    link, own = links.team_of_series(desk), ("member",)
    promise = kinds.Objective(percent(objective(TARGET)), w("objective_line"))
    least = LineStyle(
        empty="needs_policy", objective=promise, soft=(80, 100), link=link, others=True, order="least"
    )
    for index, window in enumerate(("1h", "24h")):
        shown = few.courses(percent(attained(TARGET, window, TEAMS, own)), "team", TARGET, w, worst="min")
        frame = Frame(
            (12 * index, y, 12, 10), w("attainment_teams", window=w.window(window)), w("attainment_help")
        )
        kinds.lines(sheet, frame, shown, "percent", least)
    shown = few.courses(excess(TARGET, "1h", "team"), "team", TARGET, w, worst="max")
    none = kinds.Objective(Scaled(objective(TARGET), times=0), w("objective_line"))
    frame = Frame((0, y + 10, 12, 10), w("excess_teams", window=w.window("1h")), w("excess_help"))
    most = LineStyle(empty="needs_policy", objective=none, soft=(-5, 5), link=link, others=True, order="most")
    kinds.lines(sheet, frame, shown, "count", most)
    names = {"expected": w("expected"), "low": w("interval_low"), "high": w("interval_high")}
    bounds = [Query(forecast(bound, TARGET), name) for bound, name in names.items()]
    frame = Frame((12, y + 10, 12, 10), w("forecast"), w("forecast_help"))
    kinds.lines(
        sheet,
        frame,
        bounds,
        "score",
        LineStyle(empty="needs_policy", bounds=(names["low"], names["high"]), soft=(0, 5)),
    )


def _members(sheet: Sheet, place: tuple[int, int, int, int], dimension: str, called: str) -> None:
    w = sheet.desk.words
    title = w(f"attainment_by_{dimension}", window=w.window("8h"), name=called)
    frame = Frame(place, title, w("attainment_help"))
    _table(sheet, frame, Key("member", called), dimension, _columns(sheet, "8h", dimension))


def _segments(sheet: Sheet, y: int) -> int:
    """The fourth dimension, where the desk has one and as it calls it; returns where the next row begins.

    Durations are in calendar time: calendars belong to teams.
    """
    desk, w = sheet.desk, sheet.desk.words
    if desk.segment is None:
        return y
    y = sheet.row(y, w("row_segments", name=desk.segment))
    if desk.targets:
        _members(sheet, (0, y, 24, _TABLE), SEGMENT, desk.segment)
        y += _TABLE
    own, day = ("member",), "24h"
    half = figure(
        FIRST_RESPONSE_QUANTILE, day, _BY_SEGMENT, ("q", "0.5"), desk=desk, keep=own, clock="calendar"
    )
    shown = [
        Column(w("title_waiting"), waiting(_BY_SEGMENT, own)),
        Column(w("title_unanswered"), unanswered(_BY_SEGMENT, own)),
        Column(w("column_longest"), longest_of_all(_BY_SEGMENT, own), "span"),
        Column(w("open"), opened(_BY_SEGMENT, own)),
        Column(w("column_new_24h"), figure(volume.TICKETS.name, day, _BY_SEGMENT, desk=desk, keep=own)),
        Column(w("column_half_24h"), minutes(half), "minutes"),
        Column(
            w("csat_in"), percent(figure(csat.RATIO.name, day, _BY_SEGMENT, desk=desk, keep=own)), "percent"
        ),
    ]
    frame = Frame((0, y, 24, _TABLE), w("segments_now", name=desk.segment), w("segments_now_help"))
    tables.columns(sheet, frame, [Key("member", desk.segment)], shown, sort_by=[w("title_waiting")])
    return y + _TABLE


def _budget(sheet: Sheet, y: int) -> None:
    desk, w = sheet.desk, sheet.desk.words
    for index, window in enumerate(WINDOWS):
        title = w("attainment", window=w.short_window(window))
        frame = Frame((index * 4, y, 4, 4), title, w("attainment_help"))
        tiles.value(sheet, frame, Query(percent(attained(TARGET, window))), "percent", Number(of_policy=True))
    frame = Frame((16, y, 4, 4), w("objective"), w("objective_help"))
    tiles.value(sheet, frame, Query(percent(objective(TARGET))), "percent", Number(of_policy=True))
    left = [Step(None, "", RED), Step(0, "", PLAIN)]
    frame = Frame((20, y, 4, 4), w("budget", window=w.short_window("30d")), w("budget_help"))
    tiles.value(sheet, frame, Query(budget_left(TARGET)), "percent", Number(steps=left))
    kept = few.courses(budget_left(TARGET, "team"), "team", TARGET, w, worst="min")
    frame = Frame((0, y + 4, 24, 10), w("budget_teams", window=w.window("30d")), w("budget_help"))
    course = LineStyle(
        empty="needs_policy", soft=(0, 100), link=links.team_of_series(desk), others=True, order="least"
    )
    kinds.lines(sheet, frame, kept, "percent", course)
