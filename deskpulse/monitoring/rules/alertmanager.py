"""Alertmanager configuration: routing, inhibition, and mute times outside business hours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from xxhash import xxh3_64_hexdigest

from deskpulse.monitoring.rules.desks import quoted
from deskpulse.monitoring.rules.files import HEAD, dump
from deskpulse.monitoring.rules.groups.sla import BELOW, BURN, ENDANGERED, WAITS_LONG
from deskpulse.monitoring.rules.intervals import closed, first_hours
from deskpulse.monitoring.rules.joined import Tree, joined
from deskpulse.monitoring.rules.model import MINUTE_MS
from deskpulse.monitoring.rules.plan import Plan
from kpis.sla.calendar import time_of
from kpis.sla.policy import ALWAYS_NAME, Policy, Version
from streams.names import fold, spellings

Receiver = Mapping[str, Any]
WATCHDOG, PLATFORM, PLATFORM_PAGE, DESK, DESK_PAGE = (
    "watchdog",
    "platform",
    "platform-page",
    "desk",
    "desk-page",
)
_OTHERS: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST: Final = 100
_SECOND_MS: Final = 1_000
_HOUR_MS: Final = 60 * MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS
_FIRST_YEAR: Final = 2026
_KPI: Final = 'kind="kpi"'
_PIPELINE: Final = 'kind="pipeline"'
_PAGE: Final = 'severity="page"'
_WARNING: Final = 'severity="warning"'
_UNTRUSTED: Final = 'figures="untrusted"'
_PROMISES: Final = f'alertname=~"{BELOW}|{ENDANGERED}|{WAITS_LONG}|{BURN}"'

ABOUT: Final = """\
# Of the desk DESK: only its alerts take its routes; the names of its receivers and hours begin with its name.
# Routing: `platform` receives alerts on the pipeline, `desk` those on the figures, each team its own. Pages
# and warnings have separate receivers; in the first hour after opening, a page about an SLA target is sent as
# a message, like a warning. All receivers are webhooks to `deskpulse alerts`, which prints what arrives,
# until you replace them with your own: `deskpulse rules --receivers FILE`, see docs/alerts.md.
"""


def alertmanager_file(
    plan: Plan, now_ms: int, receivers: Iterable[Receiver] = (), beside: Iterable[Tree] = ()
) -> str:
    """The text of alertmanager.yml.

    `receivers` replace those of the same name, which is without the desk. `beside` are configurations of
    other desks, whose own is taken along. Errors: ValueError for a receiver that nothing is sent to, and for
    a configuration that is none of ours.
    """
    version = plan.policy.at(now_ms) or plan.policy.versions[0]
    teams = teams_of(plan.policy, now_ms)
    own = {str(receiver.get("name")): receiver for receiver in receivers}
    names = [
        WATCHDOG,
        PLATFORM,
        PLATFORM_PAGE,
        DESK,
        DESK_PAGE,
        *(name for team in teams for name in team_receivers(team)),
    ]
    if unknown := sorted(set(own) - set(names)):
        raise ValueError(f"nothing is sent to the receiver {unknown[0]!r}: use one of {', '.join(names)}")
    tree: dict[str, Any] = {
        "route": _route(plan, version, teams),
        "inhibit_rules": _inhibitions(),
        "receivers": [
            {**own.get(name, _webhook(plan, name)), "name": receiver_of(plan.desk, name)} for name in names
        ],
    }
    if plan.time_scale == 1 and (intervals := list(_intervals(plan, version, teams))):
        tree["time_intervals"] = [
            {**interval, "name": receiver_of(plan.desk, interval["name"])} for interval in intervals
        ]
    return f"{HEAD}\n{ABOUT.replace('DESK', plan.desk)}{dump(joined(tree, beside))}"


def teams_of(policy: Policy, now_ms: int) -> dict[str, Version]:
    """The teams that the policy names now or will name, as the exporter shows them.

    They have receivers of their own.

    Each with the version whose calendar it has: that of now, or of a team to come the first that names it.
    """
    current = policy.at(now_ms) or policy.versions[0]
    coming = [
        version
        for version in policy.versions
        if version.effective_ms is not None and version.effective_ms > now_ms
    ]
    shown = spellings(policy.names(0))
    found: dict[str, Version] = {}
    for version in (current, *coming):
        for name in version.named_teams():
            found.setdefault(shown[fold(name)], version)
    return dict(sorted(found.items()))


def team_receivers(team: str) -> tuple[str, str]:
    """The names of a team's two receivers: for messages, and for pages.

    A receiver's name is also the end of an address, so it is made of plain letters, digits, `_`, `.` and `-`.
    A team whose name has others, or could be taken for the pager of another team, has a digest of its name
    behind it.

    >>> team_receivers("billing")
    ('team-billing', 'team-billing-page')
    >>> team_receivers('Tier "gold"')
    ('team-Tier-gold-6358df', 'team-Tier-gold-6358df-page')
    """
    plain = _plain(team, fold(team), is_fit=not team.endswith("-page"))
    return f"team-{plain}", f"team-{plain}-page"


def receiver_of(desk: str, name: str) -> str:
    """What a receiver, or the hours of a calendar, are called: two desks may have teams of one name.

    No name of a desk has the stroke in it, so none can be taken for that of another desk.

    >>> receiver_of("eu", "team-billing"), receiver_of("the/eu", "desk")
    ('eu/team-billing', 'the-eu-31afc2/desk')
    """
    return f"{_plain(desk, desk)}/{name}"


def _plain(name: str, identity: str, *, is_fit: bool = True) -> str:
    """A name in plain letters.

    A name that has other letters, or that is not fit for another reason, has a digest behind it.
    """
    plain = _OTHERS.sub("-", name).strip("-.")
    if plain == name and is_fit and len(plain) <= _LONGEST:
        return plain
    return "-".join([*filter(None, [plain[:_LONGEST]]), xxh3_64_hexdigest(identity.encode())[:6]])


def equals(label: str, value: str) -> str:
    r"""A matcher, in quotes as Alertmanager reads them.

    >>> equals("team", 'Tier "gold"')
    'team="Tier \\"gold\\""'
    """
    return f"{label}={quoted(value)}"


def _route(plan: Plan, version: Version, teams: Mapping[str, Version]) -> dict[str, Any]:
    """The route of all alerts: those of the desk, and those of no desk that has routes.

    An alert of the second kind says, for example, that nobody watches another desk.
    """
    own = {
        "matchers": [equals("desk", plan.desk)],
        "receiver": PLATFORM,
        "routes": _of_desk(plan, version, teams),
    }
    others = {"matchers": ['kind=~"pipeline|meta"', _PAGE], "receiver": PLATFORM_PAGE}
    whole = {
        "receiver": PLATFORM,
        # One message about one matter of a desk, however many teams, channels and priorities it is seen in.
        "group_by": ["desk", "kind", "alertname", "target"],
        "group_wait": plan.time(15 * _SECOND_MS),
        "group_interval": plan.time(2 * MINUTE_MS),
        "repeat_interval": plan.time(4 * _HOUR_MS),
        "routes": [own, others],
    }
    return _called(whole, plan.desk)


def _called(route: Mapping[str, Any], desk: str) -> dict[str, Any]:
    """A route and those below it, with the full names of receivers and hours."""
    found = {**route, "receiver": receiver_of(desk, route["receiver"])}
    for place in ("mute_time_intervals", "active_time_intervals"):
        if place in route:
            found[place] = [receiver_of(desk, name) for name in route[place]]
    if "routes" in route:
        found["routes"] = [_called(below, desk) for below in route["routes"]]
    return found


def _of_desk(plan: Plan, version: Version, teams: Mapping[str, Version]) -> list[dict[str, Any]]:
    routes: list[dict[str, Any]] = [
        # A message every few minutes that all is well: its receiver notices when it stops (a dead man's
        # switch).
        {
            "matchers": ['alertname="Watchdog"'],
            "receiver": WATCHDOG,
            "group_wait": "0s",
            "group_interval": plan.time(MINUTE_MS),
            "repeat_interval": plan.time(5 * MINUTE_MS),
        },
        # The desk must know that it has to watch its queue itself; then on to the platform, which can repair
        # it.
        {"matchers": ['alertname="SupportSLABlind"'], "receiver": DESK_PAGE, "continue": True},
        {
            "matchers": ['kind=~"pipeline|meta"'],
            "receiver": PLATFORM,
            "routes": [{"matchers": [_PAGE], "receiver": PLATFORM_PAGE}],
        },
        *(_team_route(plan, _hours((version, *teams.values())), own, team) for team, own in teams.items()),
    ]
    # Teams without receivers of their own, then what concerns all, a channel or a priority.
    for matchers, calendar in (
        ([_KPI, 'team!=""'], version.default_calendar),
        ([_KPI], _common_calendar(version)),
    ):
        routes.append(
            _told(
                plan, _Told(tuple(matchers), DESK, DESK_PAGE, closed=calendar, opens=version.default_calendar)
            )
        )
    return routes


class _Told(NamedTuple):
    """The receivers of some alerts, and their calendars.

    `closed` names the time in which nobody is there, `opens` the first hour after an opening.
    """

    matchers: tuple[str, ...]
    told: str
    paged: str
    closed: str | None
    opens: str | None


def _team_route(
    plan: Plan, hours: Mapping[tuple[str, str], str], version: Version, team: str
) -> dict[str, Any]:
    told, paged = team_receivers(team)
    name = version.calendar_name(team)
    calendar = hours.get((version.name, name), name)
    return _told(plan, _Told((_KPI, equals("team", team)), told, paged, closed=calendar, opens=calendar))


def _told(plan: Plan, what: _Told) -> dict[str, Any]:
    """A route, and below it that of its pages.

    What mutes a route is not inherited by those below, so it is repeated.

    In a drill the time of day means nothing, so nothing is muted.
    """
    muted = [f"{what.closed}-closed"] if _has_hours(plan, what.closed) else []
    page: dict[str, Any] = {"matchers": [_PAGE], "receiver": what.paged}
    below = [page]
    first_hour = (
        [f"{what.opens}-first-hour"]
        if _has_hours(plan, what.opens) and not plan.alerts.pages_in_first_hour
        else []
    )
    if first_hour:
        # The clocks of a whole weekend start at once: to the digest, and to the pager what is still so an
        # hour later.
        message = {
            "matchers": [_PAGE],
            "receiver": what.told,
            "active_time_intervals": first_hour,
            "continue": True,
        }
        below = [message | _muting(muted), page]
    page |= _muting(muted + first_hour)
    return {"matchers": list(what.matchers), "receiver": what.told, **_muting(muted), "routes": below}


def _muting(intervals: list[str]) -> dict[str, Any]:
    return {"mute_time_intervals": intervals} if intervals else {}


def _has_hours(plan: Plan, calendar: str | None) -> bool:
    return calendar not in (None, ALWAYS_NAME) and plan.time_scale == 1


def _common_calendar(version: Version) -> str | None:
    """The calendar that all teams share.

    Where they differ somebody is there longer, so what concerns the whole desk is never muted.
    """
    names = {version.default_calendar, *version.team_calendars.values()}
    return names.pop() if len(names) == 1 else None


def _inhibitions() -> list[dict[str, Any]]:
    """What mutes what: only of one desk."""
    promise = ["by", "member", "target"]
    below = f'alertname="{BELOW}"'
    rules: list[dict[str, Any]] = [
        # Figures that are not to be trusted: the rules keep silent by themselves; this is for what fires on
        # for some minutes.
        {"source_matchers": [_UNTRUSTED], "target_matchers": [_KPI]},
        # The greater matter mutes the lesser one about the same. SupportSLABlind, of kind meta, must not mute
        # what tells its cause.
        {
            "source_matchers": [_PIPELINE, _UNTRUSTED, _PAGE],
            "target_matchers": [_PIPELINE, _UNTRUSTED, _WARNING],
        },
        {"source_matchers": [_KPI, _PAGE], "target_matchers": [_KPI, _WARNING], "equal": promise},
        # A promise that is broken: no need to say any more that it was in danger, or of single tickets.
        {
            "source_matchers": [below, _PAGE],
            "target_matchers": [f'alertname=~"{ENDANGERED}|{WAITS_LONG}"', _PAGE],
            "equal": promise,
        },
        *_narrowest(),
        # A desk-wide burn alert suppresses those of channels, priorities and segments; teams still receive
        # their own.
        {
            "source_matchers": [f'alertname="{BURN}"', 'by="all"'],
            "target_matchers": [f'alertname="{BURN}"', 'by=~"channel|priority|segment"'],
            "equal": ["target", "window"],
        },
    ]
    return [{**rule, "equal": ["desk", *rule.get("equal", ())]} for rule in rules]


def _narrowest() -> Iterator[dict[str, Any]]:
    """An alert that names a cause silences alerts on the wholes that contain it. A warning silences no page.

    The exporter itself names the narrowest cause below its objective. Where it names a whole beside one of
    its parts, the part does not explain the whole, and both are paged. No pair holds both ways, so two alerts
    never silence each other.
    """
    named = f'alertname=~"{BELOW}|{ENDANGERED}"'
    # The names of what is narrower have those of what it is part of, joined by an underscore.
    parts: tuple[tuple[str, tuple[str, ...], list[str]], ...] = (
        ("all", ('by!="all"',), ["target"]),
        ("team", ('by=~"team_.+"',), ["target", "team"]),
        ("channel", ('by=~"(team_)?channel(_priority)?(_segment)?"', 'by!="channel"'), ["target", "channel"]),
        ("priority", ('by=~"(.+_)?priority(_segment)?"', 'by!="priority"'), ["target", "priority"]),
        ("segment", ('by=~".+_segment"',), ["target", "segment"]),
    )
    for whole, part, equal in parts:
        muted = [f'alertname=~"{ENDANGERED}|{WAITS_LONG}|{BURN}"', f'by="{whole}"']
        yield {"source_matchers": [named, *part, _PAGE], "target_matchers": muted, "equal": equal}
        yield {
            "source_matchers": [named, *part],
            "target_matchers": [_PROMISES, f'by="{whole}"', _WARNING],
            "equal": equal,
        }


def _webhook(plan: Plan, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "webhook_configs": [{"url": f"{plan.alerts.links.webhook}{receiver_of(plan.desk, name)}"}],
    }


def calendar_years(plan: Plan, version: Version) -> range:
    """The years for which dates are written: from that in which the version takes effect.

    A version without one counts from 2026.
    """
    # A day more: midnight of New Year is on December 31 by UTC in half of the world.
    first = (
        _FIRST_YEAR
        if version.effective_ms is None
        else datetime.fromtimestamp((version.effective_ms + _DAY_MS) / 1000, UTC).year
    )
    return range(first, first + plan.alerts.calendar_years)


def _hours(versions: Iterable[Version]) -> dict[tuple[str, str], str]:
    """The names of the hours of calendars, by version and calendar.

    Hours have their calendar's name, unless an earlier version means other hours by it.
    """
    first: dict[str, object] = {}
    found = {}
    for version in versions:
        for name, calendar in version.calendars.items():
            time = time_of(calendar)
            known = first.setdefault(name, time)
            found[version.name, name] = name if known == time else f"{name} of {version.name}"
    return found


def _intervals(plan: Plan, current: Version, teams: Mapping[str, Version]) -> Iterator[dict[str, Any]]:
    hours = _hours((current, *teams.values()))
    used = {
        hours[one.name, name]: (one, name) for one, name in _calendars(current, teams) if name != ALWAYS_NAME
    }
    for called, (version, name) in sorted(used.items()):
        time = time_of(version.calendars[name])
        if time is not None:
            years = calendar_years(plan, version)
            yield {"name": f"{called}-closed", "time_intervals": closed(time, years)}
            yield {"name": f"{called}-first-hour", "time_intervals": first_hours(time, years)}


def _calendars(current: Version, teams: Mapping[str, Version]) -> Iterator[tuple[Version, str]]:
    """The calendars that routes ask.

    Those of teams to come are first, then those of the version in force, which rule where hours are the same.
    """
    yield from ((version, version.calendar_name(team)) for team, version in teams.items())
    yield from ((current, name) for name in (current.default_calendar, *current.team_calendars.values()))
