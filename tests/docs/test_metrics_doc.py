"""docs/metrics.md is what the code exports.

Nothing is missing, nothing is made up, and a stale page is seen.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporters.metrics.collectors import DeskpulseCollector
from exporters.snapshot import Snapshot
from kpis.figures import catalogue
from scripts import ledger_doc, metrics_doc
from scripts.tidy import ROOT

TEXT = (ROOT / metrics_doc.PAGE).read_text(encoding="utf-8")
SUFFIXES = {"counter": "_total", "info": "_info"}


def test_the_committed_page_is_what_the_code_gives() -> None:
    assert metrics_doc.is_current(ROOT), "run `python -m scripts.metrics_doc`"
    assert 0 == metrics_doc.main(["--check"])


def test_a_stale_and_a_missing_page_are_seen(tmp_path: Path) -> None:
    assert not metrics_doc.is_current(tmp_path)
    page = tmp_path / metrics_doc.PAGE
    page.parent.mkdir()
    page.write_text(metrics_doc.render(), encoding="utf-8")
    assert metrics_doc.is_current(tmp_path)
    page.write_text(metrics_doc.render().replace("support_nps_score", "support_nps"), encoding="utf-8")
    assert not metrics_doc.is_current(tmp_path)


def test_the_cells_on_the_page_of_the_ledger_are_those_of_the_code(tmp_path: Path) -> None:
    assert ledger_doc.is_current(ROOT), "run `python -m scripts.metrics_doc`"
    page = (ROOT / ledger_doc.PAGE).read_text(encoding="utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / ledger_doc.PAGE).write_text(
        page.replace("tickets reopened, once each", "tickets"), encoding="utf-8"
    )
    assert not ledger_doc.is_current(tmp_path)
    with pytest.raises(ValueError, match="has lost the marks of its generated part"):
        ledger_doc.render(page.replace(ledger_doc.END, ""))


def test_everything_that_the_exporter_describes_is_on_the_page() -> None:
    def nothing() -> Snapshot:
        raise AssertionError("describe reads no state")

    described = {
        metric.name + SUFFIXES.get(metric.type, "") for metric in DeskpulseCollector(nothing, ()).describe()
    }
    assert described == metrics_doc.documented()
    assert described == set(re.findall(r"`((?:support|deskpulse)_[a-z0-9_]+)`", TEXT))


def test_every_figure_of_the_catalogue_is_explained_by_one_page_that_names_it() -> None:
    names = [name for found in metrics_doc.KPI_PAGES.values() for name in found]
    shown = (*catalogue.OTHER_FIGURES, *catalogue.LIVE_FIGURES)
    figures = [*(kind.name for kind in catalogue.FIGURES), *(one.name for one in shown)]
    assert sorted(figures) == sorted(names)


def test_a_figure_that_no_page_explains_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(metrics_doc._PAGE_OF, "support_csat_ratio")
    with pytest.raises(KeyError, match="support_csat_ratio"):
        metrics_doc.render()
