"""Findings about this machine: versions of what is installed, and names that others may have taken."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from deskpulse.doctor.finding import Finding, fail, ok, warn

DISTRIBUTION: Final = "deskpulse"
PACKAGES: Final = ("deskpulse", "oracle", "agents", "exporters", "kpis", "streams", "windows")
_PIN: Final = re.compile(r"([\w.-]+)==([\w.+-]+)")
# used through semi-private names: any other version may lose events
_SEAMS: Final = ("faust-streaming", "mode-streaming", "aiokafka")


def examine_machine() -> Iterator[Finding]:
    """Python, libraries, package names."""
    yield ok("python", platform.python_version())
    yield from _versions()
    yield name_clashes(packages_distributions())
    yield _places()


def _versions() -> Iterator[Finding]:
    pinned = _pins()
    for name in _SEAMS:
        try:
            found = version(name)
        except PackageNotFoundError:
            yield fail(name, "not installed", "install deskpulse with its locked requirements (make setup)")
            continue
        wanted = pinned.get(name)
        if wanted is None or wanted == found:
            yield ok(name, found)
        else:
            yield fail(
                name,
                f"{found} instead of {wanted}",
                "install the locked requirements (make setup): deskpulse relies on the internals of this "
                "version",
            )


def _pins() -> dict[str, str]:
    try:
        required = requires(DISTRIBUTION) or ()
    except PackageNotFoundError:  # run from its source
        return {}
    return {found[1]: found[2] for text in required if (found := _PIN.match(text))}


def name_clashes(owners: Mapping[str, Sequence[str]]) -> Finding:
    """Whether another distribution installs a package under one of our generic names.

    >>> name_clashes({"agents": ["deskpulse", "openai-agents"]}).found
    'agents is also installed by openai-agents'
    """
    others = {name: sorted(set(owners.get(name, ())) - {DISTRIBUTION}) for name in PACKAGES}
    clashes = [f"{name} is also installed by {', '.join(found)}" for name, found in others.items() if found]
    if clashes:
        return fail("package names", "; ".join(clashes), "install deskpulse in its own virtual environment")
    return ok("package names", "no other distribution uses the same package names")


def _places() -> Finding:
    """All our packages come from one folder: else a folder of the working directory hides one of them."""
    folders = {name: _folder(name) for name in PACKAGES}
    home = folders["deskpulse"]
    missing = [name for name, folder in folders.items() if folder is None]
    if missing:
        return warn("package folders", f"not found: {', '.join(missing)}", "install deskpulse again")
    foreign = [f"{name} from {folder}" for name, folder in folders.items() if folder != home]
    if foreign:
        return fail(
            "package folders",
            f"{', '.join(foreign)}, not from {home}",
            "start deskpulse in another working directory",
        )
    return ok("package folders", "all from one folder")


def _folder(name: str) -> Path | None:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))).resolve().parent
