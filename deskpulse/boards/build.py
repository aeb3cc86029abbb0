"""All boards of one language: names, variables, links and annotations around the panels, and the JSON that Grafana reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as sdk
from grafana_foundation_sdk.models.prometheus import Dataquery

from deskpulse.boards import definitions, pipeline, sla, team, wall
from deskpulse.boards.desk import Desk
from deskpulse.boards.sheet import REFRESH, SCHEMA, TAG, Asked, Sheet

TEAM_WINDOWS: Final = ("24h", "15m", "1h", "8h", "today", "7d", "30d")  # the first is shown at first
ALERTS: Final = 'ALERTS{alertstate="firing",severity=~"page|warning"}'


@dataclass(frozen=True, slots=True)
class Plan:
    """What a board is but for its panels."""

    fill: Callable[[Sheet], None]
    span: str  # of time that is shown at first
    variables: Callable[[Desk], list[sdk.VariableModel]] = lambda _: []
    bare: bool = False  # nothing above the panels: no link and no variable, since kiosk mode would show them
    refresh: str = REFRESH


@dataclass(frozen=True, slots=True)
class Board:
    """A finished board: its file, its model, and what its panels ask."""

    name: str
    model: sdk.Dashboard
    asked: tuple[Asked, ...]

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.json"

    def text(self) -> str:
        """The file: the same for the same input, byte for byte."""
        return json.dumps(self.model, cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _team_variables(desk: Desk) -> list[sdk.VariableModel]:
    w = desk.words
    teams = 'label_values(support_tickets{by="team",window="24h",period="current"}, member)'
    chosen = sdk.VariableModel(
        type_val=sdk.VariableType.QUERY,
        name="team",
        label=w("team"),
        datasource=desk.source(),
        query={"query": teams, "refId": "team", "qryType": 1},
        definition=teams,
        refresh=sdk.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=sdk.VariableSort.ALPHABETICAL_ASC,
        allow_custom_value=False,
    )
    return [chosen, _choice(desk, "window", {window: w(f"window_{window}") for window in TEAM_WINDOWS})]


def _sla_variables(desk: Desk) -> list[sdk.VariableModel]:
    targets = sorted(desk.policy.targets, key=lambda target: target != desk.target)
    return [_choice(desk, "target", {target: desk.words(f"target_{target}") for target in targets})]


def _choice(desk: Desk, name: str, values: Mapping[str, str]) -> sdk.VariableModel:
    options = [sdk.VariableOption(selected=not index, text=text, value=value) for index, (value, text) in enumerate(values.items())]
    return sdk.VariableModel(
        type_val=sdk.VariableType.CUSTOM,
        name=name,
        label=desk.words(name),
        query=",".join(f"{text} : {value}" for value, text in values.items()),
        options=options,
        current=options[0],
        allow_custom_value=False,
    )


PLANS: Final[Mapping[str, Plan]] = {
    "wall": Plan(wall.build, "now-8h", bare=True),
    "team": Plan(team.build, "now-24h", _team_variables, refresh="30s"),
    "sla": Plan(sla.build, "now-24h", _sla_variables, refresh="30s"),
    "pipeline": Plan(pipeline.build, "now-3h", refresh="30s"),
    "definitions": Plan(definitions.build, "now-24h", refresh="1m"),
}


def boards(desk: Desk) -> list[Board]:
    """Every board, in the order of the plans."""
    return [_board(name, plan, desk) for name, plan in PLANS.items()]


def _board(name: str, plan: Plan, desk: Desk) -> Board:
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
        keep_time=False,
        include_vars=False,
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
        panels=list(sheet.panels),
        templating=sdk.DashboardDashboardTemplating(list_val=plan.variables(desk)),
        annotations=sdk.AnnotationContainer(list_val=[_alerts(desk, bare=plan.bare)]),
        links=[] if plan.bare else [others],
    )
    return Board(name, model, tuple(sheet.asked))


def _alerts(desk: Desk, *, bare: bool) -> sdk.AnnotationQuery:
    """Alerts that fire, as marks in the courses. On the wall their switch would show above the panels, so it is hidden there."""
    return sdk.AnnotationQuery(
        name=desk.words("alerts_shown"),
        datasource=desk.source(),
        enable=True,
        hide=bare,
        icon_color="#D55E00",
        expr=ALERTS,
        title_format="{{alertname}}",
        text_format="{{team}} {{severity}}",
        tag_keys="alertname,severity",
        step="60s",
        target=Dataquery(datasource=desk.source(), expr=ALERTS, ref_id="alerts", range_val=True),
    )
