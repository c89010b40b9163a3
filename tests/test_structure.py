"""The shape of the package: folders as the documents say, no text that is read, one channel, entries written down."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "asn_impact"
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "docs")]

import structure  # noqa: E402
import write_methods  # noqa: E402

FILES = [p for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
FOLDERS = {p.parent.relative_to(PACKAGE).as_posix() for p in FILES} - {"."} | {"topics"}


def test_every_folder_of_the_package_is_in_the_architecture_and_the_other_way_round():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = {name.rstrip("/") for name in re.findall(r"^([a-z_]+(?:/[a-z_]+)*/)\s", page, re.MULTILINE)}
    assert named == FOLDERS


def test_every_file_the_architecture_names_is_there():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    files = set(re.findall(r"`((?:[a-z_]+/)*[a-z_0-9]+\.(?:py|pyi))`", page))
    places = [ROOT, PACKAGE, PACKAGE / "estimation"]
    assert sorted(f for f in files if not any((place / f).exists() for place in places)) == []


@pytest.mark.parametrize("places", [structure.regular_expressions, structure.warned], ids=lambda f: f.__name__)
def test_nothing_reads_what_was_said_and_nothing_warns_inside(places):
    assert places() == []


def test_no_estimator_or_fit_is_asked_whether_it_can():
    fields_of_dataclasses = {"estimation/inference.py", "estimation/methods.py"}
    asked = {place.partition(":")[0] for place in structure.looked_up() if place.startswith("estimation/")}
    assert asked <= fields_of_dataclasses


def test_the_tables_of_methods_are_those_of_the_entries():
    assert write_methods.page() == write_methods.PAGE.read_text(encoding="utf-8")


def test_the_structure_is_printed(capsys):
    structure.main()
    assert "names shown by Tab" in capsys.readouterr().out
