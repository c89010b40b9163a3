"""Working days: known numbers, laws that hold for all days, and refusals."""

import csv
import datetime as dt
from importlib import resources

import holidays
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import HTMLFormatter

import asn_impact as ai
from asn_impact.errors import InputError
from asn_impact.measures.calendar import Opening, WorkCalendar

INDONESIA = WorkCalendar.indonesia()

# Working days a year, Monday to Friday: national holidays off / joint leave off as well. Counted by hand from the
# joint decrees (SKB 3 Menteri) when the table was made.
WORKING_DAYS = {
    2019: (250, 246),
    2020: (248, 243),
    2021: (249, 248),
    2022: (250, 246),
    2023: (250, 239),
    2024: (248, 238),
    2025: (248, 237),
    2026: (248, 240),
}

covered_days = st.dates(INDONESIA.first, INDONESIA.last)


def national_holidays():
    path = resources.files("asn_impact") / "reference" / "holidays_id.csv"
    with path.open(encoding="utf-8-sig") as file:
        return [row["tanggal"] for row in csv.DictReader(file) if row["kategori"] == "libur_nasional"]


@pytest.mark.parametrize(("year", "counts"), WORKING_DAYS.items())
def test_working_days_a_year_are_those_of_the_joint_decrees(year, counts):
    without_leave = WorkCalendar.weekdays(f"{year}-01-01", f"{year}-12-31", holidays=national_holidays())
    by_year = INDONESIA.by_year().set_index("year")["working_days"]
    assert (int(without_leave.working.sum()), int(by_year[year])) == counts


def test_coverage_is_the_full_years_of_the_table():
    assert (INDONESIA.first, INDONESIA.last) == (dt.date(2018, 1, 1), dt.date(2027, 12, 31))
    assert len(INDONESIA.working) == len(INDONESIA.table()) == 3652


@given(covered_days, covered_days)
def test_numpy_counts_the_same_days_between(start, end):
    holidays = INDONESIA.days[~INDONESIA.working]
    # numpy counts [start, end); one day later on both sides is (start, end]
    one = dt.timedelta(days=1)
    expected = np.busday_count(min(start, end) + one, max(start, end) + one, holidays=holidays)
    assert INDONESIA.between(start, end) == (expected if end >= start else -expected)


@given(covered_days, covered_days, covered_days)
def test_days_add_up(a, b, c):
    assert INDONESIA.between(a, b) + INDONESIA.between(b, c) == INDONESIA.between(a, c)


@given(covered_days, covered_days)
def test_a_later_day_never_has_a_smaller_number(a, b):
    early, late = INDONESIA.number([min(a, b), max(a, b)])
    assert 0 <= late - early <= abs((b - a).days)


@given(covered_days)
def test_the_same_day_is_day_zero(day):
    assert INDONESIA.between(day, day) == 0


@given(covered_days)
def test_a_day_off_has_the_number_of_the_day_before(day):
    position = (day - INDONESIA.first).days
    if position and not INDONESIA.working[position]:
        assert INDONESIA.between(day - dt.timedelta(days=1), day) == 0


def test_every_way_to_write_a_date_gives_the_same_number():
    texts = ["2024-01-02", "2024-08-19"]
    ways = [
        texts,
        [dt.date.fromisoformat(t) for t in texts],
        [pd.Timestamp(t) + pd.Timedelta(hours=23) for t in texts],
        np.array(texts, dtype="datetime64[ns]"),
        pd.Series(pd.to_datetime(texts)),
        pd.to_datetime(texts),
    ]
    assert len({tuple(INDONESIA.number(way).tolist()) for way in ways}) == 1


def test_a_local_closure_takes_one_day_and_a_closure_on_a_day_off_none():
    closed = WorkCalendar.indonesia(closures=["2024-12-02", "2024-12-01"])  # a Monday and a Sunday
    assert INDONESIA.working.sum() - closed.working.sum() == 1
    assert closed.between("2024-11-29", "2024-12-02") == 0


def test_saturdays_count_until_the_six_day_week_ends_but_not_when_they_are_holidays():
    six = WorkCalendar.indonesia(six_day_until="2023-04-12")
    assert six.between("2023-03-31", "2023-04-01") == 1
    assert six.between("2023-04-14", "2023-04-15") == 0  # after the change
    assert six.between("2018-03-16", "2018-03-17") == 0  # Nyepi fell on a Saturday
    assert (six.working >= INDONESIA.working).all()


def test_calendar_days_count_every_day():
    assert INDONESIA.every_day().between("2023-12-29", "2024-01-01") == 3
    assert INDONESIA.every_day().unit == "calendar days"


def test_a_date_outside_the_calendar_is_an_error_that_names_the_coverage_and_how_many():
    with pytest.raises(InputError, match=r"2 of the dates .* 2018-01-01 to 2027-12-31; earliest 1900-01-01"):
        INDONESIA.number(["1900-01-01", "2024-01-02", "2030-01-01"])


@pytest.mark.parametrize("closure", ["2030-01-01", "19 August", None])
def test_a_closure_that_is_no_covered_date_is_refused(closure):
    with pytest.raises(InputError):
        WorkCalendar.indonesia(closures=[closure])


def test_a_missing_date_is_refused():
    with pytest.raises(InputError, match=r"1 of the dates .* missing"):
        INDONESIA.number(["2024-01-02", None])


def test_a_calendar_that_ends_before_it_begins_is_refused():
    with pytest.raises(InputError, match="before it begins"):
        WorkCalendar.weekdays("2024-02-01", "2024-01-01")


def test_a_calendar_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        INDONESIA.working[0] = True


def test_a_table_handed_out_can_be_changed_without_changing_the_calendar():
    table = INDONESIA.table()
    table["number"] = 0
    assert INDONESIA.table()["number"].iloc[-1] == INDONESIA.working.sum()


def test_a_calendar_shows_itself_the_same_way_each_time():
    first, second = (HTMLFormatter()(WorkCalendar.indonesia(closures=["2024-12-02"])) for _ in range(2))
    assert first == second
    assert "1 local closure" in first


# --- the table against another source -------------------------------------------------------------------------

# The package writes "Pegangti" for "Pengganti"; nothing else differs in version 0.109.
SPELLED_OTHERWISE = {"2020-12-31"}


def test_the_table_of_holidays_agrees_with_the_package_of_holidays():
    path = resources.files("asn_impact") / "reference" / "holidays_id.csv"
    with path.open(encoding="utf-8-sig") as file:
        ours = {(row["kategori"], row["tanggal"]): row["nama"] for row in csv.DictReader(file)}
    theirs = {}
    for category, kind in (("public", "libur_nasional"), ("government", "cuti_bersama")):
        found = holidays.Indonesia(years=range(2018, 2028), categories=(category,), language="id")
        theirs |= {(kind, day.isoformat()): name for day, name in found.items()}
    assert sorted(set(ours) ^ set(theirs)) == []
    assert {day for kind, day in ours if ours[kind, day] != theirs[kind, day]} == SPELLED_OTHERWISE


# --- opening hours --------------------------------------------------------------------------------------------

OFFICE = INDONESIA.hours()
moments = st.datetimes(dt.datetime(2024, 3, 1), dt.datetime(2024, 4, 30, 23, 59))  # Ramadan, its feast, and after


def minutes_one_by_one(start, end, hours):
    """The slow twin: every minute of [start, end), asked whether the office is open."""
    count, minute = 0, start.replace(second=0, microsecond=0)
    while minute < end.replace(second=0, microsecond=0):
        opens, rests, resumes, closes = hours.edges[(minute.date() - hours.first).days]
        now = 60 * minute.hour + minute.minute
        count += opens <= now < rests or resumes <= now < closes
        minute += dt.timedelta(minutes=1)
    return count


@given(moments, st.integers(0, 6_000))
def test_minutes_are_those_counted_one_by_one(start, length):
    end = start + dt.timedelta(minutes=length)
    assert OFFICE.between(start, end) == minutes_one_by_one(start, end, OFFICE)


def test_a_week_has_the_hours_of_the_regulation():
    assert OFFICE.between("2024-08-05", "2024-08-12") == 37.5 * 60
    assert OFFICE.between("2024-03-18", "2024-03-25") == 32.5 * 60  # in Ramadan


def test_ramadan_ends_on_the_day_before_idul_fitri():
    with (resources.files("asn_impact") / "reference" / "holidays_id.csv").open(encoding="utf-8-sig") as file:
        feast = {row["tanggal"] for row in csv.DictReader(file) if "Idul Fitri" in row["nama"]}
    with (resources.files("asn_impact") / "reference" / "ramadan_id.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        first, last = (dt.date.fromisoformat(row[name]) for name in ("mulai", "selesai"))
        assert (last - first).days in {28, 29}
        assert (last + dt.timedelta(days=1)).isoformat() in feast


def test_hours_six_day_weeks_and_closures_combine():
    six = WorkCalendar.indonesia(six_day_until="2023-04-12", closures=["2023-04-03"])
    with pytest.raises(InputError, match=r"Saturday.*Opening"):
        six.hours()
    hours = six.hours(own=[Opening(("Saturday",), "07.30", "12.30"), Opening(("Monday",), "08.00", "09.00")])
    assert hours.between("2023-03-11", "2023-03-12") == 300  # a Saturday of the six-day week
    assert hours.between("2023-05-06", "2023-05-07") == 0  # after it
    assert hours.between("2023-04-03", "2023-04-04") == 0  # closed
    assert hours.between("2023-05-08", "2023-05-09") == 60


def test_hours_are_not_guessed_beyond_the_table_of_ramadan():
    with pytest.raises(InputError, match="2019-01-01 to 2027-12-31"):
        OFFICE.number("2018-05-17 10:00")
    with pytest.raises(InputError, match="zone"):
        OFFICE.number(pd.Timestamp("2024-05-17 10:00", tz="Asia/Jakarta"))


def test_every_minute_of_every_day_is_elapsed_time():
    assert INDONESIA.every_day().hours().between("2024-04-05 10:00", "2024-04-16 10:30") == 11 * 24 * 60 + 30


TABLES = {
    "opening hours": lambda: ai.WorkCalendar.indonesia().hours().last,
    "holidays": lambda: ai.WorkCalendar.indonesia().last,
}
AHEAD = 120  # days in which somebody must look up the next year


@pytest.mark.parametrize("table", TABLES)
def test_a_sourced_table_does_not_run_out_within_120_days(table: str) -> None:
    assert TABLES[table]() >= dt.date.today() + dt.timedelta(days=AHEAD)


def test_opening_hours_of_2027_are_known_and_said_to_be_estimated() -> None:
    hours = ai.WorkCalendar.indonesia().hours()
    assert int(hours.between("2027-01-18 15:00", "2027-01-19 08:00")) == 90
    assert int(hours.between("2027-03-01 07:00", "2027-03-01 17:00")) == 390  # a Monday in Ramadan
    assert any(note.key == "calendar.estimated" for note in hours.notes)
    assert "8 Februari 2027" in next(n for n in hours.notes if n.key == "calendar.estimated").text("id")
