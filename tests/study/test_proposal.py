"""A folder of files becomes a filled study file; a right check is at most two hand edits away."""

import csv
import re
import tempfile
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.cli import DONE, main
from asn_impact.errors import StudyError
from asn_impact.intake.fields.labels import settle_labels
from asn_impact.intake.privacy import veiled
from asn_impact.study import read_study
from asn_impact.study.prepared import attempted, prepared
from asn_impact.study.proposal import propose_study
from asn_impact.study.proposal.look import look
from asn_impact.study.proposal.match import role_of
from asn_impact.study.proposal.offices import alike
from asn_impact.study.proposal.write import Page

from .messy import MESSY
from .programme_files import OFFICES, write_programme

silent = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
MOST_EDITS = 2


@silent
@pytest.mark.parametrize("write", MESSY, ids=lambda f: f.__name__)
def test_a_right_check_is_at_most_two_hand_edits_away(tmp_path, write):
    truth = write(tmp_path)
    proposal = propose_study(tmp_path)
    text = proposal.text
    assert len(truth.decisions) <= MOST_EDITS
    for commented, line in truth.decisions:
        assert commented in text
        text = text.replace(commented, line, 1)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    ready = prepared(read_study(tmp_path / "study.toml"))
    assert ready.refusal is None
    assert set(map(str, ready.panel.units)) == truth.offices
    months = (*map(str, ready.panel.timeline.labels), *map(str, ready.panel.immature))
    assert tuple(sorted(months)) == truth.months
    design = ready.design
    starts = {
        str(u): str(design.panel.timeline.label(a))
        for u, a in zip(design.panel.units, design.adopted, strict=True)
        if a < 1e9
    }
    assert starts == truth.trained


def test_new_from_files_writes_a_study_that_check_reads_and_prints_the_questions(tmp_path, capsys):
    MESSY[0](tmp_path / "data")
    assert main(["new", str(tmp_path / "studi"), "--from", str(tmp_path / "data")]) == DONE
    said = capsys.readouterr().out
    assert "Kapan ekspor dibuat?" in said
    text = (tmp_path / "studi" / "study.toml").read_text(encoding="utf-8")
    assert 'path = "../data/izin.csv"' in text
    assert 'Dinkes = "Dinas Kesehatan"' in text
    assert main(["check", str(tmp_path / "studi")]) == DONE


def test_a_proposal_never_overwrites_and_names_what_is_not_there(tmp_path):
    MESSY[1](tmp_path)
    proposal = propose_study(tmp_path)
    proposal.write()
    with pytest.raises(StudyError, match="nothing was overwritten"):
        proposal.write()
    with pytest.raises(StudyError, match="'nowhere' does not exist"):
        propose_study(tmp_path / "nowhere")


def test_persons_are_in_no_proposal(tmp_path):
    MESSY[3](tmp_path)
    text = propose_study(tmp_path).text
    assert "'Nama Pemohon'" in text
    assert not re.search(r"Rahasia|08123", text)


@pytest.mark.parametrize(
    ("counts", "sure", "doubtful"),
    [
        ({"Dinas Kesehatan": 90, "Dinkes": 9}, {"Dinkes": "Dinas Kesehatan"}, ()),
        ({"Dinkes Kota Jambi": 9, "Dinas Kesehatan": 90}, {"Dinkes Kota Jambi": "Dinas Kesehatan"}, ()),
        ({"Dinas Kesehatan Kota Jambi": 9, "Dinas Kesehatan Kab. Bungo": 90}, {}, ()),
        ({"Kec. Sungai Limau": 50, "Kel. Sungai Limau": 40}, {}, ()),
        ({"Kecamatan Kota Baru": 50, "Kecamatan Kota Lama": 40}, {}, ()),
        ({"Dinas Kelautan dan Perikanan": 50, "DKP": 40}, {}, (("DKP", "Dinas Kelautan dan Perikanan"),)),
        ({"Kelurahan Sukamaju": 50, "Kelurahan Sukamaja": 40}, {}, (("Kelurahan Sukamaja", "Kelurahan Sukamaju"),)),
        ({"Dinas Kesehatan": 200, "Dinas Kesehatn": 2}, {"Dinas Kesehatn": "Dinas Kesehatan"}, ()),
        ({"Puskesmas Mersam": 90, "UPTD Puskesmas Mersam": 9}, {"UPTD Puskesmas Mersam": "Puskesmas Mersam"}, ()),
        ({"Puskesmas I": 90, "Puskesmas II": 80}, {}, ()),
    ],
)
def test_only_what_is_surely_one_office_is_proposed_as_one(counts, sure, doubtful):
    found = alike(counts)
    assert dict(found.sure) == sure
    assert found.doubtful == doubtful


def test_the_name_written_out_or_of_the_training_list_is_the_one_to_use():
    counts = {"DINKES": 90, "Dinas Kesehatan": 12, "Dinas Sosial": 40}
    assert dict(alike(counts).sure) == {"DINKES": "Dinas Kesehatan"}
    assert dict(alike(counts, ["Dinkes"]).sure) == {"Dinas Kesehatan": "DINKES"}


def test_the_note_and_the_question_have_two_names_the_same_way():
    counts = {"DINKES": 90, "Dinas Kesehatan": 12}
    _, (note,) = settle_labels(counts)
    assert {note["first"]: note["second"]} == dict(alike(counts).sure)


def test_a_column_of_status_words_is_one_whatever_its_heading(tmp_path):
    words = ["Terbit"] * 30 + ["Proses"] * 8 + ["Dicabut pemohon"] * 4
    lines = [
        f"P-{i:03d};Dinas {'ABC'[i % 3]};IMB;{1 + i % 27:02d}/03/2024;{'' if word == 'Proses' else '29/03/2024'};{word}"
        for i, word in enumerate(words)
    ]
    text = "\n".join(["Nomor Registrasi;Perangkat Daerah;Jenis Izin;Tanggal Masuk;Tanggal Terbit;Keterangan", *lines])
    (tmp_path / "izin.csv").write_text(f"{text}\n;JUMLAH;;;;42\n", encoding="utf-8")
    proposed = propose_study(tmp_path).text
    assert '\nstatus = "Keterangan"' in proposed
    assert '\n"Dicabut pemohon" = "withdrawn"' in proposed
    assert '"42"' not in proposed
    assert "\n# 42 =" not in proposed


def test_the_source_below_the_figures_is_that_of_the_data_alone(tmp_path, capsys):
    days = pd.date_range("2024-01-01", periods=40, freq="7D")
    permits = {"No Permohonan": range(40), "Perangkat Daerah": ["Dinas A", "Dinas B"] * 20, "Tanggal Masuk": days}
    permits |= {"Tanggal Selesai": days + pd.Timedelta(days=5), "Status": "Selesai"}
    recap = {"Perangkat Daerah": ["Dinas A", "Dinas B"] * 4, "Semester": ["I", "I", "II", "II"] * 2}
    recap |= {"Tahun": [2023] * 4 + [2024] * 4, "Nilai IKM": [80.5, 79.1, 81.2, 80.3, 82.0, 80.9, 81.8, 80.4]}
    (tmp_path / "data").mkdir()
    pd.DataFrame(permits).to_csv(tmp_path / "data" / "izin.csv", index=False)
    pd.DataFrame(recap).to_csv(tmp_path / "data" / "rekap ikm.csv", index=False)
    assert main(["new", str(tmp_path / "s"), "--from", str(tmp_path / "data")]) == 0
    lines = (tmp_path / "s" / "study.toml").read_text(encoding="utf-8").splitlines()
    assert next(line for line in lines if line.startswith("source")).startswith('source = "izin.csv"')


@silent
def test_a_folder_of_several_kinds_of_files_gets_a_claim_for_each(tmp_path):
    write_programme(tmp_path)
    for name in ("antrian.csv", "pegawai.csv", "study.toml"):
        (tmp_path / name).unlink()
    months = [f"{2023 + m // 12}-{1 + m % 12:02d}" for m in range(20)]
    complaints = [f"{o[-5:]}{m};{m}-05;{o};Selesai;{m}-20" for o in OFFICES for m in months]
    heading = "Tracking ID;Tanggal Laporan;Instansi Terdisposisi;Status;Tanggal Selesai"
    (tmp_path / "lapor.csv").write_text("\n".join([heading, *complaints, ""]), encoding="utf-8")
    proposal = ai.propose_study(tmp_path, language="en")
    programme = ai.open_study(proposal.write())
    assert [(claim.id, claim.study.data.name) for claim in programme.claims] == [
        *(("izin", "records"), ("skm", "survey"), ("aduan", "complaints"), ("kegiatan", "observations")),
    ]
    assert programme.claim("kegiatan").study.outcome.parameters["start"] == "Rencana"
    looked = programme.check("en")
    assert looked.problems == ()
    assert set(looked.rows["claim"]) == {"izin", "skm", "aduan", "kegiatan"}
    assert looked.rows["periods"].notna().all()


@silent
def test_a_claim_that_cannot_be_computed_yet_stays_a_comment_with_its_reason(tmp_path):
    write_programme(tmp_path)
    for name in ("antrian.csv", "pegawai.csv", "study.toml", "paket.csv"):
        (tmp_path / name).unlink()
    text = (tmp_path / "skm.csv").read_text(encoding="utf-8").replace("Perangkat Daerah", "Entah")
    (tmp_path / "skm.csv").write_text(text, encoding="utf-8")
    proposal = ai.propose_study(tmp_path, language="id")
    assert '# id = "skm"' in proposal.text
    assert any("Klaim dari berkas 'skm' belum dapat dihitung" in question.text("id") for question in proposal.questions)
    assert [claim.id for claim in ai.open_study(proposal.write()).claims] == ["izin"]


def test_a_budget_is_no_list_of_training_whatever_its_name(tmp_path):
    MESSY[0](tmp_path)
    rows = {"Kode Rekening": ["5.1.02", "5.2.03"], "Uraian": ["Honorarium Narasumber", "Kontribusi Pelatihan"]}
    amounts = {"Volume": [48, 180], "Satuan": ["OJ", "Orang"], "Jumlah": [43200000, 27000000]}
    names = [f"{name} {at}" for name in ("DPA Diklat 2024", "RKA Pelatihan", "biaya bimtek") for at in range(2)]
    for name in names:
        price = {"Harga" if name.endswith("1") else "Harga Satuan (Rp)": [900000, 1500000]}
        pd.DataFrame({**rows, **amounts, **price}).to_excel(tmp_path / f"{name}.xlsx", index=False)
    text = propose_study(tmp_path).text
    used = [line for line in text.splitlines() if not line.startswith("#")]
    assert not [line for line in used if any(name in line for name in names)]


def test_the_name_of_a_file_decides_only_where_its_headings_do_not(tmp_path):
    def role(name, **columns):
        pd.DataFrame(columns).to_csv(tmp_path / name, index=False)
        (seen,), _ = look([tmp_path / name])
        return role_of(seen)

    days = {"Tanggal": ["2024-03-05", "2024-03-06"]}
    assert role("Jadwal Diklat.csv", Ruang=["A", "B"], **days) != "training"
    listed = {"NIP": ["198701012011011001", "198701012011011002"], "Unit Kerja": ["Dinas A", "Dinas B"]}
    assert role("Peserta Diklat.csv", **listed, **days) == "training"
    permits = {"No Permohonan": ["A-1", "A-2"], "Jenis Izin": ["SIUP", "SIUP"], "Tanggal Masuk": days["Tanggal"]}
    assert role("Izin peserta diklat pelatihan.csv", OPD=["Dinas A", "Dinas B"], **permits, **days) == "records"


def test_words_of_passing_that_are_not_known_are_asked_for(tmp_path):
    MESSY[0](tmp_path)
    for other in set(tmp_path.iterdir()) - {tmp_path / "izin.csv"}:
        other.unlink()
    people = [f"19870101201101{1001 + i}" for i in range(4)]
    listed = {"NIP": people, "Unit Kerja": ["Dinas Kesehatan", "Dinas Sosial"] * 2, "Nama Pelatihan": "SPBE"}
    taught = {"Tanggal Selesai": "25/03/2024", "Kelulusan": ["Lulus", "Remedial", "Gugur", "Lulus"]}
    pd.DataFrame({**listed, **taught}).to_csv(tmp_path / "pelatihan.csv", index=False)
    text = propose_study(tmp_path).text
    assert 'passed_words = {Remedial = "failed"}' in text


_HEADING = st.text(
    st.one_of(st.sampled_from("\"'\\\n\t\r #=[]{}"), st.characters(exclude_categories=("Cs",))), max_size=300
)


@silent
@given(headings=st.lists(_HEADING, min_size=8, max_size=8, unique_by=lambda h: " ".join(h.split()).casefold()))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_proposed_is_valid_toml_whatever_the_headings(headings):
    kinds = ("Tanggal Masuk", "Tanggal Terbit", "Dinas Teknis", "Ket.", "Jenis Izin", "No", "Alamat", "Kecamatan")
    names = [f"{kind} {extra}" for kind, extra in zip(kinds, headings, strict=True)]
    others = ["Terbit", "SIP", "P-1", "Jl. Merdeka", "Sungai Limau"]
    rows = [["02/01/2024", "31/01/2024", "Dinas A", *others], ["13/02/2024", "25/02/2024", "Dinas B", *others]] * 30
    with tempfile.TemporaryDirectory() as place:
        with (Path(place) / "izin.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([names, *rows])
        seen, _ = look([Path(place) / "izin.csv"])
        study = tomllib.loads(propose_study(place, language="en").text)
    there = {veiled(column.heading) for table in seen for column in table.columns}
    assert set(study.get("data", {}).get("columns", {}).values()) <= there


def test_headings_of_two_kinds_of_exports_are_written_whole(tmp_path, capsys):
    long = "Tanggal Penyerahan Dokumen Perizinan kepada Pemohon di Loket Pelayanan"
    for name, decided in (("a", "Tgl. Terbit Surat Keputusan Perizinan"), ("b", long)):
        rows = pd.DataFrame({"Dinas": ["A", "B"] * 30, "Tanggal Masuk": "2024-01-02", decided: "2024-01-31"})
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
    assert main(["new", str(tmp_path / "s"), "--from", str(tmp_path), "--language", "en"]) == DONE
    assert "…" not in capsys.readouterr().out
    study = tomllib.loads((tmp_path / "s" / "study.toml").read_text(encoding="utf-8"))
    assert study["data"]["columns"]["decided"] == ["Tgl. Terbit Surat Keputusan Perizinan", long]


def test_a_proposal_that_would_be_no_toml_is_never_handed_over():
    with pytest.raises(StudyError, match="no valid TOML"):
        Page("en", ["a = "]).text([])


def test_the_folder_of_the_study_need_not_be_there_yet(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    _exports().to_csv(tmp_path / "data" / "izin.csv", index=False)
    monkeypatch.chdir(tmp_path)
    early = propose_study("data", folder="s/deep", language="en").text
    assert "does not exist" not in early
    (tmp_path / "s" / "deep").mkdir(parents=True)
    assert propose_study("data", folder="s/deep", language="en").text == early


def _exports(n=80):
    offices = [f"Dinas {name}" for name in ("Kesehatan", "Sosial", "Perhubungan", "Pertanian")]
    blocks = [offices[at * len(offices) // n] for at in range(n)]
    decided = pd.Series(["31/01/2024", "25/02/2024"] * (n // 2))
    return pd.DataFrame({"Dinas": blocks, "Tanggal Masuk": "02/01/2024", "Tanggal Terbit": decided})


def test_the_column_with_the_names_of_the_exports_is_that_of_the_offices(tmp_path):
    exports = _exports()
    exports.to_csv(tmp_path / "izin.csv", index=False)
    people = pd.DataFrame({"Instansi": "Kabupaten Rawa Lebak", "Unit Kerja": exports["Dinas"][::8]})
    people.assign(**{"Nama Diklat": "SPBE", "Tanggal Selesai": "14/02/2024"}).to_csv(
        tmp_path / "peserta.csv", index=False
    )
    proposal = propose_study(tmp_path, language="en")
    assert tomllib.loads(proposal.text)["rollout"]["columns"]["office"] == "Unit Kerja"
    assert "Rawa Lebak" not in proposal.text


def test_an_office_said_once_is_filled_down(tmp_path):
    exports = _exports()
    exports["Dinas"] = exports["Dinas"].mask(exports["Dinas"].duplicated(), "")
    exports.to_csv(tmp_path / "izin.csv", index=False)
    proposal = propose_study(tmp_path, language="en")
    assert tomllib.loads(proposal.text)["data"]["fill_down"] == ["office"]
    assert proposal.offices["rows"].tolist() == [20] * 4
    proposal.write()
    ready = prepared(read_study(tmp_path / "study.toml"))
    assert set(ready.panel.units) == {"Dinas Kesehatan", "Dinas Sosial", "Dinas Perhubungan", "Dinas Pertanian"}


def test_offices_above_their_rows_are_never_made_one(tmp_path):
    lines = ["No,Jenis Izin,Tanggal Masuk,Tanggal Terbit"]
    for office, rows in _exports().groupby("Dinas"):
        lines.append(f"{office},,,")
        lines += [f"{at},SIP,02/01/2024,{day}" for at, day in enumerate(rows["Tanggal Terbit"], start=1)]
    (tmp_path / "izin.csv").write_text("\n".join(lines), encoding="utf-8")
    proposal = propose_study(tmp_path, language="en")
    assert "office = " not in proposal.text
    assert proposal.offices["rows"].tolist() == [20] * 4


def test_a_few_gaps_in_the_offices_are_not_filled(tmp_path):
    exports = _exports()
    exports.loc[::5, "Dinas"] = ""
    exports.to_csv(tmp_path / "izin.csv", index=False)
    assert "fill_down" not in propose_study(tmp_path, language="en").text


def test_a_heading_that_is_used_in_one_file_is_not_listed_as_unused(tmp_path):
    exports = _exports()
    exports.to_csv(tmp_path / "a.csv", index=False)
    renamed = {"Tanggal Terbit": "Tanggal Penyerahan"}
    exports.rename(columns=renamed).to_csv(tmp_path / "b.csv", index=False)
    exports.assign(**{"Tanggal Penyerahan": "-"}).to_csv(tmp_path / "c.csv", index=False)
    text = propose_study(tmp_path, language="en").text
    assert not re.search("not used: 'Tanggal", text)


def test_a_log_of_steps_is_no_export(tmp_path):
    log = pd.DataFrame(
        {"No. Register": range(40), "Tahapan": "Verifikasi", "Mulai": "02/01/2024", "Selesai": "14/02/2024"}
    )
    log.to_csv(tmp_path / "log.csv", index=False)
    seen, _ = look([tmp_path / "log.csv"])
    assert [role_of(table) for table in seen] == ["steps"]


def _of_two_regencies(folder, kind):
    """Write the same four offices of two regencies, of which two are trained in each, a year apart."""
    for year, name in (("2024", "Kab. Bungo"), ("2023", "Kab. Tebo")):
        heading = {"column": "Kabupaten", "other heading": "Asal Berkas"}.get(kind)
        cases = _exports().assign(No=lambda rows, year=year: year + rows.index.astype(str))
        taught = {"Dinas": ["Dinas Kesehatan", "Dinas Sosial"], "Pelatihan": "Bimtek", "Selesai": f"{year}-05-20"}
        place = folder / (name if heading is None else "")
        place.mkdir(parents=True, exist_ok=True)
        for file, rows in (("izin.csv", cases), ("pelatihan.csv", pd.DataFrame(taught))):
            own = rows if heading is None else rows.assign(**{heading: name})
            own.to_csv(place / file, index=False, mode="a", header=not (place / file).exists())


@silent
@pytest.mark.parametrize("kind", ["folders", "column", "other heading"])
def test_a_study_of_one_regency_is_proposed_where_the_files_are_of_several(tmp_path, kind):
    _of_two_regencies(tmp_path, kind)
    proposal = propose_study(tmp_path, language="en")
    found = tomllib.loads(proposal.text)
    assert (found["data"]["regency"], found["rollout"]["regency"]) == ("Bungo", "Bungo")
    assert any("2 regencies" in str(q.what) and "all" in str(q.what) for q in proposal.questions)
    assert "not used: 'Kabupaten'" not in proposal.text
    proposal.write()
    study = read_study(tmp_path / "study.toml")
    assert study.data.made(source=study.data.parameters["path"]).ledger.kept == len(_exports())
    assert set(study.rollout.made(source=study.rollout.parameters["path"]).adopted.astype(str)) == {"2024-05"}


@pytest.mark.parametrize("names", [("Dinas Sosial", "Dinas Kesehatan"), ("Barat", "Timur")])
def test_names_of_sheets_are_proposed_as_offices_beside_a_file_that_has_a_column(tmp_path, names):
    _exports().to_csv(tmp_path / "lama.csv", index=False)
    with pd.ExcelWriter(tmp_path / "baru.xlsx") as book:
        for name in names:
            rows = _exports().head(20).drop(columns="Dinas").assign(No=[f"{name} {i}" for i in range(20)])
            rows.to_excel(book, sheet_name=name, index=False)
    proposal = propose_study(tmp_path, language="id")
    if "Barat" not in names:
        assert set(names) < set(proposal.offices["office"])
        assert "[sheet]" not in proposal.text
    else:
        line = 'office = ["Dinas", "[sheet]"]'
        assert f"# {line}" in proposal.text
        assert any(line in question.toml for question in proposal.questions)
        (tmp_path / "study.toml").write_text(proposal.text.replace(f"# {line}", line), encoding="utf-8")
        study = read_study(tmp_path / "study.toml")
        extract = study.data.made(source=study.data.parameters["path"])
        assert {"Barat", "Timur", "Dinas Sosial"} < {*extract.records.collect()["office"]}


@silent
def test_the_sheet_of_positions_beside_a_list_of_training_is_not_read_as_one(tmp_path):
    _exports().to_csv(tmp_path / "izin.csv", index=False)
    offices = ["Dinas Kesehatan", "Dinas Sosial"]
    for year, part in enumerate(offices):
        person = [f"19870101201101100{year}"]
        listed = {"NIP": person, "Asal Instansi": part, "Nama Diklat": "SPBE", "Pelaksanaan": f"1{year + 4}/02/2024"}
        moved = {"NIP": person, "Jabatan": "Analis", "Unit Kerja Baru": part, "TMT": "02/09/2024"}
        with pd.ExcelWriter(tmp_path / f"diklat {year}.xlsx") as book:
            pd.DataFrame({**listed, "Ket.": "Lulus"}).to_excel(book, sheet_name="Peserta", index=False)
            pd.DataFrame(moved).to_excel(book, sheet_name="Mutasi", index=False)
    proposal = propose_study(tmp_path, language="en")
    assert tomllib.loads(proposal.text)["rollout"]["sheets"] == ["Peserta"]
    proposal.write()
    trained = attempted(read_study(tmp_path / "study.toml")).rollout
    assert set(trained.adopted.dropna().index) == set(offices)


def _with_statuses(decided):
    words = ["Sudah diserahkan", "Sudah diserahkan", "Tidak Dikabulkan", "Di meja Kasi"] * 20
    given = [None if word == "Di meja Kasi" else decided(at) for at, word in enumerate(words)]
    return _exports().assign(**{"Tanggal Masuk": "2024-01-02", "Tanggal Terbit": given, "Keterangan Status": words})


def test_dates_whose_order_is_in_doubt_count_as_dates_of_the_words_of_status(tmp_path):
    _with_statuses(lambda at: f"{3 + at % 10:02d}/{3 + at * 7 % 10:02d}/2024").to_csv(
        tmp_path / "izin.csv", index=False
    )
    text = propose_study(tmp_path, language="en").text
    words = tomllib.loads(text)["data"]["status_words"]
    assert words == {"Sudah diserahkan": "granted", "Tidak Dikabulkan": "rejected"}
    assert "40 rows, 40 with a decision date" in text
    assert "decided: " in text or "'Tanggal Terbit'" in text
    assert "as_of = 2024-12-" in text


def test_nothing_is_said_of_decision_dates_that_cannot_be_read(tmp_path):
    _with_statuses(lambda at: "lusa" if at % 3 else "17/03/2024").to_csv(tmp_path / "izin.csv", index=False)
    text = " ".join(propose_study(tmp_path, language="en").text.replace("#", " ").split())
    assert "'Sudah diserahkan' mean? 40 rows, whose decision dates could not be read" in text
    assert '"Sudah diserahkan" = "granted" ' in text
    assert "'Di meja Kasi' mean? 20 rows, 0 of them with a decision date" in text


def test_an_office_that_is_the_name_of_a_sheet_is_in_the_export(tmp_path):
    exports = _exports()
    with pd.ExcelWriter(tmp_path / "izin.xlsx") as book:
        for office, rows in exports[exports["Dinas"] != "Dinas Sosial"].groupby("Dinas"):
            rows.drop(columns="Dinas").to_excel(
                book, sheet_name=office.replace("Dinas Kesehatan", "Dinkes"), index=False
            )
    exports[exports["Dinas"] == "Dinas Sosial"].to_csv(tmp_path / "izin sosial.csv", index=False)
    people = pd.DataFrame({"NIP": [f"19870101201101{1001 + i}" for i in range(5)]})
    offices = [*exports["Dinas"].unique(), "Dinas Arsip"]
    people.assign(**{"Unit Kerja": offices, "Nama Diklat": "SPBE", "Tanggal Selesai": "14/02/2024"}).to_csv(
        tmp_path / "peserta.csv", index=False
    )
    proposal = propose_study(tmp_path, language="en")
    said = [question.text() for question in proposal.questions if "is in no export" in question.text()]
    assert len(said) == 1
    assert "Dinas Arsip" in said[0]
    assert tomllib.loads(proposal.text)["rollout"]["offices"] == {"Dinas Kesehatan": "Dinkes"}


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_recap_with_its_periods_in_the_headings_is_a_panel_with_its_list_of_training(tmp_path):
    rows = [f"{where},{name},3.1,3.2,3.3" for where in ("Kab. Hulu", "Kab. Rimba") for name in ("Dinas A", "Dinas B")]
    (tmp_path / "rekap.csv").write_text("\n".join(["Wilayah,Unit Kerja,Sem I 2023,Sem II 2023,Sem I 2024", *rows, ""]))
    listed = ["NIP,Instansi,Nama Diklat,Tanggal Selesai", "198910072010092273,Dinas A,Prima,13 Mei 2023", ""]
    (tmp_path / "diklat.csv").write_text("\n".join(listed))
    text = propose_study(tmp_path, language="en").text
    told = tomllib.loads(text)
    assert told["data"]["columns"] == {"unit": "Unit Kerja", "period": "[heading]", "regency": "Wilayah"}
    assert told["data"]["regency"] == "Hulu"
    assert told["rollout"]["kind"] == "training"
    assert told["design"] == {"cluster": "Unit Kerja"}
    assert "is in no export" not in text


@pytest.mark.parametrize("kind", ["folders", "names"])
def test_files_of_two_regencies_are_never_one_panel_unasked(tmp_path, kind):
    """'Hulu' is another regency than 'Hulu Rimba', by the folder or by the name of the file."""
    for i, name in enumerate(("Kab. Hulu", "Kab. Hulu Rimba")):
        rows = [f"{i}{k},Dinas A,2024-0{k}-10,2024-0{k}-20" for k in range(1, 9)]
        text = "\n".join(["No Permohonan,Perangkat Daerah,Tanggal Masuk,Tanggal Selesai", *rows, ""])
        (tmp_path / name).mkdir()
        path = tmp_path / name / "izin.csv" if kind == "folders" else tmp_path / f"izin_{name}_2024.csv"
        path.write_text(text)
    listed = "NIP,Perangkat Daerah,Nama Diklat,Tanggal Selesai\n198910072010092273,Dinas A,Prima,2024-05-13\n"
    for name in ("Kab. Hulu Rimba",):
        path = tmp_path / name / "diklat.csv" if kind == "folders" else tmp_path / f"diklat {name}.csv"
        path.write_text(listed)
    text = propose_study(tmp_path, language="en").text
    assert tomllib.loads(text)["data"]["regency"] == "Hulu"
    assert "'diklat" in text
    assert "of 'Hulu Rimba', while 'Hulu' is studied here: not used" in text
    assert "rollout" not in tomllib.loads(text)


TAUGHT_ALONE = "NIP,Unit Kerja,Nama Diklat,Tanggal Selesai\n198910072010092273,Dinas A,Prima,2023-08-13\n"


def _recap(folder):
    elements = [f"U{i}" for i in range(1, 8)] + ["Penanganan Pengaduan", "Sarana"]
    for part, year in (("Semester I", 2023), ("Semester II", 2023), ("Semester I", 2024)):
        rows = [f"{name},50,{','.join(['3.2'] * 9)},80" for name in ("Dinas A", "Dinas B")]
        title = f"REKAP IKM {part} TAHUN {year}"
        text = "\n".join([title, "", f"Unit Layanan,Jml Resp,{','.join(elements)},IKM", *rows, ""])
        (folder / f"{part} {year}.csv").write_text(text)


def _month(i, later=0):
    return f"{2023 + i % 18 // 9}-{1 + later + i % 9:02d}"


def _complaints(folder):
    heads = ["Tracking ID", "Tanggal Laporan Masuk", "Isi Laporan", "Instansi Terdisposisi", "Tanggal Disposisi"]
    rows = []
    for i in range(180):
        begun = f"#{i};{_month(i)}-{1 + i % 20:02d} 10:21:09;x;Dinas {'AB'[i // 18 % 2]};{_month(i)}-22 10:00:00"
        ended = f"{_month(i, 1)}-25 11:00:00;Selesai" if i % 5 else ";Proses"
        rows.append(f"{begun};{ended};Pengaduan")
    head = ";".join([*heads, "Tanggal Selesai", "Status Laporan", "Klasifikasi Laporan"])
    (folder / "lapor.csv").write_text("\n".join([head, *rows, ""]))


def _steps(folder):
    rows = [
        f"S{i},Dinas {'AB'[i // 18 % 2]},{step},{_month(i)}-{k:02d},{_month(i)}-{k + 2:02d},Selesai"
        for i in range(120)
        for k, step in enumerate(("Daftar", "Verifikasi"), start=1)
    ]
    head = "Nomor Permohonan,Instansi,Nama Proses,Tgl Mulai Proses,Tgl Selesai Proses,Status"
    (folder / "proses.csv").write_text("\n".join([head, *rows, ""]))


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize(
    ("make", "name", "kind"),
    [(_recap, "rekap_skm", "survey_recap"), (_complaints, "aduan", "complaints"), (_steps, "izin", "steps")],
)
def test_a_folder_without_exports_of_permits_is_a_study_of_what_is_there(tmp_path, make, name, kind):
    make(tmp_path)
    (tmp_path / "diklat.csv").write_text(TAUGHT_ALONE)
    proposal = propose_study(tmp_path, language="en")
    told = tomllib.loads(proposal.text)
    assert told["files"][name]["kind"] == kind
    assert [claim["file"] for claim in told["claim"]] == [name]
    assert told["training"]["path"] == "diklat.csv"
    assert told["study"]["source"].endswith(".csv")


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_proposal_whose_claims_wait_for_answers_says_so(tmp_path):
    (tmp_path / "study.toml").write_text(
        '[study]\ntitle = "a"\nsource = "a"\n[files.a]\nkind = "survey"\npath = "a.csv"\n'
    )
    with pytest.raises(StudyError, match=r"no \[\[claim\]\] yet"):
        read_study(tmp_path / "study.toml")


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_one_sheet_of_indicators_is_proposed_and_not_all_as_one(tmp_path):
    with pd.ExcelWriter(tmp_path / "indikator.xlsx") as book:
        for sheet in ("Tepat Janji", "Jumlah Tamu"):
            table = {"Unit Kerja": ["Dinas A", "Dinas B"], "Jan 2024": [80, 90], "Feb 2024": [81, 91]}
            pd.DataFrame(table).to_excel(book, sheet_name=sheet, index=False)
    told = tomllib.loads(propose_study(tmp_path, language="en").text)
    assert told["data"]["sheets"] == ["Tepat Janji"]
    assert told["data"]["columns"]["period"] == "[heading]"


@silent
def test_a_lake_is_proposed_as_its_folder_so_that_the_next_part_is_read(tmp_path):
    for name, n in (("Kab. Bungo", 80), ("Kab. Tebo", 72)):
        part = tmp_path / "data" / "lake" / f"regency={name}" / "year=2024"
        part.mkdir(parents=True)
        _exports(n).to_parquet(part / "part-0.parquet")
    found = tomllib.loads((proposal := propose_study(tmp_path / "data", folder=tmp_path / "study")).text)
    assert (found["data"]["path"], found["study"]["source"]) == ("../data/lake", "lake")
    assert 'periods = "regency"' in " ".join(proposal.text.replace("#", " ").split())
    only = propose_study(tmp_path / "data" / "lake" / "regency=Kab. Bungo", folder=tmp_path / "study")
    assert "part-0.parquet" in tomllib.loads(only.text)["data"]["path"]  # the other part was not meant


@silent
def test_folders_of_regencies_are_proposed_as_the_folder_they_lie_in(tmp_path):
    for name, n in (("Kab. Bungo", 80), ("Kab. Tebo", 72)):
        (tmp_path / "data" / name).mkdir(parents=True)
        _exports(n).to_csv(tmp_path / "data" / name / "izin.csv", index=False)
    found = tomllib.loads(propose_study(tmp_path / "data", folder=tmp_path / "study").text)
    assert (found["data"]["path"], found["study"]["source"]) == ("../data", "izin.csv")
