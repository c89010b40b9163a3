"""Step logs: the cases of `read_steps`, and every step once with its days."""

import datetime as dt
import warnings

import narwhals as nw
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.readers.steps import read_steps
from asn_impact.topics.clocks.step_log import read_step_log, suggested_owner

HEAD = "no_permohonan;opd;nama_proses;status;start_date;end_date;del\n"


def write(folder, rows):
    path = folder / "sicantik.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return path


def test_a_log_holds_the_cases_of_read_steps_and_each_step_once(tmp_path):
    rows = "1;O 1;Verifikasi;Selesai;2024-01-02;2024-01-03;0\n1;O 1;Perbaikan Dokumen;Proses;2024-01-03;;0\n"
    path = write(
        tmp_path, rows + "1;O  1;Perbaikan Dokumen;Proses;2024-01-03;;0\n2;O 1;TTE;Selesai;2024-01-02;2024-01-03;1\n"
    )
    log, cases = read_step_log(path, as_of="2024-02-01"), read_steps(path, as_of="2024-02-01")
    assert "deleted step 1, repeated step 1" in " ".join(map(str, log.notes))
    assert cases.ledger.kept == 2  # 'O  1' is the same office: its copy of a step contradicts nothing
    assert log.notes == cases.notes
    assert sorted(log.cases.records.collect().rows()) == sorted(cases.records.collect().rows())
    assert sorted(log.steps.collect().rows()) == [
        ("O 1", "1", "Perbaikan Dokumen", dt.date(2024, 1, 3), None),
        ("O 1", "1", "Verifikasi", dt.date(2024, 1, 2), dt.date(2024, 1, 3)),
    ]
    assert log.owners["suggested"].tolist() == ["applicant", "office"]


def test_a_log_without_names_of_steps_is_refused():
    frame = pd.DataFrame({"case": ["1"], "office": "O", "step_start": [pd.Timestamp("2024-01-02")]})
    with pytest.raises(InputError, match="'step'"):
        read_step_log(frame.assign(step_end=frame["step_start"]), as_of="2024-02-01")


@pytest.mark.parametrize(
    ("step", "owner"), [("PEMBAYARAN  RETRIBUSI", "applicant"), ("Rekomendasi OPD Teknis", "elsewhere"), ("Zz", None)]
)
def test_suggestions_come_from_the_table(step, owner):
    assert suggested_owner(step) == owner


def test_a_log_with_one_time_a_row_is_read_and_said() -> None:
    times = pd.to_datetime(["2024-01-02", "2024-01-05", "2024-01-03"])
    log = pd.DataFrame({"case": ["1", "1", "2"], "step": ["a", "b", "a"], "time": times})
    for columns in ({"step_end": "time"}, {"step_end": "time", "step_start": None}):
        with pytest.warns(ai.DataWarning, match="received at its first row and decided at its last"):
            extract = ai.read_steps(log, as_of="2024-12-31", office="O", columns=columns)
        rows = extract.records.collect().to_pandas().sort_values("case").astype(str)
        assert rows["received"].str[:10].tolist() == ["2024-01-02", "2024-01-03"]
        assert rows["decided"].str[:10].tolist() == ["2024-01-05", "2024-01-03"]
        assert extract.ledger.kept == 3


@pytest.mark.parametrize("finished", [("complete",), ("Selesai",)])
@pytest.mark.parametrize("columns", [{"step_start": "time"}, {}])
def test_rows_of_a_start_and_a_completion_make_one_step(finished: tuple[str, ...], columns: dict[str, str]) -> None:
    rows = [
        ("1", "a", "start", "2024-01-02"),
        ("1", "a", "complete", "2024-01-05"),
        ("1", "b", "start", "2024-01-08"),
        ("1", "b", "complete", "2024-01-09"),
        ("2", "a", "start", "2024-01-03"),
        ("2", "a", "complete", "2024-01-04"),
        ("2", "b", "start", "2024-01-10"),
    ]
    log = pd.DataFrame(rows, columns=["case", "step", "lifecycle", "time"])
    log["time"] = pd.to_datetime(log["time"])
    named = {"step_end": "time", "status": "lifecycle", **columns}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ai.DataWarning)
        extract = ai.read_steps(log, as_of="2024-12-31", office="O", columns=named, finished=finished)
    found = extract.records.collect().to_pandas().sort_values("case").astype(str)
    assert found["status"].tolist() == ["granted", "open"]
    assert found["received"].str[:10].tolist() == ["2024-01-02", "2024-01-03"]
    assert found["decided"].str[:10].tolist()[0] == "2024-01-09"
    assert extract.ledger.kept == len(log)


def test_a_case_whose_steps_are_in_several_offices_is_said_aloud() -> None:
    rows = [("503/0001", "Dinas A"), ("503/0001", "Dinas Teknis"), ("17", "Dinas A"), ("17", "Dinas Teknis")]
    days = {"start_date": "2024-03-14 08:00:00", "end_date": "2024-03-15 08:00:00", "status": "Selesai"}
    frame = pd.DataFrame(
        [{"no_permohonan": c, "opd": o, "nama_proses": f"langkah {i}", **days} for i, (c, o) in enumerate(rows)]
    )
    with pytest.warns(DataWarning, match="1 case numbers have steps in more than one office"):
        read_steps(frame, as_of="2024-03-31")


def _three_steps(number, office, begin, service="Izin"):
    names = ("Verifikasi", "Rekomendasi", "Penandatanganan")
    days = [pd.Timestamp(begin) + pd.Timedelta(days=3 * i) for i in range(4)]
    return [(number, office, service, name, *days[i : i + 2]) for i, name in enumerate(names)]


def _log(*cases):
    rows = [row for case in cases for row in case]
    return pd.DataFrame(rows, columns=["case", "office", "service", "step", "step_start", "step_end"])


@pytest.mark.parametrize("used_again", [12, 40])
@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_numbers_that_begin_again_each_year_are_no_cases_of_a_year(used_again, engine):
    first = [
        _three_steps(f"{i:04}", f"O{i % 3}", pd.Timestamp(2023, 1, 2) + pd.Timedelta(days=9 * i)) for i in range(40)
    ]
    again = [
        _three_steps(f"{i:04}", f"O{i % 3}", pd.Timestamp(2024, 1, 2) + pd.Timedelta(days=8 * i))
        for i in range(used_again)
    ]
    log = _log(*first, *again)
    log = nw.from_native(log).lazy().collect(engine).to_native()
    with pytest.warns(DataWarning, match="begin again each year"):
        cases = read_steps(log, as_of="2025-03-31", last_step="Penandatanganan", selection="received")
    rows = cases.records.collect()
    assert len(rows) == 40 + used_again
    assert {(d - r).days for r, d in rows.select("received", "decided").rows()} == {9}
    assert cases.ledger.kept == 3 * (40 + used_again)


def test_numbers_that_begin_again_with_each_month_or_service_are_known_by_both():
    months = [_three_steps(f"{i:04}", "O1", pd.Timestamp(2024, m, 2 + i)) for i in range(12) for m in (1, 2, 3)]
    with pytest.warns(DataWarning, match="begin again each month"):
        monthly = read_steps(_log(*months), as_of="2025-03-31", selection="received")
    assert len(monthly.records.collect()) == 36
    both = [
        _three_steps(f"{i:04}", "O1", pd.Timestamp(2024, 1, 2 + i + k), s)
        for i in range(12)
        for k, s in enumerate("AB")
    ]
    with pytest.warns(DataWarning, match="begin again with each service"):
        of_service = read_steps(_log(*both), as_of="2025-03-31", selection="received")
    assert len(of_service.records.collect()) == 24


def test_rework_makes_no_second_case_and_a_case_that_begins_again_is_told():
    def looped(i):
        steps = _three_steps(f"{i:04}", "O1", pd.Timestamp(2023, 12, 20) + pd.Timedelta(days=i))
        day = pd.Timestamp(2023, 12, 10) + pd.Timedelta(days=i)
        return [(f"{i:04}", "O1", "Izin", "Verifikasi", day, day + pd.Timedelta(days=1)), *steps]

    reworked = read_steps(_log(*map(looped, range(30))), as_of="2025-03-31", selection="received")
    assert len(reworked.records.collect()) == 30
    assert not any(n.key.startswith("intake.copies") for n in reworked.notes)
    few = [_three_steps("1", "O1", day) for day in ("2023-01-02", "2024-05-02")]
    with pytest.warns(DataWarning, match="1 case numbers go through their first step again"):
        told = read_steps(_log(*few), as_of="2025-03-31", selection="received")
    assert len(told.records.collect()) == 1


@pytest.mark.parametrize(
    "headings", [("Mulai", "Selesai"), ("Tanggal Mulai", "Tgl. Selesai"), ("Waktu Mulai", "Waktu Selesai")]
)
def test_the_usual_headings_of_a_log_are_known(headings):
    log = _log(_three_steps("1", "O1", "2024-01-02"))
    log.columns = ["No. Register", "Perangkat Daerah", "Jenis Izin", "Tahap", *headings]
    extract = read_steps(log, as_of="2024-06-28", last_step="Penandatanganan", selection="received")
    assert extract.headings["step_end"] == headings[1]
    assert extract.ledger.kept == 3


def steps_of(cases: str, names: str, days: str) -> pd.DataFrame:
    rows = [(case, name, pd.Timestamp(2024, 1, int(day))) for case, name, day in zip(cases, names, days, strict=True)]
    frame = pd.DataFrame(rows, columns=["case", "step", "step_start"]).assign(office="O", status="Selesai")
    return frame.assign(step_end=frame["step_start"] + pd.Timedelta(days=1))


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("names", ["names", None])
def test_a_copy_of_a_step_is_found_in_a_file_as_in_a_frame_with_names_and_without(tmp_path, names) -> None:
    frame = steps_of("1112223", "abaabbc", "1231121")
    frame = pd.concat([frame, frame.iloc[[2, 6, 6]]])
    frame = frame if names else frame.drop(columns="step")
    frame.to_parquet(tmp_path / "log.parquet")
    found = [read_steps(source, as_of="2024-02-01") for source in (frame, tmp_path / "log.parquet")]
    assert dict(found[0].ledger.dropped) == dict(found[1].ledger.dropped)
    assert sum(found[0].ledger.dropped.values()) == (3 if names else 4)  # without a name two of one day are one
    one, other = (sorted(extract.records.drop("service").collect().rows()) for extract in found)
    assert one == other


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_numbers_that_begin_again_are_told_apart_beside_copies_of_other_steps(tmp_path) -> None:
    early = steps_of("123456789123", "aaaaaaaaabbb", "1" * 9 + "222")
    late = early.assign(step_start=early["step_start"] + pd.DateOffset(years=1))
    late = late.assign(step_end=late["step_start"] + pd.Timedelta(days=1))
    whole = pd.concat([early, late, late.tail(2)])
    whole.to_parquet(tmp_path / "log.parquet")
    found = [read_step_log(source, as_of="2025-06-30") for source in (whole, tmp_path / "log.parquet")]
    for log in found:
        assert log.cases.ledger.kept == 24
        assert len(log.cases.records.collect()) == 18
        assert any(note.key == "intake.copies.series" for note in log.notes)
    one, other = (sorted(log.steps.collect().rows()) for log in found)
    assert one == other


def test_strange_signs_in_numbers_are_read_in_a_file_as_in_a_frame(tmp_path) -> None:
    signs = ["\u200b", "\u00a0", "\t", "\x7f", "\u00e9", "", " "]
    frame = steps_of("1234567", "abababa", "1212121")
    frame["case"] = [f"B-{case}{sign}" for case, sign in zip(frame["case"], signs, strict=True)]
    frame.to_parquet(tmp_path / "log.parquet")
    found = [read_steps(source, as_of="2024-02-01") for source in (frame, tmp_path / "log.parquet")]
    one, other = (sorted(extract.records.collect()["case"].to_list()) for extract in found)
    assert one == other
    assert one == ["B-1", "B-2", "B-3", "B-4", "B-5\u00e9", "B-6", "B-7"]
