"""The kinds of panels of our boards, each with what it must never forget.

That is unit, empty case, colours and reduction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from grafana_foundation_sdk.models import bargauge, common, statetimeline, text, timeseries
from grafana_foundation_sdk.models import dashboard as sdk

from deskpulse.monitoring.boards.desk import Desk
from deskpulse.monitoring.boards.locales import DECIMALS, Quantity
from deskpulse.monitoring.boards.panels.scale import LINES, PLAIN, TEXT, UNKNOWN, Step, line_of, ranges
from deskpulse.monitoring.boards.panels.sheet import Frame, Query, Sheet
from deskpulse.monitoring.boards.questions.program import PlainPromql, fresh
from deskpulse.monitoring.boards.questions.promql import Expression, Ranked

_WIDE: Final = 12  # columns that have room for a legend beside the course
LAST: Final = common.ReduceDataOptions(calcs=["lastNotNull"], fields="", values=False)
States = Mapping[float, tuple[str, str]]  # {number: (key of its word, colour)}


class Objective(NamedTuple):
    """A promise as a dashed line with its name in the legend."""

    expression: Expression
    name: str


def fixed(colour: str) -> sdk.FieldColor:
    """One colour."""
    return sdk.FieldColor(mode=sdk.FieldColorModeId.FIXED, fixed_color=colour)


def by_thresholds() -> sdk.FieldColor:
    """The colour of the step that a value has reached."""
    return sdk.FieldColor(mode=sdk.FieldColorModeId.THRESHOLDS)


def thresholds(steps: Sequence[Step] | None) -> sdk.ThresholdsConfig:
    """Steps of a scale; without one, a single neutral step."""
    found = [sdk.Threshold(value=step.start, color=step.colour) for step in steps or ()]
    return sdk.ThresholdsConfig(
        mode=sdk.ThresholdsMode.ABSOLUTE, steps=found or [sdk.Threshold(value=None, color=PLAIN)]
    )


def override(
    name: str, properties: Mapping[str, Any], *, matcher: str = "byName"
) -> sdk.DashboardFieldConfigSourceOverrides:
    """What differs for the fields of a name, or of a query (`byFrameRefID`)."""
    return sdk.DashboardFieldConfigSourceOverrides(
        matcher=sdk.MatcherConfig(id_val=matcher, options=name),
        properties=[sdk.DynamicConfigValue(id_val=key, value=value) for key, value in properties.items()],
    )


def absent(desk: Desk, key: str = "no_data", colour: str = UNKNOWN) -> sdk.ValueMapping:
    """What stands where nothing is known, never in the colour of a state."""
    result = sdk.ValueMappingResult(text=desk.words(key), color=colour, index=100)
    return sdk.SpecialValueMap(
        options=sdk.DashboardSpecialValueMapOptions(match=sdk.SpecialValueMatch.NULL_AND_NAN, result=result)
    )


def words_of(desk: Desk, states: States) -> sdk.ValueMapping:
    """A word on its colour for each of a few numbers."""
    options = {
        f"{number:g}": sdk.ValueMappingResult(text=desk.words(key), color=colour, index=index)
        for index, (number, (key, colour)) in enumerate(states.items())
    }
    return sdk.ValueMap(options=options)


def worded(desk: Desk, steps: Sequence[Step]) -> list[sdk.ValueMapping]:
    """The word of each step in the place of its numbers, on its colour."""
    found: list[sdk.ValueMapping] = []
    for index, (start, end, step) in enumerate(ranges(steps)):
        result = sdk.ValueMappingResult(text=desk.words(step.word), color=step.colour, index=index)
        found.append(
            sdk.RangeMap(options=sdk.DashboardRangeMapOptions(from_val=start, to=end, result=result))
        )
    return found


def config(
    desk: Desk,
    quantity: Quantity,
    *,
    steps: Sequence[Step] | None = None,
    mappings: Sequence[sdk.ValueMapping] = (),
    color: sdk.FieldColor | None = None,
    empty: tuple[str, str] = ("no_data", UNKNOWN),
    custom: object | None = None,
    limits: tuple[float | None, float | None] = (None, None),
) -> sdk.FieldConfig:
    """What holds for all fields of a panel. `empty`: the word and colour where there is nothing."""
    return sdk.FieldConfig(
        unit=desk.locale.unit(quantity),
        decimals=DECIMALS.get(quantity),
        mappings=[*mappings, absent(desk, *empty)],
        thresholds=thresholds(steps),
        color=color or (by_thresholds() if steps else fixed(TEXT)),
        no_value=desk.words(empty[0]),
        custom=custom,
        min_val=limits[0],
        max_val=limits[1],
    )


def now(query: Query, *, table: bool = False) -> Query:
    """A question about this instant; a figure only while the figures can be trusted."""
    expression = query.expression
    inner = expression if isinstance(expression, PlainPromql) else fresh(expression)
    return Query(inner, query.legend, instant=True, table=table, may_be_empty=query.may_be_empty)


def bars(
    sheet: Sheet, frame: Frame, queries: Sequence[Query], quantity: Quantity, *, link: str | None = None
) -> None:
    """A bar a member, as it is now, the longest first where one question gives them all.

    Names stand above the bars, so none is cut.
    """
    desk = sheet.desk
    defaults = config(desk, quantity, color=fixed("blue"), limits=(0, None))
    if link:
        defaults.links = _links(desk, link)
    options = bargauge.Options(
        display_mode=common.BarGaugeDisplayMode.BASIC,
        value_mode=common.BarGaugeValueMode.TEXT,
        name_placement=common.BarGaugeNamePlacement.TOP,
        show_unfilled=True,
        sizing=common.BarGaugeSizing.AUTO,
        reduce_options=LAST,
        orientation=common.VizOrientation.HORIZONTAL,
        legend=legend(shown=False),
    )
    asked = [now(query) for query in queries]
    if len(asked) == 1:
        asked = [Query(Ranked(asked[0].expression), asked[0].legend, instant=True)]
    frame = frame._replace(title=frame.title + desk.locale.in_title(quantity))
    sheet.add("bargauge", frame, queries=asked, options=options, defaults=defaults)


def _links(desk: Desk, url: str) -> list[sdk.DashboardLink]:
    return [sdk.DashboardLink(title=desk.words("open_team"), type_val=sdk.DashboardLinkType.LINK, url=url)]


def legend(
    *, shown: bool, values: bool = False, beside: bool = False, order: Literal["least", "most"] | None = None
) -> common.VizLegendOptions:
    """The names of the lines; with `values` a table with their mean and last value.

    The table is sorted by the last value where `order` says how.
    """
    return common.VizLegendOptions(
        display_mode=common.LegendDisplayMode.TABLE if values else common.LegendDisplayMode.LIST,
        placement=common.LegendPlacement.RIGHT if beside else common.LegendPlacement.BOTTOM,
        show_legend=shown,
        calcs=["mean", "lastNotNull"] if values else [],
        sort_by="Last *" if order else None,
        sort_desc=order == "most" if order else None,
    )


class LineStyle(NamedTuple):
    """How lines are drawn.

    `names`: what is shown instead of a legend; `soft`: what the axis shows at least; `bounds`: legends of the
    lower and the upper bound, drawn thin with the space between them filled; `values`: a legend with mean and
    last value; `many`: of more names than three; `link`: where a click on a team leads; `others`: the second
    question is about all members that are not shown; `order`: of the names in the legend, by their last
    values, the worst first.
    """

    objective: Objective | None = None
    names: Mapping[str, str] | None = None
    soft: tuple[float | None, float | None] = (0, None)
    bounds: tuple[str, str] | None = None
    values: bool = True
    many: bool = False
    logarithmic: bool = False
    stacked_bars: bool = False
    empty: str = "no_data"
    link: str | None = None
    others: bool = False
    order: Literal["least", "most"] | None = None


def lines(
    sheet: Sheet,
    frame: Frame,
    queries: Sequence[Query],
    quantity: Quantity,
    course: LineStyle = LineStyle(),  # noqa: B008 - immutable
) -> None:
    """Courses over the time range."""
    desk = sheet.desk
    # A team has one colour on all boards; spans and shares of one team must only differ from each other.
    mode = (
        sdk.FieldColorModeId.PALETTE_CLASSIC_BY_NAME if course.link else sdk.FieldColorModeId.PALETTE_CLASSIC
    )
    color = sdk.FieldColor(mode=mode)
    defaults = config(desk, quantity, color=color, custom=_style(course), empty=(course.empty, UNKNOWN))
    if course.link:
        defaults.links = _links(desk, course.link)
    overrides = [override(name, {"displayName": shown}) for name, shown in (course.names or {}).items()]
    if course.link:
        overrides += [_line(index, team) for index, team in enumerate(desk.teams)]
        # by its name it would have another colour in each language
        whole = LINES[-1] if course.stacked_bars else TEXT
        overrides.append(override(desk.words("all_teams"), {"color": {"mode": "fixed", "fixedColor": whole}}))
    if course.others:
        grey = {"color": {"mode": "fixed", "fixedColor": TEXT}, "custom.lineWidth": 1, "links": []}
        overrides.append(override("B", grey, matcher="byFrameRefID"))
    if course.bounds is not None:
        low, high = course.bounds
        thin = {"custom.lineWidth": 1, "color": {"mode": "fixed", "fixedColor": "blue"}}
        overrides += [
            override(low, thin),
            override(high, {**thin, "custom.fillBelowTo": low, "custom.fillOpacity": 18}),
        ]
    asked = list(queries)
    if course.objective is not None:
        dashed = {
            "custom.lineStyle": {"fill": "dash", "dash": [10, 8]},
            "custom.lineWidth": 2,
            "color": {"mode": "fixed", "fixedColor": TEXT},
        }
        overrides.append(override(course.objective.name, dashed))
        asked.append(Query(course.objective.expression, course.objective.name))
    # Below a course a table is cut after three names; a list of names has room in two lines there, on a phone
    # too.
    beside = course.values and (course.many or frame.place[2] >= _WIDE)
    options = timeseries.Options(
        legend=legend(
            shown=len(asked) > 1 or course.values, values=course.values, beside=beside, order=course.order
        ),
        tooltip=common.VizTooltipOptions(
            mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING
        ),
    )
    frame = frame._replace(title=frame.title + desk.locale.in_title(quantity))
    sheet.add("timeseries", frame, queries=asked, options=options, defaults=defaults, overrides=overrides)


def _line(index: int, team: str) -> sdk.DashboardFieldConfigSourceOverrides:
    colour, style = line_of(index)
    return override(team, {"color": {"mode": "fixed", "fixedColor": colour}, "custom.lineStyle": style})


def _style(course: LineStyle) -> timeseries.FieldConfig:
    stacked = course.stacked_bars
    return timeseries.FieldConfig(
        draw_style=common.GraphDrawStyle.BARS if stacked else common.GraphDrawStyle.LINE,
        line_width=0 if stacked else 2,
        fill_opacity=70 if stacked else 0,
        show_points=common.VisibilityMode.NEVER,
        span_nulls=False,  # a gap is a gap: nothing was observed
        axis_soft_min=course.soft[0],
        axis_soft_max=course.soft[1],
        stacking=common.StackingConfig(mode=common.StackingMode.NORMAL, group="A") if stacked else None,
        scale_distribution=common.ScaleDistributionConfig(type_val=common.ScaleDistribution.LOG, log=10)
        if course.logarithmic
        else None,
        thresholds_style=common.GraphThresholdsStyleConfig(mode=common.GraphThresholdsStyleMode.OFF),
    )


def timeline(
    sheet: Sheet,
    frame: Frame,
    queries: Sequence[Query],
    states: States,
    *,
    spoken: Mapping[str, str] | None = None,
    link: str | None = None,
) -> None:
    """A row a member; its colour and word show the member's state along the time range.

    `spoken`: parts of names, and what is read instead.
    """
    desk = sheet.desk
    defaults = config(
        desk,
        "word",
        mappings=[words_of(desk, states)],
        empty=("no_data", PLAIN),  # a gap with a word, unlike every state
        custom=statetimeline.FieldConfig(line_width=0, fill_opacity=100),
    )
    if link:
        defaults.links = _links(desk, link)
    shown = statetimeline.Options(
        # a short stretch would cut its word: the words stand in the legend, with their colours
        show_value=common.VisibilityMode.NEVER,
        row_height=0.9,
        merge_values=True,
        align_value=common.TimelineValueAlignment.CENTER,
        legend=legend(shown=True, beside=True),
        tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.SINGLE, sort=common.SortOrder.NONE),
        per_page=None,  # a wall has nobody to turn pages
    )
    sheet.add(
        "state-timeline",
        frame,
        queries=queries,
        options=shown,
        defaults=defaults,
        transformations=renamed(spoken),
    )


def renamed(spoken: Mapping[str, str] | None) -> list[sdk.DataTransformerConfig]:
    """Put words for the names of the program in what a legend has made of labels.

    `first_reply` becomes `first reply`.
    """
    return [
        sdk.DataTransformerConfig(
            id_val="renameByRegex", options={"regex": f"(.*)\\b{part}(.*)", "renamePattern": f"$1{shown}$2"}
        )
        for part, shown in (spoken or {}).items()
    ]


def words(sheet: Sheet, frame: Frame, content: str) -> None:
    """Text in Markdown."""
    options = text.Options(mode=text.TextMode.MARKDOWN, content=content)
    sheet.add("text", frame, options=options)
