"""Settings that all workers and exporters of a ledger must share.

They are kept, compared, refused by name, and changed on purpose.
"""

from __future__ import annotations

import pytest

from deskpulse.doctor.ledger import examine_ledger
from deskpulse.settings import Settings, load
from deskpulse.wiring import shared_settings, state_rules, view_rules
from kpis.ledger import codec
from kpis.ledger.codec import Position
from kpis.ledger.shared import Differing, differing_in
from kpis.state.rules import SettingsChangedError, StateRules
from tests.laws.ledgers import T0, Desk

OURS = shared_settings(Settings())


def ledger_of(rules: StateRules) -> Desk:
    desk = Desk(rules)
    desk.state.loaded()
    desk.create("T1", T0)
    desk.write()
    return desk


def position_of(desk: Desk) -> Position:
    return codec.decode_position(desk.rows["view", codec.POSITION_KEY] or b"")


def test_horizon_and_zone_are_among_them() -> None:
    assert {"desk.horizon_days": "61", "desk.time_zone": "UTC"}.items() <= OURS.items()
    assert OURS == state_rules(Settings()).shared == view_rules(Settings()).shared


def test_each_setting_is_read_from_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        variable = "DESKPULSE_" + name.upper().replace(".", "__")
        value = {"desk.time_zone": "Asia/Tokyo", "desk.team_time_zones": '{"a": "Asia/Tokyo"}'}.get(
            name, "17"
        )
        monkeypatch.setenv(variable, value)
        assert {name} == {other for other, known in shared_settings(load()).items() if known != OURS[other]}
        monkeypatch.delenv(variable)


def test_many_zones_are_kept_as_a_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    zones = ", ".join(f'"team {number}": "Asia/Tokyo"' for number in range(40))
    monkeypatch.setenv("DESKPULSE_DESK__TEAM_TIME_ZONES", f"{{{zones}}}")
    assert shared_settings(load())["desk.team_time_zones"].startswith("of 40 teams, ")


def test_a_worker_with_others_refuses_and_names_them() -> None:
    desk = ledger_of(StateRules(shared=OURS))
    desk.rules = StateRules(shared={**OURS, "desk.horizon_days": "30", "desk.time_zone": "Asia/Tokyo"})
    with pytest.raises(SettingsChangedError) as raised:
        desk.recovered()
    told = str(raised.value)
    assert "desk.horizon_days is 30 here and 61 in the ledger" in told
    assert "desk.time_zone is Asia/Tokyo here and UTC in the ledger" in told
    assert "desk.max_names" not in told
    assert "--adopt-settings" in told


def test_one_that_may_gives_the_ledger_its_own() -> None:
    desk = ledger_of(StateRules(shared=OURS))
    others = {**OURS, "desk.horizon_days": "90"}
    desk.rules = StateRules(shared=others, adopt=True)
    desk.state = desk.recovered()
    assert not desk.state.clean  # it is told at once: an exporter compares
    desk.write()
    assert others == position_of(desk).settings
    desk.rules = StateRules(shared=others)
    assert desk.recovered().clean
    desk.rules = StateRules(shared=OURS)
    with pytest.raises(SettingsChangedError):
        desk.recovered()


def test_a_ledger_from_before_takes_them_over() -> None:
    desk = ledger_of(StateRules())
    assert position_of(desk).settings is None
    desk.rules = StateRules(shared=OURS)
    desk.state = desk.recovered()
    desk.write()
    assert OURS == position_of(desk).settings


def test_a_setting_that_an_older_worker_did_not_keep_is_added() -> None:
    desk = ledger_of(
        StateRules(shared={name: value for name, value in OURS.items() if name != "desk.max_names"})
    )
    desk.rules = StateRules(shared=OURS)
    desk.state = desk.recovered()
    assert OURS == desk.state.position.settings


def test_an_exporter_sees_it_in_any_partition() -> None:
    positions = [
        Position(settings=dict(OURS)),
        Position(settings={**OURS, "desk.time_zone": "Asia/Tokyo"}),
        Position(),
    ]
    assert [Differing("desk.time_zone", "UTC", "Asia/Tokyo")] == differing_in(OURS, positions)
    assert [] == differing_in({}, positions)


@pytest.mark.parametrize(("zone", "status"), [("UTC", "OK"), ("Asia/Tokyo", "FAIL")])
def test_the_doctor_tells_it(zone: str, status: str) -> None:
    position = Position(format=codec.VERSION, definitions=4, settings={**OURS, "desk.time_zone": zone})
    rows = [(codec.POSITION_KEY, codec.encode_position(position))]
    found = {finding.what: finding for finding in examine_ledger(Settings(), {0: rows})}
    assert status == found["shared settings"].verdict
