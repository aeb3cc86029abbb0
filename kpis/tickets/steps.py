"""The time line of a ticket: one step a fact, in their order.

A step takes what the ticket has come to one fact further, and finds what that adds to panes. C(row) is the
sum of all steps (`kpis.tickets.observe`). Whether a customer waits follows from three things:

```
          10:00      10:20    11:00      11:05      11:30     12:00
          created    reply    message    resolved   message   reopened
pending   |==========|        |==============================================   a message has no answer
closed                                   |====================|
a wait    |==========|        |==========|                    |==============   pending, open, with people
          response: 20 min    ended without one               begins at the reopening
```
What other rooms want to follow (the clocks of promises) is written to a log of turns, in words of its own:
only what changed anything is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kpis import cell_numbers
from kpis.tickets.additions import (
    ANOMALY,
    book_reply,
    duration_cells,
    register,
    stand,
    sum_of_parts,
    touch,
)
from kpis.tickets.answers import answer
from kpis.tickets.facts import (
    ASSIGNED,
    CREATED,
    CUSTOMER_REPLIED,
    DISCARDED,
    DUE,
    HANDED_OVER,
    HANDLED,
    MERGED,
    NO_REPLY_NEEDED,
    NPS,
    PAUSED,
    REOPENED,
    REPLIED,
    RESOLVED,
    RESTORED,
    RESUMED,
    RETRACTED,
    STATUS,
    STATUSES,
    TRANSFERRED,
    TRIAGED,
    Content,
    Fact,
)
from kpis.tickets.standing import Filed, Standing
from windows.panes import DAY_MS

# A turn: event time ms, what, more. What is a kind of fact, where it is the same, or one of these.
More = int | bool | None | tuple[int | bool | str | None, ...]
Turn = tuple[int, int, More]
Log = list[Turn]
WAIT: Final = 100  # a wait begins, or had begun earlier than it seemed; more: its start
WAIT_OVER: Final = 101  # it ends without an answer
BOT: Final = 102  # a bot has the ticket from now on (more: True), or people have it
# What is more of REPLIED: the start of the wait that it ends (None: it ends none), where the first response
# time began (None: it is not the first reply), and the number of the stretch.
# What is more of RESOLVED: by whom or how it was closed. The first two are those of old rows.
SOLVED, ABANDONED, SOLVED_BY_BOT, GONE = 0, 1, 2, 3
MOST_REPLIES: Final = 2  # beyond one it does not matter how many
RIPENS_MS: Final = 7 * DAY_MS  # after it a solution is known to have been one at first contact

_RECEIVED: Final = (cell_numbers.RECEIVED, 1)  # an amount: where more was handed out, it is below 0
_BOT_STATUS: Final = STATUSES.index("bot")
_CLOSING: Final = {
    STATUSES.index("solved"): False,
    STATUSES.index("closed"): False,
    STATUSES.index("abandoned"): True,
}


def create(standing: Standing, at_ms: int, content: Content, found: Filed | None) -> None:
    """The creation that stands: with it the customer waits, unless somebody else opened the ticket."""
    standing.created_ms, standing.creation = at_ms, content
    if standing.began_with_bot:
        standing.bot_ms = standing.bot_last_ms = at_ms
    if standing.by_customer:
        standing.pending = True
        if standing.bot_ms is None:
            standing.wait_ms = at_ms
    if found is not None:
        counts = (cell_numbers.CREATED, cell_numbers.REGISTER + register(content[0]))
        found[0].append((at_ms, counts, _RECEIVED))


def step(  # noqa: C901 - one branch a kind
    standing: Standing, fact: Fact, found: Filed | None, log: Log | None = None
) -> None:
    """Take a fact further what a ticket has come to.

    What is stamped before the creation happens at the creation, and is an anomaly. Of creations only `create`
    knows, of retractions whoever chooses the facts.

    Invariant: `found` has one list for each stretch so far.
    """
    at, kind, _, content = fact
    if kind in (CREATED, RETRACTED):
        return
    created = standing.created_ms
    early = created is not None and at < created
    if early:
        assert created is not None
        if found is not None:
            found[-1].append((created, ANOMALY, ()))
    if kind == REPLIED:
        _reply(standing, fact, found, log, early=early)
    elif kind == CUSTOMER_REPLIED:
        _message(standing, fact, found, log, early=early)
    else:
        if early:
            assert created is not None
            at = created
        if kind == RESOLVED:
            _resolve(standing, at, content, found, log)
        elif kind == HANDLED:
            if found is not None and content:
                found[-1].append((at, *duration_cells(cell_numbers.HANDLE, sum_of_parts(content))))
        elif kind >= NPS:
            answer(standing, at, kind, content, found)
        else:
            _change(standing, fact, at, found, log)


def _change(standing: Standing, fact: Fact, at: int, found: Filed | None, log: Log | None) -> None:
    """What changes the ticket itself."""
    _, kind, _, content = fact
    if kind in _NOTHING_WHILE_GONE and standing.gone:
        return  # and for later, too
    _CHANGES[kind](standing, at, content, found, log)
    if log is not None and kind in _FOLLOWED:
        log.append((at, kind, content))


_FOLLOWED: Final = frozenset({TRIAGED, TRANSFERRED, DUE})
_NOTHING_WHILE_GONE: Final = frozenset({REOPENED, PAUSED, RESUMED, HANDED_OVER, STATUS})


def _triage(standing: Standing, _: int, content: Content, *__: object) -> None:
    standing.name(content)


def _assign(standing: Standing, _: int, content: Content, *__: object) -> None:
    (standing.assigned,) = content


def _due(*_: object) -> None:
    """Deadlines that came with the ticket: the clocks of promises read the log."""


def _pause(standing: Standing, at: int, _: Content, __: Filed | None, log: Log | None) -> None:
    _say(standing, at, PAUSED, None, log)


def _resume(standing: Standing, at: int, _: Content, __: Filed | None, log: Log | None) -> None:
    _say(standing, at, RESUMED, None, log)


def _say(standing: Standing, at: int, kind: int, more: int | None, log: Log | None) -> None:
    """A word about pauses, of an open ticket: the same again says nothing."""
    word = (kind, more)
    if standing.outcome is None and standing.word != word:
        standing.word, standing.paused = word, kind == PAUSED
        if log is not None:
            log.append((at, kind, more))


def _reply(standing: Standing, fact: Fact, found: Filed | None, log: Log | None, *, early: bool) -> None:
    """A public reply: one by a human ends the wait that runs, and the first one the first response time."""
    at, _, _, content = fact
    waited, automated = (*content, None, None)[:2] if content else (None, None)
    if automated:
        return
    created = standing.created_ms
    if early:
        assert created is not None
        at = created
    start = standing.wait_ms if waited is None else fact[0] - waited
    if start is not None:  # stated after the reply, or the reply is stamped before the creation: no time
        start = at if early else min(start, at)
    if standing.bot_ms is not None and log is not None:
        log.append((at, BOT, False))
    standing.pending, standing.wait_ms, standing.bot_ms = False, None, None
    is_first = standing.replied_ms is None and standing.was_asked
    first_start = _first_start(standing) if is_first else None
    if log is not None and (start is not None or is_first):
        log.append((at, REPLIED, (start, first_start, standing.stretch)))
    if found is not None:
        touch(standing, found)
        length = None if start is None else at - start
        first_length = at - first_start if first_start is not None and created is not None else None
        if first_length is not None and standing.from_creation:
            first_length = at - (standing.asked_ms or 0)
        book_reply(found[-1], at, length, first_length, ahead=waited is not None and waited < 0 and not early)
    standing.replies = min(standing.replies + 1, MOST_REPLIES)
    if is_first:
        standing.replied_ms = at


def _first_start(standing: Standing) -> int:
    """Where the first response time begins; a number without meaning while the creation is not known.

    At the creation, or where the desk or a bot opened the ticket, at the customer's first message; not before
    a bot's first hand-over, or the start of its stretch where a human replied without one. Logs have this one
    in every manner, so that what is kept of them is the same.
    """
    asked = standing.asked_ms or 0
    with_people = standing.handed_over_ms if standing.handed_over_ms is not None else standing.bot_last_ms
    return asked if with_people is None else max(asked, with_people)


def _message(standing: Standing, fact: Fact, found: Filed | None, log: Log | None, *, early: bool) -> None:
    """A message of the customer: a wait begins, unless one runs."""
    at, _, _, content = fact
    since = None if not content else at - content[0]
    if since is not None and since > at and found is not None and not early:
        found[-1].append((at, ANOMALY, ()))
    if early:
        assert standing.created_ms is not None
        at = standing.created_ms
    if standing.messaged_ms is None:
        standing.messaged_ms = at
    if standing.replied_ms is not None and standing.human_ms is None:
        standing.messaged_since = True
    standing.pending = True
    if standing.is_open and standing.bot_ms is None:
        start = at if since is None else min(since, at)
        if standing.wait_ms is None or start < standing.wait_ms:
            standing.wait_ms = start
            if log is not None:
                log.append((at, WAIT, start))


def _need_no_reply(standing: Standing, at: int, _: Content, __: Filed | None, log: Log | None) -> None:
    if standing.pending:
        standing.pending = False
        _stop_waiting(standing, at, log)
        if log is not None:
            log.append((at, NO_REPLY_NEEDED, None))


def _wait(standing: Standing, at: int, log: Log | None) -> None:
    """The ticket is open: if a message has no answer and people have it, the customer waits from now on."""
    if standing.pending and standing.wait_ms is None and standing.bot_ms is None:
        standing.wait_ms = at
        if log is not None:
            log.append((at, WAIT, at))


def _stop_waiting(standing: Standing, at: int, log: Log | None) -> None:
    if standing.wait_ms is not None:
        standing.wait_ms = None
        if log is not None:
            log.append((at, WAIT_OVER, None))


def _hand_over(standing: Standing, at: int, _: Content, __: Filed | None, log: Log | None) -> None:
    """A bot gives the ticket to people; nothing, if it had not got it."""
    if standing.bot_ms is None:
        return
    standing.bot_ms = None
    if standing.is_open:
        if standing.handed_over_ms is None:
            standing.handed_over_ms = at
        if log is not None:
            log.append((at, BOT, False))
        _wait(standing, at, log)


def _state(standing: Standing, at: int, content: Content, found: Filed | None, log: Log | None) -> None:
    """A status, held against the state that the time line has reached."""
    (status,) = content
    if status in _CLOSING:
        _close(standing, at, ABANDONED if _CLOSING[status] else SOLVED, found, log)
        return
    begins = status == _BOT_STATUS and standing.bot_ms is None
    if begins:
        standing.bot_ms = standing.bot_last_ms = at
    _reopen(standing, at, (), found, log)  # for a bot: no wait begins
    if status != _BOT_STATUS:
        _hand_over(standing, at, (), found, log)
    elif begins:
        _stop_waiting(standing, at, log)
        if log is not None:
            log.append((at, BOT, True))
    _say(standing, at, STATUS, status, log)


def _transfer(standing: Standing, at: int, content: Content, found: Filed | None, _: Log | None) -> None:
    """Another stretch begins; an open ticket is received there, and no more where it was."""
    standing.hand(content)
    if found is not None:
        found.append([])
        if standing.created_ms is not None and standing.is_open:
            found[-2].append((at, (), (cell_numbers.RECEIVED, -1)))
            found[-1].append((at, (), _RECEIVED))


def _merge(standing: Standing, at: int, _: Content, __: Filed | None, log: Log | None) -> None:
    _go(standing, at, MERGED, log)


def _discard(standing: Standing, at: int, _: Content, __: Filed | None, log: Log | None) -> None:
    _go(standing, at, DISCARDED, log)


def _go(standing: Standing, at: int, kind: int, log: Log | None) -> None:
    """Merged or discarded: closed from now on, until it is restored."""
    if standing.is_open:
        _stop_waiting(standing, at, log)
        if log is not None:
            log.append((at, RESOLVED, GONE))
    standing.gone, standing.bot_ms, standing.word, standing.paused = kind, None, None, False
    standing.discarded = standing.is_withdrawn


def _restore(standing: Standing, at: int, _: Content, __: Filed | None, log: Log | None) -> None:
    """Back in the state that it had: for waits and clocks that is a reopening."""
    if not standing.gone:
        return
    standing.gone, standing.discarded = 0, False
    if standing.outcome is None:
        if log is not None:
            log.append((at, REOPENED, None))
        _wait(standing, at, log)


def _resolve(standing: Standing, at: int, content: Content, found: Filed | None, log: Log | None) -> None:
    """A resolution; while the ticket is resolved it is an interaction and nothing more."""
    abandoned, *parts, by_bot = (*content, *(None,) * 5)[:5]
    if found is not None and parts != [None, None, None]:
        found[-1].append((at, *duration_cells(cell_numbers.HANDLE, sum_of_parts(parts))))
    if not standing.gone:
        how = ABANDONED if abandoned else SOLVED_BY_BOT if by_bot else SOLVED
        _close(standing, at, how, found, log)


def _close(standing: Standing, at: int, how: int, found: Filed | None, log: Log | None) -> None:
    """The ticket is closed; nothing while it is."""
    if standing.outcome is not None:
        return
    _stop_waiting(standing, at, log)
    standing.outcome = "abandoned" if how == ABANDONED else "solved"
    standing.bot_ms, standing.word, standing.paused = None, None, False
    standing.ended_ms, standing.ended_by_bot = at, how == SOLVED_BY_BOT
    standing.ended_stretch = standing.stretch
    if log is not None:
        log.append((at, RESOLVED, how))
    counts: list[int] = []
    if standing.first_ms is None:
        standing.first_ms, standing.first_stretch = at, standing.stretch
        counts = [cell_numbers.RESOLVED, *([cell_numbers.ABANDONED] if how == ABANDONED else ())]
    amounts: tuple[int, ...] = ()
    if how != ABANDONED:
        amounts = _solve(standing, at, how, counts, found)
        stand(standing, found, 1)
    if counts and found is not None:
        found[-1].append((at, tuple(counts), amounts))


def _solve(standing: Standing, at: int, how: int, counts: list[int], found: Filed | None) -> tuple[int, ...]:
    """The first solution, and the first one by a human: what they count, and further amounts."""
    if standing.solved_ms is None:
        standing.solved_ms, standing.solved_stretch = at, standing.stretch
        counts.append(cell_numbers.SOLVED)
        if how == SOLVED_BY_BOT:
            counts.append(cell_numbers.BOT_SOLVED)
    if how == SOLVED_BY_BOT or standing.human_ms is not None:
        return ()
    standing.human_ms, standing.human_stretch = at, standing.stretch
    if standing.replied_ms is None and standing.was_asked:
        counts.append(cell_numbers.SOLVED_UNANSWERED)
    if standing.replied_ms is not None:
        standing.at_first_contact, standing.ripens_ms = not standing.messaged_since, at + RIPENS_MS
        if found is not None:
            kept = (cell_numbers.FIRST_CONTACT,) if standing.at_first_contact else ()
            found[-1].append((standing.ripens_ms, (cell_numbers.FIRST_CONTACT_OF, *kept), ()))
    if standing.created_ms is None:
        return ()
    more, amounts = duration_cells(cell_numbers.RESOLUTION, at - standing.created_ms)
    counts += more
    return amounts


def _reopen(standing: Standing, at: int, _: Content, found: Filed | None, log: Log | None) -> None:
    """A reopening; while the ticket is open it is nothing."""
    outcome = standing.outcome
    if outcome is None:
        return
    if outcome == "solved":
        stand(standing, found, -1)
    standing.outcome, standing.reopened_last_ms = None, at
    if log is not None:
        log.append((at, REOPENED, None))
    _wait(standing, at, log)
    if standing.reopened_ms is None:
        standing.reopened_ms = at
        if found is not None:
            found[standing.ended_stretch].append((at, (cell_numbers.REOPENED,), ()))
    ripe = standing.ripens_ms
    if standing.at_first_contact and ripe is not None and at <= ripe:
        standing.at_first_contact = False
        if found is not None:
            found[standing.human_stretch].append((ripe, (), (cell_numbers.FIRST_CONTACT, -1)))


_CHANGES: Final[dict[int, Callable[[Standing, int, Content, Filed | None, Log | None], None]]] = {
    TRIAGED: _triage,
    TRANSFERRED: _transfer,
    ASSIGNED: _assign,
    DUE: _due,
    NO_REPLY_NEEDED: _need_no_reply,
    PAUSED: _pause,
    RESUMED: _resume,
    HANDED_OVER: _hand_over,
    REOPENED: _reopen,
    STATUS: _state,
    MERGED: _merge,
    DISCARDED: _discard,
    RESTORED: _restore,
}
