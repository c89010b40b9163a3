"""One file, many claims: each is the study it would be alone, and the report never mixes them up."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.cli import main
from asn_impact.errors import InputError, StudyError
from asn_impact.reporting.family import family_of
from asn_impact.reporting.prose import say_left_out
from asn_impact.reporting.provenance import sha256
from asn_impact.study import settings
from asn_impact.study.evidence import estimated
from asn_impact.study.keys import once, reading_once
from asn_impact.study.measured import nouns_of
from asn_impact.study.prepared import prepared, staff_of
from asn_impact.study.registered import deviations, register
from asn_impact.study.settings import read_study
from asn_impact.study.whole import refuse_changed, run_programme

from .programme_files import ELEMENTS, OFFICES, PROJECTS, STUDY, without_notebooks, write_programme

pytestmark = [
    pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning"),
    pytest.mark.usefixtures("undrawn"),
]
FAST = STUDY.split("[[claim]]")[0]  # what is said once
WAIT, ONLINE, HAPPY, LATE, QUEUE = (f"[[claim]]{part}" for part in STUDY.split("[[claim]]")[1:])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("programme")
    write_programme(place)
    return place


@pytest.fixture(scope="module")
def programme(folder):
    return ai.open_study(folder / "study.toml")


@pytest.fixture(scope="module")
def finished(programme):
    with without_notebooks():
        return run_programme(programme)


@pytest.fixture
def own(tmp_path):
    """The files in a folder that a test may change."""
    write_programme(tmp_path)
    return tmp_path


def other(folder, text, name="other.toml"):
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def sections_of(page):
    page = re.sub(r'<img[^>]*alt="([^"]*)"[^>]*>', r"\1", page.read_text(encoding="utf-8"))
    plain = {}
    for part in re.findall(r"<section>(.*?)</section>", page, flags=re.DOTALL):
        name = re.search(r'<h\d id="([^"]*)"', part)[1]
        plain[name] = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", part)))
    return plain


# -------------------------------------------------------------------------------------------- from files to a report


def test_claims_on_records_a_survey_observations_and_a_panel_run_end_to_end(finished, programme):
    assert finished.refusal is None
    assert [claim.study.data.name for claim in programme.claims] == [
        *("records", "records", "survey", "survey", "observations", "panel"),
    ]
    truth = {"waktu": (-2.6, -1.3), "daring": (0.1, 0.3), "puas": (4.0, 9.0)}
    for name, (low, high) in truth.items():
        assert low < float(programme[name].inference.estimate[0]) < high
    for name in ("puas-sarana", "proyek"):
        low, high = programme[name].inference.interval()
        assert low[0] < 0 < high[0]
    assert len(finished.findings) == 6
    for language in ("id", "en"):
        assert (finished.folder / f"report_{language}" / "report.html").exists()
        assert (finished.folder / f"report_{language}" / "brief.html").exists()


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_page_names_its_own_course_and_measure_alone(finished, programme, language):
    sections = sections_of(finished.folder / f"report_{language}" / "report.html")
    courses = {claim.course: claim.course_label.text(language).text for claim in programme.claims}
    for number, claim in enumerate(programme.claims, start=1):
        text = sections[f"claim-{number}"]
        assert courses[claim.course] in text
        assert all(name not in text for course, name in courses.items() if course != claim.course)
        assert programme[claim.id].panel.outcome.words.name.text(language).text in text
    assert all(claim.label.text(language).text in sections["summary"] for claim in programme.claims)


@pytest.mark.parametrize(
    ("language", "of_permits", "of_others", "heading"),
    [
        ("id", "permohonan dalam", ("jawaban survei dalam", "catatan dalam"), "Permohonan sebelum"),
        ("en", "applications in", ("survey answers in", "records in"), "Applications before"),
    ],
)
def test_answers_and_projects_are_not_called_applications(
    finished, programme, language, of_permits, of_others, heading
):
    sections = sections_of(finished.folder / f"report_{language}" / "report.html")
    pages = {claim.id: sections[f"claim-{number}"] for number, claim in enumerate(programme.claims, start=1)}
    assert of_permits in pages["waktu"]
    assert heading in pages["waktu"]
    for name, called in zip(("puas", "proyek"), of_others, strict=True):
        assert called in pages[name]
        assert of_permits not in pages[name]
        assert heading not in pages[name]


def test_a_file_may_say_what_its_records_are_called(folder):
    text = STUDY.replace('kind = "observations"', 'kind = "observations"\ncalled = "projects"')
    programme = ai.open_study(other(folder, text))
    assert nouns_of(programme.claim("proyek").study)[0] == "projects"
    assert nouns_of(programme.claim("puas").study)[0] == "answers"
    with pytest.raises(StudyError, match=r"called = 'project'\. Did you mean 'projects'"):
        ai.open_study(other(folder, text.replace('"projects"', '"project"')))


def test_both_languages_hold_the_same_numbers(finished):
    facts = []
    for language in ("id", "en"):
        manifest = json.loads((finished.folder / f"report_{language}" / "manifest.json").read_text(encoding="utf-8"))
        numbers = [(n["source"], n["value"]) for n in manifest["numbers"]]
        facts.append((sorted(map(str, set(numbers))), [e["data"] for e in manifest["exhibits"]]))
        assert len(numbers) > 60
    assert facts[0] == facts[1]


def test_the_matrix_speaks_a_language_and_the_family_leaves_placebos_out(programme):
    table = programme.matrix(language="id")
    assert table.frame["claim"].tolist()[0] == "Apakah izin lebih cepat?"
    assert "hari kerja" in table.frame["outcome"].tolist()[0]
    assert table.frame["outcome"].tolist()[1] == "Permohonan daring (%; perubahan dalam poin)"
    assert set(programme.family.adjusted) == {"waktu", "daring", "puas", "proyek"}
    assert programme.family.correction == "holm"
    same = [programme["waktu"], programme["daring"]]
    assert programme.matrix(same).frame["p_family"].notna().all()
    assert family_of(same).correction == "romano_wolf"


# ------------------------------------------------------------------------------------------- a claim is a study


ALONE = """
[study]
title = "x"
source = "y"
synthetic = true
[data]
kind = "records"
path = "izin.csv"
as_of = 2024-12-31
offices = {"Dinkes" = "Dinas Kesehatan"}
[outcome]
kind = "restricted_mean"
horizon = 20
[rollout]
kind = "training"
path = "diklat.csv"
course = ["E-Government", "SPBE"]
share = 0.4
staff = {STAFF}
[design]
cluster = "office"
[estimator]
name = "imputation"
[scrutiny]
reps = 19
"""


def test_a_claim_gives_the_number_of_the_study_it_would_be_alone(folder, programme):
    staff = ", ".join(f'"{office}" = 10' for office in OFFICES)
    study = read_study(other(folder, ALONE.replace("STAFF", staff), "alone.toml"))
    alone = estimated(study, prepared(study), beside=False)
    finding = programme["waktu"]
    assert float(alone.headline.estimate[0]) == float(finding.inference.estimate[0])
    assert float(alone.headline.std_error[0]) == float(finding.inference.std_error[0])
    assert alone.scrutiny.grade.letter == finding.grade.letter
    opened = ai.open_study(folder / "alone.toml")
    assert [claim.id for claim in opened.claims] == ["study"]
    assert float(opened["study"].inference.estimate[0]) == float(finding.inference.estimate[0])


def test_another_period_or_estimator_is_exploratory_and_published_as_such(programme, tmp_path):
    finding = programme["waktu"]
    robust = finding.again(period="half_year", estimator=ai.GroupTime())
    assert robust.role == "exploratory"
    assert robust.panel.timeline.period_months == 6
    with pytest.raises(InputError, match="Did you mean 'half_year'"):
        finding.again(period="halfyear")
    with pytest.raises(InputError, match="takes period, estimator and rule"):
        finding.again(horizon=3)
    mine = programme.finding(
        "mine", programme["antri"].panel, course="proyek", label={"id": "Milik saya", "en": "Mine"}
    )
    assert mine.role == "exploratory"
    assert float(mine.inference.estimate[0]) != 0
    pages = programme.publish([finding, robust, mine], folder=tmp_path)
    assert len([page for page in pages if page.name == "report.html"]) == 2
    assert "exploratory" in sections_of(tmp_path / "report_en" / "report.html")["summary"]


@pytest.mark.usefixtures("ungraded_here")
def test_the_first_lines_a_researcher_types_are_true(folder, monkeypatch):
    lines = [line.strip() for line in ai.Programme.__doc__.split("::")[1].splitlines() if line.strip()]
    assert len(lines) <= 10
    monkeypatch.chdir(folder)
    other(folder, (FAST + HAPPY).replace('folder = "result"', 'folder = "lines"'), "study.toml")
    try:
        exec("\n".join(lines), {})
    finally:
        other(folder, STUDY, "study.toml")
    for language in ("id", "en"):
        page = sections_of(folder / "lines" / f"report_{language}" / "report.html")
        assert {"claim-1", "claim-2", "claim-3"} <= set(page)
    assert "Hoped for: a rise." in page["claim-1"]
    assert "Hoped for" not in page["claim-2"]  # the placebo


# ------------------------------------------------------------------------------------- what is wrong is said in place


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('file = "izin"', 'file = "izn"', r"\[claim waktu\]: file = 'izn' is not among \[files\]. Did you mean 'izin'"),
        ('course = "egov"', 'course = "egv"', r"\[claim waktu\]: course = 'egv' is not among .*Did you mean 'egov'"),
        ('course = "egov"\n', "", r"\[claim waktu\]: Which course\? Write course = ..., one of: 'egov' or 'proyek'"),
        (
            "horizon = 20",
            "horizont = 20",
            r"\[claim waktu.measure\]: 'horizont' is not a key here. Did you mean 'horizon'",
        ),
        (
            '"restricted_mean", horizon = 20',
            '"index"',
            r"\[claim waktu.measure\]: kind = 'index' does not go with .*'records'",
        ),
        ('hoped = "lower"', 'hoped = "higher"', r"\[claim waktu\]: hoped = 'higher', but of kind = 'restricted_mean'"),
        ('hoped = "lower"', 'hopes = "lower"', r"\[claim waktu\]: 'hopes' is not a key here. Did you mean 'hoped'"),
        ('"imputation"', '"imputaton"', r"\[claim waktu.estimator\]: name = 'imputaton' .*Did you mean 'imputation'"),
        (
            'share = 0.4, label = {id = "E-G',
            'shar = 0.4, label = {id = "E-G',
            r"\[training.courses.egov\]: 'shar' is not",
        ),
        (
            'path = "diklat.csv"',
            'path = "diklt.csv"',
            r"\[training\]: path names 'diklt.csv'.*Did you mean 'diklat.csv'",
        ),
        ('path = "izin.csv"', 'path = "ijin.csv"', r"\[files.izin\]: path names 'ijin.csv'"),
        ('"SPBE"', '"SPEB"', r"\[training\]: No course contains 'SPEB'"),
        ("[report]", "[reports]", r"reports.*Did you mean 'report'"),
        (
            'hoped = "lower"',
            'hoped = "lower"\ninference = {level = 0.9}',
            r"\[claim waktu\]: The level of the intervals",
        ),
        ("level = 4", "level = 5", r"\[claim waktu\]: level = 5"),
        ("[report]", "[data]\n[report]", r"\[data\] belongs to a study with one question"),
        ('staff = "Jumlah"', 'staf = "Jumlah"', r"\[offices\]: The list of offices needs columns"),
    ],
)
def test_what_is_wrong_is_named_at_its_place_in_the_users_file(folder, old, new, said):
    text = FAST + WAIT
    assert old in text
    with pytest.raises(StudyError, match=said):
        ai.open_study(other(folder, text.replace(old, new, 1)))["waktu"]


def test_the_claims_of_the_template_are_read_as_they_stand(tmp_path):
    template = Path(settings.__file__).parents[1].joinpath("study_template.toml").read_text(encoding="utf-8")
    rest = template.split("# Several claims in one file")[1]
    lines = [line[2:] for line in rest.splitlines() if re.match(r'# (\[|"|[A-Za-z_]+ = )', line)]
    text = "\n".join(lines).replace("[study]", '[study]\ntitle = "x"\nsource = "y"')
    for name in ("jumlah_pegawai.xlsx", "training.csv", "kejadian.csv", "permits"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    text = text.replace('secondary = ["waktu"]', "")  # of a survey, which this file is not
    claim = ai.open_study(other(tmp_path, text)).claims[0]
    assert (claim.id, claim.course, claim.hoped, claim.level) == ("waktu", "egov", "lower", 4)
    assert claim.study.outcome.parameters["per"] == "quarter"


def test_two_claims_of_one_name_and_a_file_for_one_study_are_told(folder):
    with pytest.raises(StudyError, match="Two claims have the id 'waktu'"):
        ai.open_study(other(folder, FAST + WAIT + WAIT))
    with pytest.raises(StudyError, match="read it with open_study"):
        read_study(other(folder, FAST + WAIT))
    with pytest.raises(InputError, match=r"There is no claim 'wakt'\. Did you mean 'waktu'"):
        _ = ai.open_study(other(folder, FAST + WAIT))["wakt"]


def test_a_label_that_nobody_knows_is_proposed_as_an_alias(folder):
    looked = ai.open_study(other(folder, FAST.replace('"Dinkes" =', '"Dinkess" =') + WAIT)).check("en")
    assert looked.unknown["Dinkes"] == "Dinas Kesehatan"
    assert '[offices.aliases]\n"Dinkes" = "Dinas Kesehatan"' in looked.text
    assert not looked.problems
    row = looked.offices.set_index("office").loc["Dinas Sosial"]
    assert row["list"]
    assert row["course egov"]
    assert row["file izin"]


def test_a_list_of_offices_of_two_regencies_is_read_of_the_one_named(folder):
    both = pd.DataFrame({"Perangkat Daerah": [*OFFICES] * 2, "Jumlah Pegawai": [4] * 12 + [9] * 12})
    both.assign(Kabupaten=["Kab. Tebo"] * 12 + ["Kota Jambi"] * 12).to_csv(folder / "daftar.csv", index=False)
    said = 'path = "pegawai.csv"\ncolumns = {office = "Perangkat Daerah", staff = "Jumlah"}'
    text = FAST.replace(said, 'path = "daftar.csv"\nregency = "Kota Jambi"') + WAIT
    assert staff_of(ai.open_study(other(folder, text)).about) == dict.fromkeys(sorted(OFFICES), 9.0)
    text = FAST.replace(said, 'path = "daftar.csv"') + WAIT
    with pytest.raises(StudyError, match=r'of two regencies, write regency = "\.\.\."'):
        staff_of(ai.open_study(other(folder, text)).about)


def test_the_list_of_offices_has_usual_headings_and_a_row_of_totals(folder):
    listed = pd.DataFrame({"Perangkat Daerah": [*OFFICES, "JUMLAH"], "Jumlah Pegawai": [*[4] * 12, 48]})
    listed.to_csv(folder / "daftar.csv", index=False)
    said = 'path = "pegawai.csv"\ncolumns = {office = "Perangkat Daerah", staff = "Jumlah"}'
    assert said in FAST
    text = FAST.replace(said, 'path = "daftar.csv"') + WAIT
    assert staff_of(ai.open_study(other(folder, text)).about) == dict.fromkeys(sorted(OFFICES), 4.0)
    listed.loc[12, "Perangkat Daerah"] = "Dinkes"
    listed.to_csv(folder / "daftar.csv", index=False)
    with pytest.raises(StudyError, match=r"\[offices\]: 'Dinas Kesehatan' stands in two rows"):
        staff_of(ai.open_study(other(folder, text)).about)
    listed.rename(columns={"Jumlah Pegawai": "Orang"}).to_csv(folder / "daftar.csv", index=False)
    with pytest.raises(StudyError, match=r"\[offices\].*'staff'.*'Orang'"):
        staff_of(ai.open_study(other(folder, text)).about)


def test_an_office_on_the_list_need_not_keep_every_file(folder):
    queues = pd.read_csv(folder / "antrian.csv")
    queues[queues["Perangkat Daerah"] != OFFICES[6]].to_csv(folder / "antrian.csv", index=False)
    try:
        found = ai.open_study(other(folder, FAST + QUEUE))["antri"]
        assert found.inference is not None
        assert np.isfinite(found.inference.effects.design.adopted).sum() == len(PROJECTS) - 1
        assert any(
            "on the list have nothing in this file" in str(note) or "on the list has nothing" in str(note)
            for note in found.notes
        )
        queues.replace(OFFICES[6], "Disdag").to_csv(folder / "antrian.csv", index=False)  # there, under another name
        assert "not in the panel" in str(ai.open_study(other(folder, FAST + QUEUE))["antri"].refusal)
    finally:
        queues.to_csv(folder / "antrian.csv", index=False)


# ----------------------------------------------------------------------------------------------- further measures


@pytest.mark.usefixtures("ungraded_here")
def test_published_means_and_promises_kept_are_measures_too(folder):
    rng = np.random.default_rng(2)
    parts = [f"Semester {part} {year}" for year in (2022, 2023, 2024) for part in ("I", "II")]
    recap = [{"Perangkat Daerah": o, "Periode": p, "n": 80, **{e: 3 + rng.normal(0, 0.1) for e in ELEMENTS}}
             for o in OFFICES for p in parts]  # fmt: skip
    pd.DataFrame(recap).round(2).to_csv(folder / "rekap.csv", index=False)
    pd.DataFrame({"layanan": ["SIP"], "SLA": ["7 hari kerja"]}).to_csv(folder / "janji.csv", index=False)
    permits = pd.read_csv(folder / "izin.csv").assign(**{"Jenis Izin": "SIP"})
    permits.to_csv(folder / "izin2.csv", index=False)
    files = """
[files.rekap]
kind = "survey_recap"
path = "rekap.csv"
period = "Periode"
respondents = "n"
[files.izin2]
kind = "records"
path = "izin2.csv"
"""
    claims = WAIT.replace('"waktu"', '"rekap"').replace('"izin"', '"rekap"').replace(
        '{kind = "restricted_mean", horizon = 20}', '{kind = "element", of = "waktu"}'
    ).replace('"lower"', '"higher"')  # fmt: skip
    claims += WAIT.replace('"waktu"', '"janji"').replace('"izin"', '"izin2"').replace(
        '{kind = "restricted_mean", horizon = 20}', '{kind = "kept", promises = "janji.csv"}'
    ).replace('"lower"', '"higher"')  # fmt: skip
    opened = ai.open_study(other(folder, FAST.replace("[report]", f"{files}\n[report]") + claims))
    assert opened["rekap"].panel.timeline.period_months == 6
    assert abs(float(opened["rekap"].inference.estimate[0])) < 0.2
    assert float(opened["janji"].inference.estimate[0]) > 0.1
    assert "promised" in str(opened["janji"].measure)


LEARNED = """
[files.tes]
kind = "tests"
path = "tes.csv"
person = "NIP"
before = "Pre Test"
after = "Post Test"
[files.dua]
kind = "tests"
path = "dua.csv"
person = "NIP"
test = "Tes"
before = "Awal"
after = "Akhir"
group = "Kelompok"
trained = "Peserta"
columns = {office = "Unit Kerja"}
[[claim]]
id = "belajar"
asks = {id = "Apakah peserta belajar?", en = "Did participants learn?"}
file = "tes"
course = "egov"
measure = {kind = "gain", label = {id = "nilai tes", en = "test score"}}
level = 2
[[claim]]
id = "banding"
asks = {id = "Apakah peserta belajar lebih banyak?", en = "Did participants learn more?"}
file = "dua"
course = "egov"
measure = {kind = "gain", columns = ["Teknis", "Digital"]}
estimator = "two_way"
hoped = "higher"
"""


def test_tests_without_a_group_are_a_description_and_with_one_a_comparison(folder, tmp_path):
    rng = np.random.default_rng(3)
    people = [f"1987091020110110{i:02d}" for i in range(60)]
    before = rng.normal(60, 8, 60).round(1)
    frame = pd.DataFrame({"NIP": people, "Pre Test": before, "Post Test": (before + 8).round(1)})
    frame.loc[3, "Post Test"] = np.nan
    frame.to_csv(folder / "tes.csv", index=False)
    taught = np.arange(60) % 12 < 6
    long = [
        {"NIP": p, "Unit Kerja": OFFICES[i % 12], "Tes": t, "Kelompok": "Peserta" if taught[i] else "Lain",
         "Teknis": before[i] + (9 if taught[i] and t == "Akhir" else 2), "Digital": before[i]}
        for i, p in enumerate(people) for t in ("Awal", "Akhir")
    ]  # fmt: skip
    pd.DataFrame(long).to_csv(folder / "dua.csv", index=False)
    opened = ai.open_study(other(folder, FAST + LEARNED))
    described = opened["belajar"]
    assert described.inference is None
    assert described.grade is None
    assert described.means == pytest.approx((np.delete(before, 3).mean(), np.delete(before, 3).mean() + 8))
    assert "59 persons were tested" in str(described.refusal)
    assert described.ledger.dropped
    assert float(opened["banding"].inference.estimate[0]) == pytest.approx(3.5)
    table = opened.matrix(language="en")
    assert table.frame["change"].tolist()[0] == "8.00"
    assert table.frame["interval"].isna().tolist()[0]
    assert table.frame["grade"].tolist()[0] == "not graded"
    opened.publish(folder=tmp_path)
    page = (tmp_path / "report_en" / "report.html").read_text(encoding="utf-8")
    assert "The gain cannot be read as an effect" in page
    assert not any(person in page for person in people)


BY_PERSON = """
[files.tes]
kind = "tests"
path = "tes.csv"
person = "NIP"
before = "Pre"
after = "Post"
group = "Kelompok"
trained = "Peserta"
[[claim]]
id = "belajar"
asks = {id = "Apakah peserta belajar?", en = "Did participants learn?"}
file = "tes"
course = "egov"
measure = {kind = "gain"}
hoped = "higher"
"""


def scored(n, taught):
    number = np.arange(n)
    people, offices = [f"1987091020110110{i:02d}" for i in number], [OFFICES[i % 8] for i in number]
    scores = {"Pre": 50 + number % 7, "Post": 60 + 2 * (number % 5)}
    return pd.DataFrame(
        {"NIP": people, "Unit Kerja": offices, "Kelompok": np.where(taught, "Peserta", "Lain"), **scores}
    )


@pytest.mark.parametrize("heading", ["Unit Kerja", "Instansi", "Unit Organisasi Asal Peserta"])
def test_the_offices_of_a_sheet_of_tests_are_known_by_their_heading_or_asked_for(folder, heading):
    number = np.arange(48)
    scores = scored(48, number % 8 < 4).rename(columns={"Unit Kerja": heading})
    scores.loc[[3, 9], heading] = ["", " "]
    scores.to_csv(folder / "tes.csv", index=False)
    looked = ai.open_study(other(folder, FAST + BY_PERSON)).check("en")
    assert not looked.unknown
    assert "" not in looked.offices["office"].tolist()
    if heading == "Unit Organisasi Asal Peserta":
        assert "names no office of a person" in looked.text
        assert "can be estimated for 0 of 1 claims" in looked.text
    else:
        assert "can be estimated for 1 of 1 claims" in looked.text
        assert looked.rows[["read", "kept", "offices"]].to_numpy().tolist() == [[48, 46, 8]]


def test_check_says_of_one_trained_office_what_run_says(folder):
    scores = scored(40, np.arange(40) % 8 == 0)
    scores.to_csv(folder / "tes.csv", index=False)
    opened = ai.open_study(other(folder, FAST + BY_PERSON))
    looked = opened.check("en")
    assert "can be estimated for 0 of 1 claims" in looked.text
    assert str(looked.refusals["belajar"]) == str(opened["belajar"].refusal)


def test_short_names_of_offices_are_known_in_tests_too(folder):
    people = [f"1987091020110110{i:02d}" for i in range(24)]
    offices = ["Dinkes" if i % 2 else OFFICES[0 if i % 3 else 1] for i in range(24)]
    rows = zip(people, offices, ["Peserta"] * 12 + ["Lain"] * 12, strict=True)
    frame = pd.DataFrame(rows, columns=["NIP", "Unit Kerja", "Kelompok"])
    scores = pd.DataFrame({"NIP": frame["NIP"], "Awal": 50.0 + np.arange(24), "Akhir": 55.0 + np.arange(24)})
    long = frame.merge(scores.melt("NIP", var_name="Tes", value_name="Teknis")).assign(Digital=1.0)
    long.to_csv(folder / "dua.csv", index=False)
    text = FAST + LEARNED.replace(LEARNED[LEARNED.index("[files.tes]") : LEARNED.index("[files.dua]")], "")
    parts = text.split("[[claim]]")
    looked = ai.open_study(other(folder, f"{parts[0]}[[claim]]{parts[2]}")).check("en")
    assert not looked.problems
    assert not looked.unknown
    assert "Dinkes" not in set(looked.offices["office"])


# --------------------------------------------------------------------------------------------------- registered


@pytest.mark.usefixtures("ungraded_here")
def test_what_was_locked_is_compared_and_every_deviation_printed(folder, programme, capsys):
    place = other(folder, FAST + WAIT + QUEUE, "locked.toml")
    assert main(["register", str(place)]) == 0
    assert "registered.json" in capsys.readouterr().out
    assert main(["register", str(place)]) == 2
    try:
        assert "Deviations from what was locked: 0" in str(deviations(ai.open_study(place))[0])
        changed = (FAST + WAIT + LATE).replace('["id", "en"]', '"en"').replace("horizon = 20", "horizon = 15")
        now = ai.open_study(other(folder, changed.replace('"imputation"', '"group_time"', 1), "locked.toml"))
        said = [str(note) for note in now.report("id").beside]
        assert "Deviations from what was locked: " in said[0]
        assert any("measure of 'waktu' was restricted_mean(horizon = 20)" in line for line in said)
        assert any("estimator of 'waktu'" in line for line in said)
        assert any("'antri' was locked and is gone" in line for line in said)
        assert any("'proyek' was added after locking" in line for line in said)
        assert any("Data changed after locking" in line for line in said)
        with without_notebooks():
            assert said[0] in str(run_programme(now).notes[0])
        sections = sections_of(now.about.folder / "report_en" / "report.html")
        assert all(line in sections["summary"] for line in said)
        assert said[0] in sections_of(now.about.folder / "report_en" / "brief.html")["summary"]
    finally:
        (folder / "registered.json").unlink()


def test_the_program_checks_and_runs_a_file_with_claims(folder, capsys):
    text = (
        (FAST + QUEUE)
        .replace('folder = "result"', 'folder = "small"')
        .replace('language = ["id", "en"]', 'language = "en"')
    )
    file = other(folder, text, "small.toml")
    assert main(["check", str(file)]) == 0
    assert "Offices and files" in capsys.readouterr().out
    with without_notebooks():
        assert main(["run", str(file)]) == 0
        assert "Are queues shorter? No sufficient evidence" in capsys.readouterr().out
        first = {p.name: p.read_bytes() for p in (folder / "small").rglob("*.html")}
        assert main(["run", str(file)]) == 0
    assert first == {p.name: p.read_bytes() for p in (folder / "small").rglob("*.html")}
    record = json.loads((folder / "small" / "run.json").read_text(encoding="utf-8"))
    assert record["claims"]
    assert "Made-up files (synthetic data)" in (folder / "small" / "report_en" / "report.html").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("as_of = 2024-12-31", "as_of = 2024-11-30", "data of 'waktu'"),
        ('path = "izin.csv"', 'path = "izin.csv"\ndates = {received = "day-first"}', "data of 'waktu'"),
        ('"Dinkes" =', '"Dinkess" =', "data of 'waktu'"),
        ('staff = "Jumlah"', 'staff = "Pegawai"', "staff of 'waktu'"),
        ("[report]", '[calendar]\nkind = "indonesia"\nclock = "calendar_days"\n[report]', "calendar of 'waktu'"),
        ("reps = 19", "reps = 19\nmargin = 0.5", "scrutiny of 'waktu'"),
        ("reps = 19", 'reps = 19\nchosen = ["2023-12"]', "scrutiny of 'waktu'"),
        ("[report]", '[assignment]\nkind = "comparison"\n[report]', "scrutiny of 'waktu'"),
        ("[report]", '[inference]\nrule = "bias_reduced"\nlooks = 4\nlook = 1\n[report]', "looks of 'waktu'"),
    ],
)
def test_whatever_a_number_or_a_grade_rests_on_is_locked(own, old, new, part):
    text = FAST + WAIT
    assert old in text
    register(ai.open_study(other(own, text)))
    said = " ".join(map(str, deviations(ai.open_study(other(own, text.replace(old, new, 1))))))
    assert f"Deviation: {part} was" in said
    assert not re.search(r"None|\['|': |\w='", said)
    assert "Path(" not in said + (own / "registered.json").read_text(encoding="utf-8")


def test_a_file_of_promises_or_events_is_fingerprinted_too(own):
    (own / "kejadian.csv").write_text("tanggal,kejadian\n", encoding="utf-8")
    text = FAST.replace("[report]", '[events]\npath = "kejadian.csv"\n[report]') + WAIT
    opened = ai.open_study(other(own, text))
    register(opened)
    (own / "kejadian.csv").write_text("tanggal,kejadian\n2024-01-01,sistem baru\n", encoding="utf-8")
    assert "Data changed after locking: 'kejadian.csv'" in str(deviations(opened)[-1])


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"claims": {}}', '{"claims": {"waktu": 3}, "on": "2024-01-01"}'])
def test_a_damaged_lock_is_refused_in_words(own, text):
    (own / "registered.json").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="not as asn-impact register wrote it"):
        deviations(ai.open_study(other(own, FAST + WAIT)))


@pytest.mark.usefixtures("ungraded_here")
def test_an_office_of_the_list_without_a_row_in_a_file_is_left_out_of_its_claim_and_said(own):
    queues = pd.read_csv(own / "antrian.csv")
    absent = ["Dinas Arsip", OFFICES[6]]  # one never trained, one trained
    queues[~queues["Perangkat Daerah"].isin(absent)].to_csv(own / "antrian.csv", index=False)
    finding = ai.open_study(other(own, FAST + QUEUE))["antri"]
    assert len(finding.panel.units) == len(OFFICES) - 2
    assert int(np.isfinite(finding.design.adopted).sum()) == 3
    said = [str(note) for note in finding.notes if "on the list" in str(note)]
    assert len(said) == 1
    assert all(name in said[0] for name in absent)
    assert "Trained among them: 1." in said[0]
    queues["Perangkat Daerah"] = queues["Perangkat Daerah"].replace("Dinas Arsip", "Kantor Arsip")
    queues.to_csv(own / "antrian.csv", index=False)
    stranger = ai.open_study(other(own, FAST + QUEUE))["antri"]  # one of the list under another name: asked about
    assert stranger.inference is None
    assert "'Dinas Arsip'" in str(stranger.refusal)


def test_publish_and_run_take_each_others_folder_and_an_interrupt_leaves_the_old_one(own, monkeypatch):
    opened = ai.open_study(other(own, FAST + QUEUE))
    place = own / "result"

    def whole():
        record = json.loads((place / "run.json").read_text(encoding="utf-8"))
        assert all(sha256((place / n).read_bytes()) == print_ for n, print_ in record["files"].items())
        return {p.relative_to(place).as_posix(): p.read_bytes() for p in place.rglob("*") if p.is_file()}

    pages = opened.publish()
    assert all(page.is_file() for page in pages)
    first = whole()
    with without_notebooks():
        run_programme(opened)
    assert whole() == first
    more = [*opened.findings, opened["antri"].again(estimator=ai.GroupTime())]
    opened.publish(more)
    second = whole()
    assert second.keys() >= first.keys()
    assert second != first
    write = type(opened).write

    def stops(self, language, *others, **choices):
        if language == "en":
            raise KeyboardInterrupt
        return write(self, language, *others, **choices)

    monkeypatch.setattr(type(opened), "write", stops)
    with pytest.raises(KeyboardInterrupt):
        opened.publish()
    assert whole() == second
    monkeypatch.undo()
    with pytest.raises(StudyError, match="no result of a run"):
        opened.publish(folder=own)


def test_the_record_names_every_file_that_the_claims_rest_on(own):
    (own / "kejadian.csv").write_text("Surat edaran\n\ntanggal,kejadian\n2024-01-01,sistem baru\n", encoding="utf-8")
    text = FAST.replace("[report]", '[events]\npath = "kejadian.csv"\n[report]') + WAIT
    opened = ai.open_study(other(own, text))
    listed = {source.name: source for source in prepared(opened.about).sources}
    assert set(listed) == {"izin.csv", "pegawai.csv", "diklat.csv", "kejadian.csv"}
    for name, source in listed.items():
        assert source.sha256 == sha256((own / name).read_bytes())
    assert listed["pegawai.csv"].rows == 12
    assert listed["diklat.csv"].rows == len(pd.read_csv(own / "diklat.csv"))


@pytest.mark.usefixtures("ungraded_here")
def test_a_file_that_changes_between_two_claims_is_refused(own):
    opened = ai.open_study(other(own, FAST + WAIT + ONLINE))
    opened["waktu"]
    with (own / "izin.csv").open("a", encoding="utf-8") as file:
        file.write("P99999,Dinas Sosial,Selesai,2024-01-02,2024-01-05,Loket\n")
    opened["daring"]
    with pytest.raises(StudyError, match=r"izin\.csv.*changed while"):
        refuse_changed(opened)


def test_what_claims_ask_for_in_the_same_words_is_read_once_while_they_are_estimated():
    def read(**_):
        return object()

    with reading_once():
        assert once(read, {"keep": ["a", {"b": 2}]}) is once(read, {"keep": ["a", {"b": 2}]})
        assert once(read, {"share": True}) is not once(read, {"share": 1})
        assert once(read, {"frame": pd.DataFrame()}) is not once(read, {"frame": pd.DataFrame()})
    assert once(read, {"share": 1}) is not once(read, {"share": 1})


@pytest.mark.usefixtures("ungraded_here")
@pytest.mark.parametrize(
    ("file", "column", "claim", "id"),
    [("izin.csv", "Kanal", ONLINE, "daring"), ("paket.csv", "Rencana", LATE, "proyek")],
)
def test_rows_that_a_measure_cannot_use_are_said_beside_those_kept(own, file, column, claim, id):
    rows = pd.read_csv(own / file, dtype=str)
    rows.loc[::7, column] = np.nan
    rows.to_csv(own / file, index=False)
    finding = ai.open_study(other(own, FAST + claim))[id]
    said = [str(message) for message in say_left_out(finding.panel, finding.ledger)]
    assert "100.0%" in said[0]
    assert f"{rows[column].isna().sum():,} rows" in said[1]
    assert "this measure cannot use them" in said[1]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("as_of = 2024-12-31\n", "", r"\[study\].*'izin'.*as_of = 2025-12-31"),
        ('file = "izin"', 'file = "izin"\nshare = 0.5', r"'share'.*\[training\.courses\]"),
        ('file = "izin"', 'file = "izin"\npath = "izin.csv"', r"'path'.*\[files\]"),
        ('file = "izin"', 'file = "izin"\nhorizon = 20', r"'horizon'.*measure = "),
    ],
)
def test_a_key_in_the_wrong_place_is_told_the_right_one(folder, before, after, said):
    with pytest.raises(StudyError, match=said):
        ai.open_study(other(folder, (FAST + WAIT).replace(before, after, 1), "place.toml"))


# -------------------------------------------------------------------------------------------- a file that is refused


@pytest.mark.usefixtures("ungraded_here")
def test_a_claim_whose_file_is_refused_has_a_page_that_says_why_and_the_others_come_out(own):
    (own / "skm.csv").write_text("Perangkat Daerah,Tanggal\nDinas Sosial,2024-01-02\n", encoding="utf-8")
    programme = ai.open_study(other(own, FAST + WAIT + HAPPY))
    with without_notebooks():
        finished = run_programme(programme)
    assert finished.refusal is None
    assert [note["id"] for note in finished.notes if note.key == "programme.file_refused"] == ["puas", "puas-sarana"]
    for language, said in (("id", "tidak memuat kolom"), ("en", "has no column")):
        page = sections_of(finished.folder / f"report_{language}" / "report.html")
        assert said in page["claim-2"]
        assert str(own) not in page["claim-2"]
        assert "%" in page["claim-1"]
    with pytest.raises(StudyError, match=r"files\.skm"):
        programme["puas"]


def test_a_programme_none_of_whose_files_can_be_read_is_refused(own):
    (own / "izin.csv").write_text("Perangkat Daerah,Kanal\nDinas Sosial,Online\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"files\.izin"):
        run_programme(ai.open_study(other(own, FAST + WAIT)))


def test_check_lists_the_headings_of_each_way_to_head_a_file(own):
    permits = pd.read_csv(own / "izin.csv")
    (own / "izin.csv").unlink()
    later = permits.iloc[4500:].rename(columns={"Tanggal Masuk": "Tgl Daftar", "Perangkat Daerah": "OPD"})
    for name, part in (("izin_a", permits.iloc[:2000]), ("izin_b", permits.iloc[2000:4500]), ("izin_c", later)):
        part.to_csv(own / f"{name}.csv", index=False)
    several = FAST.replace('path = "izin.csv"', 'path = ["izin_a.csv", "izin_b.csv", "izin_c.csv"]')
    text = str(ai.open_study(other(own, several + WAIT)).check("id"))
    assert re.search(r"\(izin\)\n.*izin_a.csv +izin_c.csv", text)
    assert re.search(r"Tanggal Masuk +Tgl Daftar", text)
    assert "izin_b.csv " not in text.split("(izin)")[1].splitlines()[1]
