"""Running a worker from start to end: the process, its signals and its exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Coroutine
from typing import Any

from aiokafka.errors import KafkaError
from faust.contrib.asgi import bind_to_running_loop

from agents.app import DeskApp, build_app
from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError, end_process
from agents.preflight import preflight
from agents.watch import Watch

logger = logging.getLogger("deskpulse.worker")

# Of new objects and of rounds: Python's own (700, 10, 10) spends a quarter of the time looking for cycles
# among rows that have none.
_GARBAGE = (100_000, 50, 100)


def run_worker(config: WorkerConfig) -> int:
    """Work until SIGTERM or SIGINT; the exit code.

    Main thread only; errors that leave no way back end the process from within.

    Logging is the caller's: the logger is `deskpulse.worker`.
    """
    # Their debug calls alone took a tenth of the time, since they format records.
    for name in ("aiokafka", "faust", "mode", "agents"):  # the last one: Faust's words about classes of ours
        logging.getLogger(name).setLevel(logging.WARNING)
    gc.set_threshold(*_GARBAGE)
    try:
        return asyncio.run(_run(config))
    except WorkerError as error:
        logger.critical("worker does not start, exit %d (%s): %s", error.code, error.code.name, error)
        return error.code


async def _run(config: WorkerConfig) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    partitions = await _unless_told(stop, preflight(config))
    if partitions is None:
        logger.info("stopped by a signal before the start")
        return Exit.OK
    logger.info(
        "start app_id=%s brokers=%s partitions=%d", config.app_id, ",".join(config.bootstrap), partitions
    )
    app = build_app(config)
    bind_to_running_loop(app)
    app.finalize()
    watch = asyncio.create_task(Watch(app).run(), name="watch")
    await _until_stopped(app, stop)
    watch.cancel()
    if app.crash_reason is not None:
        code = Exit.RETRY if isinstance(app.crash_reason, KafkaError) else Exit.CRASH
        end_process(
            code,
            f"Faust gave up: {app.crash_reason!r}; see the log before, the worker recovers when it is "
            "started again",
        )
    return await _leave(app, config)


async def _unless_told(stop: asyncio.Event, work: Coroutine[Any, Any, int]) -> int | None:
    """The result of the work; None when the signal comes first: silent brokers may take their time."""
    working, told = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait([working, told], return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if working.done():
        return working.result()
    working.cancel()
    return None


async def _until_stopped(app: DeskApp, stop: asyncio.Event) -> None:
    """Start Faust and wait for a signal or its end."""
    waiting = [
        asyncio.create_task(app.start(), name="start"),
        asyncio.create_task(stop.wait(), name="signal"),
    ]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    start, signalled = waiting
    if start.done():
        start.result()
        ended = asyncio.create_task(app.wait_until_stopped(), name="end")
        await asyncio.wait([signalled, ended], return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
    signalled.cancel()


async def _leave(app: DeskApp, config: WorkerConfig) -> int:
    """Finish the units in flight, commit, leave the group."""
    began, timeout_seconds = config.clock.elapsed(), config.stop_timeout_seconds
    stopping = asyncio.create_task(app.stop(), name="stop")
    # Not a timeout that cancels: what Faust awaits on its way may swallow that, and a write to a broker that
    # hangs is not to be waited for.
    done, _ = await asyncio.wait([stopping], timeout=timeout_seconds)
    if not done:
        end_process(
            Exit.RETRY,
            f"not stopped within {timeout_seconds:g} s; nothing is lost: other workers take over when the "
            "session expires",
        )
    stopping.result()
    logger.info("stopped seconds=%.1f events=%d", config.clock.elapsed() - began, app.ownership.tally.records)
    return Exit.OK
