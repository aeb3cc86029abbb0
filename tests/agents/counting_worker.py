"""A worker process with the counting state: `python -m tests.agents.counting_worker JSON`.

JSON has the fields of WorkerConfig.
"""

import json
import logging
import os
import sys

from agents.config import WorkerConfig
from agents.worker import run_worker
from deskpulse.clocks import WORKER
from tests.agents.counting import CountingState
from tests.agents.harness import client_options


def run(given: str) -> int:
    """Work until told to stop; the exit code."""
    level = os.environ.get("LOG_LEVEL", "INFO")
    logging.basicConfig(
        level=level,
        stream=sys.stdout,
        format="%(asctime)s.%(msecs)03d %(levelname)s %(message)s",
        datefmt="%H:%M:%S",
    )
    fields = json.loads(given)
    fields["kafka"] = client_options(fields["kafka"])
    return run_worker(WorkerConfig(clock=WORKER, **fields, make_state=CountingState))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
