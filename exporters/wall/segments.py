"""Every segment in one row, where the desk has switched the fourth dimension on."""

from __future__ import annotations

from collections.abc import Iterator

from exporters.wall.model import SegmentRow
from exporters.wall.teams import HOUR
from exporters.wall.tiles import Shelf, count_of, observed, value_of
from kpis.figures.kpi import live
from kpis.figures.view import View
from kpis.members import SEGMENT
from kpis.sla import metrics
from kpis.sla.policy import FIRST_REPLY


def segments_of(view: View, shelf: Shelf) -> Iterator[SegmentRow]:
    """One row a segment that is shown, in their order; nothing while the dimension is off."""
    reply = {"target": FIRST_REPLY}
    for segment in view.shown.get(SEGMENT, ()):
        group = (SEGMENT, segment)
        attained = shelf.final(metrics.ATTAINMENT, "current", reply, window=HOUR, group=group)
        yield SegmentRow(
            segment=segment,
            open=count_of(shelf.now(live.OPEN.name, group)) or 0,
            waiting=count_of(shelf.now(live.WAITING.name, group)) or 0,
            overdue=count_of(shelf.now(metrics.OVERDUE, group, target=FIRST_REPLY)),
            ratio=value_of(attained),
            n=observed(attained),
            below=view.below.get((SEGMENT, segment, FIRST_REPLY)),
        )
