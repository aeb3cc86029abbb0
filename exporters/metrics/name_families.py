r"""Names that people chose, each with a pattern by which a board selects it.

A board of Grafana puts the value of a variable into its queries as text. It doubles backslashes, treats
quotes in one of two ways, and fills the text twice, so a name with a quote would break the query and one like
`$window` would become something else. A pattern has none of these signs: whatever is no letter, no digit and
no harmless sign is written as its number, `Tier \x{22}gold\x{22}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from prometheus_client.metrics_core import Metric

from exporters.metrics.families import Family
from kpis.figures.kpi import volume
from kpis.figures.view import View

DESK: Final = Family(
    "deskpulse_desk",
    "Always 1; the label `pattern` is a regular expression that matches only this desk's name.",
    "info",
    ("pattern",),
)
TEAM: Final = Family(
    "deskpulse_team",
    "1 for each team with figures; the label `pattern` is a regular expression that matches only its name.",
    "info",
    ("member", "pattern"),
)
NAMES: Final = (DESK, TEAM)
_OF_TEAMS: Final = volume.TICKETS.name  # every team that is shown has this figure, in each window
_SIGN: Final = re.compile(
    r"[^\w ,:;/&@%#=!<>~-]"
)  # what might mean something to RE2, to PromQL, or to whatever a name is put into


@lru_cache(maxsize=16_384)
def pattern(name: str) -> str:
    r"""An RE2 pattern that matches the whole name and nothing else.

    It has no quote, no dollar sign, no bracket and no backquote.

    >>> print(pattern('Tier "gold"'), pattern("billing"), pattern("EU+ ($team)"), sep="  ")
    Tier \x{22}gold\x{22}  billing  EU\x{2b} \x{28}\x{24}team\x{29}
    """
    return _SIGN.sub(lambda sign: f"\\x{{{ord(sign[0]):x}}}", name)


def collect_desk(desk: str) -> Iterator[Metric]:
    """The name of the desk. It is a label of every series already, so only its pattern is exported here."""
    yield DESK.having(({"pattern": pattern(desk)}, 1))


def collect_teams(view: View) -> Iterator[Metric]:
    """The teams of a view; none while it has no ticket."""
    teams = {
        dict(labels)["member"]
        for name, labels, *_ in view.figures
        if name == _OF_TEAMS and ("by", "team") in labels
    }
    yield TEAM.having(*(({"member": team, "pattern": pattern(team)}, 1) for team in sorted(teams)))
