"""What a local Apache Kafka consists of, with hashes.

`python -m scripts.kafka_lock`, which `make lock-kafka` runs.

Maven resolves requirements/kafka-pom.xml; every jar that it names is written into
deskpulse/lab/brokers/kafka.lock.json. Only who moves Kafka to another version needs Maven; whoever starts a
broker reads the lock.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from deskpulse.lab.brokers.jars import LOCK
from scripts.tidy import ROOT

POM: Final = ROOT / "requirements" / "kafka-pom.xml"
_VERSION: Final = re.compile(r"<kafka\.version>([^<]+)</kafka\.version>")


def main() -> int:
    """Write the lock."""
    maven = shutil.which("mvn")
    if maven is None:
        print("kafka_lock: no mvn here, which resolves the lock: apt-get install maven", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        command = [
            maven,
            "-q",
            "-B",
            "-f",
            str(POM),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={folder}",
        ]
        if subprocess.run([*command, "-Dmdep.useRepositoryLayout=true"], check=False).returncode:
            return 1
        jars = sorted(
            (jar(file, Path(folder)) for file in Path(folder).rglob("*.jar")),
            key=lambda each: str(each["coordinates"]),
        )
    LOCK.write_text(json.dumps({"version": version(), "jars": jars}, indent=2) + "\n", encoding="utf-8")
    print(f"kafka_lock: wrote {LOCK.relative_to(ROOT)}, {len(jars)} jars; review the difference")
    return 0


def version() -> str:
    """The version of Apache Kafka that the pom asks for."""
    found = _VERSION.search(POM.read_text(encoding="utf-8"))
    assert found is not None, f"{POM} has no <kafka.version>"
    return found[1]


def jar(file: Path, repository: Path) -> dict[str, str | int]:
    """What the lock says of a jar that lies in the layout of a Maven repository."""
    *group, artifact, number, name = file.relative_to(repository).parts
    assert name == f"{artifact}-{number}.jar", f"{name}: a classifier, for which the lock has no word"
    content = file.read_bytes()
    return {
        "coordinates": f"{'.'.join(group)}:{artifact}:{number}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }


if __name__ == "__main__":
    sys.exit(main())
