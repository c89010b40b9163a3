"""Damaged files of all formats end no session, hang none, and raise nothing but refusals; the long run is a command."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "mutations.py"


@pytest.fixture(scope="module")
def mutations() -> ModuleType:
    specification = importlib.util.spec_from_file_location("mutations", PROGRAM)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["mutations"] = module
    specification.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_damaged_files_of_every_kind_are_read_or_refused(mutations: ModuleType) -> None:
    outcomes, kinds, wrong = mutations.run(files=600, seconds=900.0, seed=7)
    assert wrong == []
    assert outcomes["refused"] > outcomes["read"] > 0
    assert sum(outcomes.values()) == 600
    assert len({kind for kind, _ in kinds}) > 25


def test_a_file_has_one_number_on_every_machine(mutations: ModuleType) -> None:
    whole = {"csv/a.csv": b"a;b\n1;2\n" * 20, "html/a.html": b"<table><tr><td>1</td></tr></table>" * 5}
    again = [mutations.file_number(1, n, whole) for n in range(50)]
    assert again == [mutations.file_number(1, n, whole) for n in range(50)]
    assert len({content for _, content in again}) > 40


def test_what_goes_wrong_is_counted(mutations: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import os, sys, time\n"
        "first = int(sys.argv[2])\n"
        "print('ready', flush=True)\n"
        "if first == 0: print('0\\tcsv\\tforeign: ValueError', flush=True); os.abort()\n"
        "if first == 2:\n    while True: pass\n"
        "for n in range(first, int(sys.argv[3])): print(n, 'csv', 'read', sep='\\t', flush=True)\n"
    )
    (tmp_path / "session.py").write_text(script)
    monkeypatch.setattr(mutations, "__file__", str(tmp_path / "session.py"))
    monkeypatch.setattr(mutations, "HANG", 0.5)
    outcomes, _, wrong = mutations.run(files=6, seconds=120.0, seed=1)
    assert outcomes == {"foreign": 1, "abort": 1, "hang": 1, "read": 3}
    assert len(wrong) == 3
