"""A receiver of Alertmanager's webhooks that prints what arrives.

It listens on loopback unless it is given another host, has no log-in, and keeps nothing.

It is for trials, for drills, and as a record of who got which alert.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from deskpulse.times import format_time

MOST_BYTES: Final = 4_194_304  # of one notification
_HIDDEN: Final = frozenset({"alertname", "severity", "kind", "figures"})


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert of a notification."""

    receiver: str
    status: str  # firing or resolved
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: str
    received_ms: int

    @property
    def name(self) -> str:
        """Which alert it is."""
        return self.labels.get("alertname", "")

    def __str__(self) -> str:
        more = " ".join(
            f"{name}={value}" for name, value in sorted(self.labels.items()) if name not in _HIDDEN
        )
        told = self.annotations.get("summary", "")
        severity = self.labels.get("severity", "-")
        return (
            f"{format_time(self.received_ms)} {self.receiver} {self.status} {severity} "
            f"{self.name}{' ' + more if more else ''}: {told}"
        )


def notices(raw: bytes, received_ms: int) -> Iterator[Notice]:
    """The alerts of one notification. Errors: ValueError for what Alertmanager does not send."""
    found = json.loads(raw)
    if not isinstance(found, dict) or not isinstance(found.get("alerts"), list):
        raise ValueError("not an Alertmanager notification")  # noqa: TRY004 - it is one to whoever sent it
    for alert in found["alerts"]:
        yield _notice(found, alert, received_ms)


def _notice(found: Mapping[str, Any], alert: Mapping[str, Any], received_ms: int) -> Notice:
    labels, annotations = alert.get("labels") or {}, alert.get("annotations") or {}
    return Notice(
        receiver=str(found.get("receiver", "")),
        status=str(alert.get("status", "")),
        labels={str(name): str(value) for name, value in labels.items()},
        annotations={str(name): str(value) for name, value in annotations.items()},
        starts_at=str(alert.get("startsAt", "")),
        received_ms=received_ms,
    )


def server(
    host: str, port: int, take: Callable[[Notice], None], now_ms: Callable[[], int]
) -> ThreadingHTTPServer:
    """A server, listening, that hands every notice over; port 0 takes any free one.

    The caller serves and closes it. Errors: OSError.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = 10
        server_version = "deskpulse"
        sys_version = ""

        def do_GET(self) -> None:
            self._answer(200 if self.path == "/healthz" else 404)

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                self._answer(413)
                return
            try:
                found = list(notices(self.rfile.read(int(length)), now_ms()))
            except (ValueError, AttributeError, TypeError):
                self._answer(400)
                return
            for notice in found:
                take(notice)
            self._answer(200)

        def _answer(self, code: int) -> None:
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nothing: what arrives is told by `take`."""

    return ThreadingHTTPServer((host, port), Handler)
