"""No setting of the machine that runs the tests may reach them."""

import os

import pytest

from deskpulse.settings.base import VARIABLE_PREFIX
from deskpulse.settings.faults import NOT_SETTINGS


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(VARIABLE_PREFIX) and not name.startswith(NOT_SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.delenv("DESKPULSE_CONFIG", raising=False)
