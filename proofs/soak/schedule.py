"""Which faults happen and in which order: drawn from the seed alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Lane = Literal["world", "data"]  # processes and brokers, one fault at a time; what producers do, beside them


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: its name, its lane, and the seconds that it takes.

    The seconds are those that it takes at the most on a machine that has other work.
    """

    name: str
    lane: Lane
    seconds: float
    weight: int = 1  # of its repetitions


def draw(seed: int, kinds: Sequence[Kind], lane: Lane) -> Iterator[Kind]:
    """Kinds of a lane without end: each once, in an order of the seed's, then any by weight.

    Nothing when the lane has none.
    """
    mine = [kind for kind in kinds if kind.lane == lane]
    random = Random(f"{seed}/{lane}")
    random.shuffle(mine)
    yield from mine
    while mine:
        yield random.choices(mine, [kind.weight for kind in mine])[0]


class Lot:
    """The faults of one lane, one at a time, as far as they fit into the time that is left.

    With `once` each comes a single time, whether it fits or not.
    """

    def __init__(self, seed: int, kinds: Sequence[Kind], lane: Lane, *, once: bool = False) -> None:
        self._once = once
        self._drawn = draw(seed, kinds, lane)
        self._waiting = [next(self._drawn) for kind in kinds if kind.lane == lane]  # the first round

    def next(self, seconds_left: float) -> Kind | None:
        """The next fault that can end in time, None when none can.

        Kinds that have not been yet come first, the longest of them in time.
        """
        if self._once:
            return self._waiting.pop(0) if self._waiting else None
        if fitting := [kind for kind in self._waiting if kind.seconds <= seconds_left]:
            chosen, longest = fitting[0], max(fitting, key=lambda kind: kind.seconds)
            if longest.seconds > seconds_left - chosen.seconds:  # now or never
                chosen = longest
            self._waiting.remove(chosen)
            return chosen
        for _, kind in zip(range(_TRIES), self._drawn, strict=False):
            if kind.seconds <= seconds_left:
                return kind
        return None


_TRIES = 50  # draws until a short enough one should have come
