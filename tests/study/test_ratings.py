"""Ratings by others, and complaints: readers that a claim names by kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import InputError, StudyError
from asn_impact.reporting import publish
from asn_impact.reporting.contents import Report
from asn_impact.study.gains import read_ratings, read_tests
from asn_impact.words import Alert

from .programme_files import EGOV, OFFICES, STUDY, write_programme

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
ONCE = STUDY.split("[[claim]]")[0]
HOW = {"person": "NIP yang dinilai", "when": "Periode", "before": "Sebelum", "after": "Enam bulan sesudah"}
KINDS = ("Atasan", "Rekan", "Rekan", "Rekan", "Diri sendiri")


def ratings(gain=5.0, people=40):
    """Superiors and colleagues see the gain of the taught; everybody sees more in themselves."""
    rng = np.random.default_rng(4)
    rows = []
    for i in range(people):
        for when in ("Sebelum", "Enam bulan sesudah"):
            for kind in KINDS:
                late = when != "Sebelum"
                score = 60 + i / 10 + late * (20 if kind == "Diri sendiri" else gain * (i < people // 2) + 1)
                taught = "Peserta" if i < people // 2 else "Bukan"
                rows.append((f"1987091020110110{i:02d}", OFFICES[i % 12], when, kind, taught, score + rng.normal()))
    names = ["NIP yang dinilai", "Unit Kerja", "Periode", "Penilai", "Kelompok", "Komunikasi"]
    return pd.DataFrame(rows, columns=names).round(2)


def test_each_kind_of_rater_counts_alike_however_many_they_were():
    frame = ratings()
    found = read_ratings(frame, **HOW, rater="Penilai", use=["Atasan", "Rekan"], scores=["Komunikasi"])
    chosen = frame[frame["Penilai"] != "Diri sendiri"]
    by_kind = chosen.groupby(["NIP yang dinilai", "Periode", "Penilai"])["Komunikasi"].mean()
    by_hand = by_kind.groupby(["NIP yang dinilai", "Periode"]).mean().unstack()
    assert np.sort(found.before) == pytest.approx(np.sort(by_hand["Sebelum"]))
    assert np.sort(found.after - found.before) == pytest.approx(
        np.sort(by_hand["Enam bulan sesudah"] - by_hand["Sebelum"])
    )
    assert found.ledger.read == len(frame)
    assert found.ledger.kept == len(chosen)
    assert "atasan and rekan" in str(found.notes[-1])


def test_a_kind_that_rated_once_is_no_gain():
    frame = ratings()
    gone = (frame["Periode"] != "Sebelum") & (frame["Penilai"] == "Atasan")
    found = read_ratings(frame[~gone], **HOW, rater="Penilai", use=["Atasan", "Rekan"], scores=["Komunikasi"])
    alone = read_ratings(frame, **HOW, rater="Penilai", use=["Rekan"], scores=["Komunikasi"])
    assert found.after - found.before == pytest.approx(alone.after - alone.before)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"use": ["Atasn"]}, "Atasn"),
        ({"rater": None}, "use needs rater"),
        ({"scores": []}, "columns"),
        ({"before": "Awal"}, "Awal"),
        ({"group": "Penilai", "trained": "Rekan"}, "in two groups"),
    ],
)
def test_what_does_not_fit_is_named(changes, said):
    how = {**HOW, "rater": "Penilai", "use": ["Atasan", "Rekan"], "scores": ["Komunikasi"], **changes}
    with pytest.raises(InputError, match=said):
        read_ratings(ratings(), **how)


RATED = """
[files.rekan]
kind = "ratings"
path = "360.csv"
person = "NIP yang dinilai"
when = "Periode"
before = "Sebelum"
after = "Enam bulan sesudah"
rater = "Penilai"
use = ["Atasan", "Rekan"]
columns = {office = "Unit Kerja"}
GROUP
[files.lapor]
kind = "complaints"
path = "lapor.csv"
[[claim]]
id = "perilaku"
asks = {id = "Apakah perilaku berubah?", en = "Did behaviour change?"}
file = "rekan"
course = "egov"
measure = {kind = "gain", columns = ["Komunikasi"]}
hoped = "higher"
estimator = "two_way"
[[claim]]
id = "aduan"
asks = {id = "Apakah aduan dijawab lebih cepat?", en = "Are complaints answered sooner?"}
file = "lapor"
course = "egov"
measure = {kind = "restricted_mean", horizon = 30}
period = "quarter"
hoped = "lower"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("rated")
    write_programme(place)
    ratings().to_csv(place / "360.csv", index=False)
    rng = np.random.default_rng(8)
    n = 5000
    office = rng.choice(OFFICES, n)
    told = pd.Timestamp("2023-01-02") + pd.to_timedelta(rng.integers(0, 690, n), unit="D")
    days = rng.poisson(12 - 4 * (np.isin(office, EGOV) & (told >= "2024-01-20")))
    answered = (told + pd.to_timedelta(days, unit="D")).strftime("%d %B %Y")
    status = rng.choice(["Selesai", "Selesai", "Ditutup/Arsip", "Diproses", "Belum Terverifikasi"], n)
    done = np.isin(status, ["Selesai", "Ditutup/Arsip"])
    frame = pd.DataFrame({"Tracking ID": range(n), "Judul Laporan": "jalan rusak", "Status": status})
    frame["Tanggal Laporan"] = told.strftime("%d %B %Y")
    frame["Instansi Terdisposisi"] = office
    frame["Tanggal Selesai"] = np.where(done, answered, "")
    frame.to_csv(place / "lapor.csv", index=False)
    return place


def opened(folder, group='group = "Kelompok"\ntrained = "Peserta"'):
    files, *claims = RATED.replace("GROUP", group).split("[[claim]]")
    text = ONCE.replace("[report]", f"{files}\n[report]") + "".join(f"[[claim]]{claim}" for claim in claims)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return ai.open_study(folder / "study.toml")


def test_a_claim_on_ratings_is_one_on_behaviour(folder):
    finding = opened(folder)["perilaku"]
    assert finding.level == 3
    assert float(finding.inference.estimate[0]) == pytest.approx(5.0, abs=1.0)


def test_without_a_comparison_group_ratings_are_a_description(folder):
    finding = opened(folder, group="")["perilaku"]
    assert finding.inference is None
    assert finding.means[1] - finding.means[0] == pytest.approx(3.5, abs=1.0)
    assert "cannot be read as an effect" in str(finding.refusal)


def test_complaints_of_sp4n_lapor_are_a_claim_by_their_own_headings(folder):
    programme = opened(folder)
    finding = programme["aduan"]
    assert float(finding.inference.estimate[0]) < -0.5
    assert finding.ledger.read == 5000
    assert not programme.check("en").problems


def test_a_file_without_a_date_of_the_answer_says_what_to_write(folder):
    frame = pd.read_csv(folder / "lapor.csv").drop(columns="Tanggal Selesai")
    with pytest.raises(InputError, match=r"no column for 'decided'"):
        ai.read_complaints(frame, as_of="2024-12-31")
    frame.to_csv(folder / "lapor.csv", index=False)
    with pytest.raises(StudyError, match=r"\[files.lapor\]"):
        _ = opened(folder)["aduan"]


def test_complaints_whose_status_has_a_longer_heading_are_read(tmp_path):
    rows = {"Tracking ID": ["1", "2"], "Status Laporan": ["Selesai", "Diproses"], "Tanggal Laporan": ["2024-01-13"] * 2}
    dates = {"Tanggal Laporan Selesai": ["2024-01-20", ""], "Instansi Terdisposisi": ["Dinas A", "Dinas B"]}
    pd.DataFrame({**rows, **dates}).to_csv(tmp_path / "lapor.csv", index=False)
    read = ai.read_complaints(tmp_path / "lapor.csv", as_of="2024-12-31")
    assert read.records.collect()["status"].to_list() == ["granted", "open"]


@pytest.mark.parametrize(
    ("heading", "as_file"),
    [("Klasifikasi", True), ("Klasifikasi Laporan", False), ("Jenis Laporan", False), ("Kategori", False)],
)
def test_suggestions_and_requests_are_no_complaints(tmp_path, heading, as_file):
    kinds = ["Pengaduan", "Aspirasi", "PERMINTAAN INFORMASI ", "Pengaduan Berkadar", "", "Informasi dan Komunikasi"]
    frame = pd.DataFrame({"Tracking ID": [f"A{i}" for i in range(6)], "Instansi": "Dinas A", heading: kinds})
    frame = frame.assign(**{"Tanggal Laporan": "2024-01-13", "Status": "Selesai", "Tanggal Selesai": "2024-01-20"})
    frame.to_csv(tmp_path / "lapor.csv", index=False)
    source = tmp_path / "lapor.csv" if as_file else frame
    read = ai.read_complaints(source, as_of="2024-12-31")
    assert {str(why): n for why, n in read.ledger.dropped.items()} == {
        "no complaint (a suggestion, a request for information)": 2
    }
    assert len(read.dropped()) == 2
    if not as_file:
        return
    assert ai.read_complaints(source, as_of="2024-12-31", columns={"nature": None}).ledger.kept == 6
    assert ai.read_complaints(frame.drop(columns=heading), as_of="2024-12-31").ledger.kept == 6


def test_without_a_comparison_persons_were_rated_and_nobody_is_said_to_be_compared(folder, tmp_path):
    finding = opened(folder, group="")["perilaku"]
    assert "40 persons were rated before" in str(finding.refusal)
    assert "dinilai sebelum" in str(finding.refusal.text("id"))
    assert "rating by others" in str(finding.measure)
    page = Report(title="t", source="made up", findings=(finding,))
    publish(tmp_path / "r", page, language="en", formats=("html",))
    text = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert "were rated before" in text
    assert "is compared with the change" not in text


def test_the_means_beside_a_comparison_without_interval_are_those_of_the_trained(folder):
    frame = ratings()
    few = frame.assign(**{"Unit Kerja": np.where(frame["Kelompok"] == "Peserta", OFFICES[0], OFFICES[1])})
    few.to_csv(folder / "360.csv", index=False)
    finding = opened(folder)["perilaku"]
    ratings().to_csv(folder / "360.csv", index=False)
    chosen = few[(few["Penilai"] != "Diri sendiri") & (few["Kelompok"] == "Peserta")]
    by_kind = chosen.groupby(["NIP yang dinilai", "Periode", "Penilai"])["Komunikasi"].mean()
    by_hand = by_kind.groupby(["NIP yang dinilai", "Periode"]).mean().unstack().mean()
    assert finding.inference is None
    assert finding.means == pytest.approx((by_hand["Sebelum"], by_hand["Enam bulan sesudah"]))


TESTS = {"person": "NIP", "before": "Pre", "after": "Post", "columns": {"office": "Unit Kerja"}}


def scored(zeros=0, low=0, scale=1.0, first=0):
    """Twenty persons, each 8 points better; some absent from the first test, some on another scale."""
    before = np.arange(45, 65) * scale
    frame = pd.DataFrame({"NIP": [f"19870910201101{first + i:04d}" for i in range(20)], "Unit Kerja": OFFICES[0]})
    frame = frame.assign(Pre=before, Post=before + 8 * scale)
    frame.loc[: zeros - 1, "Pre"] = 0
    frame.loc[20 - low :, ["Pre", "Post"]] /= 10
    return frame


def test_zeros_far_below_all_other_scores_are_asked_about():
    with pytest.raises(InputError, match=r'lowest of the others is 48.*zeros = "absent"'):
        read_tests(scored(zeros=3), **TESTS)
    left = read_tests(scored(zeros=3), zeros="absent", **TESTS)
    assert (left.after - left.before).tolist() == [8.0] * 17
    assert left.ledger.kept == 17
    assert "3 scores of 0" in str(left.notes[-1])
    assert (read_tests(scored(zeros=3), zeros="scores", **TESTS).after.size) == 20


def test_zeros_among_low_scores_are_scores():
    frame = scored().assign(Pre=np.arange(20) * 4.0, Post=np.arange(20) * 4.0 + 8)
    assert read_tests(frame, **TESTS).before.min() == 0


def test_a_sheet_on_another_scale_is_asked_about_and_can_be_left_aside(tmp_path):
    with pd.ExcelWriter(tmp_path / "tes.xlsx") as book:
        scored().to_excel(book, sheet_name="Prima", index=False)
        scored(scale=0.1, first=100).to_excel(book, sheet_name="Digital", index=False)
    with pytest.raises(InputError, match=r'"?Digital.*up to 6\.4.*Prima.*up to 72'):
        read_tests(tmp_path / "tes.xlsx", **TESTS)
    alone = read_tests(tmp_path / "tes.xlsx", sheets=["Prima"], **TESTS)
    assert (alone.after - alone.before).tolist() == [8.0] * 20


def test_a_few_scores_on_another_scale_are_said():
    assert read_tests(scored(), **TESTS).notes == ()
    (note,) = read_tests(scored(low=2), **TESTS).notes
    assert isinstance(note, Alert)
    assert str(note).startswith("4 scores are 7.20 or less")
