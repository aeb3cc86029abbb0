"""One configuration of Alertmanager for several desks.

It has the routes of each desk, with the receivers and hours that they name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Tree = Mapping[str, Any]  # a configuration of Alertmanager
_OF_DESK: Final = 'desk="'
_HOURS: Final = ("mute_time_intervals", "active_time_intervals")


def joined(own: Tree, others: Iterable[Tree]) -> dict[str, Any]:
    """A configuration with the routes of other desks beside its own.

    Alerts of no desk and inhibition follow its own rules.

    A route of the own desk in another configuration is an earlier one, and left out; of a desk that comes
    twice the first stays. Errors: ValueError for a configuration without the route of a desk, and where two
    desks have receivers or hours of one name.
    """
    routes = list(own["route"]["routes"])
    receivers, hours = list(own["receivers"]), list(own.get("time_intervals", ()))
    taken = {route["matchers"][0] for route in _of_desks(own)}
    for other in others:
        found = list(_of_desks(other))
        if not found:
            raise ValueError(
                "the other configuration has no route of a desk: name an alertmanager.yml written by "
                "`deskpulse rules`"
            )
        for route in found:
            if route["matchers"][0] in taken:
                continue
            taken.add(route["matchers"][0])
            routes.insert(len(taken) - 1, route)
            receivers += _named(other, "receivers", set(_names(route, ("receiver",))), receivers)
            hours += _named(other, "time_intervals", set(_names(route, _HOURS)), hours)
    tree = {**own, "route": {**own["route"], "routes": routes}, "receivers": receivers}
    return {**tree, "time_intervals": hours} if hours else tree


def _of_desks(tree: Tree) -> Iterator[Tree]:
    """The routes of desks, which match by nothing else."""
    try:
        for route in tree["route"]["routes"]:
            matchers = route.get("matchers", ())
            if len(matchers) == 1 and matchers[0].startswith(_OF_DESK):
                yield route
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the other file is not an Alertmanager configuration") from error


def _names(route: Tree, places: Iterable[str]) -> Iterator[str]:
    for place in places:
        value = route.get(place, ())
        yield from [value] if isinstance(value, str) else value
    for below in route.get("routes", ()):
        yield from _names(below, places)


def _named(tree: Tree, place: str, wanted: set[str], there: list[Any]) -> list[Any]:
    """What a configuration defines under the wanted names.

    Errors: ValueError where one is missing, or there already.
    """
    found = [one for one in tree.get(place, ()) if one["name"] in wanted]
    if missing := wanted - {one["name"] for one in found}:
        raise ValueError(f"the other configuration uses {min(missing)!r} but does not define it")
    if twice := wanted & {one["name"] for one in there}:
        raise ValueError(f"two desks define {min(twice)!r}: rename one of them")
    return found
