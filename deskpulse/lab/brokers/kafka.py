"""Apache Kafka as a child process: a real broker, or three, for tests, the demo and the benchmarks."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Literal, Self, get_args

from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.jars import Report, fetch, kafka_version, silent
from deskpulse.lab.brokers.java import find_java
from deskpulse.lab.brokers.process import LOOPBACK, Server, free_ports, launch, port_is_free, tail, wait_until
from deskpulse.lab.brokers.settings import SCRAM, Access, Node, as_text, server_properties
from deskpulse.lab.brokers.tls import make_certificates

Security = Literal["plaintext", "sasl_tls"]

_STARTED = b"Kafka Server started"
# one broker needs half a second; three at once lose their quorum and never end by themselves
_RESTART_GRACE_SECONDS = 8.0
_DISCARD_GRACE_SECONDS = 3.0  # data that is deleted next needs no careful end
_USERNAME = "deskpulse"
_SIZES = (1, 3)
_LOG_SETTINGS = Path(str(resources.files("deskpulse.lab.brokers").joinpath("log4j2.properties")))
_LAST_PORT = 65_535


def available(report: Report = silent) -> str | None:
    """None when Kafka can be started here, else the reason with its fix.

    Fetches the jars when they are not there yet.
    """
    try:
        find_java()
        fetch(report)
    except BrokerError as error:
        return str(error)
    return None


class LocalKafka:
    """Apache Kafka on loopback with free ports and data in a temporary folder that `stop` deletes.

    `brokers=3` makes a cluster with three copies of everything, two of which must be written. `kill` and
    `restart` keep the data. `security="sasl_tls"` wants SASL/SCRAM-SHA-512 over TLS: see `username`,
    `password` and `ca_file`. `properties` override the broker's settings. `quick_start` compiles simply,
    which saves 40 % of the processor time of a start: for brokers that live for one test, not for
    measurements. Not thread-safe; should this process die, its brokers and their data go with it.
    """

    def __init__(
        self,
        *,
        brokers: int = 1,
        port: int | None = None,
        security: Security = "plaintext",
        properties: Mapping[str, str] | None = None,
        heap_mb: int = 512,
        quick_start: bool = False,
        start_timeout_seconds: float = 120.0,
        report: Report = silent,
    ) -> None:
        _check(brokers=brokers, port=port, security=security)
        self._brokers = brokers
        self._first_port = port
        self._security = security
        self._overrides = dict(properties or {})
        self._heap_mb = heap_mb
        self._java_options = ["-XX:TieredStopAtLevel=1"] if quick_start else []
        self._start_timeout_seconds = start_timeout_seconds
        self._report = report
        self._java = ""
        self._jars: list[Path] = []
        self._folder: Path | None = None
        self._access: Access | None = None
        self._nodes: list[Node] = []
        self._servers: dict[int, Server] = {}

    @property
    def name(self) -> str:
        """Product and version, such as `kafka 4.3.1`."""
        return f"kafka {kafka_version()}"

    @property
    def bootstrap(self) -> str:
        """`host:port` of each broker, joined by commas."""
        self._running_folder()
        return ",".join(f"{LOOPBACK}:{node.port}" for node in self._nodes)

    @property
    def username(self) -> str | None:
        """The SCRAM user, None without SASL."""
        return self._access.username if self._access else None

    @property
    def password(self) -> str | None:
        """The SCRAM user's password, new with each start; None without SASL."""
        return self._access.password if self._access else None

    @property
    def ca_file(self) -> Path | None:
        """The certificate authority to trust (PEM), None without TLS."""
        return self._access.ca_file if self._access else None

    @property
    def pids(self) -> dict[int, int]:
        """Process ids of the running brokers by node number."""
        return {number: server.pid for number, server in self._servers.items() if server.runs()}

    def start(self) -> None:
        """Fetch Kafka if need be, format its storage, start it and wait until it serves clients."""
        if self._folder is not None:
            raise BrokerError("this Kafka is already running: stop it first, or use restart")
        self._java = find_java()  # before anything is fetched that could not be run
        self._jars = fetch(self._report)
        self._folder = Path(tempfile.mkdtemp(prefix="deskpulse-kafka-"))
        try:
            self._prepare(self._folder)
            self._format()
            self._launch(self._nodes)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all brokers and delete their data; harmless when it is not running."""
        self._end(self._nodes, grace_seconds=_DISCARD_GRACE_SECONDS)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder, self._access, self._nodes = None, None, []

    def kill(self, node: int | None = None) -> None:
        """Crash one broker, or all (SIGKILL), keeping the data."""
        for each in self._select(node):
            self._servers.pop(each.number).kill()

    def restart(self, node: int | None = None) -> None:
        """Start one broker, or all, again on the same ports and data.

        Those still running are ended in good order before.
        """
        chosen = self._select(node)
        self._end(chosen, grace_seconds=_RESTART_GRACE_SECONDS)
        self._launch(chosen)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _running_folder(self) -> Path:
        if self._folder is None:
            raise BrokerError("this Kafka has not been started: call start() or use a with statement")
        return self._folder

    def _select(self, number: int | None) -> list[Node]:
        self._running_folder()
        chosen = [node for node in self._nodes if number in (None, node.number)]
        if not chosen:
            raise BrokerError(f"there is no broker {number}: this Kafka has 1 to {self._brokers}")
        return chosen

    def _end(self, nodes: list[Node], *, grace_seconds: float) -> None:
        """Stop those of the nodes that run, all at once.

        A cluster that ends one by one loses its quorum and then waits for it.
        """
        running = [server for node in nodes if (server := self._servers.pop(node.number, None))]
        with ThreadPoolExecutor(self._brokers) as pool:
            list(pool.map(lambda server: server.stop(grace_seconds=grace_seconds), running))

    def _prepare(self, folder: Path) -> None:
        """Choose ports, make certificates, write the settings of each node."""
        ports = free_ports(2 * self._brokers)
        if self._first_port is not None:
            ports[: self._brokers] = _claim(self._first_port, self._brokers)
        self._nodes = [
            Node(
                i + 1,
                port=ports[i],
                controller_port=ports[self._brokers + i],
                folder=folder / f"broker-{i + 1}",
            )
            for i in range(self._brokers)
        ]
        if self._security == "sasl_tls":
            certificates = make_certificates(folder)
            self._access = Access(
                _USERNAME, secrets.token_hex(16), certificates.ca_file, certificates.server_file
            )
        for node in self._nodes:
            node.folder.mkdir()
            settings = server_properties(node, self._nodes, self._access, self._overrides)
            node.properties_file.write_text(as_text(settings), encoding="utf-8")

    def _format(self) -> None:
        """Give each node's storage the cluster's id and, with SASL, the user.

        KRaft starts on formatted storage only.
        """
        command = [
            *self._command("kafka.tools.StorageTool", "-XX:TieredStopAtLevel=1", heap_mb=128),
            "format",
            f"--cluster-id={secrets.token_urlsafe(16)}",
        ]
        if self._access:
            command += [
                "--add-scram",
                f"{SCRAM}=[name={self._access.username},password={self._access.password}]",
            ]

        def format_one(node: Node) -> None:
            with node.log_file.open("ab") as log:
                done = subprocess.run(
                    [*command, "--config", str(node.properties_file)], stdout=log, stderr=log, check=False
                )
            if done.returncode != 0:
                raise BrokerError(
                    f"{self.name} refused its settings; check `properties` and free disk space. It "
                    f"said:\n{tail(node.log_file)}"
                )

        with ThreadPoolExecutor(self._brokers) as pool:
            list(pool.map(format_one, self._nodes))

    def _command(self, main_class: str, *java_options: str, heap_mb: int) -> list[str]:
        """How to run one of Kafka's programs; its arguments are to follow."""
        options = [
            f"-Xmx{heap_mb}m",
            "-XX:+UseG1GC",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={_LOG_SETTINGS}",
            *java_options,
        ]
        return [self._java, *options, "-cp", os.pathsep.join(map(str, self._jars)), main_class]

    def _launch(self, nodes: list[Node]) -> None:
        """Start brokers and wait until each says that it serves."""
        folder, command = (
            self._running_folder(),
            self._command("kafka.Kafka", *self._java_options, heap_mb=self._heap_mb),
        )
        already_logged = {node.number: _size(node.log_file) for node in nodes}
        for node in nodes:
            self._servers[node.number] = launch(
                [*command, str(node.properties_file)], log_file=node.log_file, data=folder
            )
        for node in nodes:
            self._await(node, already_logged[node.number])

    def _await(self, node: Node, already_logged: int) -> None:
        """Wait until a broker says that it serves; its words of earlier starts do not count."""
        server = self._servers[node.number]

        def has_said_or_died() -> bool:
            return _has_started(node.log_file, already_logged) or not server.runs()

        in_time = wait_until(has_said_or_died, timeout_seconds=self._start_timeout_seconds)
        if in_time and server.runs():
            return
        cause = (
            f"did not come up within {self._start_timeout_seconds:g} s"
            if server.runs()
            else f"ended with exit {server.program.poll()}"
        )
        raise BrokerError(
            f"{self.name}, broker {node.number} on port {node.port}, {cause}; check `properties`, free "
            "memory and disk. "
            f"The end of its log:\n{tail(node.log_file)}"
        )


def _check(*, brokers: int, port: int | None, security: str) -> None:
    if brokers not in _SIZES:
        raise BrokerError(f"brokers={brokers}: a local Kafka has {_SIZES[0]} broker or {_SIZES[1]}")
    if security not in get_args(Security):
        raise BrokerError(f"security={security!r} is unknown: use one of {', '.join(get_args(Security))}")
    if port is not None and not 0 < port <= _LAST_PORT - brokers:
        raise BrokerError(f"port={port} is not a TCP port: use one between 1024 and {_LAST_PORT - brokers}")


def _claim(first_port: int, count: int) -> list[int]:
    """The ports a user asked for, or an error when one is taken."""
    ports = list(range(first_port, first_port + count))
    for port in ports:
        if not port_is_free(port):
            raise BrokerError(
                f"port {port} is in use: stop the program that listens there, or choose another port"
            )
    return ports


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _has_started(log_file: Path, already_logged: int) -> bool:
    """Whether the log says, after its first `already_logged` bytes, that the broker serves clients."""
    with log_file.open("rb") as log:
        log.seek(already_logged)
        return _STARTED in log.read()
