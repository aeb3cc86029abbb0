"""Rules of one desk, whose every selector names it.

So the rules of several desks lie beside each other and never see each other's series. It would be convenient
to write rules that hold for all desks and to load them once. But limits, links and the digest come from the
policy of one desk, and only a rule that knows the name of its desk can tell that nothing comes from it any
more.
"""

from __future__ import annotations

import re
from typing import Final

ANY: Final = '{desk=~".*"}'  # of a selector that shall see all desks
_TEXT: Final = r'"(?:[^"\\]|\\.)*"'
_TOKEN: Final = re.compile(
    rf"{_TEXT}|(?<![\w:])(?P<metric>(?:desk:|deskpulse_|support_)\w+|up)(?![\w:(])(?:\{{(?P<matchers>(?:[^\"}}]|{_TEXT})*)\}})?"
)


def of_desk(expr: str, desk: str) -> str:
    r"""An expression that sees the series of one desk only.

    A selector that names a desk, as `ANY` does, stays as it is.

    >>> of_desk('max by (desk) (support_things{by="all"}) > 0 * desk:exporter_chosen', "eu")
    'max by (desk) (support_things{desk="eu",by="all"}) > 0 * desk:exporter_chosen{desk="eu"}'
    >>> of_desk('up{job="a",desk=""} or label_replace(up, "x", "up", "", "")', 'the "big" one')
    'up{job="a",desk=""} or label_replace(up{desk="the \\"big\\" one"}, "x", "up", "", "")'
    """

    def named(found: re.Match[str]) -> str:
        metric, matchers = found["metric"], found["matchers"] or ""
        if metric is None or _has_desk(matchers):  # a text, or a selector that chooses its desk itself
            return found[0]
        return f"{metric}{{{','.join(filter(None, (f'desk={quoted(desk)}', matchers)))}}}"

    return _TOKEN.sub(named, expr)


def _has_desk(matchers: str) -> bool:
    return re.search(r"(?<!\w)desk\s*[=!]", re.sub(_TEXT, '""', matchers)) is not None


def labelled(expr: str, desk: str) -> str:
    """An expression whose series have no label, with that of the desk."""
    return f'label_replace({expr}, "desk", {quoted(desk.replace("$", "$$"))}, "", "")'


def quoted(text: str) -> str:
    r"""A text in quotes, as PromQL and Alertmanager read it.

    >>> print(quoted('Tier "gold"'))
    "Tier \"gold\""
    """
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))
