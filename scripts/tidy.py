"""The rules of the tree that no linter knows, each a function from a source text to its faults.

`tests/test_tidy.py` applies them.
"""

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("streams", "kpis", "windows", "agents", "exporters", "oracle", "deskpulse")
DISTRIBUTION: Final = "deskpulse"

MAX_FILE_LINES: Final = 500
MAX_FUNCTION_LINES: Final = 60

# A list of what is allowed, so that a clock, a socket or a logger that nobody thought of is a fault too.
PURE_STANDARD_LIBRARY: Final = frozenset(
    {
        "__future__", "abc", "array", "base64", "bisect", "collections", "contextlib", "dataclasses",
        "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "itertools", "json",
        "math", "numbers", "operator", "re", "string", "struct", "types", "typing", "unicodedata", "zlib",
        "zoneinfo",
    }
)  # fmt: skip
PURE_PACKAGES: Final[Mapping[str, frozenset[str]]] = {
    "windows": PURE_STANDARD_LIBRARY | {"windows"},
    # logging, to listen: aiokafka tells why a connection failed in its log and nowhere else (`unreached.py`)
    # typing_extensions, for the type checker alone: nothing imports it when the program runs (`events.py`)
    "streams": PURE_STANDARD_LIBRARY | {"streams", "msgspec", "logging", "typing_extensions"},
    # importlib and pkgutil, to find the declarations of the KPIs beside each other
    # (`kpis/figures/catalogue.py`)
    "kpis": PURE_STANDARD_LIBRARY
    | {"kpis", "streams", "windows", "msgspec", "xxhash", "importlib", "pkgutil"},
}
# Everything else is passed a clock: a test, or a replay of an incident, can then stand at any instant.
MAY_READ_CLOCKS: Final = ("deskpulse/clocks.py",)  # where the composition root has them from
# The composition root: settings, clocks and the parts meet here alone.
MAY_PASS_CLOCKS: Final = ("deskpulse/wiring.py", "deskpulse/commands/", *MAY_READ_CLOCKS)
CLOCK_CALLS: Final = frozenset({"now", "utcnow", "today"})  # of datetime and date

# Where a program talks to a person; everything else logs or returns.
MAY_PRINT: Final = (
    "deskpulse/cli.py",
    "deskpulse/__main__.py",
    "deskpulse/commands/",
    "deskpulse/report.py",  # the body of a command
    "deskpulse/lab/brokers/__main__.py",
)
_SKIPPED_FOLDERS: Final = frozenset({"node_modules", "build", "dist", "shared", "__pycache__"})
# Words that no native speaker would write to a user; each has a plain one: the actor, "after this long", "is
# stuck", "again".
_STIFF: Final = re.compile(
    r"\bwhoever\b|\b(?:is|are|was|were|be|been|being) told\b|\btells? of\b|\bso long\b|\bso many "
    r"times\b|\bstand(?:s|ing)? still\b"
    r"|\b(?:built|begun|created) anew\b|\bis no matter of\b|\blets? everybody\b",
    re.IGNORECASE,
)
_NO_ACTOR: Final = re.compile(r"\bwhoever\b|\b(?:is|are) told\b", re.IGNORECASE)
_TODO: Final = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!\s*\((?:issue )?#?\d+\))")


def files(suffix: str, root: Path = ROOT) -> Iterator[Path]:
    """Our own files of a kind, relative to the root; nothing hidden, built or installed."""
    for entry in sorted(root.iterdir()):
        if entry.name.startswith(".") or entry.name in _SKIPPED_FOLDERS:
            continue
        if entry.is_dir():
            yield from (Path(entry.name) / path for path in files(suffix, entry))
        elif entry.suffix == suffix:
            yield Path(entry.name)


def long_file(source: str) -> list[str]:
    """A file over the limit."""
    count = len(source.splitlines())
    return [f"{count} lines, at most {MAX_FILE_LINES}"] if count > MAX_FILE_LINES else []


def long_functions(source: str) -> list[str]:
    """Functions over the limit, docstring and decorators aside."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)
            if count > MAX_FUNCTION_LINES:
                found.append(
                    f"line {node.lineno}: {node.name} has {count} lines, at most {MAX_FUNCTION_LINES}"
                )
    return found


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node) is None:
        return 0
    first = node.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def foreign_imports(source: str, allowed: Collection[str]) -> list[str]:
    """Imports of anything that is not allowed."""
    return [
        f"line {line}: imports {name}"
        for line, name in _imports(source)
        if name.partition(".")[0] not in allowed
    ]


def _imports(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "."


def impure_calls(source: str) -> list[str]:
    """Calls that read the clock or the world although their module is allowed."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(attr=name) if name in CLOCK_CALLS:
                found.append(f"line {node.lineno}: calls .{name}()")
            case ast.Name(id="open" | "input" | "__import__" | "eval" | "exec" as name):
                found.append(f"line {node.lineno}: calls {name}()")
            case _:
                pass
    return found


def clock_reads(source: str) -> list[str]:
    """Whatever reads a clock by itself, or could.

    That is the module `time` but for `sleep`, `now()` of dates, and `time()` of an event loop.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names) if any(name.name.partition(".")[0] == "time" for name in names):
                found.append(f"line {node.lineno}: imports time")
            case ast.ImportFrom(module="time", names=names) if any(name.name != "sleep" for name in names):
                found.append(f"line {node.lineno}: imports from time")
            case ast.Call(func=ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=name)) if (
                name in CLOCK_CALLS
            ):
                found.append(f"line {node.lineno}: calls .{name}()")
            case ast.Call(func=ast.Attribute(value=value, attr="time"), args=[]) if _is_loop(value):
                found.append(f"line {node.lineno}: asks an event loop for the time")
            case _:
                pass
    return found


def _is_loop(value: ast.expr) -> bool:
    """Whether an expression is an event loop, as far as its text tells."""
    return ast.unparse(value).removesuffix("()").endswith(("loop", "get_running_loop", "get_event_loop"))


def passed_clocks(source: str) -> list[str]:
    """Imports of the clocks of this machine, which the composition root alone has and passes on."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names) if any(name.name == "deskpulse.clocks" for name in names):
                found.append(f"line {node.lineno}: imports deskpulse.clocks")
            case ast.ImportFrom(module="deskpulse.clocks"):
                found.append(f"line {node.lineno}: imports from deskpulse.clocks")
            case ast.ImportFrom(module="deskpulse", names=names) if any(
                name.name == "clocks" for name in names
            ):
                found.append(f"line {node.lineno}: imports deskpulse.clocks")
            case _:
                pass
    return found


def prints(source: str) -> list[str]:
    """Calls of print()."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [
        f"line {call.lineno}: print()"
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "print"
    ]


def open_ends(source: str) -> list[str]:
    """TODO and its like in a comment without the issue that will end it: `TODO (#12)`."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [
        f"line {token.start[0]}: {token.string}"
        for token in tokens
        if token.type == tokenize.COMMENT and _TODO.search(token.string)
    ]


def stiff_words(text: str) -> list[str]:
    r"""Words in a text for users that are not plain English, a fault for each. Empty case: no fault.

    >>> stiff_words("Whoever waits is told.\nAll is well.")
    ['line 1: Whoever', 'line 1: is told']
    """
    lines = enumerate(text.splitlines(), 1)
    return [f"line {number}: {found[0]}" for number, line in lines for found in _STIFF.finditer(line)]


def missing_actors(text: str) -> list[str]:
    """Words in a page of the documentation that hide who acts, a fault for each. Empty case: no fault.

    >>> missing_actors("The team is told.")
    ['line 1: is told']
    """
    lines = enumerate(text.splitlines(), 1)
    return [f"line {number}: {found[0]}" for number, line in lines for found in _NO_ACTOR.finditer(line)]


def stiff_literals(source: str, *, docstrings: bool = False) -> list[str]:
    """Stiff words in the texts of a program: HELP lines, alerts, errors, log lines.

    Docstrings too where these are help for users.
    """
    tree = ast.parse(source)
    aside = set() if docstrings else {id(node) for node in _docstrings(tree)}
    texts = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in aside
    )
    return [f"line {node.lineno}: {found[0]}" for node in texts for found in _STIFF.finditer(str(node.value))]


def _docstrings(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node) is not None
        ):
            first = node.body[0]
            assert isinstance(first, ast.Expr)
            yield first.value


def name_clashes(owners: Mapping[str, Sequence[str]]) -> list[str]:
    """Our package names that an installed distribution other than ours owns as well.

    >>> name_clashes({"agents": ["deskpulse", "openai-agents"]})
    ['agents belongs to openai-agents too: python would import one of the two']
    """
    foreign = {package: sorted(set(owners.get(package, ())) - {DISTRIBUTION}) for package in PACKAGES}
    return [
        f"{package} belongs to {', '.join(names)} too: python would import one of the two"
        for package, names in foreign.items()
        if names
    ]


def shared_names(sources: Mapping[str, str]) -> list[str]:
    """Public classes and type aliases of one name in two modules, by the source of each module.

    >>> shared_names({"a/x.py": "class Plan: ...", "b/y.py": "Plan = dict[str, int]", "c/z.py": "PLAN = 1"})
    ['Plan: a/x.py, b/y.py']
    """
    homes: dict[str, list[str]] = {}
    for path, source in sources.items():
        for name in sorted(_types(ast.parse(source))):
            homes.setdefault(name, []).append(path)
    return [f"{name}: {', '.join(paths)}" for name, paths in sorted(homes.items()) if len(paths) > 1]


def _types(module: ast.Module) -> set[str]:
    found = set()
    for node in module.body:
        match node:
            case ast.ClassDef(name=name) if not name.startswith("_"):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) if name[0].isupper() and name != name.upper():
                found.add(name)
            case _:
                pass
    return found


def folders_without_init(root: Path = ROOT) -> list[str]:
    """Folders with code inside our packages that would not be packed."""
    return sorted(
        {
            str(path.parent)
            for path in files(".py", root)
            if path.parts[0] in PACKAGES and not (root / path.parent / "__init__.py").is_file()
        }
    )
