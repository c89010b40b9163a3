"""Rules of inference against fixest, clubSandwich, summclust, sandwich and fwildclusterboot.

Tolerances: 1e-8 relative throughout (closed forms); 1e-6 for an interval found by walking to where the test rejects.
"""

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.estimation import BiasReduced, Classical, ClusterRobust, GroupTime, Saturated, Stacked, TwoWay, infer
from asn_impact.estimation.linear import Blocks
from asn_impact.estimation.resampling import WildBootstrap, _restrict_blocks, _wild
from asn_impact.intake.readers.training import Rollout, read_rollout
from asn_impact.measures.panel import read_panel

EXACT = {"rel": 1e-8}


def castle_design(data, **columns):
    castle = data("castle")
    panel = read_panel(castle, unit="state", period="year", outcome="l_homicide", **columns)
    return assign(panel, read_rollout(castle, unit="state", adopted="effyear"), cluster="state")


def test_two_way_effects_on_castle_equal_fixest(data, values):
    reference = values("castle__fixest")["twfe"]
    effects = TwoWay()(castle_design(data))
    assert effects.estimate[0] == pytest.approx(reference["coef"][0], **EXACT)
    for rule, key in ((ClusterRobust("CR1"), "cluster"), (Classical(), "iid")):
        assert infer(effects, rule).std_error[0] == pytest.approx(reference["vcov"][key]["se"][0], **EXACT)


def test_weighted_two_way_effects_equal_fixest(data, values):
    reference = values("castle__fixest")["twfe_weighted"]
    inference = infer(TwoWay()(castle_design(data, weights="popwt")), ClusterRobust())
    assert inference.estimate[0] == pytest.approx(reference["coef"][0], **EXACT)
    assert inference.std_error[0] == pytest.approx(reference["vcov"]["cluster"]["se"][0], **EXACT)


def test_what_each_program_prints_on_castle(data, values):
    effects = TwoWay()(castle_design(data))
    fixest = values("castle__fixest")["twfe"]["vcov"]
    sandwich = values("castle__sandwich")["vcovCL_types"]["HC1"]["cadjust"]
    for program, se, df in (
        ("fixest", fixest["cluster"]["se"][0], fixest["cluster"]["df_t"]),
        ("stata", fixest["cluster"]["se"][0], 49),  # reghdfe, xtreg: the same K = 12 with units nested in clusters
        ("areg", fixest["cluster_K_full"]["se"][0], 49),  # K = 61
        ("sandwich", sandwich, 550 - 61),
    ):
        inference = infer(effects, ClusterRobust(program))
        assert inference.std_error[0] == pytest.approx(se, **EXACT), program
        assert inference.df[0] == df, program
    found = infer(effects, ClusterRobust("fixest"))
    np.testing.assert_allclose(found.p_value, fixest["cluster"]["p"], rtol=1e-8)
    assert "50/(50 - 1) × (550 - 1)/(550 - 12) = 1.0413" in str(found.notes[-1])


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_areg_and_regress_print_the_dummy_regression_with_a_unit_seen_once():
    """Written out: units, periods and the treatment as columns, every row counted."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame([(u, 2015 + t) for u in range(12) for t in range(6) if not (u == 3 and t > 0)])
    frame = frame.set_axis(["unit", "year"], axis=1).astype({"unit": str}).assign(y=rng.normal(size=67))
    starts = pd.Series({str(u): 2018 if u < 6 else None for u in range(12)}, dtype=object)
    treated = (frame["year"] >= frame["unit"].map(starts).fillna(9999).astype(int)).astype(float)
    dummies = pd.get_dummies(frame[["unit", "year"]].astype(str), dtype=float).to_numpy()
    x, y = np.column_stack([treated, dummies]), frame["y"].to_numpy()
    inverse, k = np.linalg.pinv(x.T @ x), int(np.linalg.matrix_rank(x))
    residual = y - x @ (inverse @ x.T @ y)
    scores = np.stack([x[m].T @ residual[m] for m in (frame["unit"].to_numpy() == str(u) for u in range(12))])
    cr0 = float((((scores @ inverse)[:, 0]) ** 2).sum())
    panel = read_panel(frame, unit="unit", period="year", outcome="y")
    effects = TwoWay()(assign(panel, Rollout(starts.dropna(), "year"), cluster="unit"))
    printed = {
        "areg": 12 / 11 * 66 / (67 - k),
        "sandwich": 12 / 11 * 66 / (67 - k),
        "fixest": 11 / 10 * 65 / (66 - 7),  # since 0.13
        "stata": 11 / 10 * 65 / (66 - 7),  # reghdfe drops the unit
    }
    for program, factor in printed.items():
        inference = infer(effects, ClusterRobust(program))
        assert inference.std_error[0] == pytest.approx(np.sqrt(factor * cr0), **EXACT), program
        assert inference.df[0] == {"sandwich": 67 - k, "areg": 11}.get(program, 10)


@pytest.mark.parametrize("program", ["stata", "areg", "fixest", "sandwich"])
def test_what_is_no_regression_has_the_factor_of_clusters_alone(data, program):
    effects = GroupTime(controls="never")(castle_design(data)).overall()
    found, plain = infer(effects, ClusterRobust(program)), infer(effects, ClusterRobust("CR0"))
    assert found.std_error[0] == pytest.approx(plain.std_error[0] * np.sqrt(50 / 49), **EXACT)
    assert found.df[0] == (np.inf if program == "sandwich" else 49)
    assert found.notes[-1].key.startswith("inference.no_regression")


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("estimator", [Saturated(), TwoWay(terms="event_time"), Stacked(2, 0)], ids=lambda e: e.name)
def test_fixest_and_stata_print_cr1_where_nothing_is_seen_once(data, estimator):
    effects = estimator(castle_design(data))
    expected = infer(effects, ClusterRobust("CR1")).std_error
    for program in ("fixest", "stata"):
        np.testing.assert_allclose(infer(effects, ClusterRobust(program)).std_error, expected, rtol=1e-8)


@pytest.mark.parametrize(
    ("identity", "columns"),
    [("lm_dummies", {}), ("lm_dummies_cov", {"covariates": ("unemployrt", "poverty", "l_police")})],
)
def test_cr2_and_its_degrees_of_freedom_equal_clubsandwich(data, values, identity, columns):
    reference = values("castle__clubsandwich")[identity]["CR2"]
    design = castle_design(data, **columns)
    inference = infer(TwoWay(covariates=columns.get("covariates", ()))(design), BiasReduced("satterthwaite"))
    np.testing.assert_allclose(inference.estimate, reference["beta"], rtol=1e-8)
    np.testing.assert_allclose(inference.std_error, reference["se"], rtol=1e-8)
    np.testing.assert_allclose(inference.df, reference["df_satterthwaite"], rtol=1e-7)


def test_jtrain_reproduces_wooldridge_example_14_1(data, values):
    reference = values("jtrain__fixest")["lscrap_grant"]
    jtrain = data("jtrain")
    jtrain = jtrain[jtrain["lscrap"].notna()]
    panel = read_panel(jtrain, unit="fcode", period="year", outcome="lscrap", covariates=("grant", "grant_1"))
    first = jtrain[jtrain["grant"] == 1].groupby("fcode")["year"].min()
    design = assign(panel, Rollout(first.astype(object), "grant"), cluster="fcode")
    effects = TwoWay(regressors=("grant", "grant_1"))(design)
    np.testing.assert_allclose(effects.estimate, reference["coef"], rtol=1e-8)
    for rule, key in ((Classical(), "iid"), (ClusterRobust(), "cluster")):
        np.testing.assert_allclose(infer(effects, rule).std_error, reference["vcov"][key]["se"], rtol=1e-8)
    cr2 = values("jtrain__clubsandwich")["lm_dummies"]["CR2"]
    np.testing.assert_allclose(infer(effects, BiasReduced("satterthwaite")).std_error, cr2["se"], rtol=1e-8)


def blocks_of(columns, outcome, cluster):
    x, y, code = np.column_stack(columns), np.asarray(outcome), pd.factorize(cluster)[0]
    members = [code == g for g in range(code.max() + 1)]
    return Blocks(np.stack([x[m].T @ x[m] for m in members]), np.stack([x[m].T @ y[m] for m in members]), 1)


def kielmc(data):
    frame = data("kielmc")
    columns = [frame["y81"] * frame["nearinc"], frame["y81"], frame["nearinc"], np.ones(len(frame))]
    return blocks_of(columns, frame["lrprice"], frame["nbh"]), len(frame), 4


def injury(data):
    frame = data("injury")
    frame = frame[frame["ky"] == 1]
    columns = [frame["afchnge"] * frame["highearn"], frame["afchnge"], frame["highearn"], np.ones(len(frame))]
    return blocks_of(columns, frame["ldurat"], frame["injtype"]), len(frame), 4


REGRESSIONS = {"kielmc": (kielmc, "nbh"), "injury": (injury, "injtype")}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_regression_on_records_equals_the_reference_variances(name, data, values):
    make, prefix = REGRESSIONS[name]
    (blocks, n, k), reference = make(data), values(f"{name}__few_clusters")
    g = len(blocks.gram)
    cr0 = float((blocks.influence() ** 2).sum())
    deviation = blocks.leave_one_out() - blocks.estimate
    found = {
        "clubSandwich_CR0": np.sqrt(cr0),
        "clubSandwich_CR1": np.sqrt(cr0 * g / (g - 1)),
        "clubSandwich_CR1S": np.sqrt(cr0 * g / (g - 1) * (n - 1) / (n - k)),
        "clubSandwich_CR2": np.sqrt(float((blocks.bias_reduced().value ** 2).sum())),
        "clubSandwich_CR3": np.sqrt(float((deviation**2).sum())),
    }
    for identity, value in found.items():
        assert value == pytest.approx(reference[f"{prefix}_{identity}"]["se"], **EXACT), identity
    summclust = reference[f"{prefix}_summclust"]["se_CRV3"]
    assert np.sqrt((g - 1) / g * float((deviation**2).sum())) == pytest.approx(summclust, **EXACT)


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("rule", ["CR2", "CR3"])
def test_satterthwaite_degrees_of_freedom_equal_clubsandwich(name, rule, data, values):
    make, prefix = REGRESSIONS[name]
    blocks = make(data)[0]
    parts = blocks.bias_reduced() if rule == "CR2" else blocks.deleted()
    traces = parts.traces(np.ones((1, len(blocks.gram)), dtype=bool))
    df = traces.total[0, 0] ** 2 / traces.product[0, 0, 0]
    assert df == pytest.approx(values(f"{name}__few_clusters")[f"{prefix}_clubSandwich_{rule}"]["df_satt"], rel=1e-7)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_the_exact_wild_bootstrap_counts_the_same_draws(name, data, values):
    make, prefix = REGRESSIONS[name]
    blocks, n, k = make(data)
    g = len(blocks.gram)
    factor = g / (g - 1) * (n - 1) / (n - k)
    draws = _wild(WildBootstrap(reps=2**g, seed=1)._signs(g), *_restrict_blocks(blocks, 0), factor)
    statistic = abs(blocks.estimate[0]) / np.sqrt(factor * float((blocks.influence() ** 2).sum()))
    reference = values(f"{name}__few_clusters")[f"{prefix}_bruteforce_WCR11"]
    assert statistic == pytest.approx(abs(reference["t_stat"]), **EXACT)
    drawn = draws.statistics(0.0)
    assert len(drawn) == reference["n_draws"]
    assert (drawn > statistic * (1 + 1e-9)).sum() == reference["n_greater"]
    assert (np.abs(drawn / statistic - 1) <= 1e-9).sum() == reference["n_ties"]
    assert drawn.sum() == pytest.approx(reference["t_boot_sum_abs"], rel=1e-8)
