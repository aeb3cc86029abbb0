"""A desk at a steady rate: `python -m proofs.benchmarks.live.desk RATE SECONDS`.

Its settings come from the environment. Events are sent one by one, as a desk's many producers do, and happen
when they are sent. The id of a ticket is the moment at which it was sent, so that whoever finds its row in
the ledger knows how long that took.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer

from deskpulse.ingest.events_io import encode
from deskpulse.settings import Settings, load
from proofs.benchmarks.load import partition_of

PREFIX: Final = "L-"  # of the ids of these tickets; behind it nanoseconds since 1970
DIGITS: Final = 19
# every five events
_STEPS: Final = ("ticket-created", "ticket-created", "first-reply", "ticket-changed", "resolved")
TICKETS_AN_EVENT: Final = _STEPS.count("ticket-created") / len(_STEPS)
_TEAMS: Final = ("billing", "technical", "general")
_CHANNELS: Final = ("email", "chat", "phone")
_PRIORITIES: Final = ("normal", "high")
_MOST_OPEN: Final = 2_000  # tickets that a later step may still speak of


class Sent(NamedTuple):
    """A record to be sent: topic without prefix, key, value."""

    topic: str
    key: bytes
    value: dict[str, Any]


class SteadyDesk:
    """Makes up the events: two new tickets, then a reply, a change and a resolution of the oldest ones.

    It does so again and again.
    """

    def __init__(self) -> None:
        self._count = 0
        self._open: deque[str] = deque(maxlen=_MOST_OPEN)

    def event(self, now_ns: int) -> Sent:
        """The next event, which happens now."""
        number, self._count = self._count, self._count + 1
        topic = _STEPS[number % len(_STEPS)]
        if topic == "ticket-created":
            ticket = f"{PREFIX}{now_ns:0{DIGITS}d}"
            self._open.append(ticket)
        else:
            ticket = self._open.popleft() if topic == "resolved" else self._open[0]
        value = {
            "event_id": f"e-{number}",
            "occurred_at": now_ns // 1_000_000,
            "ticket_id": ticket,
            **_more(topic, number),
        }
        return Sent(topic, ticket.encode(), value)


def _more(topic: str, number: int) -> dict[str, Any]:
    """What an event of a topic says besides."""
    if topic == "ticket-created":
        kinds = {
            "team": _TEAMS[number % 3],
            "channel": _CHANNELS[number // 3 % 3],
            "priority": _PRIORITIES[number % 2],
        }
        return {"customer_id": f"C-{number % 997}", **kinds}
    return {"change": "paused"} if topic == "ticket-changed" else {}


async def send(settings: Settings, rate: float, seconds: float) -> int:
    """Send `rate` events a second for so long; return how many. What is late is sent at once."""
    desk, prefix = SteadyDesk(), settings.topic_prefix
    producer = AIOKafkaProducer(**settings.kafka.client_options(), acks="all", linger_ms=0)
    await producer.start()
    try:
        began, count = time.monotonic(), 0
        while (elapsed := time.monotonic() - began) < seconds:
            while count < elapsed * rate:
                event = desk.event(time.time_ns())
                await producer.send(
                    prefix + event.topic, encode(event.value), event.key, partition=partition_of(event.key)
                )
                count += 1
            await asyncio.sleep(max(0.0, began + (count + 1) / rate - time.monotonic()))
        await producer.flush()
    finally:
        await producer.stop()
    return count


def main() -> None:
    """Send."""
    asyncio.run(send(load(), float(sys.argv[1]), float(sys.argv[2])))


if __name__ == "__main__":
    main()
