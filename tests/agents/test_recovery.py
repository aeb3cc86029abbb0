"""What stops a recovery: a state that must not go on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError
from agents.partitions.recovery import Recovery
from agents.partitions.tally import WorkerCounts
from deskpulse.clocks import WORKER
from kpis.ledger.codec import Position
from kpis.state.rules import PolicyChangedError


class EmptyLedger:
    """A consumer of topics that hold nothing."""

    def assign(self, tps: Any) -> None:
        self.tps = tps

    async def end_offsets(self, tps: Any) -> dict[Any, int]:
        return dict.fromkeys(tps, 0)

    async def position(self, _: Any) -> int:
        return 0

    async def getmany(self, **_: Any) -> dict[Any, Any]:
        return {}


class ChangedState:
    position = Position()

    def loaded(self) -> None:
        raise PolicyChangedError(3, ["version 'a' was in force and has changed"])


async def test_a_policy_that_changed_its_past_ends_the_worker_with_the_reason() -> None:
    """Exit code 78: a person must mend it, a restart does not."""
    changed: Any = ChangedState()
    config = WorkerConfig(
        clock=WORKER, kafka={"bootstrap_servers": "127.0.0.1:1"}, make_state=lambda _: changed
    )
    partition: Any = SimpleNamespace(number=3, state=None)
    recovery = Recovery(config, WorkerCounts(), SimpleNamespace(), lambda: True)
    with pytest.raises(WorkerError, match="version 'a' was in force and has changed") as caught:
        await recovery._read(EmptyLedger(), [partition])
    assert Exit.CONFIG == caught.value.code
    assert "DESKPULSE_APP_ID" in str(caught.value)
