"""Fetching Kafka: once, whole or not at all, and checked by hash at every use.

Its errors name the fix.
"""

import hashlib
import os
import pwd
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskpulse.lab.brokers import BrokerError, download, jars, repository
from deskpulse.lab.brokers.jars import Jar, Lock, cache_folder, fetch, read_lock
from deskpulse.lab.brokers.repository import CENTRAL, find_repository
from scripts import kafka_lock
from scripts.tidy import ROOT
from tests.brokers.standin import Answer, StandIn, stand_in

BODIES = {"g.h:one:1": b"first" * 1000, "g.h:two:2.1": b"second" * 50_000, "g:three:3": b""}


def jar(coordinates: str, body: bytes) -> Jar:
    return Jar(coordinates, hashlib.sha256(body).hexdigest(), len(body))


LOCK = Lock("9.9.9", tuple(jar(name, body) for name, body in BODIES.items()))
ONE, TWO, THREE = LOCK.jars


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A repository that has everything, and an empty cache."""
    monkeypatch.setenv(jars.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(download, "_PAUSE_SECONDS", 0.0)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with stand_in() as served:
        served.answers = {each.path: [Answer(BODIES[each.coordinates])] for each in LOCK.jars}
        monkeypatch.setenv(repository.VARIABLE, served.url)
        yield served


def files() -> dict[str, bytes]:
    """What is in the cache, nothing hidden left out."""
    return {
        str(file.relative_to(cache_folder())): file.read_bytes()
        for file in cache_folder().rglob("*")
        if file.is_file()
    }


WHOLE = {f"9.9.9/{each.name}": BODIES[each.coordinates] for each in LOCK.jars}


def test_it_is_fetched_once_in_the_order_of_the_lock_and_says_so(served: StandIn) -> None:
    said: list[str] = []
    found = fetch(said.append, lock=LOCK)
    assert ["one-1.jar", "two-2.1.jar", "three-3.jar"] == [file.name for file in found]
    assert WHOLE == files()
    assert said[0].startswith("fetching Apache Kafka 9.9.9: 3 of 3 jars, 0 MB, once, into ")
    assert "Apache Kafka 9.9.9 is ready" == said[-1]
    said.clear()
    assert found == fetch(said.append, lock=LOCK)
    assert [] == said
    assert sorted(each.path for each in LOCK.jars) == served.paths()


def test_how_far_it_is_is_told_while_it_comes(served: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_TELL_SECONDS", 0.0)
    said: list[str] = []
    fetch(said.append, lock=LOCK)
    assert said[1:-1]
    assert [] == [line for line in said[1:-1] if not re.fullmatch(r"  \d\.\d of 0\.3 MB", line)]


@pytest.mark.parametrize("damaged", [b"", b"First" + b"first" * 999], ids=["empty", "another byte"])
def test_a_jar_that_is_not_what_was_locked_is_fetched_anew_and_no_other(
    served: StandIn, damaged: bytes
) -> None:
    fetch(lock=LOCK)
    served.asked.clear()
    (cache_folder() / "9.9.9" / ONE.name).write_bytes(damaged)
    fetch(lock=LOCK)
    assert WHOLE == files()
    assert [ONE.path] == served.paths()


def test_what_fails_in_passing_is_tried_again(served: StandIn) -> None:
    served.answers[ONE.path] = [Answer(status=503), Answer(BODIES[ONE.coordinates])]
    served.answers[TWO.path] = [Answer(BODIES[TWO.coordinates], cut=True), Answer(BODIES[TWO.coordinates])]
    fetch(lock=LOCK)
    assert WHOLE == files()
    assert 5 == len(served.asked)


def test_a_file_with_another_hash_is_thrown_away_and_not_asked_for_again(served: StandIn) -> None:
    served.answers[ONE.path] = [Answer(b"login" * 1000)]
    with pytest.raises(
        BrokerError,
        match=rf"(?s){ONE.path} is not the file that was locked "
        rf".*{repository.VARIABLE} names, .*name another",
    ):
        fetch(lock=LOCK)
    assert f"9.9.9/{ONE.name}" not in files()
    assert 1 == served.paths().count(ONE.path)


@pytest.mark.timeout(60)
def test_what_goes_on_for_ever_is_not_read_for_ever(served: StandIn) -> None:
    served.answers[ONE.path] = [Answer(b"x" * 10_000, endless=True)]
    with pytest.raises(BrokerError, match="is not the file that was locked"):
        fetch(lock=LOCK)


def test_when_all_is_over_no_file_is_begun_any_more(served: StandIn, tmp_path: Path) -> None:
    """A thread that is late must not write into a folder that is being deleted."""
    work = download._Work(find_repository())
    work.end()
    with pytest.raises(download._BrokenError):
        work.open(tmp_path / "late")
    assert not (tmp_path / "late").exists()


@pytest.mark.parametrize(
    ("answers", "said", "times"),
    [
        (
            [Answer(status=404)],
            (
                r"404 Not Found; the repository, which \S+ names, does not serve it: "
                r"check the network, and a proxy"
            ),
            1,
        ),
        ([Answer(status=407)], r"407 Proxy Authentication Required; .*HTTPS_PROXY", 1),
        ([Answer(status=502)], r"could not be fetched \(502 Bad Gateway; 4 tries\): check the network", 4),
        (
            [Answer(b"first" * 1000, cut=True)],
            r"could not be fetched \(2,500 of 5,000 bytes arrived; 4 tries\)",
            4,
        ),
    ],
    ids=["404", "407", "502", "cut"],
)
def test_a_failed_fetch_names_the_cause_and_the_fix(
    served: StandIn, answers: list[Answer], said: str, times: int
) -> None:
    served.answers[ONE.path] = answers
    with pytest.raises(BrokerError, match=said):
        fetch(lock=LOCK)
    assert times == served.paths().count(ONE.path)
    assert not [name for name in files() if ".part" in name or ONE.name in name]


def test_without_a_network_it_says_so(served: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(repository.VARIABLE, "http://127.0.0.1:1/maven2")
    with pytest.raises(
        BrokerError, match=r"could not be fetched \(.*Connection refused; 4 tries\): check the network"
    ):
        fetch(lock=LOCK)


def test_a_folder_of_this_machine_is_a_repository_too(
    served: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in LOCK.jars:
        file = tmp_path / "repository" / each.path
        file.parent.mkdir(parents=True)
        file.write_bytes(BODIES[each.coordinates])
    monkeypatch.setenv(repository.VARIABLE, (tmp_path / "repository").as_uri())
    fetch(lock=LOCK)
    assert WHOLE == files()
    assert [] == served.asked


def test_a_cache_that_cannot_be_written_is_named(
    served: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(jars.CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(
        BrokerError, match=rf"cannot be written \(.*name another folder in {jars.CACHE_VARIABLE}"
    ):
        fetch(lock=LOCK)


def test_a_password_goes_to_the_repository_alone(served: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that hands the file over to another server does not hand over who we are."""
    served.answers[ONE.path] = [
        Answer(status=302, location=f"{served.url.replace('127.0.0.1', 'localhost')}/elsewhere")
    ]
    served.answers["elsewhere"] = [Answer(BODIES[ONE.coordinates])]
    monkeypatch.setenv(repository.VARIABLE, served.url.replace("://", "://me:secret@"))
    fetch(lock=LOCK)
    assert WHOLE == files()
    told = dict(served.asked)
    assert "Basic bWU6c2VjcmV0" == told[ONE.path] == told[TWO.path]
    assert told["elsewhere"] is None


def test_ctrl_c_ends_a_fetch_that_hangs_and_leaves_nothing(served: StandIn, tmp_path: Path) -> None:
    for each in read_lock().jars:
        served.answers[each.path] = [Answer(hang=True)]
    command = [sys.executable, "-m", "deskpulse.lab.brokers", "--fetch-only"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        assert served.asked_once.wait(60)
        run.send_signal(signal.SIGINT)
        # less than the silence for which a connection would be given up
        said, _ = run.communicate(timeout=20)
    assert 130 == run.returncode, said
    assert {} == files()
    assert [] == list((tmp_path / "cache" / jars.kafka_version()).iterdir())


def test_ctrl_c_while_threads_start_lets_none_of_them_open_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The folder of the files is deleted next: what came after would keep it from being empty."""
    begun: list[Any] = []

    class Started:
        def __init__(self, *, args: tuple[Any], **_: object) -> None:
            (self.work,) = args

        def start(self) -> None:
            begun.append(self.work)
            if len(begun) == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr("deskpulse.lab.brokers.download.threading.Thread", Started)
    wanted = [download.Download(name, tmp_path / name, "", 1) for name in ("one", "two")]
    with pytest.raises(KeyboardInterrupt):
        list(download.download_all(find_repository({}), wanted, print))
    with pytest.raises(download._BrokenError, match="given up"):
        begun[0].open(tmp_path / "one")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"DESKPULSE_KAFKA_CACHE": "/here"}, "/here"),
        ({"XDG_CACHE_HOME": "/caches"}, "/caches/deskpulse/kafka"),
        ({"XDG_CACHE_HOME": "caches"}, "/home/of/mine/.cache/deskpulse/kafka"),
        ({}, "/home/of/mine/.cache/deskpulse/kafka"),
    ],
)
def test_where_jars_are_kept(variables: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DESKPULSE_KAFKA_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"HOME": "/home/of/mine"} | variables).items():
        monkeypatch.setenv(name, value)
    assert Path(folder) == cache_folder()


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_uid: int) -> None:
        raise KeyError

    for name in ("DESKPULSE_KAFKA_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(BrokerError, match=f"has no home .*name a folder in {jars.CACHE_VARIABLE}"):
        cache_folder()
    assert CENTRAL == find_repository({}).url


class TestTheLock:
    def test_it_is_of_the_version_that_is_resolved(self) -> None:
        assert kafka_lock.version() == jars.kafka_version(), "run `make lock-kafka`"

    def test_it_has_the_broker_whole_and_each_jar_once(self) -> None:
        names = [each.name for each in read_lock().jars]
        assert {f"kafka_2.13-{jars.kafka_version()}.jar", f"kafka-clients-{jars.kafka_version()}.jar"} <= set(
            names
        )
        assert len(set(names)) == len(names)

    def test_each_jar_has_a_hash_and_a_size(self) -> None:
        lock = read_lock()
        assert [] == [
            each for each in lock.jars if not re.fullmatch("[0-9a-f]{64}", each.sha256) or each.size <= 0
        ]
        assert 40e6 < lock.size < 60e6  # what the docs promise

    def test_a_jar_is_locked_by_its_place_and_its_bytes(self, tmp_path: Path) -> None:
        file = tmp_path / ONE.path
        file.parent.mkdir(parents=True)
        file.write_bytes(BODIES[ONE.coordinates])
        assert ONE == Jar(**kafka_lock.jar(file, tmp_path))  # type: ignore[arg-type]

    def test_locking_needs_maven_and_says_so(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PATH", os.devnull)
        assert 2 == kafka_lock.main()
        assert "apt-get install maven" in capsys.readouterr().err
