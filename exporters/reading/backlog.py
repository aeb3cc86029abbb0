"""Since when records of a source partition wait to be applied, known from its log ends alone.

An exporter may not read the records themselves.
"""

from __future__ import annotations

from collections import deque
from typing import Final

# of one partition; beyond, every second one is forgotten, and the answer becomes coarser
_MOST_LOOKS: Final = 256


class Backlog:
    """The log ends of one source partition as they were seen, oldest first.

    They go back to the first end that is not applied yet.
    """

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque()

    def note(self, end: int, following: int, now: float) -> float:
        """Take a look: `end` is the next offset of the log, `following` the next one to be applied.

        `now` is in seconds. Returns for how many seconds, at least, the oldest waiting record has been there;
        0.0 when none waits.

        >>> backlog = Backlog()
        >>> looks = [(0.0, 5, 5), (3.0, 8, 5), (6.0, 9, 5), (9.0, 9, 8), (12.0, 9, 9)]
        >>> [backlog.note(end, following, now) for now, end, following in looks]
        [0.0, 0.0, 3.0, 3.0, 0.0]
        """
        looks = self._looks
        if end < following or (looks and end < looks[-1][1]):
            looks.clear()  # another log, or a position that is newer than the look
        if end > following and (not looks or end > looks[-1][1]):
            looks.append((now, end))
        while looks and looks[0][1] <= following:
            looks.popleft()
        if len(looks) > _MOST_LOOKS:
            self._looks = looks = deque([looks[0], *list(looks)[2::2]])
        return now - looks[0][0] if looks else 0.0
