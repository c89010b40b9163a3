"""Folders of results are there whole or not at all, and what killed runs leave is put right by the next."""

import os
import subprocess
import sys

import pytest

from asn_impact.intake.written import shielded
from asn_impact.reporting import folders

_KILLED = """
import os, signal, sys
from pathlib import Path
from asn_impact.reporting import folders
target = Path(sys.argv[1])
with folders.make_beside(target) as fresh:
    (fresh / "new.txt").write_text("new")
    if sys.argv[2] == "between":
        target.rename(fresh.with_name("old0"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("moment", ["before", "between"])
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
def test_the_old_result_comes_back_after_a_kill_and_nothing_is_left(tmp_path, moment):
    target = tmp_path / "result"
    target.mkdir()
    (target / "old.txt").write_text("old")
    killed = subprocess.run([sys.executable, "-c", _KILLED, target, moment], check=False)
    assert killed.returncode == -9
    assert target.exists() is (moment == "before")
    with folders.make_beside(target):
        assert (target / "old.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_the_folder_of_a_run_that_lives_is_left_alone(tmp_path):
    target = tmp_path / "result"
    with folders.make_beside(target) as first:
        with folders.make_beside(target) as second:
            assert first != second
        assert first.is_dir()


def test_files_that_went_while_they_were_made_are_named(tmp_path):
    with folders.make_beside(tmp_path / "result") as fresh:
        (fresh / "a.txt").write_text("a")
        assert folders.missing_files(fresh, ["a.txt", "b/c.txt"]) == ["b/c.txt"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
@pytest.mark.parametrize("before", ["", " ", "\t", "\x00", "Dinas A;", "Dinas A\n", "Dinas A;\x01", "a\r"])
def test_no_cell_starts_a_formula_wherever_a_program_splits_the_line(start, before):
    safe = shielded(f"{before}{start}cmd()")
    for cell in [piece for part in safe.split(";") for piece in part.splitlines() or [""]]:
        assert not cell.lstrip("\t \x00\x01").startswith(start)


def test_a_shielded_cell_stays_as_it_is():
    for text in ("=1;=2", "a\x1b[31m", "-2.5", "Dinas A; B - C", "\t@x"):
        assert shielded(shielded(text)) == shielded(text)
