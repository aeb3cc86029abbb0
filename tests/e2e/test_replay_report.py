"""A real log through `deskpulse replay`, Kafka and a worker: at several moments of its four years the exporter says what `report` says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from deskpulse import oracle, report, verify
from deskpulse.demo import proof
from deskpulse.event_files import read_timed_events
from deskpulse.events_io import to_ms, write_events
from deskpulse.simulator import TimedEvent
from deskpulse.wiring import view_rules
from kpis.batch import Batch
from tests.agents.harness import ROOT
from tests.e2e.conftest import NewStack
from tests.e2e.stack import Stack, by_label, run_command, total

LOG = ROOT.parent / "shared" / "data" / "helpdesk_italy" / "finale.csv"
MAPPING = ROOT / "examples" / "mappings" / "helpdesk_italy.yaml"
END = "2014-01-04T00:00:00Z"
MOMENTS = ("2010-07-01T12:00:00Z", "2011-11-15T09:30:00Z", "2013-02-01T00:00:00Z", END)
# The data names four sections that a month may not see, so they are listed; tickets that nobody ever resolved stay open to the end.
HISTORY = {
    "DESKPULSE_EXPORTER__CLOCK": "event",
    "DESKPULSE_DESK__OPEN_HORIZON_DAYS": "3650",
    "DESKPULSE_EXPORTER__COMPARED_ROLLUPS": "all,team,channel,priority",
    "DESKPULSE_DESK__MEMBERS__TEAM": ",".join(f"section {number}" for number in range(1, 8)),
    "DESKPULSE_DESK__MEMBERS__CHANNEL": "helpdesk",
    "DESKPULSE_DESK__MEMBERS__PRIORITY": ",".join(f"level {number}" for number in range(1, 5)),
}
PARTS: Final = ("_tickets", "_answers", "_bucket", "_gcount", "_gsum")

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not LOG.is_file(), reason=f"{LOG} is not here: fetch the data that ../shared/data/README.md names"),
]


def expected(stack: Stack, file: Path, mapping: Path | None, as_of_ms: int) -> list[oracle.OracleFigure]:
    """What `deskpulse report --as-of` prints of the file, every window of it."""
    history = report.read_history(file, mapping, until_ms=as_of_ms, console=Console(quiet=True))
    figures = report.figures_of(Batch(history, view_rules(stack.settings)), as_of_ms, window=None, span_ms=None)
    return [oracle.OracleFigure(figure.name, figure.labels, figure.value, figure.n) for figure in figures]


async def test_explore(new_stack: NewStack, tmp_path: Path) -> None:
    import os
    stack = new_stack(**{k: v for k, v in HISTORY.items() if k.split("__")[1] not in os.environ.get("LEAVE_OUT", "-").split(",")})
    await stack.start_all()
    events, _ = read_timed_events(LOG, MAPPING)
    first = 0
    for moment in MOMENTS:
        at = to_ms(moment)
        stage = [e for e in events if first <= e.publish_ms < at]
        first = at
        file = tmp_path / f"{at}.jsonl"
        write_events(file, ({"topic": e.topic, **e.value} for e in stage))
        done = await asyncio.to_thread(run_command, "replay", file, variables=stack.variables)
        print(done.returncode, done.stdout, done.stderr[-300:])
        _, ends = await stack.source()
        samples = await stack.caught_up(ends)
        as_of = round(samples[proof.AS_OF, frozenset()] * 1000)
        print(moment, as_of, stage[-1].publish_ms, len(stage), by_label(samples, "deskpulse_events_rejected_total", "reason"), "late", total(samples, "deskpulse_events_late_total"))
        want = await asyncio.to_thread(expected, stack, LOG, MAPPING, as_of)
        have = {k: v for k, v in samples.items() if "window" not in dict(k[1]) or "period" in dict(k[1])}
        d = verify.compare(want, have)
        print(len(want), verify.report(d, limit=30))
        records, _ = await stack.source()
        v = await asyncio.to_thread(proof.judge, stack.settings, records, samples)
        print("oracle", v, verify.report(v.differences, limit=10))
