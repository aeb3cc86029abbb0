"""The next reply as a target: what a ledger says of its deadlines comes out as that of the others does."""

from __future__ import annotations

import pytest

from deskpulse.settings import Settings
from deskpulse.wiring import wall_rules
from exporters.wall.build import WallMaker, Wanted
from exporters.wall.model import Wall
from kpis import cell_numbers
from kpis.figures.history import Choice
from kpis.figures.view import View
from kpis.sla import metrics
from kpis.sla.judgement import Endangered
from tests.sla.booked import BILLING, Booked
from tests.sla.desk import SIMPLE, SlaDesk, at, figure, settled, standing

# All the time; the next reply within an hour.
THREE = """
    versions:
      - name: three
        first_reply: [{within: 30m, objective: 95%}]
        next_reply: [{within: 1h, objective: 90%}]
        resolution: [{within: 2h, objective: 80%}]
"""
NEXT = "next_reply"
TECHNICAL = ("technical", "email", "normal")


def worked(desk: SlaDesk) -> None:
    """Next replies of Monday: 12 met at 9:20, 4 missed at 9:40; A overdue since 9:45, B due at 10:05."""
    booked = Booked(NEXT)
    booked.met("09:20", "09:50", count=12)
    booked.missed("09:40", count=4)
    booked.running("A", "09:45")
    booked.running("B", "10:05")
    booked.to(desk)


@pytest.fixture
def desk() -> SlaDesk:
    found = SlaDesk(THREE)
    worked(found)
    return found


def test_met_and_missed_count_in_their_window_for_this_target_alone(desk: SlaDesk) -> None:
    """12 met; 4 missed, and A since the end of its minute: 12 of 17."""
    view = desk.view("10:00")
    assert (12, 5) == settled(view, NEXT, "1h")
    assert (12, 5) == settled(view, NEXT, "8h", "team", "billing")
    assert (0, 0) == settled(view, "first_reply", "1h")
    assert (0, 0) == settled(view, "resolution", "1h")
    # at 10:30 the hour begins at 9:31: what was met at 9:20 has left it, and B is missed
    assert (0, 6) == settled(desk.view("10:30"), NEXT, "1h")


def test_what_runs_is_waiting_due_and_overdue(desk: SlaDesk) -> None:
    view = desk.view("10:00")
    assert (1, 1, 1, 1, 1) == standing(view, NEXT)
    assert at("10:05") / 1000 == figure(view, metrics.NEXT_DEADLINE, target=NEXT)
    assert (0, 0, 0, 0, 0) == standing(view, "first_reply")
    assert (0, 2, 0, 0, 0) == standing(desk.view("10:06"), NEXT)


def test_a_running_clock_that_was_handed_over_stands_for_two_teams() -> None:
    """B counts for billing, and technical has it: it is overdue there, and missed here."""
    desk = SlaDesk(THREE)
    booked = Booked(NEXT)
    booked.running("B", "10:05")
    booked.handed("10:05", count=-1, dims=BILLING)
    booked.handed("10:05", count=1, dims=TECHNICAL)
    booked.to(desk)
    view = desk.view("10:10")
    assert (0, 0, 0, 0, 0) == standing(view, NEXT, "team", "billing")
    assert (0, 1, 0, 0, 0) == standing(view, NEXT, "team", "technical")
    assert (0, 1) == settled(view, NEXT, "1h", "team", "billing")
    assert (0, 0) == settled(view, NEXT, "1h", "team", "technical")


def test_its_objective_is_that_of_its_own_lines(desk: SlaDesk) -> None:
    view = desk.view("10:00")
    found = [figure(view, metrics.OBJECTIVE, target=one) for one in ("first_reply", NEXT, "resolution")]
    assert [0.95, 0.9, 0.8] == found


def test_the_next_hour_is_forecast_from_what_became_of_it_before(desk: SlaDesk) -> None:
    """B comes due within the hour, more will, and of 17 such deadlines 5 were missed.

    Of the other targets nothing runs, and nothing was ever missed.
    """
    view = desk.view("10:00")
    expected, low, high = (
        figure(view, metrics.FORECAST, target=NEXT, bound=bound) for bound in ("expected", "low", "high")
    )
    assert expected is not None
    assert low is not None
    assert high is not None
    assert 0 < expected
    assert low <= expected <= high
    assert 0 == figure(view, metrics.FORECAST, target="first_reply", bound="expected")
    assert 0 == figure(view, metrics.FORECAST, target="resolution", bound="expected")


def test_worst_now_names_it_with_what_is_overdue(desk: SlaDesk) -> None:
    """5 of 17 at 90 %: P = 0.022, and at 9:56 too. With 3 more missed at 9:30 it is 8 of 20: P = 0.0004."""
    assert () == desk.view("10:00").worst
    booked = Booked(NEXT)
    booked.met("09:20", "09:50", count=12)
    booked.missed("09:40", count=4)
    booked.missed("09:30", count=3)
    booked.running("A", "09:45")
    booked.to(desk)
    view = desk.view("10:00")
    assert [("billing · normal", NEXT, "1h", 20, 8, 2, 1)] == [
        (one.member, one.target, one.window, one.n, one.missed, one.allowed, one.overdue)
        for one in view.worst
    ]
    where = {"by": "team_priority", "member": "billing · normal", "target": NEXT, "window": "1h"}
    names = {"team": "billing", "priority": "normal"}
    shown = {f.name: f.value for f in view.live if {**where, **names}.items() <= dict(f.labels).items()}
    assert (8, 20, 1) == tuple(
        shown[name] for name in (metrics.WORST_MISSED, metrics.WORST_DEADLINES, metrics.WORST_OVERDUE)
    )
    assert 1 == figure(view, metrics.BELOW_OBJECTIVE, "team", "billing", target=NEXT)


def test_since_when_it_is_kept_is_told_by_team(desk: SlaDesk) -> None:
    view = desk.view("10:00")
    assert figure(view, metrics.KEPT_SINCE, target=NEXT) is not None
    assert figure(view, metrics.KEPT_SINCE, "team", "billing", target=NEXT) is not None
    assert figure(view, metrics.KEPT_SINCE, target="resolution") is None, "nothing of it has fallen due"


def test_what_is_due_within_15_minutes_and_not_done_is_endangered() -> None:
    """8 of 10 are not done; twice a tenth of 10 would be usual."""
    desk = SlaDesk(THREE)
    booked = Booked(NEXT)
    booked.met("09:20", "10:10", count=2)
    for number in range(8):
        booked.running(f"T{number}", "10:10")
    booked.to(desk)
    assert (
        Endangered("team_priority", "billing · normal", ("billing", None, "normal"), NEXT, 10, 8, 2.0),
    ) == desk.view("10:00").endangered


def test_what_waits_another_target_time_is_long_overdue() -> None:
    """Within an hour: due at 9:00, so at 10:00 it is overdue by one more; that of 9:30 is not."""
    desk = SlaDesk(THREE)
    booked = Booked(NEXT)
    booked.running("A", "09:00")
    booked.running("B", "09:30")
    booked.to(desk)
    assert 1 == figure(desk.view("10:01"), metrics.LONG_OVERDUE, "team", "billing", target=NEXT)


def test_a_ticket_at_risk_is_listed_with_this_target(desk: SlaDesk) -> None:
    found = desk.at_risk("10:00", targets=(NEXT,))
    assert [("A", NEXT, True), ("B", NEXT, False)] == [
        (one.ticket_id, one.target, one.breached) for one in found.tickets
    ]
    assert [] == desk.at_risk("10:00", targets=("first_reply",)).tickets


def a_wall(view: View, desk: SlaDesk) -> Wall:
    return WallMaker(wall_rules(Settings()), "UTC", desk.policy).wall(view, Wanted(Choice("1h")))


def seen(desk: SlaDesk, when: str) -> View:
    return desk.builder.build(at(when), [Choice("1h")])


def test_the_wall_has_its_row_its_tile_and_its_overdue_tickets_between_the_others(desk: SlaDesk) -> None:
    desk.created("R", "09:59")
    desk.builder.apply(0, desk.state.take_changes().view)
    shown = a_wall(seen(desk, "10:00"), desk)
    assert ["first_reply", NEXT, "resolution"] == [one.target for one in shown.sla]
    row = shown.sla[1]
    assert (1, 1, {"15m": 1, "1h": 1, "4h": 1}, at("10:05"), at("09:45"), 17, 0.9) == (
        row.waiting,
        row.breached,
        row.due,
        row.next_ms,
        row.newest_ms,
        row.n,
        row.objective,
    )
    assert ["sla_first_reply", "sla_next_reply", "sla_resolution"] == [one.id for one in shown.tiles][:3]
    tile = shown.tiles[1]
    assert pytest.approx(12 / 17) == tile.value
    assert (17, 0.9) == (tile.n, tile.objective)
    assert tile.trend is not None
    assert pytest.approx(12 / 17, abs=1e-6) == tile.trend.values[-1]
    assert [1] == [one.overdue[NEXT] for one in shown.rows if one.team == "billing"]
    assert shown.risk is not None
    assert {("billing", NEXT, at("09:45")), ("billing", NEXT, at("10:05"))} <= {
        (line.team, line.target, line.due_ms) for line in shown.risk.lines
    }


def test_a_policy_without_its_lines_shows_nothing_of_it() -> None:
    """Not even where a ledger has such deadlines: no series, no row, no tile."""
    desk = SlaDesk(SIMPLE)
    worked(desk)
    desk.created("R", "09:59")
    view = desk.view("10:00")
    assert not [one for one in (*view.figures, *view.live) if NEXT in dict(one.labels).values()]
    desk.builder.apply(0, desk.state.take_changes().view)
    shown = a_wall(seen(desk, "10:00"), desk)
    assert ["first_reply", "resolution"] == [one.target for one in shown.sla]
    assert "sla_next_reply" not in {one.id for one in shown.tiles}
    assert [["first_reply", "resolution"]] == [sorted(one.overdue) for one in shown.rows]


def test_its_numbers_are_no_other_cells_and_levels() -> None:
    """What one target counts must not be read as another's."""
    levels = [
        level
        for target in cell_numbers.SLA
        for level in (
            cell_numbers.DUE[target],
            cell_numbers.HANDED[target],
            cell_numbers.PROMISED[target],
            cell_numbers.due_level(target, cell_numbers.ALLOWANCES),
        )
    ]
    assert len(levels) == len(set(levels))
    assert {cell_numbers.OPEN, cell_numbers.UNANSWERED, cell_numbers.ACTIVE}.isdisjoint(levels)
    assert [NEXT, NEXT] == [
        cell_numbers.target_of(cell_numbers.due_level(NEXT, allowance)) for allowance in (None, 10_000)
    ]
    assert (NEXT, None) == tuple(
        cell_numbers.handed_target(level[NEXT]) for level in (cell_numbers.HANDED, cell_numbers.DUE)
    )
