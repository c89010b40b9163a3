"""Durations against a slow twin that goes row by row, and what is refused."""

import datetime as dt
from dataclasses import replace

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from IPython.core.formatters import HTMLFormatter

from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.readers.exports import read_exports
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure

CALENDAR = WorkCalendar.indonesia()
HOLIDAYS = CALENDAR.days[~CALENDAR.working]
AS_OF = dt.date(2024, 12, 31)


def cases(count=400, seed=1):
    """Cases of 2024 with open, rejected and withdrawn ones, and days off as days of receipt."""
    rng = np.random.default_rng(seed)
    received = np.datetime64("2024-01-01") + rng.integers(0, 366, count)
    wait = rng.geometric(0.06, count) - 1
    decided = received + wait
    status = rng.choice(["granted", "rejected", "withdrawn"], count, p=[0.8, 0.1, 0.1]).astype(object)
    late = decided > np.datetime64(AS_OF)
    status[late] = "open"
    return pd.DataFrame(
        {
            "case": [f"c{i}" for i in range(count)],
            "office": rng.choice(["O1", "O2", "O3"], count),
            "service": rng.choice(["SIP", "PBG"], count),
            "received": received.astype("datetime64[us]"),
            "decided": pd.Series(decided.astype("datetime64[us]")).mask(late),
            "status": status,
        }
    )


def days_row_by_row(frame):
    """The slow twin: numpy counts [start, end), one day later on both sides is (start, end]."""
    found = {}
    for row in frame.itertuples():
        if row.status in {"open", "withdrawn"} or pd.isna(row.decided):
            found[row.Index] = None
            continue
        start, end = (np.datetime64(day, "D") + 1 for day in (row.received, row.decided))
        found[row.Index] = int(np.busday_count(start, end, holidays=HOLIDAYS))
    return list(found.values())


def measured(frame, **options):
    times = measure(read_exports(frame, as_of=AS_OF, keep=["row"]), CALENDAR, **options)
    return times.records.collect().to_pandas().sort_values("row").reset_index(drop=True)


def test_days_are_those_counted_row_by_row():
    frame = cases()
    result = measured(frame.assign(row=range(len(frame))))
    assert [None if pd.isna(d) else int(d) for d in result["days"]] == days_row_by_row(frame)


def test_calendar_days_are_plain_differences():
    frame = cases()
    result = measured(frame.assign(row=range(len(frame))), clock="calendar_days")
    closed = frame["status"].isin(["granted", "rejected"])
    assert (
        result["days"][closed].astype(int).tolist() == (frame["decided"] - frame["received"])[closed].dt.days.tolist()
    )


def test_month_and_day_are_those_of_receipt():
    frame = cases()
    result = measured(frame.assign(row=range(len(frame))))
    received = frame["received"].dt
    assert result["month"].tolist() == (12 * received.year + received.month - 1).tolist()
    assert result["day"].tolist() == CALENDAR.number(frame["received"]).tolist()


def test_follow_up_counts_from_the_day_of_the_export():
    times = measure(read_exports(cases(), as_of=AS_OF), CALENDAR)
    assert times.as_of_day == CALENDAR.number(AS_OF)


def test_a_day_of_receipt_outside_the_calendar_is_refused_and_counted():
    frame = cases()
    outside = (frame["received"] < "2024-02-01").sum()
    with pytest.raises(InputError, match=f"{outside} records have a 'received' day outside .* 2024-02-01 to"):
        measure(read_exports(frame, as_of=AS_OF), WorkCalendar.weekdays("2024-02-01", "2024-12-31"))


def test_a_day_of_decision_outside_the_calendar_is_refused_and_counted():
    frame = cases()
    frame.loc[frame.index[:2], "decided"] = pd.Timestamp("1999-01-04")
    extract = read_exports(cases(), as_of=AS_OF)
    with pytest.raises(InputError, match="2 records have a 'decided' day outside"):
        measure(replace(extract, records=nw.from_native(frame).lazy()), CALENDAR)


def test_a_case_received_after_the_export_is_refused():
    extract = replace(read_exports(cases(), as_of=AS_OF), as_of=dt.date(2024, 6, 30))
    with pytest.raises(InputError, match="after the export was made"):
        measure(extract, CALENDAR)


def test_an_export_of_finished_cases_only_is_refused_unless_the_reader_says_otherwise():
    frame = cases(2_000)
    finished = frame[frame["decided"] >= "2024-06-01"].assign(status="granted")
    with pytest.warns(DataWarning, match="completed cases only"):
        extract = read_exports(finished, as_of=AS_OF)
    with pytest.raises(InputError, match="finished cases only"):
        measure(extract, CALENDAR)
    assert measure(read_exports(finished, as_of=AS_OF, selection="received"), CALENDAR).as_of == AS_OF


@pytest.mark.parametrize("name", ["month", "day", "days"])
def test_an_extra_column_with_a_name_made_here_is_refused(name):
    extract = read_exports(cases().assign(**{name: 1}), as_of=AS_OF, keep=[name])
    with pytest.raises(InputError, match=f"'{name}'"):
        measure(extract, CALENDAR)


def test_times_of_day_do_not_count():
    extract = read_exports(cases(), as_of=AS_OF)
    night = cases().assign(received=cases()["received"] + pd.Timedelta(hours=23))
    late = replace(extract, records=nw.from_native(night).lazy())
    expected, found = (measure(e, CALENDAR).records.collect().to_pandas()["days"] for e in (extract, late))
    assert sorted(expected.dropna()) == sorted(found.dropna())


def test_times_with_a_zone_are_refused():
    zoned = cases().assign(received=cases()["received"].dt.tz_localize("Asia/Jakarta"))
    extract = replace(read_exports(cases(), as_of=AS_OF), records=nw.from_native(zoned).lazy())
    with pytest.raises(InputError, match="time zones 'Asia/Jakarta'"):
        measure(extract, CALENDAR)


def test_the_database_of_the_reader_is_left_as_it_was():
    connection = duckdb.connect()
    frame = cases()
    connection.sql("create table asn_impact_records as select * from frame")
    measure(read_exports(connection.table("asn_impact_records"), as_of=AS_OF), CALENDAR).records.collect()
    assert connection.sql("show tables").fetchall() == [("asn_impact_records",)]
    assert connection.sql("select count(*) from asn_impact_records").fetchall() == [(len(frame),)]


def test_the_frame_of_the_reader_is_left_as_it_was():
    frame = cases()
    before = frame.copy()
    measure(read_exports(frame, as_of=AS_OF), CALENDAR).records.collect()
    pd.testing.assert_frame_equal(frame, before)


def test_an_export_made_outside_the_calendar_is_refused():
    with pytest.raises(InputError, match="2024-01-01 to 2024-12-30"):
        measure(read_exports(cases(), as_of=AS_OF), WorkCalendar.weekdays("2024-01-01", "2024-12-30"))


def test_an_unknown_clock_is_refused():
    with pytest.raises(InputError, match="clock='hours'"):
        measure(read_exports(cases(), as_of=AS_OF), CALENDAR, clock="hours")


def test_durations_show_themselves_without_running():
    times = measure(read_exports(cases(), as_of=AS_OF), CALENDAR)
    assert isinstance(times.records, nw.LazyFrame)
    shown = HTMLFormatter()(times)
    assert shown == HTMLFormatter()(times)
    assert "working days" in shown
    assert repr(times) == "Durations(working days, as of 2024-12-31, calendar 'Indonesia')"


# --- minutes --------------------------------------------------------------------------------------------------

HOURS = CALENDAR.hours()
NAMED = {"received": "in", "decided": "out"}


def stamped(count=300, seed=2):
    """Cases with times of day, received and decided between 07.00 and 17.00."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2024-02-01T00:00") + rng.integers(0, 90, count) * np.timedelta64(1440, "m")
    received = start + rng.integers(420, 700, count)
    decided = start + rng.geometric(0.2, count) * 1440 - 1440 + rng.integers(700, 1020, count)
    frame = pd.DataFrame({"in": received, "out": decided}).astype("datetime64[us]")
    return frame.assign(office="O1", case=[f"c{i}" for i in range(count)], received=frame["in"], decided=frame["out"])


def minutes(frame, **options):
    extract = read_exports(frame, as_of=AS_OF, keep=["in", "out"])
    return measure(extract, HOURS, times=NAMED, **options).records.collect().to_pandas()["days"]


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas, lambda f: duckdb.connect().from_df(f)])
def test_minutes_are_those_of_the_calendar_in_every_engine(engine):
    frame = stamped()
    assert sorted(minutes(engine(frame))) == sorted(HOURS.between(frame["in"], frame["out"]))


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas, lambda f: duckdb.connect().from_df(f)])
@pytest.mark.parametrize("form", [None, "%Y-%m-%d %H:%M"])
def test_open_cases_have_no_minutes_yet(engine, form):
    frame = stamped()
    frame.loc[:49, ["decided", "out"]] = pd.NaT
    texts = frame if form is None else frame.assign(**{name: frame[name].dt.strftime(form) for name in NAMED.values()})
    with pytest.warns(DataWarning, match="followed until 14 May 2024 only"):
        found = minutes(engine(texts))
    assert found.isna().sum() == 50
    assert sorted(found.dropna()) == sorted(HOURS.between(frame["in"][50:], frame["out"][50:]))


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H.%M WIB", "%H:%M", "%Y-%m-%dT%H:%M:%S+07:00"])
def test_times_of_day_are_read_from_texts(form):
    frame = stamped()
    texts = frame.assign(**{name: frame[name].dt.strftime(form) for name in NAMED.values()})
    assert sorted(minutes(texts)) == sorted(HOURS.between(frame["in"], frame["out"]))


def test_an_export_of_days_has_no_working_hours():
    with pytest.raises(InputError, match="dates alone"):
        measure(read_exports(cases(), as_of=AS_OF), HOURS)


def test_b13_a_few_cases_without_a_time_are_left_out_and_many_are_refused():
    frame = stamped()
    for name in NAMED.values():
        frame[name] = frame[name].dt.strftime("%Y-%m-%d %H:%M")
    few, many = frame.copy(), frame.copy()
    few.loc[:9, "in"], many.loc[:99, "in"] = "2024-02-01", "2024-02-01"
    with pytest.warns(DataWarning, match="10 of 300 cases left out of working hours: without a time of day 10"):
        assert len(minutes(few)) == 290
    with pytest.raises(InputError, match="100 of 300 cases cannot be counted"):
        minutes(many)


@pytest.mark.parametrize("zone", [" WITA", "Z", "+00:00"])
def test_b05_times_that_are_not_local_or_not_of_one_place_are_refused(zone):
    frame = stamped()
    mixed = frame.assign(
        **{"in": frame["in"].dt.strftime("%H:%M WIB"), "out": frame["out"].dt.strftime("%H:%M") + zone}
    )
    with pytest.raises(InputError, match="more than one zone"):
        minutes(mixed)


def test_decisions_by_night_look_like_utc_and_are_refused():
    frame = stamped()
    utc = frame.assign(**{name: frame[name] - pd.Timedelta(hours=12) for name in NAMED.values()})
    with pytest.raises(InputError, match="written in UTC"):
        minutes(utc.assign(**{"in": frame["in"].dt.normalize() + pd.Timedelta(minutes=1)}))


def test_b01_decided_before_received_by_the_clock_is_left_out_and_said():
    frame = stamped()
    frame.loc[0, "decided"] = frame.loc[0, "received"]
    frame.loc[0, "out"] = frame.loc[0, "in"] - pd.Timedelta(minutes=30)
    with pytest.warns(DataWarning, match="decided before received by the clock 1"):
        assert len(minutes(frame)) == 299
