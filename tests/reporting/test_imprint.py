"""A report says who wrote it and how to cite it; a number of a person does not leave with the name."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile

import pytest

import asn_impact as ai
from asn_impact.errors import InputError
from asn_impact.reporting.contents import Report
from asn_impact.reporting.imprint import Imprint
from asn_impact.reporting.report import publish
from asn_impact.words import verbatim
from asn_impact.words.writing import unbroken


@pytest.fixture(scope="module")
def logo(tmp_path_factory):
    import matplotlib.pyplot as plt

    file = tmp_path_factory.mktemp("logo") / "lambang.png"
    figure = plt.figure(figsize=(1, 1))
    figure.savefig(file, metadata={"Software": None})
    plt.close(figure)
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory, logo):
    answer = ai.infer(ai.GroupTime()(ai.example_design()).overall(), ai.BiasReduced())
    imprint = Imprint(
        authors=("Dr. Budi Santoso, S.Sos., M.Si.", "Siti 198001012005011001"),
        institution=verbatim({"id": "BKPSDM", "en": "Personnel agency"}),
        contact="bkpsdm@example.org",
        published=dt.date(2026, 1, 15),
        logo=logo,
    )
    report = Report(title="Waits", source="Invented data", answer=(answer,), imprint=imprint)
    place = tmp_path_factory.mktemp("imprint") / "report"
    publish(place, report, language="en")
    return place


def words_of(docx):
    with zipfile.ZipFile(io.BytesIO(docx.read_bytes())) as book:
        return re.sub(r"<[^>]+>", "", book.read("word/document.xml").decode())


def test_authors_institution_day_and_contact_stand_below_the_title(folder):
    for text in ((folder / "report.html").read_text(encoding="utf-8"), words_of(folder / "report.docx")):
        for said in ("Dr. Budi Santoso, S.Sos., M.Si.", "Personnel agency", "15 January 2026", "bkpsdm@example.org"):
            assert said in text
        assert "How to cite: Dr. Budi Santoso" in text


def test_a_number_of_a_person_stays_behind(folder):
    assert "198001012005011001" not in (folder / "report.html").read_text(encoding="utf-8")


def test_the_logo_is_inside_every_document(folder):
    assert "data:image/png;base64," in (folder / "report.html").read_text(encoding="utf-8")
    assert not (folder / "logo.png").exists()
    with zipfile.ZipFile(folder / "brief.docx") as book:
        assert sum(name.startswith("word/media/") for name in book.namelist()) >= 1


def test_the_word_file_has_its_contents(folder):
    assert words_of(folder / "report.docx").index("Contents") < words_of(folder / "report.docx").index("2024")


def test_a_logo_that_is_no_png_is_refused(tmp_path):
    (tmp_path / "logo.jpg").write_bytes(b"JFIF")
    with pytest.raises(InputError, match="PNG"):
        Imprint(logo=tmp_path / "logo.jpg")


def test_a_number_and_its_unit_stay_on_one_line(folder):
    assert unbroken("2 of 10 offices") == "2\u00a0of 10\u00a0offices"
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert re.search(r"\d\u00a0working days", page)
