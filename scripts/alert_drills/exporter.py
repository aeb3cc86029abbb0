"""`deskpulse exporter` with the clock of a drill: `python -m scripts.alert_drills.exporter exporter`."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Final
from unittest.mock import patch

from deskpulse import cli
from exporters.clock import ViewKeeper
from scripts.alert_drills.clock import DrillClock

FILE: Final = "DRILL_CLOCK_FILE"
ORIGIN: Final = "DRILL_CLOCK_ORIGIN_MS"
SPEED: Final = "DRILL_CLOCK_SPEED"


def main() -> None:
    """Run the command line of deskpulse."""
    clock = DrillClock(Path(os.environ[FILE]), int(os.environ[ORIGIN]), float(os.environ[SPEED]))
    with patch("exporters.server.ViewKeeper", partial(ViewKeeper, now_ms=clock.now_ms)):
        cli.main()


if __name__ == "__main__":
    main()
