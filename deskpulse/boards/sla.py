"""The board of the promises: how many were kept, what may still fail, which tickets are next."""

from __future__ import annotations

from typing import Final

from deskpulse.boards import panels
from deskpulse.boards.figures import ALL, TEAMS, figure, hours, live, marked_if_few, observations, percent, sla_status
from deskpulse.boards.promql import Combined, Expression, Match, Pick, Scaled
from deskpulse.boards.scale import BLUE, GREEN, GREY, RED, STATUS_COLOURS, YELLOW, Step, objective_steps
from deskpulse.boards.sheet import Frame, Query, Sheet
from deskpulse.boards.wall import STATES, at_risk_table

TARGET: Final = ("target", "$target")
ATTAINMENT: Final = "support_sla_attainment_ratio"
WINDOWS: Final = ("today", "24h", "7d", "30d")
Who = tuple[tuple[str, Match], ...]


def build(sheet: Sheet) -> None:
    """Fill the board."""
    _kept(sheet)
    _next(sheet)
    _courses(sheet)
    _members(sheet)


def _kept(sheet: Sheet) -> None:
    desk, w = sheet.desk, sheet.desk.words
    steps = objective_steps(desk.objective)
    for index, window in enumerate(WINDOWS):
        pick = figure(ATTAINMENT, window, ALL, TARGET, desk=desk)
        title = w("attainment", window=w(f"window_{window}"))
        panels.value(sheet, Frame((index * 4, 0, 4, 5), title, w("attainment_help")), Query(percent(pick)), "percent", steps=steps)
    objective = live("support_sla_objective_ratio", ALL, TARGET)
    panels.value(sheet, Frame((16, 0, 4, 5), w("objective"), w("objective_help")), Query(percent(objective)), "percent")
    left = [
        Step(None, "breach", STATUS_COLOURS["breach"]),
        Step(0, "at_risk", STATUS_COLOURS["at_risk"]),
        Step(25, "ok", STATUS_COLOURS["ok"]),
    ]
    panels.value(
        sheet,
        Frame((20, 0, 4, 5), w("budget", window=w("window_30d")), w("budget_help")),
        Query(budget_left("30d", ALL)),
        "percent",
        steps=left,
    )


def budget_left(window: str, who: Who, keep: tuple[str, ...] = ()) -> Expression:
    """Per cent of the error budget that is left: 100 when nothing failed, 0 when as much failed as may, below 0 when more did."""
    attained = Pick(ATTAINMENT, (("window", window), ("period", "current"), *who, TARGET), keep)
    objective = live("support_sla_objective_ratio", who, TARGET, keep=keep)
    failed = Combined(Scaled(attained, times=-1, plus=1), "/", Scaled(objective, times=-1, plus=1))
    return Scaled(failed, times=-100, plus=100)


def _next(sheet: Sheet) -> None:
    w = sheet.desk.words
    at_risk_table(sheet, (0, 5, 10, 9), TEAMS)
    panels.timeline(sheet, Frame((10, 5, 8, 9), w("sla_status"), w("sla_status_help")), Query(sla_status(TEAMS), "{{member}}"), STATES)
    late = [Step(None, "ok", BLUE), Step(1, "breach", RED)]
    near = [Step(None, "ok", BLUE), Step(1, "at_risk", YELLOW)]
    waiting = live("support_sla_waiting_tickets", ALL, TARGET)
    panels.value(sheet, Frame((18, 5, 3, 3), w("running"), w("running_help")), Query(waiting), "count")
    past = live("support_sla_breached_waiting_tickets", ALL, TARGET)
    panels.value(sheet, Frame((21, 5, 3, 3), w("past"), w("past_help")), Query(past), "count", steps=late)
    for index, within in enumerate(("15m", "1h")):
        due = live("support_sla_due_tickets", ALL, TARGET, ("within", within))
        panels.value(sheet, Frame((18 + 3 * index, 8, 3, 3), w(f"within_{within}"), w("due_help")), Query(due), "count", steps=near)
    deadline = live("support_sla_next_deadline_timestamp_seconds", ALL, TARGET)
    panels.value(
        sheet,
        Frame((18, 11, 6, 3), w("next_deadline"), w("next_deadline_help")),
        Query(Scaled(deadline, times=1000)),
        "date",
        empty="nothing",
    )


def _courses(sheet: Sheet) -> None:
    desk, w = sheet.desk, sheet.desk.words
    steps = objective_steps(desk.objective)
    attained = figure(ATTAINMENT, "24h", TEAMS, TARGET, desk=desk, keep=("member",))
    title = w("attainment_teams", window=w("window_24h"))
    panels.lines(
        sheet, Frame((0, 14, 12, 8), title, w("attainment_help")), [Query(percent(attained), "{{member}}")], "percent", steps=steps
    )
    breached = figure("support_sla_breached_tickets", "24h", TEAMS, TARGET, desk=desk, keep=("member",))
    title = w("breached_teams", window=w("window_24h"))
    panels.lines(sheet, Frame((12, 14, 12, 8), title, w("breached_help")), [Query(breached, "{{member}}")], "count")
    bounds = live("support_sla_forecast_breaches_tickets", ALL, TARGET, keep=("bound",))
    names = {"expected": w("expected"), "low": w("interval_low"), "high": w("interval_high")}
    panels.lines(sheet, Frame((0, 22, 12, 8), w("forecast"), w("forecast_help")), [Query(bounds, "{{bound}}")], "score", names=names)
    kept = [Query(budget_left("30d", TEAMS, ("member",)), "{{member}}")]
    panels.lines(sheet, Frame((12, 22, 12, 8), w("budget_teams", window=w("window_30d")), w("budget_help")), kept, "percent", least=None)


def _members(sheet: Sheet) -> None:
    desk, w = sheet.desk, sheet.desk.words
    steps = objective_steps(desk.objective)
    for index, dimension in enumerate(("team", "channel", "priority")):
        pick = figure(ATTAINMENT, "7d", (("by", dimension),), TARGET, desk=desk, keep=("member",))
        title = w(f"attainment_by_{dimension}", window=w("window_7d"))
        shown = [Query(marked_if_few(percent(pick), pick, desk), "{{member}}")]
        panels.bars(sheet, Frame((index * 8, 30, 8, 9), title, w("attainment_help")), shown, "percent", steps=steps, most=100, few=True)
    oldest = [Query(hours(live("support_oldest_unanswered_business_seconds", TEAMS, keep=("member",))), "{{member}}")]
    panels.bars(sheet, Frame((0, 39, 8, 8), w("oldest_business"), w("oldest_business_help")), oldest, "hours")
    fallen = observations(figure(ATTAINMENT, "24h", TEAMS, TARGET, desk=desk, keep=("member",)))
    panels.bars(sheet, Frame((8, 39, 8, 8), w("fallen"), w("fallen_help")), [Query(fallen, "{{member}}")], "count")
    opened = {1.0: ("opened", GREEN), 0.0: ("closed", GREY)}
    hours_open = live("support_business_open", TEAMS, keep=("member",))
    panels.timeline(sheet, Frame((16, 39, 8, 8), w("hours_teams"), w("hours_help")), Query(hours_open, "{{member}}"), opened)
