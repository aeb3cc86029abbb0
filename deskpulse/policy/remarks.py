"""What a policy leaves out, perhaps on purpose.

These are tickets that no line fits, and names that differ in spelling only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from deskpulse.settings import Settings
from kpis.members import DIMENSIONS
from kpis.sla.policy import Policy, Version
from streams.names import fold


class Remark(NamedTuple):
    """What was found, and what would change it."""

    found: str
    fix: str

    def __str__(self) -> str:
        """Both in a line."""
        return f"{self.found}; {self.fix}"


def remarks(policy: Policy, now_ms: int, written: Mapping[str, Iterable[str]] | None = None) -> list[Remark]:
    """Of the version in force and those to come.

    `written`: names by dimension that the settings write beside the policy.
    """
    current = policy.at(now_ms)
    versions = [
        one
        for one in policy.versions
        if one is current or (one.effective_ms is not None and one.effective_ms > now_ms)
    ]
    found = [remark for version in versions for remark in _unfit(version)]
    return found + list(_spellings(policy, written or {}))


def remarks_of(settings: Settings, policy: Policy, now_ms: int) -> list[Remark]:
    """The same of a policy beside the settings that it is used with."""
    desk = settings.desk
    teams = [*(desk.members.team or ()), *desk.team_time_zones]
    written = {"team": teams, "channel": desk.members.channel or (), "priority": desk.members.priority or ()}
    return remarks(policy, now_ms, written)


def _unfit(version: Version) -> Iterator[Remark]:
    """Targets whose lines leave tickets over."""
    for target, rules in version.rules.items():
        if rules and not any(all(names is None for names in rule.names) for rule in rules):
            yield Remark(
                f"version {version.name}: tickets that fit none of the {len(rules)} lines of {target} have "
                f"no {target.replace('_', ' ')} target, so no alert reports them however long they wait",
                "add a last line with only `within` and `objective`: it matches all of them",
            )


def _spellings(policy: Policy, written: Mapping[str, Iterable[str]]) -> Iterator[Remark]:
    """Remarks on spellings that are one name.

    Case, composition of accents and spaces around a name make no other name of it.
    """
    for place, dimension in enumerate(DIMENSIONS):
        found: dict[str, list[str]] = {}
        for name in dict.fromkeys((*policy.names(place), *written.get(dimension, ()))):
            found.setdefault(fold(name), []).append(name)
        for shown, *others in found.values():
            if others:
                found_twice = (
                    f"{dimension} {shown!r} is also written {', '.join(map(repr, others))}: these are "
                    f"one name, shown as {shown!r}"
                )
                yield Remark(found_twice, "write it the same way everywhere, also in events")
