"""The reference file is the manual: complete, true, and readable by `load`."""

import re
from pathlib import Path

import pytest
import yaml

from agents.config import WorkerConfig
from deskpulse.clocks import WORKER
from deskpulse.cluster.topic_setup import topic_specs
from deskpulse.settings import Settings, load
from deskpulse.settings.base import at_path, leaves, variable
from deskpulse.wiring import shared_settings, worker_config
from kpis.state.rules import StateRules
from streams.topics import specs

MANUAL = Path(__file__).parents[2] / "examples" / "deskpulse.yaml"
SETTINGS = [path for path, _ in leaves(Settings)]


def paths_of(tree: object, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if above in SETTINGS or not isinstance(tree, dict):
        return [above]
    return [path for name, below in tree.items() for path in paths_of(below, (*above, name))]


def test_it_lists_every_setting_once_in_the_order_of_the_code() -> None:
    listed = paths_of(yaml.safe_load(MANUAL.read_text(encoding="utf-8")))
    assert sorted(listed) == sorted(SETTINGS)
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("path", SETTINGS, ids=".".join)
def test_its_value_is_the_default(path: tuple[str, ...]) -> None:
    manual = yaml.safe_load(MANUAL.read_text(encoding="utf-8"))
    assert at_path(manual, path) == at_path(Settings().describe(), path)


@pytest.mark.parametrize("path", SETTINGS, ids=".".join)
def test_it_names_the_variable(path: tuple[str, ...]) -> None:
    assert f"[{variable(path)}]" in MANUAL.read_text(encoding="utf-8")


def test_it_names_no_variable_that_is_none() -> None:
    named = set(re.findall(r"\[(DESKPULSE_\w+)\]", MANUAL.read_text(encoding="utf-8")))
    assert named == {variable(path) for path in SETTINGS}


def test_read_as_it_is_it_changes_nothing() -> None:
    assert load(MANUAL) == Settings()


def test_the_defaults_fit_together_with_the_topic_rules() -> None:
    """`streams.topics` knows no settings, so its defaults stand twice."""
    assert topic_specs(Settings()) == specs("deskpulse")


def test_the_defaults_fit_together_with_the_workers() -> None:
    settings = Settings()
    rules = StateRules(shared=shared_settings(settings))  # which a worker without settings has none to share
    assert worker_config(settings) == WorkerConfig(
        clock=WORKER, kafka=settings.kafka.client_options(), state_rules=rules
    )
