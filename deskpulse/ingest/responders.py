"""Who replied is let go of where events come in, or kept as a keyed hash: never as it was written.

Every way in that deskpulse itself offers applies `guarded` to each event before anything else sees it.
What a producer writes to Kafka by itself is the producer's: no program of ours can take it out of there.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from deskpulse.ingest.events_io import TimedEvent

FIELD: Final = "responder_id"
DIGITS: Final = 16  # of the hash, hexadecimal: 64 bits, so that a million responders hardly ever share one


def guarded(event: Mapping[str, object], key: bytes | None) -> dict[str, object]:
    """The event without `responder_id` (`key` is None), or with its keyed hash in that field.

    What is no text, or an empty one, is dropped too: nobody can hash it, and a refused record would keep it.

    >>> guarded({"event_id": "r-1", "responder_id": "anna"}, None)
    {'event_id': 'r-1'}
    >>> guarded({"event_id": "r-1", "responder_id": "anna"}, b"only an example!")
    {'event_id': 'r-1', 'responder_id': '12883fc16bb8f15e'}
    """
    who = event.get(FIELD)
    if key is not None and isinstance(who, str) and who:
        return {**event, FIELD: hashed(who, key)}
    return {name: value for name, value in event.items() if name != FIELD}


def hashed(responder_id: str, key: bytes) -> str:
    """The first 16 hexadecimal digits of HMAC-SHA-256 over the identifier in UTF-8."""
    # JSON may hold half of a surrogate pair, which is no UTF-8; it is hashed all the same.
    text = responder_id.encode("utf-8", "surrogatepass")
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:DIGITS]


def all_guarded(events: Iterable[TimedEvent], key: bytes | None) -> Iterator[TimedEvent]:
    """Timed events, each guarded, in their order."""
    return (event._replace(value=guarded(event.value, key)) for event in events)
