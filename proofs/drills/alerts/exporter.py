"""`deskpulse exporter` with the clock of a drill: `python -m proofs.drills.alerts.exporter exporter`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from deskpulse import cli
from exporters.reading.keeper import ViewKeeper
from proofs.drills.alerts.clock import DrillClock

FILE: Final = "DRILL_CLOCK_FILE"
ORIGIN: Final = "DRILL_CLOCK_ORIGIN_MS"
SPEED: Final = "DRILL_CLOCK_SPEED"


def main() -> None:
    """Run the command line of deskpulse."""
    clock = DrillClock(Path(os.environ[FILE]), int(os.environ[ORIGIN]), float(os.environ[SPEED]))

    def keeper(*arguments: Any, **options: Any) -> ViewKeeper:
        """The keeper of a view as of the drill's clock.

        The reader has the machine's clock, which Prometheus and the brokers have too.
        """
        return ViewKeeper(*arguments, **{**options, "now_ms": clock.now_ms})

    with patch("exporters.server.ViewKeeper", keeper):
        cli.main()


if __name__ == "__main__":
    main()
