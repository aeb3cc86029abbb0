"""Server programs that never outlive the process that started them, and the ports they listen on."""

import math
import random
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from deskpulse.lab.brokers import BrokerError

LOOPBACK = "127.0.0.1"
# Below the range from which kernels take ports for outgoing connections: a broker that restarts finds its own
# port free again.
_PORTS = range(20_000, 32_000)
_POLL_SECONDS = 0.05

# Ends the server and deletes its data when this process dies, however it dies: the pipe on standard input
# then closes. The pause lets the other servers of a cluster, which write to the same folder, die before it is
# deleted.
_GUARD = 'read _; kill -9 "$1" 2>/dev/null; sleep 1; rm -rf -- "$2"'


@dataclass(frozen=True, slots=True)
class Server:
    """A running server program and the guard that outlives us to end it."""

    program: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """The process id of the server program."""
        return self.program.pid

    def runs(self) -> bool:
        """Whether the program is still alive."""
        return self.program.poll() is None

    def stop(self, *, grace_seconds: float) -> None:
        """Ask the program to end (SIGTERM), and end it (SIGKILL) when it has not after the grace time."""
        self.program.terminate()
        try:
            self.program.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.program.kill()
        self._reap()

    def kill(self) -> None:
        """End the program at once (SIGKILL), as a crash would."""
        self.program.kill()
        self._reap()

    def _reap(self) -> None:
        self.program.wait()
        self.guard.kill()
        self.guard.wait()
        if self.guard.stdin is not None:
            self.guard.stdin.close()


def launch(command: Sequence[str], *, log_file: Path, data: Path) -> Server:
    """Start a server program with its output appended to a file.

    `data` is deleted should this process die before it.

    Sessions of their own keep Ctrl-C in a terminal from reaching program and guard: this process decides when
    they end.
    """
    with log_file.open("ab") as log:
        program = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=data,
            start_new_session=True,
        )
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "guard", str(program.pid), str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return Server(program, guard)


def wait_until(condition: Callable[[], bool], *, timeout_seconds: float) -> bool:
    """Poll a condition; return whether it came true in time, not counting what the condition itself takes."""
    for _ in range(math.ceil(timeout_seconds / _POLL_SECONDS)):
        if condition():
            return True
        sleep(_POLL_SECONDS)
    return condition()


def listens(port: int) -> bool:
    """Whether someone accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def port_is_free(port: int) -> bool:
    """Whether a server could listen on a loopback port now."""
    with socket.socket() as probe:
        # as servers do: closed connections do not count
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Different loopback ports on which nobody listens, in random order so that parallel runs do not meet."""
    candidates = random.SystemRandom().sample(_PORTS, len(_PORTS))
    found = [port for port, _ in zip(filter(port_is_free, candidates), range(count), strict=False)]
    if len(found) < count:
        raise BrokerError(
            f"fewer than {count} free ports between {_PORTS.start} and {_PORTS.stop}: stop some servers"
        )
    return found


def tail(log_file: Path, *, lines: int = 25) -> str:
    """The last lines of a log, indented, for an error text.

    Java's stack frames are left out: they hide the causes between them.
    """
    text = log_file.read_text(encoding="utf-8", errors="replace") if log_file.is_file() else ""
    telling = [line for line in text.splitlines() if not line.startswith("\tat ")]
    return "\n".join(f"  {line}" for line in telling[-lines:]) or "  (the log is empty)"
