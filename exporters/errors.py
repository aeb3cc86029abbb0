"""What can keep an exporter from starting or reading; every message names its fix."""

from __future__ import annotations


class ExporterError(Exception):
    """Something that a person must mend."""


class UnreachableError(ExporterError):
    """No broker answers, or none lets us in. The cause names the fix where it is known."""

    def __init__(self, bootstrap: str, cause: str) -> None:
        cause = cause or (
            "no answer; start the broker, or set kafka.bootstrap_servers (DESKPULSE_KAFKA__BOOTSTRAP_SERVERS)"
        )
        super().__init__(f"no broker of kafka.bootstrap_servers ({bootstrap}) could be reached: {cause}")


class TopicsError(ExporterError):
    """Topics are missing or their partition counts do not fit."""


class ListenError(ExporterError):
    """The address cannot be listened on."""
