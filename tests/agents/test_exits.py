"""How a worker ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError

from agents import exits
from agents.exits import Exit, WorkerError, ends_the_process

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WorkerError(Exit.CONFIG, "mend me"), Exit.CONFIG),
        (KafkaConnectionError(), Exit.RETRY),
        (ValueError("surprise"), Exit.CRASH),
    ],
)
def test_an_error_ends_the_process_with_its_code(
    error: Exception, code: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[Exit] = []
    monkeypatch.setattr(exits, "end_process", lambda code, _: ended.append(code))
    with ends_the_process("test"):
        fail(error)
    assert [code] == ended


def fail(error: Exception) -> None:
    raise error


def test_the_end_is_at_once_and_the_reason_is_in_the_log() -> None:
    """`finally` does not run: what is not in a committed transaction never happened."""
    program = """
import logging
from agents.exits import Exit, end_process
logging.basicConfig()
try:
    end_process(Exit.RETRY, "fenced")
finally:
    print("cleaned up")
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert Exit.RETRY == run.returncode
    assert "worker ends with exit 75 (RETRY): fenced" in run.stderr
    assert "cleaned up" not in run.stdout
