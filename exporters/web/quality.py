"""Data quality: `/api/quality` for programs, `/quality` for people.

What came twice, came wrong, or without a beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

import msgspec
from msgspec import Struct

from exporters.snapshot import Snapshot
from exporters.web.api import reasons, rfc3339
from kpis.state import quality
from kpis.state.quality import Quality

DOCS: Final = {  # what each is, and what helps: by field of `Quality`
    "accepted": ("Events accepted", "Eventos aceptados"),
    "duplicates": (
        "Duplicates: known identity, counted once",
        "Duplicados: identidad ya conocida, cuentan una sola vez",
    ),
    "twins": (
        "Twins: the same interaction under another event_id, counted again",
        "Gemelos: la misma interacción con otro event_id, cuentan de nuevo",
    ),
    "late": (
        "Late: older than the newest events of their partition",
        "Tardíos: anteriores a los últimos de su partición",
    ),
    "anomalies": (
        "Anomalies in 24 h: dated before their cause",
        "Anomalías en 24 h: con fecha anterior a su causa",
    ),
    "without_creation": ("Tickets without a creation", "Tickets sin creación"),
    "overflowed": (
        "Tickets with more facts than the program keeps exactly",
        "Tickets con más hechos de los que se guardan con exactitud",
    ),
    "returned": (
        "Tickets that returned after their state had expired",
        "Tickets que volvieron tras caducar su estado",
    ),
}
_WORDS: Final = {
    "title": ("Data quality", "Calidad de los datos"),
    "since": ("since the ledger was created", "desde que se creó el registro"),
    "rejected": ("Rejected", "Rechazados"),
    "folded": ("Names shown as other", "Nombres mostrados como otros"),
    "nothing": ("No figures yet", "Aún no hay cifras"),
    "none": ("none", "ninguno"),
    "incomplete": ("Incomplete", "Incompleto"),
    "as_of": ("as of", "a las"),
}
CSS: Final = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .25rem; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
td { padding: .35rem 0; vertical-align: top; }
td:first-child { overflow-wrap: anywhere; }
td.n { text-align: right; font-variant-numeric: tabular-nums; padding-left: 1rem; white-space: nowrap; }
small { opacity: .8; display: block; }
"""


class QualityAnswer(Struct):
    """What `/api/quality` answers; null while there are no figures.

    Counts are since the ledger was created, anomalies of the last 24 h.
    """

    desk: str  # its name: the label of its series
    as_of: str | None
    complete: bool
    reasons: list[str]
    quality: Quality | None


def of_snapshot(snapshot: Snapshot) -> Quality | None:
    """What the workers have counted, of all partitions; None while the ledger is not read."""
    view = snapshot.view
    return (
        None
        if view is None
        else quality.of_positions(view.positions.values(), anomalies=view.anomalies, folded=view.folded)
    )


def quality_json(snapshot: Snapshot) -> bytes:
    """The answer for programs."""
    view, status = snapshot.view, snapshot.status
    as_of = None if view is None else rfc3339(view.as_of_ms)
    complete = status.complete and not snapshot.failed
    return msgspec.json.encode(
        QualityAnswer(snapshot.desk, as_of, complete, reasons(snapshot), of_snapshot(snapshot))
    )


def quality_page(snapshot: Snapshot, accepted_languages: str) -> str:
    """The page for people, in English or Spanish.

    Every name on it is somebody's text, so every one is escaped.
    """
    spanish = accepted_languages.lower().lstrip().startswith("es")
    body = "".join(_body(snapshot, spanish=spanish))
    title = _WORDS["title"][spanish]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    link = '<link rel="stylesheet" href="quality.css">'
    html = f'<!doctype html><html lang="{"es" if spanish else "en"}">'
    return f"{html}<head>{head}{link}</head><body><h1>{title}</h1>{body}</body></html>"


def _body(snapshot: Snapshot, *, spanish: bool) -> Iterator[str]:
    found, view = of_snapshot(snapshot), snapshot.view
    if found is None or view is None:
        yield f"<p>{_WORDS['nothing'][spanish]}: {escape('; '.join(reasons(snapshot)))}</p>"
        return
    yield f"<small>{_WORDS['since'][spanish]}, {_WORDS['as_of'][spanish]} {rfc3339(view.as_of_ms)}</small>"
    if why := reasons(snapshot):
        yield f"<p>{_WORDS['incomplete'][spanish]}: {escape('; '.join(why))}</p>"
    yield "<table>"
    for name, words in DOCS.items():
        named = ", ".join(found.overflowed_tickets) if name == "overflowed" else ""
        yield _row(words[spanish], getattr(found, name) or 0, named)
    yield "</table>"
    for word, counts in (("rejected", found.rejected), ("folded", found.folded)):
        yield f"<h2>{_WORDS[word][spanish]}</h2><table>"
        yield (
            "".join(_row(name, count, "") for name, count in counts.items())
            or f"<tr><td>{_WORDS['none'][spanish]}</td></tr>"
        )
        yield "</table>"


def _row(text: str, count: int, named: str) -> str:
    below = f"<small>{escape(named)}</small>" if named else ""
    return f'<tr><td>{escape(text)}{below}</td><td class="n">{count:,}</td></tr>'
