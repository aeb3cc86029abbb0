"""What is committed is what the code gives, and it keeps the rules.

Each rule is shown a board that it must refuse.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from deskpulse.monitoring.boards import ENGLISH, LOCALES, Board, Desk, boards
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY
from deskpulse.monitoring.boards.moment import Moment
from deskpulse.monitoring.boards.panels.sheet import AskedQuery
from deskpulse.policy import load_policy
from kpis.sla.policy import TARGETS, Policy
from scripts.boards import generate as script
from scripts.boards import rules
from scripts.tidy import ROOT

POLICY = load_policy(DEFAULT_POLICY)
assert POLICY is not None
MADE = {code: boards(Desk(locale, POLICY)) for code, locale in LOCALES.items()}
Json = Any


def parsed(name: str, code: str = ENGLISH.code) -> Json:
    """A fresh copy of a board, for a test to break."""
    (found,) = (board for board in MADE[code] if board.name == name)
    return json.loads(found.text())


def test_what_is_committed_is_what_the_code_gives_and_keeps_the_rules() -> None:
    assert [] == list(script.check(ROOT))


def test_there_are_five_boards_in_each_language() -> None:
    for code, made in MADE.items():
        assert ["wall", "team", "sla", "pipeline", "definitions"] == [board.name for board in made], code


def test_without_a_policy_the_boards_show_what_there_is_and_keep_the_rules() -> None:
    for locale in LOCALES.values():
        for board in boards(Desk(locale, None)):
            text = board.text()
            assert [] == rules.faults(json.loads(text))
            assert "support_sla" not in text
    (wall,) = (board for board in boards(Desk(ENGLISH, None)) if board.name == "wall")
    assert "With one, this wall shows worst now" in wall.text()
    assert 'clock=\\"calendar\\"' in wall.text()


@pytest.mark.parametrize("policy", [POLICY, None], ids=["policy", "no policy"])
def test_a_desk_with_segments_sees_them_by_its_own_name_and_no_other_desk_a_trace(
    policy: Policy | None,
) -> None:
    """In Spanish and in English: new tickets of a team by tier, who waits by tier and what was in time."""
    for locale in LOCALES.values():
        without, found = boards(Desk(locale, policy)), boards(Desk(locale, policy, segment="Tier"))
        assert not any('by=\\"segment\\"' in board.text() for board in without)
        texts = [board.text() for board in found]
        assert [] == [fault for text in texts for fault in rules.faults(json.loads(text))]
        assert [] == [metric for text in texts for metric in script.unknown_metrics(json.loads(text))]
        assert [] == script.unreadable(map(json.loads, texts))
        assert (3 if policy else 2, 0) == (named(found, "Tier"), named(without, "Tier"))


def named(made: Iterable[Board], name: str) -> int:
    """How many panels have a name in their titles; rows are not counted."""
    panels = [panel for board in made for panel in json.loads(board.text())["panels"]]
    return sum(name in panel["title"] for panel in panels if panel["type"] != "row")


def test_parts_are_summed_over_segments_on_the_board_of_every_desk() -> None:
    """Two tickets of gold and one of free, all by mail and all high: 3 new ones on the team's board.

    And 3 first replies within the first edge of the histogram.
    """
    (team,) = (board for board in MADE["en"] if board.name == "team")
    samples = {}
    for segment, n in (("gold", 2.0), ("free", 1.0)):
        dims = {"window": "1h", "team": "a", "channel": "mail", "priority": "high", "segment": segment}
        samples["support_created_tickets", frozenset(dims.items())] = n
        le = {**dims, "le": "900.0"}
        samples["support_first_response_seconds_bucket", frozenset(le.items())] = n
    moment = Moment.of(0.0, samples).with_variables({"team": "a", "window": "1h"})
    found = [value for asked in team.asked for value in _values_of(asked, moment, samples)]
    assert [3.0, 3.0, 3.0] == found


def _values_of(asked: AskedQuery, moment: Moment, samples: Collection[tuple[str, object]]) -> list[float]:
    """What a panel shows of samples, if it asks of these metrics alone and has an answer."""
    names = asked.query.expression.names()
    return (
        list(asked.query.expression.value(moment).values()) if names <= {name for name, _ in samples} else []
    )


def of_targets(*targets: str) -> Policy:
    """The default policy, which promises these targets alone."""
    assert POLICY is not None
    newest = POLICY.versions[-1]
    lines = newest.rules["resolution"]
    return Policy([replace(newest, effective_ms=None, rules=dict.fromkeys(targets, lines))])


@pytest.mark.parametrize(
    "targets",
    [chosen for n in range(1, len(TARGETS) + 1) for chosen in combinations(TARGETS, n)],
    ids=", ".join,
)
def test_boards_show_each_target_of_the_policy_in_its_order_and_no_other(targets: tuple[str, ...]) -> None:
    for locale in LOCALES.values():
        made = boards(Desk(locale, of_targets(*targets)))
        assert [] == [fault for board in made for fault in rules.faults(json.loads(board.text()))]
        sla, team = (
            json.loads(board.text()) for name in ("sla", "team") for board in made if board.name == name
        )
        (choice,) = (one for one in sla["templating"]["list"] if one["name"] == "target")
        assert list(targets) == [option["value"] for option in choice["options"]]
        words = Desk(locale, None).words
        titles = [panel["title"].removesuffix(" (%)") for panel in team["panels"]]
        for what in ("overdue", "attainment"):
            named = {words(f"{what}_{target}"): target for target in TARGETS}
            assert list(targets) == [named[title] for title in titles if title in named]
        absent = set(TARGETS) - set(targets)
        assert not [one for board in made for one in absent if f'target=\\"{one}' in board.text()]


def test_the_wall_counts_what_is_overdue_of_each_of_three_targets() -> None:
    """The number of the next reply stands where others have the next deadline."""

    def asked(policy: Policy, title: str) -> list[str]:
        (wall,) = (board for board in boards(Desk(ENGLISH, policy)) if board.name == "wall")
        panels = [one for one in json.loads(wall.text())["panels"] if one["title"] == title]
        return [target["expr"] for panel in panels for target in panel["targets"]]

    every = of_targets(*TARGETS)
    for title, target in (("Replies", TARGETS[0]), ("Next replies", TARGETS[1]), ("Overdue", TARGETS[2])):
        assert f'target="{target}"' in asked(every, title)[0]
        assert "desk:support_sla_overdue_tickets" in asked(every, title)[0]
    assert [] == asked(every, "Next due in")
    two = of_targets("first_reply", "resolution")
    assert [] == asked(two, "Next replies")
    assert asked(two, "Next due in")


def test_boards_of_different_languages_live_in_one_grafana() -> None:
    uids = [board.model.uid for made in MADE.values() for board in made]
    assert len(uids) == len(set(uids))


def test_the_lead_comes_first_on_a_phone() -> None:
    """There Grafana stacks panels by row, then by column."""
    for policy in (POLICY, None):
        (wall,) = (
            json.loads(board.text()) for board in boards(Desk(ENGLISH, policy)) if board.name == "wall"
        )
        titles = [
            panel["title"]
            for panel in sorted(
                wall["panels"], key=lambda panel: (panel["gridPos"]["y"], panel["gridPos"]["x"])
            )
        ]
        lead = (
            ["Worst now", "Worst now: how many were late", "Worst now: how bad"]
            if policy
            else ["New tickets, last hour"]
        )
        assert lead == titles[: len(lead)]


@pytest.mark.parametrize("lines", [768, 1080, 2160])
@pytest.mark.parametrize("policy", [POLICY, of_targets(*TARGETS), of_targets("resolution"), None])
def test_the_wall_stretches_without_a_hole(policy: Policy | None, lines: int) -> None:
    """As `autofitpanels` does: each place is scaled and rounded by itself.

    Then panels move up until they touch (Grafana 12.2).
    """
    (wall,) = (json.loads(board.text()) for board in boards(Desk(ENGLISH, policy)) if board.name == "wall")
    scale = rules.WALL_ROWS / ((lines - 60) // 38)  # 60: padding and what Grafana leaves below
    filled = [0] * 24  # from above, by column
    for place in sorted(
        (panel["gridPos"] for panel in wall["panels"]), key=lambda place: (place["y"], place["x"])
    ):
        across = range(place["x"], place["x"] + place["w"])
        top = {filled[x] for x in across}
        assert 1 == len(top), "it stands on panels that end in different rows"
        for x in across:
            filled[x] = top.copy().pop() + (math.floor(place["h"] / scale + 0.5) or 1)
    assert 1 == len(set(filled))
    assert lines * 0.93 <= filled[0] * 38 + 8 <= lines


def test_a_changed_board_is_seen(tmp_path: Path) -> None:
    shutil.copytree(ROOT / script.FOLDER, tmp_path / script.FOLDER)
    wall = tmp_path / script.FOLDER / "en/wall.json"
    wall.write_text(wall.read_text(encoding="utf-8").replace("Support wall", "My wall"), encoding="utf-8")
    (tmp_path / script.FOLDER / "en/old.json").write_text("{}", encoding="utf-8")
    assert [
        "monitoring/dashboards/en/old.json is made by nobody: remove it",
        (
            "monitoring/dashboards/en/wall.json is not what the code gives: run `python -m "
            "scripts.boards.generate`"
        ),
    ] == list(script.check(tmp_path))


def panel_of(board: Json, kind: str) -> Json:
    return next(panel for panel in board["panels"] if panel["type"] == kind)


def change(kind: str, path: str, value: object) -> Callable[[Json], None]:
    """Set a value at a dotted path of the first panel of a kind."""

    def apply(board: Json) -> None:
        *way, last = path.split(".")
        place = panel_of(board, kind)
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        place[last] = value

    return apply


def put(key: str, value: object) -> Callable[[Json], None]:
    """Set a value of the board itself."""

    def apply(board: Json) -> None:
        board[key] = value

    return apply


def ask(kind: str, query: str) -> Callable[[Json], None]:
    return change(kind, "targets.0.expr", query)


FIGURE = 'desk:support_csat_ratio{window="1h",by="team"}'
BREAKS = [
    (rules.says_what_it_is, change("timeseries", "title", ""), "has no title"),
    (rules.says_what_it_is, change("timeseries", "description", ""), "has no description"),
    (
        rules.asks_our_source,
        change("timeseries", "targets.0.datasource", {"uid": "other"}),
        "does not ask $datasource",
    ),
    (rules.asks_our_source, change("timeseries", "datasource", None), "does not ask $datasource"),
    (
        rules.asks_our_source,
        put("annotations", {"list": [{"name": "Alerts", "datasource": {"uid": "x"}}]}),
        "the marks 'Alerts'",
    ),
    (rules.asks_in_a_line, ask("stat", f"max({FIGURE})".ljust(361)), "asks in 361 characters, more than 360"),
    (rules.has_units, change("stat", "fieldConfig.defaults.unit", "parsecs"), "the unit 'parsecs'"),
    (
        rules.rates_follow_the_step,
        ask("state-timeline", "rate(deskpulse_transactions_total[5m])"),
        "a rate over 5m",
    ),
    (rules.joins_targets_with_the_desk, ask("stat", 'sum(up{job="a"})'), "asks of every target: up{"),
    (
        rules.joins_targets_with_the_desk,
        ask("stat", "max(scrape_duration_seconds and deskpulse_up)"),
        "asks of every target: scrape_",
    ),
    (
        rules.asks_the_believed_exporter,
        ask("stat", 'max(support_csat_ratio{window="1h"})'),
        "asks every exporter at once",
    ),
    (
        rules.is_silent_when_the_figures_are_old,
        ask("stat", f"max({FIGURE})"),
        "would go on when the figures are old",
    ),
    (rules.asks_one_desk, ask("stat", f"max({FIGURE})"), "asks of every desk: desk:support_csat_ratio"),
    (
        rules.asks_one_desk,
        ask("stat", 'max(x{desk=~"$desk"} and on () desk:figures_trusted)'),
        "asks of every desk: desk:figures_trusted",
    ),
    (rules.asks_one_desk, ask("stat", 'count(ALERTS{alertstate="firing"})'), "asks of every desk: ALERTS"),
    (
        rules.asks_one_desk,
        put("annotations", {"list": [{"name": "Pages", "expr": 'ALERTS{severity="page",desk=~"$desk"}'}]}),
        "the marks 'Pages' asks of every desk",
    ),
    (rules.invents_no_zero, ask("stat", f"{FIGURE} or vector(0)"), "repairs absence"),
    (rules.invents_no_zero, ask("stat", f"{FIGURE} or on () vector (0)"), "repairs absence"),
    (rules.adds_no_figures, ask("stat", f"avg({FIGURE})"), "adds or averages figures"),
    (
        rules.adds_no_figures,
        ask("stat", "sum by (member) (max by (member, q) (desk:support_response_quantile_seconds{}))"),
        "adds or averages",
    ),
    (
        rules.reduces_to_the_last,
        change("stat", "options.reduceOptions.calcs", ["mean"]),
        "reduces by ['mean']",
    ),
    (
        rules.says_when_it_is_empty,
        change("stat", "fieldConfig.defaults.noValue", None),
        "does not say when it is empty",
    ),
    (
        rules.says_when_it_is_empty,
        change("timeseries", "fieldConfig.defaults.mappings", []),
        "does not say when it is empty",
    ),
    (
        rules.has_words_beside_colours,
        change("state-timeline", "fieldConfig.defaults.mappings", []),
        "colours without words",
    ),
    (rules.is_numbered, change("timeseries", "id", 1), "panel ids are missing or repeat"),
    (rules.is_numbered, change("timeseries", "targets.1.refId", "A"), "has a refId twice"),
    (rules.fits_the_grid, change("stat", "gridPos.w", 25), "leaves the 24 columns"),
    (rules.fits_the_grid, change("state-timeline", "gridPos.x", 2), "overlap"),
    (rules.leaves_no_hole, change("state-timeline", "gridPos.h", 6), "row 23 is not covered"),
    (rules.is_ours_to_change, put("editable", True), "can be edited"),
    (rules.is_ours_to_change, put("schemaVersion", 36), "schemaVersion is 36"),
    (rules.is_ours_to_change, put("uid", "My Wall"), "its uid is 'My Wall'"),
    (rules.is_not_asked_too_often, put("refresh", "5s"), "refresh is 5s"),
    (rules.is_not_asked_too_often, put("refresh", ""), "refresh is "),
    (
        rules.has_known_variables,
        ask("stat", 'max(desk:support_tickets{member="$team"})'),
        "$team is not defined",
    ),
    (rules.is_parted_by_headings, put("uid", "deskpulse-team"), "many panels without a heading"),
    (rules.is_a_wall, put("templating", {"list": [{"name": "team"}]}), "variable team would be shown"),
    (rules.is_a_wall, put("links", [{"title": "Boards"}]), "link 'Boards' would be shown"),
    (
        rules.is_a_wall,
        put("annotations", {"list": [{"name": "Alerts"}]}),
        "the switch of 'Alerts' would be shown",
    ),
    (rules.is_a_wall, change("state-timeline", "gridPos.h", 30), "47 rows, not 28"),
    (rules.is_a_wall, change("timeseries", "repeat", "team"), "make it grow"),
]


@pytest.mark.parametrize(
    ("rule", "spoil", "fault"),
    BREAKS,
    ids=[f"{rule.__name__}-{index}" for index, (rule, _, _) in enumerate(BREAKS)],
)
def test_a_rule_refuses_what_breaks_it(rule: rules.Rule, spoil: Callable[[Json], None], fault: str) -> None:
    wall = parsed("wall")
    assert [] == rule(wall)
    spoil(wall)
    assert any(fault in found for found in rule(wall)), rule(wall)


def test_every_rule_is_shown_something_to_refuse() -> None:
    assert {rule for rule, _, _ in BREAKS} == set(rules.RULES)


def test_what_grafanas_classes_do_not_know_is_lost_and_seen() -> None:
    wall = parsed("wall")
    panel_of(wall, "stat")["options"]["colourMode"] = "value"
    (fault,) = script.lost_on_the_way(wall)
    assert "colourMode" in fault


def test_a_metric_that_nobody_exports_is_seen() -> None:
    wall = parsed("wall")
    ask("stat", 'max(desk:support_csat_rate{window="1h"}) - deskpulse_lag')(wall)
    assert {"desk:support_csat_rate", "deskpulse_lag"} == script.unknown_metrics(wall)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: apt-get install prometheus")
def test_a_query_that_prometheus_cannot_read_is_seen() -> None:
    wall = parsed("wall")
    assert [] == script.unreadable([wall])
    ask("stat", "max(desk:support_csat_ratio{)")(wall)
    assert script.unreadable([wall])
