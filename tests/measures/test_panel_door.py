"""A ready panel comes through the same door as cases: totals, spellings, slips of months, files that were cut."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import DataWarning, InputError, PrivacyError
from asn_impact.study import read_study
from asn_impact.study.prepared import prepared

ROWS = [("A", "2024-01", 10.0), ("B", "2024-01", 20.0), ("A", "2024-02", 11.0), ("B", "2024-02", 21.0)]


def panel(rows, **options):
    frame = pd.DataFrame(rows, columns=["unit", "month", "days"])
    return ai.read_panel(frame, unit="unit", period="month", outcome="days", **options)


@pytest.mark.parametrize("label", ["JUMLAH", "Total", "Grand Total", "Sub  total", "Rata-rata", " jumlah\u200b"])
def test_rows_of_totals_are_no_units(label):
    with pytest.warns(DataWarning, match="2 of 6 rows are totals"):
        made = panel([*ROWS, (label, "2024-01", 30.0), (label, "2024-02", 32.0)])
    assert made.units == ("A", "B")


def test_totals_among_the_periods_are_no_periods():
    with pytest.warns(DataWarning, match="2 of 6 rows are totals"):
        made = panel([*ROWS, ("A", "Jumlah", 21.0), ("B", "Jumlah", 41.0)])
    assert made.timeline.labels == ("2024-01", "2024-02")


@pytest.mark.parametrize("label", ["Totalindo", "Jumlahan", "Totok", "Seksi Total"])
def test_names_that_begin_like_totals_are_units(label):
    assert label in panel([*ROWS, (label, "2024-01", 30.0)]).units


def test_spellings_of_one_unit_are_one_unit():
    rows = [
        ("Dinas A", "2024-01", 10.0),
        ("Dinas A ", "2024-02", 11.0),
        ("DINAS A", "2024-03", 10.0),
        ("X", "2024-01", 1),
    ]
    with pytest.warns(DataWarning, match="2 spellings are read as one unit, 'DINAS A'|one unit, 'Dinas A'"):
        made = panel(rows)
    assert len(made.units) == 2


def test_slips_of_months_are_refused():
    with pytest.raises(InputError, match=r"1 are no months: '202313'"):
        panel([("A", 202312, 10.0), ("A", 202313, 11.0), ("A", 202402, 12.0)])


def test_numbers_of_persons_are_not_shown():
    nip = "19000101" + "1920011001"
    with pytest.raises(PrivacyError) as caught:
        panel([(nip, "2024-01", 1.0), (nip, "2024-01", 2.0)])
    assert nip not in str(caught.value)


def of_study(tmp_path: Path, text: str, more: str = ""):
    (tmp_path / "p.csv").write_text(text)
    (tmp_path / "s.toml").write_text(
        '[study]\ntitle="T"\nsource="S"\nlanguage=["en"]\n[data]\nkind="panel"\npath="p.csv"\n'
        f'columns={{unit="unit",period="bulan"}}\n[outcome]\nkind="mean"\ncolumn="hari"\n{more}'
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return prepared(read_study(tmp_path / "s.toml"))


def test_a_study_of_a_ready_panel_says_what_its_file_says(tmp_path):
    ready = of_study(tmp_path, "unit;bulan;hari\nA;2024-01;1675\nA;2024-02;17")
    assert "p.csv" in " ".join(map(str, ready.notes))
    ready = of_study(tmp_path, "unit;bulan;hari\nA;2024-01;10\nB;2024-01;20\nJUMLAH;2024-01;30\n")
    assert ready.panel.units == ("A", "B")
    assert "totals" in " ".join(map(str, ready.notes))


def test_a_rollout_beside_a_panel_knows_the_other_spellings(tmp_path):
    units = ("Dinas A", "Dinas B", "Dinas C", "Dinas D")
    (tmp_path / "r.csv").write_text("unit;mulai\nDINAS A\u200b;2024-03\n")
    rows = "".join(f"{u};2024-{m:02d};{m + len(u) * 3}\n" for u in units for m in range(1, 7))
    more = '[rollout]\nkind="panel"\npath="r.csv"\nunit="unit"\nadopted="mulai"\n[design]\ncluster="unit"\n'
    ready = of_study(tmp_path, "unit;bulan;hari\n" + rows, more)
    assert ready.design is not None
    assert ready.panel.units == units
