"""A report is a record: named fields, one more language without touching Python, numbers and sources on record."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import asn_impact.words
from asn_impact import tables
from asn_impact.errors import InputError
from asn_impact.estimation import BiasReduced, Efficient, GroupTime, infer
from asn_impact.measures.outcomes import Count, Mean, RestrictedMean, Score, Share, Within
from asn_impact.reporting import argument, prose
from asn_impact.reporting.charts.finding import headline
from asn_impact.reporting.contents import Report
from asn_impact.reporting.report import publish
from asn_impact.scrutiny.grade import LETTERS, Grade
from asn_impact.scrutiny.scrutinise import Scrutiny, scrutinise
from asn_impact.words import Message, catalogue, verbatim

from .conftest import make_design, make_panel, overall


def text_of(folder, name="report"):
    html = re.sub(r"<style.*?</style>", "", (folder / f"{name}.html").read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scrutiny(design):
    return scrutinise(GroupTime()(design), rule=BiasReduced(), seed=1, reps=49)


# ------------------------------------------------------------------------------------------------ the record


def test_a_list_and_the_record_of_it_give_the_same_bytes(tmp_path, answer, event, months, record, undrawn_here):
    facts = {"title": "x", "source": "y", "ledger": record, "level": 0.9}
    publish(tmp_path / "list", [answer, event, months], language="id", formats=["html"], **facts)
    named = Report(answer=answer, by_time=event, months=months, **facts)
    publish(tmp_path / "record", named, language="id", formats=["html"])
    one, other = (
        {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        for folder in (tmp_path / "list", tmp_path / "record")
    )
    assert one == other


def test_what_a_record_says_is_not_said_again(tmp_path, answer):
    with pytest.raises(InputError, match="title and level belong to the Report"):
        publish(tmp_path / "r", Report(title="x", source="y", answer=answer), language="en", title="z", level=0.9)
    with pytest.raises(InputError, match="publish\\(\\) needs title and source"):
        publish(tmp_path / "r", [answer], language="en")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "nothing to report"),
        ({"answer": ["text"]}, r"Report\(answer=...\) holds a str. Expected Inference"),
        ({"answer": "event"}, "An answer is one number; this one has"),
        ({"level": 1.5}, r"level=1.5\). Expected a number between 0 and 1"),
        ({"words": {"foreward": ""}}, "Did you mean 'foreword'"),
    ],
)
def test_a_record_refuses_what_it_cannot_hold(answer, event, fields, said):
    values = {name: event if value == "event" else value for name, value in fields.items()}
    if fields and "answer" not in fields:
        values["answer"] = answer
    with pytest.raises(InputError, match=said):
        Report(title="x", source="y", **values)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"level": 95}, r"publish\(level=95\). Expected a number between 0 and 1"),
        ({"language": "fr"}, "language='fr'. Expected 'id' or 'en'"),
        ({"formats": ["html", "docs"]}, "Did you mean 'docx'"),
    ],
)
def test_arguments_are_checked_where_they_enter(tmp_path, answer, arguments, said):
    with pytest.raises(InputError, match=said):
        publish(tmp_path / "r", [answer], **{"language": "en", "title": "x", "source": "y", **arguments})
    assert list(tmp_path.iterdir()) == []


def test_notes_of_the_author_stand_beside_those_of_the_analysis(tmp_path, answer):
    note = verbatim({"id": "Satu dinas digabung.", "en": "One office merged."})
    report = Report(title="x", source="y", answer=answer, notes=(note,))
    publish(tmp_path / "r", report, language="id", formats=["html"])
    assert "Satu dinas digabung." in text_of(tmp_path / "r")
    assert "One office merged." in manifest_of(tmp_path / "r")["notes"]


# ------------------------------------------------------------------------------------------- a third language

MALAY = {
    "report": {
        "heading.summary": "Ringkasan eksekutif (BM)",
        "heading.source": "Punca",
        "finding.not_graded.fell": "{measure} turun sebanyak {size} (selang keyakinan {level}: {low} hingga {high})",
        "finding.full_stop": "{finding}.",
        "amount": "{n} {unit}",
    },
    "outcomes": {"wait.name": "Masa menunggu", "unit.working days": "hari bekerja"},
}
MARKS = """
[ms]
name = "bahasa Melayu"
thousands = ","
decimal = "."
months = ["Januari", "Februari", "Mac", "April", "Mei", "Jun", "Julai", "Ogos", "September", "Oktober",
  "November", "Disember"]
short_months = ["Jan", "Feb", "Mac", "Apr", "Mei", "Jun", "Jul", "Ogo", "Sep", "Okt", "Nov", "Dis"]
quarter = "suku {n} {year}"
half_year = "separuh {n} {year}"
range = "{low} hingga {high}"
pair = "{first} dan {last}"
list = "{first} dan {last}"
choice = "{first} atau {last}"
more = "{first} dan {n} lagi"
"""


@pytest.fixture
def with_malay(tmp_path, monkeypatch):
    """The texts with a language more: a table in languages.toml and a line under each key that has it."""
    folder = tmp_path / "words"
    shutil.copytree(Path(asn_impact.words.__file__).parent, folder)
    with (folder / "languages.toml").open("a", encoding="utf-8") as file:
        file.write(MARKS)
    for subject, texts in MALAY.items():
        file = folder / f"{subject}.toml"
        lines = file.read_text(encoding="utf-8")
        for key, text in texts.items():
            heading = next(h for h in (f"[{key}]", '[unit."working days"]') if h in lines and (h[1:5] == key[:4]))
            lines = lines.replace(f"{heading}\n", f'{heading}\nms = "{text}"\n')
        file.write_text(lines, encoding="utf-8")
    monkeypatch.setattr(catalogue, "_folder", lambda: folder)
    catalogue.forget()
    yield
    monkeypatch.undo()
    catalogue.forget()


@pytest.mark.usefixtures("with_malay")
def test_a_third_language_is_lines_of_text_and_no_python(tmp_path, answer):
    report = Report(title="Kesan latihan", source="data permit", answer=answer)
    publish(tmp_path / "r", report, language="ms", formats=["html"])
    page = text_of(tmp_path / "r")
    html = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ms">' in html
    assert '<h2 id="summary">Ringkasan eksekutif (BM)</h2>' in html
    assert "Punca: data permit" in page
    assert re.search(
        r"Masa menunggu turun sebanyak \d\.\d hari bekerja "
        r"\(selang keyakinan 95%: \d\.\d hingga \d\.\d\)\.",
        page,
    )
    assert "Strength of the evidence" not in page  # no checks in this report
    assert "How it was computed" in page  # English where nobody wrote Malay yet


# ---------------------------------------------------------------------------------------- numbers and sources


def test_numbers_of_the_strength_of_the_evidence_are_on_record(tmp_path, answer, scrutiny):
    publish(tmp_path / "r", Report(title="x", source="y", answer=answer, scrutiny=scrutiny), language="en", formats=())
    known = {(n["shown"], n["sentence"]) for n in manifest_of(tmp_path / "r")["numbers"]}
    for check in scrutiny.checks:
        answer_in_words = check.answer.text("en")
        assert {(n.shown, answer_in_words) for n in answer_in_words.numbers} <= known
    for missing in scrutiny.grade.missing:
        shown = {shown for shown, sentence in known if missing.text("en") in sentence}
        assert {n.shown for n in missing.text("en").numbers} <= shown


def test_the_list_of_sources_is_that_of_the_methods_and_checks_shown(design, answer, scrutiny):
    efficient = infer(Efficient()(design).overall(), BiasReduced())
    listed = argument.sources([efficient], [])
    assert any("Roth, J., Sant'Anna" in source for source in listed)
    assert not any(source.startswith(("Rambachan", "Callaway")) for source in listed)
    with_checks = argument.sources([answer], [scrutiny])
    assert any(source.startswith("Rambachan") for source in with_checks)
    assert with_checks == sorted(set(with_checks), key=str.casefold)


# ------------------------------------------------------------------------------------------ which way is better


def graded(inference, letter, contradicted=()):
    return Scrutiny(inference, (), Grade(letter, (), (), contradicted), None)


def finding_of(outcome, effect):
    return overall(make_design(make_panel(outcome, effect=effect, level=9.0, noise=0.3)))


def advice_on(outcome, effect, letter="B"):
    inference = finding_of(outcome, effect)
    return argument.advise([inference], [graded(inference, letter)], level=0.95)[0].key


@pytest.mark.parametrize(
    ("outcome", "effect", "said"),
    [
        (RestrictedMean(30), -2.0, "go_on"),
        (RestrictedMean(30), 2.0, "reverse"),
        (Within(5), 2.0, "go_on"),
        (Mean("days", "days", better="lower"), -2.0, "go_on"),
        (Mean("days", "days", better="higher"), -2.0, "reverse"),
        (Mean("days", "days"), -2.0, "direction"),
        (Score("answer"), 2.0, "direction"),
        (Score("answer", better="higher"), 0.0, "within_margin"),
    ],
)
def test_advice_follows_the_direction_that_was_said(outcome, effect, said):
    for letter in "AB":
        assert advice_on(outcome, effect, letter) == f"report.advice.{said}"


@pytest.mark.parametrize("outcome", [RestrictedMean(30), Mean("days", "days", better="higher"), Mean("days", "days")])
@pytest.mark.parametrize("effect", [-2.0, 2.0, 0.0])
@pytest.mark.parametrize("letter", ["C", "D", "E", "X", None])
def test_no_advice_to_go_on_or_to_stop_below_grade_b(outcome, effect, letter):
    inference = finding_of(outcome, effect)
    scrutinies = [] if letter is None else [graded(inference, letter, ("pretrends",) if letter == "E" else ())]
    advice = [message.key for message in argument.advise([inference], scrutinies, level=0.95)]
    assert not {f"report.advice.{word}" for word in ("go_on", "reverse", "direction", "within_margin")} & set(advice)
    assert advice[0].startswith("report.advice.")


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("outcome", [RestrictedMean(30), Within(5), Mean("days", "days"), Score("answer")])
@pytest.mark.parametrize("effect", [-2.0, 2.0])
def test_the_words_of_a_finding_carry_its_grade(outcome, effect, language):
    """Only A and B say what training did; the others never use these words, in no language and no sentence."""
    inference = finding_of(outcome, effect)
    words = inference.effects.design.panel.outcome.words
    claims = {words.fell.text(language).text, words.rose.text(language).text}
    for letter in "ABCDE":
        scrutiny = graded(inference, letter, ("heaping",) if letter == "E" else ())
        said = [prose.found(inference, language=language, level=0.95, grade=scrutiny.grade).text]
        said += [message.text(language).text for message in argument.conclude([inference], [scrutiny], level=0.95)]
        said.append(headline(inference, language=language, grade=scrutiny.grade).text)
        assert any(claim in text for claim in claims for text in said) == (letter in "AB"), said


def test_what_is_contradicted_or_not_shown_says_so():
    inference = finding_of(RestrictedMean(30), -2.0)
    contradicted, unshown = (graded(inference, "E", ("pretrends", "heaping")), graded(inference, "C"))
    told = prose.found(inference, language="en", level=0.95, grade=contradicted.grade).text
    assert told.startswith("The data show a difference of −2.")
    assert "cannot be read as an effect of training: trained offices and their comparison already moved apart" in told
    assert "and decision dates are heaped" in told
    told = prose.found(inference, language="en", level=0.95, grade=unshown.grade).text
    assert re.search(r"the mean waiting time fell by 2\.\d working days .*; not shown to be due to training\.", told)
    assert str(argument.conclude([inference], [contradicted], level=0.95)[1]).startswith("With evidence of grade E")


def test_a_grade_belongs_to_the_measure_that_was_checked():
    wait, share = finding_of(RestrictedMean(30), -2.0), finding_of(Within(5), 2.0)
    told = argument.conclude([wait, share], [graded(share, "E", ("pretrends",))], level=0.95)
    assert str(told[0]).endswith("not graded.")
    assert "cannot be read" in str(told[1])
    assert {message.key for message in told[2:]} == {"report.conclusion.unchecked", "report.conclusion.E"}


def test_the_scale_is_explained_wherever_a_grade_stands(tmp_path, answer, scrutiny):
    for language in ("id", "en"):
        report = Report(title="x", source="y", answer=answer, scrutiny=scrutiny)
        publish(tmp_path / language, report, language=language, formats=["html"])
        page = text_of(tmp_path / language)
        for letter in LETTERS:
            assert Message(f"grade.scale.{letter}").text(language).text in page


@pytest.mark.parametrize("make", [Share, Score, Mean])
def test_a_direction_is_one_of_two_words(make):
    assert make("x").better is None
    assert make("x", better="lower") != make("x")
    with pytest.raises(InputError, match=r"better='lowest'\). Expected 'lower' or 'higher'. Did you mean 'lower'"):
        make("x", better="lowest")
    with pytest.raises(InputError, match="Expected 'lower' or 'higher'"):
        Count(better=1)


def test_an_outcome_of_your_own_needs_no_name_we_know(answer):
    class Queue:
        name, unit, horizon, better = "queue", "people", None, "lower"
        words = replace(Mean("queue").words, fell=verbatim({"id": "Antrean memendek", "en": "The queue shortened"}))

    design = answer.effects.design
    other = replace(design, panel=replace(design.panel, outcome=Queue()))
    inference = infer(GroupTime()(other).overall(), BiasReduced())
    told = argument.conclude([inference], [graded(inference, "B", ())], level=0.95)[0]
    assert str(told).startswith("The queue shortened by 2")
    assert argument.advise([inference], [graded(inference, "B")], level=0.95)[0] == Message("report.advice.go_on")


# -------------------------------------------------------------------------------------------------- the tables


def test_tab_shows_what_is_public_of_the_tables():
    assert dir(tables) == sorted(tables.__all__)
    assert {"np", "re", "pd"}.isdisjoint(dir(tables))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda answer: tables.results([answer], level=95), r"results\(level=95\)"),
        (lambda answer: tables.specifications({"x": answer}, level="a"), r"specifications\(level='a'\)"),
        (lambda answer: tables.balance(answer.effects.design, attributes="staff"), r"attributes=\('staff',\)"),
        (lambda answer: tables.clusters(answer), r"clusters\(design=Inference\)"),
        (lambda answer: tables.results([answer]).html("fr"), "language='fr'"),
    ],
)
def test_arguments_of_tables_are_checked(answer, call, said):
    with pytest.raises(InputError, match=said):
        call(answer)


def test_cells_and_notes_of_a_table_may_be_messages_or_own_words():
    frame = tables.results.__wrapped__  # the verb keeps its function
    assert callable(frame)
    import pandas as pd

    made = tables.Table(
        pd.DataFrame({"group": [verbatim({"id": "satu", "en": "one"}), "2025-08"], "late": [np.nan, 0.5]}),
        "Uji",
        note={"id": "Catatan.", "en": "Note."},
        kinds={"late": "share"},
    )
    assert ">satu<" in made.html("id")
    assert "Agu 2025" in made.html("id")
    assert "Note." in made.html("en")
    assert made.csv().splitlines()[1] == "one,"
