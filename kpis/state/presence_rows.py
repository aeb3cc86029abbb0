"""Presence rows of a partition: the latest presence of each team that has one, as rows of the view.

A row is kept under the team's own name. Counts of several teams cannot be told apart under `other`, since
the latest one stands and the others would be lost, so a team that is folded there has no row; nor has any
team in a ledger of a format whose readers do not know such rows. Both are counted as left out.
"""

from __future__ import annotations

from collections import Counter

from kpis.ledger import codec
from kpis.members import OTHER
from kpis.presence import LEAVES_MS, PresenceRow, later, row_of
from kpis.state.admission import Admission
from streams.events import Presence
from streams.names import fold
from windows.rows import Rows

LEFT_OUT = "presence_left_out"  # the counter
_ROW_BYTES = 64  # of a row in the ledger, from above, without its key


class PresenceRows(Rows[PresenceRow]):
    """Rows by team: at most as many as names are admitted.

    One leaves when the event clock enters another day and the row is more than a day old.
    """

    def __init__(self, admission: Admission, counts: Counter[str], *, keeps: bool) -> None:
        super().__init__(
            codec.presence_key, codec.encode_presence, lambda row: row.last_ms + LEAVES_MS, LEAVES_MS
        )
        self.keeps = keeps
        self._admission = admission
        self._counts = counts

    def merge(self, event: Presence) -> None:
        """Keep an event where it is the latest of its team; one that repeats its identity is a duplicate."""
        team = self._admission.admit_team(fold(event.team)) if self.keeps else OTHER
        if team == OTHER:
            self._counts[LEFT_OUT] += 1
            return
        row, known = row_of(event), self.by_id.get(team)
        if later(row, known):
            self.mark(team, _ROW_BYTES)
            self.put(team, row)
        if known is not None and known.digest == row.digest:
            self._counts["duplicate"] += 1
