"""Rules as values: what Prometheus reads, without its syntax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

AlertSeverity = Literal["page", "warning", "none"]
AlertKind = Literal["kpi", "pipeline", "meta"]
MINUTE_MS: Final = 60_000
# a label of alerts that say so: they mute the alerts about the figures
UNTRUSTED: Final = {"figures": "untrusted"}


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """A recording rule."""

    name: str
    expr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert. Texts are templates of Prometheus: `{{ $value }}`, `{{ $labels.member }}`."""

    name: str
    expr: str
    severity: AlertSeverity
    kind: AlertKind
    summary: str
    description: str
    board: str  # the board that shows more, by its uid
    hold_ms: int = 0  # how long the condition must hold before the alert fires
    keep_ms: int = 0  # how long the alert fires on after the condition last held
    of_programs: bool = False  # its waits depend on programs, not on desk traffic: drills do not shorten them
    labels: Mapping[str, str] = field(default_factory=dict)
    tickets: str | None = None  # the query of api/at-risk that lists the tickets


AnyRule = RecordingRule | Alert


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are evaluated one after the other."""

    name: str
    rules: tuple[AnyRule, ...]


@dataclass(frozen=True, slots=True)
class RuleFile:
    """Groups that make one file; `about` is its head, in words for a person who opens it."""

    file: str
    about: str
    groups: tuple[RuleGroup, ...]

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts in it."""
        return tuple(rule for group in self.groups for rule in group.rules if isinstance(rule, Alert))
