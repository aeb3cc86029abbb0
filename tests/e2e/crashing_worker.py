"""`deskpulse worker` with a fault that no test could reach otherwise.

Its merge crashes on every event called `crash-me`.
"""

from __future__ import annotations

from collections.abc import Sequence

from deskpulse.cli import main
from kpis.state.partition import PartitionState
from kpis.state.records import DeadLetter, SourceRecord

_apply = PartitionState.apply


def crashing_apply(self: PartitionState, topic: str, records: Sequence[SourceRecord]) -> list[DeadLetter]:
    for record in records:
        if record.value is not None and b'"crash-me"' in record.value:
            raise ZeroDivisionError
    return _apply(self, topic, records)


if __name__ == "__main__":
    PartitionState.apply = crashing_apply  # type: ignore[method-assign]
    main()
