"""Why no broker could be reached, and what helps.

aiokafka names the cause of a failed connection in its log and nowhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

_LOGGER: Final = "aiokafka"
_ADDRESS: Final = "set kafka.bootstrap_servers (DESKPULSE_KAFKA__BOOTSTRAP_SERVERS)"
_PROTOCOL: Final = "kafka.security_protocol (DESKPULSE_KAFKA__SECURITY_PROTOCOL)"


class Unreached(NamedTuple):
    """What kept a client from the brokers, and what to do about it.

    Both go on a sentence that begins with the address.
    """

    cause: str
    fix: str


# What aiokafka says, and what it means. The first that is found counts: a log-in that is refused closes the
# connection too.
_MEANINGS: Final = (
    (
        ("SaslAuthenticationFailed", "Authentication failed"),
        Unreached(
            "refuses the log-in: user or password is wrong",
            "check kafka.username and the content of kafka.password_file (DESKPULSE_KAFKA__USERNAME, "
            "DESKPULSE_KAFKA__PASSWORD_FILE)",
        ),
    ),
    (
        ("UnsupportedSaslMechanism",),
        Unreached(
            "does not know this way to log in",
            "set kafka.sasl_mechanism (DESKPULSE_KAFKA__SASL_MECHANISM) to one that the brokers support",
        ),
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED",),
        Unreached(
            "has a certificate that this machine does not trust",
            "set kafka.ca_file (DESKPULSE_KAFKA__CA_FILE) to the authority that signed it, and use the "
            "broker names of the certificate",
        ),
    ),
    (("[SSL",), Unreached("does not speak a matching TLS", f"set {_PROTOCOL} to what that listener speaks")),
    (
        ("closed",),
        Unreached(
            "closes the connection at once: it requires TLS or a log-in, or is not Kafka",
            f"set {_PROTOCOL} to what that listener speaks",
        ),
    ),
    (
        ("Name or service not known", "name resolution", "nodename nor servname", "No address associated"),
        Unreached(
            "has a name that this machine cannot resolve",
            f"{_ADDRESS} to names that this machine can resolve",
        ),
    ),
    (
        ("Connect call failed", "Connection refused"),
        Unreached("does not listen", f"start the broker, or {_ADDRESS}"),
    ),
)
_SILENT: Final = Unreached(
    "does not answer", f"check the network between them and whether that is a Kafka listener, or {_ADDRESS}"
)


def meaning(said: Sequence[str]) -> Unreached:
    """What the complaints of aiokafka come to. Without any: nobody answered.

    >>> meaning(["[Error 58] SaslAuthenticationFailed: Authentication failed"]).cause
    'refuses the log-in: user or password is wrong'
    >>> meaning([]).cause
    'does not answer'
    """
    text = "\n".join(said)
    return next((meant for signs, meant in _MEANINGS if any(sign in text for sign in signs)), _SILENT)


def in_a_line(where: str, said: Sequence[str]) -> str:
    """Address, cause, what aiokafka said, and the fix."""
    meant = meaning(said)
    words = "; ".join(dict.fromkeys(said))
    return f"Kafka at {where} {meant.cause}{f' ({words})' if words else ''}: {meant.fix}"


@contextmanager
def complaints(*, shown: bool = False) -> Iterator[list[str]]:
    """What aiokafka logs from WARNING on while the block runs, also where its log is silenced.

    With `shown` it goes to the log as well.
    """
    said: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger(_LOGGER)
    propagates, level = logger.propagate, logger.level
    silenced = logger.getEffectiveLevel() > logging.WARNING
    logger.propagate = propagates and shown and not silenced
    if silenced:
        logger.setLevel(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates
        logger.setLevel(level)
