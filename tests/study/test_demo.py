"""The programme that `python run.py` runs: its intervals hold what its data were made with."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

import pytest

import asn_impact as ai
from asn_impact.study.keys import reading_once

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
from programmes import quick_finding

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
DEMO = Path(__file__).parents[2] / "data" / "demo"
TRUTH = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))
MONTHS = "att_office_months"
#: Claim -> what its training changed, by the generator.
TRUE = {
    "waktu": TRUTH["outcomes"]["RestrictedMean(30)"][MONTHS],
    "puas": TRUTH["survey"]["ikm_att_office_months"],
    "puas-waktu": TRUTH["survey"]["elements"]["waktu"][MONTHS],
    "puas-persyaratan": 0.0,
    "puas-sarana": 0.0,
    "kegiatan": TRUTH["projects"]["outcomes"]["delay_days"][MONTHS],
    "belajar": TRUTH["learning"]["dimensions"]["digital"]["att_persons"],
    "komunikasi": TRUTH["learning"]["dimensions"]["komunikasi"]["att_persons"],
    "daring": TRUTH["channel"][MONTHS],
    "janji": TRUTH["promised"][MONTHS],
    "aduan": TRUTH["complaints"]["outcomes"]["RestrictedMean(30)"][MONTHS],
    "tahan": TRUTH["adaptation"]["rise_after_rule_change"][MONTHS],
}


@pytest.fixture(scope="module")
def programme():
    with reading_once():
        yield ai.open_study(DEMO / "study.toml")


@pytest.fixture(scope="module")
def interval(programme):
    """The interval of a claim by its id, without the checks that a page holds it against."""
    return cache(lambda name: [float(end[0]) for end in quick_finding(programme.claim(name)).inference.interval()])


@pytest.mark.parametrize("name", TRUE)
def test_the_interval_of_each_claim_holds_the_truth(interval, name):
    low, high = interval(name)
    assert low < TRUE[name] < high


def test_the_interval_of_each_provider_holds_what_its_offices_saved(programme):
    groups = programme["penyelenggara"].value
    true = {one["provider"]: one["att"] for one in TRUTH["providers"]}
    intervals = zip(map(str, groups.labels), *groups.inference.interval(), strict=True)
    assert {name: low < true[name] < high for name, low, high in intervals} == dict.fromkeys(true, True)


def test_what_a_day_cost_holds_the_truth_over_the_cases_of_the_truth(programme):
    back, true = programme["sepadan"].value, TRUTH["costs"]
    saved = [-float(end[0]) * TRUTH["outcomes"]["RestrictedMean(30)"]["cases"] for end in back.inference.interval()]
    assert back.costs.total == 1e6 * true["million_rupiah"]
    assert min(saved) < true["case_days_saved"] < max(saved)


def test_a_claim_that_is_no_placebo_and_leaves_out_zero_moved_as_hoped(programme, interval):
    primary = [claim for claim in programme.claims if claim.role == "primary" and claim.of is None]
    assert len(primary) > 6
    for claim in primary:
        low, high = interval(claim.id)
        if low > 0 or high < 0:
            assert (claim.hoped == "lower") == (high < 0)


def test_one_claim_alone_gives_the_number_of_the_programme(programme):
    alone = quick_finding(ai.open_study(DEMO / "one_claim.toml").claim("study"))
    assert float(alone.inference.estimate[0]) == float(programme["waktu"].inference.estimate[0])
