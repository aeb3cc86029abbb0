"""`report --by created`, worked by hand: what a ticket has come to counts in the window of its creation."""

from __future__ import annotations

from typing import Final

import pytest

from kpis.figures.batch import Batch, History
from tests.golden.desk import NOON_MS, RULES
from tests.golden.readers import play, samples

# T1 of yesterday morning, T2 of this one; all else is of this morning.
STORY: Final = """
    -1d 09:00 T1 created team=billing
    10:00 T1 replied
    10:30 T1 transferred team=sales
    11:00 T1 resolved talk_seconds=60
    11:30 T1 survey kind=csat score=5
    11:30 T1 reopened
    11:40 T1 resolved
    10:00 T2 created team=billing
    10:20 T2 replied
    10:40 T2 resolved"""


def shown(story: str, name: str, *, by_created: bool, **labels: str) -> float | None:
    """A figure of the last 24 h (from yesterday noon on) of `all`, unless labels say otherwise."""
    history = History()
    for _, topic, _, value in play(story).events:
        assert history.add(topic, value) is None
    batch = Batch(history, RULES, NOON_MS, by_created=by_created)
    found = samples(batch.figures(batch.stretches(NOON_MS, ("24h", "30d")), NOON_MS))
    where = {"window": "24h", "period": "current", "by": "all", "member": "all", **labels}
    return found.get((name, frozenset(where.items())))


@pytest.mark.parametrize(
    ("name", "labels", "by_event", "by_created"),
    [
        # T1 was answered after 25 h, T2 after 20 min: both today, and T2 alone was created in the window
        ("support_first_response_mean_observations", {"clock": "calendar"}, 2, 1),
        ("support_first_response_mean_seconds", {"clock": "calendar"}, 45_600.0, 1_200.0),
        ("support_resolution_time_mean_seconds", {"clock": "calendar"}, 48_000.0, 2_400.0),
        # two solved and one created: 2 of 1; by creation T2's alone: 1 of 1
        ("support_resolution_ratio", {}, 2.0, 1.0),
        ("support_reopen_ratio", {}, 0.5, 0.0),
        ("support_csat_observations", {}, 1, 0),
        ("support_handle_time_mean_observations", {}, 1, 0),
        ("support_tickets", {}, 1, 1),
    ],
)
def test_all_of_a_ticket_counts_in_the_window_of_its_creation(
    name: str, labels: dict[str, str], by_event: float, by_created: float
) -> None:
    assert by_event == shown(STORY, name, by_created=False, **labels)
    assert by_created == shown(STORY, name, by_created=True, **labels)


def test_yesterday_has_what_became_of_its_ticket_since() -> None:
    """T1 in the 24 h before: created, solved, reopened, with a score: 1 of 1 each. By events: 0 of 1."""
    yesterday = {"period": "previous"}
    for name in ("support_resolution_ratio", "support_reopen_ratio", "support_csat_ratio"):
        assert 1.0 == shown(STORY, name, by_created=True, **yesterday)
    assert 0.0 == shown(STORY, "support_resolution_ratio", by_created=False, **yesterday)


def test_labels_stay_those_of_the_event() -> None:
    """Billing answered T1, sales solved it, both for a ticket of yesterday."""
    for team, replies, solutions in (("billing", 1, 0), ("sales", 0, 1)):
        where = {"period": "previous", "by": "team", "member": team}
        assert replies == shown(
            STORY,
            "support_first_response_mean_observations",
            by_created=True,
            clock="calendar",
            **where,
        )
        assert solutions == shown(STORY, "support_reopen_observations", by_created=True, **where)


def test_what_ripens_later_does_not_count_yet() -> None:
    """First contact is known 7 days after a solution: of the ticket of 8 days ago, not of that of today."""
    story = f"""
        -8d 10:00 T3 created
        -8d 10:05 T3 replied
        -8d 10:30 T3 resolved
        {STORY}"""
    assert 1 == shown(story, "support_first_contact_observations", by_created=True, window="30d")


def test_a_ticket_without_a_known_creation_counts_nowhere() -> None:
    story = "10:20 replied\n10:30 resolved talk_seconds=60"
    name = "support_handle_time_mean_observations"
    assert (1, 0) == (
        shown(story, name, by_created=False, window="30d"),
        shown(story, name, by_created=True, window="30d"),
    )


def test_what_is_dated_before_the_creation_is_still_an_anomaly() -> None:
    history = History()
    for _, topic, _, value in play("10:00 created\n09:50 replied").events:
        assert history.add(topic, value) is None
    assert 1 == Batch(history, RULES, NOON_MS, by_created=True).quality(NOON_MS).anomalies


def test_there_are_no_levels() -> None:
    history = History()
    for _, topic, _, value in play("10:00 created").events:
        assert history.add(topic, value) is None
    batch = Batch(history, RULES, NOON_MS, by_created=True)
    names = {one.name for one in batch.figures(batch.stretches(NOON_MS, ("24h",)), NOON_MS)}
    assert "support_tickets" in names
    assert {"support_open_tickets", "support_waiting_tickets"}.isdisjoint(names)
