"""Names of windows as the types of settings and policies: a fault lists those that are offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from windows.offered import ALL_NAMES, NAMES, ROLLING_NAMES

if TYPE_CHECKING:
    AnyWindow = str
    RollingWindow = str
    TicketWindow = str
else:
    AnyWindow = Literal[*ALL_NAMES]  # of tickets and of customers
    RollingWindow = Literal[*ROLLING_NAMES]  # with a length of its own: not the day that runs
    TicketWindow = Literal[*NAMES]
