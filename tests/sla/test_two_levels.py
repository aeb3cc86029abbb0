"""A running deadline stands for two teams.

For the one that it counts for, and for the one that has the ticket now.
"""

from __future__ import annotations

import pytest

from kpis import cell_numbers
from kpis.ledger import codec
from kpis.tickets.standing import Dims
from kpis.view_keys import LevelKey
from tests.sla.desk import SlaDesk, at, figure, settled, standing
from windows.panes import HOUR_MS, MINUTE_MS

BILLING: Dims = ("billing", "email", "normal")
TECHNICAL: Dims = ("technical", "email", "normal")


def hand_over(desk: SlaDesk, due: str, *, target: str = "first_reply", tickets: int = 1) -> None:
    """Let the technical team have tickets whose deadline counts for billing.

    The result is what the ledger then says.
    """
    hour, minute_ms = divmod(at(due), HOUR_MS)
    for dims, sign in ((BILLING, -1), (TECHNICAL, 1)):
        key = LevelKey(cell_numbers.HANDED[target], hour, dims)
        row = codec.encode_value({minute_ms // MINUTE_MS: sign * tickets})
        desk.builder.apply(0, [(codec.level_key(key), row)])


@pytest.fixture
def desk() -> SlaDesk:
    """Three tickets of 09:00, due at 09:30; a view of it has been made."""
    desk = SlaDesk()
    for ticket in ("A", "B", "C"):
        desk.created(ticket, "09:00")
    desk.view("09:10")
    return desk


def test_who_has_the_ticket_has_it_due_and_overdue(desk: SlaDesk) -> None:
    hand_over(desk, "09:30")
    view = desk.view("09:20")
    assert (2, 0, 2, 2, 2) == standing(view, by="team", member="billing")
    assert (1, 0, 1, 1, 1) == standing(view, by="team", member="technical")
    assert (3, 0, 3, 3, 3) == standing(view)
    view = desk.view("09:45")
    assert (0, 2, 0, 0, 0) == standing(view, by="team", member="billing")
    assert (0, 1, 0, 0, 0) == standing(view, by="team", member="technical")
    assert (0, 3, 0, 0, 0) == standing(view)


def test_the_miss_stays_where_the_deadline_counts(desk: SlaDesk) -> None:
    hand_over(desk, "09:30")
    view = desk.view("09:45")
    assert (0, 3) == settled(view, by="team", member="billing")
    assert (0, 0) == settled(view, by="team", member="technical")
    assert (0, 3) == settled(view)
    assert 1 == figure(view, "support_sla_overdue_tickets", "team", "technical", target="first_reply")


def test_what_is_worst_is_the_one_team_and_what_it_has_to_do_the_others(desk: SlaDesk) -> None:
    """All three were missed by billing, so it is named; one of them is not its own to answer any more."""
    for number in range(12):
        desk.created(f"T{number}", "09:00", "technical")
        desk.replied(f"T{number}", "09:01")
    hand_over(desk, "09:30")
    view = desk.view("09:40")
    assert [("billing · normal", 3, 2)] == [
        (one.member, one.missed, one.overdue) for one in view.judgement.worst
    ]


def test_what_starts_and_ends_later_moves_both_readings(desk: SlaDesk) -> None:
    hand_over(desk, "09:30")
    desk.created("D", "09:05")
    desk.replied("A", "09:15")
    view = desk.view("09:20")
    # B, C and D, of which one is handed over
    assert (2, 0, 2, 2, 2) == standing(view, by="team", member="billing")
    assert (1, 0, 1, 1, 1) == standing(view, by="team", member="technical")


def test_the_next_deadline_is_that_of_what_the_team_has(desk: SlaDesk) -> None:
    hand_over(desk, "09:30", tickets=3)
    view = desk.view("09:20")
    name = "support_sla_next_deadline_timestamp_seconds"
    assert figure(view, name, "team", "billing", target="first_reply") is None
    assert at("09:30") / 1000 == figure(view, name, "team", "technical", target="first_reply")
