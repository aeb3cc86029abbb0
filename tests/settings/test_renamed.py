"""Words that have another name now: who writes the old one is told the new one, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel

from deskpulse.policy import PolicyError, load_policy
from deskpulse.policy.schema import PolicyFile
from deskpulse.settings import SettingsError, load
from deskpulse.settings.base import variable
from deskpulse.settings.renamed import POLICY, SETTINGS, Became
from deskpulse.settings.root import Settings

_VERSION = "versions:\n  - name: a\n    resolution: [{within: 8h, objective: 90%}]\n"


def nested(word: str) -> str:
    """A file in which a word of sections has a value."""
    parts = word.split(".")
    return (
        "".join(f"{'  ' * depth}{part}:\n" for depth, part in enumerate(parts[:-1]))
        + f"{'  ' * (len(parts) - 1)}{parts[-1]}: 5\n"
    )


def is_known(model: type[BaseModel], word: str) -> bool:
    """Whether a word of sections can be written."""
    first, _, rest = word.partition(".")
    if first not in model.model_fields:
        return False
    kind = model.model_fields[first].annotation
    return not rest or (isinstance(kind, type) and issubclass(kind, BaseModel) and is_known(kind, rest))


@pytest.mark.parametrize(("model", "words"), [(Settings, SETTINGS), (PolicyFile, POLICY)])
def test_an_old_word_is_unknown_and_the_one_in_its_place_is_known(
    model: type[BaseModel], words: Mapping[str, Became]
) -> None:
    for old, found in words.items():
        assert not is_known(model, old), old
        assert found.now is None or is_known(model, found.now), found.now


@pytest.mark.parametrize("old", POLICY)
def test_an_old_word_of_the_policy_is_told_the_new_one(tmp_path: Path, old: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(_VERSION + nested(old), encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    now = POLICY[old].now
    said = "it no longer exists" if now is None else f"it is now called {now}"
    assert f"policy.yaml:{3 + old.count('.') + 1}: {old}: {said}\n    fix: {POLICY[old].fix}" in str(
        caught.value
    ).replace("\n  ", "\n")
    assert "1 fault in the policy" in str(caught.value)


@pytest.mark.parametrize("old", SETTINGS)
def test_an_old_setting_is_told_the_new_one_in_the_file_and_as_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(nested(old), encoding="utf-8")
    now = SETTINGS[old].now
    assert now is not None
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert f"{old}: it is now called {now}" in str(caught.value)
    monkeypatch.setenv(variable(tuple(old.split("."))), "5")
    with pytest.raises(SettingsError) as caught:
        load()
    assert f"{variable(tuple(old.split('.')))}: it is now called {variable(tuple(now.split('.')))}" in str(
        caught.value
    )
    assert SETTINGS[old].fix in str(caught.value)
