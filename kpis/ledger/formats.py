"""The format of a ledger: the version up to which its rows may be written.

So an upgrade can be taken back until an operator ends that. A program reads rows of all versions up to its
own, and writes what the ledger's format allows. A new ledger has the format of the program that begins it, an
older one keeps its own: so the programs of before can go on reading it, and an operator raises it
(`worker.ledger_format`) once none of them is left. docs/upgrade.md tells it as steps.
"""

from __future__ import annotations

from typing import Final

from kpis.ledger import codec
from kpis.ledger.codec import Position
from kpis.ledger.shared import FRT_SETTING, SEGMENT_SETTING
from kpis.tickets.manner import Manner

# position rows that name the definitions (`definitions.py`): before them nobody could tell which C made a
# pane
LEAST: Final = 4


class LedgerFormatError(Exception):
    """The ledger's format and the settings do not fit; the message names the fix."""


def of_new_ledger(wanted: int | None) -> int:
    """Format of a ledger without any row."""
    return codec.VERSION if wanted is None else max(wanted, LEAST)


def settle(position: Position, wanted: int | None) -> None:
    """Raise the format to the wanted one, None: keep it. Errors: LedgerFormatError."""
    if position.format > codec.VERSION:
        raise LedgerFormatError(
            f"the ledger has been raised to format {position.format}, and this program writes up to "
            f"{codec.VERSION}: upgrade it. If you are going back, docs/upgrade.md lists the remaining steps"
        )
    if wanted is not None and wanted < position.format:
        raise LedgerFormatError(
            f"worker.ledger_format is {wanted}, but the ledger has been raised to {position.format}: it may "
            "hold rows that an older program cannot read. Leave the setting out, or start a new ledger with "
            "another app_id (docs/upgrade.md)"
        )
    if max(position.format, wanted or 0) < LEAST:
        raise LedgerFormatError(
            f"this program needs a ledger of format {LEAST}, but this one has {position.format}: once every "
            f"exporter runs this version, set worker.ledger_format: {LEAST}; workers of older versions then "
            "stop, and there is no way back to them (docs/upgrade.md)"
        )
    position.format = max(position.format, wanted or 0)


def check_manner(position: Position, manner: Manner) -> None:
    """Whether panes may be made in this manner. Errors: LedgerFormatError."""
    for setting, is_set, least in (
        (SEGMENT_SETTING, manner.segment, codec.SEGMENT_FORMAT),
        (FRT_SETTING, manner.from_creation, codec.MANNER_FORMAT),
    ):
        if is_set and position.format < least:
            raise LedgerFormatError(
                f"{setting} needs a ledger of format {least}, but this one has {position.format}: once every "
                f"worker and exporter runs this version, set worker.ledger_format: {least}, or leave "
                f"{setting} out (docs/upgrade.md)"
            )
