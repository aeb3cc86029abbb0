"""`deskpulse skip`: skips one record that crashes the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deskpulse import exits
from deskpulse.commands.common import Config, read_settings, run_async, stop

if TYPE_CHECKING:
    from deskpulse.settings import Settings

EPILOG = (
    "A record that crashes the merge ends the worker each time the worker reads it; the last log line names "
    "topic, partition and offset. A skipped record goes to the dead letters with its bytes and counts as "
    "`skipped`. Please report it: no record should crash a worker."
)


def skip(
    topic: Annotated[str, typer.Argument(help="Source topic, such as first-reply.")],
    partition: Annotated[int, typer.Argument(min=0, help="Its partition.")],
    offset: Annotated[int, typer.Argument(min=0, help="Offset of the record.")],
    config: Config = None,
) -> None:
    """Mark a record to be skipped. Workers skip it the next time they start."""
    settings = read_settings(config)
    name = run_async(_skip(settings, topic, partition, offset))
    typer.echo(
        f"noted: {name}/{partition} offset {offset} will go to the dead letters unread. Start the worker "
        "again now."
    )


async def _skip(settings: Settings, topic: str, partition: int, offset: int) -> str:
    from agents.partitions.skips import request_skip
    from deskpulse.cluster import ClusterError, connect
    from deskpulse.wiring import worker_config

    config = worker_config(settings)
    name = topic if topic in config.sources else config.source(topic)
    if name not in config.sources:
        stop(f"{topic} is not a source topic: use one of {', '.join(config.sources)}", exits.USAGE)
    async with connect(settings.kafka) as cluster:
        found = await cluster.topics([name, config.skips_topic], configured=False)
        if missing := {name, config.skips_topic} - found.keys():
            raise ClusterError(
                f"the topic {', '.join(sorted(missing))} does not exist, or this Kafka user may not see it\n"
                "fix: create the topics with `deskpulse topics`, or give the user the rights listed in "
                "docs/kafka.md"
            )
        spans = await cluster.log_spans({name: found[name]})
    if (name, partition) not in spans:
        stop(f"{name} has partitions 0 to {len(spans) - 1} but no partition {partition}", exits.USAGE)
    first, following = spans[name, partition]
    if not first <= offset < following:
        held = (
            f"holds offsets {first} to {following - 1}, but not {offset}"
            if following > first
            else "holds no record"
        )
        stop(f"{name}/{partition} {held}", exits.USAGE)
    await request_skip(config, name, partition, offset)
    return name
