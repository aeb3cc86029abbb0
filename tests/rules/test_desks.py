"""Rules and routes of several desks, side by side in one Prometheus and one Alertmanager."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from deskpulse import exits
from deskpulse.monitoring.rules import Plan, texts, write
from deskpulse.monitoring.rules.desks import of_desk, quoted
from deskpulse.monitoring.rules.files import InOneLine, dump
from deskpulse.monitoring.rules.groups import meta, pipeline, scores, sla, view
from deskpulse.monitoring.rules.joined import joined
from deskpulse.monitoring.rules.proof import faults, told
from deskpulse.policy import build, load_file
from scripts.rule_tests.model import INSTANCES, Exporter, figures
from scripts.tidy import ROOT
from tests.cli.harness import run_command as run
from tests.names.kinds import KINDS, names_of
from tests.names.test_names_at_borders import alert, plan_of, receivers_of

NOW_MS: Final = 1_780_000_000_000
EXAMPLE: Final = ROOT / "examples/policy.yaml"
PROMTOOL: Final = shutil.which("promtool")
AMTOOL: Final = shutil.which("amtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed (apt-get install prometheus)"
)
needs_amtool = pytest.mark.skipif(
    AMTOOL is None, reason="amtool is not installed (apt-get install prometheus-alertmanager)"
)
A, B = INSTANCES["a"], INSTANCES["b"]
# What may see other desks: who tells of a desk without rules, and of targets that tell no desk.
SEE_OTHERS: Final = {"DeskpulseDeskUnwatched", "DeskpulseExporterDown"}


def plan(desk: str) -> Plan:
    file = load_file(EXAMPLE)
    return Plan(build(file), file.alerts, desk=desk)


def tree(desk: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(texts(plan(desk), NOW_MS)["alertmanager.yml"])
    return found


def rules() -> Iterator[dict[str, Any]]:
    for path in sorted((ROOT / "monitoring" / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


class TestSelectors:
    def test_every_selector_of_every_rule_names_the_desk(self) -> None:
        seen = 0
        for rule in rules():
            if rule.get("alert") in SEE_OTHERS:
                continue
            bare = re.sub(
                r'"(?:[^"\\]|\\.)*"', lambda text: text[0] if text[0] == '"deskpulse"' else '""', rule["expr"]
            )
            for metric, follows in re.findall(
                r"((?<![\w:])(?:desk:|deskpulse_|support_)\w+)(.{0,17})", bare, re.DOTALL
            ):
                assert '{desk="deskpulse"' == follows, (metric, rule)
                seen += 1
        assert 400 < seen

    def test_none_drops_the_desk_again(self) -> None:
        """No aggregation without the label, and no match on nothing.

        A target that does not answer has no desk. Boards keep their own.
        """
        made = plan("eu")
        for family in (
            view.family(made),
            sla.family(made),
            scores.family(made),
            scores.volume(made),
            pipeline.family(made),
            meta.family(made),
        ):
            for group in family.groups:
                for rule in group.rules:
                    expr = re.sub(r'"(?:[^"\\]|\\.)*"', '""', rule.expr)
                    labels = set(re.findall(r"(?:\bby|\bon) \(([^)]*)\)", expr)) - {"instance, job"}
                    assert [] == [found for found in labels if not found.startswith("desk")], rule
                    assert [] == re.findall(
                        r"scalar\(|\b(?:max|min|sum|count|group|topk|bottomk) ?\((?!\w*by)", expr
                    ), rule

    def test_a_selector_that_names_a_desk_stays(self) -> None:
        assert 'x_up or up{desk="b"} or up{desk=~".*",job="a"}' == of_desk(
            'x_up or up{desk="b"} or up{desk=~".*",job="a"}', "a"
        )
        assert 'up{desk="a",my_desk="b"}' == of_desk('up{my_desk="b"}', "a")
        assert 'up{desk="a",x="}desk="}' == of_desk('up{x="}desk="}', "a")
        assert 'up{desk="a"}' == of_desk("up{}", "a")

    def test_words_in_quotes_and_labels_are_no_selectors(self) -> None:
        text = 'max by (desk, topic) (label_replace(vector(1), "desk", "up", "support_tickets", ""))'
        assert text == of_desk(text, "a")


@needs_promtool
def test_a_desk_may_have_any_name(tmp_path: Path) -> None:
    """A name is a text in selectors, in the label of the Watchdog and in what is absent.

    Prometheus's own engine finds it whole.
    """
    for number, name in enumerate(some for kind in KINDS.values() for some in kind[:2]):
        files = texts(plan_of(["a"], desk=name), NOW_MS)
        folder = tmp_path / str(number)
        write(files, folder)
        wanted = [
            {
                "labels": f"ALERTS{{alertname={quoted(alertname)},"
                f'alertstate="firing",desk={quoted(name)},{more}}}',
                "value": 1,
            }
            for alertname, more in (
                ("DeskpulseExporterAbsent", 'figures="untrusted",kind="pipeline",severity="page"'),
                ("Watchdog", 'kind="meta",severity="none"'),
            )
        ]
        asked = {
            "expr": 'ALERTS{alertname=~"Watchdog|DeskpulseExporterAbsent"}',
            "eval_time": "4m",
            "exp_samples": wanted,
        }
        test = {
            "interval": "1m",
            "input_series": [{"series": "up", "values": "1x5"}],
            "promql_expr_test": [asked],
        }
        path = folder / "tests.yml"
        path.write_text(
            dump(
                {
                    "rule_files": ["rules/meta.yml", "rules/pipeline.yml"],
                    "evaluation_interval": "1m",
                    "tests": [test],
                }
            )
        )
        assert "" == promtool(path), name


def promtool(path: Path) -> str:
    """What it says of a test; nothing when all is well."""
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, "test", "rules", str(path)], capture_output=True, text=True, timeout=300, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_every_kind_of_name_makes_routes_of_its_own() -> None:
    """By our own reader all, and some by promtool and amtool, which take their time."""
    for number, name in enumerate(names_of()):
        made = plan_of(["a"], desk=name)
        files = texts(made, NOW_MS)
        configuration = yaml.safe_load(files["alertmanager.yml"])
        assert set(receivers_of("a", name)[:1]) == told(configuration, alert("a", "warning", name))
        assert not told(configuration, alert("a", "warning", f"{name} 2")) & set(receivers_of("a", name))
        if not number % 20:
            assert [] == faults(made, files, NOW_MS), name


@needs_promtool
def test_the_rules_of_two_desks_work_in_one_prometheus(tmp_path: Path) -> None:
    """The second one is watched as well.

    It had neither a chosen exporter nor figures of its own, and could burn unseen.
    """
    for desk in ("eu", "us"):
        write(texts(plan(desk), NOW_MS), tmp_path / desk)
    steps, open_tickets = 15, 'support_open_tickets{by="all",member="all"}'
    eu = {**Exporter(A, steps, desk="eu").series(), **figures(A, {open_tickets: f"423x{steps}"}, "eu")}
    partial = {"deskpulse_view_complete": f"0x{steps}"}
    us = {
        **Exporter(B, steps, partial, desk="us").series(),
        **figures(B, {open_tickets: f"120x{steps}"}, "us"),
    }
    fired = 'ALERTS{alertstate="firing"}'
    asked = [
        (
            "desk:exporter_chosen",
            [
                (f'desk:exporter_chosen{{desk="{d}",instance="{i}",job="deskpulse-exporter"}}', 1)
                for d, i in (("eu", A), ("us", B))
            ],
        ),
        (
            "desk:support_open_tickets",
            [
                (f'desk:support_open_tickets{{by="all",desk="{desk}",member="all"}}', count)
                for desk, count in (("eu", 423), ("us", 120))
            ],
        ),
        (
            "desk:exporters_answering",
            [(f'desk:exporters_answering{{desk="{desk}"}}', 1) for desk in ("eu", "us")],
        ),
        ("desk:figures_trusted", [('desk:figures_trusted{desk="eu"}', 1)]),
        (
            f"count by (desk, alertname) ({fired})",
            [(f'{{alertname="{name}",desk="{desk}"}}', 1) for desk, name in FIRED],
        ),
    ]
    test = {
        "interval": "1m",
        "input_series": [InOneLine(series=name, values=values) for name, values in {**eu, **us}.items()],
        "promql_expr_test": [
            {
                "expr": expr,
                "eval_time": "12m",
                "exp_samples": [{"labels": labels, "value": value} for labels, value in samples],
            }
            for expr, samples in asked
        ],
    }
    path = tmp_path / "tests.yml"
    files = [
        f"{desk}/rules/{name}.yml"
        for desk in ("eu", "us")
        for name in ("view", "sla", "scores", "volume", "pipeline", "meta")
    ]
    path.write_text(
        dump({"rule_files": files, "evaluation_interval": "1m", "tests": [test]}), encoding="utf-8"
    )
    assert "" == promtool(path)


FIRED: Final = (
    ("eu", "Watchdog"),
    ("us", "Watchdog"),
    ("us", "DeskpulseViewIncomplete"),
    ("us", "SupportSLABlind"),
)


class TestOneAlertmanager:
    def test_two_desks_whose_teams_have_one_name_have_receivers_of_their_own(self) -> None:
        both = joined(tree("us"), [tree("eu")])
        names = [receiver["name"] for receiver in both["receivers"]]
        assert len(names) == len(set(names)) == 2 * len(tree("eu")["receivers"])
        for desk in ("eu", "us"):
            of_technical = alert("technical", "page", desk)
            assert {f"{desk}/team-technical-page"} == told(both, of_technical)
            assert {f"{desk}/watchdog"} == told(both, {"alertname": "Watchdog", "desk": desk})
        assert {"us/platform"} == told(both, alert("technical", "page", "third"))

    def test_it_is_the_same_when_it_is_made_again(self) -> None:
        """Also from one that has both: what it has of this desk is of before."""
        once = joined(tree("us"), [tree("eu")])
        assert once == joined(tree("us"), [once])
        assert once == joined(tree("us"), [tree("eu"), once])

    def test_three_desks(self) -> None:
        three = joined(tree("us"), [joined(tree("eu"), [tree("asia")])])
        assert ['desk="us"', 'desk="eu"', 'desk="asia"'] == [
            route["matchers"][0] for route in three["route"]["routes"][:3]
        ]
        assert {"asia/desk"} == told(three, {"kind": "kpi", "desk": "asia", "severity": "warning"})

    @pytest.mark.parametrize(
        ("other", "why"),
        [
            ({"route": {"receiver": "a"}}, "not an Alertmanager configuration"),
            ({"route": {"receiver": "a", "routes": []}}, "no route of a desk"),
            (
                {"route": {"routes": [{"matchers": ['desk="b"'], "receiver": "c"}]}, "receivers": []},
                "'c' but does not define it",
            ),
            (
                {
                    "route": {"routes": [{"matchers": ['desk="b"'], "receiver": "us/desk"}]},
                    "receivers": [{"name": "us/desk"}],
                },
                "two desks",
            ),
        ],
    )
    def test_what_cannot_stand_beside_it_is_refused(self, other: dict[str, Any], why: str) -> None:
        with pytest.raises(ValueError, match=why):
            joined(tree("us"), [other])

    @needs_amtool
    def test_amtool_takes_it(self, tmp_path: Path) -> None:
        eu, us = tmp_path / "eu", tmp_path / "us"
        assert exits.OK == run("rules", "--policy", EXAMPLE, "--desk", "eu", "--out", eu).code
        assert (
            exits.OK
            == run(
                "rules", "--policy", EXAMPLE, "--desk", "us", "--out", us, "--beside", eu / "alertmanager.yml"
            ).code
        )
        assert AMTOOL is not None
        config = f"--config.file={us / 'alertmanager.yml'}"
        for desk in ("eu", "us"):
            labels = [
                "alertname=SupportScoreWorse",
                "kind=kpi",
                "severity=warning",
                "team=technical",
                f"desk={desk}",
            ]
            asked = [
                AMTOOL,
                "config",
                "routes",
                "test",
                config,
                f"--verify.receivers={desk}/team-technical",
                *labels,
            ]
            done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
            assert 0 == done.returncode, done.stdout + done.stderr


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def _of_no_desk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in (
            "DESKPULSE_CONFIG",
            "DESKPULSE_APP_ID",
            "DESKPULSE_DESK__NAME",
            "DESKPULSE_DESK__POLICY",
        ):
            monkeypatch.delenv(name, raising=False)

    @pytest.mark.parametrize(
        ("variables", "options", "desk"),
        [
            ({}, (), "deskpulse"),
            ({"DESKPULSE_APP_ID": "desk-7"}, (), "desk-7"),
            ({"DESKPULSE_APP_ID": "desk-7", "DESKPULSE_DESK__NAME": "eu"}, (), "eu"),
            ({"DESKPULSE_DESK__NAME": "eu"}, ("--desk", "us"), "us"),
        ],
    )
    def test_the_desk_is_the_one_given_else_that_of_the_settings(
        self, variables: dict[str, str], options: tuple[str, ...], desk: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        out = run("rules", *options).out
        assert f'absent(deskpulse_exporter_up{{desk="{desk}"}})' in out
        assert f'matchers: [desk="{desk}"]' in out

    @pytest.mark.parametrize("name", ["", "a\tb", " a", "a" * 129])
    def test_a_name_that_no_desk_can_have_is_refused(self, name: str) -> None:
        answer = run("rules", "--desk", name)
        assert (answer.code, answer.out) == (exits.USAGE, "")
        assert "desk.name" in answer.err

    def test_the_rules_of_another_desk_are_not_replaced(self, tmp_path: Path) -> None:
        assert exits.OK == run("rules", "--desk", "eu", "--out", tmp_path).code
        answer = run("rules", "--desk", "us", "--out", tmp_path)
        assert answer.code == exits.USAGE
        assert "has the rules of another desk than 'us'" in answer.err
        assert 'desk="eu"' in (tmp_path / "rules/view.yml").read_text(encoding="utf-8")
        assert exits.OK == run("rules", "--desk", "eu", "--out", tmp_path).code

    def test_what_is_beside_must_be_ours(self, tmp_path: Path) -> None:
        other = tmp_path / "alertmanager.yml"
        for text, why in (
            ("[", "not valid YAML"),
            ("[]", "not an Alertmanager configuration"),
            ("route: {receiver: a, routes: []}", "no route of a desk"),
        ):
            other.write_text(text, encoding="utf-8")
            answer = run("rules", "--beside", other)
            assert (answer.code, why in answer.err) == (exits.USAGE, True), answer.err
