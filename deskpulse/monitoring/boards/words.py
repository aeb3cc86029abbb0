"""What boards say, from one file: `words.yaml` has every text in English and Spanish side by side."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from deskpulse.monitoring.boards.locales import Locale

_FOLDER: Final = Path(__file__).parent
LANGUAGES: Final = ("en", "es")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Texts by key and language."""
    return dict(_read("words.yaml"))


@cache
def definitions() -> list[dict[str, Any]]:
    """The KPIs as the board `Definitions` explains them, in its order.

    The English parts stand word for word in docs/kpis/.
    """
    return list(_read("definitions.yaml"))


def _read(name: str) -> Any:
    return yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8"))


class Words:
    """The texts of one locale. Errors: KeyError for a key that the file has not."""

    def __init__(self, locale: Locale) -> None:
        self._language = locale.language

    def __call__(self, key: str, **values: object) -> str:
        """A text, `{name}` filled in."""
        return catalogue()[key][self._language].format(**values)

    def window(self, name: str) -> str:
        """A window as a choice names it: "last 7 days"; errors: KeyError for a name that is none."""
        return self._of_window(name, "window", "last")

    def short_window(self, name: str) -> str:
        """A window where there is little room: "7 d"; errors: KeyError for a name that is none."""
        return self._of_window(name, "short", "short")

    def _of_window(self, name: str, own: str, by_unit: str) -> str:
        if (key := f"{own}_{name}") in catalogue():
            return self(key)
        unit = {"m": "minutes", "h": "hours", "d": "days"}[name[-1]]
        return self(f"{by_unit}_{unit}", count=name[:-1])
