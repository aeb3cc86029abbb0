"""A worker process with the counting state: `python -m tests.agents.counting_worker JSON`, the fields of WorkerConfig."""

import json
import logging
import os
import sys

from agents.config import WorkerConfig
from agents.worker import run_worker
from tests.agents.counting import CountingState

if __name__ == "__main__":
    level = os.environ.get("LOG_LEVEL", "INFO")
    logging.basicConfig(level=level, stream=sys.stdout, format="%(asctime)s.%(msecs)03d %(levelname)s %(message)s", datefmt="%H:%M:%S")
    sys.exit(run_worker(WorkerConfig(**json.loads(sys.argv[1]), make_state=CountingState)))
