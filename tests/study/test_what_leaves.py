"""What leaves says nothing of the machine: files by their names, in the record as in the notebooks."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from asn_impact.cli import main
from asn_impact.identifiers import identifiers_in
from asn_impact.study.keys import Setting
from asn_impact.study.programme import open_study
from asn_impact.study.running import run
from asn_impact.study.settings import read_study
from asn_impact.study.whole import run_programme

from .faults import write_study
from .programme_files import without_notebooks

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")


def test_a_setting_names_files_and_not_where_they_lie(tmp_path):
    inner = Setting("element", {"of": tmp_path / "c.csv"})
    parts = {"path": tmp_path / "a.csv", "of": (tmp_path / "b.csv",), "in": {"x": inner}, "on": dt.date(2024, 1, 2)}
    said = repr(Setting("records", {**parts, "two": ("a", 1), "none": ()}))
    assert said == (
        "records(path='a.csv', of=('b.csv',), in={'x': element(of='c.csv')}, on=datetime.date(2024, 1, 2), "
        "two=('a', 1), none=())"
    )


def test_the_record_of_a_run_with_a_file_of_promises_says_no_folder(tmp_path):
    days = pd.date_range("2024-01-01", "2024-06-30")
    rows = pd.DataFrame(
        {
            **{"No Permohonan": range(len(days) * 6), "Perangkat Daerah": [f"Dinas {c}" for c in "ABCDEF"] * len(days)},
            **{"Jenis Izin": "SIP", "Status": "Selesai", "Tanggal Masuk": days.repeat(6).strftime("%Y-%m-%d")},
        }
    )
    done = pd.to_datetime(rows["Tanggal Masuk"]) + pd.to_timedelta(3 + rows.index % 9, unit="D")
    rows.assign(**{"Tanggal Selesai": done.dt.strftime("%Y-%m-%d")}).to_csv(tmp_path / "izin.csv", index=False)
    (tmp_path / "standar.csv").write_text("Jenis Izin,Standar Waktu\nSIP,5 hari kerja\n", encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        '[study]\ntitle = "x"\nsource = "y"\nlanguage = "en"\nsynthetic = true\n'
        '[data]\nkind = "records"\npath = "izin.csv"\nas_of = 2024-07-31\n'
        '[outcome]\nkind = "kept"\npromises = "standar.csv"\n'
        '[calendar]\nkind = "indonesia"\n[report]\nfolder = "result"\nformats = ["html"]\n',
        encoding="utf-8",
    )
    place = run(read_study(tmp_path / "study.toml")).folder
    for record in (place / "run.json", place / "report_en" / "manifest.json"):
        facts = json.loads(record.read_text(encoding="utf-8"))
        assert {Path(one["name"]).name for one in facts["provenance"]["inputs"]} == {"izin.csv", "standar.csv"}
    texts = [path for path in place.rglob("*") if path.suffix in {".json", ".html", ".csv", ".ipynb", ".svg"}]
    assert not [path for path in texts if str(tmp_path) in path.read_text(encoding="utf-8")]


@pytest.mark.usefixtures("undrawn_here")
@pytest.mark.parametrize("kind", ["study", "programme"])
def test_the_record_is_of_the_study_file_as_it_was_read(tmp_path, kind):
    file = write_study(tmp_path, kind)
    read = hashlib.sha256(file.read_bytes()).hexdigest()
    study = read_study(file) if kind == "study" else open_study(file)
    file.write_text(file.read_text(encoding="utf-8").replace("Made-up", "Other"), encoding="utf-8")
    with without_notebooks():
        done = run(study) if kind == "study" else run_programme(study)
    assert json.loads((done.folder / "run.json").read_text(encoding="utf-8"))["study_sha256"] == read


def test_a_number_of_a_person_in_the_name_of_a_claim_is_not_printed(tmp_path, capsys):
    file = write_study(tmp_path, "programme")
    file.write_text(file.read_text(encoding="utf-8").replace('id = "a"', 'id = "a 9902144501900003"'), encoding="utf-8")
    assert main(["check", str(file)]) == 0
    said = "".join(capsys.readouterr())
    assert "[identifier]" in said
    assert not identifiers_in(said)
