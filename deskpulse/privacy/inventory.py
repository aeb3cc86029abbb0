"""The facts of every field of every event, by the settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from deskpulse.privacy.facts import DROPPED, FACTS, FieldFacts
from deskpulse.privacy.places import KeptAt, how_long, where
from streams.sources import BY_TOPIC

if TYPE_CHECKING:
    from deskpulse.settings import Settings


class Storage(NamedTuple):
    """One place that keeps a field."""

    place: str
    form: str
    how_long: str


class FieldOfContract(NamedTuple):
    """A field, the events that carry it alike, and what becomes of it."""

    field: str
    events: tuple[str, ...]
    identifies: str
    kept: tuple[Storage, ...]


class PlaceUsed(NamedTuple):
    """A place, what it is, and how long it keeps what is in it."""

    place: str
    what: str
    how_long: str


class Inventory(NamedTuple):
    """All of it."""

    places: tuple[PlaceUsed, ...]
    fields: tuple[FieldOfContract, ...]
    responders: str
    notes: tuple[str, ...]


NOTES: Final = (
    (
        "No figure, label, alert, tile or log line is by responder. The contract has no field for names of "
        "persons, addresses or texts of messages; an unknown field that a producer adds is in its topic and, "
        "if the record is refused, in the dead letters, and nowhere else."
    ),
    (
        "Presence counts the responders of a team, never persons, and is shown only from 5 online on. "
        "Figures of a team with few members are nearly those of its members: agree on the least size "
        "of a team that is shown by itself (desk.members.team)."
    ),
    (
        "`retracted` takes an event out of every figure; `discarded` takes out a whole ticket. The fields "
        "stay in the places above until their time is over. To erase a person, delete the events at "
        "their source."
    ),
    (
        "Prometheus, Grafana, Alertmanager, backups and the logs of your platform keep what they get by "
        "rules of your own."
    ),
)


def carriers() -> Iterator[tuple[str, str]]:
    """Every field of the contract with the event that carries it: (field, event), in the order of the topics.

    An event is called by its `change` or `status` where a topic carries several, else by its topic.
    """
    for topic, source in BY_TOPIC.items():
        for kind in source.kinds:
            config = kind.__struct_config__
            event = topic if config.tag is None else str(config.tag)
            names = [*kind.__struct_fields__]
            if config.tag_field is not None:
                names.append(config.tag_field)
            yield from ((name, event) for name in names)


def events_of_tickets() -> tuple[str, ...]:
    """The events that carry a `ticket_id`, in the order of the topics."""
    return tuple(event for field, event in carriers() if field == "ticket_id")


def entry_of(field: str, event: str, facts: tuple[FieldFacts, ...] = FACTS) -> FieldFacts:
    """The facts of a field of an event: those that name the event, else those of all others.

    Errors: LookupError for a field that nobody has described.
    """
    named = [entry for entry in facts if entry.field == field and event in entry.events]
    others = [entry for entry in facts if entry.field == field and not entry.events]
    for found in (named, others):
        if found:
            (entry,) = found
            return entry
    raise LookupError(
        f"deskpulse/privacy/facts.py says nothing of the field {field} of {event}: whom does it identify, "
        "and where is it kept?"
    )


def inventory(settings: Settings) -> Inventory:
    """What the settings in force make of every field."""
    events: dict[FieldFacts, list[str]] = {}
    for field, event in carriers():
        events.setdefault(entry_of(field, event), []).append(event)
    kept = _what_becomes_of_responders(settings)
    used = {place.place for entry in events for place in entry.kept}
    return Inventory(
        tuple(
            PlaceUsed(place.value, where(place, settings), how_long(place, settings))
            for place in KeptAt
            if place in used
        ),
        tuple(_field(entry, tuple(names), settings) for entry, names in events.items()),
        kept,
        NOTES,
    )


def _field(entry: FieldFacts, events: tuple[str, ...], settings: Settings) -> FieldOfContract:
    stored = [
        Storage(kept.place.value, _form(kept.form, settings), how_long(kept.place, settings))
        for kept in entry.kept
    ]
    return FieldOfContract(entry.field, events, entry.person.value, tuple(stored))


def _form(form: str, settings: Settings) -> str:
    if form != DROPPED:
        return form
    ours = "a keyed hash" if settings.privacy.keep_responders else "dropped"
    return f"{ours} by replay and simulate; as sent by producers of your own"


def _what_becomes_of_responders(settings: Settings) -> str:
    if settings.privacy.keep_responders:
        return (
            "privacy.keep_responders is true: replay and simulate replace responder_id by the first 16 "
            "hexadecimal digits of HMAC-SHA-256 under the key in privacy.responder_key_file. Who has the key "
            "can find a person's replies in the topic. deskpulse itself reads past the field and keeps it "
            "nowhere else."
        )
    return (
        "privacy.keep_responders is false: replay and simulate drop responder_id. What a producer of your "
        "own writes to Kafka stays there as it was sent; deskpulse reads past it and keeps it nowhere else."
    )


def unused(facts: tuple[FieldFacts, ...] = FACTS) -> list[str]:
    """Entries that belong to no field of the contract, or that name an event without it."""
    known = set(carriers())
    taken = {entry_of(field, event, facts) for field, event in known}
    found = [f"{entry.field} {entry.events}" for entry in facts if entry not in taken]
    return found + [
        f"{entry.field} of {event}"
        for entry in facts
        for event in entry.events
        if (entry.field, event) not in known
    ]
