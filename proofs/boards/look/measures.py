"""The measures of a page as a person sees it, taken in the page itself.

They find text over text, cut text, contrast, sizes, and how the screen is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import BrowserContext, Page

LEAST_CONTRAST: Final = 4.5  # WCAG 2.2 AA, for text of any size
LEAST_TEXT_PX: Final = 36.0  # of what one acts on, on a wall of 1080 lines
# of the same on any other screen: Grafana makes a text as small as it takes to fit it
LEGIBLE_PX: Final = 12.0
MOST_EMPTY: Final = 1 / 3  # of a wall's screen
_CUT: Final = re.compile(r'(.*?): "(.*)" ((\d+) px out of (.*)|shortened)')
_HERE: Final = Path(__file__).parent
_MEASURE: Final = (_HERE / "measures.js").read_text(encoding="utf-8")
_CANVAS: Final = (_HERE / "canvas.js").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """How a page is made, as CSS selectors. The defaults are Grafana's."""

    panel: str = "section[data-testid^='data-testid Panel header']"  # a box that is meant to hold its content
    title: str = "[data-testid$='header-container']"  # the line of a panel's title
    ignore: str = "[role='tooltip'], .u-tooltip"  # what is shown for a moment only
    # Words that nobody acts on. Grafana writes `no data` into an empty chart in a size of its own; the tiles
    # beside it say so at full size.
    aside: str = (
        "[role='columnheader'], [data-testid*='VizLegend'], [class*='LegendItem'], "
        "[data-testid='data-testid Panel data error message']"
    )
    paging: str = "[aria-label*='page' i]:is(button, li), [class*='pagination'] button"
    # nobody scrolls: all panels must be on the screen, and nothing in them may be scrolled
    wall: bool = False
    lead: int | None = None  # of a wall: so many panels, from above, must be on the screen; None: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was measured. `contrasts` and `sizes`: the lowest, with their text."""

    texts: int
    panels: tuple[str, ...]
    overlaps: tuple[str, ...]
    cuts: tuple[str, ...]
    contrasts: tuple[tuple[float, str], ...]
    sizes: tuple[tuple[float, str], ...]  # CSS pixels
    paging: tuple[str, ...]
    empty: float  # share of the screen that no panel covers

    @property
    def contrast(self) -> float:
        """The least contrast; that of black on white when there is no text."""
        return self.contrasts[0][0] if self.contrasts else 21.0

    @property
    def faint(self) -> tuple[str, ...]:
        """Texts whose contrast is too low."""
        return tuple(
            f"{text} has {contrast:.1f} to 1"
            for contrast, text in self.contrasts
            if contrast < LEAST_CONTRAST - 0.05
        )

    def small(self, least_px: float) -> tuple[str, ...]:
        """Texts that are smaller: the smallest of each panel."""
        found: dict[str, str] = {}
        for size, text in self.sizes:
            if size < least_px - 0.5:
                found.setdefault(text.partition(': "')[0], f"{text} is {size:.0f} px high")
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Excuse:
    """A kind of cut that Grafana makes itself and no board can mend: it is counted apart, with the reason."""

    reason: str
    cuts: str  # a regular expression


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a picture beyond no overlap, no cut and enough contrast."""

    least_px: float = 0.0  # of what one acts on
    most_empty: float = 1.0
    paging: bool = True  # whether there may be controls for paging
    excuses: tuple[Excuse, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a picture, kind by kind."""

    seen: Seen
    faults: tuple[str, ...] = field(default_factory=tuple)


async def remember_canvases(context: BrowserContext) -> None:
    """Call before a page is opened: what is written into canvases is measured too."""
    await context.add_init_script(_CANVAS)


async def measure(page: Page, where: Where | None = None) -> Seen:
    """Measure a page as it is shown now. What lies outside of the window has no contrast."""
    found: dict[str, Any] = await page.evaluate(_MEASURE, asdict(where or Where()))
    return Seen(
        texts=found["texts"],
        panels=tuple(found["panels"]),
        overlaps=tuple(found["overlaps"]),
        cuts=tuple(found["cuts"]),
        contrasts=tuple((one["contrast"], one["text"]) for one in found["contrasts"]),
        sizes=tuple((one["size"], one["text"]) for one in found["sizes"]),
        paging=tuple(found["paging"]),
        empty=found["empty"],
    )


def judge(seen: Seen, wanted: Wanted) -> Verdict:
    """All that is wrong with what was seen."""
    faults = [f"overlap: {one}" for one in seen.overlaps]
    faults += [f"cut: {one}" for one in _together(unexcused(seen, wanted))]
    faults += [f"contrast: {one}" for one in seen.faint]
    faults += [f"small: {one}" for one in seen.small(wanted.least_px)]
    if not wanted.paging:
        faults += [f"paging: {one}" for one in seen.paging]
    if seen.empty > wanted.most_empty:
        faults.append(f"empty: {seen.empty:.0%} of the screen")
    if not seen.texts:
        faults.append("empty: no text at all")
    return Verdict(seen, tuple(faults))


def unexcused(seen: Seen, wanted: Wanted) -> list[str]:
    """The cuts that are held against a picture."""
    return [cut for cut in seen.cuts if not any(re.fullmatch(excuse.cuts, cut) for excuse in wanted.excuses)]


def excused(seen: Seen, wanted: Wanted) -> dict[str, int]:
    """How many cuts are not held against a picture, by the reason."""
    counts = {
        excuse.reason: sum(bool(re.fullmatch(excuse.cuts, cut)) for cut in seen.cuts)
        for excuse in wanted.excuses
    }
    return {reason: count for reason, count in counts.items() if count}


def _together(cuts: Sequence[str]) -> Iterator[str]:
    """What one box cuts of one panel, as one line: the first text and how many more.

    >>> list(
    ...     _together(
    ...         ['Teams: "vip" 9 px out of 90 px high', 'Teams: "7" 33 px out of 90 px high', "Teams scrolls"]
    ...     )
    ... )
    ['Teams: "vip" and 1 more 9 px out of 90 px high', 'Teams scrolls']
    """
    found: dict[tuple[str, str], list[str]] = {}  # by panel and box: how the first is cut, and all texts
    for cut in cuts:
        match = _CUT.fullmatch(cut)
        panel, text, how, _, box = match.groups() if match else (cut, "", "", "", "")
        found.setdefault((panel, box or how), [how]).append(text)
    for (panel, _), (how, *texts) in found.items():
        more = f" and {len(texts) - 1} more" if len(texts) > 1 else ""
        yield f'{panel}: "{texts[0]}"{more} {how}' if how else panel
