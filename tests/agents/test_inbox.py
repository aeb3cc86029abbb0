"""Bounded waiting."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from agents.fetching.inbox import Delivery, Inbox
from agents.fetching.sequence import Chunk


def delivery(records: int) -> Delivery:
    return Delivery(
        Chunk("survey", 0, [SimpleNamespace(offset=offset) for offset in range(records)], None, 0), object()
    )


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_full_inbox_holds_the_sender_until_it_is_taken() -> None:
    inbox = Inbox(most_records=10)
    assert await inbox.put(delivery(10))
    second = asyncio.create_task(inbox.put(delivery(3)))
    await settle()
    assert not second.done()
    assert 1 == len(inbox.take())
    assert await second
    assert 3 == inbox.records


async def test_closing_frees_the_sender_and_returns_what_waited() -> None:
    inbox = Inbox(most_records=10)
    await inbox.put(delivery(10))
    second = asyncio.create_task(inbox.put(delivery(3)))
    await settle()
    assert 1 == len(inbox.close())
    assert not await second
    assert not await inbox.put(delivery(1))


async def test_a_nudge_wakes_the_reader_of_an_empty_inbox() -> None:
    inbox = Inbox(most_records=10)
    reader = asyncio.create_task(inbox.wait())
    await settle()
    assert not reader.done()
    inbox.nudge()
    await reader
    assert [] == inbox.take()


async def test_gathering_ends_when_the_inbox_is_full() -> None:
    inbox = Inbox(most_records=10)
    reader = asyncio.create_task(inbox.gather(3600))
    await inbox.put(delivery(4))
    await settle()
    assert not reader.done()
    await inbox.put(delivery(6))
    await asyncio.wait_for(reader, 5)


async def test_gathering_ends_when_somebody_is_in_a_hurry() -> None:
    inbox = Inbox(most_records=10)
    await inbox.put(delivery(4))
    reader = asyncio.create_task(inbox.gather(3600))
    await settle()
    inbox.hurry()
    await asyncio.wait_for(reader, 5)
