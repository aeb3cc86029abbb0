"""A ticket's deadlines: whatever happens to it, under whatever policy, they are what the oracle sees."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis import cell_numbers
from kpis.sla import commitments
from kpis.sla.policy import Policy
from kpis.tickets.standing import Dims
from oracle.clock import Edition
from oracle.deadlines import Deadline, SlaFacts, look_at
from oracle.labels import LabelNames
from oracle.sla import EDGES
from tests.examples import examples
from tests.laws.facts import Content, created, read, row_of
from tests.laws.ledgers import contents
from tests.laws.policies import HANDFUL, both
from windows.panes import MINUTE_MS

THOROUGH = settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
NO_POLICY: tuple[Policy | None, list[Edition]] = (None, [])
POLICIES = {"none": NO_POLICY, **{name: both(text) for name, text in HANDFUL.items()}}
BUSINESS = {
    "first_response_business": cell_numbers.FIRST_RESPONSE_BUSINESS,
    "response_business": cell_numbers.RESPONSE_BUSINESS,
    "resolution_time_business": cell_numbers.RESOLUTION_BUSINESS,
}
Counts = Counter[tuple[Dims, int, int]]  # labels, event time ms, cell
Levels = Counter[tuple[Dims, int, int]]  # labels, level, deadline ms


@THOROUGH
@given(st.lists(contents("T1"), max_size=16), st.sampled_from(sorted(POLICIES)))
def test_a_row_is_promised_what_the_oracle_sees(found: list[Content], policy: str) -> None:
    promises_agree(found, *POLICIES[policy])


@THOROUGH
@given(st.lists(contents("T1"), max_size=12), st.sampled_from(sorted(POLICIES)))
def test_a_ticket_whose_creation_is_known_is_promised_what_the_oracle_sees(
    found: list[Content], policy: str
) -> None:
    promises_agree([created(team="a", channel="a", priority="a"), *found], *POLICIES[policy])


def promises_agree(found: Sequence[Content], policy: Policy | None, editions: Sequence[Edition]) -> None:
    """What was met and missed, what runs, what the calendars measured and what was marked is the same."""
    row = row_of(found)
    row.promise = commitments.derive(row, policy)
    booked = commitments.contribution(row)
    seen = look_at(read(found), editions)
    mine: Counts = Counter()
    for dims, (at_ms, cell, amount) in booked.found:
        if cell not in _BUCKETS:
            mine[dims, at_ms, cell] += amount
    assert _settled(seen) == +mine
    levels: Levels = Counter()
    for dims, level, due_ms, n in booked.levels:
        levels[dims, level, due_ms] += n
    assert _running(seen.deadlines) == {key: n for key, n in levels.items() if n}
    running = sorted((one.target, one.due_ms) for one in seen.deadlines if one.outcome == "running")
    assert running == sorted(booked.running)


_BUCKETS = frozenset(
    cell for base in BUSINESS.values() for cell in range(base + 2, base + cell_numbers.BLOCK)
)


def _settled(seen: SlaFacts) -> Counts:
    """The cells of what the oracle saw end, of durations, and of what it marked."""
    cells: Counts = Counter()
    for one in seen.deadlines:
        if one.outcome != "running":
            for at_ms, cell in _cells(one):
                cells[_shown(one.dimensions), at_ms, cell] += 1
    for measured in seen.measured:
        base = BUSINESS[measured.series]
        cells[measured.dimensions, measured.at_ms, base] += 1
        cells[measured.dimensions, measured.at_ms, base + 1] += measured.value
    for moved in seen.extended:
        cells[_shown(moved.dimensions), moved.at_ms, cell_numbers.EXTENDED[moved.target]] += 1
    return +cells


def _cells(one: Deadline) -> list[tuple[int, int]]:
    missed, base = one.outcome != "met", cell_numbers.SLA[one.target]
    life = _class(one.life_ms)
    by_times = cell_numbers.BREACHED + life if missed else cell_numbers.CLASSES * life + _class(one.spare_ms)
    cells = [(one.at_ms, base + by_times)]
    if not one.is_given:
        cells.append((one.due_ms, cell_numbers.outcome_cell(one.target, one.allowance, missed=missed)))
    if one.is_foreign:
        cells.append((one.at_ms, cell_numbers.FOREIGN[one.target] + missed))
    return cells


def _shown(names: LabelNames) -> Dims:
    """Of a desk that has not switched segments on."""
    team, channel, priority, _ = names
    return team, channel, priority


def _class(left_ms: int) -> int:
    return max(0, bisect_right(EDGES, left_ms / MINUTE_MS) - 1)


def _running(deadlines: Sequence[Deadline]) -> Levels:
    """Each stands for who has the ticket at the deadline, and is handed to who has it now."""
    levels: Levels = Counter()
    for one in deadlines:
        if one.outcome == "running":
            level = cell_numbers.due_level(one.target, None if one.is_given else one.allowance)
            then, now = _shown(one.dimensions), _shown(one.now)
            levels[then, level, one.due_ms] += 1
            handed = (cell_numbers.HANDED_GIVEN if one.is_given else cell_numbers.HANDED)[one.target]
            if then != now:
                levels[then, handed, one.due_ms] -= 1
                levels[now, handed, one.due_ms] += 1
    return Counter({key: n for key, n in levels.items() if n})
