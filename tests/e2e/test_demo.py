"""`deskpulse demo --verify` as people run it.

It ends by itself, proves its figures, and shows every metric of the definitions.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import pytest

from deskpulse import exits
from deskpulse.lab.brokers.process import free_ports
from tests.agents.harness import WorkerProcess, until
from tests.e2e.stack import start_program

MOST_SERIES: Final = 10_000
FINAL: Final = (
    "support_first_response_mean_seconds",
    "support_first_response_mean_observations",
    "support_first_response_quantile_seconds",
    "support_first_response_quantile_observations",
    "support_response_mean_seconds",
    "support_response_mean_observations",
    "support_response_quantile_seconds",
    "support_response_quantile_observations",
    "support_resolution_ratio",
    "support_resolution_observations",
    "support_resolution_cohort_ratio",
    "support_resolution_cohort_observations",
    "support_resolution_net_ratio",
    "support_resolution_net_observations",
    "support_handle_time_mean_seconds",
    "support_handle_time_mean_observations",
    "support_handle_time_quantile_seconds",
    "support_handle_time_quantile_observations",
    "support_nps_score",
    "support_nps_observations",
    "support_nps_interval_score",
    "support_nps_interval_observations",
    "support_csat_ratio",
    "support_csat_observations",
    "support_effort_mean_score",
    "support_effort_mean_observations",
    "support_effort_net_ratio",
    "support_effort_net_observations",
    "support_tickets_per_customer",
    "support_tickets_per_customer_observations",
    "support_customer_retention_ratio",
    "support_customer_retention_observations",
    "support_customer_churn_ratio",
    "support_customer_churn_observations",
    "support_tickets",
    "support_tickets_observations",
    "support_tickets_per_hour",
    "support_tickets_per_hour_observations",
    "support_resolution_time_mean_seconds",
    "support_resolution_time_mean_observations",
    "support_resolution_time_quantile_seconds",
    "support_resolution_time_quantile_observations",
    "support_abandonment_ratio",
    "support_abandonment_observations",
    "support_reopen_ratio",
    "support_reopen_observations",
)
LIVE: Final = (
    "support_open_tickets",
    "support_unanswered_tickets",
    "support_oldest_unanswered_timestamp_seconds",
)
PARTS: Final = (
    "support_created_tickets",
    "support_solved_tickets",
    "support_abandoned_tickets",
    "support_nps_answers",
    "support_csat_answers",
    "support_first_response_seconds_bucket",
    "support_first_response_seconds_gcount",
    "support_first_response_seconds_gsum",
    "support_handle_time_seconds_bucket",
    "support_handle_time_seconds_gcount",
    "support_handle_time_seconds_gsum",
    "support_resolution_time_seconds_bucket",
    "support_resolution_time_seconds_gcount",
    "support_resolution_time_seconds_gsum",
)
SLA: Final = (  # the demo has a policy; which clocks run just now is chance
    "support_sla_attainment_ratio",
    "support_sla_attainment_observations",
    "support_sla_breached_tickets",
    "support_sla_objective_ratio",
    "support_sla_waiting_tickets",
    "support_sla_overdue_tickets",
    "support_sla_due_tickets",
    "support_oldest_unanswered_business_seconds",
    "support_sla_forecast_breaches_tickets",
    "support_business_open",
    "deskpulse_policy_info",
    "deskpulse_policy_mismatch",
)
NAMES: Final = frozenset([*FINAL, *LIVE, *PARTS, *SLA])


class Demo:
    """A running demo and what its exporter shows."""

    def __init__(self, program: WorkerProcess, port: int) -> None:
        self.program = program
        self._url = f"http://127.0.0.1:{port}/metrics"

    async def scrape(self) -> str:
        """The text of a scrape, empty while nobody answers."""
        try:
            return await asyncio.to_thread(self._read)
        except OSError:
            return ""

    def _read(self) -> str:
        with urlopen(self._url, timeout=30) as answer:  # noqa: S310 - http on loopback
            text: str = answer.read().decode()
        return text

    async def complete_scrape(self) -> str:
        """The first scrape with a sample of every name."""
        text = ""

        async def complete() -> bool:
            nonlocal text
            text = await self.scrape() or text
            return NAMES <= names(text) or self.program.process.poll() is not None

        await until(complete, seconds=180, what="a sample of every name")
        assert not NAMES - names(text), f"no sample of {sorted(NAMES - names(text))}:\n{self.program.said}"
        return text


def names(text: str) -> set[str]:
    """The names that have a sample."""
    return set(re.findall(r"^(\w+)[{ ]", text, flags=re.MULTILINE))


@pytest.fixture
def demo(kafka_here: None, tmp_path: Path) -> Iterator[Demo]:
    port = free_ports(1)[0]
    words = ("demo", "--for", "60s", "--port", str(port), "--verify")
    program = start_program(*words, variables={"TMPDIR": str(tmp_path)}, log=tmp_path / "demo.log")
    yield Demo(program, port)
    if program.process.poll() is None:
        program.process.terminate()  # it ends its own processes
        program.process.wait()


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_the_demo_proves_itself(demo: Demo, tell: Callable[[str], None]) -> None:
    text = await demo.complete_scrape()
    samples = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(samples) < MOST_SERIES
    assert exits.OK == await demo.program.exit(700), demo.program.said
    tell(f"{demo.program.said.splitlines()[-1]}, {len(samples)} samples")
    assert re.search(
        r"^demo: \d{4,} figures compared, 0 differences$", demo.program.said, flags=re.MULTILINE
    ), demo.program.said
    lint(text)


def lint(text: str) -> None:
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip(
            "all but one check passed: promtool (of Prometheus) is not here, so `promtool check metrics` "
            "was left out"
        )
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_ctrl_c_ends_the_demo_and_all_that_it_started(demo: Demo) -> None:
    await demo.complete_scrape()
    started = children(demo.program.process.pid)
    assert 3 <= len(started)  # broker, worker, exporter
    demo.program.signal(signal.SIGINT)
    assert exits.OK == await demo.program.exit(60)
    await until(
        lambda: not [pid for pid in started if Path(f"/proc/{pid}").exists()], what="the end of all processes"
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_can_be_ended_while_its_broker_starts(
    demo: Demo, tmp_path: Path, number: signal.Signals
) -> None:
    await until(
        lambda: bool(list(tmp_path.glob("deskpulse-kafka-*/broker-1/server.log"))),
        seconds=120,
        what="the broker's first words",
    )
    started = children(demo.program.process.pid)
    assert started
    demo.program.signal(number)
    assert exits.OK == await demo.program.exit(60)
    await until(
        lambda: not [pid for pid in started if Path(f"/proc/{pid}").exists()], what="the end of all processes"
    )
    await until(lambda: not list(tmp_path.glob("deskpulse-kafka-*")), what="the end of its data")


def children(pid: int) -> list[int]:
    """The processes that a process started and that still are."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
