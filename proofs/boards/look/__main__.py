"""Take the pictures, measure them, tell a line each: see the package."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from playwright.async_api import async_playwright

from deskpulse.lab.simulator import DEFAULT_DESK
from proofs.boards.look.frontend import Frontend, FrontendError
from proofs.boards.look.measures import excused, judge, unexcused
from proofs.boards.look.pictures import NO_PROMETHEUS, Picture, pictures
from proofs.boards.look.server import Grafana, running
from proofs.boards.look.viewer import CHROMIUM, Shot, launch, shoot
from proofs.history import STORIES, made, serving
from proofs.history.make import HistoryError, PrometheusError, missing_tools
from proofs.history.stories import SCRAPE_SECONDS, Story
from scripts.boards.generate import FOLDER as FOLDER_OF_BOARDS
from scripts.boards.generate import files
from scripts.tidy import ROOT

SCREENS: Final = ROOT / "build" / "screens" / "grafana"
BOARDS: Final = ROOT / "monitoring" / "dashboards"
FOLDER: Final = "GRAFANA_PUBLIC"
REQUIRED: Final = "REQUIRE_FRONTEND"
_NOBODY: Final = "http://127.0.0.1:9"  # where nothing listens
_SHOWN: Final = 6  # faults of a picture


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at the boards.

    Exit 0 when nothing is wrong or nothing can be looked at, 1 when something is, 2 for a wrong use.
    """
    parser = argparse.ArgumentParser(
        prog="python -m proofs.boards.look", description="The boards as Grafana draws them, measured."
    )
    parser.add_argument(
        "--public",
        type=Path,
        help=f"Grafana's folder public/, with build/assets-manifest.json (default: ${FOLDER})",
    )
    parser.add_argument(
        "--boards", type=Path, default=BOARDS, help="folder of dashboards (default: monitoring/dashboards)"
    )
    parser.add_argument(
        "--only",
        default="",
        metavar="WORDS",
        help="pictures whose line has all these words, such as 'wall 1366x768 es-ES'",
    )
    parser.add_argument(
        "--faults",
        type=int,
        default=_SHOWN,
        metavar="N",
        help=f"faults told of a picture (default: {_SHOWN})",
    )
    parser.add_argument("--list", action="store_true", help="list the pictures and take none")
    parser.add_argument("--serve", choices=STORIES, help="serve the boards at a story instead, until Ctrl-C")
    parser.add_argument("--port", type=int, default=0, help="of --serve (default: any free one)")
    options = parser.parse_args(arguments)
    wanted = [picture for picture in pictures() if set(options.only.split()) <= set(picture.line.split())]
    if options.list:
        print("\n".join(picture.line for picture in wanted))
        return 0
    if not wanted:
        print(f"boards-look: no picture has the words {options.only!r}: --list shows them", file=sys.stderr)
        return 2
    try:
        frontend = _frontend(options.public)
        if options.serve:
            return asyncio.run(_serve(frontend, options.boards, options.serve, options.port))
        return asyncio.run(_look(frontend, options.boards, wanted, options.faults))
    except FrontendError as error:
        return _skip(str(error))
    except (HistoryError, PrometheusError) as error:
        print(f"boards-look: {error}", file=sys.stderr)
    return 1


def _frontend(given: Path | None) -> Frontend:
    folder = given or (Path(os.environ[FOLDER]) if os.environ.get(FOLDER) else None)
    if folder is None:
        raise FrontendError(
            f"Grafana's built frontend is not at hand: ${FOLDER} or --public names its folder public/"
        )
    if missing := missing_tools():
        raise FrontendError(
            f"{missing[0]} is not installed: apt-get install --no-install-recommends prometheus"
        )
    if not CHROMIUM.is_file():
        raise FrontendError(f"no Chromium at {CHROMIUM}: $CHROMIUM names it")
    return Frontend(folder)


def _skip(reason: str) -> int:
    required = os.environ.get(REQUIRED, "") not in ("", "0")
    print(
        f"boards-look: {f'{REQUIRED} is set, and ' if required else 'skipped: '}{reason}",
        file=sys.stderr if required else sys.stdout,
    )
    return int(required)


async def _look(frontend: Frontend, boards: Path, wanted: Sequence[Picture], most_faults: int) -> int:
    began = time.monotonic()
    SCREENS.mkdir(parents=True, exist_ok=True)
    bad = overlaps = cuts = excepted = 0
    contrast = 21.0
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        for name, some in itertools.groupby(wanted, key=lambda picture: picture.story):
            story = STORIES["slip" if name == NO_PROMETHEUS else name]
            with _prometheus(name) as address, _boards_of(story, boards) as own:
                grafana = Grafana(frontend, address, own, SCRAPE_SECONDS)
                async with running(grafana):
                    for picture in some:
                        shot = await shoot(browser, grafana, picture, story.now_ms, SCREENS)
                        faults = _tell(shot, grafana, most_faults)
                        bad += bool(faults)
                        excepted += bool(picture.exception or excused(shot.seen, picture.wanted))
                        overlaps, cuts = (
                            overlaps + len(shot.seen.overlaps),
                            cuts + len(unexcused(shot.seen, picture.wanted)),
                        )
                        contrast = min(contrast, shot.seen.contrast)
        await browser.close()
    print(
        f"boards-look: {len(wanted)} pictures in {SCREENS.relative_to(ROOT)}, {bad} with faults, {excepted} "
        "with a stated exception; "
        f"overlaps {overlaps}, cuts {cuts}, least contrast {contrast:.1f}; {time.monotonic() - began:.0f} s"
    )
    return 1 if bad else 0


@contextlib.contextmanager
def _prometheus(name: str) -> Iterator[str]:
    if name == NO_PROMETHEUS:
        yield _NOBODY
        return
    with serving(made(STORIES[name])) as prometheus:
        yield prometheus.url


@contextlib.contextmanager
def _boards_of(story: Story, boards: Path) -> Iterator[Path]:
    """The boards of a desk: those of the folder, or boards made with the desk's settings.

    They are made where the desk has other teams than the boards of the folder know.
    """
    teams = story.settings.desk.members.team or ()
    if boards != BOARDS or len(teams) == len(DEFAULT_DESK.teams):
        yield boards
        return
    with tempfile.TemporaryDirectory(prefix="deskpulse-boards-") as folder:
        for path, text in files(teams).items():
            at = Path(folder) / path.relative_to(FOLDER_OF_BOARDS)
            at.parent.mkdir(exist_ok=True)
            at.write_text(text, encoding="utf-8")
        yield Path(folder)


def _tell(shot: Shot, grafana: Grafana, most: int) -> list[str]:
    """Print the line of a picture and its faults; returns those."""
    seen, picture = shot.seen, shot.picture
    faults = [*judge(seen, picture.wanted).faults, *shot.faults]
    if picture.story != NO_PROMETHEUS:
        faults += [f"query: {one}" for one in grafana.failed]
    faults += [f"no answer for {one}" for one in dict.fromkeys(grafana.unknown)]
    grafana.failed.clear()
    grafana.unknown.clear()
    cuts, others = len(unexcused(seen, picture.wanted)), excused(seen, picture.wanted)
    exceptions = [picture.exception, *(f"{count} cuts: {reason}" for reason, count in others.items())]
    told = "; ".join(filter(None, exceptions))
    least = f", least text {seen.sizes[0][0]:.0f} px" if seen.sizes and picture.wall else ""
    print(
        f"{picture.line}: overlaps {len(seen.overlaps)}, cuts {cuts}, least contrast "
        f"{seen.contrast:.1f}{least}"
        f"{f', empty {seen.empty:.0%}' if picture.wall else ''}{'' if faults else ', good'}"
        f"{f'; exception: {told}' if told else ''}",
        flush=True,
    )
    for fault in faults[:most]:
        print(f"    {fault}")
    if len(faults) > most:
        print(f"    and {len(faults) - most} more")
    return faults


async def _serve(frontend: Frontend, boards: Path, name: str, port: int) -> int:
    story = STORIES[name]
    with serving(made(story)) as prometheus:
        async with running(Grafana(frontend, prometheus.url, boards, SCRAPE_SECONDS), port) as url:
            span = f"from={story.now_ms - 8 * 3_600_000}&to={story.now_ms}"
            print(
                f"boards-look: {url}d/deskpulse-wall/x?kiosk&{span} shows {name} at {story.now}; Ctrl-C "
                "ends it",
                flush=True,
            )
            ended = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
            await ended.wait()
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        raise SystemExit(main())
