"""What aiokafka says of a failed connection, and what it is taken to mean.

The sentences are those of real brokers and sockets.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from streams.unreached import complaints, in_a_line, meaning

CREDENTIALS = (
    'Unable connect to "kafka-1:9093": [Error 58] SaslAuthenticationFailed: Authentication failed during '
    "authentication due to invalid "
    "credentials with SASL mechanism SCRAM-SHA-512"
)
CASES = {
    CREDENTIALS: ("refuses the log-in", "kafka.password_file"),
    'Unable connect to "kafka-1:9093": [Error 33] UnsupportedSaslMechanismError: <AIOKafkaConnection '
    "host=kafka-1 port=9093>": (
        "does not know this way to log in",
        "kafka.sasl_mechanism",
    ),
    'Unable connect to "kafka-1:9093": [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: '
    "Hostname mismatch (_ssl.c:1006)": (
        "a certificate that this machine does not trust",
        "kafka.ca_file",
    ),
    'Unable connect to "kafka-1:9093": [SSL: WRONG_VERSION_NUMBER] wrong version': (
        "does not speak a matching TLS",
        "kafka.security_protocol",
    ),
    'Unable connect to "kafka-1:9093": KafkaConnectionError: Connection at kafka-1:9093 closed': (
        "requires TLS",
        "security_protocol",
    ),
    'Unable connect to "kafka-1:9092": [Errno -2] Name or service not known': (
        "cannot resolve",
        "kafka.bootstrap_servers",
    ),
    "Unable connect to \"kafka-1:9092\": [Errno 111] Connect call failed ('127.0.0.1', 9092)": (
        "does not listen",
        "start the broker",
    ),
    'Unable connect to "kafka-1:9092": ': ("does not answer", "network"),
}


@pytest.mark.parametrize("said", CASES)
def test_what_is_said_has_a_cause_and_a_fix(said: str) -> None:
    cause, fix = CASES[said]
    meant = meaning([said])
    assert cause in meant.cause
    assert fix in meant.fix
    assert f"Kafka at kafka-1:9092 {meant.cause} ({said}): {meant.fix}" == in_a_line(
        "kafka-1:9092", [said, said]
    )


def test_a_log_in_that_is_refused_counts_before_the_connection_that_is_closed_then() -> None:
    assert "refuses the log-in" in meaning(["Connection at kafka-1:9093 closed", CREDENTIALS]).cause


@pytest.fixture(autouse=True)
def level() -> Iterator[None]:
    """Whatever other tests made of it."""
    log = logging.getLogger("aiokafka")
    before = log.level
    log.setLevel(logging.NOTSET)
    yield
    log.setLevel(before)


def test_complaints_are_heard_where_the_log_is_silenced(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("aiokafka")
    log.setLevel(logging.CRITICAL)
    with complaints(shown=True) as said:
        log.warning("closed")
    log.warning("after")
    assert (["closed"], [], logging.CRITICAL) == (said, caplog.messages, log.level)


@pytest.mark.parametrize("shown", [True, False])
def test_complaints_are_kept_and_shown_where_that_is_asked_for(
    caplog: pytest.LogCaptureFixture, *, shown: bool
) -> None:
    log = logging.getLogger("aiokafka.conn")
    with complaints(shown=shown) as said:
        log.info("connected")
        log.warning("closed %d", 7)
    log.warning("after")
    assert ["closed 7"] == said
    assert (["closed 7", "after"] if shown else ["after"]) == [
        record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING
    ]
