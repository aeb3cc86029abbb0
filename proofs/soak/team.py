"""The workers under fire, and their supervisor.

The supervisor starts a worker that ended by itself again, as an orchestrator would.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from random import Random
from statistics import median
from typing import Final

from agents.exits import Exit
from deskpulse.lab.brokers.process import tail
from proofs.programs import Program
from proofs.soak.errors import SoakError
from proofs.stack import START_SECONDS, Stack

RECOVERED: Final = r"recovered partitions=\S+ rows=(\d+)"
_TOOK: Final = RECOVERED + r" seconds=([\d.]+)"
MENDED_BY_RESTART: Final = frozenset({Exit.RETRY, Exit.UNAVAILABLE})
_LOOK_SECONDS: Final = 0.2
_RESTART_SECONDS: Final = 1.0


class Team:
    """Supervised workers. A fault takes one out before it harms it, and starts others."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.members: list[Program] = []
        self.ended = Counter[int]()  # exit codes of those that ended by themselves

    def start(self) -> Program:
        """One more worker."""
        program = self._stack.start("worker")
        self.members.append(program)
        return program

    def take(self, random: Random) -> Program:
        """Any worker that has recovered partitions, else any; from now on the caller's."""
        able = [program for program in self.members if program.runs and program.has_said(RECOVERED)]
        chosen = random.choice(able or self.members)
        self.members.remove(chosen)
        return chosen

    def take_all(self) -> list[Program]:
        """All of them, from now on the caller's."""
        taken, self.members = self.members, []
        return taken

    async def leave(self, program: Program) -> None:
        """Ask a worker that was taken out to end.

        One that another fault ends with a restart's code has ended too.
        """
        code = await program.end_well(START_SECONDS) if program.runs else program.process.returncode
        if code not in {Exit.OK, *MENDED_BY_RESTART}:
            raise SoakError(
                f"a worker that was asked to end did so with exit code {code}:\n{tail(program.log)}"
            )

    async def supervise(self) -> None:
        """Until cancelled. Errors: SoakError when a worker ended in a way that no restart mends."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            for program in [program for program in self.members if not program.runs]:
                code = program.process.returncode
                self.ended[code] += 1
                self.members.remove(program)
                if code not in MENDED_BY_RESTART:
                    raise SoakError(
                        f"a worker ended by itself with exit code {code}, which no restart "
                        f"mends:\n{tail(program.log)}"
                    )
                await asyncio.sleep(_RESTART_SECONDS)
                self.start()

    def told(self) -> list[str]:
        """Lines about how the workers fared."""
        took = [
            (float(seconds), int(rows))
            for program in self._stack.programs
            for rows, seconds in re.findall(_TOOK, program.said)
        ]
        session = self._stack.settings.worker.session_timeout_seconds
        seconds = [each for each, rows in took if rows]
        recovery = f"median {median(seconds):.1f}, max {max(seconds):.1f}" if seconds else "none"
        return [
            (
                f"session timeout {session:g} s; {len(seconds)} recoveries, "
                f"{sum(rows for _, rows in took):,} rows, seconds: {recovery}"
            ),
            f"workers that ended by themselves, by exit code: {dict(self.ended) or 'none'}",
        ]

    def recoveries(self) -> int:
        """How often any worker has recovered partitions with rows in them."""
        return sum(
            int(rows) > 0 for program in self._stack.programs for rows in re.findall(RECOVERED, program.said)
        )
