"""The files of a small made-up regency: permits, answers to a survey, a recap, projects, a ready panel, two courses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from asn_impact.study import whole

OFFICES = (
    *("Dinas Kesehatan", "Dinas Sosial", "Dinas Pendidikan", "Dinas Perhubungan", "Dinas Pertanian"),
    *("Dinas Tenaga Kerja", "Dinas Perdagangan", "Dinas Pariwisata", "Dinas Kebudayaan", "Dinas Lingkungan"),
    *("Dinas Perikanan", "Dinas Arsip"),
)
EGOV, PROJECTS = OFFICES[:5], OFFICES[6:10]
STARTS = {"e": pd.Timestamp("2024-01-20"), "p": pd.Timestamp("2024-03-15")}
ELEMENTS = ("persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan", "sarana")

STUDY = """
[study]
title = {id = "Evaluasi pelatihan", en = "Evaluation of training"}
source = {id = "Berkas rekaan", en = "Made-up files"}
as_of = 2024-12-31
synthetic = true
language = ["id", "en"]

[offices]
path = "pegawai.csv"
columns = {office = "Perangkat Daerah", staff = "Jumlah"}
[offices.aliases]
"Dinkes" = "Dinas Kesehatan"

[training]
path = "diklat.csv"
[training.courses]
egov = {match = ["E-Government", "SPBE"], share = 0.4, label = {id = "E-Government", en = "e-government"}}
proyek = {match = "Manajemen Proyek", share = 0.4, label = {id = "Manajemen Proyek", en = "project management"}}

[files.izin]
kind = "records"
path = "izin.csv"
[files.skm]
kind = "survey"
path = "skm.csv"
[files.paket]
kind = "observations"
path = "paket.csv"
date = "Mulai"
columns = {office = "OPD"}
[files.antrian]
kind = "panel"
path = "antrian.csv"
columns = {unit = "Perangkat Daerah", period = "Bulan"}

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
measure = {kind = "restricted_mean", horizon = 20}
hoped = "lower"
level = 4
estimator = "imputation"
[[claim]]
id = "daring"
asks = {id = "Apakah lebih banyak yang daring?", en = "Are more sent online?"}
file = "izin"
course = "egov"
hoped = "higher"
estimator = "imputation"
[claim.measure]
kind = "share"
column = "Kanal"
is = ["Online"]
label = {id = "permohonan daring", en = "applications sent online"}
[[claim]]
id = "puas"
asks = {id = "Apakah masyarakat lebih puas?", en = "Is the public more satisfied?"}
file = "skm"
course = "egov"
measure = {kind = "index"}
placebo = ["sarana"]
hoped = "higher"
estimator = "imputation"
period = "quarter"
[[claim]]
id = "proyek"
asks = {id = "Apakah paket tepat waktu?", en = "Are projects on time?"}
file = "paket"
course = "proyek"
hoped = "lower"
estimator = "imputation"
period = "quarter"
[claim.measure]
kind = "days_between"
start = "Rencana"
end = "Selesai"
horizon = 40
label = {id = "hari terlambat", en = "days behind plan"}
[[claim]]
id = "antri"
asks = {id = "Apakah antrian lebih pendek?", en = "Are queues shorter?"}
file = "antrian"
course = "proyek"
measure = {kind = "mean", column = "antrian"}
role = "secondary"
hoped = "lower"
estimator = "imputation"
"""


def write_programme(folder: Path, study: str = STUDY) -> Path:
    """Write the files and the study; permits are 3 days faster with training, nothing else of projects changes."""
    rng = np.random.default_rng(7)
    _permits(rng).to_csv(folder / "izin.csv", index=False)
    _answers(rng).to_csv(folder / "skm.csv", index=False)
    _projects(rng).to_csv(folder / "paket.csv", index=False)
    _queues(rng).to_csv(folder / "antrian.csv", index=False)
    _courses().to_csv(folder / "diklat.csv", index=False)
    pd.DataFrame({"Perangkat Daerah": OFFICES, "Jumlah": 10}).to_csv(folder / "pegawai.csv", index=False)
    file = folder / "study.toml"
    file.write_text(study, encoding="utf-8")
    return file


def _days(rng, n, first="2023-01-01", last="2024-11-01"):
    span = (pd.Timestamp(last) - pd.Timestamp(first)).days
    return pd.Timestamp(first) + pd.to_timedelta(rng.integers(0, span, n), unit="D")


def _trained(offices, days, group, start):
    return np.isin(offices, group) & (days >= STARTS[start])


def _permits(rng, n=9000):
    offices, received = rng.choice(OFFICES, n), _days(rng, n)
    trained = _trained(offices, received, EGOV, "e")
    decided = received + pd.to_timedelta(np.clip(rng.poisson(9 - 3 * trained), 0, None), unit="D")
    online = rng.random(n) < np.where(trained, 0.6, 0.4)
    spelt = np.where(offices == OFFICES[0], "Dinkes", offices)
    dates = {"Tanggal Masuk": received.strftime("%Y-%m-%d"), "Tanggal Selesai": decided.strftime("%Y-%m-%d")}
    named = {"No Permohonan": [f"P{i:05d}" for i in range(n)], "Perangkat Daerah": spelt, "Status": "Selesai"}
    return pd.DataFrame({**named, **dates, "Kanal": np.where(online, "Online", "Loket")})


def _answers(rng, n=4000):
    offices, day = rng.choice(OFFICES, n), _days(rng, n)
    trained = _trained(offices, day, EGOV, "e")
    answers = {e: np.clip(rng.binomial(3, np.where(trained & (e != "sarana"), 0.8, 0.7)) + 1, 1, 4) for e in ELEMENTS}
    return pd.DataFrame({"Perangkat Daerah": offices, "Tanggal": day.strftime("%Y-%m-%d"), **answers})


def _projects(rng, n=1800):
    offices, begun = rng.choice(OFFICES, n), _days(rng, n, last="2024-08-01")
    plan = begun + pd.to_timedelta(60, unit="D")
    done = plan + pd.to_timedelta(rng.integers(-5, 30, n), unit="D")
    return pd.DataFrame({"OPD": offices, "Mulai": begun.strftime("%Y-%m-%d"), "Rencana": plan.strftime("%Y-%m-%d"),
                         "Selesai": done.strftime("%Y-%m-%d")})  # fmt: skip


def _queues(rng):
    months = pd.period_range("2023-01", "2024-12", freq="M").astype(str)
    rows = [(o, m, 20 + i + rng.normal()) for i, o in enumerate(OFFICES) for m in months]
    return pd.DataFrame(rows, columns=["Perangkat Daerah", "Bulan", "antrian"])


def _courses():
    rows = [(o, "Bimtek SPBE" if i % 2 else "Pelatihan E-Government", "2024-01-20") for i, o in enumerate(EGOV)]
    rows += [(o, "Manajemen Proyek Dasar", "2024-03-15") for o in PROJECTS]
    frame = pd.DataFrame(rows, columns=["Unit Kerja", "Nama Pelatihan", "Tanggal Selesai"])
    return frame.assign(**{"Jumlah Lulus": 6})


@contextmanager
def without_notebooks() -> Iterator[None]:
    """Let runs write no notebook a claim: each starts a Python and computes the claim again."""

    def begun(programme, _, fresh, begin, given):
        return whole._Books(programme, {}, fresh, fresh, begin, given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "_begun", begun)
        yield
