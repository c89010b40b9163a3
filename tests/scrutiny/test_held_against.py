"""What a finding is held against can all be said in study.toml: with a lottery that was kept, up to grade A."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.errors import InputError, StudyError
from asn_impact.intake.readers.other_courses import read_other_courses
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.panel import read_panel
from asn_impact.scrutiny.surroundings import coincidence
from asn_impact.study import read_study
from asn_impact.study.evidence import estimated
from asn_impact.study.prepared import prepared
from asn_impact.topics.planning.lottery import draw_waves

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
OFFICES = [f"Dinas {i:02d}" for i in range(20)]
SERVICES = ("Izin Usaha", "Izin Reklame")

STUDY = """\
[study]
title = "Waits"
source = "Made up"
language = "en"
synthetic = true

[data]
kind = "records"
path = "cases.csv"
as_of = 2024-12-31

[outcome]
kind = "restricted_mean"
horizon = 20

[calendar]
clock = "calendar_days"

[rollout]
kind = "training"
path = "training.csv"
course = "e-gov"

[design]
cluster = "office"

[scrutiny]
reps = 19
events = "events.csv"
limits = [15]
"""


def written(folder, drawn, *, lines="", online=0.0, reached=SERVICES, kept=True, other_course=()):
    """Twenty offices; those drawn are trained and two services of theirs get 4 days faster, where they are reached."""
    rng = np.random.default_rng(11)
    wave = drawn.adopted.to_dict()
    cases = ["No Permohonan,Perangkat Daerah,Jenis Izin,Tanggal Masuk,Tanggal Selesai,Status,Kanal"]
    for office in OFFICES:
        start = 99 if wave[office] is None else int(wave[office][-2:])
        for month in range(1, 12):
            for i in range(int(rng.integers(20, 29))):
                service = SERVICES[i % 2]
                faster = 4 * (month >= start and service in reached)
                received = dt.date(2024, month, int(rng.integers(1, 28)))
                done = received + dt.timedelta(days=int(rng.integers(6, 15)) - faster)
                channel = "online" if rng.random() < 0.5 + online * (month >= start) else "loket"
                cases.append(f"C{len(cases):05d},{office},{service},{received},{done},Selesai,{channel}")
    rows = [f"{office},E-Gov dasar,{w}-10,6" for office, w in wave.items() if w is not None]
    rows += [f"{office},Etika,{w}-12,6" for office, w in wave.items() if w is not None and other_course]
    rows = rows if kept else _swapped(rows, wave)
    (folder / "cases.csv").write_text("\n".join([*cases, ""]), encoding="utf-8")
    headings = "Perangkat Daerah,Nama Pelatihan,Tanggal Selesai,Jumlah Peserta Lulus"
    (folder / "training.csv").write_text("\n".join([headings, *rows, ""]), encoding="utf-8")
    (folder / "events.csv").write_text("tanggal,jenis,nama,izin_terdampak,sumber,terverifikasi\n", encoding="utf-8")
    (folder / "study.toml").write_text(STUDY + lines, encoding="utf-8")
    drawn.save(folder / "undian.json")
    return folder / "study.toml"


def _swapped(rows, wave):
    """Two offices that were drawn gave their place to two that were not."""
    others = [office for office, w in wave.items() if w is None]
    return [",".join([others[i], *row.split(",")[1:]]) if i < 2 else row for i, row in enumerate(rows)]


@pytest.fixture(name="drawn")
def _drawn():
    frame = pd.DataFrame({"office": OFFICES})
    terms = {"unit": "office", "strata": None, "waves": ["2024-06", "2024-08"], "sizes": [5, 4]}
    return draw_waves(frame, **terms, seed="7 4 1", drawn_on=dt.date(2024, 1, 12))


def scrutiny_of(file):
    study = read_study(file)
    return estimated(study, prepared(study), beside=False).scrutiny


def test_a_lottery_that_was_kept_reaches_a_with_all_else_that_can_be_said(tmp_path, drawn):
    """Beside the lottery: an outcome that training cannot touch, a mix that stays, a table of neighbours."""
    untrained = [office for office, wave in drawn.adopted.items() if wave is None]
    trained = [office for office, wave in drawn.adopted.items() if wave is not None]
    pairs = ", ".join(f'"{u}" = ["{t}"]' for u, t in zip(untrained[:5], trained, strict=False))
    kept = 'lottery = "undian.json"\nplacebo_outcome = {kind = "count"}\nmix = ["Kanal"]\n'
    lines = f"{kept}neighbours = {{{pairs}}}\n"
    scrutiny = scrutiny_of(written(tmp_path, drawn, lines=lines))
    for name in ("lottery", "placebo_outcome", "composition", "spillover"):
        assert scrutiny[name].verdict == "holds", name
    assert scrutiny.grade.letter == "A", scrutiny.grade


def test_the_same_without_the_certificate_is_no_lottery(tmp_path, drawn):
    assert scrutiny_of(written(tmp_path, drawn, lines="chosen = []\n")).grade.letter == "B"


def test_a_lottery_that_was_not_kept_is_seen(tmp_path, drawn):
    scrutiny = scrutiny_of(written(tmp_path, drawn, lines='lottery = "undian.json"\n', kept=False))
    assert scrutiny["lottery"].verdict == "fails"
    assert len(scrutiny["lottery"].table) == 4
    assert scrutiny.grade.letter == "C"


def test_a_certificate_that_somebody_changed_is_refused(tmp_path, drawn):
    file = written(tmp_path, drawn, lines='lottery = "undian.json"\n')
    certificate = (tmp_path / "undian.json").read_text(encoding="utf-8")
    (tmp_path / "undian.json").write_text(certificate.replace('"2024-06"', '"2024-05"', 3), encoding="utf-8")
    with pytest.raises(StudyError, match="scrutiny"):
        scrutiny_of(file)


def test_a_lottery_and_another_assignment_contradict_each_other(tmp_path, drawn):
    file = written(tmp_path, drawn, lines='lottery = "undian.json"\nassignment = "comparison"\n')
    with pytest.raises(StudyError, match="names the certificate of a draw"):
        read_study(file)


def test_services_that_the_course_was_not_about_stay_as_they_were(tmp_path, drawn):
    lines = 'placebo_services = ["Izin Reklame"]\n'
    (tmp_path / "apart").mkdir()
    (tmp_path / "both").mkdir()
    apart = scrutiny_of(written(tmp_path / "apart", drawn, lines=lines, reached=SERVICES[:1]))
    assert apart["placebo_outcome"].verdict == "holds"
    both = scrutiny_of(written(tmp_path / "both", drawn, lines=lines))
    assert both["placebo_outcome"].verdict == "fails"
    assert "'Effect' on Izin Reklame" in both["placebo_outcome"].answer
    assert both.grade.letter == "C"


def test_a_service_that_is_not_there_is_refused_with_the_nearest(tmp_path, drawn):
    file = written(tmp_path, drawn, lines='placebo_services = ["Izin Reklam"]\n')
    with pytest.raises(StudyError, match="Did you mean 'Izin Reklame'"):
        scrutiny_of(file)


def test_a_move_from_the_counter_to_the_net_is_a_change_of_mix(tmp_path, drawn):
    moved = scrutiny_of(written(tmp_path, drawn, lines='mix = ["Kanal"]\n', online=0.4))
    assert moved["composition"].verdict == "fails"
    assert "Kanal" in moved["composition"].answer
    assert moved.grade.letter == "E"


def test_another_course_in_the_same_month_is_a_coincidence(tmp_path, drawn):
    scrutiny = scrutiny_of(written(tmp_path, drawn, other_course=("Etika",)))
    check = scrutiny["coincidence"]
    assert check.verdict == "doubtful"
    assert "Etika" in check.answer
    assert set(check.table["wave"]) == {"2024-06", "2024-08"}
    assert scrutiny.grade.letter == "C"


def test_a_course_that_all_offices_took_alike_is_none(tmp_path, drawn):
    file = written(tmp_path, drawn)
    study = read_study(file)
    design = prepared(study).design
    months = pd.PeriodIndex(["2024-06"] * len(OFFICES), freq="M")
    everybody = pd.DataFrame({"office": OFFICES, "course": "Etika", "month": months})
    none = pd.DataFrame(columns=["date", "name", "verified"])
    assert coincidence(design, none, courses=everybody).verdict == "holds"
    later = everybody.assign(month=pd.PeriodIndex(["2024-11"] * len(OFFICES), freq="M"))
    assert coincidence(design, none, courses=later[later["office"].isin(OFFICES[:9])]).verdict == "holds"


def test_other_courses_are_those_not_studied():
    sessions = pd.DataFrame(
        {
            "office": ["O1", "O1", "O2", "O2"],
            "course": ["E-Gov 1", "Etika", "e-gov 2", None],
            "course_end": pd.to_datetime(["2024-03-05", "2024-03-20", "2024-04-01", "2024-05-02"]),
            "passed_count": [2, 4, 3, 3],
        }
    )
    found = read_other_courses(sessions, course="e-gov")
    assert found.astype(str).to_numpy().tolist() == [["O1", "Etika", "2024-03"]]
    assert read_other_courses(sessions, course=None).empty
    assert read_other_courses(sessions.iloc[[0, 2]], course="e-gov").empty
    with pytest.raises(InputError, match="No course contains 'sop'"):
        read_other_courses(sessions, course="sop")


@pytest.mark.parametrize("names", [("SOP",), ("SOP", "Arsip")])  # in two courses, no half of them in one
@pytest.mark.parametrize(("share", "trained", "verdict"), [(0.7, 0, "doubtful"), (0.7, 2, "holds"), (0.3, 0, "holds")])
def test_another_course_among_the_untrained_is_in_the_comparison(names, share, trained, verdict):
    rng = np.random.default_rng(3)
    offices = [f"K{i:02d}" for i in range(14)]
    periods = [str(p) for p in pd.period_range("2023-01", "2024-12", freq="M")]
    rows = [(o, p, float(rng.normal())) for o in offices for p in periods]
    panel = read_panel(pd.DataFrame(rows, columns=["office", "m", "days"]), unit="office", period="m", outcome="days")
    design = assign(panel, Rollout(pd.Series(pd.Period("2024-01", "M"), index=offices[:4])), cluster="office")
    others = [*offices[:trained], *offices[4 : 4 + round(10 * share)]]
    taught = [(o, names[i % len(names)], pd.Period("2023-07", "M")) for i, o in enumerate(others)]
    courses = pd.DataFrame(taught, columns=["office", "course", "month"])
    none = pd.DataFrame(columns=["date", "name", "verified"])
    check = coincidence(design, none, courses=courses)
    assert check.verdict == verdict
    if verdict == "doubtful":
        assert "7 of 10 untrained offices" in str(check.answer)
        assert not any(name in str(check.answer) for name in names)  # the page of a claim names its own course alone
    earlier = courses.assign(month=pd.Period("2022-05", "M"))  # before the data begin: it changes nothing in them
    assert coincidence(design, none, courses=earlier).verdict == "holds"


@pytest.mark.parametrize(
    "outcome",
    [
        'kind = "kept"\npromises = "janji.csv"\n',
        'kind = "share"\ncolumn = "Kanal"\nis = ["online"]\nbetter = "higher"\n',
    ],
)
def test_a_share_of_the_records_is_held_against_their_mix_and_services_too(tmp_path, drawn, outcome):
    """What a promise is follows from the service: a change of mix moves the share that is kept."""
    lines = 'mix = ["Kanal"]\nplacebo_services = ["Izin Reklame"]\n'
    file = written(tmp_path, drawn, lines=lines, online=0.4, reached=SERVICES[:1])
    (tmp_path / "janji.csv").write_text("Jenis Izin,SLA\nIzin Usaha,9 hari\nIzin Reklame,9 hari\n", encoding="utf-8")
    text = file.read_text(encoding="utf-8").replace('kind = "restricted_mean"\nhorizon = 20\n', outcome)
    file.write_text(text.replace("limits = [15]\n", ""), encoding="utf-8")
    scrutiny = scrutiny_of(file)
    assert scrutiny["composition"].verdict == "fails"
    assert "Izin Reklame" in scrutiny["placebo_outcome"].answer
