"""The page that compares deskpulse with suites: its numbers of ours are what the code gives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.tidy import ROOT
from tests.docs import pages
from tests.golden.readers import told
from tests.golden.test_by_creation import shown

PAGE = "docs/parity.md"
SUITES = ["Zendesk", "Intercom", "Freshdesk"]


def solved(first: int, count: int, created: str, at: str) -> Iterator[str]:
    """So many tickets, from a number on, created and solved at some instants."""
    for number in range(first, first + count):
        yield f"{created} T{number} created"
        if at:
            yield f"{at} T{number} resolved"


# 20 came in yesterday, of which 14 are solved; 3 of the month before were solved yesterday, too.
WEEK = "\n".join(
    [
        *solved(1, 14, "-1d 13:00", "-1d 15:00"),
        *solved(15, 6, "-1d 13:00", ""),
        *solved(21, 3, "-20d 13:00", "-1d 15:00"),
        "-1d 16:00 T1 reopened",
        "-1d 17:00 T1 resolved",
    ]
)


def section(heading: str) -> str:
    return pages.sections(PAGE)[heading]


def test_the_example_is_85_per_cent_by_event_and_70_by_creation() -> None:
    for by_created, ratio in ((False, 0.85), (True, 0.7)):
        assert ratio == shown(WEEK, "support_resolution_ratio", by_created=by_created)
        assert 20 == shown(WEEK, "support_resolution_observations", by_created=by_created)
        assert 0.7 == shown(WEEK, "support_resolution_cohort_ratio", by_created=by_created)
        assert f"resolution_ratio {100 * ratio:.2f} %, n 20" in section("The example")
    assert 18 == sum(line.endswith("resolved") for line in WEEK.splitlines())


def test_the_first_response_after_a_bot_is_30_min() -> None:
    story = """
        10:00 created with_bot=true
        10:10 handed_over
        10:40 replied"""
    assert 1800.0 == shown(story, "support_first_response_mean_seconds", by_created=False, clock="calendar")
    assert "10:10 to 10:40 = 30 min" in section("First response time")


@pytest.mark.parametrize(
    ("case", "begins", "goes_on", "minutes"),
    [
        ("handed over 10:10, reply 10:40", "with_bot=true", "10:10 handed_over, 10:40 replied", (30, 40)),
        (
            "handed over 10:10, bot again 10:20, handed over 10:30, reply 10:40",
            "with_bot=true",
            "10:10 handed_over, 10:20 status status=bot, 10:30 handed_over, 10:40 replied",
            (30, 40),
        ),
        (
            "a bot from 10:10, reply 10:25 without a hand-over",
            "",
            "10:10 status status=bot, 10:25 replied",
            (15, 25),
        ),
        (
            "opened by the desk, message 11:00, bot 11:05, handed over 11:10, reply 11:20",
            "opened_by=desk",
            "11:00 customer_replied, 11:05 status status=bot, 11:10 handed_over, 11:20 replied",
            (10, 20),
        ),
    ],
)
def test_the_table_of_the_setting_shows_what_each_value_gives(
    case: str, begins: str, goes_on: str, minutes: tuple[int, int]
) -> None:
    story = "\n".join([f"10:00 created {begins}", *goes_on.split(", ")])
    (line,) = [line for line in section("First response time").splitlines() if line.startswith(f"| {case} |")]
    first, second = (int(cell.split()[0]) for cell in line.strip("| ").split("|")[1:])
    assert minutes == (first, second)
    mean = "support_first_response_mean_seconds"
    assert 60 * first == told(story, mean)
    assert 60 * second == told(story, mean, frt_from="created")


@pytest.mark.parametrize("status", ["waiting", "open"])
def test_the_waits_are_20_and_15_min_whatever_the_status_says(status: str) -> None:
    story = f"""
        10:00 created
        10:20 replied
        10:20 status status={status}
        11:00 customer_replied
        11:00 status status=open
        11:15 replied
        11:15 resolved"""
    labels = {"clock": "calendar"}
    assert 2 == shown(story, "support_response_mean_observations", by_created=False, **labels)
    assert 17.5 * 60 == shown(story, "support_response_mean_seconds", by_created=False, **labels)
    assert "mean 17.5 min" in section("Response time, and how long the customer waited")


def test_one_touch_is_75_per_cent_and_80_with_those_that_nobody_answered() -> None:
    story = []
    for number in range(10):
        story.append(f"10:00 T{number} created")
        replies = 1 if number < 6 else 2 if number < 8 else 0
        story += [f"10:{10 + minute} T{number} replied" for minute in range(replies)]
        story.append(f"10:30 T{number} resolved")
    text = "\n".join(story)
    assert 0.75 == shown(text, "support_one_touch_ratio", by_created=False)
    touched = shown(text, "support_one_touch_observations", by_created=False)
    unanswered = shown(text, "support_solved_unanswered_tickets", by_created=False)
    assert touched is not None
    assert unanswered is not None
    assert (6 + unanswered) / (touched + unanswered) == 0.8
    assert "6 of 8  = 75 %" in section("One touch and first contact")


def test_each_table_has_a_column_for_each_suite() -> None:
    compared = [line for line in pages.text(PAGE).splitlines() if line.startswith("| | deskpulse |")]
    assert 7 == len(compared)
    for head in compared:
        columns = [cell.split("(")[0].strip() for cell in head.strip("| ").split("|")]
        assert ["deskpulse", *SUITES] == columns


def test_the_numbers_of_the_report_s_page_are_those_of_its_example() -> None:
    text = (ROOT / "docs/report.md").read_text(encoding="utf-8")
    assert "25 h and 20 min, mean 12 h 40 min" in text
    story = """
        -1d 09:00 T1 created
        10:00 T1 replied
        11:00 T1 resolved
        10:00 T2 created
        10:20 T2 replied
        10:40 T2 resolved"""
    assert 12 * 3600 + 40 * 60 == shown(
        story, "support_first_response_mean_seconds", by_created=False, clock="calendar"
    )
    ratios = tuple(shown(story, "support_resolution_ratio", by_created=one) for one in (False, True))
    assert (2.0, 1.0) == ratios
