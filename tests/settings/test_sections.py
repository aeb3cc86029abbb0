"""Rules of single settings that a fault test does not show."""

import pytest

from deskpulse.settings import DeskSettings, ExporterSettings, is_loopback
from deskpulse.settings.sections import BUCKETS_SECONDS


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback_needs_no_leave(host: str) -> None:
    assert is_loopback(host)
    ExporterSettings(host=host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "", "exporter.internal"])  # noqa: S104 - that is the point
def test_anything_else_must_be_allowed(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ValueError, match="neither TLS nor a log-in"):
        ExporterSettings(host=host)
    ExporterSettings(host=host, insecure_listen=True)


def test_buckets_are_kept_in_ascending_order() -> None:
    assert ExporterSettings(buckets_seconds=(10_800, 900)).buckets_seconds == (900, 10_800)


def test_the_edges_to_choose_from_are_minutes_hours_and_days() -> None:
    assert BUCKETS_SECONDS[0] == 60
    assert BUCKETS_SECONDS[-1] == 30 * 86_400
    assert list(BUCKETS_SECONDS) == sorted(set(BUCKETS_SECONDS))


def test_a_zone_that_exists_is_taken() -> None:
    assert DeskSettings(time_zone="America/Argentina/Buenos_Aires").time_zone == "America/Argentina/Buenos_Aires"


@pytest.mark.parametrize("zone", ["", "../etc/passwd", "/etc/localtime", "Europe", "madrid"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="is no time zone"):
        DeskSettings(time_zone=zone)
