"""Kafka's jars: named and hashed in kafka.lock.json, and fetched once into a cache.

Their hashes are checked at every use.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.download import Download, download_all
from deskpulse.lab.brokers.repository import find_repository

Report = Callable[[str], None]

CACHE_VARIABLE: Final = "DESKPULSE_KAFKA_CACHE"
LOCK: Final = Path(str(resources.files("deskpulse.lab.brokers").joinpath("kafka.lock.json")))


def silent(_line: str) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar as the lock names it."""

    coordinates: str  # group:artifact:version, as Maven says it
    sha256: str
    size: int  # bytes

    @property
    def path(self) -> str:
        """Where it lies in a Maven repository.

        >>> Jar("org.apache.kafka:kafka_2.13:4.3.1", "", 0).path
        'org/apache/kafka/kafka_2.13/4.3.1/kafka_2.13-4.3.1.jar'
        """
        group, artifact, version = self.coordinates.split(":")
        return f"{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}.jar"

    @property
    def name(self) -> str:
        """Its file name, by which no two of the lock are alike."""
        return self.path.rpartition("/")[2]

    def is_at(self, file: Path) -> bool:
        """Whether a file is this jar, to the last byte."""
        if not file.is_file() or file.stat().st_size != self.size:
            return False
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == self.sha256


@dataclass(frozen=True, slots=True)
class Lock:
    """A version of Apache Kafka and all it consists of."""

    version: str
    jars: tuple[Jar, ...]

    @property
    def size(self) -> int:
        """Bytes of all jars."""
        return sum(jar.size for jar in self.jars)


def read_lock(file: Path = LOCK) -> Lock:
    """The lock that is shipped with this package."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return Lock(content["version"], tuple(Jar(**jar) for jar in content["jars"]))


def kafka_version() -> str:
    """The version of Apache Kafka that is locked."""
    return read_lock().version


def cache_folder() -> Path:
    """The folder for jars: DESKPULSE_KAFKA_CACHE, else `deskpulse/kafka` in the user's folder for caches.

    Errors: BrokerError for a user without a home.
    """
    if told := os.environ.get(CACHE_VARIABLE):
        return Path(told).absolute()
    caches = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # a relative one is to be ignored: so says the specification of these folders
    if not caches.is_absolute():
        try:
            caches = Path.home() / ".cache"
        except RuntimeError as error:
            raise BrokerError(
                f"this user has no home folder for Kafka's jars: name a folder in {CACHE_VARIABLE}"
            ) from error
    return caches / "deskpulse" / "kafka"


def fetch(report: Report = silent, *, lock: Lock | None = None) -> list[Path]:
    """Kafka's jars, whole and checked, in the order of the lock.

    Those that are not in the cache yet are fetched.

    When all are there, no network is needed. A file that is not what the lock says is fetched anew. Processes
    that fetch at once do not disturb each other: a jar gets its name when it is complete. Errors:
    BrokerError.
    """
    lock = lock or read_lock()
    folder = cache_folder() / lock.version
    files = {jar: folder / jar.name for jar in lock.jars}
    missing = [jar for jar, file in files.items() if not jar.is_at(file)]
    if missing:
        _fetch(lock, missing, folder, report)
    return list(files.values())


def _fetch(lock: Lock, missing: list[Jar], folder: Path, report: Report) -> None:
    repository, megabytes = find_repository(), sum(jar.size for jar in missing) / 1e6
    report(
        f"fetching Apache Kafka {lock.version}: {len(missing)} of {len(lock.jars)} jars, {megabytes:.0f} "
        f"MB, once, into {folder}"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as part:
            wanted = [Download(jar.path, Path(part) / jar.name, jar.sha256, jar.size) for jar in missing]
            for done in download_all(repository, wanted, report):
                done.file.replace(folder / done.file.name)
    except OSError as error:
        raise BrokerError(
            f"{folder} cannot be written ({error}): free some disk space, or name another folder in "
            f"{CACHE_VARIABLE}"
        ) from error
    report(f"Apache Kafka {lock.version} is ready")
