"""Three clocks against a slow twin that goes day by day and file by file."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.errors import DataWarning, InputError
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.outcomes import Within
from asn_impact.measures.tabulate import maturity
from asn_impact.topics.clocks.clocks import clocks
from asn_impact.topics.clocks.step_log import read_step_log

CALENDAR = WorkCalendar.indonesia()
AS_OF = dt.date(2024, 6, 28)
START = dt.date(2024, 3, 4)
OWNERS = {"applicant": ["Perbaikan"], "elsewhere": ["Rekomendasi"], "office": ["Verifikasi", "Penetapan"]}
WORKING = set(CALENDAR.days[CALENDAR.working].astype(dt.date))


def day(offset):
    return START + dt.timedelta(days=offset)


def frame_of(rows):
    frame = pd.DataFrame(rows, columns=["case", "step", "step_start", "step_end"]).assign(office="O1")
    frame["status"] = np.where(frame["step_end"].isna(), "Proses", "Selesai")
    for name in ("step_start", "step_end"):
        frame[name] = pd.to_datetime(frame[name])
    return frame


def log_of(rows, **options):
    return read_step_log(frame_of(rows), as_of=AS_OF, **options)


def twin(rows, case):
    """The slow twin: every working day after receipt, up to the decision, asked one by one."""
    mine = [row for row in rows if row[0] == case]
    received = min(row[2] for row in mine)
    closing = [row for row in mine if row[1] == "Penetapan"]
    decided = closing[0][3]
    days = [d for d in sorted(WORKING) if received < d <= decided]

    def covered(d, steps):
        return any(b < d <= (e or AS_OF) for _, s, b, e in mine if s in steps)

    return (
        len(days),
        sum(not covered(d, OWNERS["applicant"]) for d in days),
        sum(covered(d, OWNERS["office"]) for d in days),
    )


def days_of(three):
    clocks_of = (three.gross, three.net_of_applicant, three.office_only)
    return [times.records.collect().to_pandas()["days"].astype("Int64").tolist() for times in clocks_of]


span = st.tuples(
    st.sampled_from(["Perbaikan", "Rekomendasi", "Verifikasi"]), st.integers(0, 60), st.none() | st.integers(0, 40)
)


def case_of(name, spans, closing):
    rows = [(name, "Verifikasi", day(0), day(1)), (name, "Penetapan", day(closing), day(closing))]
    rows += [(name, "Rekomendasi", day(closing), day(closing)), (name, "Perbaikan", day(0), day(0))]
    return rows + [(name, step, day(b), None if long is None else day(b + long)) for step, b, long in spans]


@settings(max_examples=6, deadline=None)  # each holds some ten cases
@given(st.lists(st.tuples(st.lists(span, max_size=7), st.integers(0, 60)), min_size=5, max_size=20))
def test_every_clock_is_the_one_counted_day_by_day(drawn):
    rows = [("c0", "Arsip", day(61), day(61))]
    for i, (spans, closing) in enumerate(drawn):  # what follows the decision is another step: a first one begins a case
        named = [("Arsip" if begun > closing else step, begun, long) for step, begun, long in spans]
        rows += dict.fromkeys(case_of(f"c{i}", named, closing))
    owners = {**OWNERS, "elsewhere": [*OWNERS["elsewhere"], "Arsip"]}
    three = clocks(log_of(rows, last_step="Penetapan"), CALENDAR, **owners)
    expected = sorted(twin(rows, f"c{i}") for i in range(len(drawn)))
    assert [sorted(column) for column in zip(*expected, strict=True)] == [sorted(found) for found in days_of(three)]


def test_cases_of_years_are_counted_day_by_day_in_a_file_and_in_a_frame(tmp_path):
    """Near and far days of a case, as one engine keeps them apart, with steps on both sides of the border."""
    rng = np.random.default_rng(3)
    begun = [-600 + int(b) for b in rng.integers(0, 300, 40)]
    rows = []
    for i, first in enumerate(begun):
        most = int(rng.integers(1, 600))
        spans = [
            (str(rng.choice(["Perbaikan", "Rekomendasi", "Verifikasi"])), int(b), None if b % 7 == 0 else int(long))
            for b, long in zip(rng.integers(0, most, 6), rng.integers(0, 250, 6), strict=True)
        ]
        shifted = case_of(f"c{i}", spans, most)
        rows += [
            (name, step, b + dt.timedelta(days=first), e and e + dt.timedelta(days=first))
            for name, step, b, e in shifted
        ]
    rows = [row for row in dict.fromkeys(rows) if max(filter(None, row[2:])) <= AS_OF]
    whole = {row[0] for row in rows if row[1] == "Penetapan"}
    rows = [row for row in rows if row[0] in whole]
    expected = sorted(twin(rows, case) for case in whole)
    frame = frame_of(rows)
    frame.to_parquet(tmp_path / "log.parquet")
    assert max(column[0] for column in expected) > 300
    for source in (frame, tmp_path / "log.parquet"):
        three = clocks(read_step_log(source, as_of=AS_OF, last_step="Penetapan"), CALENDAR, **OWNERS)
        assert [sorted(column) for column in zip(*expected, strict=True)] == [sorted(found) for found in days_of(three)]


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_file_with_copies_tests_and_dates_that_are_none_is_read_as_its_frame(tmp_path):
    blank = dt.date(1900, 1, 1)
    rows = [*HAND, HAND[1], ("TEST-1", "Verifikasi", day(0), day(1)), ("2", "Verifikasi", day(1), blank)]
    rows += [("3", "Verifikasi", day(0), day(2)), ("3", "Penetapan", day(2), day(9)), ("", "Penetapan", day(2), day(9))]
    frame = frame_of(rows)
    frame.loc[frame["case"] == "2", "status"] = "Proses"
    frame.to_parquet(tmp_path / "log.parquet")
    logs = [read_step_log(source, as_of=AS_OF) for source in (frame, tmp_path / "log.parquet")]
    assert logs[0].cases.ledger.dropped == logs[1].cases.ledger.dropped
    assert sum(logs[0].cases.ledger.dropped.values()) == 3
    one, other = (clocks(log, CALENDAR, **OWNERS, abandoned_after=5) for log in logs)
    assert [sorted(days, key=str) for days in days_of(one)] == [sorted(days, key=str) for days in days_of(other)]


HAND = [
    ("1", "Verifikasi", dt.date(2024, 3, 4), dt.date(2024, 3, 6)),  # Monday to Wednesday
    ("1", "Perbaikan", dt.date(2024, 3, 6), dt.date(2024, 3, 15)),  # 11 and 12 March are days off
    ("1", "Perbaikan", dt.date(2024, 3, 8), dt.date(2024, 3, 14)),  # inside the other: counts once
    ("1", "Penetapan", dt.date(2024, 3, 15), dt.date(2024, 3, 18)),
]


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas, lambda f: duckdb.connect().from_df(f)])
def test_a_hand_sized_case_in_every_engine(engine):
    three = clocks(read_step_log(engine(frame_of(HAND)), as_of=AS_OF), CALENDAR, **OWNERS)
    assert days_of(three) == [[8], [3], [3]]
    assert three.table()["mean"].tolist() == [8, 3, 3]


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas, lambda f: duckdb.connect().from_df(f)])
def test_copies_of_steps_change_no_clock_and_are_counted(engine):
    log = read_step_log(engine(frame_of(HAND * 3)), as_of=AS_OF)
    assert log.cases.ledger.lost == 0
    assert sum(log.cases.ledger.dropped.values()) == 2 * len(HAND)
    assert log.owners["rows"].sum() == len(HAND)
    assert days_of(clocks(log, CALENDAR, **OWNERS)) == [[8], [3], [3]]


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas, lambda f: duckdb.connect().from_df(f)])
def test_the_office_never_has_more_days_than_the_case(engine):
    """Three steps begin on one day, the longest of them before the middle one in the file."""
    spans = [("Verifikasi", 0, 29), ("Verifikasi", 20, 18), ("Verifikasi", 4, None), ("Verifikasi", 0, 3)]
    rows = case_of("c0", spans, 27)
    three = clocks(read_step_log(engine(frame_of(rows)), as_of=AS_OF, last_step="Penetapan"), CALENDAR, **OWNERS)
    assert days_of(three) == [[days] for days in twin(rows, "c0")]


def test_a_step_nobody_owns_is_listed_and_refused_until_it_is_declared():
    rows = [*HAND, ("1", "Arsip", dt.date(2024, 3, 4), dt.date(2024, 3, 5))]
    with pytest.raises(InputError, match=r"1 kinds of steps belong to nobody: 'Arsip'"):
        clocks(log_of(rows), CALENDAR, **OWNERS)
    three = clocks(log_of(rows), CALENDAR, **{**OWNERS, "office": "the rest", "elsewhere": []})
    assert three.owners.set_index("step")["owner"]["Arsip"] == "office"


@pytest.mark.parametrize("blank", [None, "", "  "])
@pytest.mark.parametrize("engine", [lambda f: f, lambda f: duckdb.connect().from_df(f)])
def test_steps_without_a_name_are_counted_and_declared_as_any_other(blank, engine):
    rows = [*HAND[:1], ("1", blank, day(2), day(11)), ("1", "None", day(11), day(11)), HAND[-1]]
    log = read_step_log(engine(frame_of(rows)), as_of=AS_OF)
    owners = {"applicant": [], "elsewhere": ["None"], "office": ["Verifikasi", "Penetapan"]}
    with pytest.raises(InputError, match=r'^1 steps have no name.*elsewhere=\[""\]'):
        clocks(log, CALENDAR, **owners)
    with pytest.raises(InputError, match=r"^1 kinds of steps belong to nobody: 'None'.*1 steps have no name"):
        clocks(log, CALENDAR, **{**owners, "elsewhere": []})
    with pytest.warns(DataWarning, match=r'1 steps without a name count as the office.*elsewhere=\[""\]'):
        assert days_of(clocks(log, CALENDAR, **{**owners, "office": "the rest"})) == [[8], [8], [8]]
    for side, days in {"applicant": [[8], [3], [3]], "elsewhere": [[8], [8], [3]]}.items():
        assert days_of(clocks(log, CALENDAR, **{**owners, side: [*owners[side], ""], "office": "the rest"})) == days


def test_a_step_of_two_owners_and_a_step_that_is_not_there_are_refused():
    with pytest.raises(InputError, match="two owners"):
        clocks(log_of(HAND), CALENDAR, applicant=["Perbaikan"], elsewhere=["perbaikan"], office="the rest")
    with pytest.raises(InputError, match=r"No step is called 'perbaikn'.*Did you mean"):
        clocks(log_of(HAND), CALENDAR, applicant=["Perbaikn"], elsewhere=[], office="the rest")


def test_a_case_whose_step_ends_before_it_begins_is_left_out_of_all_clocks_and_said():
    rows = [*HAND, *(("2", s, b, e) for _, s, b, e in HAND), ("2", "Perbaikan", day(5), day(3))]
    with pytest.warns(DataWarning, match="1 cases left out of all clocks"):
        three = clocks(log_of(rows), CALENDAR, applicant=["Perbaikan"], elsewhere=[], office="the rest")
    assert days_of(three) == [[8], [3], [3]]


def test_a_file_with_the_applicant_is_not_late_for_the_office():
    """Three months with the applicant: gross time answers Within(5), net time cannot, unless the file is given up."""
    rows = [("1", "Verifikasi", day(0), day(1)), ("1", "Perbaikan", day(1), None)]
    owners = {"applicant": ["Perbaikan"], "elsewhere": [], "office": ["Verifikasi"]}
    three = clocks(log_of(rows), CALENDAR, **owners)
    assert maturity(three.gross, Within(5))["mature"].tolist() == [True]
    assert maturity(three.net_of_applicant, Within(5))["least_follow_up"].tolist() == [1]
    assert maturity(three.net_of_applicant, Within(5))["mature"].tolist() == [False]
    given_up = clocks(log_of(rows), CALENDAR, **owners, abandoned_after=40)
    assert maturity(given_up.net_of_applicant, Within(5))["mature"].tolist() == [True]
    assert given_up.net_of_applicant.records.collect()["status"].to_list() == ["withdrawn"]


def test_suggestions_are_only_suggestions():
    owners = log_of([*HAND, ("1", "Xyz", day(0), day(1))]).owners.set_index("step")["suggested"]
    assert owners["Perbaikan"] == "applicant"
    assert pd.isna(owners["Xyz"])
