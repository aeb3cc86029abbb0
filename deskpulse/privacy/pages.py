"""The inventory as text for a terminal, Markdown for a page, JSON for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from deskpulse.privacy.facts import AS_SENT
from deskpulse.privacy.inventory import events_of_tickets

if TYPE_CHECKING:
    from deskpulse.privacy.inventory import FieldOfContract, Inventory, Storage

_WIDTH: Final = 110
_MANY: Final = 10  # events; more are said in a word
_EVERYWHERE: Final = (
    "Every field is in its source topic as it was sent, and in the dead letters if its record was refused. "
    "For each field this list adds the other places."
)


def as_json(found: Inventory) -> str:
    """One object: `places`, `fields`, `responders`, `notes`."""
    plain = {
        "places": [place._asdict() for place in found.places],
        "fields": [
            field._asdict() | {"kept": [kept._asdict() for kept in field.kept]} for field in found.fields
        ],
        "responders": found.responders,
        "notes": found.notes,
    }
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode()


def as_markdown(found: Inventory) -> str:
    """Two tables and the notes, without a heading of their own."""
    return "\n".join([*_markdown(found), ""])


def _markdown(found: Inventory) -> Iterator[str]:
    yield from ("| place | what it is | how long |", "|---|---|---|")
    yield from (f"| {_cell(p.place)} | {_cell(p.what)} | {_cell(p.how_long)} |" for p in found.places)
    yield from ("", *textwrap.wrap(_EVERYWHERE, 118))
    yield from ("", "| field | of | identifies | where it is kept, in which form |", "|---|---|---|---|")
    for field in found.fields:
        kept = "; ".join(f"{one.place}: {one.form}" for one in _besides(field)) or "nowhere else"
        yield f"| `{field.field}` | {_events(field, '`')} | {field.identifies} | {_cell(kept)} |"
    yield ""
    for note in (found.responders, *found.notes):
        yield textwrap.fill(note, 118, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


def _besides(field: FieldOfContract) -> list[Storage]:
    """The places of a field but for those that have every field as it was sent."""
    usual = {(kept.place.value, kept.form) for kept in AS_SENT}
    return [one for one in field.kept if (one.place, one.form) not in usual]


def _events(field: FieldOfContract, quote: str) -> str:
    """The events of a field; of nearly all events of a ticket, which ones are not among them."""
    if len(field.events) <= _MANY:
        return ", ".join(f"{quote}{event}{quote}" for event in field.events)
    others = [f"{quote}{event}{quote}" for event in events_of_tickets() if event not in field.events]
    return f"every event of a ticket{' but ' if others else ''}{', '.join(others)}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def as_text(found: Inventory) -> str:
    """A list of the fields, each with its places; how long a place keeps them stands at the end."""
    return "\n".join(_text(found))


def _text(found: Inventory) -> Iterator[str]:
    yield from (*_wrapped(_EVERYWHERE, ""), "")
    for field in found.fields:
        yield from _wrapped(f"{field.field} ({_events(field, '')})", "")
        yield f"    identifies: {field.identifies}"
        yield from (f"    {one.place}: {one.form}" for one in _besides(field))
    yield "\nHow long"
    for place in found.places:
        yield from _wrapped(f"{place.place}: {place.how_long}", "  ")
        yield from _wrapped(f"({place.what})", "    ")
    yield ""
    for note in (found.responders, *found.notes):
        yield from _wrapped(note, "")


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )
