"""Lines of OpenMetrics become blocks of Prometheus, by promtool."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self


class HistoryError(RuntimeError):
    """A history could not be made."""


@dataclass
class Blocks:
    """Writes blocks into the data folder of a Prometheus that does not run.

    Leaving the context waits for the last one.

    What is handed over at once should lie within two hours: promtool reads a file once for each block that it
    touches.
    """

    folder: Path
    _count: int = 0
    _jobs: list[Future[None]] = field(default_factory=list)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=error is not None)
        if error is None:
            for job in self._jobs:
                job.result()

    def write(self, lines: Iterable[str]) -> None:
        """One more block. promtool works while the caller goes on.

        Errors: HistoryError, when the context is left.
        """
        self._count += 1
        path = self.folder.parent / f"{self._count}.om"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(lines)
            empty = not file.tell()
            file.write("# EOF\n")
        if empty:
            path.unlink()
        else:
            self._jobs.append(self._pool.submit(_build, path, self.folder))


def _build(path: Path, folder: Path) -> None:
    command: Sequence[str] = [
        "promtool",
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--quiet",
        str(path),
        str(folder),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise HistoryError(f"promtool cannot read {path}: {run.stdout.strip()} {run.stderr.strip()}")
    path.unlink()
