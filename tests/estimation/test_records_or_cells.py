"""Records or cells, the same numbers: tabulated cells against the regression on the rows with explicit dummies."""

import datetime as dt
from dataclasses import dataclass
from itertools import product

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.designs import assign
from asn_impact.errors import DataWarning, InputError
from asn_impact.estimation import BiasReduced, Classical, ClusterRobust, Jackknife, TwoWay, WildBootstrap, infer
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import Count, RestrictedMean, Score
from asn_impact.measures.tabulate import tabulate
from tests.estimation.random_designs import quietly

SAME = 1e-9  # the same linear algebra in another order
ROUNDING = 1e-12  # engines add decimals in different orders
AS_OF = dt.date(2024, 12, 31)
CALENDAR = WorkCalendar.indonesia()
ADOPTED = {"O0": "2024-03", "O1": "2024-03", "O2": "2024-04", "O3": "2024-04"}
OFFICES = [f"O{i}" for i in range(8)]


def records(seed, *, months=5, missing=0.15, largest=6):
    """Zero to `largest` cases a cell of office, service and month; x and z differ between cases, z is whole."""
    rng = np.random.default_rng(seed)
    cells = [cell for cell in product(OFFICES, ("SIP", "PBG"), range(1, months + 1)) if rng.random() > missing]
    rows = [cell for cell in cells for _ in range(rng.integers(1, largest + 1))]
    office, service, month = (np.array(column) for column in zip(*rows, strict=True))
    day = rng.integers(1, 29, len(rows))
    received = pd.to_datetime([f"2024-{m:02d}-{d:02d}" for m, d in zip(month, day, strict=True)])
    x = rng.normal(40, 9, len(rows)) + rng.normal(size=len(OFFICES))[np.searchsorted(OFFICES, office)] * month
    z = rng.integers(0, 4, len(rows))
    noise = rng.normal(size=(len(OFFICES), months + 1))[np.searchsorted(OFFICES, office), month]
    wait = np.maximum(np.round(15 + 0.3 * x + 2 * z + 3 * noise + rng.normal(0, 6, len(rows))), 0)
    return pd.DataFrame(
        {
            "case": [f"c{i}" for i in range(len(rows))],
            "office": office,
            "service": service,
            "received": received,
            "decided": received + pd.to_timedelta(wait, unit="D"),
            "status": "granted",
            "answer": 0.2 * x - z + noise + rng.normal(size=len(rows)),
            "x": x,
            "z": z,
        }
    )


def measured(frame, keep=("answer", "x", "z")):
    return measure(read_exports(frame, as_of=AS_OF, keep=list(keep)), CALENDAR)


def designed(frame, outcome, by, covariates, weights="records"):
    panel = quietly(tabulate, measured(frame), outcome, by=by, covariates=covariates)
    keys = (by,) if isinstance(by, str) else by
    adopted = {
        " / ".join(row[1:]): ADOPTED.get(row[1]) for row in frame.drop_duplicates(list(keys))[list(keys)].itertuples()
    }
    rollout = Rollout(pd.Series(adopted, dtype=object))
    return quietly(assign, panel, rollout, cluster="office", weights=weights)


@dataclass
class Rows:
    """The slow twin: rows, dummies for every unit and month, one cluster at a time."""

    X: np.ndarray
    y: np.ndarray
    g: np.ndarray
    p: int
    periods: int
    units: int

    @classmethod
    def of(cls, frame, value, keys, columns, *, treatment):
        unit = frame[list(keys)].agg(" / ".join, axis=1)
        alone = unit.map(unit.value_counts()).to_numpy() == 1  # one record: no change to learn from
        frame, value, unit = frame[~alone], value[~alone], unit[~alone]
        month = frame["received"].dt.strftime("%Y-%m")
        treated = (month >= frame["office"].map(ADOPTED).fillna("9999")).to_numpy(dtype=float)
        own = [treated] if treatment else []
        regressors = np.column_stack([*own, *(frame[c].to_numpy(dtype=float) for c in columns)])
        unit, month = (pd.get_dummies(labels, dtype=float).to_numpy() for labels in (unit, month))
        cluster = frame["office"].factorize(sort=True)[0]
        return cls(
            np.hstack([regressors, unit, month]), value, cluster, regressors.shape[1], month.shape[1], unit.shape[1]
        )

    def __post_init__(self):
        self.S = np.linalg.pinv(self.X.T @ self.X, hermitian=True, rcond=1e-13)
        self.b = np.linalg.lstsq(self.X, self.y, rcond=None)[0]
        self.e = self.y - self.X @ self.b
        self.G = self.g.max() + 1
        self.A = self.S[:, : self.p]

    @property
    def factor(self):
        n = len(self.y)
        return self.G / (self.G - 1) * (n - 1) / (n - self.p - self.periods)

    def cr1(self):
        scores = np.stack([self.X[self.g == c].T @ self.e[self.g == c] for c in range(self.G)]) @ self.A
        return self.factor * scores.T @ scores

    def classical(self):
        df = len(self.y) - self.units - self.periods + 1 - self.p
        return self.S[: self.p, : self.p] * (self.e @ self.e) / df, df

    def cr3(self):
        keep = [self.g != c for c in range(self.G)]
        off = (
            np.stack([np.linalg.lstsq(self.X[k], self.y[k], rcond=None)[0][: self.p] for k in keep]) - self.b[: self.p]
        )
        return (self.G - 1) / self.G * off.T @ off

    def cr2(self):
        """The (G, N, p) weights of the contributions on the residuals."""
        weights = np.zeros((self.G, len(self.y), self.p))
        for c in range(self.G):
            own = self.X[self.g == c]
            value, vector = np.linalg.eigh(np.eye(len(own)) - own @ self.S @ own.T)
            root = (vector * np.where(value > 1e-8, np.maximum(value, 1e-8) ** -0.5, 0.0)) @ vector.T
            weights[c, self.g == c] = root @ own @ self.A
        return weights

    def cr2_df(self):
        """Bell and McCaffrey's degrees of freedom: tr(B)^2 / tr(B B), B the covariances of the contributions."""
        maker, weights = np.eye(len(self.y)) - self.X @ self.S @ self.X.T, self.cr2()
        between = [weights[:, :, j] @ maker @ weights[:, :, j].T for j in range(self.p)]
        return [np.trace(b) ** 2 / np.trace(b @ b) for b in between]

    def wild(self, signs, j):
        """Estimates and squared CR1 standard errors of the draws with coefficient j held at nothing."""
        rest = np.delete(self.X, j, axis=1)
        fitted = rest @ np.linalg.lstsq(rest, self.y, rcond=None)[0]
        draws = [self.with_outcome(fitted + s[self.g] * (self.y - fitted)) for s in signs]
        return np.array([d.b[j] for d in draws]), np.array([d.cr1()[j, j] for d in draws])

    def with_outcome(self, y):
        return Rows(self.X, y, self.g, self.p, self.periods, self.units)


def agree(found, expected):
    np.testing.assert_allclose(found, expected, rtol=SAME, atol=SAME * np.abs(expected).max())


def agree_in_everything(effects, rows):
    agree(effects.estimate, rows.b[: rows.p])
    agree(infer(effects, ClusterRobust()).variance, rows.cr1())
    agree(infer(effects, Jackknife()).variance, rows.cr3())
    reduced = infer(effects, BiasReduced("satterthwaite"))
    contributions = np.einsum("gnp,n->gp", rows.cr2(), rows.e)
    value = effects.fit.bias_reduced(effects).value
    agree(value[(value != 0).any(axis=1)], contributions)  # an office with one record is not among the rows
    agree(reduced.variance, contributions.T @ contributions)
    agree(reduced.df, rows.cr2_df())
    classical = infer(effects, Classical())
    variance, df = rows.classical()
    agree(classical.variance, variance)
    assert (classical.df == df).all()


BY = [("office",), ("office", "service")]
seeds = st.integers(0, 10_000)


@given(seed=seeds, by=st.sampled_from(BY), missing=st.sampled_from([0.0, 0.15, 0.5]))
@settings(max_examples=8, deadline=None)
def test_an_effect_given_covariates_is_that_on_the_rows(seed, by, missing):
    frame = records(seed, missing=missing)
    effects = quietly(TwoWay(covariates=("x", "z")), designed(frame, Score("answer"), by, ("z", "x")))
    rows = Rows.of(frame, frame["answer"].to_numpy(), by, ("x", "z"), treatment=True)
    quietly(agree_in_everything, effects, rows)


@given(seed=seeds, by=st.sampled_from(BY))
@settings(max_examples=5, deadline=None)
def test_coefficients_of_covariates_are_those_on_the_rows(seed, by):
    frame = records(seed)
    effects = quietly(TwoWay(regressors=("z", "x")), designed(frame, Score("answer"), by, ("x", "z")))
    rows = Rows.of(frame, frame["answer"].to_numpy(), by, ("z", "x"), treatment=False)
    quietly(agree_in_everything, effects, rows)


@given(seed=seeds)
@settings(max_examples=4, deadline=None)
def test_without_covariates_too(seed):
    frame = records(seed)
    effects = quietly(TwoWay(), designed(frame, Score("answer"), "office", ()))
    quietly(agree_in_everything, effects, Rows.of(frame, frame["answer"].to_numpy(), ("office",), (), treatment=True))


@given(seed=seeds)
@settings(max_examples=4, deadline=None)
def test_wild_bootstrap_draws_are_those_on_the_rows(seed):
    frame = records(seed)
    effects = quietly(TwoWay(covariates=("x", "z")), designed(frame, Score("answer"), "office", ("x", "z")))
    rows = Rows.of(frame, frame["answer"].to_numpy(), ("office",), ("x", "z"), treatment=True)
    rule = WildBootstrap(reps=2**8, seed=1)
    inference = quietly(infer, effects, rule)
    for j in (0, 1):
        estimate, square = rows.wild(rule._signs(len(OFFICES)), j)
        agree(inference.draws[j].a0, estimate)
        agree(inference.draws[j].q0, square)
        observed = abs(rows.b[j]) / np.sqrt(rows.cr1()[j, j])
        assert inference.p_value[j] == np.mean(np.abs(estimate) / np.sqrt(square) > observed * (1 + 1e-9))


def test_working_days_with_covariates_are_those_on_the_rows():
    frame = records(3)
    days = np.minimum(CALENDAR.between(frame["received"], frame["decided"]), 30).astype(float)
    effects = quietly(TwoWay(covariates=("x",)), designed(frame, RestrictedMean(30), "office", "x"))
    quietly(agree_in_everything, effects, Rows.of(frame, days, ("office",), ("x",), treatment=True))


def test_a_unit_seen_in_one_month_still_tells_about_covariates():
    frame = records(5, missing=0.0, largest=9)
    frame = frame[(frame["office"] != "O7") | (frame["received"].dt.month == 2)]
    effects = quietly(TwoWay(covariates=("x",)), designed(frame, Score("answer"), "office", "x"))
    rows = Rows.of(frame, frame["answer"].to_numpy(), ("office",), ("x",), treatment=True)
    quietly(agree_in_everything, effects, rows)


@pytest.mark.parametrize("shift", [0.0, 1e7])
def test_a_covariate_far_from_zero_loses_no_digits(shift):
    frame = records(7)
    moved = quietly(tabulate, measured(frame.assign(x=frame["x"] + shift)), Score("answer"), covariates="x")
    month = frame["received"].dt.strftime("%Y-%m")
    for (u, unit), (t, label) in product(enumerate(moved.units), enumerate(moved.timeline.labels)):
        cell = frame[(frame["office"] == unit) & (month == label)][["answer", "x"]].to_numpy()
        off = cell - cell.mean(axis=0) if len(cell) else cell
        # the sum itself rounds the values to some 1e-9 when they are near 1e7
        np.testing.assert_allclose(moved.within[u, t], off.T @ off, rtol=1e-9, atol=1e-11 + 1e-14 * shift)


def test_when_units_count_alike_what_varies_inside_a_cell_does_not_count():
    frame = records(9, missing=0.0)
    design = designed(frame, Score("answer"), "office", ("x",), weights="units")
    effects = quietly(TwoWay(covariates=("x",)), design)
    cells = design.panel.frame().merge(pd.DataFrame({"unit": OFFICES}), on="unit")
    dummies = pd.get_dummies(cells[["unit", "period"]], dtype=float).to_numpy()
    treated = (cells["period"].astype(str) >= cells["unit"].map(ADOPTED).fillna("9999")).to_numpy(dtype=float)
    slopes = np.linalg.lstsq(np.column_stack([treated, cells["x"], dummies]), cells["mean"].to_numpy(), rcond=None)[0]
    agree(effects.estimate, slopes[:2])


def test_a_covariate_known_for_cells_only_in_its_own_variation_is_not_collinear():
    """x differs between records and not between cells: nothing to learn from the means, everything from the records."""
    frame = records(11, missing=0.0, largest=1)
    frame = pd.concat([frame.assign(x=1.0, answer=1.0), frame.assign(x=-1.0, case=frame["case"] + "b")])
    effects = quietly(TwoWay(regressors=("x",)), designed(frame, Score("answer"), "office", ("x",)))
    assert effects.terms["term"].tolist() == ["x"]
    rows = Rows.of(frame, frame["answer"].to_numpy(), ("office",), ("x",), treatment=False)
    agree(effects.estimate, rows.b[:1])


def test_the_same_covariate_twice_is_left_out_once_even_if_only_records_differ():
    frame = records(11, missing=0.0, largest=1)
    frame = pd.concat([frame.assign(x=0.3, answer=1.0), frame.assign(x=-0.3, case=frame["case"] + "b")])
    frame = frame.assign(twice=frame["x"] * 3)
    panel = tabulate(measured(frame, ("answer", "x", "twice")), Score("answer"), covariates=("x", "twice"))
    rollout = Rollout(pd.Series({office: ADOPTED.get(office) for office in OFFICES}, dtype=object))
    design = quietly(assign, panel, rollout, cluster="office", weights="records")
    with pytest.warns(DataWarning, match="left out: 'twice'"):
        effects = TwoWay(regressors=("x", "twice"))(design)
    assert effects.terms["term"].tolist() == ["x"]


# --- the cells themselves -------------------------------------------------------------------------------------


def by_hand(frame, panel, columns):
    month = frame["received"].dt.strftime("%Y-%m")
    for (u, unit), (t, label) in product(enumerate(panel.units), enumerate(panel.timeline.labels)):
        yield (u, t), frame[(frame["office"] == unit) & (month == label)][list(columns)].to_numpy(dtype=float)


ENGINES = {
    "pandas": lambda frame: frame,
    "pandas over arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.from_pandas,
    "duckdb": lambda frame: duckdb.connect().from_df(frame),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_means_and_cross_products_of_the_complete_records(engine):
    frame = records(1)
    frame = frame.assign(x=frame["x"].mask(frame.index % 7 == 0), w=frame["x"].round(2).astype(str), odd=frame["z"] > 1)
    columns = ("x", "z", "w", "odd")
    with pytest.warns(DataWarning, match="records without a value of answer, x, z, w or odd are left out"):
        panel = tabulate(measured(ENGINES[engine](frame), ("answer", *columns)), Score("answer"), covariates=columns)
    assert panel.covariates == columns
    complete = frame.dropna(subset=["x"])
    assert panel.n.sum() == len(complete)
    assert f"{len(frame) - len(complete)} records" in panel.notes[-1]
    for cell, rows in by_hand(complete, panel, ("answer", *columns)):
        assert panel.n[cell] == len(rows)
        if len(rows):
            off = rows - rows.mean(axis=0)
            np.testing.assert_allclose(np.r_[panel.mean[cell], panel.x[cell]], rows.mean(axis=0), rtol=ROUNDING)
            np.testing.assert_allclose(panel.within[cell], off.T @ off, rtol=1e-11, atol=1e-11)
        else:
            assert np.isnan(panel.x[cell]).all()
            assert not panel.within[cell].any()


@pytest.mark.parametrize("engine", ENGINES)
def test_whole_numbers_are_exact_in_every_engine(engine):
    frame = records(2)
    panel = quietly(tabulate, measured(ENGINES[engine](frame)), RestrictedMean(30), covariates="z")
    days = np.minimum(CALENDAR.between(frame["received"], frame["decided"]), 30)
    for cell, rows in by_hand(frame.assign(days=days), panel, ("days", "z")):
        if (n := len(rows)) > 0:
            assert panel.x[cell][0] == pytest.approx(rows[:, 1].sum() / n, rel=1e-15)
            exact = n * (rows[:, 0] @ rows[:, 1]) - rows[:, 0].sum() * rows[:, 1].sum()
            assert panel.within[cell][0, 1] == pytest.approx(exact / n, rel=1e-14, abs=1e-13)


def test_texts_of_a_csv_file_are_read_as_numbers(tmp_path):
    frame = records(4)
    frame.assign(x=frame["x"].mask(frame.index == 3)).to_csv(tmp_path / "export.csv", index=False)
    with pytest.warns(DataWarning, match="1 records without a value of x or answer are left out"):
        panel = tabulate(measured(tmp_path), RestrictedMean(5), covariates=("x", "answer"))
    expected = quietly(tabulate, measured(frame.drop(index=3)), RestrictedMean(5), covariates=("x", "answer"))
    for name in ("n", "mean", "x", "within"):
        np.testing.assert_allclose(getattr(panel, name), getattr(expected, name), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("engine", ENGINES)
def test_texts_that_are_no_plain_numbers_are_refused_by_name_and_not_shown(engine):
    texts = ["3,5", "1.000,50", "tiga", "0x10", "nan"]
    frame = records(4)
    frame = frame.assign(x=[*texts, *frame["x"].astype(str)[len(texts) :]])
    with pytest.raises(InputError, match=r"Column 'x' holds 5 texts that are no plain number") as refused:
        tabulate(measured(ENGINES[engine](frame)), Score("answer"), covariates="x")
    assert not any(text in str(refused.value) for text in texts)


def test_columns_that_cannot_be_covariates_are_refused():
    frame = records(4)
    durations = measured(frame)
    with pytest.raises(InputError, match=r"Column 'xx' is not in the records.*named when the export is read"):
        tabulate(durations, Score("answer"), covariates="xx")
    with pytest.raises(InputError, match="two things at once: outcome, covariate or weight"):
        tabulate(durations, Score("answer"), covariates="answer")
    with pytest.raises(InputError, match="nothing varies between its records"):
        tabulate(durations, Count(), covariates="x")
    with pytest.raises(InputError, match="Column 'when' holds"):
        tabulate(measured(frame.assign(when=frame["received"]), ("answer", "when")), Score("answer"), covariates="when")
