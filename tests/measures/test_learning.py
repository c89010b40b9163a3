"""Tests before and after: reliability, pairing, and effects by the machinery of every other outcome.

Alpha by hand exactly; the published example to the two decimals it was printed with. ANCOVA equals ordinary least
squares to 1e-9 (the same regression after first differences; rounding only).
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from asn_impact.designs.design import assign
from asn_impact.errors import InputError, PrivacyError
from asn_impact.estimation.inference import ClusterRobust, infer
from asn_impact.estimation.jackknife import BiasReduced
from asn_impact.estimation.two_way import TwoWay
from asn_impact.intake.readers.observations import read_observations
from asn_impact.topics.learning.learning import Learning, paired_tests, reliability

SAME = 1e-9
KEY = b"0123456789abcdef0123456789abcdef"
DIMENSIONS = {"digital": ["digital_1", "digital_2", "digital_3"], "komunikasi": ["komunikasi_1", "komunikasi_2"]}
ITEMS = [item for names in DIMENSIONS.values() for item in names]
# Chatterjee and Price (1977), "attitude" in R: seven ratings of thirty departments. psych::alpha prints 0.84 for it.
ATTITUDE = np.array(
    [
        *([43, 51, 30, 39, 61, 92, 45], [63, 64, 51, 54, 63, 73, 47], [71, 70, 68, 69, 76, 86, 48]),
        *([61, 63, 45, 47, 54, 84, 35], [81, 78, 56, 66, 71, 83, 47], [43, 55, 49, 44, 54, 49, 34]),
        *([58, 67, 42, 56, 66, 68, 35], [71, 75, 50, 55, 70, 66, 41], [72, 82, 72, 67, 71, 83, 31]),
        *([67, 61, 45, 47, 62, 80, 41], [64, 53, 53, 58, 58, 67, 34], [67, 60, 47, 39, 59, 74, 41]),
        *([69, 62, 57, 42, 55, 63, 25], [68, 83, 83, 45, 59, 77, 35], [77, 77, 54, 72, 79, 77, 46]),
        *([81, 90, 50, 72, 60, 54, 36], [74, 85, 64, 69, 79, 79, 63], [65, 60, 65, 75, 55, 80, 60]),
        *([65, 70, 46, 57, 75, 85, 46], [50, 58, 68, 54, 64, 78, 52], [50, 40, 33, 34, 43, 64, 33]),
        *([64, 61, 52, 62, 66, 80, 41], [53, 66, 52, 50, 63, 80, 37], [40, 37, 42, 58, 50, 57, 49]),
        *([63, 54, 42, 48, 66, 75, 33], [66, 77, 66, 63, 88, 76, 72], [78, 75, 58, 74, 80, 78, 49]),
        *([48, 57, 44, 45, 51, 83, 38], [85, 85, 71, 71, 77, 74, 55], [82, 82, 39, 59, 64, 78, 39]),
    ],
    dtype=float,
)


# --- reliability ----------------------------------------------------------------------------------------------


def test_alpha_by_hand():
    # item variances 1 and 1, covariance 0.5, variance of the sum 3: alpha = 2 (1 - 2 / 3)
    found = reliability(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 3.0]]))
    assert found.alpha == pytest.approx(2 / 3)
    assert found.items["item_total"].tolist() == pytest.approx([0.5, 0.5])
    assert found.items["alpha_without"].isna().all()


def test_alpha_of_a_published_example():
    names = ["rating", "complaints", "privileges", "learning", "raises", "critical", "advance"]
    found = reliability(pd.DataFrame(ATTITUDE, columns=names))
    assert round(found.alpha, 2) == 0.84
    without = found.items.set_index("item")["alpha_without"].round(2)
    assert without.to_dict() == {
        **{"rating": 0.81, "complaints": 0.80, "privileges": 0.83, "learning": 0.80},
        **{"raises": 0.80, "critical": 0.86, "advance": 0.84},
    }


def test_alpha_of_parallel_items_is_spearman_and_brown_and_shift_moves_nothing():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(400, 1)) + rng.normal(size=(400, 6))
    found = reliability(values)
    assert found.alpha == pytest.approx(6 * 0.5 / (1 + 5 * 0.5), abs=0.03)
    assert reliability(values * 3 + 1e6).alpha == pytest.approx(found.alpha, abs=1e-6)
    low, high = found.interval()
    assert low < found.alpha < high
    wide = found.interval(0.99)
    assert wide[0] < low < high < wide[1]


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(9)
    truth, hits = 4 * 0.5 / (1 + 3 * 0.5), 0
    for _ in range(400):
        low, high = reliability(rng.normal(size=(25, 1)) + rng.normal(size=(25, 4))).interval()
        hits += low <= truth <= high
    assert abs(hits / 400 - 0.95) < 0.035  # three standard errors


def test_what_makes_no_scale_is_said():
    assert np.isnan(reliability(np.array([[1.0, 4], [2, 3], [3, 2], [4, 1]])).alpha)
    turned = reliability(np.column_stack([ATTITUDE[:, :4], 100 - ATTITUDE[:, 4]]), items=["a", "b", "c", "d", "e"])
    assert any("'e' run against" in str(note) for note in turned.notes)
    with pytest.raises(InputError, match="at least 2 items and 3 persons"):
        reliability(np.ones((2, 4)))
    gaps = ATTITUDE.copy()
    gaps[0, 0] = np.nan
    assert "1 of 30 persons left out" in str(reliability(gaps).notes[0])


# --- paired tests ---------------------------------------------------------------------------------------------


def scores(n=60, effect=1.0, seed=6, slope=0.6):
    rng = np.random.default_rng(seed)
    office = rng.integers(0, 10, n)
    trained = office < 5
    skill = rng.normal(5, 1.5, n) + rng.normal(0, 0.5, 10)[office]
    rows = []
    for when, level in (("Awal", skill), ("Akhir", 2 + slope * skill + effect * trained)):
        made = {item: level + rng.normal(0, 1, n) for item in ITEMS}
        rows.append(
            pd.DataFrame(
                {
                    "Kode Peserta": [f"P{i:04d}" for i in range(n)],
                    "Perangkat Daerah": [f"Dinas {o}" for o in office],
                    "Kelompok": np.where(trained, "Dilatih", "Pembanding"),
                    "Tes": when,
                    "Tanggal": pd.Timestamp("2024-03-01" if when == "Awal" else "2024-06-03"),
                    **made,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def read(frame, **more):
    return read_observations(
        frame,
        as_of="2024-12-31",
        date="Tanggal",
        numbers=ITEMS,
        keep=["Tes", "Kelompok"],
        **{"person": "Kode Peserta", "key": KEY, **more},
    )


def paired(frame, **more):
    settings = {"test": "Tes", "before": "Awal", "after": "Akhir", "group": "Kelompok", "trained": "Dilatih"}
    return paired_tests(read(frame), dimensions=DIMENSIONS, **{**settings, **more})


def wide(frame, dimension="digital"):
    score = frame[DIMENSIONS[dimension]].mean(axis=1)
    table = frame.assign(score=score).pivot_table(index="Kode Peserta", columns="Tes", values="score", aggfunc="first")
    who = frame.drop_duplicates("Kode Peserta").set_index("Kode Peserta")
    return table.assign(d=(who["Kelompok"] == "Dilatih").astype(float), office=who["Perangkat Daerah"])


def test_ancova_is_the_two_way_regression_with_the_score_before():
    frame = scores()
    learning = paired(frame)
    design = assign(learning.panel("digital"), learning.rollout, cluster="office")
    effects = TwoWay(covariates=("pre",))(design)
    table = wide(frame)
    x = sm.add_constant(table[["d", "Awal"]])
    groups = pd.factorize(table["office"])[0]
    ols = sm.OLS(table["Akhir"], x).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    assert effects.estimate[0] == pytest.approx(ols.params["d"], abs=SAME)
    assert effects.estimate[1] == pytest.approx(ols.params["Awal"] - 1, abs=SAME)
    robust = infer(effects, ClusterRobust("CR0"))
    assert robust.std_error[0] == pytest.approx(ols.bse["d"], abs=SAME)
    assert infer(effects, BiasReduced()).std_error[0] > robust.std_error[0]  # the few-cluster rule applies


def test_bias_reduced_errors_are_those_of_the_regression_with_cr2():
    frame = scores()
    learning = paired(frame)
    effects = TwoWay(covariates=("pre",))(assign(learning.panel("digital"), learning.rollout, cluster="office"))
    table = wide(frame)
    x, y = sm.add_constant(table[["d", "Awal"]]).to_numpy(), table["Akhir"].to_numpy()
    bread = np.linalg.inv(x.T @ x)
    residual = y - x @ bread @ x.T @ y
    meat = np.zeros((3, 3))
    for office in table["office"].unique():
        rows = np.flatnonzero(table["office"] == office)
        value, vector = np.linalg.eigh(np.eye(len(rows)) - x[rows] @ bread @ x[rows].T)
        score = x[rows].T @ (vector / np.sqrt(value)) @ vector.T @ residual[rows]
        meat += np.outer(score, score)
    expected = np.sqrt((bread @ meat @ bread)[1, 1])
    assert infer(effects, BiasReduced()).std_error[0] == pytest.approx(expected, rel=1e-8)


def test_gain_scores_are_a_difference_in_differences():
    frame = scores()
    learning = paired(frame)
    effects = TwoWay()(assign(learning.panel("komunikasi"), learning.rollout, cluster="office"))
    gains = learning.gains().set_index(["dimension", "group"])["gain"]["komunikasi"]
    assert effects.estimate[0] == pytest.approx(gains["trained"] - gains["comparison"], abs=SAME)
    table = wide(frame, "komunikasi")
    gain = table["Akhir"] - table["Awal"]
    assert gains["trained"] == pytest.approx(gain[table["d"] == 1].mean())


def test_order_of_rows_and_names_of_persons_move_nothing():
    frame = scores()
    one = paired(frame)
    again = paired(
        frame.sample(frac=1, random_state=1).assign(**{"Kode Peserta": lambda f: f["Kode Peserta"].str.lower()})
    )
    effects = [
        TwoWay(covariates=("pre",))(assign(f.panel("digital"), f.rollout, cluster="office")).estimate
        for f in (one, again)
    ]
    assert effects[0] == pytest.approx(effects[1], abs=SAME)


def test_who_took_one_test_or_changed_office_is_left_out_and_counted():
    frame = scores()
    frame = frame.drop(index=[60, 61])  # two second tests
    frame.loc[62, "Perangkat Daerah"] = "Dinas 99"
    found = paired(frame)
    assert len(found.office) == 57
    assert "2 persons with one test only left out." in map(str, found.notes)
    assert "1 persons with two offices or groups left out." in map(str, found.notes)


def test_a_score_needs_all_items_and_who_lacks_one_is_left_out_of_that_dimension_only():
    frame = scores()
    frame.loc[5, "digital_1"] = np.nan
    found = paired(frame)
    assert len(found.panel("digital").units) == 59
    assert len(found.panel("komunikasi").units) == 60
    design = assign(found.panel("digital"), found.rollout, cluster="office")
    assert len(design.adopted) == 59


def test_tests_need_pseudonyms_both_groups_and_one_row_each():
    frame = scores()
    with pytest.raises(PrivacyError, match="read them with person="):
        paired_tests(
            read(frame, person=None, key=None),
            test="Tes",
            before="Awal",
            after="Akhir",
            group="Kelompok",
            trained="Dilatih",
            dimensions=DIMENSIONS,
        )
    with pytest.raises(InputError, match="more than one row of one test") as error:
        paired(pd.concat([frame, frame.iloc[:1]]))
    assert "P0000" not in str(error.value)
    with pytest.raises(InputError, match="no comparison group"):
        paired(frame[frame["Kelompok"] == "Dilatih"])
    with pytest.raises(InputError, match="does not hold 'Pre'"):
        paired(frame, before="Pre")
    with pytest.raises(InputError, match="Nobody took both"):
        paired(frame.drop_duplicates("Kode Peserta").assign(Tes=lambda f: np.where(f.index % 2, "Awal", "Akhir")))


def test_persons_leave_as_numbers():
    found = paired(scores())
    shown = repr(found) + found._repr_html_() + found.panel("digital").frame().to_csv()
    assert "P00" not in shown
    assert found.panel("digital").units == tuple(range(60))
    assert isinstance(found, Learning)


def test_reliability_of_a_dimension_is_that_of_its_items():
    frame = scores()
    found = paired(frame).reliability("digital")
    expected = reliability(frame.loc[frame["Tes"] == "Awal", DIMENSIONS["digital"]])
    assert found.alpha == pytest.approx(expected.alpha)
    with pytest.raises(InputError, match="Did you mean 'digital'"):
        paired(frame).reliability("digtal")


def test_an_empty_cell_is_missing_and_a_word_is_no_answer():
    frame = scores().astype({"digital_1": object})
    frame.loc[3, "digital_1"] = "tidak ada"
    with pytest.raises(InputError, match="are no numbers"):
        read(frame.assign(digital_1=frame["digital_1"].where(frame.index != 3, "baik")))
    assert np.isnan(paired(frame).before).sum() == 1


def test_rows_that_are_neither_test_are_counted():
    frame = scores()
    frame.loc[0, "Tes"] = "Susulan"
    assert any("1 rows are neither" in str(note) for note in paired(frame).notes)
    nobody = paired(frame.assign(**{"Kode Peserta": frame["Kode Peserta"].where(frame.index != 1)}))
    assert any("no person 1" in note for note in nobody.notes)
