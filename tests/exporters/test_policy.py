"""What an exporter with a policy shows.

That is its policy, whether the workers have the same, SLA figures, and tickets at risk.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig
from exporters.links import safe_link
from exporters.metrics.families import SLA_FINAL, SLA_LIVE
from exporters.metrics.program_families import differs
from exporters.reading.keeper import ViewKeeper
from exporters.reading.status import ReaderStatus
from exporters.web.app import new_app
from kpis.figures.catalogue import is_denominator
from kpis.figures.view import ViewRules
from kpis.ledger.codec import Position
from kpis.sla.policy import Policy
from oracle import verify
from tests.exporters.desk import all_read
from tests.sla.booked import Booked
from tests.sla.desk import OFFICE, SIMPLE, SlaDesk, at, policy_of
from tests.sla.test_given_deadlines import bare_desk

Client = TestClient[Any, Any]
Open = Callable[..., Awaitable[Client]]


@pytest.fixture
async def open_pages() -> AsyncIterator[Open]:
    """Opens the pages of an exporter over a desk, as of 11:00; the exporter's policy may be another."""
    async with AsyncExitStack() as stack:

        async def open_(
            desk: SlaDesk,
            policy: Policy | None = None,
            status: ReaderStatus | None = None,
            booked: Booked | None = None,
            **settings: Any,
        ) -> Client:
            rules = ViewRules(ZoneInfo("UTC"), policy=policy)
            keeper = ViewKeeper(rules, elapsed=EXPORTER.elapsed, now_ms=lambda: at("11:00"))
            await keeper.apply(0, desk.state.take_changes().view)
            await keeper.apply(0, booked.rows() if booked is not None else ())
            config = ExporterConfig(time=EXPORTER, kafka={}, view_rules=rules, **settings)
            return await stack.enter_async_context(
                TestClient(TestServer(new_app(config, keeper, lambda: status or all_read(1))))
            )

        yield open_


def a_desk() -> SlaDesk:
    desk = SlaDesk(SIMPLE)
    desk.created("T1", "10:00")
    desk.created("T2", "10:40", team="sales", channel="phone", priority="high")
    return desk


async def scraped(client: Client) -> dict[verify.Key, float]:
    return verify.parse_exposition(await (await client.get("/metrics")).text())


class TestMetrics:
    async def test_the_policy_is_named(self, open_pages: Open) -> None:
        desk = a_desk()
        found = await scraped(await open_pages(desk, desk.policy))
        assert (
            1
            == found[
                "deskpulse_policy_info", frozenset({("version", "simple"), ("digest", desk.policy.digest())})
            ]
        )
        assert 0 == found["deskpulse_policy_mismatch", frozenset()]
        labels = {("by", "all"), ("member", "all"), ("target", "first_reply")}
        assert 1 == found["support_sla_overdue_tickets", frozenset(labels)]
        assert 1 == found["support_sla_due_tickets", frozenset({*labels, ("within", "15m")})]

    async def test_the_api_has_each_figure_that_prometheus_gets(self, open_pages: Open) -> None:
        """What is unlike the rest too: replies to what came in closed hours, and promises of another line.

        Only the number of observations is told with the figure itself.
        """
        desk = SlaDesk(OFFICE)
        desk.created("T1", "07:10")  # before the office opens
        desk.replied("T1", "07:20")
        client = await open_pages(desk, desk.policy)
        of_windows = [name for name, labels in await scraped(client) if "period" in dict(labels)]
        answered = await (await client.get("/api/kpis")).json()
        names = {figure["name"] for figure in answered["figures"]}
        figures = {name for name in of_windows if name.startswith("support_")}
        assert {name for name in figures if not is_denominator(name)} == names
        shown = {"support_first_response_closed_observations", "support_sla_foreign_observations"}
        assert shown <= names
        for name in shown:
            asked = await client.get(f"/api/kpis?name={name}&by=all&window=24h&period=current")
            found = [(figure["name"], figure["value"]) for figure in (await asked.json())["figures"]]
            assert (name, 1 if "closed" in name else 0) in found

    async def test_the_end_of_a_list_of_days_is_shown(self, open_pages: Open) -> None:
        """The midnight after May 15th 2026 in Madrid is 22:00 UTC of that day.

        That is 20,588 days and 22 h after 1970: 1,778,882,400 s.
        """
        text = OFFICE.replace("country: ES", "country: ES, add: [2026-05-15]")
        found = await scraped(await open_pages(a_desk(), policy_of(text)))
        labels = frozenset({("version", "office"), ("calendar", "office")})
        assert 1_778_882_400 == found["deskpulse_policy_calendar_ends_timestamp_seconds", labels]

    async def test_without_a_list_that_ends_no_end_is_shown(self, open_pages: Open) -> None:
        text = OFFICE.replace("country: ES", "country: ES, every: ['05-15']")
        found = await scraped(await open_pages(a_desk(), policy_of(text)))
        assert not [name for name, _ in found if "calendar_ends" in name]

    async def test_the_next_reply_is_a_target_where_the_policy_has_its_lines(self, open_pages: Open) -> None:
        """One missed at 10:30, one overdue since 10:40, one due at 11:10; under another policy none."""
        booked = Booked("next_reply")
        booked.missed("10:30")
        booked.running("A", "10:40")
        booked.running("B", "11:10")
        promised = policy_of(f"{SIMPLE}        next_reply: [{{within: 1h, objective: 90%}}]\n")
        found = await scraped(await open_pages(a_desk(), promised, booked=booked))
        labels = {("by", "all"), ("member", "all"), ("target", "next_reply")}
        windowed = frozenset({*labels, ("window", "1h"), ("period", "current")})
        assert 1 == found["support_sla_overdue_tickets", frozenset(labels)]
        assert 1 == found["support_sla_due_tickets", frozenset({*labels, ("within", "15m")})]
        assert 2 == found["support_sla_breached_tickets", windowed]
        others = await scraped(await open_pages(a_desk(), policy_of(SIMPLE), booked=booked))
        assert not [labels for _, labels in others if ("target", "next_reply") in labels]

    async def test_every_family_of_a_policy_has_a_sample(self, open_pages: Open) -> None:
        desk = a_desk()
        names = {name for name, _ in await scraped(await open_pages(desk, desk.policy))}
        assert {family.name for family in (*SLA_FINAL, *SLA_LIVE)} <= names

    async def test_without_a_policy_there_is_no_sla_series(self, open_pages: Open) -> None:
        desk = a_desk()
        found = await scraped(await open_pages(desk))
        assert not [
            name
            for name, labels in found
            if "sla" in name or "business" in name or ("clock", "business") in labels
        ]
        assert 1 == found["deskpulse_policy_mismatch", frozenset()]

    async def test_another_policy_than_the_workers_is_told(self, open_pages: Open) -> None:
        found = await scraped(await open_pages(a_desk(), policy_of(OFFICE)))
        assert 1 == found["deskpulse_policy_mismatch", frozenset()]


def test_a_partition_without_an_event_agrees_with_everybody() -> None:
    assert not differs(policy_of(SIMPLE), Position())
    assert differs(policy_of(SIMPLE), Position(maxima={"resolved": 1}))
    assert not differs(None, Position(maxima={"resolved": 1}))


def test_holidays_of_later_years_make_no_mismatch() -> None:
    """A ledger whose newest event is of 2026 was made with the holidays until then."""
    policy, later = (
        policy_of(OFFICE.replace("country: ES", f"country: ES, add: [{day}]"))
        for day in ("2027-05-05", "2027-05-06")
    )
    position = Position(maxima={"resolved": 1}, policy=policy.signed(2026))
    assert not differs(later, position)
    position.policy = policy.signed(2027)
    assert differs(later, position)


class TestTicketsAtRisk:
    async def test_they_are_listed_by_deadline(self, open_pages: Open) -> None:
        desk = a_desk()
        response = await (await open_pages(desk, desk.policy)).get("/api/at-risk")
        assert "application/json" == response.content_type
        body = await response.json()
        assert (True, [], False) == (body["complete"], body["reasons"], body["truncated"])
        assert [
            ("T1", "first_reply", True),
            ("T2", "first_reply", False),
            ("T1", "resolution", False),
            ("T2", "resolution", False),
        ] == [(ticket["ticket_id"], ticket["target"], ticket["breached"]) for ticket in body["tickets"]]
        assert {
            "ticket_id": "T2",
            "url": "https://desk.example.com/T2",
            "team": "sales",
            "channel": "phone",
            "priority": "high",
            "target": "first_reply",
            "deadline": "2026-03-02T10:10:00.000Z",
            "deadline_of": "policy",
            "breached": False,
            "age_seconds": 1200.0,
            "business_age_seconds": 1200.0,
        } == body["tickets"][1]
        assert "2026-03-02T10:00:00.000Z" == body["as_of"]

    async def test_those_that_wait_for_a_next_reply_may_be_asked_for(self, open_pages: Open) -> None:
        booked = Booked("next_reply")
        booked.running("A", "10:40")
        booked.running("B", "11:10")
        client = await open_pages(a_desk(), policy_of(SIMPLE), booked=booked)
        body = await (await client.get("/api/at-risk?target=next_reply&team=billing")).json()
        assert [("A", "next_reply", True), ("B", "next_reply", False)] == [
            (ticket["ticket_id"], ticket["target"], ticket["breached"]) for ticket in body["tickets"]
        ]

    async def test_a_deadline_that_came_with_a_ticket_is_told_apart_policy_or_none(
        self, open_pages: Open
    ) -> None:
        """T1's own first reply is due at 11:20; the policy promises its resolution by 12:00."""
        for desk, told in (
            (SlaDesk(SIMPLE), [("first_reply", "ticket"), ("resolution", "policy")]),
            (bare_desk(), [("first_reply", "ticket")]),
        ):
            mail = {"team": "billing", "channel": "email", "priority": "normal", "customer_id": "C"}
            desk.send("ticket-created", "T1", "10:00", first_reply_due=at("11:20"), **mail)
            policy = desk.policy if len(told) > 1 else None
            body = await (await (await open_pages(desk, policy)).get("/api/at-risk")).json()
            assert told == [(ticket["target"], ticket["deadline_of"]) for ticket in body["tickets"]]

    async def test_without_a_policy_the_deadlines_of_the_workers_policy_are_not_listed(
        self, open_pages: Open
    ) -> None:
        body = await (await (await open_pages(a_desk())).get("/api/at-risk")).json()
        assert [] == body["tickets"]

    async def test_a_team_a_target_and_a_limit_may_be_asked_for(self, open_pages: Open) -> None:
        desk = a_desk()
        client = await open_pages(desk, desk.policy)
        sales = await (await client.get("/api/at-risk?team=sales&target=first_reply")).json()
        assert ["T2"] == [ticket["ticket_id"] for ticket in sales["tickets"]]
        both = await (await client.get("/api/at-risk?team=sales&team=billing&limit=1")).json()
        assert (True, 1) == (both["truncated"], len(both["tickets"]))

    @pytest.mark.parametrize("limit", ["0", "501", "-1", "ten", ""])
    async def test_a_limit_without_sense_is_refused(self, open_pages: Open, limit: str) -> None:
        response = await (await open_pages(a_desk(), policy_of(SIMPLE))).get(f"/api/at-risk?limit={limit}")
        assert 400 == response.status
        assert "1 to 500" in await response.text()

    async def test_without_a_policy_there_are_none(self, open_pages: Open) -> None:
        body = await (await (await open_pages(a_desk())).get("/api/at-risk")).json()
        assert [] == body["tickets"]

    async def test_while_the_ledger_is_being_read_the_list_is_not_complete(self, open_pages: Open) -> None:
        desk = a_desk()
        client = await open_pages(desk, desk.policy, replace(all_read(1), expected=2))
        body = json.loads(await (await client.get("/api/at-risk")).text())
        assert (False, None, []) == (body["complete"], body["as_of"], body["tickets"])
        assert body["reasons"]

    async def test_it_wants_the_same_log_in_as_the_other_pages(self, open_pages: Open) -> None:
        client = await open_pages(a_desk(), policy_of(SIMPLE), bearer_token="secret")
        assert 401 == (await client.get("/api/at-risk")).status
        assert 200 == (await client.get("/api/at-risk", headers={"Authorization": "Bearer secret"})).status


@pytest.mark.parametrize(
    ("url", "harmless"),
    [
        ("https://desk.example.com/T-1?x=1#y", True),
        ("http://desk:8080/T-1", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//desk.example.com/T-1", False),
        ("/T-1", False),
        ("https://", False),
        ("https://user:password@desk.example.com/", False),
        ("https://[::1", False),
        ("", False),
        (None, False),
    ],
)
def test_links_lead_to_pages_or_are_left_out(url: str | None, harmless: bool) -> None:  # noqa: FBT001
    assert safe_link(url) == (url if harmless else None)
