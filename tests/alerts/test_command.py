"""What the command refuses, and how it cuts a simulation in two."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskpulse import exits
from deskpulse.ingest.events_io import TimedEvent
from proofs.drills.alerts import __main__ as command
from proofs.drills.alerts import pace, site
from proofs.local_prometheus import LocalAlertmanager, LocalPrometheus, PrometheusError


def test_a_tool_that_is_missing_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/prometheus" if name == "prometheus" else None)
    assert exits.USAGE == command.main([])
    assert "apt-get install --no-install-recommends prometheus-alertmanager\n" in capsys.readouterr().err


def test_both_are_named_and_alertmanager_may_have_either_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert ["prometheus", "prometheus-alertmanager"] == site.missing_tools()
    monkeypatch.setattr("shutil.which", lambda name: name if name in {"prometheus", "alertmanager"} else None)
    assert [] == site.missing_tools()


def test_a_server_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    for server in (LocalPrometheus(folder=tmp_path, job="x", targets=()), LocalAlertmanager(folder=tmp_path)):
        with pytest.raises(
            PrometheusError, match=f"apt-get install --no-install-recommends {server.PACKAGE}$"
        ):
            server.start()


def test_a_clock_too_fast_for_the_scrapes_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "missing_tools", list)
    assert exits.USAGE == command.main(["--speed", "100"])
    assert "--speed 100 is too fast: " in capsys.readouterr().err


@pytest.mark.parametrize("speed", [pace.SLOWEST, 7.0, pace.FASTEST])
def test_the_usual_speeds_are_possible(tmp_path: Path, speed: float) -> None:
    assert [] == site.impossible(speed, round(command.TUESDAY.timestamp() * 1000), tmp_path)


def test_the_less_of_a_processor_there_is_the_slower_runs_the_clock_and_the_scrapes_with_it() -> None:
    """Half a minute of the desk between two scrapes: 2 s of ours at 15 times, 6 s at 5 times."""
    assert [pace.FASTEST, pace.FASTEST, 8.0, 4.0, pace.SLOWEST] == [
        pace.affordable(one) for one in (1.0, 0.9, 0.8, 0.4, 0.0)
    ]
    assert [2, 6, 15] == [site.Pacing(0, speed, 1).scrape_seconds for speed in (15.0, 5.0, 2.0)]


def test_what_a_busy_process_gets_is_a_share_of_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, used = iter((0.0, 1.0, 2.0, 16.0)), iter((10.0, 11.0))
    monkeypatch.setattr("proofs.drills.alerts.pace.time.monotonic", lambda: next(wall))
    monkeypatch.setattr("proofs.drills.alerts.pace.time.process_time", lambda: next(used))
    assert 1 / 16 == pace.share()


def test_a_simulation_is_cut_at_an_instant_and_nothing_is_lost() -> None:
    events = [TimedEvent(at, "ticket-created", b"k", {"n": at}) for at in (1, 2, 5, 5, 9)]
    before, after = site.split(iter(events), 5)
    assert events[:2] == list(before)
    assert events[2:] == list(after)
    before, after = site.split(iter(events), 100)
    assert (events, []) == (list(before), list(after))
