"""`python -m proofs.drills.freshness`, `make freshness`: a line for each way to an eye.

Exit 0 only if a slip is reported as soon as promised.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from playwright.async_api import async_playwright

from deskpulse import exits
from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.kafka import LocalKafka
from proofs.drills.alerts.site import missing_tools
from proofs.drills.freshness.measure import Times, to_notice, to_wall_and_panel
from proofs.drills.freshness.site import SLIPS, Site, Slip, wall_ms
from proofs.local_prometheus import PrometheusError
from proofs.programs import Group
from tests.browser.chromium import CHROMIUM, launch, show, window

LONGEST_SECONDS: Final = 600.0  # on a machine that does much else; a quiet one needs four minutes at the most
_APART_SECONDS: Final = 7.3  # no divisor of an interval
_BEYOND: Final = "beyond what the rule waits and Alertmanager groups for on purpose"
PROMISED_INTERVALS: Final = 2  # of the rules, until a slip is told, beyond what the rule waits


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure once."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.drills.freshness", description="How soon the walls and the pager know."
    )
    parser.add_argument("--keep", action="store_true", help="keep logs and configurations")
    options = parser.parse_args(arguments)
    missing = missing_tools() + ([] if CHROMIUM.is_file() else ["chromium"])
    if missing:
        print(f"freshness: apt-get install --no-install-recommends {' '.join(missing)}", file=sys.stderr)
        return exits.USAGE
    for name in ("aiokafka", "asyncio"):  # they warn of every broker that goes
        logging.getLogger(name).setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="deskpulse-freshness-"))
    try:
        with LocalKafka(report=print, quick_start=True) as kafka, Group() as group:
            print(f"freshness: {kafka.name}", flush=True)
            kept = asyncio.run(_measure(Site(kafka.bootstrap, folder, group.number)))
    except BrokerError as error:
        print(f"freshness: {error}", file=sys.stderr)
        return exits.BROKER
    except (AssertionError, OSError, PrometheusError, TimeoutError) as error:
        print(f"freshness: it could not be measured: {error!r}; logs are in {folder}", file=sys.stderr)
        return exits.DIFFERENCE
    except KeyboardInterrupt:
        print("freshness: interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    if not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return exits.OK if kept else exits.DIFFERENCE


async def _measure(site: Site) -> bool:
    """Print what is found; whether a slip is told as soon as promised."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(LONGEST_SECONDS), async_playwright() as playwright:
            await site.start()
            print(
                f"freshness: scrapes every {site.interval_seconds} s, rules every {site.interval_seconds} s",
                flush=True,
            )
            browser = await launch(playwright)
            telling = [
                asyncio.create_task(_tell(site, slip, number * _APART_SECONDS))
                for number, slip in enumerate(SLIPS)
            ]
            # all tickets are sent before the first is counted
            await asyncio.sleep(len(SLIPS) * _APART_SECONDS)
            try:
                async with window(browser) as opened:
                    await show(opened, f"{site.stack.url}/?window=1h")
                    for times in await to_wall_and_panel(site, opened.page):
                        print(times, flush=True)
                told = Times("slip to notification", await asyncio.gather(*telling), _BEYOND)
            finally:
                for one in telling:
                    one.cancel()
                await browser.close()
    finally:
        site.stop()
    most = PROMISED_INTERVALS * site.interval_seconds
    print(f"{told}; promised are two rule intervals, {most} s", flush=True)
    print(f"freshness: {time.monotonic() - began:.0f} s", flush=True)
    return max(told.seconds) <= most


async def _tell(site: Site, slip: Slip, after_seconds: float) -> float:
    await asyncio.sleep(after_seconds)
    began_ms = wall_ms()
    await site.slip(slip)
    return await to_notice(site, slip, began_ms)


if __name__ == "__main__":
    raise SystemExit(main())
