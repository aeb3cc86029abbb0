"""Who may come in: log-in by token or password, only reading methods, and headers that keep a browser from doing more than it must."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from exporters.config import ExporterConfig

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})  # probes carry no password, and learn no figure
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
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
        return hmac.compare_digest(given.strip().encode(), config.bearer_token.encode())
    if config.basic_auth is not None and scheme.lower() == "basic":
        try:
            login = base64.b64decode(given.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(login, ":".join(config.basic_auth).encode())
    return False


def login_middleware(config: ExporterConfig) -> Middleware:
    """Answers 401 to whoever does not log in, where a log-in is set up."""
    challenge = 'Basic realm="deskpulse", charset="UTF-8"' if config.basic_auth is not None else 'Bearer realm="deskpulse"'

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if config.wants_login and request.path not in OPEN_PATHS and not may_enter(request.headers.get("Authorization", ""), config):
            return web.Response(status=401, text="log in\n", headers={"WWW-Authenticate": challenge})
        return await handler(request)

    return check


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Security headers on every answer, and no banner that names the server's version."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.pop("Server", None)
