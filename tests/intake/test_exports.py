"""Every row of an export is in the records or in the ledger, whichever engine holds it."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact import Extract, read_exports, read_steps
from asn_impact.errors import DataWarning, InputError, PrivacyError
from asn_impact.intake.frames import object_text

from .conftest import HEADINGS, codes, lines, said

AS_OF = "2024-12-31"
Write = Callable[..., Path]
ENGINES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda f: f,
    "polars": pl.from_pandas,
    "polars lazy": lambda f: pl.from_pandas(f).lazy(),
    "pyarrow": lambda f: pa.Table.from_pandas(f, preserve_index=False),
    "duckdb": lambda f: duckdb.from_arrow(pa.Table.from_pandas(f, preserve_index=False)),
}


WAITS = st.one_of(st.none(), st.integers(-3, 800))


def quietly(source: Any, **settings: Any) -> Extract:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return read_exports(source, **{"as_of": AS_OF, **settings})


def frame(**columns: Any) -> pd.DataFrame:
    base = {
        "office": ["a", "b", "b"],
        "received": pd.to_datetime(["2024-01-02", "2024-01-03", "2024-03-04"]),
        "decided": pd.to_datetime(["2024-01-09", "2024-02-03", None]),
    }
    return pd.DataFrame({**base, **columns})


def dirty() -> pd.DataFrame:
    """One row or more for each reason."""
    rows = [
        ("1", "O1", "2024-01-02", "2024-01-09", None),
        ("2", "O1", "2024-01-03", None, None),  # open copy of the next
        ("2", "O1", "2024-01-03", "2024-01-20", None),
        ("3", "O1", "2024-01-04", "2024-01-20", None),  # contradicted by the next
        ("3", "O1", "2024-01-04", "2024-01-21", None),
        ("4", "O1", "2024-01-04", "2024-01-20", None),  # twice
        ("4", "O1", "2024-01-04", "2024-01-20", None),
        ("4", "O2 ", "2024-01-04", "2024-01-20", None),  # same number, another office: another case
        ("TEST9", "O1", "2024-01-04", "2024-01-20", None),
        (None, "O1", "2024-01-04", "2024-01-20", None),
        ("5", None, "2024-01-04", "2024-01-20", None),
        ("6", "O1", None, "2024-01-20", None),
        ("7", "O1", "2025-01-04", None, None),
        ("8", "O1", "2024-01-04", "2024-01-02", None),
        ("9", "O1", "2024-01-04", "2025-01-02", None),
        ("10", "O1", "2014-01-04", "2024-01-04", None),
        ("11", "O1", "2024-01-04", "9999-12-31", None),  # placeholder: open
        ("12", "O1", "2024-01-04", None, "Selesai"),
        ("13", "O1", "2024-01-04", "2024-02-04", "Proses"),
        ("14", "O1", "2024-01-04", None, "Dicabut"),
        ("15", "O1", "2024-01-04", "2024-02-04", "DITOLAK"),
        ("JUMLAH", "", None, None, None),
    ]
    table = pd.DataFrame(rows, columns=["case", "office", "received", "decided", "status"])
    return table.assign(received=pd.to_datetime(table["received"]), decided=table["decided"].astype("datetime64[us]"))


DROPPED = {
    "row_of_totals": 1,
    "test_row": 1,
    "no_case_number": 1,
    "no_received_date": 1,
    "received_after_export": 1,
    "decided_before_received": 1,
    "decided_after_export": 1,
    "wait_of_ten_years": 1,
    "no_office": 1,
    "finished_without_date": 1,
    "open_with_date": 1,
    "repeated_copy": 1,
    "open_copy": 1,
    "contradicting_copies": 2,
}
KEPT = [("1", "O1", "granted"), ("11", "O1", "open"), ("14", "O1", "withdrawn"), ("15", "O1", "rejected")]
KEPT += [("2", "O1", "granted"), ("4", "O1", "granted"), ("4", "O2", "granted")]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_reason_is_counted_in_every_engine(engine: str) -> None:
    with pytest.warns(DataWarning, match=r"^15 of 22 rows left out"):
        extract = read_exports(ENGINES[engine](dirty()), as_of=AS_OF)
    assert "1 placeholder" in said(extract)
    assert codes(extract.ledger) == DROPPED
    assert extract.ledger.kept == 7
    records = extract.records.collect()
    assert records.columns == ["case", "office", "service", "received", "decided", "status"]
    assert sorted(records.select("case", "office", "status").rows()) == sorted(KEPT)
    assert dict(zip(records["case"].to_list(), records["decided"].to_list(), strict=True))["2"] == dt.date(2024, 1, 20)


def test_texts_give_what_dates_give(export: Write) -> None:
    table = dirty()
    texts = table.assign(**{c: table[c].dt.strftime("%d/%m/%Y") for c in ("received", "decided")})
    path = export(texts.to_csv(sep=";", index=False))
    order = {"received": "day-first", "decided": "day-first"}
    for source in (texts, path):
        assert codes(quietly(source, dates=order).ledger) == DROPPED


@pytest.mark.parametrize(
    ("engine", "native"), [("pandas", pd.DataFrame), ("polars", pl.LazyFrame), ("duckdb", duckdb.DuckDBPyRelation)]
)
def test_a_typed_frame_stays_in_its_engine(engine: str, native: type) -> None:
    assert isinstance(read_exports(ENGINES[engine](frame()), as_of=AS_OF).records.to_native(), native)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 800), st.one_of(st.none(), st.integers(-3, 800))), min_size=1
    )
)
def test_the_ledger_always_balances(rows: list[tuple[str, int, int | None]]) -> None:
    start = pd.Timestamp("2023-01-01")
    table = pd.DataFrame(
        {
            "office": [o for o, _, _ in rows] + ["a"],
            "received": [start + pd.Timedelta(days=r) for _, r, _ in rows] + [start],
            "decided": [pd.NaT if w is None else start + pd.Timedelta(days=r + w) for _, r, w in rows] + [pd.NaT],
        }
    )
    extract = quietly(table)
    kept = len(extract.records.collect())
    assert extract.ledger.read == len(table)
    assert extract.ledger.kept == kept
    good = (table["received"] <= AS_OF) & ~(table["decided"] > AS_OF) & ~(table["decided"] < table["received"])
    assert kept == int(good.sum())


def test_row_order_index_and_the_caller_s_frame_do_not_matter() -> None:
    table = dirty()
    before = table.copy()
    shuffled = table.sample(frac=1, random_state=1).set_axis([0] * len(table))
    assert codes(quietly(shuffled).ledger) == codes(quietly(table).ledger) == DROPPED
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    "columns",
    [
        {"office": pd.Categorical(["a", "b", "b"])},
        {"office": [1, 2, 2]},
        {"office": [1.0, 2.0, 2.0]},
        {"received": [45293, 45294, 45355]},
        {"received": [dt.date(2024, 1, 2), dt.date(2024, 1, 3), dt.date(2024, 3, 4)]},
        {"received": ["2 Januari 2024", "3 Jan 2024", "4-Mar-24"]},
        {"received": pd.to_datetime(["2024-01-02", "2024-01-03", "2024-03-04"]).tz_localize("Asia/Jakarta")},
    ],
    ids=["category", "whole number", "float", "serial", "date objects", "words", "local zone"],
)
def test_types_of_columns_do_not_matter(columns: dict[str, Any]) -> None:
    extract = read_exports(frame(**columns), as_of=AS_OF)
    assert sorted(extract.records.collect()["received"].to_list())[2] == dt.date(2024, 3, 4)
    assert len({*extract.records.collect()["office"].to_list()}) == 2


@pytest.mark.parametrize("empty", [pd.NaT, None, np.nan])
def test_nothing_decided_yet_is_an_answer(empty: object) -> None:
    assert read_exports(frame(decided=empty), as_of=AS_OF).records.collect()["status"].to_list() == ["open"] * 3


def test_numbers_of_16_digits_as_floats_are_refused() -> None:
    with pytest.raises(InputError, match="floats"):
        read_exports(frame(case=[2.0**60, 2.0**60 + 512, np.nan]), as_of=AS_OF)


def test_offices_that_are_persons_are_refused_without_showing_them() -> None:
    nip = "19870910" + "2011011006"
    with pytest.raises(PrivacyError) as caught:
        read_exports(frame(office=[nip, "b", "b"]), as_of=AS_OF)
    assert nip not in str(caught.value)


def test_offices_spelt_in_two_ways_are_said() -> None:
    with pytest.warns(DataWarning, match="'DINAS A', 'Dinas A'"):
        read_exports(frame(office=["Dinas A", "DINAS A", "b"]), as_of=AS_OF)


def test_unknown_status_words_are_listed_with_what_to_do() -> None:
    table = frame(status=["Aneh", "Selesai", "Proses"])
    with pytest.raises(InputError, match=r"'Aneh' \(1 rows\).*status_words="):
        read_exports(table, as_of=AS_OF)
    done = read_exports(table, as_of=AS_OF, status_words={"aneh": "rejected"})
    assert done.records.collect()["status"].to_list() == ["rejected", "granted", "open"]
    assert read_exports(table, as_of=AS_OF, columns={"status": None}).ledger.kept == 3
    with pytest.raises(InputError, match="maps to 'done'"):
        read_exports(table, as_of=AS_OF, status_words={"aneh": "done"})


def test_order_of_day_and_month_is_asked_when_nothing_tells(export: Write) -> None:
    path = export(HEADINGS + "a;01/02/2024;03/04/2024\n")
    with pytest.raises(InputError, match="day first or month first"):
        read_exports(path, as_of=AS_OF)
    told = read_exports(path, as_of=AS_OF, dates={"received": "day-first", "decided": "day-first"})
    assert told.records.collect()["received"].to_list() == [dt.date(2024, 2, 1)]


def test_thin_evidence_for_the_order_is_said(export: Write) -> None:
    text = "".join(f"a;{d};28/12/2024\n" for d in ("01/02/2024", "02/03/2024", "03/04/2024", "25/04/2024"))
    with pytest.warns(DataWarning, match="3 of 4 dates fit day first and month first"):
        read_exports(export(HEADINGS + text), as_of=AS_OF)


def test_dates_that_do_not_exist_are_counted_and_too_many_are_refused(export: Write) -> None:
    few = export(HEADINGS + lines() + "a;29/02/2023;01/03/2023\n")
    with pytest.warns(DataWarning, match="the received date is no date 1"):
        extract = read_exports(few, as_of=AS_OF)
    assert "'29/02/2023'" in said(extract)
    with pytest.raises(InputError, match="too many"):
        read_exports(export(HEADINGS + lines(30) + "a;29/02/2023;01/03/2023\n" * 9), as_of=AS_OF)


@pytest.mark.parametrize("typed", [True, False])
def test_midnights_among_times_of_day_are_said(typed: bool) -> None:
    texts = ["2024-01-02 08:00", "2024-01-03 00:00", "2024-03-04 00:00"]
    notes = said(read_exports(frame(received=pd.to_datetime(texts) if typed else texts), as_of=AS_OF))
    assert "2 of 3 values stand at midnight" in notes
    assert "no time of day" not in notes


def test_extra_columns_come_by_the_name_asked_and_persons_do_not() -> None:
    table = frame(Kecamatan=["x", "y", "z"], NIP=["1", "2", "3"])
    records = read_exports(table, as_of=AS_OF, keep=("district",)).records.collect()
    assert records["district"].to_list() == ["x", "y", "z"]
    with pytest.raises(PrivacyError):
        read_exports(table, as_of=AS_OF, keep=("NIP",))


def test_one_office_without_a_column() -> None:
    extract = read_exports(frame().drop(columns="office"), as_of=AS_OF, office="DPMPTSP")
    assert set(extract.records.collect()["office"].to_list()) == {"DPMPTSP"}


@pytest.mark.parametrize("as_of", ["31/12/2024", "soon"])
def test_as_of_must_be_a_day(as_of: str) -> None:
    with pytest.raises(InputError, match="as_of"):
        read_exports(frame(), as_of=as_of)


def cases_of_two_years() -> pd.DataFrame:
    random = np.random.default_rng(1)
    received = pd.Timestamp("2023-01-01") + pd.to_timedelta(random.integers(0, 700, 3000), unit="D")
    waits = pd.to_timedelta(random.geometric(0.05, 3000), unit="D")
    return pd.DataFrame({"office": "a", "received": received, "decided": received + waits})


def test_an_export_drawn_on_completion_is_recognised() -> None:
    cases = cases_of_two_years()
    during_2024 = cases.loc[cases["decided"].between("2024-01-01", "2024-10-01")]
    with pytest.warns(DataWarning, match="completed cases only"):
        assert read_exports(during_2024, as_of="2025-06-30").selection == "completed"
    received = cases.loc[cases["received"] < "2024-06-01"]
    assert read_exports(received, as_of="2025-06-30").selection == "unknown"
    assert read_exports(during_2024, as_of="2025-06-30", selection="received").selection == "received"
    still_open = received.assign(decided=received["decided"].where(received["decided"] <= "2024-05-31"))
    assert read_exports(still_open, as_of="2024-05-31").selection == "received"


def test_the_extract_shows_itself_the_same_each_time(export: Write) -> None:
    path = export(HEADINGS + lines())
    one, two = (read_exports(path, as_of=AS_OF) for _ in range(2))
    assert one._repr_html_() == two._repr_html_()
    assert repr(one) == repr(two)
    assert "0x" not in repr(one)


# --- steps ----------------------------------------------------------------------------------------------------


def steps() -> pd.DataFrame:
    rows = [
        ("1", "verify", "Selesai", "2024-01-02 08:10:00", "2024-01-05 10:00:00", "0"),
        ("1", "verify", "Selesai", "2024-01-02 08:10:00", "2024-01-05 10:00:00", "0"),
        ("1", "sign", "Selesai", "2024-01-05 09:00:00", "2024-01-09 09:30:00", "0"),
        ("2", "verify", "Selesai", "2024-02-01 09:00:00", "2024-02-02 09:30:00", "0"),
        ("2", "sign", "Menunggu", "2024-02-02 09:00:00", "0001-01-01 00:00:00", "0"),
        ("TEST", "verify", "Selesai", "2024-01-01 09:00:00", "2024-01-01 09:00:00", "0"),
        ("3", "verify", "Selesai", "2024-01-01 09:00:00", "2024-01-01 09:00:00", "1"),
    ]
    return pd.DataFrame(rows, columns=["no_permohonan", "nama_proses", "status", "start_date", "end_date", "del"])


@pytest.mark.parametrize("engine", ENGINES)
def test_steps_become_cases_and_the_ledger_counts_steps(engine: str) -> None:
    extract = read_steps(ENGINES[engine](steps()), as_of=AS_OF, office="DPMPTSP")
    assert "3 of 7 rows left out" in said(extract)
    assert codes(extract.ledger) == {"test_row": 1, "deleted_step": 1, "repeated_step": 1}
    rows = sorted((r[0], r[3], r[4], r[5]) for r in extract.records.collect().rows())
    assert rows == [
        ("1", dt.date(2024, 1, 2), dt.date(2024, 1, 9), "granted"),
        ("2", dt.date(2024, 2, 1), None, "open"),
    ]


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_named_last_step_decides_a_case() -> None:
    extract = read_steps(steps(), as_of=AS_OF, office="DPMPTSP", last_step="Verify")
    assert sorted(extract.records.collect()["decided"].to_list()) == [dt.date(2024, 1, 5), dt.date(2024, 2, 2)]


def test_a_status_of_signs_alone_says_nothing_and_is_read(tmp_path):
    rows = [f"{i},Dinas {'AB'[i % 2]},{1 + i % 28:02d}/01/2024,{1 + i % 28:02d}/02/2024,-" for i in range(60)]
    (tmp_path / "x.csv").write_text("\n".join(["Nomor,OPD,Tanggal Masuk,Tanggal Terbit,Status", *rows, ""]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        extract = read_exports(tmp_path / "x.csv", as_of="2024-12-31")
    assert (extract.ledger.kept, extract.records.collect()["status"].unique().to_list()) == (60, ["granted"])


ARROW = pa.table(
    {
        "case": ["1", "2", "1"],
        "office": ["O1", "O1", "O2"],
        "status": ["Terbit", "Proses", "Terbit"],
        "received": [dt.date(2024, 1, 2)] * 3,
        "decided": [dt.date(2024, 1, 9), None, dt.date(2024, 1, 5)],
    }
)
FRAMES: dict[str, Callable[[], Any]] = {
    "days of Arrow in pandas": lambda: ARROW.to_pandas(types_mapper=pd.ArrowDtype),
    "an index of two names": lambda: ARROW.to_pandas().set_index(["office", "case"]),
    "an index of one name": lambda: ARROW.to_pandas(types_mapper=pd.ArrowDtype).set_index("received"),
    "a dataset": lambda: pyarrow.dataset.dataset(ARROW),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_of_any_make_gives_the_same_records(kind: str) -> None:
    extracts = [read_exports(source, as_of="2024-01-31") for source in (FRAMES[kind](), ARROW)]
    records = [extract.records.collect().drop("service").rows() for extract in extracts]
    found, twin = ([[object_text(value) for value in row] for row in rows] for rows in records)
    assert sorted(found, key=repr) == sorted(twin, key=repr)
    assert len(found) == 3
    with pytest.warns(DataWarning, match="2 of 3 rows left out"):
        lost = read_exports(FRAMES[kind](), as_of="2024-01-08", status_words={"Terbit": "open"})
    assert len(lost.dropped("en")) == 2


def test_frames_in_a_list_and_headings_in_levels_are_refused_with_the_line_to_write() -> None:
    frame = ARROW.to_pandas()
    with pytest.raises(InputError, match=r"list holds a DataFrame.*pd\.concat"):
        read_exports([frame, frame], as_of="2024-01-31")
    frame.columns = pd.MultiIndex.from_product([["a"], frame.columns])
    with pytest.raises(InputError, match=r"2 levels.*frame\.columns = "):
        read_exports(frame, as_of="2024-01-31")
