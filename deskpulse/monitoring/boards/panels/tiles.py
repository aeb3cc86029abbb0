"""Tiles: a number, a sentence or a word that is read from afar.

The title says what it is, so no name stands in the tile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from grafana_foundation_sdk.models import common, stat
from grafana_foundation_sdk.models import dashboard as sdk

from deskpulse.monitoring.boards.desk import Desk
from deskpulse.monitoring.boards.locales import DECIMALS, Quantity
from deskpulse.monitoring.boards.panels.kinds import (
    LAST,
    States,
    absent,
    config,
    now,
    override,
    renamed,
    worded,
    words_of,
)
from deskpulse.monitoring.boards.panels.scale import PAST, PLAIN, UNKNOWN, Step
from deskpulse.monitoring.boards.panels.sheet import Frame, Query, Sheet
from deskpulse.monitoring.boards.questions.figures import NONE
from deskpulse.monitoring.boards.questions.program import NO_POLICY, fresh
from deskpulse.monitoring.boards.questions.promql import Either, Expression, Rounded
from kpis.sla.policy import NEXT_REPLY

_NUMBER = r"/^(-?\d+)\.(\d+)$/"
_WHOLE = r"/^(-?\d+)$/"
_MISSING: States = {-1.0: ("no_policy", PLAIN)}
# measured and not drawn: Grafana makes a text as big as it just fits, and one that does not is broken into
# the title above
_ROOM = "    "
_NOTHING: States = {float(NONE): ("nothing", PLAIN)}


class Said(NamedTuple):
    """A sentence that a legend makes of labels, on its colour; it stands while its question has an answer."""

    query: Query
    colour: str = PLAIN


class TilePart(NamedTuple):
    """One number of several in a tile: what is asked, how it is written (a unit of Grafana), its colours."""

    expression: Expression
    name: str
    unit: str
    steps: Sequence[Step] = ()
    may_be_empty: bool = False


def options(
    mode: common.BigValueTextMode, reduce: common.ReduceDataOptions = LAST, *, stacked: bool = False
) -> stat.Options:
    """Sizes are left to Grafana, which fits them into any screen."""
    return stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.BACKGROUND_SOLID,
        justify_mode=common.BigValueJustifyMode.CENTER,
        text_mode=mode,
        wide_layout=True,
        reduce_options=reduce,
        orientation=common.VizOrientation.HORIZONTAL if stacked else common.VizOrientation.AUTO,
    )


def waited(desk: Desk) -> list[Step]:
    """Steps of the longest wait.

    Beyond the longest time that the policy allows a first reply, something is overdue for sure.
    """
    begun = [target for target in desk.targets if target != NEXT_REPLY]  # from the creation on
    longest = desk.longest_seconds(begun[0]) if begun else None
    return [Step(None, "", PLAIN), *([] if longest is None else [Step(longest, "", PAST)])]


def promised(expression: Expression) -> Expression:
    """A count that only a policy makes.

    -1 where the figures are there and a policy is not, which a tile says in words.
    """
    return fresh(Either(expression, NO_POLICY, ()))


class Number(NamedTuple):
    """How a number is shown.

    `unit`: of Grafana, instead of that of the quantity; `of_policy`: the tile says when there is no policy;
    `none`: it says when it is known that there is none; `band`: the same once more, as the word of its band.
    """

    steps: Sequence[Step] = (Step(None, "", PLAIN),)
    unit: str | None = None
    of_policy: bool = False
    none: bool = False
    band: tuple[Expression, Sequence[Step]] | None = None


def value(sheet: Sheet, frame: Frame, query: Query, quantity: Quantity, number: Number = Number()) -> None:  # noqa: B008 - immutable
    """A big number as it is now.

    With a decimal comma it is sent as text, which Grafana lets us write our own way.
    """
    desk = sheet.desk
    asked = Query(promised(query.expression), query.legend, instant=True) if number.of_policy else now(query)
    mappings = [
        words_of(desk, states)
        for states, wanted in ((_MISSING, number.of_policy), (_NOTHING, number.none))
        if wanted
    ]
    defaults = config(desk, quantity, steps=number.steps, mappings=mappings)
    defaults.unit = number.unit or defaults.unit
    queries, overrides, shown, reduce = [asked], [], [], LAST
    if desk.locale.comma and DECIMALS.get(quantity):
        queries = [
            Query(Rounded(asked.expression, DECIMALS[quantity]), asked.legend, instant=True, table=True)
        ]
        defaults = config(
            desk, "word", steps=number.steps, mappings=[*mappings, *_own_numbers(desk, quantity)]
        )
        reduce = common.ReduceDataOptions(calcs=["lastNotNull"], fields="/^Value/", values=False)
        shown = _as_text("Value" if number.band is None else "Value #A")
    if number.band is not None:
        # A table beside a table: Grafana puts tables behind courses, and the word would stand before its
        # number.
        queries.append(
            Query(
                fresh(number.band[0]),
                desk.words("band"),
                instant=True,
                table=queries[0].table,
                may_be_empty=True,
            )
        )
        overrides.append(_band_word(desk, number.band[1]))
    sheet.add(
        "stat",
        frame,
        queries=queries,
        options=options(common.BigValueTextMode.VALUE, reduce),
        defaults=defaults,
        overrides=overrides,
        transformations=shown,
    )


def _as_text(field: str) -> list[sdk.DataTransformerConfig]:
    """The number as text, and not what says its band."""
    conversion = {"conversions": [{"targetField": field, "destinationType": "string"}], "fields": {}}
    left_out = {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": {}}
    return [
        sdk.DataTransformerConfig(id_val="convertFieldType", options=conversion),
        sdk.DataTransformerConfig(id_val="organize", options=left_out),
    ]


def _band_word(desk: Desk, steps: Sequence[Step]) -> sdk.DashboardFieldConfigSourceOverrides:
    mappings = [*worded(desk, steps), absent(desk, "too_few", PLAIN)]
    return override(
        "B",
        {
            "unit": "none",
            "mappings": [mapping.to_json() for mapping in mappings],
            "thresholds": {
                "mode": "absolute",
                "steps": [{"value": step.start, "color": step.colour} for step in steps],
            },
            "color": {"mode": "thresholds"},
        },
        matcher="byFrameRefID",
    )


def _own_numbers(desk: Desk, quantity: Quantity) -> list[sdk.ValueMapping]:
    """Numbers as text in the way of the locale: `81.25` becomes `81,25 %`."""
    behind = desk.locale.behind(quantity)
    found: list[sdk.ValueMapping] = []
    for index, (pattern, shown) in enumerate(
        ((_NUMBER, f"$1{desk.locale.mark}$2{behind}"), (_WHOLE, f"$1{behind}"))
    ):
        result = sdk.ValueMappingResult(text=shown, index=index)
        found.append(sdk.RegexMap(options=sdk.DashboardRegexMapOptions(pattern=pattern, result=result)))
    return found


def sentence(
    sheet: Sheet,
    frame: Frame,
    said: Sequence[Said],
    *,
    spoken: Mapping[str, str] | None = None,
    empty: tuple[str, str] = ("no_data", UNKNOWN),
    stacked: bool = False,
) -> None:
    """What the questions that have an answer say, each in its own words and colour; nothing answered.

    The word of `empty`.

    A legend makes the sentence of the labels, and a reduction makes the names of series the values of a
    field: names alone would leave a tile without a word where there is no series. The number before a
    sentence tells its colour and is taken away with it.
    """
    desk = sheet.desk
    mappings: list[sdk.ValueMapping] = []
    for index, one in enumerate(said):
        result = sdk.ValueMappingResult(text=f"$1{_ROOM}", color=one.colour, index=index)
        mappings.append(
            sdk.RegexMap(options=sdk.DashboardRegexMapOptions(pattern=f"/^{index}:(.*)$/", result=result))
        )
    defaults = config(desk, "word", steps=[Step(None, "", UNKNOWN)], mappings=mappings, empty=empty)
    every_row = common.ReduceDataOptions(calcs=["lastNotNull"], fields="/^Field$/", values=True)
    sheet.add(
        "stat",
        frame,
        queries=[replace(one.query, legend=f"{index}:{one.query.legend}") for index, one in enumerate(said)],
        options=options(common.BigValueTextMode.VALUE, every_row, stacked=stacked),
        defaults=defaults,
        transformations=[
            *renamed(spoken),
            sdk.DataTransformerConfig(
                id_val="reduce",
                options={"mode": "seriesToRows", "reducers": ["lastNotNull"], "labelsToFields": False},
            ),
        ],
    )


def numbers(sheet: Sheet, frame: Frame, parts: Sequence[TilePart], *, names: bool = True) -> None:
    """Several numbers side by side, each with its name."""
    overrides = []
    for index, part in enumerate(parts):
        properties: dict[str, Any] = {"unit": part.unit, "decimals": 0}
        if part.steps:
            steps = [{"value": step.start, "color": step.colour} for step in part.steps]
            properties |= {
                "thresholds": {"mode": "absolute", "steps": steps},
                "color": {"mode": "thresholds"},
            }
        overrides.append(override("ABCDEFGHIJ"[index], properties, matcher="byFrameRefID"))
    queries = [now(Query(part.expression, part.name, may_be_empty=part.may_be_empty)) for part in parts]
    mode = common.BigValueTextMode.VALUE_AND_NAME if names else common.BigValueTextMode.VALUE
    defaults = config(sheet.desk, "count", steps=[Step(None, "", PLAIN)])
    sheet.add("stat", frame, queries=queries, options=options(mode), defaults=defaults, overrides=overrides)


def state(
    sheet: Sheet, frame: Frame, query: Query, states: States, *, empty: tuple[str, str] = ("no_data", UNKNOWN)
) -> None:
    """A word on its colour for each of a few numbers."""
    desk = sheet.desk
    defaults = config(
        desk, "word", steps=[Step(None, "", UNKNOWN)], mappings=[words_of(desk, states)], empty=empty
    )
    shown = Query(query.expression, query.legend, instant=True)
    sheet.add(
        "stat", frame, queries=[shown], options=options(common.BigValueTextMode.VALUE), defaults=defaults
    )
