"""YAML from people ends at once.

Whatever nests, refers to itself or stands for too much is refused in a line, at every door.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deskpulse import exits
from deskpulse.settings.yaml_bounds import DEEPEST, MOST_VALUES, YamlBoundError, check, load
from tests.cli.harness import run_command

LAUGHS = "\n".join(
    [
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)),
    ]
)
MERGED = "\n".join(
    [
        "a0: &a0 {k: v}",
        *(f"a{n}: &a{n} {{{', '.join(f'k{i}: *a{n - 1}' for i in range(9))}}}" for n in range(1, 12)),
    ]
)
BOMBS = {
    "aliases of lists": (
        LAUGHS,
        f"with its aliases expanded it has more than {MOST_VALUES:,} values in line 5",
    ),
    "aliases of mappings": (
        MERGED,
        f"with its aliases expanded it has more than {MOST_VALUES:,} values in line 6",
    ),
    "brackets": (
        "versions: " + "[" * 20_000 + "]" * 20_000,
        f"it nests deeper than {DEEPEST} levels in line 1",
    ),
    "braces": ("{a: " * 20_000 + "1" + "}" * 20_000, f"it nests deeper than {DEEPEST} levels in line 1"),
    "dashes": ("versions:\n  " + "- " * 5_000 + "x", f"it nests deeper than {DEEPEST} levels in line 2"),
    "itself": ("versions: &a [*a]", "*a contains itself in line 1"),
    "plain length": (
        f"versions: [{'x, ' * (MOST_VALUES + 9)}]",
        f"more than {MOST_VALUES:,} values in line 1",
    ),
    "bytes": ("# " + "x" * (5 << 20), "it is larger than 4 MiB"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_in_one_line_whichever_file_it_is(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, wrong = BOMBS[kind]
    path = tmp_path / "bomb.yaml"
    path.write_text(text, encoding="utf-8")
    events = tmp_path / "events.csv"
    events.write_text("id\n1\n", encoding="utf-8")
    settings = run_command("check", "--config", path)
    ruled = run_command("rules", "--receivers", path)
    mapped = run_command("report", events, "--mapping", path)
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(path))
    policy = run_command("check")
    for answer in (settings, policy, mapped, ruled):
        assert exits.USAGE == answer.code
        assert wrong.partition(" in line")[0] in answer.err
        assert 500 > len(answer.err)
    assert wrong in settings.err
    assert wrong in policy.err


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_people_write_passes(value: object) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    assert yaml.safe_load(text) == load(text)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5))
def test_what_an_alias_stands_for_is_counted(wide: int, times: int, levels: int) -> None:
    """A list of `wide` values, `times` times, `levels` times over.

    It is refused exactly where the whole has too many values.
    """
    lines = [
        f"a0: &a0 [{', '.join(['x'] * wide)}]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * times)}]" for n in range(1, levels + 1)),
    ]
    sizes = [1 + wide]
    for _ in range(levels):
        sizes.append(1 + times * sizes[-1])
    fits = sum(sizes) + len(sizes) <= MOST_VALUES
    if fits:
        check("\n".join(lines))
    else:
        with pytest.raises(YamlBoundError):
            check("\n".join(lines))


def test_the_examples_are_far_from_any_bound() -> None:
    for path in Path("examples").rglob("*.yaml"):
        check(path.read_text(encoding="utf-8"))
        assert MOST_VALUES > 20 * len(path.read_text(encoding="utf-8").split())
