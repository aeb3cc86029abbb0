"""The policy file: what it may say, and every fault at once, with its line and its fix."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path
from textwrap import dedent

import pytest

from deskpulse.policy import PolicyError, build, load_file, load_policy
from deskpulse.policy.days import HolidayPart, holidays_of
from deskpulse.policy.schema import PolicyFile
from kpis.sla.calendar import BusinessCalendar, time_of
from scripts.tidy import ROOT

EXAMPLE = ROOT / "examples/policy.yaml"


def read(folder: Path, text: str) -> PolicyFile:
    path = folder / "policy.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return load_file(path)


def told(folder: Path, text: str) -> str:
    """What is said of a wrong file."""
    with pytest.raises(PolicyError) as caught:
        read(folder, text)
    return str(caught.value)


def with_version(lines: str) -> str:
    """A file of one version that promises something, with more lines."""
    more = "".join(f"    {line}\n" for line in dedent(lines).strip().splitlines())
    return f"versions:\n  - name: a\n    resolution: [{{within: 8h, objective: 90%}}]\n{more}"


def test_the_example_is_a_policy() -> None:
    policy = load_policy(EXAMPLE)
    assert policy is not None
    assert ["2025", "2026", "2027"] == [version.name for version in policy.versions]
    assert "retarget" == policy.versions[-1].after_triage
    assert ("first_reply", "next_reply", "resolution") == policy.targets
    terms = policy.terms(1_780_000_000_000, ("orders", "email", "high"))
    assert terms is not None
    assert terms.first_reply is not None
    assert terms.first_reply.within_ms == 30 * 60_000
    assert time_of(terms.first_reply.calendar).zone == "America/New_York"  # type: ignore[union-attr]


def test_the_demo_has_the_policy_of_the_example() -> None:
    default = resources.files("deskpulse.policy").joinpath("default.yaml").read_text(encoding="utf-8")
    assert EXAMPLE.read_text(encoding="utf-8") == default


def test_without_a_file_there_is_no_policy() -> None:
    assert load_policy(None) is None


def test_a_file_of_before_the_next_reply_keeps_its_digests_and_its_meaning() -> None:
    """Else a worker would refuse the ledger that it made by this file, until the last of its dates.

    The digests are those of the program before it; holidays are left out, since their library moves on.
    """
    policy, example = (
        load_policy(path) for path in (Path(__file__).parent / "before_next_reply.yaml", EXAMPLE)
    )
    assert policy is not None
    assert example is not None
    assert [version.digest(2026) for version in policy.versions] == [
        version.digest(2026) for version in example.versions[:2]
    ]
    assert ["ea09f3e95bfa8081", "dee6aa5bb7af83e9"] == [
        replace(version, calendars={}).digest() for version in policy.versions
    ]
    assert [("keep", frozenset({"waiting", "on_hold"}), False)] * 2 == [
        (version.after_triage, version.pausing, version.effective_for_open) for version in policy.versions
    ]
    assert ("first_reply", "resolution") == policy.targets


def test_a_version_says_what_a_triage_does_and_which_statuses_pause(tmp_path: Path) -> None:
    (version,) = build(
        read(
            tmp_path,
            with_version("""
                effective_from: 2026-01-01T00:00:00Z
                effective_for: open
                after_triage: retarget
                pausing_statuses: on_hold
                next_reply: [{within: 1h, objective: 90%}]
            """),
        )
    ).versions
    assert ("retarget", frozenset({"on_hold"}), True) == (
        version.after_triage,
        version.pausing,
        version.effective_for_open,
    )
    assert 3_600_000 == version.rules["next_reply"][0].within_ms


def test_the_next_reply_alone_is_a_policy(tmp_path: Path) -> None:
    file = read(tmp_path, "versions: [{name: a, next_reply: [{within: 1h, objective: 90%}]}]")
    assert ("next_reply",) == build(file).targets


def test_no_status_need_pause(tmp_path: Path) -> None:
    (version,) = build(read(tmp_path, with_version("pausing_statuses: []"))).versions
    assert frozenset() == version.pausing


def test_hours_are_spans_by_weekday(tmp_path: Path) -> None:
    """A single span needs no list; one past midnight ends on the next day."""
    file = read(
        tmp_path,
        with_version("""
            calendars:
              desk:
                time_zone: UTC
                hours: {mon-wed: "09:00-17:30", sat: ["22:00-06:00"], sun: ["00:00-24:00"]}
            default_calendar: desk
        """),
    )
    calendar = build(file).versions[0].calendar("any")
    assert isinstance(calendar, BusinessCalendar)
    day, night, whole = ((540, 1050),), ((1320, 1800),), ((0, 1440),)
    assert (day, day, day, (), (), night, whole) == calendar.time.week


def test_holidays_are_those_of_the_country_and_the_region_with_ones_own() -> None:
    """May 2nd is Madrid's; of the rest, a day of ours comes in and the Immaculate Conception goes out."""
    words = {"country": "ES", "region": "MD", "add": ["2026-08-15", "2026-03-03"], "remove": ["2026-12-08"]}
    found = holidays_of(HolidayPart.model_validate(words))
    assert {date(2026, 1, 1), date(2025, 5, 2), date(2026, 3, 3)} <= found
    assert date(2026, 12, 8) not in found
    assert date(2025, 5, 2) not in holidays_of(HolidayPart(country="ES"))


def test_a_date_with_hours_is_no_holiday(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        with_version("""
            calendars:
              desk:
                time_zone: Europe/Madrid
                hours: {mon-fri: "09:00-18:00"}
                holidays: {country: ES}
                dates: {2026-12-25: ["10:00-12:00"], 2026-12-28: []}
        """),
    )
    time = time_of(build(file).versions[0].calendars["desk"])
    assert time is not None
    assert (((600, 720),), (), ()) == tuple(time.dates[date(2026, 12, day)] for day in (25, 28, 8))


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    answer = told(
        tmp_path,
        """\
        versions:
          - name: a
            effective_from: 2026-01-01
            calendars:
              desk:
                time_zone: Europe/Madird
                hours: {mon-frei: ["9-18"]}
                holidays: {country: XX}
            default_calendar: dest
            first_reply:
              - {within: 30, objective: 0.9}
              - {within: 2d, objective: 100%, chanel: chat}
        """,
    )
    assert answer.startswith("10 faults in the policy\n")
    for line in (
        "policy.yaml:3: versions[0].effective_from: '2026-01-01' has no offset",
        "policy.yaml:6: versions[0].calendars.desk.time_zone: 'Europe/Madird' is not a time zone",
        "fix: write an IANA name; did you mean Europe/Madrid?",
        "policy.yaml:7: versions[0].calendars.desk.hours.mon-frei: 'mon-frei' does not name weekdays",
        "policy.yaml:7: versions[0].calendars.desk.hours.mon-frei[0]: '9-18' is not a range of hours",
        "policy.yaml:8: versions[0].calendars.desk.holidays.country: no holidays are known for 'XX'",
        "policy.yaml:11: versions[0].first_reply[0].within: 30 has no unit",
        "policy.yaml:11: versions[0].first_reply[0].objective: 0.9 is not an objective",
        "policy.yaml:12: versions[0].first_reply[1].within: '2d' counts days",
        "policy.yaml:12: versions[0].first_reply[1].objective: '100%' is not an objective",
        "policy.yaml:12: versions[0].first_reply[1].chanel: no such word here",
    ):
        assert line in answer


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("calendars: {always: {time_zone: UTC, hours: {mon: '09:00-10:00'}}}", "'always' is calendar time"),
        ("calendars: {a: {time_zone: UTC, hours: {}}}", "never open"),
        ("calendars: {a: {time_zone: UTC, hours: {mon: []}}}", "never open"),
        (
            "calendars: {a: {time_zone: UTC, hours: {mon-wed: '09:00-10:00', tue: '09:00-10:00'}}}",
            "tue appear twice",
        ),
        (
            "calendars: {a: {time_zone: UTC, hours: {fri-mon: '09:00-10:00'}}}",
            "'fri-mon' does not name weekdays",
        ),
        (
            "calendars: {a: {time_zone: UTC, hours: {mon: ['09:00-12:00', '11:00-13:00']}}}",
            "two spans of a day overlap",
        ),
        ("calendars: {a: {time_zone: UTC, hours: {mon: '09:00-25:00'}}}", "has no valid time of day"),
        ("calendars: {a: {time_zone: UTC, hours: {mon: '09:00-09:00'}}}", "is empty"),
        (
            "calendars: {a: {time_zone: UTC, hours: {mon: '09:00-10:00'}, holidays: {region: MD}}}",
            "a region without a country",
        ),
        (
            (
                "calendars: {a: {time_zone: UTC, hours: {mon: '09:00-10:00'}, "
                "holidays: {country: ES, region: XX}}}"
            ),
            "has no region 'XX'",
        ),
        (
            (
                "calendars: {a: {time_zone: UTC, hours: {mon: '09:00-10:00'}, dates: {2026-01-02: "
                "['09:00-12:00', '11:00-13:00']}}}"
            ),
            "overlap",
        ),
        ("default_calendar: madrid", "there is no calendar 'madrid'"),
        ("team_calendars: {billing: alwais}", "did you mean always?"),
        (
            "first_reply: [{within: 1h, objective: 90%}, {team: a, within: 2h, objective: 90%}]",
            "line 2 is never reached",
        ),
        (
            (
                "first_reply: [{team: [a, b], within: 1h, objective: 90%}, {team: a, channel: c, within: 2h, "
                "objective: 90%}]"
            ),
            "never reached",
        ),
        ("first_reply: [{team: [], within: 1h, objective: 90%}]", "matches nothing"),
        ("first_reply: [{within: 9000h, objective: 90%}]", "longer than a year"),
        (
            "first_reply: [{within: 1:30, objective: 90%}]",
            "90 has no unit\n      fix: write hours (h), minutes (m) and seconds (s)",
        ),
        (
            "first_reply: [{within: soon, objective: 90%}]",
            "'soon' is not a duration\n      fix: write hours (h), minutes (m) and seconds (s), such",
        ),
        ("first_reply: [{within: 0m, objective: 90%}]", "'0m' is too short"),
        (
            "calendars: {a: {time_zone: UTC, hours: {mon: '09:00-10:00'}, dates: {12-24: []}}}",
            "'12-24' is no date, it has no year\n      fix: write a day that comes every year under",
        ),
        ("first_reply: [{within: 1h, objective: 40%}]", "at least 50%"),
        ("first_reply: [{within: 1h}]", "objective: it is missing"),
        ("next_reply: [{within: 2d, objective: 90%}]", "versions[0].next_reply[0].within: '2d' counts days"),
        (
            "next_reply: [{within: 1h, objective: 90%}, {team: a, within: 2h, objective: 90%}]",
            "line 2 is never reached",
        ),
        ("after_triage: move", "versions[0].after_triage"),
        ("pausing_statuses: [bot]", "versions[0].pausing_statuses[0]"),
        ("pausing_statuses: [waiting, waiting]", "waiting appears twice"),
        ("effective_for: all", "versions[0].effective_for"),
        ("effective_for: open", "a version that has always been in force finds no open tickets"),
        ("name: b", "given twice"),
    ],
)
def test_what_makes_no_sense_is_a_fault(tmp_path: Path, lines: str, said: str) -> None:
    assert said in told(tmp_path, with_version(lines))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("versions: []", "write at least one version"),
        ("versions: [{name: a}]", "none of first_reply, next_reply, resolution has a target"),
        (
            (
                "versions: [{name: a, resolution: [{within: 1h, objective: 90%}]}, {name: b, resolution: "
                "[{within: 1h, objective: 90%}]}]"
            ),
            "may lack effective_from",
        ),
        ("[1, 2]", "is not a YAML mapping"),
        ("versions: {", "is not valid YAML"),
    ],
)
def test_a_file_that_is_no_policy_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in told(tmp_path, text)


def test_versions_follow_one_another(tmp_path: Path) -> None:
    def file(first: str, second: str) -> str:
        rules = "resolution: [{within: 1h, objective: 90%}]"
        lines = (
            f"  - {{name: a, effective_from: {first}, {rules}}}\n  - {{name: a, effective_from: "
            f"{second}, {rules}}}"
        )
        return f"versions:\n{lines}\n"

    assert "the name of two versions" in told(tmp_path, file("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"))
    late, early = (
        file(*starts).replace("name: a", "name: b", 1)
        for starts in (("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"),) * 2
    )
    assert "does not take effect after b" in told(tmp_path, late)
    assert late == early


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"examples/policy\.yaml"):
        load_file(tmp_path / "none.yaml")
