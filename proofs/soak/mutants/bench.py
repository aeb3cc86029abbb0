"""The place where a mutant is tried: topics of its own on one broker, and workers through the launcher.

At the end the ledger is compared with the oracle.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from proofs.programs import Program, until
from proofs.soak.archive import Archive
from proofs.soak.judge import Truth
from proofs.soak.ledger import Tail
from proofs.soak.mutants.launcher import MOMENT, MUTANT
from proofs.soak.mutants.moments import GATE
from proofs.soak.rebuild import read_ledger
from proofs.soak.verdict import Comparison
from proofs.stack import START_SECONDS, Sent, Stack
from streams.topics import DEAD_LETTER

_LAUNCHER: Final = "proofs.soak.mutants.launcher"
_SETTINGS: Final = {
    "DESKPULSE_TOPICS__PARTITIONS": "1",
    "DESKPULSE_WORKER__CHUNK_RECORDS": "100",
    "DESKPULSE_WORKER__TRANSACTION_TIMEOUT_SECONDS": "60",  # some are held for long
    # a mutant may reject everything: that is what is to be seen
    "DESKPULSE_WORKER__REJECT_LEAST_RECORDS": "1000000",
}


@dataclass
class Bench:
    """One trial."""

    stack: Stack
    tail: Tail
    mutant: str | None  # None: the control
    notes: list[str] = field(default_factory=list)  # what was seen besides the figures

    @classmethod
    def new(
        cls,
        bootstrap: str,
        name: str,
        folder: Path,
        mutant: str | None,
        *,
        partitions: int = 1,
        group: int | None = None,
    ) -> Bench:
        """An installation without topics yet."""
        folder.mkdir()
        stack = Stack(
            bootstrap,
            name,
            folder,
            {**_SETTINGS, "DESKPULSE_TOPICS__PARTITIONS": str(partitions)},
            group=group,
        )
        return cls(stack, Tail(stack), mutant)

    def worker(self, *, sound: bool = False, moment: str = "") -> Program:
        """A worker, the mutant unless it shall be sound; `moment` is what happens to it and when."""
        mutant = "" if sound or self.mutant is None else self.mutant
        return self.stack.start(
            "worker", _LAUNCHER, **{MUTANT: mutant, MOMENT: moment, GATE: str(self._gate)}
        )

    @property
    def _gate(self) -> Path:
        return self.stack.folder / "gate"

    def open_gate(self) -> None:
        """Let held commits go on."""
        self._gate.touch()

    async def publish(self, records: Iterable[Sent]) -> None:
        """Send records and wait until the broker has them."""
        await self.stack.publish(records)

    async def applied(self, seconds: float = START_SECONDS) -> None:
        """Wait until the ledger's positions are those of the last records."""
        last = (await Archive(self.stack).all()).last_offsets()
        await until(
            lambda: self.tail.reached(last),
            seconds=seconds,
            what=f"the last record in the ledger\n{self.stack.last_words()}",
        )

    async def judge(self) -> Trial:
        """The ledger, and the exporter where one runs, against the oracle."""
        settings = self.stack.settings
        contents = await Archive(self.stack).all()
        truth = await asyncio.to_thread(Truth.of, settings, contents)
        ledger = await read_ledger(settings)
        letters = await self.stack.read(self.stack.topic(DEAD_LETTER))
        comparisons = [
            truth.ledger(ledger, round(time.time() * 1000)),
            truth.rows(ledger),
            truth.counters(ledger),
            truth.dead_letters(letters),
        ]
        if any(program.log.name.endswith("exporter.log") for program in self.stack.programs):
            last = contents.last_offsets()
            samples = await self.stack.caught_up({place: offset + 1 for place, offset in last.items()})
            comparisons.append(truth.exporter("figures of an exporter", samples)[0])
        return Trial(comparisons, self.notes, truth.facts.accepted)


@dataclass(frozen=True)
class Trial:
    """What a trial found."""

    comparisons: Sequence[Comparison]
    notes: Sequence[str]
    events: int

    @property
    def green(self) -> bool:
        """Nothing differs, nothing was noted."""
        return not self.notes and not any(comparison.differences for comparison in self.comparisons)

    @property
    def compared(self) -> int:
        """Figures, rows and counters."""
        return sum(comparison.compared for comparison in self.comparisons)

    def differences(self, what: str) -> Sequence[str]:
        """Those of one comparison."""
        return next(
            (comparison.differences for comparison in self.comparisons if comparison.what == what), ()
        )

    def summary(self) -> str:
        """How many of what differ."""
        found = [f"{len(each.differences)} {each.what}" for each in self.comparisons if each.differences]
        return ", ".join([*self.notes, *([f"{' and '.join(found)} differ"] if found else [])])
