"""Whoever knocks with a person's number, wherever it stands in a table, does not get it said back: at every reader."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import AsnImpactError
from asn_impact.identifiers import identifiers_in
from asn_impact.study.gains import read_ratings
from asn_impact.topics.surveys.answers import ELEMENTS
from asn_impact.words import Message, languages

from .spellings_again import identifiers_again

AS_OF = "2024-12-31"
OFFICES = [f"Dinas {letter}" for letter in "ABCDEF"]
MONTHS = [f"2024-{month:02d}" for month in range(1, 5)]
CELLS = [(office, month) for office in OFFICES for month in MONTHS]
PANEL = pd.DataFrame([(o, m, f"{i % 5}.5", "12", int(i % 4 > 1)) for i, (o, m) in enumerate(CELLS)])
DAYS = [f"{month}-0{i % 9 + 1}" for i, (_, month) in enumerate(CELLS)]
ROWS = pd.DataFrame({"office": [office for office, _ in CELLS], "day": DAYS, "done": "2024-06-20", "kind": "SIP"})
Read = Callable[[pd.DataFrame, Path], Any]


def written(frame: pd.DataFrame, place: Path) -> Path:
    frame.to_csv(place / "file.csv", sep=";", index=False)
    return place / "file.csv"


def _panel(frame: pd.DataFrame, _place: Path) -> Any:
    unit, period, outcome, sizes, _ = frame.columns
    return ai.read_panel(frame, unit=unit, period=period, outcome=outcome, sizes=sizes)


def _status(frame: pd.DataFrame, _place: Path) -> Any:
    unit, period, _, _, treated = frame.columns
    return ai.read_rollout_from_status(frame, unit=unit, period=period, treated=treated)


def _rollout(frame: pd.DataFrame, _place: Path) -> Any:
    return ai.read_rollout(frame, unit=frame.columns[0], adopted=frame.columns[1])


def _exports(frame: pd.DataFrame, place: Path) -> Any:
    fields = dict(zip(("office", "received", "decided", "service"), frame.columns, strict=True))
    return ai.read_exports(written(frame, place), as_of=AS_OF, columns=fields)


def _observations(frame: pd.DataFrame, place: Path) -> Any:
    office, day, _, kind = frame.columns
    return ai.read_observations(written(frame, place), as_of=AS_OF, date=day, office=office, keep=(kind,))


COURSES = pd.DataFrame(
    {"Unit Kerja": OFFICES, "Nama Pelatihan": "Bimtek", "Tanggal Selesai": "2024-03-05", "Jumlah Lulus": "6"}
)
PROMISES = pd.DataFrame({"layanan": ["SIP", "IMB"], "SLA": ["5", "14"], "satuan": "hari kerja"})
COSTS = pd.DataFrame({"Uraian": ["Narasumber", "Bahan"], "Volume": ["24", "30"], "Satuan": ["jam", "set"]}).assign(
    **{"Harga Satuan": ["900.000", "150.000"], "sumber": "DPA 2024", "tahun_harga": "2024"}
)
CASES = ROWS.set_axis(["office", "received", "decided", "service"], axis=1)
COMPLAINTS = CASES.set_axis(["Instansi Terdisposisi", "Tanggal Laporan", "Tanggal Selesai", "Kategori"], axis=1).assign(
    **{"Tracking ID": range(len(CASES)), "Status": "Selesai"}
)
STEPS = CASES.assign(case=range(len(CASES)), step="Verifikasi", status="Selesai").rename(
    columns={"received": "step_start", "decided": "step_end"}
)
WIDE = pd.DataFrame({"unit": OFFICES, "Jan 2024": "12", "Feb 2024": "14", "JUMLAH": "26"})
RECAP = pd.DataFrame({"Unit Pelayanan": OFFICES, "Periode": "Semester I 2024", "Jumlah Responden": "60"}).assign(
    **dict.fromkeys(ELEMENTS, "3,2")
)
SURVEY = pd.DataFrame({"Unit Pelayanan": OFFICES * 5, "Tanggal": "2024-03-05"}).assign(**dict.fromkeys(ELEMENTS, "3"))
MARKS = pd.DataFrame({"Nama": [f"P{i}" for i in range(6)], "Perangkat Daerah": OFFICES, "Nama Pelatihan": "Bimtek"})
MARKS = MARKS.assign(**dict.fromkeys([f"2024-03-0{day}" for day in range(4, 8)], "Hadir"))
RATINGS = pd.DataFrame(
    [(f"P{i}", "Dinas A", when, "Atasan", f"{60 + i}") for i in range(12) for when in ("Sebelum", "Sesudah")],
    columns=["Yang dinilai", "Unit Kerja", "Periode", "Penilai", "Komunikasi"],
)


def _ratings(frame: pd.DataFrame, place: Path) -> Any:
    person, _, when, rater, score = frame.columns
    periods = {"person": person, "when": when, "before": "Sebelum", "after": "Sesudah"}
    return read_ratings(written(frame, place), **periods, rater=rater, use=["Atasan"], scores=[score])


def _recap(frame: pd.DataFrame, place: Path) -> Any:
    office, period, respondents = frame.columns[:3]
    return ai.read_survey_aggregates(
        written(frame, place), respondents=respondents, columns={"office": office, "period": period}
    )


def _survey(frame: pd.DataFrame, place: Path) -> Any:
    return ai.read_survey(
        written(frame, place), as_of=AS_OF, date=frame.columns[1], columns={"office": frame.columns[0]}
    )


EVENTS = pd.DataFrame(
    {"tanggal": MONTHS, "kejadian": "sistem", "jenis": "sistem", "izin_terdampak": "semua", "terverifikasi": "ya"}
).assign(sumber="surat")
DOORS: dict[str, tuple[pd.DataFrame, Read]] = {
    "panel": (PANEL.set_axis(["unit", "month", "y", "n", "d"], axis=1), _panel),
    "status": (PANEL.set_axis(["unit", "month", "y", "n", "d"], axis=1), _status),
    "rollout": (pd.DataFrame({"unit": OFFICES, "adopted": "2024-03"}), _rollout),
    "promises": (PROMISES, lambda frame, _: ai.read_promises(frame)),
    "exports": (ROWS, _exports),
    "observations": (ROWS, _observations),
    "training": (COURSES, lambda frame, place: ai.read_training(written(frame, place), course="Bimtek")),
    "events": (EVENTS, lambda frame, place: ai.read_events(written(frame, place))),
    "costs": (COSTS, lambda frame, place: ai.read_costs(written(frame, place))),
    "complaints": (COMPLAINTS, lambda frame, place: ai.read_complaints(written(frame, place), as_of=AS_OF)),
    "steps": (STEPS, lambda frame, place: ai.read_steps(written(frame, place), as_of=AS_OF)),
    "log": (STEPS, lambda frame, place: ai.read_step_log(written(frame, place), as_of=AS_OF)),
    "wide": (WIDE, lambda frame, place: ai.read_wide(written(frame, place), unit=frame.columns[0])),
    "recap": (RECAP, _recap),
    "survey": (SURVEY, _survey),
    "attendance": (MARKS, lambda frame, place: ai.read_training(written(frame, place), course="Bimtek")),
    "ratings": (RATINGS, _ratings),
}


def said_by(read: Callable[[], Any]) -> Iterator[str]:
    """Yield all that a door says, in every language: its refusal, its warnings, what its value shows of itself."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = read()
        except AsnImpactError as refused:
            yield from (str(refused), repr(refused), *(str(refused.message.text(code)) for code in languages()))
        else:
            frame = isinstance(value, pd.DataFrame)  # its rows are the reader's own; its notes are ours
            yield from () if frame else (repr(value), getattr(value, "_repr_html_", str)())
            notes = value.attrs["notes"] if frame else value.notes
            yield from (str(n.text(c)) if isinstance(n, Message) else str(n) for n in notes for c in languages())
            if isinstance(value, ai.Extract):
                yield value.codebook().to_string()
                yield value.dropped().to_string() if value.left_out is not None else ""
    yield from (str(warning.message) for warning in caught)


PERSONS = [text for _, _, text in identifiers_again(4, 1) if "\n" not in text and len(text) < 60]


@pytest.mark.parametrize("door", DOORS)
def test_no_reader_says_a_person_back(door: str, tmp_path: Path) -> None:
    frame, read = DOORS[door]
    turn = iter(PERSONS[len(door) :] + PERSONS)
    alike = {*ELEMENTS[1:-1], "2024-03-05", "2024-03-06"}  # marks and days between the first and the last
    for column in frame.columns.difference(alike, sort=False):
        for where in ("heading", "one", "all") if door != "log" else ("all",):  # the log is the table of the steps
            person, found = next(turn), frame.astype(str)
            if where == "heading":
                found = found.rename(columns={column: person})
            else:
                found.loc[[1] if where == "one" else found.index, column] = person
            told = [text for text in said_by(lambda: read(found, tmp_path)) if identifiers_in(text)]  # noqa: B023
            assert told == [], (column, where)
