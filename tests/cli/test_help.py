"""The help teaches, and comes at once."""

import subprocess
import sys

import pytest
import typer

from deskpulse import exits
from deskpulse.cli import app
from deskpulse.commands.report import WINDOW_NAMES
from deskpulse.commands.simulate import SCENARIO_NAMES
from deskpulse.lab.simulator import SCENARIOS
from tests.cli.harness import Run
from windows.spans import CUSTOMER_WINDOWS, WINDOWS

COMMANDS = [
    "demo",
    "report",
    "topics",
    "worker",
    "exporter",
    "simulate",
    "replay",
    "check",
    "dashboards",
    "rules",
    "alerts",
    "doctor",
    "skip",
    "privacy",
    "policy",
]
GROUPS = ["policy"]
HEAVY = (
    "faust",
    "mode",
    "aiokafka",
    "pydantic",
    "msgspec",
    "prometheus_client",
    "aiohttp",
    "yaml",
    "kpis",
    "agents",
)


def test_every_command_is_there() -> None:
    assert list(typer.main.get_command(app).commands) == COMMANDS  # type: ignore[attr-defined]


def test_the_help_lists_the_exit_codes(run: Run) -> None:
    answer = run("--help")
    assert answer.code == 0
    for code, meaning in exits.MEANINGS.items():
        assert f"{code}  {meaning.split(':')[0]}" in answer.out


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in GROUPS])
def test_every_command_explains_itself_and_its_options(command: str, run: Run) -> None:
    answer = run(command, "--help")
    assert answer.code == 0
    assert "--config" in answer.out
    described = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    assert described.epilog
    assert all(parameter.help for parameter in described.params if parameter.name != "help")


@pytest.mark.parametrize("group", GROUPS)
def test_every_command_of_a_group_explains_itself(group: str, run: Run) -> None:
    described = typer.main.get_command(app).commands[group]  # type: ignore[attr-defined]
    for name, command in described.commands.items():
        assert run(group, name, "--help").code == 0
        assert command.epilog
        assert all(parameter.help for parameter in command.params if parameter.name != "help")


def test_without_a_command_it_shows_the_help(run: Run) -> None:
    answer = run()
    assert answer.code == exits.USAGE
    assert "simulate" in answer.out


def test_help_waits_for_no_heavy_library() -> None:
    program = (
        "import sys; from deskpulse.cli import app; app(['--help'], standalone_mode=False); "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert not set(HEAVY) & set(done.stderr.split())


def test_python_m_deskpulse_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deskpulse", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith("deskpulse ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_completion_for_shells(shell: str) -> None:
    words = {
        "_DESKPULSE_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "deskpulse to",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "deskpulse to",
    }
    program = "from deskpulse.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.argv[0] = 'deskpulse'; {program}"],
        env={
            "_DESKPULSE_COMPLETE": f"complete_{shell}",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "PYTHONPATH": ":".join(sys.path),
            **words,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "topics" in done.stdout


def test_the_scenarios_named_are_those_there_are() -> None:
    assert set(SCENARIO_NAMES) == set(SCENARIOS)


def test_the_windows_named_are_those_there_are() -> None:
    assert set(WINDOW_NAMES) == {window.name for window in (*WINDOWS, *CUSTOMER_WINDOWS)} | {"all"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["simulate", "--for", "45"], "such as 45s"),
        (["simulate", "--start", "yesterday"], "RFC 3339"),
        (["simulate", "--speed", "0"], "a number above 0"),
        (["simulate", "--scenario", "storm"], "choose from calm"),
        (["simulate", "--speed", "60"], "--start"),
        (["simulate", "--out", "x.jsonl", "--start", "2026-03-02T00:00:00Z"], "add --for"),
        (["report", __file__, "--from", "2026-03-02T00:00:00Z"], "give both"),
        (["report", __file__, "--window", "2h"], "choose from 15m"),
        (["skip", "first-reply", "x", "1"], "PARTITION"),
        (["demo", "--port", "70000"], "--port"),
        (["replay", "absent.jsonl"], "does not exist"),
        (["nonsense"], "No such command"),
    ],
)
def test_wrong_arguments_end_with_code_2_and_the_fix(words: list[str], expected: str, run: Run) -> None:
    answer = run(*words)
    assert answer.code == exits.USAGE
    assert expected.lower() in " ".join(answer.err.replace("│", " ").split()).lower()
