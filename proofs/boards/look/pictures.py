"""The pictures that are taken: each size, language, theme, story and desk at least once.

The pairs that go wrong most easily are among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from deskpulse.monitoring.boards import LOCALES
from proofs.boards.look.measures import LEAST_TEXT_PX, LEGIBLE_PX, MOST_EMPTY, Excuse, Wanted, Where
from proofs.history.stories import ODD_TEAM

TWELVE: Final = "twelve"
NO_PROMETHEUS: Final = "no-prometheus"  # not a story: as `slip`, but Prometheus is gone
BOARDS: Final = ("team", "sla", "pipeline", "definitions")  # beside the wall
LEAD: Final = 12  # panels of the wall that say what is wrong and what stands now: all above the courses
# Without autofitpanels nothing stretches the rows, and a board cannot know the screen that it is on.
_ROW: Final = (
    "without autofitpanels a row of Grafana has 30 px on every screen, and 28 of them are 1,080 lines"
)
_NAME: Final = Excuse(
    "Grafana gives a name in a time line 40 % of a phone's width: 30 letters are cut",
    r".* \d+ px out of its canvas",
)
_LEGEND: Final = Excuse(
    "Grafana gives a legend 35 % of a chart's height: long names are cut on a phone",
    r".* px out of \d+ px high",
)
_TITLE: Final = Excuse(
    "Grafana puts the mark of an error into the room of a title", r'(.+): "\1" \d+ px out of \d+ px wide'
)
_HOUR: Final = Excuse(
    "Grafana cuts half a digit of an hour that falls on the edge of a chart",
    r'.*: "\d\d:\d\d" [1-6] px out of its canvas',
)
_HD, _SMALL, _4K, _PHONE = (1920, 1080), (1366, 768), (3840, 2160), (412, 915)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture. `fit`: Grafana's autofitpanels; `full`: as high as the board, not as the screen."""

    board: str
    story: str
    locale: str = "en"
    theme: str = "dark"
    size: tuple[int, int] = _HD
    fit: bool = False
    full: bool = False
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def wall(self) -> bool:
        """Whether nobody scrolls here."""
        return self.board == "wall" and not self.phone

    @property
    def phone(self) -> bool:
        """Whether it is held in a hand."""
        return self.size == _PHONE

    @property
    def exception(self) -> str:
        """What is not asked of it, with the reason; nothing where all is asked."""
        if not self.wall or self.fit:
            return ""
        return {
            _SMALL: f"it scrolls below its first {LEAD} panels: {_ROW}",
            _4K: f"its lower half is empty: {_ROW}",
        }.get(self.size, "")

    @property
    def where(self) -> Where:
        """How its page is made."""
        return Where(wall=self.wall, lead=LEAD if self.size == _SMALL and self.exception else None)

    @property
    def wanted(self) -> Wanted:
        """What is asked of it."""
        names = (_NAME, _LEGEND) if self.phone and self.story == TWELVE else ()
        excuses = (_HOUR, *names, *((_TITLE,) if self.story == NO_PROMETHEUS else ()))
        if not self.wall:
            return Wanted(least_px=LEGIBLE_PX if self.phone else 0, excuses=excuses)
        most_empty = 1 if self.size == _4K and self.exception else MOST_EMPTY
        return Wanted(
            least_px=LEAST_TEXT_PX if self.size == _HD else LEGIBLE_PX,
            most_empty=most_empty,
            paging=False,
            excuses=excuses,
        )

    @property
    def language(self) -> str:
        """The language as browsers name it."""
        return "en-US" if self.locale == "en" else self.locale

    @property
    def path(self) -> str:
        """Path and query of its page."""
        uid = f"deskpulse-{self.board}{LOCALES[self.locale].uid_suffix}"
        shown = "".join(f"&var-{name}={quote(value, safe='')}" for name, value in self.variables)
        fit = "&autofitpanels" if self.fit else ""
        return f"d/{uid}/x?kiosk{fit}&lang={self.language}&theme={self.theme}{shown}"

    @property
    def line(self) -> str:
        """Board, size, language, theme, story: what `--only` is compared with."""
        size = f"{self.size[0]}x{self.size[1]}{' fit' if self.fit else ''}{' full' if self.full else ''}"
        return f"{self.board} {size} {self.locale} {self.theme} {self.story}" + "".join(
            f" {value}" for _, value in self.variables
        )

    @property
    def file(self) -> str:
        """Name of its file."""
        return re.sub(r"[^\w+,.-]+", "-", self.line) + ".png"


def pictures() -> list[Picture]:
    """The list, story by story, since each needs a Prometheus of its own."""
    found = list(_every())
    stories = list(dict.fromkeys(picture.story for picture in found))
    return sorted(found, key=lambda picture: stories.index(picture.story))


def _every() -> Iterator[Picture]:
    slip = "slip"
    for size in (_HD, _SMALL, _4K):
        yield Picture(board="wall", story=slip, size=size)
        yield Picture(board="wall", story=slip, size=size, fit=True)
    for locale in ("es-ES", "es-MX"):
        yield Picture(board="wall", story=slip, locale=locale)
        yield Picture(board="wall", story=slip, locale=locale, size=_SMALL, fit=True)
    yield Picture(board="wall", story=slip, theme="light")
    yield Picture(board="wall", story=slip, theme="light", locale="es-ES", size=_SMALL)
    yield Picture(board="wall", story=slip, size=_PHONE, full=True)
    yield Picture(board="wall", story=slip, size=_PHONE, full=True, locale="es-ES", theme="light")
    for board in BOARDS:
        yield Picture(board=board, story=slip, full=True)
        yield Picture(board=board, story=slip, full=True, theme="light")
        yield Picture(board=board, story=slip, full=True, locale="es-ES")
    yield Picture(
        board="team",
        story=slip,
        full=True,
        locale="es-MX",
        theme="light",
        variables=(("team", "technical"), ("window", "1h")),
    )
    for story in ("calm", "sunday", "frozen", "gone", "no-policy", NO_PROMETHEUS):
        yield Picture(board="wall", story=story)
        yield Picture(board="wall", story=story, locale="es-ES", theme="light", size=_SMALL, fit=True)
    yield Picture(board="sla", story="sunday", full=True)
    yield Picture(board="sla", story="no-policy", full=True)
    yield Picture(board="team", story="no-policy", full=True)
    yield Picture(board="pipeline", story="frozen", full=True)
    for size in (_HD, _SMALL):
        yield Picture(board="wall", story=TWELVE, size=size)
        yield Picture(board="wall", story=TWELVE, size=size, locale="es-ES", fit=True)
    yield Picture(board="wall", story=TWELVE, size=_PHONE, full=True, theme="light")
    yield Picture(
        board="team", story=TWELVE, full=True, variables=(("team", "Devoluciones y reembolsos, EU+"),)
    )
    yield Picture(board="team", story=TWELVE, full=True, variables=(("team", ODD_TEAM),))
    yield Picture(board="sla", story=TWELVE, full=True, locale="es-ES")
