"""docs/sla.md tells the truth: its policy is read, its example is computed, its metrics exist."""

from __future__ import annotations

import re

import pytest

from exporters.metrics.families import CLOSED_FINAL, SLA_FINAL, SLA_LIVE, SLA_WORST
from scripts import metrics_doc
from tests.docs import pages
from tests.sla.desk import SlaDesk, figure, settled

PAGE = "docs/sla.md"


@pytest.fixture(scope="module")
def desk() -> SlaDesk:
    """The worked example."""
    policy, *_ = pages.blocks(PAGE, "yaml")
    desk = SlaDesk(policy)
    for ticket, created, priority in (
        ("A", "2026-02-27T17:30", "high"),
        ("B", "2026-02-27T16:00", "normal"),
        ("C", "2026-03-01T20:00", "normal"),
        ("D", "10:00", "high"),
    ):
        desk.created(ticket, created, priority=priority)
    desk.replied("A", "09:20")
    desk.replied("D", "11:20")
    return desk


def test_the_example_gives_the_samples_of_the_page(desk: SlaDesk) -> None:
    view = desk.view("11:30")
    found = {(f.name, frozenset(f.labels)): f.value for f in (*view.figures, *view.live)}
    stated = [sample for block in pages.blocks(PAGE, "prometheus") for sample in pages.parse_samples(block)]
    assert len(stated) > 10
    wrong = [
        one
        for one in stated
        if round(found.get((one.name, one.labels), float("nan")), one.decimals) != one.value
    ]
    assert [] == wrong


def test_what_comes_without_an_event_comes(desk: SlaDesk) -> None:
    """At 13:01 the 8 hours hold four deadlines, of which one was met."""
    assert (1, 3) == settled(desk.view("13:01"))
    assert 2 == figure(desk.view("13:01"), "support_sla_overdue_tickets", target="first_reply")


def test_metrics_that_the_page_names_exist() -> None:
    named = set(re.findall(r"\b((?:support|deskpulse)_[a-z_]+)\b(?!\.)", pages.text(PAGE)))
    assert named <= metrics_doc.documented()


def test_every_sla_figure_is_explained() -> None:
    names = {family.name for family in (*SLA_FINAL, *SLA_LIVE, *SLA_WORST, *CLOSED_FINAL)}
    section = pages.text(PAGE).split("\n## Figures\n")[1].split("\n## ")[0]
    assert names <= set(re.findall(r"`(support_[a-z_]+)`", section))
