"""Tables of balance, specifications, satisfaction and performance; LaTeX, and what is saved.

Tolerances: 1e-12 where a sum is formed in another order; everything else is exact or as printed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pypandoc
import pytest
from hypothesis import given
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact import tables
from asn_impact.errors import InputError, PrivacyError
from asn_impact.estimation import (
    BiasReduced,
    Classical,
    ClusterRobust,
    Dose,
    Efficient,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Jackknife,
    Multiplier,
    Permutation,
    Saturated,
    Stacked,
    SyntheticDiD,
    TripleDifference,
    TwoStage,
    TwoWay,
    WildBootstrap,
    infer,
)
from asn_impact.estimation.along import Along
from asn_impact.estimation.methods import short_names
from asn_impact.estimation.placebo import Placebo
from asn_impact.estimation.simultaneous import Simultaneous
from asn_impact.estimation.twoway_clusters import TwoWayClustered
from asn_impact.measures.outcomes import Within
from asn_impact.topics.surveys.answers import ELEMENTS, read_survey
from asn_impact.topics.surveys.satisfaction import band, half_up, skm_index

SAME = 1e-12


def answered(n=120, seed=3, offices=("A", "B")):
    rng = np.random.default_rng(seed)
    frame = {"office": rng.choice(offices, n), "Tanggal": "2024-03-04"}
    frame |= {e: rng.choice([2, 3, 4], n) for e in ELEMENTS}
    return read_survey(pd.DataFrame(frame), as_of="2024-12-31")


# ------------------------------------------------------------------------------------------------------- balance


def test_balance_is_the_slow_one(design):
    frame = tables.balance(design).frame
    before = design.panel.mean[:, :12].mean(axis=1)  # all weights are one; the first wave starts in month 12
    ever = np.isfinite(design.adopted)
    one, other = before[ever], before[~ever]
    row = frame.iloc[0]
    assert row["trained"] == pytest.approx(one.mean(), abs=SAME)
    assert row["difference"] == pytest.approx(one.mean() - other.mean(), abs=SAME)
    spread = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)
    assert row["standardised"] == pytest.approx((one.mean() - other.mean()) / spread, abs=SAME)
    assert frame["trained"].iloc[1] == pytest.approx(design.panel.n[ever, :12].mean(), abs=1e-9)


def test_balance_looks_at_nothing_after_the_first_training(design):
    after = design.panel.mean.copy()
    after[:, 12:] += 100.0
    moved = replace(design, panel=replace(design.panel, mean=after))
    pd.testing.assert_frame_equal(tables.balance(moved).frame, tables.balance(design).frame)


def test_the_standardised_difference_has_no_unit(design):
    scaled = replace(design, panel=replace(design.panel, mean=60 * design.panel.mean - 5))
    one, other = (tables.balance(d).frame["standardised"].iloc[0] for d in (design, scaled))
    assert one == pytest.approx(other, rel=1e-9)


def test_balance_of_other_outcomes_and_attributes(design):
    share = replace(design.panel, outcome=Within(5), mean=design.panel.mean / 30)
    known = design.panel.attributes.assign(staff=np.arange(20.0), kind="x")
    wide = replace(design, panel=replace(design.panel, attributes=known))
    frame = tables.balance(wide, [share], attributes=["staff"]).frame
    assert len(frame) == 4
    assert frame["trained"].iloc[2] == pytest.approx(100 * frame["trained"].iloc[0] / 30)
    assert frame["trained"].iloc[3] == 4.0  # 0 to 8
    assert "p_value" not in frame
    with pytest.raises(InputError, match="staff"):
        tables.balance(wide, attributes=["staf"])
    with pytest.raises(InputError, match="not numeric"):
        tables.balance(wide, attributes=["kind"])


def test_balance_without_anybody_untrained_is_refused(design):
    with pytest.raises(InputError, match="Every unit is trained"):
        tables.balance(design.where(np.isfinite(design.adopted)))


def test_balance_of_few_records_is_not_shown(design):
    n = design.panel.n.copy()
    n[np.isfinite(design.adopted), :12] = 0.05  # 5.4 records on one side
    few = replace(design, panel=replace(design.panel, n=n))
    assert tables.balance(few).frame.loc[0, ["trained", "untrained", "difference"]].isna().all()


# ------------------------------------------------------------------------------------------------- specifications


def test_columns_are_printed_as_economists_do(answer, design):
    other = infer(GroupTime(controls="never")(design).overall(), BiasReduced())
    table = tables.specifications({"(1)": answer, "(2)": other})
    low, high = answer.interval()
    page = re.sub(r"<[^>]+>", "|", table.html("en")).replace("−", "-")
    assert f"({answer.std_error[0]:.2f})" in page
    assert f"[{low[0]:.2f}, {high[0]:.2f}]" in page
    assert "20 (9)" in page
    assert f"{int(design.panel.observed.sum())}" in page
    assert "never-treated controls" in page  # what tells the columns apart
    comma = re.sub(r"<[^>]+>", "|", table.html("id")).replace("−", "-")
    assert f"[{low[0]:.2f}; {high[0]:.2f}]".replace(".", ",") in comma
    assert "pembanding tidak pernah dilatih" in comma


def test_the_csv_of_specifications_has_no_number_in_round_brackets(answer):
    rows = tables.specifications({"main": answer}).csv().splitlines()
    assert rows[0] == "term,main"
    cells = [row.rsplit(",", 1)[-1] for row in rows[2:4]]
    assert [float(c) for c in cells] == pytest.approx([answer.estimate[0], answer.std_error[0]], rel=1e-9)
    assert not re.search(r",\(\d", "\n".join(rows))  # a spreadsheet reads (0.19) as minus 0.19


def test_specifications_want_single_numbers(event):
    with pytest.raises(InputError, match="overall"):
        tables.specifications({"x": event})
    with pytest.raises(InputError, match="no inference"):
        tables.specifications({})


RULES = [
    *(GroupTime(), GroupTime(controls="never", base="varying", anticipation=2, adjust=("usia",))),
    *(TwoWay(), TwoWay(covariates=("usia",)), Imputation(), Imputation(deviation="leave_out")),
    *(TwoStage(), Saturated(), InteractionWeighted(), Efficient(), SyntheticDiD(), Dose("dosis")),
    *(Stacked(before=3, after=5), TripleDifference(third="digital"), ClusterRobust(), Classical()),
    *(BiasReduced(), Jackknife(degrees="welch"), WildBootstrap(reps=99, seed=1), Along(GroupTime())),
    *(Permutation(reps=99, seed=1), Multiplier(reps=99, seed=1), Placebo(reps=99, seed=1)),
    *(TwoWayClustered(by="layanan"), Simultaneous(reps=99, seed=1)),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_estimator_and_rule_has_indonesian_words(rule):
    words = rule.entry.name
    assert str(words) == rule.name
    english = {"effects", "controls", "base", "the", "of", "and", "degrees", "freedom", "cluster", "clusters", "draws"}
    english |= {"robust", "regression", "variance", "band", "differences", "given", "treated", "within", "periods"}
    assert not english & set(re.findall(r"[a-z]+", words["id"].casefold()))


def test_short_names_keep_what_tells_them_apart():
    entries = [rule.entry for rule in RULES]
    short = short_names(entries)
    assert len({str(words) for words in short.values()}) == len(set(entries))
    assert str(short_names([GroupTime().entry])[GroupTime().entry]) == "Group-time effects"


# ----------------------------------------------------------------------------------------- satisfaction, LKjIP


def test_the_satisfaction_table_adds_up_as_printed():
    index = skm_index(answered(), by=())
    row, frame = index.rows.iloc[0], tables.skm(index).frame.set_index(pd.Series([*ELEMENTS, "index", "ikm"]))
    for element in ELEMENTS:
        assert str(frame.loc[element, "nrr"]) == f"{float(half_up(row[element], 3)):.10g}"
        assert frame.loc[element, "quality"] == band(25 * row[element]).letter
    assert str(frame.loc["ikm", "weighted"]) == f"{float(half_up(row['ikm'])):.10g}"
    page = tables.skm(index).html("id")
    assert f"{half_up(row['ikm'])}".replace(".", ",") in page
    assert "bobot setiap unsur 0,1111" in page
    assert "Responden: 120" in page
    assert "Respondents: 120" in tables.skm(index).html("en")


def test_many_units_get_a_line_each_and_small_ones_none():
    frame = pd.DataFrame({"office": ["A"] * 40 + ["B"] * 30 + ["C"] * 4, "Tanggal": "2024-03-04"})
    rng = np.random.default_rng(1)
    survey = read_survey(frame.assign(**{e: rng.choice([2, 3, 4], 74) for e in ELEMENTS}), as_of="2024-12-31")
    table = tables.skm(skm_index(survey))
    last = table.frame.set_index("office").loc["C"]
    assert last["respondents"] == "<10"
    assert pd.isna(last[["ikm", "quality", *ELEMENTS]]).all()
    assert table.frame["ikm"].notna().sum() == 2


def test_one_small_group_shows_nothing():
    page = tables.skm(skm_index(answered(6), by=())).html("id")
    assert "Responden: &lt;10" in page
    assert not re.search(r">\d,\d", page)


@given(st.floats(0.5, 500), st.floats(0, 1000))
def test_achieved_is_whole_at_the_target_and_the_directions_mirror(target, realised):
    rows = [
        {"indicator": "x", "unit": "hari", "target": target, "realised": value, "better": better}
        for value in (target, realised)
        for better in ("higher", "lower")
    ]
    achieved = tables.lkjip(rows).frame["achieved"].tolist()
    assert achieved[:2] == [1.0, 1.0]
    assert achieved[2] + achieved[3] == pytest.approx(2.0)


def test_lkjip_reads_as_the_report_does():
    page = tables.lkjip(
        [{"indicator": "Lama proses izin", "unit": "hari kerja", "target": 10, "realised": 12.25, "better": "lower"}]
    ).html("id")
    text = re.sub(r"<[^>]+>", "|", page)
    for words in ("Indikator kinerja", "Satuan", "Target", "Realisasi", "Capaian", "12,25", "77,5%"):
        assert words in text


@pytest.mark.parametrize(
    ("change", "said"),
    [({"better": "tinggi"}, "which of the two"), ({"target": "12,5"}, "not text"), ({"realised": np.nan}, "no number")],
)
def test_lkjip_refuses_what_would_turn_the_result_around(change, said):
    row = {"indicator": "x", "unit": "%", "target": 90, "realised": 80, "better": "higher"}
    with pytest.raises(InputError, match=said):
        tables.lkjip([{**row, **change}])
    with pytest.raises(InputError, match="better"):
        tables.lkjip([{k: v for k, v in row.items() if k != "better"}])


def test_a_target_of_zero_is_undefined_with_the_reason():
    table = tables.lkjip([{"indicator": "x", "unit": "aduan", "target": 0, "realised": 3, "better": "lower"}])
    assert np.isnan(table.frame["achieved"].iloc[0])
    assert "tidak terdefinisi" in table.html("id")


# --------------------------------------------------------------------------------------------- LaTeX, saved files


def all_tables(design, answer, months):
    index = skm_index(answered())
    row = {"indicator": "R&D_50%", "unit": "%", "target": 90, "realised": 80, "better": "higher"}
    return [
        tables.balance(design),
        tables.specifications({"(1)": answer}),
        tables.skm(index),
        tables.lkjip([row]),
        tables.maturity_table(months),
        tables.results([answer]),
    ]


def test_latex_has_a_cell_for_every_column_and_nothing_unescaped(design, answer, months):
    for table in all_tables(design, answer, months):
        for language in ("id", "en"):
            text = table.latex(language)
            columns = len(re.search(r"\\begin\{tabular\}\{([lr]+)\}", text)[1])
            body = text.split(r"\toprule")[1].split(r"\bottomrule")[0]
            rows = [line for line in body.splitlines() if line.endswith(r"\\")]
            assert len(rows) == 1 + len(table.frame)
            assert all(len(re.findall(r"(?<!\\)&", row)) == columns - 1 for row in rows)
            assert not re.search(r"(?<!\\)[%#_]", text.replace("$<$", ""))
            assert not set(text) & set("−–×∞")
            assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_another_program_reads_the_same_cells_from_the_latex(answer, design):
    for table in (tables.specifications({"(1)": answer}), tables.balance(design)):
        page = pypandoc.convert_text(table.latex("id"), "html", format="latex")
        cells = [
            unescape(re.sub(r"<[^>]+>", "", c)).replace("−", "-")
            for c in re.findall(r"<td[^>]*>(.*?)</td>", page, re.DOTALL)
        ]
        own = re.findall(r"<td[^>]*>(.*?)</td>", table.html("id"))
        assert len(cells) == len(own)
        plain = [re.sub(r"[^0-9A-Za-z,]", "", unescape(c)) for c in own]
        assert [re.sub(r"[^0-9A-Za-z,]", "", c) for c in cells] == plain


def test_what_is_saved_is_the_table(answer, tmp_path):
    table = tables.results([answer])
    files = {p.suffix: p.read_text(encoding="utf-8") for p in table.save(tmp_path / "x" / "hasil", "id")}
    assert sorted(files) == [".csv", ".html", ".tex"]
    assert files[".csv"] == table.csv()
    assert files[".tex"] == table.latex("id")
    assert table.html("id") in files[".html"]
    assert '<html lang="id">' in files[".html"]
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == ["hasil.csv", "hasil.html", "hasil.tex"]


def test_open_intervals_can_be_saved(tmp_path):
    table = tables.Table(pd.DataFrame({"conf_low": [-np.inf], "conf_high": [np.inf]}), {"id": "Uji", "en": "Test"})
    files = {p.suffix: p.read_text(encoding="utf-8") for p in table.save(tmp_path / "t", "id")}
    assert files[".csv"].splitlines()[1] == "minus infinity,infinity"


def test_a_table_with_a_persons_number_is_not_saved(tmp_path):
    nip = "19850101" + "201001" + "1" + "001"
    table = tables.Table(pd.DataFrame({"group": [f"Pegawai {nip}"]}), {"id": "Uji", "en": "Test"})
    with pytest.raises(PrivacyError) as refused:
        table.save(tmp_path / "t", "id")
    assert nip not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_heading_that_a_spreadsheet_would_run_is_text():
    frame = pd.DataFrame({"=cmd": [1.5]})
    assert tables.Table(frame, {"id": "", "en": ""}).csv() == "'=cmd\n1.5\n"


def test_a_table_of_tests_names_the_trained_and_no_number_of_a_test():
    rows = [(f"p{i}", t, 5.0 + t * (i < 20) + i / 100) for i in range(60) for t in (0, 1)]
    frame = pd.DataFrame(rows, columns=["person", "test", "skill"])
    trained = pd.DataFrame({"person": [f"p{i}" for i in range(20)], "start": 1})
    panel = ai.read_panel(frame, unit="person", period="test", outcome="skill")
    table = tables.descriptive(
        panel, ai.assign(panel, ai.read_rollout(trained, unit="person", adopted="start"), cluster="person")
    )
    assert table.title.text("en") == "Skill, before and after training"
    assert table.frame["group"].tolist() == ["trained", "never"]
    assert "dilatih" in table.html("id")
