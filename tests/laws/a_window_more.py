"""Run in a copy of the tree that has one window more: where the window is then known, as JSON on stdout."""

from __future__ import annotations

import json
import sys

from deskpulse.commands.report import WINDOW_NAMES
from deskpulse.monitoring.boards.build import TEAM_WINDOWS
from deskpulse.monitoring.boards.locales import LOCALES
from deskpulse.monitoring.boards.words import Words
from deskpulse.monitoring.rules import files as rules
from deskpulse.monitoring.rules.plan import Plan
from deskpulse.policy.alerts import AlertsPart, BurnPart
from deskpulse.settings.exporter import ExporterSettings
from deskpulse.settings.sections import DeskSettings
from exporters.web.parameters import WALL_WINDOWS
from kpis.figures.batch import Batch, History
from oracle import verify
from scripts import metrics_doc, wall_types
from tests.laws.chaos import AS_OF_MS, ChaoticDesk, Stream
from tests.laws.policies import POLICY
from tests.laws.test_stream_batch_oracle import RULES, STATE, expected, expected_parts, exported, samples
from windows.panes import DAY_MS, SIX_HOURS


def figures(name: str, seed: int) -> dict[str, object]:
    """How many figures of the window the stream shows, and what differs from the oracle, batch too."""
    desk = ChaoticDesk(seed)
    view = exported(Stream(seed, rules=STATE).run(desk.records, RULES, AS_OF_MS))
    right = expected(desk)
    history = History()
    for topic, _, value, _ in desk.records:
        history.add(topic, value)
    batch = Batch(history, RULES, AS_OF_MS)
    done = samples(batch.figures(batch.stretches(AS_OF_MS, WINDOW_NAMES[:-1]), AS_OF_MS))
    differences = [*verify.compare([*right, *expected_parts(desk)], view), *verify.compare(right, done)]
    return {
        "periods": sorted(
            {dict(labels)["period"] for _, labels in view if dict(labels).get("window") == name}
        ),
        "differences": len(differences),
    }


def main(name: str) -> None:
    """Everything that follows from the list of windows."""
    burn = BurnPart(long=name, short="7d")
    plan = Plan(POLICY, AlertsPart(burn=(burn,)))
    found = {
        "report": name in WINDOW_NAMES,
        "wall": name in WALL_WINDOWS and f'"{name}"' in wall_types.text(),
        "board": name in TEAM_WINDOWS,
        "words": [Words(locale).window(name) for locale in LOCALES.values()],
        "settings": list(ExporterSettings(parts_windows=(name,)).parts_windows),
        "horizon_days": DeskSettings().horizon_days,
        "retention_days": SIX_HOURS.retention_ms // DAY_MS,
        "metrics": f"`{name}`" in metrics_doc.render(),
        "burn": burn.aim,
        "rules": f'window="{name}"' in "".join(rules.rule_files(plan).values()),
        **figures(name, seed=7),
    }
    print(json.dumps(found))  # noqa: T201 - the answer to whoever started this process


if __name__ == "__main__":
    main(sys.argv[1])
