"""Why a view is not complete is told in words that name the fix."""

from dataclasses import replace

import pytest

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig
from exporters.errors import TopicsError
from exporters.reading.status import LedgerPartition, LogSpan, ReaderStatus
from exporters.reading.topics import check_counts
from exporters.reading.workers import Workers
from tests.exporters.desk import RULES, all_read

CONFIG = ExporterConfig(
    time=EXPORTER,
    kafka={"bootstrap_servers": "127.0.0.1:9092"},
    view_rules=RULES,
    app_id="desk",
    topic_prefix="t-",
)
FOUND = {"desk-view": 4, **dict.fromkeys(CONFIG.sources, 4)}


def test_all_read_is_complete() -> None:
    status = all_read(2)
    assert status.ready
    assert status.complete
    assert () == status.reasons


def test_before_the_first_contact_nothing_is_known() -> None:
    status = ReaderStatus()
    assert not status.ready
    assert ("the ledger has not been found yet",) == status.reasons


def test_one_partition_behind_is_not_ready() -> None:
    behind = {0: LedgerPartition(3, 10, 10, caught_up=False), 1: LedgerPartition(10, 10, 10, caught_up=True)}
    status = all_read(2, partitions=behind)
    assert not status.ready
    assert ("reading the ledger: 1 of 2 partitions are read to their end",) == status.reasons


def test_a_partition_not_begun_is_not_ready() -> None:
    assert not replace(all_read(1), expected=2).ready


def test_a_hanging_transaction_leaves_it_ready_and_incomplete() -> None:
    status = all_read(1, partitions={0: LedgerPartition(10, 15, 10, caught_up=True, stuck_seconds=6.0)})
    assert status.ready
    assert (
        "partition 0: an open transaction has held 5 records back for 6 s; check whether its worker hangs",
    ) == status.reasons


def test_silence_makes_the_figures_stale() -> None:
    assert ("Kafka has not answered for 11 s: the figures are that old",) == all_read(
        1, silent_seconds=11.0
    ).reasons


@pytest.mark.parametrize(
    ("workers", "recovering", "words"),
    [
        (Workers(1, {0: "a"}), frozenset(), "no worker owns it"),
        (Workers(2, {0: "a", 1: "b"}), frozenset({1}), "b is still recovering it"),
        (Workers(2, {0: "a", 1: "b"}), frozenset(), "b works on it"),
        (None, frozenset(), "it is unknown whether a worker owns it"),
    ],
)
def test_a_ledger_that_is_far_behind_is_ready_and_incomplete(
    workers: Workers | None, recovering: frozenset[int], words: str
) -> None:
    """Whoever reads the ledger shows all of it.

    That it lacks what partition 1 has held for 31 s is said, with who should see to it.
    """
    waiting = LogSpan(0, 9, 0, 31.0)
    sources = {("survey", 0): LogSpan(0, 9, 0, 29.0), ("survey", 1): waiting, ("resolved", 1): waiting}
    status = all_read(2, sources=sources, workers=workers, recovering=recovering)
    assert (True, (), False) == (status.ready, status.reasons, status.complete)
    assert (f"partition 1: records of resolved, survey have waited for 31 s; {words}",) == status.behind


def test_a_fault_is_told_first() -> None:
    assert "no broker answers" == all_read(1, fault="no broker answers").reasons[0]


def test_equal_counts_are_the_partition_count() -> None:
    assert 4 == check_counts(FOUND, CONFIG)


def test_missing_topics_are_named_with_the_command_that_makes_them() -> None:
    with pytest.raises(
        TopicsError, match=r"no topic desk-view, t-survey: create the topics with `deskpulse topics`"
    ):
        check_counts({**FOUND, "desk-view": 0, "t-survey": 0}, CONFIG)


def test_unequal_counts_are_told() -> None:
    with pytest.raises(TopicsError, match=r"desk-view has 4 partitions, but t-survey 8"):
        check_counts({**FOUND, "t-survey": 8}, CONFIG)
