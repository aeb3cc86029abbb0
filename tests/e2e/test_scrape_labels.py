"""What a scrape configuration does to the label of the desk, on a real Prometheus.

It tries the recipe of docs/upgrade.md, and labels of its own.
"""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from proofs.local_prometheus import LocalPrometheus
from proofs.programs import until
from tests.docs.pages import blocks
from tests.e2e.test_two_desks import Exporter

PAGE = "docs/upgrade.md"
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        shutil.which("prometheus") is None, reason="no prometheus: apt-get install prometheus"
    ),
]


@dataclass(kw_only=True)
class WithJobs(LocalPrometheus):
    """One that scrapes by jobs as somebody wrote them."""

    jobs: list[dict[str, Any]] = field(default_factory=list)

    def command(self) -> list[str]:
        """The same, with other jobs."""
        command = super().command()
        path = self.folder / "prometheus.yml"
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        config["scrape_configs"] = [
            {"scrape_interval": "1s", "scrape_timeout": "1s", **job} for job in self.jobs
        ]
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return command


async def labels(
    folder: Path, metric: str, wanted: int, *jobs: dict[str, Any]
) -> set[tuple[str | None, str | None]]:
    """The labels `desk` and `exported_desk` of a metric, once so many series of it are there."""
    prometheus = WithJobs(folder=folder, job="nothing", targets=(), jobs=list(jobs))
    prometheus.start()
    try:
        await prometheus.ready()
        answer = await until(lambda: _all(prometheus, metric, wanted), what=f"{wanted} series of {metric}")
        return {(one["metric"].get("desk"), one["metric"].get("exported_desk")) for one in answer}
    finally:
        prometheus.stop()


def _all(prometheus: LocalPrometheus, metric: str, wanted: int) -> list[dict[str, Any]] | None:
    found = prometheus.query(metric, time.time())
    return found if len(found) == wanted else None


async def test_exporters_of_before_get_the_label_and_those_that_have_it_keep_it(tmp_path: Path) -> None:
    (recipe,) = [block for block in blocks(PAGE, "yaml") if "metric_relabel_configs" in block]
    with ExitStack() as ends:
        targets = [ends.enter_context(Exporter(desk).listening()) for desk in (None, "us")]
        job = {
            "job_name": "deskpulse-exporter",
            "static_configs": [{"targets": targets}],
            **yaml.safe_load(recipe),
        }
        assert {("deskpulse", None), ("us", None)} == await labels(tmp_path, "deskpulse_exporter_up", 2, job)


@pytest.mark.parametrize(
    ("honours", "shown"),
    [(False, {("written", "told")}), (True, {("told", None)})],
    ids=["Prometheus's own label", "honor_labels"],
)
async def test_a_label_of_the_scrape_configuration(
    honours: bool,  # noqa: FBT001
    shown: set[tuple[str, str | None]],
    tmp_path: Path,
) -> None:
    """As docs/alerts.md has it: Prometheus's own counts, unless it honours the exporter's.

    `up` has Prometheus's in both cases.
    """
    with Exporter("told").listening() as target:
        job = {
            "job_name": "deskpulse-exporter",
            "honor_labels": honours,
            "static_configs": [{"targets": [target], "labels": {"desk": "written"}}],
        }
        assert shown == await labels(tmp_path, "deskpulse_exporter_up", 1, job)
        assert {("written", None)} == await labels(tmp_path, "up", 1, job)
