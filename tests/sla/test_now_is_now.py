"""Now is now: one fast clock of a producer moves nobody's instant.

It breaks nobody's promise and ends nobody's day.
"""

from __future__ import annotations

import pytest

from kpis.figures.view import View
from streams.topics import SOURCE_TOPICS
from tests.sla.desk import SlaDesk, at

TEN_MINUTES = """
    versions:
      - name: v1
        first_reply:
          - {within: 10m, objective: 90%}
"""


def live(view: View, name: str, member: str = "all") -> float | None:
    return next((f.value for f in view.live if f.name == name and ("member", member) in f.labels), None)


def windowed(view: View, name: str, window: str) -> float | None:
    wanted = {("window", window), ("period", "current"), ("by", "all")}
    return next((f.value for f in view.figures if f.name == name and wanted <= set(f.labels)), None)


def test_an_event_dated_ahead_breaks_no_promise_of_another_ticket() -> None:
    """T-1 was created at 11:53 and is promised 10 min: due 12:03, and missed when that minute is over.

    T-2 is stamped 4 min 50 s ahead.
    """
    desk = SlaDesk(TEN_MINUTES)
    desk.created("T-1", "11:53", team="a")
    desk.created("T-2", "12:04:50", team="b")
    for moment, breached, due, attainments in (("12:00", 0, 2, 0), ("12:03:59", 0, 2, 0), ("12:04", 1, 1, 1)):
        view = desk.view(moment)
        assert at(moment) == view.as_of_ms
        assert breached == live(view, "support_sla_overdue_tickets"), moment
        assert due == live(view, "support_sla_waiting_tickets"), moment
        assert attainments == windowed(view, "support_sla_attainment_observations", "15m"), moment


@pytest.mark.parametrize("window", ["15m", "1h", "8h", "24h", "today", "7d", "30d"])
def test_what_is_dated_ahead_is_open_at_once_and_in_a_window_from_its_minute_on(window: str) -> None:
    desk = SlaDesk(TEN_MINUTES)
    desk.created("T-2", "12:04:50")
    early, minute = desk.view("12:00"), desk.view("12:04")
    assert (1, 0) == (live(early, "support_open_tickets"), windowed(early, "support_tickets", window))
    assert (1, 1) == (live(minute, "support_open_tickets"), windowed(minute, "support_tickets", window))


def test_a_reply_dated_ahead_ends_the_wait_at_once() -> None:
    """Replied at 12:04 by a clock that is fast: nobody waits at 12:00.

    The response is in the window from 12:04 on.
    """
    desk = SlaDesk(TEN_MINUTES)
    desk.created("T-1", "11:58")
    desk.replied("T-1", "12:04")
    view = desk.view("12:00")
    assert (0, 0) == (
        live(view, "support_unanswered_tickets"),
        windowed(view, "support_first_response_mean_observations", "24h"),
    )
    assert 1 == windowed(desk.view("12:04"), "support_first_response_mean_observations", "24h")


def test_an_event_after_midnight_ends_nobody_s_day() -> None:
    """At 23:57 somebody's clock says 00:01 of tomorrow: `today` is still today, with its ticket."""
    desk = SlaDesk(TEN_MINUTES)
    desk.created("T-1", "20:00")
    desk.created("T-2", "2026-03-03T00:01")
    late = desk.view("23:57")
    assert at("00:00") == late.spans["today", "current"][0]
    assert 1 == windowed(late, "support_tickets", "today")
    assert 1 == windowed(desk.view("2026-03-03T00:01"), "support_tickets", "today")


@pytest.mark.parametrize("topic", ["survey", "customer"])
def test_nor_does_an_event_of_a_topic_that_no_promise_depends_on(topic: str) -> None:
    desk = SlaDesk(TEN_MINUTES)
    desk.created("T-1", "11:53")
    known: dict[str, dict[str, object]] = {
        "survey": {"kind": "nps", "score": 9},
        "customer": {"status": "joined", "customer_id": "T-1"},
    }
    fields = known[topic]
    desk.send(topic, "T-1", "12:04:50", **fields)
    view = desk.view("12:00")
    assert (at("12:00"), 0) == (view.as_of_ms, live(view, "support_sla_overdue_tickets"))


def test_the_hour_before_is_whole_while_an_event_lies_ahead() -> None:
    """Panes of a minute leave behind the event clock.

    That clock may be five minutes ahead of a reader who looks at the hour before this one.
    """
    desk = SlaDesk(TEN_MINUTES)
    desk.created("T-1", "10:01")
    desk.created("T-2", "12:04:50")
    desk.state.advance(SOURCE_TOPICS)  # every topic is at its end: none holds the event clock back
    wanted = {("window", "1h"), ("period", "previous"), ("by", "all")}
    before = [
        f.value for f in desk.view("12:00").figures if f.name == "support_tickets" and wanted <= set(f.labels)
    ]
    assert [1] == before


def test_a_clock_that_was_fast_and_is_set_right_leaves_nothing_of_what_it_showed() -> None:
    """An hour ahead T-1 was missed; set back, it is due in 3 min again, and the window holds it as before."""
    desk = SlaDesk(TEN_MINUTES)
    desk.created("T-1", "11:53")
    before = desk.view("12:00")
    assert 1 == live(desk.view("13:00"), "support_sla_overdue_tickets")
    after = desk.view("12:00")
    assert (before.as_of_ms, before.figures, before.live) == (after.as_of_ms, after.figures, after.live)


def test_a_step_back_of_less_than_a_second_is_waited_for() -> None:
    desk = SlaDesk(TEN_MINUTES)
    desk.created("T-1", "11:53")
    desk.view("12:00")
    assert at("12:00") == desk.builder.build(at("12:00") - 900).as_of_ms
