"""Laws and goldens of a row of facts.

Order and identity, exact up to the bound, bounded beyond it, old rows loaded as they were booked.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis import cell_numbers
from kpis.figures.batch import Batch, History
from kpis.figures.view import ViewRules
from kpis.ledger import codec, legacy
from kpis.ledger.legacy import OldTicketRow
from kpis.tickets import booking, facts, merging, observe
from kpis.tickets import row as tickets
from kpis.tickets.facts import STORED
from kpis.tickets.row import MOST_FACTS, TicketRow
from kpis.view_keys import LevelKey, PaneKey
from oracle import standing as oracle_standing
from oracle import tickets as oracle_tickets
from oracle.events import Record
from tests import definitions_five as five
from tests import old_rows
from tests.examples import examples
from tests.laws.chaos import Stream
from tests.laws.facts import (
    LARGEST,
    NAMES,
    Content,
    added,
    agrees,
    changed,
    created,
    event,
    history,
    read,
    row_of,
    sums,
)
from tests.laws.ledgers import T0, Desk, decoded
from tests.laws.test_rows_laws import contributions_of, tables_of
from tests.laws.test_stream_batch_oracle import exported, samples
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS


class TestTheOrder:
    """Worked by hand, on the row and on the oracle alike.

    XXH3-128: t9 0bad, t10 7917, t11 b4ae; a a96f, b 4b22, c 12d8 and so on.
    """

    def holds(self, found: list[Content]) -> TicketRow:
        row = row_of(found)
        for order in (found, found[::-1]):
            assert row.facts == row_of(order).facts
            agrees(row, order)
            assert row.dims() == oracle_tickets.history_of(read(order)).now.dimensions
        return row

    def test_at_one_instant_the_digest_of_the_identifier_decides(self) -> None:
        """Of triages at one instant the greatest stands: t11, though "t9" is the greater text.

        Of creations the smallest: c.
        """
        triages = [changed("triaged", T0 + 5, name, team=name) for name in ("t9", "t10", "t11")]
        creations = [created(T0, name, team=name, customer_id=name) for name in ("a", "b", "c")]
        assert ("t11", "b", "c") == self.holds([*creations, *triages]).dims()
        assert ("c", "b", "c") == self.holds(creations).dims()

    def test_at_one_instant_kinds_follow_one_another(self) -> None:
        """Resolved comes before reopened, so the ticket is open.

        A reply comes before both, so it is answered.
        """
        found = [
            created(),
            changed("reopened", T0 + 9, "x"),
            event("resolved", T0 + 9, "x"),
            event("first-reply", T0 + 9, "x"),
        ]
        row = self.holds(found)
        assert [(cell_numbers.OPEN, T0)] == observe.levels(row)
        assert ["created", "replied", "resolved", "reopened"] == [
            NAMES[STORED[kind]] for _, kind, _, _ in row.facts
        ]

    @pytest.mark.parametrize(
        ("one", "other", "bytes_"),
        [
            (
                event("resolved", T0, "x", outcome="abandoned"),
                event("resolved", T0, "x", outcome="solved"),
                f'{{"occurred_at":{T0},"outcome":"abandoned","ticket_id":""}}',
            ),
            (
                changed("replied", T0, "x", waiting_since=T0 - 7),
                event("first-reply", T0, "x", automated=False),
                f'{{"occurred_at":{T0},"ticket_id":"","waiting_since":{T0 - 7}}}',
            ),
            (
                event("first-reply", T0, "x", automated=True),
                changed("replied", T0, "x", waiting_since=T0 - 7),
                f'{{"automated":true,"occurred_at":{T0},"ticket_id":""}}',
            ),
            (
                changed("handled", T0, "x", wrap_up_seconds=0.15),
                changed("handled", T0, "x", wrap_up_seconds=0.015),
                f'{{"occurred_at":{T0},"ticket_id":"","wrap_up_ms":150}}',
            ),
            (
                event("survey", T0, "x", kind="csat", score=10, scale_max=10),
                event("survey", T0, "x", kind="csat", score=9, scale_max=10),
                f'{{"kind":"csat","occurred_at":{T0},"scale_max":10,"score":10,"ticket_id":""}}',
            ),
        ],
    )
    def test_of_one_identity_the_smaller_canonical_bytes_stand(
        self, one: Content, other: Content, bytes_: str
    ) -> None:
        """A field more is the smaller text; numbers compare as texts: 150} before 15}, 10 before 9."""
        row = self.holds([created(T0 - 1), one, other])
        assert 2 == len(row.facts)
        assert bytes_.encode() == facts.canonical(row.facts[1])

    def test_of_one_identity_the_earlier_stands_whatever_it_says(self) -> None:
        found = [
            created(),
            event("resolved", T0 + 9, "x", outcome="abandoned"),
            event("resolved", T0 + 5, "x"),
        ]
        assert sums(self.holds(found))[T0 + 5, cell_numbers.SOLVED] == 1

    def test_a_first_reply_and_a_reply_of_one_identifier_are_one(self) -> None:
        found = [
            created(),
            event("first-reply", T0 + 9, "x"),
            changed("replied", T0 + 5, "x", waiting_since=T0),
        ]
        assert 2 == len(self.holds(found).facts)

    def test_the_kind_of_a_survey_is_part_of_its_identity(self) -> None:
        found = [
            created(),
            *(event("survey", T0 + 5, "x", kind=kind, score=3) for kind in ("nps", "csat", "ces")),
        ]
        assert 4 == len(self.holds(found).facts)

    def test_two_respondents_give_two_answers_and_one_changes_his_mind(self) -> None:
        """Anna is the ticket's customer: her answers come with her name or without.

        The later one, a 3, counts beside Berta's 10.
        """
        answers = [(1, 9, None), (2, 3, "anna"), (1, 10, "berta")]
        found = [
            created(),
            *(
                event("survey", T0 + at, f"n{who}{at}", kind="nps", score=n, customer_id=who)
                for at, n, who in answers
            ),
        ]
        row = self.holds(found)
        assert (1, 1) == (
            sums(row)[T0 + 1, cell_numbers.PROMOTERS],
            sums(row)[T0 + 2, cell_numbers.DETRACTORS],
        )

    def test_what_is_stamped_before_the_creation_happens_at_it_and_is_one_anomaly_each(self) -> None:
        """Answered 9, paused 8 and solved 7 ms before.

        Three anomalies, FRT and resolution time 0, all at the creation.
        """
        found = [
            created(T0 + 10),
            event("first-reply", T0 + 1, "f"),
            changed("paused", T0 + 2, "p"),
            event("resolved", T0 + 3, "s", talk_seconds=2),
        ]
        seen = sums(self.holds(found))
        ripe = {cell_numbers.FIRST_CONTACT, cell_numbers.FIRST_CONTACT_OF}  # 7 d after the solution
        assert {T0 + 10} == {at_ms for at_ms, cell in seen if cell not in ripe}
        assert 3 == seen[T0 + 10, cell_numbers.ANOMALY]
        assert (1, 0) == (
            seen[T0 + 10, cell_numbers.FIRST_RESPONSE],
            seen[T0 + 10, cell_numbers.FIRST_RESPONSE + 1],
        )
        assert (1, 2_000) == (seen[T0 + 10, cell_numbers.RESOLUTION], seen[T0 + 10, cell_numbers.HANDLE + 1])

    def test_abandoned_is_the_first_resolution_or_none(self) -> None:
        found = [
            created(),
            event("resolved", T0 + 1, "a"),
            changed("reopened", T0 + 2, "b"),
            event("resolved", T0 + 3, "c", outcome="abandoned"),
        ]
        assert not [cell for _, cell in sums(self.holds(found)) if cell == cell_numbers.ABANDONED]


@pytest.mark.parametrize("seed", range(3))
def test_2500_facts_are_exact_in_any_order(seed: int) -> None:
    """Repeats included, and each tenth delivered twice.

    The facts of the row are those of the oracle, and so is what they come to.
    """
    random = Random(seed)
    found = history(random, MOST_FACTS - 1)
    delivered = [*found, *random.sample(found, 250)]
    random.shuffle(delivered)
    row = row_of(delivered)
    kept = [(at_ms, NAMES[STORED[kind]], digest.hex()) for at_ms, kind, digest, _ in row.facts]
    told = [
        (one.order[0], one.content.get("kind", one.kind), one.order[2])
        for one in oracle_standing.standing(read(delivered))
    ]
    assert sorted(told) == sorted(kept)
    assert not row.overflowed
    agrees(row, delivered)
    assert len(codec.encode_ticket(row)) < LARGEST
    assert row.facts == codec.decode_ticket(codec.encode_ticket(row)).facts


def test_beyond_the_bound_what_arrives_in_order_is_exact() -> None:
    """4,000 facts, each delivered twice at once.

    The row is flagged, it lets go of facts, its figures stay those of the oracle.
    """
    found = sorted(history(Random(1), 4_000), key=lambda one: facts.fact_of(decoded(one)))  # type: ignore[arg-type]
    row = row_of(one for one in found for _ in (0, 1))
    assert row.overflowed
    assert len(row.facts) <= MOST_FACTS
    expected = Counter[tuple[int, int]]()
    for (at_ms, cell), amount in sums(row).items():
        expected[at_ms // MINUTE_MS, cell] += amount
    whole: Counter[tuple[int, int]] = Counter()
    for _, (at_ms, cell, amount) in observe.observe(_unbounded(found)):
        whole[at_ms // MINUTE_MS, cell] += amount
    assert {key: n for key, n in whole.items() if n} == {key: n for key, n in expected.items() if n}
    agrees(_unbounded(found), found)
    assert observe.levels(row) == observe.levels(_unbounded(found))
    assert row.dims() == _unbounded(found).dims()
    assert len(codec.encode_ticket(row)) < LARGEST
    again = codec.decode_ticket(codec.encode_ticket(row))
    assert (row.facts, row.stub, sums(row)) == (again.facts, again.stub, sums(again))


def _unbounded(found: Iterable[Content]) -> TicketRow:
    """A row that keeps everything."""
    row = TicketRow()
    by_identity = {facts.fact_of(decoded(one))[1:3]: facts.fact_of(decoded(one)) for one in found}  # type: ignore[arg-type]
    row.facts = sorted(by_identity.values())
    return row


def test_the_interior_of_repeats_goes_first() -> None:
    """3,000 times `resumed` while nothing is paused, then solved.

    The solution stays, and nothing had to be folded.
    """
    row = row_of(
        [
            created(),
            *(changed("resumed", T0 + n, f"u{n}") for n in range(1, 3_001)),
            event("resolved", T0 + 6_000_000, "s"),
        ]
    )
    assert row.overflowed
    assert row.stub is None
    assert 6_000_000 == sums(row)[T0 + 6_000_000, cell_numbers.RESOLUTION + 1]


@contextmanager
def narrow(most: int) -> Iterator[None]:
    """Rows keep so few facts for a while: the same rules, and quicker."""
    with (
        patch.object(tickets, "MOST_FACTS", most),
        patch.object(merging, "KEPT_FACTS", most - most // 10),
        patch.object(booking, "MOST_FACTS", most),
    ):
        yield


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 30), st.integers(20, 60))
def test_beyond_the_bound_nothing_crashes_and_the_ledger_is_the_sum_of_its_rows(seed: int, most: int) -> None:
    """Far more facts than a row keeps, in no order, recoveries in the middle.

    Flagged once, and what is booked is what the row says.
    """
    random = Random(seed)
    desk = Desk()
    found = history(random, 4 * most)
    random.shuffle(found)
    with narrow(most):
        for number, (topic, content) in enumerate(found):
            desk.state.apply(topic, [desk.record(topic, content)])
            if number % 50 == 0:
                desk.write()
                desk.state = desk.recovered(number)
        desk.write()
    assert tables_of(desk) == contributions_of(desk)
    assert 1 == desk.state.position.counters["overflow"]


@pytest.mark.parametrize("kind", ["surveys", "creations", "interactions"])
def test_no_row_is_larger_than_256_kib(kind: str) -> None:
    """The longest names there can be, thousands of times.

    The estimate of the row's bytes is never too low.
    """
    name = "\U0001f3ab" * 126
    row = TicketRow()
    for n in range(3_000 if kind != "creations" else 300):
        who = f"{n:02x}"[-2:] + name
        one = {
            "surveys": event(
                "survey", T0 + n * DAY_MS // 8, f"e{n}", kind="nps", score=n % 11, customer_id=who, team=name
            ),
            "creations": created(
                T0 + n, f"e{n}", customer_id=who, team=name, url="https://" + "\U0001f3ab" * 2_000
            ),
            "interactions": changed(
                "handled",
                T0 + n * HOUR_MS,
                f"e{n}",
                talk_seconds=1e9,
                hold_seconds=1e9 - n,
                wrap_up_seconds=n,
            ),
        }[kind]
        merging.merge(row, decoded(one))  # type: ignore[arg-type]
        if n % 97 == 0 or n > 2_900:
            size = len(codec.encode_ticket(row))
            assert size < LARGEST
            assert size <= row.size + row.stub_size
    assert row.overflowed


@pytest.mark.parametrize("way", ["live", "report"])
def test_80_repeats_hide_no_solution(way: str) -> None:
    """`resumed` each minute from 9:01, solved at 10:40: 100 %, 100 min = 6,000 s, nothing open."""
    repeats = [changed("resumed", T0 + n * MINUTE_MS, f"w{n}") for n in [*range(1, 80), 120]]
    found = [created(), *repeats, event("resolved", T0 + 100 * MINUTE_MS, "r")]
    rules, as_of_ms = ViewRules(ZoneInfo("UTC")), T0 + 3 * HOUR_MS
    if way == "live":
        records: list[Record] = [
            (topic, b"T1", json.dumps(content).encode(), None) for topic, content in found
        ]
        told = exported(Stream(1).run(records, rules, as_of_ms))
    else:
        history = History()
        for topic, content in found:
            history.add(topic, json.dumps(content).encode())
        batch = Batch(history, rules, as_of_ms)
        told = samples(batch.figures(batch.stretches(as_of_ms, ["24h"]), as_of_ms))
    everybody = (("by", "all"), ("member", "all"))
    window = (*everybody, ("window", "24h"), ("period", "current"))
    assert 1.0 == told["support_resolution_ratio", frozenset(window)]
    assert (
        6_000.0 == told["support_resolution_time_mean_seconds", frozenset((*window, ("clock", "calendar")))]
    )
    assert 0.0 == told["support_open_tickets", frozenset(everybody)]


def old_history(random: Random) -> list[Content]:
    """Events that mean the same to both.

    No two are at one instant, none is before the creation, and later replies come after the first one.
    """
    found = [created(), event("first-reply", T0 + 1, "f0")]
    kinds = [
        "first-reply",
        "replied",
        "handled",
        "paused",
        "resumed",
        "reopened",
        "resolved",
        "triaged",
        "survey",
    ] * 4 + ["discarded"]
    for number, at in enumerate(random.sample(range(2, 10 * DAY_MS), random.randrange(28))):
        kind, at_ms = random.choice(kinds), T0 + at
        name = f"{kind}{number // 6}"  # some come twice, with another time
        name = f"r{number}" if kind == "replied" else name  # and a first reply is another kind than a reply
        if kind in {"first-reply", "resolved"}:
            found.append(event(kind, at_ms, name))
        elif kind == "survey":
            found.append(
                event(
                    kind,
                    at_ms,
                    name,
                    kind=random.choice(["nps", "csat", "ces"]),
                    score=random.randrange(1, 6),
                )
            )
        else:
            fields: dict[str, dict[str, Any]] = {
                "replied": {"waiting_since": at_ms - 60},
                "handled": {"hold_seconds": 3},
                "triaged": {random.choice(["team", "priority"]): "x"},
            }
            found.append(changed(kind, at_ms, name, **fields.get(kind, {})))
    random.shuffle(found)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_loading_an_older_row_changes_nothing_booked(seed: int) -> None:
    """By the definitions before time lines; and what it has merged changes nothing when it comes again."""
    old, found = OldTicketRow(), old_history(Random(seed))
    for one in found:
        old_rows.merge(old, decoded(one))
    row = codec.decode_ticket(old_rows.encode(old))
    parts = five.contribution(row).parts
    booked = added(one for _, bookings in parts for one in observe.observations(bookings))
    assert added(old_rows.observe(old)) == Counter(
        {key: n for key, n in booked.items() if key[1] < cell_numbers.REGISTER}
    )
    assert old_rows.dims(old) == row.dims()
    assert (old.last_ms, sorted(old.seen)) == (row.last_ms, sorted(row.seen))
    before = sums(row)
    for one in found:
        merging.merge(row, decoded(one))  # type: ignore[arg-type]
    assert before == sums(row)
    again = codec.decode_ticket(codec.encode_ticket(row))
    assert (before, row.seen) == (sums(again), again.seen)


@pytest.mark.parametrize("seed", range(20))
def test_an_older_ledger_goes_on_as_the_sum_of_its_rows(seed: int) -> None:
    """Its ticket is a row of format 3, its panes are what that row says; then further events come."""
    desk, old, before, after = (
        Desk(),
        OldTicketRow(),
        old_history(Random(seed)),
        old_history(Random(-seed - 1)),
    )
    for one in before:
        old_rows.merge(old, decoded(one))
        desk.state.apply(one[0], [desk.record(*one)])
    desk.write()
    desk.rows["tickets", b"tT1"] = old_rows.encode(old)
    desk.rows = {key: value for key, value in desk.rows.items() if key[0] == "tickets" or not _is_sum(key[1])}
    for typed, cells in contributions_of(desk).items():
        raw = codec.pane_key(typed) if isinstance(typed, PaneKey) else codec.level_key(typed)  # type: ignore[arg-type]
        desk.rows["view", raw] = codec.encode_value(cells)
    desk.state = desk.recovered()
    for topic, content in after:
        desk.state.apply(topic, [desk.record(topic, {**content, "event_id": f"new-{content['event_id']}"})])
    desk.write()
    assert tables_of(desk) == contributions_of(desk)


def _is_sum(key: bytes) -> bool:
    return isinstance(codec.decode_view_key(key), PaneKey | LevelKey)


def test_what_an_older_row_kept_without_an_identity_stays_apart() -> None:
    """Two contents of one triage, each the latest of some field."""
    old = OldTicketRow()
    for one in (
        created(),
        changed("triaged", T0 + 1, "t", team="x"),
        changed("triaged", T0 + 2, "t", priority="z"),
    ):
        old_rows.merge(old, decoded(one))
    assert ("x", "b", "z") == legacy.read(old).dims()
