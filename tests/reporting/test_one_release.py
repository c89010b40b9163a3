"""A release is protected as a whole: no subtraction inside it, or between two of them, gives a small count back."""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import sys
import time
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn_impact import tables
from asn_impact.designs import Design, assign
from asn_impact.errors import InputError, PrivacyError
from asn_impact.estimation import GLSImputation, GroupTime, Jackknife, infer
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.panel import Panel
from asn_impact.reporting import charts, publish
from asn_impact.reporting.attack import Known, Protected, attack
from asn_impact.reporting.charts.with_without import with_and_without
from asn_impact.reporting.contents import Report
from asn_impact.reporting.gate import dominated
from asn_impact.reporting.gate import release as gate
from asn_impact.reporting.proof import given_away
from asn_impact.reporting.public import cells_zip, public_cells
from asn_impact.reporting.recoding import Release, thickened
from asn_impact.reporting.tables import Table, suppressed
from asn_impact.timeline import Timeline

pytestmark = pytest.mark.usefixtures("undrawn")
RERUN = 1e-12  # relative: the same cells, written with seventeen digits


def make(n: np.ndarray, trained: dict[int, int], seed: int = 3) -> Design:
    """Return a design of offices A, B, ... with given records a month."""
    offices, months = n.shape
    names = tuple(f"Dinas {chr(65 + i)}" for i in range(offices))
    mean = np.where(n > 0, 8 + np.random.default_rng(seed).normal(0, 1, n.shape), np.nan)
    timeline = Timeline.months(24288 + np.arange(months))
    panel = Panel(
        outcome=RestrictedMean(20),
        units=names,
        timeline=timeline,
        n=n.astype(float),
        mean=mean,
        weight=(n > 0).astype(float),
        attributes=pd.DataFrame({"office": names}),
    )
    starts = {names[i]: pd.Period(timeline.labels[t], "M") for i, t in trained.items()}
    return assign(panel, Rollout(pd.Series(starts, dtype=object)), cluster="office")


@pytest.fixture
def regency() -> Design:
    """Ten offices of fourteen a month; two of two a month; one with a single case."""
    n = np.full((13, 12), 14) + np.arange(13)[:, None]  # no two alike
    n[[1, 2]] = 2
    n[12] = 0
    n[12, 4] = 1
    return make(n, {0: 5, 1: 5, 3: 7, 4: 8})


def publishable(design: Design, **others: object) -> Report:
    answer = infer(GroupTime()(design).overall(), Jackknife())
    total = int(design.panel.n.sum())
    ledger = Ledger(read=total + 3, kept=total, dropped={reason("no_received_date"): 3})
    facts = {"title": "Test", "source": "made up", "answer": answer, "ledger": ledger, **others}
    return Report(**facts)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
class TestOneRule:
    def test_the_office_with_one_case_is_in_no_table_by_itself(self, regency):
        every = [tables.clusters(regency), tables.descriptive(regency.panel, regency)]
        texts = "".join(table.csv() for table in every)
        assert "Dinas M" not in texts
        last = tables.clusters(regency).frame.iloc[-1]
        assert str(last["cluster"]) == "other offices, combined"
        assert tables.clusters(regency).frame["records"].sum() == regency.panel.n.sum()

    def test_the_merged_line_tells_no_member_another_one(self, regency):
        apart = Release.of(regency).clusters
        sizes = regency.panel.n.sum(axis=1)[~apart]
        assert len(sizes) >= 3
        assert sizes.sum() >= 10
        assert not dominated(sizes, k=1.0)

    def test_without_small_offices_nothing_is_merged(self):
        design = make(np.full((6, 8), 14), {0: 3, 1: 4})
        release = Release.of(design)
        assert release.clusters.all()
        assert release.waves.all()
        assert "combined" not in tables.clusters(design).csv()

    def test_the_order_of_the_offices_does_not_matter(self, regency):
        order = np.random.default_rng(1).permutation(len(regency.panel.units))
        turned = replace(
            regency.where(np.ones(13, dtype=bool)),
            panel=regency.panel.select(order),
            adopted=regency.adopted[order],
            cluster=np.arange(13),
            clusters=tuple(regency.clusters[i] for i in order),
        )
        shown = {str(c) for c, keep in zip(regency.clusters, Release.of(regency).clusters, strict=True) if keep}
        assert {str(c) for c, keep in zip(turned.clusters, Release.of(turned).clusters, strict=True) if keep} == shown

    def test_thin_months_become_quarters_in_table_and_chart_alike(self):
        frame = pd.DataFrame(
            {
                "month": [f"2024-{m:02d}" for m in range(1, 7)],
                "cases": [40, 3, 30, 40, 30, 35],
                "open": 0,
                "mature": True,
            }
        )
        assert thickened(frame)["month"].tolist() == ["2024Q1", "2024Q2"]
        assert tables.maturity_table(frame).frame["records"].tolist() == [73, 105]
        assert charts.maturity(frame).data["cases"].tolist() == [73, 105]
        assert thickened(thickened(frame))["cases"].tolist() == [73, 105]

    @given(st.lists(st.integers(0, 30), min_size=2, max_size=30), st.integers(0, 3))
    def test_months_add_up_however_they_are_put_together(self, cases, late):
        labels = [str(pd.Period("2023-11", "M") + i) for i in range(len(cases))]
        mature = [i < len(cases) - late for i in range(len(cases))]
        frame = pd.DataFrame({"month": labels, "cases": cases, "open": 0, "mature": mature})
        assert thickened(frame)["cases"].sum() == sum(cases)

    def test_cases_with_one_record_each_are_records(self):
        n = np.ones((6, 8))
        drawn = charts.raw_trends(make(n, {0: 3, 1: 4})).data
        assert drawn["mean"].isna().all()

    def test_a_share_of_all_of_a_small_group_is_not_shown(self):
        frame = pd.DataFrame({"group": ["a", "b", "c"], "records": [12, 40, 12], "share": [1.0, 1.0, 0.5]})
        kinds = {"records": "records", "share": "share"}
        shown = Table(frame, "x", kinds=kinds, rests_on={"share": "records"}).frame["share"]
        assert shown.isna().tolist() == [True, False, False]

    def test_a_column_of_counts_is_known_by_what_it_holds(self):
        frame = pd.DataFrame({"group": ["a", "b", "c"], "pemohon": [3, 40, 25]})
        assert Table(frame, "x").frame["pemohon"].tolist() == ["<10", 40, "*"]
        with pytest.raises(PrivacyError, match="below 5"):
            gate("group,pemohon\na,3\n", "t.csv", counts=("pemohon",))


class TestTheLedger:
    def test_table_sentence_and_note_say_the_same_numbers(self):
        record = Ledger(read=103, kept=100, dropped={reason("no_received_date"): 3})
        frame = tables.ledger(record).frame
        assert frame["rows"].tolist() == [103, 3, 100]
        for language in ("id", "en"):
            assert "3" in record.note().text(language)
            assert ">3<" in tables.ledger(record).html(language)


@given(
    st.lists(st.integers(0, 3), min_size=5, max_size=5),
    st.lists(st.sets(st.integers(0, 4), min_size=1), min_size=1, max_size=4),
    st.integers(0, 4),
)
def test_the_attacker_finds_the_range_that_trying_everything_finds(truth, told, cell):
    sums = [(sorted(one), sum(truth[i] for i in one)) for one in told]
    known = [Known("t", np.array(one), total, total) for one, total in sums]
    found = attack(known, [Protected("cell", np.array([cell]), width=1000.0)], cells=5)
    if not any(cell in one for one in told):
        assert found == ()  # it can be anything
        return
    most = [min((total for one, total in sums if i in one), default=0) for i in range(5)]  # slow twin: all there are
    every = np.array(list(itertools.product(*(range(m + 1) for m in most))))
    fits = every[np.all([every[:, one].sum(axis=1) == total for one, total in sums], axis=0)]
    assert (found[0].low, found[0].high) == (fits[:, cell].min(), fits[:, cell].max())


@given(st.lists(st.integers(0, 40), min_size=1, max_size=10))
def test_one_column_with_its_total_says_no_more_than_its_marks(counts):
    shown = suppressed(counts)
    if all(isinstance(cell, str) or cell == 0 for cell in shown):
        return  # everything is hidden: the total alone remains
    ends = {"<10": (1.0, 9.0), "*": (1.0, np.inf)}
    known = [Known("total", np.arange(len(counts)), sum(counts), sum(counts))]
    known += [
        Known("cell", np.array([i]), *(ends[cell] if isinstance(cell, str) else (cell, cell)))
        for i, cell in enumerate(shown)
    ]
    few = [Protected("cell", np.array([i]), width=8.0) for i, cell in enumerate(shown) if cell == "<10"]
    assert attack(known, few, cells=len(counts)) == ()


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
class TestTheProof:
    def test_two_tables_that_give_one_office_are_found(self, regency):
        report = publishable(regency)
        everyone = frozenset(regency.panel.units)
        from asn_impact.reporting.recoding import Cells

        def table(units: frozenset[object]) -> Table:
            at = [u in units for u in regency.panel.units]
            frame = pd.DataFrame({"records": [int(regency.panel.n[at].sum())]})
            return Table(frame, "x", kinds={"records": "records"}, cells={"records": (Cells(units),)})

        both = [("Table 1", table(everyone)), ("Table 2", table(everyone - {"Dinas M"}))]
        found = given_away(report, both)
        assert {one.kind for one in found} >= {"unit"}
        assert found[0].together == ("Table 1", "Table 2")
        assert given_away(report, both[:1]) == ()

    def test_publish_refuses_them_by_name_and_says_no_number(self, regency, tmp_path):
        from asn_impact.reporting.recoding import Cells

        units = frozenset(regency.panel.units)  # the answer cannot use Dinas M: Table 1 is without it
        at = [u in units for u in regency.panel.units]
        frame = pd.DataFrame({"records": [int(regency.panel.n[at].sum())]})
        table = Table(frame, "x", kinds={"records": "records"}, cells={"records": (Cells(units),)})
        with pytest.raises(PrivacyError, match=r"Table \d.*together give") as refused:
            publish(tmp_path / "r", publishable(regency, exhibits=(table,)), language="en", formats=("html",))
        assert "Dinas M" not in str(refused.value)
        assert not (tmp_path / "r").exists()

    def test_the_report_of_small_offices_is_written(self, regency, tmp_path):
        n = regency.panel.n.copy()
        n[12, ::2] = 1  # six cases: an office that the answer uses
        design = publishable(make(n, {0: 5, 1: 5, 3: 7, 4: 8})).answer[0].effects.design
        report = publishable(design, exhibits=(tables.clusters(design),))
        publish(tmp_path / "r", report, language="en", formats=("html",))
        page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
        assert "other offices, combined" in page
        assert "&lt;10" not in page

    @pytest.mark.parametrize("seed", range(12))
    def test_random_studies_give_nothing_back(self, seed):
        generator = np.random.default_rng(seed)
        size = generator.choice([0.1, 0.5, 3.0, 12.0, 30.0], size=(14, 1))
        size[[0, 3, 9]] = 12.0  # a wave, and a comparison, that an effect can be estimated from
        design = make(generator.poisson(size * np.ones((14, 15))), {0: 5, 1: 5, 2: 8, 3: 9}, seed)
        report = publishable(design)
        design = report.answer[0].effects.design
        shown = [
            ("Table 1", tables.descriptive(design.panel, design)),
            ("Table 2", tables.clusters(design)),
            ("Table 3", tables.maturity_table(months_of(design))),
        ]
        assert given_away(replace(report, months=(months_of(design),)), shown) == ()


def months_of(design: Design) -> pd.DataFrame:
    cases = design.panel.n.sum(axis=0).astype(int)
    frame = pd.DataFrame({"month": design.panel.timeline.labels, "cases": cases, "open": 0, "mature": True})
    return thickened(frame[frame["cases"] > 0], design)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
class TestTwoReleases:
    @pytest.fixture
    def published(self, tmp_path):
        design = make(np.full((6, 8), 14), {0: 3, 1: 4})
        publish(tmp_path / "r", publishable(design), language="en", formats=("html",))
        n = np.full((6, 8), 14)
        n[5, 0] = 15
        return tmp_path / "r", publishable(make(n, {0: 3, 1: 4}))

    def test_one_person_more_is_named_before_anything_is_replaced(self, published):
        folder, later = published
        before = (folder / "manifest.json").read_bytes()
        with pytest.raises(PrivacyError, match=r"records_before of never.*close = \"allow\"") as refused:
            publish(folder, later, language="en", formats=("html",))
        assert "all that is analysed" in str(refused.value)
        assert (folder / "manifest.json").read_bytes() == before

    def test_a_month_more_withholds_the_line_of_a_small_office_and_goes_on(self, tmp_path):
        n = np.full((7, 9), 14)
        n[5] = 6  # six a month: the line of the office would give the new month
        n[6] = 5
        folder, lines = tmp_path / "r", []
        for months in (6, 7, 8, 9):
            design = make(n[:, :months], {0: 3, 1: 4})
            report = publishable(design, exhibits=(tables.clusters(design),))
            publish(folder, report, language="en", formats=("html",))
            record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            files = [folder / entry["data"] for entry in record["exhibits"]]
            listed = next(f for f in files if f.read_text(encoding="utf-8").startswith("cluster,"))
            lines.append(pd.read_csv(listed, index_col=0)["records"].astype(str).to_dict())
            assert months != 7 or "records of Dinas F" in record["differs_by_few"]
        small = [line.get("Dinas F", "*") for line in lines]
        shown = [int(count) for count in small if count.isdecimal()]
        assert lines[1]["Dinas F"] == "*"
        assert len(shown) > 1  # not for ever
        assert all(later - earlier >= 10 for earlier, later in itertools.pairwise(shown))

    def test_it_is_on_record_where_it_is_allowed(self, published):
        folder, later = published
        publish(folder, later, language="en", formats=("html",), close="allow")
        record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert "ledger.kept" in record["differs_by_few"]

    def test_the_same_report_again_differs_in_nothing(self, published):
        folder, _ = published
        design = make(np.full((6, 8), 14), {0: 3, 1: 4})
        publish(folder, publishable(design), language="en", formats=("html",))
        assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["differs_by_few"] == []


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
class TestPublicCells:
    def test_every_cell_holds_nobody_or_ten(self, regency):
        public = public_cells(regency)
        n = public.panel.n
        assert ((n == 0) | (n >= 10)).all()
        lost = regency.panel.n.sum() - n.sum()
        assert lost == 0 or lost >= 10
        assert {float(a) for a in public.adopted} <= {float(a) for a in regency.adopted}

    def test_a_merged_cell_is_the_mean_of_its_members_by_weight(self, regency):
        public = public_cells(regency)
        other = next(i for i, unit in enumerate(public.panel.units) if str(unit).startswith("other"))
        members = [regency.panel.units.index(u) for u in regency.panel.units if u not in public.panel.units]
        members = [i for i in members if regency.adopted[i] == public.adopted[other]]
        t = int(np.flatnonzero(public.panel.n[other])[0])
        weight = regency.panel.weight[members, t]
        expected = (weight * np.nan_to_num(regency.panel.mean[members, t])).sum() / weight.sum()
        assert public.panel.mean[other, t] == pytest.approx(expected, rel=1e-12)
        assert public.panel.weight[other, t] == weight.sum()

    def test_large_cells_stay_as_they_are(self):
        design = make(np.full((6, 8), 14), {0: 3, 1: 4})
        public = public_cells(design)
        assert np.array_equal(public.panel.mean, design.panel.mean)
        assert public.panel.units == design.panel.units

    def test_small_cells_are_refused_with_the_line_that_helps(self, regency, tmp_path):
        with pytest.raises(InputError, match=r"design = public_cells\(design\)"):
            publish(tmp_path / "r", publishable(regency), language="en", formats=("html",), cells=True)

    def test_a_run_from_the_zip_in_another_process_gives_the_same_numbers(self, regency, tmp_path):
        public, expected = public_cells(regency), []
        for estimator in (GroupTime(), GLSImputation()):
            answer = infer(estimator(public).overall(), Jackknife())
            packed = cells_zip(answer, title="Test", source="made up", level=0.95)
            zipfile.ZipFile(io.BytesIO(packed)).extractall(tmp_path / type(estimator).__name__)
            low, high = answer.interval(0.95)
            expected += [float(answer.estimate[0]), float(answer.std_error[0]), float(low[0]), float(high[0])]
        program = (
            "import warnings; warnings.simplefilter('ignore')\n"
            "from pathlib import Path\n"
            "from asn_impact.estimation import infer\n"
            "from asn_impact.study import read_study\n"
            "from asn_impact.study.prepared import prepared\n"
            "for name in ('GroupTime', 'GLSImputation'):\n"
            "    study = read_study(Path(name) / 'study.toml')\n"
            "    again = infer(study.estimator.made()(prepared(study).design).overall(), study.rule.made())\n"
            "    low, high = again.interval(0.95)\n"
            "    print(*(repr(float(x[0])) for x in (again.estimate, again.std_error, low, high)))\n"
        )
        said = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stderr
        assert [float(x) for x in said.stdout.split()] == pytest.approx(expected, rel=RERUN)


def rounded_waits(n: np.ndarray, trained: dict[int, int]) -> Design:
    """Return a design whose cells are means of whole days."""
    design = make(n, trained)
    days = np.random.default_rng(5).integers(0, 20, n.shape) * n + np.random.default_rng(6).integers(0, 9, n.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        return replace(design, panel=replace(design.panel, mean=np.where(n > 0, days / n, np.nan)))


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
class TestWhatMeansTell:
    def test_no_line_tells_how_many_cases_stand_behind_it(self):
        design = rounded_waits(np.full((6, 8), 14) + np.arange(6)[:, None], {0: 3, 1: 4})
        means = charts.raw_trends(design).data["mean"].dropna()
        told = means - means.round(1)
        assert (told.abs() < 1e-9).all()

    def test_no_file_holds_a_mean_of_records_closer_than_a_reader_sees_it(self):
        design = rounded_waits(np.full((6, 8), 14) + np.arange(6)[:, None], {0: 3, 1: 4})
        written = pd.read_csv(io.StringIO(tables.descriptive(design.panel, design).csv()))
        answer = infer(GroupTime()(design).overall(), Jackknife())
        drawn = with_and_without(answer, language="en", source="x")
        told = [number["value"] for number in json.loads(drawn.record())["numbers"] if "matrix" in number["source"]]
        means = [*written[["mean_before", "mean_after", "change"]].to_numpy().ravel(), *drawn.data["mean"], *told]
        assert len(told) == 3
        assert np.round(means, 1).tolist() == means

    @pytest.mark.parametrize("value", [0.0, 7.0, 20.0])
    def test_a_mean_of_fewer_than_twenty_alike_is_not_shown(self, value):
        n = np.full((6, 8), 14)
        n[0] = 0
        n[0, [1, 6]] = 14
        design = make(n, {0: 3, 1: 4})
        mean = design.panel.mean.copy()
        mean[0] = np.where(n[0] > 0, value, np.nan)
        design = replace(design, panel=replace(design.panel, mean=mean))
        shown = tables.descriptive(design.panel, design).frame.set_index("group")
        assert np.isnan(shown.loc[design.cohort_label(3.0), ["mean_before", "mean_after"]].astype(float)).all()
        drawn = charts.raw_trends(design).data
        assert drawn.loc[drawn["adopted_step"] == 3, "mean"].isna().all()

    def test_the_applications_of_two_estimators_do_not_give_the_office_that_one_leaves_out(self, regency):
        from asn_impact.estimation import Imputation

        n = regency.panel.n.copy()
        n[12, ::2] = 1  # six cases, all of them in one answer only
        design = make(n, {0: 5, 1: 5, 3: 7, 4: 8})
        one = infer(GroupTime()(design).overall(), Jackknife())
        other = infer(Imputation()(design.where(np.arange(13) != 12)).overall(), Jackknife())
        assert one.effects.design.panel.n.sum() - other.effects.design.panel.n.sum() == 6
        table = tables.specifications({"(1)": one, "(2)": other})
        assert table.csv().splitlines()[-1].endswith(",*")
        assert "*" in str(table.note_below)

    def test_a_column_the_proof_could_not_use_is_on_record(self, tmp_path):
        from asn_impact.reporting.recoding import Cells

        design = make(np.full((6, 8), 14), {0: 3, 1: 4})
        cells = (Cells(frozenset(design.panel.units)),)
        wrong = Table(pd.DataFrame({"records": [4321]}), "x", kinds={"records": "records"}, cells={"records": cells})
        mute = Table(pd.DataFrame({"who": ["a"], "records": [77]}), "y", kinds={"records": "records"})
        report = publishable(design, exhibits=(wrong, mute))
        publish(tmp_path / "r", report, language="en", formats=("html",))
        record = json.loads((tmp_path / "r" / "manifest.json").read_text(encoding="utf-8"))
        assert len(record["not_proved"]) == 2

    def test_a_quantile_that_points_at_fewer_than_ten_of_the_treated_is_not_said(self):
        from asn_impact.study.detail import _shown

        assert _shown(make(np.full((6, 8), 14), {0: 3, 1: 4})) == (0.5, 0.9)  # 126 cases after training
        assert _shown(make(np.full((6, 8), 14), {0: 6})) == (0.5,)
        assert _shown(make(np.full((6, 8), 9), {0: 6})) == ()


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
class TestTheCost:
    @pytest.mark.parametrize("seed", range(4))
    def test_other_cells_of_the_same_release_have_its_sums(self, seed):
        from asn_impact.reporting.exchange import exchanged
        from asn_impact.reporting.recoding import periods_after

        generator = np.random.default_rng(seed)
        n = generator.poisson(generator.choice([2.0, 12.0, 30.0], size=(14, 1)) * np.ones((14, 15)))
        n[[0, 3, 9]] = 20
        design = make(n, {0: 5, 1: 5, 2: 8, 3: 9})
        after, others = periods_after(design), list(exchanged(design.panel.n, design))
        assert others
        for x in others:
            assert ((x > 0) == (design.panel.n > 0)).all()
            assert (x.sum(axis=0) == design.panel.n.sum(axis=0)).all()
            for step in np.unique(design.adopted):
                members = design.adopted == step
                for side in (after, ~after):
                    assert x[np.ix_(members, side)].sum() == design.panel.n[np.ix_(members, side)].sum()
            alone = Release.of(design).units
            assert (x[alone].sum(axis=1) == design.panel.n[alone].sum(axis=1)).all()

    def test_a_solution_that_is_none_is_not_believed(self):
        total, rest = Known("Table 1", np.arange(3), 57, 57), Known("Table 2", np.array([1, 2]), 56, 56)
        wrong = [np.array([1.0, 40.0, 16.0]), np.array([30.0, 20.0, 7.0]), np.array([30.5, 20.0, 6.5])]
        found = attack([total, rest], [Protected("office", np.array([0]))], cells=3, solutions=wrong)
        assert [(one.low, one.high) for one in found] == [(1.0, 1.0)]

    def test_300_offices_in_60_months_are_proved_in_seconds(self):
        generator = np.random.default_rng(1)
        n = generator.poisson(generator.choice([1.0, 3.0, 6.0, 12.0, 20.0], size=(300, 1)) * np.ones((300, 60)))
        names = {i: int(generator.choice([20, 30, 40])) for i in range(100)}
        design = make(n, names)
        report = publishable(design)
        design = report.answer[0].effects.design
        shown = [("Table 1", tables.descriptive(design.panel, design)), ("Table 2", tables.clusters(design))]
        began = time.process_time()
        assert given_away(replace(report, months=(months_of(design),)), shown) == ()
        assert time.process_time() - began < 20
