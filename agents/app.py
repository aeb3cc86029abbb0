"""The Faust app of a worker: what Faust does for us, and all that is switched off."""

from __future__ import annotations

import os
import secrets
import socket
from functools import partial
from typing import Any

import faust
from faust.types.auth import CredentialsT

from agents.anchor import add_ledger_table
from agents.config import WorkerConfig
from agents.fetching.consumer import LedgerTransport
from agents.fetching.scheduler import ChunkScheduler
from agents.partitions.ownership import Ownership
from agents.source_agents import add_agents

_MOST_CHUNKS = 4  # waiting in each agent


class DeskApp(faust.App):  # type: ignore[misc] # as in schema.py
    """A Faust app that owns partitions of the ledger."""

    ownership: Ownership

    def _create_directories(self) -> None:
        """None: nothing of ours is on disk, and Faust's would be in the working directory."""


def build_app(config: WorkerConfig) -> DeskApp:
    """A worker's app, not started. One a process and event loop."""
    # a container's pid is 1 at every start
    name = f"{config.app_id}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    ownership = Ownership(config, lambda: app.consumer, name)
    app = DeskApp(
        config.app_id,
        broker=";".join(f"kafka://{server}" for server in config.bootstrap),
        broker_credentials=credentials(config.kafka),
        broker_client_id=name,
        broker_session_timeout=config.session_timeout_seconds,
        broker_heartbeat_interval=config.heartbeat_seconds,
        broker_rebalance_timeout=max(30.0, 3 * config.session_timeout_seconds),
        # joining a group takes up to a rebalance timeout
        broker_request_timeout=max(40.0, 4 * config.session_timeout_seconds),
        broker_commit_interval=2.0,
        ConsumerScheduler=partial(ChunkScheduler, config.chunk_records),
        stream_buffer_maxsize=_MOST_CHUNKS,
        stream_wait_empty=True,  # a rebalance waits for the units in flight
        cython_optimizations=True,
        store="memory://",
        table_standby_replicas=0,
        topic_allow_declare=False,  # `deskpulse topics` does, with the right settings
        topic_disable_leader=True,
        web_enabled=False,
        web_tables_enabled=False,
        web_router_enabled=False,
        autodiscover=False,
    )
    app.ownership = ownership
    app.transport = LedgerTransport(app.conf.broker_consumer, app, position_source=ownership)
    raw: dict[str, Any] = {
        "key_type": bytes,
        "value_type": bytes,
        "key_serializer": "raw",
        "value_serializer": "raw",
    }
    add_ledger_table(app, ownership, config.anchor_topic)
    add_agents(app, ownership, **raw)
    return app


def credentials(kafka: Any) -> CredentialsT | None:
    """aiokafka's security options as Faust's; Faust's own producer and admin client use them.

    >>> credentials({"bootstrap_servers": "127.0.0.1:9092"}) is None
    True
    """
    protocol = kafka.get("security_protocol", "PLAINTEXT")
    context = kafka.get("ssl_context")
    if protocol == "SSL":
        return faust.SSLCredentials(context)
    if protocol in {"SASL_PLAINTEXT", "SASL_SSL"}:
        return faust.SASLCredentials(
            username=kafka["sasl_plain_username"],
            password=kafka["sasl_plain_password"],
            mechanism=kafka["sasl_mechanism"],
            ssl_context=context if protocol == "SASL_SSL" else None,
        )
    return None
