"""What a run shows of the contract: each situation is known by a story of a few events."""

from __future__ import annotations

from typing import Any

import pytest

from deskpulse.ingest.events_io import TimedEvent
from deskpulse.lab.simulator import Kinds
from deskpulse.lab.simulator.situations import SITUATIONS
from deskpulse.lab.simulator.uses import USES

DAY_MS = 86_400_000
Step = tuple[str, dict[str, Any]]
Story = list[Step]

CREATED: Step = ("ticket-created", {"team": "a", "channel": "b", "priority": "c", "customer_id": "C1"})
MESSAGE: Step = ("customer_replied", {})
REPLY: Step = ("replied", {})
SOLVED: Step = ("resolved", {})
STORIES: dict[str, Story] = {
    "messages while the customer waits already": [CREATED, MESSAGE],
    "messages on a closed ticket": [CREATED, SOLVED, MESSAGE],
    "messages while a bot has the ticket": [CREATED, ("status", {"status": "bot"}), MESSAGE],
    "conversations of three messages of the customer or more": [CREATED, MESSAGE, REPLY, MESSAGE, MESSAGE],
    "replies that end a wait and do not say since when it ran": [CREATED, REPLY],
    "bots that come back after a human reply": [CREATED, REPLY, ("status", {"status": "bot"})],
    "tickets that a bot and later people solved": [
        CREATED,
        ("resolved", {"by": "bot"}),
        ("reopened", {}),
        SOLVED,
    ],
    "waits that a merge carries over": [
        CREATED,
        ("merged", {"into": "T1"}),
        ("customer_replied", {"waiting_since": 0}),
    ],
    "restorations of a merged ticket": [CREATED, ("merged", {}), ("restored", {})],
    "restorations of a discarded ticket": [CREATED, ("discarded", {}), ("restored", {})],
    "changes of a ticket while it is merged or discarded": [CREATED, ("merged", {}), ("paused", {})],
    "transfers of an open ticket": [CREATED, ("transferred", {"team": "b"})],
    "transfers of a closed ticket": [CREATED, SOLVED, ("transferred", {"team": "b"})],
    "tickets closed by a status alone": [CREATED, ("status", {"status": "solved"})],
    "tickets closed by a change and a status": [CREATED, SOLVED, ("status", {"status": "closed"})],
    "tickets with several creations": [CREATED, CREATED],
    "retractions before what they retract": [
        CREATED,
        ("retracted", {"retracts": "later"}),
        ("paused", {"event_id": "later"}),
    ],
    "retractions after what they retract": [
        CREATED,
        ("paused", {"event_id": "before"}),
        ("retracted", {"retracts": "before"}),
    ],
    "retractions of what happened more than 70 days before": [
        CREATED,
        ("paused", {"event_id": "before"}),
        ("retracted", {"retracts": "before", "occurred_at": 71 * DAY_MS}),
    ],
    "known identities with another content": [
        CREATED,
        ("paused", {"event_id": "one"}),
        ("paused", {"event_id": "one", "occurred_at": 7}),
    ],
}


def counts(story: Story) -> dict[str, int]:
    kinds = Kinds()
    for number, (name, fields) in enumerate(story):
        value = {"event_id": f"e{number}", "occurred_at": 1_000 * number, "ticket_id": "T1", **fields}
        topic = name if name in {"ticket-created", "resolved"} else "ticket-changed"
        change = {} if topic == name else {"change": name}
        kinds.note(TimedEvent(10**9 + number, topic, b"T1", {**value, **change}))
    return dict(kinds.counts())


def test_every_situation_has_its_story() -> None:
    assert set(SITUATIONS) == set(STORIES)


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_is_counted_when_the_last_event_of_its_story_comes(name: str) -> None:
    *before, _ = STORIES[name]
    assert (0, 1) == (counts(before)[name], counts(STORIES[name])[name])


def test_the_same_again_is_another_content_of_no_identity() -> None:
    story: Story = [CREATED, ("paused", {"event_id": "one", "occurred_at": 7})]
    assert 0 == counts([*story, story[1]])["known identities with another content"]


def test_of_nothing_each_kind_is_counted_as_0() -> None:
    assert dict.fromkeys(Kinds.NAMES, 0) == counts([])


def test_a_status_that_is_not_told_counts_0() -> None:
    """What a release of the contract adds is missed until a desk says it."""
    found = counts(STORIES["tickets closed by a status alone"])
    assert (1, 0) == (found["status: solved"], found["status: on_hold"])


def test_people_read_all_values_of_a_field_in_one_line() -> None:
    kinds = Kinds()
    lines = list(kinds.lines())
    alone = len(Kinds.NAMES) - len(USES)
    assert [f"{0:>7} {name}" for name in Kinds.NAMES[:alone]] == lines[:alone]
    assert "outcome: solved 0, abandoned 0" in lines
    assert len({use.partition(": ")[0] for use in USES}) == len(lines) - alone
