"""What was treated and no average counts: found for every estimator, said with its share of the treated."""

import numpy as np
import pytest

from asn_impact.estimation import (
    BiasReduced,
    GLSImputation,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Saturated,
    TwoStage,
    TwoWay,
)
from asn_impact.estimation.left_out import left_out_cells, say_left_out
from asn_impact.reporting import charts, tables
from tests.estimation.random_designs import design_of, quietly

STARTS = np.array([3, 3, 3, 5, 5, 5, *[np.inf] * 6])
ESTIMATORS = [GroupTime(), Imputation(), TwoStage(), GLSImputation(), Saturated(), InteractionWeighted()]
named = {"ids": lambda one: type(one).__name__}


def make_design(*gone, periods=8, starts=STARTS):
    """Random cells, all seen but those of some (unit, periods)."""
    observed = np.ones((len(starts), periods), dtype=bool)
    for unit, cells in gone:
        observed[unit, cells] = False
    outcome = np.random.default_rng(0).normal(size=observed.shape)
    return design_of(outcome, starts, observed=observed)


@pytest.mark.parametrize("estimator", ESTIMATORS, **named)
def test_nothing_is_left_out_where_everything_is_seen(estimator):
    effects = quietly(estimator, make_design())
    assert effects.left_out.empty
    assert say_left_out(effects) is None
    assert effects.event_study().left_out.empty


@pytest.mark.parametrize("estimator", [Imputation(), GLSImputation()], **named)
def test_units_never_seen_untreated_are_left_out_with_their_share(estimator):
    effects = quietly(estimator, make_design((0, slice(0, 3))))
    assert left_out_cells(effects).nonzero()[0].tolist() == [0] * 5
    assert effects.left_out["share_of_treated"].sum() == pytest.approx(5 / (15 + 9))
    line = say_left_out(effects.overall())
    assert "21% of the treated, 5 of 24 cells" in str(line)
    assert "21% dari yang dilatih, yaitu 5 dari 24 sel" in line.text("id").text


def test_a_unit_not_seen_in_the_base_period_is_left_out_of_pairs_and_not_of_cross_sections():
    design = make_design((0, [2]))
    assert quietly(GroupTime(), design).left_out["cells"].sum() == 5
    assert quietly(GroupTime(sample="cross_sections"), design).left_out.empty


def test_a_wave_without_a_period_before_it_is_left_out():
    starts = np.array([1, 1, 4, 4, *[np.inf] * 4])
    effects = quietly(GroupTime(anticipation=1), make_design(starts=starts, periods=6))
    assert effects.left_out["cohort"].unique().tolist() == [effects.design.cohort_label(1)]
    assert effects.left_out["share_of_treated"].sum() == pytest.approx(10 / 14)


def test_covariates_that_tell_the_treated_apart_leave_their_wave_out():
    design = make_design()
    size = np.random.default_rng(1).normal(size=12) + np.where(STARTS == 3, 50.0, 0.0)
    design.panel.attributes["size"] = size
    effects = quietly(GroupTime(adjust=("size",), method="ipw"), design)
    assert effects.left_out["share_of_treated"].sum() == pytest.approx(15 / 24)


def test_an_estimator_without_effects_by_cohort_and_period_says_nothing():
    assert say_left_out(quietly(TwoWay(), make_design((0, slice(0, 3))))) is None


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Left out of every average: 21%"), ("id", "Tidak masuk rata-rata")]
)
def test_it_stands_below_the_tables_and_the_figures(language, words):
    effects = quietly(GLSImputation(), make_design((0, slice(0, 3))))
    whole, events = (quietly(BiasReduced(), one) for one in (effects.overall(), effects.event_study()))
    other = quietly(lambda: BiasReduced()(GLSImputation()(make_design()).overall()))
    for table in (tables.results([whole]), tables.results([events]), tables.specifications({"A": whole})):
        assert words in table.html(language)
    both = tables.results({"A": whole, "B": other}).html(language)
    assert f"A. {words}" in both
    for chart in (charts.event_study(events, language=language), charts.forest([whole], language=language)):
        assert words in chart.below
        assert words in chart.alt
        assert any(words.split(":")[0] in text.get_text().replace("\n", " ") for text in chart.figure().texts)
        assert words in chart.record()
    assert not charts.forest([other], language=language).below
