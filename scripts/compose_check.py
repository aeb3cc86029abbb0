"""Check docker-compose.yml, the Dockerfile and monitoring/ without a container engine.

`python -m scripts.compose_check`.

Exit 0 when all is well, 1 with a line a fault. Prometheus's own checkers are used where they are installed,
else said to be missing; with --require-tools that is a fault too.
"""

import argparse
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from scripts import compose_peers, compose_rules, image_rules
from scripts.tidy import ROOT

_FIX: Final = {"promtool": "apt-get install prometheus", "amtool": "apt-get install prometheus-alertmanager"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every check and print what was checked."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.compose_check", description="Check the Compose stack without an engine."
    )
    parser.add_argument(
        "--require-tools", action="store_true", help="a missing promtool or amtool is a fault"
    )
    options = parser.parse_args(arguments)
    faults = [
        f"docker-compose.yml: {fault}" for fault in compose_faults(load(ROOT / "docker-compose.yml"), ROOT)
    ]
    faults += [f"deploy/docker/Dockerfile: {fault}" for fault in image_faults(ROOT)]
    for command in tool_commands(ROOT):
        faults += run_tool(command, ROOT, required=options.require_tools)
    for fault in faults:
        print(f"compose: {fault}")
    rules = len(compose_rules.RULES) + len(compose_peers.RULES)
    print(f"compose: {rules} rules and the image checked, {len(faults)} faults")
    return 1 if faults else 0


def load(path: Path) -> Any:
    """A YAML file, anchors and merges resolved."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def compose_faults(compose: compose_rules.Compose, root: Path) -> list[str]:
    """The faults that our rules find."""
    return [fault for rule in (*compose_rules.RULES, *compose_peers.RULES) for fault in rule(compose, root)]


def image_faults(root: Path) -> list[str]:
    """The faults of the Dockerfile and its context."""
    dockerfile = (root / "deploy/docker/Dockerfile").read_text(encoding="utf-8")
    return image_rules.faults(dockerfile, (root / ".dockerignore").read_text(encoding="utf-8"), root)


def tool_commands(root: Path) -> list[list[str]]:
    """The checks that Prometheus and Alertmanager bring themselves."""

    def of(folder: str) -> list[str]:
        return sorted(str(path.relative_to(root)) for path in (root / "monitoring" / folder).glob("*.yml"))

    return [
        ["promtool", "check", "config", "monitoring/prometheus.yml"],
        ["promtool", "check", "rules", *of("rules")],
        ["promtool", "test", "rules", *of("tests")],
        ["amtool", "check-config", "monitoring/alertmanager.yml"],
    ]


def run_tool(command: Sequence[str], root: Path, *, required: bool) -> list[str]:
    """Run one check; a tool that is not installed is told, not taken for a success."""
    if shutil.which(command[0]) is None:
        told = f"{' '.join(command[:3])}: {command[0]} is not installed ({_FIX[command[0]]})"
        if not required:
            print(f"compose: skipped {told}")
        return [told] if required else []
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return []
    return [f"{' '.join(command[:3])} fails:\n{run.stdout}{run.stderr}"]


if __name__ == "__main__":
    raise SystemExit(main())
