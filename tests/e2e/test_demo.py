"""`deskpulse demo --verify` as people run it.

It ends by itself, proves its figures, and shows every metric of the definitions.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest

from deskpulse import exits
from deskpulse.lab.brokers.process import free_ports
from deskpulse.lab.simulator import DEFAULT_DESK
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
TIER_NAMES: Final = {tier.name for tier in DEFAULT_DESK.tiers}
NAMES: Final = frozenset([*FINAL, *LIVE, *PARTS, *SLA])


class Demo:
    """A running demo and what its exporter shows."""

    def __init__(self, program: WorkerProcess, port: int) -> None:
        self.program = program
        self._url = f"http://127.0.0.1:{port}"

    async def scrape(self) -> str:
        """The text of a scrape, empty while nobody answers."""
        try:
            return await asyncio.to_thread(self._read)
        except OSError:
            return ""

    async def wall(self) -> dict[str, Any]:
        """What the wall shows of all tickets, nothing while nobody answers."""
        try:
            text = await asyncio.to_thread(self._read, "/api/wall")
        except OSError:
            return {}
        found: dict[str, Any] = json.loads(text)["wall"]
        return found

    def _read(self, path: str = "/metrics") -> str:
        with urlopen(self._url + path, timeout=30) as answer:  # noqa: S310 - http on loopback
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


TIERS: Final = """
versions:
  - name: tiers
    first_reply:
      - { segment: enterprise, within: 15m, objective: 95% }
      - { segment: pro, priority: high, within: 20m, objective: 92% }
      - { within: 8h, objective: 90% }
    resolution:
      - { segment: enterprise, within: 8h, objective: 80% }
      - { within: 40h, objective: 80% }
"""


@contextlib.contextmanager
def started(folder: Path, *words: str, **variables: str) -> Iterator[Demo]:
    """A demo that proves itself at its end; ended with the test."""
    port = free_ports(1)[0]
    every = ("demo", "--port", str(port), "--verify", *words)
    variables |= {"TMPDIR": str(folder)}
    program = start_program(*every, variables=variables, log=folder / "demo.log")
    yield Demo(program, port)
    if program.process.poll() is None:
        program.process.terminate()  # it ends its own processes
        program.process.wait()


@pytest.fixture
def demo(kafka_here: None, tmp_path: Path) -> Iterator[Demo]:
    with started(tmp_path, "--for", "60s") as found:
        yield found


@pytest.fixture
def demo_of_tiers(kafka_here: None, tmp_path: Path) -> Iterator[Demo]:
    """A small one whose desk calls its fourth dimension `tier` and promises by it."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(TIERS, encoding="utf-8")
    words = ("--for", "30s", "--rate", "4", "--segment", "tier")
    with started(tmp_path, *words, DESKPULSE_DESK__POLICY=str(policy)) as found:
        yield found


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


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_with_segments_on_the_demo_proves_what_it_shows_by_segment(
    demo_of_tiers: Demo, tell: Callable[[str], None]
) -> None:
    program = demo_of_tiers.program
    shown: dict[str, Any] = {}

    async def has_tiers() -> bool:
        shown.update(await demo_of_tiers.wall())
        rows = {row["segment"] for row in shown.get("segments", ())}
        return TIER_NAMES <= rows or program.process.poll() is not None

    await until(has_tiers, seconds=180, what="a row of each tier on the wall")
    assert ("tier", True) == (shown["segment"], shown["known"]), program.said
    assert exits.OK == await program.exit(700), program.said
    tell(program.said.splitlines()[-1])
    (by_tier,) = re.findall(r"^demo: (\d+) figures by tier among them$", program.said, flags=re.MULTILINE)
    assert int(by_tier) > 1000
    assert re.search(r"^demo: \d{4,} figures compared, 0 differences$", program.said, flags=re.MULTILINE)


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
