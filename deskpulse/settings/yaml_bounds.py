"""YAML that people hand in, bounded before anything is built of it.

A kilobyte of aliases may stand for billions of values.

Only events are looked at here, and these come one after the other however deep a file nests or however much
its aliases stand for.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

LARGEST_BYTES: Final = 4 << 20
DEEPEST: Final = 40  # levels; a policy has 6
MOST_VALUES: Final = 100_000  # with what aliases stand for; a policy of 1,000 lines has about 10,000


class YamlBoundError(yaml.MarkedYAMLError):
    """More than a file of settings, policy, mapping or receivers can mean.

    `problem` says what, `problem_mark` where.
    """


def check(text: str) -> None:
    """Refuse what is too large, too deep, or stands for too much.

    Errors: YamlBoundError; YAMLError where it is no YAML so far.
    """
    if len(text) > LARGEST_BYTES:
        raise YamlBoundError(problem=f"it is larger than {LARGEST_BYTES >> 20} MiB")
    count = _Count()
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            count.begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            count.end(event)
        elif isinstance(event, yaml.ScalarEvent):
            count.add(event, event.anchor, 1)
        elif isinstance(event, yaml.AliasEvent):
            count.add(event, None, count.of_alias(event))


class _Count:
    """How many values a document has, each alias as what it stands for."""

    def __init__(self) -> None:
        self._sizes: dict[str | None, int] = {}  # of what an anchor stands for
        self._open: list[tuple[str | None, int]] = []  # anchor and values so far, of the collections around

    def begin(self, event: yaml.CollectionStartEvent) -> None:
        """A list or mapping opens."""
        self._open.append((event.anchor, 1))
        if len(self._open) > DEEPEST:
            raise _at(event, f"it nests deeper than {DEEPEST} levels")

    def end(self, event: yaml.Event) -> None:
        """It closes: it counts for what is around it."""
        self.add(event, *self._open.pop())

    def of_alias(self, event: yaml.AliasEvent) -> int:
        """What it stands for; the reader of the document reports one that nothing before explains."""
        if event.anchor not in self._sizes and any(event.anchor == around for around, _ in self._open):
            raise _at(event, f"*{event.anchor} contains itself")
        return self._sizes.get(event.anchor, 1)

    def add(self, event: yaml.Event, anchor: str | None, size: int) -> None:
        """So many values more."""
        if anchor is not None:
            self._sizes[anchor] = size
        if self._open:
            around, so_far = self._open[-1]
            self._open[-1] = (around, so_far + size)
            size += so_far
        if size > MOST_VALUES:
            raise _at(event, f"with its aliases expanded it has more than {MOST_VALUES:,} values")


def load(text: str) -> Any:
    """A document of plain YAML within the bounds. Errors: yaml.YAMLError, of which YamlBoundError is one."""
    check(text)
    return yaml.safe_load(text)


def _at(event: yaml.Event, problem: str) -> YamlBoundError:
    mark = event.start_mark
    assert mark is None or isinstance(mark, yaml.Mark)  # of the reader in plain Python
    return YamlBoundError(problem=problem, problem_mark=mark)
