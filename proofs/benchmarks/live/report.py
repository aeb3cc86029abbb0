"""What was measured at each rate, as a table and as one line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from proofs.benchmarks.live.measure import Live


def table(found: Sequence[Live], title: str) -> Table:
    """A row a rate."""
    shown = Table(title=title)
    for name in ("events/s", "worker, of a processor", "plain reading", "p50 ms", "p99 ms", "tickets"):
        shown.add_column(name, justify="right")
    for one in found:
        shown.add_row(
            f"{one.rate:,.0f}" if one.rate else "none",
            _share(one.worker_share),
            _share(one.reader_share),
            _ms(one.p50_ms),
            _ms(one.p99_ms),
            f"{one.tickets:,}",
        )
    return shown


def last_line(found: Sequence[Live], demo_share: float | None) -> str:
    """The verdict: each rate with the worker's share of a processor and its latency.

    The latency is the time from `send` to a committed row.

    >>> idle = Live(0, 0.008, 0.003, None, None, 0)
    >>> last_line([idle], 0.07)
    'live: idle 0.008 of a processor; the whole demo at rest 0.070'
    >>> last_line([Live(1000, 0.12, 0.25, 103.4, 201.6, 4000)], None)
    'live: 1,000 events/s 0.120 of a processor, p50 103 ms, p99 202 ms'
    """
    demo = "" if demo_share is None else f"; the whole demo at rest {_share(demo_share)}"
    return "live: " + "; ".join(map(_one, found)) + demo


def _one(one: Live) -> str:
    name = f"{one.rate:,.0f} events/s" if one.rate else "idle"
    latency = "" if one.p50_ms is None else f", p50 {_ms(one.p50_ms)} ms, p99 {_ms(one.p99_ms)} ms"
    return f"{name} {_share(one.worker_share)} of a processor{latency}"


def _share(share: float | None) -> str:
    return "?" if share is None else f"{share:.3f}"


def _ms(ms: float | None) -> str:
    return "-" if ms is None else f"{ms:.0f}"
