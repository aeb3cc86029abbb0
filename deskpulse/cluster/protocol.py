"""IncrementalAlterConfigs (KIP-339), which aiokafka 0.14 lacks.

Its AlterConfigs would reset every configuration that is not named.
"""

from __future__ import annotations

from typing import Final

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int8, Int16, Int32, Schema, String

TOPIC: Final = 2  # kinds of resource in Kafka's protocol
BROKER: Final = 4
_SET: Final = 0  # the operation: 0 sets, 1 deletes

_API_KEY: Final = 44


class _Response(Response):  # type: ignore[misc] # aiokafka has no types
    API_KEY = _API_KEY
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "resources",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
            ),
        ),
    )


class _RequestV0(RequestStruct):  # type: ignore[misc]
    API_KEY = _API_KEY
    API_VERSION = 0
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                (
                    "configs",
                    Array(
                        ("name", String("utf-8")),
                        ("config_operation", Int8),
                        ("value", String("utf-8")),
                    ),
                ),
            ),
        ),
        ("validate_only", Boolean),
    )


class IncrementalAlterConfigsRequest(Request[_RequestV0]):  # type: ignore[misc]
    """Set some configurations of topics; the others stay as they are."""

    API_KEY = _API_KEY

    def __init__(self, configs: dict[str, dict[str, str]]) -> None:
        self._resources = [
            (TOPIC, topic, [(name, _SET, value) for name, value in sorted(changes.items())])
            for topic, changes in sorted(configs.items())
        ]

    def build(self, request_struct_class: type[_RequestV0]) -> _RequestV0:
        """What aiokafka calls once the version is agreed."""
        return request_struct_class(self._resources, False)
