"""Make a history and answer queries about it until Ctrl-C: see the package."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Sequence

from proofs.history import STORIES, made, serving
from proofs.history.make import HistoryError, PrometheusError


def main(arguments: Sequence[str] | None = None) -> int:
    """List the stories, or serve one."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.history", description="A Prometheus that has seen a simulated day."
    )
    parser.add_argument("story", nargs="?", choices=STORIES, help="without one they are listed")
    parser.add_argument("--port", type=int, help="on loopback (default: any free one)")
    parser.add_argument("--only-make", action="store_true", help="do not serve it")
    options = parser.parse_args(arguments)
    if options.story is None:
        for story in STORIES.values():
            print(f"{story.name:<10} now {story.now} ({story.now_seconds})  {story.about}")
        return 0
    story = STORIES[options.story]
    try:
        history = made(story)
        if options.only_make:
            return 0
        with serving(history, options.port) as prometheus:
            print(
                f"history: {story.name} on {prometheus.url}; its now is {story.now_seconds} ({story.now}); "
                "Ctrl-C ends it",
                flush=True,
            )
            ended = threading.Event()
            signal.signal(signal.SIGTERM, lambda *_: ended.set())
            with contextlib.suppress(KeyboardInterrupt):
                ended.wait()
    except (HistoryError, PrometheusError) as error:
        print(f"history: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
