"""A study whose period effects are of each regency, as its file says it and as Python does."""

from dataclasses import replace

import pytest

import asn_impact as ai
from asn_impact.errors import StudyError
from asn_impact.study.found import found_in
from asn_impact.study.prepared import attempted, prepared
from asn_impact.study.running import run
from asn_impact.study.settings import read_study

STUDY = """
[study]
title = "Satu provinsi"
source = "Kantor"
language = "id"

[data]
kind = "records"
path = "cases.csv"
as_of = 2025-12-31
regency = "all"

[outcome]
kind = "restricted_mean"
horizon = 10
by = ["regency", "office"]

[rollout]
kind = "training"
path = "training.csv"
regency = "all"

[design]
cluster = "office"
by = "office"

[estimator]
name = "{name}"
periods = "{periods}"

[inference]
rule = "jackknife"
"""
REGENCIES, OFFICES, TRAINED = ("Kab. A", "Kab. B"), 6, (3, 2)


@pytest.fixture
def folder(tmp_path):
    """Every office of both regencies in every month; in regency B all waits become longer month by month."""
    import pandas as pd

    rows = ["regency,office,received,decided"]
    lists = ["Kabupaten,Perangkat Daerah,Nama Pelatihan,Tanggal Selesai,Jumlah Peserta Lulus"]
    for r, regency in enumerate(REGENCIES):
        for i in range(OFFICES):
            office = f"Dinas {'ABCDEF'[i]}{regency[-1]}"
            if i < TRAINED[r]:
                lists.append(f"{regency},{office},E-Gov,2025-0{5 + i % 2}-10,6")
            for month in pd.period_range("2025-01", "2025-10", freq="M"):
                for k in range(4):
                    received = month.start_time + pd.Timedelta(days=3 * k)
                    after = i < TRAINED[r] and month >= pd.Period(f"2025-0{5 + i % 2}", "M")
                    wait = 3 + r * month.month // 3 + (i * 7 + month.month * 3 + k) % 4 - after
                    rows.append(f"{regency},{office},{received.date()},{(received + pd.Timedelta(days=wait)).date()}")
    (tmp_path / "cases.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    (tmp_path / "training.csv").write_text("\n".join([*lists, ""]), encoding="utf-8")
    return tmp_path


def ready(folder, name="imputation", periods="regency"):
    (folder / "study.toml").write_text(STUDY.format(name=name, periods=periods), encoding="utf-8")
    study = read_study(folder / "study.toml")
    return study, prepared(study)


@pytest.mark.parametrize(
    ("name", "estimator"),
    [("gls_imputation", ai.GLSImputation), ("imputation", ai.Imputation), ("two_stage", ai.estimators.TwoStage)],
)
@pytest.mark.filterwarnings("ignore")
def test_period_effects_of_each_regency_are_one_line_of_the_study_file(folder, name, estimator):
    study, made = ready(folder, name)
    assert study.estimator.made() == estimator(periods="regency")
    apart = float(study.estimator.made()(made.design).overall().estimate[0])
    assert apart == float(estimator(periods="regency")(made.design).overall().estimate[0])
    assert apart != pytest.approx(float(estimator()(made.design).overall().estimate[0]), abs=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_a_column_that_is_none_of_the_units_is_refused_before_anything_is_estimated(folder):
    with pytest.raises(StudyError, match=r"(?s)regenci.*regency"):
        ready(folder, periods="regenci")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("undrawn_here", "ungraded_here")
def test_the_report_says_whose_the_period_effects_are(folder):
    finished = run(replace(ready(folder)[0], formats=("html",)))
    assert finished.refusal is None
    report = (finished.folder / "report_id" / "report.html").read_text(encoding="utf-8")
    assert ai.Imputation(periods="regency").entry.name.text("id").text.split(", ")[-1] in report


@pytest.mark.filterwarnings("ignore")
def test_offices_of_one_name_in_two_regencies_are_two_lines_of_the_check(folder):
    for file in ("cases.csv", "training.csv"):
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(text.replace("Dinas AA", "Dinas A").replace("Dinas AB", "Dinas A"), encoding="utf-8")
    study, _ = ready(folder)
    offices = found_in(study, attempted(study)).offices
    assert len(offices) == 2 * OFFICES
    assert set(offices.loc[offices["office"].str.endswith(" / Dinas A"), "rows"]) == {40}
