"""The reference: a program that reads the same topics with aiokafka's defaults and does nothing with them.

`python -m proofs.benchmarks.live.reader`. It has no group, decodes nothing and writes nothing. Runs until
SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.config import WorkerConfig
from deskpulse.settings import load
from deskpulse.wiring import worker_config
from proofs.benchmarks.site import PARTITIONS


async def read(config: WorkerConfig) -> None:
    """Read what is new, until cancelled."""
    consumer = AIOKafkaConsumer(
        **config.kafka, auto_offset_reset="latest", enable_auto_commit=False, isolation_level="read_committed"
    )
    consumer.assign([TopicPartition(name, number) for name in config.sources for number in range(PARTITIONS)])
    await consumer.start()
    try:
        print("reading", flush=True)
        while True:
            await consumer.getmany(timeout_ms=500)
    finally:
        await consumer.stop()


async def _main() -> None:
    task = asyncio.create_task(read(worker_config(load())))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    asyncio.run(_main())
