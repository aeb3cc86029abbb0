"""The board that explains: each KPI with its formula, its bands, its limits, and its value now."""

from __future__ import annotations

from typing import Any, Final

from deskpulse.monitoring.boards.desk import Desk
from deskpulse.monitoring.boards.locales import Quantity
from deskpulse.monitoring.boards.matchers import Match
from deskpulse.monitoring.boards.panels import kinds, tiles
from deskpulse.monitoring.boards.panels.scale import band_steps
from deskpulse.monitoring.boards.panels.sheet import Frame, Query, Sheet
from deskpulse.monitoring.boards.panels.tiles import Number
from deskpulse.monitoring.boards.questions.figures import (
    ALL,
    FIRST_RESPONSE,
    enough,
    figure,
    first_response,
    hours,
    live,
    minutes,
    percent,
)
from deskpulse.monitoring.boards.questions.promql import Expression, Pick
from deskpulse.monitoring.boards.words import definitions
from deskpulse.settings.bands import Band
from kpis.figures.kpi.live import UNANSWERED
from kpis.figures.kpi.staffing import PER_RESPONDER

_WIDTH: Final = 9
_HEIGHT: Final = 14
_STANDING: Final = {UNANSWERED.name, PER_RESPONDER.name}  # now, without a window
BANDS: Final = ("exceptional", "above", "typical")


def build(sheet: Sheet) -> None:
    """Fill the board."""
    w = sheet.desk.words
    kinds.words(
        sheet,
        Frame((0, 0, 24, 6), w("how_to_read"), w("how_to_read_help")),
        w("how_to_read_text", least=sheet.desk.bands.minimum_observations),
    )
    for index, entry in enumerate(definitions()):
        x, y = 12 * (index % 2), 6 + _HEIGHT * (index // 2)
        title = str(entry["title"][sheet.desk.locale.language])
        kinds.words(
            sheet,
            Frame((x, y, _WIDTH, _HEIGHT), title, w("definition_of", what=title)),
            content(sheet.desk, entry),
        )
        _now(sheet, (x + _WIDTH, y, 12 - _WIDTH, _HEIGHT), entry, title)


def content(desk: Desk, entry: dict[str, Any]) -> str:
    """The text of one KPI in Markdown."""
    language, w = desk.locale.language, desk.words
    parts = [str(entry["question"][language]), "```\n" + str(entry["formula"][language]).rstrip() + "\n```"]
    band = band_of(desk, entry)
    if band is not None:
        parts.append(_band_table(desk, band, str(entry["unit"])))
    parts.append(f"**{w('limits')}**")
    parts.append("\n".join(f"- {limit}" for limit in entry["limits"][language]))
    return "\n\n".join(parts) + "\n"


def band_of(desk: Desk, entry: dict[str, Any]) -> Band | None:
    """The band of a KPI, None where the articles state none."""
    name = entry.get("band")
    found = getattr(desk.bands, name) if name else None
    assert found is None or isinstance(found, Band)
    return found


def _band_table(desk: Desk, band: Band, unit: str) -> str:
    w = desk.words
    edges = {name: f"{bound.comparison} {_edge(desk, bound.value, unit)}" for name, bound in band.edges}
    head = [w(name) for name in (*BANDS, "below")]
    row = [*(edges.get(name, "-") for name in BANDS), w("else")]
    where = w("any_window")
    if band.windows:
        where = ", ".join(w.window(window) for window in band.windows)
    if band.channels:
        where = w("channels", names=", ".join(band.channels))
    return f"| {' | '.join([*head, w('where')])} |\n{'|---' * 5}|\n| {' | '.join([*row, where])} |"


def _edge(desk: Desk, value: float, unit: str) -> str:
    if unit == "minutes":
        return desk.locale.duration(value)
    return desk.locale.percent(value) if unit == "percent" else desk.locale.number(value)


def _now(sheet: Sheet, place: tuple[int, int, int, int], entry: dict[str, Any], title: str) -> None:
    """The present figure, and its band where one is stated and no objective stands."""
    desk = sheet.desk
    expression, pick, quantity, window = _figure(desk, entry)
    label = desk.words.short_window(window) if window else desk.words("now")
    band = band_of(desk, entry)
    verdict = None
    if band is not None and not (pick.name == FIRST_RESPONSE and desk.targets):
        times = {"minutes": 1 / 60, "percent": 100.0}.get(str(entry["unit"]), 1.0)
        verdict = (enough(expression, pick, desk), band_steps(band, times=times))
    tiles.value(sheet, Frame(place, label, title), Query(expression), quantity, Number(band=verdict))


def _figure(desk: Desk, entry: dict[str, Any]) -> tuple[Expression, Pick, Quantity, str]:
    """A KPI's present value: its figure, its metric, the way it is shown, and its window.

    A KPI that stands now has no window.
    """
    name, band = str(entry["metric"]), band_of(desk, entry)
    unit: Quantity = entry["unit"]
    if name in _STANDING:
        return live(name), live(name), unit, ""
    window = str(entry.get("window", "30d"))
    if band is not None:
        window = desk.window(band, window)
    who: tuple[tuple[str, Match], ...] = ALL
    if band is not None and band.channels:
        who = (("by", "channel"), ("member", band.channels[0]))
    who += tuple(entry.get("select", {}).items())
    pick = figure(name, window, who, desk=desk)
    of_name = first_response(window, desk=desk) if name == FIRST_RESPONSE else pick
    shown: dict[str, Expression] = {
        "minutes": minutes(of_name),
        "hours": hours(of_name),
        "percent": percent(of_name),
    }
    return shown.get(unit, of_name), pick, unit, window
