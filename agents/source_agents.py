"""The Faust agents, one a source topic.

Each hands the chunks of its topic to the partition they belong to.
"""

from __future__ import annotations

from typing import Any

import faust

from agents.exits import ends_the_process
from agents.fetching.schema import ChunkSchema
from agents.fetching.semi_private import without_acks
from agents.partitions.ownership import Ownership
from streams.topics import SOURCE_TOPICS


def add_agents(app: faust.App, ownership: Ownership, **options: Any) -> None:
    """Register an agent for each source topic.

    All workers have all of them: co-partitioning needs equal subscriptions.
    """
    for topic in SOURCE_TOPICS:
        channel = app.topic(ownership.config.source(topic), schema=ChunkSchema(), **options)
        app.agent(channel, name=topic)(_hand_over(topic, ownership))


def _hand_over(topic: str, ownership: Ownership) -> Any:
    async def hand_over(stream: Any) -> None:
        with ends_the_process(f"agent {topic}"):
            async for event in without_acks(stream):
                await ownership.deliver(event.value, event.message)

    return hand_over
