"""What a panel asks, as values that can be written as PromQL and worked out by hand from samples.

The second is how `make boards-check` knows what a panel should show: the oracle's samples go in, and what
Prometheus answers to the text must be the same. So whatever stands here has two meanings that are written
separately and must agree.
"""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from deskpulse.monitoring.boards.matchers import DESK, Match, braces, matches
from deskpulse.monitoring.boards.moment import Moment, Result, SampleLabels

# the job of monitoring/prometheus.yml, which alerts know; boards go by the desk
JOB: Final = "deskpulse-exporter"
# before the name of a metric: as the believed exporter shows it (deskpulse/monitoring/rules/groups/view.py)
RECORDED: Final = "desk:"
_OPERATORS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_AGGREGATES: Final[Mapping[str, Callable[[list[float]], float]]] = {
    "sum": math.fsum,
    "max": max,
    "min": min,
    "count": len,
}
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


class Expression(ABC):
    """Something that Prometheus can be asked."""

    @abstractmethod
    def promql(self, *, each: bool = False) -> str:
        """The question as text, safe to stand inside another.

        About the desk of the board, without that label wherever something is made.

        `each`: about every desk at once, each with its label, as a recording rule asks; no sample of one is
        matched with one of another.
        """

    @abstractmethod
    def value(self, moment: Moment) -> Result:
        """What the answer should be, of one desk. An empty figure is absent."""

    @abstractmethod
    def names(self) -> frozenset[str]:
        """The metrics that must be known to work out the answer."""


@dataclass(frozen=True, slots=True)
class Pick(Expression):
    """Samples of one exported metric, as the believed exporter shows it.

    Labels other than `keep` are dropped: the metric's recording rule has chosen the exporter. With `at_end`
    the samples are those at the end of the time range, at all of its steps.
    """

    name: str
    where: tuple[tuple[str, Match], ...]
    keep: tuple[str, ...] = ()
    at_end: bool = False

    def promql(self, *, each: bool = False) -> str:
        end = " @ end()" if self.at_end else ""
        return f"max{_by(self.keep, each=each)}({RECORDED}{self.name}{braces(self.where, each=each)}{end})"

    def value(self, moment: Moment) -> Result:
        found: Result = {}
        for labels, value in moment.samples.get(self.name, {}).items():
            having = dict(labels)
            if all(matches(having.get(label, ""), match, moment) for label, match in self.where):
                kept = frozenset((label, having[label]) for label in self.keep if label in having)
                found[kept] = max(value, found.get(kept, -math.inf))
        return found

    def names(self) -> frozenset[str]:
        return frozenset({self.name})


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

    def promql(self, *, each: bool = False) -> str:
        times = f" * {self.times}" if self.times != 1 else ""
        over = f" / {self.over}" if self.over != 1 else ""
        plus = f" + {self.plus}" if self.plus else ""
        return f"({self.inner.promql(each=each)}{times}{over}{plus})"

    def value(self, moment: Moment) -> Result:
        return {
            labels: value * self.times / self.over + self.plus
            for labels, value in self.inner.value(moment).items()
        }


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


@dataclass(frozen=True, slots=True)
class Rounded(Derived):
    """Rounded to some decimals, halves upwards, as Prometheus does."""

    decimals: int

    def promql(self, *, each: bool = False) -> str:
        nearest = f", {_number(round(0.1**self.decimals, self.decimals))}" if self.decimals else ""
        return f"round({self.inner.promql(each=each)}{nearest})"

    def value(self, moment: Moment) -> Result:
        inverse = 10**self.decimals
        return {
            labels: math.floor(value * inverse + 0.5) / inverse
            for labels, value in self.inner.value(moment).items()
        }


@dataclass(frozen=True, slots=True)
class Combined(Expression):
    """Two expressions by an operator, sample by sample of equal labels.

    `spread`: the right one is a single sample without labels.
    """

    left: Expression
    sign: Literal["+", "-", "*", "/"]
    right: Expression
    spread: bool = False

    def promql(self, *, each: bool = False) -> str:
        on = f" {_on((), each=each)} group_left ()" if self.spread else ""
        return f"({self.left.promql(each=each)} {self.sign}{on} {self.right.promql(each=each)})"

    def value(self, moment: Moment) -> Result:
        right = self.right.value(moment)
        found = {}
        for labels, value in self.left.value(moment).items():
            other = right.get(frozenset() if self.spread else labels)
            if other is not None:
                found[labels] = (
                    math.nan if self.sign == "/" and not other else _OPERATORS[self.sign](value, other)
                )
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
class Comparison(_Held):
    """1 where a comparison with a number holds, else 0."""

    def promql(self, *, each: bool = False) -> str:
        return f"({self.inner.promql(each=each)} {self.comparison} bool {_number(self.number)})"

    def value(self, moment: Moment) -> Result:
        return {labels: float(self._holds(value)) for labels, value in self.inner.value(moment).items()}


@dataclass(frozen=True, slots=True)
class Filtered(_Held):
    """Only the samples for which a comparison with a number holds."""

    def promql(self, *, each: bool = False) -> str:
        return f"({self.inner.promql(each=each)} {self.comparison} {_number(self.number)})"

    def value(self, moment: Moment) -> Result:
        return {labels: value for labels, value in self.inner.value(moment).items() if self._holds(value)}


@dataclass(frozen=True, slots=True)
class _Depending(Expression):
    """The first one, as far as the second allows it: by the labels `on`; `on` empty: all or nothing."""

    inner: Expression
    condition: Expression
    on: tuple[str, ...] = ()

    def names(self) -> frozenset[str]:
        return self.inner.names() | self.condition.names()

    def _split(self, moment: Moment, *, there: bool) -> Result:
        having = {_only(labels, self.on) for labels in self.condition.value(moment)}
        return {
            labels: value
            for labels, value in self.inner.value(moment).items()
            if (_only(labels, self.on) in having) == there
        }


@dataclass(frozen=True, slots=True)
class Given(_Depending):
    """Samples of the first whose labels `on` also have a sample in the second.

    With empty `on`: all of them, if the second has any sample.
    """

    def promql(self, *, each: bool = False) -> str:
        return (
            f"({self.inner.promql(each=each)} and {_on(self.on, each=each)} "
            f"{self.condition.promql(each=each)})"
        )

    def value(self, moment: Moment) -> Result:
        return self._split(moment, there=True)


@dataclass(frozen=True, slots=True)
class Unless(_Depending):
    """Samples of the first whose labels `on` have no sample in the second.

    With empty `on`: all of them, if the second has no sample.
    """

    def promql(self, *, each: bool = False) -> str:
        return (
            f"({self.inner.promql(each=each)} unless {_on(self.on, each=each)} "
            f"{self.condition.promql(each=each)})"
        )

    def value(self, moment: Moment) -> Result:
        return self._split(moment, there=False)


@dataclass(frozen=True, slots=True)
class Either(Expression):
    """Samples of the first, and those of the second whose labels `on` the first has not.

    `on` None means all labels.
    """

    first: Expression
    second: Expression
    on: tuple[str, ...] | None = None

    def promql(self, *, each: bool = False) -> str:
        on = "" if self.on is None else f" {_on(self.on, each=each)}"
        return f"({self.first.promql(each=each)} or{on} {self.second.promql(each=each)})"

    def value(self, moment: Moment) -> Result:
        first, second = self.first.value(moment), self.second.value(moment)
        if self.on is None:
            return {**second, **first}
        having = {_only(labels, self.on) for labels in first}
        return {
            **{labels: value for labels, value in second.items() if _only(labels, self.on) not in having},
            **first,
        }

    def names(self) -> frozenset[str]:
        return self.first.names() | self.second.names()


@dataclass(frozen=True, slots=True)
class Grouped(Derived):
    """Sum, maximum, minimum or number by labels."""

    how: Literal["sum", "max", "min", "count"]
    by: tuple[str, ...] = ()

    def promql(self, *, each: bool = False) -> str:
        return f"{self.how}{_by(self.by, each=each)}({self.inner.promql(each=each)})"

    def value(self, moment: Moment) -> Result:
        groups: dict[SampleLabels, list[float]] = {}
        for labels, value in self.inner.value(moment).items():
            groups.setdefault(_only(labels, self.by), []).append(value)
        return {labels: _AGGREGATES[self.how](values) for labels, values in groups.items()}


@dataclass(frozen=True, slots=True)
class Ranked(Derived):
    """The same samples, the greatest first (`sort_desc`) or the least first (`sort`).

    A panel draws them in this order.
    """

    order: Literal["sort", "sort_desc"] = "sort_desc"

    def promql(self, *, each: bool = False) -> str:
        return f"{self.order}({self.inner.promql(each=each)})"

    def value(self, moment: Moment) -> Result:
        return self.inner.value(moment)


@dataclass(frozen=True, slots=True)
class Top(Derived):
    """The greatest few, the greatest first; `least`: the smallest few."""

    most: int
    least: bool = False

    def promql(self, *, each: bool = False) -> str:
        return (
            f"{'bottomk' if self.least else 'topk'}{_by((), each=each)}({self.most}, "
            f"{self.inner.promql(each=each)})"
        )

    def value(self, moment: Moment) -> Result:
        sign = 1 if self.least else -1
        found = sorted(
            self.inner.value(moment).items(),
            key=lambda sample: (sign * sample[1], dict(sample[0]).get("member") not in moment.chosen),
        )
        return dict(found[: self.most])


@dataclass(frozen=True, slots=True)
class Spelt(Derived):
    """Values as a label, since a panel can put a label into a sentence and a value not.

    The sample itself is 1. Whole numbers only.
    """

    label: str
    by: tuple[str, ...] = ()

    def promql(self, *, each: bool = False) -> str:
        return f'count_values{_by(self.by, each=each)}("{self.label}", {self.inner.promql(each=each)})'

    def value(self, moment: Moment) -> Result:
        found: Result = {}
        for labels, value in self.inner.value(moment).items():
            spelt = frozenset({**dict(_only(labels, self.by)), self.label: _number(value)}.items())
            found[spelt] = found.get(spelt, 0) + 1
        return found


@dataclass(frozen=True, slots=True)
class JoinedLabels(Expression):
    """Samples of the first, each multiplied by its match of the second, with some labels of that match.

    The match is the one sample of the second that has the same labels `on`.
    """

    inner: Expression
    other: Expression
    on: tuple[str, ...]
    labels: tuple[str, ...]

    def promql(self, *, each: bool = False) -> str:
        how = f"{_on(self.on, each=each)} group_left ({', '.join(self.labels)})"
        return f"({self.inner.promql(each=each)} * {how} {self.other.promql(each=each)})"

    def value(self, moment: Moment) -> Result:
        others = {
            _only(labels, self.on): (_only(labels, self.labels), value)
            for labels, value in self.other.value(moment).items()
        }
        found: Result = {}
        for labels, value in self.inner.value(moment).items():
            more, factor = others.get(_only(labels, self.on), (frozenset(), None))
            if factor is not None:
                found[labels | more] = value * factor
        return found

    def names(self) -> frozenset[str]:
        return self.inner.names() | self.other.names()


@dataclass(frozen=True, slots=True)
class Recorded(Derived):
    """The series that a recording rule keeps under a name, so that a board need not spell it out.

    The rules are in deskpulse/monitoring/rules/groups/boards.py.
    """

    name: str
    where: tuple[tuple[str, Match], ...] = ()
    at_end: bool = False

    def promql(self, *, each: bool = False) -> str:
        return f"{self.name}{braces(self.where, each=each)}{' @ end()' if self.at_end else ''}"

    def value(self, moment: Moment) -> Result:
        return {
            labels: value
            for labels, value in self.inner.value(moment).items()
            if all(matches(dict(labels).get(label, ""), match, moment) for label, match in self.where)
        }


@dataclass(frozen=True, slots=True)
class LastKnown(Derived):
    """The expression as it was last known within the time range, at all of its steps.

    A choice of lines stays when the figures have ended.
    """

    span: str = "$__range"

    def promql(self, *, each: bool = False) -> str:
        return f"last_over_time({self.inner.promql(each=each)}[{self.span}] @ end())"

    def value(self, moment: Moment) -> Result:
        return self.inner.value(moment)


@dataclass(frozen=True, slots=True)
class Named(Derived):
    """One sample a name, made of the label `n`: `text` has `{n}` in its place.

    For the row of a table that counts the others.
    """

    label: str
    text: str

    def promql(self, *, each: bool = False) -> str:
        named = f'"{self.label}", "{self.text.format(n="$1")}", "n", "(.*)"'
        return f"max{_by((self.label,), each=each)}(label_replace({self.inner.promql(each=each)}, {named}))"

    def value(self, moment: Moment) -> Result:
        return {
            frozenset({(self.label, self.text.format(n=dict(labels)["n"]))}): value
            for labels, value in self.inner.value(moment).items()
        }


def _by(labels: tuple[str, ...], *, each: bool) -> str:
    kept = (DESK, *labels) if each else labels
    return f" by ({', '.join(kept)}) " if kept else ""


def _on(labels: tuple[str, ...], *, each: bool) -> str:
    return f"on ({', '.join((DESK, *labels) if each else labels)})"


def _only(labels: SampleLabels, names: tuple[str, ...]) -> SampleLabels:
    return frozenset((name, value) for name, value in labels if name in names)
