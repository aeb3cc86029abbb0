"""What tests ask of the exporter's pages over HTTP: clients, and the text of an answer."""

import gzip
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

Client = TestClient[Any, Any]
Open = Callable[..., Awaitable[Client]]


async def text_of(response: ClientResponse) -> str:
    body = await response.read()
    return (gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body).decode()
