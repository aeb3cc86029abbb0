"""The words of a mapping file, as pydantic models."""

from __future__ import annotations

import codecs
import re
from datetime import datetime
from typing import Annotated, Final, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from streams.topics import SOURCE_TOPICS

PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
# line of the row in the file; number of the row among those that the event takes
BUILT_IN: Final = ("#line", "#nth")
NAMED_FORMATS: Final = ("rfc3339", "epoch_ms", "epoch_s")
TopicName = Literal[
    "ticket-created", "first-reply", "resolved", "survey", "ticket-changed", "customer", "presence"
]
assert get_args(TopicName) == SOURCE_TOPICS, "a Literal cannot be built from a tuple"


def _fault(problem: str, fix: str) -> PydanticCustomError:
    return PydanticCustomError("mapping", "{problem}", {"problem": problem, "fix": fix})


def _as_text(value: object) -> object:
    """YAML reads 11 as a number; a cell is a text. A `yes` or a 1.0 is not guessed at."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise _fault("it is not text", "put it in quotes, exactly as in the file")
    return value


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise _fault("no such time zone", "use an IANA name, such as Europe/Rome or UTC") from None
    return value


def _known_encoding(value: str) -> str:
    try:
        codecs.lookup(value)
    except LookupError:
        raise _fault("no such encoding", "use a name that Python knows, such as utf-8 or latin-1") from None
    return value


def _known_format(value: str) -> str:
    fix = f"use {', '.join(NAMED_FORMATS)} or a strptime format, such as %Y-%m-%d %H:%M:%S"
    if value in NAMED_FORMATS:
        return value
    if "%" not in value:
        raise _fault("no such time format", fix)
    try:
        datetime.strptime("", value)  # noqa: DTZ007 - only whether the format can be read
    except ValueError as error:
        if "does not match" not in str(error):
            raise _fault(str(error), fix) from None
    return value


def _known_template(value: str) -> str:
    rest = PLACEHOLDER.sub("", value)
    if "{" in rest or "}" in rest:
        raise _fault("a single brace", "write {column name} for a column; a brace itself cannot be written")
    wrong = [name for name in PLACEHOLDER.findall(value) if name.startswith("#") and name not in BUILT_IN]
    if wrong:
        raise _fault(f"no such placeholder {{{wrong[0]}}}", "use {#line}, {#nth} or the name of a column")
    return value


Text = Annotated[str, BeforeValidator(_as_text)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Template = Annotated[str, AfterValidator(_known_template)]


class MappingPart(BaseModel):
    """A part of a mapping file: nothing unknown is passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileFormat(MappingPart):
    """How the file is written."""

    format: Literal["csv", "jsonl"] = "csv"  # tab-separated is csv with the delimiter "\t"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    header: bool = True
    # name -> position from 0: without a header, or where it repeats
    names: dict[str, Annotated[int, Field(ge=0)]] = {}
    empty: dict[str, tuple[Text, ...]] = {}  # column -> cells that mean "nothing", besides an empty one


class Condition(MappingPart):
    """A test of one cell."""

    column: str
    equals: Text | None = None
    not_: Annotated[Text | None, Field(alias="not")] = None
    in_: Annotated[tuple[Text, ...] | None, Field(alias="in")] = None
    not_in: tuple[Text, ...] | None = None
    empty: bool | None = None
    below: float | None = None  # the cell read as a number; a cell that is none does not match
    above: float | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        tests = ("equals", "not", "in", "not_in", "empty", "below", "above")
        if len(self.model_fields_set) != 2:  # the column and one test
            raise _fault("it needs a column and exactly one test", f"give one of {', '.join(tests)}")
        return self


class Value(MappingPart):
    """Where a text comes from, and what becomes of it."""

    column: str | None = None
    constant: Text | None = None
    template: Template | None = None  # an empty cell in it makes all of it empty
    first: tuple[Value, ...] | None = None  # the first that is not empty
    # cell -> text; a cell that is not named is dirty, or becomes the default
    map: dict[Text, Text] | None = None
    default: Text | None = None  # in place of an empty or an unnamed cell

    @model_validator(mode="after")
    def _one_origin(self) -> Value:
        origins = self.origins()
        given = [name for name in origins if name in self.model_fields_set]
        if len(given) != 1:
            raise _fault(f"it has {len(given)} origins", f"give exactly one of {', '.join(origins)}")
        return self

    @classmethod
    def origins(cls) -> tuple[str, ...]:
        """The fields of which exactly one is given."""
        return ("column", "constant", "template", "first")


class FieldValue(Value):
    """The value of an event's field: a text, or one of the mapping's times."""

    time: str | None = None
    withdraw: bool = False  # of a deadline in `due`: an empty time withdraws it; else it stays as it is

    @classmethod
    def origins(cls) -> tuple[str, ...]:
        """A field can also be a time."""
        return (*super().origins(), "time")


class Time(Value):
    """An instant: a text and how to read it. A date and a time of day are put together by a template."""

    format: Annotated[str, AfterValidator(_known_format)] = "rfc3339"
    zone: Zone | None = None  # of times that name none; else that of the mapping
    # a time of the row: what seems more than 12 h before it is on the next day
    wraps_after: str | None = None


class Case(MappingPart):
    """Rows that belong together; they need not be adjacent. The file is then held in memory."""

    by: str
    order_by: str | None = None  # a time; equal times keep the order of the file


class Check(MappingPart):
    """A row that is counted as dirty; it is used all the same unless `drop` is set."""

    reason: str
    when: Annotated[tuple[Condition, ...], Field(min_length=1)]
    drop: bool = False


class EventRule(MappingPart):
    """Which rows become which event."""

    topic: TopicName
    rows: Literal["each", "first"] = "each"  # of the rows (of the case) that match `when`
    when: tuple[Condition, ...] = ()
    fields: dict[str, FieldValue]


class Mapping(MappingPart):
    """A whole mapping file."""

    description: str = ""
    source: FileFormat = FileFormat()
    zone: Zone = "UTC"
    case: Case | None = None
    times: dict[str, Time] = {}
    keep: tuple[Condition, ...] = ()  # the others are passed over, and counted
    checks: tuple[Check, ...] = ()
    events: Annotated[tuple[EventRule, ...], Field(min_length=1)]
