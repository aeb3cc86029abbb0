"""The tree keeps its own rules.

Every rule is also shown a text that breaks it, since a check that cannot fail is a defect.
"""

import importlib.metadata
import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import tidy

CODE = sorted(tidy.files(".py"))


def faults(rule: Callable[[str], list[str]], paths: list[Path]) -> list[str]:
    return [
        f"{path}: {fault}" for path in paths for fault in rule((tidy.ROOT / path).read_text(encoding="utf-8"))
    ]


def inside(package: str) -> list[Path]:
    return [path for path in CODE if path.parts[0] == package]


def test_the_tree_is_seen() -> None:
    assert {"deskpulse", "tests", "scripts"} <= {path.parts[0] for path in CODE}
    assert not [path for path in CODE if ".venv" in path.parts]


def test_files_stay_short() -> None:
    assert [] == faults(tidy.long_file, CODE)


def test_functions_stay_short() -> None:
    assert [] == faults(tidy.long_functions, CODE)


@pytest.mark.parametrize("package", sorted(tidy.PURE_PACKAGES))
def test_pure_packages_stay_pure(package: str) -> None:
    """No clock, no randomness, no network, no logger: a replayed day gives the numbers of the live one."""
    assert [] == faults(
        lambda source: tidy.foreign_imports(source, tidy.PURE_PACKAGES[package]), inside(package)
    )
    assert [] == faults(tidy.impure_calls, inside(package))


PRODUCT = [path for path in CODE if path.parts[0] in tidy.PACKAGES]


def test_the_composition_root_alone_reads_clocks() -> None:
    """It passes them on: then a test, or a replay of an incident, can stand at any instant."""
    asks = [path for path in PRODUCT if not str(path).startswith(tidy.MAY_READ_CLOCKS)]
    assert [] == faults(tidy.clock_reads, asks)
    takes = [path for path in PRODUCT if not str(path).startswith(tidy.MAY_PASS_CLOCKS)]
    assert [] == faults(tidy.passed_clocks, takes)


@pytest.mark.parametrize("exception", tidy.MAY_READ_CLOCKS)
def test_an_exception_from_the_rule_about_clocks_is_needed(exception: str) -> None:
    assert faults(tidy.clock_reads, [path for path in PRODUCT if str(path).startswith(exception)])


def test_only_the_command_line_prints() -> None:
    silent = [
        path for path in CODE if path.parts[0] in tidy.PACKAGES and not str(path).startswith(tidy.MAY_PRINT)
    ]
    assert [] == faults(tidy.prints, silent)


def test_what_is_left_open_names_its_issue() -> None:
    assert [] == faults(tidy.open_ends, CODE)


def test_users_read_plain_english() -> None:
    """In alerts, HELP lines, errors, log lines and help of commands; docstrings of commands are help."""
    product = [path for path in CODE if path.parts[0] in tidy.PACKAGES]
    commands = [path for path in product if "commands" in path.parts]
    assert commands
    assert [] == faults(tidy.stiff_literals, product)
    assert [] == faults(lambda source: tidy.stiff_literals(source, docstrings=True), commands)


def test_screens_show_plain_english() -> None:
    """On the built-in wall, on the boards of Grafana, and in the rules as Prometheus reads them."""
    texts = [*tidy.files(".ts"), *tidy.files(".yaml"), *tidy.files(".yml")]
    shown = [
        path
        for path in texts
        if path.name in {"words.ts", "words.yaml", "definitions.yaml"}
        or path.parts[:2] == ("monitoring", "rules")
    ]
    assert {"words.ts", "words.yaml", "sla.yml"} <= {path.name for path in shown}
    assert [] == faults(tidy.stiff_words, shown)


def test_pages_name_who_acts() -> None:
    """But for the changelog and the decisions, which keep the words of their day."""
    pages = [path for path in tidy.files(".md") if path.name != "CHANGELOG.md" and "adr" not in path.parts]
    assert {"README.md", "alerts.md"} <= {path.name for path in pages}
    assert [] == faults(tidy.missing_actors, pages)


# Names that two modules of the product share, and why. The oracle is left out: it has the field's words too,
# and must know nothing of the product's.
SHARED_NAMES = {
    "AtRisk": "the wall's JSON of the same thing, named so in TypeScript too",
    "Endangered": "the wall's JSON of the same thing",
    "Tile": "the wall's JSON of the tile that a KPI declares",
    "Trend": "the wall's JSON of the same thing",
}


def test_a_type_has_a_name_of_its_own_unless_the_list_says_why() -> None:
    product = [path for path in CODE if path.parts[0] in set(tidy.PACKAGES) - {"oracle"}]
    found = tidy.shared_names({str(path): (tidy.ROOT / path).read_text(encoding="utf-8") for path in product})
    assert set(SHARED_NAMES) == {line.partition(":")[0] for line in found}, found


def test_no_other_distribution_owns_our_package_names() -> None:
    assert [] == tidy.name_clashes(importlib.metadata.packages_distributions())


@pytest.mark.parametrize("package", tidy.PACKAGES)
def test_our_packages_come_from_this_tree(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin == str(tidy.ROOT / package / "__init__.py")


def test_all_code_is_packed() -> None:
    assert [] == tidy.folders_without_init()


class TestTheRulesThemselves:
    def test_a_long_file_is_seen(self) -> None:
        assert [] == tidy.long_file("x = 1\n" * 500)
        assert ["501 lines, at most 500"] == tidy.long_file("x = 1\n" * 501)

    def test_a_long_function_is_seen_wherever_it_hides(self) -> None:
        body = "        x = 1\n" * 60
        assert ["line 2: f has 61 lines, at most 60"] == tidy.long_functions(
            f"class C:\n    async def f(self):\n{body}"
        )

    def test_a_docstring_does_not_count(self) -> None:
        body = "    x = 1\n" * 59
        docstring = '    """One.\n\n    Two.\n    """\n'
        assert [] == tidy.long_functions(f"def f():\n{docstring}{body}")

    @pytest.mark.parametrize(
        "source",
        [
            "import time",
            "from random import random",
            "import os.path",
            "def f():\n    import logging",
            "from . import clock",
            "import faust",
        ],
    )
    def test_an_impure_import_is_seen(self, source: str) -> None:
        assert 1 == len(tidy.foreign_imports(source, tidy.PURE_PACKAGES["windows"]))

    @pytest.mark.parametrize(
        "source", ["import bisect", "from windows.panes import Pane", "from collections.abc import Mapping"]
    )
    def test_a_pure_import_passes(self, source: str) -> None:
        assert [] == tidy.foreign_imports(source, tidy.PURE_PACKAGES["windows"])

    def test_windows_knows_nothing_of_tickets(self) -> None:
        assert ["line 1: imports kpis.tickets.row"] == tidy.foreign_imports(
            "import kpis.tickets.row", tidy.PURE_PACKAGES["windows"]
        )

    @pytest.mark.parametrize(
        "source",
        ["datetime.now()", "dt.datetime.utcnow()", "date.today()", "open('x')", "__import__('time')"],
    )
    def test_a_call_that_reads_the_world_is_seen(self, source: str) -> None:
        assert 1 == len(tidy.impure_calls(source))

    @pytest.mark.parametrize(
        "source",
        [
            "import time",
            "import os, time",
            "from time import monotonic",
            "from time import sleep, time_ns",
            "datetime.now(UTC)",
            "loop.time()",
            "asyncio.get_running_loop().time()",
        ],
    )
    def test_a_clock_of_one_s_own_is_seen(self, source: str) -> None:
        assert 1 == len(tidy.clock_reads(source))

    @pytest.mark.parametrize(
        "source",
        [
            "from time import sleep",
            "clock.now_ms()",
            "config.time.elapsed()",
            "import datetime",
            "path.time()",
        ],
    )
    def test_a_clock_that_was_passed_in_is_none(self, source: str) -> None:
        assert [] == tidy.clock_reads(source)

    @pytest.mark.parametrize(
        "source",
        ["import deskpulse.clocks", "from deskpulse.clocks import WORKER", "from deskpulse import clocks"],
    )
    def test_clocks_that_were_not_passed_in_are_seen(self, source: str) -> None:
        assert 1 == len(tidy.passed_clocks(source))
        assert [] == tidy.passed_clocks("from deskpulse import exits")

    def test_a_print_is_seen_and_a_method_of_that_name_is_not(self) -> None:
        assert ["line 1: print()"] == tidy.prints("print(1)")
        assert [] == tidy.prints("console.print(1)")

    @pytest.mark.parametrize("comment", ["# TODO later", "x = 1  # FIXME", "# TODO(me): later"])
    def test_an_open_end_without_issue_is_seen(self, comment: str) -> None:
        assert 1 == len(tidy.open_ends(comment))

    @pytest.mark.parametrize("source", ["# TODO (#3): soaks", "# TODO (issue 3)", "x = 'TODO'"])
    def test_an_open_end_with_issue_passes(self, source: str) -> None:
        assert [] == tidy.open_ends(source)

    @pytest.mark.parametrize(
        "text",
        [
            "Whoever asks",
            "nobody is told",
            "an hour, and for so long",
            "the ledger stands still",
            "it was built anew",
            "tell of it",
        ],
    )
    def test_a_stiff_word_is_seen(self, text: str) -> None:
        assert 1 == len(tidy.stiff_words(f"All is well.\n{text}.\n"))
        assert 1 == len(tidy.stiff_literals(f'NAME = "All is well."\nERROR = f"{text} {{NAME}}"\n'))
        assert 1 == len(tidy.stiff_literals(f'def f():\n    """{text}."""\n', docstrings=True))

    @pytest.mark.parametrize(
        "text", ["He told us.", "It is no longer here.", "A long time.", "Nobody answers."]
    )
    def test_plain_words_pass(self, text: str) -> None:
        assert [] == tidy.stiff_words(text)

    @pytest.mark.parametrize("text", ["Whoever asks", "the team is told", "they are told"])
    def test_a_page_that_hides_who_acts_is_seen(self, text: str) -> None:
        assert 1 == len(tidy.missing_actors(f"All is well.\n{text}.\n"))
        assert [] == tidy.missing_actors("The clocks stand still. She told us.")

    def test_a_docstring_is_for_developers_elsewhere(self) -> None:
        assert [] == tidy.stiff_literals('"""Whoever reads."""\n\n\ndef f():\n    """Whoever calls."""\n')

    def test_a_foreign_owner_is_seen(self) -> None:
        assert 1 == len(tidy.name_clashes({"agents": ["openai-agents"]}))
        assert [] == tidy.name_clashes({"agents": ["deskpulse"], "pytest": ["pytest"]})

    def test_a_folder_that_would_not_be_packed_is_seen(self, tmp_path: Path) -> None:
        for path in ("kpis/__init__.py", "kpis/deep/rows.py", "tests/test_x.py"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        assert ["kpis/deep"] == tidy.folders_without_init(tmp_path)
