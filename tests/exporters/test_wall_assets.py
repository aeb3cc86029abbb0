"""The page that is shipped is built from the committed sources.

Nothing in it is inline, and nothing comes from elsewhere.
"""

import hashlib
import json
import re
from pathlib import Path

import pytest

from exporters.wall import assets
from exporters.wall.specs import TILES
from scripts.tidy import ROOT
from scripts.wall_types import structs, text

WALL, STATIC = ROOT / "wall", ROOT / "exporters" / "wall" / "static"
SOURCES = sorted(path for path in (WALL / "src").rglob("*") if path.is_file())
SCRIPTS = [path for path in SOURCES if path.suffix in {".ts", ".tsx"}]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_was_built_from_these_sources() -> None:
    """Whoever changed one without the other: `make wall`.

    `make wall-check` builds them again, which needs Node.
    """
    told = json.loads((WALL / "built.json").read_text())
    own = [
        "build.mjs",
        "package.json",
        "package-lock.json",
        "tsconfig.json",
        *(str(path.relative_to(WALL)) for path in SOURCES),
    ]
    assert told["sources"] == {name: digest(WALL / name) for name in own}
    assert told["built"] == {path.name: digest(path) for path in sorted(STATIC.iterdir())}


def test_the_lock_names_no_host_and_has_a_hash_for_each_package() -> None:
    lock = json.loads((WALL / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert not [name for name, one in packages.items() if "resolved" in one]
    assert not [name for name, one in packages.items() if not one["integrity"].startswith("sha512-")]
    wanted = json.loads((WALL / "package.json").read_text())
    versions = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert versions == {name: packages[f"node_modules/{name}"]["version"] for name in versions}, (
        "exact versions only"
    )


@pytest.mark.parametrize("page", [assets.WALL_PAGE, assets.LOGIN_PAGE], ids=["wall", "login"])
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(page: assets.Asset) -> None:
    """The content security policy would refuse it."""
    assert not re.search(
        r"https?://|<style|style=|\son\w+=|<script(?! src=\"assets/\w+\.js\" type=\"module\"></script>)",
        page.body.decode(),
    )


def test_the_scripts_and_the_style_name_no_address() -> None:
    """But for the name spaces of XML, which nobody fetches."""
    for name in ("wall.js", "login.js", "wall.css"):
        found = set(re.findall(r"https?://[^\"'`)\s]+", assets.ASSETS[name].body.decode()))
        assert {one for one in found if not one.startswith("http://www.w3.org/")} == set(), name
    assert re.findall(r"url\(([^)]*)\)", assets.ASSETS["wall.css"].body.decode()) == ["inter.woff2"]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_text_never_becomes_markup_or_code(path: Path) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new "
        r"Function|dangerouslySetInnerHTML",
        path.read_text(encoding="utf-8"),
    )


def test_the_licences_of_what_is_bundled_are_shipped() -> None:
    licences = assets.ASSETS["LICENSES.txt"].body.decode()
    for package, words in (
        ("preact ", "MIT License"),
        ("d3-shape ", "Permission to use, copy"),
        ("inter ", "SIL OPEN FONT LICENSE"),
    ):
        assert package in licences
        assert words.lower() in licences.lower()


def test_the_page_knows_every_field_that_is_sent() -> None:
    assert {"Pulse", "Tile", "Wall"} <= {struct.__name__ for struct in structs()}
    assert text() == (WALL / "src" / "model.ts").read_text(encoding="utf-8")


def test_every_tile_has_a_name_in_every_language() -> None:
    words = (WALL / "src" / "words.ts").read_text(encoding="utf-8")
    lists = re.findall(r"\n  tiles: \{\n(.*?)\n  \}", words, re.DOTALL)
    assert len(lists) == 2
    for names in lists:
        assert {spec.id for spec in TILES} | {"open", "unanswered"} == set(
            re.findall(r"^    (\w+): \[", names, re.MULTILINE)
        )
