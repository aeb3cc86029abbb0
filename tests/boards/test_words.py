"""Boards speak two languages from one file, write numbers three ways, and say what the documentation says."""

from __future__ import annotations

import itertools
import json
import math
import re
from typing import Any

import pytest

from deskpulse.monitoring.boards import Desk, boards
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY
from deskpulse.monitoring.boards.locales import ENGLISH, MEXICO, SPAIN
from deskpulse.monitoring.boards.panels.scale import (
    AMBER,
    BAND_COLOURS,
    FILLS,
    KEPT,
    LINES,
    NO_ALERTING,
    PAST,
    PLAIN,
    RED,
    STYLES,
    UNKNOWN,
    band_steps,
    line_of,
    ranges,
)
from deskpulse.monitoring.boards.panels.scale import CLOSED as GREY
from deskpulse.monitoring.boards.words import LANGUAGES, catalogue, definitions
from deskpulse.policy import load_policy
from deskpulse.settings.bands import Band, BandSettings
from kpis.sla.policy import Policy
from scripts import metrics_doc
from scripts.tidy import ROOT
from tests.docs import pages

Json = dict[str, Any]


@pytest.fixture(scope="module")
def policy() -> Policy:
    found = load_policy(DEFAULT_POLICY)
    assert found is not None
    return found


def board(name: str, desk: Desk) -> Json:
    (found,) = (one for one in boards(desk) if one.name == name)
    parsed: Json = json.loads(found.text())
    return parsed


def panel(board: Json, start: str) -> Json:
    found = next(one for one in board["panels"] if one["title"].startswith(start))
    assert isinstance(found, dict)
    return found


def test_every_text_is_there_in_both_languages() -> None:
    assert all(set(LANGUAGES) == set(texts) and all(texts.values()) for texts in catalogue().values())


def test_a_text_is_given_once() -> None:
    """YAML would keep the last of two without a word."""
    text = (ROOT / "deskpulse/monitoring/boards/words.yaml").read_text(encoding="utf-8")
    keys = re.findall(r"^(\w+):", text, re.MULTILINE)
    assert [] == sorted({key for key in keys if keys.count(key) > 1})


def test_both_languages_fill_in_the_same_values() -> None:
    different = [
        key
        for key, texts in catalogue().items()
        if len({tuple(sorted(re.findall(r"\{\w+\}", text))) for text in texts.values()}) > 1
    ]
    assert [] == different


def test_no_text_is_there_for_nothing(policy: Policy) -> None:
    """Every key is written in the code, or made there from a known part."""
    code = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "deskpulse/monitoring/boards").rglob("*.py")
    )
    made = re.compile(
        r"(window|last|period|target|board|created_by|attainment_by|attainment|within|short|spoken|brief|title|overdue|course|unit|first_response|response|responders)"
        r"_\w+|\w+_is"
    )
    assert [] == [
        key for key in catalogue() if not re.search(rf"[\"']{key}[\"']", code) and not made.fullmatch(key)
    ]


@pytest.mark.parametrize("entry", definitions(), ids=lambda entry: entry["page"])
def test_a_definition_says_word_for_word_what_its_page_says(entry: Json) -> None:
    page = f"docs/kpis/{entry['page']}.md"
    text = flat(pages.text(page))
    sections = pages.sections(page)
    (limits,) = (body for name, body in sections.items() if name.endswith("not tell"))
    assert flat(entry["question"]["en"]) in text
    assert all(line.strip() in sections["Formula"] for line in entry["formula"]["en"].splitlines())
    assert [] == [limit for limit in entry["limits"]["en"] if flat(limit) not in flat(limits)]
    assert entry["metric"] in metrics_doc.KPI_PAGES[entry["page"]]


def flat(text: str) -> str:
    return " ".join(text.split())


def test_every_kpi_is_defined_on_the_board_in_both_languages() -> None:
    assert set(metrics_doc.KPI_PAGES) <= {*(entry["page"] for entry in definitions()), "sla"}
    for entry in definitions():
        assert all(set(LANGUAGES) == set(entry[part]) for part in ("title", "question", "formula", "limits"))
        assert len(entry["limits"]["en"]) == len(entry["limits"]["es"])


def test_bands_in_a_definition_are_those_of_the_settings(policy: Policy) -> None:
    bands = BandSettings.model_validate(
        {"csat": {"exceptional": ">= 99%"}, "first_response": {"typical": "<= 90m"}}
    )
    texts = {
        locale.code: "\n".join(
            one["options"]["content"]
            for one in board("definitions", Desk(locale, policy, bands))["panels"]
            if one["type"] == "text"
        )
        for locale in (ENGLISH, SPAIN, MEXICO)
    }
    assert "| >= 99% | >= 90% | >= 85% | else | any window |" in texts["en"]
    assert "| < 15\u00a0min | < 1\u00a0h | <= 1,5\u00a0h | el resto | cualquier ventana |" in texts["es-ES"]
    assert "<= 1.5\u00a0h" in texts["es-MX"]


@pytest.mark.parametrize(
    ("locale", "unit", "title"),
    [(ENGLISH, "percent", ""), (MEXICO, "suffix:%", ""), (SPAIN, "locale", " (%)")],
    ids=lambda one: str(one)[:20],
)
def test_per_cent_is_written_as_the_locale_does(locale: Any, unit: str, title: str, policy: Policy) -> None:
    course = next(one for one in board("team", Desk(locale, policy))["panels"] if one["type"] == "timeseries")
    assert unit == course["fieldConfig"]["defaults"]["unit"]
    assert course["title"].endswith(title)


def test_spain_turns_the_point_of_a_big_number_into_a_comma(policy: Policy) -> None:
    """Grafana's mapping is JavaScript's String.replace with these patterns.

    It works on the text that a transformation has made of the number.
    """
    csat = panel(board("team", Desk(SPAIN, policy)), "CSAT")
    conversion, _ = csat["transformations"]
    assert ["string"] == [one["destinationType"] for one in conversion["options"]["conversions"]]
    # not the word of its band
    assert ["Value #A"] == [one["targetField"] for one in conversion["options"]["conversions"]]
    mappings = [
        one["options"] for one in csat["fieldConfig"]["defaults"]["mappings"] if one["type"] == "regex"
    ]
    shown = {value: mapped(value, mappings) for value in ("81.2", "90", "-12.5")}
    assert {"81.2": "81,2\u00a0%", "90": "90\u00a0%", "-12.5": "-12,5\u00a0%"} == shown
    assert csat["targets"][0]["expr"].startswith("round(")


def mapped(value: str, mappings: list[Json]) -> str | None:
    """What Grafana makes of a text: the first pattern that matches, with its groups."""
    for mapping in mappings:
        pattern = mapping["pattern"].strip("/")
        if re.search(pattern, value):
            return re.sub(pattern, mapping["result"]["text"].replace("$", "\\"), value)
    return None


def test_other_locales_keep_numbers_as_numbers(policy: Policy) -> None:
    for locale in (ENGLISH, MEXICO):
        csat = panel(board("team", Desk(locale, policy)), "CSAT")
        assert "transformations" not in csat
        assert 1 == csat["fieldConfig"]["defaults"]["decimals"]


def test_counts_are_never_left_to_the_browser(policy: Policy) -> None:
    """A browser of another language would write 12,345, which reads as twelve and a bit."""
    for locale, title in ((ENGLISH, "Waiting"), (SPAIN, "En espera"), (MEXICO, "En espera")):
        waiting = panel(board("team", Desk(locale, policy)), title)
        assert "none" == waiting["fieldConfig"]["defaults"]["unit"]


NAMES = sorted(BandSettings.model_fields.keys() - {"minimum_observations"})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("nudge", [-1e-6, 0.0, 1e-6])
def test_a_step_is_exactly_where_the_band_has_its_edge(name: str, nudge: float) -> None:
    """At each edge, and just beside it, the scale gives the band that the settings give.

    The edge may belong to the lower side.
    """
    band = getattr(BandSettings(), name)
    assert isinstance(band, Band)
    steps = band_steps(band)
    for _, edge in band.edges:
        value = edge.value + nudge
        expected = next((word for word, bound in band.edges if bound.edge(word).holds(value)), "below")
        reached = [step.word for step in steps if step.start is None or value >= step.start][-1]
        (ranged,) = (
            step.word
            for start, end, step in ranges(steps)
            if (start is None or value >= start) and (end is None or value <= end)
        )
        assert expected == reached == ranged


def test_edges_come_in_the_unit_that_is_shown() -> None:
    assert [None, 85, 90, 95] == [step.start for step in band_steps(BandSettings().csat, times=100)]
    assert [None, 15, 60] == [step.start for step in band_steps(BandSettings().first_response, times=1 / 60)][
        :3
    ]


def test_the_objective_is_a_line_with_a_name(policy: Policy) -> None:
    course = next(
        one for one in board("wall", Desk(ENGLISH, policy))["panels"] if one["type"] == "timeseries"
    )
    assert "objective" == course["targets"][-1]["legendFormat"]
    (dashed,) = [
        one for one in course["fieldConfig"]["overrides"] if one["matcher"]["options"] == "objective"
    ]
    assert "custom.lineStyle" in {one["id"] for one in dashed["properties"]}


def test_no_word_of_the_wall_means_that_nothing_is_known(policy: Policy) -> None:
    """`none`, `closed` and `all promises kept` are answers.

    Where there is none stands one of few words, in a colour of its own.
    """
    for one in board("wall", Desk(ENGLISH, policy))["panels"]:
        defaults = one["fieldConfig"]["defaults"]
        (absent,) = (
            mapping["options"]["result"] for mapping in defaults["mappings"] if mapping["type"] == "special"
        )
        assert (absent["text"], absent["color"]) in {
            ("no data", UNKNOWN),
            ("no data", PLAIN),  # of a time line: a gap
            ("no data (needs an SLA policy)", UNKNOWN),
            ("NO ALERTING", NO_ALERTING),
        }
        assert absent["text"] == defaults["noValue"]


def test_a_sentence_gets_its_colour_and_loses_its_number(policy: Policy) -> None:
    worst = panel(board("wall", Desk(ENGLISH, policy)), "Worst now")
    mappings = [
        one["options"] for one in worst["fieldConfig"]["defaults"]["mappings"] if one["type"] == "regex"
    ]
    assert "0:{{member}} · {{target}}" == worst["targets"][0]["legendFormat"]
    shown = mapped("0:billing · high · first reply", mappings)
    assert shown is not None
    assert "billing · high · first reply" == shown.rstrip()
    assert [RED, AMBER, PLAIN, GREY, PLAIN, PLAIN] == [one["result"]["color"] for one in mappings]


# Linear RGB as it is seen without one kind of cones: protanopia and deuteranopia (Viénot, Brettel, Mollon
# 1999), and with all of them.
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.11238, 0.88762, 0), (0.11238, 0.88762, 0), (0.00401, -0.00401, 1)),
    "deuteranopia": ((0.29275, 0.70725, 0), (0.29275, 0.70725, 0), (-0.02234, 0.02234, 1)),
}
JUST_NOTICEABLE = 2.3  # a difference of CIELAB; from five metres it takes several times as much


STATES = (RED, AMBER, PAST, KEPT, GREY, UNKNOWN, NO_ALERTING)
BANDS = tuple(colour for colour in BAND_COLOURS.values() if colour != PLAIN)  # typical has none


@pytest.mark.parametrize("eyes", EYES)
def test_colours_are_told_apart_by_all_eyes(eyes: str) -> None:
    """Every two of a scale; and each has its word besides."""
    for colours in (STATES, BANDS):
        for one, other in itertools.combinations([lab(colour, EYES[eyes]) for colour in colours], 2):
            assert math.dist(one, other) > 4 * JUST_NOTICEABLE


def luminance(colour: str) -> float:
    """Relative luminance of sRGB, as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_on(fill: str) -> str:
    """The text that Grafana writes on a colour: by its brightness (0.299 R + 0.587 G + 0.114 B)."""
    red, green, blue = (int(fill[i : i + 2], 16) for i in (1, 3, 5))
    return "#202226" if 0.299 * red + 0.587 * green + 0.114 * blue > 180 else "#F7F8FA"


@pytest.mark.parametrize("fill", FILLS)
def test_text_has_a_contrast_of_seven_to_one(fill: str) -> None:
    """Under the text that Grafana chooses, in both themes alike."""
    assert contrast(fill, text_on(fill)) >= 7


@pytest.mark.parametrize("colour", LINES)
def test_a_line_is_seen_in_both_themes(colour: str) -> None:
    """WCAG asks for 3 to 1 of what is drawn and is no text."""
    assert min(contrast(colour, "#181B1F"), contrast(colour, "#FFFFFF")) >= 3


@pytest.mark.parametrize("eyes", EYES)
def test_lines_are_told_apart_by_all_eyes(eyes: str) -> None:
    """Much farther than fills, since they are thin; where colours run out, styles go on."""
    for one, other in itertools.combinations([lab(colour, EYES[eyes]) for colour in LINES], 2):
        assert math.dist(one, other) > 15 * JUST_NOTICEABLE
    drawn = [str(line_of(index)) for index in range(len(LINES) * len(STYLES))]
    assert len(drawn) == len(set(drawn))


def test_a_team_of_the_settings_or_the_policy_has_one_line_on_all_boards(policy: Policy) -> None:
    desk = Desk(ENGLISH, policy, members=("billing", "vip"))
    assert ("billing", "orders", "technical", "vip") == desk.teams
    lines = {
        json.dumps(one["properties"])
        for name in ("wall", "sla")
        for drawn in board(name, desk)["panels"]
        for one in drawn.get("fieldConfig", {}).get("overrides", ())
        if one["matcher"]["options"] == "orders"
    }
    assert 1 == len(lines)
    assert LINES[1] in lines.pop()


def test_a_wait_beyond_what_the_policy_allows_anybody_is_seen(policy: Policy) -> None:
    """8 h are the longest that the default policy allows a first reply.

    Nobody is unanswered who waits for the next reply, so its time says nothing here.
    """
    wait = panel(board("wall", Desk(ENGLISH, policy)), "Longest wait")
    assert [(None, PLAIN), (8 * 3600, PAST)] == [
        (one["value"], one["color"]) for one in wait["fieldConfig"]["defaults"]["thresholds"]["steps"]
    ]
    assert 1 == len(
        panel(board("wall", Desk(ENGLISH, None)), "Longest wait")["fieldConfig"]["defaults"]["thresholds"][
            "steps"
        ]
    )


def lab(colour: str, eyes: Any) -> tuple[float, float, float]:
    """CIELAB (D65) of a colour as some eyes see it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    r, g, b = (sum(weight * part for weight, part in zip(row, linear, strict=True)) for row in eyes)
    x, y, z = (
        0.4124 * r + 0.3576 * g + 0.1805 * b,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        0.0193 * r + 0.1192 * g + 0.9505 * b,
    )
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x / 0.9505, y, z / 1.089))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
