"""Any name of a desk or a team on a board.

What Grafana puts into the queries is read by Prometheus and selects that name alone.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskpulse.monitoring.boards import ENGLISH, Desk, boards
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY
from deskpulse.monitoring.boards.questions.figures import TEAM_MEMBER, opened
from deskpulse.policy import load_policy
from exporters.metrics.exposition import label_text
from exporters.metrics.name_families import pattern
from scripts.boards.generate import EXAMPLES, queries
from scripts.boards.variables import ALL, TOGGLES, Choice, choices, chosen, formatted, interpolated
from streams.names import fold
from tests.names.kinds import KINDS, any_name, names_of

BOARDS: Final = {
    board.name: json.loads(board.text()) for board in boards(Desk(ENGLISH, load_policy(DEFAULT_POLICY)))
}
OPEN: Final = opened(TEAM_MEMBER).promql()
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="no promtool: apt-get install prometheus"
)


def choice(name: str) -> Choice:
    return Choice(name, pattern(name))


def variable(board: str, name: str) -> dict[str, Any]:
    (found,) = (one for one in BOARDS[board]["templating"]["list"] if one["name"] == name)
    assert isinstance(found, dict)
    return found


def answer(label: str, names: Iterable[str]) -> list[dict[str, Any]]:
    """What Prometheus answers to the question of a variable."""
    return [
        {"metric": {label: name, "pattern": pattern(name)}, "value": [1_780_000_000.123, "1"]}
        for name in names
    ]


def selected(
    tmp_path: Path, names: Sequence[str], query: Callable[[str, bool], str]
) -> subprocess.CompletedProcess[str]:
    """Ask for each name among series of all of them, as a team and as a desk.

    Each must answer with its own number.
    """
    found = []
    for number, name in enumerate(names, 1):
        for desk, team in ((name, "all"), ("d", name), ("e", name)):
            labels = {"desk": desk, "by": "team", "member": team}
            series = f"desk:support_open_tickets{label_text(labels)}"
            found.append({"series": series, "values": f"{number if desk != 'e' else -1}x5"})
    asked = [
        {"expr": query(name, special), "eval_time": "1m", "exp_samples": [{"labels": "{}", "value": number}]}
        for number, name in enumerate(names, 1)
        for special in TOGGLES
    ]
    file = tmp_path / "names.yml"
    tests = [{"interval": "30s", "input_series": found, "promql_expr_test": asked}]
    file.write_text(yaml.safe_dump({"rule_files": [], "tests": tests}), encoding="utf-8")
    return subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, timeout=300, check=False
    )


def of_team(name: str, special: bool) -> str:  # noqa: FBT001 - as `selected` asks
    return interpolated(OPEN, {"desk": choice("d"), "team": choice(name)}, special=special)


def of_desk(name: str, special: bool) -> str:  # noqa: FBT001
    return interpolated(OPEN, {"desk": choice(name), "team": choice("all")}, special=special)


@needs_promtool
@pytest.mark.parametrize("query", [of_team, of_desk], ids=["team", "desk"])
def test_a_board_selects_each_kind_of_name_and_no_other(
    query: Callable[[str, bool], str], tmp_path: Path, note: Callable[[str], None]
) -> None:
    run = selected(tmp_path, names_of(), query)
    assert 0 == run.returncode, (run.stdout + run.stderr)[:2_000]
    note(
        f"names: {len(names_of())} of {len(KINDS)} kinds selected by a board in Prometheus, with Grafana's "
        "toggle and without"
    )


@needs_promtool
@given(names=st.lists(any_name, min_size=1, max_size=20, unique_by=fold))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_a_board_selects_any_name_and_no_other(names: list[str], tmp_path: Path) -> None:
    names = [name for name in names if name not in {"all", "d", "e"}]
    for query in (of_team, of_desk):
        run = selected(tmp_path, names, query)
        assert 0 == run.returncode, (run.stdout + run.stderr)[:2_000]


@needs_promtool
@pytest.mark.parametrize("special", TOGGLES)
def test_a_name_that_was_put_in_as_it_is_would_break_the_query(special: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """So the checks above can fail.

    This is how boards asked before, in Grafana as it is and with its feature toggle.
    """

    def query(name: str, _: bool) -> str:  # noqa: FBT001
        names = {"desk": choice("d"), "team": Choice(name, name), "window": Choice("1h", "1h")}
        return interpolated(
            'max(desk:support_open_tickets{desk=~"$desk",member="$team"})', names, special=special
        )

    assert 0 == selected(tmp_path, ["billing"], query).returncode
    for name in (
        "$window",
        "O'Neil" if not special else 'x=".."',
        'Tier "gold"' if not special else 'x="1",y=""',
    ):
        assert 0 != selected(tmp_path, ["billing", name], query).returncode, name


@needs_promtool
def test_prometheus_reads_every_query_of_every_board(tmp_path: Path, note: Callable[[str], None]) -> None:
    """Of panels, marks and variables, whatever desk and team are chosen."""
    asked = {query for board in BOARDS.values() for query in queries(board)}
    filled = sorted(
        {
            interpolated(query, {**EXAMPLES, "desk": choice(name), "team": choice(name)}, special=special)
            for name in names_of()[::4]
            for special in TOGGLES
            for query in asked
        }
    )
    rules = [{"record": f"board:query:{index}", "expr": query} for index, query in enumerate(filled)]
    file = tmp_path / "rules.yml"
    # JSON is YAML, and quicker
    file.write_text(json.dumps({"groups": [{"name": "boards", "rules": rules}]}), encoding="utf-8")
    run = subprocess.run(
        ["promtool", "check", "rules", str(file)], capture_output=True, text=True, timeout=300, check=False
    )
    assert f"{len(filled)} rules found" in run.stdout, run.stderr[:2_000]
    assert 0 == run.returncode
    note(f"names: {len(filled)} queries of boards read by promtool")


@given(any_name)
def test_a_pattern_has_no_sign_that_anybody_takes_for_its_own(name: str) -> None:
    found = pattern(name)
    assert not set(found) & set("\"'`$[]()|*+?.^\n")
    assert all(interpolated(f'"{found}"', EXAMPLES, special=special) == f'"{found}"' for special in TOGGLES)
    assert name == re.sub(r"\\x\{([0-9a-f]+)\}", lambda sign: chr(int(sign[1], 16)), found)


@pytest.mark.parametrize(("board", "name", "label"), [("team", "team", "member"), ("wall", "desk", "desk")])
def test_every_name_can_be_chosen_and_is_found_by_an_address(board: str, name: str, label: str) -> None:
    names = names_of()
    offered = choices(variable(board, name), answer(label, names))
    assert sorted(map(choice, names)) == sorted(offered)
    for one in names:
        assert choice(one) == chosen(offered, pattern(one))
        assert (choice(one) if one != ALL else None) == chosen(offered, one)
    assert offered[0] == chosen(offered, None)
    assert None is chosen(offered, "nobody")


@given(any_name, any_name)
def test_any_name_can_be_chosen(one: str, other: str) -> None:
    names = list(dict.fromkeys((one, other)))
    assert sorted(map(choice, names)) == sorted(choices(variable("team", "team"), answer("member", names)))


def links(node: Any) -> Iterable[str]:
    """Every address on a board."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "url" and isinstance(value, str))
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from links(one)


@pytest.mark.parametrize("name", names_of())
def test_a_link_leads_to_the_desk_and_the_team_that_it_is_about(name: str) -> None:
    """Grafana writes the values of an address without a format as a browser does.

    A `&` or `+` stays, so each has one.
    """
    macros = {"__field.labels.member": name, "__value.raw": name}
    addresses = {url for board in BOARDS.values() for url in links(board)}
    assert any("var-team" in url for url in addresses)
    for url in addresses:
        made = url.replace("${__url_time_range}", "from=now-12h&to=now")
        for macro, value in macros.items():
            made = made.replace(
                f"${{{macro}:percentencode}}",
                formatted("", choice(value)._replace(value=value), "percentencode"),
            )
        made = made.replace("${datasource:queryparam}", "var-datasource=x")
        asked = dict(
            parse_qsl(
                urlsplit(interpolated(made, {"desk": choice(name)}, special=False)).query,
                keep_blank_values=True,
            )
        )
        assert pattern(name) == asked["var-desk"]
        assert asked.get("var-team", name) == name
        assert "$" not in made.replace("${desk:queryparam}", "")
