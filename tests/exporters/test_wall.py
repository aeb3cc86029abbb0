"""The wall's figures of a choice.

They are the exported figures, coloured and compared, or the reason why there are none.
"""

from dataclasses import replace
from itertools import product

import pytest

from deskpulse.settings import Settings
from deskpulse.wiring import wall_rules
from exporters.reading.status import LedgerPartition, ReaderStatus
from exporters.snapshot import Snapshot
from exporters.wall.build import WallMaker, Wanted, pulse_of
from exporters.wall.model import Pulse, Tile, Wall
from exporters.wall.risk import MOST_LINES
from exporters.wall.specs import TILES
from kpis.figures.history import Choice
from kpis.figures.view import View
from kpis.figures.view_builder import ViewBuilder
from tests.exporters.desk import all_read, waiting
from tests.golden.desk import NOON_MS, RULES, GoldenDesk, ago
from tests.sla.desk import OFFICE, SIMPLE, SlaDesk
from tests.sla.desk import at as madrid
from windows.spans import WINDOWS

WALL_RULES = wall_rules(Settings())
CHOICES = [Choice(window.name, team) for window, team in product(WINDOWS, (None, "billing", "sales"))]


def a_desk() -> GoldenDesk:
    """Billing on the phone: 12 tickets in each of the last two hours, answered after 4 min, then after 8.

    Sales by mail: 3 that wait.
    """
    desk = GoldenDesk()
    for number in range(24):
        ticket, hours, minutes = f"T{number}", (1.5 if number < 12 else 0.5), (4 if number < 12 else 8)
        desk.created(ticket, ago(hours=hours))
        desk.first_reply(ticket, ago(hours=hours, minutes=-minutes))
        desk.resolved(ticket, ago(hours=hours, minutes=-10), talk_seconds=100)
        desk.answered(ticket, ago(hours=hours, minutes=-11), "csat", 5)
    for number, hours in enumerate((30, 3, 0.1)):
        desk.created(f"W{number}", ago(hours=hours), team="sales", channel="email")
    desk.customer("C1", ago(days=400), "joined")
    return desk


def a_view(desk: GoldenDesk | None = None) -> View:
    builder = ViewBuilder(RULES)
    for state in (desk or a_desk()).states():
        builder.apply(state.partition, state.take_changes().view)
    return builder.build(NOON_MS, CHOICES)


VIEW = a_view()


def wall(choice: Choice = CHOICES[3], view: View | None = VIEW, compare: str = "auto") -> Wall:
    """The wall of the last hour, unless told otherwise."""
    return WallMaker(WALL_RULES, "UTC").wall(view, Wanted(choice, compare))  # type: ignore[arg-type]


def tile(name: str, shown: Wall) -> Tile:
    return next(one for one in shown.tiles if one.id == name)


class TestFigures:
    @pytest.mark.parametrize("choice", CHOICES, ids=str)
    def test_every_tile_is_a_figure_of_the_view(self, choice: Choice) -> None:
        shown = wall(choice)
        exported = {(figure.name, figure.labels): figure for figure in VIEW.figures}
        for one in shown.tiles:
            more = {"clock": one.clock} if one.clock else {}
            extra = dict(next(spec.labels for spec in TILES if spec.id == one.id))
            labels = {
                "window": one.window,
                "period": "current",
                "by": one.by,
                "member": one.member,
                **more,
                **extra,
            }
            figure = exported.get((one.figure, tuple((name, str(value)) for name, value in labels.items())))
            assert (one.value, one.n) == ((figure.value, figure.n) if figure else (None, 0))

    def test_of_a_team_there_is_nothing_that_is_not_kept_by_team(self) -> None:
        everything, team = (
            {one.id for one in wall(choice).tiles} for choice in (Choice("1h"), Choice("1h", "billing"))
        )
        assert {"retention", "churn"} == everything - team

    def test_what_waits_now_stands_by_age(self) -> None:
        """Three of sales: 6 min, 3 h and 30 h old."""
        live = wall().live
        assert live is not None
        assert (3, 3, [1, 0, 1, 0, 1]) == (live.open, live.unanswered, live.ages)
        assert ago(hours=30) == live.oldest_ms
        billing = wall(Choice("1h", "billing")).live
        assert billing is not None
        assert (0, None) == (billing.unanswered, billing.oldest_ms)

    def test_retention_is_of_a_year_whatever_is_chosen(self) -> None:
        assert ("365d", 1.0, 1) == (
            tile("retention", wall()).window,
            tile("retention", wall()).value,
            tile("retention", wall()).n,
        )


class TestBands:
    def test_a_band_is_a_word(self) -> None:
        assert ("exceptional", None) == (
            tile("first_response", wall()).band,
            tile("first_response", wall()).plain,
        )

    @pytest.mark.parametrize(
        ("name", "choice", "plain", "stated"),
        [
            ("resolution", Choice("1h"), "window", ["30d"]),
            ("handle_time", Choice("1h", "billing"), "channel", ["phone"]),
            ("nps", Choice("1h"), "few", []),
            ("first_response", Choice("1h", "sales"), "few", []),
            ("tickets", Choice("1h"), "none", []),
        ],
    )
    def test_without_one_there_is_a_reason(
        self, name: str, choice: Choice, plain: str, stated: list[str]
    ) -> None:
        found = tile(name, wall(choice))
        assert (None, plain, stated) == (found.band, found.plain, found.stated)

    def test_a_band_for_the_phone_is_shown_of_the_phone(self) -> None:
        """12 calls of 100 s in the hour: exceptional, as the other band for channels would be of its own."""
        found = tile("handle_time", wall())
        assert ("channel", "phone", 100.0, 12, "exceptional") == (
            found.by,
            found.member,
            found.value,
            found.n,
            found.band,
        )

    def test_where_the_window_is_the_right_one_it_is_coloured(self) -> None:
        assert "above" == tile("resolution", wall(Choice("30d"))).band, "24 of 27 are 88.9 %"


class TestComparison:
    @pytest.mark.parametrize(
        ("window", "compare", "period"),
        [
            ("24h", "auto", "week_ago"),
            ("1h", "auto", "previous"),
            ("24h", "previous", "previous"),
            ("30d", "week_ago", "previous"),
        ],
    )
    def test_a_monday_is_compared_with_a_monday_where_that_is_kept(
        self, window: str, compare: str, period: str
    ) -> None:
        assert period == wall(Choice(window), compare=compare).period

    def test_slower_is_worse(self) -> None:
        compared = tile("first_response", wall()).compared
        assert compared is not None
        assert (240.0, 12, "worse") == (compared.value, compared.n, compared.verdict)

    def test_more_tickets_are_neither(self) -> None:
        compared = tile("tickets", wall()).compared
        assert compared is not None
        assert (12.0, "other") == (compared.value, compared.verdict)

    def test_without_anything_before_there_is_none(self) -> None:
        assert tile("first_response", wall(Choice("24h"))).compared is None

    def test_a_channel_is_compared_although_its_past_is_not_exported(self) -> None:
        few = replace(RULES, compared=("all", "team"))
        builder = ViewBuilder(few)
        for state in a_desk().states():
            builder.apply(state.partition, state.take_changes().view)
        shown = wall(view=builder.build(NOON_MS, CHOICES))
        assert tile("handle_time", shown).compared == tile("handle_time", wall()).compared is not None

    def test_what_changed_says_where(self) -> None:
        """Only billing answered at all, so no team explains anything that another does not; one priority.

        One channel that answers.
        """
        found = {change.tile: change for change in wall().changes}
        assert ("worse", 480.0, 240.0, None) == (
            found["first_response"].verdict,
            found["first_response"].value,
            found["first_response"].before,
            found["first_response"].where,
        )


class TestTrends:
    @pytest.mark.parametrize("choice", CHOICES, ids=str)
    def test_they_end_in_the_figure(self, choice: Choice) -> None:
        for one in wall(choice).tiles:
            if one.trend is not None and one.trend.shape == "line":
                assert one.trend.values[-1] == (
                    None if one.value is None else pytest.approx(one.value, rel=1e-5)
                )

    def test_tickets_are_bars_that_add_up(self) -> None:
        trend = tile("tickets", wall()).trend
        assert trend is not None
        assert ("bars", 13.0, 60) == (
            trend.shape,
            sum(value or 0 for value in trend.values),
            len(trend.values),
        )

    def test_the_phone_has_its_own(self) -> None:
        trend = tile("handle_time", wall()).trend
        assert trend is not None
        assert 100.0 == trend.values[-1]

    def test_where_none_is_kept_there_is_none(self) -> None:
        assert {"tickets_per_customer", "retention", "churn"} <= {
            one.id for one in wall().tiles if one.trend is None
        }


class TestPolicy:
    """Service levels come from a policy; without one there is no trace of them."""

    def desk(self) -> SlaDesk:
        """Replies within 30 min: of twelve of 10:00 one came too late.

        T12 of 10:10 missed it and waits, T13 and T14 are due at 11:10.
        """
        desk = SlaDesk(SIMPLE)
        for number in range(12):
            desk.created(f"T{number}", "10:00")
            desk.replied(f"T{number}", "10:40" if number == 0 else "10:20")
        desk.created("T12", "10:10", team="sales")
        desk.created("T13", "10:40", priority="high")
        desk.created("T14", "10:40", priority="high")
        return desk

    def wall(self, *, show_tickets: bool = False, team: str | None = None) -> Wall:
        desk, choice = self.desk(), Choice("1h", team)
        desk.builder.apply(0, desk.state.take_changes().view)
        view = desk.builder.build(madrid("11:00"), [choice])
        return WallMaker(replace(WALL_RULES, show_tickets=show_tickets), "UTC", desk.policy).wall(
            view, Wanted(choice)
        )

    def test_without_a_policy_there_is_nothing(self) -> None:
        assert ([], None) == (wall().sla, wall().risk)
        assert [] == [one.id for one in wall().tiles if one.id.startswith("sla")]

    def test_attainment_has_its_objective_and_no_colour_of_its_own(self) -> None:
        """11 met, 2 missed are 84.6 % of an objective of 90 %: chance explains that, so it is no verdict."""
        found = tile("sla_first_reply", self.wall())
        assert (13, 0.9) == (found.n, found.objective)
        assert found.band != "missed"
        assert pytest.approx(11 / 13) == found.value

    def test_attainment_has_its_course(self) -> None:
        """Eleven are met at 10:20, one is missed at 10:30: 91.7 %.

        Since the missed one of 10:40 it is eleven of thirteen.
        """
        trend = tile("sla_first_reply", self.wall()).trend
        assert trend is not None
        by_time = {trend.start_ms + place * trend.step_ms: value for place, value in enumerate(trend.values)}
        times = ("10:29", "10:30", "10:39", "10:40", "11:00")
        assert [1.0, 0.916667, 0.916667, 0.846154, 0.846154] == [by_time[madrid(when)] for when in times]

    def test_of_a_team_attainment_is_compared_though_its_past_is_not_exported(self) -> None:
        """At 12:00: two deadlines of 11:10 are missed.

        In the hour before, eleven of twelve were met, all of 10:30.
        """
        desk, choice = self.desk(), Choice("1h", "billing")
        desk.builder.apply(0, desk.state.take_changes().view)
        shown = WallMaker(WALL_RULES, "UTC", desk.policy).wall(
            desk.builder.build(madrid("12:00"), [choice]), Wanted(choice)
        )
        found = tile("sla_first_reply", shown)
        assert (0.0, 2) == (found.value, found.n)
        assert found.compared is not None
        assert pytest.approx(11 / 12) == found.compared.value
        assert 12 == found.compared.n

    def test_deadlines_stand_by_target(self) -> None:
        first, resolution = self.wall().sla
        assert ("first_reply", 2, 1, {"15m": 2, "1h": 2, "4h": 2}) == (
            first.target,
            first.waiting,
            first.breached,
            first.due,
        )
        assert (madrid("11:10"), "resolution", 15) == (first.next_ms, resolution.target, resolution.waiting)

    def test_what_is_due_soonest_stands_first_and_no_ticket_is_named(self) -> None:
        risk = self.wall().risk
        assert risk is not None
        assert [
            (None, 2, "billing", "high", "first_reply", madrid("11:10"), False),
            (None, 12, "billing", "normal", "resolution", madrid("12:00"), False),
            (None, 1, "sales", "normal", "resolution", madrid("12:10"), False),
            (None, 2, "billing", "high", "resolution", madrid("12:40"), False),
            (None, 1, "sales", "normal", "first_reply", madrid("10:40"), True),
        ] == [
            (line.ticket_id, line.count, line.team, line.priority, line.target, line.due_ms, line.breached)
            for line in risk.lines
        ]
        assert not [line for line in risk.lines if line.url]

    def test_switched_on_each_ticket_is_named_and_linked(self) -> None:
        risk = self.wall(show_tickets=True, team="sales").risk
        assert risk is not None
        assert [
            ("T12", "https://desk.example.com/T12", "resolution"),
            ("T12", "https://desk.example.com/T12", "first_reply"),
        ] == [(line.ticket_id, line.url, line.target) for line in risk.lines]

    def test_more_than_fits_is_said(self) -> None:
        risk = self.wall(show_tickets=True).risk
        assert risk is not None
        due = [line for line in risk.lines if not line.breached]
        assert (MOST_LINES, True) == (len(due), risk.truncated)
        assert len(risk.lines) > len(due), "what is late does not give way to what is due"

    def test_business_hours_come_first_where_a_calendar_applies(self) -> None:
        """Created at 08:30, answered at 09:30: the office opens at 09:00."""
        desk, choice = SlaDesk(OFFICE), Choice("8h")
        desk.created("T1", "08:30")
        desk.replied("T1", "09:30")
        desk.builder.apply(0, desk.state.take_changes().view)
        found = tile(
            "first_response",
            WallMaker(WALL_RULES, "UTC", desk.policy).wall(
                desk.builder.build(madrid("10:00"), [choice]), Wanted(choice)
            ),
        )
        assert ("business", 1800.0) == (found.clock, found.value)
        assert found.trend is not None
        assert 1800.0 == found.trend.values[-1]

    def test_the_calendar_clock_stands_beside_it(self) -> None:
        desk, choice = SlaDesk(OFFICE), Choice("8h")
        desk.created("T1", "08:30")
        desk.replied("T1", "09:30")
        desk.builder.apply(0, desk.state.take_changes().view)
        shown = WallMaker(WALL_RULES, "UTC", desk.policy).wall(
            desk.builder.build(madrid("10:00"), [choice]), Wanted(choice)
        )
        assert ("calendar", 3600.0) == (
            tile("first_response_calendar", shown).clock,
            tile("first_response_calendar", shown).value,
        )
        assert not [one for one in wall().tiles if one.id == "first_response_calendar"]


class TestClocks:
    """Billing works in office hours, the night team always.

    Its wait is calendar time, and no business figure holds it.
    """

    def wall(self, team: str | None = None, *, text: str = OFFICE, office: bool = True) -> Wall:
        """Created at 08:30, answered at 09:30 or (of the night) 08:40.

        30 min of open hours, 10 min of all hours.
        """
        desk, choice = SlaDesk(text), Choice("8h", team)
        if office:
            desk.created("T1", "08:30")
            desk.replied("T1", "09:30")
        desk.created("N1", "08:30", team="night")
        desk.replied("N1", "08:40")
        desk.builder.apply(0, desk.state.take_changes().view)
        view = desk.builder.build(madrid("10:00"), [choice])
        return WallMaker(WALL_RULES, "UTC", desk.policy).wall(view, Wanted(choice))

    @pytest.mark.parametrize(
        ("team", "expected"),
        [
            (None, ("business", "business", 1800.0, 1, 2)),
            ("billing", ("business", "business", 1800.0, 1, None)),
            ("night", ("calendar", "calendar", 600.0, 1, None)),
        ],
    )
    def test_a_team_that_always_works_has_its_calendar_time(
        self, team: str | None, expected: tuple[object, ...]
    ) -> None:
        """And the figure by work hours of all teams says that it holds one reply of two."""
        shown = self.wall(team)
        found = tile("first_response", shown)
        assert expected == (shown.clock, found.clock, found.value, found.n, found.n_all)

    def test_a_ticket_that_came_from_a_team_with_work_hours_does_not_change_the_clock(self) -> None:
        """It was created for billing out of hours, where it waited for 0 s of work.

        The night team took it over.
        """
        desk, choice = SlaDesk(OFFICE), Choice("8h", "night")
        for number in range(3):
            desk.created(f"N{number}", "07:30", team="night")
            desk.replied(f"N{number}", "07:40")
        desk.created("T1", "07:30")
        desk.changed("T1", "07:35", "triaged", team="night")
        desk.replied("T1", "07:50")
        desk.builder.apply(0, desk.state.take_changes().view)
        view = desk.builder.build(madrid("10:00"), [choice])
        exported = {
            figure.labels: figure
            for figure in view.figures
            if figure.name == "support_first_response_mean_seconds"
        }
        labels = (
            ("window", "8h"),
            ("period", "current"),
            ("by", "team"),
            ("member", "night"),
            ("clock", "business"),
        )
        assert (0.0, 1) == (exported[labels].value, exported[labels].n), "the case is there"
        shown = WallMaker(WALL_RULES, "UTC", desk.policy).wall(view, Wanted(choice))
        found = tile("first_response", shown)
        assert ("calendar", 750.0, 4) == (found.clock, found.value, found.n)
        assert "first_response_calendar" not in {one.id for one in shown.tiles}

    def test_while_only_teams_that_always_work_have_answered_the_figure_is_theirs_and_says_so(self) -> None:
        shown = self.wall(office=False)
        found = tile("first_response", shown)
        assert ("business", "calendar", 600.0, None) == (shown.clock, found.clock, found.value, found.n_all)

    def test_without_work_hours_there_is_one_clock(self) -> None:
        assert self.wall(text=SIMPLE).clock is None
        assert wall().clock is None


class TestWithoutFigures:
    def test_before_the_ledger_is_read_it_is_empty(self) -> None:
        shown = wall(view=None)
        assert (None, [], [], True) == (shown.live, shown.tiles, shown.changes, shown.known)

    def test_a_team_that_is_not_shown_is_not_known(self) -> None:
        shown = wall(Choice("1h", "nobody"))
        assert (False, []) == (shown.known, shown.tiles)
        assert ["billing", "sales"] == shown.teams


class TestPulse:
    def pulse(self, status: ReaderStatus, view: View | None = VIEW, *, failed: bool = False) -> Pulse:
        return pulse_of(Snapshot(NOON_MS, status, view, failed=failed))

    def test_all_is_well(self) -> None:
        pulse = self.pulse(all_read(1))
        assert (True, True, [], NOON_MS) == (pulse.ready, pulse.good, pulse.why, pulse.as_of_ms)

    def test_kafka_is_silent(self) -> None:
        pulse = self.pulse(all_read(1, silent_seconds=12.0))
        assert (False, ["silent"], [12.0]) == (
            pulse.good,
            [why.code for why in pulse.why],
            [why.seconds for why in pulse.why],
        )

    def test_events_wait_although_everything_committed_is_shown(self) -> None:
        pulse = self.pulse(waiting(seconds=61.0))
        assert (True, False, [("behind", 61.0)]) == (
            pulse.ready,
            pulse.good,
            [(why.code, why.seconds) for why in pulse.why],
        )

    def test_partitions_that_share_a_cause_are_told_once_with_the_longest_time(self) -> None:
        parts = {
            number: LedgerPartition(10, 12, 10, caught_up=True, stuck_seconds=6.0 + number)
            for number in range(3)
        }
        (why,) = self.pulse(all_read(3, partitions=parts)).why
        assert ("stuck", 8.0, 3) == (why.code, why.seconds, why.text.count("partition"))

    def test_a_defect_is_told(self) -> None:
        assert ["failed"] == [why.code for why in self.pulse(all_read(1), None, failed=True).why]
