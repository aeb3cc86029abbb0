"""Pieces of PromQL that several families share."""

from __future__ import annotations

from typing import Final

MEMBER: Final = "by, member"
PROMISE: Final = "by, member, target"
NOW: Final = 'period="current"'
WHOSE: Final = '{{ if eq $labels.by "all" }}the desk{{ else }}{{ $labels.by }} {{ $labels.member }}{{ end }}'


def block(*lines: str) -> str:
    """An expression over several lines."""
    return "\n".join(lines)


def trusted(*lines: str) -> str:
    """An expression about figures, empty while these cannot be trusted."""
    return block(*lines, "and on () desk:figures_trusted")
