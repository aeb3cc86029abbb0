"""Cases of the alerts about records that no figure counts, and about places for names."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.rule_tests.exporter_cases import A, B, told
from scripts.rule_tests.model import Case, Look, figures


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _records()
    yield from _names()


def _records() -> Iterator[Case]:
    # 10 a minute for ten minutes: an increase of 100 over ten minutes, in each exporter.
    refused = {
        'deskpulse_events_rejected_total{partition="0",reason="syntax"}': "0+10x10 100x20",
        'deskpulse_events_rejected_total{partition="0",reason="key"}': "0x31",
    }
    rejecting = told(
        "warning",
        "Records rejected in 10 min: 100 (syntax). Read the dead letters.",
        "Records rejected in ten minutes for the reason syntax: 100. They count in no figure; the topic "
        "dead-letter keeps them. Read a few of them, then fix their producer.",
        reason="syntax",
    )
    yield Case(
        "refused records are told once by reason, although two exporters show them, and no longer when "
        "they stop",
        {**figures(A, refused), **figures(B, refused)},
        (Look("10m", "DeskpulseRejecting", (rejecting,)), Look("25m", "DeskpulseRejecting")),
    )
    lost = told(
        "page",
        "Records deleted before a worker read them: 40. Raise the topics' retention.",
        "Records lost in ten minutes: 40. The retention of a source topic is shorter than the workers' lag. "
        "Raise the retention now, then find out why the workers are behind.",
    )
    deleted = {'deskpulse_records_lost_total{partition="0"}': "0x5 40x10"}
    yield Case(
        "loss is told at once, once",
        {**figures(A, deleted), **figures(B, deleted)},
        (Look("5m", "DeskpulseRecordsLost"), Look("10m", "DeskpulseRecordsLost", (lost,))),
    )
    skipped = told(
        "warning",
        "Records skipped by an operator: 1. They crash workers: find their producer.",
        "Records skipped in ten minutes: 1. They count in no figure; the topic dead-letter keeps them. "
        "Find out what is wrong with them before more arrive.",
    )
    yield Case(
        "a record that was passed over is told",
        figures(A, {'deskpulse_records_skipped_total{partition="0"}': "0x5 1x10"}),
        (Look("5m", "DeskpulseRecordsSkipped"), Look("10m", "DeskpulseRecordsSkipped", (skipped,))),
    )


def _names() -> Iterator[Case]:
    near = told(
        "warning",
        "90% of the name limit is used: combination. Find invented names or raise it.",
        "Beyond the limit of a partition, new names count as other for the life of the ledger. Either a "
        "producer invents names, or desk.max_combinations is too small.",
        of="combination",
    )
    values = {
        ("held", "combination"): "0x2 4500x30",
        ("limit", "combination"): "5000x32",
        ("held", "team"): "800x32",
        ("limit", "team"): "1000x32",
    }
    yield Case(
        "a partition that is four fifths full is not told of, one that is fuller is",
        figures(
            A,
            {
                f'deskpulse_names_{what}{{partition="0",of="{of}"}}': value
                for (what, of), value in values.items()
            },
        ),
        (Look("12m", "DeskpulseNamesNearLimit"), Look("13m", "DeskpulseNamesNearLimit", (near,))),
    )
