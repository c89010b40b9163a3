"""Recovery after a shock: hand-sized units, censoring that is counted, and a comparison that is valid.

Restricted means equal a mean by hand exactly; log-rank equals statsmodels to 1e-10 (the same arithmetic).
"""

import itertools

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from asn_impact.errors import DataWarning, DesignError, InputError
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel
from asn_impact.topics.recovery.comparison import compare_recovery
from asn_impact.topics.recovery.recovery import ShareBand, SpreadBand, recovery
from asn_impact.topics.recovery.restricted_means import restricted_mean

TIGHT = 1e-10
BEFORE = [10.0, 11.0, 10.0, 11.0]


def panel(series, first="2024-01", **attributes):
    """Units with monthly means from a first month on; None is a month without a value."""
    rows = [
        {
            "office": unit,
            "month": str(pd.Period(first, "M") + t),
            "days": value,
            **{k: v[unit] for k, v in attributes.items()},
        }
        for unit, values in series.items()
        for t, value in enumerate(values)
        if value is not None
    ]
    return read_panel(pd.DataFrame(rows), unit="office", period="month", outcome="days")


def after(*values, **more):
    chosen = {"at": "2024-05", "band": ShareBand(0.1, 4), "worse": "higher", "within": len(values), **more}
    found = recovery(panel({"O1": [*BEFORE, *values]}), **chosen)
    return float(found.months[0]), bool(found.recovered[0])


def test_the_months_until_a_unit_is_back_are_counted_from_the_month_of_the_shock():
    assert after(20, 16, 11, 10) == (2, True)
    assert after(20, 20, 20, 11.5) == (3, True)
    assert after(11, 20, 20, 20) == (0, True)  # inside in the month of the shock


def test_a_unit_that_never_comes_back_is_censored_and_not_dropped():
    assert after(20, 20, 20, 20) == (4, False)
    with pytest.warns(DataWarning, match="ends 3 months after the shock, not 6"):
        assert after(20, 20, 20, within=6) == (3, False)


def test_better_than_usual_is_no_departure_and_worse_can_be_lower():
    assert after(3, 3, 3, 3) == (0, True)
    assert after(3, 3, 10.2, 3, worse="lower") == (2, True)


def test_one_lucky_month_is_no_recovery_of_two():
    assert after(20, 10, 20, 10, 10, stays=1) == (1, True)
    assert after(20, 10, 20, 10, 10, stays=2) == (3, True)
    assert after(20, 20, 20, 10, stays=2) == (3, False)  # the run is not over: known to be away for three months only


def test_the_band_is_the_units_own():
    found = recovery(
        panel({"slow": [40, 44, 40, 44, 44, 44], "quick": [*BEFORE, 44, 11]}),
        at="2024-05",
        band=ShareBand(0.1, 4),
        worse="higher",
        within=2,
    )
    rows = found.frame().set_index("unit")
    assert rows["months"].to_dict() == {"quick": 1.0, "slow": 0.0}
    assert rows["limit"].to_dict() == pytest.approx({"quick": 11.55, "slow": 46.2})
    assert rows.loc["quick", "worst"] == pytest.approx(44 - 11.55)


def test_a_band_of_standard_deviations_uses_the_months_asked_for():
    found = recovery(
        panel({"O1": [99.0, *BEFORE, 20, 11]}), at="2024-06", band=SpreadBand(2, 4), worse="higher", within=2
    )
    assert found.limit[0] == pytest.approx(np.mean(BEFORE) + 2 * np.std(BEFORE, ddof=1))


def test_shift_and_scale_move_nothing():
    rng = np.random.default_rng(3)
    values = {f"O{i}": rng.normal(10, 2, 12).tolist() for i in range(8)}
    settings = {"at": "2024-07", "band": SpreadBand(1, 6), "worse": "higher", "within": 6}
    plain = recovery(panel(values), **settings)
    moved = recovery(panel({u: (3 * np.array(v) + 100).tolist() for u, v in values.items()}), **settings)
    assert moved.months.tolist() == plain.months.tolist()
    assert moved.recovered.tolist() == plain.recovered.tolist()
    turned = recovery(panel({u: (-np.array(v)).tolist() for u, v in values.items()}), **{**settings, "worse": "lower"})
    assert turned.months.tolist() == plain.months.tolist()


def test_units_without_a_band_and_months_without_a_value_are_said():
    series = {"O1": [*BEFORE, 20, 11], "O2": [None, None, None, 11, 20, 11], "O3": [*BEFORE, 20, None]}
    with pytest.warns(DataWarning, match=r"1 units have too few months.*'O2'.*1 months after the shock"):
        found = recovery(panel(series), at="2024-05", band=ShareBand(0.1, 4), worse="higher", within=2)
    rows = found.frame().set_index("unit")
    assert np.isnan(rows.loc["O2", "months"])
    assert rows.loc["O2", "reason"] == "1 of 4 months before the shock have a value"
    assert not rows.loc["O3", "recovered"]
    assert repr(found) == "Recovery(days after 2024-05: 1 of 2 units back within 2 months, 1 censored)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"at": "2024-01"}, "no before"),
        ({"at": "2030-01"}, "after the last month"),
        ({"worse": "up"}, "Expected 'higher'"),
        ({"within": 0}, "1 or more"),
        ({"band": ShareBand(0.1, 12)}, "the panel has 4"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        after(20, 16, **change)


def test_a_panel_by_year_is_refused():
    yearly = read_panel(
        pd.DataFrame({"o": "A", "y": [2020, 2021, 2022], "v": [1.0, 2, 3]}), unit="o", period="y", outcome="v"
    )
    with pytest.raises(InputError, match="counted in months"):
        recovery(yearly, at=2022, band=ShareBand(0.1, 2), worse="higher", within=1)


# --- trained and untrained ------------------------------------------------------------------------------------


def away(months, length=6):
    """A unit that is away for some months after the shock in May 2024."""
    return [*BEFORE, *([30.0] * months), *([10.0] * (length - months))]


def world(trained=(0, 1, 1, 2), others=(2, 3, 4, 6), **attributes):
    series = {f"T{i}": away(m) for i, m in enumerate(trained)} | {f"U{i}": away(m) for i, m in enumerate(others)}
    found = recovery(panel(series, **attributes), at="2024-05", band=ShareBand(0.1, 4), worse="higher", within=6)
    return found, {u: "2024-02" if u.startswith("T") else None for u in series}


def rollout(adopted):
    return read_rollout(
        pd.DataFrame({"office": list(adopted), "from": list(adopted.values())}), unit="office", adopted="from"
    )


def test_the_difference_is_that_of_the_means_up_to_the_horizon_and_the_p_value_counts_all_ways():
    found, adopted = world()
    result = compare_recovery(found, rollout(adopted), cluster="office", reps=100, seed=1)
    assert result.estimate == 1.0 - 3.75
    times = np.array([0, 1, 1, 2, 2, 3, 4, 6], dtype=float)
    ways = [times[list(c)].mean() - np.delete(times, c).mean() for c in itertools.combinations(range(8), 4)]
    assert result.exact
    assert result.p_value == np.mean(np.abs(ways) >= 2.75 - 1e-9)
    groups = result.groups().set_index("group")
    assert groups["censored"].to_dict() == {"untrained": 1, "trained": 0}
    row = result.table().iloc[0]
    welch = np.sqrt(np.var([0, 1, 1, 2], ddof=1) / 4 + np.var([2, 3, 4, 6], ddof=1) / 4)
    assert row["std_error"] == pytest.approx(welch)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert {"term", "estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high"} == set(row.index)


def test_the_log_rank_is_that_of_statsmodels():
    found, adopted = world()
    result = compare_recovery(found, rollout(adopted), cluster="office", reps=100, seed=1)
    times, status = np.minimum(found.months, 6), found.recovered.astype(int)
    _, expected = survdiff(times + 1, status, np.array([u.startswith("T") for u in found.panel.units]))
    assert result.log_rank == pytest.approx(expected, abs=TIGHT)


def test_the_restricted_mean_is_the_area_under_kaplan_meier():
    rng = np.random.default_rng(5)
    for _ in range(20):
        times = rng.integers(1, 9, 15).astype(float)
        back = rng.random(15) < 0.6
        back[times == times.max()] = True  # so that the curve is known up to the horizon
        curve = SurvfuncRight(times, back.astype(int))
        steps = np.array([np.prod(1 - (curve.n_events / curve.n_risk)[curve.surv_times <= t]) for t in range(8)])
        assert restricted_mean(times, back, 8) == pytest.approx(steps.sum(), abs=TIGHT)


def test_training_is_dealt_over_clusters():
    kecamatan = {f"{g}{i}": f"{g}{i // 2}" for g in "TU" for i in range(4)}
    found, adopted = world(kecamatan=kecamatan)
    result = compare_recovery(found, rollout(adopted), cluster="kecamatan", reps=100, seed=1)
    assert (result.ways, result.clusters.tolist()) == (6, [2, 2])
    assert result.p_value >= 1 / 6
    torn = {u: "K1" if u in ("T0", "U0") else k for u, k in kecamatan.items()}
    found, adopted = world(kecamatan=torn)
    with pytest.raises(DesignError, match="trained in part"):
        compare_recovery(found, rollout(adopted), cluster="kecamatan", reps=100, seed=1)


def test_units_trained_on_the_way_are_set_aside_and_later_ones_are_untrained():
    found, adopted = world()
    adopted |= {"T3": "2024-06", "T2": "2026-01"}
    result = compare_recovery(found, rollout(adopted), cluster="office", reps=200, seed=1)
    groups = result.groups().set_index("group")
    assert groups["units"].to_dict() == {"untrained": 5, "trained": 2}
    assert any("1 units were trained in the months looked at" in str(note) for note in result.notes)


def test_a_sample_of_ways_is_reproducible_and_never_gives_zero():
    found, adopted = world(trained=(0,) * 10, others=(6,) * 10)
    draws = [compare_recovery(found, rollout(adopted), cluster="office", reps=99, seed=7) for _ in range(2)]
    assert draws[0].p_value == draws[1].p_value == 1 / 100
    assert not draws[0].exact


def test_without_an_effect_small_p_values_are_rare():
    rng = np.random.default_rng(11)
    p_values = []
    for _ in range(100):
        found, adopted = world(trained=rng.integers(0, 6, 6), others=rng.integers(0, 6, 6))
        p_values.append(compare_recovery(found, rollout(adopted), cluster="office", reps=49, seed=2).p_value)
    assert np.mean(np.array(p_values) <= 0.1) <= 0.19  # 0.1 plus three standard errors


def test_a_comparison_without_two_clusters_on_both_sides_or_with_strangers_is_refused():
    found, adopted = world()
    only = {u: ("2024-02" if u == "T0" else None) for u in adopted}
    with pytest.raises(DesignError, match="1 cluster by 'office' is trained"):
        compare_recovery(found, rollout(only), cluster="office", reps=9, seed=1)
    with pytest.raises(DesignError, match="not in the panel"):
        compare_recovery(found, rollout({**adopted, "X": None}), cluster="office", reps=9, seed=1)
    with pytest.raises(DesignError, match="not a unit attribute"):
        compare_recovery(found, rollout(adopted), cluster="ofice", reps=9, seed=1)


def test_a_mean_that_is_not_known_is_missing_and_says_why():
    """A run that begins in the last month is censored there: nobody of the group was followed to the horizon."""
    series = {f"T{i}": [*BEFORE, 20, 20, 10] for i in range(2)} | {f"N{i}": [*BEFORE, 10, 10, 10] for i in range(2)}
    adopted = {unit: ("2024-02" if unit.startswith("T") else None) for unit in series}
    found = recovery(panel(series), at="2024-05", band=ShareBand(0.1, 4), worse="higher", within=3, stays=2)
    result = compare_recovery(found, rollout(adopted), cluster="office", reps=9, seed=1)
    assert np.isnan(result.estimate)
    assert np.isnan(result.std_error)
    assert any("of the trained units is not known" in str(note) for note in result.notes)
    smaller = recovery(panel(series), at="2024-05", band=ShareBand(0.1, 4), worse="higher", within=2, stays=2)
    known = compare_recovery(smaller, rollout(adopted), cluster="office", reps=9, seed=1)
    assert known.estimate == 2.0
    assert not any("units is not known" in str(note) for note in known.notes)


def test_an_error_that_is_not_known_says_why():
    """Without T0 the other trained unit is censored before the horizon, so one of the deleted means is not known."""
    late = {"T0": [20, 20, 20], "T1": [20, 20, 10], "N0": [10, 10, 10], "N1": [20, 10, 10]}
    series = {unit: [*BEFORE, *values] for unit, values in late.items()}
    adopted = {unit: ("2024-02" if unit.startswith("T") else None) for unit in series}
    found = recovery(panel(series), at="2024-05", band=ShareBand(0.1, 4), worse="higher", within=3, stays=2)
    result = compare_recovery(found, rollout(adopted), cluster="office", reps=9, seed=1)
    assert np.isfinite(result.means[1])
    assert np.isnan(result.std_error)
    assert any(str(note).startswith("There is no standard error") for note in result.notes)
