"""Questions about the program itself, and whether figures can be trusted now.

No oracle knows the answers: a check by hand assumes them, or does without.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from deskpulse.monitoring.boards.matchers import braces
from deskpulse.monitoring.boards.moment import Moment, Result
from deskpulse.monitoring.boards.questions.promql import Expression, Given


@dataclass(frozen=True, slots=True)
class Assumed(Expression):
    """A recording rule about the program itself, whose value a check by hand assumes.

    That is `holds`; the series is absent where it is None.
    """

    name: str
    holds: float | None = None

    def promql(self, *, each: bool = False) -> str:
        return f"{self.name}{braces((), each=each)}"

    def value(self, moment: Moment) -> Result:  # noqa: ARG002 - it is the same at any moment
        return {} if self.holds is None else {frozenset(): self.holds}

    def names(self) -> frozenset[str]:
        return frozenset()


TRUSTED: Final = Assumed("desk:figures_trusted", 1.0)
NO_POLICY: Final = Assumed("desk:sla_policy_missing")


def fresh(expression: Expression) -> Expression:
    """The expression while the figures can be trusted.

    When they are old or incomplete there is no sample, and the panel says so.
    """
    return Given(expression, TRUSTED)


@dataclass(frozen=True, slots=True)
class PlainPromql(Expression):
    """PromQL about the program itself, which no oracle knows: it can be asked, and must not be empty."""

    text: str

    def promql(self, *, each: bool = False) -> str:
        assert not each, "no recording rule"
        return self.text

    def value(self, moment: Moment) -> Result:
        raise NotImplementedError(self.text)

    def names(self) -> frozenset[str]:
        """Never empty, so that it is not taken for a figure."""
        return frozenset({"deskpulse"}) | frozenset(
            re.findall(r"(?<![:\w])(?:deskpulse|support|up|scrape)(?:_[a-z_]+)?\b(?=\{|\[|\)| |$)", self.text)
        )
