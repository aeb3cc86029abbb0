"""What stands around the boards agrees with them: data source, scrape interval, job, folders by language."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import yaml

from deskpulse.monitoring.boards import DATASOURCE, LOCALES
from deskpulse.monitoring.boards.panels.sheet import PLUGIN_VERSION
from deskpulse.monitoring.boards.questions.promql import JOB
from scripts.boards import rules
from scripts.tidy import ROOT


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_boards_ask_the_data_source_that_is_provisioned() -> None:
    sources = read("deploy/grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    (source,) = (one for one in sources if one["uid"] == DATASOURCE)
    assert "prometheus" == source["type"]
    assert f"{rules.SCRAPE_SECONDS}s" == source["jsonData"]["timeInterval"]


def test_boards_know_the_job_and_the_interval_of_the_scrape() -> None:
    prometheus = read("monitoring/prometheus.yml")
    assert JOB in {job["job_name"] for job in prometheus["scrape_configs"]}
    assert f"{rules.SCRAPE_SECONDS}s" == prometheus["global"]["scrape_interval"]


def test_each_language_has_a_folder_in_grafana() -> None:
    providers = read("deploy/grafana/provisioning/dashboards/deskpulse.yaml")["providers"]
    assert {code: locale.name for code, locale in LOCALES.items()} == {
        PurePosixPath(one["options"]["path"]).name: one["folder"] for one in providers
    }


def test_panels_are_of_the_version_that_compose_starts() -> None:
    assert read("docker-compose.yml")["services"]["grafana"]["image"].endswith(f":{PLUGIN_VERSION}")
