"""The common parts of all sections of the settings.

They are the strict base class, lists from text, and faults that name their fix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from streams.names import unfit

VARIABLE_PREFIX: Final = "DESKPULSE_"
_ADDRESS: Final = re.compile(r"\[[0-9A-Fa-f:.]+(%[^]]*)?\]:")  # of version 6, with a port
DELIMITER: Final = "__"


class Section(BaseModel):
    """A section of the YAML file; frozen, and an unknown key is a fault."""

    # Defaults are validated too: a check across fields sits on the later field and must run when that one is
    # left out.
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False, hide_input_in_errors=True
    )


def wrong(what: str, fix: str) -> PydanticCustomError:
    """A fault of one setting: `what` is wrong with its value, and the `fix`. Raise it in a validator."""
    # The texts go in as context: a brace in a value must not be read as a placeholder.
    return PydanticCustomError("deskpulse", "{what}", {"what": what, "fix": fix})


def check_name(name: str) -> str:
    """A name that events can carry and every border can show. Errors: a fault of the setting that has it."""
    if code := unfit(name):
        raise wrong(
            f"{name!r} has the character {code}, which no event can carry and some screens cannot display",
            "leave the character out",
        )
    if name != name.strip():
        raise wrong(f"{name!r} has spaces around it, which are removed from names", "write it without them")
    return name


def listed(value: object) -> object:
    """A list from a variable's text: `a,b` or JSON `["a", "b"]`.

    Anything else is left to the type's own check.

    >>> listed("[::1]:9092, b:9092"), listed('["a"]')
    (['[::1]:9092', 'b:9092'], ['a'])
    """
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("[") and not _ADDRESS.match(value.lstrip()):
        return from_json(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def from_json(value: object) -> object:
    """A mapping or list from a variable's JSON text; anything else is left to the type's own check."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise wrong(
            f"not valid JSON ({error.msg} at character {error.pos + 1})", "check quotes and brackets"
        ) from error


def check_readable(path: Path | None) -> None:
    """A fault unless the file can be read, or none is named."""
    try:
        if path is not None:
            path.read_bytes()
    except OSError as error:
        raise wrong(f"cannot be read ({error.strerror})", "name a file that this user may read") from error


def read_secret(secret: SecretStr | None, path: Path | None) -> str | None:
    """A secret that stands in a setting, or in a file of its own; None without either.

    Errors: OSError, UnicodeDecodeError.
    """
    if secret is not None:
        return secret.get_secret_value()
    # Editors and `echo` end a file with a line feed that is not part of the secret.
    return None if path is None else path.read_text(encoding="utf-8").rstrip("\r\n")


NameList = Annotated[tuple[str, ...], BeforeValidator(listed)]


def variable(path: tuple[str, ...]) -> str:
    """The environment variable of a setting.

    >>> variable(("kafka", "ca_file"))
    'DESKPULSE_KAFKA__CA_FILE'
    """
    return VARIABLE_PREFIX + DELIMITER.join(path).upper()


def leaves(
    model: type[BaseModel], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every setting of a model with its path, sections opened, in the order of the code."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind, (*above, name))
        else:
            yield (*above, name), field


def at_path(tree: Any, path: tuple[str, ...]) -> Any:
    """The value at a path of nested mappings, None where the path ends early."""
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree
