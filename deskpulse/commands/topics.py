"""`deskpulse topics`: creates the topics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from deskpulse import exits
from deskpulse.commands.common import Config, read_settings, run_async, stop

if TYPE_CHECKING:
    from deskpulse.cluster import Topic
    from deskpulse.cluster.topic_setup import TopicStep
    from deskpulse.settings import Settings

EPILOG = (
    "Safe to repeat: correct topics are left alone. Partition counts are never changed, because keys would "
    "move to other partitions. Existing source topics belong to their producers; --alter-sources changes "
    "their configuration too."
)
_WORDS = {
    "create": "to create",
    "alter": "to alter",
    "keep": "exists",
    "differs": "differs",
    "refuse": "refused",
}
_DONE_WORDS = _WORDS | {"create": "created", "alter": "altered"}
_PIPE_WIDTH = 400  # a topic name has at most 249 letters
_COLOURS = {"create": "green", "alter": "green", "keep": "", "differs": "yellow", "refuse": "red"}


def topics(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the changes without making them.")] = False,
    alter_sources: Annotated[
        bool, typer.Option("--alter-sources", help="Also change existing source topics.")
    ] = False,
    config: Config = None,
) -> None:
    """Create the source, ledger and dead-letter topics, and correct their configuration."""
    settings = read_settings(config)
    run_async(_topics(settings, dry_run=dry_run, alter_sources=alter_sources))


async def _topics(settings: Settings, *, dry_run: bool, alter_sources: bool) -> None:
    from deskpulse.cluster import connect, topic_setup

    wanted = topic_setup.topic_specs(settings)
    async with connect(settings.kafka) as cluster:
        existing = await cluster.topics([spec.name for spec in wanted])
        steps = topic_setup.plan(wanted, existing, alter_sources=alter_sources)
        refused = topic_setup.refusals(steps)
        if not dry_run and not refused:
            await topic_setup.apply(cluster, steps)
    _print(steps, existing, done=not dry_run and not refused)
    if refused:
        stop(
            f"nothing was done: partition counts differ\nfix: {topic_setup.partitions_fix(steps, existing)}",
            exits.BROKER,
        )


def _print(steps: Iterable[TopicStep], existing: Mapping[str, Topic], *, done: bool) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table

    table = Table("Topic", "Role", "Partitions", "Copies", "State", box=None, pad_edge=False)
    told: list[str] = []
    for step in steps:
        spec, word = step.spec, (_DONE_WORDS if done else _WORDS)[step.action]
        colour = _COLOURS[step.action] or None
        topic = existing.get(spec.name)
        partitions, copies = (
            (len(topic.partitions), topic.replication_factor)
            if topic
            else (spec.partitions, spec.replication_factor)
        )
        table.add_row(spec.name, spec.role, str(partitions), str(copies), word, style=colour)
        told += [f"{spec.name} {word}: {step.note}"] if step.note else []
        told += [
            f"{spec.name} {word}: {name} {now} -> {wanted}" for name, (now, wanted) in step.changes.items()
        ]
    # In a pipe no name may be cut.
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)
    for line in told:
        typer.echo(line)
