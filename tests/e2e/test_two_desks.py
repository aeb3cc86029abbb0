"""Two desks on one Prometheus and one Alertmanager, from exporters' pages to receivers.

The short form of `make e2e-desks`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from exporters.metrics.exposition import encode_text
from proofs.drills.alerts.site import missing_tools
from proofs.drills.desks.watch import Watch
from proofs.programs import until
from scripts.rule_tests import sla_stories
from scripts.tidy import ROOT

SPEED: Final = 30.0  # what waits for a minute waits for two scrapes
POLICY: Final = (ROOT / "examples/policy.yaml").read_text(encoding="utf-8")
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        bool(missing_tools()),
        reason="no Prometheus or Alertmanager: apt-get install prometheus prometheus-alertmanager",
    ),
]


@dataclass
class Exporter:
    """The page of a desk without anything behind it."""

    desk: str | None  # None: of a version before series had one
    figures: dict[str, str] = field(default_factory=dict)  # series to what promtool calls its values
    down: bool = False

    def text(self) -> bytes:
        now = time.time()
        ones = ("deskpulse_exporter_ready", "deskpulse_exporter_up", "deskpulse_view_complete")
        clocks = [f"deskpulse_{what}_timestamp_seconds" for what in ("view_read", "view_as_of", "watermark")]
        own = [Sample(name, {}, 1.0) for name in ones] + [Sample(name, {}, now) for name in clocks]
        metric = Metric("support_page", "All of it.", "gauge")
        metric.samples = own + [_sample(series, values) for series, values in self.figures.items()]
        return encode_text([metric], self.desk)

    @contextmanager
    def listening(self) -> Iterator[str]:
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = page.text()
                self.send_response(503 if page.down else 200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join(10)


def _sample(series: str, values: str) -> Sample:
    name, _, labels = series.removesuffix("}").partition("{")
    pairs = (pair.split("=", 1) for pair in labels.split(","))
    return Sample(name, {label: value.strip('"') for label, value in pairs}, float(values.partition("x")[0]))


async def test_each_desk_is_told_of_its_own_and_mutes_nothing_of_the_other(tmp_path: Path) -> None:
    eu, us = Exporter("eu"), Exporter("us")
    watch = Watch(tmp_path, {"eu": POLICY, "us": POLICY}, SPEED)
    try:
        with eu.listening() as first, us.listening() as second:
            await watch.start([first, second])
            assert set() == watch.of("eu") | watch.of("us")

            eu.figures = sla_stories.worst("1h", missed=12, n=30, excess=9, overdue=5)
            page = await watch.told("SupportSLABelowObjective", "eu", "page")
            assert page.annotations["summary"].startswith(
                "[eu] billing · high: 12 of 30 first replies late in 1 h"
            )
            assert set() == watch.of("us")

            # Of the same promise of a team of the same name: the page of eu would mute this warning, if it
            # could.
            us.figures = sla_stories.worst("1h", missed=7, n=30, excess=5, overdue=0)
            warning = await watch.told("SupportSLABelowObjective", "us", "warning")
            assert warning.annotations["summary"].startswith(
                "[us] billing · high: 7 of 30 first replies late in 1 h"
            )
            about = {name: warning.labels[name] for name in ("by", "member", "target")}
            assert about == {name: page.labels[name] for name in about}
            (muted,) = watch.active(alertname="SupportSLABelowObjective", severity="warning", desk="eu")
            assert muted["status"]["inhibitedBy"]
            assert [] == [one for one in watch.active(desk="us") if one["status"]["inhibitedBy"]]

            # eu goes; its last answer says nothing of us.
            eu.down = True
            await until(
                lambda: not watch.query('desk:figures_trusted{desk="eu"}'), what="the end of eu's figures"
            )
            assert ["us"] == [one["metric"]["desk"] for one in watch.query("desk:figures_trusted")]
            gone = 'ALERTS{alertname=~"DeskpulseExporter(Absent|Down)"}'
            await until(lambda: len(watch.query(gone)) == 2, what="alerts about the exporter")
            assert {"eu"} == {one["metric"]["desk"] for one in watch.query(gone)}

        assert [] == watch.prometheus.rule_errors()
        assert [] == list(watch.strays())
    finally:
        watch.stop()
