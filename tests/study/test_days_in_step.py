"""A claim on the days in one step: those of all steps add up to the claim on the wait."""

import numpy as np
import pytest

import asn_impact as ai
from asn_impact.errors import StudyError
from asn_impact.study.prepared import prepared
from asn_impact.study.settings import read_study

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
"""
HEADINGS = {"case": "No Permohonan", "office": "Perangkat Daerah", "step": "Tahapan", "step_start": "Mulai"}


@pytest.fixture
def folder(tmp_path):
    steps = ai.example_steps().rename(columns={**HEADINGS, "step_end": "Selesai", "status": "Status"})
    steps.to_csv(tmp_path / "steps.csv", index=False)
    starts = ai.example_rollout().adopted.dropna()
    rows = [f"{office},E-Gov,{month}-10,6" for office, month in starts.items()]
    headings = "Perangkat Daerah,Nama Pelatihan,Tanggal Selesai,Jumlah Peserta Lulus"
    (tmp_path / "training.csv").write_text("\n".join([headings, *rows, ""]), encoding="utf-8")
    return tmp_path


def ready(folder, outcome):
    columns = '{step = "Tahapan", step_start = "Mulai", step_end = "Selesai", status = "Status"}'
    text = STUDY.format(outcome=outcome).replace('path = "steps.csv"', f'path = "steps.csv"\ncolumns = {columns}')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return prepared(read_study(folder / "study.toml"))


def test_claims_on_the_steps_add_up_to_the_claim_on_the_wait(folder):
    whole = ready(folder, 'kind = "restricted_mean"\nhorizon = 30')
    of_step = 'kind = "days_in_step"\nhorizon = 30\nstep = '
    parts = [
        ready(folder, f'{of_step}"{step}"') for step in ("verifikasi", "Perbaikan Dokumen", "Penetapan", "menunggu")
    ]
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
