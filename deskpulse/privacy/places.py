"""Where fields are kept, and how long, by the settings."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from kpis.state.comebacks import KNOWN_MS
from kpis.state.quality import MOST_NAMED
from streams.topics import dead_letter_topic, ledger_topics
from windows.panes import DAY, DAY_MS, MINUTE, QUARTER, SIX_HOURS

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskpulse.settings import Settings


class KeptAt(Enum):
    """A place that may keep a field; the value is its name in the output."""

    TOPIC = "source topic"
    DEAD_LETTER = "dead letters"
    TICKET = "row of the ticket"
    REMAINS = "remainder of the ticket"
    CUSTOMER = "row of the customer"
    COUNTS = "counts"
    NAMES = "names"
    STAFFING = "staffing"
    AT_RISK = "tickets at risk"
    QUALITY = "tickets with too many facts"
    LABEL = "label"
    WALL = "wall"
    LOG = "log"


def where(place: KeptAt, settings: Settings) -> str:
    """What a place is, with the names of topics that the settings give."""
    ledger = ledger_topics(settings.app_id)
    ticket_names = (
        "shown" if settings.exporter.show_tickets else "not shown, as exporter.show_tickets is false"
    )
    return {
        KeptAt.TOPIC: f"the topics of Kafka that producers write to, named {settings.topic_prefix}<topic>",
        KeptAt.DEAD_LETTER: f"{dead_letter_topic(settings.topic_prefix)}: records that were refused, whole",
        KeptAt.TICKET: f"{ledger.tickets}, and the memory of workers: what happened to a ticket",
        KeptAt.REMAINS: f"{ledger.tickets}: what is left of a ticket's row, to recognise it if it comes back",
        KeptAt.CUSTOMER: f"{ledger.tickets}: when a customer joined and left; answers without a ticket",
        KeptAt.COUNTS: f"{ledger.view}, and the memory of exporters: counts, sums and histograms",
        KeptAt.NAMES: f"{ledger.view}: the names that the figures distinguish",
        KeptAt.STAFFING: f"{ledger.view}: how many responders of a team are there",
        KeptAt.AT_RISK: f"{ledger.view} and /api/at-risk: the tickets next to their deadline",
        KeptAt.QUALITY: f"{ledger.view} and /quality: the latest {MOST_NAMED} of them",
        KeptAt.LABEL: "/metrics, wall, boards and alerts: the name of a group of tickets",
        KeptAt.WALL: f"the wall's list of tickets ({ticket_names})",
        KeptAt.LOG: "the log of a worker, as the key of a record that fails",
    }[place]


def how_long(place: KeptAt, settings: Settings) -> str:
    """How long a place keeps what is in it."""
    return _TERMS[place](settings)


def _ticket(settings: Settings) -> str:
    closed = max(settings.desk.horizon_days, SIX_HOURS.retention_ms // DAY_MS)
    return (
        f"closed: {closed} days after its last event and last figure; open: "
        f"{settings.desk.open_horizon_days} days after its last event; then {_compaction(settings)}"
    )


def _compaction(settings: Settings) -> str:
    topics = settings.topics
    seconds = topics.ledger_segment_seconds + topics.ledger_compaction_lag_seconds
    return f"until Kafka compacts the topic, about {-(-seconds // 3600)} h later"


def _counts(settings: Settings) -> str:  # noqa: ARG001 - all terms are asked alike
    kept = [f"{_days(pane.retention_ms)} by {pane.name}" for pane in (MINUTE, QUARTER, SIX_HOURS)]
    return f"{', '.join(kept)}; of customers {_days(DAY.retention_ms)} by {DAY.name}"


def _days(span_ms: int) -> str:
    return f"{span_ms // DAY_MS} days" if span_ms >= 3 * DAY_MS else f"{span_ms // 3_600_000} h"


_YOURS: Final = "as long as you keep it"
_TERMS: Final[dict[KeptAt, Callable[[Settings], str]]] = {
    KeptAt.TOPIC: lambda _: f"{_YOURS}: the retention of the topic is yours, deskpulse sets none",
    KeptAt.DEAD_LETTER: lambda settings: f"{settings.topics.dead_letter_retention_days} days",
    KeptAt.TICKET: _ticket,
    KeptAt.REMAINS: lambda settings: (
        f"{KNOWN_MS // DAY_MS} days after the ticket's last event; then {_compaction(settings)}"
    ),
    KeptAt.CUSTOMER: lambda settings: (
        f"while a customer, then {DAY.retention_ms // DAY_MS} days after the last event; then "
        f"{_compaction(settings)}"
    ),
    KeptAt.COUNTS: _counts,
    KeptAt.NAMES: lambda _: "for the life of the ledger",
    KeptAt.STAFFING: lambda _: "until newer counts come, shown for 15 min; the row a day",
    KeptAt.AT_RISK: lambda _: (
        "until the ticket is answered or solved, or others are nearer to their deadline"
    ),
    KeptAt.QUALITY: lambda _: "until newer ones replace it",
    KeptAt.LABEL: lambda _: f"in the exporter while the figure exists; in Prometheus {_YOURS}",
    KeptAt.WALL: lambda _: "while it is shown",
    KeptAt.LOG: lambda _: _YOURS,
}
assert set(_TERMS) == set(KeptAt), "every place has its term"
