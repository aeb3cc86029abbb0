"""What a request may ask for, by path.

A parameter or value that is not known is refused with the choices, never passed over.

Who mistypes `?windw=1h` or `target=next` would otherwise get a good answer to another question.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from exporters.metrics.families import CLOSED_FINAL, FINAL, LIVE, SLA_FINAL, SLA_LIVE, SLA_WORST
from exporters.wall.build import COMPARES
from exporters.wall.specs import TILES
from exporters.web.access import Handler
from kpis.figures.catalogue import is_denominator
from kpis.figures.view import View
from kpis.members import EVERY_DIMENSION, OTHER, SEGMENT
from kpis.sla.policy import TARGETS
from kpis.tickets.standing import UNKNOWN
from windows.spans import CUSTOMER_WINDOWS, PERIODS, WINDOWS

LONGEST: Final = 128  # characters of a value, as of a name in events
MOST_SHOWN: Final = 12  # choices that a refusal lists; of more only those that resemble what was asked for
MOST_AT_RISK: Final = 500
_BETWEEN: Final = " \u00b7 "  # the names of several dimensions
WALL_WINDOWS: Final = tuple(window.name for window in WINDOWS)
ALL_WINDOWS: Final = tuple(sorted({*WALL_WINDOWS, *(window.name for window in CUSTOMER_WINDOWS)}))
_COMBINED: Final = tuple(
    "_".join(names)
    for count in range(2, len(EVERY_DIMENSION) + 1)
    for names in combinations(EVERY_DIMENSION, count)
)
# of segments a desk that has not switched them on has no figure
ROLLUPS: Final = ("all", *EVERY_DIMENSION, *_COMBINED)
# A figure's observations are its `n`; those of live ones are figures of their own.
NAMES: Final = (
    *(family.name for family in (*FINAL, *SLA_FINAL, *CLOSED_FINAL) if not is_denominator(family.name)),
    *(family.name for family in (*LIVE, *SLA_LIVE, *SLA_WORST)),
)


class Parameter(NamedTuple):
    """What may stand behind a name. Without choices: any text, or a number within bounds."""

    choices: tuple[str, ...] = ()
    several: bool = False  # separated by commas, or given again
    numbers: range | None = None


# tiles of the first screen that are more than one figure
FACTS: Final = ("unanswered", "waiting", "overdue", "open", "in_time")
_CHOICE: Final = {
    "window": Parameter(WALL_WINDOWS),
    "team": Parameter(),
    "segment": Parameter(),
    "compare": Parameter(COMPARES),
}
_TILES: Final = Parameter(tuple(dict.fromkeys((*FACTS, *(spec.id for spec in TILES)))), several=True)
_KPIS: Final = {
    "name": Parameter(NAMES, several=True),
    "window": Parameter(ALL_WINDOWS, several=True),
    "period": Parameter(PERIODS, several=True),
    "by": Parameter(ROLLUPS, several=True),
    "member": Parameter(several=True),
}
_AT_RISK: Final = {
    "team": Parameter(several=True),
    "target": Parameter(TARGETS, several=True),
    "limit": Parameter(numbers=range(1, MOST_AT_RISK + 1)),
}
_PAGE: Final = {
    **_CHOICE,
    "lang": Parameter(),
    "theme": Parameter(("dark", "light")),
    "tiles": _TILES,
    "heroes": _TILES,
    "kiosk": Parameter(("1", "0", "")),
}
# Files and the log-in ask for nothing, and a proxy may add to their addresses what it likes.
PARAMETERS: Final[Mapping[str, Mapping[str, Parameter]]] = {
    "/": _PAGE,
    "/metrics": {},
    "/healthz": {},
    "/readyz": {},
    "/api/kpis": _KPIS,
    "/api/at-risk": _AT_RISK,
    "/api/quality": {},
    "/quality": {},
    "/api/wall": _CHOICE,
    "/api/stream": _CHOICE,
    "/api/openapi.json": {},
}


@web.middleware
async def query_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers 400 to what this path does not know."""
    known = PARAMETERS.get(request.path)
    if known is not None:
        fault = next(iter(faults(known, request.query.items())), None)
        if fault is not None:
            raise refusal(fault)
    return await handler(request)


def faults(known: Mapping[str, Parameter], query: Iterable[tuple[str, str]]) -> Iterable[str]:
    """What cannot be asked for, each with the choices.

    >>> list(faults({"limit": Parameter(numbers=range(1, 6))}, [("limit", "0"), ("limt", "3")]))
    ["limit '0': expected a number from 1 to 5", 'limt: no such parameter; expected one of limit']
    """
    seen: set[str] = set()
    for name, text in query:
        parameter = known.get(name)
        if parameter is None:
            yield f"{name[:LONGEST]}: no such parameter; " + (
                one_of(name, tuple(known)) if known else "this path takes none"
            )
            continue
        if name in seen and not parameter.several:
            yield f"{name}: given twice"
        seen.add(name)
        yield from (
            fault
            for value in values(parameter, text)
            if (fault := _fault(name, parameter, value)) is not None
        )


def values(parameter: Parameter, text: str) -> list[str]:
    """The values in one text."""
    return (
        [part.strip() for part in text.split(",") if part.strip()]
        if parameter.several and parameter.choices
        else [text]
    )


def _fault(name: str, parameter: Parameter, value: str) -> str | None:
    if len(value) > LONGEST:
        return f"{name}: longer than {LONGEST} characters"
    if parameter.numbers is not None:
        numbers = parameter.numbers
        if value.isascii() and value.isdecimal() and len(value) < LONGEST and int(value) in numbers:
            return None
        return f"{name} {value!r}: expected a number from {numbers[0]} to {numbers[-1]}"
    if parameter.choices and value not in parameter.choices:
        return f"{name} {value!r}: {one_of(value, parameter.choices)}"
    return None


def one_of(value: str, choices: Sequence[str]) -> str:
    """The choices for people.

    >>> one_of("1x", ("1h", "8h"))
    'expected one of 1h, 8h'
    """
    if len(choices) > MOST_SHOWN:
        close = difflib.get_close_matches(value, choices, n=3)
        return (
            f"did you mean {' or '.join(close)}?"
            if close
            else f"expected one of {', '.join(choices[:MOST_SHOWN])} and others"
        )
    return f"expected one of {', '.join(choices)}"


def refusal(fault: str) -> web.HTTPBadRequest:
    """400 with its reason."""
    return web.HTTPBadRequest(
        text=msgspec.json.encode({"error": fault}).decode(), content_type="application/json"
    )


def check_teams(view: View | None, asked: Collection[str]) -> None:
    """Refuse teams that are neither shown, nor in the policy, nor have a ticket at risk.

    Errors: HTTPBadRequest.
    """
    if view is None:
        return
    named = (
        set()
        if view.policy is None
        else {team for version in view.policy.versions for team in version.named_teams()}
    )
    known = {*view.shown.get("team", ()), *named, *(key.team for key, _ in view.at_risk), UNKNOWN, OTHER}
    _check("team", asked, sorted(known - {UNKNOWN, OTHER}), known)


def check_segment(view: View | None, segment: str | None) -> None:
    """Refuse a segment that is neither shown nor in the policy, and any where they are off.

    Errors: HTTPBadRequest.
    """
    if segment is None or view is None:
        return
    if SEGMENT not in view.shown:
        raise refusal("segment: this desk has switched no fourth dimension on: see desk.segment")
    place = EVERY_DIMENSION.index(SEGMENT)
    named = view.policy.names(place) if view.policy is not None else ()
    known = {*view.shown[SEGMENT], *named, UNKNOWN, OTHER}
    _check(SEGMENT, [segment], sorted(known - {UNKNOWN, OTHER}), known)


def members_of(view: View | None, asked: Iterable[str]) -> set[str]:
    """The members that are asked for.

    A text that is one is that one, any other is several with commas between them.

    Refuses members that no figure has; one of several dimensions is named by all of them. Errors:
    HTTPBadRequest.
    """
    if view is None:
        return {member for text in asked for member in text.split(",")}
    shown = sorted({name for names in view.shown.values() for name in names} | {"all"})
    known = {*shown, OTHER, UNKNOWN}
    found: set[str] = set()
    for text in asked:
        # a name may hold a comma
        is_one = text in known or all(part in known for part in text.split(_BETWEEN))
        found |= {text} if is_one else set(text.split(","))
    parts = [part for member in found for part in ([member] if member in known else member.split(_BETWEEN))]
    _check("member", parts, shown, known)
    return found


def _check(name: str, asked: Collection[str], choices: Sequence[str], known: Collection[str]) -> None:
    for value in asked:
        if value not in known:
            raise refusal(f"{name} {value[:LONGEST]!r}: {one_of(value, choices)}")
