"""The synthetic regency: reproducible, of the promised size, with a truth that can be recomputed."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from asn_impact.errors import DesignError, InputError
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.training import read_training
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.outcomes import RestrictedMean, Within
from synthetic import COURSE, ELEMENTS, Records, Regency, main, simulate, write

WRITTEN = 1e-6  # truth is rounded to six decimals when it is made
DEMO = Path(__file__).parents[1] / "data" / "demo"
SEED = 2026
HEADINGS = "No Permohonan;Perangkat Daerah;Jenis Izin;Kecamatan;Tanggal Masuk;Tanggal Selesai;Status;Kanal"
DISTRICTS = set(
    ["Mersam", "Muara Tembesi", "Muara Bulian", "Batin XXIV", "Pemayung", "Maro Sebo Ulu", "Bajubang", "Maro Sebo Ilir"]
)


@functools.cache
def made(seed: int = SEED, **parameters: Any) -> Records:
    """Make each regency once: no test changes one."""
    return simulate(Regency(seed=seed, **parameters))


@pytest.fixture(scope="module")
def demo() -> Records:
    return made()


@pytest.fixture(scope="module")
def files(demo: Records, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return as_bytes(demo, tmp_path_factory.mktemp("demo"))


def as_bytes(records: Records, folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in write(records, folder)}


def effect_on_wait(records: Records) -> dict[str, object]:
    return records.truth["outcomes"]["RestrictedMean(30)"]


def treated(records: Records, followed: int) -> pd.DataFrame:
    """Applications at trained offices, in months in which every application was followed long enough."""
    cases = records.potential
    mature = cases.groupby("month")["followed"].min().ge(followed)
    return cases[cases["month"].map(mature) & (cases["month"] >= cases["adopted"])]


def difference(records: Records, other: str = "without_training") -> pd.DataFrame:
    """The effect on min(T, 30) of each application at a trained office; one withdrawn is never decided."""
    cases = treated(records, 30)
    now, then = (cases[name].fillna(30).clip(upper=30) for name in ("with_training", other))
    return cases.assign(effect=now - then)


# --- Reproducible


def test_another_seed_gives_other_applications(demo: Records) -> None:
    other = made(seed=0, world="effect")
    assert len(other.potential) != len(demo.potential)


def test_another_world_changes_the_waits_and_not_the_applications(demo: Records) -> None:
    null = made(world="no_effect")
    same = ["case", "office", "month", "adopted", "followed"]
    pd.testing.assert_frame_equal(null.potential[same], demo.potential[same])
    pd.testing.assert_series_equal(null.potential["without_training"], demo.potential["without_training"])


def test_the_committed_demo_is_what_the_module_writes(files: dict[str, bytes]) -> None:
    if not DEMO.exists():
        pytest.skip("data/demo is not part of this installation")
    assert {name: (DEMO / name).read_bytes() for name in files} == files


def test_the_command_writes_the_same_bytes_of_the_same_seed_and_says_what_is_true(
    files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--seed", str(SEED)]) == 0
    written = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert written == files
    assert "working days" in capsys.readouterr().out


def test_writing_beside_files_of_other_years_is_refused(demo: Records, tmp_path: Path) -> None:
    (tmp_path / "permits").mkdir()
    (tmp_path / "permits" / "permohonan_2022.csv").write_text("")
    with pytest.raises(InputError, match=r"permohonan_2022\.csv"):
        write(demo, tmp_path)
    assert not (tmp_path / "training.csv").exists()


# --- Size and shape


def test_applications_are_as_many_as_promised(demo: Records) -> None:
    assert 20_000 <= len(demo.potential) <= 40_000
    by_cell = demo.potential.groupby(["office", "month"]).size().unstack(fill_value=0)
    assert by_cell.shape == (38, 36)
    assert by_cell.mean(axis=1).min() >= 8
    assert (by_cell > 0).to_numpy().mean() > 0.99
    assert by_cell.sum(axis=1).max() > 5 * by_cell.sum(axis=1).min()


def test_waits_look_like_those_of_a_licensing_office(demo: Records) -> None:
    days = demo.potential["without_training"].dropna()
    assert 4 <= days.median() <= 7
    assert 0.05 < (days == 0).mean() < 0.15
    log_days = np.log1p(days)
    offices = log_days.groupby(demo.potential.loc[days.index, "office"])
    assert 0.05 < offices.mean().var() / log_days.var() < 0.22


def test_outcomes_of_applications_are_in_the_promised_ranges(demo: Records) -> None:
    share = demo.permits["Status"].value_counts(normalize=True)
    assert set(share.index) == {"Selesai", "Proses", "Menunggu", "Ditolak", "Dicabut"}
    assert 0.03 <= share["Ditolak"] <= 0.06
    assert 0.01 <= share["Dicabut"] <= 0.02
    assert 0.005 <= share["Proses"] + share["Menunggu"] <= 0.05


def test_open_is_exactly_without_a_date_and_nothing_ends_after_the_export(demo: Records) -> None:
    is_open = demo.permits["Status"].isin(["Proses", "Menunggu"])
    assert demo.permits["Tanggal Selesai"].isna().eq(is_open).all()
    assert demo.permits["Tanggal Selesai"].max() <= pd.Timestamp(Regency(seed=1).as_of)


def test_many_files_are_closed_exactly_at_the_limit(demo: Records) -> None:
    days = demo.potential["with_training"].to_numpy()
    reklame = demo.permits.drop_duplicates("No Permohonan", keep="last").set_index("No Permohonan")["Jenis Izin"]
    at = pd.Series(days[demo.potential["case"].map(reklame).eq("Izin Reklame").to_numpy()]).value_counts()
    assert at[7] > 1.2 * at[6]
    assert at[7] > 1.5 * at[8]


def test_dates_in_the_files_say_the_working_days_of_the_truth(demo: Records) -> None:
    rows = demo.permits.query("Status in ['Selesai', 'Ditolak'] and `Tanggal Selesai` >= `Tanggal Masuk`")
    rows = rows[~rows["No Permohonan"].str.startswith("TEST")].set_index("No Permohonan")
    days = WorkCalendar.indonesia().between(rows["Tanggal Masuk"], rows["Tanggal Selesai"])
    expected = demo.potential.set_index("case")["with_training"].loc[rows.index]
    assert len(rows) > 30_000
    np.testing.assert_array_equal(days, expected.to_numpy())


def test_the_eight_districts_are_named_and_each_has_an_office(demo: Records) -> None:
    assert set(demo.permits["Kecamatan"]) == DISTRICTS
    assert {f"Kecamatan {name}" for name in DISTRICTS} <= set(demo.potential["office"])


def test_ramadan_and_december_leave_their_mark(demo: Records) -> None:
    by_month = demo.potential.groupby("month").size()
    december, november = (
        by_month[[12 * y + 11 for y in (2023, 2024, 2025)]],
        by_month[[12 * y + 10 for y in (2023, 2024, 2025)]],
    )
    assert december.sum() > 1.1 * november.sum()


# --- Dirt


def test_the_dirt_is_exactly_what_the_truth_says(demo: Records) -> None:
    rows, dirt = demo.permits, demo.truth["dirt"]
    assert rows["No Permohonan"].str.contains("TEST").sum() == dirt["test_rows"] == 12
    assert (rows["Tanggal Selesai"] < rows["Tanggal Masuk"]).sum() == dirt["completed_before_received"] == 6
    assert rows["Perangkat Daerah"].str.endswith(" ").sum() == dirt["spaces_after_office"] == 15
    assert len(rows) == len(demo.potential) + 12 + 20


def test_repeated_rows_are_open_in_one_file_and_finished_in_the_next(demo: Records) -> None:
    again = demo.permits[demo.permits.duplicated("No Permohonan", keep=False)]
    first, second = (again.drop_duplicates("No Permohonan", keep=keep) for keep in ("first", "last"))
    assert len(first) == len(second) == demo.truth["dirt"]["repeated_rows"] == 20
    assert first["Status"].eq("Proses").all()
    assert second["Tanggal Selesai"].notna().all()
    in_order = second.set_index("No Permohonan")["Tahun Berkas"] - first.set_index("No Permohonan")["Tahun Berkas"]
    assert in_order.eq(1).all()


# --- Files


def test_files_are_as_a_spreadsheet_with_indonesian_settings_saves_them(files: dict[str, bytes]) -> None:
    for year in (2023, 2024, 2025):
        content = files[f"permits/permohonan_{year}.csv"]
        assert content.startswith(b"\xef\xbb\xbf")
        lines = content.decode("utf-8-sig").splitlines()
        assert lines[0] == HEADINGS
        dates = [line.split(";")[4] for line in lines[1:]]
        assert all(re.fullmatch(r"\d\d/\d\d/202\d", date) for date in dates)


def test_no_file_holds_anything_shaped_like_an_identifier(files: dict[str, bytes]) -> None:
    for content in files.values():
        text = content.decode("utf-8-sig")
        assert not re.search(r"\d{7,}", text), "a run of digits longer than any number here needs"
        assert not re.search(r"\b(?:NIK|NIP|nama pemohon|telp|hp)\b", text, flags=re.IGNORECASE)
        assert "@" not in text


def test_files_are_small_enough_to_commit(files: dict[str, bytes]) -> None:
    assert sum(map(len, files.values())) < 5_000_000 - 30_000  # the dictionary needs some room


def test_the_truth_file_is_the_truth(demo: Records, files: dict[str, bytes]) -> None:
    text = files["truth.json"].decode()
    assert json.loads(text) == dict(demo.truth)
    assert list(json.loads(text)) == sorted(demo.truth)


# --- Training and survey


def reached_half(training: pd.DataFrame) -> pd.Series:
    """Month in which half the staff of each office had completed the course."""
    course = training[training["Nama Pelatihan"] == COURSE].sort_values("Tanggal Selesai")
    share = course.groupby("Perangkat Daerah")["Jumlah Peserta Lulus"].cumsum() / course["Jumlah Petugas Layanan"]
    reached = course[share >= 0.5].drop_duplicates("Perangkat Daerah").set_index("Perangkat Daerah")
    return reached["Tanggal Selesai"].dt.strftime("%Y-%m")


def test_half_the_staff_is_reached_in_the_month_of_adoption_and_nowhere_else(demo: Records) -> None:
    assert reached_half(demo.training).to_dict() == demo.truth["adopted"]
    waves = pd.Series(demo.truth["adopted"]).value_counts()
    assert waves.to_dict() == {"2024-03": 5, "2024-09": 5, "2025-03": 4}


def test_some_offices_sent_a_few_staff_before_or_without_reaching_half(demo: Records) -> None:
    course = demo.training[demo.training["Nama Pelatihan"] == COURSE]
    first = course.groupby("Perangkat Daerah")["Tanggal Selesai"].min().dt.strftime("%Y-%m")
    assert (first.reindex(demo.truth["adopted"]) < pd.Series(demo.truth["adopted"])).sum() >= 3
    assert len(set(first.index) - set(demo.truth["adopted"])) >= 5


def test_nobody_passes_twice_and_courses_end_after_they_begin(demo: Records) -> None:
    training = demo.training
    passed = training[training["Nama Pelatihan"] == COURSE].groupby("Perangkat Daerah")["Jumlah Peserta Lulus"].sum()
    staff = training.groupby("Perangkat Daerah")["Jumlah Petugas Layanan"].first()
    assert (passed <= staff.loc[passed.index]).all()
    assert (training["Jumlah Peserta Lulus"] <= training["Jumlah Petugas Layanan"]).all()
    assert (training["Tanggal Selesai"] >= training["Tanggal Mulai"]).all()
    assert training["Tanggal Selesai"].max() <= pd.Timestamp("2025-12-31")


def test_survey_answers_are_labelled_and_between_one_and_four(demo: Records) -> None:
    scores = demo.survey[list(ELEMENTS)]
    assert list(demo.survey.columns) == ["Perangkat Daerah", "Jenis Izin", "Tanggal", *ELEMENTS]
    assert scores.isin([1, 2, 3, 4]).all().all()
    assert 82 <= 25 * scores.mean().mean() <= 88
    assert demo.survey["Perangkat Daerah"].nunique() == 38


def test_training_moves_time_competence_and_conduct_in_the_survey_and_nothing_else(demo: Records) -> None:
    moved = {name: gain["att_respondents"] for name, gain in demo.truth["survey"]["elements"].items()}
    assert {name for name, gain in moved.items() if gain != 0} == {"waktu", "kompetensi", "perilaku"}
    assert all(0.02 < moved[name] < 0.12 for name in ("waktu", "kompetensi", "perilaku"))


# --- Truth


def test_the_true_effect_is_the_one_the_demo_was_made_for(demo: Records) -> None:
    assert -2.2 <= effect_on_wait(demo)["att_office_months"] <= -1.5


def test_the_true_effect_follows_from_the_potential_outcomes(demo: Records) -> None:
    cases, truth = difference(demo), effect_on_wait(demo)
    cells = cases.groupby(["office", "month"])["effect"].mean()
    assert truth["att_cases"] == pytest.approx(cases["effect"].mean(), abs=WRITTEN)
    assert truth["att_office_months"] == pytest.approx(cells.mean(), abs=WRITTEN)
    assert (truth["cases"], truth["office_months"]) == (len(cases), len(cells))
    assert truth["last_mature_month"] == "2025-10"


@pytest.mark.parametrize(("by", "key"), [("event_time", "by_event_time"), ("cohort", "by_cohort")])
def test_the_true_effects_by_event_time_and_cohort_add_up(demo: Records, by: str, key: str) -> None:
    cases, rows = difference(demo), effect_on_wait(demo)[key]
    month = cases["adopted"].astype(int)
    label = {
        "event_time": (cases["month"] - month),
        "cohort": (month // 12).astype(str) + "-" + (month % 12 + 1).astype(str).str.zfill(2),
    }[by]
    cells = cases.assign(label=label).groupby(["label", "office", "month"])["effect"].mean()
    expected = cells.groupby("label").mean()
    assert [row[by] for row in rows] == expected.index.to_list()
    np.testing.assert_allclose([row["att"] for row in rows], expected, atol=WRITTEN)


@pytest.mark.parametrize("outcome", [RestrictedMean(30), Within(5), Within(14)], ids=repr)
def test_the_truth_speaks_of_the_outcomes_of_the_package(demo: Records, outcome: RestrictedMean | Within) -> None:
    cases = treated(demo, outcome.horizon)
    pair = nw.from_native(cases).select(
        outcome.value(nw.col("with_training")).alias("with"),
        outcome.value(nw.col("without_training")).alias("without"),
    )
    effect = pair["with"].to_numpy().astype(float) - pair["without"].to_numpy().astype(float)
    known = demo.truth["outcomes"][f"{type(outcome).__name__}({outcome.horizon})"]
    assert known["att_cases"] == pytest.approx(effect.mean(), abs=WRITTEN)
    assert known["unit"] == outcome.unit


def test_before_training_and_without_it_nothing_differs(demo: Records) -> None:
    cases = demo.potential
    untouched = cases[~(cases["month"] >= cases["adopted"])]
    pd.testing.assert_series_equal(untouched["with_training"], untouched["without_training"], check_names=False)


def test_training_never_makes_anyone_wait_longer(demo: Records) -> None:
    cases = demo.potential.dropna(subset=["with_training"])
    assert (cases["with_training"] <= cases["without_training"]).all()


def test_the_effect_rises_over_three_months(demo: Records) -> None:
    first, second, *later = (row["att"] for row in effect_on_wait(demo)["by_event_time"])
    assert 0 > first > second > np.mean(later)


# --- Worlds


def test_in_the_world_without_effect_every_truth_is_zero() -> None:
    truth = made(effect=-0.4, world="no_effect").truth
    for outcome in truth["outcomes"].values():
        assert outcome["att_cases"] == outcome["att_office_months"] == 0
        assert all(row["att"] == 0 for row in outcome["by_event_time"])
    assert truth["survey"]["ikm_att_office_months"] == 0


def test_effect_zero_and_the_world_without_effect_are_the_same_regency() -> None:
    null, zero = made(seed=3, world="no_effect"), made(seed=3, effect=0.0)
    pd.testing.assert_frame_equal(null.permits, zero.permits)
    pd.testing.assert_frame_equal(null.survey, zero.survey)


def test_in_the_diverging_world_trained_offices_were_getting_faster_anyway() -> None:
    records = made(effect=0.0, world="diverging")
    gap = trained_minus_other(records)
    assert effect_on_wait(records)["att_office_months"] == 0
    assert gap.loc[12 * 2023 : 12 * 2023 + 5].mean() - gap.loc[12 * 2025 : 12 * 2025 + 9].mean() > 1.5


def test_in_the_selected_world_trained_offices_had_a_bad_year_and_recovered_anyway() -> None:
    records = made(effect=0.0, world="selected")
    cases = records.potential.assign(days=records.potential["without_training"].fillna(30).clip(upper=30))
    common = cases.groupby("month")["days"].transform("mean")
    around = cases.assign(over=cases["days"] - common, since=cases["month"] - cases["adopted"])
    before, after = around.query("-12 <= since < 0"), around.query("6 <= since < 18")
    assert effect_on_wait(records)["att_office_months"] == 0
    assert before["over"].mean() - after["over"].mean() > 1.0


def test_in_the_world_of_the_system_change_more_happened_than_training() -> None:
    records = made(world="system_change")
    truth = effect_on_wait(records)
    both = difference(records, "without_training_or_system").groupby(["office", "month"])["effect"].mean().mean()
    assert truth["att_with_system_office_months"] == pytest.approx(both, abs=WRITTEN)
    assert truth["att_with_system_office_months"] < truth["att_office_months"] - 0.5


def test_without_a_system_change_both_truths_agree(demo: Records) -> None:
    truth = effect_on_wait(demo)
    assert truth["att_with_system_office_months"] == truth["att_office_months"]


def test_in_the_world_of_few_treated_there_are_two() -> None:
    records = made(world="few_treated")
    assert list(records.truth["adopted"].values()) == ["2024-03", "2024-03"]
    assert reached_half(records.training).to_dict() == records.truth["adopted"]


@pytest.mark.parametrize("world", ["effect", "selected"])
def test_a_simple_comparison_finds_the_truth_only_where_training_was_drawn_by_lot(world: str) -> None:
    """Six seeds, change of the trained minus change of the never trained, against what is true."""
    errors = [before_after(made(seed=seed, world=world)) for seed in range(6)]
    mean, spread = np.mean(errors), np.std(errors, ddof=1) / np.sqrt(len(errors))
    assert (abs(mean) < 3 * spread) if world == "effect" else (mean < -3 * spread)


def trained_minus_other(records: Records) -> pd.Series:
    """Mean of min(T, 30) by month, trained offices less the others, offices weighing the same."""
    cases = records.potential.assign(days=records.potential["with_training"].fillna(30).clip(upper=30))
    cells = cases.assign(trained=cases["adopted"].notna()).groupby(["trained", "month", "office"])["days"].mean()
    by_month = cells.groupby(["trained", "month"]).mean().unstack("trained")
    return by_month[True] - by_month[False]


def before_after(records: Records) -> float:
    """Error of the change from the year before training to the time after, against never trained offices."""
    cases = records.potential.assign(days=records.potential["with_training"].fillna(30).clip(upper=30))
    cells = cases[cases["followed"] >= 30].groupby(["office", "month"])["days"].mean().unstack("month")
    adopted = cases.groupby("office")["adopted"].first().reindex(cells.index)
    excess = cells - cells[adopted.isna()].mean()
    since = cells.columns.to_numpy()[None, :] - adopted.to_numpy()[:, None]
    after = excess.where((since >= 0) & (cells.columns.to_numpy() <= 12 * 2025 + 9))
    before = excess.where((since >= -12) & (since < 0))
    change = after.sub(before.mean(axis=1), axis=0).stack().mean()
    return float(change - effect_on_wait(records)["att_office_months"])


# --- The other claims


def averaged(cases: pd.DataFrame, change: pd.Series) -> tuple[float, float]:
    """Mean change over treated cases, and equally over treated office-months."""
    treated = cases.assign(change=change.astype(float))[cases["month"] >= cases["adopted"]]
    return treated["change"].mean(), treated.groupby(["office", "month"])["change"].mean().mean()


def said(truth: dict[str, object]) -> tuple[object, object]:
    return truth["att_cases"], truth["att_office_months"]


def mature(cases: pd.DataFrame, followed: int) -> pd.DataFrame:
    return cases[cases["month"].map(cases.groupby("month")["followed"].min().ge(followed))]


def test_the_channel_is_the_one_the_truth_speaks_of(demo: Records) -> None:
    cases = demo.potential
    change = cases["online_with_training"].astype(int) - cases["online_without_training"].astype(int)
    assert said(demo.truth["channel"]) == pytest.approx(averaged(cases, change), abs=WRITTEN)
    assert (change >= 0).all()
    rows = demo.permits.drop_duplicates("No Permohonan").set_index("No Permohonan")["Kanal"]
    online = cases.set_index("case")["online_with_training"]
    assert (
        online.loc[online.index.intersection(rows.index)]
        .eq(rows.eq("Daring").loc[lambda s: s.index.isin(online.index)])
        .all()
    )


def test_the_promise_is_kept_more_often_by_what_the_truth_says(demo: Records) -> None:
    cases, calendar = mature(demo.potential, 28), WorkCalendar.indonesia()
    limits = demo.services.set_index("Jenis Izin")
    working = calendar.days[calendar.working]

    def kept(days: pd.Series) -> pd.Series:
        decided = working[calendar.number(cases["received"].to_numpy()) + days.fillna(0).astype(int).to_numpy() - 1]
        elapsed = (decided - cases["received"].to_numpy().astype("datetime64[D]")).astype(int)
        counted = days.where(cases["service"].map(limits["Satuan"]).eq("hari_kerja"), elapsed)
        return (counted <= cases["service"].map(limits["Standar Waktu"])) & days.notna()

    change = kept(cases["with_training"]).astype(int) - kept(cases["without_training"]).astype(int)
    assert said(demo.truth["promised"]) == pytest.approx(averaged(cases, change), abs=WRITTEN)
    assert len(limits) == 25
    assert sorted(limits["Satuan"].unique()) == ["hari_kalender", "hari_kerja"]


@pytest.mark.parametrize(("table", "key"), [("complaints", "complaints"), ("new_service", "adaptation")])
def test_waits_and_recorded_status_of_the_other_registers_follow_from_both_lives(
    demo: Records, table: str, key: str
) -> None:
    cases, truth = demo.potential_of[table], demo.truth[key]["outcomes"]
    followed = mature(cases, 30)
    change = followed["with_training"].clip(upper=30) - followed["without_training"].clip(upper=30)
    assert said(truth["RestrictedMean(30)"]) == pytest.approx(averaged(followed, change), abs=WRITTEN)
    recorded = cases["recorded_with"].astype(int) - cases["recorded_without"].astype(int)
    assert said(truth["recorded_status"]) == pytest.approx(averaged(cases, recorded), abs=WRITTEN)
    assert (cases["with_training"] <= cases["without_training"]).all()
    assert (recorded >= 0).all()


@pytest.mark.parametrize("table", ["complaints", "new_service"])
def test_dates_of_the_other_registers_say_the_working_days_of_the_truth(demo: Records, table: str) -> None:
    rows = getattr(demo, table)
    ended = rows["Tanggal Selesai"].notna()
    days = WorkCalendar.indonesia().between(rows["Tanggal Masuk"][ended], rows["Tanggal Selesai"][ended])
    np.testing.assert_array_equal(days, demo.potential_of[table]["with_training"][ended])
    assert rows["Tanggal Selesai"].max() <= pd.Timestamp("2025-12-31")
    assert 0.02 < rows["Status"].eq("").mean() < 0.12
    assert (~ended).sum() > 5
    assert rows.loc[~ended, "Status"].isin(["Proses", ""]).all()


def test_everyone_slows_down_when_the_rules_change_and_the_trained_recover_faster(demo: Records) -> None:
    cases, truth = demo.potential_of["new_service"], demo.truth["adaptation"]
    june = 12 * 2025 + 5
    untrained = cases[cases["adopted"].isna()].groupby("month")["without_training"].mean()
    assert untrained.loc[june : june + 1].mean() > 1.4 * untrained.loc[june - 6 : june - 1].mean()
    assert untrained.loc[june + 5 : june + 6].mean() < untrained.loc[june : june + 1].mean() - 2
    after = mature(cases, 30).query("month >= @june")
    alone = after["with_training"].clip(upper=30) - after["with_training_unskilled"].clip(upper=30)
    assert said(truth["recovery_alone_after_rule_change"]) == pytest.approx(averaged(after, alone), abs=WRITTEN)
    assert alone.le(0).all()
    assert truth["half_life_months"]["with_course_at_most"] < truth["half_life_months"]["without_course"]


def test_projects_follow_their_plan_their_budget_and_the_truth(demo: Records) -> None:
    projects, lives, truth = demo.projects, demo.potential_of["projects"], demo.truth["projects"]
    per_year = projects.groupby(["Perangkat Daerah", projects["Tanggal Mulai"].dt.year]).size()
    assert per_year.between(3, 8).all()
    assert len(per_year) == 38 * 3
    assert (projects["Realisasi Anggaran"] <= projects["Pagu"]).all()
    assert projects["Realisasi Selesai"].isna().sum() == truth["open_at_export"] > 0
    days = (lives["ended_with"] - lives["ended_without"]).dt.days
    assert said(truth["outcomes"]["delay_days"]) == pytest.approx(averaged(lives, days), abs=WRITTEN)
    closed = lives["start"].dt.year
    in_year = (lives["ended_with"].dt.year == closed).astype(int) - (lives["ended_without"].dt.year == closed).astype(
        int
    )
    assert said(truth["outcomes"]["finished_in_budget_year"]) == pytest.approx(averaged(lives, in_year), abs=WRITTEN)
    assert said(truth["outcomes"]["delay_days"])[0] < -10
    assert said(truth["outcomes"]["absorption"])[0] > 0


def test_the_workshop_rollout_is_read_off_the_training_file(demo: Records) -> None:
    rows = demo.training[demo.training["Nama Pelatihan"] == "Manajemen Proyek"].sort_values("Tanggal Selesai")
    share = rows.groupby("Perangkat Daerah")["Jumlah Peserta Lulus"].cumsum() / rows["Jumlah Petugas Layanan"]
    half = rows[share >= 0.5].drop_duplicates("Perangkat Daerah").set_index("Perangkat Daerah")
    assert half["Tanggal Selesai"].dt.strftime("%Y-%m").to_dict() == demo.truth["projects"]["adopted"]
    assert (share <= 1).all()
    waves = pd.Series(demo.truth["projects"]["adopted"]).value_counts()
    assert waves.loc[["2024-02", "2024-08", "2025-02"]].to_list() == [6, 5, 4]


def alpha(scores: np.ndarray) -> float:
    items = scores.shape[1]
    return items / (items - 1) * (1 - scores.var(axis=0, ddof=1).sum() / scores.sum(axis=1).var(ddof=1))


def test_the_tests_are_as_reliable_as_the_generator_says(demo: Records) -> None:
    """204 persons: the standard error of alpha is about 0.03, so four dimensions stay within 0.1."""
    first = demo.tests[demo.tests["Tes"] == "Awal"]
    for name in ("teknis", "komunikasi", "waktu", "digital"):
        scores = first[[f"{name}_{item}" for item in range(1, 6)]].to_numpy()
        assert alpha(scores) == pytest.approx(demo.truth["learning"]["alpha_of_generator"], abs=0.1)
        assert ((scores >= 0) & (scores <= 10)).all()


def test_a_comparison_of_gains_finds_what_the_course_added(demo: Records) -> None:
    """Difference in mean gains between groups; its standard error is about 0.2 item points, the bound three of them."""
    names = ("teknis", "komunikasi", "waktu", "digital")
    for name in names:
        scores = demo.tests.assign(mean=demo.tests[[f"{name}_{item}" for item in range(1, 6)]].mean(axis=1))
        wide = scores.pivot(index=["Kode Peserta", "Kelompok"], columns="Tes", values="mean").dropna()
        gain = (wide["Akhir"] - wide["Awal"]).groupby("Kelompok").mean()
        true = demo.truth["learning"]["dimensions"][name]["att_persons"]
        assert gain["Dilatih"] - gain["Pembanding"] == pytest.approx(true, abs=0.6)
    moved = demo.truth["learning"]["dimensions"]
    assert (
        min(moved[n]["att_persons"] for n in ("teknis", "digital"))
        > 1
        > max(moved[n]["att_persons"] for n in ("komunikasi", "waktu"))
    )


def test_organisers_are_drawn_evenly_and_each_office_has_one(demo: Records) -> None:
    course = demo.training[demo.training["Nama Pelatihan"] == COURSE]
    by_office = course.groupby("Perangkat Daerah")["Penyelenggara"].agg(["nunique", "first"])
    assert by_office["nunique"].eq(1).all()
    assert by_office["first"].loc[list(demo.truth["adopted"])].value_counts().between(4, 5).all()
    rows = demo.truth["providers"]
    whole = sum(row["att"] * row["office_months"] for row in rows) / sum(row["office_months"] for row in rows)
    assert whole == pytest.approx(effect_on_wait(demo)["att_office_months"], abs=2 * WRITTEN)


def test_costs_count_the_sessions_of_the_course(demo: Records) -> None:
    course = demo.training[demo.training["Nama Pelatihan"] == COURSE]
    quantity = demo.costs.set_index("komponen")["jumlah"]
    assert quantity["Honorarium narasumber"] == course["JP"].sum()
    assert quantity["Modul dan bahan"] == course["Jumlah Peserta Lulus"].sum() == demo.truth["costs"]["participants"]
    rupiah = (demo.costs["jumlah"] * demo.costs["harga_satuan"]).sum()
    assert rupiah / 1e6 == pytest.approx(demo.truth["costs"]["million_rupiah"], abs=WRITTEN)
    assert demo.costs["sumber"].str.contains("rekaan").all()


def test_in_the_world_without_effect_nothing_moves_anywhere() -> None:
    records = made(world="no_effect")
    for table in ("complaints", "new_service"):
        lives = records.potential_of[table]
        assert lives["with_training"].eq(lives["without_training"]).all()
        assert lives["recorded_with"].eq(lives["recorded_without"]).all()
    projects = records.potential_of["projects"]
    assert projects["ended_with"].eq(projects["ended_without"]).all()
    assert records.potential_of["tests"][["teknis", "komunikasi", "waktu", "digital"]].eq(0).all().all()
    assert said(records.truth["channel"]) == said(records.truth["promised"]) == (0, 0)
    assert records.truth["costs"]["rupiah_per_case_day_saved"] is None


def test_in_the_selected_world_the_offices_with_the_latest_projects_are_invited() -> None:
    gaps = []
    for seed in range(4):
        records = made(seed=seed, world="selected")
        lives = records.potential_of["projects"].assign(first=lambda f: f["month"] < 12 * 2024)
        early = lives[lives["first"]].assign(invited=lives["adopted"].between(12 * 2024 + 1, 12 * 2024 + 1))
        by = early.groupby("invited")["delay_without"].mean()
        gaps.append(by[True] - by[False])
    assert np.mean(gaps) > 15


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_the_files_are_read_by_the_readers_of_the_package(files: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    permits = read_exports(tmp_path / "permits", as_of="2025-12-31", keep=["Kanal"])
    course = read_training(tmp_path / "training.csv", course=COURSE, share=0.5)
    workshop = read_training(tmp_path / "training.csv", course="Manajemen Proyek", share=0.5)
    truth = json.loads(files["truth.json"])
    assert permits.ledger.kept == truth["applications"] - truth["dirt"]["completed_before_received"]
    for rollout, adopted in ((course, truth["adopted"]), (workshop, truth["projects"]["adopted"])):
        assert rollout.adopted.dropna().astype(str).to_dict() == adopted


def test_every_column_of_dates_tells_that_the_day_comes_first(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        if not name.endswith(".csv"):
            continue
        lines = [line.split(";") for line in content.decode("utf-8-sig").splitlines()]
        for column, heading in enumerate(lines[0]):
            dates = [m for row in lines[1:] if (m := re.fullmatch(r"(\d\d)/(\d\d)/\d{4}", row[column]))]
            assert not dates or max(int(date[1]) for date in dates) > 12, (name, heading)


# --- What is refused


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"offices": 12}, DesignError, "offices is 12"),
        ({"offices": 39}, DesignError, "expected 20 to 38"),
        ({"months": 24}, DesignError, "months is 24"),
        ({"world": "efect"}, InputError, "Did you mean 'effect'"),
        ({"effect": float("nan")}, InputError, "finite log change"),
    ],
)
def test_a_regency_that_cannot_be_is_refused(
    parameters: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Regency(seed=1, **parameters)


@pytest.mark.parametrize(("offices", "months", "as_of"), [(20, 30, "2025-06-30"), (38, 48, "2026-12-31")])
def test_smaller_and_longer_regencies_work(offices: int, months: int, as_of: str) -> None:
    records = simulate(Regency(seed=5, offices=offices, months=months))
    assert records.truth["as_of"] == as_of
    assert records.potential["office"].nunique() == offices
    assert reached_half(records.training).to_dict() == records.truth["adopted"]
