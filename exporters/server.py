"""The exporter as a process: reader and web server together, until it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from aiohttp import web

from exporters.config import ConfigError, ExporterConfig
from exporters.errors import ExporterError, ListenError
from exporters.reading.keeper import ViewKeeper
from exporters.reading.reader import LedgerReader
from exporters.web.app import new_app

log: Final = logging.getLogger(__name__)
OK: Final = 0
USAGE: Final = 2
BROKER: Final = 3
SHUTDOWN_SECONDS: Final = 2.0
CANCEL_SECONDS: Final = 1.0  # between two cancellations of what does not end
OnReady = Callable[[str], Awaitable[None] | None]


async def serve(config: ExporterConfig, *, on_ready: OnReady | None = None) -> None:
    """Serve until cancelled.

    `on_ready(url)` is called once the whole ledger is read and the first view is built. Errors: ListenError;
    UnreachableError and TopicsError at the start. Later `/readyz` reports these two, and the exporter waits
    for the brokers.
    """
    # Each screen may show something else, and a few requests beside them.
    keeper = ViewKeeper(
        config.view_rules, config.clock, **config.time._asdict(), most_choices=config.wall.most_screens + 10
    )
    reader = LedgerReader(config, keeper)
    async with _listening(config, new_app(config, keeper, reader.status)) as url:
        log.info("listening on %s", url)
        reading = asyncio.create_task(reader.run())
        try:
            await reader.first_contact()
            await reader.first_ready()
            await keeper.view()
            log.info("the ledger has been read: figures on %s", url)
            if on_ready is not None and inspect.isawaitable(told := on_ready(url)):
                await told
            await reading
        finally:
            await _ended(reading)


def run(config: ExporterConfig) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code of the process."""
    try:
        asyncio.run(_until_told(config))
    except (ConfigError, ListenError) as error:
        log.error("%s", error)  # noqa: TRY400 - for a person: the message says it all
        return USAGE
    except ExporterError as error:
        log.error("%s", error)  # noqa: TRY400
        return BROKER
    return OK


async def _until_told(config: ExporterConfig) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(serve(config))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if serving.done():
        serving.result()
        return
    log.info("stopping on a signal")
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task until it has ended.

    A client that is just connecting or stopping may swallow a cancellation.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=CANCEL_SECONDS)
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


@contextlib.asynccontextmanager
async def _listening(config: ExporterConfig, app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        host = config.host.strip("[]")
        site = web.TCPSite(runner, host, config.port, ssl_context=_tls(config))
        try:
            await site.start()
        except OSError as error:
            raise ListenError(
                f"cannot listen on {config.host} port {config.port}: {error.strerror or error}; stop the "
                "program that listens there, or set exporter.host and exporter.port "
                "(DESKPULSE_EXPORTER__HOST, DESKPULSE_EXPORTER__PORT)"
            ) from error
        port = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        yield f"{'https' if config.uses_tls else 'http'}://{shown}:{port}"
    finally:
        await runner.cleanup()


def _tls(config: ExporterConfig) -> ssl.SSLContext | None:
    if config.cert_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(config.cert_file, config.key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"exporter.cert_file and exporter.key_file cannot be loaded: {error}; use PEM files that belong "
            "together"
        ) from error
    return context
