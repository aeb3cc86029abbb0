"""Section `bands`: from which value on a figure counts as exceptional, above, or typical.

The rest is below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo, field_validator

from deskpulse.settings.base import NameList, Section, listed, wrong
from deskpulse.settings.windows import AnyWindow
from deskpulse.times import parse_duration_ms
from kpis.figures.bands import Edge

BandUnit = Literal["duration", "ratio", "number"]
Windows = Annotated[tuple[AnyWindow, ...], BeforeValidator(listed)]
_BOUND: Final = re.compile(r"(<=|>=|<|>)\s*(\S+)")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_EXAMPLES: Final[dict[BandUnit, str]] = {
    "duration": '"< 15m" or "<= 3h"',
    "ratio": '">= 95%"',
    "number": '"> 70"',
}


@dataclass(frozen=True, slots=True)
class Bound:
    """One edge of a band, such as "<= 3h": seconds, ratio 0..1, or a plain number, as the figure has it."""

    comparison: str
    value: float
    text: str = field(compare=False)

    def edge(self, band: str) -> Edge:
        """The edge as the exporter asks it."""
        return Edge(band, self.comparison, self.value)

    @property
    def lower_is_better(self) -> bool:
        """Whether figures below the edge are the better ones."""
        return self.comparison.startswith("<")

    @classmethod
    def parse(cls, text: str, unit: BandUnit) -> Self:
        """Read an edge. Errors: the fault of a setting."""
        match = _BOUND.fullmatch(text.strip())
        try:
            if match:
                return cls(match[1], _value(match[2], unit), text)
        except ValueError:
            pass
        raise wrong(
            f"{text!r} is not a valid edge of a band",
            f"write a comparison and a value in quotes, such as {_EXAMPLES[unit]}",
        )


def _value(text: str, unit: BandUnit) -> float:
    if unit == "duration":
        return parse_duration_ms(text) / 1000
    number = text.removesuffix("%")
    if text.endswith("%") != (unit == "ratio") or not _NUMBER.fullmatch(number):
        raise ValueError(text)
    return float(number) / 100 if unit == "ratio" else float(number)


def _parser(unit: BandUnit) -> BeforeValidator:
    return BeforeValidator(
        lambda value: value if value is None or isinstance(value, Bound) else Bound.parse(str(value), unit)
    )


_AS_TEXT: Final = PlainSerializer(lambda bound: bound.text)
DurationBound = Annotated[Bound, _parser("duration"), _AS_TEXT]
RatioBound = Annotated[Bound, _parser("ratio"), _AS_TEXT]
NumberBound = Annotated[Bound, _parser("number"), _AS_TEXT]


class Band(Section):
    """The edges of one KPI and where they apply. A KPI without an edge for a band skips that band."""

    windows: Windows | None = None  # the only windows coloured; None is all
    channels: NameList | None = None  # the only channels coloured; None is all

    @property
    def edges(self) -> tuple[tuple[str, Bound], ...]:
        """(band, edge) from the best band on; a figure takes the first that holds, else `below`."""
        found = ((name, getattr(self, name, None)) for name in ("exceptional", "above", "typical"))
        return tuple((name, bound) for name, bound in found if bound is not None)

    @field_validator("exceptional", "above", "typical", check_fields=False)
    @classmethod
    def _check_order(cls, bound: Bound | None, info: ValidationInfo) -> Bound | None:
        better = [value for value in info.data.values() if isinstance(value, Bound)]
        if bound is None or not better:
            return bound
        if bound.lower_is_better != better[-1].lower_is_better:
            raise wrong(
                f"{bound.text!r} points the other way than {better[-1].text!r}",
                "use < and <=, or > and >=, for all edges of a KPI",
            )
        worse_is_wider = (
            bound.value >= better[-1].value if bound.lower_is_better else bound.value <= better[-1].value
        )
        if not worse_is_wider:
            raise wrong(
                f"{bound.text!r} is stricter than the better band's {better[-1].text!r}",
                "order the edges from best to worst",
            )
        return bound


class FirstResponseBand(Band):
    """Section `bands.first_response`."""

    exceptional: DurationBound | None = Bound.parse("< 15m", "duration")
    above: DurationBound | None = Bound.parse("< 1h", "duration")
    typical: DurationBound | None = Bound.parse("<= 3h", "duration")


class CsatBand(Band):
    """Section `bands.csat`."""

    exceptional: RatioBound | None = Bound.parse(">= 95%", "ratio")
    above: RatioBound | None = Bound.parse(">= 90%", "ratio")
    typical: RatioBound | None = Bound.parse(">= 85%", "ratio")


class ResolutionBand(Band):
    """Section `bands.resolution`."""

    exceptional: RatioBound | None = Bound.parse("> 90%", "ratio")
    above: RatioBound | None = Bound.parse(">= 85%", "ratio")
    typical: RatioBound | None = Bound.parse(">= 70%", "ratio")
    windows: Windows | None = ("30d",)


class HandleTimeBand(Band):
    """Section `bands.handle_time`."""

    exceptional: DurationBound | None = Bound.parse("<= 2m", "duration")
    above: DurationBound | None = Bound.parse("< 4m", "duration")
    typical: DurationBound | None = Bound.parse("<= 8m", "duration")
    channels: NameList | None = ("phone",)


class NpsBand(Band):
    """Section `bands.nps`."""

    exceptional: NumberBound | None = Bound.parse("> 70", "number")
    above: NumberBound | None = Bound.parse(">= 50", "number")
    typical: NumberBound | None = Bound.parse(">= 30", "number")


class RetentionBand(Band):
    """Section `bands.retention`."""

    exceptional: RatioBound | None = Bound.parse("> 90%", "ratio")
    above: RatioBound | None = Bound.parse(">= 85%", "ratio")
    typical: RatioBound | None = Bound.parse(">= 80%", "ratio")
    windows: Windows | None = ("365d",)


class TicketsPerCustomerBand(Band):
    """Section `bands.tickets_per_customer`."""

    exceptional: NumberBound | None = Bound.parse("<= 3", "number")
    above: NumberBound | None = None
    typical: NumberBound | None = Bound.parse("<= 5", "number")
    windows: Windows | None = ("30d",)


class BandSettings(Section):
    """Section `bands`."""

    minimum_observations: int = Field(10, ge=1)  # of fewer answers a colour would be chance
    first_response: FirstResponseBand = Field(default_factory=FirstResponseBand)
    csat: CsatBand = Field(default_factory=CsatBand)
    resolution: ResolutionBand = Field(default_factory=ResolutionBand)
    handle_time: HandleTimeBand = Field(default_factory=HandleTimeBand)
    nps: NpsBand = Field(default_factory=NpsBand)
    retention: RetentionBand = Field(default_factory=RetentionBand)
    tickets_per_customer: TicketsPerCustomerBand = Field(default_factory=TicketsPerCustomerBand)
