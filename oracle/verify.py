"""Hold what was exported against the oracle, sample by sample, in both directions."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import parser as text_parser
from prometheus_client.openmetrics import parser as openmetrics_parser

from oracle.figures import OracleFigure, le_label

Key = tuple[str, frozenset[tuple[str, str]]]

RATIO_TOLERANCE: Final = 1e-9
QUANTILE_TOLERANCE: Final = 0.01
QUANTILE_SLACK_SECONDS: Final = 0.001
COUNT_SUFFIXES: Final = (
    "_observations",
    "_tickets",
    "_answers",
    "_responders",
    "_bucket",
    "_gcount",
    "_timestamp_seconds",
)

_DESK: Final = "desk"
# named after what they estimate, and no counts
ESTIMATES: Final = frozenset({"support_sla_forecast_breaches_tickets"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One sample that is not what it should be; None where a side has no sample."""

    kind: Literal["missing", "unexpected", "value"]
    name: str
    labels: frozenset[tuple[str, str]]
    expected: float | None
    found: float | None

    def __str__(self) -> str:
        """Read as one line: what, where, and both values."""
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(self.labels))
        sample = f"{self.name}{{{labels}}}"
        if self.kind == "missing":
            return f"missing     {sample}: expected {self.expected!r}"
        if self.kind == "unexpected":
            return f"unexpected  {sample}: found {self.found!r}"
        return f"value       {sample}: expected {self.expected!r}, found {self.found!r}"


def compare(
    expected: Iterable[OracleFigure],
    samples: Mapping[Key, float],
    *,
    ignore: Collection[str] = (),
) -> list[Difference]:
    """List every difference, sorted; an empty list means that both agree.

    Counts must be equal, means and ratios to 1e-9, quantiles to 1 % and 1 ms. Samples
    not named `support_*`, and the sample names in `ignore`, are left alone.
    """
    wanted = {figure.key: figure.value for figure in expected}
    found = {key: value for key, value in samples.items() if key[0].startswith("support_")}
    differences = [
        _difference(key, wanted.get(key), found.get(key))
        for key in {*wanted, *found}
        if key[0] not in ignore and not _agree(key[0], wanted.get(key), found.get(key))
    ]
    return sorted(differences, key=lambda d: (d.name, sorted(d.labels)))


def report(differences: Collection[Difference], *, limit: int = 50) -> str:
    """Write differences for people, a line each, the first `limit` of them."""
    if not differences:
        return "no differences"
    lines = [str(difference) for difference in list(differences)[:limit]]
    if len(differences) > limit:
        lines.append(f"and {len(differences) - limit} more")
    return "\n".join([f"{len(differences)} differences", *lines])


def parse_exposition(text: str) -> dict[Key, float]:
    """Read the samples of a scrape, in Prometheus' text format or in OpenMetrics.

    Bucket edges are written in the oracle's way (`60.0`). The label `desk`, which all
    samples of an exporter share, is left out. The same sample twice is an error of the
    exporter and raises ValueError.
    """
    is_openmetrics = text.rstrip().endswith("# EOF")
    parse = openmetrics_parser if is_openmetrics else text_parser
    samples: dict[Key, float] = {}
    for family in parse.text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, frozenset(_labels(sample.labels)))
            if key in samples:
                message = f"sample exported twice: {sample.name} {sample.labels}"
                raise ValueError(message)
            samples[key] = float(sample.value)
    return samples


def _labels(labels: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for name, value in labels.items():
        if name != _DESK:
            yield (name, le_label(float(value)) if name == "le" else value)


def _agree(name: str, expected: float | None, found: float | None) -> bool:
    if expected is None or found is None:
        return False
    if name.endswith(COUNT_SUFFIXES) and name not in ESTIMATES:
        return expected == found
    if "_quantile_" in name:
        allowed = QUANTILE_TOLERANCE * abs(expected) + QUANTILE_SLACK_SECONDS
        return abs(expected - found) <= allowed
    # The absolute part is for sums that cancel to nearly nothing, as interval bounds do.
    return math.isclose(expected, found, rel_tol=RATIO_TOLERANCE, abs_tol=RATIO_TOLERANCE)


def _difference(key: Key, expected: float | None, found: float | None) -> Difference:
    name, labels = key
    if expected is None:
        return Difference("unexpected", name, labels, None, found)
    kind: Literal["missing", "value"] = "missing" if found is None else "value"
    return Difference(kind, name, labels, expected, found)
