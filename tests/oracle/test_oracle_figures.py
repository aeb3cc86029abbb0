"""What is exported: names, labels, members, absence, live figures and parts."""

import math

import pytest

from oracle.figures import OracleFigure, figures, observations_name, parts
from tests.oracle.desk import HOUR_MS, Desk, at, read

NOON = at("12:00")
DURATIONS = ("first_response", "response", "handle_time", "resolution_time", "full_resolution_time")
EDGES = {"support_first_response_seconds": [60.0, 300.0]}


# Those of the definitions, but for SLA figures, flow and what is usual.
FINAL = {
    f"support_{name}"
    for name in (
        *(f"{kind}_{how}_seconds" for kind in DURATIONS for how in ("mean", "quantile")),
        *(f"resolution_{kind}ratio" for kind in ("", "cohort_", "net_")),
        "nps_score",
        "nps_interval_score",
        "csat_ratio",
        "effort_mean_score",
        "effort_net_ratio",
        "tickets_per_customer",
        "customer_retention_ratio",
        "customer_churn_ratio",
        "tickets",
        "tickets_per_hour",
        "abandonment_ratio",
        "reopen_ratio",
        "one_touch_ratio",
        "first_contact_ratio",
        "survey_response_ratio",
        "solved_unanswered_tickets",
        "solved_unanswered_ratio",
        "bot_solved_tickets",
        "received_tickets",
    )
}
LIVE = {
    f"support_{name}"
    for name in (
        "open_tickets",
        "unanswered_tickets",
        "oldest_unanswered_timestamp_seconds",
        "waiting_tickets",
        "oldest_waiting_timestamp_seconds",
        "unassigned_tickets",
        "with_bot_tickets",
        "responders",
        "waiting_per_responder_ratio",
    )
}


def a_desk() -> Desk:
    """Team a: three tickets; b: two; c: one.

    All at 11:30 but one of b, yesterday; one of a answered after 5 min and solved.
    """
    desk = Desk()
    for ticket, team in [("A1", "a"), ("A2", "a"), ("A3", "a"), ("B1", "b"), ("C1", "c")]:
        desk.created(ticket, "11:30", team=team, customer_id=ticket)
    desk.created("B2", "2024-03-03 11:30", team="b", customer_id="B2")
    desk.answered("A1", "11:35")
    desk.resolved("A1", "11:50", talk_seconds=30)
    return desk


def members(found: list[OracleFigure], by: str) -> list[str]:
    """The exported members of a dimension, in order."""
    places = [dict(figure.labels) for figure in found]
    return list(dict.fromkeys(place["member"] for place in places if place["by"] == by))


class TestNames:
    def test_all_names_of_the_definitions_and_no_other_are_there_when_nothing_is_empty(self) -> None:
        desk = a_desk()
        for score, kind in [(9, "nps"), (5, "csat"), (6, "ces")]:
            desk.surveyed("A1", "11:55", kind, score)
        desk.customer("C", "2023-01-01 00:00", "joined")
        desk.resolved("A4", "2024-02-26 11:55")  # 7 days before a minute of the hour: its first contact
        desk.answered("A4", "2024-02-26 11:50")
        desk.changed("A2", "11:40", "assigned", assigned=True)
        desk.send("presence", "a", "11:50", team="a", online=5, available=2, busy=2)
        clocked = {"support_first_response_mean", "support_first_response_quantile"}
        clocked |= {"support_resolution_time_mean", "support_resolution_time_quantile"}
        clocked |= {"support_response_mean", "support_response_quantile"}
        found = figures(desk.records, as_of_ms=NOON)
        expected = {*FINAL, *(observations_name(name) for name in FINAL), *LIVE}
        assert expected == {figure.name for figure in found}
        with_clock = {figure.name.rsplit("_", 1)[0] for figure in found if "clock" in dict(figure.labels)}
        assert clocked == with_clock

    def test_each_kpi_has_the_quantiles_of_its_definition(self) -> None:
        found = figures(a_desk().records, as_of_ms=NOON)
        quantiles: dict[str, set[str]] = {}
        for figure in found:
            if "q" in dict(figure.labels):
                quantiles.setdefault(figure.name, set()).add(dict(figure.labels)["q"])
        assert quantiles == {
            "support_first_response_quantile_seconds": {"0.5", "0.9", "0.95"},
            "support_response_quantile_seconds": {"0.5", "0.9"},
            "support_handle_time_quantile_seconds": {"0.5", "0.9"},
            "support_resolution_time_quantile_seconds": {"0.5", "0.9", "0.95"},
            "support_full_resolution_time_quantile_seconds": {"0.5", "0.9"},
        }

    def test_no_sample_is_exported_twice(self) -> None:
        found = figures(a_desk().records, as_of_ms=NOON, max_members=2)
        found += parts(a_desk().records, as_of_ms=NOON, thresholds_seconds=EDGES)
        assert len(found) == len({figure.key for figure in found})

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("support_first_response_quantile_seconds", "support_first_response_quantile_observations"),
            ("support_tickets_per_customer", "support_tickets_per_customer_observations"),
            ("support_effort_net_ratio", "support_effort_net_observations"),
        ],
    )
    def test_observations_are_named_after_the_figure_without_its_unit(self, name: str, expected: str) -> None:
        assert expected == observations_name(name)

    def test_every_figure_carries_its_denominator(self) -> None:
        found = figures(a_desk().records, as_of_ms=NOON)
        counts = {figure.key: figure.value for figure in found if figure.name.endswith("_observations")}
        for figure in found:
            of_one_value = ("q", "bound", "kind")  # of all kinds of surveys the solved are the denominator
            labels = frozenset((name, value) for name, value in figure.labels if name not in of_one_value)
            if "window" in dict(labels) and not figure.name.endswith("_observations"):
                assert figure.n == counts[observations_name(figure.name), labels]


class TestAbsence:
    def test_without_events_there_are_only_zeros_of_all(self) -> None:
        found = figures([], as_of_ms=NOON)
        assert {0.0} == {figure.value for figure in found}
        assert ["all"] == members(found, "all")
        counts = {
            f"support_{name}tickets"
            for name in (
                "",
                "received_",
                "solved_unanswered_",
                "bot_solved_",
                "open_",
                "unanswered_",
                "waiting_",
                "with_bot_",
            )
        }
        assert counts == {figure.name for figure in found if not figure.name.endswith("_observations")}

    def test_ratios_of_created_are_absent_without_one_even_if_something_was_solved(self) -> None:
        desk = Desk()
        desk.resolved("T", "11:50")
        found = figures(desk.records, as_of_ms=NOON)
        assert read(found, "support_resolution_ratio") is None
        assert 0 == read(found, "support_resolution_observations")
        assert 0.0 == read(found, "support_reopen_ratio")
        assert 1 == read(found, "support_reopen_observations")


class TestVolume:
    def test_per_hour_divides_by_the_hours_really_covered(self) -> None:
        """5 tickets in the 59 minutes from 11:01 to 12:00; yesterday's hour before that had none."""
        found = figures(a_desk().records, as_of_ms=NOON)
        assert pytest.approx(5 / (59 / 60)) == read(found, "support_tickets_per_hour")
        assert 0 == read(found, "support_tickets", period="previous")
        assert read(found, "support_tickets_per_hour", period="previous") is None
        assert pytest.approx(1 / 24) == read(
            found, "support_tickets_per_hour", window="24h", period="previous"
        )

    def test_a_ticket_on_the_end_of_a_span_belongs_to_the_next(self) -> None:
        desk = Desk()
        desk.created("T", "11:01")
        assert 1 == read(figures(desk.records, as_of_ms=NOON), "support_tickets")
        assert 1 == read(figures(desk.records, as_of_ms=NOON + HOUR_MS), "support_tickets", period="previous")

    def test_the_window_all_holds_everything_since_the_first_event(self) -> None:
        """6 tickets in the 24.5 h since yesterday 11:30."""
        found = figures(a_desk().records, as_of_ms=NOON, windows=["all"])
        assert 6 == read(found, "support_tickets", window="all")
        assert pytest.approx(6 / 24.5) == read(found, "support_tickets_per_hour", window="all")


class TestToday:
    def test_a_team_has_the_midnight_of_its_own_zone(self) -> None:
        """At 12:00 UTC it is 01:00 in Auckland.

        Of a's two tickets only the one of 11:30 is of today there.
        """
        desk = Desk()
        desk.created("T1", "10:30", team="a", priority="low")
        desk.created("T2", "11:30", team="a", priority="low")
        found = figures(
            desk.records, as_of_ms=NOON, team_time_zones={"a": "Pacific/Auckland", "low": "Pacific/Auckland"}
        )
        assert 1 == read(found, "support_tickets", window="today", by="team", member="a")
        assert 2 == read(found, "support_tickets", window="today")
        assert 2 == read(found, "support_tickets", window="today", by="priority", member="low")
        assert 1.0 == read(found, "support_tickets_per_hour", window="today", by="team", member="a")

    def test_other_follows_the_desk_s_zone(self) -> None:
        desk = Desk()
        desk.created("T1", "10:30", team="a")
        found = figures(
            desk.records, as_of_ms=NOON, team_time_zones={"a": "Pacific/Auckland"}, members={"team": ["b"]}
        )
        assert 1 == read(found, "support_tickets", window="today", by="team", member="other")


class TestMembers:
    def test_without_a_list_or_a_limit_every_value_is_a_member(self) -> None:
        assert ["a", "b", "c"] == members(figures(a_desk().records, as_of_ms=NOON), "team")

    def test_a_list_is_always_exported_and_the_rest_is_other(self) -> None:
        found = figures(a_desk().records, as_of_ms=NOON, members={"team": ["b", "z"]})
        assert ["b", "z", "other"] == members(found, "team")
        assert 4 == read(found, "support_tickets", by="team", member="other")
        assert 0 == read(found, "support_tickets", by="team", member="z")
        assert 0 == read(found, "support_open_tickets", by="team", member="z")
        assert read(found, "support_resolution_ratio", by="team", member="z") is None

    def test_other_is_absent_when_the_list_knows_everybody(self) -> None:
        assert ["c", "b", "a"] == members(
            figures(a_desk().records, as_of_ms=NOON, members={"team": ["c", "b", "a"]}), "team"
        )

    def test_unknown_is_a_value_outside_a_list(self) -> None:
        desk = a_desk()
        desk.resolved("X", "11:50")
        assert ["a", "b", "c", "other"] == members(
            figures(desk.records, as_of_ms=NOON, members={"team": ["a", "b", "c"]}), "team"
        )

    def test_the_largest_by_tickets_ever_keep_their_names(self) -> None:
        found = figures(a_desk().records, as_of_ms=NOON, max_members=2)
        assert ["a", "other"] == members(found, "team")
        assert 2 == read(found, "support_tickets", by="team", member="other")
        assert 3 == read(found, "support_tickets", by="team", member="other", window="7d")

    def test_at_the_limit_nothing_is_folded(self) -> None:
        assert ["a", "b", "c"] == members(figures(a_desk().records, as_of_ms=NOON, max_members=3), "team")

    def test_equal_volumes_are_kept_by_name_and_no_creation_is_volume_0(self) -> None:
        desk = a_desk()
        desk.created("C2", "11:30", team="c")
        desk.customer_surveyed("C", "11:30", "nps", 9, team="aaa")
        assert ["a", "b", "other"] == members(figures(desk.records, as_of_ms=NOON, max_members=3), "team")

    def test_a_team_of_discarded_tickets_alone_is_no_member(self) -> None:
        desk = a_desk()
        desk.changed("C1", "11:40", "discarded")
        assert ["a", "b"] == members(figures(desk.records, as_of_ms=NOON), "team")

    def test_customers_of_other_are_counted_once(self) -> None:
        desk = Desk()
        for ticket, team in [("T1", "a"), ("T2", "b")]:
            desk.created(ticket, "11:30", team=team)
        found = figures(desk.records, as_of_ms=NOON, members={"team": []})
        assert 2.0 == read(found, "support_tickets_per_customer", by="team", member="other")


class TestLive:
    def test_open_and_unanswered_of_all_and_of_each_member(self) -> None:
        found = figures(a_desk().records, as_of_ms=NOON)
        assert 5 == read(found, "support_open_tickets")
        assert 5 == read(found, "support_unanswered_tickets")
        assert 2 == read(found, "support_open_tickets", by="team", member="a")

    def test_the_oldest_unanswered_is_floored_to_its_minute_and_absent_when_there_is_none(self) -> None:
        desk = Desk()
        desk.created("T", "11:30:59")
        found = figures(desk.records, as_of_ms=NOON)
        assert at("11:30") / 1000 == read(found, "support_oldest_unanswered_timestamp_seconds")
        desk.answered("T", "11:45")
        found = figures(desk.records, as_of_ms=NOON)
        assert read(found, "support_oldest_unanswered_timestamp_seconds") is None
        assert (1, 0) == (read(found, "support_open_tickets"), read(found, "support_unanswered_tickets"))

    def test_a_ticket_that_was_never_created_is_in_no_level(self) -> None:
        desk = Desk()
        desk.changed("T", "11:30", "reopened")
        found = figures(desk.records, as_of_ms=NOON)
        assert 0 == read(found, "support_open_tickets")
        assert [] == members(found, "team")


class TestShares:
    def test_answers_of_each_kind_are_shares_of_the_solved(self) -> None:
        """Two solved; two answers to the NPS, one without a ticket, and one to the CSAT: 1.0 and 0.5."""
        desk = a_desk()
        desk.resolved("B1", "11:40")
        desk.surveyed("A1", "11:55", "nps", 9)
        desk.customer_surveyed("C", "11:55", "nps", 3)
        desk.surveyed("A1", "11:55", "csat", 5)
        found = figures(desk.records, as_of_ms=NOON)
        shares = [
            (
                read(found, "support_survey_response_ratio", kind=kind),
                read(found, "support_survey_response_observations"),
            )
            for kind in ("nps", "csat", "ces")
        ]
        assert [(1.0, 2), (0.5, 2), (0.0, 2)] == shares
        assert read(figures([], as_of_ms=NOON), "support_survey_response_ratio", kind="nps") is None

    def test_one_touch_of_those_with_a_reply(self) -> None:
        """A1 one reply, A2 two, A3 none: 1 of 2."""
        desk = a_desk()
        for when in ("11:35", "11:36"):
            desk.answered("A2", when)
        for ticket in ("A2", "A3"):
            desk.resolved(ticket, "11:50")
        found = figures(desk.records, as_of_ms=NOON)
        assert (0.5, 2) == (
            read(found, "support_one_touch_ratio"),
            read(found, "support_one_touch_observations"),
        )

    def test_first_contact_is_told_when_7_days_have_passed(self) -> None:
        """Both are solved at 11:50; B1 is reopened on the next day: 1 of 2 in a week, nothing before."""
        desk = a_desk()
        desk.answered("B1", "11:40")
        desk.resolved("B1", "11:50")
        desk.changed("B1", "2024-03-05 12:00", "reopened")
        for window in ("1h", "all"):
            asked = {"windows": [window], "as_of_ms": NOON + 7 * 24 * HOUR_MS - 11 * 60_000}
            found = figures(desk.records, **asked)  # type: ignore[arg-type]
            assert 0 == read(found, "support_first_contact_observations", window=window)
            assert read(found, "support_first_contact_ratio", window=window) is None
            found = figures(desk.records, windows=[window], as_of_ms=NOON + 7 * 24 * HOUR_MS)
            assert 2 == read(found, "support_first_contact_observations", window=window)
            assert 0.5 == read(found, "support_first_contact_ratio", window=window)

    def test_full_resolution_time_is_to_the_last_solution(self) -> None:
        """Solved after 20 min, reopened, solved again after 25: 1,500 s; the first one keeps its 1,200 s."""
        desk = a_desk()
        desk.changed("A1", "11:52", "reopened")
        desk.resolved("A1", "11:55")
        found = figures(desk.records, as_of_ms=NOON)
        assert 1500.0 == read(found, "support_full_resolution_time_mean_seconds")
        assert 1500.0 == read(found, "support_full_resolution_time_quantile_seconds", q="0.9")
        assert 1200.0 == read(found, "support_resolution_time_mean_seconds", clock="calendar")


class TestParts:
    def part(self, found: list[OracleFigure], name: str, **labels: str) -> float | None:
        asked = {"window": "1h", "team": "a", "channel": "mail", "priority": "high"} | labels
        return {figure.key: figure.value for figure in found}.get((name, frozenset(asked.items())))

    def test_counts_are_there_for_every_combination_ever_seen_and_only_for_current_windows(self) -> None:
        found = parts(a_desk().records, as_of_ms=NOON, thresholds_seconds=EDGES)
        assert 3 == self.part(found, "support_created_tickets")
        assert 1 == self.part(found, "support_solved_tickets")
        assert 0 == self.part(found, "support_abandoned_tickets", team="c")
        assert {"15m", "1h", "8h", "24h", "7d", "30d", "today"} == {
            dict(figure.labels)["window"] for figure in found
        }

    def test_histograms_count_up_to_and_with_their_edges(self) -> None:
        """One wait of 300 s: not within 60 s, within 300 s."""
        found = parts(a_desk().records, as_of_ms=NOON, thresholds_seconds=EDGES)
        name = "support_first_response_seconds"
        assert [0, 1, 1] == [self.part(found, f"{name}_bucket", le=le) for le in ("60.0", "300.0", "+Inf")]
        assert (1, 300.0) == (self.part(found, f"{name}_gcount"), self.part(found, f"{name}_gsum"))
        assert [1] == [self.part(found, "support_handle_time_seconds_bucket", le="+Inf")]
        assert 0 == self.part(found, f"{name}_gcount", team="b")

    def test_answers_by_group(self) -> None:
        desk = Desk()
        for number, score in enumerate([0, 6, 7, 8, 9, 10, 10]):
            desk.created(f"T{number}", "11:30", team="a")
            desk.surveyed(f"T{number}", "11:45", "nps", score)
            desk.surveyed(f"T{number}", "11:45", "csat", 5 if number else 1)
        found = parts(desk.records, as_of_ms=NOON, thresholds_seconds={})
        groups = ("promoter", "passive", "detractor")
        assert [3, 2, 2] == [self.part(found, "support_nps_answers", group=group) for group in groups]
        assert [6, 1] == [
            self.part(found, "support_csat_answers", satisfied=answer) for answer in ("true", "false")
        ]

    def test_folded_members_add_up_in_other(self) -> None:
        found = parts(
            a_desk().records, as_of_ms=NOON, thresholds_seconds={}, members={"team": ["a"]}, windows=["24h"]
        )
        assert 2 == self.part(found, "support_created_tickets", window="24h", team="other")

    def test_parts_of_a_window_add_up_to_the_figure_of_all(self) -> None:
        desk = a_desk()
        created = [
            figure.value
            for figure in parts(desk.records, as_of_ms=NOON, thresholds_seconds={})
            if figure.name.startswith("support_created")
        ]
        volumes = [
            read(figures(desk.records, as_of_ms=NOON), "support_tickets", window=window) or 0
            for window in ("15m", "1h", "8h", "24h", "7d", "30d", "today")
        ]
        assert math.fsum(created) == math.fsum(volumes)
