"""The files of Grafana's built frontend: where they are, which version, which plugins."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]
MANIFEST: Final = Path("build/assets-manifest.json")
_PLUGIN_FILE: Final = re.compile(r"plugins/([\w-]+)/(.+)")
_VERSION: Final = "12.3.1"  # of the image in docker-compose.yml; what the frontend is told


class FrontendError(RuntimeError):
    """No built frontend at a folder."""


@dataclass(frozen=True)
class Plugin:
    """A plugin that is part of the frontend."""

    kind: str  # panel or datasource
    folder: str
    about: Json = field(repr=False)  # its plugin.json

    @property
    def id(self) -> str:
        """Its name in dashboards."""
        return str(self.about["id"])

    @property
    def place(self) -> str:
        """The folder that its files are asked for under."""
        return f"public/plugins/{self.id}"

    def settings(self) -> Json:
        """What the frontend is told of it."""
        logos = self.about["info"].get("logos") or {"small": "", "large": ""}
        info = {**self.about["info"], "logos": {size: f"{self.place}/{file}" for size, file in logos.items()}}
        return {
            **self.about,
            "info": {"version": "", "updated": "", "screenshots": [], "build": {}, **info},
            "module": f"core:plugin/{self.id}",
            "baseUrl": self.place,
            "signature": "internal",
            "loadingStrategy": "script",
            "angular": {"detected": False, "hideDeprecation": False},
        }


@dataclass(frozen=True)
class Frontend:
    """A folder `public/` of Grafana. Errors: FrontendError."""

    public: Path
    version: str = _VERSION

    def __post_init__(self) -> None:
        if not (self.public / MANIFEST).is_file():
            raise FrontendError(
                f"{self.public} holds no {MANIFEST}: it must be the folder public/ of a built Grafana "
                "frontend"
            )

    @cached_property
    def entrypoints(self) -> Json:
        """Scripts and style sheets, by entry point."""
        found: Json = json.loads((self.public / MANIFEST).read_text(encoding="utf-8"))["entrypoints"]
        return found

    def assets(self, entrypoint: str, kind: str) -> list[str]:
        """Addresses of the files of an entry point; kind: js or css."""
        return list(self.entrypoints[entrypoint]["assets"].get(kind, ()))

    @cached_property
    def plugins(self) -> dict[str, Plugin]:
        """Panels and data sources, by name."""
        found = {}
        for path in sorted((self.public / "app/plugins").glob("*/*/plugin.json")):
            kind, folder, _ = path.parts[-3:]
            plugin = Plugin(kind, folder, json.loads(path.read_text(encoding="utf-8")))
            found[plugin.id] = plugin
        return found

    def file(self, name: str) -> Path | None:
        """A file below `public/`, as the frontend asks for it; None if there is none."""
        plugin = _PLUGIN_FILE.fullmatch(name)
        if plugin and (known := self.plugins.get(plugin[1])):
            name = f"app/plugins/{known.kind}/{known.folder}/{plugin[2]}"
        path = (self.public / name).resolve()
        return path if path.is_file() and path.is_relative_to(self.public.resolve()) else None
