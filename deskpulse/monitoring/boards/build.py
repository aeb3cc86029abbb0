"""All boards of one language, as the JSON that Grafana reads.

It puts names, variables, links and annotations around the panels.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as sdk
from grafana_foundation_sdk.models.prometheus import Dataquery

from deskpulse.monitoring.boards.desk import SOURCE_VARIABLE, Desk
from deskpulse.monitoring.boards.matchers import OF_DESK, Match
from deskpulse.monitoring.boards.pages import definitions, pipeline, sla, team, wall
from deskpulse.monitoring.boards.panels.sheet import REFRESH, SCHEMA, TAG, AskedQuery, Sheet
from deskpulse.monitoring.boards.questions.figures import TEAM, alerts
from windows.offered import NAMES

# the first is shown at first; an hour is seen in it
_FIRST: Final = "8h"  # the choice of a board that nobody has chosen for: a shift
TEAM_WINDOWS: Final = (_FIRST, *(name for name in NAMES if name != _FIRST))
# An alert is marked where it began, once: as long as it fires would be an area over everything that it is
# about.
STARTED: Final = "{alerts} unless {alerts} offset 1m"
_OF_A_RESULT: Final = 3  # kind of a variable in Grafana's data source: the answer to a query, a line a sample
# A line is `{desk="...",pattern="..."} 1 1780000000000`, the name as it is; a pattern has no quote, so it is
# the last label for sure.
NAME_AND_PATTERN: Final = r'/^\{\w+="(?<text>.*)",pattern="(?<value>[^"]*)"\} \S+ \S+$/'


@dataclass(frozen=True, slots=True)
class BoardPlan:
    """What a board is but for its panels."""

    fill: Callable[[Sheet], None]
    span: str  # of time that is shown at first
    variables: Callable[[Desk], list[sdk.VariableModel]] = lambda _: []
    marked: tuple[tuple[str, Match], ...] = (("kind", "kpi"),)  # which pages are marked in the courses
    bare: bool = False  # nothing above the panels: no link and no variable, since kiosk mode would show them
    refresh: str = REFRESH


@dataclass(frozen=True, slots=True)
class Board:
    """A finished board: its file, its model, and what its panels ask."""

    name: str
    model: sdk.Dashboard
    asked: tuple[AskedQuery, ...]
    targets: tuple[str, ...] = ()  # that its variable can be

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.json"

    def text(self) -> str:
        """The file: the same for the same input, byte for byte."""
        return json.dumps(self.model, cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _team_variables(desk: Desk) -> list[sdk.VariableModel]:
    teams = _named(
        desk, "team", f"max by (member, pattern) (last_over_time(desk:team_info{{{OF_DESK}}}[$__range]))"
    )
    return [
        teams,
        _choice(desk, "window", {window: desk.words.window(window) for window in TEAM_WINDOWS}),
    ]


def _desks(desk: Desk, *, hidden: bool) -> sdk.VariableModel:
    """The desks that this Prometheus knows, the first in the alphabet at first."""
    found = _named(desk, "desk", "max by (desk, pattern) (last_over_time(desk:desk_info[$__range]))")
    found.hide = _hide(hidden=hidden)
    return found


def _named(desk: Desk, name: str, question: str) -> sdk.VariableModel:
    """A choice of names: a name is shown, and its pattern is the value.

    Who has the name alone, as links have, finds it by what is shown.

    Of the whole time range, so that the past can be looked at when nobody exports any more.
    """
    asked = f"query_result({question})"
    return sdk.VariableModel(
        type_val=sdk.VariableType.QUERY,
        name=name,
        label=desk.words(name),
        datasource=desk.source(),
        query={"query": asked, "refId": name, "qryType": _OF_A_RESULT},
        definition=asked,
        regex=NAME_AND_PATTERN,
        refresh=sdk.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=sdk.VariableSort.ALPHABETICAL_ASC,
        allow_custom_value=False,
    )


def _hide(*, hidden: bool) -> sdk.VariableHide:
    return sdk.VariableHide.HIDE_VARIABLE if hidden else sdk.VariableHide.DONT_HIDE


def _sla_variables(desk: Desk) -> list[sdk.VariableModel]:
    return (
        [_choice(desk, "target", {target: desk.words(f"target_{target}") for target in desk.targets})]
        if desk.targets
        else []
    )


def _source(desk: Desk, *, hidden: bool) -> sdk.VariableModel:
    """The Prometheus that boards ask: a person chooses it at the import, or later where there are two."""
    option = sdk.VariableOption(selected=True, text=desk.datasource, value=desk.datasource)
    return sdk.VariableModel(
        type_val=sdk.VariableType.DATASOURCE,
        name=SOURCE_VARIABLE,
        label=desk.words("data_source"),
        query="prometheus",
        current=option,
        hide=_hide(hidden=hidden),
        allow_custom_value=False,
    )


def _choice(desk: Desk, name: str, values: Mapping[str, str]) -> sdk.VariableModel:
    options = [
        sdk.VariableOption(selected=not index, text=text, value=value)
        for index, (value, text) in enumerate(values.items())
    ]
    return sdk.VariableModel(
        type_val=sdk.VariableType.CUSTOM,
        name=name,
        label=desk.words(name),
        query=",".join(f"{text} : {value}" for value, text in values.items()),
        options=options,
        current=options[0],
        allow_custom_value=False,
    )


PLANS: Final[Mapping[str, BoardPlan]] = {
    "wall": BoardPlan(wall.build, f"now-{wall.SPAN}", bare=True),
    "team": BoardPlan(
        team.build, "now-24h", _team_variables, refresh="30s", marked=(("kind", "kpi"), ("team", TEAM))
    ),
    "sla": BoardPlan(sla.build, "now-24h", _sla_variables, refresh="30s"),
    "pipeline": BoardPlan(pipeline.build, "now-3h", refresh="30s", marked=(("kind", ("pipeline", "meta")),)),
    "definitions": BoardPlan(definitions.build, "now-24h", refresh="1m"),
}


def boards(desk: Desk) -> list[Board]:
    """Every board, in the order of the plans."""
    return [_board(name, plan, desk) for name, plan in PLANS.items()]


def _board(name: str, plan: BoardPlan, desk: Desk) -> Board:
    sheet = Sheet(desk)
    plan.fill(sheet)
    w = desk.words
    tag = f"{TAG}-{desk.locale.code}"
    others = sdk.DashboardLink(
        title=w("other_boards"),
        type_val=sdk.DashboardLinkType.DASHBOARDS,
        icon="dashboard",
        tags=[tag],
        as_dropdown=True,
        keep_time=True,
        include_vars=True,
    )
    model = sdk.Dashboard(
        uid=desk.uid(name),
        title=w(f"board_{name}"),
        description=w(f"{name}_is"),
        tags=[TAG, tag],
        timezone="browser",
        editable=False,
        graph_tooltip=sdk.DashboardCursorSync.CROSSHAIR,
        time=sdk.DashboardDashboardTime(from_val=plan.span, to="now"),
        timepicker=sdk.TimePickerConfig(hidden=plan.bare),
        refresh=plan.refresh,
        week_start="monday",
        schema_version=SCHEMA,
        panels=sheet.in_order(),
        templating=sdk.DashboardDashboardTemplating(
            list_val=[_source(desk, hidden=plan.bare), _desks(desk, hidden=plan.bare), *plan.variables(desk)]
        ),
        annotations=sdk.AnnotationContainer(list_val=[_alerts(desk, plan)]),
        links=[] if plan.bare else [others],
    )
    return Board(name, model, tuple(sheet.asked), desk.targets)


def _alerts(desk: Desk, plan: BoardPlan) -> sdk.AnnotationQuery:
    """Pages, marked where they began.

    On the wall the switch of the marks would show above the panels, so it is hidden there.
    """
    question = STARTED.format(alerts=alerts(("severity", "page"), *plan.marked))
    return sdk.AnnotationQuery(
        name=desk.words("alerts_shown"),
        datasource=desk.source(),
        enable=True,
        hide=plan.bare,
        icon_color="red",
        expr=question,
        title_format="{{alertname}}",
        text_format="{{member}}",
        tag_keys="alertname",
        step="60s",
        target=Dataquery(datasource=desk.source(), expr=question, ref_id="alerts", range_val=True),
    )
