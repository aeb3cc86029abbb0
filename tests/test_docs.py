"""Whatever the pages claim about this tree is checked; the checks are shown pages that lie."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deskpulse.settings import Settings
from deskpulse.settings.base import leaves, variable
from scripts import docs_check, tidy

PAGES = docs_check.pages()
# Read by tools, before or beside the settings.
OTHER_VARIABLES = {
    "DESKPULSE_ALL_CLOCKS",
    "DESKPULSE_CONFIG",
    "DESKPULSE_JAVA",
    "DESKPULSE_KAFKA_CACHE",
    "DESKPULSE_KAFKA_REPOSITORY",
    "DESKPULSE_REQUIRE_BROWSER",
    "DESKPULSE_REQUIRE_KAFKA",
    "DESKPULSE_TEST_QUICK",
}


def faults(rule: Callable[[str], list[str]], paths: list[Path]) -> list[str]:
    return [
        f"{path}: {fault}" for path in paths for fault in rule((tidy.ROOT / path).read_text(encoding="utf-8"))
    ]


def known_variables() -> set[str]:
    return OTHER_VARIABLES | {variable(path) for path, _ in leaves(Settings)}


def test_the_pages_are_seen() -> None:
    assert {
        Path("CONTRIBUTING.md"),
        Path("SECURITY.md"),
        Path("docs/docker.md"),
        Path("docs/kafka.md"),
    } <= set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    assert [] == docs_check.broken_links(page, (tidy.ROOT / page).read_text(encoding="utf-8"))


def test_named_tests_exist() -> None:
    assert [] == faults(docs_check.missing_tests, PAGES)


def test_named_make_targets_exist() -> None:
    targets = docs_check.make_targets()
    assert [] == faults(lambda text: docs_check.unknown_targets(text, targets), PAGES)


def test_named_variables_are_read() -> None:
    known = known_variables()
    settings_of_others = [
        Path("docker-compose.yml"),
        Path("deploy/docker/Dockerfile"),
        Path(".ci/run"),
        Path("Makefile"),
    ]
    assert [] == faults(lambda text: docs_check.unknown_variables(text, known), [*PAGES, *settings_of_others])


class TestTheChecksThemselves:
    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "kafka.md").write_text("# Own Kafka\n## TLS/SASL\n## Keys\n## Keys\n")
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests" / "test_x.py").write_text(
            "def test_it(): ...\nclass TestY:\n    def test_z(self): ...\n"
        )
        (tmp_path / "Makefile").write_text("A := b\ntest: x ## Tests\n.PHONY: demo\ncompose-check: y\n")
        return tmp_path

    @pytest.mark.parametrize(
        "target",
        ["docs/kafka.md", "docs/kafka.md#tlssasl", "docs/kafka.md#keys-1", "https://example.org/x", "docs"],
    )
    def test_a_good_link_passes(self, tree: Path, target: str) -> None:
        assert [] == docs_check.broken_links(Path("README.md"), f"See [it]({target}).", tree)

    @pytest.mark.parametrize(
        "target", ["docs/rabbit.md", "docs/kafka.md#mtls", "docs/kafka.md#keys-2", "/docs/kafka.md"]
    )
    def test_a_broken_link_is_seen(self, tree: Path, target: str) -> None:
        assert 1 == len(docs_check.broken_links(Path("README.md"), f"See ![it]({target}).", tree))

    def test_links_are_relative_to_their_page(self, tree: Path) -> None:
        assert [] == docs_check.broken_links(
            Path("docs/docker.md"), "[it](kafka.md) and [up](../Makefile)", tree
        )

    def test_links_inside_code_are_no_links(self, tree: Path) -> None:
        assert [] == docs_check.broken_links(Path("README.md"), "```\n[a](b)\n```\nand `[a](b)`", tree)

    def test_a_link_within_the_page_is_checked(self, tree: Path) -> None:
        assert ["link to #gone: no such heading"] == docs_check.broken_links(
            Path("docs/kafka.md"), "[x](#gone) [y](#keys)", tree
        )

    def test_a_test_that_is_gone_is_seen(self, tree: Path) -> None:
        text = (
            "Held by `tests/test_x.py::test_it`, `tests/test_x.py::TestY::test_z`, "
            "`tests/test_x.py::test_gone` and `tests/test_y.py`."
        )
        assert [
            "names tests/test_x.py::test_gone: no such test",
            "names tests/test_y.py: no such file",
        ] == docs_check.missing_tests(text, tree)

    def test_a_target_that_is_gone_is_seen(self, tree: Path) -> None:
        text = "Run `make test`, `make fly` or\n```\nmake compose-check\nmake soar\n```\nand make sure."
        assert [
            "names make fly: no such target",
            "names make soar: no such target",
        ] == docs_check.unknown_targets(text, docs_check.make_targets(tree))

    def test_a_variable_that_nothing_reads_is_seen(self) -> None:
        known = {"DESKPULSE_APP_ID"}
        assert [] == docs_check.unknown_variables(
            "DESKPULSE_APP_ID=x and DESKPULSE_* and `DESKPULSE_`", known
        )
        assert ["names DESKPULSE_APPID: nothing reads it"] == docs_check.unknown_variables(
            "export DESKPULSE_APPID=x", known
        )

    def test_the_known_variables_are_those_of_the_settings(self) -> None:
        assert {"DESKPULSE_KAFKA__CA_FILE", "DESKPULSE_EXPORTER__INSECURE_LISTEN"} <= known_variables()
