"""When and as of which instant the view is built: as of the clock that the composition root passes in."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Literal

from kpis.figures.history import Choice
from kpis.figures.view import View, ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.ledger.codec import Position
from windows.protocols import LedgerRow

AsOfClock = Literal["wall", "event"]
SLICE_ROWS: Final = 500  # rows applied between two turns of the event loop: some milliseconds
# half of the promise that figures are visible within a second of their commit
BUILD_EVERY_SECONDS: Final = 0.5
CHOICE_SECONDS: Final = 60.0  # so long after somebody asked last, the courses of a choice are kept up to date
MOST_CHOICES: Final = 64


class ViewKeeper:
    """Owns the one ViewBuilder: rows go in, immutable views come out, built on demand and seldom.

    `clock="wall"`: figures as of now. `clock="event"`: as of the greatest event time of the log, for history;
    without an event there is no instant, so no view.
    """

    def __init__(
        self,
        rules: ViewRules,
        clock: AsOfClock = "wall",
        *,
        now_ms: Callable[[], int],
        elapsed: Callable[[], float],
        build_every_seconds: float = BUILD_EVERY_SECONDS,
        most_choices: int = MOST_CHOICES,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self.now_ms = now_ms  # the one clock of an exporter: pages and streams ask for it here
        self._elapsed = elapsed
        self._build_every_seconds = build_every_seconds
        self._most_choices = most_choices
        self._builder = ViewBuilder(rules)
        self._lock = asyncio.Lock()  # a view is built in a thread: meanwhile no row may go in
        self._view: View | None = None
        self._built_at = float("-inf")
        self._asked_at: dict[Choice, float] = {}
        self._built_for: frozenset[Choice] = frozenset()
        self.build_seconds: float | None = None  # how long the last build took
        self.news = asyncio.Event()  # rows came in; cleared by whoever waits for it

    @property
    def positions(self) -> Mapping[int, Position]:
        """The position of each partition as read, which may be newer than the last view's."""
        return self._builder.positions

    async def apply(self, partition: int, rows: Sequence[LedgerRow]) -> None:
        """Take over rows that end with a position row, all of them before the next view.

        Errors: NewerRowError, and of broken rows.
        """
        async with self._lock:
            left = iter(rows)
            while chunk := list(itertools.islice(left, SLICE_ROWS)):
                self._builder.apply(partition, chunk)
                if len(chunk) == SLICE_ROWS:
                    await asyncio.sleep(0)
        self.news.set()

    async def reset(self, partition: int) -> None:
        """Forget a partition: its ledger will be read again from the start."""
        async with self._lock:
            self._builder.reset(partition)
            self._forget_view()

    async def restart(self) -> None:
        """Forget everything: after an error in `apply` the sums cannot be trusted."""
        async with self._lock:
            self._builder = ViewBuilder(self._rules)
            self._forget_view()

    async def view(self, choices: Collection[Choice] = ()) -> View | None:
        """The view as of now, at most `build_every_seconds` old; None while there is no instant to show.

        It has the courses of these choices. Of more than `most_choices` within a minute, those asked for
        longest ago are given up.
        """
        now = self._elapsed()
        for choice in choices:
            self._asked_at.pop(choice, None)
            self._asked_at[choice] = now  # the last one asked for is the last in order
        # Shielded: who is cancelled while the thread builds must not let go of the lock.
        return await asyncio.shield(asyncio.ensure_future(self._fresh(frozenset(choices))))

    async def _fresh(self, choices: frozenset[Choice]) -> View | None:
        async with self._lock:
            if self._elapsed() - self._built_at < self._build_every_seconds and choices <= self._built_for:
                return self._view
            as_of_ms = self._builder.watermark_ms if self._clock == "event" else self.now_ms()
            if as_of_ms is None:
                return None
            started = self._elapsed()
            lately = [choice for choice, at in self._asked_at.items() if started - at < CHOICE_SECONDS][
                -self._most_choices :
            ]
            self._asked_at = {choice: self._asked_at[choice] for choice in lately}
            # In a thread, so that the loop goes on answering and reading meanwhile.
            self._view = await asyncio.to_thread(self._builder.build, as_of_ms, lately)
            self._built_at, self._built_for = self._elapsed(), frozenset(lately)
            self.build_seconds = self._built_at - started
            return self._view

    def _forget_view(self) -> None:
        self._view = None
        self._built_at = float("-inf")
        self.news.set()
