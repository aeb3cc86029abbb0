"""Findings about the brokers: what they speak, and what they allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from deskpulse.cluster.facts import release
from deskpulse.doctor.finding import Finding, fail, ok, warn
from deskpulse.settings import Settings

# Without these there are no transactions, hence no exact figures.
_NEEDED: Final = {22: "InitProducerId", 24: "AddPartitionsToTxn", 26: "EndTxn"}


def examine_brokers(
    settings: Settings, brokers: list[int], apis: Mapping[int, tuple[int, int]]
) -> Iterator[Finding]:
    """Reachability, number, protocol, connection."""
    count = len(brokers)
    yield ok(
        "broker",
        f"{', '.join(settings.kafka.bootstrap_servers)} reachable, {count} broker{'s' if count > 1 else ''}",
    )
    missing = [name for key, name in _NEEDED.items() if key not in apis]
    if missing:
        yield fail("protocol", f"the broker lacks {', '.join(missing)}", "use Apache Kafka 3 or newer")
    else:
        yield ok("protocol", f"{len(apis)} APIs, those of Kafka {release(apis)} or newer; transactions")
    yield _connection(settings)


def examine_limits(settings: Settings, config: Mapping[str, str | None]) -> Iterator[Finding]:
    """Time limits of the brokers that bound ours; nothing where the brokers do not give them."""
    session_ms = settings.worker.session_timeout_seconds * 1_000
    least, most = (_number(config, f"group.{end}.session.timeout.ms") for end in ("min", "max"))
    if (least is not None and session_ms < least) or (most is not None and session_ms > most):
        found = f"{session_ms / 1_000:g} s, but the brokers allow {_seconds(least)} to {_seconds(most)}"
        yield fail("session timeout", found, "set worker.session_timeout_seconds to a value in that range")
    elif least is not None:
        yield ok("session timeout", f"{session_ms / 1_000:g} s")
    longest = _number(config, "transaction.max.timeout.ms")
    if longest is not None and settings.worker.transaction_timeout_seconds * 1_000 > longest:
        yield fail(
            "transaction timeout",
            f"the brokers allow {_seconds(longest)}",
            "lower worker.transaction_timeout_seconds",
        )


def _connection(settings: Settings) -> Finding:
    kafka = settings.kafka
    if kafka.security_protocol == "SASL_PLAINTEXT":
        return warn(
            "connection",
            "the log-in goes over an unencrypted connection",
            "use SASL_SSL unless you trust the network",
        )
    told = (
        f"{kafka.security_protocol}, {kafka.sasl_mechanism} as {kafka.username}"
        if kafka.uses_sasl
        else kafka.security_protocol
    )
    return ok("connection", told)


def _number(config: Mapping[str, str | None], name: str) -> int | None:
    value = config.get(name)
    return None if value is None else int(value)


def _seconds(milliseconds: int | None) -> str:
    return "?" if milliseconds is None else f"{milliseconds / 1_000:g} s"
