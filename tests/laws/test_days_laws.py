"""Days of every year are the list of their dates, to the product and to the oracle."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from deskpulse.policy.build import working_time
from deskpulse.policy.schema import CalendarPart
from kpis.sla.calendar import WorkingTime
from oracle import clock as oracle
from tests.examples import examples

YEARS = range(1970, 2101)
LEAP = [date(2024, 1, 1) + timedelta(days=day) for day in range(366)]
days_of_year = st.one_of(
    st.sampled_from(["01-01", "02-28", "02-29", "03-01", "12-24", "12-31"]),
    st.sampled_from(LEAP).map(lambda day: f"{day:%m-%d}"),
)
years = st.integers(YEARS[0], YEARS[-1])


@st.composite
def entries(draw: st.DrawFn, hours: str | None = None) -> dict[str, Any]:
    """An entry of `every` of up to ten days."""
    first = date.fromisoformat(f"2023-{draw(days_of_year)}".replace("2023-02-29", "2024-02-29"))
    entry: dict[str, Any] = {"day": f"{first:%m-%d}"}
    if draw(st.booleans()):
        entry["to"] = f"{first + timedelta(days=draw(st.integers(0, 10))):%m-%d}"
    bounds = sorted((draw(years), draw(years)))
    entry |= dict(zip(("from", "until"), bounds, strict=True)) if bounds[1] - bounds[0] > 8 else {}
    return entry if hours is None else {**entry, "hours": hours}


def dates_of(entry: dict[str, Any]) -> list[date]:
    """Looked up in the calendar on the wall, day for day, without a rule about spans."""
    found = []
    for year in range(entry.get("from", YEARS[0] - 1), entry.get("until", YEARS[-1]) + 1):
        day, days = date(year, 1, 1), []
        while f"{day:%m-%d}" != entry["day"] and day.year == year:
            day += timedelta(days=1)
        if day.year > year:
            continue  # a February 29th in a year without one
        last = entry.get("to", entry["day"])
        while f"{day:%m-%d}" != last:
            days.append(day)
            day += timedelta(days=1)
            if last == "02-29" and f"{day:%m-%d}" == "03-01":
                break
        else:
            days.append(day)
        found += [one for one in days if one.year in YEARS]
    return found


def calendar(**words: Any) -> dict[str, Any]:
    return {"time_zone": "Europe/Madrid", "hours": {"mon-fri": "09:00-17:00", "sat": "22:00-06:00"}, **words}


def told(words: dict[str, Any]) -> WorkingTime:
    """What a calendar means to the product; the oracle says the same of each day."""
    found = working_time(CalendarPart.model_validate(words))
    (edition,) = oracle.read_policy({"versions": [{"name": "a", "calendars": {"a": words}}]})
    hours = edition.calendars["a"]
    assert hours is not None
    special = dict(hours.dates)
    for day in {*found.dates, *special}:
        weekday = found.week[day.weekday()]
        assert sorted(special.get(day, weekday)) == sorted(found.dates.get(day, weekday)), day
    return found


@settings(deadline=None, max_examples=examples(30))
@given(entries())
@example({"day": "02-29"})
@example({"day": "02-29", "to": "03-02", "from": 2026, "until": 2040})
@example({"day": "02-25", "to": "02-29"})
@example({"day": "12-24", "to": "01-02"})
@example({"day": "12-31", "to": "01-01", "from": 2100})
def test_days_that_come_every_year_are_the_list_of_their_dates(entry: dict[str, Any]) -> None:
    yearly = told(calendar(holidays={"every": [entry]}))
    assert yearly.dates == told(calendar(holidays={"add": dates_of(entry)})).dates


@settings(deadline=None, max_examples=examples(20))
@given(entries(hours="09:00-13:00"), st.sampled_from([None, "ES", "GR"]))
def test_half_days_are_the_dates_with_these_hours_on_which_somebody_works(
    entry: dict[str, Any], country: str | None
) -> None:
    closed = told(calendar(holidays={"country": country})).dates
    worked = [day for day in dates_of(entry) if day not in closed and day.weekday() < 6]
    known = {day.year for day in closed} or {*YEARS}
    assume(any(day.year in known for day in worked))  # else the entry is refused: it never holds
    every = told(calendar(holidays={"country": country, "every": [entry]}))
    listed = told(calendar(holidays={"country": country}, dates=dict.fromkeys(worked, "09:00-13:00")))
    assert listed.dates == every.dates
