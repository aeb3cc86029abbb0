"""Settings that cannot work are refused when they are made, with the fix."""

from pathlib import Path
from typing import Any

import pytest

from deskpulse.clocks import EXPORTER
from exporters.config import ConfigError, ExporterConfig
from tests.exporters.desk import RULES

TLS = {"cert_file": Path("cert.pem"), "key_file": Path("key.pem")}


def config(**values: Any) -> ExporterConfig:
    return ExporterConfig(
        time=EXPORTER, kafka={"bootstrap_servers": "127.0.0.1:9092"}, view_rules=RULES, **values
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_this_machine_may_always_listen_to_itself(host: str) -> None:
    assert host == config(host=host).host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "desk.example", ""])  # noqa: S104 - refused is the point
def test_other_machines_are_refused_without_tls_and_log_in(host: str) -> None:
    with pytest.raises(
        ConfigError, match=r"TLS and a log-in is not set up: keep host 127\.0\.0\.1 .* insecure_listen"
    ):
        config(host=host)


@pytest.mark.parametrize(("given", "missing"), [(TLS, "a log-in"), ({"bearer_token": "secret"}, "TLS")])
def test_half_of_a_door_is_no_door(given: dict[str, Any], missing: str) -> None:
    with pytest.raises(ConfigError, match=f"but {missing} is not set up"):
        config(host="10.0.0.1", **given)


@pytest.mark.parametrize(
    "given",
    [{**TLS, "bearer_token": "t"}, {**TLS, "basic_auth": ("user", "pass")}, {"insecure_listen": True}],
)
def test_other_machines_may_come_with_both_or_when_told_so(given: dict[str, Any]) -> None:
    assert "10.0.0.1" == config(host="10.0.0.1", **given).host


@pytest.mark.parametrize("given", [{"cert_file": Path("c")}, {"key_file": Path("k")}])
def test_certificate_and_key_belong_together(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="belong together"):
        config(**given)


@pytest.mark.parametrize(
    "given", [{"bearer_token": ""}, {"basic_auth": ("", "x")}, {"basic_auth": ("x", "")}]
)
def test_an_empty_secret_is_no_secret(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="empty"):
        config(**given)


@pytest.mark.parametrize("host", ["desk.example:9108", "https://desk.example", "*", "", "desk example"])
def test_an_allowed_host_is_a_name_alone(host: str) -> None:
    with pytest.raises(ConfigError, match="is not a host; write names or addresses only"):
        config(allowed_hosts=("desk.example", host))


def test_buckets_must_be_exact() -> None:
    with pytest.raises(ConfigError, match=r"no edge at \[901\]; choose from 60, 120"):
        config(buckets_seconds=(900, 901))


@pytest.mark.parametrize("edges", [(3600, 900), (900, 900)])
def test_buckets_are_ordered(edges: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="once, from small to large"):
        config(buckets_seconds=edges)


def test_no_secret_is_shown() -> None:
    shown = repr(config(bearer_token="secret-token", basic_auth=("user", "secret-pass")))
    assert "secret" not in shown
    assert "bootstrap" not in shown  # client options hold the password of the brokers
