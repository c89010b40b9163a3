"""Several findings in one report: each with its own name, course and offices, or the list is refused."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.designs import assign
from asn_impact.errors import InputError
from asn_impact.estimation import BiasReduced, GroupTime, Imputation, TripleDifference, infer
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.panel import read_panel
from asn_impact.reporting.charts.with_without import with_and_without
from asn_impact.reporting.contents import Report
from asn_impact.reporting.documents import _pandoc
from asn_impact.reporting.family import Family, family_of, weak_in_family
from asn_impact.reporting.findings import Finding
from asn_impact.reporting.matrix import could_see, levels_of, matrix
from asn_impact.reporting.overview import chain
from asn_impact.reporting.report import publish
from asn_impact.scrutiny.scrutinise import scrutinise

pytestmark = pytest.mark.usefixtures("undrawn")
PERIODS = [f"2024-{month:02d}" for month in range(1, 13)]
COURSES = ("E-Government", "Manajemen Proyek", "Komunikasi Publik")
MEASURES = ("hari tunggu", "hari terlambat", "poin kepuasan")


def effects_of(course, measure, offices, start, effect, treated=5, seed=3, estimator=None):
    rng = np.random.default_rng(seed)
    trained = offices[:treated]
    rows = [(o, p, rng.normal() + effect * (o in trained and p >= start)) for o in offices for p in PERIODS]
    panel = read_panel(pd.DataFrame(rows, columns=["office", "p", measure]), unit="office", period="p", outcome=measure)
    rollout = Rollout(pd.Series({o: pd.Period(start, "M") for o in trained}), label=course)
    return (estimator or Imputation())(assign(panel, rollout, cluster="office"))


def answer_of(*args, **choices):
    return infer(effects_of(*args, **choices).overall(), BiasReduced())


def offices_of(letter, n=10):
    return [f"Dinas {letter}{i:02d}" for i in range(n)]


@pytest.fixture(scope="module")
def two():
    first = answer_of(COURSES[0], MEASURES[0], offices_of("A"), "2024-06", -1.5)
    second = answer_of(COURSES[1], MEASURES[1], offices_of("B"), "2024-08", 0.0, seed=4)
    return first, second


def finding_of(number, effect=-1.5, *, checked=False, **choices):
    """A finding with its own course, measure and offices."""
    offices = offices_of("ABC"[number])
    effects = effects_of(COURSES[number], MEASURES[number], offices, f"2024-0{5 + number}", effect, seed=number)
    scrutiny = scrutinise(effects, rule=BiasReduced(), seed=1, reps=19) if checked else None
    own = {"id": f"c{number}", "label": {"id": f"Klaim {number}", "en": f"Claim {number}"}, **choices}
    return Finding(
        inference=infer(effects.overall(), BiasReduced()),
        events=infer(effects.event_study(), BiasReduced()),
        scrutiny=scrutiny,
        **own,
    )


def text_of(page):
    plain = re.sub(r"<style.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", plain)))


def sections_of(folder, name="report"):
    """Id of the heading -> what stands in the section, alternative texts of figures with it."""
    page = (folder / f"{name}.html").read_text(encoding="utf-8")
    page = re.sub(r'<img[^>]*alt="([^"]*)"[^>]*>', r"\1", page)
    parts = re.findall(r"<section>(.*?)</section>", page, flags=re.DOTALL)
    return {re.search(r'<h\d id="([^"]*)"', part)[1]: text_of(part) for part in parts}


# ------------------------------------------------------------------------------- what cannot be told apart is refused


def test_two_courses_without_names_are_refused_with_the_line_to_write(two, tmp_path):
    with pytest.raises(InputError, match="several courses: E-Government and Manajemen Proyek") as caught:
        publish(tmp_path / "r", list(two), language="en", title="x", source="y")
    assert 'publish(folder, [Finding(id="a", label="...", inference=a)' in str(caught.value)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("course", "measure", "offices", "start", "said"),
    [
        (COURSES[0], MEASURES[0], "A", "2024-06", "two results on the same measure"),
        (COURSES[0], MEASURES[1], "B", "2024-06", "compare other offices"),
        (COURSES[0], MEASURES[1], "A", "2024-08", "other times of training"),
        (COURSES[2], MEASURES[1], "A", "2024-06", "several courses"),
    ],
)
def test_whatever_a_reader_would_put_down_to_the_first_is_refused(two, course, measure, offices, start, said):
    other = answer_of(course, measure, offices_of(offices), start, 0.0)
    with pytest.raises(InputError, match=said):
        Report.of([two[0], other], title="x", source="y")


def test_two_measures_of_one_course_and_the_same_offices_stand_together(two, tmp_path):
    effects = effects_of(COURSES[0], MEASURES[1], offices_of("A"), "2024-06", 0.5)
    other = infer(effects.overall(), BiasReduced())
    scrutiny = scrutinise(effects, rule=BiasReduced(), seed=1, reps=19)
    items = [two[0], other, scrutiny]
    publish(tmp_path / "r", items, language="en", title="x", source="y", formats=["html"])
    summary = sections_of(tmp_path / "r")["summary"]
    assert f"Grade of the evidence on {MEASURES[1]}:" in summary


def test_an_exhibit_of_another_course_is_refused_and_a_grade_of_another_measure_says_so(two):
    with pytest.raises(InputError, match="several courses"):
        Report(title="x", source="y", answer=two[0], exhibits=(two[1],))
    effects = effects_of(COURSES[0], MEASURES[1], offices_of("A"), "2024-06", 0.5)
    checked = scrutinise(effects, rule=BiasReduced(), seed=1, reps=19)
    assert Report(title="x", source="y", answer=two[0], scrutiny=checked).has_several


def test_findings_of_one_name_are_refused_and_so_is_one_without_a_name(two):
    first = Finding(id="a", label="Waits", inference=two[0])
    for other, said in (
        (Finding(id="a", label="Delays", inference=two[1]), "the same id"),
        (Finding(id="b", label="Waits", inference=two[1]), "the same label"),
        (Finding(id="b", label={"id": "Waits", "en": "Other"}, inference=two[1]), "the same label"),
        (two[1], "Name them all"),
    ):
        with pytest.raises(InputError, match=said):
            Report.of([first, other], title="x", source="y")


# --------------------------------------------------------------------------------------- a page names its own alone


def refuse_others(folder, numbers):
    for name, text in sections_of(folder).items():
        if not name.startswith("claim-"):
            continue
        own = numbers[int(name.removeprefix("claim-")) - 1]
        for other in set(numbers) - {own}:
            assert COURSES[other] not in text
            assert MEASURES[other] not in text
            assert f"Dinas {'ABC'[other]}" not in text
            assert f"Klaim {other}" not in text
            assert f"Claim {other}" not in text
        assert COURSES[own] in text
        assert MEASURES[own] in text


@settings(max_examples=3)
@given(numbers=st.permutations([0, 1, 2]), size=st.integers(2, 3), language=st.sampled_from(["id", "en"]))
def test_property_a_page_never_names_a_course_or_an_office_that_is_not_its_own(
    tmp_path_factory, numbers, size, language
):
    folder = tmp_path_factory.mktemp("r") / "r"
    findings = [finding_of(number) for number in numbers[:size]]
    publish(folder, findings, language=language, title="x", source="y", formats=["html"])
    refuse_others(folder, numbers[:size])


def test_checked_findings_have_their_grades_under_their_names_in_both_languages(tmp_path):
    findings = [finding_of(0, checked=True), finding_of(1, 0.0, checked=True)]
    for language in ("id", "en"):
        folder = tmp_path / language
        publish(folder, findings, language=language, title="x", source="y", formats=["html"])
        refuse_others(folder, [0, 1])
        sections = sections_of(folder)
        for number, finding in enumerate(findings, start=1):
            assert finding.grade.meaning.text(language).text in sections[f"claim-{number}"]
            label = finding.label.text(language).text
            for where in ("summary", "conclusion"):
                assert label in sections[where]
        brief = sections_of(folder, "brief")
        line = {"en": "value with training lies within that line", "id": "nilai dengan pelatihan berada di dalam garis"}
        assert line[language] in brief["evidence"]
        assert {"en": "holds zero", "id": "memuat nol"}[language] not in brief["evidence"]
        assert all(f.label.text(language).text in brief["recommendations"] for f in findings)


# ------------------------------------------------------------------------------------------------------ the first page


def test_with_less_without_is_the_change_and_before_is_that_of_the_trained():
    for estimator in (Imputation(), GroupTime()):
        inference = answer_of(COURSES[0], MEASURES[0], offices_of("A"), "2024-06", -1.5, estimator=estimator)
        levels, panel = levels_of(inference), inference.effects.design.panel
        assert levels.with_training - levels.without_training == pytest.approx(float(inference.estimate[0]))
        assert levels.before == pytest.approx(panel.mean[:5, :5].mean())
        assert levels.with_training == pytest.approx(panel.mean[:5, 5:].mean())


def test_the_picture_of_with_and_without_shows_the_numbers_of_the_matrix():
    inference = answer_of(COURSES[0], MEASURES[0], offices_of("A"), "2024-06", -1.5)
    levels = levels_of(inference)
    for language in ("id", "en"):
        chart = with_and_without(inference, language=language, source="x")
        means = chart.data.set_index("which")["mean"]
        assert means["with_training"] - means["without_training"] == pytest.approx(
            float(inference.estimate[0]), abs=1e-3
        )
        assert means["before"] == pytest.approx(levels.before, abs=1e-3)
        low, high = (float(end[0]) for end in inference.interval())
        ends = chart.data.loc[chart.data["which"] == "without_training", ["conf_low", "conf_high"]].to_numpy()[0]
        assert means["with_training"] - ends[::-1] == pytest.approx([low, high], abs=1e-3)
        assert chart.figure().axes


def test_the_matrix_has_a_row_a_claim_and_says_what_could_have_been_seen():
    findings = [finding_of(0), finding_of(1, 0.0), finding_of(2, 0.0, role="placebo")]
    table = matrix(findings)
    assert len(table.frame) == 3
    said = [str(cell) for cell in table.frame["raises"]]
    assert "could have shown" in said[1]
    assert str(could_see(findings[1].inference).text("en")) in said[1]
    assert "could have shown" not in said[0]
    assert "placebo" in str(table.frame["claim"][2])
    assert np.isnan(table.frame["p_family"][2])


def test_the_family_is_drawn_together_where_offices_are_the_same_and_is_holms_elsewhere():
    same = [
        Finding(id=m, label=m, inference=answer_of(COURSES[0], m, offices_of("A"), "2024-06", e, seed=i))
        for i, (m, e) in enumerate(zip(MEASURES, (-1.5, 0.0, 0.0), strict=True))
    ]
    together = family_of(same)
    assert together.correction == "romano_wolf"
    apart = family_of([finding_of(0), finding_of(1, 0.0)])
    assert apart.correction == "holm"
    assert "courses, offices or periods differ" in str(apart.said[0])
    for family, findings in ((together, same), (apart, [finding_of(0), finding_of(1, 0.0)])):
        for finding in findings:
            assert family.adjusted[finding.id] >= float(finding.inference.p_value[0]) - 1e-12
    placebo = family_of([*same[:2], Finding(id="u1", label="U1", inference=same[2].inference, role="placebo")])
    assert set(placebo.adjusted) == {MEASURES[0], MEASURES[1]}
    assert "U1" in str(placebo.said[1])


def test_another_choice_is_exploratory_and_outside_the_family():
    finding = finding_of(0)
    other = finding.again(estimator=GroupTime())
    assert other.role == "exploratory"
    assert other.grade is None
    assert "(exploratory: estimator Group-time effects" in str(other.label)
    report = Report.of([finding, other], title="x", source="y")
    assert set(family_of(report.findings).adjusted) == {finding.id}
    with pytest.raises(InputError, match=r"Write again\(estimator="):
        finding.again()


def test_a_claim_without_a_number_says_why(tmp_path):
    from asn_impact.words import verbatim

    lost = Finding(id="x", label="Lost", refusal=verbatim("Nobody was trained."))
    publish(tmp_path / "r", [finding_of(0), lost], language="en", title="x", source="y", formats=["html"])
    sections = sections_of(tmp_path / "r")
    assert "Nobody was trained." in sections["claim-2"]
    assert "Nobody was trained." in sections["summary"]


# ----------------------------------------------------------------------------- claims on the same cases, side by side


def on_cases(name, less):
    """Return a finding on cases of eight offices and twelve months, less a few of them."""
    draws = np.random.default_rng(1)
    cases = draws.integers(20, 60, (8, 12))
    rows = [
        (f"Office {u}", str(pd.Period("2023-01", "M") + m), 20 + u + draws.normal(), cases[u, m] - less.get((u, m), 0))
        for u in range(8)
        for m in range(12)
    ]
    frame = pd.DataFrame(rows, columns=["office", "month", name, "n"])
    panel = read_panel(frame, unit="office", period="month", outcome=name, sizes="n")
    rollout = Rollout(pd.Series({f"Office {u}": "2023-07" for u in range(4)}), label="K")
    design = assign(panel, rollout, cluster="office")
    answer = infer(Imputation()(design).overall(), BiasReduced())
    return Finding(id=name, label=name, inference=answer)


@pytest.mark.parametrize(
    ("less", "hidden"),
    [
        ({}, set()),
        ({(1, 2): 2}, {"records_before"}),
        ({(6, 9): 1}, {"records_after"}),
        ({(1, 2): 2, (6, 9): 1}, {"records_before", "records_after"}),
        ({(u, m): 5 for u in range(8) for m in range(12)}, set()),  # many fewer: nobody is given away
    ],
)
def test_pages_on_the_same_cases_do_not_give_the_few_in_which_they_differ(tmp_path, less, hidden):
    findings = [on_cases("first", {}), on_cases("second", less)]
    publish(tmp_path / "r", findings, language="en", title="T", source="S", formats=("html",))
    first, second = (pd.read_csv(tmp_path / "r" / "tables" / f"{n}.csv", dtype=str) for n in ("02", "03"))
    for column in ("records_before", "records_after"):
        assert not (first[column] == "*").any()
        stars = (second[column] == "*").all()
        assert stars if column in hidden else hidden or not stars  # where one is hidden, the other may have to be
        both = [(int(a), int(b)) for a, b in zip(first[column], second[column], strict=True) if "*" not in (a, b)]
        assert not any(0 < abs(a - b) < 10 for a, b in both)


@pytest.mark.parametrize("language", ["id", "en"])
def test_what_is_no_finding_among_all_claims_is_said_so_beside_it(tmp_path, language):
    strong, weak = finding_of(0, -3.0), finding_of(1, -1.5)
    low, high = float(strong.inference.p_value[0]), float(weak.inference.p_value[0])
    assert low < high < 0.05
    family = Family({strong.id: low, weak.id: 0.08}, "holm")
    for finding, expected in ((strong, None), (weak, "0.080")):
        said = weak_in_family(finding, family, 0.95)
        assert (said is None) == (expected is None)
        assert expected is None or expected in str(said)
    assert weak_in_family(weak, Family({weak.id: high}, None), 0.95) is None
    assert weak_in_family(replace(weak, role="secondary"), Family({}, None), 0.95) is None
    report = Report(title="T", source="S", findings=(strong, weak), family=family)
    publish(tmp_path / "r", report, language=language, formats=("html",))
    text = re.sub(r"<[^>]+>", " ", html.unescape((tmp_path / "r" / "report.html").read_text(encoding="utf-8")))
    said = {"id": "Dinilai bersama klaim utama lain", "en": "Judged together with the other primary claims"}[language]
    assert text.count(said) == 2  # beside the finding, and in the conclusion


def test_a_triple_difference_shows_the_means_of_the_services_that_were_reached():
    rng = np.random.default_rng(3)
    offices, reached = offices_of("A", 12), offices_of("A", 12)[:5]
    rows = [
        (f"{o} {s}", o, s, p, 30 + 5 * (s == "B") + (o in reached and p >= "2024-06") * (2 - 3 * (s == "A")) + e)
        for o in offices
        for s in "AB"
        for p, e in zip(PERIODS, rng.normal(0, 0.1, len(PERIODS)), strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["unit", "office", "service", "p", "days"])
    panel = read_panel(frame, unit="unit", period="p", outcome="days", attributes=["office", "service"])
    starts = pd.Series({f"{o} {s}": pd.Period("2024-06", "M") for o in reached for s in "AB"})
    design = assign(panel, Rollout(starts), cluster="office")
    answer = infer(TripleDifference(third="service", reached="A")(design).overall(), BiasReduced())
    levels = levels_of(answer)
    after = frame[frame["office"].isin(reached) & (frame["service"] == "A") & (frame["p"] >= "2024-06")]["days"].mean()
    assert levels.with_training == pytest.approx(after)  # not of both services
    assert levels.without_training == pytest.approx(after - float(answer.estimate[0]))
    assert levels.before == pytest.approx(30, abs=0.2)


def test_a_table_of_words_is_a_list_of_cards_where_the_page_is_narrow():
    said = matrix([finding_of(0)]).html("id")
    assert 'class="table cards"' in said
    assert 'data-of="Sebelum"' in said
    assert said.count('class="number"') == 2 * 7  # headings, and the numbers below them, p-values among them


def test_a_cell_that_begins_with_a_number_is_no_list_in_the_pdf():
    cell = "<table><tbody><tr><td>4. Hasil bagi pelayanan</td></tr></tbody></table>"
    assert rb"4\. Hasil" in _pandoc(cell, {}, "id", "typst", [])


def test_a_step_is_not_called_unmeasured_where_claims_do_not_say_theirs():
    first, second = finding_of(0, level=3), finding_of(1)
    told = [str(cell) for cell in chain([first, second], level=0.95).frame["claim"]]
    assert told == [*(f"no claim says level = {step}" for step in (1, 2)), "Claim 0", "no claim says level = 4"]
    assert "Claim 1: study.toml does not say the step" in str(chain([first, second], level=0.95).note_below)
    alone = chain([first], level=0.95)
    assert str(alone.frame["claim"].iloc[0]) == "not measured"
    assert "does not say the step" not in str(alone.note_below)
