"""What the simulated desk is like: its teams, channels and priorities, and how often what happens."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


# How the system of a team tells of states: by what changed, by the status as of a time, or by both.
Tells = Literal["changes", "levels", "both"]


@dataclass(frozen=True, slots=True)
class Spread:
    """A log-normal duration: half of the draws are below `median_ms`.

    A larger `sigma` gives a longer tail.
    """

    median_ms: int
    sigma: float = 0.6

    def draw(self, rng: Random) -> int:
        """One duration in integer milliseconds, at least 1."""
        return max(1, round(self.median_ms * math.exp(rng.gauss(0.0, self.sigma))))


@dataclass(frozen=True, slots=True)
class Team:
    """A team, its share of the tickets and how many responders it has."""

    name: str
    share: float
    responders: int = 6
    tells: Tells = "changes"


@dataclass(frozen=True, slots=True)
class Tier:
    """A kind of customers, the desk's fourth dimension, and its share of them."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class Channel:
    """A way in.

    A `live` one has a person on the line: answered within seconds, abandoned when it takes too long.
    """

    name: str
    share: float
    wait_factor: float = 1.0  # on the priority's waiting times
    live: bool = False
    talk: Spread | None = None  # None: nobody talks, as by e-mail
    spam: float = 0.0  # share of tickets that are discarded
    bot: float = 0.0  # share of tickets that a bot has first


@dataclass(frozen=True, slots=True)
class Priority:
    """A priority, its share of the tickets and how fast it is served."""

    name: str
    share: float
    first_reply: Spread
    later_reply: Spread
    resolution: Spread  # from creation


@dataclass(frozen=True, slots=True)
class Rates:
    """Probabilities 0..1 of what may happen to a ticket, an event or a customer."""

    # a ticket
    automated: float = 0.4  # an automated acknowledgement comes first
    another_reply: float = 0.45  # after each public reply: the customer writes again
    triaged: float = 0.08
    paused: float = 0.10
    handled: float = 0.10  # an interaction that does not close the ticket
    abandoned: float = 0.06  # live channels only
    solved_on_the_line: float = 0.75  # live channels only
    resolved_unanswered: float = 0.015
    never_resolved: float = 0.03
    reopened: float = 0.06
    opened_by_desk: float = 0.03  # written channels only, as the following ones
    opened_by_bot: float = 0.01
    answers_the_desk: float = 0.6  # a customer to whom the desk wrote first
    solved_by_bot: float = 0.3  # of the tickets that a bot has first
    bot_again: float = 0.02  # after a customer's message, where bots work
    told_as_status: float = 0.5  # of a bot's hand-overs, by a team that tells changes
    assigned: float = 0.85  # somebody takes the ticket before the first reply
    transferred: float = 0.05  # after the first reply
    put_back: float = 0.3  # of the tickets of another team: nobody has them for some time
    merged: float = 0.015
    restored: float = 0.06  # of the merged and discarded ones
    own_deadlines: float = 0.03  # deadlines come with the ticket
    due: float = 0.03  # a deadline is set, moved or withdrawn later
    # a conversation
    states_wait: float = 0.25  # a later reply says itself since when the customer waited
    writes_twice: float = 0.12  # before the answer
    thanks: float = 0.15  # before the resolution: a message that needs no answer
    thanks_when_closed: float = 0.06
    closed_for_good: float = 0.5  # a status days after the resolution, by a team that tells levels
    mistaken: float = 0.008  # an event was wrong, and is retracted
    # an answer to a survey, of a resolved ticket
    nps: float = 0.10
    csat: float = 0.22
    ces: float = 0.08
    survey_changed: float = 0.05  # the answer is corrected later
    survey_withdrawn: float = 0.01
    colleague: float = 0.04  # somebody else of the customer's answers, too
    csat_of_eleven: float = 0.15  # asked on 0..10
    survey_without_ticket: float = 0.02  # further answers, per ticket created
    # an event on its way
    duplicate: float = 0.01
    late: float = 0.003  # published hours late
    out_of_order: float = 0.01  # per ticket: the creation is published after the reply
    # a customer
    churn_per_year: float = 0.15
    growth_per_year: float = 0.20  # joined, in shares of the customers at the start
    rejoined: float = 0.10  # of those who join: left before


@dataclass(frozen=True, slots=True)
class SimulatedDesk:
    """A whole desk. The shares of teams, channels, priorities and tiers need not add up to 1."""

    teams: tuple[Team, ...]
    channels: tuple[Channel, ...]
    priorities: tuple[Priority, ...]
    tiers: tuple[Tier, ...] = ()  # none: tickets have no segment
    rates: Rates = field(default_factory=Rates)
    zone: str = "UTC"  # of the daily and weekly curve
    # the curve's clock before the zone's: a desk in the middle of its week whatever the hour is here
    ahead_ms: int = 0
    tickets_per_customer: float = 4.0  # in 30 days; sizes the customer base
    max_customers: int = 20_000  # existing ones; a load test needs no million of them
    url: str = "https://desk.example.com/tickets/"

    def customers(self, rate_per_hour: float) -> int:
        """How many customers exist when the simulation starts."""
        return min(self.max_customers, max(20, round(rate_per_hour * 24 * 30 / self.tickets_per_customer)))


DEFAULT_DESK: Final = SimulatedDesk(
    teams=(
        Team("technical", 0.5, responders=9),
        Team("billing", 0.3, responders=5, tells="both"),
        Team("orders", 0.2, responders=4, tells="levels"),
    ),
    channels=(
        Channel("email", 0.5, spam=0.05),
        Channel("chat", 0.2, wait_factor=0.1, talk=Spread(7 * MINUTE_MS), bot=0.4),
        Channel("phone", 0.3, live=True, talk=Spread(4 * MINUTE_MS)),
    ),
    priorities=(
        Priority(
            "high", 0.15, Spread(9 * MINUTE_MS, 0.5), Spread(20 * MINUTE_MS, 0.5), Spread(140 * MINUTE_MS)
        ),
        Priority(
            "normal", 0.60, Spread(35 * MINUTE_MS, 0.5), Spread(70 * MINUTE_MS, 0.5), Spread(11 * HOUR_MS)
        ),
        Priority("low", 0.25, Spread(100 * MINUTE_MS, 0.5), Spread(3 * HOUR_MS, 0.5), Spread(24 * HOUR_MS)),
    ),
    tiers=(Tier("free", 0.6), Tier("pro", 0.3), Tier("enterprise", 0.1)),
    zone="Europe/Madrid",  # that of the example's policy
)
