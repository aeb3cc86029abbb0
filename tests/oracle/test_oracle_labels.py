"""Whose figure it is: triages correct, transfers hand over; worked by hand."""

import pytest

from oracle.figures import figures, parts
from oracle.labels import UNKNOWN
from oracle.tickets import observations_of_ticket
from tests.oracle.desk import Desk, at, read, series, teams

NOON = at("12:00")


def handed_on() -> Desk:
    """Billing's, replied 10:10; transferred to refunds 10:30, which replies 10:40 and solves 10:50."""
    desk = Desk()
    desk.created("T", "10:00")
    desk.answered("T", "10:10")
    desk.changed("T", "10:30", "transferred", team="refunds")
    desk.changed("T", "10:35", "customer_replied")
    desk.answered("T", "10:40")
    desk.resolved("T", "10:50", talk_seconds=60)
    desk.surveyed("T", "11:00", "nps", 9)
    return desk


class TestStretches:
    def test_each_thing_counts_for_the_team_of_its_own_instant(self) -> None:
        desk = handed_on()
        assert ["billing"] == teams(desk, "created") == teams(desk, "customer") == teams(desk, "cohort")
        assert ["billing"] == teams(desk, "first_response")
        assert ["billing", "refunds"] == teams(desk, "response")
        for name in ("solved", "net", "resolution_time", "full_resolution", "handle_time", "nps"):
            assert ["refunds"] == teams(desk, name), name

    def test_a_triage_corrects_its_stretch_from_its_start_and_no_other(self) -> None:
        """At 10:45 the team is said to be claims: so it was since 10:30; what billing did stays billing's."""
        desk = handed_on()
        desk.changed("T", "10:45", "triaged", team="claims")
        assert ["billing", "claims"] == teams(desk, "response")
        assert ["billing"] == teams(desk, "created")
        desk.changed("T", "10:20", "triaged", team="accounts")
        assert ["accounts", "claims"] == teams(desk, "response")
        assert ["accounts"] == teams(desk, "created")

    def test_each_field_has_stretches_of_its_own(self) -> None:
        """The transfer names the team alone: the triage of 10:45 corrects the priority since the creation."""
        desk = handed_on()
        desk.changed("T", "10:45", "triaged", priority="low")
        labels = {one.series: one.dimensions for one in observations_of_ticket(desk.events("T"))}
        assert ("billing", "mail", "low") == labels["created"]
        assert ("refunds", "mail", "low") == labels["solved"]

    def test_of_triages_in_a_stretch_the_greatest_stands_field_by_field(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:20", "triaged", team="late")
        desk.changed("T", "10:10", "triaged", team="early", channel="phone")
        labels = {one.series: one.dimensions for one in observations_of_ticket(desk.events("T"))}
        assert ("late", "phone", "high") == labels["created"]

    def test_a_fact_at_the_instant_of_a_transfer_counts_by_their_order(self) -> None:
        """A reply comes after a transfer of its instant; a second transfer comes after the first."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:10", "transferred", team="refunds")
        desk.answered("T", "10:10")
        assert ["refunds"] == teams(desk, "first_response")
        assert ["billing"] == teams(desk, "created")

    def test_what_is_stamped_before_the_creation_follows_it_in_its_own_order(self) -> None:
        """Transferred 09:30 and replied 09:20: at 10:00 the reply is first, so it is billing's."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "09:30", "transferred", team="refunds")
        desk.answered("T", "09:20")
        assert ["billing"] == teams(desk, "first_response") == teams(desk, "created")
        assert ["refunds"] == teams(desk, "open")

    def test_without_a_creation_what_nobody_named_is_unknown(self) -> None:
        desk = Desk()
        desk.answered("T", "10:00")
        desk.resolved("T", "10:05")
        desk.changed("T", "10:10", "transferred", team="refunds")
        desk.resolved("T", "10:20", talk_seconds=1)
        assert [UNKNOWN] == teams(desk, "solved")
        assert ["refunds"] == teams(desk, "handle_time")

    def test_levels_stand_under_the_last_stretch(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:30", "transferred", team="refunds")
        assert ["refunds"] == teams(desk, "open") == teams(desk, "waiting") == teams(desk, "unanswered")
        desk.changed("T", "10:40", "triaged", team="claims")
        assert ["claims"] == teams(desk, "open")

    def test_of_a_second_creation_nothing_is_read(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.created("T", "10:05", team="second", segment="gold")
        assert ["billing"] == teams(desk, "open")
        assert {UNKNOWN} == {one.segment for one in observations_of_ticket(desk.events("T"))}


class TestReceived:
    def test_a_transfer_while_open_takes_from_one_and_gives_to_the_other(self) -> None:
        desk = handed_on()
        assert [(at("10:00"), 1), (at("10:30"), -1), (at("10:30"), 1)] == series(desk, "received")
        assert ["billing", "billing", "refunds"] == teams(desk, "received")

    def test_each_further_transfer_takes_from_the_team_before_it(self) -> None:
        desk = handed_on()
        desk.changed("T", "10:45", "transferred", team="claims")
        received = [
            (one.dimensions[0], one.value)
            for one in observations_of_ticket(desk.events("T"))
            if one.series == "received"
        ]
        assert [("billing", 1), ("billing", -1), ("refunds", 1), ("refunds", -1), ("claims", 1)] == received

    @pytest.mark.parametrize("close", ["discarded", "merged", "resolved"])
    def test_one_while_closed_does_not(self, close: str) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        if close == "resolved":
            desk.resolved("T", "10:10")
        else:
            desk.changed("T", "10:10", close)
        desk.changed("T", "10:30", "transferred", team="refunds")
        if close != "resolved":
            desk.changed("T", "10:40", "restored")
        assert ["billing"] == teams(desk, "received")

    def test_neither_does_one_that_changes_nothing_or_that_a_triage_has_undone(self) -> None:
        """To billing, from billing. And to refunds, which a triage of that stretch says was billing."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:30", "transferred", team="Billing")
        assert ["billing"] == teams(desk, "received")
        desk.changed("T", "10:40", "transferred", team="refunds")
        desk.changed("T", "10:50", "triaged", team="billing")
        assert ["billing"] == teams(desk, "received")

    def test_the_windowed_and_the_net_rate_are_of_what_was_received(self) -> None:
        """Billing: 3 created, 1 given away, 1 solved: 1 of 2. Refunds: 1 received and solved: 1 of 1.

        All: 2 of 3. The cohort keeps created: of billing's 3 two are solved.
        """
        desk = Desk()
        for ticket in ("T1", "T2", "T3"):
            desk.created(ticket, "11:10")
        desk.changed("T1", "11:20", "transferred", team="refunds")
        for ticket in ("T1", "T2"):
            desk.resolved(ticket, "11:30")
        found = figures(desk.records, as_of_ms=NOON)
        for name in ("support_resolution_ratio", "support_resolution_net_ratio"):
            assert 0.5 == read(found, name, by="team", member="billing")
            assert 1.0 == read(found, name, by="team", member="refunds")
            assert 2 / 3 == read(found, name)
        assert 2 / 3 == read(found, "support_resolution_cohort_ratio", by="team", member="billing")
        assert (2, 1, 3) == tuple(
            read(found, "support_received_tickets", **where)
            for where in ({"by": "team", "member": "billing"}, {"by": "team", "member": "refunds"}, {})
        )
        assert 2 == read(found, "support_resolution_observations", by="team", member="billing")

    def test_where_nothing_or_less_was_received_there_is_no_rate(self) -> None:
        """Created 9:30, given away 11:30: billing received -1 in the hour; solved at 11:40 elsewhere."""
        desk = Desk()
        desk.created("T", "09:30")
        desk.changed("T", "11:30", "transferred", team="refunds")
        found = figures(desk.records, as_of_ms=NOON)
        assert -1 == read(found, "support_received_tickets", by="team", member="billing")
        assert read(found, "support_resolution_ratio", by="team", member="billing") is None
        assert 0.0 == read(found, "support_resolution_ratio", by="team", member="refunds")


class TestTheFourthDimension:
    def gold(self) -> Desk:
        """Gold until 11:30, then silver; and one that named none."""
        desk = Desk()
        desk.created("T", "11:10", segment="Gold")
        desk.answered("T", "11:20")
        desk.changed("T", "11:30", "transferred", segment="silver")
        desk.created("U", "11:15")
        return desk

    def test_switched_on_it_is_one_like_the_others(self) -> None:
        found = figures(self.gold().records, as_of_ms=NOON, segment=True, written={"segment": ["Gold"]})
        assert 1 == read(found, "support_tickets", by="segment", member="Gold")
        assert 1 == read(found, "support_tickets", by="segment", member=UNKNOWN)
        assert 1 == read(found, "support_open_tickets", by="segment", member="silver")
        assert 1 == read(found, "support_received_tickets", by="segment", member="silver")
        assert 0 == read(found, "support_received_tickets", by="segment", member="Gold")
        combinations = {
            dict(one.labels)["segment"]
            for one in parts(self.gold().records, as_of_ms=NOON, thresholds_seconds={}, segment=True)
        }
        assert {"gold", UNKNOWN} == combinations  # that it was handed over makes none

    def test_off_it_is_nowhere(self) -> None:
        found = figures(self.gold().records, as_of_ms=NOON)
        found += parts(self.gold().records, as_of_ms=NOON, thresholds_seconds={})
        assert not [one for one in found if "segment" in dict(one.labels) or ("by", "segment") in one.labels]
