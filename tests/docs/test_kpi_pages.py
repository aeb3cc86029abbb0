"""The pages of docs/kpis/ tell the truth.

Their examples, queries, bands and names are compared with what the code gives.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deskpulse.settings.bands import Band, BandSettings
from kpis.figures import catalogue
from scripts import metrics_doc
from scripts.tidy import ROOT
from tests.docs import pages
from tests.docs.desks import EXAMPLES, samples_of

KPIS = sorted(EXAMPLES)
SECTIONS = ["Formula", "What counts", "Worked example", "Bands", "Metrics", "PromQL", "Source"]
HISTOGRAM_SUFFIXES = ("_bucket", "_gcount", "_gsum")
BAND_PAGES = {
    "first_response": "first-response-time",
    "csat": "csat",
    "resolution": "resolution-rate",
    "handle_time": "handle-time",
    "nps": "nps",
    "retention": "retention-and-churn",
    "tickets_per_customer": "tickets-per-customer",
}


def path_of(page: str) -> str:
    return f"docs/kpis/{page}.md"


def queries(page: str) -> list[pages.Query]:
    return [pages.parse_query(block) for block in pages.blocks(path_of(page), "promql")]


def test_there_is_a_page_for_every_kpi_and_the_index_lists_it() -> None:
    assert set(KPIS) == {path.stem for path in (ROOT / "docs/kpis").glob("*.md")} - {"README"}
    assert set(KPIS) == set(metrics_doc.KPI_PAGES)
    head = pages.text("docs/kpis/README.md").split("\n## ")[0]
    assert sorted(KPIS) == sorted(re.findall(r"\]\(([a-z-]+)\.md\)", head))


@pytest.mark.parametrize("page", KPIS)
def test_a_page_has_every_section(page: str) -> None:
    found = list(pages.sections(path_of(page)))
    assert [*SECTIONS[:4], found[4], *SECTIONS[4:]] == found
    assert re.fullmatch("What (it does|they do) not tell", found[4])


@pytest.mark.parametrize("page", KPIS)
def test_a_page_names_its_metrics_and_no_others(page: str) -> None:
    named = set(re.findall(r"`((?:support|deskpulse)_[a-z_]+)`", pages.text(path_of(page))))
    figures = set(metrics_doc.KPI_PAGES[page])
    figures |= {kind.observations_name for kind in catalogue.FIGURES if kind.name in figures}
    figures |= {shown.observations_name for shown in catalogue.OTHER_FIGURES if shown.name in figures}
    assert figures <= named
    assert named <= metrics_doc.documented()


@pytest.mark.parametrize("page", KPIS)
def test_the_example_gives_the_samples_of_the_page(page: str) -> None:
    """Events go in as a producer sends them.

    What an exporter shows is what the page says, to the decimals that it states.
    """
    found = samples_of(page)
    stated = [
        sample for block in pages.blocks(path_of(page), "prometheus") for sample in pages.parse_samples(block)
    ]
    assert len(stated) > 2
    wrong = [
        one
        for one in stated
        if round(found.get((one.name, one.labels), float("nan")), one.decimals) != one.value
    ]
    assert [] == wrong


@pytest.mark.parametrize("page", KPIS)
def test_a_page_shows_a_right_query_and_a_wrong_one(page: str) -> None:
    told = [query for query in queries(page) if query.gives is not None]
    right = {query.gives for query in told if not query.is_wrong}
    wrong = {query.gives for query in told if query.is_wrong}
    assert right
    assert wrong
    assert not right & wrong


@pytest.mark.parametrize("page", KPIS)
def test_queries_ask_for_metrics_that_exist(page: str) -> None:
    for query in queries(page):
        for name in re.findall(r"\b(?:support|deskpulse)_[a-z_]+", query.expression):
            family = next(
                (name.removesuffix(suffix) for suffix in HISTOGRAM_SUFFIXES if name.endswith(suffix)), name
            )
            assert family in metrics_doc.documented(), name


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: apt-get install prometheus")
@pytest.mark.parametrize("page", KPIS)
def test_queries_give_what_the_page_says(page: str, tmp_path: Path) -> None:
    """Prometheus itself answers them, from the samples of the example."""
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump(promtool_test(page)), encoding="utf-8")
    run = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert 0 == run.returncode, run.stdout + run.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: apt-get install prometheus")
def test_a_query_that_gives_something_else_is_seen(tmp_path: Path) -> None:
    wrong = promtool_test("csat")
    wrong["tests"][0]["promql_expr_test"][0]["exp_samples"][0]["value"] += 1
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump(wrong), encoding="utf-8")
    assert (
        0
        != subprocess.run(
            ["promtool", "test", "rules", str(file)], capture_output=True, check=False
        ).returncode
    )


def promtool_test(page: str) -> dict[str, Any]:
    """A rules test: the samples as constant series, and the result of each query.

    Results are in billionths, since promtool compares exactly.
    """
    needed = {name for query in queries(page) for name in re.findall(r"\w+", query.expression)}
    found = {key: value for key, value in samples_of(page).items() if key[0] in needed}
    series = [
        {"series": f"{name}{{{selector(labels)}}}", "values": f"{value!r}x10"}
        for (name, labels), value in found.items()
    ]
    asked = []
    for query in queries(page):
        if query.gives is None:  # read by Prometheus' parser, whatever it gives
            asked.append(question(f"count({query.expression}) * 0 or vector(0)", 0))
        else:
            asked.append(question(f"sum(round(({query.expression}) * 1e9))", round(query.gives * 1e9)))
            asked.append(question(f"count({query.expression})", 1))
    return {
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": asked}],
    }


def question(expression: str, value: float) -> dict[str, Any]:
    return {"expr": expression, "eval_time": "10m", "exp_samples": [{"labels": "{}", "value": value}]}


def selector(labels: frozenset[tuple[str, str]]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in sorted(labels))


@pytest.mark.parametrize("name", sorted(BandSettings.model_fields.keys() - {"minimum_observations"}))
def test_bands_are_those_of_the_settings(name: str) -> None:
    page = BAND_PAGES[name]
    row = band_row(getattr(BandSettings(), name))
    assert [row] == pages.table(pages.sections(path_of(page))["Bands"])
    index = pages.table(pages.sections("docs/kpis/README.md")["Bands"])
    assert [row] == [cells[1:] for cells in index if f"({page}.md)" in cells[0]]


def band_row(band: Band) -> list[str]:
    edges = {edge: bound.text for edge, bound in band.edges}
    where = (
        f"channel {', '.join(band.channels)}"
        if band.channels
        else ", ".join(band.windows or ()) or "any window"
    )
    return [
        *(f"`{edges[edge]}`" if edge in edges else "-" for edge in ("exceptional", "above", "typical")),
        "else",
        where,
    ]


@pytest.mark.parametrize("page", sorted(set(KPIS) - set(BAND_PAGES.values())))
def test_a_kpi_without_bands_says_so(page: str) -> None:
    assert "None are stated" in pages.sections(path_of(page))["Bands"]


def test_the_least_number_of_observations_is_that_of_the_settings() -> None:
    assert f"from {BandSettings().minimum_observations} observations on" in pages.text("docs/kpis/README.md")


def test_conversion_rate_is_out_and_the_index_says_why() -> None:
    assert "**Conversion rate is not here.**" in pages.text("docs/kpis/README.md")
