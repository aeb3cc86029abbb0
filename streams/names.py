"""Names that people choose: when two spellings are one name, and which characters a name cannot have.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final
from unicodedata import normalize

# Control characters, line and paragraph separators, and what turns the direction of writing: of them a screen
# shows something else than is there, and a terminal may do as they say.
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@lru_cache(maxsize=65_536)
def fold(name: str) -> str:
    r"""What a name is compared by: NFC, without spaces around it, its case folded.

    Names with one fold are one name.

    >>> {fold(name) for name in ("Atención", "atencio\u0301n ", "ATENCIÓN")}
    {'atención'}
    """
    return normalize("NFC", normalize("NFC", name).strip().casefold())


def unfit(text: str) -> str | None:
    r"""The first character that no name or identifier may have, as its code; None when all are fit.

    >>> unfit("técnica 2"), unfit("T-1\x00"), unfit("\u202etxt")
    (None, 'U+0000', 'U+202E')
    """
    if text.isprintable():  # nearly always, and much faster
        return None
    found = _UNFIT.search(text)
    return None if found is None else f"U+{ord(found[0]):04X}"


def spellings(*written: Iterable[str]) -> Mapping[str, str]:
    """By fold, how names are shown: as the first of those who write them does.

    >>> spellings(["High"], ["high", "VIP"])
    {'high': 'High', 'vip': 'VIP'}
    """
    found: dict[str, str] = {}
    for names in written:
        for name in names:
            found.setdefault(fold(name), name)
    return found
