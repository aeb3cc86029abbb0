"""The wall: read from five metres, all day, without a hand on it. 24 columns by 20 rows, no variables, nothing to scroll."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models import dashboard as sdk

from deskpulse.boards import panels
from deskpulse.boards.figures import (
    ALL,
    FIRST_RESPONSE,
    TEAMS,
    enough,
    figure,
    live,
    marked_if_few,
    minutes,
    percent,
    sla_status,
)
from deskpulse.boards.locales import Quantity
from deskpulse.boards.promql import JOB, Expression, Given, Grouped, Pick, Scaled, Written
from deskpulse.boards.scale import BLUE, GREEN, GREY, RED, STATUS_COLOURS, YELLOW, Step, band_steps, objective_steps
from deskpulse.boards.sheet import Frame, Query, Sheet

ROWS: Final = 20  # the whole board: at 38 pixels a row it fits 16:9 from 1366x768 on, and `autofitpanels` fills what is more
STATES: Final = {0.0: ("ok", STATUS_COLOURS["ok"]), 1.0: ("at_risk", STATUS_COLOURS["at_risk"]), 2.0: ("breach", STATUS_COLOURS["breach"])}
COMPLETENESS: Final = {
    1.0: ("complete", BLUE),
    0.0: ("incomplete", YELLOW),
    -1.0: ("stale", RED),
    -2.0: ("stale", RED),
}
STALE_SECONDS: Final = 60
AS_OF: Final = f'deskpulse_view_as_of_timestamp_seconds{{job="{JOB}"}}'
_TILE: Final = 4  # columns


def completeness() -> Expression:
    """1 when some exporter shows all that is committed, 0 when none does; below 0 when the newest figures are a minute old."""
    complete = f'max(deskpulse_view_complete{{job="{JOB}"}})'
    return Written(f"{complete} - 2 * (time() - max({AS_OF}) > bool {STALE_SECONDS})")


def age() -> Expression:
    """Seconds since the newest figures were computed."""
    return Written(f"time() - max({AS_OF})")


def lag() -> Expression:
    """Records that are in the source topics and not yet in the figures."""
    return Grouped(Pick("deskpulse_source_lag_records", (("job", JOB),), ("topic", "partition")), "sum")


def firing() -> Expression:
    """Alerts that fire, without the watchdog: absent when that is silent too, since then nobody is told anything."""
    return Written('count(ALERTS{alertstate="firing"}) - count(ALERTS{alertstate="firing",alertname="Watchdog"})')


def build(sheet: Sheet) -> None:
    """Fill the wall."""
    _status(sheet)
    for index, tile in enumerate((_first_response, _attainment, _csat, _resolution, _nps, _waiting)):
        tile(sheet, index * _TILE)
    _below(sheet)


def _status(sheet: Sheet) -> None:
    w = sheet.desk.words
    pipeline = [sdk.DashboardLink(title=w("board_pipeline"), type_val=sdk.DashboardLinkType.LINK, url=f"/d/{sheet.desk.uid('pipeline')}")]
    panels.state(sheet, Frame((0, 0, 6, 3), w("figures_are"), w("figures_are_help"), pipeline), Query(completeness()), COMPLETENESS)
    short = {key: w(f"short_{key}") for key in ("age", "lag", "open", "alerts")}
    ages = [Step(None, "ok", BLUE), Step(30, "at_risk", YELLOW), Step(STALE_SECONDS, "breach", RED)]
    frame = Frame((6, 0, 4, 3), w("age"), w("age_help"), pipeline)
    panels.value(sheet, frame, Query(age()), "count", steps=ages, named=short["age"])
    lags = [Step(None, "ok", BLUE), Step(1_000, "at_risk", YELLOW), Step(10_000, "breach", RED)]
    panels.value(
        sheet,
        Frame((10, 0, 4, 3), w("not_counted"), w("not_counted_help"), pipeline),
        Query(lag()),
        "count",
        steps=lags,
        named=short["lag"],
    )
    opened = {1.0: ("opened", GREEN), 0.0: ("closed", GREY)}
    if sheet.desk.policy.has_calendars:
        panels.state(sheet, Frame((14, 0, 5, 3), w("hours"), w("hours_help")), Query(live("support_business_open")), opened)
    else:
        opens = live("support_open_tickets")
        panels.value(sheet, Frame((14, 0, 5, 3), w("open"), w("open_help")), Query(opens), "count", named=short["open"])
    alerts = [Step(None, "ok", BLUE), Step(1, "breach", RED)]
    panels.value(
        sheet,
        Frame((19, 0, 5, 3), w("alerts"), w("alerts_help")),
        Query(firing()),
        "count",
        steps=alerts,
        empty="no_watchdog",
        named=short["alerts"],
    )


def _tile(
    sheet: Sheet,
    x: int,
    key: str,
    pick: Pick,
    *,
    shown: tuple[Expression, Quantity],
    steps: list[Step],
) -> None:
    """A number, and under it its course with the word of its band."""
    desk = sheet.desk
    expression, quantity = shown
    window = dict(pick.where)["window"]
    by_hours = "business" in dict(pick.where).values()
    title = desk.words(f"{key}_hours" if by_hours else key, window=desk.words(f"window_{window}"))
    name = desk.words(f"{key}_short", window=desk.words(f"short_{window}"))
    help_text = desk.words(f"{key}_help")
    if by_hours and desk.some_always_work:
        help_text = f"{help_text} {desk.words('business_only')}"
    panels.value(sheet, Frame((x, 3, _TILE, 4), title, help_text, _to_team(sheet)), Query(expression), quantity, named=name)
    panels.strip(sheet, Frame((x, 7, _TILE, 3), "", desk.words("band_of", what=title)), Query(enough(expression, pick, desk)), steps)


def _to_team(sheet: Sheet) -> list[sdk.DashboardLink]:
    desk = sheet.desk
    return [sdk.DashboardLink(title=desk.words("board_team"), type_val=sdk.DashboardLinkType.LINK, url=f"/d/{desk.uid('team')}")]


def _first_response(sheet: Sheet, x: int) -> None:
    desk = sheet.desk
    band = desk.bands.first_response
    pick = figure(FIRST_RESPONSE, desk.window(band, "1h"), desk=desk)
    _tile(sheet, x, "wall_first_response", pick, shown=(minutes(pick), "minutes"), steps=band_steps(band, times=1 / 60))


def _attainment(sheet: Sheet, x: int) -> None:
    desk = sheet.desk
    target = desk.target
    pick = figure("support_sla_attainment_ratio", "24h", ALL, ("target", target), desk=desk)
    _tile(sheet, x, f"wall_attainment_{target}", pick, shown=(percent(pick), "percent"), steps=objective_steps(desk.objective))


def _csat(sheet: Sheet, x: int) -> None:
    desk = sheet.desk
    pick = figure("support_csat_ratio", desk.window(desk.bands.csat, "24h"), desk=desk)
    _tile(sheet, x, "wall_csat", pick, shown=(percent(pick), "percent"), steps=band_steps(desk.bands.csat, times=100))


def _resolution(sheet: Sheet, x: int) -> None:
    desk = sheet.desk
    pick = figure("support_resolution_ratio", desk.window(desk.bands.resolution, "30d"), desk=desk)
    _tile(sheet, x, "wall_resolution", pick, shown=(percent(pick), "percent"), steps=band_steps(desk.bands.resolution, times=100))


def _nps(sheet: Sheet, x: int) -> None:
    desk = sheet.desk
    pick = figure("support_nps_score", desk.window(desk.bands.nps, "30d"), desk=desk)
    _tile(sheet, x, "wall_nps", pick, shown=(pick, "score"), steps=band_steps(desk.bands.nps))


def _waiting(sheet: Sheet, x: int) -> None:
    """Who waits comes last in the row, where the eye stops: tickets without an answer, and whether a deadline suffers."""
    w = sheet.desk.words
    unanswered = live("support_unanswered_tickets")
    panels.value(
        sheet,
        Frame((x, 3, _TILE, 4), w("wall_waiting"), w("wall_waiting_help"), _to_team(sheet)),
        Query(unanswered),
        "count",
        named=w("wall_waiting_short"),
    )
    steps = [Step(None, "ok", STATES[0][1]), Step(1, "at_risk", STATES[1][1]), Step(2, "breach", STATES[2][1])]
    now = Given(sla_status(ALL, keep=()), sla_status(ALL, keep=(), at_end=True))
    panels.strip(sheet, Frame((x, 7, _TILE, 3), "", w("wall_deadlines_help")), Query(now), steps, empty="no_data")


def _below(sheet: Sheet) -> None:
    desk, w = sheet.desk, sheet.desk.words
    target = desk.target
    pick = figure("support_sla_attainment_ratio", "24h", TEAMS, ("target", target), desk=desk, keep=("member",))
    steps = objective_steps(desk.objective)
    shown = [Query(marked_if_few(percent(pick), pick, desk), "{{member}}")]
    panels.bars(sheet, Frame((0, 10, 8, 10), w(f"teams_{target}"), w("teams_help")), shown, "percent", steps=steps, most=100, few=True)
    panels.timeline(sheet, Frame((8, 10, 8, 10), w("sla_status"), w("sla_status_help")), Query(sla_status(TEAMS), "{{member}}"), STATES)
    at_risk_table(sheet, (16, 10, 8, 10), TEAMS)


def at_risk_table(sheet: Sheet, place: tuple[int, int, int, int], who: tuple[tuple[str, str], ...]) -> None:
    """Tickets whose deadline is past or near, by team; a click goes to the board of the team."""
    desk, w = sheet.desk, sheet.desk.words
    own = ("member", "target")
    late = [Step(None, "ok", BLUE), Step(1, "breach", RED)]
    near = [Step(None, "ok", BLUE), Step(1, "at_risk", YELLOW)]

    def total(name: str, *more: tuple[str, str]) -> Query:
        return Query(Grouped(live(name, who, *more, keep=own), "sum", ("member",)))

    deadline = Grouped(live("support_sla_next_deadline_timestamp_seconds", who, keep=own), "min", ("member",))
    panels.columns(
        sheet,
        Frame(place, w("at_risk_teams"), w("at_risk_teams_help")),
        [
            (w("past"), total("support_sla_breached_waiting_tickets"), "count", late),
            (w("within_15m"), total("support_sla_due_tickets", ("within", "15m")), "count", near),
            (w("within_1h"), total("support_sla_due_tickets", ("within", "1h")), "count", None),
            (w("within_4h"), total("support_sla_due_tickets", ("within", "4h")), "count", None),
            (w("next_deadline"), Query(Scaled(deadline, times=1000)), "clock", None),
        ],
        label="member",
        heading=w("team"),
        sort_by=w("past"),
        link=f"/d/{desk.uid('team')}?var-team=${{__value.raw}}",
    )
