"""The report: complete, readable without a network, the same on every run, every number on record."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import docx
import pandas as pd
import pypdf
import pytest

from asn_impact import figures, tables
from asn_impact.errors import InputError, PrivacyError
from asn_impact.measures.outcomes import Within
from asn_impact.reporting import prose
from asn_impact.reporting.report import publish

from .conftest import make_design, make_panel, overall

TITLES = {"id": "Dampak pelatihan terhadap lama proses", "en": "Effect of training on waiting times"}
SOURCES = {"id": "data perizinan (data sintetis)", "en": "permit data (synthetic data)"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory, answer, event, design, months, record, sources):
    made = {}
    unclear = overall(make_design(make_panel(Within(5), effect=0.0, level=0.5, noise=0.05)))
    for language in ("id", "en"):
        folder = tmp_path_factory.mktemp("reports") / language
        items = [
            answer,
            unclear,
            figures.who_is_compared(design, language=language, source=SOURCES[language]),
            figures.raw_trends(design, language=language, source=SOURCES[language]),
            event,
            tables.clusters(design),
            months,
        ]
        arguments = {
            "language": language,
            "title": TITLES[language],
            "source": SOURCES[language],
            "ledger": record,
            "inputs": sources,
            "as_of": dt.date(2025, 12, 31),
        }
        made[language] = folder, items, arguments, publish(folder, items, **arguments)
    return made


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.sources, self.alts, self.prose, self._at, self.language = [], [], [], [], None
        self.chapter, self.chapters = "", {}

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "html":
            self.language = given["lang"]
        if tag == "img":
            self.sources.append(given["src"])
            self.alts.append(given["alt"])
        if tag in {"h2", "h3"}:
            self.chapter = given["id"]
        if tag not in {"img", "meta"}:
            self._at.append(tag)

    def handle_endtag(self, tag):
        self._at.pop()

    def handle_data(self, data):
        if "style" not in self._at:
            self.prose.append((tuple(self._at), data))
            self.chapters[self.chapter] = self.chapters.get(self.chapter, "") + data


def read(path):
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_page_needs_nothing_from_outside(reports, language):
    html = reports[language][3][0].read_text(encoding="utf-8")
    page = read(reports[language][3][0])
    assert page.language == language
    assert all(s.startswith("data:image/svg+xml;base64,") for s in page.sources)
    assert all(page.alts)
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", html)
    assert "<script" not in html


@pytest.mark.parametrize("language", ["id", "en"])
def test_exhibits_are_numbered_in_order(reports, language):
    html = reports[language][3][0].read_text(encoding="utf-8")
    for word, count in (({"id": "Gambar", "en": "Figure"}[language], 4), ({"id": "Tabel", "en": "Table"}[language], 5)):
        assert [int(n) for n in re.findall(rf"{word} (\d+)\.<", html)] == list(range(1, count + 1))


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_number_in_a_sentence_is_on_record(reports, language):
    folder, *_ = reports[language]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    known = {n["shown"].removesuffix("%") for n in manifest["numbers"]}
    told = [
        text for at, text in read(folder / "report.html").prose if at and at[-1] in {"p", "strong"} and "main" in at
    ]
    told = [t for t in told if "matplotlib" not in t and "Callaway" not in t and "<10" not in t and " per 31 " not in t]
    told = [t for t in told if "as of 31 " not in t]
    told = [re.sub(r"[A-Z][a-z]{2} \d{4}", "", t) for t in told]  # months
    label = re.compile(r"(?:dalam|within) 5|SHA-256|Batas bawah.*|Lower and upper.*")
    numbers = [n for t in told for n in re.findall(r"−?\d+(?:[.,]\d+)*", label.sub("", t))]
    assert numbers
    assert [n for n in numbers if n not in known] == []


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_manifest_names_every_file_by_hash(reports, language):
    folder, _, _, files = reports[language]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    on_disk = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert {f["name"] for f in manifest["files"]} == on_disk - {"manifest.json"}
    assert on_disk == {p.relative_to(folder).as_posix() for p in files}
    for entry in manifest["files"]:
        assert hashlib.sha256((folder / entry["name"]).read_bytes()).hexdigest() == entry["sha256"]


def test_the_finding_comes_first_and_uncertainty_is_not_hidden(reports):
    chapters = read(reports["id"][3][0]).chapters
    text = " ".join(chapters.values())
    assert list(chapters)[1] == "summary"
    assert "Pada yang dilatih, rata-rata lama proses turun sebesar" in chapters["summary"]  # it was not graded
    assert "Tidak ditemukan bukti yang cukup" in text
    assert "Ini bukan bukti bahwa tidak ada dampak" in text
    assert "tren paralel" in text


def test_the_indonesian_page_holds_no_english(reports):
    page = read(reports["id"][3][0])  # titles of works cited stay as their authors wrote them
    text = " ".join([*(t for name, t in page.chapters.items() if name != "references"), *page.alts])
    english = {
        "the",
        "and",
        "of",
        "training",
        "with",
        "from",
        "months",
        "table",
        "figure",
        "source",
        "never",
        "trained",
    }
    english |= {"is", "are", "not", "effect", "estimate", "rows", "yes", "no", "used", "left", "out", "overall", "mean"}
    assert not english & set(re.findall(r"[a-z]+", text.casefold()))


def test_the_same_items_give_the_same_bytes(reports):
    folder, items, arguments, _ = reports["id"]
    before = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    publish(folder, items, **arguments)
    assert {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_a_folder_with_other_things_is_not_replaced(tmp_path, answer):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("years of work")
    with pytest.raises(InputError, match="not a report"):
        publish(tmp_path / "mine", [answer], language="en", title="x", source="y")
    assert (tmp_path / "mine" / "thesis.docx").read_text() == "years of work"


def test_an_identifier_stops_the_whole_report(tmp_path, answer, design):
    nip = "19850101" + "201001" + "1" + "001"
    publish(tmp_path / "r", [answer], language="en", title="first", source="y")
    before = {p.name: p.read_bytes() for p in (tmp_path / "r").rglob("*") if p.is_file()}
    unsafe = replace(design, clusters=(nip, *design.clusters[1:]))
    with pytest.raises(PrivacyError) as refused:
        publish(tmp_path / "r", [answer, tables.clusters(unsafe)], language="en", title="second", source="y")
    assert nip not in str(refused.value)
    with pytest.raises(PrivacyError):
        publish(tmp_path / "r", [answer], language="en", title=f"about {nip}", source="y")
    assert {p.name: p.read_bytes() for p in (tmp_path / "r").rglob("*") if p.is_file()} == before


def test_a_title_with_markup_is_only_text(tmp_path, answer):
    page, *_ = publish(tmp_path / "r", [answer], language="en", title="<script>x</script>", source="a & b")
    html = page.read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "a &amp; b" in html


@pytest.mark.parametrize(
    ("items", "message"),
    [([], "nothing to report"), (["text"], "cannot hold a str")],
)
def test_what_cannot_be_reported_is_refused(tmp_path, items, message):
    with pytest.raises(InputError, match=message):
        publish(tmp_path / "r", items, language="en", title="x", source="y")


def test_a_chart_in_another_language_is_refused(tmp_path, answer, design):
    with pytest.raises(InputError, match="language='id'"):
        publish(
            tmp_path / "r", [answer, figures.raw_trends(design, language="en")], language="id", title="x", source="y"
        )


# ------------------------------------------------------------------------------------- Word, PDF and the brief


def sentences(text):
    return re.sub(r"\s+", " ", text)


@functools.cache
def word_text(path):
    document = docx.Document(str(path))
    return sentences(" ".join(p.text for p in document.paragraphs)), document


def pdf_text(path):
    return sentences(" ".join(page.extract_text() for page in pypdf.PdfReader(str(path)).pages))


@pytest.mark.parametrize("name", ["report", "brief"])
@pytest.mark.parametrize("language", ["id", "en"])
def test_all_formats_say_the_same(reports, language, name):
    folder, *_ = reports[language]
    found = {"id": "rata-rata lama proses turun sebesar", "en": "the mean waiting time fell by"}[language]
    page = read(folder / f"{name}.html")
    said = [sentences(t).strip() for at, t in page.prose if at and at[-1] == "p" and len(t) > 60 and "main" in at]
    written, _ = word_text(folder / f"{name}.docx")
    printed = pdf_text(folder / f"{name}.pdf")
    letters = re.compile(r"[^a-z0-9]")  # a PDF breaks words at the end of a line
    for text in (written, printed):
        assert found in text
        for sentence in said:
            assert letters.sub("", sentence.casefold()) in letters.sub("", text.casefold()), sentence


@pytest.mark.parametrize("language", ["id", "en"])
def test_word_has_native_tables_numbered_captions_and_alternative_texts(reports, language):
    folder, *_ = reports[language]
    _, document = word_text(folder / "report.docx")
    assert len(document.tables) >= 5
    captions = [p.text for p in document.paragraphs if p.style.name == "Table Caption"]
    word = {"id": "Tabel", "en": "Table"}[language]
    assert [c.split(".")[0] for c in captions[:5]] == [f"{word} {n}" for n in range(1, 6)]
    described = re.findall(r'<wp:docPr[^>]*descr="([^"]*)"', document.element.xml)
    assert len(described) >= 4
    assert all(described)


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_pdf_is_tagged_titled_and_in_its_language(reports, language):
    folder, *_ = reports[language]
    reader = pypdf.PdfReader(str(folder / "report.pdf"))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value
    assert str(root["/Lang"]).startswith(language)
    assert reader.metadata.title == TITLES[language]
    fonts = {f for page in reader.pages for f in page["/Resources"].get("/Font", {}).values()}
    assert fonts


def test_the_brief_is_two_pages(reports):
    for language in ("id", "en"):
        folder, *_ = reports[language]
        assert len(pypdf.PdfReader(str(folder / "brief.pdf")).pages) <= 2


def test_the_authors_own_words_stand_in_their_chapter(tmp_path, answer):
    words = {"foreword": "Puji syukur.", "recommendations": "BKPSDMD melatih sepuluh perangkat daerah lagi pada 2026."}
    publish(tmp_path / "r", [answer], language="id", title="x", source="y", formats=["html"], words=words)
    chapters = read(tmp_path / "r" / "report.html").chapters
    assert "Puji syukur." in chapters["foreword"]
    assert "sepuluh perangkat daerah lagi" in chapters["conclusion"]
    assert not (tmp_path / "r" / "report.pdf").exists()


def test_unknown_chapters_and_formats_are_named(tmp_path, answer):
    with pytest.raises(InputError, match="'preface'"):
        publish(tmp_path / "r", [answer], language="id", title="x", source="y", words={"preface": ""})
    with pytest.raises(InputError, match="'odt'"):
        publish(tmp_path / "r", [answer], language="id", title="x", source="y", formats=["odt"])


def test_an_office_can_bring_its_own_styles(tmp_path, answer):
    own = docx.Document()
    own.sections[0].header.paragraphs[0].text = "PEMERINTAH KABUPATEN"
    own.save(str(tmp_path / "kop.docx"))
    publish(
        tmp_path / "r",
        [answer],
        language="id",
        title="x",
        source="y",
        formats=["docx"],
        reference=tmp_path / "kop.docx",
    )
    made = docx.Document(str(tmp_path / "r" / "report.docx"))
    assert made.sections[0].header.paragraphs[0].text == "PEMERINTAH KABUPATEN"
    with pytest.raises(InputError, match=r"none\.docx"):
        publish(tmp_path / "s", [answer], language="id", title="x", source="y", reference=tmp_path / "none.docx")


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_long_table_stands_in_the_appendix_and_the_numbers_follow_the_page(reports, language, tmp_path):
    *_, items, arguments, _ = reports[language]
    frame = pd.DataFrame({"office": [f"Dinas {n:02d}" for n in range(40)]})
    long = tables.Table(frame, {"id": "Semua dinas", "en": "All offices"})
    publish(tmp_path / "r", [long, *items[:1]], **arguments, formats=("html",))
    page = read(tmp_path / "r" / "report.html")
    assert "Dinas 39" in page.chapters["tables"]
    assert "Dinas 39" not in page.chapters["results"]
    assert prose.SEE_APPENDIX[language] in page.chapters["compared"]
    word = {"id": "Tabel", "en": "Table"}[language]
    shown = [int(n) for n in re.findall(rf"{word} (\d+)\.", "".join(page.chapters.values()))]
    assert shown == list(range(1, len(shown) + 1))


def test_columns_in_word_are_as_wide_as_their_longest_word(reports):
    """At 4.7 points a character the longest word of a column fits beside the margins of its cells."""
    folder, *_ = reports["id"]
    _, document = word_text(folder / "report.docx")
    for table in document.tables:
        texts = [[cell.text for cell in column.cells] for column in table.columns]
        longest = [max(len(word) for text in column for word in (text.split() or [""])) for column in texts]
        if sum(longest) + 3 * len(longest) > 76:  # hashes of files: no page is wide enough
            continue
        for column, word in zip(table.columns, longest, strict=True):
            assert column.width.pt >= 4.7 * word + 2 * 5.4


def test_a_word_file_begins_with_its_title_once(reports):
    folder, *_ = reports["id"]
    _, document = word_text(folder / "report.docx")
    assert [p.text for p in document.paragraphs if p.text == TITLES["id"]] == [TITLES["id"]]
