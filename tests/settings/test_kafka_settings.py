"""From settings to the options of a Kafka client."""

import ssl
from pathlib import Path

import pytest

from deskpulse.settings import KafkaSettings, Settings, SettingsError, load


def test_a_plain_connection_needs_only_addresses() -> None:
    options = KafkaSettings(bootstrap_servers=("a:1", "[::1]:2")).client_options()
    assert options == {"bootstrap_servers": ["a:1", "[::1]:2"], "security_protocol": "PLAINTEXT"}


def test_a_log_in_brings_name_and_password() -> None:
    options = KafkaSettings(security_protocol="SASL_PLAINTEXT", username="me", password="pw").client_options()
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("me", "pw")


def test_a_password_file_ends_before_its_line_feed(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("  p w \n", encoding="utf-8")
    options = KafkaSettings(
        security_protocol="SASL_PLAINTEXT", username="me", password_file=path
    ).client_options()
    assert options["sasl_plain_password"] == "  p w "


def test_tls_checks_the_brokers_certificate_and_name() -> None:
    context = KafkaSettings(security_protocol="SSL").client_options()["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_no_text_of_settings_or_options_shows_the_password() -> None:
    kafka = KafkaSettings(security_protocol="SASL_PLAINTEXT", username="me", password="hunter2")
    settings = Settings(kafka=kafka)
    for text in (
        repr(kafka),
        str(settings),
        repr(kafka.client_options()),
        str(settings.describe()),
        settings.model_dump_json(),
    ):
        assert "hunter2" not in text


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"SECURITY_PROTOCOL": "SASL_SSL", "PASSWORD": "x"}, "kafka.username"),
        ({"SECURITY_PROTOCOL": "SASL_SSL", "USERNAME": "x"}, "missing, like kafka.password"),
        ({"USERNAME": "x"}, "never used with PLAINTEXT"),
        ({"PASSWORD": "x"}, "a password is never used with PLAINTEXT"),
        ({"CA_FILE": "EMPTY"}, "never used with PLAINTEXT"),
        ({"SECURITY_PROTOCOL": "SSL", "CERT_FILE": "EMPTY"}, "one is missing"),
        ({"SECURITY_PROTOCOL": "SSL", "CA_FILE": "EMPTY"}, "cannot be loaded"),
        (
            {"SECURITY_PROTOCOL": "SASL_SSL", "USERNAME": "x", "PASSWORD": "x", "PASSWORD_FILE": "EMPTY"},
            "given together with kafka.password",
        ),
        ({"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "GSSAPI"}, "not one of the choices"),
    ],
)
def test_what_does_not_fit_together_is_a_fault(
    variables: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_file = tmp_path / "empty.pem"
    empty_file.touch()
    for name, value in variables.items():
        monkeypatch.setenv(f"DESKPULSE_KAFKA__{name}", str(empty_file) if value == "EMPTY" else value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert expected in str(caught.value)
