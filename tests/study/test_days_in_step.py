"""A claim on the days in one step: those of all steps add up to the claim on the wait."""

import json
import shutil

import numpy as np
import pytest

import asn_impact as ai
from asn_impact.errors import StudyError
from asn_impact.study.as_code import notebook_of
from asn_impact.study.evidence import charts, contents, estimated
from asn_impact.study.keys import reading_once
from asn_impact.study.prepared import prepared
from asn_impact.study.settings import read_study

pytestmark = pytest.mark.usefixtures("undrawn", "ungraded")
STUDY = """
[study]
title = "Langkah"
source = "Kantor"
language = "en"

[data]
kind = "steps"
path = "steps.csv"
as_of = 2025-03-31

[outcome]
{outcome}

[rollout]
kind = "training"
path = "training.csv"

[design]
cluster = "office"

[estimator]
name = "group_time"

[inference]
rule = "jackknife"

[scrutiny]
reps = 19
"""
HEADINGS = {"case": "No Permohonan", "office": "Perangkat Daerah", "step": "Tahapan", "step_start": "Mulai"}


def write_files(place):
    steps = ai.example_steps().rename(columns={**HEADINGS, "step_end": "Selesai", "status": "Status"})
    steps.to_csv(place / "steps.csv", index=False)
    starts = ai.example_rollout().adopted.dropna()
    rows = [f"{office},E-Gov,{month}-10,6" for office, month in starts.items()]
    headings = "Perangkat Daerah,Nama Pelatihan,Tanggal Selesai,Jumlah Peserta Lulus"
    (place / "training.csv").write_text("\n".join([headings, *rows, ""]), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("steps"))


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path, dirs_exist_ok=True)


def study_of(folder, outcome):
    columns = '{step = "Tahapan", step_start = "Mulai", step_end = "Selesai", status = "Status"}'
    text = STUDY.format(outcome=outcome).replace('path = "steps.csv"', f'path = "steps.csv"\ncolumns = {columns}')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return read_study(folder / "study.toml")


def ready(folder, outcome):
    return prepared(study_of(folder, outcome))


def test_claims_on_the_steps_add_up_to_the_claim_on_the_wait(folder):
    steps = ("verifikasi", "Perbaikan Dokumen", "Penetapan", "menunggu")
    with reading_once():
        whole = ready(folder, 'kind = "restricted_mean"\nhorizon = 30')
        parts = [ready(folder, f'kind = "days_in_step"\nhorizon = 30\nstep = "{step}"') for step in steps]
    assert sum(part.panel.mean for part in parts) == pytest.approx(whole.panel.mean, abs=1e-9)
    effects = [float(ai.GroupTime()(part.design).overall().estimate[0]) for part in (*parts, whole)]
    assert np.sum(effects[:-1]) == pytest.approx(effects[-1], abs=1e-9)
    assert str(parts[0].panel.outcome.words.short) == "Days in step verifikasi"


def test_a_step_that_is_not_there_is_refused_with_those_that_are(folder):
    with pytest.raises(StudyError, match=r"No step is called 'Verifikas'.*Did you mean.*'Penetapan'"):
        ready(folder, 'kind = "days_in_step"\nhorizon = 30\nstep = "Verifikas"')


def test_days_of_a_step_need_a_log_of_steps(folder):
    text = STUDY.format(outcome='kind = "days_in_step"\nhorizon = 30\nstep = "x"').replace('"steps"', '"records"')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="days_in_step"):
        read_study(folder / "study.toml")


# ------------------------------------------------------------------------------------ where the days went, on the page

PROGRAMME = """
[study]
title = "Langkah"
source = "Kantor"
language = ["id", "en"]
as_of = 2025-03-31

[training]
path = "training.csv"
[training.courses]
egov = {match = ["E-Gov"]}

[files.izin]
kind = "steps"
path = "steps.csv"
columns = {step = "Tahapan", step_start = "Mulai", step_end = "Selesai", status = "Status"}

[scrutiny]
reps = 19
[report]
folder = "result"
formats = ["html"]

[[claim]]
id = "waktu"
asks = {id = "Apakah izin lebih cepat?", en = "Are permits faster?"}
file = "izin"
course = "egov"
measure = {kind = "restricted_mean", horizon = 30}
hoped = "lower"
estimator = "group_time"
"""


@pytest.fixture(scope="module")
def programme(written, tmp_path_factory):
    file = shutil.copytree(written, tmp_path_factory.mktemp("claims"), dirs_exist_ok=True) / "study.toml"
    file.write_text(PROGRAMME, encoding="utf-8")
    return ai.open_study(file)


def test_the_table_of_a_claim_adds_up_to_its_headline_to_the_digit(programme):
    finding = programme["waktu"]
    (table,) = finding.tables
    *steps, whole = table.frame["change"]
    assert whole == float(finding.inference.estimate[0])
    assert sum(steps) == pytest.approx(whole, abs=1e-9)
    assert len(steps) == 4


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_page_and_brief_say_where_the_days_went_in_both_languages(programme):
    programme.publish()
    for language, heading in (("id", "Ke mana hari-harinya"), ("en", "Where the days went")):
        place = programme.about.folder / f"report_{language}"
        page, brief = ((place / f"{name}.html").read_text(encoding="utf-8") for name in ("report", "brief"))
        assert heading in page
        assert "Verifikasi (−" in page
        assert "Verifikasi (−" in brief
        record = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        assert sum("days_by_step" in entry["data"] for entry in record["exhibits"]) == 2


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("opened", [False, True])
def test_the_notebook_of_a_claim_holds_the_calls_and_they_give_the_table(programme, monkeypatch, opened):
    claim, finding = programme.claim("waktu"), programme["waktu"]
    place = programme.about.folder.parent / "other" / "notebooks"
    book = notebook_of(claim, finding, place, "id", opened=opened)
    place.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(place)
    made = {}
    for _, lines in book.cells:
        exec(lines, made)
    assert ("split_days" in str(book.cells)) is not opened
    assert made["changes"].table()["estimate"].tolist() == finding.value.table()["estimate"].tolist()


def test_a_study_of_one_claim_has_table_figure_and_sentence(folder):
    study = study_of(folder, 'kind = "restricted_mean"\nhorizon = 30')
    evidence = estimated(study, prepared(study))
    drawn = charts(study, evidence, "en")
    held = contents(evidence, drawn, level=study.level)
    assert "days_by_step" in drawn
    assert any("Where the days went" in str(getattr(one, "title", "")) for one in held["exhibits"])
    assert any("Verifikasi (−" in str(said) for said in held["beside"])


def test_a_log_that_cannot_be_split_says_why_and_the_effect_stands(folder):
    text = PROGRAMME.replace('"group_time"', '"synthetic_did"') + 'inference = {rule = "jackknife"}\n'
    (folder / "study.toml").write_text(text, encoding="utf-8")
    finding = ai.open_study(folder / "study.toml")["waktu"]
    assert finding.inference is not None
    assert not finding.tables
    assert any("The change in each step is not shown" in str(note) for note in finding.notes)


def test_a_step_of_fewer_than_ten_cases_is_not_shown_by_itself(folder):
    file = folder / "steps.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    at = [i for i, line in enumerate(lines) if "Perbaikan Dokumen" in line][:4]
    for i in at:
        lines[i] = lines[i].replace("Perbaikan Dokumen", "Titipan Pak Budi")
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    (folder / "study.toml").write_text(PROGRAMME, encoding="utf-8")
    (table,) = ai.open_study(folder / "study.toml")["waktu"].tables
    assert "Budi" not in table.html("id")
    assert "1 langkah lainnya" in table.html("id")
    assert "1 other step<" in table.html("en")
