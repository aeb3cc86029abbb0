"""The oracle's staffing: how many persons of a team are there now, and how many tickets wait for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from oracle.board import Board
from oracle.events import Event
from oracle.spans import QUARTER_MS

STATES: Final = ("online", "available", "busy")
FEWEST_ONLINE: Final = 5  # of fewer, a count would say who
Sample = tuple[str, tuple[tuple[str, str], ...], float, int]  # name, labels, value, n


def samples(board: Board, presence: Mapping[str, Sequence[Event]], as_of_ms: int) -> Iterator[Sample]:
    """Give staffing of all and of each team; nothing where no team has told its own within 15 min."""
    told = {
        team: latest
        for team, events in presence.items()
        if (latest := _latest(events)).at_ms >= as_of_ms - QUARTER_MS
        and latest.content["online"] >= FEWEST_ONLINE
    }
    persons: dict[tuple[str, str], Counter[str]] = {}
    waiting: Counter[tuple[str, str]] = Counter()
    for team, latest in told.items():
        for place in (("all", "all"), ("team", board.team_shown(team))):
            persons.setdefault(place, Counter()).update({state: latest.content[state] for state in STATES})
            waiting[place] += board.waiting_of(team)
    for by, member in board.members():
        if (by, member) in persons:
            labels = (("by", by), ("member", member))
            counts = persons[by, member]
            for state in STATES:
                yield (
                    "support_responders",
                    (*labels, ("state", state)),
                    float(counts[state]),
                    counts[state],
                )
            if counts["available"]:
                ratio = waiting[by, member] / counts["available"]
                yield ("support_waiting_per_responder_ratio", labels, ratio, counts["available"])


def _latest(events: Sequence[Event]) -> Event:
    """Take the latest event; of one told twice at its instant the smaller content."""
    at_ms, _, digest, _ = max(event.order for event in events)
    return min((event for event in events if event.order[::2] == (at_ms, digest)), key=lambda e: e.order)
