"""Cases of the alerts about exporters that do not answer, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from scripts.rule_tests.model import DESK, INSTANCES, Case, Fired, Look, figures, healthy

A, B = INSTANCES["a"], INSTANCES["b"]
BOARD: Final = "deskpulse-pipeline"
JOB: Final = {"job": "deskpulse-exporter"}
UNTRUSTED: Final = {"figures": "untrusted"}


def told(severity: str, summary: str, description: str, **labels: str) -> Fired:
    """An alert about the pipeline."""
    return Fired(
        labels={"severity": severity, "kind": "pipeline", **labels},
        summary=summary,
        description=description,
        board=BOARD,
    )


def cases() -> Iterator[Case]:
    """All of them."""
    absent = told(
        "page",
        "No exporter answers, so the desk has no figures. Check that one runs.",
        "Prometheus has reached no exporter of this desk for two minutes, so the desk has no figures at "
        "all. Check that an exporter runs, that Prometheus can reach it, and that its setting desk.name is "
        "the desk of these rules.",
        **UNTRUSTED,
    )
    yield Case(
        "no exporter was ever there: told after two minutes and not before",
        {'up{job="prometheus",instance="127.0.0.1:9090"}': "1x20"},
        (Look("1m", "DeskpulseExporterAbsent"), Look("2m", "DeskpulseExporterAbsent", (absent,))),
    )
    gone = {"up": "1x3 0x20", "deskpulse_exporter_up": "1x3 stale"}
    yield Case(
        "both exporters are down: told once",
        {**figures(A, gone), **figures(B, gone)},
        (Look("5m", "DeskpulseExporterAbsent"), Look("6m", "DeskpulseExporterAbsent", (absent,))),
    )
    yield Case(
        "one of two is down: told by its name; the other one's restart of a minute is not",
        {**figures(A, gone), **figures(B, {"up": "1x3 0 1x20", "deskpulse_exporter_up": "1x3 stale 1x20"})},
        (
            Look("5m", "DeskpulseExporterDown"),
            Look("6m", "DeskpulseExporterDown", (_down(A),)),
            Look("6m", "DeskpulseExporterAbsent"),
        ),
    )
    yield from _of_which_desk(gone)


def _down(instance: str, desk: str | None = DESK) -> Fired:
    return Fired(
        labels={"severity": "warning", "kind": "pipeline", **JOB, "instance": instance},
        summary=f"Exporter {instance} does not answer. Check its process and the network.",
        description=(
            f"Prometheus has not reached {instance} for two minutes. Figures of other exporters are not "
            "affected. Check that its process runs, then the network between the two."
        ),
        board=BOARD,
        desk=desk,
    )


def _of_which_desk(gone: Mapping[str, str]) -> Iterator[Case]:
    """A target that does not answer tells no desk."""
    yield Case(
        "an exporter of another desk is down: its own rules tell it, and not these",
        {**healthy(25), **figures(B, gone, "us")},
        tuple(Look("10m", alert) for alert in ("DeskpulseExporterDown", "DeskpulseExporterAbsent")),
    )
    yield Case(
        "every exporter of this desk is down, and another desk goes on: told, both of the one that is down "
        "and of the desk",
        {**figures(A, gone), **healthy(25, instance=B, desk="us")},
        (Look("10m", "DeskpulseExporterDown", (_down(A),)),),
    )
    yield Case(
        "a target never answered, and nothing tells whose it is: told without a desk",
        {**healthy(25), **figures(B, {"up": "0x25"})},
        (Look("10m", "DeskpulseExporterDown", (_down(B, None),)),),
    )
    target = 'up{{job="deskpulse-exporter",instance="{}",desk="{}"}}'
    yield Case(
        "two targets never answered, and the scrape configuration gives each its desk: that of this desk "
        "is told",
        {**healthy(25), target.format(B, DESK): "0x25", target.format("10.0.0.4:9108", "us"): "0x25"},
        (Look("10m", "DeskpulseExporterDown", (_down(B),)),),
    )
