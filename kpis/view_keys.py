"""Keys of the view: what one row of panes or of levels is about."""

from __future__ import annotations

from typing import NamedTuple

from kpis.tickets.standing import Dims


class PaneKey(NamedTuple):
    """One pane of one resolution (index into RESOLUTIONS) and one combination of dimensions."""

    resolution: int
    pane: int
    dims: Dims


class LevelKey(NamedTuple):
    """One hour of one level; the cells of its value are minutes of the hour."""

    series: int
    hour: int
    dims: Dims
