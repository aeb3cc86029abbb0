"""The rules that deploy/docker/Dockerfile must keep: locked, small, without root.

Its build context must have what it copies.
"""

import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scripts.tidy import PACKAGES

_CONTINUED: Final = re.compile(r"\\\n\s*")
_PIP_INSTALL: Final = re.compile(r"pip[^&]* install ([^&]*)")
_DIGIT_TAG: Final = re.compile(r":\d+\.\d+\.\d+-\w+")


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """(KEYWORD, arguments) of each instruction, continued lines joined."""
    for line in _CONTINUED.sub(" ", dockerfile).splitlines():
        keyword, _, rest = line.strip().partition(" ")
        if keyword and not keyword.startswith("#"):
            yield keyword.upper(), rest.strip()


def faults(dockerfile: str, dockerignore: str, root: Path) -> list[str]:
    """Everything that is wrong with the image's recipe."""
    steps = list(instructions(dockerfile))
    return [*_base(steps), *_installs(steps), *_user(steps), *_context(steps, dockerignore, root)]


def _base(steps: list[tuple[str, str]]) -> Iterator[str]:
    arguments = dict(rest.partition("=")[::2] for keyword, rest in steps if keyword == "ARG")
    bases = [rest.split()[0] for keyword, rest in steps if keyword == "FROM"]
    if len(bases) < 2:
        yield "one stage: what builds must not be shipped"
    for base in bases:
        image = arguments.get(base.strip("${}"), base)
        if not _DIGIT_TAG.search(image):
            yield f"base image {image} has no full version as its tag"


def _installs(steps: list[tuple[str, str]]) -> Iterator[str]:
    for keyword, rest in steps:
        if keyword == "ADD":
            yield f"ADD {rest}: use COPY"
        if keyword != "RUN":
            continue
        if re.search(r"\b(curl|wget|apt-get|apk)\b", rest):
            yield f"fetches what no lock holds: {rest}"
        for install in _PIP_INSTALL.findall(rest):
            if "--require-hashes" not in install and "--no-index" not in install:
                yield f"pip install without hashes: {install.strip()}"


def _user(steps: list[tuple[str, str]]) -> Iterator[str]:
    last_stage = max(index for index, (keyword, _) in enumerate(steps) if keyword == "FROM")
    users = [rest for keyword, rest in steps[last_stage:] if keyword == "USER"]
    if not users or users[-1].partition(":")[0] in {"0", "root"}:
        yield "runs as root: end with USER"
    copied = [rest for keyword, rest in steps[last_stage:] if keyword == "COPY" and "--from=" not in rest]
    yield from (f"the shipped stage copies {rest} past the build" for rest in copied)


def _context(steps: list[tuple[str, str]], dockerignore: str, root: Path) -> Iterator[str]:
    sources = [
        part
        for keyword, rest in steps
        if keyword == "COPY" and "--from=" not in rest
        for part in rest.split()[:-1]
    ]
    for source in sources:
        if not (root / source).exists():
            yield f"copies {source}, which does not exist"
        if is_ignored(source, dockerignore):
            yield f"copies {source}, which .dockerignore keeps out"
    yield from (f"does not copy the package {package}" for package in PACKAGES if package not in sources)


def is_ignored(path: str, dockerignore: str) -> bool:
    """Whether the builder never sees the path.

    The last pattern that matches it, or a folder above it, decides.
    """
    ignored = False
    above = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
    for line in dockerignore.splitlines():
        pattern = line.strip().rstrip("/")
        if not pattern or pattern.startswith("#"):
            continue
        wanted = pattern.removeprefix("!")
        if any(fnmatch.fnmatchcase(each, wanted.replace("**/", "*")) for each in above):
            ignored = not pattern.startswith("!")
    return ignored
