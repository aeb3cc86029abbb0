"""A real log through `deskpulse replay`, Kafka and a worker.

At several moments of its four years the exporter says what `report` says.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from deskpulse import exits, report
from deskpulse.ingest.event_files import read_timed_events
from deskpulse.ingest.events_io import TimedEvent, to_ms, to_rfc3339, write_events
from deskpulse.lab.demo import proof
from deskpulse.wiring import view_rules
from kpis.figures.batch import Batch
from oracle import figures as oracle
from oracle import verify
from tests.agents.harness import ROOT
from tests.e2e.conftest import NewStack
from tests.e2e.stack import Stack, by_label, run_command, total

LOG: Final = ROOT.parent / "shared" / "data" / "helpdesk_italy" / "finale.csv"
MAPPING: Final = ROOT / "examples" / "mappings" / "helpdesk_italy.yaml"
EVENTS: Final = 13_848  # 4,580 created, 4,285 replied, 4,983 resolved
MOMENTS: Final = ("2010-07-01T12:00:00Z", "2011-11-15T09:30:00Z", "2013-02-01T00:00:00Z")
SETTINGS: Final = {
    "DESKPULSE_EXPORTER__CLOCK": "event",
    # Four years arrive within a second: a topic that is read a moment later than another must not be found
    # years too late, and Case 383, open since 2012-12-21 and never resolved, would leave a year and a day
    # later, two days before the end of the log.
    "DESKPULSE_DESK__HORIZON_DAYS": "3650",
    "DESKPULSE_DESK__OPEN_HORIZON_DAYS": "3650",
    # `report` knows every name of the log, the exporter those of the last two months, so both are told what
    # to show.
    "DESKPULSE_DESK__MEMBERS__TEAM": ",".join(f"section {number}" for number in range(1, 8)),
    "DESKPULSE_DESK__MEMBERS__CHANNEL": "helpdesk",
    "DESKPULSE_DESK__MEMBERS__PRIORITY": ",".join(f"level {number}" for number in range(1, 5)),
    "DESKPULSE_EXPORTER__COMPARED_ROLLUPS": "all,team,channel,priority",  # `report` compares all of them
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(
    not LOG.is_file(), reason=f"no {LOG}: the data of other people, see ../shared/data/README.md"
)
async def test_the_exporter_says_what_report_says(
    new_stack: NewStack, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """The history in three stages, then the whole file through its mapping.

    What was there already counts once.
    """
    stack = new_stack(**SETTINGS)
    await stack.start_all()
    events, complaints = read_timed_events(LOG, MAPPING)
    assert (EVENTS, []) == (len(events), complaints)
    begin_ms = sent = 0
    for moment in MOMENTS:
        end_ms = to_ms(moment)
        stage = [event for event in events if begin_ms <= event.publish_ms < end_ms]
        begin_ms, sent = end_ms, sent + len(stage)
        await replay(stack, _file_of(stage, tmp_path / f"{moment}.jsonl"))
        await assert_same_figures(stack, tell, as_of_ms=stage[-1].publish_ms, records=sent)
    await replay(stack, LOG, "--mapping", MAPPING)
    samples = await assert_same_figures(stack, tell, as_of_ms=events[-1].publish_ms, records=sent + EVENTS)
    assert sent == total(samples, "deskpulse_events_duplicate_total")


def _file_of(events: list[TimedEvent], path: Path) -> Path:
    assert (
        len(events) == write_events(path, ({"topic": event.topic, **event.value} for event in events)) > 1_000
    )
    return path


async def replay(stack: Stack, *words: str | Path) -> None:
    done = await asyncio.to_thread(run_command, "replay", *words, variables=stack.variables)
    assert done.returncode == exits.OK, done.stderr


async def assert_same_figures(
    stack: Stack, tell: Callable[[str], None], *, as_of_ms: int, records: int
) -> proof.Samples:
    began = time.monotonic()
    _, ends = await stack.source()
    samples = await stack.caught_up(ends)
    assert as_of_ms == round(samples[proof.AS_OF, frozenset()] * 1000)
    assert records == total(samples, "deskpulse_events_accepted_total")
    assert not by_label(samples, "deskpulse_events_rejected_total", "reason")
    reported = await asyncio.to_thread(figures_of_report, stack, as_of_ms)
    differences = verify.compare(reported, without_parts(samples))
    tell(
        f"{to_rfc3339(as_of_ms)}: {len(reported)} figures, {len(differences)} differences, "
        f"{time.monotonic() - began:.0f} s"
    )
    assert not differences, verify.report(differences)
    assert len(reported) > 5_000
    return samples


def figures_of_report(stack: Stack, as_of_ms: int) -> list[oracle.OracleFigure]:
    """What `deskpulse report --as-of` shows of the file, with the observations that it prints as `n`."""
    history = report.read_history(LOG, MAPPING, until_ms=as_of_ms, console=Console(quiet=True))
    figures = report.figures_of(
        Batch(history, view_rules(stack.settings), as_of_ms), as_of_ms, window=None, span_ms=None
    )
    return [oracle.OracleFigure(figure.name, figure.labels, figure.value, figure.n) for figure in figures]


def without_parts(samples: proof.Samples) -> dict[verify.Key, float]:
    """The final and the live figures: additive parts carry every dimension, and `report` has none."""
    return {(name, labels): value for (name, labels), value in samples.items() if "team" not in dict(labels)}
