"""`deskpulse skip`: pass over one record that crashes the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deskpulse import exits
from deskpulse.commands.common import Config, read_settings, run_async, stop

if TYPE_CHECKING:
    from deskpulse.settings import Settings

EPILOG = (
    "A record that crashes the merge ends the worker each time it is read; its last words name topic, "
    "partition and offset. "
    "The record goes to the dead letters with its bytes, and is counted as `skipped`. Please report it: no "
    "record should do that."
)


def skip(
    topic: Annotated[str, typer.Argument(help="Source topic, such as first-reply.")],
    partition: Annotated[int, typer.Argument(min=0, help="Its partition.")],
    offset: Annotated[int, typer.Argument(min=0, help="Offset of the record.")],
    config: Config = None,
) -> None:
    """Note that a record is to be passed over; workers heed it when they next start."""
    settings = read_settings(config)
    name = run_async(_skip(settings, topic, partition, offset))
    typer.echo(
        f"noted: {name}/{partition} offset {offset} will go to the dead letters unread. Now start the "
        "worker again."
    )


async def _skip(settings: Settings, topic: str, partition: int, offset: int) -> str:
    from agents.partitions.skips import request_skip
    from deskpulse.cluster import ClusterError, connect
    from deskpulse.wiring import worker_config

    config = worker_config(settings)
    name = topic if topic in config.sources else config.source(topic)
    if name not in config.sources:
        stop(f"{topic} is no source topic: use one of {', '.join(config.sources)}", exits.USAGE)
    async with connect(settings.kafka) as cluster:
        found = await cluster.topics([name, config.skips_topic], configured=False)
        if missing := {name, config.skips_topic} - found.keys():
            raise ClusterError(
                f"there is no topic {', '.join(sorted(missing))}, or this Kafka user may not see it\n"
                "fix: create the topics with `deskpulse topics`, or give it the rights that docs/kafka.md "
                "lists"
            )
        spans = await cluster.log_spans({name: found[name]})
    if (name, partition) not in spans:
        stop(f"{name} has partitions 0 to {len(spans) - 1}, and no {partition}", exits.USAGE)
    first, following = spans[name, partition]
    if not first <= offset < following:
        held = (
            f"holds offsets {first} to {following - 1}, and not {offset}"
            if following > first
            else "holds no record"
        )
        stop(f"{name}/{partition} {held}", exits.USAGE)
    await request_skip(config, name, partition, offset)
    return name
