"""The first screen of the wall: worst now, each team in one row.

No verdict on what is few or made by the calendar.
"""

import pytest

from deskpulse.settings import Settings
from deskpulse.wiring import wall_rules
from exporters.wall.build import WallMaker, Wanted
from exporters.wall.model import TeamRow, Tile, Wall
from kpis.figures.history import Choice
from tests.sla.desk import OFFICE, SIMPLE, SlaDesk, at

WALL_RULES = wall_rules(Settings())
LAST_HOUR = Choice("1h")


def shown(desk: SlaDesk, clock: str, choice: Choice = LAST_HOUR) -> Wall:
    """The wall over a desk at an instant."""
    desk.builder.apply(0, desk.state.take_changes().view)
    return WallMaker(WALL_RULES, "UTC", desk.policy).wall(
        desk.builder.build(at(clock), [choice]), Wanted(choice)
    )


def row(wall: Wall, team: str) -> TeamRow:
    """The row of a team."""
    return next(one for one in wall.rows if one.team == team)


class TestTeams:
    def desk(self, text: str = SIMPLE) -> SlaDesk:
        """Replies within 30 min.

        Sales: three of 10:00, one answered in time, two late. Billing: one of 10:50. The night: nothing.
        """
        desk = SlaDesk(text)
        for number in range(3):
            desk.created(f"S{number}", "10:00", team="sales")
        desk.replied("S0", "10:20")
        desk.created("B0", "10:50")
        desk.created("N0", "10:55", team="night")
        desk.replied("N0", "10:56")
        return desk

    def test_each_has_what_it_has_to_act_on(self) -> None:
        """At 11:00 sales is at 1 of 3, two are overdue since 10:30; billing has 20 min left.

        The night replied after 1 min.
        """
        wall = shown(self.desk(), "11:00")
        sales, billing = row(wall, "sales"), row(wall, "billing")
        assert (2, {"first_reply": 2, "resolution": 0}, 0, 3) == (
            sales.unanswered,
            sales.overdue,
            sales.soon,
            sales.open,
        )
        assert (3, 0.9) == (sales.n, sales.objective)
        assert pytest.approx(1 / 3) == sales.ratio
        assert at("10:00") == sales.oldest_ms
        assert (1, {"first_reply": 0, "resolution": 0}, None, 0) == (
            billing.unanswered,
            billing.overdue,
            billing.ratio,
            billing.n,
        )
        assert (1, 60.0, 1) == (
            row(wall, "night").created,
            row(wall, "night").reply_seconds,
            row(wall, "night").replies,
        )

    def test_presence_stands_in_the_row_of_a_team_from_five_online_on(self) -> None:
        """Sales has 8 online of whom 3 are available; billing has 4, and the night has told nothing."""
        desk = self.desk()
        for team, online in (("sales", 8), ("billing", 4)):
            desk.send("presence", team, "10:59", team=team, online=online, available=3, busy=1)
        wall = shown(desk, "11:00")
        found = {
            team: (row(wall, team).available, row(wall, team).online)
            for team in ("sales", "billing", "night")
        }
        assert {"sales": (3, 8), "billing": (None, None), "night": (None, None)} == found

    def test_staffing_lists_all_and_then_the_teams_that_tell_it(self) -> None:
        """Sales 8 and the night 5: 13 online, 3 + 0 available. Nobody of the night is available."""
        desk = self.desk()
        for team, online, available in (("sales", 8, 3), ("night", 5, 0)):
            counts = {"online": online, "available": available, "busy": 5}
            desk.send("presence", team, "10:59", team=team, **counts)
        found = [
            (one.team, one.online, one.available, one.busy, one.waiting_each is None)
            for one in shown(desk, "11:00").staffing
        ]
        assert [(None, 13, 3, 10, False), ("night", 5, 0, 5, True), ("sales", 8, 3, 5, False)] == found
        assert [] == shown(self.desk(), "11:00").staffing

    def test_a_deadline_within_15_minutes_is_due_soon(self) -> None:
        assert 1 == row(shown(self.desk(), "11:05"), "billing").soon

    def test_the_worst_stand_first(self) -> None:
        """Two overdue; then what waits; then nobody."""
        assert ["sales", "billing", "night"] == [one.team for one in shown(self.desk(), "11:00").rows]

    def test_a_choice_of_a_team_knows_them_all(self) -> None:
        assert 3 == len(shown(self.desk(), "11:00", Choice("1h", "billing")).rows)

    def test_without_hours_nobody_is_open_or_closed(self) -> None:
        assert {(None, None)} == {(one.open_now, one.opens_ms) for one in shown(self.desk(), "11:00").rows}

    @pytest.mark.parametrize(
        ("clock", "expected"),
        [
            ("11:00", (True, None)),
            ("14:30", (False, at("15:00"))),
            ("18:00", (False, at("2026-03-03T09:00"))),
            ("2026-03-06T20:00", (False, at("2026-03-09T09:00"))),
        ],
    )
    def test_a_closed_team_says_when_it_opens(self, clock: str, expected: tuple[bool, int | None]) -> None:
        """The office works from 9 to 14 and from 15 to 18 h, from Monday to Friday; the night always.

        Closed teams stand last.
        """
        wall = shown(self.desk(OFFICE), clock)
        assert expected == (row(wall, "billing").open_now, row(wall, "billing").opens_ms)
        assert (True, None) == (row(wall, "night").open_now, row(wall, "night").opens_ms)
        if not expected[0]:
            assert "night" == wall.rows[0].team


class TestToday:
    def test_what_came_and_went_since_midnight(self) -> None:
        desk = SlaDesk(SIMPLE)
        desk.created("T0", "2026-03-01T23:50")
        for number in range(1, 4):
            desk.created(f"T{number}", "10:00")
        desk.resolved("T0", "10:05")
        today = shown(desk, "11:00").today
        assert today is not None
        assert (3, 1) == (today.created, today.solved)


class TestDeadlines:
    def test_the_newest_miss_and_the_last_hour_stand_by_target(self) -> None:
        """Overdue since 10:30 and since 10:50; none of the hour was met."""
        desk = SlaDesk(SIMPLE)
        desk.created("T0", "10:00")
        desk.created("T1", "10:20")
        first, resolution = shown(desk, "11:00").sla
        assert (at("10:50"), 0.0, 2, 0.9) == (first.newest_ms, first.ratio, first.n, first.objective)
        assert (None, None, 0) == (resolution.newest_ms, resolution.ratio, resolution.n)


class TestKeptSince:
    """Nothing below objective, and since when: of the choice, the later of its targets."""

    def desk(self) -> SlaDesk:
        """Ten first replies of billing, due from 9:30 to 9:39, are in time.

        So are the solutions of sales, due from 10:00 to 10:09.
        """
        desk = SlaDesk(SIMPLE)
        for number in range(10):
            desk.created(f"B{number}", f"09:0{number}", team="billing")
            desk.replied(f"B{number}", f"09:0{number}:30")
            desk.created(f"S{number}", f"08:0{number}", team="sales")
            desk.resolved(f"S{number}", f"08:0{number}:30")
        return desk

    def test_of_all_it_is_since_both_targets_are_kept(self) -> None:
        """First replies are kept from 9:31 on, solutions from 10:01 on."""
        assert at("10:01") == shown(self.desk(), "10:15").kept_since_ms

    def test_of_a_team_it_is_what_is_the_teams_own(self) -> None:
        """Billing has solved nothing: no solution of it fell due before 11:00."""
        assert at("09:31") == shown(self.desk(), "10:14", Choice("1h", "billing")).kept_since_ms

    def test_while_something_is_listed_there_is_none(self) -> None:
        desk = self.desk()
        for number in range(10):
            desk.created(f"L{number}", f"09:2{number}", team="sales")
        assert shown(desk, "10:15").worst
        assert shown(desk, "10:16").kept_since_ms is None
        assert at("09:45") == shown(desk, "10:17", Choice("1h", "billing")).kept_since_ms


class TestVerdicts:
    def test_of_few_nothing_is_better_or_worse(self) -> None:
        """One reply after 2 min, and after 20 min in the hour before: slower, but by one ticket."""
        desk = SlaDesk(SIMPLE)
        desk.created("T0", "09:20")
        desk.replied("T0", "09:40")
        desk.created("T1", "10:30")
        desk.replied("T1", "10:32")
        tile = next(one for one in shown(desk, "11:00").tiles if one.id == "first_response")
        assert tile.compared is not None
        assert (1_200.0, "other") == (tile.compared.value, tile.compared.verdict)


class TestWorstNow:
    def desk(self) -> SlaDesk:
        """Twelve of billing, high, of 10:00: due at 10:30, none is answered; twelve of sales are.

        The view says who is listed.
        """
        desk = SlaDesk(SIMPLE)
        for number in range(12):
            desk.created(f"B{number}", "10:00", priority="high")
            desk.created(f"S{number}", "10:00", team="sales")
            desk.replied(f"S{number}", "10:05")
        return desk

    def test_the_narrowest_that_explains_it_is_named(self) -> None:
        """12 of 12 where 1.2 are allowed."""
        (one,) = shown(self.desk(), "11:00").worst
        assert ("team_priority", "billing \u00b7 high", "billing", "first_reply", "1h") == (
            one.by,
            one.member,
            one.team,
            one.target,
            one.window,
        )
        assert (12, 12, 12, 0.0) == (one.n, one.missed, one.overdue, one.ratio)
        assert pytest.approx(10.8) == one.excess
        assert pytest.approx(0.9) == one.objective
        assert at("10:30") <= one.since_ms <= at("10:40")

    def test_its_team_stands_first_and_is_marked(self) -> None:
        wall = shown(self.desk(), "11:00")
        assert ["billing", "sales"] == [one.team for one in wall.rows]
        assert [True, False] == [one.below for one in wall.rows]
        assert [True, None] == [one.below for one in wall.sla], "no resolution was due"

    def test_a_wall_of_a_team_shows_its_own_and_counts_the_others(self) -> None:
        own, other = (shown(self.desk(), "11:00", Choice("1h", team)) for team in ("billing", "sales"))
        assert (1, 0) == (len(own.worst), own.elsewhere)
        assert (0, 1) == (len(other.worst), other.elsewhere)

    @pytest.mark.parametrize(
        ("window", "band", "plain"),
        [("1h", "missed", None), ("8h", "missed", None), ("24h", None, "objective")],
    )
    def test_a_tile_is_judged_over_the_windows_of_the_test_alone(
        self, window: str, band: str | None, plain: str | None
    ) -> None:
        tile = next(
            one for one in shown(self.desk(), "11:00", Choice(window)).tiles if one.id == "sla_first_reply"
        )
        assert (band, plain) == (tile.band, tile.plain)

    def test_a_desk_that_keeps_its_promises_has_none(self) -> None:
        desk = SlaDesk(SIMPLE)
        desk.created("T0", "10:00")
        wall = shown(desk, "11:00")
        assert ([], []) == (wall.worst, wall.endangered), "one late of one is no case"

    def test_what_is_about_to_be_missed_is_told(self) -> None:
        """Twelve are due within 15 min and nobody has answered."""
        desk = SlaDesk(SIMPLE)
        for number in range(12):
            desk.created(f"B{number}", "10:00", priority="high")
        (one,) = shown(desk, "10:20").endangered
        assert ("billing", 12, 12) == (one.team, one.n, one.waiting)


class TestOutOfHours:
    """A zero that the calendar made is nobody's achievement."""

    def tile(self, closed: int, worked: int, name: str = "first_response") -> Tile:
        """So many answered before the office opens at 9, and so many after 20 min of work."""
        desk = SlaDesk(OFFICE)
        for number in range(closed):
            desk.created(f"C{number}", "07:30")
            desk.replied(f"C{number}", "07:40")
        for number in range(worked):
            desk.created(f"W{number}", "09:00")
            desk.replied(f"W{number}", "09:20")
        return next(one for one in shown(desk, "10:00", Choice("8h")).tiles if one.id == name)

    def test_a_few_of_them_are_left_out_of_the_mean(self) -> None:
        """1 of 11: the metric says 18 min 11 s, the face 20 min."""
        tile = self.tile(closed=1, worked=10)
        assert (1, 1_200.0, "above") == (tile.closed, tile.shown, tile.band)
        assert tile.value == pytest.approx(12_000 / 11)

    def test_from_a_fifth_on_nothing_is_praised(self) -> None:
        tile = self.tile(closed=3, worked=9)
        assert (3, 1_200.0, None, "closed") == (tile.closed, tile.shown, tile.band, tile.plain)
        assert (None, None) == (tile.compared, tile.trend)

    def test_all_of_them_are_no_figure(self) -> None:
        tile = self.tile(closed=12, worked=0)
        assert (12, 0.0, None, "closed") == (tile.closed, tile.value, tile.shown, tile.plain)

    def test_a_median_of_them_is_none_either(self) -> None:
        """7 of 12 are zeros, so the middle one is; without them there is no median to tell."""
        tile = self.tile(closed=7, worked=5, name="first_response_median")
        assert (None, "closed") == (tile.shown, tile.plain)
