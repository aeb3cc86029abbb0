"""Where jars are fetched from: a variable, the mirror of Maven's settings, or Maven's central repository."""

from pathlib import Path

import pytest

from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.repository import CENTRAL, VARIABLE, find_repository

SETTINGS = """<?xml version="1.0"?>
<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0">
  <servers>
    <server><id>other</id><username>nobody</username><password>x</password></server>
    <server><id>inside</id><username>me</username><password>${env.SECRET_OF_MINE}</password></server>
  </servers>
  <mirrors>
    <mirror><id>blocker</id><mirrorOf>*</mirrorOf><url>http://0.0.0.0/</url><blocked>true</blocked></mirror>
    <mirror><id>elsewhere</id><mirrorOf>*,!central</mirrorOf><url>https://elsewhere.example/</url></mirror>
    <mirror><id>inside</id><mirrorOf> external:* </mirrorOf><url>https://maven.example/all/</url></mirror>
  </mirrors>
</settings>
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".m2").mkdir()
    return tmp_path


def write(home: Path, settings: str) -> None:
    (home / ".m2" / "settings.xml").write_text(settings)


def test_without_anything_it_is_the_central_one(home: Path) -> None:
    found = find_repository({})
    assert (CENTRAL, None) == (found.url, found.authorization)


def test_the_variable_wins_and_its_password_is_sent_but_never_shown(home: Path) -> None:
    write(home, SETTINGS)
    found = find_repository({VARIABLE: " https://me:p%40ss@maven.example:8443/maven2/ "})
    assert "https://maven.example:8443/maven2/a/b.jar" == found.address("a/b.jar")
    assert "Basic bWU6cEBzcw==" == found.authorization
    assert VARIABLE == found.told_by
    assert "bWU6cEBzcw" not in repr(found)


def test_the_mirror_of_mavens_settings_is_known_with_its_login(home: Path) -> None:
    write(home, SETTINGS)
    found = find_repository({"SECRET_OF_MINE": "secret"})
    assert "https://maven.example/all" == found.url
    assert "Basic bWU6c2VjcmV0" == found.authorization
    assert f"the mirror in {home}/.m2/settings.xml" == found.told_by


@pytest.mark.parametrize(
    "settings",
    [
        "<settings/>",
        "<settings><mirrors><mirror><mirrorOf>another</mirrorOf><url>https://a.example</url></mirror></mirrors></settings>",
    ],
)
def test_settings_without_a_mirror_of_it_change_nothing(home: Path, settings: str) -> None:
    write(home, settings)
    assert CENTRAL == find_repository({}).url


def test_settings_without_a_namespace_and_a_login_do(home: Path) -> None:
    mirror = "<mirror><id>m</id><mirrorOf>central</mirrorOf><url>http://m.example/maven</url></mirror>"
    write(home, f"<settings><mirrors>{mirror}</mirrors></settings>")
    found = find_repository({})
    assert ("http://m.example/maven", None) == (found.url, found.authorization)


def test_settings_that_cannot_be_read_are_named(home: Path) -> None:
    write(home, "<settings>")
    with pytest.raises(
        BrokerError, match=rf"settings.xml cannot be read \(.*name a repository in {VARIABLE}"
    ):
        find_repository({})


@pytest.mark.parametrize(
    "address",
    ["maven.example/maven2", "ftp://maven.example", "https://", "https://a.example:port", "http://[::1"],
)
def test_an_address_that_is_none_is_refused(home: Path, address: str) -> None:
    with pytest.raises(BrokerError, match=rf"{VARIABLE} does not name a repository: give an address such as"):
        find_repository({VARIABLE: address})
