"""The default desk looks like one: its size, its week, its waiting times, its answers."""

from collections import Counter, defaultdict
from datetime import datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deskpulse.ingest.events_io import TimedEvent, to_ms
from deskpulse.lab.simulator import DEFAULT_DESK, Channel, Priority, SimulatedDesk, Spread, Team

HOUR_MS = 3_600_000


def of(events: list[TimedEvent], topic: str, **fields: object) -> list[dict[str, Any]]:
    """Values of a topic with these fields; what comes twice counts once."""
    chosen = {
        event.value["event_id"]: event.value
        for event in events
        if event.topic == topic and all(event.value.get(name) == field for name, field in fields.items())
    }
    return list(chosen.values())


def first_waits(events: list[TimedEvent], **dims: str) -> list[int]:
    """Milliseconds from creation to the first human reply, of the tickets with these dimensions."""
    created = {
        ticket["ticket_id"]: to_ms(ticket["occurred_at"]) for ticket in of(events, "ticket-created", **dims)
    }
    replies = [
        reply
        for reply in of(events, "first-reply")
        if not reply.get("automated") and reply["ticket_id"] in created
    ]
    return [to_ms(reply["occurred_at"]) - created[reply["ticket_id"]] for reply in replies]


class TestDimensions:
    def test_three_teams_three_channels_with_phone_three_priorities(
        self, four_weeks: list[TimedEvent]
    ) -> None:
        tickets = of(four_weeks, "ticket-created")
        for dimension, expected in (
            ("team", DEFAULT_DESK.teams),
            ("channel", DEFAULT_DESK.channels),
            ("priority", DEFAULT_DESK.priorities),
        ):
            assert 3 == len(expected)
            assert {one.name for one in expected} == {ticket[dimension] for ticket in tickets}
        assert "phone" in {channel.name for channel in DEFAULT_DESK.channels}

    def test_shares_are_those_of_the_desk(self, four_weeks: list[TimedEvent]) -> None:
        teams = Counter(ticket["team"] for ticket in of(four_weeks, "ticket-created"))
        for team in DEFAULT_DESK.teams:
            assert team.share == pytest.approx(teams[team.name] / teams.total(), abs=0.02)

    def test_a_desk_of_ones_own(self, run: Any) -> None:
        minute = Spread(60_000)
        desk = SimulatedDesk(
            (Team("only", 1),),
            (Channel("letters", 1),),
            (Priority("none", 1, minute, minute, minute),),
            zone="Asia/Tokyo",
        )
        tickets = of(run(desk=desk), "ticket-created")
        assert {("only", "letters", "none")} == {
            (ticket["team"], ticket["channel"], ticket["priority"]) for ticket in tickets
        }

    def test_triage_corrects_one_label_to_another_name_of_the_desk(
        self, four_weeks: list[TimedEvent]
    ) -> None:
        created = {ticket["ticket_id"]: ticket for ticket in of(four_weeks, "ticket-created")}
        triaged = of(four_weeks, "ticket-changed", change="triaged")
        fields = Counter[str]()
        for event in (event for event in triaged if event["ticket_id"] in created):
            (field,) = {"team", "channel", "priority", "segment"} & event.keys()
            assert event[field] != created[event["ticket_id"]].get(field)
            fields[field] += 1
        assert 4 == len(fields)

    def test_all_tickets_of_a_customer_have_one_segment_or_none(self, four_weeks: list[TimedEvent]) -> None:
        segments = defaultdict(set)
        tickets = of(four_weeks, "ticket-created")
        for ticket in tickets:
            segments[ticket["customer_id"]].add(ticket.get("segment"))
        assert all(len(names - {None}) <= 1 for names in segments.values())
        volume = Counter(ticket.get("segment") for ticket in tickets)
        assert {None, *[tier.name for tier in DEFAULT_DESK.tiers]} == set(volume)
        assert 0.05 < volume["enterprise"] / volume.total() < 0.15


class TestTheWeek:
    def test_the_mean_rate_is_the_one_asked_for(self, four_weeks: list[TimedEvent]) -> None:
        """27 an hour over 28 days of 24 hours: 18,144, give or take 3 standard deviations of 135."""
        assert 18_144 == pytest.approx(len(of(four_weeks, "ticket-created")), abs=404)

    def test_busy_on_monday_morning_quiet_at_night_and_on_sunday(self, four_weeks: list[TimedEvent]) -> None:
        volume: Counter[tuple[int, int]] = Counter()
        for ticket in of(four_weeks, "ticket-created"):
            at = datetime.fromtimestamp(to_ms(ticket["occurred_at"]) / 1000, ZoneInfo(DEFAULT_DESK.zone))
            volume[at.weekday(), at.hour] += 1
        assert volume[0, 9] > 8 * volume[0, 3]
        assert volume[0, 9] > 2 * volume[6, 9]


class TestDurations:
    @pytest.mark.parametrize("priority", DEFAULT_DESK.priorities, ids=lambda priority: priority.name)
    def test_e_mail_waits_as_long_as_its_priority_says(
        self, priority: Priority, four_weeks: list[TimedEvent]
    ) -> None:
        """Log-normal: the median is the desk's, and 84 % wait less than e**sigma times that."""
        waits = first_waits(four_weeks, channel="email", priority=priority.name)
        assert priority.first_reply.median_ms == pytest.approx(median(waits), rel=0.1)
        limit_ms = priority.first_reply.median_ms * 2.718281828**priority.first_reply.sigma
        assert 0.841 == pytest.approx(sum(wait < limit_ms for wait in waits) / len(waits), abs=0.03)

    def test_the_phone_is_picked_up_within_seconds(self, four_weeks: list[TimedEvent]) -> None:
        assert 10_000 < median(first_waits(four_weeks, channel="phone")) < 40_000

    def test_handle_times_of_the_phone_are_minutes(self, four_weeks: list[TimedEvent]) -> None:
        """Talk of 4 min, wrap-up of 70 s, now and then a hold."""
        calls = {ticket["ticket_id"] for ticket in of(four_weeks, "ticket-created", channel="phone")}
        ended = [
            event
            for event in of(four_weeks, "resolved")
            if event["ticket_id"] in calls and "talk_seconds" in event
        ]
        parts = ("talk_seconds", "hold_seconds", "wrap_up_seconds")
        assert 300 < median(sum(event.get(part, 0) for part in parts) for event in ended) < 400

    def test_urgent_tickets_are_resolved_sooner(self, four_weeks: list[TimedEvent]) -> None:
        created = {
            ticket["ticket_id"]: ticket for ticket in of(four_weeks, "ticket-created", channel="email")
        }
        took = defaultdict(list)
        for event in of(four_weeks, "resolved"):
            if ticket := created.get(event["ticket_id"]):
                took[ticket["priority"]].append(to_ms(event["occurred_at"]) - to_ms(ticket["occurred_at"]))
        assert median(took["high"]) < median(took["normal"]) < median(took["low"])

    def test_nobody_is_answered_before_writing(self, four_weeks: list[TimedEvent]) -> None:
        assert min(first_waits(four_weeks)) > 0
        later = of(four_weeks, "ticket-changed", change="replied")
        stated = [reply for reply in later if "waiting_since" in reply]
        assert all(to_ms(reply["waiting_since"]) < to_ms(reply["occurred_at"]) for reply in stated)
        assert 0.15 < len(stated) / len(later) < 0.3


class TestWhatHappensToTickets:
    def test_only_calls_are_abandoned_and_only_mail_is_spam(self, four_weeks: list[TimedEvent]) -> None:
        channel = {ticket["ticket_id"]: ticket["channel"] for ticket in of(four_weeks, "ticket-created")}
        given_up = {
            event["ticket_id"]
            for event in (
                *of(four_weeks, "resolved", outcome="abandoned"),
                *of(four_weeks, "ticket-changed", status="abandoned"),
            )
        }
        abandoned = [channel.get(ticket, "phone") for ticket in given_up]
        discarded = [
            channel.get(event["ticket_id"], "email")
            for event in of(four_weeks, "ticket-changed", change="discarded")
        ]
        assert {"phone"} == set(abandoned)
        assert {"email"} == set(discarded)
        calls = sum(name == "phone" for name in channel.values())
        assert DEFAULT_DESK.rates.abandoned == pytest.approx(len(abandoned) / calls, abs=0.02)

    def test_a_reopened_ticket_was_resolved_and_mostly_is_again(self, four_weeks: list[TimedEvent]) -> None:
        mistaken = {event["retracts"] for event in of(four_weeks, "ticket-changed", change="retracted")}
        resolved = Counter(
            event["ticket_id"] for event in of(four_weeks, "resolved") if event["event_id"] not in mistaken
        )
        reopened = [event["ticket_id"] for event in of(four_weeks, "ticket-changed", change="reopened")]
        assert all(resolved[ticket] >= 1 for ticket in reopened)
        assert sum(resolved[ticket] == 2 for ticket in reopened) > 0.8 * len(reopened)

    def test_pauses_end(self, four_weeks: list[TimedEvent]) -> None:
        paused = {event["ticket_id"] for event in of(four_weeks, "ticket-changed", change="paused")}
        resumed = {event["ticket_id"] for event in of(four_weeks, "ticket-changed", change="resumed")}
        assert len(paused & resumed) > 0.95 * len(paused)  # the others still last when the run ends

    def test_a_team_tells_changes_or_levels_or_both(self, four_weeks: list[TimedEvent]) -> None:
        """Tickets of no other team, and no mistakes, with one and with the other kind of end.

        Few are cut by the end of the run.
        """
        moved = {
            event["ticket_id"]
            for event in of(four_weeks, "ticket-changed")
            if event["change"] in {"transferred", "retracted", "triaged"}
        }
        team = {
            ticket["ticket_id"]: ticket["team"]
            for ticket in of(four_weeks, "ticket-created")
            if ticket["ticket_id"] not in moved
        }
        by_change = {
            event["ticket_id"] for event in of(four_weeks, "resolved") if not {"by", "outcome"} & event.keys()
        }
        by_status = {event["ticket_id"] for event in of(four_weeks, "ticket-changed", status="solved")}
        ends = Counter((name, ticket in by_change, ticket in by_status) for ticket, name in team.items())
        assert {
            *[("technical", told, False) for told in (False, True)],
            *[("orders", False, told) for told in (False, True)],
            *[("billing", told, told) for told in (False, True)],
        } == {end for end, count in ends.items() if count > 20}


class TestConversations:
    def test_a_customers_message_comes_before_the_reply_to_it(self, four_weeks: list[TimedEvent]) -> None:
        """What a reply states as the start of the wait is the last message that came after a reply."""
        wrote = defaultdict(set)
        for event in of(four_weeks, "ticket-changed", change="customer_replied"):
            wrote[event["ticket_id"]].add(event["occurred_at"])
        replies = of(four_weeks, "ticket-changed", change="replied")
        stated = [reply for reply in replies if "waiting_since" in reply]
        known = [reply["waiting_since"] in wrote[reply["ticket_id"]] for reply in stated]
        assert sum(known) > 0.97 * len(known)  # not where a bot had it in between

    def test_some_tickets_have_several_rounds_and_most_have_few(self, four_weeks: list[TimedEvent]) -> None:
        rounds = Counter(
            event["ticket_id"] for event in of(four_weeks, "ticket-changed", change="customer_replied")
        )
        tickets = len(of(four_weeks, "ticket-created"))
        assert 0.01 < sum(count >= 4 for count in rounds.values()) / tickets < 0.15
        assert len(rounds) < 0.6 * tickets

    def test_what_needs_no_reply_is_a_message(self, four_weeks: list[TimedEvent]) -> None:
        mistaken = {event["retracts"] for event in of(four_weeks, "ticket-changed", change="retracted")}
        wrote = {event["ticket_id"] for event in of(four_weeks, "ticket-changed", change="customer_replied")}
        seen = [
            event
            for event in of(four_weeks, "ticket-changed", change="no_reply_needed")
            if event["event_id"] not in mistaken
        ]
        assert len(seen) > 1_000
        assert all(event["ticket_id"] in wrote for event in seen)

    def test_a_bot_hands_over_or_solves_what_it_has(self, four_weeks: list[TimedEvent]) -> None:
        """Of the chats 40 %, of which it solves 30 %."""
        had = {ticket["ticket_id"] for ticket in of(four_weeks, "ticket-created", with_bot=True)}
        solved = {event["ticket_id"] for event in of(four_weeks, "resolved", by="bot")}
        chats = len(of(four_weeks, "ticket-created", channel="chat"))
        assert 0.4 == pytest.approx(len(had) / chats, abs=0.03)
        assert 0.3 == pytest.approx(len(solved & had) / len(had), abs=0.04)
        opened = {
            event["ticket_id"]
            for event in of(four_weeks, "ticket-changed")
            if event["change"] == "handed_over" or event.get("status") == "open"
        }
        assert len(had - solved - opened) < 0.05 * len(had)  # merged, spam, or still with the bot

    def test_a_merge_carries_the_wait_to_another_ticket(self, four_weeks: list[TimedEvent]) -> None:
        created = {ticket["ticket_id"]: ticket["occurred_at"] for ticket in of(four_weeks, "ticket-created")}
        carried = {
            (event["ticket_id"], event["waiting_since"])
            for event in of(four_weeks, "ticket-changed", change="customer_replied")
            if "waiting_since" in event
        }
        merged = of(four_weeks, "ticket-changed", change="merged")
        waits = [(event["into"], created.get(event["ticket_id"])) for event in merged]
        assert len(waits) > 100
        assert sum(wait in carried for wait in waits) > 0.98 * len(waits)
        assert not [event for event in merged if event["into"] == event["ticket_id"]]


class TestSurveys:
    def test_figures_are_those_of_an_ordinary_desk(self, four_weeks: list[TimedEvent]) -> None:
        nps = [answer["score"] for answer in of(four_weeks, "survey", kind="nps")]
        csat = [answer["score"] for answer in of(four_weeks, "survey", kind="csat", scale_max=5)]
        of_eleven = [answer["score"] for answer in of(four_weeks, "survey", kind="csat", scale_min=0)]
        assert (
            30 < 100 * (sum(score >= 9 for score in nps) - sum(score <= 6 for score in nps)) / len(nps) < 70
        )
        assert 0.8 < sum(score >= 4 for score in csat) / len(csat) < 0.92
        assert 0.8 < sum(score >= 9 for score in of_eleven) / len(of_eleven) < 0.92
        assert set(range(11)) == set(nps)

    def test_some_answers_are_changed_and_some_have_no_ticket(self, four_weeks: list[TimedEvent]) -> None:
        answers = of(four_weeks, "survey")
        of_tickets = Counter(
            (answer["ticket_id"], answer.get("customer_id"), answer["kind"])
            for answer in answers
            if "ticket_id" in answer
        )
        colleagues = sum(customer is not None for _, customer, _ in of_tickets)
        assert 0.02 < colleagues / len(of_tickets) < 0.06
        assert 0.03 < sum(count > 1 for count in of_tickets.values()) / len(of_tickets) < 0.07
        without = [answer for answer in answers if "ticket_id" not in answer]
        assert without
        assert all("customer_id" in answer for answer in without)
        assert {True, False} == {"team" in answer for answer in without}


class TestCustomers:
    def test_a_few_tickets_each_in_thirty_days(self, four_weeks: list[TimedEvent]) -> None:
        tickets = of(four_weeks, "ticket-created")
        assert 3 < len(tickets) / len({ticket["customer_id"] for ticket in tickets}) < 6

    def test_statuses_of_a_customer_alternate(self, four_weeks: list[TimedEvent]) -> None:
        """joined, left, joined, ...: nobody leaves twice."""
        lives = defaultdict(list)
        for event in of(four_weeks, "customer"):
            lives[event["customer_id"]].append((to_ms(event["occurred_at"]), event["status"]))
        for life in lives.values():
            expected = [("joined", "left")[turn % 2] for turn in range(len(life))]
            assert expected == [status for _, status in sorted(life)]
        assert max(map(len, lives.values())) >= 3  # somebody came back

    def test_the_base_follows_the_rate_up_to_a_limit(self) -> None:
        """60 an hour in 720 hours, 4 a customer: 10,800."""
        assert 10_800 == DEFAULT_DESK.customers(60)
        assert DEFAULT_DESK.max_customers == DEFAULT_DESK.customers(1_000_000)
