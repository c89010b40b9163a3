"""Two small studies for tests of what goes wrong: one alone, and a programme of claims on the same file."""

from __future__ import annotations

import hashlib
from pathlib import Path

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

[scrutiny]
reps = 9

[plan]
treated = [4]
waves = [1]
months = [8]
reps = 20
seed = 2026
direction = "lower"
[plan.lottery]
unit = "office"
waves = ["2026-02"]
sizes = [3]
seed = "7 4 1 9"
drawn_on = 2026-01-12
certificate = "lottery.json"
"""

PROGRAMME = """\
[study]
title = "Made-up waits"
source = "Made up for a test"
language = ["en", "id"]
synthetic = true

[offices]
path = "staff.csv"
columns = {office = "office", staff = "Jumlah"}

[training]
path = "training.csv"
[training.courses]
course = {match = "Bimtek", share = 0.4, label = "the course"}

[files.waits]
kind = "panel"
path = "panel.csv"
columns = {unit = "office", period = "month"}

[scrutiny]
reps = 9

[report]
folder = "result"
formats = ["html"]
"""

CLAIM = """
[[claim]]
id = "{id}"
asks = "Are the waits of {id} shorter?"
file = "waits"
course = "course"
measure = {{kind = "mean", column = "{column}"}}
hoped = "lower"
estimator = "imputation"
"""


#: What a program of its own runs first where its pages are not looked at: no picture is drawn, no notebook run.
PAGES_ALONE = """
from asn_impact.reporting.chart import Chart
from asn_impact.study import whole
BEGINS = {"png": b"\\x89PNG\\r\\n\\x1a\\n", "pdf": b"%PDF-1.4", "svg": b"<svg/>"}
Chart._render = lambda _, __, formats: {ending: BEGINS[ending] for ending in formats}
whole._begun = lambda programme, _, fresh, begin, given: whole._Books(programme, {}, fresh, fresh, begin, given)
"""


def write_study(folder: Path, kind: str, claims: int = 2) -> Path:
    """Write ten offices over eight months, four of them trained in month five, and a study of it."""
    rows = []
    for office in range(10):
        for month in range(1, 9):
            trained = office < 4
            days = 9 + office / 10 + (office * month % 7) / 10 - 2 * (trained and month >= 5)
            start = "2024-05" if trained else ""
            rows.append(f"Dinas {chr(65 + office)},2024-{month:02d},{days:.2f},{days + month % 3:.2f},{start}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "panel.csv").write_text("\n".join(["office,month,days,queue,trained_from", *rows, ""]), encoding="utf-8")
    offices = [f"Dinas {chr(65 + office)}" for office in range(10)]
    (folder / "staff.csv").write_text("\n".join(["office,Jumlah", *(f"{o},10" for o in offices), ""]), encoding="utf-8")
    courses = [f"{office},Bimtek Pelayanan,2024-04-20,6" for office in offices[:4]]
    heading = "Unit Kerja,Nama Pelatihan,Tanggal Selesai,Jumlah Lulus"
    (folder / "training.csv").write_text("\n".join([heading, *courses, ""]), encoding="utf-8")
    asked = [CLAIM.format(id=id, column=column) for id, column in (("a", "days"), ("b", "queue"))]
    file = folder / "study.toml"
    file.write_text(STUDY if kind == "study" else "".join([PROGRAMME, *asked[:claims]]), encoding="utf-8")
    return file


def put_result(folder: Path) -> Path:
    """Put the result of an earlier run beside a study."""
    (folder / "result").mkdir()
    (folder / "result" / "run.json").write_text('{"made_by": "asn_impact run"}', encoding="utf-8")
    return folder / "result"


def whole(folder: Path) -> dict[str, str]:
    """Return every file below a folder with its digest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
