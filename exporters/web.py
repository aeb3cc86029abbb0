"""The pages: `/metrics` for Prometheus, `/healthz` and `/readyz` for probes, `/` and `/api/kpis` for people."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Final

import msgspec
from aiohttp import web

from exporters.api import AT_RISK_FILTERS, FILTERS, MOST_AT_RISK, at_risk_json, kpis_json, reasons, unready
from exporters.clock import ViewKeeper, wall_ms
from exporters.collectors import new_registry
from exporters.config import ExporterConfig
from exporters.door import Handler, add_headers, login_middleware
from exporters.exposition import choose
from exporters.snapshot import Snapshot
from exporters.status import ReaderStatus

log: Final = logging.getLogger(__name__)
GZIP_LEVEL: Final = 1  # text this regular shrinks twentyfold already, and a higher level costs more time than it saves
AT_RISK_LIMIT: Final = 100
STATIC: Final = {"/": ("page.html", "text/html"), "/page.css": ("page.css", "text/css"), "/page.js": ("page.js", "text/javascript")}


class Pages:
    """Request handlers over one keeper and the status of one reader."""

    def __init__(self, config: ExporterConfig, keeper: ViewKeeper, status: Callable[[], ReaderStatus]) -> None:
        self._keeper = keeper
        self._status = status
        self._last = Snapshot(0, status())
        self._registry = new_registry(lambda: self._last, config.buckets_seconds)

    async def snapshot(self) -> Snapshot:
        """The state of things. There is no view before the whole ledger is read: a part must not be taken for the whole."""
        status, view, failed = self._status(), None, False
        if status.ready:
            try:
                view = await self._keeper.view()
            except Exception:
                log.exception("the figures could not be computed")
                failed = True
        return Snapshot(wall_ms(), status, view, self._keeper.build_seconds, failed=failed)

    async def metrics(self, request: web.Request) -> web.Response:
        """Everything, in the format that the scraper asks for."""
        encode, content_type = choose(request.headers.get("Accept", ""))
        self._last = await self.snapshot()
        text = await asyncio.to_thread(lambda: encode(self._registry.collect()))
        return await _answer(request, text, content_type)

    async def api(self, request: web.Request) -> web.Response:
        """Current figures as JSON; `?window=1h,24h&by=team` and so on keep some of them."""
        asked = {name: request.query.getall(name) for name in FILTERS if name in request.query}
        wanted = {name: {part for text in texts for part in text.split(",")} for name, texts in asked.items()}
        return await _answer(request, kpis_json(await self.snapshot(), wanted), "application/json")

    async def at_risk(self, request: web.Request) -> web.Response:
        """Open tickets that are past a deadline or due soon, as JSON; `?team=billing&target=first_reply&limit=20` keep some of them."""
        text = request.query.get("limit", str(AT_RISK_LIMIT))
        if not text.isdecimal() or not 1 <= int(text) <= MOST_AT_RISK:
            return web.Response(status=400, text=f"limit={text!r}: write a number from 1 to {MOST_AT_RISK}\n")
        wanted = {name: set(request.query.getall(name)) for name in AT_RISK_FILTERS if name in request.query}
        return await _answer(request, at_risk_json(await self.snapshot(), wanted, int(text)), "application/json")

    async def healthz(self, _: web.Request) -> web.Response:
        """Alive."""
        return web.Response(text="ok\n")

    async def readyz(self, _: web.Request) -> web.Response:
        """503 with the reasons until the figures are those of the whole ledger; beside it, whether the ledger is all there is."""
        snapshot = Snapshot(wall_ms(), self._status())
        status, why = snapshot.status, unready(snapshot)
        workers = status.workers
        body = {
            "ready": not why,
            "complete": status.complete,
            "reasons": reasons(snapshot),
            "partitions": {
                "expected": status.expected,
                "read": len(status.caught_up),
                "owned": len(workers.owners) if workers else None,
                "recovering": len(status.recovering) if workers else None,
            },
        }
        return web.Response(status=503 if why else 200, body=msgspec.json.encode(body), content_type="application/json")


async def _answer(request: web.Request, body: bytes, content_type: str) -> web.Response:
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body = await asyncio.to_thread(gzip.compress, body, GZIP_LEVEL)
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, headers=headers)


def _static(name: str, content_type: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    text = resources.files("exporters").joinpath(name).read_text(encoding="utf-8")

    async def serve(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, content_type=content_type, headers={"Cache-Control": "no-cache"})

    return serve


def new_app(config: ExporterConfig, keeper: ViewKeeper, status: Callable[[], ReaderStatus]) -> web.Application:
    """The application with all its routes, for GET and HEAD only."""
    pages = Pages(config, keeper, status)
    app = web.Application(middlewares=[login_middleware(config)], client_max_size=1024)
    routes: dict[str, Handler] = {
        "/metrics": pages.metrics,
        "/api/kpis": pages.api,
        "/api/at-risk": pages.at_risk,
        "/healthz": pages.healthz,
        "/readyz": pages.readyz,
        **{path: _static(name, content_type) for path, (name, content_type) in STATIC.items()},
    }
    for path, handler in routes.items():
        app.router.add_get(path, handler)
    app.on_response_prepare.append(add_headers)
    return app
