"""What a run says about its brokers, shown by runs of pytest inside pytest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import BrokersOfThisRun

REPOSITORY = Path(__file__).resolve().parents[1]
ONE_TEST_ON_KAFKA = "def test_it(kafka_broker): pass\n"


def test_the_summary_names_the_broker_used() -> None:
    assert "broker: kafka 4.3.1" == BrokersOfThisRun(used=["kafka 4.3.1"]).line()


def test_the_summary_says_why_a_broker_was_not_used() -> None:
    brokers = BrokersOfThisRun(used=["kafka 4.3.1"], refused=["Apache Kafka (no Java found)"])
    assert "broker: kafka 4.3.1, no Apache Kafka (no Java found)" == brokers.line()


def run_without_java(folder: Path, *more: str, required: str) -> subprocess.CompletedProcess[str]:
    """Run one test that wants Kafka, in a place that has no Java."""
    (folder / "test_one.py").write_text(ONE_TEST_ON_KAFKA)
    environment = os.environ | {
        "DESKPULSE_JAVA": str(folder / "no-java"),
        "DESKPULSE_REQUIRE_KAFKA": required,
    }
    options = ["-p", "tests.conftest", f"--rootdir={REPOSITORY}", "-c", "pyproject.toml", *more]
    command = [sys.executable, "-m", "pytest", *options, str(folder)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=REPOSITORY, env=environment
    )


def test_without_kafka_the_run_skips_and_tells_the_fix_in_its_last_lines(tmp_path: Path) -> None:
    run = run_without_java(tmp_path, required="0")
    last_lines = run.stdout.splitlines()[-2:]
    assert 0 == run.returncode, run.stdout
    assert "1 skipped" in last_lines[1]
    assert last_lines[0].startswith("broker: no Apache Kafka (DESKPULSE_JAVA: no Java at")
    assert "apt-get install" in last_lines[0]


def test_the_summary_of_several_processes_says_the_same(tmp_path: Path) -> None:
    run = run_without_java(tmp_path, "--numprocesses=2", required="0")
    last_lines = run.stdout.splitlines()[-2:]
    assert 0 == run.returncode, run.stdout
    assert last_lines[0].startswith("broker: no Apache Kafka (DESKPULSE_JAVA: no Java at")


def test_where_kafka_is_required_the_run_fails(tmp_path: Path) -> None:
    run = run_without_java(tmp_path, required="1")
    assert 1 == run.returncode, run.stdout
    assert "DESKPULSE_REQUIRE_KAFKA=1" in run.stdout
    assert "1 error" in run.stdout.splitlines()[-1]


def test_what_asks_for_kafka_is_marked_so(tmp_path: Path) -> None:
    run = run_without_java(tmp_path, "-m", "not kafka", "--collect-only", required="0")
    assert "1 deselected" in run.stdout.splitlines()[-1], run.stdout


@pytest.fixture
def another_prefix(topic_prefix: str) -> str:
    return topic_prefix


def test_a_topic_prefix_is_legal_and_the_same_within_a_test(topic_prefix: str, another_prefix: str) -> None:
    assert topic_prefix == another_prefix
    assert topic_prefix.replace("-", "").isalnum()
