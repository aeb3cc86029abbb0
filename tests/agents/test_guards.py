"""Each guard names the fix."""

from __future__ import annotations

import pytest

from agents.exits import Exit, WorkerError
from agents.partitions import guards
from kpis.state.records import DeadLetter
from kpis.tickets import facts
from kpis.tickets.facts import Fact, FactEvent
from tests.laws.ledgers import T0, Desk


def letters(count: int, reason: str = "syntax") -> list[DeadLetter]:
    return [DeadLetter("survey", 0, offset, 0, reason, "", None, b"") for offset in range(count)]


class TestRejectLimit:
    def test_few_records_prove_nothing(self) -> None:
        guards.RejectLimit(share=0.95, least=500).note(499, letters(499))

    def test_nearly_all_of_many_stop_the_worker(self) -> None:
        """475 of 500 is 95 %."""
        limit = guards.RejectLimit(share=0.95, least=500)
        limit.note(300, letters(280))
        with pytest.raises(
            WorkerError,
            match=r"475 of the last 500 .*\(syntax 280, schema 195\).*the deploy is wrong, not the data",
        ) as error:
            limit.note(200, letters(195, "schema"))
        assert Exit.DATA == error.value.code

    def test_a_good_past_does_not_hide_a_bad_present(self) -> None:
        limit = guards.RejectLimit(share=0.95, least=500)
        limit.note(100_000, [])
        with pytest.raises(WorkerError):
            limit.note(500, letters(500))

    def test_some_bad_records_among_good_ones_are_life(self) -> None:
        limit = guards.RejectLimit(share=0.95, least=500)
        for _ in range(100):
            limit.note(100, letters(94))


class TestPartitionCounts:
    def test_equal_counts_pass(self) -> None:
        assert 4 == guards.check_partition_counts({"a": 4, "b": 4}, prior=4)

    def test_the_first_count_is_the_one_to_keep(self) -> None:
        assert 4 == guards.check_partition_counts({"a": 4}, prior=0)

    @pytest.mark.parametrize(
        ("counts", "prior", "told"),
        [
            ({"a": 4, "b": 0}, 0, "no such topic: b. .*deskpulse topics"),
            ({"a": 4, "b": 3}, 0, r"partition counts differ \(a 4, b 3\)"),
            ({"a": 6, "b": 6}, 4, "topics have 6 partitions, the ledger was made with 4"),
        ],
    )
    def test_others_are_refused(self, counts: dict[str, int], prior: int, told: str) -> None:
        with pytest.raises(WorkerError, match=told) as error:
            guards.check_partition_counts(counts, prior=prior)
        assert Exit.CONFIG == error.value.code


class TestSourceLog:
    def test_a_log_that_goes_on_where_we_stand_is_whole(self) -> None:
        assert 0 == guards.check_source_log("survey", 1, applied=9, start=0, end=10)
        assert 0 == guards.check_source_log("survey", 1, applied=9, start=10, end=10)

    def test_what_was_removed_before_we_came_is_counted(self) -> None:
        """Applied 9, the log begins at 15: 10 to 14 are gone."""
        assert 5 == guards.check_source_log("survey", 1, applied=9, start=15, end=20)

    def test_a_log_shorter_than_the_position_is_another_log(self) -> None:
        with pytest.raises(WorkerError, match="survey/1 goes back to offset 4, but the ledger has applied 9"):
            guards.check_source_log("survey", 1, applied=9, start=0, end=4)

    def test_before_the_first_record_there_is_nothing_to_lose(self) -> None:
        assert 0 == guards.check_source_log("survey", 1, applied=None, start=100, end=200)


def test_a_crash_is_named_with_the_way_to_skip_it() -> None:
    error = ValueError("bad luck")
    assert "survey/1 an offset from 5 to 9 crashes the merge" in str(
        guards.crashed_merge(error, "survey", 1, first=5, last=9)
    )
    error.offset = 7  # type: ignore[attr-defined]
    assert "`deskpulse skip survey 1 7`" in str(guards.crashed_merge(error, "survey", 1, first=5, last=9))


def test_the_record_that_crashed_the_real_merge_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state says nothing of offsets; the traceback of its loop does.

    The third of these four records has a poisoned identity.
    """

    def fact_of(event: FactEvent) -> Fact:
        if event.event_id == "poison":
            raise ZeroDivisionError
        return real(event)

    real = facts.fact_of
    monkeypatch.setattr(facts, "fact_of", fact_of)
    desk = Desk()
    records = [
        desk.record("first-reply", {"event_id": name, "occurred_at": T0, "ticket_id": "T1"})
        for name in ("a", "b", "poison", "d")
    ]
    with pytest.raises(ZeroDivisionError) as crash:
        desk.state.apply("first-reply", records)
    assert 2 == guards.record_in_hand(crash.value)
    told = str(guards.crashed_merge(crash.value, "first-reply", 0, first=0, last=3))
    assert "first-reply/0 offset 2 crashes the merge (ZeroDivisionError())" in told
    assert "`deskpulse skip first-reply 0 2`" in told


def test_without_a_trace_of_it_the_way_to_find_the_record_is_told() -> None:
    told = str(guards.crashed_merge(ValueError(), "survey", 1, first=5, last=9))
    assert "an offset from 5 to 9 crashes the merge" in told
    assert "worker.chunk_records=1 to find out which" in told
    assert "`deskpulse skip survey 1 5`" in str(
        guards.crashed_merge(ValueError(), "survey", 1, first=5, last=5)
    )
