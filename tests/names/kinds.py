"""Names that people choose, by kind: what each could be taken for on some border.

Every one is a name of 1 to 128 characters.
"""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from streams.names import fold, unfit

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "a plain word": ("billing", "Customer_Care", "tier-2"),
    "several words": ("customer care", "two  spaces", "3rd line support"),
    "quotes": ('Tier "gold"', "O'Neil", "“so-called”", '"', "''", '"""'),
    "backslashes": ("back\\slash", "ends with \\", "\\n", "\\u0041", '\\"'),
    "per cent": ("Top 10% clients", "100%", "%2F", "%s", "%(name)s"),
    "an address": ("a/b?c#d&e=f", "https://example.com/x", "../../etc/passwd", "?", "#", "a+b", "~", "."),
    "a template": (
        "{{ $labels.team }}",
        "{{",
        "}}",
        "${HOME}",
        "$team",
        "[[team]]",
        "$__all",
        "{0}",
        "<% %>",
        "`id`",
        "$(id)",
    ),
    "a pattern": (".*", "a|b", "^$", "[a-z]+", "(", "a{2,}", "*", "c++", "(?i)x"),
    "a matcher": ("a,b}", '{team="x"}', "team=x", "=~", "!=", '",severity="page'),
    "YAML": (
        "yes",
        "null",
        "~x",
        "- a",
        "a: b",
        "#",
        "&a",
        "*a",
        "!tag",
        "|",
        ">",
        "%YAML",
        "@x",
        "`",
        "1e3",
        "0x10",
        "12:30",
        "true",
        "?",
        "---",
    ),
    "JSON": ('{"a": 1}', "[1, 2]", '","'),
    "HTML": ("<b>bold</b>", "<script>alert(1)</script>", "&amp;", "a & b", "<", '" onmouseover="x'),
    "a formula": ("=SUM(A1:A9)", "+1", "-no", "@cmd", "-1"),
    "an option": ("--help", "-o", "--"),
    "other scripts": ("支援", "دعم العملاء", "Поддержка", "שירות", "ฝ่ายบริการ", "고객지원"),
    "accents": ("Atención al cliente", "Größe", "Ñandú", "e\u0301quipe", "İstanbul", "ﬁnance"),
    "emoji": ("💬", "👩🏽‍💻 tech", "🇪🇸"),
    "no letters": ("!", "...", "___", "---", "🙂", "\u00b7"),
    "the longest": ("l" * 128, "支" * 128, '"' * 128, "\\" * 128),
    "of one letter": ("a", "Ñ", "7"),
    "a word of ours": (
        "page",
        "a-page",
        "team",
        "desk",
        "desk-page",
        "platform",
        "watchdog",
        "unknown",
        "closed",
        "all teams",
    ),
    "another one's receiver": ("a", "a-page", "a-page-page", "team-a"),
    "spaces of other widths": ("a\u00a0b", "a\u2003b", "a\u200bb"),
    "a number": ("1", "007", "1.5", "٣"),
}


def names_of(kinds: dict[str, tuple[str, ...]] = KINDS) -> list[str]:
    """All of them, one of each fold: two spellings of one name are one name."""
    found: dict[str, str] = {}
    for names in kinds.values():
        for name in names:
            found.setdefault(fold(name), name)
    return list(found.values())


any_name = st.text(min_size=1, max_size=128).filter(
    lambda name: unfit(name) is None and name == name.strip() and bool(fold(name))
)
