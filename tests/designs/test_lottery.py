"""The lottery: who is drawn depends on the seed alone, places are fair shares, and tests deal again what was dealt.

Tolerances: a chi-square statistic is compared with its 99.9 % point, for a fixed seed; exact statements have none.
"""

import datetime as dt
import hashlib
import itertools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from asn_impact.designs import assign
from asn_impact.errors import DesignError, InputError
from asn_impact.estimation import GroupTime, Permutation, infer
from asn_impact.measures.panel import read_panel
from asn_impact.topics.planning.lottery import _in_proportion, draw_waves, read_certificate, verify

OFFICES = pd.DataFrame(
    {"office": [f"Dinas {chr(65 + i)}" for i in range(12)], "size": ["kecil"] * 7 + ["besar"] * 5, "rank": range(12)}
)
ASKED = {
    "unit": "office",
    "strata": "size",
    "waves": ["2026-02", "2026-08"],
    "sizes": [4, 2],
    "seed": 20260112,
    "drawn_on": dt.date(2026, 1, 12),
}


def drawn(frame=OFFICES, **changes):
    return draw_waves(frame, **{**ASKED, **changes})


# ------------------------------------------------------------------------------------------------------------ the draw


def test_the_draw_can_be_repeated_with_a_sheet_of_paper():
    """The slow twin: hash, sort, fill."""
    lottery = drawn()
    for stratum, places in lottery.places.items():
        names = OFFICES["office"][OFFICES["size"] == stratum]
        order = sorted(names, key=lambda name: hashlib.sha256(f"20260112|{stratum}|{name}".encode()).hexdigest())
        expected = dict(zip(order, [*(["2026-02"] * places[0]), *(["2026-08"] * places[1])], strict=False))
        assert {u: w for u, w in lottery.adopted.items() if u in set(names) and w} == expected


def test_order_of_rows_and_kind_of_frame_change_nothing():
    expected = drawn().certificate()
    assert drawn(OFFICES.iloc[::-1]).certificate() == expected
    assert drawn(pl.from_pandas(OFFICES)).certificate() == expected
    assert drawn(waves=[pd.Period("2026-02"), pd.Period("2026-08")]).certificate() == expected
    assert drawn(waves=[202602, 202608]).certificate() == expected


def test_another_seed_is_another_draw():
    assert not drawn(seed=1).adopted.equals(drawn(seed=2).adopted)


def test_everybody_takes_part_once():
    lottery = drawn()
    assert sorted(lottery.adopted.index) == sorted(OFFICES["office"])
    assert lottery.sizes == (4, 2)
    assert lottery.table["wave"].value_counts().to_dict() == {"": 6, "2026-02": 4, "2026-08": 2}


def test_every_way_to_deal_is_equally_likely():
    four = pd.DataFrame({"office": list("ABCD")})
    counts = dict.fromkeys(itertools.combinations("ABCD", 2), 0)
    for seed in range(360):
        adopted = drawn(four, strata=None, waves=["2026-02"], sizes=[2], seed=seed).adopted
        counts[tuple(sorted(adopted[adopted.notna()].index))] += 1
    statistic = stats.chisquare(list(counts.values())).statistic
    assert statistic < stats.chi2.ppf(0.999, 5)


def test_dealing_again_gives_every_way_equally_often_and_keeps_strata():
    lottery = drawn(sizes=[2, 2])
    orders = lottery.orders(6000, seed=1)
    large = np.flatnonzero(lottery.table["stratum"] == "besar")
    expected = sorted(orders[0, large])
    assert (np.sort(orders[:, large], axis=1) == expected).all()
    ways, counts = np.unique(orders[:, large], axis=0, return_counts=True)
    per_stratum = lottery.places["besar"]
    assert len(ways) == np.prod([5, 4]) if per_stratum == (1, 1) else len(ways) > 1
    assert stats.chisquare(counts).statistic < stats.chi2.ppf(0.999, len(counts) - 1)


def test_redraws_are_lotteries_with_certificates_of_their_own():
    again = drawn().redraw(np.random.default_rng(5))
    assert again.places == drawn().places
    assert again.seed != drawn().seed
    assert verify(again.certificate(), OFFICES).adopted.equals(again.adopted)


# --------------------------------------------------------------------------------------------------------------- places


@given(
    counts=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    shares=st.lists(st.integers(0, 9), min_size=1, max_size=4),
)
def test_each_stratum_gets_its_share_of_each_wave_rounded_up_or_down(counts, shares):
    total = sum(counts)
    sizes = [share * total // max(1, 2 * sum(shares)) for share in shares]
    names = {f"s{i}": count for i, count in enumerate(counts)}
    places = _in_proportion(sizes, names)
    for name, row in places.items():
        assert sum(row) <= names[name]
        for place, size in zip(row, sizes, strict=True):
            assert (names[name] * size) // total <= place <= -(-names[name] * size // total)
    assert [sum(column) for column in zip(*places.values(), strict=True)] == sizes


def test_places_may_be_given_by_stratum():
    lottery = drawn(sizes={"kecil": [1, 1], "besar": [2, 0]})
    assert lottery.places == {"besar": (2, 0), "kecil": (1, 1)}


# ------------------------------------------------------------------------------------------------------- certificate


def test_a_saved_certificate_verifies(tmp_path):
    lottery = drawn()
    path = lottery.save(tmp_path / "undian.json")
    assert verify(read_certificate(path), OFFICES).table.equals(lottery.table)
    with pytest.raises(InputError, match="A lottery is drawn once"):
        drawn(seed=7).save(path)


def test_a_changed_result_is_found():
    certificate = json.loads(json.dumps(drawn().certificate()))
    in_wave = next(row for row in certificate["result"] if row[3] == "2026-02")
    out = next(row for row in certificate["result"] if row[3] == "")
    in_wave[3], out[3] = out[3], in_wave[3]
    with pytest.raises(DesignError, match="2 units are certified in another wave"):
        verify(certificate, OFFICES)


def test_a_changed_hash_is_found():
    with pytest.raises(DesignError, match="hash of the result"):
        verify({**drawn().certificate(), "result_sha256": "0" * 64}, OFFICES)


def test_another_list_of_units_is_found_and_named():
    renamed = OFFICES.assign(office=OFFICES["office"].replace("Dinas A", "Dinas Z"))
    with pytest.raises(DesignError, match=r"Not in the certificate: 'Dinas Z'\. Not in the list: 'Dinas A'"):
        verify(drawn().certificate(), renamed)
    with pytest.raises(DesignError, match="are not those of the certificate"):
        verify({**drawn().certificate(), "seed": 5}, OFFICES)


def test_what_is_no_certificate_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no 'algorithm'"):
        verify({}, OFFICES)
    with pytest.raises(InputError, match="this version draws with"):
        verify({**drawn().certificate(), "algorithm": "dice"}, OFFICES)
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(InputError, match="no certificate of a lottery"):
        read_certificate(tmp_path / "x.json")
    with pytest.raises(InputError, match="does not exist"):
        read_certificate(tmp_path / "y.json")


@pytest.mark.parametrize(("language", "words"), [("id", "12 Januari 2026"), ("en", "2026-01-12")])
def test_the_page_holds_everything_needed_to_repeat_the_draw(language, words):
    lottery = drawn()
    page = lottery.text(language)
    made = lottery.certificate()
    for needed in (words, "20260112", made["inputs_sha256"], made["result_sha256"], *OFFICES["office"]):
        assert str(needed) in page
    assert page == drawn().text(language)
    with pytest.raises(InputError, match="language='fr' is not known"):
        lottery.text("fr")


# --------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"unit": "ofice"}, InputError, "Did you mean 'office'"),
        ({"waves": ["2026-08", "2026-02"]}, InputError, "not in order"),
        ({"waves": ["2026-02", "2026-02"]}, InputError, "occurs twice"),
        ({"waves": "2026-02"}, InputError, "Expected a list of months"),
        ({"sizes": [9, 9]}, DesignError, "18 places for 12 units"),
        ({"sizes": [4]}, DesignError, "a whole number for each wave"),
        ({"sizes": [4, -1]}, DesignError, "a whole number for each wave"),
        ({"sizes": [4, 0]}, DesignError, "Wave 2026-08 has no places"),
        ({"waves": ["2026-02"], "sizes": [12]}, DesignError, "nobody to compare with"),
        ({"sizes": {"kecil": [1, 1]}}, DesignError, "the units have 'besar', 'kecil'"),
        ({"sizes": {"kecil": [1, 1], "besar": [5, 1]}}, DesignError, "has 5 units and 6 places"),
        ({"seed": True}, InputError, "seed=True"),
        ({"seed": 1.5}, InputError, "seed=1.5"),
        ({"seed": " "}, InputError, "agreed on before the draw"),
        ({"unit": 1}, InputError, "Expected a text"),
        ({"drawn_on": "2026-01-12"}, InputError, "datetime.date"),
    ],
)
def test_a_draw_that_cannot_be_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        drawn(**changes)


def test_two_lots_and_missing_strata_are_refused():
    with pytest.raises(InputError, match="1 units occur more than once, first: 'Dinas A'"):
        drawn(pd.concat([OFFICES, OFFICES.iloc[:1]]))
    with pytest.raises(InputError, match="'size' is missing in 1 of 12 rows"):
        drawn(OFFICES.assign(size=OFFICES["size"].where(OFFICES["office"] != "Dinas C")))


# ----------------------------------------------------------------------------------- from the draw to its p-value


def world(seed, offices, months=6):
    rng = np.random.default_rng(seed)
    rows = [(office, 202601 + t, 10 + rng.normal()) for office in offices for t in range(months)]
    return pd.DataFrame(rows, columns=["office", "month", "days"])


def test_the_rollout_meets_the_panel_and_its_strata():
    lottery = drawn()
    panel = lottery.onto(read_panel(world(1, OFFICES["office"], 9), unit="office", period="month", outcome="days"))
    design = assign(panel, lottery.rollout(label="E-Government"), cluster="office")
    assert design.table()["units"].tolist() == [4, 2, 6]
    expected = OFFICES.set_index("office")["size"][list(panel.units)].tolist()
    assert panel.attributes["stratum"].tolist() == expected
    inference = infer(GroupTime()(design).overall(), Permutation(reps=50, seed=1, strata="stratum"))
    assert 0 < inference.p_value[0] <= 1


def test_units_that_took_no_part_are_refused():
    panel = read_panel(world(1, ["Dinas A", "Kantor X"]), unit="office", period="month", outcome="days")
    with pytest.raises(DesignError, match="took no part in the draw, first: 'Kantor X'"):
        drawn().onto(panel)


def test_p_values_of_a_stratified_lottery_are_uniform_when_training_does_nothing():
    """Outcomes stay, the lot is drawn again: over all 36 draws the p-values are 1/36, 2/36, ... exactly.

    A wave of two among four offices in each of two strata that differ much in level and trend.
    """
    offices = pd.DataFrame({"office": list("ABCDEFGH"), "size": ["kecil"] * 4 + ["besar"] * 4})
    frame = world(3, offices["office"]).assign(step=lambda d: d["month"] - 202601)
    frame["days"] += np.where(frame["office"] > "D", 5.0 * frame["step"], 0.0)
    asked = {"strata": "size", "waves": ["2026-04"], "sizes": [4]}
    base = drawn(offices, **asked)
    panel = base.onto(read_panel(frame, unit="office", period="month", outcome="days", attributes=[]))
    by_draw = {}
    for seed in range(400):
        lottery = drawn(offices, **asked, seed=seed)
        treated = tuple(sorted(lottery.adopted.dropna().index))
        if treated not in by_draw:
            design = assign(panel, lottery.rollout(label="course"), cluster="office")
            rule = Permutation(reps=36, seed=1, strata="stratum")
            by_draw[treated] = infer(GroupTime()(design).overall(), rule).p_value[0]
        if len(by_draw) == 36:
            break
    assert len(by_draw) == 36, "400 seeds reach all draws"
    # a draw and its mirror image (treated and untreated changed places in every stratum) have the same |t|
    assert all(round(p * 36) % 2 == 0 for p in by_draw.values())
    np.testing.assert_allclose(sorted(by_draw.values()), np.repeat(np.arange(2, 37, 2), 2) / 36, atol=1e-12)


def test_the_display_is_short_and_the_same_every_time():
    assert repr(drawn()) == ("Lottery(12 units in 2 strata by size: 4 from 2026-02, 2 from 2026-08; seed 20260112)")
    assert drawn()._repr_html_() == drawn()._repr_html_()


def test_the_callers_table_cannot_change_the_lottery():
    table = drawn().table.copy()
    lottery = replace(drawn(), table=table)
    table.loc[0, "wave"] = "never"
    assert lottery.table["wave"][0] != "never"
