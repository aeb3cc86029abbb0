"""The demo's first screen as a newcomer sees it.

`make demo-pictures` writes docs/pictures/demo-*.png (Chromium).
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, async_playwright

from deskpulse.lab.brokers.process import free_ports
from deskpulse.lab.demo import proof
from deskpulse.lab.demo.story import RATE
from kpis.figures.kpi import volume
from proofs.programs import end_all, start_program, until
from scripts.tidy import ROOT
from tests.browser.chromium import CHROMIUM, launch, show, window

SCENARIOS: Final = {"slip": "sla-slip", "calm": "calm"}
FOLDER: Final = ROOT / "docs" / "pictures"
_START_SECONDS: Final = 300.0
_PRESENT: Final = 0.5  # of the tickets of an hour: so many are only there when the history is told
_LAST_HOUR: Final = (
    volume.TICKETS.name,
    frozenset({("window", "1h"), ("period", "current"), ("by", "all"), ("member", "all")}),
)


def main() -> int:
    """Take the pictures."""
    if not CHROMIUM.is_file():
        print("demo-pictures: apt-get install chromium", file=sys.stderr)
        return 2
    asyncio.run(_take_all())
    return 0


async def _take_all() -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        for name, scenario in SCENARIOS.items():
            path = FOLDER / f"demo-{name}.png"
            shutil.copyfile(await _take(browser, name, scenario), path)
            print(f"demo-pictures: {path.relative_to(ROOT)}", flush=True)
        await browser.close()


async def _take(browser: Browser, name: str, scenario: str) -> Path:
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory() as folder:
        words = ("demo", "--port", str(port), "--scenario", scenario)
        program = start_program(*words, variables={}, log=Path(folder) / "demo.log")
        try:
            await until(
                partial(_told, f"http://127.0.0.1:{port}"),
                seconds=_START_SECONDS,
                what="the history",
                poll_seconds=2,
            )
            async with window(browser) as opened:
                await show(opened, f"http://127.0.0.1:{port}/")
                return await opened.shot(f"demo-{name}")
        finally:
            await program.end_well()
            end_all([program])


async def _told(url: str) -> bool:
    """Whether the history is counted up to now."""
    try:
        samples = await asyncio.to_thread(proof.scrape, url)
    except OSError:
        return False
    lag = sum(value for (name, _), value in samples.items() if name == "deskpulse_source_lag_records")
    return not lag and samples.get(_LAST_HOUR, 0.0) > _PRESENT * RATE


if __name__ == "__main__":
    raise SystemExit(main())
