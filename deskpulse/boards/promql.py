"""What a panel asks, as values that can be written as PromQL and worked out by hand from samples.

The second is how `make boards-check` knows what a panel should show: the oracle's samples go in, and what Prometheus answers to the text
must be the same. So whatever stands here has two meanings that are written separately and must agree.
"""

from __future__ import annotations

import math
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self

Labels = frozenset[tuple[str, str]]
Result = dict[Labels, float]


@dataclass(frozen=True, slots=True)
class Besides:
    """Every value of a label but these."""

    names: tuple[str, ...]


Match = str | tuple[str, ...] | Besides  # one value of a label, or several

JOB: Final = "deskpulse-exporter"  # the job of monitoring/prometheus.yml
COMPLETE: Final = "deskpulse_view_complete"
WATERMARK: Final = "deskpulse_watermark_timestamp_seconds"
AS_OF: Final = "deskpulse_view_as_of_timestamp_seconds"
_OPERATORS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_AGGREGATES: Final[Mapping[str, Callable[[list[float]], float]]] = {"sum": math.fsum, "max": max, "min": min}
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Samples by metric as of an instant, and what the variables of a board stand for."""

    at_seconds: float
    samples: Mapping[str, Result]
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, at_seconds: float, samples: Mapping[tuple[str, Labels], float]) -> Self:
        """From samples by name and labels together."""
        found: dict[str, Result] = {}
        for (name, labels), value in samples.items():
            found.setdefault(name, {})[labels] = value
        return cls(at_seconds, found)

    def with_variables(self, variables: Mapping[str, str]) -> Self:
        """The same samples, and other values of the variables."""
        return replace(self, variables=variables)

    def filled(self, text: str) -> str:
        """A text in which `$name` stands for its value."""
        return fill(text, self.variables)


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Put values in the place of `$name`, as Grafana does; a name without value stays."""
    return re.sub(r"\$(\w+)", lambda match: variables.get(match[1], match[0]), text)


class Expression(ABC):
    """Something that Prometheus can be asked."""

    @abstractmethod
    def promql(self) -> str:
        """The question as text, safe to stand inside another."""

    @abstractmethod
    def value(self, moment: Moment) -> Result:
        """What the answer should be. An empty figure is absent."""

    @abstractmethod
    def names(self) -> frozenset[str]:
        """The metrics that must be known to work out the answer."""


def freshest(*, at_end: bool = False) -> str:
    """The exporter to believe, as a vector with its labels.

    A complete view comes before an incomplete one, then the one with the newest event, then the one computed last: that counts a
    thousandth, so it only breaks ties, which Prometheus would break in another way in every query. All exporters show the same figures once
    they have read the same; so one of them is asked, not all at once. Every query of a figure holds this, so no recording rule is needed.
    """
    end = " @ end()" if at_end else ""
    complete, watermark, as_of = (f'{name}{{job="{JOB}"}}{end}' for name in (COMPLETE, WATERMARK, AS_OF))
    return f"topk(1, 1e10 * {complete} + {watermark} + {as_of} / 1000)"


@dataclass(frozen=True, slots=True)
class Pick(Expression):
    """Samples of one exported metric, of the freshest exporter; labels other than `keep` are dropped.

    `at_end`: as they are at the end of the time range, at all of its steps.
    """

    name: str
    where: tuple[tuple[str, Match], ...]
    keep: tuple[str, ...] = ()
    at_end: bool = False

    def promql(self) -> str:
        matchers = ",".join(_matcher(name, match) for name, match in self.where)
        end = " @ end()" if self.at_end else ""
        by = f" by ({', '.join(self.keep)}) " if self.keep else ""
        return f"max{by}({self.name}{{{matchers}}}{end} and on (job, instance) {freshest(at_end=self.at_end)})"

    def value(self, moment: Moment) -> Result:
        found: Result = {}
        for labels, value in moment.samples.get(self.name, {}).items():
            having = dict(labels)
            if all(_matches(having.get(label, ""), match, moment) for label, match in self.where):
                kept = frozenset((label, having[label]) for label in self.keep if label in having)
                found[kept] = max(value, found.get(kept, -math.inf))
        return found

    def names(self) -> frozenset[str]:
        return frozenset({self.name})


def _matcher(name: str, match: Match) -> str:
    if isinstance(match, str):
        return f'{name}="{match}"'
    if isinstance(match, Besides):
        return f'{name}!~"{_alternatives(match.names)}"'
    return f'{name}=~"{_alternatives(match)}"'


def _alternatives(values: tuple[str, ...]) -> str:
    """As a regular expression within a text; names of teams may hold any sign."""
    plain = (value if re.fullmatch(r"[\w.$-]+", value) else re.escape(value) for value in values)
    return "|".join(plain).replace("\\", "\\\\").replace('"', '\\"')


def _matches(value: str, match: Match, moment: Moment) -> bool:
    if isinstance(match, Besides):
        return value not in match.names
    return value in map(moment.filled, (match,) if isinstance(match, str) else match)


@dataclass(frozen=True, slots=True)
class Derived(Expression):
    """Something made of the samples of one other expression."""

    inner: Expression

    def names(self) -> frozenset[str]:
        return self.inner.names()


@dataclass(frozen=True, slots=True)
class Scaled(Derived):
    """Multiplied, divided, and moved by numbers, in this order: another unit, or 1 - x."""

    times: int = 1
    over: int = 1
    plus: int = 0

    def promql(self) -> str:
        times = f" * {self.times}" if self.times != 1 else ""
        over = f" / {self.over}" if self.over != 1 else ""
        plus = f" + {self.plus}" if self.plus else ""
        return f"({self.inner.promql()}{times}{over}{plus})"

    def value(self, moment: Moment) -> Result:
        return {labels: value * self.times / self.over + self.plus for labels, value in self.inner.value(moment).items()}


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


@dataclass(frozen=True, slots=True)
class Rounded(Derived):
    """Rounded to some decimals, halves upwards, as Prometheus does."""

    decimals: int

    def promql(self) -> str:
        return f"round({self.inner.promql()}, {_number(round(0.1**self.decimals, self.decimals))})"

    def value(self, moment: Moment) -> Result:
        inverse = 10**self.decimals
        return {labels: math.floor(value * inverse + 0.5) / inverse for labels, value in self.inner.value(moment).items()}


@dataclass(frozen=True, slots=True)
class Combined(Expression):
    """Two expressions by an operator, sample by sample of equal labels. `spread`: the right one is a single sample without labels."""

    left: Expression
    sign: Literal["+", "-", "*", "/"]
    right: Expression
    spread: bool = False

    def promql(self) -> str:
        on = " on () group_left ()" if self.spread else ""
        return f"({self.left.promql()} {self.sign}{on} {self.right.promql()})"

    def value(self, moment: Moment) -> Result:
        right = self.right.value(moment)
        found = {}
        for labels, value in self.left.value(moment).items():
            other = right.get(frozenset() if self.spread else labels)
            if other is not None:
                found[labels] = math.nan if self.sign == "/" and not other else _OPERATORS[self.sign](value, other)
        return found

    def names(self) -> frozenset[str]:
        return self.left.names() | self.right.names()


@dataclass(frozen=True, slots=True)
class _Held(Derived):
    """What is held against a number."""

    comparison: str
    number: float

    def _holds(self, value: float) -> bool:
        return _COMPARISONS[self.comparison](value, self.number)


@dataclass(frozen=True, slots=True)
class Compared(_Held):
    """1 where a comparison with a number holds, else 0."""

    def promql(self) -> str:
        return f"({self.inner.promql()} {self.comparison} bool {_number(self.number)})"

    def value(self, moment: Moment) -> Result:
        return {labels: float(self._holds(value)) for labels, value in self.inner.value(moment).items()}


@dataclass(frozen=True, slots=True)
class Where(_Held):
    """Only the samples for which a comparison with a number holds."""

    def promql(self) -> str:
        return f"({self.inner.promql()} {self.comparison} {_number(self.number)})"

    def value(self, moment: Moment) -> Result:
        return {labels: value for labels, value in self.inner.value(moment).items() if self._holds(value)}


@dataclass(frozen=True, slots=True)
class Given(Expression):
    """Samples of the first whose labels `on` also have a sample in the second; `on` empty: if there is any."""

    inner: Expression
    condition: Expression
    on: tuple[str, ...] = ()

    def promql(self) -> str:
        return f"({self.inner.promql()} and on ({', '.join(self.on)}) {self.condition.promql()})"

    def value(self, moment: Moment) -> Result:
        there = {_only(labels, self.on) for labels in self.condition.value(moment)}
        return {labels: value for labels, value in self.inner.value(moment).items() if _only(labels, self.on) in there}

    def names(self) -> frozenset[str]:
        return self.inner.names() | self.condition.names()


@dataclass(frozen=True, slots=True)
class Either(Expression):
    """Samples of the first, and those of the second whose labels the first has not."""

    first: Expression
    second: Expression

    def promql(self) -> str:
        return f"({self.first.promql()} or {self.second.promql()})"

    def value(self, moment: Moment) -> Result:
        return {**self.second.value(moment), **self.first.value(moment)}

    def names(self) -> frozenset[str]:
        return self.first.names() | self.second.names()


@dataclass(frozen=True, slots=True)
class Marked(Derived):
    """The value of one label with something behind it."""

    label: str
    suffix: str

    def promql(self) -> str:
        return f'label_replace({self.inner.promql()}, "{self.label}", "$1{self.suffix}", "{self.label}", "(.*)")'

    def value(self, moment: Moment) -> Result:
        return {
            frozenset({**dict(labels), self.label: dict(labels).get(self.label, "") + self.suffix}.items()): value
            for labels, value in self.inner.value(moment).items()
        }


@dataclass(frozen=True, slots=True)
class Grouped(Derived):
    """Sum, maximum or minimum by labels."""

    how: Literal["sum", "max", "min"]
    by: tuple[str, ...] = ()

    def promql(self) -> str:
        by = f" by ({', '.join(self.by)}) " if self.by else ""
        return f"{self.how}{by}({self.inner.promql()})"

    def value(self, moment: Moment) -> Result:
        groups: dict[Labels, list[float]] = {}
        for labels, value in self.inner.value(moment).items():
            groups.setdefault(_only(labels, self.by), []).append(value)
        return {labels: _AGGREGATES[self.how](values) for labels, values in groups.items()}


@dataclass(frozen=True, slots=True)
class Age(Derived):
    """Seconds since timestamps."""

    def promql(self) -> str:
        return f"(time() - {self.inner.promql()})"

    def value(self, moment: Moment) -> Result:
        return {labels: moment.at_seconds - value for labels, value in self.inner.value(moment).items()}


@dataclass(frozen=True, slots=True)
class Written(Expression):
    """PromQL about the program itself, which no oracle knows: it can be asked, and must not be empty."""

    text: str

    def promql(self) -> str:
        return self.text

    def value(self, moment: Moment) -> Result:
        raise NotImplementedError(self.text)

    def names(self) -> frozenset[str]:
        return frozenset(re.findall(r"\b(?:deskpulse|support|up|scrape)(?:_[a-z_]+)?\b(?=\{|\[|\)| |$)", self.text))


def _only(labels: Labels, names: tuple[str, ...]) -> Labels:
    return frozenset((name, value) for name, value in labels if name in names)
