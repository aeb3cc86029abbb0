"""The generated part of `docs/privacy.md`: `python -m scripts.privacy_doc [--check]`.

It is what `deskpulse privacy --format markdown` prints for the default settings.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deskpulse.privacy import as_markdown, inventory
from deskpulse.settings import Settings
from scripts.parts import renewed
from scripts.tidy import ROOT

PAGE: Final = Path("docs/privacy.md")
BEGIN: Final = "<!-- Made by scripts/privacy_doc.py from the code, down to the next such line. -->\n"
END: Final = "<!-- Down to here. -->\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page's part anew, or compare it."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.privacy_doc", description="What becomes of every field of the contract."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the committed page is out of date"
    )
    options = parser.parse_args(arguments)
    if options.check:
        if is_current(ROOT):
            return 0
        print(f"privacy_doc: {PAGE} is not what the code gives: run `python -m scripts.privacy_doc`")
        return 1
    (ROOT / PAGE).write_text(render((ROOT / PAGE).read_text(encoding="utf-8")), encoding="utf-8")
    print(f"privacy_doc: wrote {PAGE}")
    return 0


def render(page: str) -> str:
    """The page with its part made anew. Errors: ValueError where it has no marks."""
    # Variables of the machine that makes the page must not reach it.
    made = as_markdown(inventory(defaults()))
    return renewed(PAGE, page, begin=BEGIN, end=END, made=made)


def defaults() -> Settings:
    """The settings as they are without a file and without variables."""
    return Settings.model_construct()


def is_current(root: Path) -> bool:
    """Whether the committed page is what the code gives."""
    page = (root / PAGE).read_text(encoding="utf-8")
    return page == render(page)


if __name__ == "__main__":
    raise SystemExit(main())
