"""The straightforward Faust app over the same topics.

An agent a topic, an event at a time, a table write an event.

`python -m proofs.benchmarks.plain_faust EVENTS`, settings from the environment. It does far less than the
worker: no windows, no figures, no exactly once; a row a ticket with the time of each kind of event.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from typing import Any

import faust
from faust.contrib.asgi import faust_app_running

from agents.config import WorkerConfig
from deskpulse.settings import load
from deskpulse.wiring import worker_config
from proofs.benchmarks.children import Meter
from proofs.benchmarks.site import FAUST_TABLE, PARTITIONS
from streams.topics import SOURCE_TOPICS


def build_app(config: WorkerConfig, count: int, meter: Meter, done: asyncio.Event) -> faust.App:
    """The app, not started; `done` is set when `count` events have been written to the table."""
    app = faust.App(
        config.app_id,
        broker=";".join(f"kafka://{server}" for server in config.bootstrap),
        store="memory://",
        topic_partitions=PARTITIONS,
        topic_allow_declare=False,  # the benchmark made the changelog
        topic_disable_leader=True,
        web_enabled=False,
        # How the worker fetches, too.
        consumer_max_fetch_size=config.fetch_bytes,
        consumer_auto_offset_reset="earliest",
        broker_check_crcs=False,
        # the first advice of every guide: without it each table write is a request of its own
        producer_linger=0.02,
    )
    tickets = app.Table(FAUST_TABLE, default=dict)
    for topic in SOURCE_TOPICS:
        channel = app.topic(config.source(topic), key_type=str, value_serializer="json")
        app.agent(channel, name=topic)(_agent(topic, tickets, count, meter, done))
    return app


def _agent(topic: str, tickets: Any, count: int, meter: Meter, done: asyncio.Event) -> Any:
    async def note(stream: Any) -> None:
        async for key, event in stream.items():
            row = tickets[key]
            row[topic] = event["occurred_at"]
            tickets[key] = row
            if meter.count < count:
                meter.add(1)
                if meter.count == count:
                    done.set()

    return note


async def run(config: WorkerConfig, count: int) -> None:
    """Work off `count` events and tell the rate."""
    meter, done = Meter(time.perf_counter), asyncio.Event()
    async with faust_app_running(build_app(config, count, meter, done)):
        await done.wait()
        meter.tell_result()
        os._exit(0)  # a stop in good order takes seconds and says nothing


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(worker_config(load()), int(sys.argv[1])))


if __name__ == "__main__":
    main()
