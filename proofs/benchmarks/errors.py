"""Why a measurement could not be taken."""

from __future__ import annotations


class BenchError(RuntimeError):
    """A measurement failed or would mean nothing; the text names the cause and the fix."""
