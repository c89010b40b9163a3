"""Completion curves: exact shares in mature months, product-limit estimates in the others, panels of one day."""

import datetime as dt
import functools
import pickle
import re
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter
from statsmodels.duration.survfunc import SurvfuncRight

from asn_impact.errors import InputError
from asn_impact.intake.readers.exports import read_exports
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.curves import CurvePanel, incidence
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import CompletionCurve, RestrictedMean, Within
from asn_impact.measures.tabulate import maturity, tabulate

ROUNDING = 1e-12  # the same products in another order
SMALL_BIAS = 0.02  # 4,000 draws have a standard error of at most 0.008; see docs/methods.md for the bias of other rules
CALENDAR = WorkCalendar.indonesia()
AS_OF = dt.date(2024, 12, 31)
NEVER = 10_000


def cases(count=900, seed=3, *, wait=0.06):
    """Cases received in 2024; those not over by the day of the export are open."""
    rng = np.random.default_rng(seed)
    received = np.datetime64("2024-01-01") + rng.integers(0, 366, count)
    decided = received + rng.geometric(wait, count) - 1
    status = rng.choice(["granted", "rejected", "withdrawn"], count, p=[0.8, 0.1, 0.1]).astype(object)
    late = decided > np.datetime64(AS_OF)
    status[late] = "open"
    return pd.DataFrame(
        {
            "case": [f"c{i}" for i in range(count)],
            "office": rng.choice(["O1", "O2", "O3"], count),
            "received": received.astype("datetime64[us]"),
            "decided": pd.Series(decided.astype("datetime64[us]")).mask(late),
            "status": status,
        }
    )


def times(frame, as_of=AS_OF):
    return measure(read_exports(frame, as_of=as_of), CALENDAR)


@functools.cache
def known():
    """The usual cases, read and measured once."""
    return times(cases())


def counted(waits, followed, horizon):
    """Counts as `incidence` takes them, from the wait and the follow-up of each case; NEVER is no decision."""
    decided, all_of = np.zeros((1, horizon + 1, horizon + 1)), np.zeros((1, horizon + 1))
    for wait, follow in zip(waits, followed, strict=True):
        all_of[0, min(follow, horizon)] += 1
        if wait <= min(follow, horizon):
            decided[0, min(follow, horizon), wait] += 1
    return decided, all_of


def twin(waits, followed, day):
    """The slow twin: the product-limit estimate at one day, case by case, and its Greenwood variance."""
    if max(followed) < day:
        return np.nan, np.nan
    left, spread = 1.0, 0.0
    for t in range(day + 1):
        at_risk = sum(f >= t and w >= t for w, f in zip(waits, followed, strict=True))
        ended = sum(f >= t and w == t for w, f in zip(waits, followed, strict=True))
        if at_risk == 0 and left > 0:
            return np.nan, np.nan
        if at_risk > ended:
            spread += ended / (at_risk * (at_risk - ended))
        left *= 1 - ended / max(at_risk, 1)
    return 1 - left, left**2 * spread


def test_every_day_of_the_curve_is_the_share_within_that_day():
    durations = known()
    curve = tabulate(durations, CompletionCurve(20))
    for day in (0, 1, 7, 20):
        within = tabulate(durations, Within(day))
        months = [within.timeline.labels.index(label) for label in curve.timeline.labels]
        panel = curve.at(day)
        np.testing.assert_array_equal(panel.n, within.n[:, months])
        np.testing.assert_array_equal(panel.mean, within.mean[:, months])
        np.testing.assert_array_equal(panel.within, within.within[:, months])
        assert panel.outcome == Within(day)


@pytest.mark.parametrize("engine", [lambda f: f, lambda f: duckdb.connect().from_df(f)])
def test_a_longer_curve_is_the_same_up_to_the_end_of_the_shorter(engine):
    """Engines add up the days of a short curve, and count the cases of each day of a long one."""
    own = times(engine(cases()))
    short, long = tabulate(own, [CompletionCurve(20), CompletionCurve(90)])
    months = len(long.timeline)
    assert short.timeline.labels[:months] == long.timeline.labels
    np.testing.assert_array_equal(long.curve[:, :, :21], short.curve[:, :months])
    np.testing.assert_array_equal(long.inside[:, :, :21], short.inside[:, :months])


def test_the_panel_itself_is_that_of_the_horizon():
    durations = known()
    curve, last = tabulate(durations, CompletionCurve(20)), tabulate(durations, Within(20))
    assert isinstance(curve, CurvePanel)
    assert (curve.units, curve.timeline.labels, curve.immature) == (last.units, last.timeline.labels, last.immature)
    for name in ("n", "mean", "weight", "within", "observed"):
        np.testing.assert_array_equal(getattr(curve, name), getattr(last, name))


def test_the_area_above_the_curve_is_the_restricted_mean():
    durations, horizon = known(), 20
    curve = tabulate(durations, CompletionCurve(horizon))
    area = (1 - curve.curve[:, :, :horizon]).sum(axis=2)
    np.testing.assert_allclose(area, tabulate(durations, RestrictedMean(horizon)).mean, rtol=ROUNDING)


def test_withdrawn_cases_never_complete_and_rejected_ones_do():
    day = pd.Timestamp("2024-02-05")
    frame = pd.DataFrame(
        {
            "case": list("abcd"),
            "office": "O1",
            "status": ["granted", "rejected", "withdrawn", "open"],
            "received": day,
            "decided": [day + pd.Timedelta(days=1)] * 3 + [pd.NaT],
        }
    )
    for immature in ("leave_out", "kaplan_meier"):
        panel = tabulate(times(frame, dt.date(2024, 3, 28)), CompletionCurve(9, immature=immature))
        assert panel.curve[0, 0].tolist() == [0.0] + [0.5] * 9


def test_with_kaplan_meier_mature_months_are_unchanged_and_the_others_enter():
    durations = known()
    out, km = (tabulate(durations, CompletionCurve(30, immature=how)) for how in ("leave_out", "kaplan_meier"))
    t = len(out.timeline)
    assert km.timeline.labels[:t] == out.timeline.labels
    assert km.timeline.labels[t:] == out.immature
    assert km.immature == ()
    np.testing.assert_array_equal(km.curve[:, :t], out.curve)
    np.testing.assert_array_equal(km.inside[:, :t], out.inside)


def test_immature_cells_are_the_slow_twin_and_the_note_says_how_far_they_count():
    frame, horizon = cases(3_000), 30
    panel = tabulate(times(frame), CompletionCurve(horizon, immature="kaplan_meier"))
    decided = frame["status"].isin(["granted", "rejected"]).to_numpy()
    waits = np.full(len(frame), NEVER)
    waits[decided] = CALENDAR.between(frame["received"][decided], frame["decided"][decided])
    followed = CALENDAR.between(frame["received"], pd.Series([pd.Timestamp(AS_OF)] * len(frame)))
    month = frame["received"].dt.strftime("%Y-%m")
    for u, unit in enumerate(panel.units):
        for label in ("2024-11", "2024-12"):
            t, rows = panel.timeline.labels.index(label), ((frame["office"] == unit) & (month == label)).to_numpy()
            expected = np.array([twin(waits[rows], followed[rows], d) for d in range(horizon + 1)])
            np.testing.assert_allclose(panel.curve[u, t], expected[:, 0], rtol=ROUNDING, atol=ROUNDING)
            np.testing.assert_allclose(panel.inside[u, t], expected[:, 1] * rows.sum() ** 2, rtol=1e-9, atol=1e-9)
    last = panel.timeline.labels.index("2024-12")
    reach = int(np.flatnonzero(np.isfinite(panel.curve[:, last]).any(axis=0)).max())
    assert 0 < reach < horizon
    assert any(f"2024-12 (to day {reach})" in str(note) for note in panel.notes)


def test_a_cell_counts_up_to_its_follow_up_and_not_beyond():
    panel = tabulate(times(cases(3_000)), CompletionCurve(30, immature="kaplan_meier"))
    known = np.isfinite(panel.curve)
    assert (known[:, :, :-1] >= known[:, :, 1:]).all()
    last = panel.timeline.labels.index("2024-12")
    assert not panel.observed[:, last].any()
    assert panel.at(5).observed[:, last].all()
    assert (panel.at(30).weight[:, last] == 0).all()
    assert np.isnan(panel.at(30).mean[:, last]).all()


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 10)), min_size=1, max_size=25))
@settings(deadline=None, max_examples=150)
def test_incidence_is_the_product_limit_of_the_slow_twin(pairs):
    waits, followed = zip(*pairs, strict=True)
    found = incidence(*counted(waits, followed, 10))
    expected = np.array([twin(waits, followed, day) for day in range(11)])
    np.testing.assert_allclose(found.share[0], expected[:, 0], atol=ROUNDING)
    np.testing.assert_allclose(found.variance[0], expected[:, 1], atol=ROUNDING)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 10)), min_size=1, max_size=25))
@settings(deadline=None, max_examples=100)
def test_incidence_is_that_of_statsmodels(pairs):
    waits, followed = (np.array(column) for column in zip(*pairs, strict=True))
    ended = waits <= followed
    theirs = SurvfuncRight(np.minimum(waits, followed), ended.astype(int))
    found = incidence(*counted(waits, followed, 10))
    for day, left in zip(theirs.surv_times.astype(int), theirs.surv_prob, strict=True):
        if np.isfinite(found.share[0, day]):
            assert found.share[0, day] == pytest.approx(1 - left, abs=ROUNDING)
    for day, error, left in zip(theirs.surv_times.astype(int), theirs.surv_prob_se, theirs.surv_prob, strict=True):
        if np.isfinite(found.variance[0, day]) and left > 0:  # theirs is 0 / 0 where nobody is left
            assert np.sqrt(found.variance[0, day]) == pytest.approx(error, abs=1e-9)


@given(st.lists(st.integers(0, 15), min_size=1, max_size=30))
def test_without_censoring_it_is_the_plain_share_with_its_binomial_variance(waits):
    found, n = incidence(*counted(waits, [10] * len(waits), 10)), len(waits)
    share = np.array([sum(w <= day for w in waits) / n for day in range(11)])
    np.testing.assert_allclose(found.share[0], share, atol=ROUNDING)
    np.testing.assert_allclose(found.variance[0], share * (1 - share) / n, atol=ROUNDING)


def test_a_hand_made_cell():
    # followed 5, 5, 2, 2, 0 days; decided on day 1 (first), 2 (third); the fifth is censored on day 0
    found = incidence(*counted([1, NEVER, 2, NEVER, NEVER], [5, 5, 2, 2, 0], 6))
    # day 1: 1 of 4 at risk; day 2: 1 of 3; then one case at risk to day 5; nobody was followed to day 6
    half = 1 - 3 / 4 * 2 / 3
    np.testing.assert_allclose(found.share[0], [0, 0.25, half, half, half, half, np.nan])


def test_a_curve_ends_where_nobody_is_at_risk_and_goes_on_where_all_are_decided():
    # the only case followed beyond day 1 is decided on day 0: from day 2 on nobody is at risk
    assert np.isfinite(incidence(*counted([0, NEVER], [4, 1], 4)).share[0]).tolist() == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert incidence(*counted([0, 1], [4, 1], 4)).share[0].tolist() == [0.5, 1, 1, 1, 1]


def aalen_johansen(ends, withdrawn, followed, day):
    """Share decided by a day when dates of withdrawal are known: those withdrawn leave the risk set."""
    left, total = 1.0, 0.0
    for t in range(day + 1):
        at_risk = ((ends >= t) & (followed >= t)).sum()
        now = (ends == t) & (followed >= t)
        total += left * (now & ~withdrawn).sum() / at_risk
        left *= 1 - now.sum() / at_risk
    return total


def test_it_agrees_with_aalen_and_johansen_where_dates_of_withdrawal_are_known():
    """Two estimators of one number: in 20,000 cases they differ by much less than its standard error (0.0035)."""
    rng = np.random.default_rng(5)
    ends, withdrawn, followed = rng.geometric(0.1, 20_000) - 1, rng.random(20_000) < 0.2, rng.integers(0, 25, 20_000)
    found = incidence(*counted(np.where(withdrawn, NEVER, ends), followed, 20))
    for day in (0, 5, 10, 20):
        true = 0.8 * (1 - 0.9 ** (day + 1))
        assert found.share[0, day] == pytest.approx(true, abs=0.015)
        assert found.share[0, day] == pytest.approx(aalen_johansen(ends, withdrawn, followed, day), abs=0.006)


@pytest.mark.parametrize(("size", "wait"), [(4, 0.08), (10, 0.2), (30, 0.2)])
def test_cells_of_a_running_month_are_nearly_unbiased_and_plain_shares_are_not(size, wait):
    rng = np.random.default_rng(1)
    followed, waits = rng.integers(0, 21, (4_000, size)), rng.geometric(wait, (4_000, size)) - 1
    decided, everyone = np.zeros((4_000, 16, 16)), np.zeros((4_000, 16))
    for column in range(size):
        follow, wait_of = np.minimum(followed[:, column], 15), waits[:, column]
        everyone[np.arange(4_000), follow] += 1
        seen = np.flatnonzero(wait_of <= follow)
        decided[seen, follow[seen], wait_of[seen]] += 1
    share = incidence(decided, everyone).share
    truth = 1 - (1 - wait) ** (np.arange(16) + 1)
    naive = decided.sum(axis=1).cumsum(axis=1).mean(axis=0) / size
    assert np.abs(np.nanmean(share, axis=0) - truth).max() < SMALL_BIAS
    assert (naive - truth)[15] < -0.15


def test_curves_do_not_depend_on_the_order_of_the_records_or_on_other_offices():
    frame = cases()
    whole = tabulate(times(frame), CompletionCurve(30, immature="kaplan_meier"))
    mixed = tabulate(times(frame.sample(frac=1, random_state=1)), CompletionCurve(30, immature="kaplan_meier"))
    np.testing.assert_array_equal(mixed.curve, whole.curve)
    alone = tabulate(times(frame[frame["office"] == "O2"]), CompletionCurve(30, immature="kaplan_meier"))
    np.testing.assert_allclose(alone.curve[0], whole.curve[1], rtol=ROUNDING)


def test_selecting_units_selects_their_curves():
    panel = tabulate(known(), CompletionCurve(30, immature="kaplan_meier"))
    chosen = panel.select(np.array([2, 0]))
    assert (chosen.units, chosen.horizon) == (("O3", "O1"), 30)
    np.testing.assert_array_equal(chosen.curve, panel.curve[[2, 0]])
    np.testing.assert_array_equal(chosen.at(7).mean, panel.at(7).mean[[2, 0]])


def test_a_curve_is_read_only_shows_itself_and_survives_a_pickle():
    panel = tabulate(known(), CompletionCurve(30))
    with pytest.raises(ValueError, match="read-only"):
        panel.curve[0, 0, 0] = 1
    assert repr(panel) == "Panel(completion_curve_30: 3 units x 10 periods, 2024-01 to 2024-10)"
    assert "completion_curve_30 (share)" in DisplayFormatter().format(panel)[0]["text/html"]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(panel)).curve, panel.curve)


def test_a_changed_mean_without_its_curve_is_refused_on_single_days():
    panel = tabulate(known(), CompletionCurve(30))
    with pytest.raises(InputError, match="its curve was not"):
        replace(panel, mean=panel.mean + 1).at(3)
    constant = replace(panel, mean=np.full(panel.mean.shape, 2.0), within=np.zeros(panel.within.shape))
    assert (constant.at(3).mean == 2).all()


@pytest.mark.parametrize("day", [-1, 31])
def test_a_day_beyond_the_curve_is_refused(day):
    with pytest.raises(InputError, match="Expected 0 to 30"):
        tabulate(known(), CompletionCurve(30)).at(day)


def test_covariates_and_horizons_nobody_was_followed_for_are_refused():
    with pytest.raises(InputError, match="no covariates inside its cells"):
        tabulate(times(cases().assign(pages="3")), CompletionCurve(30), covariates="status")
    with pytest.raises(InputError, match=r"2024-01, followed longest, have \d+ of 900 working days"):
        tabulate(known(), CompletionCurve(900))
    with pytest.raises(InputError, match=re.escape("No cell can answer completion_curve_900 on its last day")):
        tabulate(known(), CompletionCurve(900, immature="kaplan_meier"))


@pytest.mark.parametrize("make", [lambda: CompletionCurve(0), lambda: CompletionCurve(2.5)])
def test_the_horizon_is_a_whole_number_of_days(make):
    with pytest.raises(InputError, match="Expected a whole number, "):
        make()


def test_an_unknown_treatment_of_immature_months_is_named():
    with pytest.raises(InputError, match="Did you mean 'kaplan_meier'"):
        CompletionCurve(30, immature="kaplan-meier")


def test_the_clock_names_the_unit_of_its_days():
    panel = tabulate(measure(read_exports(cases(), as_of=AS_OF), CALENDAR, clock="calendar_days"), CompletionCurve(30))
    assert panel.at(4).outcome == Within(4, "calendar days")


def test_maturity_is_told_for_a_curve_as_for_its_last_day():
    durations = known()
    pd.testing.assert_frame_equal(maturity(durations, CompletionCurve(30)), maturity(durations, Within(30)))


@pytest.mark.parametrize(
    "engine",
    [lambda f: f.convert_dtypes(dtype_backend="pyarrow"), pl.from_pandas, lambda f: duckdb.connect().from_df(f)],
)
def test_every_engine_gives_the_same_curves(engine):
    frame, outcome = cases(), CompletionCurve(30, immature="kaplan_meier")
    frame["status"] = frame["status"].astype("str")
    expected, found = tabulate(times(frame), outcome), tabulate(times(engine(frame)), outcome)
    assert found.notes == expected.notes
    for name in ("curve", "inside", "n", "mean", "weight"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
