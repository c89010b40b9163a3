"""What a chart is given is checked where it enters, and what it says carries where each number came from."""

import functools
import json
import warnings

import pytest

from asn_impact import figures
from asn_impact.errors import DataWarning, InputError
from asn_impact.estimation import BiasReduced, GroupTime, Imputation, Inference, Jackknife, Multiplier, infer
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.reporting.chart import Chart
from asn_impact.study.explorer import Choice, explore
from asn_impact.words import Alert


@pytest.mark.parametrize(
    ("verb", "write"),
    [
        (figures.event_study, r"infer\(effects.event_study\(\), BiasReduced\(\)\)"),
        (figures.completion_curve, r"infer\(Along\(GroupTime\(\)\)\(design\), rule\)"),
        (figures.headline, r"infer\(effects, BiasReduced\(\)\)"),
        (figures.forest, r"infer\(effects.overall\(\), BiasReduced\(\)\)"),
        (figures.raw_trends, r"assign\(panel, rollout, cluster=...\)"),
        (figures.who_is_compared, r"assign\(panel, rollout, cluster=...\)"),
        (figures.maturity, r"tabulate\(durations, outcome, by=...\)"),
        (figures.waits_calendar, r"tabulate\(durations, outcome, by=...\)"),
        (figures.satisfaction, r"skm_index\(survey, by=\(\)\)"),
        (figures.returns, r"returns\(inference, costs, ...\)"),
        (functools.partial(figures.specifications, outcome=RestrictedMean(30)), r"specification_curve\("),
        (functools.partial(figures.sensitivity, survives=1.2, outcome=RestrictedMean(30)), r"breakdown\("),
        (functools.partial(explore, rollout=None, cluster="office"), r"measure\(extract"),
    ],
)
def test_another_kind_of_value_is_refused_with_the_call_that_gives_the_right_one(design, verb, write):
    effects = GroupTime()(design).event_study()
    with pytest.raises(InputError, match=f"=(Effects|float)\\) cannot be drawn.*{write}") as refused:
        verb(effects)
    assert "tidak dapat digambar" in refused.value.text("id")


def test_one_of_several_inferences_of_another_kind_is_refused(answer, design):
    with pytest.raises(InputError, match=r"forest\(inferences=Effects\)"):
        figures.forest({"a": answer, "b": GroupTime()(design).overall()})
    with pytest.raises(InputError, match="given no inference"):
        figures.forest([])
    assert len(figures.forest(answer).data) == 1


def test_an_inference_without_brackets_is_refused():
    with pytest.raises(InputError, match=r"event_study\(inference=Inference\)"):
        figures.event_study(Inference)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"level": 95}, "between 0 and 1"),
        ({"level": "95%"}, "between 0 and 1"),
        ({"language": "fr"}, "language='fr'.*'id' or 'en'"),
        ({"language": 3}, r"language=3\)\. Expected a text"),
        ({"source": 3}, r"source=3\)\. Expected a text"),
    ],
)
@pytest.mark.parametrize("verb", [figures.event_study, figures.forest, figures.headline])
def test_wrong_words_ranges_and_types_are_refused(event, answer, verb, wrong, said):
    if "source" in wrong and verb is figures.headline:
        return
    with pytest.raises(InputError, match=said):
        verb(event if verb is figures.event_study else answer, **wrong)


def test_unknown_sizes_and_formats_are_refused(months):
    chart = figures.maturity(months)
    with pytest.raises(InputError, match=r"size='a4_widht'.*Did you mean 'a4_width'"):
        chart.png(size="a4_widht")
    with pytest.raises(InputError, match=r"format='gif'.*'svg', 'pdf' or 'png'"):
        chart.files("gif")


def test_a_maturity_frame_without_its_columns_is_refused(months):
    with pytest.raises(InputError, match=r"no column 'mature'\. Found: 'month', 'cases'"):
        figures.maturity(months.drop(columns="mature"))


def test_the_explorer_knows_its_choices():
    with pytest.raises(InputError, match=r"Choice\(estimator='imputasi'\).*Did you mean 'imputation'"):
        Choice(10, "imputasi", "never")
    with pytest.raises(InputError, match="1 or more"):
        Choice(0, "imputation", "never")


# ------------------------------------------------------------------------------------------- base period and notes


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_base_period_is_drawn_only_where_the_effects_have_one(design, language):
    with_base = figures.event_study(infer(GroupTime()(design).event_study(), Jackknife()), language=language)
    before = figures.event_study(infer(GroupTime(anticipation=1)(design).event_study(), Jackknife()), language=language)
    without = figures.event_study(infer(Imputation()(design).event_study(), BiasReduced()), language=language)
    assert with_base.data.loc[with_base.data["base"], "event_time"].tolist() == [-1]
    assert before.data.loc[before.data["base"], "event_time"].tolist() == [-2]
    assert not without.data["base"].any()
    word = {"id": "periode dasar", "en": "base period"}[language]
    assert word in with_base.subtitle
    assert word not in without.subtitle
    assert without.png().startswith(b"\x89PNG")
    assert len(without.data) == len(infer(Imputation()(design).event_study(), BiasReduced()).effects.terms)


def test_without_estimates_before_training_the_alt_text_counts_none(design):
    chart = figures.event_study(infer(Imputation()(design).event_study(), BiasReduced()))
    assert chart.data["event_time"].min() == 0
    assert "Before training" not in chart.alt
    assert "After training" in chart.alt


def test_a_narrow_band_is_an_alert_that_travels_with_the_chart(design):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # late event times rest on one cluster
        effects = GroupTime()(design).event_study()
        event, band = infer(effects, Jackknife()), infer(effects, Multiplier(reps=499, seed=1))
    with pytest.warns(DataWarning, match="narrower than the interval of one point") as caught:
        chart = figures.event_study(event, band=band, language="id")
    assert len(caught) == 1
    assert [type(note) for note in chart.notes] == [Alert]
    assert json.loads(chart.record())["notes"] == [chart.notes[0].text("id")]
    assert "lebih sempit" in chart.notes[0].text("id")
    assert figures.event_study(event).notes == ()


# ------------------------------------------------------------------------------------------------------- numbers


def test_every_number_of_the_heading_and_the_alternative_text_has_its_source(event, design, panel, months):
    for chart in (
        figures.event_study(event, language="id"),
        figures.raw_trends(design, language="id"),
        figures.who_is_compared(design, language="id"),
        figures.maturity(months, language="id"),
        figures.waits_calendar(panel, language="id"),
    ):
        numbers = json.loads(chart.record())["numbers"]
        assert all(number["source"] for number in numbers)
        shown = {number["shown"] for number in numbers}
        assert {q.shown for text in (chart.title, chart.subtitle, chart.alt) for q in text.numbers} == shown
        assert all(number in str(chart.title) + chart.subtitle + chart.alt for number in shown)


def test_plain_texts_become_sentences():
    chart = Chart("line", "Waits fell", "Working days", "", "Waits fell.", None, None, "en")
    assert (chart.title.text, chart.title.numbers, chart.alt.numbers) == ("Waits fell", (), ())
