"""Solved unanswered, from events in to exposition text out."""

from __future__ import annotations

from tests.golden.desk import GoldenDesk, ago

TICKETS, RATIO = "support_solved_unanswered_tickets", "support_solved_unanswered_ratio"


def test_what_was_solved_before_a_human_had_answered_is_counted_over_the_solved() -> None:
    """Six are solved, three of them unanswered: 3 / 6 = 0.5. Of sales it is 1 of 2.

    T0 without any reply, T1 after a robot's alone, T2 before the reply: these count. T3 was answered before,
    T4 at the very instant, T5 before it came back and was solved again. T6 is abandoned: it is not solved.
    """
    desk = GoldenDesk()
    for number in range(7):
        desk.created(f"T{number}", ago(minutes=50), team="sales" if number in {2, 3} else "billing")
    desk.first_reply("T1", ago(minutes=45), automated=True)
    desk.first_reply("T2", ago(minutes=20))
    desk.first_reply("T3", ago(minutes=45))
    desk.first_reply("T4", ago(minutes=30))
    desk.first_reply("T5", ago(minutes=45))
    for number in range(6):
        desk.resolved(f"T{number}", ago(minutes=30))
    desk.changed("T5", ago(minutes=20), "reopened")
    desk.resolved("T5", ago(minutes=10))
    desk.resolved("T6", ago(minutes=30), outcome="abandoned")
    found = desk.scrape()
    assert (3, 0.5) == (found.get(TICKETS), found.get(RATIO))
    assert 6 == found.get(f"{TICKETS}_observations") == found.get("support_solved_unanswered_observations")
    assert (1, 0.5) == (
        found.get(TICKETS, by="team", member="sales"),
        found.get(RATIO, by="team", member="sales"),
    )


def test_a_late_reply_takes_back_what_it_came_before() -> None:
    """Solved at 11:30 without a reply; then the event of a reply at 11:20 arrives: 1 of 1 becomes 0 of 1."""
    desk = GoldenDesk()
    desk.created("T0", ago(minutes=50))
    desk.resolved("T0", ago(minutes=30))
    assert (1, 1.0) == (desk.scrape().get(TICKETS), desk.scrape().get(RATIO))
    desk.first_reply("T0", ago(minutes=40))
    found = desk.scrape()
    assert (0, 0.0) == (found.get(TICKETS), found.get(RATIO))


def test_with_none_solved_the_count_is_0_and_the_share_absent() -> None:
    """One ticket is open: 0 of 0 solved. The count is a real 0, the share is not made up."""
    desk = GoldenDesk()
    desk.created("T0", ago(minutes=50))
    found = desk.scrape()
    assert 0 == found.get(TICKETS) == found.get(f"{TICKETS}_observations")
    assert found.get(RATIO) is None
