"""The kinds of panels that our boards have, each with what it must never forget: unit, empty case, colours, reduction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from grafana_foundation_sdk.models import bargauge, common, stat, statetimeline, table, text, timeseries
from grafana_foundation_sdk.models import dashboard as sdk

from deskpulse.boards.desk import Desk
from deskpulse.boards.locales import DECIMALS, Quantity
from deskpulse.boards.promql import Rounded
from deskpulse.boards.scale import FILLS, GREY, RED, SERIES_COLOURS, WHITE, Step, ranges
from deskpulse.boards.sheet import Frame, Query, Sheet

_LAST: Final = common.ReduceDataOptions(calcs=["lastNotNull"], fields="", values=False)
_NAME_PIXELS: Final = 40  # to be read from five metres
_NUMBER: Final = r"/^(-?\d+)\.(\d+)$/"
_WHOLE: Final = r"/^(-?\d+)$/"


def fixed(colour: str) -> sdk.FieldColor:
    """One colour."""
    return sdk.FieldColor(mode=sdk.FieldColorModeId.FIXED, fixed_color=colour)


def by_thresholds() -> sdk.FieldColor:
    """The colour of the step that a value has reached."""
    return sdk.FieldColor(mode=sdk.FieldColorModeId.THRESHOLDS)


def thresholds(steps: Sequence[Step] | None, *, filled: bool = False) -> sdk.ThresholdsConfig:
    """Steps of a scale; without one, a single neutral step."""
    found = [sdk.Threshold(value=step.start, color=step.fill if filled else step.colour) for step in steps or ()]
    return sdk.ThresholdsConfig(mode=sdk.ThresholdsMode.ABSOLUTE, steps=found or [sdk.Threshold(value=None, color=WHITE)])


def override(name: str, properties: Mapping[str, Any], *, matcher: str = "byName") -> sdk.DashboardFieldConfigSourceOverrides:
    """What differs for the fields of a name."""
    return sdk.DashboardFieldConfigSourceOverrides(
        matcher=sdk.MatcherConfig(id_val=matcher, options=name),
        properties=[sdk.DynamicConfigValue(id_val=key, value=value) for key, value in properties.items()],
    )


def absent(desk: Desk, key: str = "no_data", *, filled: bool = False) -> sdk.ValueMapping:
    """What stands where nothing was observed: words in grey, never the colour of the best or the worst step."""
    result = sdk.ValueMappingResult(text=desk.words(key), color=FILLS[GREY] if filled else GREY, index=100)
    return sdk.SpecialValueMap(options=sdk.DashboardSpecialValueMapOptions(match=sdk.SpecialValueMatch.NULL_AND_NAN, result=result))


def worded(desk: Desk, steps: Sequence[Step]) -> list[sdk.ValueMapping]:
    """The word of each step in the place of its numbers, in its colour."""
    found: list[sdk.ValueMapping] = []
    for index, (start, end, step) in enumerate(ranges(steps)):
        result = sdk.ValueMappingResult(text=desk.words(step.word), color=step.colour, index=index)
        found.append(sdk.RangeMap(options=sdk.DashboardRangeMapOptions(from_val=start, to=end, result=result)))
    return found


def _config(
    desk: Desk,
    quantity: Quantity,
    *,
    steps: Sequence[Step] | None = None,
    mappings: Sequence[sdk.ValueMapping] = (),
    color: sdk.FieldColor | None = None,
    empty: str = "no_data",
    custom: object | None = None,
    limits: tuple[float | None, float | None] = (None, None),
) -> sdk.FieldConfig:
    filled = any(isinstance(mapping, sdk.ValueMap) for mapping in mappings)  # words of states stand on their colour
    return sdk.FieldConfig(
        unit=desk.locale.unit(quantity),
        decimals=DECIMALS.get(quantity),
        mappings=[*mappings, absent(desk, empty, filled=filled)],
        thresholds=thresholds(steps, filled=filled),
        color=color or (by_thresholds() if steps else fixed(WHITE)),
        no_value=desk.words(empty),
        custom=custom,
        min_val=limits[0],
        max_val=limits[1],
    )


def value(
    sheet: Sheet,
    frame: Frame,
    query: Query,
    quantity: Quantity,
    *,
    steps: Sequence[Step] | None = None,
    mappings: Sequence[sdk.ValueMapping] = (),
    empty: str = "no_data",
    named: str = "",
) -> None:
    """A big number as it is now, with a name as big beside it if one is given.

    With a decimal comma it is sent as text, which Grafana lets us write our own way.
    """
    desk = sheet.desk
    as_text = desk.locale.comma and quantity in DECIMALS and quantity != "count"
    transformations: list[sdk.DataTransformerConfig] = []
    if as_text:
        query = Query(Rounded(query.expression, DECIMALS[quantity]), query.legend, instant=True, table=True)
        conversion = {"conversions": [{"targetField": "Value", "destinationType": "string"}], "fields": {}}
        transformations.append(sdk.DataTransformerConfig(id_val="convertFieldType", options=conversion))
        shown = {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": {"Value": named} if named else {}}
        transformations.append(sdk.DataTransformerConfig(id_val="organize", options=shown))
        mappings = [*mappings, *_own_numbers(desk, quantity)]
    else:
        query = Query(query.expression, named, instant=True)
    config = _config(desk, quantity, steps=steps, mappings=mappings, empty=empty)
    if as_text:
        config.unit = "none"
    reduce = common.ReduceDataOptions(calcs=["lastNotNull"], fields="/.*/", values=False) if as_text else _LAST
    options = stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.VALUE if steps or mappings else common.BigValueColorMode.NONE,
        justify_mode=common.BigValueJustifyMode.CENTER,
        text_mode=common.BigValueTextMode.VALUE_AND_NAME if named else common.BigValueTextMode.VALUE,
        text=common.VizTextDisplayOptions(title_size=_NAME_PIXELS) if named else None,
        wide_layout=True,
        reduce_options=reduce,
        orientation=common.VizOrientation.AUTO,
    )
    sheet.add("stat", frame, queries=[query], options=options, defaults=config, transformations=transformations)


def _own_numbers(desk: Desk, quantity: Quantity) -> list[sdk.ValueMapping]:
    """Numbers as text in the way of the locale: `81.25` becomes `81,25 %`."""
    behind = desk.locale.behind(quantity)
    found: list[sdk.ValueMapping] = []
    for index, (pattern, shown) in enumerate(((_NUMBER, f"$1{desk.locale.mark}$2{behind}"), (_WHOLE, f"$1{behind}"))):
        result = sdk.ValueMappingResult(text=shown, index=index)
        found.append(sdk.RegexMap(options=sdk.DashboardRegexMapOptions(pattern=pattern, result=result)))
    return found


def strip(sheet: Sheet, frame: Frame, query: Query, steps: Sequence[Step], *, empty: str = "too_few") -> None:
    """The word and colour of a value over its course: what the number above it means."""
    config = _config(sheet.desk, "word", steps=steps, mappings=worded(sheet.desk, steps), empty=empty)
    options = stat.Options(
        graph_mode=common.BigValueGraphMode.AREA,
        color_mode=common.BigValueColorMode.VALUE,
        justify_mode=common.BigValueJustifyMode.CENTER,
        text_mode=common.BigValueTextMode.VALUE,
        wide_layout=True,
        reduce_options=_LAST,
        orientation=common.VizOrientation.AUTO,
    )
    sheet.add("stat", frame, queries=[query], options=options, defaults=config)


def state(
    sheet: Sheet,
    frame: Frame,
    query: Query,
    states: Mapping[float, tuple[str, str]],
) -> None:
    """A word on its colour for each of a few numbers: {number: (key of the word, colour)}."""
    desk = sheet.desk
    options = {
        f"{number:g}": sdk.ValueMappingResult(text=desk.words(key), color=FILLS[colour], index=index)
        for index, (number, (key, colour)) in enumerate(states.items())
    }
    config = _config(desk, "word", steps=[Step(None, "", RED)], mappings=[sdk.ValueMap(options=options)])
    shown = stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.BACKGROUND_SOLID,
        justify_mode=common.BigValueJustifyMode.CENTER,
        text_mode=common.BigValueTextMode.VALUE,
        wide_layout=True,
        reduce_options=_LAST,
        orientation=common.VizOrientation.AUTO,
    )
    now = Query(query.expression, query.legend, instant=True)
    sheet.add("stat", frame, queries=[now], options=shown, defaults=config)


def bars(
    sheet: Sheet,
    frame: Frame,
    queries: Sequence[Query],
    quantity: Quantity,
    *,
    steps: Sequence[Step] | None = None,
    most: float | None = None,
    few: bool = False,
) -> None:
    """A bar a member, as it is now. `few`: names that say that they rest on few observations are grey."""
    desk = sheet.desk
    color = None if steps else fixed(SERIES_COLOURS[0])
    config = _config(desk, quantity, steps=steps, color=color, limits=(0, most))
    options = bargauge.Options(
        display_mode=common.BarGaugeDisplayMode.BASIC,
        value_mode=common.BarGaugeValueMode.TEXT,
        name_placement=common.BarGaugeNamePlacement.LEFT,
        show_unfilled=True,
        sizing=common.BarGaugeSizing.AUTO,
        reduce_options=_LAST,
        orientation=common.VizOrientation.HORIZONTAL,
        legend=_legend(shown=False),
    )
    now = [Query(query.expression, query.legend, instant=True) for query in queries]
    overrides = [override("/n</", {"color": {"mode": "fixed", "fixedColor": GREY}}, matcher="byRegexp")] if few else []
    frame = frame._replace(title=frame.title + desk.locale.in_title(quantity))
    sheet.add("bargauge", frame, queries=now, options=options, defaults=config, overrides=overrides)


def _legend(*, shown: bool) -> common.VizLegendOptions:
    return common.VizLegendOptions(
        display_mode=common.LegendDisplayMode.LIST, placement=common.LegendPlacement.BOTTOM, show_legend=shown, calcs=[]
    )


def lines(
    sheet: Sheet,
    frame: Frame,
    queries: Sequence[Query],
    quantity: Quantity,
    *,
    steps: Sequence[Step] | None = None,
    names: Mapping[str, str] | None = None,
    least: float | None = 0,
) -> None:
    """Courses over the time range. `names`: what is shown instead of a legend; `steps` are drawn as lines."""
    desk = sheet.desk
    custom = timeseries.FieldConfig(
        draw_style=common.GraphDrawStyle.LINE,
        line_width=2,
        fill_opacity=8,
        show_points=common.VisibilityMode.NEVER,
        span_nulls=False,  # a gap is a gap: nothing was observed
        thresholds_style=common.GraphThresholdsStyleConfig(
            mode=common.GraphThresholdsStyleMode.DASHED if steps else common.GraphThresholdsStyleMode.OFF
        ),
    )
    color = sdk.FieldColor(mode=sdk.FieldColorModeId.PALETTE_CLASSIC)
    config = _config(desk, quantity, steps=steps, color=color, custom=custom, limits=(least, None))
    overrides = []
    for index, (name, shown) in enumerate((names or {}).items()):
        colour = {"mode": "fixed", "fixedColor": SERIES_COLOURS[index % len(SERIES_COLOURS)]}
        overrides.append(override(name, {"displayName": shown, "color": colour}))
    options = timeseries.Options(
        legend=_legend(shown=True), tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING)
    )
    frame = frame._replace(title=frame.title + desk.locale.in_title(quantity))
    sheet.add("timeseries", frame, queries=queries, options=options, defaults=config, overrides=overrides)


def timeline(sheet: Sheet, frame: Frame, query: Query, states: Mapping[float, tuple[str, str]], *, text: bool = True) -> None:
    """A row a member whose colour and word tell its state along the time range."""
    desk = sheet.desk
    options = {
        f"{number:g}": sdk.ValueMappingResult(text=desk.words(key), color=FILLS[colour], index=index)
        for index, (number, (key, colour)) in enumerate(states.items())
    }
    config = _config(
        desk, "word", mappings=[sdk.ValueMap(options=options)], custom=statetimeline.FieldConfig(line_width=0, fill_opacity=85)
    )
    shown = statetimeline.Options(
        show_value=common.VisibilityMode.AUTO if text else common.VisibilityMode.NEVER,
        row_height=0.9,
        merge_values=True,
        align_value=common.TimelineValueAlignment.CENTER,
        legend=_legend(shown=False),
        tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.SINGLE, sort=common.SortOrder.NONE),
    )
    sheet.add("state-timeline", frame, queries=[query], options=shown, defaults=config)


def columns(
    sheet: Sheet,
    frame: Frame,
    queries: Sequence[tuple[str, Query, Quantity, Sequence[Step] | None]],
    *,
    label: str,
    heading: str,
    sort_by: str,
    link: str | None = None,
) -> None:
    """A table: a row for each value of `label`, a column (heading, query, quantity, steps) for each query."""
    desk = sheet.desk
    refs = "ABCDEFGHIJ"
    shown = [heading, *(name + desk.locale.in_title(quantity) for name, _, quantity, _ in queries)]
    names = {label: heading, **{f"Value #{ref}": name for ref, name in zip(refs, shown[1:], strict=False)}}
    order = {name: index for index, name in enumerate([label, *(f"Value #{ref}" for ref, _ in zip(refs, queries, strict=False))])}
    overrides = []
    for name, (_, _, quantity, steps) in zip(shown[1:], queries, strict=True):
        properties: dict[str, Any] = {"unit": desk.locale.unit(quantity), "decimals": DECIMALS.get(quantity, 0)}
        if steps:
            properties |= {
                "thresholds": {"mode": "absolute", "steps": [{"value": step.start, "color": step.colour} for step in steps]},
                "color": {"mode": "thresholds"},
                "custom.cellOptions": {"type": "color-text"},
            }
        overrides.append(override(name, properties))
    if link:
        overrides.append(override(heading, {"links": [{"title": desk.words("open_team"), "url": link, "targetBlank": False}]}))
    sheet.add(
        "table",
        frame,
        queries=[Query(query.expression, query.legend, instant=True, table=True) for _, query, _, _ in queries],
        options=table.Options(
            show_header=True,
            cell_height=common.TableCellHeight.MD,
            sort_by=[common.TableSortByFieldState(display_name=sort_by, desc=True)],
        ),
        defaults=_config(
            desk, "count", empty="nothing", custom=common.TableFieldOptions(align=common.FieldTextAlignment.AUTO, inspect=False)
        ),
        overrides=overrides,
        transformations=[
            sdk.DataTransformerConfig(id_val="merge", options={}),
            sdk.DataTransformerConfig(
                id_val="organize", options={"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names}
            ),
        ],
    )


def words(sheet: Sheet, frame: Frame, content: str) -> None:
    """Text in Markdown."""
    options = text.Options(mode=text.TextMode.MARKDOWN, content=content)
    sheet.add("text", frame, options=options)
