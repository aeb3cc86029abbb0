"""`docs/metrics.md` from the catalogue and the exporter: `python -m scripts.metrics_doc [--check]`.

Names, meanings, labels and their values are asked of the code; only the words around the tables and the page
of each KPI stand here. `--check` writes nothing and exits 1 when the committed page is not what the code
gives.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from deskpulse.policy import load_policy
from deskpulse.settings import Settings
from deskpulse.settings.exporter import ExporterSettings
from deskpulse.settings.sections import DeskSettings
from deskpulse.wiring import view_rules
from exporters.metrics.collectors import FAMILIES
from exporters.metrics.families import CLOSED_FINAL, LIVE, PARTS, SLA_FINAL, SLA_LIVE, SLA_WORST, Family
from exporters.metrics.kpi_families import kpi_parts
from exporters.metrics.program_families import REASONS
from kpis import cell_numbers
from kpis.figures import catalogue
from kpis.figures.bound import series_bound
from kpis.figures.catalogue import BUSINESS_FIGURES, BUSINESS_QUANTILES, FIGURES, OTHER_FIGURES
from kpis.figures.kpi.declaration import EVERY_ROLLUP, FigureKind
from kpis.figures.kpi.volume import PER_HOUR
from kpis.figures.view import Part, View
from scripts import ledger_doc
from scripts.tidy import ROOT
from streams.topics import SOURCE_TOPICS
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS
from windows.spans import CUSTOMER_WINDOWS, WINDOWS, Window

PAGE: Final = Path("docs/metrics.md")
# Not `Settings()`, which would read the variables of whoever runs this.
_SETTINGS: Final = Settings.model_construct(desk=DeskSettings(), exporter=ExporterSettings())
_RULES: Final = view_rules(_SETTINGS)
_BUCKETS: Final = _SETTINGS.exporter.buckets_seconds
_POLICY: Final = ROOT / "examples/policy.yaml"
Row = Sequence[str]

# The page of docs/kpis/ that explains each figure: every KPI declares its own, so nothing is exported that
# nobody explains.
KPI_PAGES: Final = catalogue.pages()
_PAGE_OF: Final = {name: page for page, names in KPI_PAGES.items() for name in names}

_HEAD: Final = """\
# Metrics

<!-- Made by scripts/metrics_doc.py from the code: run `python -m scripts.metrics_doc` instead of editing. -->

This page lists every metric that an exporter serves at `/metrics`. `support_*` are the figures of the desk;
`deskpulse_*` describe the program itself. The [page of its KPI](kpis/README.md) explains what a figure means,
what counts in it and what it hides.

**Every series carries the label `desk` first**: the desk's name (`desk.name` in the settings, else the
`app_id`), so that several desks can share one Prometheus. The tables below leave it out. Recording rules,
alerts and boards select by it: [several desks](alerts.md#several-desks).

## How to use them

- **Read a final figure; never add or average it.** A mean of means, a sum of ratios or an average of
  quantiles is a different number. Each final figure exists for every window, period and member: select the
  one that you want by its labels.
- **Add parts instead.** The [parts](#parts) are counts and histograms by team, channel and priority together.
  Their sums are exact for any combination, and so is the ratio of two sums.
- **An empty figure is absent**, never 0 and never NaN. Counts and `_observations` exist with 0. Do not fill
  the gap with `or vector(0)`: a desk that answered nothing did not answer in 0 s.
- **Look at n.** Each final figure has its denominator beside it: the figure's name without its unit and with
  `_observations`. Three answers do not make a CSAT.
- **All metrics but the counters are gauges** of a moving window: `rate()` and `increase()` of them mean
  nothing. To look back in time, use a range in Grafana or `offset`.
- **Several exporters show the same figures.** Take one of them with `max without (instance)`; a sum counts
  everything twice.
- Units are seconds, ratios from 0 to 1, and points. Timestamps are seconds since 1970; an age is `time() -
  x`.
"""
_LABELS: Final = """\
The periods `previous` and `week_ago` exist for the roll-ups of `exporter.compared_rollups` ({compared} by
default), `current` for all. Names that are not shown (`desk.members`, `desk.max_members` in the settings) are
folded into the member `other`, except the names in the SLA policy. A ticket counts under `unknown` until the
event of its creation arrives. Roll-ups by `segment`, and the label `segment` of parts, exist only where the
desk has switched on its fourth dimension (`desk.segment`).
"""
_LABEL_ROWS: Final = (
    ("`window`", "see below"),
    ("`period`", "`current`, up to now"),
    ("", "`previous`, the same span just before; for `today`, yesterday until the same time of day"),
    ("", "`week_ago`, the same span 7 days earlier"),
    (
        "`by`, `member`",
        (
            'the roll-up of a figure and its member: `by="all",member="all"`, or `by="team"`, `"channel"`, '
            '`"priority"` and a name'
        ),
    ),
    ("`team`, `channel`, `priority`", "the combination, in parts only"),
)
_FINAL: Final = """\
## Final figures

Gauges with the labels `window`, `period`, `by`, `member` and those named here. The last column is the metric
of the denominator; it carries the same labels except `q` and `bound`.
"""
_LIVE: Final = """\
## Live figures

Levels of this moment. Labels `by`, `member`.
"""
_SLA: Final = """\
## SLA figures

These series exist only with an [SLA policy](sla.md). `target` is `first_reply`, `next_reply` or
`resolution`, where the policy sets such a target. The first figures have `window` and `period` (earlier
periods for `by="all"` only); the others are levels of this moment.
"""
_BUSINESS: Final = """\
For teams with a business calendar, these figures also exist with `clock="business"`, for `all` and `team`,
quantiles for the current period only: {names}.
"""
_PARTS: Final = """\
## Parts

Labels `window`, `team`, `channel`, `priority` and those named here. Parts exist only for the current period
of the windows in `exporter.parts_windows` ({windows} by default), because each window costs many series.
Histograms are gauge histograms: `_bucket`, `_gcount` and `_gsum` go down as well as up, so use
`histogram_quantile` on them directly, without `rate()`. Their edges are those of `exporter.buckets_seconds`
({edges} by default), and the counts at the edges are exact.
"""
_SERIES: Final = """\
With default settings an exporter serves at most {series:,} series of `support_*`, and {promised:,} with a
policy such as the example's; `deskpulse check` prints the number for your settings.
"""
_PROGRAM: Final = """\
## The program

These metrics show whether the figures can be trusted: freshness, completeness, lag, rejected records. The
workers' counters are rows of the ledger, so a restart does not reset them, and every exporter shows the same
values.
"""
_PROGRAM_LABELS: Final = """\
`topic` is the name of a source topic without prefix ({topics}). `reason` is one of {reasons}: see [the event
contract](events.md#refused-records).
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.metrics_doc", description="docs/metrics.md from the code."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the page is out of date"
    )
    options = parser.parse_args(arguments)
    if options.check:
        stale = [
            page
            for page, current in ((PAGE, is_current), (ledger_doc.PAGE, ledger_doc.is_current))
            if not current(ROOT)
        ]
        for page in stale:
            print(f"metrics: {page} is not what the code gives: run `python -m scripts.metrics_doc`")
        return 1 if stale else 0
    (ROOT / PAGE).write_text(render(), encoding="utf-8")
    ledger = ROOT / ledger_doc.PAGE
    ledger.write_text(ledger_doc.render(ledger.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"metrics: wrote {PAGE} and {ledger_doc.PAGE}")
    return 0


def is_current(root: Path) -> bool:
    """Whether the committed page is what the code gives."""
    page = root / PAGE
    return page.is_file() and page.read_text(encoding="utf-8") == render()


def render() -> str:
    """The whole page. Errors: KeyError for a figure without a page of its own."""
    compared, windows, edges = (
        _codes(map(str, values)) for values in (_RULES.compared, _RULES.parts_windows, _BUCKETS)
    )
    sections = [
        _HEAD,
        "## Labels of the figures\n",
        _table(("label", "values"), _LABEL_ROWS),
        _LABELS.format(compared=compared),
        _table(("window", "panes", "it covers", "periods"), _window_rows()),
        _FINAL,
        _table(
            ("metric", "meaning", "further labels", "by", "observations"), [*_final_rows(), *_other_rows()]
        ),
        _LIVE,
        _table(("metric", "meaning"), ((_linked(family.name), family.help) for family in LIVE)),
        _SLA,
        _table(
            ("metric", "meaning", "labels"), map(_sla_row, (*SLA_FINAL, *SLA_LIVE, *SLA_WORST, *CLOSED_FINAL))
        ),
        _BUSINESS.format(names=_codes(kind.name for kind in (*BUSINESS_FIGURES, *BUSINESS_QUANTILES))),
        _PARTS.format(windows=windows, edges=edges),
        _table(("metric", "meaning", "type", "further labels"), _part_rows()),
        _SERIES.format(
            series=series_bound(_RULES), promised=series_bound(replace(_RULES, policy=load_policy(_POLICY)))
        ),
        _PROGRAM,
        _table(("metric", "meaning", "type", "labels"), map(_program_row, _program_families())),
        _PROGRAM_LABELS.format(topics=_codes(SOURCE_TOPICS), reasons=_codes(REASONS)),
    ]
    return "\n".join(sections)


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:], ""])


def _window_rows() -> Iterator[Row]:
    for window in (*WINDOWS, CUSTOMER_WINDOWS[-1]):
        covers = (
            _length(window.panes * window.resolution.length_ms) if window.panes else "since local midnight"
        )
        only = "" if window in WINDOWS else "; retention and churn only"
        yield (
            f"`{window.name}`",
            f"{_length(window.resolution.length_ms)} each",
            f"{covers}{_partial(window)}{only}",
            _codes(window.periods),
        )


def _partial(window: Window) -> str:
    return "" if window.panes is None else ", including the running pane"


def _length(ms: int) -> str:
    for unit, unit_ms in (("d", DAY_MS), ("h", HOUR_MS), ("min", MINUTE_MS)):
        if ms % unit_ms == 0:
            return f"{ms // unit_ms} {unit}"
    raise ValueError(ms)


def _final_rows() -> Iterator[Row]:
    for kind in FIGURES:
        yield (
            _linked(kind.name),
            kind.help,
            _further(kind),
            ", ".join(kind.rollups),
            f"`{kind.observations_name}`",
        )


def _other_rows() -> Iterator[Row]:
    customers = " and ".join(f"`{window.name}`" for window in CUSTOMER_WINDOWS)
    for shown in OTHER_FIGURES:
        by = ", ".join(EVERY_ROLLUP) if shown is PER_HOUR else f"all; windows {customers}"
        yield (_linked(shown.name), shown.help, "", by, f"`{shown.observations_name}`")


def _further(kind: FigureKind) -> str:
    """Further labels with all their values, asked of the figure itself.

    They are lowered from cells in which nothing is empty.
    """
    busy = cell_numbers.full()
    return _values(labels for labels, _ in kind.lower(busy))


def _values(samples: Iterable[Iterable[tuple[str, str]]]) -> str:
    found: dict[str, dict[str, None]] = {}
    for labels in samples:
        for name, value in labels:
            found.setdefault(name, {})[value] = None
    return "; ".join(f"`{name}`: {_codes(values)}" for name, values in found.items())


def _sla_row(family: Family) -> Row:
    return (f"[`{family.name}`](sla.md#figures)", family.help, _codes(family.labels))


def _part_rows() -> Iterator[Row]:
    values: dict[str, list[list[tuple[str, str]]]] = {}
    dims = ("team", "channel", "priority")
    view = View(0, (), (), (Part("1h", dims, {}),), {}, {}, None, 0, {})
    for collect in kpi_parts(_BUCKETS):
        for metric in collect(view):
            further = [
                [(name, value) for name, value in sample.labels.items() if name not in {"window", *dims}]
                for sample in metric.samples
            ]
            values[metric.name] = further
    for family in PARTS:
        kind = "gauge histogram" if family.type == "gaugehistogram" else family.type
        yield (f"`{family.name}`", family.help, kind, _values(values[family.name]))


def _program_families() -> list[Family]:
    return [family for family in FAMILIES if family.name.startswith("deskpulse_")]


def _program_row(family: Family) -> Row:
    return (f"`{family.exported_name}`", family.help, family.type, _codes(family.labels))


def _linked(name: str) -> str:
    return f"[`{name}`](kpis/{_PAGE_OF[name]}.md)"


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def documented() -> set[str]:
    """Names of all families as a scrape shows them: what the page must have, each by its name."""
    return {family.exported_name for family in FAMILIES} | {
        kind.observations_name for kind in catalogue.FIGURES
    }


if __name__ == "__main__":
    raise SystemExit(main())
