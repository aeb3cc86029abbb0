"""The configuration of an exporter, checked when it is made.

Nobody here reads an environment variable or a settings file.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from kpis.figures.bands import BandRule
from kpis.figures.view import ViewRules
from streams.topics import ledger_topics, source_names
from windows.clock import Clock
from windows.histogram import EXACT_MS

_HOST_AND_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::\d*)?")
REFUSALS: Final = ("login", "host")  # a wrong token, password or scheme; a name that is not this exporter's
EXACT_SECONDS: Final = tuple(ms // 1000 for ms in EXACT_MS)


class ConfigError(ValueError):
    """A setting that cannot work; the message names the setting, its value and the fix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WallRules:
    """What the wall shows beyond the figures.

    `bands` by KPI, see `kpis.figures.bands.BANDED`; a KPI without one has no colour.
    """

    bands: Mapping[str, BandRule] = field(default_factory=dict)
    minimum: int = 10  # observations from which on a figure is coloured, and a change told
    show_tickets: bool = False  # identifiers and links of tickets at risk
    most_screens: int = 50  # streams at the same time; each further one is refused
    desk: str | None = None  # its name, for the title
    segment: str | None = None  # what it calls its fourth dimension; None: it is off


@dataclass(frozen=True, slots=True, kw_only=True)
class ExporterConfig:
    """Settings of an exporter; the defaults are those of production. Errors: ConfigError."""

    # options of every aiokafka client: bootstrap_servers, security_protocol, ...
    kafka: Mapping[str, Any] = field(repr=False)
    view_rules: ViewRules
    time: Clock = field(repr=False)  # of this machine
    wall: WallRules = field(default_factory=WallRules)
    app_id: str = "deskpulse"
    desk: str = "deskpulse"  # its name: a label of every series
    topic_prefix: str = ""  # before the names of source topics

    host: str = "127.0.0.1"
    port: int = 9108  # 0: any free one
    insecure_listen: bool = False  # other machines may connect without TLS and log-in
    # names, beside those of this machine, that requests may call the exporter by
    allowed_hosts: tuple[str, ...] = ()
    cert_file: Path | None = None  # PEM; with key_file: HTTPS
    key_file: Path | None = None
    bearer_token: str | None = field(default=None, repr=False)
    basic_auth: tuple[str, str] | None = field(default=None, repr=False)  # user name, password

    clock: Literal["wall", "event"] = "wall"  # as_of: now, or the log's greatest event time
    buckets_seconds: tuple[int, ...] = (900, 3600, 10800)  # edges of the gauge histograms

    start_timeout_seconds: float = 30.0  # for the first contact with Kafka
    # half of the ledger's delete.retention.ms: a longer pause may have missed tombstones
    stall_seconds: float = 43_200.0
    # an open transaction that holds readers back for longer makes the view incomplete
    stuck_seconds: float = 5.0
    silent_seconds: float = 10.0  # figures are stale after this long without a Kafka response
    behind_seconds: float = 30.0  # incomplete once records have waited this long to be applied
    skew_seconds: float = 10.0  # incomplete once this machine's clock differs this much from the brokers'
    reconnect_seconds: float = 8.0  # reconnect after this long without a Kafka response
    sources_seconds: float = 3.0  # between two looks at the workers and at the log ends of the source topics
    topics_seconds: float = 30.0  # between two looks at the partition counts

    def __post_init__(self) -> None:
        self._check_buckets()
        self._check_files()
        self._check_door()
        if wrong := [host for host in self.allowed_hosts if not is_host(host)]:
            raise ConfigError(
                f"exporter.allowed_hosts: {wrong[0]!r} is not a host; write names or addresses only, "
                "without scheme, port or path"
            )

    @property
    def view_topic(self) -> str:
        """The ledger topic that exporters read."""
        return ledger_topics(self.app_id).view

    @property
    def sources(self) -> dict[str, str]:
        """Names in Kafka of the source topics to names without prefix."""
        return source_names(self.topic_prefix)

    @property
    def uses_tls(self) -> bool:
        """Whether it serves HTTPS."""
        return self.cert_file is not None

    @property
    def wants_login(self) -> bool:
        """Whether a request must carry a token or a password."""
        return self.bearer_token is not None or self.basic_auth is not None

    @property
    def checks_host(self) -> bool:
        """Whether a request must call the exporter by a name that it knows.

        On loopback without a log-in: otherwise a web page that this machine's browser shows could have its
        own name resolve to 127.0.0.1 and read the figures as its own (DNS rebinding). And wherever names were
        given.
        """
        return bool(self.allowed_hosts) or (is_loopback(self.host) and not self.wants_login)

    def is_called(self, authority: str) -> bool:
        """Whether a `Host` header, with or without port, names this exporter.

        Localhost, a name of `allowed_hosts`, or any address.

        Nobody else's page can have an address as its name and be answered here: whoever asks for an address
        meant the machine that has it.
        """
        found = _HOST_AND_PORT.fullmatch(authority)
        if found is None:
            return False
        name = _plain(found[1])
        return name == "localhost" or is_address(name) or name in map(_plain, self.allowed_hosts)

    @property
    def bootstrap(self) -> str:
        """`host:port` of each broker, for messages."""
        servers = self.kafka.get("bootstrap_servers", "")
        return servers if isinstance(servers, str) else ", ".join(servers)

    def _check_buckets(self) -> None:
        if unknown := [edge for edge in self.buckets_seconds if edge not in EXACT_SECONDS]:
            choice = ", ".join(map(str, EXACT_SECONDS))
            raise ConfigError(
                f"exporter.buckets_seconds: the stored histograms have no edge at {unknown}; choose from "
                f"{choice}"
            )
        if list(self.buckets_seconds) != sorted(set(self.buckets_seconds)):
            raise ConfigError(
                f"exporter.buckets_seconds {self.buckets_seconds}: list each edge once, from small to large"
            )

    def _check_files(self) -> None:
        if (self.cert_file is None) != (self.key_file is None):
            raise ConfigError(
                "exporter.cert_file and exporter.key_file belong together, but one is missing: set both or "
                "neither"
            )
        if self.bearer_token == "" or (self.basic_auth is not None and "" in self.basic_auth):
            raise ConfigError(
                "exporter: an empty token, user name or password lets anyone in; set it, or leave it out"
            )

    def _check_door(self) -> None:
        if self.insecure_listen or is_loopback(self.host) or (self.uses_tls and self.wants_login):
            return
        missing = " and ".join(
            name for name, given in (("TLS", self.uses_tls), ("a log-in", self.wants_login)) if not given
        )
        raise ConfigError(
            f"exporter.host {self.host!r} can be reached from other machines, but {missing} is not set up: "
            "keep host 127.0.0.1 behind a proxy that has both, or set cert_file, key_file and a token or "
            "password; in a network you trust, set insecure_listen to true"
        )


def is_host(text: str) -> bool:
    """Whether a text is a host name or an address, and nothing more.

    >>> [
    ...     is_host(text)
    ...     for text in (
    ...         "desk.example",
    ...         "10.0.0.7",
    ...         "[fd00::7]",
    ...         "fd00::7",
    ...         "desk.example:9108",
    ...         "https://desk",
    ...         "*",
    ...         "",
    ...     )
    ... ]
    [True, True, True, True, False, False, False, False]
    """
    return (
        is_address(text.strip("[]"))
        or re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?", text) is not None
    )


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a listener on `host`.

    A name other than localhost counts as reachable.

    >>> is_loopback("127.0.0.1"), is_loopback("[::1]"), is_loopback("0.0.0.0"), is_loopback("")
    (True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
