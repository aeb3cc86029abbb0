"""What docker-compose.yml must keep beyond its schema.

A rule takes the parsed file and gives its faults, none when all is well.
"""

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

Compose = Mapping[str, Any]
Rule = Callable[[Compose, Path], list[str]]

OUR_IMAGE: Final = "deskpulse:"
_KAFKA_IMAGE: Final = "apache/kafka:"
_KAFKA_LOCK: Final = "deskpulse/lab/brokers/kafka.lock.json"
_JOB: Final = ("no", "on-failure")
_NUMBERED_TAG: Final = re.compile(r"[^:@]+:v?\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")
_NAMED_SECRET: Final = re.compile(r"/run/secrets/(\w+)")


def services(compose: Compose) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and definition of each service."""
    yield from compose.get("services", {}).items()


def is_job(service: Mapping[str, Any]) -> bool:
    """Whether it is meant to end."""
    return str(service.get("restart", "")).startswith(_JOB)


def images_are_pinned(compose: Compose, root: Path) -> list[str]:
    """Each image has a full version, and Kafka's is the one that the tests run on."""
    found = []
    for name, service in services(compose):
        image = str(service.get("image", ""))
        if not _NUMBERED_TAG.fullmatch(image):
            found.append(f"{name}: image {image or 'missing'} has no full version as its tag")
        elif image.startswith(_KAFKA_IMAGE):
            version = json.loads((root / _KAFKA_LOCK).read_text(encoding="utf-8"))["version"]
            if image.partition("@")[0] != _KAFKA_IMAGE + version:
                found.append(
                    f"{name}: image {image} is not the version of {_KAFKA_LOCK}, on which the tests run"
                )
    return found


def our_image_is_built_once(compose: Compose, root: Path) -> list[str]:
    """One service builds the image; the others use it and never pull it from a registry.

    Parallel builds of one tag collide.
    """
    ours = [
        (name, service)
        for name, service in services(compose)
        if str(service.get("image", "")).startswith(OUR_IMAGE)
    ]
    builders = [name for name, service in ours if "build" in service]
    found = (
        [] if len(builders) == 1 else [f"our image must be built by one service, not by {builders or 'none'}"]
    )
    found += [
        f"{name}: uses our image and must say pull_policy: never"
        for name, s in ours
        if "build" not in s and s.get("pull_policy") != "never"
    ]
    for name in builders:
        build = compose["services"][name]["build"]
        if not (root / build.get("context", ".") / build.get("dockerfile", "Dockerfile")).is_file():
            found.append(f"{name}: builds from {build.get('dockerfile', 'Dockerfile')}, which does not exist")
    return found


def dependencies_can_be_met(compose: Compose, _root: Path) -> list[str]:
    """depends_on names a service and a condition that this service can reach."""
    found = []
    defined = compose.get("services", {})
    for name, service in services(compose):
        depends_on = service.get("depends_on", {})
        if not isinstance(depends_on, Mapping):
            found.append(f"{name}: depends_on without conditions starts too early")
            continue
        for other, how in depends_on.items():
            if other not in defined:
                found.append(f"{name}: depends on {other}, which is not defined")
            elif fault := _unreachable(defined[other], str(how.get("condition"))):
                found.append(f"{name}: waits for {other} {fault}")
            elif (profiles := set(defined[other].get("profiles", []))) and not profiles & set(
                service.get("profiles", [])
            ):
                found.append(f"{name}: depends on {other}, which only runs under a profile")
    return found


def _unreachable(service: Mapping[str, Any], condition: str) -> str | None:
    if condition == "service_healthy" and "healthcheck" not in service:
        return "to be healthy, which has no healthcheck"
    if condition == "service_completed_successfully" and not is_job(service):
        return "to complete, which is restarted for ever"
    if condition not in {"service_healthy", "service_completed_successfully"}:
        return f"with condition {condition}, which says nothing about readiness"
    return None


def names_are_defined(compose: Compose, _root: Path) -> list[str]:
    """Networks, volumes, secrets and configs are defined where they are used.

    They are also used where they are defined.
    """
    found = []
    for kind in ("networks", "volumes", "secrets", "configs"):
        used = {name for _, service in services(compose) for name in _references(service, kind)}
        defined = set(compose.get(kind, {}))
        found += [f"{kind}: {name} is used and not defined" for name in sorted(used - defined)]
        found += [f"{kind}: {name} is defined and not used" for name in sorted(defined - used)]
    return found


def _references(service: Mapping[str, Any], kind: str) -> Iterator[str]:
    entries = service.get(kind, [])
    if kind == "volumes":
        yield from (source for source, _, _ in mounts(service) if not _is_path(source))
    else:
        yield from (entry["source"] if isinstance(entry, Mapping) else entry for entry in entries)


def mounts(service: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(source, target, read-only) of each volume of a service."""
    for entry in service.get("volumes", []):
        if isinstance(entry, Mapping):
            yield str(entry.get("source", "")), str(entry["target"]), bool(entry.get("read_only"))
        else:
            source, target, *mode = str(entry).split(":")
            yield source, target, "ro" in ",".join(mode).split(",")


def _is_path(source: str) -> bool:
    return source.startswith((".", "/", "~"))


def mounted_files_exist(compose: Compose, root: Path) -> list[str]:
    """What is mounted from this tree is there, cannot be written, and is no door to the host."""
    found = []
    for name, service in services(compose):
        for source, target, read_only in mounts(service):
            if not _is_path(source):
                continue
            if not source.startswith("./"):
                found.append(f"{name}: mounts {source}, which is not of this tree")
            elif not (root / source).exists():
                found.append(f"{name}: mounts {source} at {target}, which does not exist")
            elif not read_only:
                found.append(f"{name}: mounts {source} writable, add :ro")
    return found


def secrets_are_files(compose: Compose, root: Path) -> list[str]:
    """Secrets come from files that `make secrets` makes and git ignores.

    A service that names one mounts it, and none stands in a variable.
    """
    found = []
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    for name, secret in compose.get("secrets", {}).items():
        file = str(secret.get("file", "")).removeprefix("./")
        if not file.startswith("deploy/secrets/") or file not in makefile:
            found.append(f"secret {name}: its file must lie in deploy/secrets/ and be made by `make secrets`")
    for name, service in services(compose):
        mounted = set(_references(service, "secrets"))
        for variable, value in environment(service).items():
            found += [
                f"{name}: {variable} reads secret {s}, which is not mounted"
                for s in _NAMED_SECRET.findall(value)
                if s not in mounted
            ]
            if re.search(r"PASSWORD|TOKEN|SECRET", variable) and not variable.endswith("_FILE"):
                found.append(f"{name}: {variable} holds a secret in the open, use a file")
    return found


def environment(service: Mapping[str, Any]) -> dict[str, str]:
    """Variables of a service; compose allows a mapping or a list."""
    given = service.get("environment", {})
    if isinstance(given, Mapping):
        return {str(name): str(value) for name, value in given.items()}
    return dict(str(entry).partition("=")[::2] for entry in given)


def ports_stay_on_loopback(compose: Compose, _root: Path) -> list[str]:
    """Published ports are written `"127.0.0.1:HOST:CONTAINER"`, each once.

    They are on services that run once and have a way out.
    """
    found = []
    published: Counter[str] = Counter()
    for name, service in services(compose):
        ports = service.get("ports", [])
        for entry in ports:
            address, _, rest = str(entry).partition(":") if isinstance(entry, str) else ("", "", "")
            published[rest.partition(":")[0]] += 1
            if not _is_loopback(address) or rest.count(":") != 1:
                found.append(f"{name}: port {entry} must be written 127.0.0.1:HOST:CONTAINER")
        if ports and service.get("deploy", {}).get("replicas", 1) > 1:
            found.append(f"{name}: several replicas cannot publish one port")
        networks = [compose.get("networks", {}).get(network) or {} for network in service.get("networks", [])]
        if ports and networks and all(network.get("internal") for network in networks):
            found.append(f"{name}: publishes a port, and all its networks are internal")
    return found + [
        f"port {port} is published {count} times" for port, count in published.items() if count > 1
    ]


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def health_is_known(compose: Compose, _root: Path) -> list[str]:
    """A healthcheck, or a job that ends, or a reason why there is none."""
    found = []
    for name, service in services(compose):
        if service.get("healthcheck", {}).get("disable"):
            found.append(f"{name}: healthcheck is disabled")
        elif not is_job(service) and "healthcheck" not in service and not service.get("x-no-healthcheck"):
            found.append(f"{name}: has no healthcheck and no x-no-healthcheck with its reason")
    return found


def containers_are_confined(compose: Compose, _root: Path) -> list[str]:
    """No capability, no new rights, and limits on all that can run out.

    Our own services also run without root and without a writable root.
    """
    found = []
    for name, service in services(compose):
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        wanted = {
            "cap_drop: [ALL]": service.get("cap_drop") == ["ALL"] and not service.get("cap_add"),
            "no-new-privileges": "no-new-privileges:true" in service.get("security_opt", []),
            "limits of cpus, memory and pids": {"cpus", "memory", "pids"} <= set(limits),
            "a restart policy": "restart" in service,
            "a bound on its log": "max-size" in service.get("logging", {}).get("options", {}),
            "no container_name where it may run several times": "container_name" not in service,
            "a name space of its own": not {"privileged", "network_mode", "pid", "ipc"} & set(service),
        }
        if str(service.get("image", "")).startswith(OUR_IMAGE):
            wanted["read_only: true"] = service.get("read_only") is True
            wanted["a user that is not root"] = str(service.get("user", "0")).partition(":")[0] not in {
                "0",
                "root",
            }
        found += [f"{name}: lacks {what}" for what, holds in wanted.items() if not holds]
    return found


RULES: Final[tuple[Rule, ...]] = (
    images_are_pinned,
    our_image_is_built_once,
    dependencies_can_be_met,
    names_are_defined,
    mounted_files_exist,
    secrets_are_files,
    ports_stay_on_loopback,
    health_is_known,
    containers_are_confined,
)
