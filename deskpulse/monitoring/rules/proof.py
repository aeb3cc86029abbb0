"""Whether Prometheus and Alertmanager take what was made, and whether alerts reach every team.

It is tested before any of it is written. A reader of our own always looks; promtool and amtool, their own
checkers, look where they are installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from deskpulse.monitoring.rules.alertmanager import receiver_of, team_receivers, teams_of
from deskpulse.monitoring.rules.plan import Plan
from deskpulse.monitoring.rules.write import ALERTMANAGER, RULES, write

CHECKERS: Final = {"promtool": "check", "amtool": "check-config"}
_MATCHER: Final = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\["\\n])*)"\s*')
_ESCAPES: Final = {'\\"': '"', "\\\\": "\\", "\\n": "\n"}
_SECONDS: Final = 60.0
_TOLD_LINES: Final = 4  # of what a checker says
_URL: Final = re.compile(r"https?://[!-~]+")

AlertLabels = Mapping[str, str]


def faults(plan: Plan, files: Mapping[str, str], now_ms: int) -> list[str]:
    """The faults of the files, a line each.

    It is empty when Prometheus and Alertmanager take the files, as far as can be known here.
    """
    found = [*_unread(files)]
    if found:
        return found
    tree = yaml.safe_load(files[ALERTMANAGER])
    found += [*_of_alertmanager(tree)]
    if not found:
        found += [*_untold(plan, tree, now_ms)]
    return found or [*_by_their_own(files)]


def checkers() -> list[str]:
    """Those of CHECKERS that are installed."""
    return [name for name in CHECKERS if shutil.which(name)]


def told(tree: Mapping[str, Any], labels: AlertLabels) -> set[str]:
    """The receivers that Alertmanager's configuration chooses for an alert with these labels."""
    return set(_receivers(tree["route"], labels, tree["route"]["receiver"]))


def _unread(files: Mapping[str, str]) -> Iterator[str]:
    for name, text in files.items():
        try:
            tree = yaml.safe_load(text)
        except yaml.YAMLError as error:
            yield f"{name}: not valid YAML: {error}"
            continue
        if name == ALERTMANAGER:
            continue
        for group in tree["groups"]:
            for rule in group["rules"]:
                called = rule.get("alert") or rule.get("record")
                if not isinstance(called, str) or not isinstance(rule.get("expr"), str):
                    yield f"{name}: a rule of {group['name']} has no name or no expression"


def _of_alertmanager(tree: Mapping[str, Any]) -> Iterator[str]:
    names = [receiver["name"] for receiver in tree["receivers"]]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{ALERTMANAGER}: two receivers are called {name!r}"
    intervals = {interval["name"] for interval in tree.get("time_intervals", ())}
    for route in _routes(tree["route"]):
        if route["receiver"] not in names:
            yield f"{ALERTMANAGER}: a route leads to {route['receiver']!r}, but no receiver has that name"
        for place in ("mute_time_intervals", "active_time_intervals"):
            for name in set(route.get(place, ())) - intervals:
                yield f"{ALERTMANAGER}: a route uses the hours {name!r}, which nothing defines"
        yield from _unreadable(route.get("matchers", ()))
    for rule in tree.get("inhibit_rules", ()):
        yield from _unreadable([*rule["source_matchers"], *rule["target_matchers"]])
    for receiver in tree["receivers"]:
        for hook in receiver.get("webhook_configs", ()):
            if (url := hook.get("url")) is not None and not _is_url(url):
                yield (
                    f"{ALERTMANAGER}: the address {url!r} of the receiver {receiver['name']!r} is not a "
                    "URL: see alerts.links"
                )


def _is_url(text: str) -> bool:
    try:
        return bool(_URL.fullmatch(text) and urlsplit(text).hostname) and not re.search(
            r"%(?![0-9A-Fa-f]{2})", text
        )
    except ValueError:
        return False


def _unreadable(matchers: Iterator[str] | list[str] | tuple[str, ...]) -> Iterator[str]:
    for text in matchers:
        read = _read(text)
        if read is None:
            yield f"{ALERTMANAGER}: Alertmanager cannot read the matcher {text!r}"
            continue
        _, sign, value = read
        if "~" in sign:
            try:
                re.compile(value)
            except re.error as error:
                yield f"{ALERTMANAGER}: the matcher {text!r} is not a valid regular expression: {error}"


def _read(matcher: str) -> tuple[str, str, str] | None:
    found = _MATCHER.fullmatch(matcher)
    if found is None:
        return None
    label, sign, value = found.groups()
    return label, sign, re.sub(r'\\["\\n]', lambda escape: _ESCAPES[escape[0]], value)


def _routes(route: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield route
    for below in route.get("routes", ()):
        yield from _routes(below)


def _receivers(route: Mapping[str, Any], labels: AlertLabels, inherited: str) -> Iterator[str]:
    """Depth first; a route that matches ends the search among its neighbours, unless it says `continue`."""
    own = route.get("receiver", inherited)
    found = False
    for below in route.get("routes", ()):
        if all(_matches(matcher, labels) for matcher in below.get("matchers", ())):
            found = True
            yield from _receivers(below, labels, own)
            if not below.get("continue"):
                break
    if not found:
        yield own


def _matches(matcher: str, labels: AlertLabels) -> bool:
    read = _read(matcher)
    assert read is not None, matcher
    label, sign, value = read
    have = labels.get(label, "")
    same = re.fullmatch(value, have, re.DOTALL) is not None if "~" in sign else have == value
    return same != sign.startswith("!")


def _untold(plan: Plan, tree: Mapping[str, Any], now_ms: int) -> Iterator[str]:
    """Teams, of now and to come, whose alerts do not reach their own receivers.

    It also yields those whose alerts reach the receivers of another team or desk.
    """
    for team in teams_of(plan.policy, now_ms):
        messages, pages = (receiver_of(plan.desk, name) for name in team_receivers(team))
        for severity, expected in (("warning", {messages}), ("page", {messages, pages})):
            labels = {
                "desk": plan.desk,
                "alertname": "SupportSLABelowObjective",
                "kind": "kpi",
                "severity": severity,
                "by": "team",
                "member": team,
                "team": team,
            }
            reached = told(tree, labels)
            if not (reached <= expected and (severity == "warning" or pages in reached)):
                yield (
                    f"{ALERTMANAGER}: a {severity} of the team {team!r} reaches {', '.join(sorted(reached))}"
                )
            if told(tree, {**labels, "desk": f"not {plan.desk}"}) & {messages, pages}:
                yield (
                    f"{ALERTMANAGER}: a {severity} of a team {team!r} of another desk reaches the team "
                    f"of {plan.desk!r}"
                )


def _by_their_own(files: Mapping[str, str]) -> Iterator[str]:
    present = checkers()
    if not present:
        return
    with TemporaryDirectory(prefix="deskpulse-rules-") as name:
        folder = Path(name)
        write(files, folder)
        rules = [str(folder / file) for file in files if file.startswith(f"{RULES}/")]
        for checker, words in (
            ("promtool", ["check", "rules", *rules]),
            ("amtool", ["check-config", str(folder / ALERTMANAGER)]),
        ):
            if checker in present:
                yield from _ran([checker, *words], folder)


def _ran(command: list[str], folder: Path) -> Iterator[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        yield f"{command[0]} could not run: {error}"
        return
    if done.returncode:
        lines = [
            line.strip()
            for line in f"{done.stdout}\n{done.stderr}".replace(f"{folder}/", "").splitlines()
            if line.strip()
        ]
        wrong = [
            line for line in lines if "FAILED" in line or "error" in line.lower() or "invalid" in line.lower()
        ] or lines
        yield f"{command[0]} rejects the files: {'; '.join(wrong[-_TOLD_LINES:])}"
