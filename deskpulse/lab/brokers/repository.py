"""The Maven repository that jars are fetched from: its address, and who we are there."""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

from deskpulse.lab.brokers import BrokerError

VARIABLE: Final = "DESKPULSE_KAFKA_REPOSITORY"
CENTRAL: Final = "https://repo.maven.apache.org/maven2"
_CENTRAL_ID: Final = "central"
_SCHEMES: Final = ("https", "http", "file")
_REFERENCE: Final = re.compile(r"\$\{env\.(\w+)\}")


@dataclass(frozen=True, slots=True)
class Repository:
    """Where jars lie, in the layout of every Maven repository.

    That is `group/with/slashes/artifact/version/artifact-version.jar`.
    """

    url: str  # without a slash at its end, and without a password
    told_by: str  # who named it: for messages
    authorization: str | None = field(default=None, repr=False)  # the value of the header

    def address(self, path: str) -> str:
        """The address of a file in it.

        >>> Repository("https://example.org/maven", "a test").address("a/b.jar")
        'https://example.org/maven/a/b.jar'
        """
        return f"{self.url}/{path}"


def find_repository(environ: Mapping[str, str] = os.environ) -> Repository:
    """The Maven repository to fetch from.

    The variable DESKPULSE_KAFKA_REPOSITORY names it; without the variable it is the mirror in the user's
    Maven settings, else Maven's central repository. `https`, `http` and `file` addresses do; a user and a
    password in the address are sent along. Errors: BrokerError for an address that is none, and for settings
    that cannot be read.
    """
    if told := environ.get(VARIABLE):
        return _repository(told, VARIABLE)
    settings = Path(os.path.expanduser("~/.m2/settings.xml"))  # noqa: PTH111 - pathlib's raises for a user without a home
    return _mirror(settings, environ) or _repository(CENTRAL, "the default")


def _repository(address: str, told_by: str, login: tuple[str, str] | None = None) -> Repository:
    try:
        parts = urlsplit(address.strip())
        _ = parts.port  # a port that is no number is told only when it is asked for
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in _SCHEMES or not (parts.netloc or parts.scheme == "file"):
        raise BrokerError(
            f"{told_by} does not name a repository: give an address such as https://HOST/maven2 or "
            "file:///FOLDER"
        )
    if parts.username:
        login = unquote(parts.username), unquote(parts.password or "")
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl().rstrip("/")
    return Repository(
        url, told_by, f"Basic {base64.b64encode(':'.join(login).encode()).decode()}" if login else None
    )


def _mirror(settings: Path, environ: Mapping[str, str]) -> Repository | None:
    """The mirror of the central repository that a settings.xml of Maven names, with its login.

    None without one.
    """
    if not settings.is_file():
        return None
    try:
        root = ET.fromstring(settings.read_bytes())  # noqa: S314 - the user's own file
    except (OSError, ET.ParseError) as error:
        raise BrokerError(
            f"{settings} cannot be read ({error}): correct it, or name a repository in {VARIABLE}"
        ) from error

    def text(element: ET.Element, name: str) -> str:
        return _REFERENCE.sub(
            lambda found: environ.get(found[1], found[0]), (element.findtext(f"{{*}}{name}") or "").strip()
        )

    for mirror in root.iterfind("{*}mirrors/{*}mirror"):
        if _stands_for_central(text(mirror, "mirrorOf")) and text(mirror, "blocked") != "true":
            servers = [
                server
                for server in root.iterfind("{*}servers/{*}server")
                if text(server, "id") == text(mirror, "id")
            ]
            login = next(
                ((text(s, "username"), text(s, "password")) for s in servers if text(s, "username")), None
            )
            return _repository(text(mirror, "url"), f"the mirror in {settings}", login)
    return None


def _stands_for_central(mirror_of: str) -> bool:
    """Whether a mirror takes the place of the central repository.

    >>> [
    ...     _stands_for_central(of)
    ...     for of in ("*", "central", "external:*", "other", "*,!central", "external:http:*")
    ... ]
    [True, True, True, False, False, False]
    """
    words = {word.strip() for word in mirror_of.split(",")}
    return bool(words & {"*", _CENTRAL_ID, "external:*"}) and f"!{_CENTRAL_ID}" not in words
