"""Deadlines that come with tickets, as people see them: on the wall and in /api/at-risk, policy or none."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from deskpulse.settings import Settings
from deskpulse.wiring import wall_rules
from exporters.wall.build import WallMaker, Wanted
from exporters.wall.model import TeamRow, Wall
from kpis.figures.history import Choice
from kpis.figures.view import ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.ledger import codec
from kpis.sla import metrics
from kpis.sla.at_risk import AtRisk, at_risk
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from tests.sla.desk import SIMPLE, SlaDesk, at, figure, settled, standing

# All the time; the next reply within an hour, as the first one at 90 %.
BOTH = f"{SIMPLE}        next_reply: [{{within: 1h, objective: 90%}}]\n"
MAIL = {"channel": "email", "priority": "normal", "customer_id": "C"}


def bare_desk() -> SlaDesk:
    """A desk without a policy, in its workers and in its exporter."""
    desk = SlaDesk()
    desk.state = PartitionState(0, StateRules())
    desk.builder = ViewBuilder(ViewRules(ZoneInfo("Europe/Madrid")))
    return desk


def shown(desk: SlaDesk, clock: str, *, policy: bool = False, names: bool = False) -> Wall:
    """The wall over a desk at an instant."""
    rules = replace(wall_rules(Settings()), show_tickets=names)
    desk.builder.apply(0, desk.state.take_changes().view)
    choice = Choice("1h")
    maker = WallMaker(rules, "UTC", desk.policy if policy else None)
    return maker.wall(desk.builder.build(at(clock), [choice]), Wanted(choice))


def row(wall: Wall, team: str) -> TeamRow:
    return next(one for one in wall.rows if one.team == team)


def told(desk: SlaDesk, when: str) -> dict[tuple[str, str], AtRisk]:
    """Tickets at risk by ticket and target, as an exporter without a policy lists them."""
    view = desk.view(when)
    rows = [(key, codec.decode_at_risk(raw)) for key, raw in view.at_risk]
    found = at_risk(rows, view.policy, view.as_of_ms, teams=(), targets=(), limit=100)
    return {(one.ticket_id, one.target): one for one in found.tickets}


def test_without_a_policy_given_deadlines_are_met_missed_waiting_and_due() -> None:
    """A is answered before 9:30, B after; C is due at 10:10, D overdue since 9:50: one of three was met."""
    desk = bare_desk()
    for ticket, due in (("A", "09:30"), ("B", "09:30"), ("C", "10:10"), ("D", "09:50")):
        desk.send("ticket-created", ticket, "09:00", team="billing", first_reply_due=at(due), **MAIL)
    desk.replied("A", "09:20")
    desk.replied("B", "09:40")
    view = desk.view("10:00")
    assert ("first_reply",) == view.targets
    assert (1, 2) == settled(view)
    assert (1, 1, 1, 1, 1) == standing(view)
    assert at("10:10") / 1000 == figure(view, metrics.NEXT_DEADLINE, target="first_reply")
    assert figure(view, metrics.FORECAST, target="first_reply", bound="expected")
    assert None is figure(view, metrics.OBJECTIVE, target="first_reply")
    assert ((), {}) == (view.worst, view.below)
    assert None is figure(view, metrics.BUSINESS_OPEN)


def test_a_desk_whose_tickets_bring_no_deadline_has_no_target() -> None:
    desk = bare_desk()
    desk.created("A", "09:00")
    assert () == desk.view("10:00").targets
    assert not shown(desk, "10:00").promised
    assert None is shown(desk, "10:00").risk


def test_a_target_stays_when_its_only_deadline_is_retracted_or_withdrawn() -> None:
    """That deadlines of it are given is known: a 0 is real."""
    desk = bare_desk()
    desk.created("A", "09:00")
    desk.changed("A", "09:10", "due", resolution_due=at("11:00"))
    desk.changed("A", "09:20", "due", resolution_due=None, next_reply_due=None)
    view = desk.view("10:00")
    assert ("resolution",) == view.targets
    assert (0, 0, 0, 0, 0) == standing(view, "resolution")


def test_a_list_says_whose_deadline_it_is() -> None:
    """The first reply of A is due by its own system at 10:20, its resolution by the policy at 11:00."""
    desk = SlaDesk(SIMPLE)
    desk.send("ticket-created", "A", "09:00", team="billing", first_reply_due=at("10:20"), **MAIL)
    assert [("first_reply", True), ("resolution", False)] == [
        (one.target, one.given) for one in desk.at_risk("10:00").tickets
    ]
    for names in (True, False):
        risk = shown(desk, "10:00", policy=True, names=names).risk
        assert risk is not None
        assert [("first_reply", "ticket"), ("resolution", "policy")] == [
            (line.target, line.deadline_of) for line in risk.lines
        ]


def test_a_deadline_of_the_policy_at_the_very_instant_of_a_given_one_is_the_policys() -> None:
    desk = SlaDesk(SIMPLE)
    desk.send("ticket-created", "A", "09:00", team="billing", resolution_due=at("09:30"), **MAIL)
    assert {("first_reply", False), ("resolution", True)} == {
        (one.target, one.given) for one in desk.at_risk("09:10").tickets
    }


def test_without_names_given_deadlines_are_counted_apart() -> None:
    desk = SlaDesk(SIMPLE)
    for ticket in ("A", "B"):
        desk.send("ticket-created", ticket, "09:50", team="billing", first_reply_due=at("10:20"), **MAIL)
    desk.created("C", "09:50")
    risk = shown(desk, "10:00", policy=True).risk
    assert risk is not None
    assert [(2, "ticket"), (1, "policy")] == sorted(
        [(line.count, line.deadline_of) for line in risk.lines if line.target == "first_reply"], reverse=True
    )


def test_the_age_of_a_next_reply_at_risk_is_that_of_its_wait() -> None:
    """A was created at 8:00 and answered; the customer wrote again at 9:40, 20 minutes ago."""
    desk = SlaDesk(BOTH)
    desk.created("A", "08:00")
    desk.replied("A", "08:10")
    desk.changed("A", "09:40", "customer_replied")
    ages = {one.target: (one.age_ms, one.business_age_ms) for one in desk.at_risk("10:00").tickets}
    assert {"next_reply": (1_200_000, 1_200_000), "resolution": (7_200_000, 7_200_000)} == ages


def test_a_next_reply_given_without_a_policy_has_the_age_of_its_wait_and_none_by_work_hours() -> None:
    desk = bare_desk()
    desk.created("A", "08:00")
    desk.replied("A", "08:10")
    desk.changed("A", "09:40", "customer_replied")
    desk.changed("A", "09:45", "due", next_reply_due=at("10:30"))
    found = told(desk, "10:00")
    assert {("A", "next_reply")} == found.keys()
    one = found["A", "next_reply"]
    assert (1_200_000, None, True) == (one.age_ms, one.business_age_ms, one.given)


def test_a_team_counts_first_and_next_replies_together() -> None:
    """Sales: two first replies of 9:00 in time, a third overdue since 9:30.

    The customer of A wrote at 8:50 and waits since: its next reply was due at 9:50. So two of the four
    deadlines of the hour were met, and two are overdue. B's next reply is due at 10:10.
    """
    desk = SlaDesk(BOTH)
    desk.created("A", "08:00", team="sales")
    desk.replied("A", "08:10")
    desk.changed("A", "08:50", "customer_replied")
    for ticket in ("B", "C", "D"):
        desk.created(ticket, "09:00", team="sales")
    desk.replied("B", "09:02")
    desk.replied("C", "09:02")
    desk.changed("B", "09:10", "customer_replied")
    sales = row(shown(desk, "10:00", policy=True), "sales")
    assert {"first_reply": 1, "next_reply": 1, "resolution": 0} == sales.overdue
    assert (0.5, 4, 0.9) == (sales.ratio, sales.n, sales.objective)
    assert (1, 3, 1) == (sales.soon, sales.waiting, sales.unanswered)


def test_first_and_next_replies_with_different_objectives_have_none_together() -> None:
    desk = SlaDesk(BOTH.replace("within: 1h, objective: 90%", "within: 1h, objective: 80%"))
    desk.created("A", "09:00", team="sales")
    assert None is row(shown(desk, "10:00", policy=True), "sales").objective


def test_next_replies_that_nothing_but_tickets_promise_leave_the_objective_of_first_ones() -> None:
    desk = SlaDesk(SIMPLE)
    desk.send("ticket-created", "A", "09:50", team="sales", next_reply_due=at("10:20"), **MAIL)
    sales = row(shown(desk, "10:00", policy=True), "sales")
    assert {"first_reply": 0, "next_reply": 0, "resolution": 0} == sales.overdue
    assert 0.9 == sales.objective


def test_without_a_policy_the_wall_has_what_given_deadlines_say() -> None:
    desk = bare_desk()
    desk.send("ticket-created", "A", "09:00", team="billing", first_reply_due=at("09:30"), **MAIL)
    wall = shown(desk, "10:00", names=True)
    billing = row(wall, "billing")
    assert (False, True) == (wall.policy, wall.promised)
    assert [("first_reply", 1, None)] == [(one.target, one.breached, one.objective) for one in wall.sla]
    assert ({"first_reply": 1}, 0.0, None) == (billing.overdue, billing.ratio, billing.objective)
    assert wall.risk is not None
    assert [("A", "ticket")] == [(line.ticket_id, line.deadline_of) for line in wall.risk.lines]


def test_the_wall_tells_who_waits_whom_nobody_has_and_what_a_bot_has() -> None:
    """A waits for its first reply since 9:00, B again since 8:30; C is with a bot, and only A is assigned."""
    desk = SlaDesk(SIMPLE)
    desk.created("A", "09:00")
    desk.changed("A", "09:05", "assigned", assigned=True)
    desk.created("B", "08:00")
    desk.replied("B", "08:10")
    desk.changed("B", "08:30", "customer_replied")
    desk.send("ticket-created", "C", "09:00", team="sales", with_bot=True, **MAIL)
    wall = shown(desk, "10:00", policy=True)
    live = wall.live
    assert live is not None
    assert (2, 1, 2, 1) == (live.waiting, live.unanswered, live.unassigned, live.with_bot)
    assert at("08:30") == live.oldest_wait_ms
    billing, sales = row(wall, "billing"), row(wall, "sales")
    assert (2, 1, 1, 0) == (billing.waiting, billing.unanswered, billing.unassigned, billing.with_bot)
    assert (0, 0, 1, 1) == (sales.waiting, sales.unanswered, sales.unassigned, sales.with_bot)


def test_a_desk_that_tells_of_no_assignment_has_none_that_nobody_has() -> None:
    desk = SlaDesk(SIMPLE)
    desk.created("A", "09:00")
    wall = shown(desk, "10:00", policy=True)
    assert wall.live is not None
    assert (None, None) == (wall.live.unassigned, row(wall, "billing").unassigned)
