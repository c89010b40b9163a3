"""The satisfaction index as the regulation computes it.

Worked numbers: sum of NRR 32.9311 gives 91.48 (1/9), 91.38 (0.111) and 90.56 (0.11). Two decimals, half up, exactly.
Krejcie and Morgan (1970): the printed table, whole numbers, exactly.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn_impact.errors import DataWarning, InputError
from asn_impact.measures.outcomes import Score
from asn_impact.measures.tabulate import tabulate
from asn_impact.topics.surveys.answers import ELEMENTS, read_survey, read_survey_aggregates
from asn_impact.topics.surveys.satisfaction import (
    band,
    half_up,
    respondents_needed,
    satisfaction_panel,
    skm_index,
    which_weight,
)

WORKED = 32.9311  # sum of nine NRR
PRINTED = {
    **{10: 10, 15: 14, 20: 19, 25: 24, 30: 28, 35: 32, 40: 36, 45: 40, 50: 44, 55: 48, 60: 52, 65: 56, 70: 59},
    **{75: 63, 80: 66, 85: 70, 90: 73, 95: 76, 100: 80, 150: 108, 200: 132, 250: 152, 300: 169, 400: 196, 500: 217},
    **{1000: 278, 1500: 306, 2000: 322, 3000: 341, 5000: 357, 10_000: 370, 20_000: 377, 50_000: 381, 75_000: 382},
}


def answers(n=200, seed=4):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({e: rng.choice([2, 3, 4], n, p=[0.1, 0.5, 0.4]) for e in ELEMENTS})
    frame.insert(0, "office", rng.choice(["A", "B"], n))
    frame.insert(1, "service", rng.choice(["SIP", "PBG"], n))
    frame.insert(2, "Tanggal", pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 730, n), "D"))
    return frame


def survey(frame):
    return read_survey(frame, as_of="2024-12-31")


def groups(rows, **more):
    frame = pd.DataFrame(rows, columns=["office", "p", "n", "nrr"])
    frame = frame.assign(**{e: frame["nrr"] for e in ELEMENTS}, **more).drop(columns="nrr")
    return read_survey_aggregates(frame, period="p", respondents="n")


def worked():
    nrr = WORKED / 9 + np.linspace(-0.2, 0.2, 9)
    frame = pd.DataFrame({"office": ["A"], "p": ["2024"], "n": [300], **dict(zip(ELEMENTS, nrr[:, None], strict=True))})
    return read_survey_aggregates(frame, period="p", respondents="n")


# --- the worked example ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weight", "ikm"), [("exact", "91.48"), (0.111, "91.38"), (0.11, "90.56")])
def test_the_three_weights_give_the_three_worked_numbers(weight, ikm):
    found = skm_index(worked(), weight=weight)
    assert str(half_up(found.rows["ikm"].iloc[0])) == ikm


@pytest.mark.parametrize(("printed", "weight"), [(91.48, "exact"), (91.38, 0.111), (90.56, 0.11), (91.00, None)])
def test_a_published_index_says_which_weight_was_used(printed, weight):
    found = which_weight(printed, worked())
    assert found.weight == weight
    assert len(found.rows) == 3


def test_with_the_weight_011_no_office_exceeds_99_and_the_note_says_so():
    perfect = groups([("A", "2024", 50, 4.0)])
    assert skm_index(perfect).rows["ikm"].tolist() == [100.0]
    rounded = skm_index(perfect, weight=0.11)
    assert rounded.rows["ikm"].iloc[0] == pytest.approx(99.0)
    assert any("99.00" in str(note) for note in rounded.notes)


def test_a_weight_that_is_not_in_use_or_does_not_fit_is_refused():
    with pytest.raises(InputError, match="not in use"):
        skm_index(worked(), weight=0.125)
    with pytest.raises(InputError, match="14 elements"):
        skm_index(worked(), regime="2004")
    eight = read_survey(answers().drop(columns="biaya"), as_of="2024-12-31", columns={"biaya": None})
    with pytest.raises(InputError, match="8 elements"):
        skm_index(eight, weight=0.111)
    assert skm_index(eight).weight == 1 / 8


def test_fourteen_elements_are_read_and_rated_by_the_rule_of_2004():
    names = {f"unsur_{i}": f"Butir {i}" for i in range(1, 15)}
    frame = pd.DataFrame(
        {"office": "A", "Tanggal": pd.to_datetime(["2012-03-01"] * 2), **{name: [3, 4] for name in names.values()}}
    )
    found = skm_index(read_survey(frame, as_of="2012-12-31", elements=names), regime="2004")
    assert found.rows["ikm"].tolist() == pytest.approx([87.5])
    assert found.rows["quality"].tolist() == ["A"]


# --- bands ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ikm", "letter"),
    [
        *((25.0, "D"), (64.99, "D"), (64.994, "D"), (64.995, "C"), (65.0, "C"), (76.60, "C"), (76.604, "C")),
        *((76.605, "B"), (76.61, "B"), (88.30, "B"), (88.304, "B"), (88.305, "A"), (88.31, "A"), (100.0, "A")),
    ],
)
def test_the_band_follows_two_decimals_half_up_also_in_the_gaps_of_the_table(ikm, letter):
    assert band(ikm).letter == letter


def test_letters_of_two_regulations_are_never_compared():
    assert (band(82).letter, band(82, regime="2004").letter) == ("B", "A")
    assert band(82) != band(82, regime="2004")
    assert band(70) < band(82) < band(90)
    assert band(90) >= band(89)
    with pytest.raises(InputError, match="different regulations"):
        _ = band(82) < band(90, regime="2004")


@pytest.mark.parametrize("ikm", [3.5, 101.0, float("nan"), -1.0])
def test_an_index_outside_its_scale_is_refused(ikm):
    with pytest.raises(InputError, match="from 25 to 100"):
        band(ikm)


@given(st.integers(2500, 10_000), st.sampled_from([0, 0.004, -0.004]))
def test_the_band_is_that_of_the_printed_number(cents, noise):
    ikm = min(max(cents / 100 + noise, 25.0), 100.0)
    assert band(ikm) == band(float(half_up(ikm)))


# --- respondents ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("population", "needed"), PRINTED.items())
def test_respondents_needed_are_those_of_the_printed_table(population, needed):
    assert respondents_needed(population) == needed


def test_the_printed_table_differs_once_from_its_formula():
    assert respondents_needed(100_000) == 383  # printed: 384


@pytest.mark.parametrize("population", [0, -5, 12.5, True, "100"])
def test_a_population_that_is_none_is_refused(population):
    with pytest.raises(InputError, match="Expected a whole number, 1 or more"):
        respondents_needed(population)


def test_the_index_says_whether_enough_people_answered():
    found = skm_index(groups([("A", "2024", 85, 3.2), ("B", "2024", 79, 3.2)]), population={"A": 100, "B": 100})
    assert found.rows["needed"].tolist() == [80, 80]
    assert found.rows["enough"].tolist() == [True, False]
    with pytest.raises(InputError, match="lacks 1 units, first: 'B'"):
        skm_index(groups([("A", "2024", 85, 3.2), ("B", "2024", 79, 3.2)]), population={"A": 100})


# --- answers and groups ---------------------------------------------------------------------------------------


def test_the_index_of_answers_is_the_slow_one():
    frame = answers()
    found = skm_index(survey(frame), by=("office", "service"), per="half_year").frame()
    half = frame["Tanggal"].dt.year.astype(str) + " S" + ((frame["Tanggal"].dt.month > 6) + 1).astype(str)
    slow = frame.assign(period=half).groupby(["office", "service", "period"])[list(ELEMENTS)]
    assert found["ikm"].to_numpy() == pytest.approx(slow.mean().mean(axis=1).to_numpy() * 25)
    assert found["respondents"].tolist() == slow.size().tolist()


def test_answers_and_their_published_means_give_one_index_and_one_panel():
    frame = answers()
    month = frame["Tanggal"].dt.strftime("%Y-%m")
    means = frame.assign(p=month).groupby(["office", "service", "p"])[list(ELEMENTS)].mean()
    sizes = frame.assign(p=month).groupby(["office", "service", "p"]).size().rename("n")
    published = read_survey_aggregates(means.join(sizes).reset_index(), period="p", respondents="n")
    raw = survey(frame)
    for per in ("all", "year", "month"):
        one, other = skm_index(raw, per=per).frame(), skm_index(published, per=per).frame()
        assert one["ikm"].to_numpy() == pytest.approx(other["ikm"].to_numpy())
        assert one["respondents"].tolist() == other["respondents"].tolist()
    for of in ("waktu", "ikm"):
        answered, grouped = satisfaction_panel(raw, of), satisfaction_panel(published, of)
        assert answered.mean == pytest.approx(grouped.mean, nan_ok=True)
        assert answered.n.tolist() == grouped.n.tolist()
        assert (grouped.within >= answered.within - 1e-9).all()  # the bound is never below what there is
    pd.testing.assert_frame_equal(
        satisfaction_panel(raw, "waktu").frame(), tabulate(raw, Score("waktu"), by="office").frame()
    )


def test_missing_answers_count_in_their_element_only():
    frame = answers(4).assign(office="A").astype({"waktu": float})
    frame.loc[0, "waktu"] = np.nan
    with pytest.warns(DataWarning, match="1 answers are missing"):
        found = skm_index(survey(frame))
    assert found.rows["waktu"].iloc[0] == pytest.approx(frame["waktu"].mean())
    assert found.rows["missing"].tolist() == [1]
    assert found.rows["ikm"].iloc[0] == pytest.approx(frame[list(ELEMENTS)].mean().mean() * 25)


def test_an_element_nobody_answered_gives_no_index_and_says_why():
    frame = groups([("A", "2024", 85, 3.2)]).frame().assign(p="2024", n=85, waktu=np.nan)
    found = skm_index(read_survey_aggregates(frame, period="p", respondents="n", columns={"service": None}))
    assert found.rows["ikm"].isna().all()
    assert found.rows["quality"].tolist() == [None]
    assert any("nobody answered" in str(note) for note in found.notes)


def test_a_free_service_is_named_because_it_says_nothing():
    found = skm_index(survey(answers().assign(biaya=4)))
    assert any("biaya" in str(note) and "nothing about differences" in str(note) for note in found.notes)


def test_published_periods_are_not_cut_or_mixed():
    yearly = groups([("A", "2023", 50, 3.1), ("A", "2024", 50, 3.2)])
    with pytest.raises(InputError, match="longer than a quarter"):
        skm_index(yearly, per="quarter")
    with pytest.raises(InputError, match="hold the same answers"):
        satisfaction_panel(groups([("A", "2023", 50, 3.1), ("A", "Semester I 2024", 50, 3.2)]))
    assert satisfaction_panel(yearly).timeline.labels == ("2023", "2024")


def test_elements_are_listed_with_the_lowest_first():
    frame = answers().assign(office="A", waktu=1)
    long = skm_index(survey(frame)).by_element()
    assert long["element"].iloc[0] == "waktu"
    assert long["weighted"].sum() == pytest.approx(skm_index(survey(frame)).rows["index"].iloc[0])


def test_a_column_that_does_not_exist_is_named():
    with pytest.raises(InputError, match="Did you mean 'office'"):
        skm_index(worked(), by="ofice")
    with pytest.raises(InputError, match="no element 'wktu'"):
        satisfaction_panel(worked(), "wktu")


def test_answers_that_are_letters_alone_say_which_way_they_were_read():
    named = [*(f"U{i}" for i in range(1, 8)), "Penanganan Pengaduan", "Sarana"]
    frame = pd.DataFrame({"office": "O1", "Tanggal": ["2024-03-04"] * 4, **{name: list("abcd") for name in named}})
    with pytest.warns(DataWarning, match="letters alone"):
        read_survey(frame, as_of="2024-12-31")
    words = {"a": 4, "b": 3, "c": 2, "d": 1}
    turned = read_survey(frame, as_of="2024-12-31", words=words)
    assert sorted(turned.records.collect()["ikm"].to_list()) == [25.0, 50.0, 75.0, 100.0]
