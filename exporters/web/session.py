"""Log-in of browsers that cannot send a token: a cookie that a page, a script and a stream carry alike.

A browser's `EventSource` sends cookies and basic authentication, never a bearer token, and neither does a
person's address bar. So where a token is set up, `POST /login` takes it once and answers with a cookie: the
time it ends, signed with a key that is made of the secrets. It needs no memory here, holds at every exporter
with the same secrets and after a restart, and ends when a secret is changed.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from exporters.config import ExporterConfig

COOKIE: Final = "deskpulse-session"
SESSION_SECONDS: Final = 30 * 86_400  # a screen on a wall is not to ask for its token every morning
RENEW_SECONDS: Final = 86_400  # it is renewed when so much of it has passed


class Sessions:
    """Makes and checks the cookies of one configuration."""

    def __init__(self, config: ExporterConfig) -> None:
        secrets = (config.bearer_token or "", *(config.basic_auth or ("", "")))
        # Lengths first, so that no two lists of secrets give the same bytes.
        text = "".join(f"{len(secret)}:{secret}" for secret in secrets)
        self._key = hashlib.blake2b(text.encode(), person=b"deskpulse-login").digest()

    def make(self, now_seconds: int) -> str:
        """A cookie's value: when it ends, and the proof that we said so."""
        end = str(now_seconds + SESSION_SECONDS)
        return f"{end}.{self._sign(end)}"

    def left_seconds(self, value: str, now_seconds: int) -> int:
        """For how long the cookie is good; 0 or less when it is not."""
        end, _, proof = value.partition(".")
        if (
            not end.isascii()
            or not end.isdigit()
            or not hmac.compare_digest(proof.encode(errors="surrogateescape"), self._sign(end).encode())
        ):
            return 0
        return int(end) - now_seconds

    def header(self, now_seconds: int, *, secure: bool) -> str:
        """The value of a Set-Cookie header.

        A text, since cookies that are set while an answer is prepared come too late for aiohttp.
        """
        ending = "; Secure" if secure else ""
        return (
            f"{COOKIE}={self.make(now_seconds)}; Max-Age={SESSION_SECONDS}; Path=/; HttpOnly; "
            f"SameSite=Strict{ending}"
        )

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), "sha256").hexdigest()
