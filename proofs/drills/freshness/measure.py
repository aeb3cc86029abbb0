"""The three ways to an eye, each measured from its event.

They are a number on the wall, a query of a panel, and a page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from playwright.async_api import Page

from deskpulse.lab.demo import proof
from kpis.figures.kpi import live
from proofs.drills.freshness.site import Site, Slip, wall_ms
from proofs.programs import until

EVENTS: Final = 20
PAUSE_SECONDS: Final = 4.7  # no divisor of an interval: the events fall on all its moments
PANEL: Final = f'desk:{live.UNANSWERED.name}{{by="all"}}'  # what the boards ask for unanswered tickets
_POLL_SECONDS: Final = 0.2
_LONGEST_SECONDS: Final = 60.0  # from an event to the last who should know
_WATCH: Final = """() => {
  const seen = window.seen = {};
  const look = () => {
    const value = Number(document.querySelector("[data-tile=unanswered]")?.dataset.value);
    if (!(value in seen)) seen[value] = Date.now();
  };
  const everything = {attributes: true, childList: true, subtree: true};
  new MutationObserver(look).observe(document.documentElement, everything);
  look();
}"""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from each event to the eye."""

    way: str
    seconds: Sequence[float]
    more: str = ""

    def __str__(self) -> str:
        told = (
            f"{self.way}: p50 {median(self.seconds):.1f} s, worst {max(self.seconds):.1f} s (n "
            f"{len(self.seconds)})"
        )
        return f"{told}; {self.more}" if self.more else told


async def to_wall_and_panel(site: Site, page: Page) -> tuple[Times, Times]:
    """Twenty tickets, one after the other.

    For each it finds when the number on the wall, and Prometheus's answer to a panel, has the ticket.
    """
    before = await _settled(site, page)
    await page.evaluate(_WATCH)
    sent: list[int] = []
    answered: dict[float, int] = {}
    watching = asyncio.create_task(_watch_panel(site, before + EVENTS, answered))
    try:
        for _ in range(EVENTS):
            sent.append(wall_ms())
            await site.ticket(sent[-1])
            await asyncio.sleep(PAUSE_SECONDS)
        await asyncio.wait_for(watching, _LONGEST_SECONDS)
    finally:
        watching.cancel()
    seen: dict[float, int] = {
        float(value): at_ms
        for value, at_ms in (await page.evaluate("() => window.seen")).items()
        if value != "NaN"
    }
    every = f"a panel asks every {site.interval_seconds} s, so up to {site.interval_seconds} s more"
    return (
        Times("event to wall", _delays(sent, before, seen)),
        Times("event to Grafana panel", _delays(sent, before, answered), every),
    )


async def to_notice(site: Site, slip: Slip, began_ms: int) -> float:
    """Seconds from the first view that shows a slip until the notification is delivered.

    Waits on purpose are not counted.
    """
    held = await until(
        lambda: _holding(site, slip),
        seconds=_LONGEST_SECONDS,
        what=f"{slip.figure} of {slip.target}",
        poll_seconds=1.0,
    )
    waits = site.waits(slip)
    at_ms = await until(
        lambda: _told_ms(site, slip, began_ms),
        seconds=waits + _LONGEST_SECONDS,
        what=f"{slip.alert} of {slip.target}",
    )
    return float(at_ms) / 1000 - float(held) - waits


async def _settled(site: Site, page: Page) -> int:
    """How many tickets wait, once wall and panel agree."""

    async def agreed() -> int | None:
        shown = await page.locator("[data-tile=unanswered]").get_attribute("data-value")
        asked = await asyncio.to_thread(site.number, PANEL)
        return int(asked) if shown is not None and asked is not None and float(shown) == asked else None

    return int(await until(agreed, seconds=_LONGEST_SECONDS, what="a wall and a panel that agree"))


async def _watch_panel(site: Site, last: int, seen: dict[float, int]) -> None:
    while max(seen, default=0) < last:
        if (value := await asyncio.to_thread(site.number, PANEL)) is not None:
            seen.setdefault(value, wall_ms())
        await asyncio.sleep(_POLL_SECONDS)


def _delays(sent: Sequence[int], before: int, seen: Mapping[float, int]) -> list[float]:
    """Seconds until a number that holds the event was there. Several events may come with one number.

    >>> _delays([1_000, 2_000, 3_000], 7, {7.0: 0, 8.0: 1_500, 10.0: 4_000})
    [0.5, 2.0, 1.0]
    """
    return [
        (min(at_ms for value, at_ms in seen.items() if value >= before + number) - at) / 1000
        for number, at in enumerate(sent, start=1)
    ]


async def _holding(site: Site, slip: Slip) -> float | None:
    """The instant of a view, in seconds, in which the figure of the alert is there and not 0."""
    samples = await site.stack.scrape()
    wanted = {("target", slip.target), *([("window", slip.window)] if slip.window else [])}
    found = any(
        name == slip.figure and wanted <= labels and value for (name, labels), value in samples.items()
    )
    return proof.as_of(samples) / 1000 if found else None


def _told_ms(site: Site, slip: Slip, began_ms: int) -> int | None:
    return next(
        (one.received_ms for one in site.notices if slip.is_told_by(one) and one.received_ms >= began_ms),
        None,
    )
