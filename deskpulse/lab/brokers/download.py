"""Files of a Maven repository, several at a time, each checked by its hash before anybody sees it."""

import hashlib
import http.client
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.repository import VARIABLE, Repository

_AT_ONCE: Final = 6
_TRIES: Final = 4
_PAUSE_SECONDS: Final = 0.5  # before the second try; twice as long before each further one
_SILENCE_SECONDS: Final = 30.0  # a connection that is silent for this long is given up
_TELL_SECONDS: Final = 1.0
_TELL_STEPS: Final = 20
_CHUNK: Final = 1 << 16
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})  # answers that may be others in a moment
_CHECK: Final = (
    "check the network, and a proxy's address in HTTPS_PROXY and authority in SSL_CERT_FILE; "
    f"if you can only reach another repository, name it in {VARIABLE}"
)


@dataclass(frozen=True, slots=True)
class Download:
    """What is wanted: a path in the repository, and the file that it becomes."""

    path: str
    file: Path
    sha256: str
    size: int  # bytes


@dataclass(slots=True)
class _Work:
    """What the threads of one `download_all` share."""

    repository: Repository
    todo: SimpleQueue[Download] = field(default_factory=SimpleQueue)
    done: SimpleQueue[Download | Exception] = field(default_factory=SimpleQueue)
    over: threading.Event = field(default_factory=threading.Event)
    received: dict[str, int] = field(default_factory=dict)  # bytes, by path
    opening: threading.Lock = field(default_factory=threading.Lock)

    def open(self, file: Path) -> IO[bytes]:
        """A new file.

        Errors: _BrokenError when all is over, after which none is made: whoever waited may delete the folder.
        """
        with self.opening:
            if self.over.is_set():
                raise _BrokenError("given up")
            return file.open("wb")

    def end(self) -> None:
        """Let the threads end."""
        with self.opening:
            self.over.set()


class _BrokenError(Exception):
    """A transfer that may succeed when it is tried again; the text says what happened."""


def download_all(
    repository: Repository, wanted: Sequence[Download], report: Callable[[str], None]
) -> Iterator[Download]:
    """Yield each one when its file is there, complete and with the right hash.

    Report how far it is whenever a twentieth more has come, and when nothing was ready for a second.

    What fails in passing is tried four times. Errors: BrokerError with what to do; OSError where a file
    cannot be written. The threads are no reason for a program to stay: Ctrl-C ends it at once.
    """
    work, total = (
        _Work(repository, received=dict.fromkeys((each.path for each in wanted), 0)),
        sum(each.size for each in wanted),
    )
    reported, left = 0, len(wanted)
    # the largest first, so that none of them is waited for at the end
    for each in sorted(wanted, key=lambda each: -each.size):
        work.todo.put(each)
    try:
        # Ctrl-C may come between two starts: whoever has begun must not open a file afterwards.
        for _ in range(min(_AT_ONCE, len(wanted))):
            threading.Thread(target=_run, args=(work,), daemon=True).start()
        while left:
            try:
                outcome = work.done.get(timeout=_TELL_SECONDS)
            except Empty:
                outcome = None
            received = sum(work.received.values())
            if received > reported and (outcome is None or received - reported >= total / _TELL_STEPS):
                report(f"  {received / 1e6:.1f} of {total / 1e6:.1f} MB")
                reported = received
            if outcome is None:
                continue
            if isinstance(outcome, Exception):
                raise outcome
            left -= 1
            yield outcome
    finally:
        work.end()


def _run(work: _Work) -> None:
    """The life of a thread: one file after the other, until there is none left or somebody has failed."""
    while not work.over.is_set():
        try:
            wanted = work.todo.get_nowait()
        except Empty:
            return
        try:
            _download(work, wanted)
        except Exception as error:  # noqa: BLE001 - whoever waits for the files raises it
            work.done.put(error)
            return
        work.done.put(wanted)


def _download(work: _Work, wanted: Download) -> None:
    address, pause = work.repository.address(wanted.path), _PAUSE_SECONDS
    for tries in range(1, _TRIES + 1):
        try:
            digest = _transfer(work, address, wanted)
            break
        except _BrokenError as error:
            if tries == _TRIES:
                raise BrokerError(
                    f"{address} could not be fetched ({error}; {_TRIES} tries): {_CHECK}"
                ) from error
            work.over.wait(pause)
            pause *= 2
    else:
        raise AssertionError
    if digest != wanted.sha256:
        raise BrokerError(
            f"{address} is not the file that was locked (SHA-256 {digest} instead of {wanted.sha256}) and "
            f"was thrown away: a proxy or the repository, which {work.repository.told_by} names, serves a "
            f"different file; name another repository in {VARIABLE}"
        )


def _transfer(work: _Work, address: str, wanted: Download) -> str:
    """Copy one file; return its SHA-256.

    Errors: _BrokenError, BrokerError where another try would not help, OSError of the disk.
    """
    received, digest = 0, hashlib.sha256()
    with work.open(wanted.file) as file, _open(work.repository, address) as answer:
        # What is longer than it should be has the wrong hash already.
        while not work.over.is_set() and received <= wanted.size and (chunk := _read(answer)):
            file.write(chunk)
            digest.update(chunk)
            received += len(chunk)
            work.received[wanted.path] = received
    if received < wanted.size:  # http.client takes a connection that is cut for the end
        raise _BrokenError(f"{received:,} of {wanted.size:,} bytes arrived")
    return digest.hexdigest()


def _open(repository: Repository, address: str) -> IO[bytes]:
    request = Request(address, headers={"User-Agent": "deskpulse"})  # noqa: S310 - the repository's scheme has been checked
    if repository.authorization:
        request.add_unredirected_header("Authorization", repository.authorization)
    try:
        answer: IO[bytes] = urlopen(request, timeout=_SILENCE_SECONDS)  # noqa: S310 - see above
    except HTTPError as error:
        said = f"{error.code} {error.reason}"
        if error.code in _PASSING:
            raise _BrokenError(said) from error
        raise BrokerError(
            f"{address}: {said}; the repository, which {repository.told_by} names, does not serve it: "
            f"{_CHECK}"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(str(getattr(error, "reason", error)) or type(error).__name__) from error
    return answer


def _read(answer: IO[bytes]) -> bytes:
    try:
        return answer.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(str(error) or type(error).__name__) from error
