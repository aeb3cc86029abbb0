"""`deskpulse worker` with one safeguard switched off, or with a crash at an exact moment, or both.

Production code has no switches.

`SOAK_MUTANT` names the safeguard, `SOAK_MOMENT` what happens and when, such as `after-commit:5`; without them
it is the worker as it is. Units of work are small here, so that a few thousand records are many transactions.
"""

from __future__ import annotations

import os

from agents.config import WorkerConfig
from deskpulse.cli import main
from proofs.soak.mutants.moments import MOMENTS
from proofs.soak.mutants.switches import SWITCHES

MUTANT = "SOAK_MUTANT"
MOMENT = "SOAK_MOMENT"
_UNIT_RECORDS = 300
_NEVER_SECONDS = 3_600.0


def small_units() -> None:
    """Make units of work small, and never let a topic at its end let go of the event clock.

    So no later transaction hides anything.
    """
    defaults = WorkerConfig.__init__.__kwdefaults__
    assert defaults is not None
    defaults["unit_records"] = _UNIT_RECORDS
    defaults["drained_seconds"] = defaults["backlog_seconds"] = _NEVER_SECONDS


def launch() -> None:
    """Change what the environment says, then be the worker."""
    small_units()
    if mutant := os.environ.get(MUTANT):
        SWITCHES[mutant]()
    if moment := os.environ.get(MOMENT):
        name, _, number = moment.partition(":")
        MOMENTS[name](int(number))
    main()


if __name__ == "__main__":
    launch()
