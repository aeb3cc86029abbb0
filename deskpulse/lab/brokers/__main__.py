"""`make kafka`: Apache Kafka in the foreground until Ctrl-C."""

import argparse
import signal
import sys
from collections.abc import Sequence
from time import sleep
from typing import get_args

from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.jars import cache_folder, fetch
from deskpulse.lab.brokers.kafka import LocalKafka, Security


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a supervisor's way to say Ctrl-C
    try:
        if options.fetch_only:
            fetch(_tell)
            print(f"Apache Kafka is in {cache_folder()}")
        else:
            _serve(
                LocalKafka(
                    brokers=options.brokers, port=options.port, security=options.security, report=_tell
                )
            )
    except BrokerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted before Kafka was ready", file=sys.stderr)
        return 130
    return 0


def _serve(kafka: LocalKafka) -> None:
    """Run Kafka until Ctrl-C or SIGTERM."""
    with kafka:
        try:
            print(_welcome(kafka), flush=True)
            while True:
                sleep(1)
        except KeyboardInterrupt:
            print("\nstopping")
    print("stopped; its data is deleted")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deskpulse.lab.brokers", description="Run Apache Kafka on loopback until Ctrl-C."
    )
    parser.add_argument(
        "--port", type=int, default=9092, help="port of the first broker (default: %(default)s)"
    )
    parser.add_argument(
        "--brokers",
        type=int,
        choices=(1, 3),
        default=1,
        help="number of brokers (default: %(default)s); three replicate",
    )
    parser.add_argument(
        "--security", choices=get_args(Security), default="plaintext", help="default: %(default)s"
    )
    parser.add_argument(
        "--fetch-only",
        action="store_true",
        help="only fetch Kafka into the cache, so that later runs need no network",
    )
    return parser


def _welcome(kafka: LocalKafka) -> str:
    lines = [f"{kafka.name} serves {kafka.bootstrap}"]
    if kafka.ca_file:
        lines += [
            f"SASL_SSL, SCRAM-SHA-512, user {kafka.username}, password {kafka.password}",
            f"trust {kafka.ca_file}",
        ]
    return "\n".join([*lines, "Press Ctrl-C to stop it; that deletes its data."])


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
