"""The demo from start to end: stack up, story played, table shown, figures proven."""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.live import Live

from deskpulse import exits
from deskpulse.cluster import ClusterError
from deskpulse.ingest.publisher import Pace, PublishProgress, publish
from deskpulse.ingest.responders import all_guarded
from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.process import free_ports, port_is_free
from deskpulse.lab.demo import proof, screen
from deskpulse.lab.demo.stack import DemoError, Stack, log_folder, start_broker
from deskpulse.lab.demo.story import story
from deskpulse.lab.simulator import DEFAULT_DESK, SCENARIOS, Kinds, Rough, publish_backlog
from deskpulse.settings import Settings
from exporters.metrics.families import SLA_WORST, metric_families
from kpis.members import SEGMENT
from oracle import verify

DEMO_POLICY: Final = Path(str(resources.files("deskpulse.lab.demo").joinpath("policy.yaml")))
_TABLE_SECONDS: Final = 2.0
_PLAIN_TABLE_SECONDS: Final = 15.0  # where the output is no terminal
_CATCH_UP_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.5
_TRANSACTION_SECONDS: Final = 60


def run(  # noqa: PLR0913 - the options of the command
    settings: Settings,
    *,
    duration_ms: int | None,
    port: int | None,
    rate_per_hour: float | None,
    broker: str | None,
    scenario: str,
    verify: bool,
    now_ms: Callable[[], int],
    config: Path | None = None,
) -> int:
    """Run the demo until its duration is over or Ctrl-C; return the exit code.

    The exit code is 1 when `verify` found a difference.
    """
    console, own = Console(), None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a supervisor's way to say Ctrl-C
    try:
        chosen_port = _port(port, settings)
        if broker is None:
            console.print("starting Apache Kafka ...")
            own = start_broker(
                lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True)
            )
        bootstrap = broker or (own.bootstrap if own else "")
        # On a broker that others use too, every demo has topics of its own.
        tag = "" if own else f"demo-{now_ms() // 1000}-"
        chosen, environment = demo_settings(
            settings, bootstrap, chosen_port, config, scenario=scenario, tag=tag
        )
        console.print(f"broker: {own.name if own else broker}")
        with Stack(chosen, environment, chosen.exporter.port, broker=own) as stack:
            folder = log_folder()
            stack.start(folder)
            console.print(
                f"wall     {stack.url}/\nmetrics  {stack.url}/metrics\nlogs     {folder}", highlight=False
            )
            play = _Play(chosen, stack, console, rate_per_hour, scenario, now_ms)
            return asyncio.run(play.run(None if duration_ms is None else duration_ms / 1000, prove=verify))
    except KeyboardInterrupt:
        return exits.OK
    except (BrokerError, ClusterError, DemoError, KafkaError) as error:
        Console(stderr=True).print(f"deskpulse: {error}", highlight=False, markup=False)
        return exits.BROKER


def _port(port: int | None, settings: Settings) -> int:
    wanted = settings.exporter.port if port is None else port
    if wanted == 0:
        return free_ports(1)[0]
    if not port_is_free(wanted):
        raise DemoError(
            f"port {wanted} is in use: stop the program that listens there, or choose another with --port"
        )
    return wanted


def demo_settings(
    settings: Settings, bootstrap: str, port: int, config: Path | None, *, scenario: str, tag: str
) -> tuple[Settings, dict[str, str]]:
    """Settings of this demo, and the same as variables for its worker and exporter."""
    desk = SCENARIOS[scenario].adapt(DEFAULT_DESK)
    members = settings.desk.members
    names = {"team": desk.teams, "channel": desk.channels, "priority": desk.priorities}
    if settings.desk.segment is not None:
        names[SEGMENT] = desk.tiers
    lists = {d: getattr(members, d) or tuple(one.name for one in some) for d, some in names.items()}  # type: ignore[attr-defined]
    policy = settings.desk.policy or DEMO_POLICY
    chosen = settings.model_copy(
        update={
            "app_id": f"{tag}{settings.app_id}",
            "topic_prefix": f"{tag}{settings.topic_prefix}",
            "kafka": settings.kafka.model_copy(update={"bootstrap_servers": tuple(bootstrap.split(","))}),
            "desk": settings.desk.model_copy(
                update={"members": members.model_copy(update=lists), "policy": policy}
            ),
            "exporter": settings.exporter.model_copy(
                update={"host": "127.0.0.1", "port": port, "clock": "wall"}
            ),
        }
    )
    environment = {
        "DESKPULSE_APP_ID": chosen.app_id,
        "DESKPULSE_TOPIC_PREFIX": chosen.topic_prefix,
        "DESKPULSE_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "DESKPULSE_EXPORTER__HOST": "127.0.0.1",
        "DESKPULSE_EXPORTER__PORT": str(port),
        "DESKPULSE_EXPORTER__CLOCK": "wall",
        **{f"DESKPULSE_DESK__MEMBERS__{d.upper()}": ",".join(names) for d, names in lists.items()},
        "DESKPULSE_DESK__POLICY": str(policy),
        **({"DESKPULSE_DESK__TIME_ZONE": settings.desk.time_zone} if settings.desk.time_zone else {}),
        **_patience(settings),
        **({"DESKPULSE_CONFIG": str(config)} if config else {}),
    }
    return chosen, environment


def _patience(settings: Settings) -> dict[str, str]:
    """A worker that is alone need not be given up within seconds.

    On a busy machine a start shall be slow and not fail.
    """
    if "transaction_timeout_seconds" in settings.worker.model_fields_set:
        return {}
    return {"DESKPULSE_WORKER__TRANSACTION_TIMEOUT_SECONDS": str(_TRANSACTION_SECONDS)}


@dataclass(slots=True)
class _Play:
    """The running part: events out, table in, and the proof at the end."""

    settings: Settings
    stack: Stack
    console: Console
    rate_per_hour: float | None
    scenario: str
    now_ms: Callable[[], int]
    told: int = 0  # events of the past
    kinds: Kinds = field(default_factory=Kinds)
    progress: PublishProgress = field(default_factory=lambda: PublishProgress(0, 0, 0))

    async def run(self, seconds: float | None, *, prove: bool) -> int:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, over.set)
        tasks = [asyncio.create_task(self._publish()), asyncio.create_task(self._show())]
        waiter = asyncio.create_task(over.wait())
        done, _ = await asyncio.wait([*tasks, waiter], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        stopped = waiter in done
        for task in (*tasks, waiter):
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result
        if stopped or not prove:
            return exits.OK
        return await self._prove()

    async def _publish(self) -> None:
        options = self.settings.kafka.client_options()
        producer = AIOKafkaProducer(
            acks="all", enable_idempotence=True, linger_ms=20, max_batch_size=1 << 17, **options
        )
        await producer.start()
        try:
            begun_ms, prefix = self.now_ms(), self.settings.topic_prefix
            told = story(self.scenario, now_ms=begun_ms, rate_per_hour=self.rate_per_hour)
            events = all_guarded(told, self.settings.privacy.responder_key())
            if self.is_rough:
                events = self.kinds.watch(events)
            first = await publish_backlog(
                events,
                producer,
                until_ms=begun_ms,
                topic_prefix=prefix,
                on_progress=self._note,
                now_ms=self.now_ms,
            )
            self.told = self.progress.acknowledged
            if first is not None:
                await publish(
                    chain([first], events),
                    producer,
                    pace=Pace.flat_out(),
                    topic_prefix=prefix,
                    on_progress=self._note,
                    now_ms=self.now_ms,
                )
        finally:
            await producer.stop()

    def _note(self, progress: PublishProgress) -> None:
        self.progress = PublishProgress(
            self.told + progress.sent, self.told + progress.acknowledged, progress.publish_ms
        )

    async def _show(self) -> None:
        live = self.console.is_terminal
        with _display(self.console) as show:
            while True:
                self.stack.check()
                samples = await self._scrape()
                lag = sum(
                    value for (name, _), value in samples.items() if name == "deskpulse_source_lag_records"
                )
                if live or screen.has_figures(samples):
                    show(samples, int(lag), self.progress.acknowledged)
                await asyncio.sleep(
                    _TABLE_SECONDS if live or not screen.has_figures(samples) else _PLAIN_TABLE_SECONDS
                )

    async def _scrape(self) -> dict[verify.Key, float]:
        try:
            return dict(await asyncio.to_thread(proof.scrape, self.stack.url))
        except OSError:
            return {}  # the next look will tell; a process that ended is told by `check`

    async def _prove(self) -> int:
        self.console.print("comparing every exported figure with the oracle ...")
        records, ends = await proof.read_source(self.settings)
        samples = await self._caught_up(ends)
        verdict = await asyncio.to_thread(proof.judge, self.settings, records, samples)
        if verdict.differences:
            self.console.print(
                verify.report(verdict.differences), highlight=False, markup=False, soft_wrap=True
            )
        segment = self.settings.desk.segment
        if segment is not None:
            told = f"demo: {verdict.by_segment} figures by {segment} among them"
            self.console.print(told, highlight=False, markup=False)
        self.console.print(f"demo: {verdict}", highlight=False)
        rough = self._tell_kinds(samples) if self.is_rough else True
        whole = verdict.compared and (segment is None or verdict.by_segment) and rough
        return exits.OK if whole and not verdict.differences else exits.DIFFERENCE

    @property
    def is_rough(self) -> bool:
        """Whether this is the hard desk, of which each kind of hardship has to be there."""
        return self.scenario == Rough.name

    def _tell_kinds(self, samples: Mapping[verify.Key, float]) -> bool:
        """How often each hardship, situation and use of the contract was there, and which figures were not.

        False where one is missing.
        """
        counts = self.kinds.counts()
        for line in self.kinds.lines():
            self.console.print(f"rough: {line}", highlight=False, markup=False, soft_wrap=True)
        missing = [name for name, count in counts.items() if not count]
        if missing:
            self.console.print(f"rough: missing: {'; '.join(missing)}", highlight=False, soft_wrap=True)
        shown = {name.removesuffix("_bucket") for name, _ in samples}
        absent = sorted(
            family.name
            for family in metric_families()
            if family not in SLA_WORST and family.name not in shown
        )
        told = f": {', '.join(absent)}" if absent else ""
        self.console.print(
            f"rough: {len(absent)} figures absent from both exporter and oracle{told}",
            highlight=False,
            soft_wrap=True,
        )
        return not absent and not missing

    async def _caught_up(self, ends: dict[tuple[str, int], int]) -> dict[verify.Key, float]:
        """The first scrape in which every record of the source topics is counted. Errors: DemoError."""
        left = 0
        for _ in range(math.ceil(_CATCH_UP_SECONDS / _LOOK_SECONDS)):
            self.stack.check()
            samples = await self._scrape()
            left = proof.behind(samples, ends)
            if samples and not left:
                return samples
            await asyncio.sleep(_LOOK_SECONDS)
        raise DemoError(
            f"{left:,} records are still not in the figures after {_CATCH_UP_SECONDS:.0f} s: see "
            "the worker's log"
        )


Show = Callable[[dict[verify.Key, float], int, int], None]


@contextlib.contextmanager
def _display(console: Console) -> Iterator[Show]:
    """A table that renews itself on a terminal, and one table after the other elsewhere."""
    if not console.is_terminal:
        yield lambda samples, lag, sent: console.print(screen.table(samples, behind=lag, sent=sent))
        return
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        yield lambda samples, lag, sent: live.update(screen.table(samples, behind=lag, sent=sent))
