"""Who talks to whom in docker-compose.yml.

Every address in a configuration is a service that can be reached on that port.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml

from deskpulse.monitoring.rules.files import of_desk_line
from deskpulse.policy import load_policy
from scripts.compose_rules import OUR_IMAGE, Compose, Rule, environment, mounts, services

_VARIABLE: Final = re.compile(r"\$\{BOARDS_LOCALE:-[\w-]+\}")
_DIGEST: Final = re.compile(r'digest!="([0-9a-f]+)"')
_URL: Final = re.compile(r"https?://([\w.-]+):(\d+)")


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def kafka_is_reached(compose: Compose, _root: Path) -> list[str]:
    """Our services name a listener that the broker advertises in a network they share."""
    found = []
    for name, service in services(compose):
        address = environment(service).get("DESKPULSE_KAFKA__BOOTSTRAP_SERVERS")
        if address is None:
            continue
        host = address.partition(":")[0]
        found += _unreachable(compose, name, host)
        advertised = environment(compose["services"].get(host, {})).get("KAFKA_ADVERTISED_LISTENERS", "")
        if not re.search(rf"//{re.escape(address)}(,|$)", advertised):
            found.append(f"{name}: {address} is not advertised by {host}")
    return found


def prometheus_finds_its_targets(compose: Compose, root: Path) -> list[str]:
    """Targets and alertmanagers of monitoring/prometheus.yml are services.

    Those found by name are found once.
    """
    config = _load(root / "monitoring/prometheus.yml")
    jobs = [*config.get("scrape_configs", []), *config.get("alerting", {}).get("alertmanagers", [])]
    found = []
    for job in jobs:
        for target in (target for group in job.get("static_configs", []) for target in group["targets"]):
            found += _unreachable(compose, "prometheus", str(target).partition(":")[0])
        for lookup in job.get("dns_sd_configs", []):
            for host in lookup["names"]:
                found += _unreachable(compose, "prometheus", host)
                found += _found_twice(compose, host)
                found += _wrong_port(compose, host, lookup.get("port"))
    return found


def grafana_finds_its_sources(compose: Compose, root: Path) -> list[str]:
    """URLs of the data sources are services; folders of boards are mounted and hold boards."""
    folder = root / "deploy/grafana/provisioning"
    found = []
    for path in sorted((folder / "datasources").glob("*.yaml")):
        for host, _ in _URL.findall(path.read_text(encoding="utf-8")):
            found += _unreachable(compose, "grafana", host)
    for wanted in _board_folders(root):
        place = _on_this_side(compose["services"].get("grafana", {}), wanted, root)
        if place is None:
            found.append(f"grafana: reads boards from {wanted}, where nothing is mounted")
        elif not any(place.glob("*.json")):
            found.append(f"grafana: reads boards from {wanted}, where none are")
    return found


def grafana_finds_its_home(compose: Compose, root: Path) -> list[str]:
    """The home board is there in every language that BOARDS_LOCALE may choose."""
    service = compose["services"].get("grafana", {})
    home = environment(service).get("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", "")
    found = []
    for code in {PurePosixPath(wanted).name for wanted in _board_folders(root)}:
        path = PurePosixPath(_VARIABLE.sub(code, home))
        place = _on_this_side(service, str(path), root)
        if place is None or not place.is_file():
            found.append(f"grafana: its home board {path} does not exist")
    return sorted(set(found))


def _board_folders(root: Path) -> list[str]:
    files = sorted((root / "deploy/grafana/provisioning/dashboards").glob("*.yaml"))
    return [str(provider["options"]["path"]) for path in files for provider in _load(path)["providers"]]


def _on_this_side(service: Mapping[str, Any], target: str, root: Path) -> Path | None:
    """The folder of this tree that a container sees at a path."""
    for source, mounted, _ in mounts(service):
        if PurePosixPath(target).is_relative_to(mounted):
            return root / source / PurePosixPath(target).relative_to(mounted)
    return None


def _unreachable(compose: Compose, name: str, host: str) -> list[str]:
    if host in {"127.0.0.1", "localhost"}:
        return []
    if host not in compose["services"]:
        return [f"{name}: {host} is not a service"]
    if not _shared_networks(compose, name, host):
        return [f"{name}: shares no network with {host}"]
    return []


def _shared_networks(compose: Compose, one: str, other: str) -> set[str]:
    def of(name: str) -> set[str]:
        return set(compose["services"].get(name, {}).get("networks", ["default"]))

    return of(one) & of(other)


def _found_twice(compose: Compose, host: str) -> list[str]:
    shared = _shared_networks(compose, "prometheus", host)
    return [f"prometheus: would find {host} once in each of {sorted(shared)}"] if len(shared) > 1 else []


def _wrong_port(compose: Compose, host: str, port: int | None) -> list[str]:
    listens = environment(compose["services"].get(host, {})).get("DESKPULSE_EXPORTER__PORT")
    return (
        [f"prometheus: asks {host} on port {port}, it listens on {listens}"] if listens != str(port) else []
    )


def exporter_is_not_deaf(compose: Compose, _root: Path) -> Iterator[str]:
    """An exporter that others ask listens on more than its own loopback."""
    for name, service in services(compose):
        variables = environment(service)
        if "DESKPULSE_EXPORTER__PORT" in variables and variables.get(
            "DESKPULSE_EXPORTER__HOST", "127.0.0.1"
        ).startswith("127."):
            yield f"{name}: listens on its own loopback, where nobody can ask it"


def ports_are_listened_on(compose: Compose, root: Path) -> list[str]:
    """What an exporter publishes and probes is the port that it listens on."""
    found = list(exporter_is_not_deaf(compose, root))
    for name, service in services(compose):
        port = environment(service).get("DESKPULSE_EXPORTER__PORT")
        if port is None:
            continue
        found += [
            f"{name}: publishes {entry}, it listens on {port}"
            for entry in service.get("ports", [])
            if str(entry).split(":")[-1] != port
        ]
        probe = " ".join(_probe(service))
        if f":{port}/" not in probe:
            found.append(f"{name}: its healthcheck does not ask port {port}")
    return found


def _probe(service: Mapping[str, Any]) -> list[str]:
    test = service.get("healthcheck", {}).get("test", [])
    return [test] if isinstance(test, str) else [str(part) for part in test]


def alertmanager_finds_its_receivers(compose: Compose, root: Path) -> list[str]:
    """Webhooks of monitoring/alertmanager.yml are services that listen on that port.

    They do not listen on their own loopback.
    """
    receivers = _load(root / "monitoring/alertmanager.yml")["receivers"]
    addresses = {
        match.groups()
        for one in receivers
        for hook in one.get("webhook_configs", [])
        if (match := _URL.match(hook["url"]))
    }
    found = []
    for host, port in sorted(addresses):
        found += _unreachable(compose, "alertmanager", host)
        if host in compose["services"] and (fault := _deaf(compose["services"][host], port)):
            found.append(f"{host}: {fault}, alertmanager sends to {host}:{port}")
    return found


def _deaf(service: Mapping[str, Any], port: str) -> str | None:
    """Why `deskpulse alerts` does not hear what is sent to a port of its container."""
    words = [str(word) for word in service.get("command", [])]
    options = dict(pairwise(words))
    if not str(service.get("image", "")).startswith(OUR_IMAGE) or words[:1] != ["alerts"]:
        return "does not run deskpulse alerts"
    if options.get("--port") != port:
        return f"listens on port {options.get('--port')}"
    if options.get("--host", "127.0.0.1").startswith("127.") or "--insecure-listen" not in words:
        return "listens on its own loopback"
    return None if f":{port}/" in " ".join(_probe(service)) else f"its healthcheck does not ask port {port}"


def one_policy_for_all(compose: Compose, root: Path) -> list[str]:
    """Workers and exporters read one SLA policy, and it is the one that the rules are made from."""
    found = []
    files: set[Path] = set()
    for name, service in services(compose):
        if service.get("command", [None])[0] not in {"worker", "exporter"}:
            continue
        inside = environment(service).get("DESKPULSE_DESK__POLICY")
        outside = None if inside is None else _on_this_side(service, inside, root)
        if outside is None or not outside.is_file():
            found.append(
                f"{name}: has no SLA policy"
                if inside is None
                else f"{name}: reads the SLA policy {inside}, which is not mounted"
            )
        else:
            files.add(outside)
    if len(files) > 1:
        found.append(
            "workers and exporters read different SLA policies: "
            f"{', '.join(sorted(path.name for path in files))}"
        )
    rules = _DIGEST.search((root / "monitoring/rules/meta.yml").read_text(encoding="utf-8"))
    for path in files:
        policy = load_policy(path)
        if policy is None or rules is None or policy.digest() != rules[1]:
            found.append(
                f"the rules in monitoring/ are not made from {path.name}: deskpulse rules --policy "
                f"{path.name} --out monitoring"
            )
    return found


def rules_are_of_its_desk(compose: Compose, root: Path) -> list[str]:
    """The rules in monitoring/ see the series of the desk that the exporters tell, and no others."""
    found = []
    for name, service in services(compose):
        if service.get("command", [None])[0] != "exporter":
            continue
        told = environment(service)
        desk = told.get("DESKPULSE_DESK__NAME") or told.get("DESKPULSE_APP_ID", "deskpulse")
        others = [
            path.name for path in sorted((root / "monitoring/rules").glob("*.yml")) if not _is_of(path, desk)
        ]
        if others:
            how = f"deskpulse rules --desk {desk} --out monitoring"
            found.append(
                f"{name}: its desk is called {desk}, and the rules {', '.join(others)} are of another: {how}"
            )
    return found


def _is_of(path: Path, desk: str) -> bool:
    return of_desk_line(desk) in path.read_text(encoding="utf-8").splitlines()


RULES: Final[tuple[Rule, ...]] = (
    kafka_is_reached,
    prometheus_finds_its_targets,
    grafana_finds_its_sources,
    grafana_finds_its_home,
    ports_are_listened_on,
    alertmanager_finds_its_receivers,
    one_policy_for_all,
    rules_are_of_its_desk,
)
