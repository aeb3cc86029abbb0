"""Rows of one partition on their way into the view: held back until a position row vouches for them."""

from __future__ import annotations

from collections.abc import Iterable

from kpis.ledger.codec import POSITION_KEY
from windows.protocols import LedgerRow


class RowBuffer:
    """The last row of each key since the last position row.

    A transaction of a worker ends with its position row.
    """

    def __init__(self) -> None:
        self._held: dict[bytes, bytes | None] = {}

    def __len__(self) -> int:
        """Rows that no position row vouches for yet."""
        return len(self._held)

    def take(self, rows: Iterable[LedgerRow]) -> list[LedgerRow]:
        """Add rows in log order, and return those up to the last position row.

        The position row is the last of them; without one the list is empty. Of several rows with one key only
        the last is returned: reading a log from its start, most rows are overwritten soon.

        >>> buffer = RowBuffer()
        >>> buffer.take([(b"a", b"1"), (b"b", b"2")]), len(buffer)
        ([], 2)
        >>> buffer.take([(b"a", b"3"), (POSITION_KEY, b"p"), (b"c", b"4")]) == [
        ...     (b"a", b"3"),
        ...     (b"b", b"2"),
        ...     (POSITION_KEY, b"p"),
        ... ]
        True
        >>> len(buffer)
        1
        """
        vouched: dict[bytes, bytes | None] = {}
        for key, value in rows:
            self._held[key] = value
            if key == POSITION_KEY:
                vouched.update(self._held)
                self._held = {}
        if vouched:
            vouched[POSITION_KEY] = vouched.pop(POSITION_KEY)  # an older one may stand further up
        return list(vouched.items())

    def clear(self) -> None:
        """Forget what is held: the partition will be read again from its start."""
        self._held.clear()
