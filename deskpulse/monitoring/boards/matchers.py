"""Which samples of a metric are meant: matchers of labels as text, and by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from deskpulse.monitoring.boards.moment import Moment


@dataclass(frozen=True, slots=True)
class Besides:
    """Every value of a label but these."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The name that a variable of the board stands for.

    The value of such a variable is no name but a pattern that matches it alone
    (exporters/metrics/name_families.py): Grafana doubles the backslashes of a value and does with quotes what
    its version and its settings say, so no sign of a name may reach it.
    """

    variable: str


Match = str | tuple[str, ...] | Besides | Chosen  # one value of a label, or several
DESK: Final = "desk"  # the label that every series has, and the variable of every board
OF_DESK: Final = f'{DESK}=~"${DESK}"'  # the matcher that each selector of a board has
OF_DESK_OR_ALL: Final = f'{DESK}=~"${DESK}|"'  # or no desk at all
DESK_NAME: Final = f"${{{DESK}:text}}"  # as people read it
ANY: Final = Besides(("",))  # whatever has the label


def braces(where: tuple[tuple[str, Match], ...], *, each: bool = False, of: str = OF_DESK) -> str:
    """The matchers of a selector: those of `where`, and the desk of the board.

    With `each` the selector is of all desks, as in a recording rule.
    """
    found = [] if each else [of]
    found += [_matcher(name, match) for name, match in where]
    return f"{{{','.join(found)}}}" if found else ""


def _matcher(name: str, match: Match) -> str:
    if isinstance(match, str):
        return f'{name}="{match}"'
    if isinstance(match, Chosen):
        return f'{name}=~"${match.variable}"'
    if isinstance(match, Besides):
        return f'{name}!~"{_alternatives(match.names)}"'
    return f'{name}=~"{_alternatives(match)}"'


def _alternatives(values: tuple[str, ...]) -> str:
    r"""As a regular expression within a text.

    Names of teams may hold any sign, and Grafana takes none of them for a variable.

    >>> print(_alternatives(("0.5", "billing", "$team", 'Tier "gold"', "a.b")))
    0.5|billing|[$]team|Tier \"gold\"|a\\.b
    """
    found = "|".join(value if _QUANTILE.fullmatch(value) else _escaped(value) for value in values)
    return found.replace("\\", "\\\\").replace('"', '\\"')


_QUANTILE: Final = re.compile(r"0\.\d+")  # a label of ours: no other value could be meant


def _escaped(value: str) -> str:
    return re.escape(value).replace("\\$", "[$]").replace(r"\-", "-").replace(r"\ ", " ")


def matches(value: str, match: Match, moment: Moment) -> bool:
    """Whether a label has a value that is meant."""
    if isinstance(match, Besides):
        return value not in match.names
    if isinstance(match, Chosen):
        return value == moment.variables[match.variable]
    return value in map(moment.filled, (match,) if isinstance(match, str) else match)
