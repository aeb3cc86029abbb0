"""The Compose stack hangs together; each of its rules is shown a stack that breaks it."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deskpulse import cli, settings
from scripts import compose_check, compose_peers, compose_rules, image_rules
from scripts.tidy import ROOT

COMPOSE = compose_check.load(ROOT / "docker-compose.yml")
SERVICES = COMPOSE["services"]
OURS = sorted(
    name for name, service in SERVICES.items() if service["image"].startswith(compose_rules.OUR_IMAGE)
)


def test_the_stack_has_no_fault() -> None:
    assert [] == compose_check.compose_faults(COMPOSE, ROOT)


def test_the_image_has_no_fault() -> None:
    assert [] == compose_check.image_faults(ROOT)


def test_the_stack_is_whole() -> None:
    assert {
        "kafka",
        "topics",
        "worker",
        "exporter",
        "prometheus",
        "alertmanager",
        "alerts",
        "grafana",
        "simulator",
    } == set(SERVICES)
    assert 2 == SERVICES["worker"]["deploy"]["replicas"]
    assert ["demo"] == SERVICES["simulator"]["profiles"]


@pytest.mark.parametrize("service", OURS)
def test_the_settings_accept_what_a_service_gets(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = {target: str(ROOT / source) for source, target, _ in compose_rules.mounts(SERVICES[service])}
    for name, value in compose_rules.environment(SERVICES[service]).items():
        monkeypatch.setenv(name, inside.get(value, value))
    found = settings.load()
    if "events" in SERVICES[service]["networks"]:
        assert ("kafka:9092",) == found.kafka.bootstrap_servers


@pytest.mark.parametrize("tool", ["promtool", "amtool"])
def test_prometheus_accepts_its_files(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    commands = [command for command in compose_check.tool_commands(ROOT) if command[0] == tool]
    assert commands
    assert [] == [
        fault for command in commands for fault in compose_check.run_tool(command, ROOT, required=True)
    ]


def test_a_missing_tool_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert [] == compose_check.run_tool(["promtool", "check", "rules", "x"], ROOT, required=False)
    assert (
        "compose: skipped promtool check rules: promtool is not installed (apt-get install prometheus)\n"
        == capsys.readouterr().out
    )
    assert 1 == len(compose_check.run_tool(["promtool", "check", "rules", "x"], ROOT, required=True))


def test_a_tool_that_fails_is_a_fault() -> None:
    faults = compose_check.run_tool(["ls", "no-such-file"], ROOT, required=False)
    assert 1 == len(faults)
    assert "no-such-file" in faults[0]


Break = Callable[[Any], Any]


def put(path: str, value: Any) -> Break:
    """Set a value at a dotted path of the stack."""

    def change(compose: Any) -> None:
        *way, last = path.split(".")
        for name in way:
            compose = compose.setdefault(name, {})
        compose[last] = value

    return change


def drop(path: str) -> Break:
    def change(compose: Any) -> None:
        *way, last = path.split(".")
        for name in way:
            compose = compose[name]
        del compose[last]

    return change


def both(volumes: list[str]) -> Break:
    """Another policy for workers and exporters."""

    def change(compose: Any) -> None:
        for name in ("worker", "exporter"):
            compose["services"][name]["volumes"] = volumes

    return change


TELLS = "services.alerts.command"
PROMISES = "services.exporter.volumes"
LISTENS_ON = "services.exporter.environment.DESKPULSE_EXPORTER__PORT"
GRAFANA = "services.grafana.environment"
HOME = "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"
HEALTHY = {"condition": "service_healthy"}
BREAKS = [
    (compose_rules.images_are_pinned, put("services.grafana.image", "grafana/grafana"), "no full version"),
    (
        compose_rules.images_are_pinned,
        put("services.grafana.image", "grafana/grafana:latest"),
        "no full version",
    ),
    (
        compose_rules.images_are_pinned,
        put("services.grafana.image", "grafana/grafana:12.3"),
        "no full version",
    ),
    (
        compose_rules.images_are_pinned,
        put("services.kafka.image", "apache/kafka:4.0.0"),
        "not the version of deskpulse/lab/brokers/kafka.lock.json",
    ),
    (
        compose_rules.our_image_is_built_once,
        put("services.worker.build", {"context": "."}),
        "built by one service",
    ),
    (
        compose_rules.our_image_is_built_once,
        drop("services.topics.build"),
        "built by one service, not by none",
    ),
    (compose_rules.our_image_is_built_once, drop("services.worker.pull_policy"), "pull_policy: never"),
    (
        compose_rules.our_image_is_built_once,
        put("services.topics.build.dockerfile", "Dockerfile.old"),
        "does not exist",
    ),
    (
        compose_rules.dependencies_can_be_met,
        put("services.worker.depends_on.zookeeper", HEALTHY),
        "not defined",
    ),
    (
        compose_rules.dependencies_can_be_met,
        put("services.worker.depends_on", ["kafka"]),
        "without conditions",
    ),
    (compose_rules.dependencies_can_be_met, drop("services.kafka.healthcheck"), "has no healthcheck"),
    (compose_rules.dependencies_can_be_met, put("services.topics.restart", "always"), "restarted for ever"),
    (
        compose_rules.dependencies_can_be_met,
        put("services.worker.depends_on.kafka", {"condition": "service_started"}),
        "readiness",
    ),
    (
        compose_rules.dependencies_can_be_met,
        put("services.kafka.profiles", ["demo"]),
        "only runs under a profile",
    ),
    (
        compose_rules.names_are_defined,
        put("services.worker.networks", ["wan"]),
        "networks: wan is used and not defined",
    ),
    (compose_rules.names_are_defined, put("volumes.old", {}), "volumes: old is defined and not used"),
    (
        compose_rules.names_are_defined,
        put("services.kafka.volumes", ["data:/x"]),
        "volumes: data is used and not defined",
    ),
    (
        compose_rules.names_are_defined,
        drop("secrets.grafana_admin_password"),
        "secrets: grafana_admin_password is used and not defined",
    ),
    (
        compose_rules.mounted_files_exist,
        put("services.prometheus.volumes", ["./monitoring/gone.yml:/x:ro"]),
        "does not exist",
    ),
    (compose_rules.mounted_files_exist, put("services.prometheus.volumes", ["./monitoring:/x"]), "writable"),
    (
        compose_rules.mounted_files_exist,
        put("services.worker.volumes", ["/var/run/docker.sock:/x:ro"]),
        "not of this tree",
    ),
    (
        compose_rules.secrets_are_files,
        put("secrets.grafana_admin_password.file", "./password.txt"),
        "deploy/secrets/",
    ),
    (compose_rules.secrets_are_files, drop("services.grafana.secrets"), "which is not mounted"),
    (
        compose_rules.secrets_are_files,
        put("services.grafana.environment.GF_SECURITY_ADMIN_PASSWORD", "admin"),
        "in the open",
    ),
    (compose_rules.ports_stay_on_loopback, put("services.grafana.ports", ["3000:3000"]), "must be written"),
    (
        compose_rules.ports_stay_on_loopback,
        put("services.grafana.ports", ["0.0.0.0:3000:3000"]),
        "must be written",
    ),
    (compose_rules.ports_stay_on_loopback, put("services.grafana.ports", [3000]), "must be written"),
    (
        compose_rules.ports_stay_on_loopback,
        put("services.grafana.ports", ["127.0.0.1:9090:3000"]),
        "published 2 times",
    ),
    (
        compose_rules.ports_stay_on_loopback,
        put("services.worker.ports", ["127.0.0.1:1:1"]),
        "several replicas",
    ),
    (
        compose_rules.ports_stay_on_loopback,
        put("services.kafka.networks", ["events"]),
        "all its networks are internal",
    ),
    (compose_rules.health_is_known, drop("services.exporter.healthcheck"), "no healthcheck"),
    (compose_rules.health_is_known, put("services.exporter.healthcheck.disable", value=True), "disabled"),
    (compose_rules.health_is_known, drop("services.worker.x-no-healthcheck"), "no x-no-healthcheck"),
    (compose_rules.containers_are_confined, put("services.grafana.cap_drop", ["NET_RAW"]), "lacks cap_drop"),
    (compose_rules.containers_are_confined, put("services.grafana.cap_add", ["NET_ADMIN"]), "lacks cap_drop"),
    (compose_rules.containers_are_confined, drop("services.grafana.security_opt"), "lacks no-new-privileges"),
    (
        compose_rules.containers_are_confined,
        drop("services.worker.deploy.resources.limits.memory"),
        "lacks limits",
    ),
    (compose_rules.containers_are_confined, drop("services.worker.logging"), "lacks a bound on its log"),
    (
        compose_rules.containers_are_confined,
        put("services.worker.privileged", value=True),
        "lacks a name space",
    ),
    (
        compose_rules.containers_are_confined,
        put("services.worker.container_name", "worker"),
        "lacks no container_name",
    ),
    (compose_rules.containers_are_confined, put("services.worker.read_only", value=False), "lacks read_only"),
    (compose_rules.containers_are_confined, put("services.worker.user", "0:0"), "not root"),
    (
        compose_peers.kafka_is_reached,
        put("services.worker.environment.DESKPULSE_KAFKA__BOOTSTRAP_SERVERS", "broker:9092"),
        "not a service",
    ),
    (
        compose_peers.kafka_is_reached,
        put("services.worker.environment.DESKPULSE_KAFKA__BOOTSTRAP_SERVERS", "kafka:909"),
        "not advertised",
    ),
    (
        compose_peers.kafka_is_reached,
        put("services.worker.networks", ["metrics"]),
        "shares no network with kafka",
    ),
    (
        compose_peers.prometheus_finds_its_targets,
        put("services.exporter.networks", ["events"]),
        "shares no network with exporter",
    ),
    (
        compose_peers.prometheus_finds_its_targets,
        put("services.prometheus.networks", ["metrics", "events"]),
        "once in each of",
    ),
    (
        compose_peers.prometheus_finds_its_targets,
        put(LISTENS_ON, "9109"),
        "asks exporter on port",
    ),
    (
        compose_peers.prometheus_finds_its_targets,
        drop("services.alertmanager"),
        "alertmanager is not a service",
    ),
    (
        compose_peers.grafana_finds_its_sources,
        put("services.grafana.networks", ["edge"]),
        "shares no network with prometheus",
    ),
    (
        compose_peers.grafana_finds_its_sources,
        put("services.grafana.volumes", []),
        "where nothing is mounted",
    ),
    (
        compose_peers.grafana_finds_its_sources,
        put("services.grafana.volumes", ["./monitoring:/var/lib/grafana/dashboards:ro"]),
        "where none are",
    ),
    (
        compose_peers.grafana_finds_its_home,
        put(f"{GRAFANA}.{HOME}", "/var/lib/grafana/dashboards/en/walls.json"),
        "walls.json does not exist",
    ),
    (compose_peers.grafana_finds_its_home, drop(f"{GRAFANA}.{HOME}"), "home board . does not exist"),
    (
        compose_peers.ports_are_listened_on,
        put("services.exporter.environment.DESKPULSE_EXPORTER__HOST", "127.0.0.1"),
        "nobody can ask it",
    ),
    (
        compose_peers.ports_are_listened_on,
        put("services.exporter.ports", ["127.0.0.1:9108:80"]),
        "it listens on 9108",
    ),
    (
        compose_peers.ports_are_listened_on,
        put("services.exporter.healthcheck.test", ["CMD", "true"]),
        "does not ask port 9108",
    ),
    (compose_peers.alertmanager_finds_its_receivers, drop("services.alerts"), "alerts is not a service"),
    (
        compose_peers.alertmanager_finds_its_receivers,
        put("services.alerts.networks", ["edge"]),
        "shares no network with alerts",
    ),
    (
        compose_peers.alertmanager_finds_its_receivers,
        put("services.alerts.command", ["worker"]),
        "does not run deskpulse alerts",
    ),
    (
        compose_peers.alertmanager_finds_its_receivers,
        put(TELLS, ["alerts", "--host", "0.0.0.0", "--port", "9120"]),  # noqa: S104
        "port 9120",
    ),
    (
        compose_peers.alertmanager_finds_its_receivers,
        put(TELLS, ["alerts", "--port", "9119"]),
        "its own loopback",
    ),
    (
        compose_peers.alertmanager_finds_its_receivers,
        put("services.alerts.healthcheck.test", ["CMD", "true"]),
        "does not ask port 9119",
    ),
    (
        compose_peers.rules_are_of_its_desk,
        put("services.exporter.environment.DESKPULSE_DESK__NAME", "eu"),
        "its desk is called eu",
    ),
    (
        compose_peers.rules_are_of_its_desk,
        put("services.exporter.environment.DESKPULSE_APP_ID", "eu"),
        "view.yml, volume.yml are of another",
    ),
    (
        compose_peers.one_policy_for_all,
        drop("services.worker.environment.DESKPULSE_DESK__POLICY"),
        "worker: has no SLA policy",
    ),
    (compose_peers.one_policy_for_all, drop("services.exporter.volumes"), "which is not mounted"),
    (
        compose_peers.one_policy_for_all,
        put(PROMISES, ["./deskpulse/policy/default.yaml:/etc/deskpulse/policy.yaml:ro"]),
        "different SLA",
    ),
    (
        compose_peers.one_policy_for_all,
        both(["./tests/policy/other.yaml:/etc/deskpulse/policy.yaml:ro"]),
        "not made from other.yaml",
    ),
]


@pytest.mark.parametrize(
    ("rule", "change", "told"), BREAKS, ids=[f"{rule.__name__}: {told}" for rule, _, told in BREAKS]
)
def test_a_broken_stack_is_seen(rule: compose_rules.Rule, change: Break, told: str) -> None:
    broken = copy.deepcopy(COMPOSE)
    change(broken)
    assert told in "\n".join(rule(broken, ROOT))


def test_each_rule_is_shown_a_broken_stack() -> None:
    assert {*compose_rules.RULES, *compose_peers.RULES} == {rule for rule, _, _ in BREAKS}


DOCKERFILE = (ROOT / "deploy/docker/Dockerfile").read_text(encoding="utf-8")
DOCKERIGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("3.11.14-slim-bookworm", "3.11-slim", "no full version"),
        ("USER 10001:10001", "USER root", "runs as root"),
        ("USER 10001:10001", "", "runs as root"),
        (
            "install --require-hashes --only-binary :all: -r requirements/run.txt",
            "install -r requirements/run.txt",
            "without hashes",
        ),
        ("RUN groupadd", "RUN apt-get update && groupadd", "no lock holds"),
        ("COPY kpis kpis", "ADD kpis kpis", "ADD kpis"),
        ("COPY kpis kpis", "", "does not copy the package kpis"),
        ("COPY kpis kpis", "COPY kpis kpis\nCOPY shared shared", "copies shared, which does not exist"),
        ("COPY kpis kpis", "COPY kpis kpis\nCOPY tests tests", "copies tests, which .dockerignore keeps out"),
        ("WORKDIR /tmp", "COPY . /src\nWORKDIR /tmp", "past the build"),
    ],
)
def test_a_broken_image_is_seen(old: str, new: str, told: str) -> None:
    assert told in "\n".join(image_rules.faults(DOCKERFILE.replace(old, new), DOCKERIGNORE, ROOT))


@pytest.mark.parametrize(
    "path", [".git", ".venv", "shared", "deploy/secrets/grafana_admin_password", "kpis/__pycache__", "tests"]
)
def test_the_builder_never_sees(path: str) -> None:
    assert image_rules.is_ignored(path, DOCKERIGNORE)


def test_the_file_that_is_mounted_is_the_one_that_is_checked(tmp_path: Path) -> None:
    (tmp_path / "monitoring").mkdir()
    faults = compose_rules.mounted_files_exist(COMPOSE, tmp_path)
    assert any("./monitoring/prometheus.yml" in fault for fault in faults)


@pytest.mark.parametrize("service", OURS)
def test_a_service_runs_a_command_that_exists(service: str) -> None:
    commands = {
        command.name or command.callback.__name__
        for command in cli.app.registered_commands
        if command.callback
    }
    assert SERVICES[service]["command"][0] in commands
