"""`python -m proofs.drills.alerts [--only NAME | --lapse] [--speed N] [--seed N] [--keep]`.

A line a scenario; 0 only if all match.
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
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from deskpulse import exits
from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.kafka import LocalKafka
from proofs.drills.alerts import lapses, pace
from proofs.drills.alerts.drills import DRILLS, MINUTE_MS, Drill
from proofs.drills.alerts.site import Pacing, Site, impossible, missing_tools
from proofs.drills.alerts.verdict import Verdict, is_complete, judge
from proofs.local_prometheus import PrometheusError
from proofs.programs import Group

# 11:00 in Madrid: an ordinary morning, the same for every run
TUESDAY: Final = datetime(2026, 3, 3, 10, tzinfo=UTC)
# until the history is counted, at the fastest; so many times longer as the clock is slower
_START_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 0.2
_TELL_SECONDS: Final = 20.0
_LAST_WORDS_SECONDS: Final = 3.0  # for what was decided in the last moment and is on its way


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the drills one after the other."""
    options = _options(arguments)
    if missing := missing_tools():
        print(
            "e2e-alerts: needs Prometheus and Alertmanager: apt-get install --no-install-recommends "
            f"{' '.join(missing)}",
            file=sys.stderr,
        )
        return exits.USAGE
    speed = options.speed or (1.0 if options.lapse else pace.affordable(pace.share()))
    pacing = Pacing(round(TUESDAY.timestamp() * 1000), speed, options.seed, options.rate)
    with tempfile.TemporaryDirectory() as folder:
        if why := impossible(pacing.speed, pacing.origin_ms, Path(folder)):
            print(f"e2e-alerts: --speed {pacing.speed:g} is too fast: {why[0]}", file=sys.stderr)
            return exits.USAGE
    told = [] if options.only else lapses.run(round(TUESDAY.timestamp() * 1000), options.seed)
    if options.lapse:
        return exits.DIFFERENCE if any(told) else exits.OK
    for name in ("aiokafka", "asyncio"):  # they warn of every broker that goes
        logging.getLogger(name).setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        found = _run_all(
            [drill for drill in DRILLS if not options.only or drill.name in options.only],
            pacing,
            keep=options.keep,
        )
        return exits.DIFFERENCE if any(told) else found
    except BrokerError as error:
        print(f"e2e-alerts: {error}", file=sys.stderr)
        return exits.BROKER
    except KeyboardInterrupt:
        print("e2e-alerts: interrupted", file=sys.stderr)
        return exits.INTERRUPTED


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m proofs.drills.alerts", description="Alerts from a slip of the desk to the receiver."
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=[drill.name for drill in DRILLS],
        help="one scenario instead of all, and no time-lapse; repeatable",
    )
    parser.add_argument(
        "--lapse", action="store_true", help="the time-lapse alone: a slip and 24 h of calm, without Kafka"
    )
    parser.add_argument(
        "--speed",
        type=float,
        help=f"times as fast as ours that the clock of the desk runs (without it {pace.FASTEST:g}, slower on "
        "a busy machine)",
    )
    parser.add_argument(
        "--rate", type=float, help="mean of new tickets an hour, instead of what each scenario has"
    )
    parser.add_argument("--seed", type=int, default=1, help="same seed, same events (%(default)s)")
    parser.add_argument(
        "--keep", action="store_true", help="keep logs and configurations also when all is well"
    )
    options = parser.parse_args(arguments)
    if (options.speed is not None and options.speed < 1) or (options.rate is not None and options.rate <= 0):
        parser.error("--speed must be 1 or more, --rate above 0")
    return options


def _run_all(drills: Sequence[Drill], pacing: Pacing, *, keep: bool) -> int:
    began = time.monotonic()
    print(
        f"e2e-alerts: the clock of the desk, and what the rules wait for it, run {pacing.speed:g} times as "
        f"fast; seed {pacing.seed}",
        flush=True,
    )
    failed = 0
    with LocalKafka(report=print, quick_start=True) as kafka, Group() as group:
        for drill in drills:
            folder = Path(tempfile.mkdtemp(prefix=f"deskpulse-{drill.name}-"))
            verdict = asyncio.run(_run(drill, pacing, kafka.bootstrap, folder, group.number))
            print(verdict, flush=True)
            failed += bool(verdict.faults)
            if verdict.faults or keep:
                print(f"... {drill.name}: logs and configurations are in {folder}", flush=True)
            else:
                shutil.rmtree(folder, ignore_errors=True)
    print(
        f"e2e-alerts: {len(drills)} scenarios, {failed} failed, {time.monotonic() - began:.0f} s", flush=True
    )
    return exits.DIFFERENCE if failed else exits.OK


async def _run(drill: Drill, pacing: Pacing, bootstrap: str, folder: Path, group: int) -> Verdict:
    """One drill from its history to its verdict. Whatever goes wrong on the way is part of the verdict."""
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"... {drill.name}: {line} ({time.monotonic() - began:.0f} s)", flush=True)

    site = Site(drill, pacing, bootstrap, folder, group, say)
    seen: list[str] = []
    try:
        async with asyncio.timeout(_START_SECONDS * pacing.patience):
            await site.start()
        say("the history is counted and the watchdog delivered: the clock starts")
        async with asyncio.timeout(drill.minutes * 60 / pacing.speed + 60):
            await _play(site, say)
        say(str(site.scrapes()))
        seen = site.faults()
    except TimeoutError:
        seen = ["it took longer than it may"]
    except (AssertionError, OSError, PrometheusError) as error:
        seen = [f"it could not be run: {error}"]
    finally:
        site.stop()
    return judge(drill, pacing.speed, pacing.moment_ms, site.notices, seen)


async def _play(site: Site, say: Callable[[str], None]) -> None:
    """Let the clock run until the end of the story, or until all has arrived that is expected."""
    site.clock.start()
    sending = asyncio.create_task(site.send_live())
    end_ms = site.pacing.origin_ms + site.drill.minutes * MINUTE_MS
    told = time.monotonic()
    try:
        while (now_ms := site.clock.now_ms()) < end_ms:
            if site.drill.ends_early and is_complete(site.drill, site.notices):
                break
            if sending.done():
                sending.result()
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                minute = (now_ms - site.pacing.origin_ms) // MINUTE_MS
                say(
                    f"minute {minute} of at most {site.drill.minutes} of the desk, {len(site.notices)} "
                    "notices so far"
                )
            await asyncio.sleep(_POLL_SECONDS)
        await asyncio.sleep(_LAST_WORDS_SECONDS)
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


if __name__ == "__main__":
    raise SystemExit(main())
