"""What a cluster of several brokers answers while its brokers do not know the same yet."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from deskpulse.cluster import Cluster, ClusterError

NOT_AUTHORIZED = 29


class Client:
    """Describes one topic; the broker that is asked for its configuration answers with an error code."""

    def __init__(self, code: int) -> None:
        self._code = code

    def get_random_node(self) -> int:
        return 1

    async def send(self, _: int, request: Any) -> Any:
        if "Metadata" in type(request).__name__:
            partition = {"partition": 0, "leader": 1, "replicas": [1], "isr": [1]}
            topic = {"topic": "survey", "error_code": 0, "partitions": [partition]}
            return SimpleNamespace(to_object=lambda: {"topics": [topic]})
        return SimpleNamespace(
            resources=[(self._code, "no", 2, "survey", [("cleanup.policy", "delete", False, 1, False, [])])]
        )


def cluster(code: int) -> Cluster:
    return Cluster(cast("Any", Client(code)), {})


async def test_a_topic_is_described_with_its_configuration() -> None:
    assert {"cleanup.policy": "delete"} == (await cluster(0).topics(["survey"]))["survey"].config


async def test_a_topic_that_one_broker_does_not_know_yet_is_not_there_yet() -> None:
    """Of three brokers the first may have heard of a new topic and the second not: asked again, both have."""
    assert {} == await cluster(3).topics(["survey"])


async def test_a_configuration_that_may_not_be_seen_is_an_error() -> None:
    with pytest.raises(
        ClusterError, match="refused to show the configuration of survey: TopicAuthorizationFailed"
    ):
        await cluster(NOT_AUTHORIZED).topics(["survey"])
