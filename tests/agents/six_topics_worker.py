"""The counting worker as it was before the topic `presence`: it reads the other six alone.

`python -m tests.agents.six_topics_worker JSON`, as `tests.agents.counting_worker`.
"""

from __future__ import annotations

import sys

from streams import sources

# before anything takes the list of topics over
sources.SOURCES = tuple(one for one in sources.SOURCES if one.topic != "presence")  # type: ignore[misc, assignment]

if __name__ == "__main__":
    from tests.agents.counting_worker import run

    sys.exit(run(sys.argv[1]))
