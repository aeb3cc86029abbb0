"""Cases of the alerts about the way of the events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kpis.figures.kpi import first_response, reopen, volume
from kpis.sla import metrics
from scripts.rule_tests import exporter_cases, record_cases
from scripts.rule_tests.exporter_cases import JOB, UNTRUSTED, told
from scripts.rule_tests.meta_cases import BLIND
from scripts.rule_tests.model import INSTANCES, Case, Fired, Look, figures, healthy

A, B = INSTANCES["a"], INSTANCES["b"]
ALERTS: Final = (
    *(
        "DeskpulseExporterAbsent",
        "DeskpulseExporterDown",
        "DeskpulseExporterNotReady",
        "DeskpulseExporterLagging",
    ),
    "DeskpulseExporterClock",
    *(
        "DeskpulseExporterPartial",
        "DeskpulseViewIncomplete",
        "DeskpulseStalled",
        "DeskpulseLagging",
        "DeskpulsePartitionsUnowned",
    ),
    *(
        "DeskpulseRecoverySlow",
        "DeskpulseSourceSilent",
        "DeskpulseSourceHeldBack",
        "DeskpulseRejecting",
        "DeskpulseRecordsLost",
    ),
    "DeskpulseNamesNearLimit",
    "DeskpulseRecordsSkipped",
)


_INCOMPLETE: Final = told(
    "warning",
    "Figures are incomplete. Any exporter's /readyz says what is missing.",
    "No exporter has had complete figures for two minutes. Open /readyz of any exporter: it says what is "
    "missing.",
    **UNTRUSTED,
)


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _peace()
    yield from _quiet()
    yield from _idle()
    yield from exporter_cases.cases()
    yield from _trust()
    yield from _clocks()
    yield from _views()
    yield from _positions()
    yield from _partitions()
    yield from _sources()
    yield from _held_back()
    yield from record_cases.cases()


def _desk(minutes: int, more: Mapping[str, str] | None = None, instance: str = A) -> dict[str, str]:
    """A healthy exporter whose workers own all four partitions and have read what there is.

    The desk has 60 tickets an hour.
    """
    steps = f"x{minutes}"
    hour = {'deskpulse_window_span_seconds{window="1h",period="current"}': f"3600{steps}"}
    watermarks = {
        f'deskpulse_source_watermark_timestamp_seconds{{topic="{topic}"}}': f"0+60{steps}"
        for topic in _HOURLY
    }
    events = {metric: f"{count}{steps}" for metric, count in _HOURLY.values()}
    owned = {
        f"deskpulse_partitions_{name}": f"{count}{steps}"
        for name, count in (("expected", 4), ("owned", 4), ("recovering", 0))
    }
    source = {
        f'deskpulse_source_{name}{{topic="ticket-created",partition="0"}}': values
        for name, values in (
            ("behind_seconds", f"0{steps}"),
            ("position_offset", f"0+10{steps}"),
            ("unstable_records", f"0{steps}"),
        )
    }
    counted = {
        f'deskpulse_{name}{{partition="0"{more_labels}}}': f"7{steps}"
        for name, more_labels in (
            ("events_rejected_total", ',reason="syntax"'),
            ("records_lost_total", ""),
            ("records_skipped_total", ""),
        )
    }
    return healthy(
        minutes,
        instance=instance,
        more={**hour, **watermarks, **events, **owned, **source, **counted, **(more or {})},
    )


_WINDOW: Final = 'window="1h",period="current",by="all",member="all"'
_HOURLY: Final = {
    "ticket-created": (f"{volume.TICKETS.name}{{{_WINDOW}}}", 60),
    "first-reply": (f'{first_response.MEAN.observations_name}{{{_WINDOW},clock="calendar"}}', 50),
    "resolved": (f"{reopen.RATIO.observations_name}{{{_WINDOW}}}", 40),
}
_BEHIND: Final = 'deskpulse_source_behind_seconds{topic="ticket-created",partition="0"}'
_POSITION: Final = 'deskpulse_source_position_offset{topic="ticket-created",partition="0"}'


def _peace() -> Iterator[Case]:
    yield Case(
        "two healthy exporters: nothing is told",
        {**_desk(25), **_desk(25, instance=B)},
        tuple(Look("20m", alert) for alert in ALERTS),
    )
    named = {
        name.replace('instance="', 'exported_desk="eu",instance="'): values
        for name, values in _desk(25).items()
    }
    yield Case(
        "the scrape configuration calls the desk otherwise than its exporter does: nothing is told, and "
        "its figures are believed",
        {**named, f'up{{job="deskpulse-exporter",instance="{A}",desk="deskpulse"}}': "1x25"},
        tuple(Look("20m", alert) for alert in (*ALERTS, "SupportSLABlind")),
    )
    blink = {
        "deskpulse_partitions_owned": "4x5 0 4x30",
        "deskpulse_partitions_recovering": "0x6 4 0x30",
        "deskpulse_view_complete": "1x6 0 1x30",
        _BEHIND: "0x5 30 70 0x30",
    }
    yield Case(
        "a rebalance and recovery within two minutes: nothing is told",
        _desk(25, blink),
        tuple(Look(f"{minute}m", alert) for minute in (6, 7, 8, 10) for alert in ALERTS),
    )


def _quiet() -> Iterator[Case]:
    yield Case(
        "an installation in which nothing has happened yet: nothing is told",
        healthy(25, more={"deskpulse_partitions_expected": "4x25", "deskpulse_partitions_owned": "4x25"}),
        tuple(Look("20m", alert) for alert in ALERTS),
    )
    gone = {name: _with_gap(values) for name, values in _desk(25).items()}
    yield Case(
        "the only exporter restarts within two minutes and shows what it showed: nothing is told",
        {**gone, **figures(A, {"up": "1x5 0 0 1x17"})},
        tuple(Look(f"{minute}m", alert) for minute in (6, 7, 8, 10, 20) for alert in ALERTS),
    )


def _idle() -> Iterator[Case]:
    """Nothing comes into the view any more since nobody brings it there.

    Other alerts say so, and none says that a source is silent.
    """
    stands = {
        **dict.fromkeys((*_marks(), "deskpulse_watermark_timestamp_seconds"), "0+60x10 600x40"),
        "deskpulse_view_complete": "1x10 0x35",
    }
    yield Case(
        "Kafka does not answer for half an hour: the view is told, and no source",
        _desk(45, {**stands, "deskpulse_view_read_timestamp_seconds": "0+60x10 600x40"}),
        (
            Look("40m", "DeskpulseViewIncomplete", (_INCOMPLETE,)),
            *(Look("40m", alert) for alert in _but("DeskpulseViewIncomplete")),
        ),
    )
    unowned = told(
        "warning",
        "Partitions without a worker: 4. Their events are not counted. Check the workers.",
        "A rebalance takes seconds, but these partitions have had no worker for three minutes. Their events "
        "are not counted. Check that the workers run, then read their logs.",
        **UNTRUSTED,
    )
    yield Case(
        "no worker runs for half an hour: that is told, and no source",
        _desk(45, {**stands, "deskpulse_partitions_owned": "4x10 0x35"}),
        (
            Look("40m", "DeskpulsePartitionsUnowned", (unowned,)),
            *(Look("40m", alert) for alert in _but("DeskpulsePartitionsUnowned", "DeskpulseViewIncomplete")),
        ),
    )


def _but(*told_too: str) -> Iterator[str]:
    return (alert for alert in ALERTS if alert not in told_too)


def _with_gap(values: str) -> str:
    """The same series, without two samples after the sixth."""
    start, _, count = values.partition("x")
    first, plus, step = start.partition("+")
    later = f"{float(first) + 8 * float(step):g}+{step}" if plus else start
    return f"{start}x5 _ _ {later}x{int(count) - 8}"


def _trust() -> Iterator[Case]:
    unready = told(
        "warning",
        f"Exporter {B} is not ready after 10 min. See its /readyz.",
        f"{B} has not finished reading the ledger and shows no figures. Open /readyz of that exporter: it "
        "names the reason.",
        **JOB,
        instance=B,
    )
    yield Case(
        "one reads a large ledger for eight minutes and is left alone, one never gets ready and is told",
        {
            **figures(A, {"deskpulse_exporter_ready": "0x8 1x20"}),
            **figures(B, {"deskpulse_exporter_ready": "0x40"}),
        },
        (Look("8m", "DeskpulseExporterNotReady"), Look("11m", "DeskpulseExporterNotReady", (unready,))),
    )
    lagging = told(
        "warning",
        f"Exporter {B} is 4m 0s behind. Check its link to Kafka.",
        f"By Prometheus's clock, Kafka last answered {B} 4m 0s ago, or the exporter's clock is slow. Rules "
        "and boards use another exporter meanwhile. Check the connection to Kafka, then the clock.",
        **JOB,
        instance=B,
    )
    yield Case(
        "one of two gets no answer from Kafka any more: it is told, and the figures of the other are "
        "believed",
        {
            **_desk(25),
            **_desk(
                25,
                {
                    "deskpulse_view_read_timestamp_seconds": "0+60x5 300x20",
                    "deskpulse_view_complete": "1x5 0x20",
                },
                B,
            ),
        },
        (
            Look("8m", "DeskpulseExporterLagging"),
            Look("9m", "DeskpulseExporterLagging"),
            Look("10m", "DeskpulseExporterLagging", (lagging_at(lagging, "5m 0s"),)),
            Look("10m", "DeskpulseViewIncomplete"),
            Look("20m", "SupportSLABlind"),
        ),
    )
    partial = told(
        "warning",
        f"Exporter {A} fails to compute some figures. See its log.",
        f"{A} leaves out the figures that it cannot compute. Its log has the error.",
        **JOB,
        instance=A,
    )
    yield Case(
        "some figures cannot be computed for five minutes",
        figures(A, {"deskpulse_exporter_up": "1x3 0x20"}),
        (Look("8m", "DeskpulseExporterPartial"), Look("9m", "DeskpulseExporterPartial", (partial,))),
    )


def _clocks() -> Iterator[Case]:
    """Prometheus's clock decides between two exporters.

    An alert names the one that is wrong, and rules do not believe what it alone shows.
    """
    for seconds, words in ((120, "2m 0s"), (3600, "1h 0m 0s")):
        wrong = told(
            "warning",
            f"Clock of exporter {B} is {words} off. Synchronize it.",
            f"The clock of {B} differs by {words} from the clock of the brokers or of Prometheus, so its "
            "figures describe another moment. Rules and boards use an exporter whose clock is right, if "
            "there is one. Check time synchronization on the exporter's machine.",
            **JOB,
            instance=B,
        )
        fast = dict.fromkeys(
            (f"deskpulse_view_{what}_timestamp_seconds" for what in ("read", "as_of")), f"{seconds}+60x25"
        )
        # The wrong one was believed before: the right one is ready a sample later.
        right = _desk(25, {"deskpulse_exporter_ready": "_ 1x25"})
        partial = {**fast, "deskpulse_clock_skew_seconds": f"{seconds}x25", "deskpulse_view_complete": "0x25"}
        for name, more in (("does not know it", fast), ("knows it", partial)):
            yield Case(
                f"one of two is {words} fast and {name}: it is told, the other one is believed, and nothing "
                "else is told",
                {**right, **_desk(25, more, B)},
                (
                    Look("20m", "DeskpulseExporterClock", (wrong,)),
                    *(Look("20m", alert) for alert in (*_but("DeskpulseExporterClock"), "SupportSLABlind")),
                ),
            )
        slow = dict.fromkeys(
            (f"deskpulse_view_{what}_timestamp_seconds" for what in ("read", "as_of")), f"-{seconds}+60x25"
        )
        lagging = told(
            "warning",
            f"Exporter {B} is {words} behind. Check its link to Kafka.",
            f"By Prometheus's clock, Kafka last answered {B} {words} ago, or the exporter's clock is slow. "
            "Rules and boards use another exporter meanwhile. Check the connection to Kafka, then the clock.",
            **JOB,
            instance=B,
        )
        yield Case(
            f"one of two is {words} slow: it is told, and the other one is believed",
            {**right, **_desk(25, slow, B)},
            (
                Look("20m", "DeskpulseExporterLagging", (lagging,)),
                *(Look("20m", alert) for alert in (*_but("DeskpulseExporterLagging"), "SupportSLABlind")),
            ),
        )
    yield Case(
        "the only exporter is two minutes fast: nobody is believed",
        _desk(
            25,
            dict.fromkeys(
                (f"deskpulse_view_{what}_timestamp_seconds" for what in ("read", "as_of")), "120+60x25"
            ),
        ),
        (Look("20m", "SupportSLABlind", (BLIND,)),),
    )


def lagging_at(fired: Fired, behind: str) -> Fired:
    """The same at another moment."""
    summary, description = (text.replace("4m 0s", behind) for text in (fired.summary, fired.description))
    return Fired(labels=fired.labels, summary=summary, description=description, board=fired.board)


def _views() -> Iterator[Case]:
    both = {"deskpulse_view_complete": "1x3 0x20"}
    yield Case(
        "the views of both exporters stay partial: told once, after two minutes",
        {**_desk(25, both), **_desk(25, both, B)},
        (Look("5m", "DeskpulseViewIncomplete"), Look("6m", "DeskpulseViewIncomplete", (_INCOMPLETE,))),
    )
    yield Case(
        "the view of one of two exporters stays partial: the other one is believed",
        {**_desk(25, both), **_desk(25, instance=B)},
        (Look("15m", "DeskpulseViewIncomplete"), Look("15m", "SupportSLABlind")),
    )


def _positions() -> Iterator[Case]:
    stalled = told(
        "page",
        "Events are waiting and no worker makes progress (partitions: 1). Check the workers.",
        "Records have waited for over a minute while the workers' position does not move, in this many "
        "partitions of source topics: 1. Check that the workers run, then read their logs.",
        **UNTRUSTED,
    )
    stuck = {_BEHIND: "0x5 0+60x20", _POSITION: "0+10x5 50x20", "deskpulse_view_complete": "1x6 0x20"}
    yield Case(
        "the workers stop: told by two exporters as one, three minutes after a minute of waiting",
        {**_desk(25, stuck), **_desk(25, stuck, B)},
        (Look("7m", "DeskpulseStalled"), Look("10m", "DeskpulseStalled", (stalled,))),
    )
    never = {_BEHIND: "0+60x25", "deskpulse_view_complete": "0x25"}
    yield Case(
        "a partition that no worker ever began has no position, and is told too",
        {name: values for name, values in _desk(25, never).items() if "position_offset" not in name},
        (Look("10m", "DeskpulseStalled", (stalled,)),),
    )
    lagging = told(
        "warning",
        "Workers are 5m 0s behind: figures show the past. Check load, add workers.",
        "For five minutes the workers have counted events late, so the figures show the desk as it was. "
        "Check whether more events than usual arrive and whether the workers lack CPU; add workers, up to "
        "the number of partitions.",
        **UNTRUSTED,
    )
    yield Case(
        "the workers move, but stay five minutes behind: lagging, not stalled",
        _desk(25, {_BEHIND: "0x3 300x20", "deskpulse_view_complete": "1x3 0x20"}),
        (
            Look("8m", "DeskpulseLagging"),
            Look("9m", "DeskpulseLagging", (lagging,)),
            Look("15m", "DeskpulseStalled"),
        ),
    )
    yield Case(
        "a burst that is caught up with within four minutes: nothing is told",
        _desk(25, {_BEHIND: "0x3 90 150 200 150 0x20", "deskpulse_view_complete": "1x3 0 0 0 0 1x20"}),
        tuple(
            Look(f"{minute}m", alert)
            for minute in (7, 9, 12)
            for alert in ("DeskpulseLagging", "DeskpulseStalled")
        ),
    )


def _partitions() -> Iterator[Case]:
    unowned = told(
        "warning",
        "Partitions without a worker: 2. Their events are not counted. Check the workers.",
        "A rebalance takes seconds, but these partitions have had no worker for three minutes. Their events "
        "are not counted. Check that the workers run, then read their logs.",
        **UNTRUSTED,
    )
    yield Case(
        "two partitions without a worker: told after three minutes",
        _desk(25, {"deskpulse_partitions_owned": "4x3 2x20"}),
        (Look("6m", "DeskpulsePartitionsUnowned"), Look("7m", "DeskpulsePartitionsUnowned", (unowned,))),
    )
    slow = told(
        "warning",
        "Partitions still recovering after 10 min: 1. Read their workers' logs.",
        "Workers have been reading these partitions from the ledger for ten minutes. Events of these "
        "partitions are not counted until that ends. The workers' logs show how far they are.",
        **UNTRUSTED,
    )
    yield Case(
        "a recovery of more than ten minutes",
        _desk(25, {"deskpulse_partitions_recovering": "0x3 1x20"}),
        (Look("13m", "DeskpulseRecoverySlow"), Look("14m", "DeskpulseRecoverySlow", (slow,))),
    )


def _silent(topic: str, since: str, words: str) -> Fired:
    return told(
        "warning",
        f"No event from {words} for {since}. Check the sender.",
        f"No event for {since} during business hours; at the earlier rate some should have arrived. "
        "Either the sender has stopped or the desk is idle. Check the sender first.",
        topic=topic,
        **UNTRUSTED,
    )


_CREATED: Final = 'deskpulse_source_watermark_timestamp_seconds{topic="ticket-created"}'


def _sources() -> Iterator[Case]:
    # 60 tickets came within the hour; after 10 minutes of silence 60 x 10 / 50 = 12 are missed, and three
    # minutes later it is told.
    stops = {_CREATED: "0+60x10 600x40"}
    silent = _silent("ticket-created", "13m 0s", "ticket-created")
    yield Case(
        "no tickets come any more, replies do: the topic is told",
        _desk(45, stops),
        (Look("22m", "DeskpulseSourceSilent"), Look("23m", "DeskpulseSourceSilent", (silent,))),
    )
    # All three together are 150 an hour: 12 are missed after 150 x s / (3600 - s) = 12, s = 267 seconds.
    everything = dict.fromkeys((*_marks(), "deskpulse_watermark_timestamp_seconds"), "0+60x10 600x40")
    yield Case(
        "nothing comes at all: told earlier, as one",
        _desk(45, everything),
        (
            Look("17m", "DeskpulseSourceSilent"),
            Look("18m", "DeskpulseSourceSilent", (_silent("all", "8m 0s", "any source"),)),
        ),
    )
    yield Case(
        "nothing comes, and nobody is at work: nothing is told",
        _desk(45, {**everything, f'{metrics.BUSINESS_OPEN}{{by="all",member="all"}}': "0x45"}),
        (Look("40m", "DeskpulseSourceSilent"), Look("40m", "SupportSLABlind")),
    )
    rare = {metric: "1x45" for metric, _ in _HOURLY.values()}
    yield Case(
        "half an hour without events where one comes in an hour: nothing is told",
        _desk(45, {**everything, **rare}),
        (Look("40m", "DeskpulseSourceSilent"),),
    )


def _marks() -> tuple[str, ...]:
    return tuple(f'deskpulse_source_watermark_timestamp_seconds{{topic="{topic}"}}' for topic in _HOURLY)


def _held_back() -> Iterator[Case]:
    held = told(
        "warning",
        "An open transaction holds back ticket-created events. Find its producer.",
        "A producer has kept a transaction open for five minutes. Records of ticket-created behind it are "
        "not counted until it commits or aborts: 40. Restart or stop that producer.",
        topic="ticket-created",
        **UNTRUSTED,
    )
    yield Case(
        "a producer leaves its transaction open",
        _desk(25, {'deskpulse_source_unstable_records{topic="ticket-created",partition="0"}': "0x3 40x20"}),
        (Look("8m", "DeskpulseSourceHeldBack"), Look("9m", "DeskpulseSourceHeldBack", (held,))),
    )
