"""Answers to surveys: the later one of a respondent stands, and each has its cell."""

from __future__ import annotations

from typing import Final

from kpis import cell_numbers
from kpis.tickets.facts import CES, NPS, Content
from kpis.tickets.standing import Filed, Standing

PROMOTER_FROM: Final = 9
PASSIVE_FROM: Final = 7
SMALL_SCALE: Final = 4  # up to here only the top option satisfies; above, the top two


def answer(standing: Standing, at: int, kind: int, content: Content, found: Filed | None) -> None:
    """An answer to a survey: the later one of a respondent stands.

    An answer without a name of its own is the ticket's customer's.
    """
    respondent = content[2] if len(content) > 2 else None
    if respondent is None and standing.creation is not None:
        respondent = standing.creation[0]
    cell = cell_of(kind, content)
    answers = standing.answers
    if answers is None:
        answers = standing.answers = []
    for place, (known_kind, known_respondent, known_at, known_cell, *stretch) in enumerate(answers):
        if known_kind == kind and known_respondent == respondent:
            del answers[place]
            if found is not None:
                number = stretch[0] if stretch else 0
                found[number].append((known_at, (), (known_cell, -1)))
            break
    # Programs before ledger format 7 read four values; there is no stretch but the first in what they read.
    answers.append((kind, respondent, at, cell, *((standing.stretch,) if standing.stretch else ())))
    if found is not None:
        found[-1].append((at, (cell,), ()))


def cell_of(kind: int, content: Content) -> int:
    """The cell of an answer."""
    score = content[0]
    if kind == NPS:
        return score_cell("nps", score, None)
    return score_cell("ces" if kind == CES else "csat", score, content[1] if len(content) > 1 else None)


def score_cell(kind: str, score: int, scale_max: int | None) -> int:
    """The cell of a score."""
    if kind == "nps":
        return (
            cell_numbers.PROMOTERS
            if score >= PROMOTER_FROM
            else cell_numbers.PASSIVES
            if score >= PASSIVE_FROM
            else cell_numbers.DETRACTORS
        )
    if kind == "ces":
        return cell_numbers.EFFORT + score
    scale = 5 if scale_max is None else scale_max
    satisfied = score == scale if scale <= SMALL_SCALE else score >= scale - 1
    return cell_numbers.SATISFIED if satisfied else cell_numbers.UNSATISFIED
