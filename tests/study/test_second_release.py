"""A second release of a study: what moved is said, and what may not replace the first is refused before it is drawn."""

from __future__ import annotations

import html
import json
import re
import shutil

import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import PrivacyError
from asn_impact.reporting.since import say_same
from asn_impact.study.running import run
from asn_impact.study.settings import read_study
from asn_impact.study.whole import run_programme

from .programme_files import STUDY, without_notebooks, write_programme

pytestmark = [
    pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning"),
    pytest.mark.usefixtures("undrawn", "ungraded"),
]
FIRST = "[[claim]]".join(STUDY.split("[[claim]]")[:2])
ONE = """
[study]
title = "Izin"
source = "Berkas rekaan"
language = "en"
[data]
kind = "records"
path = "izin.csv"
as_of = 2024-12-31
[data.offices]
"Dinkes" = "Dinas Kesehatan"
[outcome]
kind = "restricted_mean"
horizon = 20
[rollout]
kind = "training"
path = "diklat.csv"
course = "E-Government"
[design]
cluster = "office"
[scrutiny]
reps = 19
[report]
formats = ["html"]
folder = "hasil"
"""


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    place = tmp_path_factory.mktemp("first")
    return publish(write_programme(place, FIRST).parent)


@pytest.fixture
def folder(first, tmp_path):
    """A programme whose first release is out."""
    return shutil.copytree(first, tmp_path, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A study of one claim whose release was replaced by one of three rows fewer, and what the second run said."""
    place = tmp_path_factory.mktemp("alone")
    file = write_programme(place, ONE)
    run(read_study(file))
    leave_out(place, 3)
    allow(place)
    return place, run(read_study(file)).notes


def leave_out(folder, n, faster=0):
    """Take rows out of the export, and make the first ones faster, as an office that corrects it does."""
    frame = pd.read_csv(folder / "izin.csv").iloc[n:].copy()
    if faster:
        frame.loc[frame.index[:faster], "Tanggal Selesai"] = frame["Tanggal Masuk"]
    frame.to_csv(folder / "izin.csv", index=False)


def allow(folder):
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text.replace("[report]", '[report]\nclose = "allow"'), encoding="utf-8")


def publish(folder):
    ai.open_study(folder / "study.toml").publish()
    return folder


def text_of(folder, language):
    page = (folder / "result" / f"report_{language}" / "report.html").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture(scope="module")
def second(first, tmp_path_factory):
    """The folder after a release that moved."""
    place = shutil.copytree(first, tmp_path_factory.mktemp("second"), dirs_exist_ok=True)
    leave_out(place, 400, faster=1500)
    return publish(place)


def manifest(folder):
    return (folder / "result/report_id/manifest.json").read_bytes()


def test_a_second_release_says_what_moved_and_the_first_says_nothing(first, second):
    assert "berubah sejak rilis" not in text_of(first, "id")
    before, after = (json.loads(manifest(folder))["found"] for folder in (first, second))
    assert before[0]["number"] != after[0]["number"]
    said = text_of(second, "id")
    assert "Apa yang berubah sejak rilis sebelumnya (data per 31 Desember 2024)" in said
    assert f"−{abs(before[0]['number'])}".replace(".", ",") in said
    assert "400 baris lebih sedikit" in said
    assert "What changed since the release before" in text_of(second, "en")
    assert "400 rows fewer" in text_of(second, "en")


def test_the_same_release_again_is_the_same_to_the_byte(second):
    before = manifest(second)
    assert manifest(publish(second)) == before


def test_a_difference_of_a_few_rows_is_not_said(folder):
    leave_out(folder, 3, faster=1500)
    allow(folder)
    publish(folder)
    for language, few in (("id", "selisih di bawah 10 baris"), ("en", "fewer than 10 rows apart")):
        said = text_of(folder, language)
        assert few in said
        assert not re.search(r"\b3 (baris|rows)\b", said)


def test_the_line_of_a_run_says_it_too(folder):
    leave_out(folder, 400)
    with without_notebooks():
        finished = run_programme(ai.open_study(folder / "study.toml"))
    said = [note.text("id").text for note in finished.notes if "rilis sebelumnya" in note.text("id")]
    assert len(said) == 1
    assert "waktu −" in said[0]
    assert said[0].endswith("400 baris lebih sedikit.")


@pytest.fixture
def nothing_drawn(monkeypatch):
    """Give what makes every drawing and notebook fail from then on."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("drawn")

    def begin():
        for name in ("reporting.chart.Chart.files", "reporting.chart.Chart.save", "study.whole._begun"):
            monkeypatch.setattr(f"asn_impact.{name}", refuse)

    return begin


def test_rows_that_differ_by_few_are_refused_before_anything_is_drawn(folder, nothing_drawn):
    leave_out(folder, 3)
    nothing_drawn()
    with pytest.raises(PrivacyError, match=r"waktu: all rows kept.*close = "):
        run_programme(ai.open_study(folder / "study.toml"))


def arrive_late(folder, n):
    """Let applications arrive in a month that has not been followed long enough: kept, and not analysed."""
    frame = pd.read_csv(folder / "izin.csv")
    frame.loc[frame.index[:n], ["Tanggal Masuk", "Tanggal Selesai", "Status"]] = "2024-12-27", None, "Diproses"
    frame.to_csv(folder / "izin.csv", index=False)


def test_cases_analysed_that_differ_by_few_are_refused_before_anything_is_drawn(folder, nothing_drawn):
    arrive_late(folder, 3)
    nothing_drawn()
    with pytest.raises(PrivacyError, match="waktu: all that is analysed"):
        run_programme(ai.open_study(folder / "study.toml"))


def test_a_study_of_one_claim_says_what_moved_where_it_is_allowed(alone):
    assert any("Against the release before" in str(note) for note in alone[1])


@pytest.mark.parametrize("correct", [leave_out, arrive_late])
def test_a_study_of_one_claim_is_refused_as_early(alone, tmp_path, nothing_drawn, correct):
    folder = shutil.copytree(alone[0], tmp_path, dirs_exist_ok=True)
    correct(folder, 6)
    (folder / "study.toml").write_text(ONE, encoding="utf-8")
    nothing_drawn()
    with pytest.raises(PrivacyError, match="close = "):
        run(read_study(folder / "study.toml"))


def test_check_says_so_beforehand(folder):
    programme = ai.open_study(folder / "study.toml")
    assert "menolak mengganti" not in str(programme.check("id"))
    leave_out(folder, 3)
    programme = ai.open_study(folder / "study.toml")
    assert "Run akan menolak mengganti laporan yang ada" in str(programme.check("id"))
    assert "will refuse to replace" in str(programme.check("en"))
    allow(folder)
    assert "will refuse" not in str(ai.open_study(folder / "study.toml").check("en"))


def test_a_release_in_which_nothing_moved_says_so_and_its_record_stays_the_same(tmp_path):
    for name, number in (("first", 1.5), ("again", 1.5), ("other", 1.6)):
        (tmp_path / name).mkdir()
        found = [{"id": "", "number": number, "grade": "B", "kept": 400}]
        (tmp_path / name / "manifest.json").write_text(json.dumps({"found": found}), encoding="utf-8")
    (note,) = say_same(tmp_path / "again", tmp_path / "first")
    assert note.text("id") == "Angka, mutu, dan jumlah baris sama dengan rilis sebelumnya."
    assert say_same(tmp_path / "other", tmp_path / "first") == []
    assert say_same(tmp_path / "first", tmp_path / "nowhere") == []
