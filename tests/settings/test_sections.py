"""Rules of single settings that a fault test does not show."""

from pathlib import Path

import pytest

from deskpulse.settings import DeskSettings, ExporterSettings, Settings
from exporters.config import EXACT_SECONDS


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback_needs_no_leave(host: str) -> None:
    ExporterSettings(host=host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "", "exporter.internal"])  # noqa: S104 - that is the point
def test_anything_else_must_be_allowed(host: str) -> None:
    with pytest.raises(ValueError, match="TLS and a log-in is not set up"):
        ExporterSettings(host=host)
    ExporterSettings(host=host, insecure_listen=True)


def test_buckets_are_kept_in_ascending_order() -> None:
    assert ExporterSettings(buckets_seconds=(10_800, 900)).buckets_seconds == (900, 10_800)


def test_the_edges_to_choose_from_are_minutes_hours_and_days() -> None:
    assert EXACT_SECONDS[0] == 60
    assert EXACT_SECONDS[-1] == 30 * 86_400
    assert list(EXACT_SECONDS) == sorted(set(EXACT_SECONDS))


@pytest.mark.parametrize("name", ["eu", "Soporte \u00b7 España", "a" * 128, '"{{ x }}"'])
def test_a_desk_is_called_as_its_settings_say(name: str) -> None:
    assert name == Settings(app_id="desk-7", desk=DeskSettings(name=name)).desk_name


def test_a_desk_without_a_name_has_that_of_its_ledger() -> None:
    assert "desk-7" == Settings(app_id="desk-7").desk_name


@pytest.mark.parametrize("name", ["", "a" * 129, " eu", "eu\n", "e\tu"])
def test_a_name_that_no_screen_can_show_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        DeskSettings(name=name)


def test_a_zone_that_exists_is_taken() -> None:
    assert (
        DeskSettings(time_zone="America/Argentina/Buenos_Aires").time_zone == "America/Argentina/Buenos_Aires"
    )


@pytest.mark.parametrize("zone", ["", "../etc/passwd", "/etc/localtime", "Europe", "madrid"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        DeskSettings(time_zone=zone)


def test_a_door_with_tls_and_a_log_in_may_face_the_world(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem", "token"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    settings = ExporterSettings(
        host="0.0.0.0",  # noqa: S104 - that is the point
        cert_file=tmp_path / "cert.pem",
        key_file=tmp_path / "key.pem",
        bearer_token_file=tmp_path / "token",
    )
    assert settings.read_bearer_token() == "x"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cert_file": "x"}, "belong together"),
        ({"bearer_token": "x", "bearer_token_file": "x"}, "given together with exporter.bearer_token"),
        ({"bearer_token": ""}, "an empty token lets anyone in"),
        ({"bearer_token_file": "empty"}, "an empty token lets anyone in"),
        ({"username": "x"}, "belong together"),
        ({"password": "x"}, "belong together"),
        ({"username": "x", "password": ""}, "lets anyone in"),
        ({"username": "x", "password": "x", "password_file": "x"}, "given together with exporter.password"),
        ({"host": "0.0.0.0", "cert_file": "x", "key_file": "x"}, "and a log-in is not set up"),  # noqa: S104
        ({"host": "0.0.0.0", "bearer_token": "x"}, "and TLS is not set up"),  # noqa: S104
    ],
)
def test_a_door_that_does_not_close_is_a_fault(
    given: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_text("x", encoding="utf-8")
    (tmp_path / "empty").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=expected):
        ExporterSettings.model_validate(given)


def test_basic_authentication_is_a_name_and_a_password() -> None:
    assert ExporterSettings().read_basic_auth() is None
    assert ExporterSettings.model_validate({"username": "me", "password": "pw"}).read_basic_auth() == (
        "me",
        "pw",
    )
