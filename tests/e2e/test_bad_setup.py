"""A setup that cannot work ends the program with an exit code of its own.

Its words name the fix.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.exits import Exit
from deskpulse import exits
from deskpulse.cluster import connect
from deskpulse.cluster.topic_setup import topic_specs
from tests.agents.harness import until
from tests.e2e.conftest import NewStack
from tests.e2e.stack import START_SECONDS, run_command, start_program, surroundings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def test_missing_topics_are_named_with_the_command_that_makes_them(new_stack: NewStack) -> None:
    stack = new_stack()
    worker, exporter = stack.start("worker"), stack.start("exporter")
    assert Exit.CONFIG == await worker.exit(START_SECONDS)
    assert worker.has_said(f"no such topic: {stack.name}.* Create what is missing with `deskpulse topics`")
    assert exits.BROKER == await exporter.exit(START_SECONDS)
    assert exporter.has_said(
        f"no topic {stack.view_topic}, .*{stack.topic('first-reply')}.*: create the topics with `deskpulse "
        "topics`"
    )


async def test_unequal_partition_counts_are_told_one_by_one(new_stack: NewStack) -> None:
    stack = new_stack()
    odd = stack.topic("resolved")
    specs = [
        replace(spec, partitions=3) if spec.name == odd else spec for spec in topic_specs(stack.settings)
    ]
    async with connect(stack.settings.kafka) as cluster:
        await cluster.create(specs)
        names = [spec.name for spec in specs]

        async def all_led() -> bool:
            topics = await cluster.topics(names)
            return len(topics) == len(names) and all(
                part.leader >= 0 for topic in topics.values() for part in topic.partitions.values()
            )

        await until(all_led, what="leaders of all topics")
    worker = stack.start("worker")
    assert Exit.CONFIG == await worker.exit(START_SECONDS)
    assert worker.has_said(f"partition counts differ .*{odd} 3")
    assert worker.has_said("Give all topics the same count with `deskpulse topics`")
    topics = await asyncio.to_thread(run_command, "topics", variables=stack.variables)
    assert exits.BROKER == topics.returncode
    assert "the source topics have different counts" in topics.stderr
    assert "another topic_prefix" in topics.stderr


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address that is taken, so that nobody else gets it, and at which nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.mark.parametrize(("program", "code"), [("worker", Exit.UNAVAILABLE), ("exporter", exits.BROKER)])
async def test_no_broker_is_said_with_its_address(
    program: str, code: int, nobody: str, tmp_path: Path
) -> None:
    variables = {"DESKPULSE_KAFKA__BOOTSTRAP_SERVERS": nobody, "DESKPULSE_EXPORTER__PORT": "0"}
    started = start_program(program, variables=variables, log=tmp_path / "log")
    try:
        assert code == await started.exit(START_SECONDS)
    finally:
        started.kill()
    assert nobody in started.said
    assert started.has_said("kafka.bootstrap_servers")
    assert not started.has_said("Traceback")


@pytest.mark.parametrize("program", ["worker", "exporter", "topics", "doctor"])
def test_wrong_settings_are_told_all_together(program: str) -> None:
    wrong = {
        "DESKPULSE_KAFKA__BOOTSTRAP_SERVERS": "localhost",
        "DESKPULSE_DESK__TIME_ZONE": "Europe/Madird",
        "DESKPULSE_WORKER__SESSION_TIMEOUT_SECONDS": "soon",
    }
    done = run_command(program, variables={**wrong, "DESKPULSE_EXPORTER__HOST": "0.0.0.0"})  # noqa: S104 - refused, which is the point
    assert exits.USAGE == done.returncode
    assert "4 faults in the settings" in done.stderr
    for name, value in wrong.items():
        assert f"{name} = '{value}'" in done.stderr
    assert "exporter.host '0.0.0.0' can be reached from other machines" in done.stderr
    assert 4 == done.stderr.count("fix: ")
    assert "did you mean Europe/Madrid?" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_setting_of_this_machine_reaches_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_APP_ID", "theirs")
    assert "DESKPULSE_APP_ID" not in surroundings()
    assert "ours" == surroundings(DESKPULSE_APP_ID="ours")["DESKPULSE_APP_ID"]
