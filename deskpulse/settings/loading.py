"""Reading the settings: one YAML file, then variables on top, every fault reported together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from deskpulse.settings.document import Document, UnreadableFileError, read_document
from deskpulse.settings.faults import (
    Fault,
    SettingsError,
    from_pydantic,
    repeated_key,
    unknown_key,
    unknown_variables,
)
from deskpulse.settings.root import Settings

CONFIG_VARIABLE: Final = "DESKPULSE_CONFIG"


def load(config: Path | None = None) -> Settings:
    """Settings from the configuration file and the `DESKPULSE_*` variables.

    The file is `config`, else the one that `DESKPULSE_CONFIG` names, else none. Errors: SettingsError, with
    every fault of file and variables.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    path = config or (Path(named) if named else None)
    document, faults = _read(path) if path else (Document(), [])
    # Names with an underscore in front are switches of pydantic-settings itself, never a setting.
    private = [name for name in document.values if name.startswith("_")]
    faults += [unknown_key((name,), document) for name in private]
    faults += [repeated_key(where, document) for where in document.repeated]
    faults += unknown_variables(os.environ)
    settings = None
    try:
        settings = Settings(**{name: value for name, value in document.values.items() if name not in private})
    except ValidationError as error:
        faults += [
            from_pydantic(detail, document) for detail in error.errors() if not _reported(detail, document)
        ]
    if settings is None or faults:
        raise SettingsError(faults)
    return settings


def _read(path: Path) -> tuple[Document, list[Fault]]:
    try:
        return read_document(path), []
    except UnreadableFileError as error:
        # The variables are still read, so that their faults show in the same run.
        return Document(), [Fault(str(path), error.what, error.fix)]


def _reported(detail: ErrorDetails, document: Document) -> bool:
    """Whether an unknown key comes from a variable, which `unknown_variables` has reported already."""
    return detail["type"] == "extra_forbidden" and detail["loc"] not in document.lines
