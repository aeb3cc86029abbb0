"""One connection for an operator's questions; every failure names what to look at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError, for_code
from aiokafka.protocol.admin import (
    ApiVersionRequest,
    CreateTopicsRequest,
    DescribeConfigsRequest,
    DescribeGroupsRequest,
    ListGroupsRequest,
)
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.metadata import MetadataRequest

from deskpulse.cluster.facts import ConsumerGroup, PartitionFacts, Topic
from deskpulse.cluster.protocol import BROKER, TOPIC, IncrementalAlterConfigsRequest
from deskpulse.settings import KafkaSettings
from streams.topics import TopicSpec
from streams.unreached import complaints, meaning

_TIMEOUT_MS: Final = 10_000
_SET_ON_TOPIC: Final = 1  # Kafka's source of a configuration: the topic itself, not a default
_EXISTS: Final = 36  # TOPIC_ALREADY_EXISTS
_UNKNOWN_TOPIC: Final = 3  # UNKNOWN_TOPIC_OR_PARTITION
# the first question about any group makes the broker create the topic of offsets
_COORDINATOR_TRIES: Final = 20
_COORDINATOR_PAUSE_SECONDS: Final = 0.25
_KNOWN_SECONDS: Final = 60.0
_KNOWN_PAUSE_SECONDS: Final = 0.1


class ClusterError(Exception):
    """The cluster refused a request."""


class ClusterUnreachableError(ClusterError):
    """No broker could be talked to."""


class Cluster:
    """Questions and orders to a connected cluster.

    Errors: ClusterError, also for what Kafka says with an error code.
    """

    def __init__(self, client: AIOKafkaClient, options: Mapping[str, Any]) -> None:
        self._client = client
        self._options = options

    async def brokers(self) -> list[int]:
        """Numbers of the brokers that are up."""
        return sorted(node[0] for node in (await self._ask(MetadataRequest([]))).brokers)

    async def apis(self) -> dict[int, tuple[int, int]]:
        """Kafka's request kinds that the broker knows, with their lowest and highest version."""
        response = await self._ask(ApiVersionRequest())
        return {key: (lowest, highest) for key, lowest, highest in response.api_versions}

    async def topics(self, names: Iterable[str], *, configured: bool = True) -> dict[str, Topic]:
        """Those of the topics that exist, with their configuration.

        One just created may not be known to all brokers: it is left out.

        `configured=False`: a configuration that this user may not see is None, and no error.
        """
        found = [
            topic
            for topic in await self._described(names)
            if topic["error_code"] == 0 and topic["partitions"]
        ]
        configs = await self._configs(TOPIC, [topic["topic"] for topic in found], strict=configured)
        return {
            topic["topic"]: _topic(topic, configs[topic["topic"]])
            for topic in found
            if topic["topic"] in configs
        }

    async def hidden(self, names: Iterable[str]) -> list[str]:
        """Those of the topics that this user may not see, in their order.

        Kafka does not say whether they exist.
        """
        return [
            topic["topic"]
            for topic in await self._described(names)
            if topic["error_code"] == TopicAuthorizationFailedError.errno
        ]

    async def _described(self, names: Iterable[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (
            await self._ask(MetadataRequest(list(names), allow_auto_topic_creation=False))
        ).to_object()["topics"]
        return found

    async def broker_config(self, broker: int) -> dict[str, str | None]:
        """Effective configuration of a broker; empty where this user may not see it."""
        try:
            entries = (await self._configs(BROKER, [str(broker)], node=broker))[str(broker)]
        except ClusterError:
            return {}
        return {entry[0]: entry[1] for entry in entries or ()}

    async def create(self, specs: Iterable[TopicSpec]) -> None:
        """Create topics, and return when every broker knows their leaders.

        One that appeared meanwhile is left as it is.
        """
        nowhere: list[int] = []  # the broker chooses where the copies go
        wanted = [
            (spec.name, spec.partitions, spec.replication_factor, nowhere, list(spec.config.items()))
            for spec in specs
        ]
        response = await self._ask(
            CreateTopicsRequest(wanted, _TIMEOUT_MS, False), node=await self._controller()
        )
        refused = [
            f"{name}: {_explain(code, *message)}"
            for name, code, *message in response.topic_errors
            if code not in (0, _EXISTS)
        ]
        if refused:
            raise ClusterError("Kafka refused to create " + "; ".join(refused))
        await self._known_everywhere({name for name, *_ in wanted})

    async def _known_everywhere(self, names: Collection[str]) -> None:
        """Wait until every broker knows the new topics.

        A creation is answered before the brokers have heard of it, and a client that asks too soon gets the
        answer that there is no such topic.
        """
        request = MetadataRequest(sorted(names), allow_auto_topic_creation=False)
        waiting, limit = set(await self.brokers()), asyncio.timeout(_KNOWN_SECONDS)
        try:
            async with limit:
                while waiting:
                    waiting = {node for node in waiting if not await self._knows(request, node)}
                    if waiting:
                        await asyncio.sleep(_KNOWN_PAUSE_SECONDS)
        except TimeoutError:
            if not limit.expired():
                raise
            late = f"{_KNOWN_SECONDS:.0f} s later, brokers {sorted(waiting)} still do not know them"
            raise ClusterError(f"the topics were created, but {late}: check the brokers' logs") from None

    async def _knows(self, request: MetadataRequest, broker: int) -> bool:
        """Whether a broker knows every topic of a request, and a leader of each of their partitions."""
        described = (await self._ask(request, node=broker)).to_object()["topics"]
        return all(
            topic["error_code"] == 0 and all(part["leader"] >= 0 for part in topic["partitions"])
            for topic in described
        )

    async def alter(self, configs: Mapping[str, Mapping[str, str]]) -> None:
        """Set configurations of topics; what is not named stays as it is."""
        request = IncrementalAlterConfigsRequest({topic: dict(changes) for topic, changes in configs.items()})
        response = await self._ask(request, node=await self._controller())
        refused = [
            f"{name}: {_explain(code, message)}" for code, message, _, name in response.resources if code
        ]
        if refused:
            raise ClusterError("Kafka refused to alter " + "; ".join(refused))

    async def group(self, name: str) -> ConsumerGroup | None:
        """A consumer group, None when nobody has ever been in it."""
        listed: set[str] = set()
        for broker in await self.brokers():
            listed.update(entry[0] for entry in (await self._ask(ListGroupsRequest(), node=broker)).groups)
        if name not in listed:
            return None
        response = await self._ask(DescribeGroupsRequest(groups=[name]), node=await self._coordinator(name))
        described = response.to_object()["groups"][0]
        if described["error_code"]:
            raise ClusterError(f"Kafka refused to describe group {name}: {_explain(described['error_code'])}")
        return ConsumerGroup(described["state"], len(described["members"]))

    async def committed(self, group: str) -> dict[tuple[str, int], int]:
        """Offsets that a consumer group has committed, by topic and partition."""
        response = await self._ask(OffsetFetchRequest(group, None), node=await self._coordinator(group))
        return {
            (topic, entry[0]): entry[1]
            for topic, entries in response.topics
            for entry in entries
            if entry[1] >= 0
        }

    async def log_spans(self, topics: Mapping[str, Topic]) -> dict[tuple[str, int], tuple[int, int]]:
        """First and next offset of every partition of the topics."""
        partitions = [
            TopicPartition(name, number) for name, topic in topics.items() for number in topic.partitions
        ]
        if not partitions:
            return {}
        consumer = AIOKafkaConsumer(enable_auto_commit=False, request_timeout_ms=_TIMEOUT_MS, **self._options)
        try:
            with _explained():
                await consumer.start()
                first, following = (
                    await consumer.beginning_offsets(partitions),
                    await consumer.end_offsets(partitions),
                )
        finally:
            await consumer.stop()
        return {(at.topic, at.partition): (first[at], following[at]) for at in partitions}

    async def tails(self, name: str, topic: Topic, most: int) -> dict[int, list[Any]]:
        """The last committed records of each partition of a topic, at most so many."""
        places = [TopicPartition(name, number) for number in topic.partitions]
        options = {
            "enable_auto_commit": False,
            "request_timeout_ms": _TIMEOUT_MS,
            "isolation_level": "read_committed",
            **self._options,
        }
        consumer = AIOKafkaConsumer(auto_offset_reset="earliest", **options)
        found: dict[int, list[Any]] = {place.partition: [] for place in places}
        try:
            with _explained():
                await consumer.start()
                consumer.assign(places)
                first, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
                for place in places:
                    consumer.seek(place, max(first[place], ends[place] - most))
                while any([await consumer.position(place) < ends[place] for place in places]):
                    for place, records in (await consumer.getmany(timeout_ms=200)).items():
                        found[place.partition] += records
        finally:
            await consumer.stop()
        return found

    async def _configs(
        self, kind: int, names: list[str], node: int | None = None, *, strict: bool = True
    ) -> dict[str, list[Any] | None]:
        if not names:
            return {}
        response = await self._ask(DescribeConfigsRequest([(kind, name, None) for name in names]), node=node)
        found: dict[str, list[Any] | None] = {}
        for code, message, _, name, entries in response.resources:
            if code == 0:
                found[name] = entries
            elif code == TopicAuthorizationFailedError.errno and not strict:
                found[name] = None
            elif code != _UNKNOWN_TOPIC:
                raise ClusterError(
                    f"Kafka refused to show the configuration of {name}: {_explain(code, message)}\n"
                    "fix: give this Kafka user DescribeConfigs on the topic (docs/kafka.md lists the rights)"
                )
        return found

    async def _controller(self) -> int | None:
        number = (await self._ask(MetadataRequest([]))).controller_id
        return number if number >= 0 else None

    async def _coordinator(self, group: str) -> int:
        for _ in range(_COORDINATOR_TRIES):
            try:
                return await self._lookup(group)
            except ClusterError:
                await asyncio.sleep(_COORDINATOR_PAUSE_SECONDS)
        return await self._lookup(group)

    async def _lookup(self, group: str) -> int:
        with _explained():
            number: int = await self._client.coordinator_lookup(CoordinationType.GROUP, group)
        return number

    async def _ask(self, request: Any, *, node: int | None = None) -> Any:
        with _explained():
            return await self._client.send(self._client.get_random_node() if node is None else node, request)


@asynccontextmanager
async def connect(kafka: KafkaSettings) -> AsyncIterator[Cluster]:
    """A connection to the cluster that the settings name. Errors: UnreachableError."""
    options = kafka.client_options()
    client = AIOKafkaClient(request_timeout_ms=_TIMEOUT_MS, **options)
    with complaints() as said:
        try:
            try:
                await client.bootstrap()
                reachable = (
                    await client.ready(client.get_random_node())
                    if client.get_random_node() is not None
                    else True
                )
            except (KafkaError, OSError, TimeoutError) as error:
                raise ClusterUnreachableError(_unreachable(kafka, said or [str(error)])) from error
            if not reachable:
                raise ClusterUnreachableError(_unadvertised(kafka, said))
            yield Cluster(client, options)
        finally:
            await client.close()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise ClusterError(f"Kafka did not answer as it should: {error or type(error).__name__}") from error


def _unreachable(kafka: KafkaSettings, said: list[str]) -> str:
    causes, meant = "\n".join(f"  {line}" for line in dict.fromkeys(said)), meaning(said)
    return (
        f"no broker of kafka.bootstrap_servers ({', '.join(kafka.bootstrap_servers)}) could be reached with "
        f"{kafka.security_protocol}:\n{causes}\n  that address {meant.cause}\nfix: {meant.fix}"
    )


def _unadvertised(kafka: KafkaSettings, said: list[str]) -> str:
    causes = "\n".join(f"  {line}" for line in dict.fromkeys(said))
    return (
        f"{', '.join(kafka.bootstrap_servers)} answered, but this machine cannot reach the address that the "
        f"broker gives its clients:\n{causes}\n"
        "fix: set the brokers' advertised.listeners to addresses that this machine can reach"
    )


def _topic(described: Mapping[str, Any], entries: Iterable[Any] | None) -> Topic:
    partitions = {
        entry["partition"]: PartitionFacts(entry["leader"], tuple(entry["replicas"]), tuple(entry["isr"]))
        for entry in described["partitions"]
    }
    if entries is None:
        return Topic(described["topic"], partitions, is_configured=False)
    values = {entry[0]: (entry[1], entry[3]) for entry in entries}
    config = {name: value for name, (value, _) in values.items() if value is not None}
    return Topic(
        described["topic"],
        partitions,
        config,
        frozenset(name for name, (_, source) in values.items() if source == _SET_ON_TOPIC),
    )


def _explain(code: int, message: str | None = None) -> str:
    error = for_code(code)
    return f"{error.__name__}{f' ({message})' if message else ''}"
