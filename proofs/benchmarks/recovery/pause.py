"""How long no position moved.

It is found from samples of the committed ends of the view topic, one series a partition.
"""

from __future__ import annotations

from collections.abc import Sequence

from proofs.benchmarks.ledger import Sample


def pauses(samples: Sequence[Sample], since: float, until: float) -> list[float]:
    """By partition the longest time without a new transaction that began or lasted within the span. Seconds.

    >>> moves = [
    ...     Sample(0.0, (1, 1)),
    ...     Sample(1.0, (2, 1)),
    ...     Sample(2.0, (3, 1)),
    ...     Sample(3.0, (3, 1)),
    ...     Sample(4.0, (4, 2)),
    ... ]
    >>> pauses(moves, 1.5, 4.0)
    [2.0, 4.0]
    """
    if not samples:
        return []
    found = [0.0] * len(samples[0].ends)
    moved = [samples[0].seconds] * len(found)
    before = samples[0]
    for sample in samples[1:]:
        for number, (old, new) in enumerate(zip(before.ends, sample.ends, strict=True)):
            if new > old:
                if sample.seconds >= since and moved[number] <= until:
                    found[number] = max(found[number], sample.seconds - moved[number])
                moved[number] = sample.seconds
        before = sample
    return found


def moved_since(samples: Sequence[Sample], since: float) -> bool:
    """Whether every partition has had a new transaction since a moment."""
    later = [sample for sample in samples if sample.seconds >= since]
    return len(later) > 1 and all(new > old for old, new in zip(later[0].ends, later[-1].ends, strict=True))
