"""The report: complete, readable without a network, the same on every run, every number on record."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from asn_impact.errors import InputError, PrivacyError
from asn_impact.reporting import figures, tables
from asn_impact.reporting.report import publish

TITLES = {"id": "Dampak pelatihan terhadap lama proses", "en": "Effect of training on waiting times"}
SOURCES = {"id": "data perizinan (data sintetis)", "en": "permit data (synthetic data)"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory, answer, nothing, event, design, months, record, sources):
    made = {}
    for language in ("id", "en"):
        folder = tmp_path_factory.mktemp("reports") / language
        items = [
            answer,
            nothing,
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

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "html":
            self.language = given["lang"]
        if tag == "img":
            self.sources.append(given["src"])
            self.alts.append(given["alt"])
        if tag not in {"img", "meta"}:
            self._at.append(tag)

    def handle_endtag(self, tag):
        self._at.pop()

    def handle_data(self, data):
        if "style" not in self._at:
            self.prose.append((tuple(self._at), data))


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
    assert not re.search(r"(?:src|href)=\"(?!data:)", html)
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
    told = [t for t in told if "matplotlib" not in t and "Callaway" not in t and "<10" not in t]
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
    text = " ".join(t.strip() for _, t in read(reports["id"][3][0]).prose if t.strip())
    assert text.index("Pelatihan mempersingkat waktu tunggu") < text.index("Siapa dibandingkan dengan siapa")
    assert "Tidak ditemukan bukti yang cukup" in text
    assert "Ini bukan bukti bahwa tidak ada dampak" in text
    assert "tren paralel" in text


def test_the_indonesian_page_holds_no_english(reports):
    text = " ".join(t for _, t in read(reports["id"][3][0]).prose) + " ".join(read(reports["id"][3][0]).alts)
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
