"""What the steps of a time line add to panes, and what is taken back once a solution stands no more."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from typing import Any, Final

from xxhash import xxh3_64_intdigest

from kpis import cell_numbers
from kpis.tickets.facts import Content
from kpis.tickets.standing import Filed, Standing
from windows.deltas import Booking
from windows.distinct import REGISTERS
from windows.histogram import BOUNDS
from windows.panes import MINUTE_MS

ANOMALY: Final = (cell_numbers.ANOMALY,)
_LAST_BUCKET: Final = len(BOUNDS) - 1
_LATER: Final = cell_numbers.RESPONSE - cell_numbers.FIRST_RESPONSE


def book_reply(
    here: list[Booking], at: int, length: int | None, first_length: int | None, *, ahead: bool
) -> None:
    """What a reply adds: the wait that it ends, and of the first one, the first response time.

    `ahead`: the wait that it states begins after it.
    """
    counts: tuple[int, ...] = ()
    amounts: tuple[int, ...] = ()
    if first_length is not None:
        counts, amounts = duration_cells(cell_numbers.FIRST_RESPONSE, first_length)
        if length == first_length:
            counts = (*counts, *[cell + _LATER for cell in counts])
            amounts = amounts and (*amounts, cell_numbers.RESPONSE + 1, first_length)
            length = None
    if length is not None:
        more_counts, more_amounts = duration_cells(cell_numbers.RESPONSE, length)
        counts, amounts = counts + more_counts, amounts + more_amounts
    if ahead:
        counts += ANOMALY
    if counts:
        here.append((at, counts, amounts))


def restart_first_response(standing: Standing, found: Filed) -> None:
    """Let the first response time of a folded reply begin when the customer asked, whatever a bot did.

    A stub has booked it from the first contact with people. Nothing, where the stub has let go of that.
    """
    replied, asked = standing.replied_ms, standing.asked_ms
    if replied is None or asked is None:
        return
    for here in found:
        for at, _, amounts in here:
            booked = dict(zip(amounts[::2], amounts[1::2], strict=True))
            if at // MINUTE_MS == replied // MINUTE_MS and booked.get(cell_numbers.FIRST_RESPONSE):
                length = booked.get(cell_numbers.FIRST_RESPONSE + 1, 0)
                _put(here, at, *duration_cells(cell_numbers.FIRST_RESPONSE, length), -1)
                here.append((at, *duration_cells(cell_numbers.FIRST_RESPONSE, replied - asked)))
                return


def stand(standing: Standing, found: Filed | None, sign: int) -> None:
    """Let the ticket stand as solved from now on, or no more.

    It counts net at its first solution, in the cohort of its creation, and if a human solved it, at that
    solution: the whole time that it took, and whether one reply was enough.
    """
    if found is None:
        return
    at, created = standing.ended_ms, standing.created_ms
    _put(found[standing.solved_stretch], standing.solved_ms, (cell_numbers.NET,), (), sign)
    _put(found[0], created, (cell_numbers.COHORT,), (), sign)
    if standing.ended_by_bot or at is None:
        return
    here = found[standing.ended_stretch]
    if created is not None:
        _put(here, at, *duration_cells(cell_numbers.FULL_RESOLUTION, at - created), sign)
    if standing.replies:
        touched = (cell_numbers.TOUCHED, cell_numbers.ONE_TOUCH)[: 2 if standing.replies == 1 else 1]
        _put(here, at, touched, (), sign)


def touch(standing: Standing, found: Filed) -> None:
    """Another reply by a human, after the solution that stands: one may have been enough until now."""
    at = standing.ended_ms
    if standing.outcome != "solved" or standing.ended_by_bot or at is None or standing.replies > 1:
        return
    here = found[standing.ended_stretch]
    if standing.replies == 0:
        here.append((at, (cell_numbers.TOUCHED, cell_numbers.ONE_TOUCH), ()))
    else:
        here.append((at, (), (cell_numbers.ONE_TOUCH, -1)))


def _put(
    here: list[Booking],
    at: int | None,
    counts: tuple[int, ...],
    amounts: tuple[int, ...],
    sign: int,
) -> None:
    """Book at an instant, or (sign -1) take back; without an instant there is nothing."""
    if at is None:
        return
    if sign > 0:
        here.append((at, counts, amounts))
        return
    less = [number for cell in counts for number in (cell, -1)]
    for place in range(0, len(amounts), 2):
        less += (amounts[place], -amounts[place + 1])
    here.append((at, (), tuple(less)))


def sum_of_parts(parts: Content | list[Any]) -> int:
    """The handle time of an interaction, in ms: absent parts are 0."""
    return sum([part for part in parts if part is not None])


def duration_cells(base: int, length: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The cells of a duration."""
    if length:
        return (base, base + 2 + min(bisect_left(BOUNDS, length), _LAST_BUCKET)), (base + 1, length)
    return (base, base + 2), ()


@lru_cache(maxsize=65_536)
def register(customer_id: str) -> int:
    """The register of a customer: 24 bits of XXH3-64."""
    return xxh3_64_intdigest(customer_id.encode()) % REGISTERS
