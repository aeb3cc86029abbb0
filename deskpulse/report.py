"""`deskpulse report`: figures of a finished history, from a file, without Kafka."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from deskpulse import exits
from deskpulse.ingest.event_files import InputError, printable, read_timed_events
from deskpulse.ingest.events_io import TimedEvent, encode, to_rfc3339
from deskpulse.settings import Settings
from deskpulse.wiring import view_rules
from kpis.figure import Figure
from kpis.figures.batch import Batch, History, Stretch
from kpis.figures.catalogue import is_denominator
from kpis.figures.view import ViewRules
from kpis.members import DIMENSIONS, MemberRules
from kpis.state.quality import Quality, told
from windows.offered import ALL_NAMES

_EXAMPLES: Final = 5  # of the refused events of a reason
_MOST_SPELLINGS: Final = 1_000  # of a dimension
_HEADED: Final = frozenset({"window", "period", "by", "member", "clock", "team", "channel", "priority"})
_EVERYTHING: Final = 1_000_000_000  # names of a dimension
_SHOW_EVERY: Final = 2_000  # events between two words of progress


def run(  # noqa: PLR0913 - each is named
    settings: Settings,
    file: Path,
    *,
    mapping: Path | None,
    as_of_ms: int | None,
    window: str | None,
    span_ms: tuple[int, int] | None,
    form: str,
    now_ms: int,
    by_created: bool = False,
) -> int:
    """Print the figures of a file. `by_created`: each ticket's at its creation.

    Return the exit code (2 when the file or its mapping cannot be used, 1 without any event).

    What is dated later than `now_ms` plus the desk's tolerance is refused: one wrong date would stand for
    now.
    """
    err = Console(stderr=True)
    latest_ms = now_ms + round(settings.desk.future_tolerance_seconds * 1000)
    try:
        rules = view_rules(settings)
        history = read_history(
            file, mapping, until_ms=as_of_ms, latest_ms=latest_ms, rules=rules, console=err
        )
    except InputError as error:
        print(f"deskpulse: {error}", file=sys.stderr)  # noqa: T201 - the command's own words
        return exits.USAGE
    if history.last_ms is None:
        print(f"deskpulse: {file} holds no event{_until(as_of_ms)}", file=sys.stderr)  # noqa: T201
        return exits.DIFFERENCE
    as_of = history.last_ms if as_of_ms is None else as_of_ms
    if form == "json":
        rules = replace(rules, members=MemberRules(most=_EVERYTHING))
    batch = Batch(history, rules, as_of, by_created=by_created)
    figures = figures_of(batch, as_of, window=window, span_ms=span_ms)
    quality = batch.quality(as_of, _stretches(batch, as_of, window, span_ms))
    if form == "json":
        json.dump(
            {**document(as_of, figures, by_created=by_created), "quality": msgspec.to_builtins(quality)},
            sys.stdout,
            ensure_ascii=False,
            indent=1,
        )
        sys.stdout.write("\n")
    else:
        Console().print(_table(as_of, figures, by_created=by_created))
        for line in folded_names(batch, as_of, window=window, span_ms=span_ms):
            err.print(printable(line), highlight=False, markup=False, soft_wrap=True)
    for line in summary(history, quality):
        err.print(printable(line), highlight=False, markup=False, soft_wrap=True)
    return exits.OK


def merged(events: Iterable[TimedEvent]) -> History:
    """The rows of events, as they are merged at any door."""
    history = History()
    for event in events:
        history.add(event.topic, encode(event.value))
    return history


def summary(history: History, quality: Quality) -> Iterator[str]:
    """What was read, and what somebody may want to mend."""
    if history.first_ms is None or history.last_ms is None:
        yield "data quality: no event was accepted"
    else:
        yield (
            f"data quality: {history.events:,} events from {to_rfc3339(history.first_ms)} to "
            f"{to_rfc3339(history.last_ms)}"
        )
    yield "  " + ", ".join(f"{topic} {count:,}" for topic, count in history.topics.items())
    lines = [f"  {line}" for line in told(quality)]
    yield from lines or ["  no problems found"]


def read_history(
    file: Path,
    mapping: Path | None,
    *,
    until_ms: int | None,
    console: Console,
    latest_ms: int | None = None,
    rules: ViewRules | None = None,
) -> History:
    """Merge the events of a file up to an instant.

    Dirty lines are reported on the console and stop nothing. Events after `latest_ms` are refused. With
    `rules` names that are not written as they are shown are reported too. Errors: InputError.
    """
    history = History()
    refused: dict[str, list[str]] = {}
    written = Spellings(DIMENSIONS if rules is None else rules.dimensions)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"reading {file.name}")
        events, complaints = read_timed_events(
            file,
            mapping,
            on_progress=lambda rows: bar.update(task, description=f"reading {file.name}: {rows:,} rows"),
        )
        for number, event in enumerate(events, start=1):
            written.note(event.value)
            reject = history.add(event.topic, encode(event.value), until_ms=until_ms, latest_ms=latest_ms)
            if reject is not None and len(examples := refused.setdefault(reject.reason, [])) < _EXAMPLES:
                examples.append(f"  {reject.reason}: {event.topic} {event.key.decode()}: {reject.detail}")
            if number % _SHOW_EVERY == 0:
                bar.update(task, description=f"merging: {number:,} of {len(events):,} events")
    for line in complaints:
        console.print(line, highlight=False)
    if history.rejected:
        reasons = ", ".join(f"{reason} {count}" for reason, count in history.rejected.most_common())
        console.print(f"rejected events: {reasons}; such as:", highlight=False)
        for line in (line for examples in refused.values() for line in examples):
            console.print(printable(line), highlight=False, markup=False, soft_wrap=True)
    if rules is not None:
        for line in written.told(rules):
            console.print(printable(line), highlight=False, markup=False, soft_wrap=True)
    return history


class Spellings:
    """How the names of a file are written, of the first thousand of each dimension."""

    def __init__(self, dimensions: Iterable[str] = DIMENSIONS) -> None:
        self._found: dict[str, set[str]] = {dimension: set() for dimension in dimensions}

    def note(self, event: Mapping[str, object]) -> None:
        """Take over an event as it came."""
        for dimension, names in self._found.items():
            name = event.get(dimension)
            if isinstance(name, str) and len(names) < _MOST_SPELLINGS:
                names.add(name)

    def told(self, rules: ViewRules) -> Iterator[str]:
        """A line for each name that is not always written as it is shown."""
        for dimension, names in self._found.items():
            variants: dict[str, list[str]] = {}
            for name in sorted(names):
                variants.setdefault(rules.name(dimension, name), []).append(name)
            for shown, written in variants.items():
                if others := [repr(name) for name in written if name != shown]:
                    yield (
                        f"{dimension} {shown!r} is also written {', '.join(others[:_EXAMPLES])}: "
                        "counted as one"
                    )


def folded_names(
    batch: Batch, as_of_ms: int, *, window: str | None, span_ms: tuple[int, int] | None
) -> Iterator[str]:
    """A line for each dimension of which names are shown as `other`, with the first of them."""
    for dimension, names in batch.folded(_stretches(batch, as_of_ms, window, span_ms), as_of_ms).items():
        told = ", ".join(repr(name) for name in names[:_EXAMPLES]) + (
            f" and {len(names) - _EXAMPLES} more" if len(names) > _EXAMPLES else ""
        )
        yield (
            f"shown as other: {dimension} {told}; desk.members or desk.max_members shows them, --format "
            "json shows all"
        )


def figures_of(
    batch: Batch, as_of_ms: int, *, window: str | None, span_ms: tuple[int, int] | None
) -> list[Figure]:
    """The figures of one window, of every window (None), of the whole history (`all`) or of a span."""
    return batch.figures(_stretches(batch, as_of_ms, window, span_ms), as_of_ms)


def _stretches(
    batch: Batch, as_of_ms: int, window: str | None, span_ms: tuple[int, int] | None
) -> Sequence[Stretch]:
    if span_ms is not None:
        start, end = span_ms
        return [Stretch("custom", "current", start, end, end - start)]
    if window == "all":
        return [batch.whole(as_of_ms)]
    return batch.stretches(as_of_ms, ALL_NAMES if window is None else (window,))


def document(as_of_ms: int, figures: Iterable[Figure], *, by_created: bool = False) -> dict[str, object]:
    """The report as JSON: by what it was counted, and names, labels, value and n of each figure.

    Observations are the `n` of the figure they belong to; those that belong to none stand for themselves.
    """
    return {
        "as_of": to_rfc3339(as_of_ms),
        "counted_at": "creation" if by_created else "event",
        "figures": [
            {"name": figure.name, **dict(figure.labels), "value": figure.value, "n": figure.n}
            for figure in figures
            if not is_denominator(figure.name)
        ],
    }


def _table(as_of_ms: int, figures: Sequence[Figure], *, by_created: bool) -> Table:
    """A part for each window and member, so that names and values have room on a terminal of 80 columns."""
    title = f"as of {to_rfc3339(as_of_ms)}"
    if by_created:
        title += (
            ", by creation:\neach ticket counts with all that it has come to in the window of its creation;"
            "\nlive levels, deadlines and staffing are left out"
        )
    table = Table(title=title, title_justify="left", show_lines=False)
    table.add_column("figure", overflow="fold", ratio=1)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    parts: dict[tuple[str, ...], list[Figure]] = {}
    for figure in figures:
        if not is_denominator(figure.name):
            labels = dict(figure.labels)
            parts.setdefault(
                (labels.get("window", "now"), labels.get("period", ""), labels["by"], labels["member"]), []
            ).append(figure)
    for (window, period, by, member), found in parts.items():
        span = " ".join(filter(None, (window, "" if period == "current" else period.replace("_", " "))))
        whose = "all" if by == "all" else f"{by} {printable(member)}"
        table.add_section()
        table.add_row(Text(f"{span}: {whose}", style="bold"))
        for figure in found:
            more = ", ".join(f"{k} {v}" for k, v in figure.labels if k not in _HEADED)
            name = figure.name.removeprefix("support_") + (f" ({more})" if more else "")
            table.add_row(Text(printable(name)), readable(figure.name, figure.value), f"{figure.n:,}")
    return table


def readable(name: str, value: float) -> str:
    """A value as people read it.

    Durations have their largest fitting unit, ratios are in per cent, and instants are times.

    >>> (
    ...     readable("satisfied_ratio", 0.8125),
    ...     readable("wait_mean_seconds", 240.0),
    ...     readable("points_score", 40.0),
    ... )
    ('81.25 %', '4.0 min', '40.0')
    """
    if name.endswith("_timestamp_seconds"):
        return to_rfc3339(int(value * 1000))
    if name.endswith("_ratio"):
        return f"{100 * value:.2f} %"
    if name.endswith("_seconds"):
        for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
            if value >= seconds:
                return f"{value / seconds:,.1f} {unit}"
        return f"{value:.1f} s"
    return (
        f"{value:,.0f}"
        if name.endswith("_tickets")
        else f"{value:,.2f}"
        if "per" in name
        else f"{value:,.1f}"
    )


def _until(as_of_ms: int | None) -> str:
    return "" if as_of_ms is None else f" up to {to_rfc3339(as_of_ms)}"
