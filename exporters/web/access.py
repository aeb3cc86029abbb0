"""Access: log-in by token or password, reading methods only, and headers that bind the browser.

The headers keep a browser from doing more than it must.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from exporters.config import ExporterConfig
from exporters.web.session import COOKIE, RENEW_SECONDS, SESSION_SECONDS, Sessions

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PROBES: Final = frozenset({"/healthz", "/readyz"})
OPEN_PATHS: Final = PROBES | {"/login"}
LONGEST_SHOWN: Final = 128  # characters of a name in a message
RENEWED: Final = web.RequestKey("renewed", int)
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
        "img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def may_enter(authorization: str, config: ExporterConfig) -> bool:
    """Whether an `Authorization` header opens the door; compared in constant time."""
    scheme, _, given = authorization.partition(" ")
    if config.bearer_token is not None and scheme.lower() == "bearer":
        return hmac.compare_digest(
            given.strip().encode(errors="surrogateescape"), config.bearer_token.encode()
        )
    if config.basic_auth is not None and scheme.lower() == "basic":
        try:
            login = base64.b64decode(given.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(login, ":".join(config.basic_auth).encode())
    return False


def host_middleware(config: ExporterConfig, refused: Counter[str]) -> Middleware:
    """Answers 421 to a client that calls the exporter by a foreign name, where that is checked."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        called = request.headers.get("Host", "")
        if not config.checks_host or request.path in PROBES or config.is_called(called):
            return await handler(request)
        refused["host"] += 1
        text = (
            f"this exporter does not serve the name {called[:LONGEST_SHOWN]!r}: ask for localhost or its "
            f"address, or list the name in "
            "exporter.allowed_hosts (DESKPULSE_EXPORTER__ALLOWED_HOSTS)\n"
        )
        return web.Response(status=web.HTTPMisdirectedRequest.status_code, text=text)

    return check


def login_middleware(
    config: ExporterConfig, sessions: Sessions, login_page: bytes, refused: Counter[str]
) -> Middleware:
    """Answers 401 to a client that does not log in, where that is set up.

    A browser gets a page that asks for the token, where there is one. Only a client that tried with something
    wrong is counted, not one that has yet to be asked.
    """
    challenge = (
        'Basic realm="deskpulse", charset="UTF-8"'
        if config.basic_auth is not None
        else 'Bearer realm="deskpulse"'
    )

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if (
            not config.wants_login
            or is_open(request.path)
            or may_enter(request.headers.get("Authorization", ""), config)
        ):
            return await handler(request)
        now = config.time.now_ms() // 1000
        if (left := sessions.left_seconds(request.cookies.get(COOKIE, ""), now)) > 0:
            if left < SESSION_SECONDS - RENEW_SECONDS:
                request[RENEWED] = now
            return await handler(request)
        refused["login"] += "Authorization" in request.headers
        headers = {"WWW-Authenticate": challenge}
        if config.bearer_token is not None and "text/html" in request.headers.get("Accept", ""):
            return web.Response(
                status=401, body=login_page, content_type="text/html", charset="utf-8", headers=headers
            )
        return web.Response(status=401, text="log in\n", headers=headers)

    return check


def is_open(path: str) -> bool:
    """Whether a path needs no log-in.

    These are the probes, which learn no figure, the log-in itself, and the files that are the same for
    everybody.
    """
    return path in OPEN_PATHS or path.startswith("/assets/")


def login_handler(config: ExporterConfig, sessions: Sessions, refused: Counter[str]) -> Handler:
    """`POST /login` with the token as the body: 204 and a cookie, or 401."""

    async def log_in(request: web.Request) -> web.StreamResponse:
        if config.bearer_token is None:
            raise web.HTTPNotFound
        given = (await request.read()).strip()
        if not hmac.compare_digest(given, config.bearer_token.encode()):
            refused["login"] += 1
            return web.Response(
                status=401, text="wrong token\n", headers={"WWW-Authenticate": 'Bearer realm="deskpulse"'}
            )
        return web.Response(
            status=204,
            headers={"Set-Cookie": sessions.header(config.time.now_ms() // 1000, secure=request.secure)},
        )

    return log_in


def new_headers(sessions: Sessions) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """A signal handler that sets the headers of every answer, also of streams.

    It renews a session that is a day old.
    """

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        if (now := request.get(RENEWED)) is not None:
            response.headers["Set-Cookie"] = sessions.header(now, secure=request.secure)
        await add_headers(request, response)

    return add


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Security headers on every answer, and no banner that names the server's version."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.pop("Server", None)
