"""What a scrape shows: the figures of a desk whose every number can be worked by hand."""

import logging
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from exporters.metrics import kpi_families
from exporters.metrics.collectors import FAMILIES, DeskpulseCollector, new_registry
from exporters.metrics.exposition import DESK, encode_openmetrics, encode_text
from exporters.metrics.families import CLOSED_FINAL, SLA_FINAL, SLA_LIVE, SLA_WORST
from exporters.reading.status import LedgerPartition, LogSpan
from exporters.reading.workers import Workers
from exporters.snapshot import Snapshot
from kpis.ledger.shared import Differing
from tests.exporters.desk import Desk, a_morning, a_view_builder, all_read, at

BUCKETS = (300, 900)
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def snapshot_of(*desks: Desk, **status: Any) -> Snapshot:
    view = a_view_builder(*desks).build(at("11:00"))
    return Snapshot(at("11:00"), all_read(len(desks), **status), view, 0.01)


def metrics(snapshot: Snapshot) -> list[Metric]:
    return list(new_registry(lambda: snapshot, BUCKETS).collect())


def samples(snapshot: Snapshot) -> Samples:
    return {
        (s.name, frozenset(s.labels.items())): s.value for metric in metrics(snapshot) for s in metric.samples
    }


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


ALL_1H = {"window": "1h", "period": "current", "by": "all", "member": "all"}
PHONE = {"window": "1h", "team": "billing", "channel": "phone", "priority": "high"}
MAIL = {"window": "1h", "team": "sales", "channel": "mail", "priority": "low"}


class TestFigures:
    def test_final_figures(self) -> None:
        """T1 of two tickets was answered after 5 min and solved after 30.

        Mean first response 300 s of n 1, resolution rate 1 / 2.
        """
        found = samples(snapshot_of(a_morning()))
        assert 300.0 == value(found, "support_first_response_mean_seconds", **ALL_1H, clock="calendar")
        assert 1.0 == value(found, "support_first_response_mean_observations", **ALL_1H, clock="calendar")
        assert 0.5 == value(found, "support_resolution_ratio", **ALL_1H)
        assert 2.0 == value(found, "support_resolution_observations", **ALL_1H)
        assert 100.0 == value(found, "support_nps_score", **ALL_1H)

    def test_an_empty_figure_is_absent_and_its_observations_are_0(self) -> None:
        found = samples(snapshot_of(a_morning()))
        sales = {**ALL_1H, "by": "team", "member": "sales"}
        assert value(found, "support_nps_score", **sales) is None
        assert 0.0 == value(found, "support_nps_observations", **sales)

    def test_live_figures(self) -> None:
        """T2 waits since 10:20."""
        found = samples(snapshot_of(a_morning()))
        assert 1.0 == value(found, "support_open_tickets", by="all", member="all")
        assert 0.0 == value(found, "support_open_tickets", by="team", member="billing")
        assert at("10:20") / 1000 == value(
            found, "support_oldest_unanswered_timestamp_seconds", by="team", member="sales"
        )

    def test_additive_parts(self) -> None:
        found = samples(snapshot_of(a_morning()))
        assert (1.0, 1.0, 0.0) == tuple(
            value(found, f"support_{part}_tickets", **PHONE) for part in ("created", "solved", "abandoned")
        )
        assert (1.0, 0.0, 0.0) == tuple(
            value(found, f"support_{part}_tickets", **MAIL) for part in ("created", "solved", "abandoned")
        )
        groups = ("promoter", "passive", "detractor")
        assert (1.0, 0.0, 0.0) == tuple(
            value(found, "support_nps_answers", **PHONE, group=group) for group in groups
        )
        assert (1.0, 0.0) == tuple(
            value(found, "support_csat_answers", **PHONE, satisfied=answer) for answer in ("true", "false")
        )

    def test_a_value_on_a_threshold_is_in_its_bucket(self) -> None:
        """5 min are at most 300 s; the solving took 30 min, more than 900 s.

        A part without observations has buckets of 0.
        """
        found = samples(snapshot_of(a_morning()))

        def buckets(name: str, labels: dict[str, str]) -> list[float | None]:
            return [value(found, f"{name}_bucket", **labels, le=le) for le in ("300.0", "900.0", "+Inf")]

        assert [1.0, 1.0, 1.0] == buckets("support_first_response_seconds", PHONE)
        assert [0.0, 0.0, 1.0] == buckets("support_resolution_time_seconds", PHONE)
        assert [0.0, 0.0, 0.0] == buckets("support_first_response_seconds", MAIL)
        assert 300.0 == value(found, "support_first_response_seconds_gsum", **PHONE)
        assert (1.0, 240.0) == tuple(
            value(found, f"support_handle_time_seconds_{part}", **PHONE) for part in ("gcount", "gsum")
        )

    def test_each_team_and_the_desk_have_a_pattern_of_their_name(self) -> None:
        """Boards select by it: it has no sign that Grafana or PromQL would take for its own."""
        desk = a_morning()
        desk.created("T3", "10:50", team='tier "gold"')
        snapshot = snapshot_of(desk)
        found = {
            s.name: s.labels
            for metric in new_registry(lambda: snapshot, BUCKETS, "EU (1)").collect()
            for s in metric.samples
        }
        assert {"pattern": r"EU \x{28}1\x{29}"} == found["deskpulse_desk_info"]
        teams = {"billing": "billing", "sales": "sales", 'tier "gold"': r"tier \x{22}gold\x{22}"}
        of_teams = [labels for name, labels in samples(snapshot) if name == "deskpulse_team_info"]
        assert teams == {dict(labels)["member"]: dict(labels)["pattern"] for labels in of_teams}

    def test_a_desk_without_tickets_has_no_team(self) -> None:
        found = samples(snapshot_of(Desk(0)))
        assert [] == [name for name, _ in found if name == "deskpulse_team_info"]
        assert 1.0 == value(found, "deskpulse_desk_info", pattern="deskpulse")

    def test_partitions_are_merged(self) -> None:
        found = samples(snapshot_of(a_morning(0), a_morning(1)))
        assert 4.0 == value(found, "support_tickets", **ALL_1H)
        assert 2.0 == value(found, "support_created_tickets", **PHONE)


class TestTheProgramItself:
    def test_freshness(self) -> None:
        found = samples(snapshot_of(a_morning()))
        assert at("11:00") / 1000 == value(found, "deskpulse_view_as_of_timestamp_seconds")
        assert at("10:42") / 1000 == value(found, "deskpulse_watermark_timestamp_seconds")
        assert at("10:20") / 1000 == value(
            found, "deskpulse_source_watermark_timestamp_seconds", topic="ticket-created"
        )
        assert 0.2 == value(found, "deskpulse_view_age_seconds")
        assert 3600.0 == value(found, "deskpulse_window_span_seconds", window="1h", period="previous")

    def test_lag_is_what_the_workers_have_not_applied(self) -> None:
        """Two creations are applied and five are there: 3 behind.

        Nothing of ticket-changed is applied, and its log begins at 4.
        """
        sources = {
            ("ticket-created", 0): LogSpan(0, 5),
            ("ticket-changed", 0): LogSpan(4, 6),
            ("survey", 0): LogSpan(0, 1),
        }
        found = samples(snapshot_of(a_morning(), sources=sources))
        assert 2.0 == value(found, "deskpulse_source_position_offset", topic="ticket-created", partition="0")
        assert 3.0 == value(found, "deskpulse_source_lag_records", topic="ticket-created", partition="0")
        assert value(found, "deskpulse_source_position_offset", topic="ticket-changed", partition="0") is None
        assert 2.0 == value(found, "deskpulse_source_lag_records", topic="ticket-changed", partition="0")
        # the position is newer than the look
        assert 0.0 == value(found, "deskpulse_source_lag_records", topic="survey", partition="0")

    def test_markers_of_upstream_transactions_are_no_lag(self) -> None:
        """Two creations are applied; offset 2 is the end of their transaction.

        A worker that has read to the end has committed 3.
        """
        sources = {("ticket-created", 0): LogSpan(0, 3)}
        read = samples(
            snapshot_of(
                a_morning(), sources=sources, workers=Workers(1, {0: "a"}, {("ticket-created", 0): 3})
            )
        )
        assert 0.0 == value(read, "deskpulse_source_lag_records", topic="ticket-created", partition="0")
        not_yet = samples(
            snapshot_of(
                a_morning(), sources=sources, workers=Workers(1, {0: "a"}, {("ticket-created", 0): 2})
            )
        )
        assert 1.0 == value(not_yet, "deskpulse_source_lag_records", topic="ticket-created", partition="0")

    def test_what_waits_is_told_in_records_and_seconds(self) -> None:
        found = samples(snapshot_of(a_morning(), sources={("survey", 0): LogSpan(0, 9, 4, 12.5)}))
        at_survey = {"topic": "survey", "partition": "0"}
        assert 12.5 == value(found, "deskpulse_source_behind_seconds", **at_survey)
        assert 4.0 == value(found, "deskpulse_source_unstable_records", **at_survey)

    def test_who_works_on_what(self) -> None:
        """Two workers; partition 0 works, 1 is being recovered, nobody has 2."""
        workers = Workers(2, {0: "a", 1: "b"})
        found = samples(
            snapshot_of(a_morning(0), a_morning(1), a_morning(2), workers=workers, recovering=frozenset({1}))
        )
        totals = (
            "deskpulse_workers",
            "deskpulse_partitions_expected",
            "deskpulse_partitions_owned",
            "deskpulse_partitions_recovering",
        )
        assert (2.0, 3.0, 2.0, 1.0) == tuple(value(found, name) for name in totals)
        assert (1.0, 1.0, 0.0) == tuple(
            value(found, "deskpulse_partition_owned", partition=number) for number in "012"
        )
        assert (0.0, 1.0, 0.0) == tuple(
            value(found, "deskpulse_partition_recovering", partition=number) for number in "012"
        )

    def test_counters_of_the_ledger(self) -> None:
        desk = a_morning()
        desk.send_raw("survey", b"T1", b"{", at("10:40"))
        desk.send_raw("survey", b"T1", None, at("10:40"))
        found = samples(snapshot_of(desk))
        assert 7.0 == value(found, "deskpulse_events_accepted_total", partition="0")
        assert 1.0 == value(found, "deskpulse_events_rejected_total", partition="0", reason="syntax")
        assert 1.0 == value(found, "deskpulse_events_rejected_total", partition="0", reason="null")
        # there before the first one
        assert 0.0 == value(found, "deskpulse_events_rejected_total", partition="0", reason="too_late")
        assert 0.0 == value(found, "deskpulse_records_lost_total", partition="0")
        assert 1.0 == value(found, "deskpulse_transactions_total", partition="0")

    def test_an_open_transaction_is_seen(self) -> None:
        stuck = {0: LedgerPartition(10, 15, 10, caught_up=True, stuck_seconds=6.0)}
        found = samples(snapshot_of(a_morning(), partitions=stuck))
        assert 5.0 == value(found, "deskpulse_ledger_unstable_records", partition="0")
        assert (1.0, 0.0) == (
            value(found, "deskpulse_exporter_ready"),
            value(found, "deskpulse_view_complete"),
        )

    def test_before_the_ledger_is_read_there_are_no_figures(self) -> None:
        found = samples(Snapshot(at("11:00"), replace(all_read(1), expected=2)))
        assert not [name for name, _ in found if name.startswith("support_")]
        assert (1.0, 0.0) == (value(found, "deskpulse_exporter_up"), value(found, "deskpulse_exporter_ready"))
        assert (1.0, 2.0) == (
            value(found, "deskpulse_partitions_read"),
            value(found, "deskpulse_partitions_expected"),
        )

    def test_counters_of_a_partition_that_nobody_wrote_to_are_0(self) -> None:
        found = samples(replace(snapshot_of(a_morning(0)), status=all_read(2)))
        assert 0.0 == value(found, "deskpulse_events_accepted_total", partition="1")
        assert 0.0 == value(found, "deskpulse_events_rejected_total", partition="1", reason="key")

    def test_the_number_of_series_is_told(self) -> None:
        found = samples(snapshot_of(a_morning()))
        assert len(found) == value(found, "deskpulse_series")

    def test_a_part_that_fails_is_left_out_and_told(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        snapshot = snapshot_of(a_morning())

        def fails_half_way(view: Any) -> Iterator[Metric]:
            yield from kpi_families.collect_live(view)
            raise RuntimeError("no")

        monkeypatch.setattr(kpi_families, "collect_answers", fails_half_way)
        with caplog.at_level(logging.ERROR):
            found = samples(snapshot)
        assert 0.0 == value(found, "deskpulse_exporter_up")
        assert "could not be collected" in caplog.text
        assert 0.5 == value(found, "support_resolution_ratio", **ALL_1H)

    def test_a_view_that_could_not_be_built_is_told(self) -> None:
        found = samples(Snapshot(at("11:00"), all_read(1), failed=True))
        assert (0.0, 0.0) == (value(found, "deskpulse_exporter_up"), value(found, "deskpulse_view_complete"))


class TestTheText:
    @pytest.fixture
    def snapshot(self) -> Snapshot:
        desk = a_morning()
        desk.created("T3", "10:50", team='a "quoted"\nteam\\', channel="naïve 電話", priority="{}=,")
        return snapshot_of(desk, sources={("survey", 0): LogSpan(0, 1)})

    def test_it_is_what_prometheus_client_writes(self, snapshot: Snapshot) -> None:
        registry = new_registry(lambda: snapshot, BUCKETS)
        assert generate_latest(registry) == encode_text(registry.collect())
        assert generate_openmetrics(registry) == encode_openmetrics(registry.collect())  # type: ignore[no-untyped-call]

    def test_the_desk_is_the_first_label_of_every_series_and_no_family_has_one_of_that_name(
        self, snapshot: Snapshot
    ) -> None:
        given = {
            (name, labels | {("desk", "naïve \\ desk")}): value
            for (name, labels), value in samples(snapshot).items()
        }
        for encode, parse in (
            (encode_text, text_string_to_metric_families),
            (encode_openmetrics, openmetrics_parser.text_string_to_metric_families),
        ):
            text = encode(metrics(snapshot), "naïve \\ desk").decode()
            assert given == {
                (s.name, frozenset(s.labels.items())): s.value
                for family in parse(text)
                for s in family.samples
            }
            lines = [line for line in text.splitlines() if not line.startswith("#")]
            assert all(line.partition("{")[2].startswith('desk="naïve \\\\ desk"') for line in lines)
        assert not [family.name for family in FAMILIES if DESK in family.labels]

    def test_it_can_be_read_back(self, snapshot: Snapshot) -> None:
        given = samples(snapshot)
        for encode, parse in (
            (encode_text, text_string_to_metric_families),
            (encode_openmetrics, openmetrics_parser.text_string_to_metric_families),
        ):
            read = [s for family in parse(encode(metrics(snapshot)).decode()) for s in family.samples]
            assert given == {(s.name, frozenset(s.labels.items())): s.value for s in read}
            assert len(given) == len(read)

    def test_every_family_is_in_the_catalogue_and_described_without_state(self, snapshot: Snapshot) -> None:
        def never() -> Snapshot:
            raise AssertionError("describe must read no state")

        described = {
            metric.name: (metric.type, metric.unit)
            for metric in DeskpulseCollector(never, BUCKETS).describe()
        }
        assert len(FAMILIES) == len(described)
        for metric in metrics(snapshot):
            assert described[metric.name] == (metric.type, metric.unit)

    def test_labels_are_those_of_the_catalogue(self, snapshot: Snapshot) -> None:
        labels = {family.name: set(family.labels) for family in FAMILIES}
        for metric in metrics(snapshot):
            for sample in metric.samples:
                assert labels[metric.name] - {"segment"} == set(sample.labels) - {"le"}  # it is off here

    def test_every_family_has_a_sample_on_a_desk_where_everything_happened(self) -> None:
        """But those of what did not happen here: no open interval may be left without a test of its own."""
        desk = a_morning()
        desk.answered("T1", "10:33", "ces", 6)
        desk.resolved("T2", "10:40", outcome="abandoned")
        desk.joined("early customer", "00:00")
        desk.present("billing", "10:59", online=8, available=3, busy=5)
        for clock, change in (("10:41", "reopened"), ("10:42", "replied"), ("10:50", "customer_replied")):
            desk.send("ticket-changed", "T2", clock, ticket_id="T2", change=change)
        desk.send("ticket-changed", "T2", "10:51", ticket_id="T2", change="assigned", assigned=True)
        with_samples = {
            metric.name
            for metric in metrics(
                snapshot_of(desk, sources={("survey", 0): LogSpan(0, 1)}, workers=Workers())
            )
        }
        silent = {
            "support_oldest_unanswered_timestamp_seconds",  # nobody waits for the first reply
            "support_first_contact_ratio",  # it is known a week after a solution
            "support_customer_retention_ratio",  # nobody was a customer 30 days ago
            "support_customer_churn_ratio",
            "deskpulse_clock_skew_seconds",  # no broker has stamped anything: tests/exporters/test_skew.py
            "deskpulse_view_incomplete",  # it is complete: tests/exporters/test_definitions.py
            "deskpulse_figure_hidden",  # likewise
            "deskpulse_setting_mismatch",  # all share them: tests/exporters/test_web.py
            "deskpulse_names_limit",  # the workers shared no settings: tests/laws/test_bounds_laws.py
            "deskpulse_policy",  # nothing is promised: tests/exporters/test_policy.py
            "deskpulse_policy_calendar_ends_timestamp_seconds",  # likewise
            *(family.name for family in (*SLA_FINAL, *SLA_LIVE, *SLA_WORST, *CLOSED_FINAL)),
        }
        assert silent == {family.name for family in FAMILIES} - with_samples

    def test_the_skew_of_the_clock_is_exported_once_it_is_known(self) -> None:
        found = samples(snapshot_of(a_morning(), skew_seconds=-12.5))
        assert -12.5 == value(found, "deskpulse_clock_skew_seconds")

    def test_a_setting_that_is_not_the_ledger_s_is_exported_by_its_name(self) -> None:
        differs = Differing("desk.time_zone", "Asia/Tokyo", "UTC")
        found = samples(snapshot_of(a_morning(), settings=(differs, differs._replace(there="Europe/Madrid"))))
        assert 1 == value(found, "deskpulse_setting_mismatch", setting="desk.time_zone")

    def test_promtool_finds_nothing(self, snapshot: Snapshot) -> None:
        promtool = shutil.which("promtool")
        if promtool is None:
            pytest.skip("no promtool: apt-get install prometheus")
        done = subprocess.run(
            [promtool, "check", "metrics"],
            input=encode_text(metrics(snapshot)),
            capture_output=True,
            check=False,
        )
        assert (0, b"", b"") == (done.returncode, done.stdout, done.stderr)
