"""The program: what it prints, what it writes and how it ends."""

import subprocess
import sys

import pytest

from asn_impact.cli import DONE, FAILED, REFUSED, main

STUDY = """\
[study]
title = "Made-up waits"
source = "Made up for a test"
language = "en"
synthetic = true

[data]
kind = "panel"
path = "panel.csv"
columns = {unit = "office", period = "month"}

[outcome]
kind = "mean"
column = "days"
unit = "days"

[rollout]
kind = "panel"
adopted = "trained_from"

[design]
cluster = "office"
"""


@pytest.fixture
def study(tmp_path):
    """Ten offices, eight months, four of them trained in month five: two days shorter from then on."""
    rows = []
    for office in range(10):
        trained = office < 4
        for month in range(1, 9):
            days = 9 + office / 10 + (office * month % 7) / 10 - 2 * (trained and month >= 5)
            start = "2024-05" if trained else ""
            rows.append(f"Dinas {chr(65 + office)};2024-{month:02d};{days:.2f}".replace(".", ",") + f";{start}")
    (tmp_path / "panel.csv").write_text("\n".join(["office;month;days;trained_from", *rows, ""]), encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path / "study.toml"


def test_new_writes_a_commented_study_that_check_understands(tmp_path, capsys):
    assert main(["new", str(tmp_path / "mine")]) == DONE
    text = (tmp_path / "mine" / "study.toml").read_text(encoding="utf-8")
    assert text.count("#") > 30
    assert "asn-impact check" in capsys.readouterr().out
    assert main(["check", str(tmp_path / "mine")]) == FAILED
    said = " ".join(capsys.readouterr().err.split())
    assert "[data]: path names 'permits', which does not exist." in said


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
    assert "Would estimate group_time() with bias_reduced()" in said
    assert sorted(study.parent.iterdir()) == before


def test_run_takes_the_folder_and_prints_the_finding(study, capsys):
    assert main(["run", str(study.parent)]) == DONE
    said = " ".join(capsys.readouterr().out.split())
    assert "Treatment lowered days by" in said
    assert "(synthetic data)" in said
    assert (study.parent / "result" / "report_en" / "report.html").exists()


def test_run_without_a_rollout_reports_and_says_so_with_its_exit_code(study, capsys):
    text = study.read_text(encoding="utf-8")
    study.write_text(text[: text.index("[rollout]")], encoding="utf-8")
    assert main(["check", str(study)]) == REFUSED
    assert main(["run", str(study)]) == REFUSED
    assert "No effect is claimed: The study does not say who was trained" in capsys.readouterr().err
    assert (study.parent / "result" / "report_en" / "report.html").exists()


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


@pytest.mark.parametrize("words", [[], ["plan"], ["run"], ["check", "a", "b"]])
def test_a_wrong_command_line_ends_with_two(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == FAILED
    assert "usage: asn-impact" in capsys.readouterr().err


def test_the_module_is_the_same_program():
    done = subprocess.run([sys.executable, "-m", "asn_impact", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: asn-impact")
    for word in ("new", "check", "run", "exit codes"):
        assert word in done.stdout
