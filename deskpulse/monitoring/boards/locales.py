"""How a board speaks and writes numbers: English, Spanish of Spain, Spanish of Mexico.

Grafana writes the numbers of a panel with a point in every unit but `locale`, which leaves it to the browser
(docs/boards.md). So a locale with a comma takes two ways: a big number is sent as text that a value mapping
turns into `81,25 %`, everywhere else the unit is `locale`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Quantity = Literal[
    "percent",
    "whole_percent",
    "minutes",
    "hours",
    "score",
    "count",
    "decimal",
    "seconds",
    "clock",
    "date",
    "word",
    "rate",
    "bytes",
    "span",
]
NO_BREAK: Final = "\u00a0"  # between a number and its unit
_SIGN: Final[dict[Quantity, str]] = {
    "percent": "%",
    "whole_percent": "%",
    "minutes": "min",
    "hours": "h",
    "seconds": "s",
    "rate": "/s",
}
DECIMALS: Final[dict[Quantity, int]] = {
    "percent": 1,
    "minutes": 1,
    "hours": 1,
    "score": 1,
    "decimal": 2,
    "seconds": 0,
    "count": 0,
    "whole_percent": 0,
    "rate": 2,
}
_FIXED: Final[dict[Quantity, str]] = {
    "score": "none",
    "decimal": "none",
    # no unit `locale`: a browser of another language would write 12,345 where a reader takes the comma for
    # the decimals
    "count": "none",
    "word": "none",
    "clock": "time:HH:mm",
    "date": "time:YYYY-MM-DD HH:mm",
    "bytes": "bytes",
    "span": "dthms",  # 2:35:00
}


@dataclass(frozen=True, slots=True)
class Locale:
    """One of the languages that boards are made in."""

    code: str  # BCP 47
    language: Literal["en", "es"]
    name: str  # of the folder in Grafana
    mark: str  # between units and decimals
    space: str  # between a number and the sign for per cent

    @property
    def uid_suffix(self) -> str:
        """What makes the uid of a board its own among the languages; English has none."""
        return "" if self.code == "en" else f"-{self.code.lower()}"

    @property
    def comma(self) -> bool:
        """Whether Grafana's own number format is wrong here."""
        return self.mark == ","

    def unit(self, quantity: Quantity) -> str:
        """Grafana's name of the unit."""
        if quantity in {"score", "decimal"} and self.comma:
            return "locale"
        if quantity in _FIXED:
            return _FIXED[quantity]
        if self.comma and DECIMALS.get(quantity):
            return "locale"
        return (
            "percent"
            if quantity in {"percent", "whole_percent"} and not self.space
            else f"suffix:{_SIGN[quantity]}"
        )

    def in_title(self, quantity: Quantity) -> str:
        """What a title must add, since the unit does not show it: `, %`; nothing where it does."""
        return f" ({_SIGN[quantity]})" if quantity in _SIGN and self.unit(quantity) == "locale" else ""

    def behind(self, quantity: Quantity) -> str:
        """What stands behind a number that is written as text."""
        sign = _SIGN.get(quantity, "")
        return (self.space if quantity == "percent" else NO_BREAK) + sign if sign else ""

    def number(self, value: float, decimals: int | None = None) -> str:
        """A number as text; without `decimals` as many as it needs, up to 2.

        >>> SPAIN.number(81.25), MEXICO.number(81.25), SPAIN.number(90.0)
        ('81,25', '81.25', '90')
        """
        text = f"{value:.2f}".rstrip("0").rstrip(".") if decimals is None else f"{value:.{decimals}f}"
        return text.replace(".", self.mark)

    def percent(self, share: float) -> str:
        r"""A share as per cent.

        >>> SPAIN.percent(0.8125), MEXICO.percent(0.8125), ENGLISH.percent(0.8125)
        ('81,25\xa0%', '81.25\xa0%', '81.25%')
        """
        return f"{self.number(100 * share)}{self.space}%"

    def duration(self, seconds: float) -> str:
        r"""Minutes or hours as text.

        >>> ENGLISH.duration(900), SPAIN.duration(5400), ENGLISH.duration(30)
        ('15\xa0min', '1,5\xa0h', '30\xa0s')
        """
        if seconds < 60:
            return f"{self.number(seconds)}{NO_BREAK}s"
        if seconds < 3600:
            return f"{self.number(seconds / 60)}{NO_BREAK}min"
        return f"{self.number(seconds / 3600)}{NO_BREAK}h"


ENGLISH: Final = Locale("en", "en", "deskpulse", ".", "")
SPAIN: Final = Locale("es-ES", "es", "deskpulse (España)", ",", NO_BREAK)
MEXICO: Final = Locale("es-MX", "es", "deskpulse (México)", ".", NO_BREAK)
LOCALES: Final = {locale.code: locale for locale in (ENGLISH, SPAIN, MEXICO)}
