"""The few HTTP APIs of Grafana that its frontend needs to show a board, on loopback.

Nothing can be saved, and nobody logs in.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from aiohttp.typedefs import Handler

from proofs.boards.look import boot
from proofs.boards.look.frames import frames
from proofs.boards.look.frontend import Frontend, Json
from proofs.boards.look.steps import Range, duration_ms, filled, stepped

_ANSWERS: Final[Mapping[str, Any]] = {  # what the frontend asks for, and needs no answer to
    "/api/annotations": [],
    "/api/annotations/tags": {"result": {"tags": []}},
    "/api/user/orgs": [{"orgId": 1, "name": "Main Org.", "role": "Viewer"}],
    "/api/user/preferences": {"navbar": {"bookmarkUrls": []}},
    "/api/plugins": [],
    "/api/frontend-metrics": {},
    "/api/access-control/user/permissions": {},
    "/api/prometheus/grafana/api/v1/rules": {"status": "success", "data": {"groups": []}},
}
_TIMEOUT: Final = ClientTimeout(total=30)
_NEVER: Final = "2026-01-01T00:00:00Z"


class QueryError(Exception):
    """Prometheus refused a query, or did not answer."""


@dataclass
class Grafana:
    """What is served. Boards are read anew at each request, so who changes them need not start again."""

    frontend: Frontend
    prometheus: str  # address, on loopback
    boards: Path  # folder of dashboards, with its sub-folders
    scrape_seconds: int = 60
    url: str = ""
    failed: list[str] = field(default_factory=list)  # queries that failed, with their reason
    unknown: list[str] = field(default_factory=list)  # what the frontend asked for, and nobody knows
    session: ClientSession | None = None
    _open: int = 0  # requests that are being answered
    _heard: float = 0.0  # when the last one was answered, on the clock of the event loop

    async def quiet(self, seconds: float, *, limit_seconds: float) -> bool:
        """Wait until nobody has asked anything for so long; False after the limit."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + limit_seconds
        while clock() < deadline:
            if not self._open and clock() - self._heard > seconds:
                return True
            await asyncio.sleep(0.05)
        return False

    def dashboards(self) -> Iterator[Json]:
        """Every dashboard of the folder."""
        for path in sorted(self.boards.rglob("*.json")):
            model = json.loads(path.read_text(encoding="utf-8"))
            if model.get("uid") and "panels" in model:
                yield model

    def application(self) -> web.Application:
        """The server."""
        app = web.Application(client_max_size=64 << 20, middlewares=[self._listen])
        app.router.add_get("/public/{name:.*}", self._file)
        app.router.add_get("/api/frontend/settings", self._settings)
        app.router.add_get("/api/dashboards/uid/{uid}", self._dashboard)
        app.router.add_get("/api/search", self._search)
        app.router.add_post("/api/ds/query", self._query)
        app.router.add_route("*", "/api/datasources/uid/{uid}/resources/{path:api/v1/.*}", self._resource)
        app.router.add_route("*", "/{path:.*}", self._other)
        app.cleanup_ctx.append(self._connected)
        return app

    async def _connected(self, _: web.Application) -> AsyncIterator[None]:
        async with ClientSession(timeout=_TIMEOUT) as self.session:
            yield

    @web.middleware
    async def _listen(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._open += 1
        try:
            return await handler(request)
        finally:
            self._open -= 1
            self._heard = asyncio.get_running_loop().time()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = self.frontend.file(request.match_info["name"])
        if path is None:
            self.unknown.append(request.path)
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "max-age=3600"})

    async def _settings(self, _: web.Request) -> web.Response:
        return web.json_response(boot.settings(self.frontend, self.url, self.scrape_seconds))

    async def _dashboard(self, request: web.Request) -> web.Response:
        for number, model in enumerate(self.dashboards(), 1):
            if model["uid"] == request.match_info["uid"]:
                return web.json_response(
                    {"meta": _meta(model), "dashboard": {**model, "id": number, "version": 1}}
                )
        return web.json_response({"message": "Dashboard not found"}, status=404)

    async def _search(self, request: web.Request) -> web.Response:
        tags = set(request.query.getall("tag", []))
        found = [
            {
                "id": number,
                "uid": model["uid"],
                "title": model["title"],
                "url": _url(model),
                "type": "dash-db",
                "tags": model.get("tags", []),
            }
            for number, model in enumerate(self.dashboards(), 1)
            if tags <= set(model.get("tags", []))
        ]
        return web.json_response(found)

    async def _query(self, request: web.Request) -> web.Response:
        asked = await request.json()
        start, end = int(asked["from"]), int(asked["to"])
        answers = await asyncio.gather(*(self._answer(query, start, end) for query in asked["queries"]))
        results = {query["refId"]: answer for query, answer in zip(asked["queries"], answers, strict=True)}
        wrong = sum("error" in answer for answer in answers)
        return web.json_response(
            {"results": results}, status=200 if not wrong else 400 if wrong == len(answers) else 207
        )

    async def _answer(self, query: Json, start: int, end: int) -> Json:
        scrape = self.scrape_seconds * 1000
        least = duration_ms(query.get("interval")) or scrape
        span = stepped(
            start,
            end,
            points=query.get("maxDataPoints") or 1_500,
            least=least,
            factor=query.get("intervalFactor") or 1,
        )
        expression = filled(query.get("expr", ""), start=start, end=end, step=span.step, scrape=scrape)
        found: list[Json] = []
        if not expression:
            return {"status": 200, "frames": found}
        instant = bool(query.get("instant"))
        try:
            if query.get("range") or not instant:
                found += await self._frames(query, expression, span)
            if instant:
                found += await self._frames(query, expression, Range(end, end, span.step), instant=True)
        except QueryError as error:
            self.failed.append(f"{expression}: {error}")
            return {"status": 400, "error": str(error), "errorSource": "downstream", "frames": []}
        return {"status": 200, "frames": found}

    async def _frames(
        self, query: Json, expression: str, span: Range, *, instant: bool = False
    ) -> list[Json]:
        times = (
            {"time": span.end / 1000}
            if instant
            else {"start": span.start / 1000, "end": span.end / 1000, "step": span.step / 1000}
        )
        assert self.session is not None
        path = f"{self.prometheus}/api/v1/{'query' if instant else 'query_range'}"
        try:
            async with self.session.post(path, data={"query": expression, **times}) as response:
                answer = await response.json()
        except (ClientError, TimeoutError, ValueError) as error:
            raise QueryError(f'Post "{path}": {error}') from error
        if answer.get("status") != "success":
            raise QueryError(answer.get("error", "no answer"))
        return frames(
            answer["data"],
            query["refId"],
            legend=query.get("legendFormat"),
            expression=expression,
            step_ms=span.step,
        )

    async def _resource(self, request: web.Request) -> web.Response:
        assert self.session is not None
        form = await request.post() if request.method == "POST" else None
        pairs = [(name, value) for name, value in form.items() if isinstance(value, str)] if form else None
        address = f"{self.prometheus}/{request.match_info['path']}"
        try:
            async with self.session.request(
                request.method, address, params=request.query, data=pairs
            ) as response:
                return web.Response(
                    body=await response.read(), status=response.status, content_type="application/json"
                )
        except (ClientError, TimeoutError) as error:
            return web.json_response({"message": str(error)}, status=502)

    async def _other(self, request: web.Request) -> web.Response:
        if request.path in _ANSWERS:
            return web.json_response(_ANSWERS[request.path])
        if re.match(r"/apis?/", request.path):
            self.unknown.append(f"{request.method} {request.path}")
            return web.json_response({})
        language, theme = request.query.get("lang", "en-US"), request.query.get("theme", "dark")
        if theme not in ("dark", "light") or not re.fullmatch(r"[a-z]{2}-[A-Z]{2}", language):
            raise web.HTTPBadRequest(text="theme is dark or light, lang such as es-ES")
        text = boot.page(self.frontend, self.url, self.scrape_seconds, language=language, theme=theme)
        return web.Response(text=text, content_type="text/html")


@asynccontextmanager
async def running(grafana: Grafana, port: int = 0) -> AsyncIterator[str]:
    """Serve on loopback; gives the address."""
    runner = web.AppRunner(grafana.application(), shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        grafana.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        yield grafana.url
    finally:
        await runner.cleanup()


def _slug(model: Json) -> str:
    return re.sub(r"[^a-z0-9]+", "-", model["title"].lower()).strip("-")


def _url(model: Json) -> str:
    return f"/d/{model['uid']}/{_slug(model)}"


def _meta(model: Json) -> Json:
    nobody = dict.fromkeys(("canAdd", "canEdit", "canDelete"), False)
    return {
        **dict.fromkeys(
            (
                "canSave",
                "canEdit",
                "canAdmin",
                "canStar",
                "canDelete",
                "hasAcl",
                "isFolder",
                "publicDashboardEnabled",
            ),
            False,
        ),
        "type": "db",
        "slug": _slug(model),
        "url": _url(model),
        "created": _NEVER,
        "updated": _NEVER,
        "expires": "0001-01-01T00:00:00Z",
        "version": 1,
        "folderId": 0,
        "folderUid": "",
        "folderTitle": "General",
        "provisioned": True,
        "annotationsPermissions": {"dashboard": nobody, "organization": nobody},
    }
