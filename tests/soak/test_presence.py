"""Staffing as the soak rebuilds it from the ledger's rows, against an exporter's view of the same rows."""

from __future__ import annotations

import json
from random import Random
from zoneinfo import ZoneInfo

import pytest

from kpis.figures.kpi.staffing import KPI
from kpis.figures.view import ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.state.partition import PartitionState
from proofs.soak.rebuild import Ledger, _staffing, _take_view, vouched
from tests.laws.chaos import StreamRecord
from windows.panes import MINUTE_MS

NOW_MS = 1_772_452_800_000
TEAMS = ("billing", "sales", "night")


def states(random: Random) -> list[PartitionState]:
    """Two partitions; each has a ticket of every team, and presence, now and then with one id twice."""
    made = []
    for number in range(2):
        state = PartitionState(number)
        for sent, team in enumerate(TEAMS):
            names = {"team": team, "channel": "c", "priority": "p", "customer_id": "c"}
            _send(state, "ticket-created", sent, f"T{number}{team}", ticket_id=f"T{number}{team}", **names)
        for offset in range(12):
            team = random.choice(TEAMS)
            counts = {state: random.randrange(13) for state in ("online", "available", "busy")}
            _send(state, "presence", offset, team, team=team, event_id=random.choice("abc"), **counts)
        made.append(state)
    return made


def _send(state: PartitionState, topic: str, offset: int, key: str, **fields: object) -> None:
    at_ms = NOW_MS - Random(f"{offset // 3}{key}").randrange(20) * MINUTE_MS
    event = {"event_id": key, "occurred_at": at_ms, **fields}
    record = StreamRecord(state.partition, offset, NOW_MS, key.encode(), json.dumps(event).encode())
    assert not state.apply(topic, [record])


@pytest.mark.parametrize("seed", range(20))
def test_the_rows_give_what_an_exporter_shows(seed: int) -> None:
    ledger, builder = Ledger(), ViewBuilder(ViewRules(ZoneInfo("UTC")))
    for state in states(Random(seed)):
        rows = state.take_changes().view
        builder.apply(state.partition, rows)
        _take_view(ledger, state.partition, vouched(rows))
    shown = {
        (figure.name, frozenset(figure.labels)): figure.value
        for figure in builder.build(NOW_MS).live
        if figure.name in KPI.names
    }
    samples = _staffing(ledger, {"team": frozenset(TEAMS)}, NOW_MS)
    assert shown == {(one.name, frozenset(one.labels)): one.value for one in samples}
