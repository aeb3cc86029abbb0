"""A board while it is made: panels get their place, their number and what all panels share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from grafana_foundation_sdk.models import dashboard as sdk
from grafana_foundation_sdk.models.prometheus import Dataquery, PromQueryFormat, QueryEditorMode

from deskpulse.monitoring.boards.desk import Desk
from deskpulse.monitoring.boards.questions.promql import Expression

COLUMNS: Final = 24
REFS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SCHEMA: Final = 42
PLUGIN_VERSION: Final = "12.3.1"  # of the image in docker-compose.yml
REFRESH: Final = "10s"  # not less than the scrape interval: nothing new could be shown
TAG: Final = "deskpulse"


@dataclass(frozen=True, slots=True)
class Query:
    """One question of a panel. `instant`: as it is now; else along the time range."""

    expression: Expression
    legend: str = ""
    instant: bool = False
    table: bool = False
    may_be_empty: bool = False  # where no oracle can tell whether it should be

    def target(self, desk: Desk, ref: str) -> Dataquery:
        """The question as Grafana has it."""
        return Dataquery(
            datasource=desk.source(),
            editor_mode=QueryEditorMode.CODE,
            expr=self.expression.promql(),
            format_val=PromQueryFormat.TABLE if self.table else PromQueryFormat.TIME_SERIES,
            instant=self.instant,
            range_val=not self.instant,
            legend_format=self.legend or "__auto",
            ref_id=ref,
        )


class Frame(NamedTuple):
    """The frame of a panel: (x, y, width, height), the title, the explanation, and the links."""

    place: tuple[int, int, int, int]
    title: str
    description: str
    links: Sequence[sdk.DashboardLink] = ()


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """A question with its place, for checks that put it to Prometheus."""

    panel_id: int
    panel: str
    ref: str
    query: Query


@dataclass(slots=True)
class Sheet:
    """Panels of one board."""

    desk: Desk
    panels: list[sdk.Panel] = field(default_factory=list)
    rows: list[sdk.RowPanel] = field(default_factory=list)
    asked: list[AskedQuery] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def in_order(self) -> list[sdk.Panel | sdk.RowPanel]:
        """Headings and panels from above."""
        return sorted(
            [*self.rows, *self.panels],
            key=lambda one: (one.grid_pos.y, one.grid_pos.x) if one.grid_pos else (0, 0),
        )

    def row(self, y: int, title: str) -> int:
        """A heading over the whole width. Returns where its panels begin."""
        place = sdk.GridPos(x=0, y=y, w=COLUMNS, h=1)
        self.rows.append(
            sdk.RowPanel(title=title, id_val=next(self._ids), grid_pos=place, collapsed=False, panels=[])
        )
        return y + 1

    def add(
        self,
        kind: str,
        frame: Frame,
        *,
        queries: Sequence[Query] = (),
        options: Any,
        defaults: sdk.FieldConfig | None = None,
        overrides: Sequence[sdk.DashboardFieldConfigSourceOverrides] = (),
        transformations: Sequence[sdk.DataTransformerConfig] = (),
    ) -> sdk.Panel:
        """Put a panel at (x, y, width, height)."""
        x, y, width, height = frame.place
        number = next(self._ids)
        refs = list(zip(REFS, queries, strict=False))
        panel = sdk.Panel(
            type_val=kind,
            id_val=number,
            plugin_version=PLUGIN_VERSION,
            title=frame.title,
            description=frame.description,
            transparent=False,
            datasource=self.desk.source() if queries else None,
            grid_pos=sdk.GridPos(x=x, y=y, w=width, h=height),
            targets=[query.target(self.desk, ref) for ref, query in refs] or None,
            options=options,
            field_config=sdk.FieldConfigSource(
                defaults=defaults or sdk.FieldConfig(), overrides=list(overrides)
            ),
            transformations=list(transformations) or None,
            links=list(frame.links) or None,
        )
        self.panels.append(panel)
        self.asked += [
            AskedQuery(number, frame.title or frame.description, ref, query) for ref, query in refs
        ]
        return panel
