"""Deadlines that come with tickets need no policy: stream = batch = oracle without one, and beside one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kpis.figure import Figure
from kpis.figures.batch import Batch, History
from kpis.sla import metrics
from kpis.state.rules import StateRules
from oracle import promised, verify
from oracle.clock import Edition
from oracle.events import Record, read_records
from oracle.figures import OracleFigure
from tests.examples import examples
from tests.laws.chaos import AS_OF_MS, TEAMS, ChaoticDesk, Stream
from tests.laws.policies import EDITIONS, POLICY
from tests.laws.test_stream_batch_oracle import LISTS, RULES, WINDOWS, exported, samples

DUES = ("first_reply_due", "resolution_due", "next_reply_due")
WITHOUT = replace(RULES, policy=None, parts_windows=())
seeds = st.integers(min_value=0, max_value=2**32)
SEEDED = settings(
    max_examples=examples(6),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


def undated(records: list[Record], *, keep: str | None = None) -> list[Record]:
    """The records without deadlines, but for those of one field."""
    found: list[Record] = []
    for topic, key, value, timestamp in records:
        event = _read(value)
        if event is not None and any(name in event for name in DUES):
            kept = {name: field for name, field in event.items() if name == keep or name not in DUES}
            found.append((topic, key, json.dumps(kept).encode(), timestamp))
        else:
            found.append((topic, key, value, timestamp))
    return found


def _read(value: bytes | None) -> dict[str, Any] | None:
    try:
        event = json.loads(value or b"")
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def expected(records: list[Record], policy: list[Edition] | None) -> list[OracleFigure]:
    """The figures of deadlines: the laws of `test_stream_batch_oracle` hold the others."""
    found = promised.figures(
        read_records(records),
        as_of_ms=AS_OF_MS,
        policy=policy,
        time_zone="Europe/Madrid",
        team_time_zones={TEAMS[1]: "America/Mexico_City"},
        members=LISTS,
    )
    return [one for one in found if _is_sla(one.name)]


def of_deadlines(found: dict[verify.Key, float]) -> dict[verify.Key, float]:
    return {(name, labels): value for (name, labels), value in found.items() if _is_sla(name)}


@SEEDED
@given(seed=seeds)
def test_without_a_policy_the_stream_has_the_figures_of_given_deadlines(seed: int) -> None:
    records = ChaoticDesk(seed).records
    found = exported(Stream(seed, rules=StateRules()).run(records, WITHOUT, AS_OF_MS))
    differences = verify.compare(expected(records, None), of_deadlines(found))
    assert not differences, verify.report(differences)


@SEEDED
@given(seed=seeds)
def test_without_a_policy_the_batch_has_the_figures_of_given_deadlines(seed: int) -> None:
    records = ChaoticDesk(seed).records
    differences = verify.compare(expected(records, None), of_deadlines(samples(reported(records))))
    assert not differences, verify.report(differences)


@SEEDED
@given(seed=seeds, keep=st.sampled_from(DUES))
def test_a_target_is_shown_if_a_deadline_of_it_was_given_and_no_other(seed: int, keep: str) -> None:
    """Of a desk whose tickets bring deadlines of one target; with none there is no figure of any."""
    desk = ChaoticDesk(seed).records
    target = keep.removesuffix("_due")
    records = undated(desk, keep=keep)
    view = Stream(seed, rules=StateRules()).run(records, WITHOUT, AS_OF_MS)
    shown = {dict(one.labels)["target"] for one in view.live if one.name == metrics.OVERDUE}
    in_report = {dict(one.labels)["target"] for one in reported(records) if _is_sla(one.name)}
    assert shown == in_report == {target}
    bare = Stream(seed, rules=StateRules()).run(undated(desk), WITHOUT, AS_OF_MS)
    figures = (*bare.figures, *bare.live, *reported(undated(desk)))
    assert not [one.name for one in figures if _is_sla(one.name)]


@SEEDED
@given(seed=seeds)
def test_beside_a_policy_the_targets_are_those_of_its_lines_and_those_given(seed: int) -> None:
    """The policy of the laws promises no next reply: its figures are those of given deadlines."""
    records = ChaoticDesk(seed).records
    found = exported(Stream(seed, rules=StateRules(policy=POLICY)).run(records, RULES, AS_OF_MS))
    assert any(("target", "next_reply") in labels for _, labels in found)
    differences = verify.compare(expected(records, EDITIONS), of_deadlines(found))
    assert not differences, verify.report(differences)


def reported(records: list[Record]) -> list[Figure]:
    history = History()
    for topic, _, value, _ in sorted(records, key=lambda record: record[2] or b""):
        history.add(topic, value)
    batch = Batch(history, WITHOUT, AS_OF_MS)
    return batch.figures(batch.stretches(AS_OF_MS, WINDOWS), AS_OF_MS)


def _is_sla(name: str) -> bool:
    return name.startswith("support_sla_")
