"""A regency with a dozen files and three courses, in two layouts: files, claims and pages against the known truth."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import asn_impact as ai
from synthetic.programme import Town, hand_over, study_text, write_town

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
import programmes

pytestmark = [
    pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning"),
    pytest.mark.usefixtures("undrawn"),
]
ONE_A_FILE = ("waktu", "puas", "lambat", "aduan", "rekap", "belajar")
OF_TWO_COURSES = ("lambat", "rekap")


@pytest.fixture(scope="module", params=programmes.LAYOUTS)
def town(request, tmp_path_factory):
    """One claim a file of a small regency, its truth, and the study in its folder."""
    handed = hand_over(Town(seed=5, layout=request.param, size=0.4))
    file = write_town(handed, tmp_path_factory.mktemp(request.param))
    once, *claims = study_text(request.param).split("[[claim]]")
    kept = [c for c in claims if c.split('id = "')[1].split('"')[0] in ONE_A_FILE]
    text = "[[claim]]".join([f'language = "en"\n{once}', *kept]).replace('placebo = ["persyaratan", "sarana"]\n', "")
    text = text.replace('language = "en"\nstudy = {', 'report = {formats = ["html"]}\nstudy = {language = "en", ')
    file.write_text(text, encoding="utf-8")
    return handed, ai.open_study(file)


def test_files_of_every_kind_give_the_numbers_of_the_records_that_were_drawn(town):
    handed, programme = town
    read = programmes.counted(handed, [programmes.quick_finding(claim) for claim in programme.claims])
    drawn = programmes.counted(handed, programmes.drawn_findings(handed))
    assert not read.refused
    assert [one.claim for one in read.held] == list(ONE_A_FILE)
    assert programmes.differing(read, drawn) == []
    assert all(one.holds for one in read.held)
    assert not read.false
    costs = next(p for p in programme.shared.file.parent.glob("*.xlsx") if p.name.startswith(("dpa", "RKA")))
    assert ai.read_costs(costs, origin="DPA 2024", price_year=2024).total == handed.truth["costs"]


@pytest.mark.parametrize("town", ["sixteen"], indirect=True)
def test_a_page_names_no_course_and_no_office_that_is_not_its_own(town, tmp_path):
    handed, programme = town
    findings = [programme[name] for name in OF_TWO_COURSES]
    programme.publish(findings, folder=tmp_path)
    claims = [programme.claim(name) for name in OF_TWO_COURSES]
    assert programmes.strangers_on(findings, claims, handed.truth, tmp_path, ("en",)) == []


@pytest.mark.parametrize("layout", programmes.LAYOUTS)
def test_a_person_writes_ten_lines_besides_the_claims(layout):
    assert len(study_text(layout).split("[[claim]]")[0].strip().splitlines()) <= 10
