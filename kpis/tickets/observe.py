"""C(row): what a ticket or a customer contributes to panes and levels.

One place says it, as a walk: `step` takes one fact further what a ticket has come to, and finds what that
adds to panes. C(row) is the sum of all steps. What a fact adds when it comes last is its step alone, and so
is what one adds that leaves the others' steps as they are.

It is a pure function of the row, so a change is C(new) - C(old).
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from typing import Final

from msgspec.structs import replace
from xxhash import xxh3_64_intdigest

from kpis import cell_numbers
from kpis.tickets.customers import CustomerRow, intervals
from kpis.tickets.facts import (
    CES,
    CREATED,
    DISCARDED,
    HANDLED,
    NPS,
    PAUSED,
    REOPENED,
    REPLIED,
    RESOLVED,
    RESUMED,
    TRIAGED,
    Content,
    Fact,
)
from kpis.tickets.factsets import SetFact
from kpis.tickets.row import UNKNOWN, Dims, Standing, TicketRow
from windows.deltas import Booking
from windows.distinct import REGISTERS
from windows.histogram import BOUNDS
from windows.panes import MINUTE_MS

Observation = tuple[int, int, int]  # (event time ms, cell, amount)
# event time ms; JOINED or LEFT; of a join the time of the leave before it
Spell = tuple[int, int, int | None]
Level = tuple[int, int]  # (series, ms: of the creation, of what is unanswered the start of its present wait)
PROMOTER_FROM: Final = 9
PASSIVE_FROM: Final = 7
SMALL_SCALE: Final = 4  # up to here only the top option satisfies; above, the top two
_LAST_BUCKET: Final = len(BOUNDS) - 1
_NONE: Final = (None, None, None)
_ANOMALY: Final = (cell_numbers.ANOMALY,)
_SOLVED: Final = (cell_numbers.SOLVED,)
_SOLVED_UNANSWERED: Final = (cell_numbers.SOLVED, cell_numbers.SOLVED_UNANSWERED)
_LATER: Final = cell_numbers.RESPONSE - cell_numbers.FIRST_RESPONSE


def observe(row: TicketRow) -> list[Observation]:
    """All observations of a ticket; empty when it is discarded.

    Amounts are those of the cells: mostly +1, or a duration in ms.
    """
    return contribution(row)[0]


def contribution(row: TicketRow) -> tuple[list[Observation], list[Level]]:
    """Observations and levels of a ticket."""
    found: list[Booking] = []
    standing = walk(row, found)
    return ([], []) if standing.discarded else (observations(found), levels_of(standing))


def observations(bookings: list[Booking]) -> list[Observation]:
    """Bookings, cell by cell."""
    found: list[Observation] = []
    for at_ms, counts, amounts in bookings:
        found += [(at_ms, cell, 1) for cell in counts]
        found += [(at_ms, amounts[i], amounts[i + 1]) for i in range(0, len(amounts), 2)]
    return found


def levels(row: TicketRow) -> list[Level]:
    """The live levels that a ticket stands in: open, unanswered."""
    return levels_of(walk(row, None))


def levels_of(standing: Standing) -> list[Level]:
    """The levels of what a ticket has come to."""
    at = standing.created_ms
    if at is None or standing.discarded or standing.outcome is not None:
        return []
    return (
        [(cell_numbers.OPEN, at)]
        if standing.replied_ms is not None
        else [(cell_numbers.OPEN, at), (cell_numbers.UNANSWERED, waits_since(standing, at))]
    )


def waits_since(standing: Standing, created_ms: int) -> int:
    """Since when a ticket without a reply has been open: its creation, or its latest reopening."""
    return created_ms if standing.reopened_last_ms is None else max(created_ms, standing.reopened_last_ms)


def walk(row: TicketRow, found: list[Booking] | None) -> Standing:
    """What a ticket has come to by all its facts.

    `found` takes what they add to panes; with None nobody asks for it.
    """
    standing = begin(row, found)
    for fact in row.facts:
        step(standing, fact, found)
    return standing


def begin(row: TicketRow, found: list[Booking] | None) -> Standing:
    """What a ticket has come to before the facts that its row keeps.

    Its creation is part of that, wherever it stands.
    """
    stub = row.stub
    standing = Standing() if stub is None else copied(stub.standing)
    if found is not None and stub is not None:
        found += [
            (minute * MINUTE_MS, (), tuple(number for pair in cells.items() for number in pair))
            for minute, cells in stub.booked.items()
        ]
    if standing.created_ms is None:
        for at_ms, kind, _, content in row.facts:
            if kind == CREATED:
                create(standing, at_ms, content, found)
                break
    return standing


def copied(standing: Standing) -> Standing:
    """A standing of its own, to be changed."""
    return replace(standing, answers=None if standing.answers is None else list(standing.answers))


def create(standing: Standing, at_ms: int, content: Content, found: list[Booking] | None) -> None:
    """The creation that stands."""
    standing.created_ms, standing.creation = at_ms, content
    if found is not None:
        found.append((at_ms, (cell_numbers.CREATED, cell_numbers.REGISTER + register(content[0])), ()))


def step(standing: Standing, fact: Fact, found: list[Booking] | None) -> bool:
    """Take a fact further what a ticket has come to; True when that may change what later facts add.

    What is stamped before the creation happens at the creation, and is an anomaly. Of creations only `create`
    knows.
    """
    at, kind, _, content = fact
    if kind == CREATED:
        return False
    created = standing.created_ms
    early = created is not None and at < created
    if early:
        assert created is not None
        at = created
        if found is not None:
            found.append((at, _ANOMALY, ()))
    if kind == REPLIED:
        return _reply(standing, at, content, found, early=early)
    if kind == RESOLVED:
        return _resolve(standing, at, content, found)
    if kind == HANDLED:
        if found is not None and content:
            found.append(
                (at, *_duration(cell_numbers.HANDLE, sum([part for part in content if part is not None])))
            )
        return False
    if kind >= NPS:
        _answer(standing, at, kind, content, found)
        return True
    return _change(standing, at, kind, content, found)


def _change(standing: Standing, at: int, kind: int, content: Content, found: list[Booking] | None) -> bool:
    """What changes the ticket itself."""
    if kind == PAUSED:
        standing.paused = standing.outcome is None
        return False
    if kind == RESUMED:
        standing.paused = False
        return False
    if kind == TRIAGED:
        team, channel, priority = (*content, *_NONE)[:3]
        standing.team, standing.channel = team or standing.team, channel or standing.channel
        standing.priority = priority or standing.priority
    elif kind == REOPENED:
        _reopen(standing, at, found)
    elif kind == DISCARDED:
        standing.discarded = True
    return True


def _duration(base: int, length: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The cells of a duration."""
    if length:
        return (base, base + 2 + min(bisect_left(BOUNDS, length), _LAST_BUCKET)), (base + 1, length)
    return (base, base + 2), ()


def _reply(
    standing: Standing, at: int, content: Content, found: list[Booking] | None, *, early: bool
) -> bool:
    """A public reply: the first one by a human ends the first response time, whichever topic it came by."""
    waited, automated = (*content, None, None)[:2] if content else (None, None)
    if automated:
        return False
    first = standing.replied_ms is None
    if first:
        standing.replied_ms = at
    if found is None:
        return first
    if first and (created := standing.created_ms) is not None:
        length = at - created
        counts, amounts = _duration(cell_numbers.FIRST_RESPONSE, length)
        if waited is None or waited == length:
            found.append(
                (
                    at,
                    (*counts, *[cell + _LATER for cell in counts]),
                    amounts and (*amounts, cell_numbers.RESPONSE + 1, length),
                )
            )
            return True
        found.append((at, counts, amounts))
    if waited is not None:
        counts, amounts = _duration(cell_numbers.RESPONSE, 0 if early else max(0, waited))
        found.append((at, counts if waited >= 0 or early else counts + _ANOMALY, amounts))
    return first


def _resolve(standing: Standing, at: int, content: Content, found: list[Booking] | None) -> bool:
    """A resolution; while the ticket is resolved it is an interaction and nothing more."""
    counts: tuple[int, ...] = ()
    amounts: tuple[int, ...] = ()
    if len(content) > 1 and found is not None:
        counts, amounts = _duration(
            cell_numbers.HANDLE, sum([part for part in content[1:] if part is not None])
        )
    effective = standing.outcome is None
    if effective:
        abandoned = bool(content and content[0])
        standing.outcome = "abandoned" if abandoned else "solved"
        standing.paused = False
        created = standing.created_ms
        if standing.first_ms is None:
            standing.first_ms = at
            counts += (
                (cell_numbers.RESOLVED, cell_numbers.ABANDONED) if abandoned else (cell_numbers.RESOLVED,)
            )
        if not abandoned:
            if standing.solved_ms is None:
                standing.solved_ms = at
                counts += _SOLVED if standing.replied_ms is not None else _SOLVED_UNANSWERED
                if created is not None and found is not None:
                    more_counts, more_amounts = _duration(cell_numbers.RESOLUTION, at - created)
                    counts, amounts = counts + more_counts, amounts + more_amounts
            _stand(standing, found, 1)
    if counts and found is not None:
        found.append((at, counts, amounts))
    return effective


def _reopen(standing: Standing, at: int, found: list[Booking] | None) -> None:
    """A reopening; while the ticket is open it is nothing."""
    outcome = standing.outcome
    if outcome is None:
        return
    standing.outcome, standing.reopened_last_ms = None, at
    if outcome == "solved":
        _stand(standing, found, -1)
    if standing.reopened_ms is None:
        standing.reopened_ms = at
        if found is not None:
            found.append((at, (cell_numbers.REOPENED,), ()))


def _stand(standing: Standing, found: list[Booking] | None, sign: int) -> None:
    """Let the ticket stand as solved from now on, or no more.

    It counts net at its first solution, and in the cohort of its creation.
    """
    if found is None:
        return
    for at, cell in ((standing.solved_ms, cell_numbers.NET), (standing.created_ms, cell_numbers.COHORT)):
        if at is not None:
            found.append((at, (cell,), ()) if sign > 0 else (at, (), (cell, -1)))


def _answer(standing: Standing, at: int, kind: int, content: Content, found: list[Booking] | None) -> None:
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
    for place, (known_kind, known_respondent, known_at, known_cell) in enumerate(answers):
        if known_kind == kind and known_respondent == respondent:
            del answers[place]
            if found is not None:
                found.append((known_at, (), (known_cell, -1)))
            break
    answers.append((kind, respondent, at, cell))
    if found is not None:
        found.append((at, (cell,), ()))


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


def answer(fact: SetFact) -> Observation:
    """The observation of an answer that came without a ticket."""
    return (fact.at_ms, score_cell(*fact.content[:3]), 1)


def observe_answers(row: CustomerRow) -> list[tuple[Dims, Observation]]:
    """Survey answers that came without a ticket, with their dimensions.

    These are the answer's own team, and unknown for the rest.
    """
    return [
        ((fact.content[4] or UNKNOWN, UNKNOWN, UNKNOWN), answer(fact))
        for fact in (row.surveys or {}).values()
    ]


def observe_spells(row: CustomerRow) -> list[Spell]:
    """Joins and leaves of a customer, in their order."""
    found: list[Spell] = []
    for spell in intervals(row):
        found.append((spell.joined_ms, cell_numbers.JOINED, spell.previous_left_ms))
        if spell.left_ms is not None:
            found.append((spell.left_ms, cell_numbers.LEFT, None))
    return found


@lru_cache(maxsize=65_536)
def register(customer_id: str) -> int:
    """The register of a customer: 24 bits of XXH3-64."""
    return xxh3_64_intdigest(customer_id.encode()) % REGISTERS
