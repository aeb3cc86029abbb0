"""Where settings come from, and which source wins."""

from pathlib import Path

import pytest

from deskpulse.settings import Settings, SettingsError, load


def written(folder: Path, text: str) -> Path:
    path = folder / "deskpulse.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_file_and_variables_everything_is_default() -> None:
    settings = load()
    assert settings == Settings()
    assert settings.app_id == "deskpulse"
    assert settings.kafka.bootstrap_servers == ("127.0.0.1:9092",)
    assert (settings.exporter.host, settings.exporter.port) == ("127.0.0.1", 9108)


def test_a_file_sets_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    settings = load(written(tmp_path, "topics:\n  partitions: 12\n"))
    assert settings.topics.partitions == 12
    assert settings.topics.replication_factor == Settings().topics.replication_factor


def test_a_variable_wins_over_the_file_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_TOPICS__PARTITIONS", "6")
    settings = load(written(tmp_path, "topics:\n  partitions: 12\n  dead_letter_retention_days: 3\n"))
    assert (settings.topics.partitions, settings.topics.dead_letter_retention_days) == (6, 3)


def test_the_file_may_be_named_by_a_variable_and_an_argument_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_CONFIG", str(written(tmp_path, "app_id: by-variable\n")))
    assert load().app_id == "by-variable"
    other = tmp_path / "other.yaml"
    other.write_text("app_id: by-argument\n", encoding="utf-8")
    assert load(other).app_id == "by-argument"


@pytest.mark.parametrize("text", ["billing,sales", " billing , sales ", '["billing", "sales"]'])
def test_a_list_in_a_variable_is_comma_separated_or_json(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__MEMBERS__TEAM", text)
    assert load().desk.members.team == ("billing", "sales")


def test_a_mapping_in_a_variable_is_json_and_keeps_its_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__TEAM_TIME_ZONES", '{"Berlin": "Europe/Berlin"}')
    assert load().desk.team_time_zones == {"Berlin": "Europe/Berlin"}


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_EXPORTER__PORT", "")
    assert load().exporter.port == 9108


def test_null_in_a_variable_takes_a_default_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_BANDS__HANDLE_TIME__CHANNELS", "null")
    assert load().bands.handle_time.channels is None


def test_one_edge_by_variable_leaves_the_other_edges_of_the_kpi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_BANDS__CSAT__TYPICAL", ">= 80%")
    csat = load().bands.csat
    assert [bound.text for _, bound in csat.edges] == [">= 95%", ">= 90%", ">= 80%"]


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load(written(tmp_path, "# nothing\n")) == Settings()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().app_id = "other"  # type: ignore[misc]


def test_variables_of_tests_and_tools_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUIRE_KAFKA", "KAFKA_CACHE", "KAFKA_REPOSITORY", "JAVA"):
        monkeypatch.setenv(f"DESKPULSE_{name}", "1")
    load()


def test_a_switch_of_the_settings_library_is_no_setting(tmp_path: Path) -> None:
    """`Settings(_env_file=...)` would read another file."""
    with pytest.raises(SettingsError, match="_env_file: no such setting"):
        load(written(tmp_path, "_env_file: other\n"))
