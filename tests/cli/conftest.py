"""The command line as tests run it: no setting of the machine reaches them, and each has its own topics."""

import os

import pytest

from deskpulse.lab.brokers.kafka import LocalKafka
from deskpulse.settings import Settings, load
from deskpulse.settings.base import VARIABLE_PREFIX
from deskpulse.settings.faults import NOT_SETTINGS
from tests.cli.harness import Run, run_command


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(VARIABLE_PREFIX) and not name.startswith(NOT_SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.delenv("DESKPULSE_CONFIG", raising=False)


@pytest.fixture
def run() -> Run:
    """Run a command line."""
    return run_command


@pytest.fixture
def on_kafka(kafka_broker: LocalKafka, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings, also by variables, of an installation of its own on Apache Kafka; no topic exists yet."""
    monkeypatch.setenv("DESKPULSE_KAFKA__BOOTSTRAP_SERVERS", kafka_broker.bootstrap)
    monkeypatch.setenv("DESKPULSE_TOPIC_PREFIX", topic_prefix)
    monkeypatch.setenv("DESKPULSE_APP_ID", f"{topic_prefix}app")
    return load()
