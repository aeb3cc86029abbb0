"""The total decoder: every record gives an event or a Reject, none raises."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, cast

import msgspec
from msgspec import UNSET, inspect

from streams.events import (
    AnyEvent,
    CustomerReplied,
    Due,
    Event,
    Instant,
    Labelled,
    Merged,
    Presence,
    Replied,
    Retracted,
    Survey,
    TicketCreated,
    Transferred,
    Triaged,
)
from streams.names import fold, unfit
from streams.sources import BY_TOPIC

MAX_BYTES: Final = 64 * 1024  # the contract's limit of one record's value
FIRST_MS: Final = 0  # 1970-01-01: earlier instants are a unit error upstream
LAST_MS: Final = 7_258_118_400_000  # 2200-01-01: later ones are microseconds sent as milliseconds
DUES: Final = ("first_reply_due", "resolution_due", "next_reply_due")  # deadlines that come with a ticket
# Instants of 1990 to 2099 in epoch seconds, read as milliseconds: January and February 1970, of which no desk
# tells.
SECONDS_FROM: Final = 631_152_000
SECONDS_BEFORE: Final = 4_102_444_800
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Reject(NamedTuple):
    """A record that cannot be an event: `reason` is a metric label, `detail` is for people."""

    # null, oversize, syntax, schema, kind, name, score, time; the state adds key, future, too_late
    reason: str
    detail: str


Decode = Callable[[bytes | None], "AnyEvent | Reject"]


def decoder(topic: str) -> Decode:
    """The total decoder of one source topic (name without prefix).

    Errors: KeyError for a topic that the contract does not name.
    """
    source = BY_TOPIC[topic]
    raw_decode: Callable[[bytes], Any] = msgspec.json.Decoder(source.wire).decode
    finish = _finish_of(source.kinds)
    choices = _choices(source.kinds)
    tag = source.kinds[0].__struct_config__.tag_field
    apart = {f"`$.{tag}`", "`$.kind`"}  # the fields that tell the events of a topic apart

    def decode(raw: bytes | None) -> AnyEvent | Reject:
        if raw is None:
            return Reject("null", "the record has no value (a tombstone)")
        if len(raw) > MAX_BYTES:
            return Reject("oversize", f"{len(raw)} bytes; the limit is {MAX_BYTES}")
        try:
            raw.decode()  # the JSON decoder does not look into fields that it skips
            # an event of this topic, with the instants of the wire until they are milliseconds
            wire = raw_decode(raw)
        except msgspec.ValidationError as error:
            return _misfit(str(error), choices, apart)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # The last two are not MsgspecError: bad UTF-8 in a string, deep nesting in an unknown field.
            return Reject("syntax", str(error))
        at: int | datetime = wire.occurred_at
        if isinstance(at, datetime):
            wire.occurred_at = at = (at - _EPOCH) // _MILLISECOND
        event: AnyEvent = wire
        if not SECONDS_BEFORE <= at < LAST_MS and (fault := _time_fault("occurred_at", at)):
            return fault
        return _id_fault(event) or (event if finish is None else finish(event))

    return decode


def _time_fault(name: str, at: int) -> Reject | None:
    """Why an instant of an event is none, or None."""
    if not FIRST_MS <= at < LAST_MS:
        return Reject("time", f"{name} {at} ms is outside 1970..2199")
    if SECONDS_FROM <= at < SECONDS_BEFORE:
        meant = (_EPOCH + timedelta(seconds=at)).isoformat(timespec="minutes").removesuffix("+00:00")
        return Reject(
            "time",
            f"epoch seconds? this field is milliseconds: {name} {at} would be January 1970, as seconds it "
            f"is {meant}Z",
        )
    return None


def _id_fault(event: AnyEvent) -> Reject | None:
    """Why the identifiers of an event are none, or None."""
    if event.event_id.isprintable() and event.key.isprintable():
        return None
    return _unfit("event_id", event.event_id) or _unfit("the identifier", event.key)


def _unfit(field: str, text: str) -> Reject | None:
    found = unfit(text)
    return (
        None
        if found is None
        else Reject("name", f"{field} has the character {found}, a control character: leave it out")
    )


def _fold_names(event: TicketCreated | Labelled | Survey) -> Reject | None:
    """Bring the names of an event to what they are compared by; why one of them is none, or None."""
    for field in _TEAM if type(event) is Survey else _LABELS:
        name = getattr(event, field)
        if name is not None:
            folded = fold(name)
            if not folded:
                return Reject("name", f"{field} is blank")
            if not folded.isprintable() and (fault := _unfit(field, folded)):
                return fault
            setattr(event, field, folded)
    return None


def _finish_created(event: TicketCreated) -> TicketCreated | Reject:
    return (
        _unfit("customer_id", event.customer_id)
        or _fold_names(event)
        or (_instants(event, DUES) if event.has_deadlines else None)
        or event
    )


def _instants(event: Any, fields: Sequence[str]) -> Reject | None:
    """Bring the other instants of an event to milliseconds; why one of them is none, or None."""
    for field in fields:
        at = getattr(event, field)
        if at is None or at is UNSET:
            continue
        if isinstance(at, datetime):
            at = (at - _EPOCH) // _MILLISECOND
            setattr(event, field, at)
        if fault := _time_fault(field, at):
            return fault
    return None


def _misfit(message: str, choices: Mapping[str, str], apart: Collection[str]) -> Reject:
    """Why a value is none of its type: where only some texts are allowed, with those."""
    place = message.rpartition(" - at ")[2]
    if message.startswith("Invalid") and place in choices:
        return Reject("kind" if place in apart else "schema", f"{message}: use one of {choices[place]}")
    is_time = "RFC3339" in message or "timezone component" in message
    return Reject("time" if is_time else "schema", message)


def _choices(kinds: Sequence[type[Event]]) -> dict[str, str]:
    """The texts that a field may hold, by its place as the JSON decoder names it; only where few may."""
    found: dict[str, list[str]] = {}
    for kind in kinds:
        config = kind.__struct_config__
        if config.tag_field is not None:
            found.setdefault(config.tag_field, []).append(str(config.tag))
        for field in msgspec.structs.fields(cast("Any", kind)[Instant]):
            shape = inspect.type_info(field.type)
            shapes = shape.types if isinstance(shape, inspect.UnionType) else (shape,)
            literals = [part for part in shapes if isinstance(part, inspect.LiteralType)]
            if literals:
                found[field.name] = [str(value) for value in literals[0].values]
    return {f"`$.{name}`": ", ".join(texts) for name, texts in found.items()}


def _score_fault(event: Survey) -> Reject | None:
    """Why a score does not fit its scale, or the scale its kind: what is stated is obeyed or refused."""
    low, high = _SCALES.get(
        event.kind,
        (
            1 if event.scale_min is None else event.scale_min,
            5 if event.scale_max is None else event.scale_max,
        ),
    )
    if event.kind != "csat":
        if event.satisfied is not None:
            return Reject("score", f"{event.kind} has no `satisfied`: leave it out")
        if event.scale_min not in {None, low} or event.scale_max not in {None, high}:
            return Reject(
                "score",
                f"{event.kind} is asked on {low}..{high} only, not on {event.scale_min}..{event.scale_max}",
            )
    elif event.satisfied is not None:
        return None
    elif not 2 <= high <= _LARGEST_SCALE or low not in {0, 1} or (low == 0 and high != _LARGEST_SCALE):
        return Reject(
            "score", f"csat is asked on 1..2 to 1..10, or on 0..10, not on {low}..{high}: state `satisfied`"
        )
    if not low <= event.score <= high:
        return Reject("score", f"{event.kind} score {event.score} is outside {low}..{high}")
    return None


def _finish_survey(event: Survey) -> Survey | Reject:
    if event.ticket_id is None and event.customer_id is None:
        return Reject("schema", "a survey needs ticket_id or customer_id")
    if (fault := _score_fault(event)) or (
        event.customer_id is not None and (fault := _unfit("customer_id", event.customer_id))
    ):
        return fault
    if event.satisfied is not None:  # who says so answers on a scale of two, whatever was shown
        event.score, event.scale_max, event.scale_min = (2 if event.satisfied else 1), 2, None
    return _fold_names(event) or event


def _finish_labelled(event: Triaged | Transferred) -> Triaged | Transferred | Reject:
    return _fold_names(event) or event


def _finish_presence(event: Presence) -> Presence | Reject:
    """The team keeps its spelling, since the record key has it; it must fold to a name all the same."""
    folded = fold(event.team)
    return event if folded else Reject("name", "team is blank")


def _finish_message(wire: Replied[Any] | CustomerReplied[Any]) -> Replied | CustomerReplied | Reject:
    return _instants(wire, _SINCE) or cast("Replied | CustomerReplied", wire)


def _finish_due(wire: Due[Any]) -> Due | Reject:
    if all(getattr(wire, field) is UNSET for field in DUES):
        return Reject("schema", f"due needs one of {', '.join(DUES)}; null withdraws a deadline")
    return _instants(wire, DUES) or cast("Due", wire)


def _finish_merged(event: Merged) -> Merged | Reject:
    return (None if event.into is None else _unfit("into", event.into)) or event


def _finish_retracted(event: Retracted) -> Retracted | Reject:
    return _unfit("retracts", event.retracts) or event


_TEAM: Final = ("team",)
_LABELS: Final = ("team", "channel", "priority", "segment")
_SINCE: Final = ("waiting_since",)
_SCALES: Final = {"nps": (0, 10), "ces": (1, 7)}
_LARGEST_SCALE: Final = 10
Finish = Callable[[Any], "AnyEvent | Reject"]
_FINISH: Final[Mapping[type, Finish]] = {
    TicketCreated: _finish_created,
    Survey: _finish_survey,
    Triaged: _finish_labelled,
    Transferred: _finish_labelled,
    Replied: _finish_message,
    CustomerReplied: _finish_message,
    Due: _finish_due,
    Merged: _finish_merged,
    Retracted: _finish_retracted,
    Presence: _finish_presence,
}


def _finish_of(kinds: Sequence[type]) -> Finish | None:
    """What is left to check of the events of a topic, once a type has accepted them; None.

    Nothing of any of them.
    """
    found = {kind: _FINISH[kind] for kind in kinds if kind in _FINISH}
    if len(kinds) == 1 or not found:
        return found.get(kinds[0])

    def finish(event: AnyEvent) -> AnyEvent | Reject:
        check = found.get(type(event))
        return event if check is None else check(event)

    return finish
