"""Retractions: the ticket is as if what they name had never come; worked by hand."""

from itertools import permutations

import pytest

from oracle.events import Event, read_records
from oracle.tickets import Observation, history_of, observations, observations_of_ticket
from tests.oracle.desk import DAY_MS, Desk, at, minutes, times


def solved() -> Desk:
    """Created 10:00, replied 10:10, solved 10:20."""
    desk = Desk()
    desk.created("T", "10:00", event_id="c")
    desk.answered("T", "10:10", event_id="f")
    desk.resolved("T", "10:20", event_id="r", talk_seconds=60)
    return desk


def told(events: list[Event] | tuple[Event, ...]) -> list[Observation]:
    return sorted(observations_of_ticket(events), key=repr)


@pytest.mark.parametrize(
    "fact", ["created", "triaged", "replied", "customer_replied", "resolved", "discarded"]
)
def test_the_ticket_is_as_if_a_fact_had_never_come_whichever_arrives_first(fact: str) -> None:
    desk = solved()
    expected = told(desk.events("T"))
    if fact == "created":
        desk.created("T", "09:00", team="other", event_id="x")
    elif fact == "resolved":
        desk.resolved("T", "10:05", event_id="x", outcome="abandoned")
    else:
        desk.changed("T", "10:12", fact, event_id="x", team="other")
    events = desk.events("T")
    assert expected != told(events)
    desk.changed("T", "10:30", "retracted", retracts="x")
    for order in permutations(desk.events("T")):
        assert expected == told(order)


def test_a_kind_narrows_it_and_without_one_every_fact_of_that_id_goes() -> None:
    desk = Desk()
    desk.created("T", "10:00")
    desk.answered("T", "10:10", event_id="x")
    desk.resolved("T", "10:20", event_id="x", talk_seconds=60)
    for kind in ("replied", "first-reply"):
        desk.records = desk.records[:3]
        desk.changed("T", "10:30", "retracted", retracts="x", retracts_kind=kind)
        assert ([], ["10:20"]) == (times(desk, "first_response"), times(desk, "solved"))
    desk.changed("T", "10:31", "retracted", retracts="x")
    assert [] == times(desk, "solved") == times(desk, "handle_time")


def test_of_surveys_all_three_kinds_go() -> None:
    desk = Desk()
    desk.created("T", "10:00", event_id="x")
    for kind in ("nps", "csat", "ces"):
        desk.surveyed("T", "10:10", kind, 5, event_id="x")
    desk.changed("T", "10:30", "retracted", retracts="x", retracts_kind="survey")
    assert [] == times(desk, "nps") == times(desk, "csat") == times(desk, "ces")
    assert ["10:00"] == times(desk, "created")


def test_its_own_time_does_not_matter_and_another_ticket_s_events_stay() -> None:
    desk = solved()
    desk.resolved("U", "10:20", event_id="r")
    desk.changed("T", "09:00", "retracted", retracts="r")
    assert [] == times(desk, "solved")
    assert ["10:20"] == times(desk, "solved", "U")


def test_a_retraction_cannot_be_retracted() -> None:
    desk = solved()
    desk.changed("T", "10:30", "retracted", retracts="r", event_id="x")
    desk.changed("T", "10:31", "retracted", retracts="x")
    assert [] == times(desk, "solved")


def test_a_retracted_discarding_gives_the_ticket_back_and_a_retracted_reopening_the_solution() -> None:
    desk = solved()
    expected = told(desk.events("T"))
    desk.changed("T", "10:25", "reopened", event_id="o")
    desk.changed("T", "10:30", "discarded", event_id="d")
    desk.changed("T", "10:40", "retracted", retracts="d")
    assert ["10:25"] == times(desk, "reopened")
    desk.changed("T", "10:41", "retracted", retracts="o")
    assert expected == told(desk.events("T"))


def test_of_several_creations_the_smallest_that_is_left_stands() -> None:
    desk = Desk()
    desk.created("T", "10:00", event_id="x")
    desk.created("T", "10:05", event_id="y")
    desk.answered("T", "10:15")
    assert [("10:15", 15)] == minutes(desk, "first_response")
    desk.changed("T", "10:30", "retracted", retracts="x")
    assert [("10:15", 10)] == minutes(desk, "first_response")


def test_a_content_that_lost_does_not_come_back() -> None:
    """The id r came twice, abandoned at 10:15 and solved at 10:20: the smaller stood, and both go."""
    desk = solved()
    desk.resolved("T", "10:15", event_id="r", outcome="abandoned")
    desk.changed("T", "10:30", "retracted", retracts="r")
    assert [] == times(desk, "first_resolution")


def test_a_ticket_of_which_nothing_is_left_adds_nothing() -> None:
    desk = Desk()
    desk.created("T", "10:00", event_id="c")
    desk.changed("T", "10:30", "retracted", retracts="c")
    assert [] == told(desk.events("T"))
    assert [] == history_of(desk.events("T")).labels


def test_what_was_retracted_still_says_when_the_ticket_was_heard_of() -> None:
    """Open since day 0; its last event, retracted, is of day 100: given up after day 465, not 365."""
    desk = Desk()
    desk.created("T", "10:00")
    desk.changed("T", at("10:00") + 100 * DAY_MS, "handled", event_id="x")
    desk.changed("T", "10:30", "retracted", retracts="x")
    facts = read_records(desk.records)
    for day, levels in ((465, {"open"}), (466, set())):
        found = observations(facts, at("10:00") + day * DAY_MS)
        assert levels == {one.series for one in found if one.series == "open"}, day


class TestBehindAGap:
    """A closed ticket is over 61 days after its last event and its last booked instant, an open one 365."""

    def after(self, days: int, *, closed: bool) -> Desk:
        """The reply of 10:10 is retracted so many days after the last event, with another one before that."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:10", event_id="f")
        if closed:
            desk.resolved("T", "10:20")
        else:
            desk.changed("T", "10:20", "handled")
        desk.changed("T", at("10:20") + days * DAY_MS, "retracted", retracts="f")
        return desk

    @pytest.mark.parametrize(("days", "refused"), [(68, False), (69, True)])
    def test_of_a_closed_ticket_it_is_refused(self, days: int, refused: bool) -> None:  # noqa: FBT001
        """Its first contact is booked on the 7th day: 7 + 61 = 68."""
        assert refused == bool(times(self.after(days, closed=True), "first_response"))

    @pytest.mark.parametrize(("days", "refused"), [(365, False), (366, True)])
    def test_of_an_open_one_later(self, days: int, refused: bool) -> None:  # noqa: FBT001
        assert refused == bool(times(self.after(days, closed=False), "first_response"))

    def test_without_a_first_contact_the_last_event_decides(self) -> None:
        """Solved without a reply: 61 days."""
        for days, refused in ((61, False), (62, True)):
            desk = Desk()
            desk.created("T", "10:00")
            desk.resolved("T", "10:20", event_id="r")
            desk.changed("T", at("10:20") + days * DAY_MS, "retracted", retracts="r")
            assert refused == bool(times(desk, "solved")), days

    def test_what_came_after_the_gap_can_be_retracted_and_so_can_what_was_retracted_in_time(self) -> None:
        desk = self.after(100, closed=True)
        desk.changed("T", at("10:20") + 100 * DAY_MS, "reopened", event_id="o")
        assert [at("10:20") + 100 * DAY_MS] == [
            one.at_ms for one in history_of(desk.events("T")).course.reopenings
        ]
        desk.changed("T", at("10:20") + 101 * DAY_MS, "retracted", retracts="o")
        assert not history_of(desk.events("T")).course.reopenings
        desk.changed("T", "10:30", "retracted", retracts="f")
        assert [] == times(desk, "first_response")

    def test_an_event_in_between_keeps_the_ticket_whole(self) -> None:
        desk = self.after(100, closed=True)
        desk.surveyed("T", at("10:20") + 50 * DAY_MS, "nps", 9)
        assert [] == times(desk, "first_response")
