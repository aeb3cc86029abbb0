"""The broker that tests run on: Apache Kafka, on the locked Java; the last lines name what was used.

`kafka_broker` lives for the whole run and is shared, so a test takes its own topics: `topic_prefix`. What
needs Kafka asks for it or for `kafka_here`, and so gets the mark `kafka`. Under DESKPULSE_REQUIRE_KAFKA=1 a
missing Kafka is a failure, else a skip.
"""

import itertools
import os
import secrets
import signal
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import hypothesis
import pytest

from deskpulse.lab.brokers import kafka
from tests.examples import examples

REQUIRE_KAFKA = "DESKPULSE_REQUIRE_KAFKA"

# Timing of a shared machine is no property of the code; the blob is what replays a failure on another
# machine.
hypothesis.settings.register_profile("deskpulse", deadline=None, print_blob=True, max_examples=examples(100))
hypothesis.settings.load_profile("deskpulse")


@dataclass
class BrokersOfThisRun:
    """The lines of the summary: brokers that ran, and why one that was wanted did not.

    Tests add notes of their own.
    """

    used: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def line(self) -> str:
        told = self.used + [f"no {reason}" for reason in self.refused]
        return "broker: " + (", ".join(told) if told else "none was asked for")


BROKERS = pytest.StashKey[BrokersOfThisRun]()
_RUN = secrets.token_hex(3)
_NUMBERS = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[BROKERS] = BrokersOfThisRun()
    # what a shell starts in the background, and its children, would not hear Ctrl-C
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before `-m kafka` is looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs Kafka."""
    for item in items:
        if "kafka_here" in getattr(item, "fixturenames", ()):
            item.add_marker("kafka")


@pytest.hookimpl(wrapper=True, tryfirst=True)  # the outermost: after pytest's own list of skips and failures
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    yield
    for line in (*config.stash[BROKERS].notes, config.stash[BROKERS].line()):
        terminalreporter.write_line(line)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of pytest-xdist hands over what it knows."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["brokers"] = asdict(session.config.stash[BROKERS])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The process that runs the others adds it to its summary."""
    brokers, theirs = node.config.stash[BROKERS], getattr(node, "workeroutput", {}).get("brokers", {})
    for name, lines in theirs.items():
        known = getattr(brokers, name)
        known += sorted(set(lines) - set(known))


@pytest.fixture(scope="session")
def tell(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Writes a line past pytest's capture: a first fetch of Kafka takes a while and should be seen."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    terminal = pytestconfig.pluginmanager.getplugin("terminalreporter")

    def write(line: str) -> None:
        if capture is None or terminal is None:
            return
        with capture.global_and_fixture_disabled():
            terminal.ensure_newline()
            terminal.write_line(line)

    return write


@pytest.fixture
def note(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Notes a line for the end of the run, from whichever of its processes."""
    return pytestconfig.stash[BROKERS].notes.append


@pytest.fixture(scope="session")
def kafka_here(pytestconfig: pytest.Config, tell: Callable[[str], None]) -> None:
    """For tests that start a Kafka of their own: skips where it cannot be had.

    Under DESKPULSE_REQUIRE_KAFKA=1 that is a failure.
    """
    if reason := kafka.available(tell):
        pytestconfig.stash[BROKERS].refused.append(f"Apache Kafka ({reason})")
        refuse(f"no Apache Kafka: {reason}", required=os.environ.get(REQUIRE_KAFKA) == "1")


@pytest.fixture(scope="session")
def kafka_broker(
    kafka_here: None, pytestconfig: pytest.Config, tell: Callable[[str], None]
) -> Iterator[kafka.LocalKafka]:
    """Apache Kafka for the whole run; its topics must be created, it makes none by itself."""
    brokers = pytestconfig.stash[BROKERS]
    with kafka.LocalKafka(report=tell, quick_start=True) as broker:
        brokers.used.append(broker.name)
        yield broker


@pytest.fixture
def topic_prefix() -> str:
    """A prefix that no other test of this or a parallel run uses."""
    return f"t{_RUN}-{next(_NUMBERS)}-"


def refuse(reason: str, *, required: bool) -> None:
    """Skip, or fail where the broker is required."""
    if required:
        pytest.fail(f"{reason} ({REQUIRE_KAFKA}=1)", pytrace=False)
    pytest.skip(reason)
