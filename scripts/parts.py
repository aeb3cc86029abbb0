"""Generated parts of pages that people write."""

from __future__ import annotations

from pathlib import Path


def renewed(page: Path, text: str, *, begin: str, end: str, made: str) -> str:
    """The text of a page with what stands between two marks made anew.

    `page` is the path of the page, for a fault. Errors: ValueError where it has no marks.
    """
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise ValueError(
            f"{page} has lost the marks of its generated part: {begin.strip()} ... {end.strip()}"
        )
    return f"{head}{begin}\n{made}\n{end}{tail}"
