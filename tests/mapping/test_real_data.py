"""The real logs give the published figures: computed here naively, straight from the produced events."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest

from deskpulse.ingest.events_io import encode, record_key, to_ms
from deskpulse.ingest.mapping import DirtyRows, load_mapping, map_file
from streams.decode import Reject, decoder

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Events = list[dict[str, Any]]


def mapped(mappings: Path, name: str, file: Path) -> tuple[Events, DirtyRows]:
    dirty = DirtyRows()
    return list(map_file(file, load_mapping(mappings / f"{name}.yaml"), dirty)), dirty


@pytest.fixture(scope="module")
def helpdesk(mappings: Path, real_data: Path) -> tuple[Events, DirtyRows]:
    return mapped(mappings, "helpdesk_italy", real_data / "helpdesk_italy" / "finale.csv")


@pytest.fixture(scope="module")
def bank(mappings: Path, real_data: Path) -> tuple[Events, DirtyRows]:
    return mapped(
        mappings,
        "anonymous_bank_1999",
        real_data / "anonymous_bank_1999" / "data_anonymous_bank_february.txt",
    )


@pytest.fixture(scope="module", params=[2017, 2018])
def survey(request: pytest.FixtureRequest, mappings: Path, real_data: Path) -> tuple[int, Events]:
    year: int = request.param
    return year, mapped(mappings, f"sfo_survey_{year}", real_data / "sfo_survey" / f"sfo_survey_{year}.csv")[
        0
    ]


def firsts(events: Events, topic: str, outcome: str = "solved") -> dict[str, int]:
    """Time of each ticket's first event of a topic."""
    first: dict[str, int] = {}
    for event in events:
        if event["topic"] == topic and event.get("outcome", "solved") == outcome:
            at_ms = to_ms(event["occurred_at"])
            first[event["ticket_id"]] = min(at_ms, first.get(event["ticket_id"], at_ms))
    return first


def since_creation(events: Events, topic: str) -> list[int]:
    created = firsts(events, "ticket-created")
    return [at_ms - created[ticket] for ticket, at_ms in firsts(events, topic).items()]


def in_may_2010(times: Iterable[int]) -> int:
    return sum(datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m") == "2010-05" for at_ms in times)


def assert_contract(events: Events) -> None:
    """Every event decodes, has a key, and no two of one topic and ticket share an id."""
    ids: set[tuple[str, bytes, str]] = set()
    for event in events:
        decoded = decoder(event["topic"])(encode(event))
        assert not isinstance(decoded, Reject), decoded
        assert decoded.key.encode() == record_key(event["topic"], event)
        ids.add((event["topic"], record_key(event["topic"], event), event["event_id"]))
    assert len(events) == len(ids)


class TestHelpdeskItaly:
    def test_tickets_and_their_first_replies(self, helpdesk: tuple[Events, DirtyRows]) -> None:
        events, _ = helpdesk
        waits = since_creation(events, "first-reply")
        assert 4_580 == len(firsts(events, "ticket-created"))
        assert 4_285 == len(waits)
        assert 97.594 == round(mean(waits) / HOUR_MS, 3)
        assert 59_003 == median(waits) / 1000

    def test_resolutions(self, helpdesk: tuple[Events, DirtyRows]) -> None:
        events, _ = helpdesk
        took = since_creation(events, "resolved")
        assert 4_569 == len(took)
        assert 11.1225 == round(mean(took) / DAY_MS, 4)
        assert 5.983 == round(median(took) / DAY_MS, 3)
        assert 11 == len(firsts(events, "ticket-created").keys() - firsts(events, "resolved").keys())

    def test_tickets_resolved_more_than_once(self, helpdesk: tuple[Events, DirtyRows]) -> None:
        events, _ = helpdesk
        resolved = [event["ticket_id"] for event in events if event["topic"] == "resolved"]
        assert 386 == sum(resolved.count(ticket) > 1 for ticket in set(resolved))

    def test_may_2010(self, helpdesk: tuple[Events, DirtyRows]) -> None:
        events, _ = helpdesk
        assert 102 == in_may_2010(firsts(events, "resolved").values())
        assert 83 == in_may_2010(firsts(events, "ticket-created").values())

    def test_customers_sections_and_levels(self, helpdesk: tuple[Events, DirtyRows]) -> None:
        """Of the log's 397 customers, 7 sections and 4 levels, those in the first row of a case."""
        events, _ = helpdesk
        created = [event for event in events if event["topic"] == "ticket-created"]
        assert 394 == len({event["customer_id"] for event in created})
        assert 7 >= len({event["team"] for event in created}) > 1
        assert 4 == len({event["priority"] for event in created})

    def test_the_log_is_clean_and_the_events_are_valid(self, helpdesk: tuple[Events, DirtyRows]) -> None:
        events, dirty = helpdesk
        assert (21_348, 0, 0) == (dirty.rows, dirty.passed_over, dirty.count)
        assert_contract(events)


class TestAnonymousBank:
    def test_abandonment(self, bank: tuple[Events, DirtyRows]) -> None:
        """5,904 of 33,344 - 278 calls."""
        events, _ = bank
        created, abandoned = firsts(events, "ticket-created"), firsts(events, "resolved", "abandoned")
        assert (33_066, 5_904) == (len(created), len(abandoned))
        assert 17.855 == round(100 * len(abandoned) / len(created), 3)

    def test_talk_times(self, bank: tuple[Events, DirtyRows]) -> None:
        events, _ = bank
        talks = [event["talk_seconds"] for event in events if "talk_seconds" in event]
        assert 27_162 == len(talks) == len(firsts(events, "first-reply"))
        assert 176.353 == round(mean(talks), 3)
        assert 107 == median(talks)

    def test_calls_over_midnight_do_not_end_before_they_begin(self, bank: tuple[Events, DirtyRows]) -> None:
        events, _ = bank
        assert min(since_creation(events, "first-reply")) >= 0
        assert min(since_creation(events, "resolved")) >= 0
        assert max(since_creation(events, "resolved")) < 3 * HOUR_MS

    def test_the_dirt_is_counted_and_stops_nothing(self, bank: tuple[Events, DirtyRows]) -> None:
        events, dirty = bank
        assert (33_344, 278, len(events)) == (dirty.rows, dirty.passed_over, dirty.events)
        assert {
            "negative time in the voice unit": 25,
            "answered by nobody": 491,
            "answered without a time of service": 85,
        } == dirty.reasons
        assert 5 == len(dirty.examples["answered by nobody"])
        assert_contract(events)


class TestSfoSurvey:
    def test_net_promoter_score(self, survey: tuple[int, Events]) -> None:
        year, events = survey
        scores = [event["score"] for event in events if event["kind"] == "nps"]
        promoters, detractors = sum(score >= 9 for score in scores), sum(score <= 6 for score in scores)
        expected = {2017: (2_746, 1_436, 342, 39.840), 2018: (2_650, 1_268, 447, 30.981)}
        assert expected[year] == (
            len(scores),
            promoters,
            detractors,
            round(100 * (promoters - detractors) / len(scores), 3),
        )

    def test_satisfaction(self, survey: tuple[int, Events]) -> None:
        year, events = survey
        scores = [event["score"] for event in events if event["kind"] == "csat"]
        satisfied = sum(score >= 4 for score in scores)
        expected = {2017: (2_206, 2_688, 82.068), 2018: (2_059, 2_625, 78.438)}
        assert expected[year] == (satisfied, len(scores), round(100 * satisfied / len(scores), 3))

    def test_answers_are_dated_in_may_and_valid(self, survey: tuple[int, Events]) -> None:
        year, events = survey
        months = {
            datetime.fromtimestamp(to_ms(event["occurred_at"]) / 1000, UTC).strftime("%Y-%m")
            for event in events
        }
        assert {f"{year}-05"} == months
        assert_contract(events)
