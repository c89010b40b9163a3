"""Dates without end, and of years that Python does not have, leave their rows out or mean "no date"."""

from __future__ import annotations

import contextlib
import math
import struct
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as parquet_of_arrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.errors import AsnImpactError, InputError
from asn_impact.intake.formats.engine import reading
from asn_impact.intake.ledger import reason

ROWS = "FROM range(40) r(i)"
DAY = "DATE '2024-01-02' + i::INT"
FIELDS = ("received", "decided")


def sql(field: str, value: str, kind: str) -> str:
    """Write rows of which the first has this value in one of its dates."""
    plain = {"received": DAY, "decided": f"{DAY} + 9"}
    plain[field] = f"CASE WHEN i = 0 THEN {value} ELSE CAST({plain[field]} AS {kind}) END"
    dates = ", ".join(f"{made} AS {name}" for name, made in plain.items())
    return f"SELECT i::VARCHAR AS \"case\", 'Dinas A' AS office, {dates} {ROWS}"


def read(source: object) -> ai.Extract:
    """Read what was made, to the last of what a reader can be asked."""
    extract = ai.read_exports(source, as_of="2024-12-31", selection="received")
    assert len(extract.records.collect().to_pandas()) == extract.ledger.kept
    assert len(extract.dropped()) == 40 - extract.ledger.kept
    assert len(extract.codebook()) > 3
    return extract


def parquet(folder: Path, rows: str) -> Path:
    path = folder / "a.parquet"
    path.unlink(missing_ok=True)
    duckdb.execute(f"COPY ({rows}) TO '{path}'")
    return path


ENDLESS = [f"{kind} '{sign}infinity'" for kind in ("DATE", "TIMESTAMP", "TIMESTAMPTZ") for sign in "- "]


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("value", [*(v.replace("' ", "'") for v in ENDLESS), "DATE '9999-12-31'"])
def test_a_date_without_end_is_no_date_in_a_file_and_in_a_relation(value: str, tmp_path: Path) -> None:
    in_file = partial(parquet, tmp_path)
    sources = (in_file, duckdb.sql) if "-" in value else (duckdb.sql, in_file)  # each field, sign and source meet
    for field, source in zip(FIELDS, sources, strict=True):
        extract = read(source(sql(field, value, value.split()[0])))
        open_cases = int((extract.records.collect()["status"] == "open").sum())
        lost = extract.ledger.dropped.get(reason("no_received_date"), 0)
        assert (open_cases, lost) == ((0, 1) if field == "received" else (1, 0)), (field, source)
        assert any(note.key == "intake.dates.placeholders" for note in extract.notes)


FAR = st.one_of(st.integers(-2_147_483_646, -719_164), st.integers(2_932_898, 2_147_483_646))  # days since 1970


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@settings(max_examples=5, deadline=None)
@given(days=FAR, field=st.sampled_from(FIELDS), moment=st.booleans())
def test_a_date_of_a_year_that_python_does_not_have_leaves_its_row_out(
    days: int, field: str, moment: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if moment:  # microseconds do not reach as far
        days = max(min(days, 106_000_000), -106_000_000)
    value = f"TIMESTAMP '1970-01-01' + INTERVAL ({days}) DAY" if moment else f"make_date({days})"
    rows = sql(field, value, "TIMESTAMP" if moment else "DATE")
    frame = duckdb.sql(rows).to_arrow_table()
    for source in (parquet(tmp_path_factory.getbasetemp(), rows), duckdb.sql(rows), pl.from_arrow(frame)):
        ledger = read(source).ledger
        found = {
            "received": "received_before_1900" if days < 0 else "received_after_export",
            "decided": "decided_before_received" if days < 0 else "decided_after_export",
        }
        assert ledger.dropped == {reason(found[field]): 1}


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_further_dates_of_records_without_end_are_missing(tmp_path: Path) -> None:
    rows = sql("decided", "TIMESTAMP 'infinity'", "TIMESTAMP").replace(" AS decided", " AS selesai, 4.5 AS nilai")
    path = parquet(tmp_path, rows)
    read = ai.read_observations(path, as_of="2024-12-31", date="selesai", columns={"office": "office"}, keep=("nilai",))
    assert len(read.records.collect()) == 39


def test_a_parquet_file_with_dates_beyond_the_bounds_that_it_states_is_damaged(tmp_path: Path) -> None:
    table = duckdb.sql(sql("decided", DAY, "DATE")).to_arrow_table()
    path = tmp_path / "a.parquet"
    parquet_of_arrow.write_table(table, path, compression="none", use_dictionary=False)
    middle = struct.pack("<2i", 19_730, 19_731)  # neither the first nor the last of the dates
    assert middle in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(middle, struct.pack("<2i", 19_730, 2_000_000_000)))
    with pytest.raises(InputError, match=r"a\.parquet"):
        ai.read_exports(path, as_of="2024-12-31")


def test_bytes_that_are_no_text_and_reach_python_are_said_of_the_file() -> None:
    with pytest.raises(InputError, match=r"a\.parquet.*no text"), reading("a.parquet"):
        b"\x80".decode()


@pytest.mark.parametrize("kind", ["DATE", "VARCHAR"])
def test_the_rows_that_a_relation_of_an_own_connection_loses_are_listed(kind: str) -> None:
    with duckdb.connect() as own:
        days = f"CAST(DATE '2024-02-05' AS {kind})"
        rows = f"SELECT '1/x' AS \"case\", 'Dinas A' AS office, {days} AS received, {days} AS decided FROM range(2)"
        extract = ai.read_exports(own.sql(rows), as_of="2024-12-31", selection="received")
        assert extract.dropped()["reason"].tolist() == ["repeated_copy"]


NO_DATES = ["1970-01-01", "1900-01-01", "9999-12-31", "infinity", "-infinity", "0001-01-01"]
NO_DATES_AS_TEXT = [*NO_DATES, "1900-01-00", "31/12/9999", "epoch"]


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize(
    ("ends", "kind"), [(NO_DATES, "DATE"), *(([day], "VARCHAR") for day in NO_DATES_AS_TEXT)], ids=str
)
def test_the_end_of_a_course_that_means_no_date_trains_nobody(ends: list[str], kind: str, tmp_path: Path) -> None:
    """Days of a typed column are read one by one; texts tell together how they are written, so each stands alone."""
    courses = [*(("Dinas A", "2024-03-15") for _ in range(60)), *((f"Dinas {end}", end) for end in ends)]
    rows = f"SELECT office, CAST(day AS {kind}) AS course_end FROM (VALUES {str(courses)[1:-1]}) c(office, day)"
    in_file = partial(parquet, tmp_path)
    for source in (in_file, duckdb.sql) if kind == "DATE" else (in_file if "-" in ends[0] else duckdb.sql,):
        rollout = ai.read_training(source(rows))
        assert rollout.adopted.astype(str).to_dict() == {"Dinas A": "2024-03"}
        assert [note.text("en").numbers[0].value for note in rollout.notes if note.key == "training.left_out"] == [
            len(ends)
        ]


FAR_DAY = pa.array([19_000, 3_672_000], pa.int32()).cast(pa.date32())  # 2022 and 12023
FAR_MOMENT = pa.array([0, 317_234_534_400], pa.int64()).cast(pa.timestamp("s"))
VALUES = {
    "a day": FAR_DAY,
    "a moment": FAR_MOMENT,
    "a moment of a zone": FAR_MOMENT.cast(pa.timestamp("s", tz="UTC")),
    "forty digits": pa.array([Decimal(1), Decimal("9" * 38)]),
    "lists": pa.array([[1], [2]]),
    "bytes": pa.array([b"\xff", b"\x00"]),
    "no value": pa.nulls(2),
    "infinity": pa.array(["infinity", "-infinity"]),
    "no number": pa.array([math.nan, math.inf]),
    "a negative": pa.array([-5, -(2**62)]),
}
FRAMES = (lambda t: t, partial(pa.Table.to_pandas, date_as_object=False), pl.from_arrow, duckdb.from_arrow)
DOORS: dict[str, tuple[Callable[[Any], object], dict[str, object]]] = {
    "promises": (ai.read_promises, {"service": ["IMB", "SIP"], "limit": ["5 hari", "6 hari"]}),
    "rollout": (lambda t: ai.read_rollout(t, unit="u", adopted="g"), {"u": ["A", "B"], "g": [1, 2]}),
    "status": (
        lambda t: ai.read_rollout_from_status(t, unit="u", period="t", treated="d"),
        {"u": ["A", "B"], "t": [1, 1], "d": [0, 1]},
    ),
    "panel": (
        lambda t: ai.read_panel(t, unit="u", period="t", outcome="y"),
        {"u": ["A", "B"], "t": [1, 1], "y": [1, 2]},
    ),
    "training": (ai.read_training, {"office": ["A", "B"], "course_end": ["2024-03-01"] * 2, "passed_count": [1, 2]}),
    "complaints": (
        lambda t: ai.read_complaints(t, as_of="2024-12-31"),
        {"office": ["A", "B"], "received": ["2024-03-01"] * 2, "decided": ["2024-03-02"] * 2},
    ),
    "costs": (
        lambda t: ai.read_costs(t, origin="DPA", price_year=2024),
        {"komponen": ["A", "B"], "jumlah": [1, 2], "satuan": ["u", "u"], "harga_satuan": [5000, 6000]},
    ),
}


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("value", list(VALUES))
@pytest.mark.parametrize("door", list(DOORS))
def test_every_door_ends_in_a_result_or_in_a_refusal_of_ours(door: str, value: str) -> None:
    read, columns = DOORS[door]
    turn = list(VALUES).index(value)
    for i, field in enumerate(columns):  # two frames a field: every frame meets every value, and every field by turns
        for frame in (FRAMES[(i + turn) % 4], FRAMES[(i + turn + 2) % 4]):
            with contextlib.suppress(AsnImpactError):
                read(frame(pa.table({**columns, field: VALUES[value]})))


def test_a_reader_of_files_says_that_it_wants_the_path_of_one() -> None:
    with pytest.raises(InputError, match="the path of a file"):
        ai.read_wide(duckdb.sql("SELECT 1 AS x"), unit="x")  # type: ignore[arg-type]
