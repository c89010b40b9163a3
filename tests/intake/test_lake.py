"""Split folders, tables of Delta and Iceberg, addresses: read as they are, or refused with the line that reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import asn_impact as ai

AS_OF = "2024-12-31"


@pytest.fixture
def records() -> pd.DataFrame:
    received = pd.to_datetime("2024-01-01") + pd.to_timedelta(range(60), "D")
    return pd.DataFrame(
        {
            "case": [f"K-{i:03d}" for i in range(60)],
            "kecamatan": [("Kota Banda Aceh", "Toba", "Nias")[i % 3] for i in range(60)],
            "year": [2023 + i % 2 for i in range(60)],
            "office": [f"Dinas {i % 4}" for i in range(60)],
            "received": received,
            "decided": received + pd.to_timedelta([i % 25 for i in range(60)], "D"),
        }
    )


@pytest.fixture
def lake(records: pd.DataFrame, tmp_path: Path) -> Path:
    """A folder as DuckDB and Spark write it: the columns it is split by are in the names of its folders alone."""
    with duckdb.connect() as connection:
        connection.register("records", records)
        connection.execute(f"COPY records TO '{tmp_path}/lake' (FORMAT parquet, PARTITION_BY (kecamatan, year))")
    (tmp_path / "lake" / "_SUCCESS").touch()
    (tmp_path / "lake" / "kecamatan=Toba" / ".part.crc").touch()
    return tmp_path / "lake"


def kept(source: object) -> pd.DataFrame:
    extract = ai.read_exports(source, as_of=AS_OF, keep=["kecamatan", "year"], selection="received")
    rows = extract.records.collect().to_pandas().sort_values("case", ignore_index=True)
    return rows.assign(year=rows["year"].astype(int))


def test_a_split_folder_is_read_with_the_columns_in_the_names_of_its_folders(lake: Path, records: pd.DataFrame):
    found = kept(lake)
    pd.testing.assert_frame_equal(found, kept(records)[found.columns.tolist()], check_dtype=False)


def test_one_part_of_a_split_folder_knows_where_it_lies(lake: Path):
    part = kept(lake / "kecamatan=Kota%20Banda%20Aceh")
    assert part["kecamatan"].unique().tolist() == ["Kota Banda Aceh"]
    file = next((lake / "kecamatan=Toba" / "year=2023").glob("*.parquet"))
    assert kept(file)[["kecamatan", "year"]].drop_duplicates().to_numpy().tolist() == [["Toba", 2023]]


def test_sources_name_the_part(lake: Path):
    extract = ai.read_exports(lake, as_of=AS_OF, selection="received")
    assert {source.name.partition("/")[0] for source in extract.sources} == {
        "kecamatan=Kota%20Banda%20Aceh",
        "kecamatan=Nias",
        "kecamatan=Toba",
    }
    assert extract.ledger.read == extract.ledger.kept == 60


def test_the_rows_left_out_name_their_part(lake: Path, records: pd.DataFrame):
    wrong = records.head(1).assign(case="K-900", decided=pd.Timestamp("2020-01-01")).drop(columns=["kecamatan", "year"])
    wrong.to_parquet(lake / "kecamatan=Toba" / "year=2023" / "again.parquet")
    with pytest.warns(ai.DataWarning, match="1 of 61 rows left out"):
        dropped = ai.read_exports(lake, as_of=AS_OF, selection="received").dropped()
    assert dropped["file"].tolist() == ["kecamatan=Toba/year=2023/again.parquet"]


def test_data_of_a_folder_comes_before_its_parts(lake: Path, records: pd.DataFrame):
    records.head(7).to_csv(lake / "izin.csv", index=False)
    with pytest.warns(ai.DataWarning, match="Not read, though it may hold data: kecamatan="):
        extract = ai.read_exports(lake, as_of=AS_OF, selection="received")
    assert extract.ledger.read == 7


def test_parts_of_another_kind_are_refused(records: pd.DataFrame, tmp_path: Path):
    (tmp_path / "izin" / "tahun=2024").mkdir(parents=True)
    records.to_csv(tmp_path / "izin" / "tahun=2024" / "izin.csv", index=False)
    with pytest.raises(ai.InputError, match="Only Parquet is read so"):
        ai.read_exports(tmp_path / "izin", as_of=AS_OF)


def test_a_table_of_delta_is_not_read_file_by_file(lake: Path):
    for file in lake.rglob("*.parquet"):
        shutil.copy(file, lake / f"{file.parent.parent.name}-{file.parent.name}.parquet")
    (lake / "_delta_log").mkdir()
    with pytest.raises(ai.InputError, match=r"table of Delta.*install_extension\(\"delta\"\).*delta_scan"):
        ai.read_exports(lake, as_of=AS_OF)


def test_a_table_of_iceberg_is_not_read_file_by_file(lake: Path):
    (lake / "metadata").mkdir()
    (lake / "metadata" / "00000-a.metadata.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ai.InputError, match="iceberg_scan"):
        ai.read_exports(lake, as_of=AS_OF)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("s3://bucket/izin/*.parquet", ('load_extension("httpfs")', "read_parquet('s3://bucket/izin/*.parquet')")),
        ("https://data.example/izin.csv?key=SECRET", ("httpfs", "read_csv('https://data.example/izin.csv')")),
        ("https://me:SECRET@data.example/izin.json", ("read_json('https://data.example/izin.json')",)),
        ("abfss://lake@account/izin", ('load_extension("azure")', "spark.read.parquet")),
    ],
)
@pytest.mark.parametrize("language", ["id", "en"])
def test_an_address_is_answered_with_the_lines_that_read_it(address: str, words: tuple[str, ...], language: str):
    with pytest.raises(ai.InputError) as error:
        ai.read_exports(address, as_of=AS_OF)
    said = error.value.text(language)
    assert all(word in said for word in words)
    assert "SECRET" not in said


def test_a_column_of_the_file_is_not_overwritten_by_the_name_of_its_folder(records: pd.DataFrame, tmp_path: Path):
    for year in (2023, 2024):
        place = tmp_path / "lake" / "office=WRONG" / f"year={year}"
        place.mkdir(parents=True)
        records[records["year"] == year].drop(columns="year").to_parquet(place / "part.parquet")
    found = kept(tmp_path / "lake")
    pd.testing.assert_frame_equal(found, kept(records)[found.columns.tolist()], check_dtype=False)


@pytest.mark.parametrize("first", [0, 1])
def test_of_files_side_by_side_each_has_its_own_column_or_the_one_of_its_folder(records, tmp_path, first):
    for i, place in enumerate(("office=A", "office=B")):
        rows = records.iloc[30 * i : 30 * i + 30].assign(office="Dinas Sendiri")[
            ["case", "received", "decided", "office"]
        ]
        (tmp_path / "lake" / place).mkdir(parents=True)
        kept_columns = rows if i == first else rows.drop(columns="office")
        kept_columns.to_parquet(tmp_path / "lake" / place / "part.parquet")
    found = ai.read_exports(tmp_path / "lake", as_of=AS_OF, selection="received").records.collect()
    assert dict(found.to_pandas()["office"].value_counts()) == {"Dinas Sendiri": 30, "AB"[1 - first]: 30}


def test_a_folder_without_a_value_has_none(records: pd.DataFrame, tmp_path: Path):
    place = tmp_path / "lake" / "year=__HIVE_DEFAULT_PARTITION__" / "kecamatan=Nias"
    place.mkdir(parents=True)
    records.drop(columns=["year", "kecamatan"]).to_parquet(place / "part.parquet")
    found = ai.read_exports(tmp_path / "lake", as_of=AS_OF, keep=["kecamatan", "year"], selection="received")
    rows = found.records.collect().to_pandas()
    assert rows["year"].isna().all()
    assert set(rows["kecamatan"]) == {"Nias"}
