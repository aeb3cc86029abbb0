"""Findings about the ledger: its format, and whether its policy is still the one in force.

The format decides whether this program may read and write the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from deskpulse.doctor.finding import Finding, fail, ok, warn
from deskpulse.policy import load_policy
from deskpulse.settings import Settings
from deskpulse.wiring import shared_settings
from kpis.ledger import codec, definitions
from kpis.ledger.codec import POSITION_KEY, NewerRowError, Position, decode_position
from kpis.ledger.formats import LEAST
from kpis.ledger.shared import differing_in
from kpis.sla.policy import Policy, changed_past
from kpis.tickets.manner import Manner

MOST_RECORDS: Final = 64  # a position row is the last of its transaction, so it stands near the end
LedgerRows = Sequence[tuple[bytes | None, bytes | None]]


def examine_ledger(settings: Settings, tails: Mapping[int, LedgerRows]) -> Iterator[Finding]:
    """Findings from the last rows of each partition of the view topic.

    Nothing where no worker has written yet.
    """
    try:
        positions = {
            number: position
            for number, rows in tails.items()
            if (position := _last_position(rows)) is not None
        }
    except NewerRowError as error:
        yield fail(
            "ledger", str(error), "use the newer version for this command and for every worker and exporter"
        )
        return
    formats = {position.format for position in positions.values()}
    wanted = settings.worker.ledger_format
    if not formats:
        return
    if max(formats) > codec.VERSION:
        found = f"raised to format {max(formats)}, but this program writes up to {codec.VERSION}"
        yield fail(
            "ledger", found, "upgrade; if you are going back, docs/upgrade.md lists the remaining steps"
        )
    elif max(formats) < LEAST and (wanted or 0) < LEAST:
        found = f"format {max(formats)}, but this program needs at least {LEAST}: no worker will start"
        fix = (
            f"once every exporter runs this version, set worker.ledger_format: {LEAST}; after that "
            "there is no way back (docs/upgrade.md)"
        )
        yield fail("ledger", found, fix)
    elif wanted is not None and wanted < max(formats):
        found = f"format {max(formats)}, but worker.ledger_format is {wanted}: no worker will start"
        yield fail("ledger", found, "leave worker.ledger_format out: a format cannot be lowered")
    elif len(formats) > 1:
        told = ", ".join(
            f"partition {number} has {position.format}" for number, position in sorted(positions.items())
        )
        yield warn(
            "ledger",
            f"being raised: {told}",
            "restart the workers that were started before worker.ledger_format was set",
        )
    elif max(formats) < codec.VERSION:
        fix = (
            "once every worker and exporter runs this version, set worker.ledger_format: "
            f"{codec.VERSION} (docs/upgrade.md)"
        )
        found = f"format {max(formats)}, and this program writes up to {codec.VERSION}: you can still go back"
        if max(formats) < codec.TIME_LINE_FORMAT:
            found += f"; events that need format {codec.TIME_LINE_FORMAT} are refused meanwhile (format)"
        yield warn("ledger", found, fix)
    else:
        yield ok("ledger", f"format {codec.VERSION}, the newest that this program writes")
    yield _definitions(positions, Manner(settings.desk.segment is not None, settings.desk.frt_from))
    yield from _policy(load_policy(settings.desk.policy), positions)
    yield _settings(settings, positions)


def _definitions(positions: Mapping[int, Position], manner: Manner) -> Finding:
    """Whether the figures mean in every partition what they mean in this program."""
    told = [
        f"partition {number} is at {position.definitions}{_counted(position.manner)}"
        f"{'' if position.becoming is None else f', becoming {position.becoming}'}"
        for number, position in sorted(positions.items())
        if not definitions.are_current(position, manner)
    ]
    if not told:
        return ok("definitions", f"number {definitions.CURRENT} in every partition, as in this program")
    hidden = definitions.hidden(positions.values(), manner)
    names = (
        "all figures are"
        if hidden == definitions.EVERY
        else f"{', '.join(sorted(hidden))} {'is' if len(hidden) == 1 else 'are'}"
    )
    fix = (
        "run workers of one version only: each converts the partitions that it takes over to its "
        "definitions (docs/upgrade.md)"
    )
    if any(position.manner != manner for position in positions.values()):
        fix = (
            "run workers with these settings only: each makes the panes of its partitions anew from the "
            "ticket rows (docs/upgrade.md)"
        )
    return warn(
        "definitions",
        f"this program has number {definitions.CURRENT}{_counted(manner)}; "
        f"{'; '.join(told)}: {names} hidden until all agree",
        fix,
    )


def _counted(manner: Manner) -> str:
    """In which manner, where it is not the usual one."""
    by_segment = " by segment" if manner.segment else ""
    return f"{by_segment}{' with first responses from the creation' if manner.from_creation else ''}"


def _policy(policy: Policy | None, positions: Mapping[int, Position]) -> Iterator[Finding]:
    """Whether workers will take the SLA policy.

    Nothing where neither the settings nor the ledger know one.
    """
    if policy is None and all(position.policy is None for position in positions.values()):
        return
    newest = {number: max(position.maxima.values(), default=None) for number, position in positions.items()}
    faults = {
        fault: None
        for number, position in positions.items()
        for fault in changed_past(policy, position.policy, newest[number])
    }
    if faults:
        yield fail(
            "policy",
            "; ".join(faults),
            "or choose another app_id; its ledger is rebuilt (docs/sla.md, Changing a policy)",
        )
    elif any(
        position.policy != policy.signed(position.policy.year)
        for position in positions.values()
        if policy and position.policy
    ):
        yield warn(
            "policy",
            "the workers use another one, and will accept this one",
            "restart them with it before its new version takes effect",
        )
    else:
        yield ok("policy", "its past versions match the ledger")


def _settings(settings: Settings, positions: Mapping[int, Position]) -> Finding:
    """Whether the settings that all workers and exporters share are those of the ledger."""
    if found := differing_in(shared_settings(settings), positions.values()):
        fix = (
            "set them back, or, if you mean to change them, start every worker with --adopt-settings "
            "once (docs/upgrade.md)"
        )
        return fail("shared settings", "; ".join(map(str, found)), fix)
    return ok("shared settings", "they match the ledger")


def _last_position(rows: LedgerRows) -> Position | None:
    values = [value for key, value in rows if key == POSITION_KEY and value is not None]
    return decode_position(values[-1]) if values else None
