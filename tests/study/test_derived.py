"""Claims that rest on another: by provider, dose, wave, service, and what an effect gave back for what it cost."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import StudyError
from asn_impact.reporting.overview import in_short
from asn_impact.study import notebooks
from asn_impact.study.derived import costs_of
from asn_impact.study.registered import deviations, register
from asn_impact.study.whole import run_programme

from .programme_files import EGOV, OFFICES, STUDY, write_programme

pytestmark = [
    pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning"),
    pytest.mark.usefixtures("undrawn"),
]
WAIT = f"[[claim]]{STUDY.split('[[claim]]')[1]}"
ONCE = STUDY.split("[[claim]]")[0]
GROUPS = """
[[claim]]
id = "penyelenggara"
of = "waktu"
by = "provider"
[[claim]]
id = "dosis"
of = "waktu"
by = "dose"
[[claim]]
id = "layanan"
of = "waktu"
by = "service"
asks = {id = "Layanan mana?", en = "Which service?"}
[[claim]]
id = "kanal"
of = "waktu"
by = "Kanal"
[[claim]]
id = "bentuk"
of = "waktu"
by = "Bentuk"
"""
COSTS = """
[[claim]]
id = "manfaat"
of = "waktu"
costs = "dpa"
value_of_a_day = 50000
years = 2
discount = 0.08
"""
DPA = """
[files.dpa]
kind = "costs"
path = "dpa.csv"
origin = "DPA BKPSDM 2024"
price_year = 2024
[report]
"""
OF_OTHER_FILES = "".join(
    f"""
[files.{name}]
kind = "costs"
path = "{name}.csv"
origin = "DPA BKPSDM 2024"
price_year = 2024
{more}
"""
    for name, more in {"tanpa_judul": "", "kolom": 'course = "Kegiatan"', "realisasi": ""}.items()
)
OTHERS = (
    "".join(
        COSTS.replace('"manfaat"', f'"{name}"').replace('"dpa"', f'"{name}"')
        for name in ("tanpa_judul", "kolom", "realisasi")
    )
    + COSTS.replace('"manfaat"', '"lain"')
    + 'match = ["Manajemen Proyek"]\n'
)
WRONG = """
[[claim]]
id = "salah"
of = "waktu"
by = "Kannal"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("derived")
    write_programme(place)
    permits = pd.read_csv(place / "izin.csv")
    permits["Jenis Izin"] = np.where(np.arange(len(permits)) % 3 == 0, "SIP", "IMB")
    permits.to_csv(place / "izin.csv", index=False)
    taught = pd.read_csv(place / "diklat.csv")
    taught["Penyelenggara"] = ["BPSDM Provinsi", "LAN", "bpsdm  provinsi", "LAN", "BPSDM Provinsi", *["LAN"] * 4]
    taught["Bentuk"] = ["Daring", "Daring", "Luring", "Luring", "Luring", *["Daring"] * 4]
    taught["JP"] = [20, 20, 40, 40, 40, *[8] * 4]
    taught.to_csv(place / "diklat.csv", index=False)
    budget = [
        ("Pelatihan E-Government", "", "", "", "24.000.000"),
        ("Narasumber", "20", "OJ", "900.000", "18.000.000"),
        ("Konsumsi", "60", "OK", "100.000", "6.000.000"),
        ("Manajemen Proyek Dasar", "", "", "", "9.000.000"),
        ("Narasumber", "10", "OJ", "900.000", "9.000.000"),
    ]
    names = ["Uraian", "Volume", "Satuan", "Harga Satuan", "Jumlah"]
    budget = pd.DataFrame(budget, columns=names)
    budget.to_csv(place / "dpa.csv", index=False)
    budget.iloc[1:].to_csv(place / "tanpa_judul.csv", index=False)  # the first course has lost its heading
    courses = ["E-Government"] * 3 + ["Proyek"] * 2
    budget.assign(Kegiatan=courses).iloc[[1, 2, 4]].to_csv(place / "kolom.csv", index=False)
    budget.assign(Realisasi="1.000.000").to_csv(place / "realisasi.csv", index=False)
    return place


def opened(folder, *claims, once=ONCE):
    file = folder / "study.toml"
    file.write_text(once.replace("[report]", DPA) + WAIT + "".join(claims), encoding="utf-8")
    return ai.open_study(file)


@pytest.fixture(scope="module")
def programme(folder):
    """Every claim on one effect, which is estimated once."""
    once = ONCE.replace("[report]", f"{OF_OTHER_FILES}[report]")
    return opened(folder, GROUPS, COSTS, OTHERS, WRONG, once=once)


def test_a_claim_by_groups_is_what_a_researcher_types(programme):
    claim, typed = programme["penyelenggara"], programme["waktu"].by("provider")
    assert claim.role == typed.role == "exploratory"
    assert claim.value.labels == typed.value.labels == ("BPSDM Provinsi", "LAN")
    assert claim.value.sizes == (3, 2)
    assert claim.value.inference.estimate == pytest.approx(typed.value.inference.estimate)
    assert "2 providers, 2 to 3 offices each: their effects cannot be told apart" in str(claim.said[0])
    assert "2 penyelenggara" in claim.said[0].text("id")
    assert str(claim.label) == "Are permits faster? By providers"


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("dosis", ["12 hours for each of the staff", "24 hours for each of the staff"]),
        ("layanan", ["IMB", "SIP"]),
        ("kanal", ["Loket", "Online"]),
        ("bentuk", ["Daring", "Luring"]),
    ],
)
def test_groups_come_from_the_training_list_or_from_the_records(programme, name, labels):
    found = programme[name].value
    assert list(map(str, found.labels)) == labels
    assert (np.abs(found.inference.estimate + 2) < 1).all()  # permits are three days faster, counted in working days


def of_notebook(file):
    """Return the code of a notebook, and its texts with what it shows."""
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    code = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    return code, " ".join([*texts, *(json.dumps(cell.get("outputs"), ensure_ascii=False) for cell in cells)])


def test_the_page_and_the_matrix_say_it_in_both_languages(folder, monkeypatch):
    monkeypatch.setattr(notebooks, "TOGETHER", 1)  # in one kernel
    programme = opened(folder, GROUPS.split('[[claim]]\nid = "dosis"')[0], COSTS)
    finished = run_programme(programme)
    assert finished.refusal is None
    for language, words in (("en", "their effects cannot be told apart"), ("id", "dampaknya tidak dapat dibedakan")):
        page = (finished.folder / f"report_{language}" / "report.html").read_text(encoding="utf-8")
        assert page.count(words) >= 2  # first page and its own
        assert "BPSDM Provinsi" in page
        brief = (finished.folder / f"report_{language}" / "brief.html").read_text(encoding="utf-8")
        assert brief.count({"en": "Net present value", "id": "Nilai kini bersih"}[language]) == 1
        assert "BPSDM Provinsi" not in brief
    code, shown = of_notebook(finished.folder / "notebooks" / "manfaat.ipynb")
    assert "costs = ai.read_costs(" in code
    assert "value_of_a_day=50000" in code
    assert "Rp24.000.000" in shown
    assert "Nilai kini bersih selama 2 tahun" in shown
    assert "beberapa koefisien" not in shown
    code, shown = of_notebook(finished.folder / "notebooks" / "penyelenggara.ipynb")
    assert "BPSDM Provinsi" in shown
    assert "beberapa koefisien" not in shown
    table = programme.matrix(language="en").frame.set_index("claim")
    row = table.loc["Are permits faster? Was it worth its cost? (exploratory)"]
    assert "a working day saved" in row["raises"]
    assert "break-even" in row["raises"]
    assert row["grade"] == programme["manfaat"].grade.letter
    assert not any("manfaat" in name or "penyelenggara" in name for name in programme.family.adjusted)


def test_the_costs_of_the_course_of_the_claim_alone_count(folder, programme):
    finding = programme["manfaat"]
    back = finding.value
    assert back.costs.total == 24_000_000
    assert back.inference.effects.design.weights == "records"
    assert back.rows()["cost_per_day"]["estimate"] == pytest.approx(
        24_000_000 / back.cases / -float(back.inference.estimate[0])
    )
    assert "Expected over 24 months: Rp" in str(finding.said[0])
    assert "Net present value: " in str(finding.said[0])
    assert "Nilai kini bersih: " in finding.said[0].text("id")
    assert any("dpa" in source.name for source in programme.sources)
    thousands = ONCE.replace("[report]", DPA.replace("price_year", "unit = 1000\ntotals = []\nprice_year"))
    (folder / "study.toml").write_text(thousands + WAIT + COSTS, encoding="utf-8")
    assert ai.open_study(folder / "study.toml").claim("manfaat").worth.costs.parameters["unit"] == 1000
    assert costs_of(programme.claim("lain").worth)[0].total == 9_000_000


def test_whose_costs_they_are_is_asked_where_it_cannot_be_told(programme):
    with pytest.raises(StudyError, match=r"\[files.tanpa_judul\]: No row of costs is of 'E-Government'"):
        costs_of(programme.claim("tanpa_judul").worth)
    assert costs_of(programme.claim("kolom").worth)[0].total == 24_000_000


def test_where_the_effect_may_be_zero_no_money_is_counted(folder):
    claim = COSTS.replace('"waktu"', '"proyek"')
    late = f"[[claim]]{STUDY.split('[[claim]]')[4]}"
    finding = opened(folder, late, claim)["manfaat"]
    assert "Whether the training paid cannot be said yet" in str(finding.refusal)
    assert "equal" in str(finding.refusal)
    assert finding.inference is None
    assert finding.value.costs.total == 9_000_000
    assert "The programme cost Rp9,000,000." in str(finding.refusal)
    assert "Biaya program Rp9.000.000." in finding.refusal.text("id")
    assert finding.value.cases_per_month < 200  # 1,800 packages in 20 months, by quarter


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('of = "waktu"', 'of = "wakt"', r"\[claim penyelenggara\]: of = 'wakt' is not .*Did you mean 'waktu'"),
        ('by = "provider"\n', "", r"\[claim penyelenggara\]: A claim with of = ... needs by"),
        ('by = "provider"', 'bye = "provider"', r"\[claim penyelenggara\]: A claim with of = ... needs by"),
    ],
)
def test_what_is_wrong_in_such_a_claim_is_named(folder, old, new, said):
    text = GROUPS.split('[[claim]]\nid = "dosis"')[0]
    assert old in text
    with pytest.raises(StudyError, match=said):
        opened(folder, text.replace(old, new))


def test_a_column_that_is_not_there_is_named_with_the_one_that_is(programme):
    with pytest.raises(StudyError, match=r"Did you mean 'Kanal'"):
        programme["salah"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('costs = "dpa"', 'costs = "dba"', r"\[claim manfaat\]: file = 'dba'.*Did you mean 'dpa'"),
        ('costs = "dpa"', 'costs = "izin"', r"\[claim manfaat\]: costs = 'izin' names a file of kind = 'records'"),
        ("years = 2\n", "", r"\[claim manfaat\]: 'years' is missing"),
        (
            "discount = 0.08",
            "discont = 0.08",
            r"\[claim manfaat\]: 'discont' is not a key here. Did you mean 'discount'",
        ),
    ],
)
def test_what_is_wrong_in_a_claim_on_costs_is_named(folder, old, new, said):
    assert old in COSTS
    with pytest.raises(StudyError, match=said):
        opened(folder, COSTS.replace(old, new))


def test_such_claims_and_what_a_course_is_called_are_locked(folder):
    register(opened(folder, GROUPS, COSTS))
    try:
        assert "Deviations from what was locked: 0" in str(deviations(opened(folder, GROUPS, COSTS))[0])
        for old, new, part in (
            ('by = "Kanal"', 'by = "wave"', "by of 'kanal'"),
            ("value_of_a_day = 50000", "value_of_a_day = 60000", "worth of 'manfaat'"),
            ("level = 4", "level = 3", "kirkpatrick of 'waktu'"),
            ('en = "e-government"', 'en = "digital"', "course of 'waktu'"),
        ):
            text = (ONCE.replace("[report]", DPA) + WAIT + GROUPS + COSTS).replace(old, new)
            (folder / "study.toml").write_text(text, encoding="utf-8")
            assert part in " ".join(map(str, deviations(ai.open_study(folder / "study.toml"))))
    finally:
        (folder / "registered.json").unlink()


def test_check_looks_at_the_files_once_and_at_the_budget_too(folder):
    programme = opened(folder, GROUPS, COSTS)
    looked = programme.check("en")
    assert not looked.problems
    assert looked.text.count("waktu") < 4
    (folder / "dpa.csv").rename(folder / "away.csv")
    pd.DataFrame({"Uraian": ["x"]}).to_csv(folder / "dpa.csv", index=False)
    try:
        assert any("files.dpa" in str(problem) for problem in programme.check("en").problems)
    finally:
        (folder / "away.csv").rename(folder / "dpa.csv")


def test_amounts_that_do_not_count_are_told_by_check_the_page_of_the_claim_and_the_brief(programme):
    assert "write amount = 'Realisasi'" in programme.check("en").text
    finding = programme["realisasi"]
    said = "'Realisasi' adds up to Rp2,000,000 for the same components: Rp22,000,000 (91.7%) less than what counts"
    assert said in str((finding.refusal, *finding.said)[0 if finding.refusal else 1])
    assert said in str(in_short([finding], level=0.95).frame["change"].iloc[0])


def test_the_offices_of_the_course_are_those_of_the_claim(programme):
    found = programme["bentuk"].value
    assert sum(found.sizes) == len(EGOV)
    assert len(found.inference.effects.design.panel.units) == len(OFFICES)
