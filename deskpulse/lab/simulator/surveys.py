"""Answers of customers to surveys.

They are kinder after a quick first reply, and now and then a customer has a second thought.
"""

from __future__ import annotations

from random import Random
from typing import Final

from deskpulse.lab.simulator.desk import HOUR_MS, MINUTE_MS, SimulatedDesk, Spread
from deskpulse.lab.simulator.happening import EventIds, Happening, SimulatedTicket

_ANSWERS: Final = Spread(3 * HOUR_MS, 1.1)  # after the resolution
_THINKS_AGAIN: Final = Spread(10 * HOUR_MS, 0.9)
_SLOW: Final = 3.0  # waits of the usual length from which on customers lose patience
_MOOD_PER_WAIT: Final = 0.08
_WORST_MOOD: Final = 0.7
# Weights of the scores, from the lowest score up: of content customers, of displeased ones.
_CONTENT: Final = {
    "nps": (2, 1, 1, 2, 2, 8, 10, 20, 32, 60, 64),
    "csat": (2, 3, 9, 34, 52),
    "ces": (2, 3, 6, 12, 24, 31, 22),
}
_DISPLEASED: Final = {
    "nps": (9, 8, 9, 10, 12, 14, 12, 10, 8, 5, 3),
    "csat": (34, 30, 20, 11, 5),
    "ces": (20, 24, 20, 15, 11, 6, 4),
}
_LOWEST: Final = {"nps": 0, "csat": 1, "ces": 1}
_OF_ELEVEN: Final = {1: (0, 3), 2: (4, 6), 3: (7, 8), 4: (9, 9), 5: (10, 10)}  # on 0..10: from, to


def score_of(kind: str, mood: float, rng: Random) -> int:
    """One score; `mood` 0..1 is the probability that the customer is displeased."""
    weights = (_DISPLEASED if rng.random() < mood else _CONTENT)[kind]
    return _LOWEST[kind] + rng.choices(range(len(weights)), weights)[0]


def mood_of(ticket: SimulatedTicket) -> float:
    """Probability of a displeased customer.

    It grows with the first wait against what is usual on this way in.
    """
    if ticket.first_wait_ms is None or ticket.channel.live:
        return 0.0
    usual_ms = ticket.priority.first_reply.median_ms * ticket.channel.wait_factor
    return min(_WORST_MOOD, _MOOD_PER_WAIT * max(0.0, ticket.first_wait_ms / usual_ms - _SLOW))


def survey_answers(
    ticket: SimulatedTicket, resolved_ms: int, desk: SimulatedDesk, rng: Random, ids: EventIds
) -> list[Happening]:
    """Answers after a resolution, each kind with its own probability.

    Some are changed later (a new event).
    """
    rates, mood = desk.rates, mood_of(ticket)
    answers: list[Happening] = []
    for kind, probability in (("nps", rates.nps), ("csat", rates.csat), ("ces", rates.ces)):
        if rng.random() >= probability:
            continue
        eleven = kind == "csat" and rng.random() < rates.csat_of_eleven
        at_ms = resolved_ms + MINUTE_MS + _ANSWERS.draw(rng)
        answers.append(_asked(ids, at_ms, kind, mood, rng, eleven=eleven, ticket_id=ticket.ticket_id))
        if rng.random() < rates.survey_changed:
            at_ms += _THINKS_AGAIN.draw(rng)
            answers.append(_asked(ids, at_ms, kind, mood, rng, eleven=eleven, ticket_id=ticket.ticket_id))
        if rng.random() < rates.survey_withdrawn:
            answers.append(_withdrawn(ids, at_ms + _THINKS_AGAIN.draw(rng), ticket, answers[-1]))
        if rng.random() < rates.colleague:
            whose = {"ticket_id": ticket.ticket_id, "customer_id": f"{ticket.customer_id}-colleague"}
            answers.append(
                _asked(ids, resolved_ms + _ANSWERS.draw(rng), kind, mood, rng, eleven=eleven, **whose)
            )
    return answers


def answer_without_ticket(
    at_ms: int, customer_id: str, desk: SimulatedDesk, rng: Random, ids: EventIds
) -> Happening:
    """An answer to a mailing: of a customer, seldom naming a team."""
    kind = rng.choices(("nps", "csat", "ces"), (7, 2, 1))[0]
    team = {"team": rng.choice(desk.teams).name} if rng.random() < 0.3 else {}
    return _answer(ids, at_ms, kind, score_of(kind, 0.0, rng), customer_id=customer_id, **team)


def _withdrawn(ids: EventIds, at_ms: int, ticket: SimulatedTicket, answer: Happening) -> Happening:
    """The customer takes an answer back; the one before it stands again, if there is one."""
    return ids.event(
        "ticket-changed",
        at_ms,
        ticket_id=ticket.ticket_id,
        change="retracted",
        retracts=answer.value["event_id"],
        retracts_kind="survey",
    )


def _asked(
    ids: EventIds, at_ms: int, kind: str, mood: float, rng: Random, *, eleven: bool, **whose: str
) -> Happening:
    """An answer; of eleven grades where a desk asks for satisfaction on 0..10."""
    score = score_of(kind, mood, rng)
    if not eleven:
        return _answer(ids, at_ms, kind, score, **whose)
    low, high = _OF_ELEVEN[score]
    score = low + int(rng.random() * (high - low + 1))
    return ids.event("survey", at_ms, **whose, kind=kind, score=score, scale_max=10, scale_min=0)


def _answer(ids: EventIds, at_ms: int, kind: str, score: int, **whose: str) -> Happening:
    scale = {"scale_max": 5} if kind == "csat" else {}
    return ids.event("survey", at_ms, **whose, kind=kind, score=score, **scale)
