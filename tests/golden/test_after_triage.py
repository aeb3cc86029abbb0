"""What a triage does to a running promise, worked by hand: by a view, by a report, and by the oracle."""

from __future__ import annotations

from typing import Final

import pytest

from tests.golden.readers import ATTAINMENT, OUTCOMES, told

KEEP: Final = """
    versions:
      - name: v1
        first_reply:
          - {priority: high, within: 1h, objective: 90%}
          - {within: 2h, objective: 90%}
"""
RETARGET: Final = KEEP + "        after_triage: retarget\n"
FOREIGN, EXTENDED = "support_sla_foreign_observations", "support_sla_extended_tickets"
# Within 1 h if high, else within 2 h; answered 90 min after the creation.
TRIAGED = """
    10:00 created priority=none
    10:02 triaged priority=high
    11:30 replied"""


def first_reply(story: str, name: str, policy: str, **labels: str) -> float | None:
    return told(story, name, policy=policy, target="first_reply", **labels)


@pytest.mark.parametrize(("policy", "share", "foreign"), [(KEEP, 1.0, 1), (RETARGET, 0.0, 0)])
def test_keep_holds_what_was_promised_and_retarget_what_the_new_labels_promise(
    policy: str, share: float, foreign: int
) -> None:
    """Kept: due at 12:00 and met, by a line that is not that of high: 1 of 1 is foreign.

    Retargeted: due at 11:00, an hour after the creation, and missed.
    """
    assert (1, share) == (
        first_reply(TRIAGED, OUTCOMES, policy),
        first_reply(TRIAGED, ATTAINMENT, policy),
    )
    assert foreign == first_reply(TRIAGED, FOREIGN, policy)


@pytest.mark.parametrize("triaged", ["10:59", "11:01"])
def test_a_deadline_that_has_passed_is_not_moved(triaged: str) -> None:
    """High until the triage, due at 11:00. Moved before that to 12:00, it is met at 11:30; later, missed."""
    story = f"""
        10:00 created priority=high
        {triaged} triaged priority=normal
        11:30 replied"""
    assert float(triaged < "11:00") == first_reply(story, ATTAINMENT, RETARGET)


@pytest.mark.parametrize(("triaged", "count"), [("10:30", 0), ("10:31", 1)])
def test_one_moved_later_after_half_its_time_is_counted(triaged: str, count: int) -> None:
    """Of 60 min exactly half is not more than half."""
    story = f"""
        10:00 created priority=high
        {triaged} triaged priority=normal"""
    assert count == first_reply(story, EXTENDED, RETARGET)


def test_a_new_deadline_before_the_triage_stands_at_the_triage() -> None:
    """Triaged to high 70 min after the creation: due at 11:10, not at 11:00. A reply at 11:10 is in time."""
    story = """
        10:00 created priority=none
        11:10 triaged priority=high"""
    assert 1.0 == first_reply(f"{story}\n11:10 replied", ATTAINMENT, RETARGET)
    assert 0.0 == first_reply(f"{story}\n11:11 replied", ATTAINMENT, RETARGET)
