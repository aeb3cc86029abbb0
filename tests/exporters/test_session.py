"""The cookie of a browser: it proves itself, ends, and dies with the secrets that it was made of."""

from typing import Any

import pytest

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig
from exporters.web.session import SESSION_SECONDS, Sessions
from tests.exporters.desk import RULES

NOW = 1_800_000_000


def sessions(**settings: Any) -> Sessions:
    return Sessions(ExporterConfig(time=EXPORTER, kafka={}, view_rules=RULES, **settings))


def test_a_cookie_holds_for_thirty_days_here_and_at_every_exporter_with_the_same_secrets() -> None:
    cookie = sessions(bearer_token="a").make(NOW)
    assert 30 * 86_400 == sessions(bearer_token="a").left_seconds(cookie, NOW)
    assert sessions(bearer_token="a").left_seconds(cookie, NOW + SESSION_SECONDS) <= 0


@pytest.mark.parametrize(
    "settings",
    [
        {"bearer_token": "b"},
        {"bearer_token": "a", "basic_auth": ("u", "p")},
        {"basic_auth": ("a", "p")},
        {"basic_auth": ("u", "a")},
    ],
)
def test_another_secret_ends_it(settings: dict[str, Any]) -> None:
    assert sessions(**settings).left_seconds(sessions(bearer_token="a").make(NOW), NOW) == 0


def test_secrets_that_read_alike_are_not_the_same() -> None:
    cookie = sessions(bearer_token="ab", basic_auth=("c", "d")).make(NOW)
    assert sessions(bearer_token="a", basic_auth=("bc", "d")).left_seconds(cookie, NOW) == 0


@pytest.mark.parametrize(
    "change",
    [
        "",
        "x",
        ".",
        "9" * 4000,
        "{end}",
        "{end}.",
        "{end}.{proof}0",
        "1{end}.{proof}",
        "{end} .{proof}",
        "-1.{proof}",
    ],
)
def test_what_was_not_made_here_is_nothing(change: str) -> None:
    end, proof = sessions(bearer_token="a").make(NOW).split(".")
    assert sessions(bearer_token="a").left_seconds(change.format(end=end, proof=proof), NOW) == 0
