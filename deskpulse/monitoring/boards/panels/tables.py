"""Tables: a row for each member, the worst first, one question a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from grafana_foundation_sdk.models import common, table
from grafana_foundation_sdk.models import dashboard as sdk

from deskpulse.monitoring.boards.locales import DECIMALS, Quantity
from deskpulse.monitoring.boards.panels.kinds import States, absent, config, now, words_of
from deskpulse.monitoring.boards.panels.scale import PLAIN, UNKNOWN, Step
from deskpulse.monitoring.boards.panels.sheet import REFS, Frame, Query, Sheet
from deskpulse.monitoring.boards.questions.promql import Expression

# Widths are fixed but for the first column, so that its names of 30 characters have what is left and the
# widest table fits 1366 pixels.
_NUMBER_PIXELS: Final = 96
_WORD_PIXELS: Final = 150


class Column(NamedTuple):
    """What stands under a heading. `states`: words on colours instead of numbers."""

    heading: str
    expression: Expression
    quantity: Quantity = "count"
    steps: Sequence[Step] = ()
    states: States | None = None


class Key(NamedTuple):
    """A label whose values name the rows of a table.

    `spoken` has the words that are read instead of some of them, `link` says where a click leads.
    """

    label: str
    heading: str
    spoken: Mapping[str, str] | None = None
    link: str | None = None


def columns(
    sheet: Sheet,
    frame: Frame,
    keys: Sequence[Key],
    shown: Sequence[Column],
    *,
    sort_by: Sequence[str],
    others: Expression | None = None,
) -> None:
    """A row for each combination of the labels in `keys`, the greatest by the columns `sort_by` first.

    Where a figure is missing is a dash.

    `others`: a last row, that has nothing but a name; it says how many more there are.
    """
    desk = sheet.desk
    asked = [now(Query(column.expression, may_be_empty=True), table=True) for column in shown]
    if others is not None:
        asked.append(Query(others, instant=True, table=True, may_be_empty=True))
    headings = [column.heading + desk.locale.in_title(column.quantity) for column in shown]
    values = {f"Value #{ref}": heading for ref, heading in zip(REFS, headings, strict=False)}
    left_out = dict.fromkeys(
        ("Time", "by", *(f"Value #{ref}" for ref in REFS[len(shown) : len(asked)])), True
    )
    renamed = {**{key.label: key.heading for key in keys}, **values}
    order = {name: index for index, name in enumerate(renamed)}
    overrides = [_of_key(sheet, key, first=not index) for index, key in enumerate(keys)]
    overrides += [_of_column(sheet, heading, column) for heading, column in zip(headings, shown, strict=True)]
    sheet.add(
        "table",
        frame,
        queries=asked,
        options=table.Options(
            show_header=True,
            cell_height=common.TableCellHeight.SM,
            sort_by=[common.TableSortByFieldState(display_name=heading, desc=True) for heading in sort_by],
        ),
        defaults=config(
            desk,
            "count",
            empty=("nothing_there", PLAIN),
            custom=common.TableFieldOptions(align=common.FieldTextAlignment.AUTO, inspect=False),
        ),
        overrides=overrides,
        transformations=[
            sdk.DataTransformerConfig(id_val="merge", options={}),
            sdk.DataTransformerConfig(
                id_val="organize",
                options={"excludeByName": left_out, "indexByName": order, "renameByName": renamed},
            ),
        ],
    )


def _of_key(sheet: Sheet, key: Key, *, first: bool) -> sdk.DashboardFieldConfigSourceOverrides:
    properties: dict[str, Any] = {} if first else {"custom.width": _WORD_PIXELS}
    if key.spoken is not None:
        options = {
            value: {"text": text, "index": index} for index, (value, text) in enumerate(key.spoken.items())
        }
        properties["mappings"] = [{"type": "value", "options": options}]
    if key.link:
        properties["links"] = [
            {"title": sheet.desk.words("open_team"), "url": key.link, "targetBlank": False}
        ]
    return _override(key.heading, properties)


def _of_column(sheet: Sheet, heading: str, column: Column) -> sdk.DashboardFieldConfigSourceOverrides:
    desk = sheet.desk
    properties: dict[str, Any] = {
        "unit": desk.locale.unit(column.quantity),
        "decimals": DECIMALS.get(column.quantity, 0),
        "custom.width": _NUMBER_PIXELS if column.states is None else _WORD_PIXELS,
    }
    if column.states is not None:
        properties |= {
            "mappings": [
                words_of(desk, column.states).to_json(),
                absent(desk, "nothing_there", PLAIN).to_json(),
            ],
            "custom.cellOptions": {"type": "color-background", "mode": "basic"},
            "color": {"mode": "fixed", "fixedColor": UNKNOWN},
        }
    elif column.steps:
        properties |= {
            "thresholds": {
                "mode": "absolute",
                "steps": [{"value": step.start, "color": step.colour} for step in column.steps],
            },
            "color": {"mode": "thresholds"},
            "custom.cellOptions": {"type": "color-background", "mode": "basic"},
        }
    return _override(heading, properties)


def _override(name: str, properties: Mapping[str, Any]) -> sdk.DashboardFieldConfigSourceOverrides:
    return sdk.DashboardFieldConfigSourceOverrides(
        matcher=sdk.MatcherConfig(id_val="byName", options=name),
        properties=[sdk.DynamicConfigValue(id_val=key, value=value) for key, value in properties.items()],
    )
