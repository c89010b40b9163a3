"""Copies of a case are judged once, as a slow twin in plain Python does; the other rows are read as they stand."""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.errors import DataWarning
from asn_impact.intake import cleaning, copies
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.tabulate import tabulate

from .conftest import codes
from .test_exports import quietly

Row = tuple[str, str, str, str, "str | None"]
COLUMNS = ["case", "office", "service", "received", "decided"]
AS_OF = "2024-12-31"
ENGINES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda f: f,
    "polars lazy": lambda f: pl.from_pandas(f).lazy(),
    "pyarrow": lambda f: pa.Table.from_pandas(f, preserve_index=False),
    "duckdb": lambda f: duckdb.connect().from_arrow(pa.Table.from_pandas(f, preserve_index=False)),
}
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["1/x", "2/x", "3/x", "4/x", "5/x", "6/x"]),
        st.sampled_from(["Dinas A", "Dinas B"]),
        st.sampled_from(["Izin P", "Izin Q"]),
        st.sampled_from(["2024-02-05", "2024-02-06", "2024-03-05"]),
        st.sampled_from(["2024-04-01", "2024-04-02", None]),
    ),
    min_size=8,
    max_size=25,
)


def judged(rows: list[Row], series: Callable[[Row], str] = lambda _: "") -> tuple[Counter[Row], Counter[str]]:
    """Return the rows that stay and the reasons of the others, case by case; `series` keeps cases apart."""
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[1], row[0], series(row)].append(row)
    kept: Counter[Row] = Counter()
    dropped: Counter[str] = Counter()
    for same in groups.values():
        decided = [row for row in same if row[4] is not None]
        if len({row[3] for row in same}) > 1 or len({row[4] for row in decided}) > 1:
            dropped["contradicting_copies"] += len(same)
            continue
        usable = decided or same
        dropped["open_copy"] += len(same) - len(usable)
        dropped["repeated_copy"] += len(usable) - 1
        case, office, _, received, day = usable[0]
        kept[case, office, max(row[2] for row in usable), received, day] += 1
    return kept, +dropped


def frame_of(rows: list[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.assign(received=pd.to_datetime(frame["received"]), decided=pd.to_datetime(frame["decided"]))


def rows_of(records: nw.LazyFrame[Any]) -> Counter[Row]:
    days = [nw.col(name).cast(nw.Date).cast(nw.String) for name in ("received", "decided")]
    found = records.with_columns(*days).select(*COLUMNS).collect()
    return Counter(tuple(None if pd.isna(cell) else cell for cell in row) for row in found.rows())


@settings(max_examples=15)
@given(rows=ROWS, engine=st.sampled_from(sorted(ENGINES)))
def test_copies_are_judged_as_the_slow_twin_does_property(rows: list[Row], engine: str) -> None:
    kept, dropped = judged(rows)
    if not kept or dropped["contradicting_copies"] >= copies.FEW:
        return
    extract = quietly(ENGINES[engine](frame_of(rows)), as_of=AS_OF, selection="received", most_lost=0.99)
    assert (rows_of(extract.records), codes(extract.ledger)) == (kept, dict(dropped))
    assert Counter(extract.dropped()["reason"]) == dropped


@pytest.mark.parametrize("engine", ENGINES)
def test_numbers_that_begin_again_are_cases_of_their_own_in_every_engine(engine: str) -> None:
    rows: list[Row] = [
        (f"{i}/x", "Dinas A", "Izin P", f"{year}-02-05", f"{year}-03-0{1 + i % 9}")
        for year in (2022, 2023)
        for i in range(30)
    ]
    rows += [*rows[:3], ("77/x", "Dinas A", "Izin P", "2023-02-05", None)]
    kept, dropped = judged(rows, lambda row: row[3][:4])
    extract = quietly(ENGINES[engine](frame_of(rows)), as_of=AS_OF)
    assert (rows_of(extract.records), codes(extract.ledger)) == (kept, dict(dropped))
    assert "intake.copies.series" in [note.key for note in extract.notes]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_few_numbers_that_come_again_are_no_series(engine: str) -> None:
    days = pd.date_range("2024-01-02", periods=300, freq="D").strftime("%Y-%m-%d")
    rows: list[Row] = [(f"R-{i:04}", f"Dinas {i % 3}", "Izin P", day, "2024-12-20") for i, day in enumerate(days)]
    rows += [(*row[:3], "2024-12-03", "2024-12-20") for row in rows[:40:4]]
    extract = quietly(ENGINES[engine](frame_of(rows)), as_of=AS_OF)
    assert codes(extract.ledger) == {"contradicting_copies": 20}
    assert [note["n"] for note in extract.notes if note.key == "intake.copies.no_series"] == [20]


def test_numbers_of_all_offices_together_begin_again_each_year() -> None:
    each = [(f"{i}/x", f"Dinas {i * year % 23}", "Izin P", f"{year}-02-05", "2024-03-01") for year in (2023, 2024)
            for i in range(1, 900)]  # fmt: skip
    extract = quietly(frame_of(each), as_of=AS_OF)
    assert "intake.copies.series" in [note.key for note in extract.notes]
    assert extract.ledger.kept == len(each)
    first_days = [(f"{i}/x", f"Dinas {i % 3}", "Izin P", "2024-02-05" if i < 900 else "2023-02-05", "2024-03-01")
                  for i in (*range(1, 30), *range(900, 2000))]  # fmt: skip
    begun = [(number, office, service, "2023-03-01", "2024-03-01") for number, office, service, *_ in first_days[:29]]
    extract = quietly(frame_of([*first_days, *begun]), as_of=AS_OF)
    assert extract.ledger.kept == len(first_days) + 29


def many(tmp_path: Path) -> Path:
    cells = "'Dinas ' || i % 3 AS office, i || '/x' AS \"case\", DATE '2024-01-02' + (i % 90)::INTEGER AS received"
    rows = f"SELECT {cells}, received + 9 AS decided FROM range(3000) t(i)"
    duckdb.sql(f"COPY ({rows} UNION ALL ({rows} LIMIT 20)) TO '{tmp_path / 'izin.parquet'}'")
    return tmp_path / "izin.parquet"


@pytest.mark.parametrize("few", [0, 200_000])
def test_later_queries_do_not_judge_the_copies_again(tmp_path: Path, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "FEW_ROWS", few)
    extract = quietly(many(tmp_path))
    assert (extract.ledger.kept, codes(extract.ledger)) == (3000, {"repeated_copy": 20})
    asked = nw.to_native(extract.records).sql_query().casefold()
    assert ("anti join" in asked) == (few == 0)  # few rows are held as they stay
    assert "group by" not in asked


def test_cells_with_copies_are_those_without(tmp_path: Path) -> None:
    twice = quietly(many(tmp_path))
    once = quietly(duckdb.sql(f"SELECT DISTINCT * FROM '{tmp_path / 'izin.parquet'}'"))
    one, other = (tabulate(measure(e, WorkCalendar.indonesia()), RestrictedMean(30)) for e in (twice, once))
    assert (one.units, one.timeline.labels) == (other.units, other.timeline.labels)
    assert (one.mean == other.mean).all()
    assert (one.n == other.n).all()


def test_a_relation_of_a_locked_connection_is_judged_where_it_is() -> None:
    connection = duckdb.connect(config={"enable_external_access": False})
    connection.execute("CREATE TABLE izin AS SELECT 'A' AS office, '1' AS \"case\", DATE '2024-02-05' AS received")
    connection.execute("ALTER TABLE izin ADD COLUMN decided DATE DEFAULT DATE '2024-02-09'")
    connection.execute("INSERT INTO izin SELECT * FROM izin")
    extract = quietly(connection.table("izin"), selection="received")
    assert (extract.ledger.kept, codes(extract.ledger)) == (1, {"repeated_copy": 1})
    assert extract.records.collect().shape[0] == 1


def test_two_cases_of_one_hash_stay_two() -> None:
    frame = nw.from_native(pl.LazyFrame({"office": ["A", "A"], "case": ["1", "2"], "x": [1, 2]}))
    assert copies.one_row_a_case(frame)[0].collect().shape[0] == 2


@pytest.mark.parametrize("heading", ["Nomor", "Kode", "Tracking ID", "No. Tiket"])
def test_a_number_in_two_rows_of_one_case_is_said_where_it_is_not_read(heading: str) -> None:
    days = pd.date_range("2024-01-02", periods=60, freq="3D")
    first = pd.DataFrame({heading: range(60), "OPD": ["Dinas A", "Dinas B"] * 30, "received": days, "decided": pd.NaT})
    rows = pd.concat([first.assign(status="Proses"), first.assign(decided=days, status="Selesai")])

    def keys(frame: pd.DataFrame, **settings: Any) -> set[str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            return {note.key for note in ai.read_exports(frame, as_of="2024-06-30", **settings).notes}

    assert "intake.case.unread" in keys(rows)
    assert "intake.case.unread" not in keys(rows, columns={"case": heading})
    assert "intake.case.unread" not in keys(rows, columns={"case": None})
    assert "intake.case.unread" not in keys(rows.iloc[60:])  # each number once
    again = rows.iloc[60:].assign(**{heading: [i % 20 for i in range(60)]})
    assert "intake.case.unread" not in keys(again)  # a numbering that starts again


def test_rows_without_a_number_that_are_copies_to_the_second_are_said(tmp_path: Path) -> None:
    rows = [f"Dinas A,2024-03-{1 + i % 28:02d} 10:{i:02d}:07,2024-04-02" for i in range(40)]
    for n in (0, 5):
        text = "\n".join(["OPD,Tanggal Masuk,Tanggal Selesai", *rows, *rows[:n], ""])
        (tmp_path / "izin.csv").write_text(text, encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            extract = ai.read_exports(tmp_path / "izin.csv", as_of="2024-12-31", selection="received")
        assert [note["n"] for note in extract.notes if note.key == "intake.case.copied_rows"] == ([n] if n else [])
