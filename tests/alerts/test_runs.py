"""A drill in which nothing could be seen is no success, and one that breaks is a failed one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from deskpulse.monitoring.alert_log import Notice
from proofs.drills.alerts import __main__ as command
from proofs.drills.alerts.drills import DRILLS, Drill
from proofs.drills.alerts.site import Pacing, Site
from proofs.local_prometheus import LocalPrometheus, PrometheusError

PACING = Pacing(1_772_532_000_000, 15, 1)
CALM, SILENT = (next(one for one in DRILLS if one.name == name) for name in ("calm", "source-silent"))


class Seen:
    """A Prometheus of which every query has an answer, but those with one of these texts."""

    def __init__(self, *blind: str, errors: tuple[str, ...] = ()) -> None:
        self.blind, self.errors = blind, errors

    def query(self, expression: str, at_seconds: float) -> list[dict[str, Any]]:
        return [] if any(text in expression for text in self.blind) else [{"value": [at_seconds, "1"]}]

    def rule_errors(self) -> list[str]:
        return list(self.errors)


class Counted(Seen):
    """A Prometheus that answers with the value of the first of these texts that a query has."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__()
        self.values = values

    def query(self, expression: str, at_seconds: float) -> list[dict[str, Any]]:
        value = next(value for text, value in self.values.items() if text in expression)
        return [{"value": [at_seconds, value]}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def faults(drill: Drill, folder: Path, prometheus: Seen) -> list[str]:
    site = Site(drill, PACING, "127.0.0.1:1", folder, 0, print)
    site.prometheus = cast("LocalPrometheus", prometheus)
    try:
        return site.faults()
    finally:
        site.stop()


def test_a_drill_in_which_all_was_seen_has_no_fault(folder: Path) -> None:
    assert [] == faults(CALM, folder, Seen())


@pytest.mark.parametrize(
    ("blind", "told"),
    [
        ("figures_trusted", "no figures that are trusted at the end"),
        ("support_tickets", "no new tickets at the end"),
        ("attainment_observations", "no deadlines at the end"),
        ("up == 1", "Prometheus did not reach 2 exporters at the end"),
    ],
)
def test_silence_is_no_success_where_nothing_was_seen(blind: str, told: str, folder: Path) -> None:
    assert [told] == faults(CALM, folder, Seen(blind))


def test_figures_need_not_be_trusted_where_a_source_is_silent(folder: Path) -> None:
    assert [] == faults(SILENT, folder, Seen("figures_trusted"))


@pytest.mark.parametrize(("answered", "judged"), [("380", True), ("379", False)])
def test_where_too_many_scrapes_are_late_the_drill_was_about_the_machine(
    answered: str, folder: Path, *, judged: bool
) -> None:
    """20 of 400 are a twentieth, which is borne; 21 are more."""
    found = {"count_over_time(up": "400", "sum_over_time(up": answered, "scrape_duration": "1.84", "": "1"}
    told = (
        f"the machine was too busy to judge anything: 400 scrapes, {400 - int(answered)} not answered "
        "in time, the slowest took 1.8 of 2 s"
    )
    assert ([] if judged else [told]) == faults(CALM, folder, Counted(found))


def test_a_rule_that_fails_is_a_fault(folder: Path) -> None:
    assert ["rule SupportSLAEndangered: many-to-many"] == faults(
        CALM, folder, Seen(errors=("SupportSLAEndangered: many-to-many",))
    )


class Broken:
    """A site that does not come up: by an error, or by never ending."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.notices: list[Notice] = []
        self.stopped = 0

    async def start(self) -> None:
        if self.error is None:
            await asyncio.Event().wait()
        else:
            raise self.error

    def stop(self) -> None:
        self.stopped += 1


ERRORS = [
    (AssertionError("the figures did not come"), "it could not be run: the figures did not come"),
    (PrometheusError("no port"), "it could not be run: no port"),
    (OSError("no memory"), "it could not be run: no memory"),
    (None, "it took longer than it may"),
]


@pytest.mark.parametrize(("error", "told"), ERRORS)
async def test_what_breaks_a_drill_fails_it_and_all_is_ended(
    error: Exception | None, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site = Broken(error)
    monkeypatch.setattr(command, "Site", lambda *_: site)
    monkeypatch.setattr(command, "_START_SECONDS", 0.05)
    verdict = await command._run(CALM, PACING, "127.0.0.1:1", tmp_path, 0)
    assert (told, "no watchdog") == verdict.faults
    assert 1 == site.stopped
