"""What is exported: names, labels, members, absence, live figures and parts."""

import math

import pytest

from kpis.figures.catalogue import FIGURES, LIVE_FIGURES, OTHER_FIGURES
from oracle.figures import OracleFigure, figures, observations_name, parts
from tests.oracle.desk import HOUR_MS, Desk, at, read

NOON = at("12:00")
EDGES = {"support_first_response_seconds": [60.0, 300.0]}


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
        clocked = {"support_first_response_mean", "support_first_response_quantile"}
        clocked |= {"support_resolution_time_mean", "support_resolution_time_quantile"}
        others = [(shown.name, shown.observations_name) for shown in OTHER_FIGURES]
        final = {*others, *((kind.name, kind.observations_name) for kind in FIGURES)}
        expected = {name for names in final for name in names} | {shown.name for shown in LIVE_FIGURES}
        found = figures(desk.records, as_of_ms=NOON)
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
            labels = frozenset((name, value) for name, value in figure.labels if name not in ("q", "bound"))
            if "window" in dict(labels) and not figure.name.endswith("_observations"):
                assert figure.n == counts[observations_name(figure.name), labels]


class TestAbsence:
    def test_without_events_there_are_only_zeros_of_all(self) -> None:
        found = figures([], as_of_ms=NOON)
        assert {0.0} == {figure.value for figure in found}
        assert ["all"] == members(found, "all")
        counts = {kind.name for kind in FIGURES if kind.how.pair is not None and kind.how.top is None}
        assert {"support_tickets"} <= counts
        assert {*counts, "support_open_tickets", "support_unanswered_tickets"} == {
            figure.name for figure in found if not figure.name.endswith("_observations")
        }

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
