"""Who is there: of each team the latest presence that it has told, in counts of responders, never persons.

```
 10:00  online 8  ---+
 10:05  online 6     +--- the latest stands:  10:05 ------------------> 10:20  after 15 min it says nothing
 10:03  online 7  ---+    (10:03 came later, and changes nothing)
```
The latest is the greatest by (`occurred_at`, digest of `event_id`); of one event sent with two contents the
smaller content stands. That is a maximum, so any order and any repetition of events gives the same row.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct
from xxhash import xxh3_128_digest

from streams.events import Presence
from streams.names import fold
from windows.panes import DAY_MS, MINUTE_MS

STANDS_MS: Final = 15 * MINUTE_MS  # so long a presence stands without a new one
LEAVES_MS: Final = DAY_MS  # a row leaves the state when it is older than this on the event clock
LEAST_ONLINE: Final = 5  # a smaller team is not shown: its counts would be persons


class PresenceRow(Struct, array_like=True, frozen=True, gc=False):
    """The latest presence of one team. `last_ms` is its `occurred_at`, in ms."""

    last_ms: int
    digest: bytes  # XXH3-128 of the `event_id`
    online: int
    available: int
    busy: int


def row_of(event: Presence) -> PresenceRow:
    """The row that an event would be."""
    digest = xxh3_128_digest(event.event_id.encode())
    return PresenceRow(event.occurred_at, digest, event.online, event.available, event.busy)


def later(row: PresenceRow, known: PresenceRow | None) -> bool:
    """Whether a row takes the place of the known one of its team; of equal ones neither does.

    >>> early, late = PresenceRow(1000, b"b", 8, 3, 5), PresenceRow(2000, b"a", 6, 6, 0)
    >>> later(late, early), later(early, late), later(late, late), later(early, None)
    (True, False, False, True)
    """
    if known is None:
        return True
    ours, theirs = (row.last_ms, row.digest), (known.last_ms, known.digest)
    return ours > theirs if ours != theirs else canonical(row) < canonical(known)


def canonical(row: PresenceRow) -> bytes:
    """What two contents of one event are compared by: JSON of the counts, keys sorted.

    >>> canonical(PresenceRow(1000, b"", 8, 3, 5))
    b'{"available":3,"busy":5,"online":8}'
    """
    fields = {"available": row.available, "busy": row.busy, "online": row.online}
    return msgspec.json.encode(fields, order="sorted")


class LatestPresence:
    """The latest presence by team, of a finished history: memory grows with teams alone."""

    def __init__(self) -> None:
        self.by_team: dict[str, PresenceRow] = {}

    def merge(self, event: Presence) -> bool:
        """Take an event; False when it repeats the identity of the latest one: a duplicate."""
        team, row = fold(event.team), row_of(event)
        known = self.by_team.get(team)
        if later(row, known):
            self.by_team[team] = row
        return known is None or known.digest != row.digest
