"""The setting that names the fourth dimension, and the policy that may use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import ValidationError

from deskpulse.policy import PolicyError, desk_policy
from deskpulse.settings import Settings
from deskpulse.wiring import shared_settings, state_rules, view_rules, wall_rules
from kpis.figures.bound import series_bound

LINES: Final = """
versions:
  - name: one
    first_reply:
      - {segment: Gold, within: 1h, objective: 90%}
      - {within: 4h, objective: 90%}
"""


def of(**desk: Any) -> Settings:
    return Settings(desk=desk)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_it_is_off_by_default_and_then_nothing_knows_of_it() -> None:
    settings = of()
    assert "desk.segment" not in shared_settings(settings)
    assert not state_rules(settings).segment
    assert ("team", "channel", "priority") == view_rules(settings).dimensions
    assert wall_rules(settings).segment is None


def test_its_name_is_shared_and_heads_the_walls_table() -> None:
    settings = of(segment="tier")
    assert "tier" == shared_settings(settings)["desk.segment"]
    assert state_rules(settings).segment
    assert ("team", "channel", "priority", "segment") == view_rules(settings).dimensions
    assert "tier" == wall_rules(settings).segment


@pytest.mark.parametrize("name", ["team", "Priority", "", "a\nb", "x" * 33])
def test_a_name_that_would_mislead_is_a_fault(name: str) -> None:
    with pytest.raises(ValidationError):
        of(segment=name)


def test_a_list_of_segments_without_the_dimension_is_a_fault() -> None:
    with pytest.raises(ValidationError, match=r"desk\.segment is not set"):
        of(members={"segment": ["gold"]})
    listed = of(segment="tier", members={"segment": ["gold"]})
    assert ("gold",) == view_rules(listed).members.lists["segment"]


def test_lines_by_segment_need_the_dimension(policy: Path) -> None:
    with pytest.raises(PolicyError, match=r"lines name the segments 'Gold', but desk\.segment is not"):
        desk_policy(of(policy=policy).desk)
    with pytest.raises(PolicyError):
        state_rules(of(policy=policy))
    found = view_rules(of(policy=policy, segment="tier"))
    assert ("Gold",) == found.members.named["segment"]  # a policy's names are never folded


def test_the_bound_of_series_counts_segments() -> None:
    without, with_segments = series_bound(view_rules(of())), series_bound(view_rules(of(segment="tier")))
    assert without < with_segments
    assert series_bound(view_rules(of(segment="tier", max_members=2))) < with_segments
