"""What ways in do with the identifiers of responders."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import ValidationInfo, field_validator

from deskpulse.settings.base import Section, check_readable, wrong

SHORTEST_KEY: Final = 16  # bytes


class PrivacySettings(Section):
    """Section `privacy`. The order of the fields matters: a check across fields sits on the last of them."""

    keep_responders: bool = False
    responder_key_file: Path | None = None

    def responder_key(self) -> bytes | None:
        """The key of the hash that stands for a responder; None: ways in drop `responder_id`.

        Errors: OSError when the file has gone since start.
        """
        return _key_in(self.responder_key_file) if self.keep_responders else None

    @field_validator("responder_key_file")
    @classmethod
    def _check_key(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        check_readable(path)
        keeps = info.data.get("keep_responders")
        if keeps is None:
            return path  # has a fault of its own
        if keeps and path is None:
            raise wrong(
                "missing, but privacy.keep_responders is true: responders are kept as a keyed hash only",
                "make a key (openssl rand -hex 32 > FILE) and name its file, or set keep_responders to false",
            )
        if path is not None and not keeps:
            raise wrong(
                "never used while privacy.keep_responders is false: ways in then drop every responder_id",
                "set keep_responders to true, or leave the file out",
            )
        if path is not None and len(_key_in(path) or b"") < SHORTEST_KEY:
            raise wrong(
                f"the key has fewer than {SHORTEST_KEY} bytes, and a short key can be guessed",
                "make a longer one: openssl rand -hex 32 > FILE",
            )
        return path


def _key_in(path: Path | None) -> bytes | None:
    # Editors and `echo` end a file with a line feed that is not part of the key.
    return None if path is None else path.read_bytes().rstrip(b"\r\n")
