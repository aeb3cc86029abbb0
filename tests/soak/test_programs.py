"""Programs of a run end with it, also when who ends them is interrupted."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import cast

import pytest

from proofs.programs import Group, Program, end_all


def sleeper(group: int | None = None) -> Program:
    return Program(subprocess.Popen(["/bin/sleep", "600"], process_group=group), Path("unused"))


def test_what_is_left_of_a_group_ends_with_it() -> None:
    with Group() as group:
        left = sleeper(group.number)
        assert left.runs
    assert -signal.SIGKILL == left.process.wait(60)


class Stubborn:
    """A process whose end is waited for until somebody presses Ctrl-C."""

    def kill(self) -> None:
        pass

    def wait(self) -> None:
        raise KeyboardInterrupt


def test_all_are_killed_before_the_end_of_any_is_waited_for() -> None:
    left = sleeper()
    stubborn = Program(cast("subprocess.Popen[bytes]", Stubborn()), Path("unused"))
    with pytest.raises(KeyboardInterrupt):
        end_all([stubborn, left])
    assert -signal.SIGKILL == left.process.wait(60)
