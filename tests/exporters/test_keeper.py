"""The keeper builds views seldom, as of the right instant, and never of half a transaction."""

import asyncio

import pytest

from deskpulse.clocks import EXPORTER
from exporters.reading.keeper import SLICE_ROWS, ViewKeeper
from kpis.figures.view import View
from kpis.ledger import codec
from kpis.ledger.codec import NewerRowError
from tests.exporters.desk import MIDNIGHT_MS, RULES, a_morning, at


class Clock:
    def __init__(self, now: str) -> None:
        self.now_ms = at(now)

    def __call__(self) -> int:
        return self.now_ms


async def seen(keeper: ViewKeeper) -> View:
    view = await keeper.view()
    assert view is not None
    return view


def tickets(view: View) -> float:
    wanted = (("window", "24h"), ("period", "current"), ("by", "all"), ("member", "all"))
    (figure,) = (
        figure for figure in view.figures if figure.name == "support_tickets" and figure.labels == wanted
    )
    return figure.value


async def test_figures_are_as_of_now() -> None:
    keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=Clock("11:00"))
    await keeper.apply(0, a_morning().rows())
    view = await seen(keeper)
    assert (at("11:00"), 2.0) == (view.as_of_ms, tickets(view))


async def test_the_event_clock_stands_at_the_greatest_event_time() -> None:
    keeper = ViewKeeper(RULES, "event", elapsed=EXPORTER.elapsed, now_ms=Clock("23:00"))
    assert await keeper.view() is None  # no event, no instant
    await keeper.apply(0, a_morning().rows())
    assert at("10:42") == (await seen(keeper)).as_of_ms


async def test_windows_go_on_rolling_although_no_event_arrives() -> None:
    clock = Clock("11:00")
    keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=clock, build_every_seconds=0)
    await keeper.apply(0, a_morning().rows())
    assert 2 == tickets(await seen(keeper))
    clock.now_ms = MIDNIGHT_MS + 2 * 86_400_000
    assert 0 == tickets(await seen(keeper))


async def test_a_view_is_built_once_for_all_who_ask_at_the_same_time() -> None:
    keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=Clock("11:00"), build_every_seconds=60)
    first = await seen(keeper)
    await keeper.apply(0, a_morning().rows())
    assert first is await seen(keeper)


async def test_all_rows_of_a_transaction_are_shown_or_none() -> None:
    """More rows than are applied between two turns of the loop: whoever asks meanwhile waits."""
    desk = a_morning()
    for number in range(SLICE_ROWS):
        desk.created(f"more {number}", f"{number // 60:02}:{number % 60:02}")
    rows = desk.rows()
    assert len(rows) > SLICE_ROWS
    keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=Clock("23:00"), build_every_seconds=0)
    applying = asyncio.create_task(keeper.apply(0, rows))
    await asyncio.sleep(0)  # up to its first pause
    assert keeper.positions == {}
    assert not applying.done()
    view = await seen(keeper)
    assert applying.done()
    assert 2 + SLICE_ROWS == tickets(view)


async def test_a_partition_can_be_forgotten() -> None:
    keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=Clock("11:00"), build_every_seconds=60)
    await keeper.apply(0, a_morning().rows())
    await keeper.apply(1, a_morning(1).rows())
    assert 4 == tickets(await seen(keeper))
    await keeper.reset(1)
    assert 2 == tickets(await seen(keeper))  # at once, not in a minute
    await keeper.restart()
    assert 0 == tickets(await seen(keeper))
    assert {} == keeper.positions


async def test_a_row_of_a_newer_program_is_refused() -> None:
    key, _ = a_morning().rows()[0]
    with pytest.raises(NewerRowError, match="upgrade"):
        await ViewKeeper(RULES, **EXPORTER._asdict()).apply(0, [(key, bytes([codec.VERSION + 1]))])
