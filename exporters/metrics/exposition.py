"""Metric families as text, byte for byte what prometheus_client writes, but faster.

Label sets are rendered once, not at each scrape.

Which format a scraper gets is still prometheus_client's decision; a test holds both outputs together. Here,
and nowhere else, every series gets the label `desk` before all others: several desks may share one
Prometheus, and no family can be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from prometheus_client import utils
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from kpis.figure import Labels

Encode = Callable[[Iterable[Metric]], bytes]
DESK: Final = "desk"  # no family has a label of this name
_number: Final[Callable[[float], str]] = utils.floatToGoString
MOST_LABEL_SETS: Final = 200_000  # names that come and go must not fill the memory
# Prometheus' format knows no gauge histogram: these become gauges behind it
_SUFFIXES_OF_THEIR_OWN: Final = ("_gcount", "_gsum")
_NAMES: Final = {"counter": "_total", "info": "_info"}
_TYPES: Final = {"info": "gauge", "gaugehistogram": "histogram"}


class LabelSet(dict[str, str]):
    """Labels that carry their own text. Never change one."""

    __slots__ = ("text",)

    def __init__(self, labels: Mapping[str, str]) -> None:
        super().__init__(labels)
        self.text = label_text(labels)


_label_sets: dict[Labels, LabelSet] = {}


def label_set(labels: Labels) -> LabelSet:
    """The one LabelSet of these labels."""
    found = _label_sets.get(labels)
    if found is None:
        if len(_label_sets) >= MOST_LABEL_SETS:
            _label_sets.clear()
        found = _label_sets[labels] = LabelSet(dict(labels))
    return found


def label_text(labels: Mapping[str, str]) -> str:
    r"""Labels as a scrape shows them, sorted and escaped.

    >>> label_text({"team": 'a "b"', "by": "team"})
    '{by="team",team="a \\"b\\""}'
    """
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in sorted(labels.items())) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def choose(accept: str, desk: str) -> tuple[Encode, str]:
    """The encoder and the content type for an `Accept` header; all series carry this desk."""
    _, content_type = choose_encoder(accept)
    encode = encode_openmetrics if content_type.startswith("application/openmetrics-text") else encode_text
    return partial(encode, desk=desk), content_type


def encode_text(metrics: Iterable[Metric], desk: str | None = None) -> bytes:
    """Prometheus' text format. Without a desk series have the labels of their samples alone."""
    out: list[str] = []
    line = _writer(desk)
    for metric in metrics:
        name = metric.name + _NAMES.get(metric.type, "")
        text = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
        out.append(f"# HELP {name} {text}\n# TYPE {name} {_TYPES.get(metric.type, metric.type)}\n")
        if metric.type != "gaugehistogram":
            out.extend(map(line, metric.samples))
            continue
        own = tuple(metric.name + suffix for suffix in _SUFFIXES_OF_THEIR_OWN)
        out.extend(line(sample) for sample in metric.samples if sample.name not in own)
        for name in own:
            out.append(f"# HELP {name} {text}\n# TYPE {name} gauge\n")
            out.extend(line(sample) for sample in metric.samples if sample.name == name)
    return "".join(out).encode()


def encode_openmetrics(metrics: Iterable[Metric], desk: str | None = None) -> bytes:
    """OpenMetrics 1.0. Without a desk series have the labels of their samples alone."""
    out: list[str] = []
    line = _writer(desk)
    for metric in metrics:
        out.append(
            f"# HELP {metric.name} {_escape(metric.documentation)}\n# TYPE {metric.name} {metric.type}\n"
        )
        if metric.unit:
            out.append(f"# UNIT {metric.name} {metric.unit}\n")
        out.extend(map(line, metric.samples))
    out.append("# EOF\n")
    return "".join(out).encode()


def _writer(desk: str | None) -> Callable[[Sample], str]:
    """What makes a line of a sample."""
    alone = "" if desk is None else f'{{{DESK}="{_escape(desk)}"}}'
    before = "{" if desk is None else f"{alone[:-1]},"

    def line(sample: Sample) -> str:
        name, labels, value, *_ = sample
        text = labels.text if type(labels) is LabelSet else label_text(labels)
        return f"{name}{before}{text[1:]} {_number(value)}\n" if text else f"{name}{alone} {_number(value)}\n"

    return line
