"""Staffing and the levels of assignment, from records to figures; worked by hand."""

from oracle.figures import figures
from tests.oracle.desk import Desk, at, read

NOON = at("12:00")


def staffed() -> Desk:
    """Billing: 6 online, 2 available, 5 busy; sales: 5, 3, 2. Three tickets of billing wait, one of sales."""
    desk = Desk()
    desk.send("presence", "billing", "11:50", team="billing", online=6, available=2, busy=5)
    desk.send("presence", "sales", "11:45", team="Sales", online=5, available=3, busy=2)
    for number in range(4):
        desk.created(f"T{number}", "11:30", team="billing" if number else "sales")
    return desk


def persons(desk: Desk, member: str = "all", as_of_ms: int = NOON) -> list[float | None]:
    by = "all" if member == "all" else "team"
    found = figures(desk.records, as_of_ms=as_of_ms)
    return [
        read(found, "support_responders", by=by, member=member, state=state)
        for state in ("online", "available", "busy")
    ]


def ratio(desk: Desk, member: str = "all", **options: object) -> float | None:
    found = figures(desk.records, as_of_ms=NOON, **options)  # type: ignore[arg-type]
    by = "all" if member == "all" else "team"
    return read(found, "support_waiting_per_responder_ratio", by=by, member=member)


def test_persons_are_counted_by_state_of_all_and_of_each_team() -> None:
    desk = staffed()
    assert [6, 2, 5] == persons(desk, "billing")
    assert [5, 3, 2] == persons(desk, "sales")
    assert [11, 5, 7] == persons(desk)


def test_waiting_tickets_are_shared_among_those_available() -> None:
    """Billing 3 / 2, sales 1 / 3, all 4 / 5."""
    desk = staffed()
    assert (1.5, 1 / 3, 0.8) == (ratio(desk, "billing"), ratio(desk, "sales"), ratio(desk))


def test_with_nobody_available_there_is_no_ratio() -> None:
    desk = staffed()
    desk.send("presence", "billing", "11:55", team="billing", online=6, available=0, busy=6)
    assert ratio(desk, "billing") is None
    assert [6, 0, 6] == persons(desk, "billing")
    assert 4 / 3 == ratio(desk)


def test_a_team_of_fewer_than_5_is_not_shown_and_not_in_all_and_its_tickets_neither() -> None:
    desk = staffed()
    desk.send("presence", "sales", "11:55", team="sales", online=4, available=4, busy=0)
    assert [None, None, None] == persons(desk, "sales")
    assert [6, 2, 5] == persons(desk)
    assert 1.5 == ratio(desk)


def test_the_latest_stands_for_15_minutes_and_no_longer() -> None:
    """Sales told its own at 11:45: at 12:00 it stands, a millisecond later it does not."""
    desk = staffed()
    desk.send("presence", "billing", "11:40", team="billing", online=9, available=9, busy=0)
    assert [6, 2, 5] == persons(desk, "billing")
    assert [5, 3, 2] == persons(desk, "sales")
    assert [None, None, None] == persons(desk, "sales", NOON + 1)
    assert [None, None, None] == persons(desk, "all", at("12:06"))


def test_of_two_at_one_instant_the_greater_digest_stands() -> None:
    """XXH3-128: of a it begins with a96f, of b with 4b22."""
    for order in ("ab", "ba"):
        desk = staffed()
        for event_id in order:
            online = {"a": 7, "b": 8}[event_id]
            desk.send(
                "presence",
                "billing",
                "11:55",
                team="billing",
                online=online,
                available=1,
                busy=1,
                event_id=event_id,
            )
        assert [7, 1, 1] == persons(desk, "billing")


def test_teams_that_are_not_shown_are_other_together() -> None:
    """Sales is in `other`, with its 3 available and 1 waiting."""
    desk = staffed()
    found = figures(desk.records, as_of_ms=NOON, members={"team": ["billing"]})
    assert 5 == read(found, "support_responders", by="team", member="other", state="online")
    assert 1 / 3 == ratio(desk, "other", members={"team": ["billing"]})


def test_by_channel_and_by_priority_there_are_none() -> None:
    found = figures(staffed().records, as_of_ms=NOON)
    assert {"all", "team"} == {dict(one.labels)["by"] for one in found if "responder" in one.name}


def test_unassigned_is_absent_until_the_desk_has_said_who_is_assigned() -> None:
    """Of four open tickets one is assigned: 3 are not. A retracted word about it is a word."""
    desk = staffed()
    assert read(figures(desk.records, as_of_ms=NOON), "support_unassigned_tickets") is None
    desk.changed("T1", "11:40", "assigned", assigned=True, event_id="x")
    found = figures(desk.records, as_of_ms=NOON)
    assert 3 == read(found, "support_unassigned_tickets")
    assert 2 == read(found, "support_unassigned_tickets", by="team", member="billing")
    desk.changed("T1", "11:41", "retracted", retracts="x")
    assert 4 == read(figures(desk.records, as_of_ms=NOON), "support_unassigned_tickets")
