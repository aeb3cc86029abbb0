"""What a board must be, after the rules of Grafana's dashboard-linter and our own.

One function a rule, each gives the faults it finds.

Left out of that linter's rules, with the reason: template-job, template-instance (figures come from recording
rules, which have chosen the exporter; the programs' own metrics are chosen by the desk, whatever the jobs are
called).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Any, Final

from deskpulse.monitoring.boards.desk import SOURCE_VARIABLE
from deskpulse.monitoring.boards.matchers import OF_DESK, OF_DESK_OR_ALL
from deskpulse.monitoring.boards.panels.scale import AMBER, BAND_COLOURS, PLAIN, RED
from deskpulse.monitoring.boards.panels.sheet import COLUMNS, SCHEMA

Board = dict[str, Any]
Panel = dict[str, Any]
Rule = Callable[[Board], list[str]]
SCRAPE_SECONDS: Final = 10  # monitoring/prometheus.yml; tests/boards/test_provisioning.py compares them
HIDDEN: Final = 2  # of a variable: neither its name nor its value is shown
WALL_ROWS: Final = 28  # of 30 pixels with gaps of 8: a screen of 1080 lines
# characters: what a person can read and change in Grafana's editor; each desk's matcher takes 14
LONGEST_QUERY: Final = 360
UNITS: Final = {"percent", "none", "locale", "bytes", "dthms"}
DRAWN: Final = {"stat", "timeseries", "bargauge", "state-timeline", "table"}
REDUCED: Final = {"stat", "bargauge"}
LONGEST_UID: Final = 40
LONGEST_WITHOUT_HEADING: Final = 8
_BY: Final = r"(?: by \([^)]*\))? ?\("
_NEVER_ADDED: Final = re.compile(
    rf"\b(?:sum|avg){_BY}(?:max{_BY})?(?:desk:)?support_[a-z_]*(?:_ratio|_score|_mean_seconds|_quantile_seconds)\b"
)
_RATE: Final = re.compile(r"\b(?:i?rate|i?delta|increase)\(")
_RANGE: Final = re.compile(r"\[([^\]]+)\]")
_FIGURE: Final = re.compile(r"(?<![:\w])support_[a-z_]+")
_FRESH: Final = re.compile(
    r"desk:(?:figures_trusted|sla_state|sla_worst_late|sla_endangered_first|desk_state|figures_state|policy_state|sla_wall_rows)"
)
_SELECTOR: Final = re.compile(
    r"(?<![\w:\"{.])(?P<metric>(?:desk:|support_|deskpulse_|scrape_|ALERTS|up\b)[a-zA-Z_:]*)(?:\{(?P<matchers>[^}]*)\})?"
)
_OF_DESK: Final = (OF_DESK, OF_DESK_OR_ALL)
_TARGETS: Final = re.compile(
    r"(?<![:\w])(?:up|scrape_\w+)\b(?:\{[^}]*\})?(?P<join> and on \(instance, job\) deskpulse_exporter_up\{)?"
)
# What Prometheus tells of its targets has no desk, and the state of alerts is read beside ALERTS: both are
# matched with what has one.
_WITHOUT_DESK: Final = {"scrape_duration_seconds", "ALERTS_FOR_STATE"}
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}


def panels(board: Board) -> list[Panel]:
    """All panels."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def rows(board: Board) -> list[Panel]:
    """Headings between panels."""
    return [panel for panel in board["panels"] if panel["type"] == "row"]


def targets(board: Board) -> Iterator[tuple[Panel, dict[str, Any]]]:
    """All questions with their panels."""
    for panel in panels(board):
        for target in panel.get("targets", ()):
            yield panel, target


def name(panel: Panel) -> str:
    """What a fault calls a panel."""
    return f"panel {panel['id']} ({panel.get('title') or panel['type']})"


def says_what_it_is(board: Board) -> list[str]:
    """panel-title-description: every panel has a title and a description.

    A screen reader and `view panel` know nothing else of it.
    """
    found = [f"{name(panel)} has no description" for panel in panels(board) if not panel.get("description")]
    return found + [f"{name(panel)} has no title" for panel in board["panels"] if not panel.get("title")]


def asks_our_source(board: Board) -> list[str]:
    """template-datasource, panel-datasource.

    Panels and questions ask the data source of the variable, and nothing else.
    """
    places = [(name(panel), panel.get("datasource")) for panel in panels(board) if panel.get("targets")]
    places += [
        (f"{name(panel)} {target['refId']}", target.get("datasource")) for panel, target in targets(board)
    ]
    places += [
        (f"the marks {note['name']!r}", note.get("datasource")) for note in board["annotations"]["list"]
    ]
    return [
        f"{place} does not ask ${SOURCE_VARIABLE}"
        for place, source in places
        if (source or {}).get("uid") != f"${{{SOURCE_VARIABLE}}}"
    ]


def asks_in_a_line(board: Board) -> list[str]:
    """No question is longer than a person can read.

    What needs more is a recording rule (deskpulse/monitoring/rules/groups/boards.py).
    """
    return [
        f"{name(panel)} {target['refId']} asks in {len(target['expr'])} characters, more than {LONGEST_QUERY}"
        for panel, target in targets(board)
        if len(target["expr"]) > LONGEST_QUERY
    ]


def has_units(board: Board) -> list[str]:
    """panel-units: what is drawn says its unit."""
    drawn = [panel for panel in panels(board) if panel["type"] in DRAWN]
    found = []
    for panel in drawn:
        unit = panel["fieldConfig"]["defaults"].get("unit", "")
        if unit not in UNITS and not unit.startswith(("suffix:", "prefix:", "time:")):
            found.append(f"{name(panel)} has the unit {unit!r}")
    return found


def rates_follow_the_step(board: Board) -> list[str]:
    """target-rate-interval: a rate along the time range is over `$__rate_interval`.

    One number may be over the span of its title.

    `[$__range] @ end()` is one number for the whole range: it chooses lines.
    """
    return [
        f"{name(panel)} {target['refId']} takes a rate over {span}"
        for panel, target in targets(board)
        for span in _RANGE.findall(target["expr"].replace("[$__range] @ end()", ""))
        if span != "$__rate_interval"
        and panel["type"] not in {"stat", "bargauge"}
        and _RATE.search(target["expr"])
    ]


def joins_targets_with_the_desk(board: Board) -> list[str]:
    """target-job, our way: what Prometheus says of its targets has no desk.

    So a board takes only the targets whose exporters name the desk.
    """
    return [
        f"{name(panel)} {target['refId']} asks of every target: {found[0]}"
        for panel, target in targets(board)
        for found in _TARGETS.finditer(target["expr"])
        if not found["join"]
    ]


def asks_the_believed_exporter(board: Board) -> list[str]:
    """target-instance, our way: each figure is that of the exporter which the recording rules believe.

    So two exporters are not mixed.
    """
    return [
        f"{name(panel)} {target['refId']} asks every exporter at once: {match[0]}"
        for panel, target in targets(board)
        for match in _FIGURE.finditer(target["expr"])
    ]


def is_silent_when_the_figures_are_old(board: Board) -> list[str]:
    """What a panel says of this instant about the desk, it says only while the figures can be trusted."""
    return [
        f"{name(panel)} {target['refId']} would go on when the figures are old"
        for panel, target in targets(board)
        if target["instant"]
        and "desk:" in target["expr"]
        and not _FRESH.search(target["expr"])
        and "exporter_chosen" not in target["expr"]
    ]


def asks_one_desk(board: Board) -> list[str]:
    """Whatever is read is of the desk of the board.

    Of several desks in one Prometheus no two may be added up, or one shown for another.
    """
    places = [(f"{name(panel)} {target['refId']}", target["expr"]) for panel, target in targets(board)]
    places += [(f"the marks {note['name']!r}", note["expr"]) for note in board["annotations"]["list"]]
    return [
        f"{place} asks of every desk: {found[0]}"
        for place, query in places
        for found in _SELECTOR.finditer(query)
        if not (found["matchers"] or "").startswith(_OF_DESK) and found["metric"] not in _WITHOUT_DESK
    ]


def invents_no_zero(board: Board) -> list[str]:
    """Absence is not repaired: an empty figure is no 0."""
    return [
        f"{name(panel)} {target['refId']} repairs absence"
        for panel, target in targets(board)
        if re.search(r"\bor\s+(?:on\s*\([^)]*\)\s*)?vector\s*\(|\babsent", target["expr"])
    ]


def adds_no_figures(board: Board) -> list[str]:
    """Final figures are read, never added or averaged."""
    return [
        f"{name(panel)} {target['refId']} adds or averages figures"
        for panel, target in targets(board)
        if _NEVER_ADDED.search(target["expr"])
    ]


def reduces_to_the_last(board: Board) -> list[str]:
    """A number shown is the last one, and says so: the default of a panel may change."""
    return [
        f"{name(panel)} reduces by {panel['options']['reduceOptions'].get('calcs')}"
        for panel in panels(board)
        if panel["type"] in REDUCED and panel["options"]["reduceOptions"].get("calcs") != ["lastNotNull"]
    ]


def says_when_it_is_empty(board: Board) -> list[str]:
    """The empty case has words of its own, and a colour that means nothing."""
    found = []
    for panel in panels(board):
        if panel["type"] in DRAWN:
            defaults = panel["fieldConfig"]["defaults"]
            special = [
                mapping["options"] for mapping in defaults.get("mappings", ()) if mapping["type"] == "special"
            ]
            meaning = {RED, AMBER, *BAND_COLOURS.values()} - {PLAIN}
            if not defaults.get("noValue") or not special or special[0]["result"]["color"] in meaning:
                found.append(f"{name(panel)} does not say when it is empty")
    return found


def has_words_beside_colours(board: Board) -> list[str]:
    """Where a colour is the message, it has a word."""
    return [
        f"{name(panel)} has colours without words"
        for panel in panels(board)
        if panel["type"] == "state-timeline"
        and not [
            mapping
            for mapping in panel["fieldConfig"]["defaults"]["mappings"]
            if mapping["type"] in {"value", "range"}
        ]
    ]


def is_numbered(board: Board) -> list[str]:
    """Panels and their questions are told apart."""
    ids = [panel["id"] for panel in board["panels"]]
    found = [] if len(set(ids)) == len(ids) and None not in ids else ["panel ids are missing or repeat"]
    for panel in panels(board):
        refs = [target["refId"] for target in panel.get("targets", ())]
        if len(set(refs)) != len(refs):
            found.append(f"{name(panel)} has a refId twice")
    return found


def fits_the_grid(board: Board) -> list[str]:
    """Within the columns, and no panel over another."""
    found = []
    for panel in panels(board):
        place = panel["gridPos"]
        if place["x"] < 0 or place["w"] < 1 or place["h"] < 1 or place["x"] + place["w"] > COLUMNS:
            found.append(f"{name(panel)} leaves the {COLUMNS} columns")
    found += [
        f"{name(one)} and {name(other)} overlap"
        for one, other in combinations(board["panels"], 2)
        if _overlap(one["gridPos"], other["gridPos"])
    ]
    return found


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    down = one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]
    return across and down


def leaves_no_hole(board: Board) -> list[str]:
    """Every cell of the grid down to the last row is covered.

    Grafana moves panels up into holes, and the layout would not be ours.
    """
    covered = {
        (x, y)
        for place in (panel["gridPos"] for panel in board["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    }
    height = 1 + max(y for _, y in covered)
    holes = [y for y in range(height) if any((x, y) not in covered for x in range(COLUMNS))]
    last = max(panel["gridPos"]["y"] for panel in board["panels"])
    return [f"row {y} is not covered" for y in holes if y < last]


def is_ours_to_change(board: Board) -> list[str]:
    """template-uneditable: the files rule; classic schema, a uid that links can rely on."""
    found = (
        []
        if board.get("editable") is False
        else ["it can be edited in Grafana, where the next start would undo it"]
    )
    if board.get("schemaVersion") != SCHEMA:
        found.append(f"schemaVersion is {board.get('schemaVersion')}, not {SCHEMA}")
    if not re.fullmatch(rf"[a-z0-9-]{{1,{LONGEST_UID}}}", str(board.get("uid"))):
        found.append(f"its uid is {board.get('uid')!r}")
    return found


def is_not_asked_too_often(board: Board) -> list[str]:
    """Nothing new can be shown between two scrapes."""
    refresh = str(board.get("refresh"))
    match = re.fullmatch(r"(\d+)([smh])", refresh)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    return (
        [] if seconds >= SCRAPE_SECONDS else [f"refresh is {refresh}, the scrape interval {SCRAPE_SECONDS}s"]
    )


def has_known_variables(board: Board) -> list[str]:
    """template-required-variables: what a question uses is defined."""
    known = {variable["name"] for variable in board["templating"]["list"]}
    used = {
        match
        for _, target in targets(board)
        for match in re.findall(r"\$\{?(\w+)", target["expr"])
        if not match.startswith("__") and not match.isdigit()
    }
    return [f"${variable} is not defined" for variable in sorted(used - known)]


def is_parted_by_headings(board: Board) -> list[str]:
    """A board that is scrolled has named rows; the few panels of a wall and of a page of texts need none."""
    many = len(panels(board)) > LONGEST_WITHOUT_HEADING and not str(board.get("uid")).startswith(
        ("deskpulse-wall", "deskpulse-definitions")
    )
    return ["many panels without a heading"] if many and not rows(board) else []


def is_a_wall(board: Board) -> list[str]:
    """Only for walls: nothing above the panels, nothing to scroll, nothing to touch."""
    if not str(board.get("uid")).startswith("deskpulse-wall"):
        return []
    shown = [variable for variable in board["templating"]["list"] if variable.get("hide") != HIDDEN]
    found = [f"variable {variable['name']} would be shown" for variable in shown]
    found += [f"link {link['title']!r} would be shown" for link in board["links"]]
    found += [
        f"the switch of {note['name']!r} would be shown"
        for note in board["annotations"]["list"]
        if not note.get("hide")
    ]
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels(board))
    if height != WALL_ROWS:
        found.append(f"{height} rows, not {WALL_ROWS}")
    if rows(board) or any(panel.get("repeat") for panel in panels(board)):
        found.append("repeated panels or rows make it grow")
    return found


RULES: Final[tuple[Rule, ...]] = (
    says_what_it_is,
    asks_our_source,
    asks_in_a_line,
    has_units,
    rates_follow_the_step,
    joins_targets_with_the_desk,
    asks_the_believed_exporter,
    is_silent_when_the_figures_are_old,
    asks_one_desk,
    invents_no_zero,
    adds_no_figures,
    reduces_to_the_last,
    says_when_it_is_empty,
    has_words_beside_colours,
    is_numbered,
    fits_the_grid,
    leaves_no_hole,
    is_ours_to_change,
    is_not_asked_too_often,
    has_known_variables,
    is_parted_by_headings,
    is_a_wall,
)


def faults(board: Board, rules: Iterable[Rule] = RULES) -> list[str]:
    """Everything that is wrong with a board."""
    return [fault for rule in rules for fault in rule(board)]
