"""Faust's consumer that takes its positions from the ledger: where to read on, what to commit, what is acked.

Faust derives all three from acked offsets, record by record, and loses chunks around rebalances
(docs/adr/0001-apache-kafka-4.md). Here the position in the ledger decides: partitions are sought to it, and
it is what the group commits, as a hint for lag monitors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP
from mode.utils.futures import notify

from agents.config import WorkerConfig
from agents.fetching.alignment import WatermarkAlignment
from agents.fetching.semi_private import NoReadOffsets, PacedConsumer, log_ends
from agents.fetching.sequence import Deliveries, Fetched, FetchLog

_FETCH_SECONDS = 0.5  # the end waits for a fetch to return; Faust asks for 1 s
_FETCH_RECORDS = 20_000
_PIECE_RECORDS = 500
_PATIENCE_SECONDS = 2.0
# an idle broker answers so late; Faust's 1500 would delay a partition whose data came while another was
# polled
_LONG_POLL_MS = 500


class PositionSource(Protocol):
    """Who knows the ledger."""

    config: WorkerConfig
    deliveries: Deliveries

    def next_offsets(self) -> Mapping[TP, int]:
        """Where to read on in each topic-partition whose state is ready."""

    def durable_offsets(self) -> Mapping[TP, int]:
        """What may be committed: one past what a finished transaction holds."""

    def hurry(self) -> None:
        """Finish what is begun: a rebalance or the end waits for it."""


class LedgerConsumerThread(AIOKafkaConsumerThread):  # type: ignore[misc] # as in schema.py
    """The thread that fetches, heartbeats and rebalances."""

    consumer: LedgerConsumer
    _elapsed: Callable[[], float]  # known once the consumer is made

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._log = FetchLog()
        self._alignment = WatermarkAlignment(patience_seconds=_PATIENCE_SECONDS)

    def _create_worker_consumer(self, transport: LedgerTransport) -> AIOKafkaConsumer:
        """As Faust does, but of committed records only, with our connection options and fetch sizes."""
        config, conf = transport.position_source.config, self.app.conf
        self._assignor = self.app.assignor
        self._elapsed = config.clock.elapsed
        return PacedConsumer(
            pace_seconds=config.fetch_pace_seconds,
            elapsed=config.clock.elapsed,
            **config.kafka,
            client_id=conf.broker_client_id,
            group_id=conf.id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=_LONG_POLL_MS,
            max_partition_fetch_bytes=config.fetch_bytes,
            check_crcs=False,  # TCP and the brokers checked them
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
        )

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
        max_records: int | None = None,  # noqa: ARG002 - as above
    ) -> Fetched:
        """Fetch what the broker has sent, in small pieces, from topics that are behind (`alignment.py`)."""
        active, began = active_partitions, self._elapsed()
        pieces = [await self._fetch_piece(consumer, active, wait_seconds=timeout)]
        self._alignment.waited(self._elapsed() - began)
        records = 0
        while (more := sum(map(len, pieces[-1].values()))) and (records := records + more) < _FETCH_RECORDS:
            if more < _PIECE_RECORDS and all(end.is_reached for end in pieces[-1].ends.values()):
                break  # as nearly always while a desk goes on as usual: nothing more has come
            pieces.append(await self._fetch_piece(consumer, active, wait_seconds=0))
        return pieces[0] if len(pieces) == 1 else Fetched.joined(pieces)

    async def _fetch_piece(
        self, consumer: AIOKafkaConsumer, active: set[TP] | None, *, wait_seconds: float
    ) -> Fetched:
        chosen = (
            None if active is None else self._alignment.choose(active, self._log.times, log_ends(consumer))
        )
        records = await super()._fetch_records(
            consumer, chosen, timeout=wait_seconds, max_records=_PIECE_RECORDS
        )
        # no await between: records and ends are of one moment
        return self._log.note(records, log_ends(consumer))

    async def read_from(self, offsets: Mapping[TP, int], epochs: Mapping[TP, int]) -> None:
        """Seek in this thread.

        Faust's own `seek` runs in the thread of the caller, where a fetch that is just ending may undo it.
        """
        await self.call_thread(self._read_from, offsets, epochs)

    async def _read_from(self, offsets: Mapping[TP, int], epochs: Mapping[TP, int]) -> None:
        self._log.sought(epochs)
        await self._seek_wait(self._ensure_consumer(), offsets)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's check of slow processing reads offsets that we do not keep; `watch.py` has ours."""


class LedgerConsumer(Consumer):  # type: ignore[misc] # as in schema.py
    """See the module."""

    def __init__(self, transport: LedgerTransport, *args: Any, **kwargs: Any) -> None:
        super().__init__(transport, *args, **kwargs)
        self._position_source = transport.position_source
        self._read_offset = NoReadOffsets()

    def _new_consumer_thread(self) -> LedgerConsumerThread:
        return LedgerConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Called by Faust when partitions are ours and before it lets them flow."""
        owned = self.assignment()
        await self.read_from(
            {tp: offset for tp, offset in self._position_source.next_offsets().items() if tp in owned}
        )

    def topic_partitions(self, topic: str) -> int | None:
        """Partition count by the latest metadata.

        Faust asks a snapshot that not every member of the group keeps.
        """
        return len(self._thread._ensure_consumer().partitions_for_topic(topic) or ()) or None  # noqa: SLF001

    async def read_from(self, offsets: Mapping[TP, int]) -> None:
        """Seek. Errors: IllegalStateError when one of them is not ours any more."""
        await self._thread.read_from(offsets, self._position_source.deliveries.renew(offsets.keys()))

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Fetched:  # noqa: ASYNC109 - Faust's signature
        fetched: Fetched = await super()._getmany(active_partitions, min(timeout, _FETCH_SECONDS))
        self._position_source.deliveries.note(fetched)
        return fetched

    def stop_flow(self) -> None:
        """Called by Faust when a rebalance or the end begins."""
        super().stop_flow()
        self._position_source.hurry()

    async def wait_empty(self) -> None:
        """Called by Faust before it gives partitions away: wait for the units in flight, and commit.

        Faust's own collects garbage meanwhile, which takes seconds with a million tickets in memory, and the
        whole group waits.
        """
        while self._unacked_messages and not self.should_stop:
            await self._wait_for_ack(timeout=1)
        await self.commit()

    def ack(self, message: Any) -> bool:
        """Let go of a chunk. This says nothing about offsets."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        notify(self._waiting_for_ack)
        return True

    def _filter_committable_offsets(self, _: Any) -> dict[TP, int]:
        return {
            tp: offset
            for tp, offset in self._position_source.durable_offsets().items()
            if self._should_commit(tp, offset)
        }

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: full queues stop the reader already.

        Once all partitions are marked as full, Faust would sleep for a second.
        """

    def on_buffer_drop(self, tp: TP) -> None:
        """Nothing: see `on_buffer_full`."""


class LedgerTransport(Transport):  # type: ignore[misc] # as in schema.py
    """Makes `LedgerConsumer`s."""

    Consumer = LedgerConsumer

    def __init__(self, *args: Any, position_source: PositionSource, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.position_source = position_source
