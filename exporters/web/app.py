"""The pages: `/metrics` for Prometheus, `/healthz` and `/readyz` for probes.

The wall is at `/`, and `/api/...` is for programs.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections import Counter
from collections.abc import Callable, Collection
from typing import Final, cast

import msgspec
from aiohttp import web

from exporters.config import ExporterConfig
from exporters.metrics.collectors import new_registry
from exporters.metrics.exposition import choose
from exporters.reading.keeper import ViewKeeper
from exporters.reading.status import ReaderStatus
from exporters.snapshot import Snapshot
from exporters.wall.assets import ASSETS, LOGIN_PAGE, WALL_PAGE, asset
from exporters.wall.build import Compare, WallMaker, Wanted, pulse_of
from exporters.wall.stream import Screens
from exporters.web.access import Handler, host_middleware, login_handler, login_middleware, new_headers
from exporters.web.api import FILTERS, at_risk_json, kpis_json, reasons, unready
from exporters.web.openapi import document
from exporters.web.parameters import check_segment, check_teams, members_of, query_middleware, refusal
from exporters.web.quality import CSS, quality_json, quality_page
from exporters.web.session import Sessions
from kpis.figures.history import Choice

log: Final = logging.getLogger(__name__)
# text this regular shrinks twentyfold already, and a higher level costs more time than it saves
GZIP_LEVEL: Final = 1
AT_RISK_LIMIT: Final = 100
SCREENS: Final = web.AppKey("screens", Screens)


class Pages:
    """Request handlers over one keeper and the status of one reader."""

    def __init__(
        self,
        config: ExporterConfig,
        keeper: ViewKeeper,
        status: Callable[[], ReaderStatus],
        refused: Counter[str],
    ) -> None:
        self._desk = config.desk
        self._keeper = keeper
        self._status = status
        self._refused = refused
        self._last = Snapshot(0, status())
        self._registry = new_registry(lambda: self._last, config.buckets_seconds, config.desk)
        self._maker = WallMaker(config.wall, str(config.view_rules.zone), config.view_rules.policy)
        self.screens = Screens(
            self.snapshot, self._maker, config.wall.most_screens, keeper.news, keeper.now_ms
        )

    async def snapshot(self, choices: Collection[Choice] = ()) -> Snapshot:
        """The state of things, with the courses of these choices.

        There is no view before the whole ledger is read: a part must not be taken for the whole.
        """
        status, view, failed = self._status(), None, False
        if status.ready:
            try:
                view = await self._keeper.view(choices)
            except Exception:
                log.exception("the figures could not be computed")
                failed = True
        return Snapshot(
            self._keeper.now_ms(),
            status,
            view,
            self._keeper.build_seconds,
            failed=failed,
            refused=dict(self._refused),
            desk=self._desk,
        )

    async def metrics(self, request: web.Request) -> web.Response:
        """Everything, in the format that the scraper asks for."""
        encode, content_type = choose(request.headers.get("Accept", ""), self._desk)
        self._last = await self.snapshot()
        text = await asyncio.to_thread(lambda: encode(self._registry.collect()))
        return await _answer(request, text, content_type)

    async def api(self, request: web.Request) -> web.Response:
        """Current figures as JSON; `?window=1h,24h&by=team` and so on keep some of them."""
        asked = {name: request.query.getall(name) for name in FILTERS if name in request.query}
        wanted = {name: {part for text in texts for part in text.split(",")} for name, texts in asked.items()}
        snapshot = await self.snapshot()
        if "member" in asked:
            wanted["member"] = members_of(snapshot.view, asked["member"])
        return await _answer(request, kpis_json(snapshot, wanted), "application/json")

    async def at_risk(self, request: web.Request) -> web.Response:
        """Open tickets that are past a deadline or due soon, as JSON.

        `?team=billing&target=first_reply&limit=20` keep some of them.
        """
        targets = {target for text in request.query.getall("target", ()) for target in text.split(",")}
        wanted = {
            name: found
            for name, found in (("team", set(request.query.getall("team", ()))), ("target", targets))
            if found
        }
        snapshot = await self.snapshot()
        check_teams(snapshot.view, wanted.get("team", ()))
        return await _answer(
            request,
            at_risk_json(snapshot, wanted, int(request.query.get("limit", AT_RISK_LIMIT))),
            "application/json",
        )

    async def quality(self, request: web.Request) -> web.Response:
        """How good the data are, as JSON."""
        return await _answer(request, quality_json(await self.snapshot()), "application/json")

    async def quality_page(self, request: web.Request) -> web.Response:
        """The same for people."""
        text = quality_page(await self.snapshot(), request.headers.get("Accept-Language", ""))
        return await _answer(request, text.encode(), "text/html; charset=utf-8")

    async def quality_css(self, request: web.Request) -> web.Response:
        """How its page looks."""
        return await _answer(request, CSS.encode(), "text/css; charset=utf-8")

    async def wall(self, request: web.Request) -> web.Response:
        """What the wall shows of a choice, once."""
        wanted = _wanted(request)
        snapshot = await self.snapshot([wanted.choice])
        check_teams(snapshot.view, [wanted.choice.team] if wanted.choice.team else [])
        check_segment(snapshot.view, wanted.choice.segment)
        wall = await asyncio.to_thread(self._maker.wall, snapshot.view, wanted)
        body = {"pulse": pulse_of(snapshot, room=self.screens.has_room), "wall": wall}
        return await _answer(request, msgspec.json.encode(body), "application/json")

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """The same, pushed."""
        return await self.screens.serve(request, _wanted(request))

    async def openapi(self, request: web.Request) -> web.Response:
        """The description of `/api`."""
        return await _answer(request, msgspec.json.encode(document()), "application/json")

    async def healthz(self, _: web.Request) -> web.Response:
        """Alive."""
        return web.Response(text="ok\n")

    async def readyz(self, _: web.Request) -> web.Response:
        """503 with the reasons until the figures are those of the whole ledger.

        The answer also says whether the ledger is all there is.
        """
        snapshot = Snapshot(self._keeper.now_ms(), self._status())
        status, why = snapshot.status, unready(snapshot)
        workers = status.workers
        body = {
            "desk": self._desk,
            "ready": not why,
            "complete": status.complete,
            "reasons": reasons(snapshot),
            "hidden": sorted(status.hidden),
            "settings": [str(one) for one in status.settings],
            "partitions": {
                "expected": status.expected,
                "read": len(status.caught_up),
                "owned": len(workers.owners) if workers else None,
                "recovering": len(status.recovering) if workers else None,
            },
        }
        return web.Response(
            status=503 if why else 200, body=msgspec.json.encode(body), content_type="application/json"
        )


async def _answer(request: web.Request, body: bytes, content_type: str) -> web.Response:
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body = await asyncio.to_thread(gzip.compress, body, GZIP_LEVEL)
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, headers=headers)


def _wanted(request: web.Request) -> Wanted:
    """The choice in the query, which `query_middleware` has checked.

    Errors: HTTPBadRequest where it names a team and a segment.
    """
    asked = request.query
    if asked.get("team") and asked.get("segment"):
        raise refusal("team and segment: ask for one of them, no figure is kept by both")
    choice = Choice(asked.get("window", "24h"), asked.get("team") or None, asked.get("segment") or None)
    return Wanted(choice, cast("Compare", request.query.get("compare", "auto")))


def new_app(
    config: ExporterConfig, keeper: ViewKeeper, status: Callable[[], ReaderStatus]
) -> web.Application:
    """The application with all its routes: nothing can be changed through it, but for logging in."""
    refused: Counter[str] = Counter()
    pages, sessions = Pages(config, keeper, status, refused), Sessions(config)
    login = login_middleware(config, sessions, LOGIN_PAGE.body, refused)
    doors = [host_middleware(config, refused), login, query_middleware]
    app = web.Application(middlewares=doors, client_max_size=1024)
    routes: dict[str, Handler] = {
        "/": asset(WALL_PAGE),
        "/login": asset(LOGIN_PAGE),
        "/metrics": pages.metrics,
        "/api/kpis": pages.api,
        "/api/at-risk": pages.at_risk,
        "/api/quality": pages.quality,
        "/quality": pages.quality_page,
        "/quality.css": pages.quality_css,
        "/api/wall": pages.wall,
        "/api/openapi.json": pages.openapi,
        "/healthz": pages.healthz,
        "/readyz": pages.readyz,
        **{f"/assets/{name}": asset(one) for name, one in ASSETS.items()},
    }
    for path, handler in routes.items():
        app.router.add_get(path, handler)
    app.router.add_get("/api/stream", pages.stream, allow_head=False)
    app.router.add_post("/login", login_handler(config, sessions, refused))
    app.on_response_prepare.append(new_headers(sessions))
    app[SCREENS] = pages.screens
    app.on_shutdown.append(lambda _: pages.screens.close())
    return app
