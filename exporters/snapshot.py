"""One moment of the exporter, immutable: all that a scrape reads."""

from __future__ import annotations

from dataclasses import dataclass

from exporters.status import ReaderStatus
from kpis.view import View


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at `now_ms`. Without a view there are no figures, and none are exported."""

    now_ms: int
    status: ReaderStatus
    view: View | None = None
    build_seconds: float | None = None
    failed: bool = False  # the view could not be built
