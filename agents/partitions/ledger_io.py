"""The writer of one partition's ledger.

All rows of a unit of work, its rejects and its position in one transaction.

One transactional producer per owned partition. To take a partition over is to initialize its transactional
id: the broker then refuses every later write of whoever owned it before, and ends a transaction that was left
open.

A partition has two ids. `APP-3` was the only one once, and begins as `APP-3-0` of another app_id does, so
rights to all that begins with `APP-` were rights to fence the workers of that one; no app_id can have the
colon of `APP:3`. Workers of before know the first alone, and work on ledgers below format 6 alone. So both
are taken over, and below that format the first goes on writing: whoever comes next, of either version, fences
whoever was before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    NotEnoughReplicasAfterAppendError,
    NotEnoughReplicasError,
    ProducerFenced,
    TransactionalIdAuthorizationFailed,
)

from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError
from kpis.ledger.codec import OWN_IDS_FORMAT
from kpis.state.records import Changes, DeadLetter
from windows.protocols import LedgerRow

_LARGEST_LETTER_BYTES = 900_000
_TAKE_OVER_SECONDS = 60.0  # the coordinator may have to end a transaction of the previous owner first


class LedgerWriter:
    """Transactions on the ledger of one partition. Not for two tasks at once."""

    def __init__(self, config: WorkerConfig, partition: int) -> None:
        self._config = config
        self._partition = partition
        # by transactional id; after `settle` the one that writes
        self._producers: dict[str, AIOKafkaProducer] = {}
        self._refused: set[str] = set()  # ids that we have no right to
        self._changing = asyncio.Lock()  # a rebalance may close a writer that is just taking over

    async def take_over(self) -> None:
        """Become the only one who can write this partition's ledger; a second call takes it over anew.

        An id that the brokers grant us no right to is none that a worker of ours can write under, of whatever
        version.
        """
        async with self._changing:
            await self._stop()
            self._refused.clear()
            self._producers = {name: self._new_producer(name) for name in self.ids}
            async with self._kafka_errors("could not be taken over"), asyncio.timeout(_TAKE_OVER_SECONDS):
                await asyncio.gather(
                    *(self._start(name, producer) for name, producer in self._producers.items())
                )

    async def _start(self, name: str, producer: AIOKafkaProducer) -> None:
        try:
            await producer.start()
        except TransactionalIdAuthorizationFailed:
            self._refused.add(name)

    async def settle(self, ledger_format: int) -> None:
        """Keep the id that a ledger of this format is written under.

        Errors: WorkerError where the brokers grant no right to it.
        """
        before, own = self.ids
        wanted = own if ledger_format >= OWN_IDS_FORMAT else before
        if wanted in self._refused:
            raise WorkerError(
                Exit.CONFIG,
                f"the brokers grant no right to the transactional id {wanted}, which a ledger of format "
                f"{ledger_format} needs: allow the worker's user Write and Describe on it (docs/kafka.md)",
            )
        async with self._changing:
            await asyncio.gather(
                *(
                    self._producers.pop(name).stop()
                    for name in self.ids
                    if name != wanted and name in self._producers
                )
            )

    @property
    def ids(self) -> tuple[str, str]:
        """The transactional ids of the partition: of ledgers below format 6, and from then on."""
        return f"{self._config.app_id}-{self._partition}", f"{self._config.app_id}:{self._partition}"

    async def write(self, changes: Changes, dead_letters: Sequence[DeadLetter]) -> None:
        """Make a unit of work durable, whole; an error says that it is not, or that nobody knows.

        The position row is the last row of `changes.view`, so it is the last record of its batch.
        """
        (producer,) = self._producers.values()  # take_over and settle first
        async with self._kafka_errors("was not written"), asyncio.timeout(self._config.write_timeout_seconds):
            tickets = list(self._batches(producer, changes.tickets))
            view = list(self._batches(producer, changes.view))
            await producer.begin_transaction()
            written = await asyncio.gather(
                self._send(producer, self._config.tickets_topic, tickets),
                self._send(producer, self._config.view_topic, view),
                self._send_dead_letters(producer, dead_letters),
            )
            # aiokafka commits even when a batch of the transaction failed: look at each before.
            for delivery in (delivery for deliveries in written for delivery in deliveries):
                await delivery
            await producer.commit_transaction()

    async def close(self) -> None:
        """Let go of the connections; an open transaction is left for the broker to end."""
        async with self._changing:
            await self._stop()

    async def _stop(self) -> None:
        producers, self._producers = self._producers, {}
        await asyncio.gather(*(producer.stop() for producer in producers.values()))

    def _new_producer(self, transactional_id: str) -> AIOKafkaProducer:
        config = self._config
        return AIOKafkaProducer(
            **config.kafka,
            client_id=f"{config.app_id}-ledger-{self._partition}",
            transactional_id=transactional_id,
            transaction_timeout_ms=int(config.transaction_timeout_seconds * 1000),
            request_timeout_ms=int(config.transaction_timeout_seconds * 800),
            max_batch_size=config.batch_bytes,
            linger_ms=0,
            acks="all",
        )

    def _batches(self, producer: AIOKafkaProducer, rows: Iterable[LedgerRow]) -> Iterator[Any]:
        """Rows as record batches that a broker accepts."""
        now_ms = self._config.clock.now_ms()
        batch = None
        for key, value in rows:
            if batch is None:
                batch = producer.create_batch()
            if batch.append(key=key, value=value, timestamp=now_ms) is None:  # full
                yield batch
                batch = producer.create_batch()
                batch.append(key=key, value=value, timestamp=now_ms)
        if batch is not None:
            yield batch

    async def _send(
        self, producer: AIOKafkaProducer, topic: str, batches: Iterable[Any]
    ) -> list[asyncio.Future[Any]]:
        deliveries = []
        for batch in batches:
            batch.close()
            deliveries.append(await producer.send_batch(batch, topic, partition=self._partition))
        return deliveries

    async def _send_dead_letters(
        self, producer: AIOKafkaProducer, dead_letters: Iterable[DeadLetter]
    ) -> list[asyncio.Future[Any]]:
        return [
            await producer.send(
                self._config.dead_letter_topic,
                key=f"{letter.topic}-{letter.partition}-{letter.offset}".encode(),
                value=letter.value if letter.value is None else letter.value[:_LARGEST_LETTER_BYTES],
                headers=letter_headers(letter),
            )
            for letter in dead_letters
        ]

    @asynccontextmanager
    async def _kafka_errors(self, what: str) -> AsyncIterator[None]:
        """Errors of the broker as errors of the worker: each of them ends the process."""
        name = f"the ledger of partition {self._partition}"
        try:
            yield
        except ProducerFenced as error:
            raise WorkerError(
                Exit.RETRY,
                f"{name} {what}: fenced, another worker has taken it over, or a transaction took longer "
                "than the broker allows",
                page="fenced",
            ) from error
        except TimeoutError as error:
            raise WorkerError(
                Exit.RETRY,
                f"{name} {what} in time: check the brokers; the worker recovers after a restart",
                page="brokers-unreachable",
            ) from error
        except (NotEnoughReplicasError, NotEnoughReplicasAfterAppendError) as error:
            raise WorkerError(
                Exit.RETRY,
                f"{name} {what}: fewer replicas are in sync than min.insync.replicas requires",
                page="min-insync-not-met",
            ) from error
        except KafkaError as error:
            raise WorkerError(
                Exit.RETRY, f"{name} {what}: {error!r}; the worker recovers after a restart"
            ) from error


def letter_headers(letter: DeadLetter) -> list[tuple[str, bytes]]:
    """Where a rejected record came from and why it was refused; `bytes` when its value had to be cut."""
    fields = [
        ("topic", letter.topic),
        ("partition", str(letter.partition)),
        ("offset", str(letter.offset)),
        ("reason", letter.reason),
        ("detail", letter.detail),
    ]
    if letter.value is not None and len(letter.value) > _LARGEST_LETTER_BYTES:
        fields.append(("bytes", str(len(letter.value))))
    return [(name, text.encode()) for name, text in fields]
