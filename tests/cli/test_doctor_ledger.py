"""`deskpulse doctor` on the ledger: its format, and what an upgrade or a way back still needs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from deskpulse.doctor.finding import Finding
from deskpulse.doctor.ledger import examine_ledger
from deskpulse.settings import Settings
from kpis.ledger import codec, definitions
from kpis.ledger.codec import OWN_IDS_FORMAT, POSITION_KEY, VERSION, Position, encode_position
from kpis.sla.policy import Signed
from streams.topics import ledger_topics
from tests.cli.harness import Run
from tests.next_version import NEXT, next_encode_position, upgraded
from tests.sla.desk import policy_of

PANE = (b"pane", b"\x01\x80")


def finding(*formats: int | None, wanted: int | None = None) -> Finding | None:
    """About a ledger whose partitions have these formats; None: nobody has written to it."""
    settings = Settings(worker={"ledger_format": wanted})
    rows = {
        number: []
        if format_ is None
        else [PANE, (POSITION_KEY, encode_position(Position(format=format_))), PANE]
        for number, format_ in enumerate(formats)
    }
    return next(examine_ledger(settings, rows), None)


def told(found: Finding | None) -> tuple[str, str, str]:
    assert found is not None
    return found.verdict, found.found, found.fix


def test_a_ledger_without_rows_is_no_finding() -> None:
    assert finding(None, None) is None


def test_the_newest_format_is_ok() -> None:
    assert "OK" == told(finding(VERSION, None, VERSION))[0]


@pytest.mark.parametrize("format_", [1, 2, 3])
def test_a_format_without_definitions_fails_with_the_step_that_is_left(format_: int) -> None:
    verdict, found, fix = told(finding(format_, format_))
    assert ("FAIL", f"format {format_}, but this program needs at least 4: no worker will start") == (
        verdict,
        found,
    )
    assert "set worker.ledger_format: 4; after that there is no way back" in fix


def test_an_older_format_warns_with_the_step_that_is_left() -> None:
    with upgraded():
        verdict, found, fix = told(finding(VERSION, VERSION))
    assert ("WARN", f"format {VERSION}, and this program writes up to {NEXT}: you can still go back") == (
        verdict,
        found,
    )
    assert f"set worker.ledger_format: {NEXT}" in fix


def test_below_format_7_it_tells_which_events_are_refused_until_somebody_raises_it() -> None:
    verdict, found, fix = told(finding(OWN_IDS_FORMAT, OWN_IDS_FORMAT))
    assert "WARN" == verdict
    assert found.endswith("you can still go back; events that need format 7 are refused meanwhile (format)")
    assert "once every worker and exporter runs this version, set worker.ledger_format: 7" in fix


def test_partitions_that_are_not_raised_yet_are_named() -> None:
    verdict, found, _ = told(finding(1, VERSION, wanted=VERSION))
    assert ("WARN", f"being raised: partition 0 has 1, partition 1 has {VERSION}") == (verdict, found)


def test_a_setting_below_the_format_fails() -> None:
    with upgraded():
        verdict, _, fix = told(finding(NEXT, wanted=VERSION))
    assert ("FAIL", "leave worker.ledger_format out: a format cannot be lowered") == (verdict, fix)


def test_panes_of_other_definitions_warn_with_what_is_hidden() -> None:
    position = Position(format=VERSION, definitions=definitions.CURRENT, becoming=definitions.CURRENT + 1)
    rows = {0: [(POSITION_KEY, encode_position(Position(format=VERSION, definitions=definitions.CURRENT)))]}
    rows[1] = [(POSITION_KEY, encode_position(position))]
    found = {one.what: one for one in examine_ledger(Settings(), rows)}["definitions"]
    now = definitions.CURRENT
    assert (
        f"this program has number {now}; partition 1 is at {now}, becoming {now + 1}: all figures are "
        "hidden until all agree" == found.found
    )
    assert "WARN" == found.verdict


def test_panes_that_count_from_elsewhere_warn_with_how_they_are_made_anew() -> None:
    """And the setting itself fails, as long as the ledger keeps another one."""
    now = definitions.CURRENT
    usual = Position(format=VERSION, definitions=now, settings={"desk.max_names": "1000"})
    rows = {0: [(POSITION_KEY, encode_position(usual))]}
    settings = Settings(desk={"frt_from": "created"})
    found = {one.what: one for one in examine_ledger(settings, rows)}
    verdict, hidden, fix = told(found["definitions"])
    assert "WARN" == verdict
    assert (
        f"this program has number {now} with first responses from the creation; partition 0 is at {now}: all "
        "figures are hidden until all agree" == hidden
    )
    assert "run workers with these settings only: each makes the panes of its partitions anew" in fix
    verdict, differs, fix = told(found["shared settings"])
    assert ("FAIL", "desk.frt_from is created here and first_contact in the ledger") == (verdict, differs)
    assert "--adopt-settings" in fix


def test_a_ledger_of_a_newer_program_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {0: [(POSITION_KEY, next_encode_position(Position(format=NEXT)))]}
    verdict, found, _ = told(next(examine_ledger(Settings(), rows), None))
    assert "FAIL" == verdict
    assert f"a ledger row has version {NEXT}" in found
    raised = {0: [(POSITION_KEY, encode_position(Position(format=NEXT)))]}
    assert ("FAIL", f"raised to format {NEXT}, but this program writes up to {codec.VERSION}") == told(
        next(examine_ledger(Settings(), raised), None)
    )[:2]


def test_the_round_finds_the_position_rows(run: Run, on_kafka: Settings) -> None:
    run("topics")
    view = ledger_topics(on_kafka.app_id).view

    async def write() -> None:
        async with AIOKafkaProducer(**on_kafka.kafka.client_options()) as producer:
            for number in range(100):
                await producer.send(view, key=b"row %d" % number, value=PANE[1], partition=1)
            await producer.send_and_wait(
                view, key=POSITION_KEY, value=encode_position(Position()), partition=1
            )

    asyncio.run(write())
    assert (
        "FAIL  ledger: format 1, but this program needs at least 4: no worker will start" in run("doctor").out
    )


class TestPolicy:
    """Newest event: 2026-03-02 12:00 UTC."""

    NEWEST = 1_772_452_800_000

    def finding(self, tmp_path: Path, text: str | None, signed: Signed | None) -> tuple[str, str] | None:
        policy = None
        if text is not None:
            policy = tmp_path / "policy.yaml"
            policy.write_text(text, encoding="utf-8")
        position = Position(format=VERSION, maxima={"resolved": self.NEWEST}, policy=signed)
        rows = {0: [(POSITION_KEY, encode_position(position))]}
        found = [
            one for one in examine_ledger(Settings(desk={"policy": policy}), rows) if one.what == "policy"
        ]
        return (found[0].verdict, found[0].found) if found else None

    @staticmethod
    def text(within: str = "1h", more: str = "") -> str:
        return f"versions:\n  - {{name: a, resolution: [{{within: {within}, objective: 90%}}]}}\n{more}"

    LATER = (
        "  - {name: b, effective_from: 2199-01-01T00:00:00Z, resolution: [{within: 2h, objective: 90%}]}\n"
    )

    def test_without_any_there_is_nothing_to_say(self, tmp_path: Path) -> None:
        assert self.finding(tmp_path, None, None) is None

    def test_the_past_is_compared(self, tmp_path: Path) -> None:
        signed = policy_of(self.text()).signed(2026)
        assert ("OK", "its past versions match the ledger") == self.finding(tmp_path, self.text(), signed)
        verdict, found = self.finding(tmp_path, self.text("2h"), signed) or ("", "")
        assert ("FAIL", True) == (verdict, "'a' was in force and has changed" in found)
        assert "FAIL" == (self.finding(tmp_path, None, signed) or [""])[0]
        assert "FAIL" == (self.finding(tmp_path, self.text(), None) or [""])[0]

    def test_a_version_to_come_that_the_workers_do_not_know_is_a_warning(self, tmp_path: Path) -> None:
        signed = policy_of(self.text()).signed(2026)
        assert "WARN" == (self.finding(tmp_path, self.text(more=self.LATER), signed) or [""])[0]
