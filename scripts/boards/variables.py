r"""What Grafana does with the variables of a board.

Choices from an answer of Prometheus, and values put into queries (as of 12.2).

Two things there are easily forgotten. The text is filled twice, so a value that looks like a variable becomes
that one's value. And what is done to the value of a variable that has no format depends on a feature toggle
of the server, `prometheusSpecialCharsInLabelValues`:

| | backslash | single quote | double quote |
|---|---|---|---|
| without it | doubled | two backslashes before it | as it is |
| with it | doubled | as it is | a backslash before it |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

_VARIABLE: Final = re.compile(
    r"\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}", re.ASCII
)
_MATCHER: Final = re.compile(r'\w+(=|!=|=~|!~)".*"', re.ASCII)  # a value that looks like one is left as it is
_RESULT: Final = re.compile(r"query_result\((.+)\)\s*")
TOGGLES: Final = (False, True)
ALL: Final = "$__all"


class Choice(NamedTuple):
    """What a variable can be: what is shown, and what is put into queries."""

    text: str
    value: str


def escaped(value: str, *, special: bool) -> str:
    r"""A value without format, as Prometheus's data source escapes it. `special`: with the feature toggle.

    >>> print(escaped(r"\"'", special=False), escaped(r"\"'", special=True))
    \\"\\' \\\"'
    """
    if not special:
        return value.replace("\\", "\\\\").replace("'", "\\\\'")
    return value if _MATCHER.fullmatch(value) else value.replace("\\", "\\\\").replace('"', '\\"')


def interpolated(text: str, variables: Mapping[str, Choice], *, special: bool) -> str:
    """A query as it leaves the browser: filled twice; a name without value stays.

    Errors: KeyError for an unknown format.
    """

    def value(match: re.Match[str]) -> str:
        name, form = match[1] or match[2] or match[4], match[3] or match[6]
        if name not in variables:
            return match[0]
        return (
            escaped(variables[name].value, special=special)
            if form is None
            else formatted(name, variables[name], form)
        )

    return _VARIABLE.sub(value, _VARIABLE.sub(value, text))


def formatted(name: str, chosen: Choice, form: str) -> str:
    """A value in a format. Errors: KeyError for one that no board of ours has."""
    encoded = quote(chosen.value, safe="-_.~")
    return {
        "raw": chosen.value,
        "text": chosen.text,
        "percentencode": encoded,
        "queryparam": f"var-{name}={encoded}",
    }[form]


def question(variable: Mapping[str, Any]) -> str:
    """The PromQL of a variable of a board. Errors: ValueError for one that is no `query_result`."""
    found = _RESULT.fullmatch(variable["query"]["query"])
    if found is None:
        raise ValueError(variable["query"])
    return found[1]


def choices(variable: Mapping[str, Any], answer: Iterable[Mapping[str, Any]]) -> list[Choice]:
    """What a variable offers, in its order, of a vector that Prometheus's HTTP API gave to its question."""
    wanted = re.compile(variable["regex"].strip("/").replace("(?<", "(?P<"))
    found: dict[str, Choice] = {}
    for sample in answer:
        labels = ",".join(
            f'{name}="{value}"' for name, value in sample["metric"].items() if name != "__name__"
        )
        at, value = sample["value"]
        match = wanted.search(f"{{{labels}}} {value} {round(at * 1000)}")
        if match is not None:
            found.setdefault(match["value"], Choice(match["text"], match["value"]))
    return sorted(found.values(), key=lambda choice: choice.text)


def chosen(offered: Sequence[Choice], asked: str | None) -> Choice | None:
    """What an address chooses: the value that it says, else what is shown as it says.

    The first where it says nothing.

    None where nothing is offered that fits: Grafana then keeps what the address says, also of `$__all`, which
    is to mean all of them.
    """
    if asked is None:
        return offered[0] if offered else None
    fitting = (
        []
        if asked == ALL
        else [choice for part in ("text", "value") for choice in offered if getattr(choice, part) == asked]
    )
    return fitting[-1] if fitting else None
