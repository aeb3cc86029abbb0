"""Exit codes: the command line's answer to scripts. `deskpulse --help` lists them."""

from __future__ import annotations

from typing import Final

OK: Final = 0
DIFFERENCE: Final = 1  # a check failed, or figures differ
USAGE: Final = 2  # wrong arguments or settings
BROKER: Final = 3  # no broker, or topics that are not as they must be
WORKER_STOPPED: Final = 4  # the worker ended itself
INTERRUPTED: Final = 130  # Ctrl-C before the end, by the shells' custom

MEANINGS: Final = {
    OK: "all is well",
    DIFFERENCE: "a difference was found, or a check failed",
    USAGE: "wrong arguments or settings",
    BROKER: "no broker could be reached, or its topics are not as they must be",
    WORKER_STOPPED: "the worker stopped itself: the message says why, a restart is safe",
}
