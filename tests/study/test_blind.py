"""A blind run: every page as it will be, with training that nobody had."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.cli import main
from asn_impact.study.blind import blinded, dealt_anew
from asn_impact.study.prepared import prepared

from .programme_files import OFFICES, STUDY, write_programme

pytestmark = [
    pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning"),
    pytest.mark.usefixtures("undrawn", "ungraded"),
]
ONCE = STUDY.split("[[claim]]")[0]
WAIT, QUEUE = (f"[[claim]]{STUDY.split('[[claim]]')[i]}" for i in (1, 5))
UNITS = st.lists(st.text("abcdefgh", min_size=1, max_size=4), min_size=2, max_size=12, unique=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("blind")
    write_programme(place, ONCE + WAIT + QUEUE)
    return place


@given(UNITS, st.integers(0, 2**31), st.data())
def test_whole_histories_go_from_unit_to_unit(units, seed, data):
    inside = data.draw(st.lists(st.sampled_from(units), min_size=1, unique=True))
    elsewhere = "elsewhere"
    adopted = pd.Series({u: 10 + i for i, u in enumerate(inside)} | {elsewhere: 99}, dtype=object)
    doses = pd.DataFrame({"office": inside, "dose": [float(adopted[u]) for u in inside]})
    rollout = ai.Rollout(adopted, doses=doses, providers=adopted.map(str))
    dealt = dealt_anew(rollout, units, seed)
    assert sorted(dealt.adopted) == sorted(adopted)
    assert dealt.adopted[elsewhere] == 99
    assert set(dealt.adopted.index) <= {*units, elsewhere}
    assert dealt.adopted.index.is_unique
    for office, dose in zip(dealt.doses["office"], dealt.doses["dose"], strict=True):
        assert dealt.adopted[office] == dose
        assert dealt.providers[office] == str(dealt.adopted[office])
    before, after = (list(starts.adopted.reindex(units).fillna(0)) for starts in (rollout, dealt))
    assert (before == after) == (len(set(before)) == 1)  # never the training as it was
    again = dealt_anew(rollout, units[::-1], seed)
    pd.testing.assert_series_equal(again.adopted, dealt.adopted)


def test_the_effect_is_gone_and_the_number_of_the_trained_is_not(folder):
    programme = ai.open_study(folder)
    true, blind = (p["waktu"] for p in (programme, programme.blinded(2)))
    assert true.inference.estimate[0] == pytest.approx(-2, abs=0.4)
    assert abs(blind.inference.estimate[0]) < 1
    study = programme.about
    known, unknown = prepared(study).design, prepared(blinded(study, 2)).design
    assert sorted(known.adopted) == sorted(unknown.adopted)
    assert sum(a != b for a, b in zip(known.adopted, unknown.adopted, strict=True)) > 0


def test_the_program_writes_a_blind_run_beside_and_says_so_everywhere(folder, capsys):
    assert main(["run", str(folder), "--blind", "3"]) == 0
    out = capsys.readouterr().out
    assert "uji buta" in out
    assert not (folder / "result").exists()
    place = folder / "result_blind"
    assert json.loads((place / "run.json").read_text(encoding="utf-8"))["blind"] == 3
    for language, words in (("id", "uji buta"), ("en", "blind run")):
        page = (place / f"report_{language}" / "report.html").read_text(encoding="utf-8")
        assert words in page.partition("<title>")[2].partition("</title>")[0]
        assert words in (place / f"report_{language}" / "brief.html").read_text(encoding="utf-8")
        for picture in (place / f"report_{language}" / "figures").glob("*.json"):
            assert words in picture.read_text(encoding="utf-8")
    assert not (place / "notebooks").exists()


def test_one_study_can_be_blind_too(folder):
    staff = ", ".join(f'"{office}" = 10' for office in OFFICES)
    text = (
        '[study]\ntitle = "Izin"\nsource = "Berkas"\nlanguage = "en"\n'
        '[data]\nkind = "records"\npath = "izin.csv"\nas_of = 2024-12-31\noffices = {Dinkes = "Dinas Kesehatan"}\n'
        '[outcome]\nkind = "restricted_mean"\nhorizon = 20\n'
        '[rollout]\nkind = "training"\npath = "diklat.csv"\nshare = 0.4\n'
        f"staff = {{{staff}}}\n"
        '[design]\ncluster = "office"\n'
        '[report]\nfolder = "alone"\nformats = ["html"]\n'
    )
    (folder / "alone.toml").write_text(text, encoding="utf-8")
    assert main(["run", str(folder / "alone.toml"), "--blind"]) in (0, 1)
    assert "blind run" in (folder / "alone_blind" / "report_en" / "report.html").read_text(encoding="utf-8")
    assert not (folder / "alone").exists()


def test_what_all_persons_gained_cannot_be_seen(tmp_path):
    rng = np.random.default_rng(1)
    before = rng.normal(50, 2, 60)
    tests = pd.DataFrame({"Peserta": [f"A{i}" for i in range(60)], "Pre": before, "Post": before + 20})
    tests.round(1).to_csv(tmp_path / "tes.csv", index=False)
    (tmp_path / "study.toml").write_text(
        """
[study]
title = "Tes"
source = "Berkas"
language = "en"
as_of = 2024-12-31
[files.tes]
kind = "tests"
path = "tes.csv"
person = "Peserta"
before = "Pre"
after = "Post"
[[claim]]
id = "tes"
asks = "Do they know more?"
file = "tes"
[claim.measure]
kind = "gain"
""",
        encoding="utf-8",
    )
    programme = ai.open_study(tmp_path)
    (first, second), (mixed, other) = (p["tes"].means for p in (programme, programme.blinded(1)))
    assert second - first == pytest.approx(20, abs=0.1)
    assert abs(other - mixed) < 8
