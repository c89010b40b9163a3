"""`check` prints everything it can, every open question at once, each with the line to paste."""

import re
import shutil
import tomllib

import pytest

from asn_impact.cli import FAILED, main
from asn_impact.errors import StudyError
from asn_impact.study import check, read_study
from asn_impact.study.checked import looked_at
from asn_impact.study.proposal import propose_study

from .messy import OFFICES, other_headings


@pytest.fixture(scope="module")
def proposed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proposed")
    other_headings(folder)
    propose_study(folder).write()
    return folder


@pytest.fixture
def broken(proposed, tmp_path):
    """A study with faults in three sections: words of status, the horizon (no month answers), a heading of training."""
    shutil.copytree(proposed, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    text = re.sub(r'(?m)^("SK sdh keluar"|"Masih di meja verifikasi"|course_end) =', r"# \1 =", text)
    (tmp_path / "study.toml").write_text(text.replace("horizon = 30", "horizon = 5000"), encoding="utf-8")
    return tmp_path / "study.toml"


def test_faults_of_every_section_and_all_there_is_to_see_are_printed_in_one_run(broken, capsys):
    assert main(["check", str(broken)]) == FAILED
    printed = capsys.readouterr()
    for office in OFFICES:
        assert office in printed.out
    for part in ("Berkas Masuk Tgl", "Tdk disetujui", "ditolak", "Diklat Pelayanan Prima", "? belum disebut"):
        assert part in printed.out
    said = " ".join(printed.err.split())
    assert "[data]: 2 kata status tidak dikenal" in said
    assert "[rollout]: 'diklat.csv' tidak mempunyai kolom untuk 'course_end'" in said
    assert "columns={" not in said + printed.out
    assert "status_words={" not in said + printed.out


def test_the_lines_of_the_questions_answer_them(broken):
    checked = looked_at(read_study(broken))
    assert {q.section for q in checked.questions} == {"data.status_words", "rollout.columns"}
    for question in checked.questions:
        own = tomllib.loads("\n".join([f"[{question.section}]", *question.toml]))
        assert own
    text = broken.read_text(encoding="utf-8")
    for question in checked.questions:
        text = text.replace(f"[{question.section}]\n", "\n".join([f"[{question.section}]", *question.toml, ""]), 1)
    broken.write_text(text.replace("horizon = 5000", "horizon = 30"), encoding="utf-8")
    found = check(read_study(broken))
    assert found.refusal is None
    assert found.questions == ()


def test_check_in_python_refuses_with_every_problem(broken):
    with pytest.raises(StudyError, match=r"(?s)status words are not known.*no column for 'course_end'"):
        check(read_study(broken))


@pytest.mark.parametrize("language", ["id", "en"])
def test_one_language_throughout(broken, capsys, language):
    main(["check", str(broken), "--language", language])
    printed = capsys.readouterr()
    words = set(re.findall(r"[a-z]+", printed.out + printed.err))
    foreign = {"id": {"the", "offices", "rows", "known", "which", "month"}, "en": {"yang", "kantor", "baris", "bulan"}}
    assert not words & foreign[language]


def test_values_of_persons_are_not_shown(tmp_path, capsys):
    person = '"Dr. Siti Aminah, S.H. 198705122010012003"'
    dates = [f"2024-0{1 + i % 9}-03,2024-0{1 + i % 9}-2{i % 9}" for i in range(60)]
    rows = "".join(f"{i},Dinas {'AB'[i % 2]},{days},{person}\n" for i, days in enumerate(dates))
    head = "No Permohonan,Perangkat Daerah,Tanggal Masuk,Tanggal Selesai,Status\n"
    (tmp_path / "izin.csv").write_text(head + rows, encoding="utf-8")
    text = propose_study(tmp_path).text
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    main(["check", str(tmp_path)])
    printed = capsys.readouterr()
    for shown in (text, printed.out, printed.err):
        assert "Siti" not in shown
        assert "19870512" not in shown


def test_a_heading_that_identifies_a_person_is_not_shown_in_the_line_to_paste(tmp_path, capsys):
    """A line of data became the heading: what is proposed for the field must not repeat it."""
    head = "No Permohonan,Perangkat Daerah,Tanggal Masuk,Tgl 198705122010012003,Status\n"
    rows = "".join(
        f"{i},Dinas {'AB'[i % 2]},2024-0{1 + i % 9}-03,2024-0{1 + i % 9}-2{i % 9},Terbit\n" for i in range(60)
    )
    (tmp_path / "izin.csv").write_text(head + rows, encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        '[study]\ntitle = "t"\nsource = "s"\n[data]\nkind = "records"\npath = "izin.csv"\nas_of = 2024-12-31\n'
        '[outcome]\nkind = "restricted_mean"\nhorizon = 10\n[report]\nfolder = "r"\n',
        encoding="utf-8",
    )
    main(["check", str(tmp_path)])
    printed = capsys.readouterr()
    assert "19870512" not in printed.out + printed.err + propose_study(tmp_path).text


def test_numbers_of_a_row_of_sums_are_no_words_of_status_and_its_label_is_no_office(tmp_path):
    rows = [f"Dinas {o};{o}{m};2023-{m:02d}-03;2023-{m:02d}-10;Selesai" for o in "ABCDEF" for m in range(1, 13)]
    heading = "Perangkat Daerah;No Permohonan;Tanggal Masuk;Tanggal Selesai;Status"
    (tmp_path / "izin.csv").write_text("\n".join([heading, *rows, "Total;72;;;72", ""]), encoding="utf-8")
    taught = [f"Dinas {o};E-Gov;2023-06-10;5" for o in "AB"]
    sums = ["Jumlah 30 orang;;;", "30 orang;E-Gov;2023-06-10;30"]
    heading = "Perangkat Daerah;Nama Pelatihan;Tanggal Selesai;Jumlah Peserta Lulus"
    (tmp_path / "diklat.csv").write_text("\n".join([heading, *taught, *sums, ""]), encoding="utf-8")
    proposal = propose_study([tmp_path / "izin.csv", tmp_path / "diklat.csv"], language="id")
    assert "30 orang" not in "".join(question.text("id") for question in proposal.questions)
    (tmp_path / "study.toml").write_text(proposal.text, encoding="utf-8")
    assert "belum disebut" not in looked_at(read_study(tmp_path / "study.toml")).text


def test_the_number_in_a_row_of_sums_is_no_office(tmp_path):
    rows = [f"{i};{i}/x;Dinas {'AB'[i % 2]};{i % 28 + 1:02d}/01/2023;{i % 28 + 1:02d}/02/2023" for i in range(60)]
    heading = "No;No Permohonan;Perangkat Daerah;Tanggal Masuk;Tanggal Selesai"
    text = "\n".join([heading, *rows, "JUMLAH;;60;;", ";;3.716;;", ""])
    (tmp_path / "izin.csv").write_text(text, encoding="utf-8")
    proposal = propose_study(tmp_path, language="id")
    assert set(proposal.offices["office"]) == {"Dinas A", "Dinas B"}
    assert not any(number in proposal.text for number in ("3.716", "'60'"))
