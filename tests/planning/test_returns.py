"""Returns: hand-sized sums, the closed form of what is linear in the effect, and what must be refused.

Tolerances: shares of 20,000 draws have a standard error of 0.0035 at most; comparisons with the t distribution allow
four of them. Everything else is arithmetic.
"""

import functools
import math
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import asn_impact as ai
from asn_impact.designs import Design
from asn_impact.errors import DataWarning, InputError
from asn_impact.estimation import BiasReduced, GroupTime, Inference, Permutation, infer
from asn_impact.measures.outcomes import Mean, RestrictedMean, Within
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline
from asn_impact.topics.planning.costs import read_costs
from asn_impact.topics.planning.returns import StaffTime, cases_per_month, returns

SHARE = 4 * 0.0035


def design(n=None, weights="records", outcome=None, adopted=(6, 6, 6, *[np.inf] * 5), effect=-2.0, by_size=0.0):
    """Eight offices, twelve months; the effect may grow with the number of applications of an office."""
    shape = (len(adopted), 12)
    n = np.full(shape, 20.0) if n is None else np.broadcast_to(np.asarray(n, dtype=float)[:, None], shape)
    noise = np.random.default_rng(1).normal(scale=0.2, size=shape)
    adopted = np.array(adopted, dtype=float)
    treated = np.arange(12)[None, :] >= adopted[:, None]
    panel = Panel(
        outcome=outcome or RestrictedMean(30),
        units=tuple(f"O{i}" for i in range(shape[0])),
        timeline=Timeline.months(24276 + np.arange(12)),
        n=n,
        mean=10 + noise + (effect + by_size * (n - n.mean())) * treated,
        weight=n if weights == "records" else np.ones(shape),
        attributes=pd.DataFrame({"office": [f"O{i}" for i in range(shape[0])]}),
    )
    return Design(panel, adopted, np.arange(shape[0]), panel.units, "office", weights=weights)


def found(estimate=-2.0, std_error=0.5, df=12.0, made=None):
    """An inference with numbers that can be checked by hand."""
    effects = GroupTime()(made or design()).overall()
    return Inference(effects, BiasReduced(), np.array([estimate]), np.array([[std_error**2]]), np.array([df]))


@functools.cache
def spent(amount=1_200_000, later=0):
    rows = [("Pelatihan", 1, "paket", amount, "DPA 2025", 2025, 0)]
    rows += [("Penyegaran", 1, "paket", later, "DPA 2025", 2025, 1)] if later else []
    names = ["komponen", "jumlah", "satuan", "harga_satuan", "sumber", "tahun_harga", "tahun_ke"]
    return read_costs(pd.DataFrame(rows, columns=names))


def given_back(inference=None, costs=None, **changes):
    asked = {
        "cases_per_month": 100,
        "value_of_a_day": 1000,
        "years": 0.5,
        "discount": 0.0,
        "reps": 20_000,
        "seed": 1,
    }
    return returns(**{"inference": inference or found(), "costs": costs or spent(), **asked, **changes})


# ------------------------------------------------------------------------------------------------------ hand-sized


def test_a_programme_on_one_page():
    back = given_back()  # 2 days less, 100 applications a month, half a year: 1,200 days worth 1,000 rupiah each
    table = back.table().set_index("term")
    assert table.loc["days_saved_per_case", "estimate"] == 2
    assert table.loc["days_saved", "estimate"] == 1200
    assert table.loc["benefit", "estimate"] == 1_200_000
    assert table.loc["net_present_value", "estimate"] == 0
    assert table.loc["cost_per_day", "estimate"] == 1000
    assert table.loc["break_even_value", "estimate"] == 1000
    assert table.loc["break_even_effect", "estimate"] == 2
    assert table.loc["net_present_value", "p_value"] == 1


def test_the_columns_are_those_of_every_result():
    expected = ["term", "unit", "estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high"]
    assert given_back().table().columns.tolist() == expected


def test_discounting_counts_months_and_years_as_written():
    with pytest.warns(DataWarning):
        back = given_back(costs=spent(1_000_000, later=500_000), years=2, discount=0.08)
    months = sum(1.08 ** (-m / 12) for m in range(1, 25))
    assert back.discounted_cases == pytest.approx(100 * months)
    assert back.costs_now == pytest.approx(1_000_000 + 500_000 / 1.08)
    assert back.cases == 2400, "applications themselves are not discounted"


def test_half_of_the_effect_is_left_after_a_half_life():
    with pytest.warns(DataWarning):
        first, third = (given_back(years=y, fade_half_life=1.0).cases for y in (1, 3))
    assert third == pytest.approx(first * (1 + 0.5 + 0.25))


def test_a_part_of_a_month_counts_as_that_part():
    assert given_back(years=0.5 / 12).cases == pytest.approx(50)


def test_staff_time_counts_only_where_it_was_given():
    assert given_back().staff_value == 0
    back = given_back(staff=StaffTime(hours_per_case=0.5, value_of_an_hour=2000))
    assert back.staff_value == 600 * 0.5 * 2000
    assert back.break_even_effect == pytest.approx((1_200_000 - 600_000) / 600_000)
    all_paid = given_back(staff=StaffTime(hours_per_case=5, value_of_an_hour=2000))
    assert all_paid.break_even_effect == 0


# ------------------------------------------------------------------------------------------------ uncertainty carried


def test_draws_have_the_distribution_that_the_table_has():
    back = given_back(value_of_a_day=1500)
    row = back.table(0.9).set_index("term").loc["net_present_value"]
    low, high = np.quantile(back.net_present_value(), [0.05, 0.95])
    assert stats.t.cdf((low - row["estimate"]) / row["std_error"], 12) == pytest.approx(0.05, abs=SHARE)
    assert stats.t.cdf((high - row["estimate"]) / row["std_error"], 12) == pytest.approx(0.95, abs=SHARE)
    expected = stats.t.sf(-row["estimate"] / row["std_error"], 12)
    assert back.probability_positive == pytest.approx(expected, abs=SHARE)


def test_the_interval_of_the_days_is_that_of_the_effect_turned_over():
    inference = found()
    low, high = inference.interval(0.8)
    row = given_back(inference).table(0.8).iloc[0]
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((-high[0], -low[0]))


@settings(max_examples=40, deadline=None)
@given(
    effect=st.floats(-5, 5),
    error=st.floats(0.05, 3),
    value=st.floats(100, 1e5),
    discount=st.floats(0, 0.2),
)
def test_break_even_is_where_the_net_present_value_is_zero(effect, error, value, discount):
    back = given_back(found(effect, error), value_of_a_day=value, discount=discount, reps=100)
    at = given_back(found(-back.break_even_effect, error), value_of_a_day=value, discount=discount, reps=100)
    assert at.rows()["net_present_value"]["estimate"] == pytest.approx(0, abs=1e-6 * back.costs_now)
    worth = back.rows()["break_even_value"]["estimate"]
    if effect < -1e-3:
        again = given_back(found(effect, error), value_of_a_day=worth, discount=discount, reps=100)
        assert again.rows()["net_present_value"]["estimate"] == pytest.approx(0, abs=1e-6 * back.costs_now)
    if effect >= 0:
        assert math.isnan(worth)


@pytest.mark.parametrize(
    ("estimate", "low_known", "high"),
    [(-2.0, True, "finite"), (-0.5, True, "infinite"), (0.5, True, "infinite"), (5.0, False, "none")],
)
def test_the_cost_of_a_day_has_no_upper_end_where_the_effect_may_be_zero(estimate, low_known, high):
    row = given_back(found(estimate)).rows()["cost_per_day"]
    assert math.isfinite(row["conf_low"]) == low_known
    assert {"finite": math.isfinite, "infinite": math.isinf, "none": math.isnan}[high](row["conf_high"])
    assert math.isnan(row["estimate"]) == (estimate >= 0)


def test_a_dearer_programme_and_a_higher_rate_never_look_better():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        table = given_back(years=3, discount=0.08).sensitivity()
        dear = given_back(costs=spent(3_000_000), years=3).probability_positive
        cheap = given_back(years=3).probability_positive
    assert len(table) == 24
    for _, part in table.groupby("fade_half_life", dropna=False):
        assert (np.diff(part["net_present_value"]) < 0).all()
        assert (np.diff(part["break_even_effect"]) > 0).all()
    by_fade = table[table["discount"] == 0.08].set_index("fade_half_life")["net_present_value"]
    assert by_fade.iloc[0] > by_fade[3.0] > by_fade[1.0]
    assert dear < cheap


def test_sensitivity_at_the_rate_in_force_repeats_the_table():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        back = given_back(years=3, discount=0.08)
    row = back.sensitivity(discounts=[0.08], half_lives=[None]).iloc[0]
    assert row["net_present_value"] == back.rows()["net_present_value"]["estimate"]
    assert row["probability_positive"] == back.probability_positive


# ------------------------------------------------------------------------------- an application is no office-month


def test_an_effect_on_office_months_is_refused():
    with pytest.raises(InputError, match="it is the effect on an office-month, not on one application"):
        given_back(found(made=design(weights="units")))


def test_the_analyst_may_say_that_offices_gain_alike_and_it_is_noted():
    back = given_back(found(made=design(weights="units")), across_offices="equal")
    assert "the same in all offices" in back.sentences("en")[-1]
    assert back.rows()["days_saved"]["estimate"] == 1200


def test_weighing_by_applications_counts_the_days_that_were_saved_and_weighing_offices_does_not():
    """Large offices gain most: the days saved are known, and only the effect on applications gives them."""
    n = np.array([100.0, 10, 10, 40, 40, 40, 40, 40])
    by_records, by_units = (design(n, weights=w, by_size=-0.05) for w in ("records", "units"))
    effect_of = -2.0 - 0.05 * (n - n.mean())
    truly_saved = float(-(n[:3] * effect_of[:3]).sum() * 6)  # three offices, six months
    counted = []
    for made in (by_records, by_units):
        effect = infer(GroupTime()(made).overall(), BiasReduced())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            back = given_back(effect, cases_per_month=cases_per_month(made), across_offices="equal")
        counted.append(back.rows()["days_saved"]["estimate"])
    assert counted[0] == pytest.approx(truly_saved, rel=0.1)
    assert counted[1] < 0.7 * truly_saved


def test_the_volume_is_that_of_trained_offices_once_trained():
    n = np.array([100.0, 10, 10, 40, 40, 40, 40, 40])
    assert cases_per_month(design(n)) == 120
    made = design(n)
    half = made.panel.n.copy()
    half[0, 6:9] = 50  # fewer applications in half of the treated months
    assert cases_per_month(replace(made, panel=replace(made.panel, n=half))) == pytest.approx(95)


def test_a_panel_that_does_not_know_its_records_has_no_volume():
    with pytest.raises(InputError, match="Give cases_per_month"):
        cases_per_month(design(np.ones(8)))


# ---------------------------------------------------------------------------------------------------------- refusals


def test_applications_a_month_do_not_depend_on_how_long_a_period_is():
    rng = np.random.default_rng(1)
    rows = [
        (f"O{i}", m, 1 + int(rng.poisson(20)))
        for i in range(4)
        for m in pd.period_range("2023-01", "2024-12", freq="M")
    ]
    months = pd.DataFrame(rows, columns=["office", "month", "n"]).assign(y=lambda d: d["n"] / 7)
    quarters = (
        months.assign(quarter=months["month"].dt.asfreq("Q"))
        .groupby(["office", "quarter"])
        .sum(numeric_only=True)
        .reset_index()
    )
    trained = ai.Rollout(pd.Series({"O0": "2024-01", "O1": "2024-01"}))
    found = []
    for frame, period in ((months, "month"), (quarters, "quarter")):
        panel = ai.read_panel(frame, unit="office", period=period, outcome="y", sizes="n")
        found.append(cases_per_month(ai.assign(panel, trained, cluster="office")))
    assert found[0] == pytest.approx(found[1])


def test_an_outcome_that_is_not_in_days_is_refused():
    for outcome in (Within(5), Mean("index", "points"), Mean("days")):
        with pytest.raises(InputError, match="Days saved need an outcome in days"):
            given_back(found(made=design(outcome=outcome)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cases_per_month": -1}, "cases_per_month=-1"),
        ({"cases_per_month": 0}, "above zero"),
        ({"value_of_a_day": None}, "value_of_a_day=None"),
        ({"years": math.inf}, "years=inf"),
        ({"discount": 8}, "is 800% a year"),
        ({"discount": True}, "discount=True"),
        ({"fade_half_life": 0}, "above zero"),
        ({"reps": 10}, "100 or more"),
        ({"across_offices": "yes"}, "'weighted' or 'equal'"),
        ({"across_offices": "equall"}, "Did you mean 'equal'"),
        ({"inference": 3.0}, "Expected Inference"),
        ({"seed": 1.5}, "Expected a whole number"),
    ],
)
def test_numbers_that_cannot_be_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        given_back(**changes)


def test_an_effect_without_a_standard_error_is_refused():
    with pytest.raises(InputError, match="no standard error"):
        given_back(found(std_error=math.nan))


def test_there_is_no_default_price():
    with pytest.raises(TypeError, match="value_of_a_day"):
        returns(found(), spent(), cases_per_month=100, years=1, discount=0.1, reps=100, seed=1)


def test_several_effects_are_refused():
    several = infer(GroupTime()(design(adopted=(4, 4, 4, 8, 8, 8, np.inf, np.inf))).cohorts(), BiasReduced())
    with pytest.raises(InputError, match="2 effects were given"):
        given_back(several)


# --------------------------------------------------------------------------------------------------- notes and words


def test_years_beyond_what_was_observed_are_said_to_be_an_assumption():
    with pytest.warns(DataWarning, match="observed for 6 months at most and is counted for 36"):
        back = given_back(years=3)
    assert "paling lama 6 bulan setelah pelatihan, tetapi dihitung untuk 36 bulan" in back.sentences("id")[-1]
    assert not any("asumsi." in said and "bertahan" in said for said in given_back().sentences("id"))


def test_a_rule_with_intervals_of_its_own_is_noted():
    rule = Permutation(reps=60, seed=1)
    inference = infer(GroupTime()(design()).overall(), rule)
    with pytest.warns(DataWarning, match="the rule .* has its own intervals"):
        given_back(inference)


VERDICTS = [
    (found(-2.0, 0.5), 10_000, "Manfaat pelatihan melebihi biayanya", "benefits of the training exceed"),
    (found(-2.0, 0.5), 1_000, "belum dapat dipastikan bahwa manfaatnya", "cannot be said yet that the benefits"),
    (found(-2.0, 0.5), 10, "Biaya pelatihan melebihi manfaatnya", "costs of the training exceed"),
    (found(-0.5, 0.5), 10_000, "belum dapat dipastikan: selang kepercayaan dampaknya memuat nol", "holds zero"),
    (found(2.0, 0.5), 10_000, "Waktu tunggu bertambah lama", "Waits became longer"),
]


@pytest.mark.parametrize(("inference", "value", "indonesian", "english"), VERDICTS)
def test_the_verdict_comes_first_and_never_says_more_than_the_interval(inference, value, indonesian, english):
    back = given_back(inference, value_of_a_day=value)
    assert indonesian in back.sentences("id")[0]
    assert english in back.sentences("en")[0]


def test_sentences_hold_amounts_as_people_write_them():
    said = " ".join(given_back(value_of_a_day=2500).sentences("id"))
    assert "Perkiraan hari kerja yang dihemat pada setiap permohonan: 2,00 (selang 95%: 0,91 sampai 3,09)" in said
    assert "Biaya program Rp1.200.000, yaitu Rp1.000 untuk setiap hari yang dihemat" in said
    assert "selama 0,5 tahun dengan tingkat diskonto 0%" in said
    english = " ".join(given_back(value_of_a_day=2500).sentences("en"))
    assert "Rp1,200,000: Rp1,000 for each day saved" in english


def test_where_no_day_was_saved_the_cost_of_one_is_undefined_in_words():
    assert "tidak terdefinisi" in " ".join(given_back(found(1.0)).sentences("id"))
    assert "tanpa batas atas" in " ".join(given_back(found(-0.5)).sentences("id"))


def test_invented_prices_are_never_silent():
    with pytest.warns(DataWarning, match="worked example"):
        costs = read_costs(spent().components.drop(columns="biaya").assign(sumber="CONTOH: ganti"))
    with pytest.warns(DataWarning, match="worked example"):
        back = given_back(costs=costs)
    assert "bukan hasil evaluasi" in back.sentences("id")[-1]


def test_the_same_seed_gives_the_same_display():
    assert repr(given_back()) == repr(given_back())
    assert given_back()._repr_html_() == given_back()._repr_html_()
    assert repr(given_back(value_of_a_day=2000)).startswith("Returns(Rp1.200.000 net present value over 0.5 years")


def test_the_card_writes_amounts_out_and_says_each_thing_once():
    shown = given_back(value_of_a_day=1_200_000)._repr_html_()
    assert "e+0" not in shown
    assert "<td>−Rp" in given_back(value_of_a_day=1)._repr_html_()
    with pytest.warns(DataWarning, match="assumption"):
        long = given_back(years=5)
    assert long._repr_html_().count("is an assumption") == 1


def test_days_are_told_as_expected_over_the_years_and_beside_them_those_until_now():
    english = " ".join(given_back(value_of_a_day=2500).sentences("en"))
    expected = "Expected over 6 months, on 600 applications (the effect is taken to last): 1,200 applicant days"
    assert f"{expected} (95% interval: 546 to 1,854)." in english
    until_now = "Until now in the data: 720 applicant days (95% interval: 328 to 1,112)"
    assert f"{until_now}, on 360 applications since training, over 6 months at most." in english
    indonesian = " ".join(given_back(value_of_a_day=2500, fade_half_life=1).sentences("id"))
    assert "Diperkirakan selama 6 bulan, pada 600 permohonan (dampak tinggal separuh setiap 1 tahun)" in indonesian
    assert "Sampai sekarang dalam data: 720 hari pemohon" in indonesian
    single = found(made=design(n=[1.0] * 8))
    assert "Until now" not in " ".join(given_back(single).sentences("en"))  # cells of a ready panel


def test_one_year_is_one_year():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        assert "over 1 year at" in " ".join(given_back(years=1).sentences("en"))
        assert "over 2 years at" in " ".join(given_back(years=2).sentences("en"))


def test_every_number_said_has_its_source_and_levels_are_checked():
    back = given_back(value_of_a_day=2500)
    for statement in back.statements():
        for language in ("id", "en"):
            assert all(number.source for number in statement.text(language).numbers)
    sources = {number.source for statement in back.statements() for number in statement.text("id").numbers}
    assert {"returns.net_present_value.estimate", "returns.probability_positive", "costs.total"} <= sources
    for level in (0, 95, "0.95"):
        with pytest.raises(InputError, match="Expected a number between 0 and 1"):
            back.table(level)


def test_hours_of_staff_are_checked():
    for hours in (-1, math.inf, "2", True):
        with pytest.raises(InputError, match="hours_per_case="):
            StaffTime(hours_per_case=hours, value_of_an_hour=1)
