"""Sends events to the source topics with a progress bar; `simulate` and `replay` share it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from deskpulse.cluster import ClusterError, connect
from deskpulse.ingest import publisher
from deskpulse.ingest.events_io import TimedEvent
from deskpulse.ingest.publisher import Pace, publish
from deskpulse.ingest.responders import all_guarded
from deskpulse.settings import Settings
from deskpulse.times import format_time
from streams.topics import SOURCE_TOPICS


async def send(
    settings: Settings,
    events: Iterable[TimedEvent],
    *,
    speed: float,
    first_ms: int,
    last_ms: int | None,
    title: str,
    now_ms: Callable[[], int],
) -> publisher.PublishProgress:
    """Send all events at the pace, and return when the brokers have them.

    `responder_id` goes out as the section `privacy` of the settings says: not at all, or as a keyed hash.
    The bar runs from `first_ms` to `last_ms`.

    Errors: ClusterError, when the topics are missing or the brokers go.
    """
    await _check_topics(settings)
    producer = AIOKafkaProducer(
        acks="all", enable_idempotence=True, linger_ms=5, **settings.kafka.client_options()
    )
    try:
        await producer.start()
        with _bar() as bar:
            task = bar.add_task(title, total=None if last_ms is None else last_ms - first_ms, sent=0, at="")

            def show(progress: publisher.PublishProgress) -> None:
                done = max(0, progress.publish_ms - first_ms)
                bar.update(
                    task, completed=done, sent=progress.acknowledged, at=format_time(progress.publish_ms)
                )

            result = await publish(
                all_guarded(events, settings.privacy.responder_key()),
                producer,
                pace=Pace(speed),
                topic_prefix=settings.topic_prefix,
                on_progress=show,
                now_ms=now_ms,
            )
            bar.update(task, completed=None if last_ms is None else last_ms - first_ms)
    except KafkaError as error:
        raise ClusterError(
            f"the brokers stopped accepting events: {error!r}\nfix: check whether they are up, then run the "
            "command again"
        ) from error
    finally:
        await producer.stop()
    return result


async def _check_topics(settings: Settings) -> None:
    names = [settings.topic_prefix + topic for topic in SOURCE_TOPICS]
    async with connect(settings.kafka) as cluster:
        existing, hidden = await cluster.topics(names, configured=False), await cluster.hidden(names)
    if hidden:
        raise ClusterError(
            f"this Kafka user may not see {', '.join(hidden)}, and Kafka does not say whether they exist\n"
            "fix: give the user Write and Describe on them (docs/kafka.md lists the rights), or create them "
            "with `deskpulse topics`"
        )
    if missing := [name for name in names if name not in existing]:
        raise ClusterError(
            f"the topic {', '.join(missing)} does not exist\nfix: create the topics with `deskpulse topics`"
        )


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[sent]:,} events, at {task.fields[at]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
