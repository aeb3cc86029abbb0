"""What the command refuses, and how it cuts a simulation in two."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskpulse import exits
from deskpulse.simulator import TimedEvent
from scripts.alert_drills import __main__ as command
from scripts.alert_drills import site
from scripts.local_prometheus import LocalAlertmanager, LocalPrometheus, PrometheusError


def test_a_tool_that_is_missing_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
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
        with pytest.raises(PrometheusError, match=f"apt-get install --no-install-recommends {server.PACKAGE}$"):
            server.start()


def test_a_clock_too_fast_for_the_scrapes_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "missing_tools", list)
    assert exits.USAGE == command.main(["--speed", "100"])
    assert "--speed 100 is too fast: " in capsys.readouterr().err


def test_the_usual_speed_is_possible(tmp_path: Path) -> None:
    assert [] == site.impossible(command.SPEED, round(command.TUESDAY.timestamp() * 1000), tmp_path)


def test_a_simulation_is_cut_at_an_instant_and_nothing_is_lost() -> None:
    events = [TimedEvent(at, "ticket-created", b"k", {"n": at}) for at in (1, 2, 5, 5, 9)]
    before, after = site.split(iter(events), 5)
    assert events[:2] == list(before)
    assert events[2:] == list(after)
    before, after = site.split(iter(events), 100)
    assert (events, []) == (list(before), list(after))
