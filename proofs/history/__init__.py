"""A day of Prometheus in a minute: a simulated day of an exporter's figures, and the rules over them.

Events of the simulator go through the product's own `PartitionState`, `ViewBuilder` and collectors at
instants that a story chooses, become blocks of Prometheus by `promtool`, and the rules of `monitoring/rules`
are evaluated over them; so a board, a query or a rule can be looked at at 11:42 of a Wednesday three hours
into a slip, whatever the hour is now. Nothing is scraped and no broker runs.

    python -m proofs.history                     # the stories
    python -m proofs.history slip --port 9090    # make one and answer queries

A story that was made is kept in build/history until the code changes. In a program:

    with serving(made(STORIES["slip"])) as prometheus:
        prometheus.query("desk:figures_trusted", STORIES["slip"].now_seconds)

A Prometheus knows no other present than the machine's: ask it for `time=` now of the story
(`STORIES[...].now_seconds`). What differs from a scraped one: scrapes are 60 s apart (240 s before the last
hour or three, 15 s in the last five minutes), a rule that reads its own past sees none, and what has stopped
is seen for five minutes more, since a stale marker cannot be written.
"""

from proofs.history.make import History, made, serving
from proofs.history.stories import STORIES, Story

__all__ = ["STORIES", "History", "Story", "made", "serving"]
