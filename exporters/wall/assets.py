"""The wall's page as it is shipped: built from `wall/` by `make wall`, committed, and held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Final, NamedTuple

from aiohttp import web
from aiohttp.helpers import ETag

_KINDS: Final = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "woff2": "font/woff2",
    "txt": "text/plain",
}
_TEXTS: Final = frozenset({"html", "js", "css", "txt"})


class Asset(NamedTuple):
    """One file."""

    body: bytes
    content_type: str
    charset: str | None
    etag: str


def _read(name: str) -> Asset:
    body = resources.files("exporters.wall").joinpath("static", name).read_bytes()
    ending = name.rpartition(".")[2]
    return Asset(
        body, _KINDS[ending], "utf-8" if ending in _TEXTS else None, hashlib.sha256(body).hexdigest()[:32]
    )


WALL_PAGE: Final = _read("index.html")
LOGIN_PAGE: Final = _read("login.html")
ASSETS: Final = {
    name: _read(name) for name in ("wall.js", "wall.css", "login.js", "inter.woff2", "LICENSES.txt")
}
# What a browser has loaded; told with every pulse, so that a screen that runs for months takes over an
# upgrade.
VERSION: Final = hashlib.sha256(
    "".join(one.etag for one in (WALL_PAGE, *ASSETS.values())).encode()
).hexdigest()[:12]


def asset(one: Asset) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler that serves a file; a browser that has it already gets 304."""

    async def serve(request: web.Request) -> web.StreamResponse:
        headers = {"Cache-Control": "no-cache"}
        if request.if_none_match and ETag(one.etag) in request.if_none_match:
            response = web.Response(status=304, headers=headers)
        else:
            response = web.Response(
                body=one.body, content_type=one.content_type, charset=one.charset, headers=headers
            )
        response.etag = one.etag
        return response

    return serve
