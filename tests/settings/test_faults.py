"""Faults: all at once, each with its place, its value and its fix, none with a secret."""

from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deskpulse.settings import SettingsError, load


def told(folder: Path, text: str) -> str:
    """What `load` says about a wrong file."""
    path = folder / "wrong.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(path)
    return str(caught.value)


def test_all_faults_of_file_and_variables_are_told_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_TOPICS__PARTITIONS", "four")
    monkeypatch.setenv("DESKPULSE_EXPORTER__PROT", "9000")
    message = told(
        tmp_path,
        """\
        topic_prefix: "a b"
        kafka:
          security_protocol: SASLSSL
        desk:
          time_zone: Europe/Madird
        exporter:
          host: 0.0.0.0
          port: 99999
        banbs: {}
        """,
    )
    assert message.startswith("8 faults in the settings")
    assert "DESKPULSE_TOPICS__PARTITIONS = 'four': not a whole number" in message
    assert "DESKPULSE_EXPORTER__PROT: no such setting" in message
    assert "did you mean DESKPULSE_EXPORTER__PORT?" in message
    assert "wrong.yaml:1: topic_prefix = 'a b'" in message
    assert "wrong.yaml:3: kafka.security_protocol = 'SASLSSL'" in message
    assert "did you mean SASL_SSL?" in message
    assert "wrong.yaml:5: desk.time_zone = 'Europe/Madird'" in message
    assert "did you mean Europe/Madrid?" in message
    assert "exporter.insecure_listen" in message
    assert "wrong.yaml:8: exporter.port = 99999: not at most 65535" in message
    assert "wrong.yaml:9: banbs: no such setting" in message
    assert "did you mean bands?" in message
    assert message.count("fix: ") == 8


def test_a_fault_of_a_variable_names_the_variable_even_where_the_file_has_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_EXPORTER__PORT", "many")
    message = told(tmp_path, "exporter:\n  port: 9000\n")
    assert "DESKPULSE_EXPORTER__PORT = 'many'" in message
    assert "wrong.yaml" not in message


def test_a_fault_of_a_missing_setting_names_key_and_variable(tmp_path: Path) -> None:
    message = told(tmp_path, "kafka:\n  security_protocol: SASL_SSL\n  password: secret\n")
    assert "wrong.yaml:1: kafka.username: missing, but SASL_SSL logs in" in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exporter:\n  port: 1\n  port: 2\n", "wrong.yaml:3: exporter.port: given twice"),
        ("exporter: 5\n", "exporter: a section, not a value"),
        ("exporter:\n - port\n", "exporter: a section, not a value"),
        ("desk: {members: {team: [no]}}\n", "desk.members.team[0] = False: no text"),
        ("desk: {members: {team: [other]}}\n", "['other'] are reserved in the metrics"),
        ("desk: {members: {team: []}}\n", "an empty list"),
        ("desk: {members: {team: [a, a]}}\n", "it has duplicates"),
        ("desk: {team_time_zones: {berlin: Europe/Berlim}}\n", "did you mean Europe/Berlin?"),
        ("desk: {max_members: 0}\n", "desk.max_members = 0: not at least 1"),
        ("exporter: {parts_windows: [2h]}\n", "exporter.parts_windows[0] = '2h': not one of the choices"),
        ("exporter: {buckets_seconds: [900, 901]}\n", "the stored histograms have no edge at [901]"),
        ("exporter: {allowed_hosts: ['desk.example:9108']}\n", "'desk.example:9108' is not a host"),
        ("exporter: {insecure_listen: maybe}\n", "neither true nor false"),
        ("topics: {min_insync_replicas: 2}\n", "above topics.replication_factor (1)"),
        ("worker: {watchdog_seconds: .nan}\n", "not a finite number"),
        ("kafka: {bootstrap_servers: [localhost]}\n", "'localhost' is not host:port"),
        ("kafka: {bootstrap_servers: 'kafka://a:1'}\n", "has a scheme"),
        ("kafka: {bootstrap_servers: []}\n", "no broker"),
        ("kafka: {ca_file: /does/not/exist}\n", "cannot be read (No such file or directory)"),
        ("bands: {csat: {above: 90}}\n", "'90' is not a valid edge of a band"),
        ("bands: {csat: {typical: '< 85%'}}\n", "points the other way"),
        ("bands: {nps: {typical: '>= 80'}}\n", "stricter than the better band's"),
        ("bands: {first_response: {above: '< 5 minutes'}}\n", "is not a valid edge of a band"),
        (f"app_id: {'a' * 300}\n", "...: longer than 200 characters"),
        ("app_id: ''\n", "app_id = '': shorter than 1 characters"),
        ("1: 2\n", "wrong.yaml:1: 1: no such setting"),
        ("- a\n", "is not a YAML mapping"),
        ("a: [\n", "is not valid YAML"),
        ("a: !!python/object:os.system x\n", "is not plain YAML"),
    ],
)
def test_a_fault_says_what_is_wrong(text: str, expected: str, tmp_path: Path) -> None:
    message = told(tmp_path, text)
    assert expected in message
    assert "fix: " in message


def test_a_file_that_is_not_there_is_a_fault_like_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_EXPORTER__PORT", "x")
    with pytest.raises(SettingsError, match="2 faults") as caught:
        load(tmp_path / "absent.yaml")
    assert "absent.yaml: cannot be read" in str(caught.value)


def test_a_file_that_is_no_utf8_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"app_id: caf\xe9\n")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "kafka: {password: 12345hunter2, security_protocol: 5}",
        "kafka: {password: [hunter2]}",
        "kafka: {pasword: hunter2}",
        "kafka: [hunter2]",
        "kafka: hunter2",
        "kafka: {bootstrap_servers: 'sasl://me:hunter2@a:1'}",
        "kafka: {security_protocol: SASL_SSL, password: hunter2}",
        "exporter: {bearer_token: hunter2, bearer_token_file: /dev/null, username: me, password: [hunter2]}",
    ],
)
def test_no_fault_shows_a_password(text: str, tmp_path: Path) -> None:
    assert "hunter2" not in told(tmp_path, text)


def test_no_fault_shows_a_password_of_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_KAFKA__PASSWORD", "hunter2")
    monkeypatch.setenv("DESKPULSE_KAFKA__PASWORD", "hunter2")
    message = told(tmp_path, "")
    assert "hunter2" not in message
    assert "did you mean DESKPULSE_KAFKA__PASSWORD?" in message


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
keys = st.sampled_from(
    ["app_id", "kafka", "desk", "members", "team", "exporter", "port", "bands", "csat", "above", "x", "_y"]
) | st.text(max_size=3)
trees = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(keys, below, max_size=4),
    max_leaves=12,
)


@given(tree=st.dictionaries(keys | st.integers(), trees, max_size=5))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_any_yaml_gives_settings_or_faults(tree: object, tmp_path: Path) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=False), encoding="utf-8")
    try:
        load(path)
    except SettingsError as error:
        assert error.faults  # noqa: PT017 - either outcome is right


@given(raw=st.binary(max_size=200))
@example(raw=b"?")  # a mapping of nothing to nothing
@example(raw=b"yes: 1")
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_any_bytes_give_settings_or_faults(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(raw)
    try:
        load(path)
    except SettingsError as error:
        assert error.faults  # noqa: PT017 - as above
