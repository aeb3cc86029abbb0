"""What a file held that could not be used: counted by reason, with examples, and stopping nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class Example(NamedTuple):
    """One dirty row."""

    line: int  # of the file, from 1
    detail: str


class DirtyCell(Exception):  # noqa: N818 - not an error: a value that says why a row gives no event
    """Raised where a cell is read, caught where its row is."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(slots=True)
class DirtyRows:
    """The summary of one run over a file; it is filled while the events are taken.

    A row counts once for each reason, however many of its events fail for it.
    """

    max_examples: int = 5  # kept for each reason, the first ones
    rows: int = 0  # read, without the header and blank lines
    passed_over: int = 0  # not kept, by the mapping's own `keep`
    events: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    _seen: set[tuple[str, int]] = field(default_factory=set)

    def add(self, line: int, reason: str, detail: str) -> None:
        """Count a row."""
        if (reason, line) in self._seen:
            return
        self._seen.add((reason, line))
        self.reasons[reason] += 1
        examples = self.examples.setdefault(reason, [])
        if len(examples) < self.max_examples:
            examples.append(Example(line, detail))

    @property
    def count(self) -> int:
        """Rows with at least one reason."""
        return len({line for _, line in self._seen})

    def lines(self) -> Iterator[str]:
        """The summary for people: the most frequent reason first, each with its examples."""
        yield (
            f"{self.rows} rows, {self.passed_over} passed over, {self.events} events, {self.count} dirty rows"
        )
        for reason, count in self.reasons.most_common():
            yield f"  {reason}: {count} rows"
            yield from (f"    line {example.line}: {example.detail}" for example in self.examples[reason])
