"""Tables of databases: read like files, only the wanted columns, and no password anywhere."""

from __future__ import annotations

from pathlib import Path

import duckdb
import psutil
import pytest

from asn_impact.errors import InputError
from asn_impact.intake.formats.server import named_source, open_server
from asn_impact.intake.readers.exports import read_exports

AS_OF = "2024-12-31"
SECRET = "kata" + "sandi"


@pytest.fixture
def office(tmp_path: Path) -> Path:
    path = tmp_path / "office.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            "CREATE TABLE permohonan AS SELECT 'C' || i AS no_permohonan, 'D' || i % 3 AS dinas, "
            "'Budi' AS nama_pemohon, "
            "DATE '2024-01-01' + i::INT AS tgl_masuk, "
            "CASE WHEN i < 30 THEN DATE '2024-03-01' + i::INT END AS tgl_selesai FROM range(40) t(i)"
        )
        database.execute("CREATE TABLE lain AS SELECT 1 AS a")
        database.execute("CREATE SCHEMA arsip")
        database.execute("CREATE TABLE arsip.lama AS SELECT * FROM permohonan WHERE tgl_selesai IS NOT NULL")
    return path


def test_a_table_gives_what_the_same_rows_in_a_file_give(office: Path, tmp_path: Path) -> None:
    extract = read_exports(office, table="permohonan", as_of="2024-04-15")
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as database:
        database.execute(f"ATTACH '{office}' AS o (READ_ONLY)")
        database.execute(f"COPY o.permohonan TO '{tmp_path / 'p.parquet'}'")
    twin = read_exports(tmp_path / "p.parquet", as_of="2024-04-15")
    assert sorted(extract.records.collect().rows(), key=repr) == sorted(twin.records.collect().rows(), key=repr)
    assert extract.sources[0].name == "office.duckdb[permohonan]"
    assert len(extract.sources[0].sha256) == 64
    assert "nama_pemohon" not in extract.records.collect_schema().names()


def test_a_system_that_tells_nothing_of_open_files_stops_nobody(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.Process.open_files", lambda _: (_ for _ in ()).throw(psutil.AccessDenied(1)))
    assert read_exports(office, as_of="2024-04-15", table="permohonan").ledger.kept == 40


def test_a_schema_can_be_named(office: Path) -> None:
    assert read_exports(office, table="arsip.lama", as_of=AS_OF).ledger.kept == 30


@pytest.mark.parametrize(("table", "said"), [(None, "Say which table"), ("permohonn", "Did you mean 'permohonan'")])
def test_which_table_is_asked_with_those_there(office: Path, table: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_exports(office, table=table, as_of=AS_OF)
    assert "'arsip.lama', 'lain', 'permohonan'" in str(caught.value)


def test_a_file_that_is_open_elsewhere_or_no_database_is_refused(office: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(office)), pytest.raises(InputError, match="has it open"):
        read_exports(office, table="permohonan", as_of=AS_OF)
    for content in (b"SQLite format 3" + bytes(100), b"no database at all", b"12345678DUCK" + bytes(100)):
        path = tmp_path / "x.db"
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"x\.db"):
            read_exports(path, table="a", as_of=AS_OF)


def test_a_file_of_one_table_takes_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b\n1;2\n")
    with pytest.raises(InputError, match="holds one table only"):
        read_exports(tmp_path / "a.csv", table="x", as_of=AS_OF)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "mysql"])
def test_no_password_is_in_the_name_or_in_any_message(scheme: str) -> None:
    address = f"{scheme}://petugas:{SECRET}@127.0.0.1:1/izin?password={SECRET}"
    assert named_source(address) == f"{scheme}://127.0.0.1/izin"
    with pytest.raises(InputError) as caught:
        read_exports(address, table="permohonan", as_of=AS_OF)
    said = str(caught.value)
    assert "INSTALL" in said or "cannot be opened" in said
    assert SECRET not in said
    assert "petugas" not in said
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_what_the_driver_says_of_a_failed_connection_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    real = duckdb.execute

    def execute(sql: str, *rest: object) -> object:
        if "duckdb_extensions" in sql:
            return real("SELECT true")
        raise duckdb.IOException(f"could not connect: password={SECRET}")

    monkeypatch.setattr(duckdb, "execute", execute)
    with pytest.raises(InputError, match="cannot be opened") as caught:
        open_server(f"postgresql://u:{SECRET}@h/izin", "permohonan")
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_password_with_quotes_and_backslashes_stays_one_value(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = duckdb.execute

    def execute(sql: str, *rest: object) -> object:
        seen.append(sql)
        if "duckdb_extensions" in sql:
            return real("SELECT true")
        if sql.startswith("ATTACH"):
            raise duckdb.IOException("stop here")
        return real("SELECT 1 WHERE false")

    monkeypatch.setattr(duckdb, "execute", execute)
    with pytest.raises(InputError):
        open_server("postgresql://u:a%27b%5Cc@h:5432/izin", "permohonan")
    (attach,) = [s for s in seen if s.startswith("ATTACH")]
    assert "password=''a\\''b\\\\c''" in attach
    assert "dbname=''izin''" in attach
    assert "READ_ONLY" in attach
