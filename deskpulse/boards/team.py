"""The board of one team: what the wall shows in one number, as a course, a distribution, and beside earlier periods."""

from __future__ import annotations

from typing import Final

from deskpulse.boards import panels
from deskpulse.boards.figures import (
    FIRST_RESPONSE,
    TEAM_MEMBER,
    figure,
    hours,
    live,
    minutes,
    of_a_team,
    percent,
)
from deskpulse.boards.promql import Age, Combined, Expression, Grouped, Pick, Scaled
from deskpulse.boards.scale import BLUE, RED, Step, band_steps, objective_steps
from deskpulse.boards.sheet import Frame, Query, Sheet

WINDOW: Final = "$window"
PERIODS: Final = ("current", "previous", "week_ago")


def build(sheet: Sheet) -> None:
    """Fill the board."""
    _now(sheet)
    _compared(sheet)
    _durations(sheet)
    _surveys(sheet)
    _mix(sheet)


def _now(sheet: Sheet) -> None:
    desk, w = sheet.desk, sheet.desk.words
    width = 3

    def at(index: int) -> tuple[int, int, int, int]:
        return (index * width, 0, width, 4)

    first = of_a_team(FIRST_RESPONSE, WINDOW, desk=desk)
    panels.value(sheet, Frame(at(0), w("first_response"), w("first_response_help")), Query(minutes(first)), "minutes")
    tail = of_a_team("support_first_response_quantile_seconds", WINDOW, ("q", "0.9"), desk=desk)
    panels.value(sheet, Frame(at(1), w("first_response_p90"), w("first_response_p90_help")), Query(minutes(tail)), "minutes")
    csat = figure("support_csat_ratio", WINDOW, TEAM_MEMBER, desk=desk)
    panels.value(sheet, Frame(at(2), w("csat"), w("csat_help")), Query(percent(csat)), "percent")
    solved = figure("support_resolution_ratio", WINDOW, TEAM_MEMBER, desk=desk)
    panels.value(sheet, Frame(at(3), w("resolution"), w("resolution_help")), Query(percent(solved)), "percent")
    volume = figure("support_tickets", WINDOW, TEAM_MEMBER, desk=desk)
    panels.value(sheet, Frame(at(4), w("volume"), w("volume_help")), Query(volume), "count")
    panels.value(sheet, Frame(at(5), w("open"), w("open_help")), Query(live("support_open_tickets", TEAM_MEMBER)), "count")
    panels.value(
        sheet, Frame(at(6), w("unanswered"), w("unanswered_help")), Query(live("support_unanswered_tickets", TEAM_MEMBER)), "count"
    )
    late = Grouped(live("support_sla_breached_waiting_tickets", TEAM_MEMBER, keep=("target",)), "sum")
    steps = [Step(None, "ok", BLUE), Step(1, "breach", RED)]
    panels.value(sheet, Frame(at(7), w("past"), w("past_help")), Query(late), "count", steps=steps)


def _periods(sheet: Sheet) -> dict[str, str]:
    return {period: sheet.desk.words(f"period_{period}") for period in PERIODS}


def _compared(sheet: Sheet) -> None:
    desk, w = sheet.desk, sheet.desk.words

    compared = of_a_team(FIRST_RESPONSE, WINDOW, desk=desk, period=PERIODS, keep=("period",))
    first = [Query(minutes(compared), "{{period}}")]
    steps = band_steps(desk.bands.first_response, times=1 / 60)
    place = (0, 4, 12, 8)
    panels.lines(sheet, Frame(place, w("first_response_course"), w("compared_help")), first, "minutes", steps=steps, names=_periods(sheet))
    tickets = figure("support_tickets", WINDOW, TEAM_MEMBER, desk=desk, period=PERIODS, keep=("period",))
    volume = [Query(tickets, "{{period}}")]
    panels.lines(sheet, Frame((12, 4, 12, 8), w("volume_course"), w("compared_help")), volume, "count", names=_periods(sheet))


def _durations(sheet: Sheet) -> None:
    desk, w = sheet.desk, sheet.desk.words

    def quantiles(name: str) -> Expression:
        return of_a_team(name, WINDOW, ("q", ("0.5", "0.9", "0.95")), desk=desk, keep=("q",))

    names = {"0.5": w("half"), "0.9": w("nine_in_ten"), "0.95": w("nineteen_in_twenty")}
    first = [Query(minutes(quantiles("support_first_response_quantile_seconds")), "{{q}}")]
    panels.lines(sheet, Frame((0, 12, 8, 8), w("first_response_spread"), w("spread_help")), first, "minutes", names=names)
    _distribution(sheet, (8, 12, 8, 8))
    resolution = [Query(hours(quantiles("support_resolution_time_quantile_seconds")), "{{q}}")]
    panels.lines(sheet, Frame((16, 12, 8, 8), w("resolution_time_spread"), w("spread_help")), resolution, "hours", names=names)


def _distribution(sheet: Sheet, place: tuple[int, int, int, int]) -> None:
    """How many first responses fell between the edges of the histogram: its buckets are cumulative, so neighbours are subtracted."""
    desk, w = sheet.desk, sheet.desk.words
    edges = desk.buckets_seconds
    shown = []
    for lower, upper in zip([None, *edges], [*edges, None], strict=True):
        expression: Expression = _bucket(desk.parts_window, upper)
        if lower is not None:
            expression = Combined(expression, "-", _bucket(desk.parts_window, lower))
        if lower is None:
            name = w("up_to", edge=desk.locale.duration(edges[0]))
        elif upper is None:
            name = w("longer_than", edge=desk.locale.duration(lower))
        else:
            name = w("between", lower=desk.locale.duration(lower), upper=desk.locale.duration(upper))
        shown.append(Query(expression, name))
    title = w("distribution", window=w(f"window_{desk.parts_window}"))
    panels.bars(sheet, Frame(place, title, w("distribution_help")), shown, "count")


def _bucket(window: str, edge_seconds: int | None) -> Expression:
    le = "+Inf" if edge_seconds is None else repr(float(edge_seconds))
    where = (("window", window), ("team", "$team"), ("le", le))
    return Grouped(Pick("support_first_response_seconds_bucket", where, ("channel", "priority")), "sum")


def _surveys(sheet: Sheet) -> None:
    desk, w = sheet.desk, sheet.desk.words

    def course(name: str, *more: tuple[str, str]) -> Pick:
        return figure(name, WINDOW, TEAM_MEMBER, *more, desk=desk)

    csat = [Query(percent(figure("support_csat_ratio", WINDOW, TEAM_MEMBER, desk=desk, period=PERIODS, keep=("period",))), "{{period}}")]
    steps = band_steps(desk.bands.csat, times=100)
    panels.lines(sheet, Frame((0, 20, 8, 8), w("csat_course"), w("csat_help")), csat, "percent", steps=steps, names=_periods(sheet))
    low, high = (course("support_nps_interval_score", ("bound", bound)) for bound in ("low", "high"))
    nps = [Query(course("support_nps_score"), "NPS"), Query(low, w("interval_low")), Query(high, w("interval_high"))]
    panels.lines(sheet, Frame((8, 20, 8, 8), w("nps_course"), w("nps_help")), nps, "score", steps=band_steps(desk.bands.nps), least=None)
    effort = [Query(course("support_effort_mean_score"), w("effort"))]
    panels.lines(sheet, Frame((16, 20, 8, 8), w("effort_course"), w("effort_help")), effort, "decimal", least=1)


def _mix(sheet: Sheet) -> None:
    desk, w = sheet.desk, sheet.desk.words
    handle = [
        Query(minutes(figure("support_handle_time_mean_seconds", WINDOW, TEAM_MEMBER, desk=desk)), w("mean")),
        Query(minutes(figure("support_handle_time_quantile_seconds", WINDOW, TEAM_MEMBER, ("q", "0.9"), desk=desk)), w("nine_in_ten")),
    ]
    panels.lines(sheet, Frame((0, 28, 8, 8), w("handle_time"), w("handle_time_help")), handle, "minutes")
    back = [
        Query(percent(figure("support_reopen_ratio", WINDOW, TEAM_MEMBER, desk=desk)), w("reopened")),
        Query(percent(figure("support_abandonment_ratio", WINDOW, TEAM_MEMBER, desk=desk)), w("abandoned")),
    ]
    panels.lines(sheet, Frame((8, 28, 8, 8), w("back"), w("back_help")), back, "percent")
    attained = figure("support_sla_attainment_ratio", WINDOW, TEAM_MEMBER, ("target", desk.policy.targets), desk=desk, keep=("target",))
    names = {name: w(f"target_{name}") for name in desk.policy.targets}
    steps = objective_steps(desk.objective)
    shown = [Query(percent(attained), "{{target}}")]
    panels.lines(sheet, Frame((16, 28, 8, 8), w("attainment_course"), w("attainment_help")), shown, "percent", steps=steps, names=names)
    for index, dimension in enumerate(("channel", "priority")):
        where = (("window", desk.parts_window), ("team", "$team"))
        parts = Pick("support_created_tickets", where, ("channel", "priority"))
        title = w(f"created_by_{dimension}", window=w(f"window_{desk.parts_window}"))
        mix = [Query(Grouped(parts, "sum", (dimension,)), f"{{{{{dimension}}}}}")]
        panels.bars(sheet, Frame((index * 8, 36, 8, 8), title, w("created_by_help")), mix, "count")
    oldest = Pick("support_oldest_unanswered_timestamp_seconds", TEAM_MEMBER)
    panels.value(sheet, Frame((16, 36, 4, 8), w("oldest"), w("oldest_help")), Query(hours(Age(oldest))), "hours", empty="nothing")
    deadline = Grouped(live("support_sla_next_deadline_timestamp_seconds", TEAM_MEMBER, keep=("target",)), "min")
    panels.value(
        sheet,
        Frame((20, 36, 4, 8), w("next_deadline"), w("next_deadline_help")),
        Query(Scaled(deadline, times=1000)),
        "clock",
        empty="nothing",
    )
