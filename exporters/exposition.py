"""Metric families as text, byte for byte what prometheus_client writes, but faster: label sets are rendered once, not at each scrape.

Which format a scraper gets is still prometheus_client's decision; a test holds both outputs together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import utils
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

Labels = tuple[tuple[str, str], ...]
Encode = Callable[[Iterable[Metric]], bytes]
_number: Final[Callable[[float], str]] = utils.floatToGoString
MOST_LABEL_SETS: Final = 200_000  # names that come and go must not fill the memory
_SUFFIXES_OF_THEIR_OWN: Final = ("_gcount", "_gsum")  # Prometheus' format knows no gauge histogram: these become gauges behind it
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


def choose(accept: str) -> tuple[Encode, str]:
    """The encoder and the content type for an `Accept` header."""
    _, content_type = choose_encoder(accept)
    return (encode_openmetrics if content_type.startswith("application/openmetrics-text") else encode_text), content_type


def encode_text(metrics: Iterable[Metric]) -> bytes:
    """Prometheus' text format."""
    out: list[str] = []
    for metric in metrics:
        name = metric.name + _NAMES.get(metric.type, "")
        text = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
        out.append(f"# HELP {name} {text}\n# TYPE {name} {_TYPES.get(metric.type, metric.type)}\n")
        if metric.type != "gaugehistogram":
            out.extend(map(_line, metric.samples))
            continue
        own = tuple(metric.name + suffix for suffix in _SUFFIXES_OF_THEIR_OWN)
        out.extend(_line(sample) for sample in metric.samples if sample.name not in own)
        for name in own:
            out.append(f"# HELP {name} {text}\n# TYPE {name} gauge\n")
            out.extend(_line(sample) for sample in metric.samples if sample.name == name)
    return "".join(out).encode()


def encode_openmetrics(metrics: Iterable[Metric]) -> bytes:
    """OpenMetrics 1.0."""
    out: list[str] = []
    for metric in metrics:
        out.append(f"# HELP {metric.name} {_escape(metric.documentation)}\n# TYPE {metric.name} {metric.type}\n")
        if metric.unit:
            out.append(f"# UNIT {metric.name} {metric.unit}\n")
        out.extend(map(_line, metric.samples))
    out.append("# EOF\n")
    return "".join(out).encode()


def _line(sample: Sample) -> str:
    name, labels, value, *_ = sample
    return f"{name}{labels.text if type(labels) is LabelSet else label_text(labels)} {_number(value)}\n"
