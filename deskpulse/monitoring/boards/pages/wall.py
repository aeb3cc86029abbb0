"""The wall: read from five metres, all day, without a hand on it.

It has 24 columns by 28 rows, no variables, and nothing to scroll. It leads with what is worst now, and adds
what the built-in wall has not: the past, and the alerts that fire. Grafana's row has 30 pixels and a gap of 8
on every screen, so 28 rows are a screen of 1080 lines. `autofitpanels` rounds where each panel begins and how
high it is, each by itself: these heights come out without a hole also at 20 rows (768 lines) and 56 (2,160).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from grafana_foundation_sdk.models import dashboard as sdk

from deskpulse.monitoring.boards.matchers import ANY, DESK_NAME, OF_DESK, Match
from deskpulse.monitoring.boards.panels import kinds, links, tiles
from deskpulse.monitoring.boards.panels.kinds import LineStyle
from deskpulse.monitoring.boards.panels.scale import (
    AMBER,
    NO_ALERTING,
    PLAIN,
    RED,
    STATE_COLOURS,
    UNKNOWN,
    Step,
)
from deskpulse.monitoring.boards.panels.scale import CLOSED as GREY
from deskpulse.monitoring.boards.panels.sheet import Frame, Query, Sheet
from deskpulse.monitoring.boards.panels.tiles import Number, Said, TilePart
from deskpulse.monitoring.boards.questions.ages import Age
from deskpulse.monitoring.boards.questions.figures import (
    ALL,
    FIRST_RESPONSE_QUANTILE,
    TEAMS,
    age_seconds,
    alerting,
    at_risk,
    attained,
    blind,
    figure,
    firing,
    firing_besides,
    forecast,
    lag,
    live,
    minutes,
    next_or_none,
    none_firing,
    objective,
    opened,
    overdue,
    per_hour,
    percent,
    unanswered,
    wait_or_none,
    waiting,
    warnings_besides,
    whole_percent,
)
from deskpulse.monitoring.boards.questions.program import PlainPromql, fresh
from deskpulse.monitoring.boards.questions.promql import (
    Either,
    Expression,
    Filtered,
    Given,
    Grouped,
    JoinedLabels,
    LastKnown,
    Recorded,
    Rounded,
    Spelt,
    Top,
    Unless,
)
from deskpulse.monitoring.boards.questions.recorded import (
    AT_RISK,
    BELOW,
    BELOW_FROM,
    CLOSED,
    DESK_STATE,
    ENDANGERED,
    KEPT,
    NO_OTHER,
    NOT_DUE,
    PROMISE,
    SHOWN_ON_WALL,
    WALL_ROWS,
    WITHOUT_POLICY,
    WORST_LATE,
    sla_state,
    worst,
)
from kpis.figures.kpi import csat, resolution_rate, volume
from kpis.sla import metrics

STATES: Final = {
    BELOW: ("below_objective", STATE_COLOURS["below_objective"]),
    KEPT: ("kept", STATE_COLOURS["kept"]),
    CLOSED: ("closed", STATE_COLOURS["closed"]),
    NOT_DUE: ("not_due", STATE_COLOURS["not_due"]),
    WITHOUT_POLICY: ("no_policy", PLAIN),
}
FIGURES: Final = {
    3.0: ("complete", PLAIN),
    2.0: ("silent", UNKNOWN),
    1.0: ("incomplete", UNKNOWN),
    0.0: ("stale", UNKNOWN),
}
POLICIES: Final = {2.0: ("no_policy", PLAIN), 1.0: ("policies_differ", AMBER), 0.0: ("one_policy", PLAIN)}
STALE_SECONDS: Final = 60
_TEAMS: Final = (("by", "team"),)
# teams in a course, the worst or the most: a legend of three names of 30 characters does not fit 768 lines
LINES: Final = 2
SPAN: Final = "12h"  # of time that is shown
# From which row on and how high.
_LEAD: Final = (0, 4)  # who is worst, and how many were late
_WAITS: Final = (4, 3)  # how bad that is, what waits beyond its promise, what will be late
_ABOVE: Final = (0, 7)  # both, on a desk without a policy
_STANDS: Final = (7, 3)  # what stands now
_PAST: Final = (10, 7)
_STATES: Final = (17, 8)
_TRUST: Final = (25, 3)
ALERTS_SHOWN: Final = (
    2,
    3,
    # pages; warnings while nothing pages: four lines with what counts the others, as many as can be read from
    # afar
)


def build(sheet: Sheet) -> None:
    """Fill the wall."""
    if sheet.desk.targets:
        _worst(sheet)
        _now(sheet)
    else:
        _without_policy(sheet)
    _courses(sheet)
    _states(sheet)
    _health(sheet)


def spoken(sheet: Sheet) -> dict[str, str]:
    """Targets as they are read."""
    return {target: sheet.desk.words(f"spoken_{target}") for target in sheet.desk.targets}


def briefly(sheet: Sheet) -> dict[str, str]:
    """Targets as they are read beside a team of 30 letters."""
    return {target: sheet.desk.words(f"brief_{target}") for target in sheet.desk.targets}


def _place(x: int, width: int, row: tuple[int, int]) -> tuple[int, int, int, int]:
    y, height = row
    return (x, y, width, height)


def _is(state: float) -> Expression:
    return Filtered(DESK_STATE, "==", state)


def _first() -> Expression:
    return Top(WORST_LATE, 1)


def _worst(sheet: Sheet) -> None:
    """Who is worst, how many were late, and how bad that is.

    Three panels, so that each line is as big as it can be.

    They come before all others by row and column, which is the order in which a phone shows them.
    """
    desk, w = sheet.desk, sheet.desk.words
    to_sla, target = links.to(desk, "sla"), desk.targets[0]

    worst_name(sheet, _place(0, 12, _LEAD), to_sla)
    share = Given(Spelt(whole_percent(attained(target, "1h")), "p"), _is(KEPT))
    late = [
        said(_first(), w("late_of", missed="{{missed}}", n="{{n}}"), RED),
        said(ENDANGERED, w("due_soon", n="{{soon}}"), AMBER),
        said(share, w("in_time_share", share="{{p}}")),
        said(
            Given(Spelt(waiting(), "n"), Filtered(Filtered(DESK_STATE, ">", KEPT), "<", AT_RISK)),
            w("are_waiting", n="{{n}}"),
        ),
    ]
    tiles.sentence(sheet, Frame(_place(12, 12, _LEAD), w("worst_late"), w("worst_late_help"), to_sla), late)
    own = (*PROMISE, "window")
    since = Spelt(Rounded(minutes(Age(worst("since_timestamp_seconds"))), 0), "min", own)
    how_bad = w("how_bad", share="{{share}}", promised="{{promised}}", n="{{excess}}", minutes="{{min}}")
    longer = Given(Spelt(whole_percent(attained(target, "24h")), "p"), Unless(DESK_STATE, _is(BELOW)))
    more = [
        said(JoinedLabels(_first(), since, own, ("min",)), how_bad),
        said(longer, w("in_time_24h", share="{{p}}")),
        said(_is(WITHOUT_POLICY), w("no_policy")),
    ]
    tiles.sentence(sheet, Frame(_place(0, 12, _WAITS), w("worst_more"), w("worst_more_help"), to_sla), more)


def said(expression: Expression, text: str, colour: str = PLAIN) -> Said:
    """A sentence that stands while its question has an answer."""
    return Said(Query(expression, text, instant=True, may_be_empty=True), colour)


def worst_name(
    sheet: Sheet, place: tuple[int, int, int, int], leads: Sequence[sdk.DashboardLink] = ()
) -> None:
    """Who is worst, or the word for the whole desk: it is known that nobody is, or nothing is known."""
    w = sheet.desk.words
    who = [
        said(_first(), "{{member}} · {{target}}", RED),
        said(ENDANGERED, "{{member}} · {{target}}", AMBER),
        said(_is(KEPT), w("all_kept")),
        said(_is(CLOSED), w("closed"), GREY),
        said(_is(NOT_DUE), w("nothing_due")),
        said(_is(WITHOUT_POLICY), w("no_policy")),
    ]
    tiles.sentence(sheet, Frame(place, w("worst"), w("worst_help"), leads), who, spoken=spoken(sheet))


def without_policy() -> Query:
    """A row of a time line which says that there is no policy.

    Without it Grafana would say that the data have no time.
    """
    return Query(_is(WITHOUT_POLICY), " ", may_be_empty=True)


def _now(sheet: Sheet) -> None:
    """What waits beyond its promise and will be late, then what stands now."""
    desk, w = sheet.desk, sheet.desk.words
    target, to_sla, to_team = desk.targets[0], links.to(desk, "sla"), links.to(desk, "team")

    def tile(
        place: tuple[int, tuple[int, int]], title: str, explained: str, expression: Expression, unit: str
    ) -> None:
        x, row = place
        leads = to_team if unit in {"open", "waiting"} else to_sla
        # Number and word in one sentence are of one size; Grafana draws a unit smaller than its number.
        counted = [
            Said(
                Query(
                    fresh(Spelt(expression, "n")),
                    f"{{{{n}}}} {w(f'unit_{unit}')}",
                    instant=True,
                    may_be_empty=True,
                )
            )
        ]
        if leads is to_sla:
            counted.append(said(_is(WITHOUT_POLICY), w("no_policy")))
        tiles.sentence(sheet, Frame(_place(x, 4, row), w(title), w(explained), leads), counted)

    tile((12, _WAITS), "title_due", "due_help", at_risk(target), "at_risk")
    tile((16, _WAITS), f"title_{target}", "overdue_help", overdue(target), "overdue")
    tile((20, _WAITS), "forecast_now", "forecast_help", Rounded(forecast("expected", target), 0), "forecast")
    tile((0, _STANDS), "open", "open_help", opened(), "open")
    tile((4, _STANDS), "title_waiting", "waiting_help", waiting(), "waiting")
    _longest(sheet, _place(8, 4, _STANDS))
    *between, last = desk.targets[1:] or (None,)
    if between:  # a desk with a third promise has its number where others have the next deadline
        one = between[0]
        tile((12, _STANDS), f"title_{one}", "overdue_help", overdue(one), "overdue")
    else:
        frame = Frame(_place(12, 4, _STANDS), w("next_deadline_in"), w("next_deadline_help"), to_sla)
        following = Query(next_or_none((*ALL, ("target", target))))
        tiles.value(sheet, frame, following, "span", Number(none=True, of_policy=True))
    if last is not None:
        tile((16, _STANDS), "title_overdue", "overdue_help", overdue(last), last)
    else:
        tile((16, _STANDS), "within_1h", "due_help", at_risk(target, within="1h"), "at_risk")
    low, high = (
        Spelt(Rounded(forecast(bound, target, (("by", "all"),)), 0), bound) for bound in ("low", "high")
    )
    here = fresh(JoinedLabels(low, high, (), ("high",)))
    bounds = [
        said(here, w("range", low="{{low}}", high="{{high}}")),
        said(_is(WITHOUT_POLICY), w("no_policy")),
    ]
    tiles.sentence(
        sheet, Frame(_place(20, 4, _STANDS), w("forecast_range"), w("forecast_help"), to_sla), bounds
    )


def _longest(sheet: Sheet, place: tuple[int, int, int, int]) -> None:
    desk, w = sheet.desk, sheet.desk.words
    frame = Frame(place, w("longest_wait"), w("longest_wait_help"), links.to(desk, "team"))
    tiles.value(
        sheet, frame, Query(wait_or_none(desk=desk)), "span", Number(none=True, steps=tiles.waited(desk))
    )


def _courses(sheet: Sheet) -> None:
    desk, w = sheet.desk, sheet.desk.words
    link = links.team_of_series(desk)
    if desk.targets:
        target = desk.targets[0]
        share = attained(target, "1h", TEAMS, ("member",))
        worst_few = Top(replace(share, at_end=True), LINES, least=True)
        shown = [Query(percent(Given(share, worst_few, ("member",))), "{{member}}")]
        promise = kinds.Objective(percent(objective(target)), w("objective_line"))
        frame = Frame(_place(0, 10, _PAST), w(f"course_{target}"), w("attainment_help"))
        kinds.lines(
            sheet,
            frame,
            shown,
            "whole_percent",
            LineStyle(objective=promise, soft=(60, 100), values=False, empty="needs_policy", link=link),
        )
    else:
        tail = figure(
            FIRST_RESPONSE_QUANTILE, "8h", TEAMS, ("q", "0.5"), desk=desk, keep=("member",), clock="calendar"
        )
        frame = Frame(_place(0, 10, _PAST), w("course_first_response"), w("spread_help"))
        kinds.lines(
            sheet, frame, [Query(minutes(tail), "{{member}}")], "minutes", LineStyle(values=False, link=link)
        )
    own = opened(TEAMS, ("member",))
    most = Given(own, Top(replace(own, at_end=True), LINES), ("member",))
    standing = [Query(most, "{{member}}"), Query(opened(), w("all_teams"))]
    kinds.lines(
        sheet,
        Frame(_place(10, 7, _PAST), w("open_course"), w("open_help")),
        standing,
        "count",
        LineStyle(values=False, link=link),
    )
    new = [Query(per_hour("1h", desk=desk), w("all_teams"))]
    kinds.lines(
        sheet,
        Frame(_place(17, 7, _PAST), w("new_course"), w("new_course_help")),
        new,
        "count",
        LineStyle(values=False, stacked_bars=True, link=link),
    )


def _states(sheet: Sheet) -> None:
    """States of the promises of teams over the time range, and which alerts fire."""
    desk, w = sheet.desk, sheet.desk.words
    place = _place(0, 14, _STATES)
    if desk.targets:
        own = ("member", "target")
        rows = Recorded(SHOWN_ON_WALL.inner, SHOWN_ON_WALL.name, at_end=True)
        # While figures cannot be trusted nothing is chosen now: then what was chosen last goes on to show its
        # past.
        chosen_last = Top(LastKnown(Recorded(SHOWN_ON_WALL.inner, SHOWN_ON_WALL.name), SPAN), WALL_ROWS)
        # Rows stand in the order of their queries: those below now come first.
        below = Given(sla_state(_TEAMS), Filtered(rows, ">=", BELOW_FROM), own)
        others = Given(
            sla_state(_TEAMS), Either(Filtered(rows, "<", BELOW_FROM), Unless(chosen_last, rows, ()), ()), own
        )
        beyond = Unless(sla_state(_TEAMS), rows, own)
        how_many = Spelt(Grouped(Unless(sla_state(_TEAMS, at_end=True), rows, own), "count"), "n")
        shown = [
            Query(Grouped(below, "max", own), "{{member}} · {{target}}", may_be_empty=True),
            Query(Grouped(others, "max", own), "{{member}} · {{target}}", may_be_empty=True),
            Query(
                JoinedLabels(Grouped(beyond, "min"), how_many, (), ("n",)),
                w("n_more", n="{{n}}"),
                may_be_empty=True,
            ),
            without_policy(),
        ]
        frame = Frame(place, w("sla_status"), w("sla_status_help"), links.to(desk, "sla"))
        kinds.timeline(sheet, frame, shown, STATES, spoken=briefly(sheet))
    else:
        first = [Query(unanswered(TEAMS, ("member",)), "{{member}}")]
        frame = Frame(place, w("unanswered_course"), w("unanswered_help"))
        kinds.lines(sheet, frame, first, "count", LineStyle(values=False, link=links.team_of_series(desk)))
    firing_now(sheet, _place(14, 10, _STATES))


def firing_now(sheet: Sheet, place: tuple[int, int, int, int], kind: Match = ANY) -> None:
    """The alerts of a kind that fire, by name and team, with the minutes since they began.

    These are pages, or warnings while nothing pages.
    """
    desk, w = sheet.desk, sheet.desk.words
    pages, warnings = ALERTS_SHOWN
    each = w("alert_line", name="{{alertname}}", member="{{member}}", minutes="{{min}}")
    more = w("n_more", n="{{n}}")
    shown = [
        said(firing("page", kind, pages), each, RED),
        said(firing_besides("page", kind, pages), more, RED),
        said(warnings_besides(kind), w("n_warnings", n="{{n}}")),
        said(firing("warning", kind, warnings), each),
        said(firing_besides("warning", kind, warnings), more),
        said(blind(kind), w("blind_alerts"), UNKNOWN),
        said(none_firing(kind), w("no_alert_fires")),
    ]
    spelt = {"Support": "", "Deskpulse": ""}
    frame = Frame(place, w("alerts"), w("alerts_help"), links.to(desk, "pipeline"))
    tiles.sentence(sheet, frame, shown, empty=("no_alerting", NO_ALERTING), stacked=True, spoken=spelt)


def _health(sheet: Sheet) -> None:
    """Whether all this can be believed."""
    desk, w = sheet.desk, sheet.desk.words
    pipeline = links.to(desk, "pipeline")
    tiles.state(
        sheet,
        Frame(_place(0, 6, _TRUST), w("figures_are", desk=DESK_NAME), w("figures_are_help"), pipeline),
        Query(figures_state()),
        FIGURES,
    )
    ages = [Step(None, "", PLAIN), Step(STALE_SECONDS, "", UNKNOWN)]
    tiles.value(
        sheet,
        Frame(_place(6, 4, _TRUST), w("age"), w("age_help"), pipeline),
        Query(age_seconds()),
        "seconds",
        Number(steps=ages),
    )
    if desk.targets:
        of_teams = live(metrics.BUSINESS_OPEN, (*TEAMS, NO_OTHER), keep=("member",))
        count = JoinedLabels(
            Spelt(Grouped(of_teams, "sum"), "n"), Spelt(Grouped(of_teams, "count"), "of"), (), ("of",)
        )
        said = [
            Said(Query(fresh(count), w("teams_open", n="{{n}}", of="{{of}}"), instant=True)),
            Said(Query(_is(WITHOUT_POLICY), w("no_policy"), instant=True, may_be_empty=True)),
        ]
        tiles.sentence(sheet, Frame(_place(10, 5, _TRUST), w("hours"), w("hours_help")), said)
    else:
        tiles.value(
            sheet,
            Frame(_place(10, 5, _TRUST), w("not_counted"), w("not_counted_help"), pipeline),
            Query(lag()),
            "count",
        )
    alive = {1.0: ("alerting", PLAIN), 2.0: ("blind", UNKNOWN)}
    frame = Frame(_place(15, 5, _TRUST), w("alerting_title"), w("alerting_help"), pipeline)
    tiles.state(sheet, frame, Query(alerting()), alive, empty=("no_alerting", NO_ALERTING))
    tiles.state(
        sheet,
        Frame(_place(20, 4, _TRUST), w("policy"), w("policy_help"), pipeline),
        Query(policy_state()),
        POLICIES,
    )


def _without_policy(sheet: Sheet) -> None:
    """The panels without promises: volume, backlog, the wait for a first reply in calendar time, scores.

    They also say what a policy would add.
    """
    desk, w = sheet.desk, sheet.desk.words
    to_team = links.to(desk, "team")
    new = figure(volume.TICKETS.name, "1h", desk=desk)
    title = w("volume_in", window=w.window("1h"))
    tiles.value(
        sheet,
        Frame(_place(0, 4, _ABOVE), title, w("volume_help"), to_team),
        Query(new),
        "count",
        Number(unit=f"suffix:{w('unit_new')}"),
    )
    frame = Frame(_place(4, 4, _ABOVE), w("open"), w("open_help"), to_team)
    tiles.value(sheet, frame, Query(opened()), "count", Number(unit=f"suffix:{w('unit_open')}"))
    frame = Frame(_place(8, 4, _ABOVE), w("title_waiting"), w("waiting_help"), to_team)
    tiles.value(sheet, frame, Query(waiting()), "count", Number(unit=f"suffix:{w('unit_waiting')}"))
    _longest(sheet, _place(8, 4, _STANDS))
    for index, q in enumerate(("0.5", "0.9")):
        pick = figure(FIRST_RESPONSE_QUANTILE, "1h", ALL, ("q", q), desk=desk)
        title = w(f"first_response_{q.replace('.', '_')}")
        unit = f"suffix:{w('unit_minutes')}"
        frame = Frame(_place(12 + 6 * index, 6, _ABOVE), title, w("spread_help"), to_team)
        tiles.value(sheet, frame, Query(Rounded(minutes(pick), 0)), "count", Number(unit=unit))
    kinds.words(sheet, Frame(_place(0, 8, _STANDS), w("no_policy"), w("policy_adds")), w("policy_adds"))
    scores = [
        TilePart(
            percent(figure(csat.RATIO.name, "24h", desk=desk)),
            w("csat_in"),
            desk.locale.unit("whole_percent"),
            may_be_empty=True,
        ),
        TilePart(
            percent(figure(resolution_rate.RATIO.name, "30d", desk=desk)),
            w("resolution_in"),
            desk.locale.unit("whole_percent"),
            may_be_empty=True,
        ),
    ]
    tiles.numbers(sheet, Frame(_place(12, 12, _STANDS), w("scores"), w("scores_help"), to_team), scores)


def figures_state() -> Expression:
    """The state of the figures as a number: 3 when they can be trusted.

    It is 2 when a source is silent, 1 when something is not counted, and 0 when the figures are old.
    """
    return PlainPromql(f"desk:figures_state{{{OF_DESK}}}")


def policy_state() -> Expression:
    """2 without a policy, 1 when workers and exporters differ, 0 when all have one."""
    return PlainPromql(f"desk:policy_state{{{OF_DESK}}}")
