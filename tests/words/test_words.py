"""What is said is a value: every language has the same gaps, every key is used, and every key used is there."""

import ast
import functools
import pickle
import re
import string
from pathlib import Path

import numpy as np
import pytest

import asn_impact
from asn_impact.errors import InputError
from asn_impact.words import IN_FILE, Message, Quantity, Speech, catalogue, languages, paragraph, spoken_of, verbatim
from asn_impact.words.in_file import as_toml

PACKAGE = Path(asn_impact.__file__).parent
TEXTS = {
    f"{subject}.{key}": text for subject in catalogue.subjects() for key, text in catalogue.keys_of(subject).items()
}


def gaps(text):
    """What a message fills; what things are called ({@cases}) comes with the language."""
    names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    return {name for name in names if not name.startswith("@")}


def nouns(text):
    return {name[1:] for _, name, _, _ in string.Formatter().parse(text) if (name or "").startswith("@")}


EXAMPLES = {"common.kept"}  # in docstrings and tests


@functools.cache
def said_in_source():
    """Every text in the package, the beginnings of those put together, and every key that a message is made with."""
    whole, begun, made = set(), set(), []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(node.values[0].value)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Message", "Alert"} and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    given = {k.arg for k in node.keywords}
                    made.append((file.name, first.value, None if None in given else given))
    return whole, {text for text in begun if "." in text and " " not in text}, made


def fits(text):
    if isinstance(text, str):
        return not gaps(text)
    alike = len({frozenset(gaps(words)) for words in text.values()}) == 1
    return alike and set(text) == set(languages()) and all(words == words.strip() for words in text.values())


def test_every_text_has_every_language_with_the_same_gaps():
    assert [key for key, text in TEXTS.items() if not fits(text)] == []


def test_every_key_is_used():
    whole, begun, _ = said_in_source()
    used = {key for key in TEXTS if key in whole or any(key.startswith(begin) for begin in begun)}
    answered = {f"{IN_FILE}.{key}" for key in used}  # said in its place, where the reader answers in study.toml
    assert sorted(TEXTS.keys() - used - answered - EXAMPLES) == []


def test_every_message_has_its_text_and_fills_its_gaps():
    wrong = []
    for file, key, given in said_in_source()[2]:
        if key not in TEXTS:
            wrong.append(f"{file}: {key} has no text")
            continue
        text = TEXTS[key]
        needed = gaps(text if isinstance(text, str) else text["en"])
        if given is not None and needed - given:
            wrong.append(f"{file}: {key} lacks {sorted(needed - given)}")
    assert wrong == []


def test_numbers_are_written_as_the_language_writes_them():
    message = Message("common.kept", kept=np.int64(1480), read=1500)
    assert str(message) == "1,480 of 1,500 rows were kept."
    assert message.text("id") == "1.480 dari 1.500 baris dipakai."
    assert [n.value for n in message.text("id").numbers] == [1480, 1500]


def test_a_quantity_carries_its_source_through_messages_in_messages():
    inner = Message("common.kept", kept=Quantity(3, "ledger.kept"), read=Quantity(4, "ledger.read"))
    outer = paragraph(verbatim("A."), inner, None)
    assert [n.source for n in outer.text("id").numbers] == ["ledger.kept", "ledger.read"]
    assert outer.text("en") == "A. 3 of 4 rows were kept."


def test_messages_are_values():
    message = Message("common.kept", kept=3, read=[1, 2])
    assert message == pickle.loads(pickle.dumps(message))
    assert len({message, Message("common.kept", kept=3, read=(1, 2))}) == 1


def test_a_language_nobody_wrote_down_is_refused():
    with pytest.raises(InputError, match="language='fr' is not known"):
        Message("common.kept", kept=1, read=1).text("fr")


def test_every_share_is_written_with_decimals_that_can_be_read():
    """``{share:1%}`` stopped the report of every study whose trends were judged by two tests."""
    wrong = []
    for key, text in TEXTS.items():
        for words in [text] if isinstance(text, str) else text.values():
            forms = [form for _, name, form, _ in string.Formatter().parse(words) if name is not None and form]
            wrong += [f"{key}: {form}" for form in forms if form.endswith("%") and form != "%" and form[0] != "."]
    assert wrong == []


#: Words for which there is another in the list of CONTRIBUTING.md, which says one word a concept.
OTHER_WORDS = {
    "id": {
        "kelompok kantor": ("gugus",),
        "gelombang": ("kohor", "kohort", "angkatan"),
        "cara menghitung": ("penduga",),
        "perkiraan, diperkirakan": ("dugaan", "diduga", "taksiran", "ditaksir", "estimasi"),
        "rancangan": ("desain",),
        "selang kepercayaan": ("interval", "rentang kepercayaan"),
        "nilai-p": ("nilai p", "p-value"),
        "ciri (of a unit)": ("atribut",),
        "kovariat": ("peubah",),
        "permohonan": ("perkara", "kasus"),
        "berkas, kolom": ("lajur", "fail"),
        "putusan": ("verdik",),
        "galat baku": ("kesalahan standar",),
        "notebook": ("buku catatan",),
        "undian": ("lotre",),
    },
    "en": {"wave": ("cohort", "cohorts"), "office": ("agency",), "wait": ("duration of the case",), "": ("gugus",)},
}


def texts_of(language):
    """Where a text for readers is -> what it says, its gaps and what is typed left out."""
    docs = PACKAGE.parent / "docs"
    pages = [*(docs / language).glob("*.md")]
    found = {f"{subject}.toml": "" for subject in catalogue.subjects()}
    for key, text in TEXTS.items():
        found[f"{key.partition('.')[0]}.toml"] += "\n" + (text if isinstance(text, str) else text[language])
    found |= {page.name: page.read_text(encoding="utf-8") for page in pages}
    return {where: re.sub(r"\{[^{}]*\}|`[^`]*`|\w+\(\S*", " ", text) for where, text in found.items()}


@pytest.mark.parametrize("language", OTHER_WORDS)
def test_a_concept_has_one_word(language):
    texts = texts_of(language)
    assert len(texts) > 25
    found = [
        (where, other, word)
        for word, others in OTHER_WORDS[language].items()
        for other in others
        for where, text in texts.items()
        if re.search(rf"\b{other}\b", text, re.IGNORECASE)
    ]
    assert found == []


def test_what_a_text_calls_a_thing_is_in_the_usual_names():
    usual = {
        key.partition(".")[2] for key in catalogue.keys_of("nouns") if key.split(".")[0] in {"applications", "course"}
    }
    asked = {
        name.lower() for text in TEXTS.values() if not isinstance(text, str) for t in text.values() for name in nouns(t)
    }
    assert asked == usual


def test_a_complaint_is_no_application():
    said = Message("report.compared.records", records=90, cells=8, one=Message("report.noun.office.one"))
    assert said.text(Speech("id", ["complaints"])).startswith("Perbandingan memakai 90 aduan")
    assert said.text("id").startswith("Perbandingan memakai 90 permohonan")
    kept = pickle.loads(pickle.dumps(Speech("en", ["answers"])))
    assert (kept, kept.nouns) == ("en", ("answers",))


def test_what_is_said_of_one_file_keeps_its_words_beside_others():
    count = spoken_of(Message("outcomes.count.name"), ["applications"])
    assert count.text(Speech("en", ["records"])) == "the number of applications"
    assert count.text(Speech("en", ["complaints"])) == "the number of applications"
    plain = Message("common.kept", kept=1, read=2)
    assert spoken_of(plain, ["complaints"]) == plain


def test_an_estimate_and_its_interval_have_the_same_decimals():
    said = Message("checks.turning.earlier_stays", x=-1.4, low=-1.83, high=-0.966)
    assert said.text("id") == "Bila semua pelatihan satu periode lebih awal, hasilnya −1,40 (−1,83 sampai −0,97)."


def test_a_p_value_below_what_is_written_is_not_said_to_equal_it():
    for key, text in TEXTS.items():
        for language, words in ({} if isinstance(text, str) else text).items():
            if ":p}" in words:
                values = {name: 0.00002 for name in gaps(words)}
                assert "= <" not in Message(key, **values).text(language)
                assert "<" in Message(key, **values).text(language)


def test_there_are_no_brackets_in_brackets():
    said = Message("claims.matrix.measure", measure=verbatim("IKM"), unit=Message("outcomes.unit.points (25 to 100)"))
    assert said.text("id") == "IKM (poin, 25 sampai 100)"
    assert said.text("en") == "IKM (points, 25 to 100)"


#: Subjects whose texts a study file can bring up, and those texts among them that only verbs of Python say.
FROM_A_FILE = (
    *("planning.costs.", "study.", "programme.check.", "calendar", "clocks", "designs", "events", "files", "intake"),
    *("learning", "measures", "observations", "promises", "recovery", "satisfaction", "survey", "timeline", "training"),
)
PYTHON_ONLY = {
    *("clocks.other_panel", "clocks.several_numbers", "designs.always_treated", "designs.needs_staying"),
    *("events.months", "files.no_extension", "intake.frame.engine", "intake.frame.lacking", "intake.frame.sqlite"),
    *("files.listed", "intake.frame.levels"),
    *("measures.curves.mean_changed", "measures.curves.other_outcome", "measures.tabulate.not_dated"),
    *("measures.tabulate.curve_covariates", "observations.needs_key", "promises.one_a_unit", "recovery.no_mean"),
}


def python_in(text):
    """What a reader of study.toml would not know: an argument, a call, a dictionary."""
    known = r"\b[a-z_]+=(?=[\"'\[{(.A-Z\d])|\b[a-z_.]+\((?!s\))|: None\b|= None\b|\bread_[a-z]+\b"
    return re.findall(known, text.replace("kolom=nilai", ""))


@pytest.mark.parametrize("language", languages())
def test_what_a_study_file_brings_up_is_answered_in_the_file(language):
    spoken = Speech(language, [IN_FILE])
    keys = [key for key in TEXTS if key.startswith(FROM_A_FILE) and key not in PYTHON_ONLY]
    assert len(keys) > 500
    assert {key: found for key in keys if (found := python_in(catalogue.template(key, spoken)))} == {}
    assert TEXTS.keys() >= PYTHON_ONLY


def test_every_line_for_the_file_is_toml():
    lines = {
        "columns={{'office': ...}}": 'columns = {{office = "..."}}',
        'columns={{"case": None}}': 'unused = ["case"]',
        'columns={{"officer": None, "count": ...}}': 'unused = ["officer"], columns = {{count = "..."}}',
        "columns={{{element:quoted}: {first:quoted}}}": "columns = {{{element:quoted} = {first:quoted}}}",
        "tabulate(..., by=('office', 'service'))": 'by = ["office", "service"]',
        "waiting='next'": 'waiting = "next"',
        "infer(effects.overall(), rule=x)": "infer(effects.overall(), rule=x)",
    }
    assert {text: as_toml(text) for text in lines} == lines
