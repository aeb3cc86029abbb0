"""A small broker without Java for `make demo` and quick runs: the program in the PyPI package `noida-db`.

It speaks enough of Kafka for groups and transactions, but it never expires dead group members, ignores fetch limits, does not compact and
does not replicate: what it shows about failures says nothing about Kafka. It also opens a second loopback port for its own control.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path
from typing import Self

from deskpulse.brokers import BrokerError
from deskpulse.brokers.process import LOOPBACK, Server, free_ports, launch, listens, port_is_free, tail, wait_until

_PACKAGE = "noida-db"
_FIX = "pip install 'deskpulse[embedded]'"
_STOP_GRACE_SECONDS = 2.0


def available() -> str | None:
    """None when the embedded broker is installed, else the reason with its fix."""
    try:
        _find_program()
    except BrokerError as error:
        return str(error)
    return None


class EmbeddedBroker:
    """The embedded broker on a loopback port, with data in a temporary folder that `stop` deletes.

    Should this process die, the broker and its data go with it. Not thread-safe.
    """

    def __init__(self, *, port: int | None = None, start_timeout_seconds: float = 20.0) -> None:
        self._wanted_port = port
        self._start_timeout_seconds = start_timeout_seconds
        self._port: int | None = None
        self._folder: Path | None = None
        self._server: Server | None = None

    @property
    def name(self) -> str:
        """Product and version: `noida-db 0.2.3`."""
        _find_program()
        return f"{_PACKAGE} {importlib.metadata.version(_PACKAGE)}"

    @property
    def bootstrap(self) -> str:
        """`host:port` of the running broker."""
        if self._port is None:
            raise BrokerError("the embedded broker has not been started: call start() or use it in a with statement")
        return f"{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        if self._folder is not None:
            raise BrokerError("the embedded broker is running already: stop it first")
        program, port = _find_program(), self._choose_port()
        self._folder = Path(tempfile.mkdtemp(prefix="deskpulse-embedded-"))
        try:
            self._launch(_executable(program, self._folder), port, self._folder)
        except BaseException:
            self.stop()
            raise
        self._port = port

    def stop(self) -> None:
        """End it and delete its data; harmless when it is not running."""
        if self._server is not None:
            self._server.stop(grace_seconds=_STOP_GRACE_SECONDS)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._server, self._folder, self._port = None, None, None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _choose_port(self) -> int:
        if self._wanted_port is None:
            return free_ports(1)[0]
        if not port_is_free(self._wanted_port):
            raise BrokerError(f"port {self._wanted_port} is in use: end the program that listens there, or choose another port")
        return self._wanted_port

    def _launch(self, program: Path, port: int, folder: Path) -> None:
        log_file = folder / "broker.log"
        command = [
            str(program),
            "start",
            "--only",
            "kafka",
            "--host",
            LOOPBACK,
            "--kafka-port",
            str(port),
            "--data-dir",
            str(folder / "data"),
        ]
        server = self._server = launch(command, log_file=log_file, data=folder)
        wait_until(lambda: listens(port) or not server.runs(), timeout_seconds=self._start_timeout_seconds)
        if server.runs() and listens(port):
            return
        state = "did not come up in time" if server.runs() else f"ended with exit {server.program.poll()}"
        raise BrokerError(
            f"{self.name} on port {port} {state}; use Apache Kafka instead (make kafka). The end of its log:\n{tail(log_file)}"
        )


def _find_program() -> Path:
    """The program inside the installed package; its Python entry point would orphan it when stopped."""
    package = importlib.util.find_spec("noida_db")
    if package is None or package.origin is None:
        raise BrokerError(f"the embedded broker is not installed: {_FIX}, or use Apache Kafka (make kafka)")
    program = Path(package.origin).with_name("noida-db")
    if not program.is_file():
        raise BrokerError(f"{program} is missing: the package {_PACKAGE} has no program for this platform; use Apache Kafka (make kafka)")
    return program


def _executable(program: Path, folder: Path) -> Path:
    """The program itself, or a copy that may be executed: wheels lose the bit, and site-packages may be read-only."""
    if os.access(program, os.X_OK):
        return program
    copy = folder / program.name
    shutil.copyfile(program, copy)
    copy.chmod(0o700)
    return copy
