"""Every metric family that an exporter serves, as one catalogue: name, help, type, unit.

`docs/metrics.md` is made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from kpis.figures import catalogue
from kpis.figures.kpi.declaration import Shown
from kpis.members import EVERY_DIMENSION

Type = Literal["gauge", "counter", "gaugehistogram", "info"]


class Family(NamedTuple):
    """A metric family.

    `name` is without the suffixes that the type adds (`_total`, `_info`, `_bucket`, ...).
    """

    name: str
    help: str
    type: Type = "gauge"
    labels: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The base unit that the name ends with, which OpenMetrics wants to be told."""
        return next((unit for unit in ("seconds", "ratio") if self.name.endswith(f"_{unit}")), "")

    @property
    def exported_name(self) -> str:
        """The name that a scrape in Prometheus' text format shows for it."""
        return self.name + {"counter": "_total", "info": "_info"}.get(self.type, "")

    def new(self) -> Metric:
        """The family without samples."""
        return Metric(self.name, self.help, self.type, self.unit)

    def having(self, *samples: tuple[Mapping[str, str], float | None]) -> Metric:
        """The family with samples; None is a sample that is absent."""
        metric = self.new()
        metric.samples.extend(
            Sample(self.exported_name, dict(labels), value) for labels, value in samples if value is not None
        )
        return metric


_FIGURE_LABELS: Final = ("window", "period", "by", "member")


def _final() -> Iterator[Family]:
    for kind in catalogue.FIGURES:
        fixed = tuple(name for name, _ in kind.fixed_labels)
        yield Family(kind.name, kind.help, labels=_FIGURE_LABELS + kind.how.labels)
        yield Family(
            kind.observations_name, f"Observations behind {kind.name}.", labels=_FIGURE_LABELS + fixed
        )
    for shown in catalogue.OTHER_FIGURES:
        yield _windowed(shown)
        yield Family(shown.observations_name, f"Observations behind {shown.name}.", labels=_FIGURE_LABELS)


def _windowed(shown: Shown) -> Family:
    return Family(shown.name, shown.help, labels=_FIGURE_LABELS + shown.labels)


def _of_now(shown: Shown) -> Family:
    return Family(shown.name, shown.help, labels=("by", "member", *shown.labels))


FINAL: Final = tuple(_final())
LIVE: Final = tuple(map(_of_now, catalogue.LIVE_FIGURES))
# Only where a policy or the tickets themselves bring deadlines there are samples of these.
SLA_FINAL: Final = tuple(map(_windowed, catalogue.SLA_FIGURES))
SLA_LIVE: Final = tuple(map(_of_now, catalogue.SLA_LIVE_FIGURES))
SLA_WORST: Final = tuple(map(_of_now, catalogue.WORST_FIGURES))
# Only teams with a calendar have these.
CLOSED_FINAL: Final = tuple(map(_windowed, catalogue.CLOSED_FIGURES))

# of segment only where the desk has switched it on
_PART_LABELS: Final = ("window", *EVERY_DIMENSION)
CREATED: Final = Family("support_created_tickets", "Tickets created in the window.", labels=_PART_LABELS)
SOLVED: Final = Family(
    "support_solved_tickets", "First resolutions with outcome solved in the window.", labels=_PART_LABELS
)
ABANDONED: Final = Family(
    "support_abandoned_tickets", "Tickets resolved with outcome abandoned in the window.", labels=_PART_LABELS
)
FIRST_RESPONSE: Final = Family(
    "support_first_response_seconds",
    "First response times counted in the window.",
    "gaugehistogram",
    _PART_LABELS,
)
HANDLE_TIME: Final = Family(
    "support_handle_time_seconds",
    "Handle times of the window's interactions.",
    "gaugehistogram",
    _PART_LABELS,
)
RESOLUTION_TIME: Final = Family(
    "support_resolution_time_seconds",
    "Resolution times counted in the window.",
    "gaugehistogram",
    _PART_LABELS,
)
NPS_ANSWERS: Final = Family(
    "support_nps_answers", "Answers to the NPS question in the window.", labels=(*_PART_LABELS, "group")
)
CSAT_ANSWERS: Final = Family(
    "support_csat_answers", "Answers to the CSAT question in the window.", labels=(*_PART_LABELS, "satisfied")
)
PARTS: Final = (
    CREATED,
    SOLVED,
    ABANDONED,
    FIRST_RESPONSE,
    HANDLE_TIME,
    RESOLUTION_TIME,
    NPS_ANSWERS,
    CSAT_ANSWERS,
)


def metric_families() -> tuple[Family, ...]:
    """All families of the figures (`support_*`)."""
    return (*FINAL, *LIVE, *SLA_FINAL, *CLOSED_FINAL, *SLA_LIVE, *SLA_WORST, *PARTS)
