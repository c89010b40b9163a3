"""One date parser for every column: two-digit years, swapped days, zones, dotted times, ranges, numbers for days."""

from __future__ import annotations

import datetime as dt
import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.fields.date_columns import parse_dates, read_dates, see_dates
from asn_impact.intake.fields.date_lists import days_of
from asn_impact.intake.fields.date_shapes import EMPTY
from asn_impact.intake.fields.dates import dated
from asn_impact.intake.fields.sketched import sketched
from asn_impact.intake.formats.engine import from_arrow

DAYS = st.lists(st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31)), min_size=20, max_size=40)
NAMES = ["Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus"]
NAMES += ["September", "Oktober", "November", "Desember"]
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
FORMS: dict[str, Any] = {
    "two digits": lambda d: f"{d:%d/%m/%y}",
    "two digits, dots": lambda d: f"{d:%d.%m.%y}",
    "two digits, dashes": lambda d: f"{d:%d-%m-%y}",
    "dotted time": lambda d: f"{d:%d/%m/%Y} 08.30",
    "dotted time and seconds": lambda d: f"{d:%d/%m/%Y}, 08.30.00",
    "dotted time and zone": lambda d: f"{d:%d/%m/%Y} 23.30 WIB",
    "dotted date and time": lambda d: f"{d:%d.%m.%Y} 8.30",
    "words and dotted time": lambda d: f"{d.day} {NAMES[d.month - 1]} {d.year} 00.05",
    "roman": lambda d: f"{d.day}-{ROMAN[d.month - 1]}-{d.year}",
    "roman, blanks": lambda d: f"{d.day} {ROMAN[d.month - 1]} {d.year}",
    "ddmmyyyy": lambda d: f"{d:%d%m%Y}",
    "ddmmyyyy as a number": lambda d: str(int(f"{d:%d%m%Y}")),
    "seconds": lambda d: str(int(dt.datetime(d.year, d.month, d.day, 1, tzinfo=WIB).timestamp())),
    "thousandths": lambda d: str(1000 * int(dt.datetime(d.year, d.month, d.day, 23, tzinfo=WIB).timestamp())),
    "utc": lambda d: dt.datetime(d.year, d.month, d.day, 2, tzinfo=WIB).astimezone(dt.UTC).isoformat(),
    "utc as Z": lambda d: f"{dt.datetime(d.year, d.month, d.day, 2, tzinfo=WIB).astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
}
WIB = dt.timezone(dt.timedelta(hours=7))
ANCHOR = dt.date(2024, 4, 25)  # tells the order


def read(texts: list[str], **keywords: Any) -> list[dt.date]:
    return [v.date() for v in parse_dates(texts, **keywords)]


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=2)  # of twenty days and more
@given(DAYS)
def test_any_form_reads_back(form: str, days: list[dt.date]) -> None:
    days = [ANCHOR, *(d.replace(year=max(d.year, 1990)) for d in days)]
    assert read([FORMS[form](d) for d in days]) == days


def test_two_and_four_digits_in_one_column_are_one_century() -> None:
    assert read(["13/03/24", "15/04/2024"]) == [dt.date(2024, 3, 13), dt.date(2024, 4, 15)]
    with pytest.raises(InputError, match="0024"):
        read(["0024-03-13"])


def test_a_course_of_a_two_digit_year_is_not_before_everything() -> None:
    table = pd.DataFrame(
        {"office": ["A", "B"], "course_end": ["13/03/24", "15/04/2024"], "passed_count": [3, 3], "staff": [5, 5]}
    )
    rollout = ai.read_training(table)
    assert rollout.adopted.astype(str).to_dict() == {"A": "2024-03", "B": "2024-04"}


LISTS = {
    "3-7 Maret 2024": 7,
    "3 s.d. 7 Maret 2024": 7,
    "3 s.d 7 Maret 2024": 7,
    "3 s/d 7 Maret 2024": 7,
    "3 sd 7 Maret 2024": 7,
    "3 sampai dengan 7 Maret 2024": 7,
    "3 hingga 7 Maret 2024": 7,
    "3 – 7 Maret 2024": 7,
    "3—7 MARET 2024": 7,
    "3-7-Maret-2024": 7,
    "3-7 Mar 24": 7,
    "4 dan 5 Maret 2024": 5,
    "4 & 5 Maret 2024": 5,
    "11, 12 dan 13 Maret 2024": 13,
    "11, 12, dan 13 Maret 2024": 13,
    "11,12,13 Maret 2024": 13,
    "tanggal 3 s.d. 7 Maret 2024": 7,
    "28 Februari s.d. 3 Maret 2024": 3,
    "28 Februari - 3 Maret 2024": 3,
    "28 Februari-3 Maret 2024": 3,
    "28 Februari 2024 s.d. 3 Maret 2024": 3,
    "30 Desember 2023 - 3 Maret 2024": 3,
    "Senin-Jumat, 4-8 Maret 2024": 8,
    "Senin s.d. Jumat, 4 s.d. 8 Maret 2024": 8,
    "Senin, 4 Maret 2024 s.d. Jumat, 8 Maret 2024": 8,
    "25/03/2024 - 28/03/2024": 28,
    "25/03/2024-28/03/2024": 28,
    "25-03-2024 s.d. 28-03-2024": 28,
    "25-28/3/2024": 28,
    "2024-03-04 s/d 2024-03-08": 8,
    "March 3-7, 2024": 7,
    "7 Maret 2024": 7,
    "Kamis, 7 Maret 2024": 7,
    "28-03-2024": 28,
    "17-Mar-24": 17,
    "4-8 Maret 2024 (5 hari)": 8,
    "Selama 5 (lima) hari, 4 s.d. 8 Maret 2024": 8,
    "28, 29 Februari, 1 Maret 2024": 1,
    "4-5 dan 11-12 Maret 2024": 12,
    "30 November 2023 s.d. 1 Maret 2024": 1,
    "30 Desember - 3 Maret 2024": 3,
    "3 Maret 2024 - 7 Maret": 7,
    "28/02-03/03/2024": 3,
    "28.02-15.03.2024": 15,
    "2024/03/04-2024/03/08": 8,
    "4 - 8 Maret 2024 pukul 08.00 - 16.00 WIB": 8,
    "Jakarta, 4-8 Maret 2024": 8,
    "4 s.d. 8 Maret 2024 di Bandung": 8,
    "3-7-III-2024": 7,
    "4 s.d. 8 Mar'24": 8,
    "28 / 03 / 2024": 28,
}


@pytest.mark.parametrize("text", LISTS)
def test_of_a_range_or_list_of_days_the_end_counts(text: str) -> None:
    rows = duckdb.from_arrow(pd.DataFrame({"course_end": [text]}).pipe(_arrow))
    found = dated(rows, read_dates(rows, "course_end", name="course_end")).fetchall()[0][0]
    assert found == dt.date(2024, 3, LISTS[text])


def test_ranges_and_lists_of_every_spelling_in_one_list_of_training_have_their_month() -> None:
    offices = [f"Dinas {i}" for i in range(len(LISTS))]
    table = pd.DataFrame({"office": offices, "course_end": list(LISTS)})
    rollout = ai.read_training(table, dates={"course_end": "day-first"})
    assert rollout.adopted.astype(str).to_dict() == dict.fromkeys(offices, "2024-03")


def _arrow(frame: pd.DataFrame) -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(frame, preserve_index=False)


@pytest.mark.parametrize("text", ["3 s.d. 7 Maret", "3-7", "Maret 2024 s.d.", "3-70 Maret 2024"])
def test_a_range_without_an_end_is_no_date(text: str) -> None:
    with pytest.raises(InputError):
        ai.read_training(pd.DataFrame({"office": ["A"], "course_end": [text]}))


BACKWARDS = ["8-4 Maret 2024", "25/03/2024 - 21/03/2024", "5 April s.d. 3 Maret 2024", "4 Mei - 3 Mei 2024"]


@pytest.mark.parametrize("text", BACKWARDS)
def test_a_range_that_ends_before_it_begins_is_refused_and_shown(text: str) -> None:
    with pytest.raises(InputError, match=r"end before they begin.*20"):
        ai.read_training(pd.DataFrame({"office": ["A", "A"], "course_end": [text, "28/03/2024"]}))


UNTIL = (" - ", "-", " s.d. ", " s/d ", " sampai dengan ", " hingga ")


@given(st.dates(dt.date(2015, 1, 1), dt.date(2029, 12, 31)), st.integers(1, 60), st.sampled_from(UNTIL), st.booleans())
def test_property_a_range_in_any_spelling_ends_on_its_last_day(first: dt.date, n: int, until: str, named: bool) -> None:
    from asn_impact.starts import MONTHS

    last = first + dt.timedelta(days=n)
    names = {number: word.title() for word, number in reversed(MONTHS.items())}
    whole = [f"{d.day} {names[d.month]} {d.year}" for d in (first, last)]
    short = f"{first.day} {names[first.month]}" if first.month != last.month else str(first.day)
    spellings = [until.join(whole), f"{short}{until}{whole[1]}"]
    if named:
        spellings = [f"Senin s.d. Jumat, {text} ({n + 1} hari)" for text in spellings]
    if not named:
        spellings.append(f"{first:%d/%m/%Y}{until}{last:%d/%m/%Y}")
    expected = f"{last.day} {names[last.month].casefold()} {last.year}", f"{last:%d/%m/%Y}"
    for text in spellings:
        found = days_of(text)
        assert found is not None, text
        assert found.last in expected, text
        assert "day-first" not in found.backwards, text


# --- day and month swapped by a spreadsheet


def workbook(path: Path, pairs: list[tuple[dt.date, dt.date]], made: Any) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["No Permohonan", "Perangkat Daerah", "Tanggal Masuk", "Tanggal Selesai"])
    for i, (received, decided) in enumerate(pairs):
        sheet.append([f"P{i}", f"Dinas {'AB'[i % 2]}", made(received), made(decided)])
    book.save(path)
    return path


def swapped(day: dt.date) -> Any:
    return dt.datetime(day.year, day.day, day.month) if day.day <= 12 else f"{day:%d/%m/%Y}"


def pairs(n: int, start: dt.date, step: int, wait: int) -> list[tuple[dt.date, dt.date]]:
    days = [start + dt.timedelta(days=step * i) for i in range(n)]
    return [(d, d + dt.timedelta(days=wait)) for d in days]


@pytest.mark.parametrize(
    ("start", "step"), [(dt.date(2025, 1, 1), 1), (dt.date(2024, 3, 1), 1), (dt.date(2024, 1, 1), 3)]
)
def test_days_that_a_spreadsheet_has_swapped_are_put_back_and_said(tmp_path: Path, start: dt.date, step: int) -> None:
    every = pairs(60, start, step, 10)
    with pytest.warns(DataWarning, match="received: a spreadsheet has swapped day and month of"):
        extract = ai.read_exports(workbook(tmp_path / "x.xlsx", every, swapped), as_of="2025-12-31")
    rows = extract.records.collect().to_pandas()
    found = {(pd.Timestamp(a).date(), pd.Timestamp(b).date()) for a, b in zip(rows.received, rows.decided, strict=True)}
    assert found == set(every)


def test_dates_and_texts_that_are_right_are_left_alone(tmp_path: Path) -> None:
    every = pairs(60, dt.date(2024, 3, 1), 1, 10)
    mixed = lambda d: dt.datetime(d.year, d.month, d.day) if d.toordinal() % 2 else f"{d:%d/%m/%Y}"  # noqa: E731
    extract = ai.read_exports(workbook(tmp_path / "x.xlsx", every, mixed), as_of="2025-12-31")
    rows = extract.records.collect().to_pandas()
    assert {pd.Timestamp(d).date() for d in rows.received} == {a for a, _ in every}


def test_a_change_of_form_in_the_middle_of_a_month_is_no_swap() -> None:
    days = [dt.date(2024, 3, 1) + dt.timedelta(days=i) for i in range(30)]
    texts = [d.isoformat() if d.day <= 12 else f"{d:%d/%m/%Y}" for d in days]
    with pytest.raises(InputError, match="may be swapped"):
        read(texts)
    assert read(texts, order="kept") == days
    assert read(texts, order="day-first") == days


def test_too_few_to_tell_is_refused_with_both_lines_and_each_settles_it() -> None:
    texts = ["2024-07-03", "2024-05-03", "25/03/2024", "26/03/2024", "27/03/2024", "28/03/2024"]
    with pytest.raises(InputError, match=r'dates=\{"received": "swapped"\}.*dates=\{"received": "kept"\}'):
        read(texts, name="received")
    assert read(texts, order="swapped")[:2] == [dt.date(2024, 3, 7), dt.date(2024, 3, 5)]
    for order in ("kept", "day-first"):
        assert read(texts, order=order)[:2] == [dt.date(2024, 7, 3), dt.date(2024, 5, 3)]


# --- zones


ZONES = [(None, "Asia/Jakarta"), ("Asia/Makassar", "Asia/Makassar"), ("WIT", "Asia/Jayapura")]
WRITTEN = [("UTC", "America/New_York"), ("Asia/Jakarta", "Asia/Jayapura")]
MACHINES = ["UTC", "America/New_York", "Pacific/Auckland"]
KINDS = ["frame", "parquet", "polars", "duckdb", "csv"]
#: Every zone of times with every declared one in every kind of table, two in one table; each meets each machine's.
MOMENTS = [
    (written, *zone, kind, MACHINES[(w + z + k) % len(MACHINES)])
    for (w, written), (z, zone), (k, kind) in itertools.product(*map(enumerate, (WRITTEN, ZONES, KINDS)))
]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return what puts this machine into a zone, until the end of the test."""
    with monkeypatch.context() as patch:
        yield lambda zone: (patch.setenv("TZ", zone), getattr(time, "tzset", int)())  # type: ignore[func-returns-value]
    getattr(time, "tzset", int)()


@pytest.mark.parametrize(("written", "zone", "local", "form", "where"), MOMENTS)
@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_moment_has_the_day_of_the_declared_zone(
    tmp_path: Path, machine: Any, written: tuple[str, str], zone: str | None, local: str, form: str, where: str
) -> None:
    machine(where)
    moments = pd.to_datetime(["2024-03-05 00:30", "2024-03-06 06:30", "2024-03-07 23:30"]).tz_localize(local)
    one, other = written
    if zone is None and form == "csv":
        other = other.replace("Asia/Jayapura", one)  # texts of one zone of Indonesia have the day shown
    frame = pd.DataFrame({"office": "O", "received": moments.tz_convert(one), "decided": moments.tz_convert(other)})
    source: Any = frame
    if form == "parquet":
        frame.to_parquet(tmp_path / "a.parquet")
        source = tmp_path / "a.parquet"
    elif form == "csv":
        frame.map(str).to_csv(tmp_path / "a.csv", index=False)
        source = tmp_path / "a.csv"
    elif form == "polars":
        pl = pytest.importorskip("polars")
        source = pl.from_pandas(frame)
    elif form == "duckdb":
        source = duckdb.from_arrow(_arrow(frame))
    rows = ai.read_exports(source, as_of="2024-03-31", zone=zone).records.collect().to_pandas()
    for column in ("received", "decided"):
        days = sorted(str(pd.Timestamp(d).date()) for d in rows[column])
        assert days == ["2024-03-05", "2024-03-06", "2024-03-07"]


def test_summer_time_is_no_mixture_of_zones() -> None:
    texts = ["2024-01-02 10:00:00+01:00", "2024-07-05 23:00:00+02:00", "2024-01-03 10:00:00+01:00"]
    assert read(texts) == [dt.date(2024, 1, 2), dt.date(2024, 7, 6), dt.date(2024, 1, 3)]


def test_mixed_zones_of_indonesia_are_settled_by_a_zone() -> None:
    texts = ["2024-01-01 23:30 WIB", "2024-01-01 23.30 WIT", "2024-01-02 00.30 WITA"]
    with pytest.raises(InputError, match=r"mixes time zones.*zone="):
        read(texts)
    assert read(texts, zone="WIB") == [dt.date(2024, 1, 1)] * 3
    assert read(texts, zone="Asia/Jayapura") == [dt.date(2024, 1, 2), dt.date(2024, 1, 1), dt.date(2024, 1, 2)]


def test_a_zone_elsewhere_is_refused() -> None:
    with pytest.raises(InputError, match="no time zone of Indonesia"):
        read(["2024-01-01T00:00:00Z"], zone="Europe/Berlin")


@pytest.mark.parametrize("kind", ["series", "index", "list", "one"])
def test_a_calendar_counts_zoned_times_by_their_local_day(kind: str) -> None:
    calendar = ai.WorkCalendar.indonesia()
    start = pd.Series(pd.to_datetime(["2024-03-05 06:30"]).tz_localize("Asia/Jakarta"))
    end = pd.Series(pd.to_datetime(["2024-03-08 10:00"]).tz_localize("Asia/Jakarta").tz_convert("UTC"))
    shape = {"series": lambda s: s, "index": pd.DatetimeIndex, "list": list, "one": lambda s: s.iloc[0]}[kind]
    assert np.atleast_1d(calendar.between(shape(start), shape(end))).tolist() == [3]


@pytest.mark.parametrize(("zone", "day"), [("WIB", 17), ("WITA", 17), ("+09:00", 17)])
def test_times_that_lack_the_zone_that_the_others_name_have_the_day_they_show(zone: str, day: int) -> None:
    """One office has one clock: its system, or its staff, writes the name of the zone in some cells only."""
    dates = parse_dates([f"2024-08-17 23:30 {zone}", "2024-08-17 00:10", "2024-08-17"])
    assert dates.dt.day.tolist() == [day] * 3
    with pytest.raises(InputError, match="mixes time zones"):
        parse_dates(["2024-08-17 23:30 UTC", "2024-08-17 00:10"])
    with pytest.raises(InputError, match="mixes time zones"):
        parse_dates(["2024-08-17 23:30 WIB", "2024-08-17 22:30 WITA", "2024-08-17 00:10"])


def test_columns_asked_about_together_are_read_as_each_alone() -> None:
    texts = {
        "received": ["05/06/2024", "25/12/2023 08:30 WIB", "—", None, "0000-00-00", "1/2/24"],
        "decided": ["2024-01-05", "2024-01-25 00:00", "–", "belum", "17 Agustus 2023", "1970-01-01"],
        "course_end": ["3-7 Maret 2024", "04/03/2024 - 08/03/2024", "2024-01-05", "-", "45000", "05/06/2024"],
    }
    rows = from_arrow(pa.table({name: pa.array(column, pa.string()) for name, column in texts.items()}))
    together = see_dates(rows, list(texts))
    for name in texts:
        alone, both = (vars(seen[name].profile) for seen in (see_dates(rows, [name]), together))
        assert {k: v for k, v in both.items() if alone[k] != v} == {}
        assert together[name].lists == see_dates(rows, [name])[name].lists
    assert EMPTY.isascii()  # a sign beyond makes DuckDB take every statement apart letter by letter


# --- months cut short, and what is shown of a text that is no date


@pytest.mark.parametrize("form", ["5 {} 2024", "05-{}-24", "5 {}. 2024", "5{}2024", "Senin, 5 {} 24", "2 - 5 {} 2024"])
def test_months_are_read_however_they_are_cut_short(form: str) -> None:
    words = {
        2: "Peb Pebr Febr Feb", 3: "Mrt Mar", 6: "Juni Jun", 7: "Juli Jul", 8: "Agst Agts Agt Ags Agus Agu",
        9: "Sept Sep Septem", 10: "Okt Okto", 11: "Nop Nopem Nov", 12: "Des Desem",
    }  # fmt: skip
    months = {form.format(word): month for month, spellings in words.items() for word in spellings.split()}
    ends = [days.last if (days := days_of(text)) else text for text in months]
    assert dict(zip(months, read(ends), strict=True)) == {t: dt.date(2024, month, 5) for t, month in months.items()}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1 Agtt 2024", "1 Agtt 2024"),
        ("12-Sptm-24", "12-Sptm-24"),
        ("3 Agusuts 2024", "3 Agusuts 2024"),
        ("Kamis, 2 dan 4 Septembr 2024", "Kamis, 2 dan 4 Septembr 2024"),
        ("Siti Aminah 2024", "… … 2024"),
        ("lihat Budi, 5 Maret 2024", "… …, 5 Maret 2024"),
        ("5 Sulastri 2024", "5 … 2024"),
        *((f"5 {name} 2024", "5 … 2024") for name in ("Budi", "Siti", "Ani", "Desi", "Novi", "Yuni", "Septi", "Tono")),
        ("5 Dees 2024", "5 Dees 2024"),
        ("5 Jnui 2024", "5 Jnui 2024"),
        ("berkas 12 Budi", "… 12 …"),
    ],
)
def test_the_word_to_correct_is_shown_and_names_are_not(text: str, shown: str) -> None:
    assert sketched(text) == shown


def test_words_that_are_no_date_are_not_shown_as_three_dots() -> None:
    rows = pd.DataFrame({"office": "A", "received": [f"2024-03-{i % 28 + 1:02d}" for i in range(100)], "decided": None})
    rows["decided"] = ["sudah", "diambil", "langsung", "31/02/2024", *[f"2024-04-{i % 28 + 1:02d}" for i in range(96)]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found, words = (
            ai.read_exports(part, as_of="2024-06-01", selection="received") for part in (rows, rows.drop(index=3))
        )
    assert any("date of the calendar: 4, for example '31/02/2024'." in str(note) for note in found.notes)
    assert any("3, for example words that could be names and are not shown." in str(note) for note in words.notes)
