"""Where Kafka comes from: its jars, copied once by Maven into a folder of this checkout, and the Java that runs them."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from deskpulse.brokers import BrokerError

CHECKOUT = Path(__file__).resolve().parents[2]
POM = CHECKOUT / "deploy" / "kafka" / "pom.xml"
LOG_SETTINGS = POM.with_name("log4j2.properties")
CACHE_VARIABLE = "DESKPULSE_KAFKA_CACHE"
JAVA_NEEDED = 17  # the broker's own minimum since Kafka 4.0

Report = Callable[[str], None]

_FETCHED = re.compile(r"Downloaded from \S+: \S*/(?P<jar>[^/ ]+\.jar) \((?P<size>[^)]*)\)")


def silent(_line: str) -> None:
    """Report nothing."""


def kafka_version(pom: Path = POM) -> str:
    """The version of Apache Kafka that the pom pins."""
    if not pom.is_file():
        raise BrokerError(f"{pom} does not exist: run from a checkout of deskpulse, the installed package does not carry it")
    found = re.search(r"<kafka\.version>([^<]+)</kafka\.version>", pom.read_text(encoding="utf-8"))
    if found is None:
        raise BrokerError(f"{pom} has no <kafka.version>: put the property back, it is the only place that names the version")
    return found.group(1)


def cache_folder() -> Path:
    """Where the jars are kept: `build/kafka` of the checkout, or what DESKPULSE_KAFKA_CACHE names."""
    return Path(os.environ.get(CACHE_VARIABLE) or CHECKOUT / "build" / "kafka")


def fetch(report: Report = silent) -> Path:
    """Return the folder with Kafka's jars, filled by Maven when it is not there yet.

    A second call does nothing and needs neither Maven nor a network. Processes that fetch at once do not disturb each other.
    """
    version = kafka_version()
    jars = cache_folder() / version
    if jars.is_dir():
        return jars
    maven = _find_maven(version)
    report(f"fetching Apache Kafka {version} into {jars} (about 45 MB, once)")
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix=f".{version}-") as part:
        _copy_jars(maven, Path(part), report)
        _move_into_place(Path(part), jars)
    report(f"Apache Kafka {version} is ready")
    return jars


def find_java() -> str:
    """The path of a Java that can run the broker: that of JAVA_HOME, else the first one on PATH."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    fix = f"install Java {JAVA_NEEDED} or newer (Debian: apt-get install openjdk-{JAVA_NEEDED}-jre-headless) or set JAVA_HOME"
    if java is None or not Path(java).is_file():
        raise BrokerError(f"no Java found {'at ' + java if java else 'on PATH'}: {fix}")
    major = _java_major(java)
    if major is None or major < JAVA_NEEDED:
        raise BrokerError(f"{java} is Java {major or 'of unknown version'}, Kafka {kafka_version()} needs {JAVA_NEEDED}: {fix}")
    return java


def kafka_command(main_class: str, *java_options: str, heap_mb: int) -> list[str]:
    """How to run one of Kafka's programs; its arguments are to follow."""
    options = [f"-Xmx{heap_mb}m", "-XX:+UseG1GC", "-Djava.awt.headless=true", f"-Dlog4j2.configurationFile={LOG_SETTINGS}", *java_options]
    return [find_java(), *options, "-cp", f"{fetch()}/*", main_class]


def _java_major(java: str) -> int | None:
    """The feature release of a Java: 17 for `17.0.15`, 8 for `1.8.0_402`, None when it does not tell."""
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(found.group(1)) if found else None


def _find_maven(version: str) -> str:
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerError(
            f"Apache Kafka {version} is not in {cache_folder()} and there is no Maven to fetch it: "
            f"install Maven (Debian: apt-get install maven), or set {CACHE_VARIABLE} to a folder that has it"
        )
    return maven


def _copy_jars(maven: str, into: Path, report: Report) -> None:
    """Let Maven copy the jars, telling each one that came over the network."""
    command = [maven, "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={into}"]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        for line in run.stdout or ():
            said.append(line.rstrip())
            if found := _FETCHED.search(line):
                report(f"  {found['jar']} ({found['size']})")
    if run.returncode != 0:
        raise BrokerError(_maven_failure(run.returncode, said))


def _maven_failure(code: int, said: list[str]) -> str:
    causes = [line for line in said if line.startswith("[ERROR] ")][:2] or said[-3:]
    return "\n".join(
        (
            f"Maven could not fetch Apache Kafka {kafka_version()} (exit {code}). Check that the Maven registry is reachable (a proxy",
            f"or mirror goes into ~/.m2/settings.xml), or set {CACHE_VARIABLE} to a folder that has it. Maven said:",
            *(f"  {line}" for line in causes),
        ),
    )


def _move_into_place(part: Path, jars: Path) -> None:
    """Give the complete copy its name in one step, so that no one meets half a Kafka."""
    whole = part / "whole"
    whole.mkdir()
    for jar in part.glob("*.jar"):
        jar.rename(whole / jar.name)
    try:
        whole.rename(jars)
    except OSError:
        if not jars.is_dir():  # else another process was first, and its copy is as good
            raise
