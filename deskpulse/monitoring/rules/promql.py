"""Pieces of PromQL that several families share."""

from __future__ import annotations

from typing import Final

# an exporter; one of two desks may have the address that one of the other had
EXPORTER: Final = "desk, instance, job"
MEMBER: Final = "desk, by, member"
PROMISE: Final = "desk, by, member, target"
NOW: Final = 'period="current"'
# labels of what the exporter names: worst now, endangered
NAMED: Final = "desk, by, member, team, channel, priority, segment, target"


def block(*lines: str) -> str:
    """An expression over several lines."""
    return "\n".join(lines)


def trusted(*lines: str) -> str:
    """An expression about figures, empty while these cannot be trusted."""
    return block(*lines, "and on (desk) desk:figures_trusted")


def of_team(*lines: str) -> str:
    """An expression by `by` and `member`, with the label `team` where the member is one.

    Alerts go to their team by it.

    No template of a label could say that: one that comes to nothing leaves its own text in ALERTS.
    """
    inner = (f"  {line}" for part in lines for line in part.splitlines())
    return block(
        "label_replace(label_join(",
        *inner,
        ', "team", ":", "by", "member"), "team", "$1", "team", "team:(.*)|.*")',
    )
