"""Staffing, from events in to exposition text out."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from kpis.figures.view import ViewRules
from tests.golden.desk import GoldenDesk, Scrape, ago

RESPONDERS, PER_RESPONDER = "support_responders", "support_waiting_per_responder_ratio"


def told(desk: GoldenDesk, team: str, at_ms: int, *counts: int) -> None:
    online, available, busy = counts
    desk.send("presence", team, at_ms, team=team, online=online, available=available, busy=busy)


def states(found: Scrape, **labels: str) -> tuple[float | None, ...]:
    return tuple(found.now(RESPONDERS, state=state, **labels) for state in ("online", "available", "busy"))


def a_desk() -> GoldenDesk:
    """Each team has one ticket, so that it is listed."""
    desk = GoldenDesk()
    for team in ("billing", "sales", "night"):
        desk.created(f"T-{team}", ago(minutes=50), team=team)
    return desk


def test_the_latest_presence_stands_by_team_and_all_is_the_sum() -> None:
    """Billing told 9 and then 8 online, sales 6: 8 + 6 = 14 online, 3 + 2 = 5 available, 5 + 4 = 9 busy."""
    desk = a_desk()
    told(desk, "billing", ago(minutes=4), 8, 3, 5)
    told(desk, "billing", ago(minutes=9), 9, 9, 0)
    told(desk, "sales", ago(minutes=2), 6, 2, 4)
    found = desk.scrape()
    assert (8, 3, 5) == states(found, by="team", member="billing")
    assert (6, 2, 4) == states(found, by="team", member="sales")
    assert (14, 5, 9) == states(found)
    assert found.now(RESPONDERS, by="channel", member="phone", state="online") is None


def test_it_stands_for_15_minutes_and_not_a_millisecond_longer() -> None:
    desk = a_desk()
    told(desk, "billing", ago(minutes=15), 8, 3, 5)
    assert (8, 3, 5) == states(desk.scrape())
    desk = a_desk()
    told(desk, "billing", ago(minutes=15, ms=1), 8, 3, 5)
    assert (None, None, None) == states(desk.scrape()) == states(desk.scrape(), by="team", member="billing")


def test_a_team_with_fewer_than_5_online_is_neither_shown_nor_in_all() -> None:
    """Sales has 5, billing 4: all is 5 and not 9."""
    desk = a_desk()
    told(desk, "billing", ago(minutes=1), 4, 4, 0)
    told(desk, "sales", ago(minutes=1), 5, 1, 4)
    found = desk.scrape()
    assert (None, None, None) == states(found, by="team", member="billing")
    assert (5, 1, 4) == states(found, by="team", member="sales") == states(found)


def test_a_stale_team_is_not_in_all_and_a_team_in_other_is_not_shown() -> None:
    """Billing and sales are listed; night counts as other, and sales has been silent: all is billing's 8."""
    desk = a_desk()
    told(desk, "billing", ago(minutes=1), 8, 3, 5)
    told(desk, "sales", ago(minutes=16), 7, 7, 0)
    told(desk, "night", ago(minutes=1), 20, 20, 0)
    found = desk.scrape()
    assert (8, 3, 5) == states(found)
    assert (None, None, None) == states(found, by="team", member="other")


def test_spellings_of_a_team_are_one_team_whatever_partition_they_reach() -> None:
    """The record key is the team as it is written, so these lie in different partitions; 11:58 stands."""
    desk = a_desk()
    for minutes, spelling in enumerate(("BILLING ", "billing", "Billing", " bILLING"), start=2):
        told(desk, spelling, ago(minutes=minutes), 5 + minutes, 1, 1)
    assert (7, 1, 1) == states(desk.scrape(), by="team", member="billing") == states(desk.scrape())


def test_a_team_is_shown_as_the_settings_spell_it() -> None:
    desk = a_desk()
    desk.rules = ViewRules(ZoneInfo("UTC"), spelled={"team": {"billing": "Billing"}})
    told(desk, "billing", ago(minutes=1), 8, 3, 5)
    assert (8, 3, 5) == states(desk.scrape(), by="team", member="Billing")


def test_waiting_tickets_are_divided_by_the_available_of_the_teams_that_are_shown() -> None:
    """Billing: 6 wait, 3 free: 2. Sales: 3 wait, 0 free: absent. All: (6 + 3) / 3 = 3, without night's 8."""
    desk = a_desk()
    for team, more in (("billing", 5), ("sales", 2), ("night", 7)):
        for number in range(more):
            desk.created(f"T-{team}-{number}", ago(minutes=50), team=team)
    told(desk, "billing", ago(minutes=1), 8, 3, 5)
    told(desk, "sales", ago(minutes=1), 6, 0, 6)
    found = desk.scrape()
    assert (3, 2) == (found.now(PER_RESPONDER), found.now(PER_RESPONDER, by="team", member="billing"))
    assert found.now(PER_RESPONDER, by="team", member="sales") is None


def test_with_nobody_available_the_counts_are_there_and_the_ratio_is_not() -> None:
    desk = a_desk()
    told(desk, "billing", ago(minutes=1), 6, 0, 6)
    found = desk.scrape()
    assert (6, 0, 6) == states(found)
    assert found.now(PER_RESPONDER) is None


def test_without_presence_there_is_no_staffing() -> None:
    found = a_desk().scrape()
    assert {RESPONDERS, PER_RESPONDER}.isdisjoint(name for name, _ in found.samples)
