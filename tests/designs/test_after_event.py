"""The rise after an event: who counts as trained, and from when each office is followed."""

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import DesignError, StudyError
from asn_impact.reporting.claims import _of_an_event

MONTHS = pd.period_range("2023-01", periods=18, freq="M").astype(str)
TRAINED = {**dict.fromkeys("AB", "2023-05"), "C": "2022-06", "D": "2024-03", "E": "2024-05"}
EVENT = "2024-01"


def panel_of(gain=-1.0, spared=-2.0, shock=4.0, seed=1):
    """Training takes `gain` off at once; the event adds `shock`, of which those trained before are spared a part."""
    rng = np.random.default_rng(seed)
    rows = []
    for office in "ABCDEFGHIJ":
        own = TRAINED.get(office, "9999")
        for month in MONTHS:
            value = 10 + gain * (month >= own) + shock * (month >= EVENT)
            value += spared * (month >= EVENT and own < EVENT)
            rows.append((office, month, value + rng.normal() * 0.01))
    frame = pd.DataFrame(rows, columns=["office", "month", "wait"])
    return ai.read_panel(frame, unit="office", period="month", outcome="wait")


def rollout(names=TRAINED):
    return ai.Rollout(pd.Series(dict(names)), label="E-Gov")


@pytest.mark.parametrize("estimator", [ai.GLSImputation(), ai.GroupTime(), ai.TwoWay()])
def test_the_rise_is_compared_and_not_what_training_had_taken_off_before(estimator):
    design = ai.assign(*ai.after_event(panel_of(), rollout(), at=EVENT, event="Perbup 3/2025"), cluster="office")
    assert estimator(design).overall().estimate[0] == pytest.approx(-2.0, abs=0.05)
    treated = {unit for unit, step in zip(design.panel.units, design.adopted, strict=True) if np.isfinite(step)}
    assert treated == set("ABC")  # C was trained before the data begin
    said = " ".join(map(str, design.notes))
    assert "Only the 3 trained before it count as trained" in said
    assert "2 trained later are compared until then" in said


def test_cells_before_training_and_after_a_later_training_are_not_used():
    panel, _ = ai.after_event(panel_of(), rollout(), at=EVENT)
    seen = dict(zip(panel.units, panel.observed.sum(axis=1), strict=True))
    assert (seen["A"], seen["C"], seen["D"], seen["E"], seen["F"]) == (14, 18, 14, 16, 18)


def test_who_is_not_seen_between_training_and_event_is_left_out():
    names = {**TRAINED, "G": "2024-01"}  # trained in the month of the event: neither before nor without
    panel, rolled = ai.after_event(panel_of(), rollout(names), at=EVENT)
    assert rolled.adopted.dropna().index.tolist() == list("ABC")
    assert panel.observed[panel.units.index("G")].sum() == 12


@pytest.mark.parametrize("at", ["2023-01", "2022-05", "2025-01"])
def test_an_event_outside_of_the_data_is_refused(at):
    with pytest.raises(DesignError, match="does not lie within the data"):
        ai.after_event(panel_of(), rollout(), at=at)


def test_nobody_or_everybody_trained_before_is_no_comparison():
    with pytest.raises(DesignError, match="Expected some trained and some not"):
        ai.after_event(panel_of(), rollout({"D": "2024-03"}), at=EVENT)
    with pytest.raises(DesignError, match="Expected some trained and some not"):
        ai.after_event(panel_of(), rollout(dict.fromkeys("ABCDEFGHIJ", "2023-05")), at=EVENT)


STUDY = """
[study]
title = "x"
source = "y"
as_of = 2024-12-31
language = ["id", "en"]
[training]
path = "diklat.csv"
[training.courses]
egov = {match = "E-Gov"}
[events]
path = "kejadian.csv"
[files.izin]
kind = "records"
path = "izin.csv"
[[claim]]
id = "aturan"
asks = {id = "Apakah tahan terhadap aturan baru?", en = "Did it hold under new rules?"}
file = "izin"
course = "egov"
hoped = "lower"
measure = {kind = "rise_after", event = "Perbup 3/2024", horizon = 20}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("event")
    rng = np.random.default_rng(5)
    n, offices = 6000, [f"Dinas {name}" for name in ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J")]
    office = rng.choice(offices, n)
    received = pd.Timestamp("2023-01-02") + pd.to_timedelta(rng.integers(0, 660, n), unit="D")
    early, after = np.isin(office, offices[:4]), received >= "2024-03-01"
    days = np.clip(rng.poisson(6 + 5 * after - 3 * (after & early)), 0, None)
    frame = pd.DataFrame({"No Permohonan": range(n), "Perangkat Daerah": office, "Status": "Selesai"})
    frame["Tanggal Masuk"] = received.strftime("%Y-%m-%d")
    frame["Tanggal Selesai"] = (received + pd.to_timedelta(days, unit="D")).strftime("%Y-%m-%d")
    frame.to_csv(place / "izin.csv", index=False)
    taught = pd.DataFrame({"Unit Kerja": offices[:5], "Nama Pelatihan": "E-Gov"})
    taught.assign(**{"Tanggal Selesai": ["2023-06-20"] * 4 + ["2024-06-20"], "Jumlah Lulus": 5}).to_csv(
        place / "diklat.csv", index=False
    )
    happened = [
        ("2024-03-01", "aturan", "semua", "JDIH", "ya", "Perbup 3/2024 tentang izin"),
        ("2024-09-01", "sistem", "semua", "Surat", "ya", "Aplikasi baru"),
    ]
    names = ["tanggal", "jenis", "izin_terdampak", "sumber", "terverifikasi", "nama"]
    pd.DataFrame(happened, columns=names).to_csv(place / "kejadian.csv", index=False)
    return place


def opened(folder, text=STUDY):
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return ai.open_study(folder / "study.toml")


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_claim_on_the_rise_after_a_rule_says_who_counts(folder):
    finding = opened(folder)["aturan"]
    assert -3.0 < float(finding.inference.estimate[0]) < -1.0  # three days, counted in working days
    assert "the rise of the wait after Perbup 3/2024 (offices trained before it)" in str(finding.measure)
    assert any("trained before it count as trained" in str(note) for note in finding.notes)
    assert "kenaikan waktu tunggu sesudah Perbup 3/2024" in finding.measure.text("id")
    near = next(check for check in finding.scrutiny.checks if check.name == "coincidence")
    assert "None of 1 events" in str(near.answer)  # the event asked for is no disturbance of itself
    (read,) = _of_an_event(finding)
    assert '"The event" on this page is Perbup 3/2024 (Mar 2024)' in str(read)
    assert "Perbup 3/2024 (Mar 2024); waktunya dihitung dari situ" in read.text("id")


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Perbup 3/2024", "Perbub 3/2024", r"\[claim aturan.measure\]: event = 'Perbub 3/2024' is not in the list"),
        ('[events]\npath = "kejadian.csv"', "", r"event = 'Perbup 3/2024' is no date, and there is no list"),
        (", horizon = 20", "", "'horizon' is missing"),
    ],
)
def test_an_event_that_is_not_known_is_named(folder, old, new, said):
    assert old in STUDY
    with pytest.raises(StudyError, match=said):
        opened(folder, STUDY.replace(old, new))["aturan"]
