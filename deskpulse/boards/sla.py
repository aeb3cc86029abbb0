"""The board of the promises: what is below its objective, where it comes from, what may still fail, what is left of the budget."""

from __future__ import annotations

from typing import Final

from deskpulse.boards import links, panels, tables, tiles
from deskpulse.boards.figures import (
    ALL,
    TEAMS,
    Who,
    at_risk,
    attained,
    budget_left,
    forecast,
    live,
    longest_wait,
    missed,
    next_deadline,
    next_or_none,
    objective,
    observations,
    overdue,
    percent,
    unanswered,
)
from deskpulse.boards.panels import Course
from deskpulse.boards.promql import Age, Pick, Rounded
from deskpulse.boards.recorded import BELOW, KEPT, sla_state, worst
from deskpulse.boards.scale import AMBER, CLOSED, PLAIN, RED, STATE_COLOURS, Step
from deskpulse.boards.scale import KEPT as KEPT_FILL
from deskpulse.boards.sheet import Frame, Query, Sheet
from deskpulse.boards.tables import Column, Key
from deskpulse.boards.tiles import Number
from deskpulse.boards.wall import STATES, briefly, spoken, without_policy, worst_name

TARGET: Final = "$target"
WINDOWS: Final = ("today", "24h", "7d", "30d")
HOURS: Final = {1.0: ("opened", KEPT_FILL), 0.0: ("closed", CLOSED)}
LISTED: Final = {BELOW: ("below_objective", RED), KEPT: ("kept", STATE_COLOURS["kept"])}
_BY_TEAM: Final = (("by", "team"),)
_RISKY: Final = (Step(None, "", PLAIN), Step(1, "", AMBER))


def build(sheet: Sheet) -> None:
    """Fill the board; without a policy it says what one would add."""
    w = sheet.desk.words
    if not sheet.desk.targets:
        panels.words(sheet, Frame((0, 0, 24, 10), w("no_policy"), w("policy_adds")), w("policy_adds_text"))
        return
    y = sheet.row(0, w("row_worst"))
    _worst(sheet, y)
    y = sheet.row(y + 7, w("row_now"))
    _now(sheet, y)
    y = sheet.row(y + 4, w("row_teams"))
    _teams(sheet, y)
    y = sheet.row(y + 20, w("row_courses"))
    _courses(sheet, y)
    y = sheet.row(y + 18, w("row_members"))
    for index, dimension in enumerate(("channel", "priority")):
        _members(sheet, (0, y + 6 * index, 24, 6), dimension)
    y = sheet.row(y + 12, w("row_budget"))
    _budget(sheet, y)


def _worst(sheet: Sheet, y: int) -> None:
    """All that is listed, the greatest excess first."""
    w = sheet.desk.words
    keys = [Key("member", w("who")), Key("target", w("target"), spoken(sheet)), Key("window", w("window"))]
    shown = [
        Column(w("column_excess"), worst("excess_tickets")),
        Column(w("late_missed"), worst("missed_tickets")),
        Column(w("of_deadlines"), worst("observations")),
        Column(w("in_time"), percent(worst("ratio")), "whole_percent"),
        Column(w("promised"), percent(worst("objective_ratio")), "whole_percent"),
        Column(w("column_overdue"), worst("overdue_tickets")),
        Column(w("listed_for"), Age(worst("since_timestamp_seconds")), "span"),
    ]
    worst_name(sheet, (0, y, 24, 2))
    frame = Frame((0, y + 2, 24, 5), w("worst_all"), w("worst_help"))
    tables.columns(sheet, frame, keys, shown, sort_by=w("column_excess"))


def _now(sheet: Sheet, y: int) -> None:
    w = sheet.desk.words

    def at(index: int) -> tuple[int, int, int, int]:
        return (index * 4, y, 4, 4)

    tiles.value(sheet, Frame(at(0), w("overdue"), w("overdue_help")), Query(overdue(TARGET)), "count", Number(of_policy=True))
    risky = Query(at_risk(TARGET))
    tiles.value(sheet, Frame(at(1), w("at_risk_title"), w("due_help")), risky, "count", Number(steps=_RISKY, of_policy=True))
    tiles.value(sheet, Frame(at(2), w("within_1h"), w("due_help")), Query(at_risk(TARGET, within="1h")), "count", Number(of_policy=True))
    running = Query(live("support_sla_waiting_tickets", ALL, ("target", TARGET)))
    tiles.value(sheet, Frame(at(3), w("running"), w("running_help")), running, "count", Number(of_policy=True))
    coming = Query(Rounded(forecast("expected", TARGET), 0))
    tiles.value(sheet, Frame(at(4), w("forecast_now"), w("forecast_help")), coming, "count", Number(of_policy=True))
    deadline = Query(next_or_none((*ALL, ("target", TARGET))))
    tiles.value(sheet, Frame(at(5), w("next_deadline_in"), w("next_deadline_help")), deadline, "span", Number(none=True, of_policy=True))


def _columns(sheet: Sheet, window: str, who: Who) -> list[Column]:
    w = sheet.desk.words
    own = ("member",)
    share = attained(TARGET, window, who, own)
    state = Pick("support_sla_below_objective", (*who, ("target", TARGET)), own)
    return [
        Column(w("state"), state, "word", states=LISTED),
        Column(w("in_time"), percent(share), "whole_percent"),
        Column(w("late_missed"), missed(TARGET, window, who, own)),
        Column(w("of_deadlines"), observations(share)),
        Column(w("column_overdue"), overdue(TARGET, who, own)),
    ]


def _teams(sheet: Sheet, y: int) -> None:
    desk, w = sheet.desk, sheet.desk.words
    own = ("member",)
    shown = [
        *_columns(sheet, "1h", TEAMS),
        Column(w("promised"), percent(objective(TARGET, TEAMS, own)), "whole_percent"),
        Column(w("column_at_risk"), at_risk(TARGET, TEAMS, own), steps=_RISKY),
        Column(w("title_waiting"), unanswered(TEAMS, own)),
        Column(w("column_longest"), longest_wait(TEAMS, own, desk=desk), "span"),
        Column(w("column_next"), next_deadline(TARGET, TEAMS, own), "span"),
    ]
    key = Key("member", w("team"), link=links.team_of_cell(desk))
    tables.columns(
        sheet, Frame((0, y, 24, 10), w("teams_now"), w("teams_now_help")), [key], shown, sort_by=shown[1].heading, descending=False
    )
    states = [Query(sla_state(_BY_TEAM), "{{member}} · {{target}}"), without_policy()]
    frame = Frame((0, y + 10, 14, 10), w("sla_status"), w("sla_status_help"))
    panels.timeline(sheet, frame, states, STATES, spoken=briefly(sheet))
    open_now = [Query(live("support_business_open", TEAMS, keep=own), "{{member}}")]
    frame = Frame((14, y + 10, 10, 10), w("hours_teams"), w("hours_help"))
    panels.timeline(sheet, frame, open_now, HOURS, link=links.team_of_series(desk))


def _courses(sheet: Sheet, y: int) -> None:
    desk, w = sheet.desk, sheet.desk.words
    link, own = links.team_of_series(desk), ("member",)
    promise = panels.Objective(percent(objective(TARGET)), w("objective_line"))
    for index, window in enumerate(("1h", "24h")):
        shown = [Query(percent(attained(TARGET, window, TEAMS, own)), "{{member}}")]
        frame = Frame((12 * index, y, 12, 9), w("attainment_teams", window=w(f"window_{window}")), w("attainment_help"))
        panels.lines(sheet, frame, shown, "percent", Course(empty="needs_policy", objective=promise, soft=(80, 100), link=link))
    frame = Frame((0, y + 9, 12, 9), w("breached_teams", window=w("window_1h")), w("breached_help"))
    panels.lines(
        sheet, frame, [Query(missed(TARGET, "1h", TEAMS, own), "{{member}}")], "count", Course(empty="needs_policy", soft=(0, 5), link=link)
    )
    names = {"expected": w("expected"), "low": w("interval_low"), "high": w("interval_high")}
    bounds = [Query(forecast(bound, TARGET), name) for bound, name in names.items()]
    frame = Frame((12, y + 9, 12, 9), w("forecast"), w("forecast_help"))
    panels.lines(sheet, frame, bounds, "score", Course(empty="needs_policy", bounds=(names["low"], names["high"]), soft=(0, 5)))


def _members(sheet: Sheet, place: tuple[int, int, int, int], dimension: str) -> None:
    w = sheet.desk.words
    who: Who = (("by", dimension),)
    shown = _columns(sheet, "8h", who)
    frame = Frame(place, w(f"attainment_by_{dimension}", window=w("window_8h")), w("attainment_help"))
    tables.columns(sheet, frame, [Key("member", w(dimension))], shown, sort_by=shown[1].heading, descending=False)


def _budget(sheet: Sheet, y: int) -> None:
    desk, w = sheet.desk, sheet.desk.words
    for index, window in enumerate(WINDOWS):
        title = w("attainment", window=w(f"short_{window}"))
        frame = Frame((index * 4, y, 4, 4), title, w("attainment_help"))
        tiles.value(sheet, frame, Query(percent(attained(TARGET, window))), "percent", Number(of_policy=True))
    frame = Frame((16, y, 4, 4), w("objective"), w("objective_help"))
    tiles.value(sheet, frame, Query(percent(objective(TARGET))), "percent", Number(of_policy=True))
    left = [Step(None, "", RED), Step(0, "", PLAIN)]
    frame = Frame((20, y, 4, 4), w("budget", window=w("short_30d")), w("budget_help"))
    tiles.value(sheet, frame, Query(budget_left("30d", TARGET, ALL)), "percent", Number(steps=left))
    kept = [Query(budget_left("30d", TARGET, TEAMS, ("member",)), "{{member}}")]
    frame = Frame((0, y + 4, 24, 9), w("budget_teams", window=w("window_30d")), w("budget_help"))
    panels.lines(sheet, frame, kept, "percent", Course(empty="needs_policy", soft=(0, 100), link=links.team_of_series(desk)))
