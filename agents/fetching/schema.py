"""A Faust schema that passes chunks through: records are decoded where they are merged, not here."""

from __future__ import annotations

from typing import Any

import faust


class ChunkSchema(faust.Schema):  # type: ignore[misc] # Faust carries no types that strict mode accepts
    """The value of a message is a chunk, and stays one."""

    def compile(self, app: faust.App, **_: Any) -> Any:
        """The decoder that Faust calls once a message."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:  # noqa: ARG001 - Faust's signature
            return app.create_event(None, message.value, None, message)

        return decode
