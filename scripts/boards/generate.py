"""The committed boards from the default policy, in every language.

`python -m scripts.boards.generate [--check]`.

`--check` writes nothing; it exits 1 when a committed board is not what the code gives, breaks a rule
(scripts/boards/rules.py), does not come through Grafana's own classes unchanged, asks for a metric that
nobody exports, or holds a query that promtool cannot read.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from deskpulse.lab.simulator import DEFAULT_DESK
from deskpulse.monitoring.boards import LOCALES, Board, Desk, boards
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY
from deskpulse.monitoring.rules.files import families
from deskpulse.monitoring.rules.model import RecordingRule
from deskpulse.monitoring.rules.plan import Plan
from deskpulse.policy import load_policy
from deskpulse.policy.alerts import AlertsPart
from exporters.metrics.collectors import FAMILIES
from scripts.boards.rules import faults
from scripts.boards.variables import Choice, interpolated, question
from scripts.tidy import ROOT

# Grafana's classes put in a page length where we want none
_PAGING: Final = re.compile(r"\.perPage is None, ")
FOLDER: Final = Path("monitoring/dashboards")
PROMETHEUS_OWN: Final = {"up", "scrape_duration_seconds", "ALERTS", "ALERTS_FOR_STATE"}
# What Grafana and a person put in the place of variables; any value does for reading a query.
TEAMS: Final = tuple(team.name for team in DEFAULT_DESK.teams)  # of the demo
EXAMPLES: Final = {
    name: Choice(text, text)
    for name, text in {
        "desk": "deskpulse",
        "team": "billing",
        "window": "24h",
        "target": "first_reply",
        "__rate_interval": "1m",
        "__range": "12h",
    }.items()
}
_METRIC: Final = re.compile(
    r"(?<![\w:])([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?=\{)|(?<![\w:])((?:desk:|support_|deskpulse_)[a-z_]+)\b"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the boards, or check them."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.boards.generate", description="Grafana boards of the default policy."
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 when a committed board is out of date or wrong",
    )
    options = parser.parse_args(arguments)
    if options.check:
        found = list(check(ROOT))
        for fault in found:
            print(f"boards: {fault}")
        print(f"boards: {sum(len(every) for every in made().values())} boards checked, {len(found)} faults")
        return 1 if found else 0
    for path, text in files().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
        print(f"boards: wrote {path}")
    return 0


def made(teams: Sequence[str] = TEAMS, segment: str | None = None) -> dict[str, list[Board]]:
    """Every board of the default policy and some teams, by language.

    `segment`: what the desk calls its fourth dimension.
    """
    policy = load_policy(DEFAULT_POLICY)
    assert policy is not None
    return {
        code: boards(Desk(locale, policy, members=tuple(teams), segment=segment))
        for code, locale in LOCALES.items()
    }


def files(teams: Sequence[str] = TEAMS) -> dict[Path, str]:
    """What must stand in the tree; of other teams: what would."""
    return {
        FOLDER / code / board.file: board.text() for code, every in made(teams).items() for board in every
    }


def check(root: Path) -> Iterator[str]:
    """Everything that is wrong with the committed boards."""
    wanted = files()
    there = {path.relative_to(root) for path in (root / FOLDER).rglob("*.json")}
    for path in sorted(there - wanted.keys()):
        yield f"{path} is made by nobody: remove it"
    for path, text in wanted.items():
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text:
            yield f"{path} is not what the code gives: run `python -m scripts.boards.generate`"
        board = json.loads(text)
        yield from (f"{path}: {fault}" for fault in faults(board))
        yield from (f"{path}: {fault}" for fault in lost_on_the_way(board))
        yield from (f"{path}: {metric} is not exported" for metric in sorted(unknown_metrics(board)))
    yield from (f"promtool: {fault}" for fault in unreadable(json.loads(text) for text in wanted.values()))


def lost_on_the_way(board: Mapping[str, Any]) -> list[str]:
    """What does not come back from Grafana's own classes as it went in.

    A name that they do not know is lost there.
    """
    register_default_plugins()
    back = json.loads(json.dumps(Dashboard.from_json(dict(board)), cls=JSONEncoder))
    return sorted(
        difference for difference in _differences("", dict(board), back) if not _PAGING.search(difference)
    )


def _differences(place: str, one: Any, other: Any) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from _differences(f"{place}.{key}", one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(f"{place}[{index}]", left, right)
    elif one != other:
        yield f"{place.lstrip('.')} is {one!r}, and {other!r} for Grafana's classes"


def queries(board: Mapping[str, Any]) -> Iterator[str]:
    """Every query of a board: of panels, annotations and variables."""
    for panel in board["panels"]:
        yield from (target["expr"] for target in panel.get("targets") or ())
    yield from (note["expr"] for note in board["annotations"]["list"])
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield question(variable)


def metrics_of(query: str) -> set[str]:
    """Names of the metrics that a query asks for."""
    return {first or second for first, second in _METRIC.findall(query)}


def recorded() -> set[str]:
    """Every series that our rules record."""
    policy = load_policy(DEFAULT_POLICY)
    assert policy is not None
    return {
        rule.name
        for family in families(Plan(policy, AlertsPart()))
        for group in family.groups
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    }


def exported() -> set[str]:
    """Every metric that an exporter serves, as Prometheus stores it."""
    names = {family.exported_name for family in FAMILIES}
    for family in FAMILIES:
        if family.type == "gaugehistogram":
            names |= {f"{family.name}{suffix}" for suffix in ("_bucket", "_gcount", "_gsum")}
    return names


def unknown_metrics(board: Mapping[str, Any]) -> set[str]:
    """Metrics that a board asks for and nobody exports."""
    return (
        {metric for query in queries(board) for metric in metrics_of(query)}
        - exported()
        - recorded()
        - PROMETHEUS_OWN
    )


def unreadable(every: Iterable[Mapping[str, Any]]) -> list[str]:
    """What promtool says about queries that it cannot read; nothing where it is not installed."""
    if shutil.which("promtool") is None:
        return []
    asked = sorted(
        {interpolated(query, EXAMPLES, special=False) for board in every for query in queries(board)}
    )
    rules = {
        "groups": [
            {
                "name": "boards",
                "rules": [
                    {"record": f"board:query:{index}", "expr": query} for index, query in enumerate(asked)
                ],
            }
        ]
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queries.yml"
        path.write_text(yaml.safe_dump(rules), encoding="utf-8")
        run = subprocess.run(
            ["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False
        )
    if run.returncode == 0 and f"{len(asked)} rules found" in run.stdout:
        return []
    return [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]


if __name__ == "__main__":
    raise SystemExit(main())
