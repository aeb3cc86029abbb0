"""`wall/src/model.ts` from the types that the exporter sends: `python -m scripts.wall_types [--check]`.

`--check` writes nothing and exits 1 when the committed file is not what the code gives.
"""

import argparse
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from exporters.wall import model
from scripts.tidy import ROOT
from windows.offered import NAMES

FILE: Final = Path("wall/src/model.ts")
_HEAD: Final = (
    "// Made by scripts/wall_types.py from exporters/wall/model.py: run `python -m scripts.wall_types` "
    "instead of editing.\n"
)
_PLAIN: Final = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def typescript(kind: Any) -> str:
    """A type as TypeScript writes it.

    >>> typescript(list[float | None]), typescript(Literal["a", "b"]), typescript(tuple[int, int])
    ('(number | null)[]', '"a" | "b"', '[number, number]')
    """
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind.__name__
    make = _MADE.get(get_origin(kind))
    if make is None:
        message = f"{kind}: no TypeScript for it"
        raise TypeError(message)
    return make(get_args(kind))


def _either(kinds: Sequence[Any]) -> str:
    return " | ".join(dict.fromkeys(map(typescript, kinds)))


def _list(kinds: Sequence[Any]) -> str:
    inner = typescript(kinds[0])
    return f"({inner})[]" if " " in inner else f"{inner}[]"


_MADE: Final[dict[Any, Callable[[Sequence[Any]], str]]] = {
    Literal: lambda values: " | ".join(f'"{value}"' for value in values),
    Union: _either,
    types.UnionType: _either,
    list: _list,
    tuple: lambda kinds: f"[{', '.join(map(typescript, kinds))}]",
    dict: lambda kinds: f"Record<{', '.join(map(typescript, kinds))}>",
}


def structs() -> list[type[msgspec.Struct]]:
    """The structs of the model, in the order of the file."""
    return [
        one
        for one in vars(model).values()
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and one.__module__ == model.__name__
    ]


def text() -> str:
    """The whole file."""
    windows = ", ".join(f'"{name}"' for name in NAMES)
    return f"{_HEAD}\nexport const WINDOWS: string[] = [{windows}];\n" + "".join(
        "\n" + "\n".join(_interface(one)) + "\n" for one in structs()
    )


def _interface(struct: type[msgspec.Struct]) -> Iterator[str]:
    yield f"export interface {struct.__name__} {{"
    for name, kind in get_type_hints(struct).items():
        yield f"  {name}: {typescript(kind)};"
    yield "}"


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 when the committed file differs")
    check = parser.parse_args().check
    path = ROOT / FILE
    if check:
        if path.read_text(encoding="utf-8") == text():
            print(f"wall types: {FILE} is what the code says")
            return 0
        print(f"wall types: {FILE} is old: python -m scripts.wall_types, then make wall")
        return 1
    path.write_text(text(), encoding="utf-8")
    print(f"wall types: wrote {FILE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
