"""Links that came with events: from outside, so not to be trusted."""

from __future__ import annotations

from urllib.parse import urlsplit


def safe_link(url: str | None) -> str | None:
    """The link, if following it can do no harm.

    A producer of events must not be able to put a script on somebody's wall.

    >>> (
    ...     safe_link("https://desk.example.com/T-1"),
    ...     safe_link("javascript:alert(1)"),
    ...     safe_link("https://user:secret@desk.example.com/"),
    ... )
    ('https://desk.example.com/T-1', None, None)
    """
    if url is None or any(character <= " " for character in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname and parts.username is None else None
