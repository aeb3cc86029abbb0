"""An instant of samples, as a query is worked out from by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

SampleLabels = frozenset[tuple[str, str]]
Result = dict[SampleLabels, float]


@dataclass(frozen=True, slots=True)
class Moment:
    """Samples by metric as of an instant, and what the variables of a board stand for."""

    at_seconds: float
    samples: Mapping[str, Result]
    variables: Mapping[str, str] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()  # members that Prometheus has chosen: among equals it does so freely

    @classmethod
    def of(cls, at_seconds: float, samples: Mapping[tuple[str, SampleLabels], float]) -> Self:
        """From samples by name and labels together."""
        found: dict[str, Result] = {}
        for (name, labels), value in samples.items():
            found.setdefault(name, {})[labels] = value
        return cls(at_seconds, found)

    def with_variables(self, variables: Mapping[str, str]) -> Self:
        """The same samples, and other values of the variables."""
        return replace(self, variables=variables)

    def with_choice(self, found: Iterable[SampleLabels]) -> Self:
        """The same samples; of equals those are among the greatest whose members an answer has."""
        return replace(
            self, chosen=frozenset(value for labels in found for name, value in labels if name == "member")
        )

    def filled(self, text: str) -> str:
        """A text in which `$name` stands for its value."""
        return fill(text, self.variables)


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Put values in the place of `$name`, as Grafana does; a name without value stays."""
    return re.sub(r"\$(\w+)", lambda match: variables.get(match[1], match[0]), text)
