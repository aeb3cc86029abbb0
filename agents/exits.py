"""How a worker ends: exit codes, the error that names its fix, and the crash that recovery is built for."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import Final, NoReturn

from aiokafka.errors import KafkaError

logger = logging.getLogger("deskpulse.worker")


class Exit(IntEnum):
    """Exit codes of a worker, after sysexits.h; a supervisor restarts on any but OK."""

    OK = 0  # SIGTERM or SIGINT: work in flight is committed
    DATA = 65  # the data stops us: nearly everything is bad, or one record crashes the merge
    UNAVAILABLE = 69  # no broker answers
    CRASH = 70  # a broken invariant: see the traceback in the log
    RETRY = 75  # another worker took over, a write failed, no progress: a restart recovers
    CONFIG = 78  # topics, partition counts, versions: a person must mend something first


# What a person does about it: pages of docs/runbooks/. A WorkerError may name one that fits better.
PAGES: Final[Mapping[Exit, str]] = {
    Exit.DATA: "exit-65-data",
    Exit.UNAVAILABLE: "exit-69-unavailable",
    Exit.CRASH: "exit-70-crash",
    Exit.RETRY: "exit-75-retry",
    Exit.CONFIG: "exit-78-config",
}
_RUNBOOKS: Final = "docs/runbooks/"


class WorkerError(Exception):
    """Why the worker cannot go on, in words that name the fix, and the runbook page that says more."""

    def __init__(self, code: Exit, message: str, *, page: str | None = None) -> None:
        super().__init__(f"{message}; see {_RUNBOOKS}{page or PAGES[code]}.md")
        self.code = code


def end_process(code: Exit, reason: str) -> NoReturn:
    """Leave at once, without cleaning up: what is not in a committed transaction never happened."""
    more = "" if _RUNBOOKS in reason or code not in PAGES else f"; see {_RUNBOOKS}{PAGES[code]}.md"
    logger.critical("worker ends with exit %d (%s): %s%s", code, code.name, reason, more)
    for handler in [*logging.getLogger().handlers, *logger.handlers]:
        handler.flush()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def ends_the_process(doing: str) -> Iterator[None]:
    """Any error within ends the process.

    Faust would log some of them and go on with a state that nobody checked.
    """
    try:
        yield
    except asyncio.CancelledError:
        raise
    except WorkerError as error:
        end_process(error.code, f"{doing}: {error}")
    except KafkaError as error:
        end_process(Exit.RETRY, f"{doing}: {error!r}; check the brokers; the worker recovers after a restart")
    except Exception as error:
        logger.exception("unexpected error, %s", doing)
        end_process(Exit.CRASH, f"{doing}: {error!r}")
