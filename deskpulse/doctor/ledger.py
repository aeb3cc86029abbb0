"""Findings about the ledger: which format it has, and whether this program may read and write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from deskpulse.doctor.finding import Finding, fail, ok, warn
from deskpulse.settings import Settings
from kpis import ledger
from kpis.ledger import POSITION_KEY, NewerRowError, Position, decode_position

MOST_RECORDS: Final = 64  # a position row is the last of its transaction, so it stands near the end
Rows = Sequence[tuple[bytes | None, bytes | None]]


def examine_ledger(settings: Settings, tails: Mapping[int, Rows]) -> Iterator[Finding]:
    """One finding, from the last rows of each partition of the view topic; nothing where no worker has written yet."""
    try:
        positions = {number: position for number, rows in tails.items() if (position := _last_position(rows)) is not None}
    except NewerRowError as error:
        yield fail("ledger", str(error), "run this command, and every worker and exporter, of the newer version")
        return
    formats = {position.format for position in positions.values()}
    wanted = settings.worker.ledger_format
    if not formats:
        return
    if max(formats) > ledger.VERSION:
        found = f"raised to format {max(formats)}, and this program writes up to {ledger.VERSION}"
        yield fail("ledger", found, "upgrade; docs/upgrade.md tells what is left to do when you are going back")
    elif wanted is not None and wanted < max(formats):
        found = f"format {max(formats)}, and worker.ledger_format is {wanted}: no worker will start"
        yield fail("ledger", found, "leave worker.ledger_format out: a format is not lowered")
    elif len(formats) > 1:
        told = ", ".join(f"partition {number} has {position.format}" for number, position in sorted(positions.items()))
        yield warn("ledger", f"being raised: {told}", "restart the workers that were started before worker.ledger_format was set")
    elif max(formats) < ledger.VERSION:
        fix = f"once every worker and exporter runs this version, set worker.ledger_format: {ledger.VERSION} (docs/upgrade.md)"
        yield warn("ledger", f"format {max(formats)}, and this program writes up to {ledger.VERSION}: it can be taken back still", fix)
    else:
        yield ok("ledger", f"format {ledger.VERSION}, the newest that this program writes")


def _last_position(rows: Rows) -> Position | None:
    values = [value for key, value in rows if key == POSITION_KEY and value is not None]
    return decode_position(values[-1]) if values else None
