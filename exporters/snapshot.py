"""One moment of the exporter, immutable: all that a scrape reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporters.reading.status import ReaderStatus
from kpis.figures.view import View


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at `now_ms`. Without a view there are no figures, and none are exported."""

    now_ms: int
    status: ReaderStatus
    view: View | None = None
    build_seconds: float | None = None
    failed: bool = False  # the view could not be built
    refused: Mapping[str, int] = field(default_factory=dict)  # requests turned away, by reason
    desk: str = "deskpulse"  # its name
