"""The independent reader rebuilds a ledger of the worker's own state figure by figure.

It sees any damage to the ledger.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from deskpulse.settings import Settings
from kpis.state.partition import PartitionState
from proofs.soak.archive import Contents, Kept
from proofs.soak.judge import Truth
from proofs.soak.load import as_sent, late_desk, with_bad_records
from proofs.soak.rebuild import Ledger, build
from streams.topics import SOURCE_TOPICS, ledger_topics
from windows.panes import DAY_MS, HOUR_MS

NOW_MS = round(time.time() * 1000)
SETTINGS = Settings()
TICKETS, VIEW = ledger_topics(SETTINGS.app_id)
COUNT = 3_000
BATCH = 200


@pytest.fixture(scope="module", params=[11])
def contents(request: pytest.FixtureRequest) -> Contents:
    """A desk of some days in one partition, with duplicates and bad records."""
    records: dict[TopicPartition, list[Kept]] = {TopicPartition(topic, 0): [] for topic in SOURCE_TOPICS}
    events = late_desk(
        request.param, start_ms=NOW_MS - 5 * DAY_MS, end_ms=NOW_MS - DAY_MS, rate_per_hour=40.0
    )
    for topic, key, value in islice(with_bad_records(as_sent(events)), COUNT):
        log = records[TopicPartition(topic, 0)]
        log.append(Kept(len(log), key, value, NOW_MS))
    return Contents(records, prefix=0)


def written(contents: Contents) -> Iterator[tuple[str, bytes, bytes | None]]:
    """The rows that a worker would write, transaction by transaction."""
    state = PartitionState(0)
    for place, log in contents.records.items():
        for start in range(0, len(log), BATCH):
            state.apply(
                place.topic,
                [SimpleNamespace(partition=0, **kept._asdict()) for kept in log[start : start + BATCH]],
            )
            changes = state.take_changes()
            yield from ((TICKETS, key, value) for key, value in changes.tickets)
            yield from ((VIEW, key, value) for key, value in changes.view)


@pytest.fixture(scope="module")
def rows(contents: Contents) -> list[tuple[str, bytes, bytes | None]]:
    return list(written(contents))


def ledger(rows: list[tuple[str, bytes, bytes | None]]) -> Ledger:
    logs: dict[TopicPartition, list[Any]] = {TopicPartition(topic, 0): [] for topic in (TICKETS, VIEW)}
    for topic, key, value in rows:
        logs[TopicPartition(topic, 0)].append(SimpleNamespace(key=key, value=value))
    return build(logs, VIEW)


@pytest.fixture(scope="module")
def truth(contents: Contents) -> Truth:
    return Truth.of(SETTINGS, contents)


def test_a_sound_ledger_equals_the_oracle(truth: Truth, rows: list[tuple[str, bytes, bytes | None]]) -> None:
    sound = ledger(rows)
    found = [truth.ledger(sound, NOW_MS), truth.rows(sound), truth.counters(sound)]
    assert [[], [], []] == [comparison.differences for comparison in found]
    assert min(comparison.compared for comparison in found) > 2
    assert found[0].compared > 1_000


def test_a_ledger_that_knows_events_ahead_of_the_instant_equals_the_oracle(
    truth: Truth, rows: list[tuple[str, bytes, bytes | None]]
) -> None:
    """An hour before the last events: they are in the levels, and in no window."""
    found = truth.ledger(ledger(rows), NOW_MS - DAY_MS - HOUR_MS)
    assert [] == found.differences


def test_rows_behind_the_last_position_row_do_not_count(
    truth: Truth, rows: list[tuple[str, bytes, bytes | None]]
) -> None:
    """The last transaction without its position row: readers may not show it."""
    assert truth.ledger(ledger(rows[:-1]), NOW_MS).differences


def test_a_ticket_row_that_is_missing_is_seen(
    truth: Truth, rows: list[tuple[str, bytes, bytes | None]]
) -> None:
    last = next(key for topic, key, _ in reversed(rows) if topic == TICKETS and key.startswith(b"t"))
    [told] = truth.rows(ledger([row for row in rows if row[1] != last])).differences
    assert told.startswith(f"{last[1:].decode()}: expected {{'facts'")
    assert told.endswith("found None")


def test_an_event_that_was_merged_twice_is_seen_by_a_counter(truth: Truth, contents: Contents) -> None:
    """A batch that is applied again changes no figure and no row."""
    state = PartitionState(0)
    for place, log in contents.records.items():
        records = [SimpleNamespace(partition=0, **kept._asdict()) for kept in log]
        state.apply(place.topic, records)
        if place.topic == "ticket-changed":  # the largest: bad records are among it whatever the day
            state.apply(place.topic, records)
    changes = state.take_changes()
    again = ledger(
        [
            *((TICKETS, key, value) for key, value in changes.tickets),
            *((VIEW, key, value) for key, value in changes.view),
        ]
    )
    assert [] == truth.ledger(again, NOW_MS).differences == truth.rows(again).differences
    assert {"accepted", "duplicate", "rejected syntax"} == {
        told.partition(":")[0] for told in truth.counters(again).differences
    }


def test_a_loss_is_a_difference_unless_it_is_known(
    truth: Truth, rows: list[tuple[str, bytes, bytes | None]]
) -> None:
    assert ["lost: expected 5, found 0"] == truth.counters(ledger(rows), lost=5).differences


def test_dead_letters_are_there_once_and_no_others(truth: Truth) -> None:
    letters = [SimpleNamespace(key=key.encode()) for key in sorted(truth.refused)]
    assert letters
    assert [] == truth.dead_letters(letters).differences
    first = letters[0].key.decode()
    assert [f"missing: {first}"] == truth.dead_letters(letters[1:]).differences
    assert [f"twice: {first}"] == truth.dead_letters([*letters, letters[0]]).differences
    assert ["unexpected: survey-0-9999"] == truth.dead_letters(
        [*letters, SimpleNamespace(key=b"survey-0-9999")]
    ).differences
