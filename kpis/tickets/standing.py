"""What a ticket has come to after some of its facts, and under which labels each of its stretches counts.

Transfers cut the life of a ticket into stretches, field by field; a triage corrects the stretch in which it
falls, from that stretch's start. So what was booked in a stretch is filed under its number, and the names are
looked up at the end:

>>> standing = Standing(created_ms=0, creation=("c", "inbox", "mail", "low"))
>>> standing.hand(("billing",))  # transferred: the team alone begins anew
>>> standing.name((None, None, "high"))  # triaged: of the priority no stretch has ended
>>> standing.dims_of(0), standing.dims_of(1)
(('inbox', 'mail', 'high'), ('billing', 'mail', 'high'))
>>> standing.name(("refunds",))
>>> standing.dims_of(0), standing.dims()
(('inbox', 'mail', 'high'), ('refunds', 'mail', 'high'))
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from msgspec import Struct
from msgspec.structs import astuple, replace

from kpis.tickets.facts import DISCARDED, MERGED, PAUSED, Content
from kpis.tickets.manner import AS_USUAL, Manner
from windows.deltas import Booking

UNKNOWN: Final = "unknown"
Dims = tuple[str, ...]  # team, channel, priority; and segment, where the desk has switched it on
_SEGMENT: Final = 3  # its place there
_FIELDS: Final = 3  # the least that a transfer names; what none names is None
FORMAT: Final = 7  # the ledger's, with which stretches, messages and bots came
NamedLabels = tuple[str | None, ...]  # by field, None where not named
# kind, respondent, event time ms, cell, number of the stretch: the latest answer of a respondent
Answered = tuple[Any, ...]
Filed = list[list[Booking]]  # what a ticket adds to panes, by the number of its stretch
_OPENED_BY, _WITH_BOT = 6, 7  # places in the content of a creation
_CREATED_SEGMENT: Final = 5


class Standing(Struct, array_like=True, gc=False):
    """What a ticket has come to after some of its facts (`kpis.tickets.steps`).

    The order of the fields is that of the ledger: add at the end only.
    """

    from_creation: ClassVar[bool] = False  # its first response time begins when the customer asked
    created_ms: int | None = None
    creation: Content | None = None
    team: str | None = None  # as triages of the first stretch say
    channel: str | None = None
    priority: str | None = None
    replied_ms: int | None = None  # the first reply
    outcome: str | None = None  # of the resolution that holds now; None: open, if it is not gone
    paused: bool = False  # of old rows; `word`
    first_ms: int | None = None  # first resolution
    solved_ms: int | None = None  # first solution, by whomever
    reopened_ms: int | None = None  # first reopening
    discarded: bool = False  # of old rows; `gone`
    answers: list[Answered] | None = None
    reopened_last_ms: int | None = None  # of old rows
    # From here on of ledger format 7.
    handed: list[NamedLabels] | None = None  # what each transfer named, as triages of its stretch say
    gone: int = 0  # MERGED or DISCARDED: it is one; 0: it is neither
    pending: bool = False  # a message of the customer has no answer yet
    messaged_ms: int | None = None  # the customer's first message
    wait_ms: int | None = None  # the wait that runs began; None: none runs
    bot_ms: int | None = None  # the bot's stretch that runs began; None: people have the ticket
    bot_last_ms: int | None = None  # the latest bot's stretch began
    handed_over_ms: int | None = None  # first hand-over by a bot
    replies: int = 0  # public replies by humans: none, one, or more
    first_stretch: int = 0  # in which the first resolution was
    solved_stretch: int = 0
    human_ms: int | None = None  # first solution by a human
    human_stretch: int = 0
    # the resolution that holds now, or held last; None: there was none, or a row of old does not know
    ended_ms: int | None = None
    ended_stretch: int = 0
    ended_by_bot: bool = False
    # a customer's message after the first reply, and before the first human solution
    messaged_since: bool = False
    at_first_contact: bool = False  # the first human solution counts as one at first contact
    ripens_ms: int | None = None  # when it is known to have been one, if that is a question
    assigned: bool | None = None  # as the latest `assigned` says
    word: tuple[int, int | None] | None = None  # the latest about pauses since it is open: kind, status
    format: int = 0  # of the ledger, from which on all of this is told; 0: a row of old
    segment: str | None = None  # as triages of the first stretch say

    def name(self, content: Content) -> None:
        """A triage: each field that it names is corrected from the start of its stretch."""
        handed = self.handed
        for place, value in enumerate(content):
            if value is None:
                continue
            for number in range(len(handed) if handed else 0, 0, -1):
                assert handed is not None
                if place < len(handed[number - 1]) and handed[number - 1][place] is not None:
                    handed[number - 1] = _with(handed[number - 1], place, value)
                    break
            else:
                self._name_first(place, value)

    def _name_first(self, place: int, value: str) -> None:
        if place == 0:
            self.team = value
        elif place == 1:
            self.channel = value
        elif place == _SEGMENT:
            self.segment = value
        else:
            self.priority = value

    def hand(self, content: Content) -> None:
        """A transfer: another stretch begins."""
        named = (*content, *(None,) * (_FIELDS - len(content)))
        self.handed = [named] if self.handed is None else [*self.handed, named]

    @property
    def stretch(self) -> int:
        """The number of the present stretch: 0, or how many transfers there were."""
        return 0 if self.handed is None else len(self.handed)

    def dims(self) -> Dims:
        """The labels of the present stretch."""
        return self.dims_of(self.stretch)

    def dims_of(self, stretch: int) -> Dims:
        """Those of a stretch: as the latest of creation, triages and transfers named them, else unknown."""
        own = self.creation
        _, team, channel, priority = (None, UNKNOWN, UNKNOWN, UNKNOWN) if own is None else own[:4]
        found = (self.team or team, self.channel or channel, self.priority or priority)
        if stretch and self.handed is not None:
            for named in self.handed[:stretch]:
                found = (named[0] or found[0], named[1] or found[1], named[2] or found[2])
        return found

    def segment_of(self, stretch: int) -> str:
        """The segment of a stretch, likewise."""
        own = self.creation
        created = None if own is None or len(own) <= _CREATED_SEGMENT else own[_CREATED_SEGMENT]
        found = self.segment or created or UNKNOWN
        for named in (self.handed or ())[:stretch]:
            found = named[_SEGMENT] if len(named) > _SEGMENT and named[_SEGMENT] is not None else found
        return found

    @property
    def is_open(self) -> bool:
        """Whether it is neither resolved nor merged or discarded."""
        return self.outcome is None and not self.gone

    @property
    def is_withdrawn(self) -> bool:
        """Whether nothing of it counts: it is discarded."""
        return self.gone == DISCARDED

    @property
    def is_merged(self) -> bool:
        """Whether it was no request of its own."""
        return self.gone == MERGED

    @property
    def by_customer(self) -> bool:
        """Whether the customer opened it; so, too, while its creation is not known."""
        own = self.creation
        return own is None or len(own) <= _OPENED_BY or own[_OPENED_BY] is None

    @property
    def was_asked(self) -> bool:
        """Whether the customer has asked anything: by opening the ticket, or by a message."""
        return self.by_customer or self.messaged_ms is not None

    @property
    def asked_ms(self) -> int | None:
        """When the customer asked first, by the creation or by a message; None: not known, or never."""
        return self.created_ms if self.by_customer else self.messaged_ms

    @property
    def began_with_bot(self) -> bool:
        """Whether its creation says that a bot has it."""
        own = self.creation
        return own is not None and len(own) > _WITH_BOT and bool(own[_WITH_BOT])

    def copied(self, manner: Manner = AS_USUAL) -> Standing:
        """One of its own, to be changed: what a desk that counts in this manner follows."""
        answers, handed = self.answers, self.handed
        if type(self) is not (wanted := _OF_MANNER[manner.segment, manner.from_creation]):
            return wanted(*astuple(self)).copied(manner)
        return replace(
            self,
            answers=None if answers is None else list(answers),
            handed=None if handed is None else list(handed),
        )


class Segmented(Standing, array_like=True, gc=False):
    """The same at a desk that has switched the fourth dimension on. Rows are the same bytes as without it."""

    def dims_of(self, stretch: int) -> Dims:
        """Team, channel, priority and segment of a stretch."""
        return (*Standing.dims_of(self, stretch), self.segment_of(stretch))


class FromCreation(Standing, array_like=True, gc=False):
    """The same at a desk whose first response times begin when the customer asked, whatever a bot did."""

    from_creation: ClassVar[bool] = True


class SegmentedFromCreation(Segmented, array_like=True, gc=False):
    """Both."""

    from_creation: ClassVar[bool] = True


_OF_MANNER: Final[dict[tuple[bool, bool], type[Standing]]] = {
    (False, False): Standing,
    (True, False): Segmented,
    (False, True): FromCreation,
    (True, True): SegmentedFromCreation,
}


def fresh(manner: Manner = AS_USUAL) -> Standing:
    """What a ticket has come to of which nothing is known."""
    return _OF_MANNER[manner.segment, manner.from_creation](format=FORMAT)


def of_old_row(standing: Standing) -> None:
    """Tell what a stub of a row of old says in the words of today."""
    if standing.format:
        return
    standing.format = FORMAT
    created = standing.created_ms
    standing.gone = DISCARDED if standing.discarded else 0
    standing.pending = created is not None and standing.replied_ms is None
    if standing.pending and standing.is_open:
        standing.wait_ms = max(created or 0, standing.reopened_last_ms or 0)
    standing.word = (PAUSED, None) if standing.paused else None
    standing.human_ms = standing.solved_ms
    standing.replies = int(standing.replied_ms is not None)


def _with(named: NamedLabels, place: int, value: Any) -> NamedLabels:
    return (*named[:place], value, *named[place + 1 :])
