"""The limit: fetch and decode, and nothing else.

`python -m proofs.benchmarks.limit EVENTS`, settings from the environment.

No program with this client and this decoder can be faster in one process: no group, no state, nothing
written.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.config import WorkerConfig
from deskpulse.settings import load
from deskpulse.wiring import worker_config
from proofs.benchmarks.children import Meter
from proofs.benchmarks.site import PARTITIONS
from streams.decode import Reject, decoder


def fetch_options(config: WorkerConfig) -> dict[str, Any]:
    """What the worker's consumer is told about fetching; tests/benchmarks holds them together."""
    return {
        "auto_offset_reset": "earliest",
        "check_crcs": False,
        "enable_auto_commit": False,
        "fetch_max_wait_ms": 500,
        "isolation_level": "read_committed",
        "max_partition_fetch_bytes": config.fetch_bytes,
    }


async def read(config: WorkerConfig, count: int, meter: Meter) -> int:
    """Fetch and decode `count` records; return how many were no events."""
    consumer = AIOKafkaConsumer(**config.kafka, **fetch_options(config))
    decoders = {name: decoder(topic) for name, topic in config.sources.items()}
    rejects = 0
    consumer.assign([TopicPartition(name, number) for name in config.sources for number in range(PARTITIONS)])
    await consumer.start()
    meter.begin()  # at the moment that corresponds to the worker's: connected, nothing read
    try:
        while meter.count < count:
            found = await consumer.getmany(timeout_ms=500)
            for tp, records in found.items():
                decode = decoders[tp.topic]
                for record in records:
                    rejects += type(decode(record.value)) is Reject
            meter.add(sum(map(len, found.values())))
    finally:
        await consumer.stop()
    return rejects


def main() -> None:
    meter = Meter(time.perf_counter)
    rejects = asyncio.run(read(worker_config(load()), int(sys.argv[1]), meter))
    meter.tell_result(rejects=rejects)


if __name__ == "__main__":
    main()
