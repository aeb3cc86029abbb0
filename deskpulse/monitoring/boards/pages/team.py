"""The board of one team: the wall's single numbers as courses and distributions.

It sets them beside those of earlier periods.
"""

from __future__ import annotations

from typing import Final

from deskpulse.monitoring.boards.panels import kinds, links, tiles
from deskpulse.monitoring.boards.panels.kinds import LineStyle
from deskpulse.monitoring.boards.panels.scale import AMBER, PLAIN, Step, band_steps
from deskpulse.monitoring.boards.panels.sheet import Frame, Query, Sheet
from deskpulse.monitoring.boards.panels.tiles import Number
from deskpulse.monitoring.boards.questions.figures import (
    FIRST_RESPONSE,
    FIRST_RESPONSE_QUANTILE,
    PARTED,
    TEAM,
    TEAM_MEMBER,
    at_risk,
    attained,
    enough,
    figure,
    hours,
    live,
    longest_of_all,
    minutes,
    next_or_none,
    objective,
    of_a_team,
    opened,
    overdue,
    per_hour,
    percent,
    unanswered,
    unassigned,
    wait_or_none,
    waiting,
    with_bot,
)
from deskpulse.monitoring.boards.questions.promql import Combined, Expression, Grouped, Pick
from kpis.figures.kpi import (
    abandonment,
    csat,
    effort,
    handle_time,
    nps,
    reopen,
    resolution_rate,
    resolution_time,
    response,
    staffing,
    volume,
)
from kpis.members import SEGMENT

WINDOW: Final = "$window"
PERIODS: Final = ("current", "previous", "week_ago")
_RISKY: Final = (Step(None, "", PLAIN), Step(1, "", AMBER))


def build(sheet: Sheet) -> None:
    """Fill the board."""
    w = sheet.desk.words
    y = _now(sheet, sheet.row(0, w("row_now")))
    if sheet.desk.targets:
        y = sheet.row(y, w("row_promises"))
        _promises(sheet, y)
        y += 9
    y = sheet.row(y, w("row_first_response"))
    _first_response(sheet, y)
    y = sheet.row(y + 17, w("row_response"))
    _response(sheet, y)
    y = sheet.row(y + 8, w("row_volume"))
    _volume(sheet, y)
    y = sheet.row(y + 17, w("row_scores"))
    _scores(sheet, y)
    y = sheet.row(y + 13, w("row_handling"))
    _handling(sheet, y)
    y = sheet.row(y + 8, w("row_staffing"))
    _staffing(sheet, y)


def _now(sheet: Sheet, y: int) -> int:
    """Tiles, four in a row so that no title is cut. Returns where the next row begins."""
    desk, w = sheet.desk, sheet.desk.words
    to_sla = links.to(desk, "sla")
    counts = [
        ("title_waiting", "waiting_help", waiting(TEAM_MEMBER)),
        ("title_unanswered", "unanswered_help", unanswered(TEAM_MEMBER)),
        ("open", "open_help", opened(TEAM_MEMBER)),
        ("unassigned", "unassigned_help", unassigned(TEAM_MEMBER)),
        ("with_bot", "with_bot_help", with_bot(TEAM_MEMBER)),
    ]
    promised = [
        (f"overdue_{target}", "overdue_help", overdue(target, TEAM_MEMBER)) for target in desk.targets
    ]
    promised += [("at_risk_title", "due_help", at_risk(target, TEAM_MEMBER)) for target in desk.targets[:1]]
    places = iter([(6 * (index % 4), y + 4 * (index // 4), 6, 4) for index in range(12)])
    for title, explained, expression in counts:
        tiles.value(sheet, Frame(next(places), w(title), w(explained)), Query(expression), "count")
    for title, explained, expression in promised:
        shown = Number(steps=_RISKY, of_policy=True) if title == "at_risk_title" else Number(of_policy=True)
        tiles.value(
            sheet, Frame(next(places), w(title), w(explained), to_sla), Query(expression), "count", shown
        )
    wait = Query(wait_or_none(TEAM_MEMBER, desk=desk))
    frame = Frame(next(places), w("longest_wait"), w("longest_wait_help"))
    tiles.value(sheet, frame, wait, "span", Number(none=True, steps=tiles.waited(desk)))
    if desk.targets:
        frame = Frame(next(places), w("next_deadline_in"), w("next_deadline_help"), to_sla)
        tiles.value(sheet, frame, Query(next_or_none(TEAM_MEMBER)), "span", Number(none=True, of_policy=True))
    x, top, _, height = next(places)
    new = Query(per_hour("1h", TEAM_MEMBER, desk=desk))
    tiles.value(sheet, Frame((x, top, 24 - x, height), w("new_course"), w("new_course_help")), new, "count")
    return top + height


def _promises(sheet: Sheet, y: int) -> None:
    """Each target in a panel of its own: two objectives in one picture are read as one."""
    desk, w = sheet.desk, sheet.desk.words
    width = 24 // len(desk.targets)
    for index, target in enumerate(desk.targets):
        shown = [
            Query(percent(attained(target, window, TEAM_MEMBER)), w.window(window))
            for window in ("1h", "24h")
        ]
        promise = kinds.Objective(percent(objective(target, TEAM_MEMBER)), w("objective_line"))
        frame = Frame(
            (index * width, y, width, 9),
            w(f"attainment_{target}"),
            w("attainment_help"),
            links.to(desk, "sla"),
        )
        kinds.lines(
            sheet, frame, shown, "percent", LineStyle(objective=promise, soft=(80, 100), empty="needs_policy")
        )


def _periods(sheet: Sheet) -> dict[str, str]:
    return {period: sheet.desk.words(f"period_{period}") for period in PERIODS}


def _first_response(sheet: Sheet, y: int) -> None:
    desk, w = sheet.desk, sheet.desk.words
    title = w("first_response_hours" if desk.clock == "business" else "first_response")
    one = of_a_team(FIRST_RESPONSE, WINDOW, desk=desk)
    tiles.value(sheet, Frame((0, y, 6, 4), title, w("first_response_help")), Query(minutes(one)), "minutes")
    tail = of_a_team(FIRST_RESPONSE_QUANTILE, WINDOW, ("q", "0.9"), desk=desk)
    frame = Frame((0, y + 4, 6, 4), w("first_response_p90"), w("first_response_p90_help"))
    tiles.value(sheet, frame, Query(minutes(tail)), "minutes")
    compared = of_a_team(FIRST_RESPONSE, WINDOW, desk=desk, period=PERIODS, keep=("period",))
    frame = Frame((6, y, 18, 8), w("first_response_course"), w("compared_help"))
    kinds.lines(
        sheet, frame, [Query(minutes(compared), "{{period}}")], "minutes", LineStyle(names=_periods(sheet))
    )
    quantiles = of_a_team(
        FIRST_RESPONSE_QUANTILE, WINDOW, ("q", ("0.5", "0.9", "0.95")), desk=desk, keep=("q",)
    )
    names = {"0.5": w("half"), "0.9": w("nine_in_ten"), "0.95": w("nineteen_in_twenty")}
    frame = Frame((0, y + 8, 12, 9), w("first_response_spread"), w("spread_help"))
    kinds.lines(sheet, frame, [Query(minutes(quantiles), "{{q}}")], "minutes", LineStyle(names=names))
    _distribution(sheet, (12, y + 8, 12, 9))


def _response(sheet: Sheet, y: int) -> None:
    """All waits for our reply, the first one and later ones: how long they were, and who waits now."""
    desk, w = sheet.desk, sheet.desk.words
    for place, q in enumerate(("0.5", "0.9")):
        pick = of_a_team(response.QUANTILE.name, WINDOW, ("q", q), desk=desk)
        frame = Frame((0, y + 4 * place, 6, 4), w(f"response_{q.replace('.', '_')}"), w("response_help"))
        tiles.value(sheet, frame, Query(minutes(pick)), "minutes")
    quantiles = of_a_team(response.QUANTILE.name, WINDOW, ("q", ("0.5", "0.9")), desk=desk, keep=("q",))
    names = {"0.5": w("half"), "0.9": w("nine_in_ten")}
    frame = Frame((6, y, 9, 8), w("response_spread"), w("response_help"))
    kinds.lines(sheet, frame, [Query(minutes(quantiles), "{{q}}")], "minutes", LineStyle(names=names))
    longest = [Query(hours(longest_of_all(TEAM_MEMBER)), w("longest_of_all"))]
    frame = Frame((15, y, 9, 8), w("longest_of_all"), w("longest_of_all_help"))
    kinds.lines(sheet, frame, longest, "hours")


def _distribution(sheet: Sheet, place: tuple[int, int, int, int]) -> None:
    """How many first responses fell between the edges of the histogram.

    Its buckets are cumulative, so neighbours are subtracted.
    """
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
    title = w("distribution", window=w.window(desk.parts_window))
    kinds.bars(sheet, Frame(place, title, w("distribution_help")), shown, "count")


def _bucket(window: str, edge_seconds: int | None) -> Expression:
    le = "+Inf" if edge_seconds is None else repr(float(edge_seconds))
    where = (("window", window), ("team", TEAM), ("le", le))
    return Grouped(Pick("support_first_response_seconds_bucket", where, PARTED), "sum")


def _volume(sheet: Sheet, y: int) -> None:
    desk, w = sheet.desk, sheet.desk.words
    tickets = figure(volume.TICKETS.name, WINDOW, TEAM_MEMBER, desk=desk, period=PERIODS, keep=("period",))
    frame = Frame((0, y, 12, 8), w("volume_course"), w("compared_help"))
    kinds.lines(sheet, frame, [Query(tickets, "{{period}}")], "count", LineStyle(names=_periods(sheet)))
    standing = [
        Query(opened(TEAM_MEMBER), w("open")),
        Query(waiting(TEAM_MEMBER), w("waiting")),
        Query(unanswered(TEAM_MEMBER), w("unanswered")),
    ]
    kinds.lines(sheet, Frame((12, y, 12, 8), w("backlog_course"), w("open_help")), standing, "count")
    by = [dimension for dimension in PARTED if dimension != SEGMENT or desk.segment is not None]
    width = 24 // (len(by) + 1)
    for index, dimension in enumerate(by):
        where = (("window", desk.parts_window), ("team", TEAM))
        parts = Pick("support_created_tickets", where, PARTED)
        title = w(f"created_by_{dimension}", window=w.window(desk.parts_window), name=desk.segment)
        mix = [Query(Grouped(parts, "sum", (dimension,)), f"{{{{{dimension}}}}}")]
        frame = Frame((index * width, y + 8, width, 9), title, w("created_by_help"))
        kinds.bars(sheet, frame, mix, "count")
    new = [Query(per_hour("1h", TEAM_MEMBER, desk=desk), w("new_per_hour"))]
    frame = Frame((len(by) * width, y + 8, width, 9), w("new_course"), w("new_course_help"))
    kinds.lines(sheet, frame, new, "count")


def _scores(sheet: Sheet, y: int) -> None:
    """Scores with their bands: nothing is promised about them."""
    desk, w = sheet.desk, sheet.desk.words
    satisfied = figure(csat.RATIO.name, WINDOW, TEAM_MEMBER, desk=desk)
    solved = figure(
        resolution_rate.RATIO.name, desk.window(desk.bands.resolution, "30d"), TEAM_MEMBER, desk=desk
    )
    promoted = figure(nps.SCORE.name, WINDOW, TEAM_MEMBER, desk=desk)
    csat_steps, solved_steps = (
        band_steps(desk.bands.csat, times=100),
        band_steps(desk.bands.resolution, times=100),
    )
    band = (enough(percent(satisfied), satisfied, desk), csat_steps)
    tiles.value(
        sheet,
        Frame((0, y, 8, 4), w("csat"), w("csat_help")),
        Query(percent(satisfied)),
        "percent",
        Number(band=band),
    )
    band = (enough(promoted, promoted, desk), band_steps(desk.bands.nps))
    tiles.value(sheet, Frame((8, y, 8, 4), "NPS", w("nps_help")), Query(promoted), "score", Number(band=band))
    band = (enough(percent(solved), solved, desk), solved_steps)
    frame = Frame((16, y, 8, 4), w("resolution_in"), w("resolution_help"))
    tiles.value(sheet, frame, Query(percent(solved)), "percent", Number(band=band))
    course = figure(csat.RATIO.name, WINDOW, TEAM_MEMBER, desk=desk, period=PERIODS, keep=("period",))
    shown = [Query(percent(course), "{{period}}")]
    frame = Frame((0, y + 4, 8, 9), w("csat_course"), w("csat_help"))
    kinds.lines(sheet, frame, shown, "percent", LineStyle(names=_periods(sheet), soft=(80, 100)))
    low, high = (
        figure(nps.INTERVAL.name, WINDOW, TEAM_MEMBER, ("bound", bound), desk=desk)
        for bound in ("low", "high")
    )
    names = (w("interval_low"), w("interval_high"))
    scores = [Query(promoted, "NPS"), Query(low, names[0]), Query(high, names[1])]
    frame = Frame((8, y + 4, 8, 9), w("nps_course"), w("nps_help"))
    kinds.lines(sheet, frame, scores, "score", LineStyle(bounds=names, soft=(None, None)))
    easy = [Query(figure(effort.MEAN.name, WINDOW, TEAM_MEMBER, desk=desk), w("effort"))]
    frame = Frame((16, y + 4, 8, 9), w("effort_course"), w("effort_help"))
    kinds.lines(sheet, frame, easy, "decimal", LineStyle(soft=(1, 7)))


def _handling(sheet: Sheet, y: int) -> None:
    desk, w = sheet.desk, sheet.desk.words
    handle = [
        Query(minutes(figure(handle_time.MEAN.name, WINDOW, TEAM_MEMBER, desk=desk)), w("mean")),
        Query(
            minutes(figure(handle_time.QUANTILE.name, WINDOW, TEAM_MEMBER, ("q", "0.9"), desk=desk)),
            w("nine_in_ten"),
        ),
    ]
    kinds.lines(sheet, Frame((0, y, 8, 8), w("handle_time"), w("handle_time_help")), handle, "minutes")
    back = [
        Query(percent(figure(reopen.RATIO.name, WINDOW, TEAM_MEMBER, desk=desk)), w("reopened")),
        Query(percent(figure(abandonment.RATIO.name, WINDOW, TEAM_MEMBER, desk=desk)), w("abandoned")),
    ]
    kinds.lines(
        sheet, Frame((8, y, 8, 8), w("back"), w("back_help")), back, "percent", LineStyle(soft=(0, 10))
    )
    quantiles = of_a_team(
        resolution_time.QUANTILE.name, WINDOW, ("q", ("0.5", "0.9", "0.95")), desk=desk, keep=("q",)
    )
    names = {"0.5": w("half"), "0.9": w("nine_in_ten"), "0.95": w("nineteen_in_twenty")}
    frame = Frame((16, y, 8, 8), w("resolution_time_spread"), w("spread_help"))
    kinds.lines(sheet, frame, [Query(hours(quantiles), "{{q}}")], "hours", LineStyle(names=names))


def _staffing(sheet: Sheet, y: int) -> None:
    """Who is there, and what waits for each who is free; empty for a desk without presence."""
    w = sheet.desk.words
    there = [
        Query(live(staffing.RESPONDERS.name, TEAM_MEMBER, ("state", state)), w(f"responders_{state}"))
        for state in staffing.STATES
    ]
    frame = Frame((0, y, 12, 8), w("responders_course"), w("responders_help"))
    kinds.lines(sheet, frame, there, "count", LineStyle(empty="needs_presence"))
    waiting = [Query(live(staffing.PER_RESPONDER.name, TEAM_MEMBER), w("per_responder_course"))]
    frame = Frame((12, y, 12, 8), w("per_responder_course"), w("per_responder_help"))
    kinds.lines(sheet, frame, waiting, "decimal", LineStyle(empty="needs_presence"))
