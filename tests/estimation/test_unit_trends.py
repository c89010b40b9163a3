"""A straight trend of each unit in the two-way regression: all dummies, invariances, rules, refusals."""

import numpy as np
import pytest
import statsmodels.api as sm

from asn_impact.errors import EstimationError
from asn_impact.estimation import BiasReduced, Classical, ClusterRobust, Jackknife, TwoWay, WildBootstrap, infer
from tests.estimation.random_designs import design_of, quietly, with_mean

TWIN = 1e-8
STARTS = np.array([4.0, 4.0, 6.0, 6.0, 6.0, *[np.inf] * 6])


def made(seed=1, holes=0.1, starts=STARTS, weight=None):
    rng = np.random.default_rng(seed)
    observed = rng.random((len(starts), 10)) >= holes
    observed[:, :3] = True
    outcome = rng.normal(size=observed.shape) + rng.normal(size=(len(starts), 1)) * np.arange(10)
    return design_of(outcome, starts, observed=observed, weight=weight)


def twin(design, columns):
    panel = design.panel
    u, t = np.nonzero(panel.observed)
    unit = (u[:, None] == np.arange(len(panel.units))).astype(float)
    lines = unit * t[:, None]
    x = np.column_stack([columns[u, t], unit, lines, t[:, None] == np.arange(1, 9)]).astype(
        float
    )  # one month is a line
    return sm.WLS(panel.mean[u, t], x, weights=panel.weight[u, t])


@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_regression_with_dummies_and_dummies_times_time(weighted):
    weight = np.random.default_rng(9).uniform(0.5, 3, (11, 10)) if weighted else None
    design = made(weight=weight)
    effects = TwoWay(trend="unit")(design)
    found = twin(design, design.treated()[:, :, None]).fit()
    assert effects.estimate[0] == pytest.approx(found.params[0], abs=TWIN)
    classical = infer(effects, Classical())
    assert classical.std_error[0] == pytest.approx(found.bse[0], abs=TWIN)
    assert classical.df[0] == found.df_resid
    u, _ = np.nonzero(design.panel.observed)
    options = {"groups": u, "use_correction": False, "df_correction": False}
    clustered = twin(design, design.treated()[:, :, None]).fit(cov_type="cluster", cov_kwds=options)
    assert infer(effects, ClusterRobust("CR0")).std_error[0] == pytest.approx(clustered.bse[0], abs=TWIN)


def test_the_event_study_is_the_regression_with_two_leads_at_zero():
    design = made(2)
    effects = TwoWay(trend="unit").event_study(design)
    times = effects.terms["event_time"].to_numpy()
    assert effects.reference == -1
    assert not {-6, -1} & set(times)
    since = design.panel.timeline.steps[None, :] - design.adopted[:, None]
    found = twin(design, since[:, :, None] == times).fit()
    np.testing.assert_allclose(effects.estimate, found.params[: len(times)], atol=TWIN)
    assert "estimation.two_references" in [note.key for note in effects.notes]


def test_a_line_of_each_unit_moves_nothing():
    design = made(3)
    lines = np.random.default_rng(4).normal(size=(11, 1)) * np.arange(10) + np.arange(11)[:, None]
    for rule in (BiasReduced(), Jackknife(), ClusterRobust(), WildBootstrap(199, 1)):
        one, other = (
            infer(TwoWay(trend="unit")(d), rule) for d in (design, with_mean(design, design.panel.mean + lines))
        )
        for name in ("estimate", "std_error", "p_value"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-8)
    assert TwoWay()(design).estimate[0] != pytest.approx(TwoWay(trend="unit")(design).estimate[0], abs=1e-3)


def test_leaving_out_is_estimating_again():
    effects = TwoWay(trend="unit")(made(5))
    again = [quietly(effects.again, effects.design.without(c)).estimate[0] for c in range(11)]
    np.testing.assert_allclose(effects.leave_one_out()[:, 0], again, atol=1e-9)


def test_a_treated_unit_with_one_month_before_is_refused():
    with pytest.raises(EstimationError, match="two periods before adoption: '0'"):
        TwoWay(trend="unit")(made(6, starts=np.array([1.0, *STARTS[1:]])))


def test_it_is_named():
    assert TwoWay(trend="unit").name == "Two-way fixed effects, with a straight trend of each unit"
