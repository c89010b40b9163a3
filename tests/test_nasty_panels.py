"""Bad panels: the right answer, or a refusal or warning that names the cause. Never a silent wrong number.

The numbers in the names are those of the project's list of bad inputs.
"""

import os
import re
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.designs.design import agree
from asn_impact.errors import AsnImpactError, DataWarning, DesignError

TOLERANCE = 1e-9  # double precision on sums of a few hundred numbers


def base() -> pd.DataFrame:
    """40 units, 12 periods, cohorts 5 and 8 and never; the effect is -2.4 on average."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame([(u, t) for u in range(40) for t in range(1, 13)], columns=["unit", "time"])
    cohort = np.array([5] * 10 + [8] * 10 + [np.inf] * 20)
    frame["cohort"] = cohort[frame["unit"]]
    frame["d"] = (frame["time"] >= frame["cohort"]).astype(int)
    level, month = rng.normal(10, 3, 40), rng.normal(0, 1, 13)
    frame["y"] = level[frame["unit"]] + month[frame["time"]] - 2.4 * frame["d"] + rng.normal(0, 1, len(frame))
    frame["x"] = rng.normal(0, 1, 40)[frame["unit"]]
    frame["w"] = rng.uniform(0.5, 2, 40)[frame["unit"]]
    frame["region"] = frame["unit"] // 2
    frame["cohort"] = frame["cohort"].replace(np.inf, np.nan)
    return frame


def answer(frame, *, unit="unit", cluster=None, covariates=(), adjust=(), weights=None, estimator=None, rollout=None):
    panel = ai.read_panel(
        frame, unit=unit, period="time", outcome="y", covariates=covariates or adjust, weights=weights
    )
    rollout = rollout or ai.read_rollout(frame, unit=unit, adopted="cohort")
    design = ai.assign(panel, rollout, cluster=cluster or unit)
    estimator = estimator or ai.GroupTime(controls="never", adjust=adjust)
    return ai.infer(estimator(design).overall(), ai.ClusterRobust())


def numbers(inference):
    return inference.estimate[0], inference.std_error[0]


CLEAN = numbers(answer(base()))


def same(frame, scale=1.0, **choices):
    found = numbers(answer(frame, **choices))
    np.testing.assert_allclose(found, (CLEAN[0] * scale, CLEAN[1] * abs(scale)), rtol=TOLERANCE)


def refused(frame, match, **choices):
    with pytest.raises(AsnImpactError, match=match):
        answer(frame, **choices)


def warned(frame, clean, match, **choices):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        found = numbers(answer(frame, **choices))
    assert any(re.search(match, str(w.message)) for w in caught)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        np.testing.assert_allclose(found, numbers(answer(clean, **choices)), rtol=TOLERANCE)


def test_the_clean_panel_recovers_the_effect():
    assert CLEAN[0] == pytest.approx(-2.4, abs=0.3)


@pytest.mark.parametrize("shift", [0.0, 1.0], ids=["E01", "E02"])
def test_repeated_unit_periods_are_refused(shift):
    frame = base()
    refused(pd.concat([frame, frame.head(30).assign(y=lambda d: d["y"] + shift)]), "more than once")


def test_e03_a_treatment_that_switches_off_is_refused():
    frame = base().assign(d=lambda d: np.where((d["cohort"] == 5) & (d["time"] > 9), 0, d["d"]))
    with pytest.raises(AsnImpactError, match="ends again"):
        ai.read_rollout_from_status(frame, unit="unit", period="time", treated="d")


def test_e04_a_cohort_that_changes_within_a_unit_is_refused():
    frame = base()
    frame.loc[frame.index[3], "cohort"] = 9
    refused(frame, r"\b0\b")


@pytest.mark.parametrize("code", [np.nan, np.inf, None, -1, 9999, 0, 10000], ids=str)
def test_e05_to_e09_and_e67_never_in_every_spelling(code):
    frame = base()
    cohort = frame["cohort"].astype(object)
    same(frame.assign(cohort=cohort.where(frame["cohort"].notna(), code)))


def test_e07_cohorts_as_text():
    frame = base()
    same(frame.assign(cohort=frame["cohort"].map(lambda g: "" if np.isnan(g) else str(int(g)))))


def test_e10_no_never_treated_but_never_asked_for():
    refused(base().dropna(subset=["cohort"]), "never")


def test_e11_everyone_treated_from_the_start():
    refused(base().assign(cohort=1), "no before")


def test_e12_units_treated_from_the_start_are_set_aside_and_said():
    frame = base()
    early = frame.assign(cohort=frame["cohort"].where(~frame["unit"].isin([37, 38, 39]), 1))
    warned(early, frame[~frame["unit"].isin([37, 38, 39])], "set aside")


def test_e13_one_treated_unit_has_no_clustered_interval():
    frame = base()
    refused(frame[(frame["unit"] == 0) | frame["cohort"].isna()], "its own noise")


def test_e14_a_unit_seen_once_says_nothing():
    frame = base()
    with pytest.warns(DataWarning, match="fewer than two periods"):
        found = numbers(answer(frame[(frame["unit"] != 39) | (frame["time"] == 3)]))
    assert found[0] == pytest.approx(numbers(answer(frame[frame["unit"] != 39]))[0], rel=TOLERANCE)


def test_e15_a_constant_outcome():
    with pytest.warns(DataWarning, match="does not vary"):
        inference = answer(base().assign(y=3.0))
    assert inference.estimate[0] == 0
    assert np.isnan(inference.std_error[0])


def test_e16_a_collinear_covariate_is_left_out_and_named():
    frame = base().assign(x2=lambda d: 2 * d["x"])
    with pytest.warns(DataWarning, match="x2"):
        found = numbers(answer(frame, adjust=("x", "x2")))
    np.testing.assert_allclose(found, numbers(answer(frame, adjust=("x",))), rtol=1e-8)


@pytest.mark.parametrize("estimator", [None, "two_way"])
def test_e17_a_covariate_that_is_the_treatment(estimator):
    frame = base().assign(copy=lambda d: d["d"])
    if estimator:
        refused(frame, "not identified", covariates=("copy",), estimator=ai.TwoWay(covariates=("copy",)))
    else:
        refused(frame, "not identified", adjust=("copy",))


@pytest.mark.parametrize(("column", "value", "match"), [("y", np.nan, "missing"), ("y", np.inf, "infinite")])
def test_e18_e19_unusable_outcomes_are_counted(column, value, match):
    frame = base()
    rows = frame.index[[5, 77, 200, 201, 300, 401]]
    bad = frame.copy()
    bad.loc[rows, column] = value
    warned(bad, frame.drop(rows), match)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_e20_e21_a_covariate_missing_for_one_unit(value):
    frame = base()
    bad = frame.assign(x=frame["x"].where(frame["unit"] != 2, value))
    warned(bad, frame[frame["unit"] != 2], "'x'", adjust=("x",))


def test_e22_weights_of_zero_leave_units_out():
    frame = base()
    zero = frame.assign(w=frame["w"].where(~frame["unit"].isin([1, 15, 30]), 0.0))
    warned(zero, frame[~frame["unit"].isin([1, 15, 30])], "zero", weights="w")


def test_e23_negative_weights():
    refused(base().assign(w=-1.0), "negative", weights="w")


def test_e24_missing_weights():
    frame = base()
    warned(
        frame.assign(w=frame["w"].where(frame["unit"] != 4)), frame[frame["unit"] != 4], "'w' is missing", weights="w"
    )


def test_e25_missing_clusters():
    frame = base()
    bad = frame.assign(region=frame["region"].where(~frame["region"].isin([3, 12])).astype("Float64"))
    warned(bad, frame[~frame["region"].isin([3, 12])], "no 'region'", cluster="region")


def test_e26_two_clusters():
    frame = base()
    frame["half"] = frame["cohort"].notna().astype(int)
    refused(frame, "cluster", cluster="half")


def test_e27_row_order():
    same(base().sample(frac=1, random_state=3))


def test_e28_an_index_of_zeros():
    same(base().set_index(np.zeros(480, dtype=int)))


def test_e29_numbers_as_text():
    same(base().assign(y=lambda d: d["y"].map(repr)))


def test_e30_decimal_commas_are_refused():
    refused(base().assign(y=lambda d: d["y"].map(lambda v: f"{v:.3f}".replace(".", ","))), "decimal point")


def test_e31_e32_categoricals():
    frame = base().assign(
        y=lambda d: d["y"].astype("category"), unit=lambda d: ("u" + d["unit"].astype(str)).astype("category")
    )
    same(frame)


def as_month(values, kind):
    months = values.map(lambda t: pd.NaT if pd.isna(t) else pd.Period(ordinal=627 + int(t), freq="M"))
    if kind == "period":
        return months
    if kind == "date":
        return months.map(lambda m: pd.NaT if m is pd.NaT else m.to_timestamp())
    return months.map(lambda m: 0 if m is pd.NaT else m.year * 100 + m.month)


@pytest.mark.parametrize("kind", ["date", "period", "yyyymm"], ids=["E33", "E34", "E35"])
def test_months_in_every_spelling(kind):
    frame = base()
    months = frame.assign(time=as_month(frame["time"], kind), cohort=as_month(frame["cohort"], kind))
    same(months)
    panel = ai.read_panel(months, unit="unit", period="time", outcome="y")
    design = ai.assign(panel, ai.read_rollout(months, unit="unit", adopted="cohort"), cluster="unit")
    assert 1 in set(ai.GroupTime()(design).event_study().terms["event_time"])


def test_e36_e37_small_number_types():
    frame = base().assign(y=lambda d: np.round(d["y"] * 8).astype(int))
    exact = numbers(answer(frame))
    small = frame.assign(y=(frame["y"] - frame["y"].max() + 127).astype("int8"))
    np.testing.assert_allclose(numbers(answer(small)), exact, rtol=TOLERANCE)
    np.testing.assert_allclose(
        numbers(answer(frame.assign(y=(frame["y"] + 1e6).astype("float32")))), exact, rtol=TOLERANCE
    )


def test_e38_a_gap_in_time_for_everybody():
    frame = base()
    frame = frame[~frame["time"].isin([5, 6, 10])]
    found = answer(frame)
    later = frame.assign(cohort=frame["cohort"].replace(5, 7))
    np.testing.assert_allclose(numbers(found), numbers(answer(later)), rtol=TOLERANCE)


def test_e39_a_cohort_without_data_in_a_period_is_named():
    frame = base()
    inference = answer(frame[(frame["cohort"] != 5) | (frame["time"] != 9)])
    assert any("ATT(5, 9)" in note for note in inference.notes)


def test_e40_a_panel_with_holes_says_so():
    with pytest.warns(DataWarning, match="cells are empty"):
        answer(base().sample(frac=0.8, random_state=1))


def test_e41_a_cohort_after_the_window_is_never_treated_and_said():
    frame = base()
    warned(
        frame.assign(cohort=frame["cohort"].where(~frame["unit"].isin([38, 39]), 30)), frame, "after the last period"
    )


def test_e42_the_number_1_and_the_text_1_are_two_units():
    frame = base()
    same(frame.assign(unit=frame["unit"].astype(object).where(frame["unit"] != 30, "1")))


@pytest.mark.parametrize("scale", [1e12, 1e-9, -8.0], ids=["E43", "E44", "E46"])
def test_scale(scale):
    same(base().assign(y=lambda d: d["y"] * scale), scale=scale)


def test_e45_a_large_level():
    found = numbers(answer(base().assign(y=lambda d: d["y"] + 1e9)))
    np.testing.assert_allclose(found, CLEAN, rtol=1e-6)  # a number near 1e9 keeps seven digits after the point


def test_e47_relabelled_units():
    same(base().assign(unit=lambda d: (d["unit"] * 7) % 41))


def test_e48_e49_shifted_and_spaced_periods():
    same(base().assign(time=lambda d: d["time"] + 2010, cohort=lambda d: d["cohort"] + 2010))
    same(base().assign(time=lambda d: 2 * d["time"], cohort=lambda d: 2 * d["cohort"]))


def test_e50_e51_strange_and_colliding_column_names():
    frame = base().assign(n=1, mean=2, weight=3, cluster=4, post=5, estimate=6, _merge=7)
    same(frame)
    odd = frame.rename(columns={"y": 'SELECT "days" [é]'})
    panel = ai.read_panel(odd, unit="unit", period="time", outcome='SELECT "days" [é]')
    design = ai.assign(panel, ai.read_rollout(odd, unit="unit", adopted="cohort"), cluster="unit")
    assert ai.GroupTime(controls="never")(design).overall().estimate[0] == pytest.approx(CLEAN[0], rel=TOLERANCE)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: d.rename(columns={"y": "yy"}), "'y' is not in the panel"),
        (lambda d: d.head(0), "no rows"),
        (lambda d: d.head(1), "single period"),
        (lambda d: d[d["time"] == 3], "single period"),
        (lambda d: d.assign(cohort=np.nan), "No unit is treated"),
        (lambda d: pd.concat([d, d[["y"]]], axis=1), "Two columns"),
    ],
    ids=["E52", "E53", "E54", "E55", "E56", "E61"],
)
def test_nothing_to_estimate(change, match):
    refused(change(base()), match)


def test_e57_boolean_treatment():
    frame = base().assign(d=lambda d: d["d"].astype(bool))
    same(frame, rollout=ai.read_rollout_from_status(frame, unit="unit", period="time", treated="d"))


@pytest.mark.parametrize("codes", [{0: "trained", 1: "untrained"}, {0: 1, 1: 100}], ids=["E58", "E59"])
def test_treatment_in_other_codes_is_refused(codes):
    frame = base().assign(d=lambda d: d["d"].map(codes))
    with pytest.raises(AsnImpactError, match="0"):
        ai.read_rollout_from_status(frame, unit="unit", period="time", treated="d")


def test_e60_nullable_types():
    same(base().astype({"unit": "Int64", "time": "Int64", "y": "Float64", "cohort": "Int64"}))


def test_e62_the_same_seed_gives_the_same_draws():
    frame = base()
    panel = ai.read_panel(frame, unit="unit", period="time", outcome="y")
    design = ai.assign(panel, ai.read_rollout(frame, unit="unit", adopted="cohort"), cluster="unit")
    effects = ai.GroupTime()(design).overall()
    one, two = (ai.infer(effects, ai.WildBootstrap(reps=199, seed=5)).table() for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def both_ways(frame):
    """The panel, and the rollout by the cohort column and by the 0/1 column."""
    panel = ai.read_panel(frame, unit="unit", period="time", outcome="y")
    by_cohort = ai.read_rollout(frame, unit="unit", adopted="cohort")
    return panel, by_cohort, ai.read_rollout_from_status(frame, unit="unit", period="time", treated="d")


def test_e63_two_columns_that_agree_give_the_first():
    panel, by_cohort, by_status = both_ways(base())
    assert agree(panel, by_cohort, by_status) is by_cohort
    same(base(), rollout=agree(panel, by_status, by_cohort))


@pytest.mark.parametrize(
    ("unit", "start", "said"),
    [(3, 6.0, r"3 \(6 or 5\)"), (3, np.nan, r"3 \(never or 5\)"), (39, 8.0, r"39 \(8 or never\)")],
)
def test_e63_two_columns_that_disagree_about_a_unit_are_refused(unit, start, said):
    frame = base()
    frame.loc[frame["unit"] == unit, "cohort"] = start
    with pytest.raises(DesignError, match=f"disagree about 1 of 40 units, first: {said}"):
        agree(*both_ways(frame))


def test_e63_never_and_after_the_window_are_the_same_and_so_are_all_starts_before_it():
    frame = base()
    frame.loc[frame["unit"] == 39, "cohort"] = 99.0
    frame.loc[frame["unit"] == 0, ["cohort", "d"]] = (1.0, 1)
    agree(*both_ways(frame))


def test_e64_a_start_inside_a_period():
    same(base().assign(cohort=lambda d: d["cohort"] - 0.4))


def test_e65_the_callers_frame_is_left_alone():
    frame = base()
    before = frame.copy(deep=True)
    answer(frame, adjust=("x",), weights="w")
    pd.testing.assert_frame_equal(frame, before)


def test_e66_units_of_18_digits():
    offset = 10**17
    same(base().assign(unit=lambda d: d["unit"] + offset))
    refused(base().assign(unit=lambda d: (d["unit"] + offset).astype(float)), "16 digits")


def test_e68_the_hash_seed_changes_nothing():
    code = "import sys; sys.path.insert(0, 'tests'); from test_nasty_panels import CLEAN; print(repr(CLEAN))"
    seeded = {**os.environ, "PYTHONHASHSEED": "4711"}  # here it is another one
    done = subprocess.run([sys.executable, "-c", code], env=seeded, capture_output=True, text=True, check=True)
    assert done.stdout == f"{CLEAN!r}\n"


def test_e69_a_tiny_unbalanced_outcome():
    frame = base().sample(frac=0.9, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        for estimator in (ai.GroupTime(), ai.TwoWay()):
            one = numbers(answer(frame, estimator=estimator))
            two = numbers(answer(frame.assign(y=frame["y"] * 1e-9), estimator=estimator))
            np.testing.assert_allclose(np.array(two) * 1e9, one, rtol=1e-8)


@pytest.mark.parametrize("column", ["unit", "time"], ids=["E70", "E72"])
def test_a_missing_unit_or_period_is_counted(column):
    frame = base()
    rows = frame.index[[9, 99, 444]]
    bad = frame.astype({column: "Float64"})
    bad.loc[rows, column] = pd.NA
    with pytest.warns(DataWarning, match=f"'{column}' is missing"):
        panel = ai.read_panel(bad, unit="unit", period="time", outcome="y")
    clean = ai.read_panel(frame.drop(rows), unit="unit", period="time", outcome="y")
    np.testing.assert_array_equal(panel.mean, clean.mean)


def test_e71_weights_times_a_thousand():
    frame = base()
    expected = numbers(answer(frame, weights="w"))
    found = numbers(answer(frame.assign(w=1000 * frame["w"]), weights="w"))
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE)
