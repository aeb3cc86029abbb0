"""Exit codes: the command line's answer to scripts; `deskpulse --help` lists them.

A worker has its own, after sysexits.h (`agents.exits.Exit`), so that a supervisor can tell what a restart
mends from what a person must.
"""

from __future__ import annotations

from typing import Final

OK: Final = 0
DIFFERENCE: Final = 1  # a check failed, or figures differ
USAGE: Final = 2  # wrong arguments or settings
BROKER: Final = 3  # no broker, or topics that are not as they must be
INTERRUPTED: Final = 130  # Ctrl-C before the end, by the shells' custom

MEANINGS: Final = {
    OK: "all is well",
    DIFFERENCE: "a difference was found, or a check failed",
    USAGE: "wrong arguments or settings",
    BROKER: "no broker could be reached, or its topics are wrong",
    65: "the worker stopped: bad data (nearly all records are bad, or one record cannot be merged)",
    69: "the worker stopped: no broker answers",
    70: "the worker stopped: a program error, with a traceback",
    75: "the worker stopped: a restart repairs it (another worker took over, a write failed, no progress)",
    78: "the worker stopped: somebody must correct topics, partition counts or versions first",
}
