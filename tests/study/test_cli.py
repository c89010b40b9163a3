"""The program: what it prints, what it writes and how it ends."""

import errno
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from asn_impact import cli
from asn_impact.cli import DONE, FAILED, REFUSED, STOPPED, main
from asn_impact.study.running import Finished
from asn_impact.words import Message

from .faults import write_study
from .programme_files import write_programme


@pytest.fixture
def study(tmp_path, undrawn_here):
    """Ten offices, eight months, four of them trained in month five: two days shorter from then on; pages alone."""
    file = write_study(tmp_path, "study")
    text = file.read_text(encoding="utf-8").partition("[plan]")[0]
    file.write_text(text.replace("[data]", '[report]\nformats = ["html"]\n\n[data]'), encoding="utf-8")
    return file


def test_new_writes_a_commented_study_that_check_understands(tmp_path, capsys):
    assert main(["new", str(tmp_path / "mine")]) == DONE
    text = (tmp_path / "mine" / "study.toml").read_text(encoding="utf-8")
    assert text.count("#") > 30
    assert "asn-impact check" in capsys.readouterr().out
    assert main(["check", str(tmp_path / "mine")]) == FAILED
    said = " ".join(capsys.readouterr().err.split())
    assert "[data]: path menyebut 'permits', yang tidak ada." in said  # the first language of the template


def test_new_never_overwrites(tmp_path, capsys):
    (tmp_path / "study.toml").write_text("mine", encoding="utf-8")
    assert main(["new", str(tmp_path)]) == FAILED
    assert (tmp_path / "study.toml").read_text(encoding="utf-8") == "mine"
    assert "nothing was overwritten" in capsys.readouterr().err


def test_check_prints_what_would_be_used_and_writes_nothing(study, capsys):
    before = sorted(study.parent.iterdir())
    assert main(["check", str(study)]) == DONE
    said = capsys.readouterr().out
    assert "(synthetic data)" in said
    assert "10 units x 8 periods" in said
    assert "2024-05" in said
    assert "Would estimate: GLS imputation; confidence interval: bias-reduced (CR2)." in said
    assert sorted(study.parent.iterdir()) == before


def test_run_takes_the_folder_and_prints_the_finding_and_where_time_went(study, capsys):
    assert main(["run", str(study.parent), "--timings"]) == DONE
    out = capsys.readouterr().out
    said = " ".join(out.split())
    assert "Among the trained, days fell by" in said
    assert "not shown to be due to training" in said
    assert "Grade of the evidence: C" in said
    assert "Treatment lowered days" not in said
    assert "(synthetic data)" in said
    assert (study.parent / "result" / "report_en" / "report.html").exists()
    rows = out.partition("seconds      CPU  step")[2].splitlines()[1:]
    steps = [row.split(maxsplit=2)[2] for row in rows]
    assert steps[:3] == ["loading the program and the study file", "reading the data", "estimating"]
    assert steps[-2:] == ["drawing and writing (en)", "everything"]
    wall = [float(row.split()[0]) for row in rows]
    assert sum(wall[:-1]) == pytest.approx(wall[-1], abs=0.05 * len(wall))


def test_run_without_a_rollout_reports_and_says_so_with_its_exit_code(study, capsys):
    text = study.read_text(encoding="utf-8")
    study.write_text(text[: text.index("[rollout]")], encoding="utf-8")
    assert main(["check", str(study)]) == REFUSED
    assert main(["run", str(study)]) == REFUSED
    assert "No effect is claimed: The study does not say who was trained" in capsys.readouterr().err
    assert (study.parent / "result" / "report_en" / "report.html").exists()


def test_plan_prints_what_could_be_seen_and_needs_its_section(study, capsys):
    assert main(["plan", str(study)]) == FAILED
    assert "has no [plan]" in " ".join(capsys.readouterr().err.split())
    text = study.read_text(encoding="utf-8")
    asked = 'treated = [4]\nwaves = [1]\nmonths = [4]\npast = "never_treated"\ndirection = "lower"\nreps = 50\nseed = 1'
    study.write_text(f"{text}\n[plan]\n{asked}\n", encoding="utf-8")
    assert main(["plan", str(study)]) == DONE
    assert "Minimum detectable effect" in capsys.readouterr().out
    assert not (study.parent / "result").exists()


def test_an_error_is_one_paragraph_without_a_traceback(study, capsys):
    study.write_text(study.read_text(encoding="utf-8").replace('"days"', '"dayz"', 1), encoding="utf-8")
    assert main(["check", str(study)]) == FAILED
    said = capsys.readouterr().err.strip()
    assert said.startswith("asn-impact: ")
    assert "\n\n" not in said
    assert "Traceback" not in said
    assert "'dayz'" in said
    assert "Did you mean 'days'?" in said
    assert not (study.parent / "result").exists()


def test_an_error_speaks_the_language_of_the_study_or_the_one_asked(study, capsys):
    text = study.read_text(encoding="utf-8")
    wrong = text.replace('language = "en"', 'language = ["id", "en"]') + '[estimator]\nname = "group_tim"\n'
    study.write_text(wrong, encoding="utf-8")
    assert main(["check", str(study)]) == FAILED
    assert "Maksud Anda 'group_time'?" in " ".join(capsys.readouterr().err.split())
    main(["check", str(study), "--language", "en"])
    assert "Did you mean 'group_time'?" in " ".join(capsys.readouterr().err.split())
    study.write_text(wrong.replace("[rollout]", "[rolout]"), encoding="utf-8")
    main(["run", str(study)])
    assert "[rolout] bukan bagian. Maksud Anda 'rollout'?" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("words", [[], ["plan"], ["run"], ["check", "a", "b"]])
def test_a_wrong_command_line_ends_with_two(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == FAILED
    assert "usage: asn-impact" in capsys.readouterr().err


def test_the_module_is_the_same_program():
    done = subprocess.run([sys.executable, "-m", "asn_impact", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: asn-impact")
    for word in ("new", "check", "run", "plan", "exit codes"):
        assert word in done.stdout


# --- the passport, in two languages, and the rows to correct --------------------------------------------------

CASES = """\
[study]
title = {id = "Lama proses", en = "Waiting times"}
source = "Made up for a test"
synthetic = true

[data]
kind = "records"
path = "cases.csv"
as_of = 2024-12-31

[outcome]
kind = "restricted_mean"
horizon = 10
"""


@pytest.fixture
def cases(tmp_path):
    rows = [f"C{i},Dinas {i % 3},2024-0{i % 6 + 1}-0{i % 5 + 1},2024-0{i % 6 + 2}-1{i % 5 + 1}" for i in range(90)]
    rows += ["X1,Dinas 1,2024-03-05,2024-03-04", "X2,Dinas 1,,"]
    text = "\n".join(["No Permohonan,Perangkat Daerah,Tanggal Masuk,Tanggal Selesai", *rows, ""])
    (tmp_path / "cases.csv").write_text(text, encoding="utf-8")
    (tmp_path / "study.toml").write_text(CASES, encoding="utf-8")
    return tmp_path / "study.toml"


def test_the_passport_is_in_the_language_of_the_study_or_the_one_asked(cases, capsys):
    main(["check", str(cases)])
    first = capsys.readouterr().out
    main(["check", str(cases), "--language", "id"])
    assert capsys.readouterr().out == first
    for word in ("Studi: Lama proses (data sintetis)", "Judul kolom", "tanggal masuk", "dibaca", "dikeluarkan:"):
        assert word in first
    for word in ("Study:", "Headings", "left out", "kept", "Note:", "No effect"):
        assert word not in first
    main(["check", str(cases), "--language", "en"])
    english = capsys.readouterr().out
    assert "Study: Waiting times (synthetic data)" in english
    assert "left out: decided before received" in english
    assert "Catatan" not in english


@pytest.mark.parametrize(
    ("language", "heading"), [("id", "berkas;lembar;baris;alasan"), ("en", "file;sheet;row;reason")]
)
def test_the_rows_left_out_are_written_for_the_office(cases, tmp_path, language, heading):
    target = tmp_path / "perbaikan" / "rows.csv"
    target.parent.mkdir()
    main(["check", str(cases), "--language", language, "--dropped", str(target)])
    lines = target.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith(heading)
    assert len(lines) == 3
    assert lines[1].startswith("cases.csv;;92;")
    assert ("decided before received" in lines[1]) == (language == "en")


def test_f28_a_full_disk_is_an_error_without_a_traceback(cases, capsys, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert main(["check", str(cases), "--dropped", str(cases.parent / "rows.csv")]) == FAILED
    assert "saat menulis 'rows.csv'" in " ".join(capsys.readouterr().err.split())
    assert sorted(p.name for p in cases.parent.iterdir()) == ["cases.csv", "study.toml"]


def test_rows_of_a_ready_panel_cannot_be_listed(study, tmp_path, capsys):
    assert main(["check", str(study), "--dropped", str(tmp_path / "x.csv")]) == FAILED
    assert "no rows of cases" in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()


def test_an_empty_table_of_events_and_the_keys_of_the_grade_are_read(study, capsys):
    (study.parent / "events.csv").write_text("date,kind,name,services,source,verified\n", encoding="utf-8")
    keys = '[scrutiny]\nevents = "events.csv"\nchosen = []\nlimits = [5]\nmargin = 0.5\n'
    study.write_text(study.read_text(encoding="utf-8").replace("[scrutiny]\n", keys), encoding="utf-8")
    assert main(["run", str(study.parent)]) == DONE
    said = " ".join(capsys.readouterr().out.split())
    assert "other events at the same time" not in said
    assert "the periods on which offices were chosen" not in said
    assert "dates heaped on the promised days" in said  # a ready panel has no dates


def test_a_full_disk_is_named_with_what_to_do(study, capsys, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device", str(study.parent / "result" / "page.html"))

    monkeypatch.setattr(cli, "_study", full)
    assert main(["run", str(study)]) == FAILED
    said = " ".join(capsys.readouterr().err.split())
    assert "the disk '/" in said
    assert "'page.html'" in said
    assert "Free some space and run again" in said


def test_control_characters_of_a_file_never_reach_the_terminal(study, capsys):
    panel = study.parent / "panel.csv"
    panel.write_text(panel.read_text(encoding="utf-8").replace("Dinas A", "Dinas \x1b[31mA\x07"), encoding="utf-8")
    main(["check", str(study)])
    main(["run", str(study)])
    said = capsys.readouterr()
    assert not [char for char in said.out + said.err if ord(char) < 32 and char != "\n"]


@pytest.fixture
def set_up():
    """The module of run.py."""
    place = importlib.util.spec_from_file_location("run", Path(__file__).parents[2] / "run.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def program_of(set_up):
    """Return run.py where its environment is the one of these tests: a test never sets one up."""
    ready = set_up.STAMP.exists() and set_up.STAMP.read_text(encoding="utf-8") == set_up.fingerprint()
    return [sys.executable, set_up.__file__] if ready else [sys.executable, "-m", "asn_impact"]


def test_the_first_check_that_fails_ends_both_lanes_and_is_named_last(set_up, monkeypatch, capfd):
    python = Path(sys.executable)
    monkeypatch.setattr(set_up, "PROGRAMS", python.parent)
    monkeypatch.setattr(set_up, "SHOWN", [(python.name, "-c", "import time; time.sleep(600)")])
    monkeypatch.setattr(
        set_up, "BESIDE", [(python.name, "-c", code) for code in ("print('fine')", "raise SystemExit(3)")]
    )
    assert set_up.test() == 3
    said = capfd.readouterr().out.splitlines()
    assert "fine" in said
    assert said[-1] == f"== failed: {python.name} -c raise SystemExit(3)"


def test_checks_that_pass_end_with_zero(set_up, monkeypatch, capfd):
    python = Path(sys.executable)
    monkeypatch.setattr(set_up, "PROGRAMS", python.parent)
    for lane in ("SHOWN", "BESIDE"):
        monkeypatch.setattr(set_up, lane, [(python.name, "-c", f"print('{lane}', {i})") for i in range(2)])
    assert set_up.test() == 0
    said = [line for line in capfd.readouterr().out.splitlines() if line and not line.startswith("==")]
    assert said[-2:] == ["BESIDE 0", "BESIDE 1"]
    assert "failed" not in said


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_a_run_with_one_line_and_130(study, set_up):  # test_faults does it while a notebook runs
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace("[report]", '[report]\nnotebooks = ["long.ipynb"]'), encoding="utf-8")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import time; time.sleep(300)")])
    nbformat.write(notebook, study.parent / "long.ipynb")
    copies = study.parent / "copies"
    copies.mkdir()
    program = subprocess.Popen(
        [*program_of(set_up), "run", study],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(copies)},
    )
    while not any(copies.iterdir()) and program.poll() is None:  # earlier, Python itself may still be starting
        time.sleep(0.05)
    os.killpg(program.pid, signal.SIGINT)
    said = program.communicate(timeout=60)[1]
    assert program.returncode == STOPPED
    assert len(said.strip().splitlines()) == 1, said
    assert not (study.parent / "result").exists()
    assert not [path for path in study.parent.iterdir() if path.name.startswith(".result")]


@pytest.mark.parametrize("place", ["berkas.csv", "berkas.csv/studi", "berkas.csv/a/b"])
def test_a_study_in_the_place_of_a_file_is_refused_with_both_places(place, tmp_path, capsys):
    (tmp_path / "berkas.csv").write_text("a;b\n")
    assert main(["new", str(tmp_path / place)]) == FAILED
    said = " ".join(capsys.readouterr().err.split())
    assert "needs a folder" in said
    assert "berkas.csv is a file" in said


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_place_that_cannot_be_written_is_named_with_what_to_do(number, tmp_path, capsys, monkeypatch):
    def refuse(path, *_, **__):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert main(["new", str(tmp_path / "studi")]) == FAILED
    said = capsys.readouterr().err
    assert "".join(str(tmp_path / "studi").split()) in "".join(said.split())
    assert "asn-impact new FOLDER --from DATA" in " ".join(said.split())


@pytest.mark.parametrize("closed", ["result", "gambar"])
@pytest.mark.parametrize("kind", ["one", "several"])
def test_results_that_cannot_be_written_are_refused_before_the_work_begins(kind, closed, study, monkeypatch, capsys):
    (study.parent / closed).mkdir()
    text = study.read_text(encoding="utf-8").replace("[report]\n", '[report]\nfolder = "result"\n')
    if kind == "several":
        write_programme(study.parent)
        text = study.read_text(encoding="utf-8")
    study.write_text(text.replace('folder = "result"', 'folder = "result"\nfigures = "gambar"', 1), encoding="utf-8")
    monkeypatch.setattr("os.access", lambda place, _: Path(place).name != closed)
    for work in ("running.prepared", "programme.Programme.found"):
        monkeypatch.setattr(f"asn_impact.study.{work}", lambda *_, **__: pytest.fail("the work began"))
    assert main(["run", str(study)]) == FAILED
    said = " ".join(capsys.readouterr().err.split())
    assert f"'{closed}'" in said.replace('"', "'").replace("\u201c", "'").replace("\u201d", "'")
    assert "Nothing was analysed" in said or "Belum ada yang dianalisis" in said


def test_who_runs_a_command_is_answered_in_the_file_and_told_once_of_alike_files(capsys, monkeypatch):
    passed = Message("training.passed_found", heading="Ket", words=("Lulus",), n=3)
    above = [Message("files.rows_above", file=f"{at}.xlsx", n=4) for at in range(36)]
    notes = (Message("training.unit_of_records"), passed, *above)
    done = Finished(Path("result"), (), Message("training.moves_need_positions"), notes)
    monkeypatch.setattr("asn_impact.study.run", lambda _: done)
    monkeypatch.setattr("asn_impact.cli._is_programme", lambda _: False)
    study = SimpleNamespace(
        languages=("en",), outcome=SimpleNamespace(name="share"), data=SimpleNamespace(name="records", parameters={})
    )
    monkeypatch.setattr("asn_impact.cli._study", lambda _: study)
    assert main(["run", "study.toml"]) == REFUSED
    said = " ".join(capsys.readouterr().err.split())
    assert not re.search(r"\w=[\w.{\[\"']", said)
    assert said.count("4 rows in front of the headings") == 1
    assert "36 files or sheets ('0.xlsx', '1.xlsx', '2.xlsx' and 33 more)" in said


@pytest.mark.parametrize("command", ["check", "run", "plan"])
def test_what_is_no_study_is_called_what_it_is(tmp_path, capsys, command):
    table = tmp_path / "izin.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    assert main([command, str(table)]) == FAILED
    assert "is a file of data, not a study" in " ".join(capsys.readouterr().err.split())
    assert main([command, str(table / "study.toml")]) == FAILED
    said = " ".join(capsys.readouterr().err.split())
    assert "is a file, not a folder" in said
    assert "new" not in said
