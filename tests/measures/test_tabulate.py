"""From durations to cells: exact numbers, the maturity rule, and a world in which nothing happens."""

import datetime as dt
import functools

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.readers.exports import read_exports
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.cells import _around_mean
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import CompletionCurve, Count, RestrictedMean, Score, Share, Within
from asn_impact.measures.tabulate import maturity, tabulate

CALENDAR = WorkCalendar.indonesia()
AS_OF = dt.date(2024, 12, 31)


def cases(count=900, seed=3, *, wait=0.06, as_of=AS_OF):
    """Cases received in 2024; those not decided by the day of the export are open."""
    rng = np.random.default_rng(seed)
    received = np.datetime64("2024-01-01") + rng.integers(0, 366, count)
    decided = received + rng.geometric(wait, count) - 1
    status = rng.choice(["granted", "rejected", "withdrawn"], count, p=[0.8, 0.1, 0.1]).astype(object)
    late = decided > np.datetime64(as_of)
    status[late] = "open"
    return pd.DataFrame(
        {
            "case": [f"c{i}" for i in range(count)],
            "office": rng.choice(["O1", "O2", "O3"], count),
            "service": rng.choice(["SIP", "PBG"], count),
            "received": received.astype("datetime64[us]"),
            "decided": pd.Series(decided.astype("datetime64[us]")).mask(late),
            "status": status,
            "answer": rng.integers(1, 5, count).astype(float),
            "digital": rng.random(count) < 0.4,
        }
    )


def times(frame, as_of=AS_OF):
    extra = [name for name in ("answer", "digital") if name in frame]
    return measure(read_exports(frame, as_of=as_of, keep=extra), CALENDAR)


@functools.cache
def known():
    """The usual cases, read and measured once."""
    return times(cases())


def wait_of(frame):
    """Days of each case row by row; infinite when it never ended in a decision."""
    ended = frame["status"].isin(["granted", "rejected"]).to_numpy()
    days = np.full(len(frame), np.inf)
    days[ended] = CALENDAR.between(frame["received"][ended], frame["decided"][ended])
    return days


def cell_by_cell(frame, values, panel):
    """The slow twin: the mean and the sum of squares around it of each office and month, by numpy on the rows."""
    month = frame["received"].dt.strftime("%Y-%m")
    for u, unit in enumerate(panel.units):
        for t, label in enumerate(panel.timeline.labels):
            yield (u, t), values[((frame["office"] == unit) & (month == label)).to_numpy()]


def value_of(outcome, days):
    return np.minimum(days, outcome.horizon) if isinstance(outcome, RestrictedMean) else days <= outcome.days


@pytest.mark.parametrize("outcome", [Within(0), Within(5), RestrictedMean(1), RestrictedMean(30)])
def test_cells_are_those_computed_row_by_row(outcome):
    frame = cases()
    panel = tabulate(times(frame), outcome)
    for cell, rows in cell_by_cell(frame, value_of(outcome, wait_of(frame)).astype(float), panel):
        assert panel.n[cell] == len(rows)
        assert panel.mean[cell] == rows.sum() / len(rows)
        assert panel.within[cell] == pytest.approx(((rows - rows.mean()) ** 2).sum(), rel=1e-12)


def test_undecided_and_withdrawn_cases_are_not_completed():
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
    durations = times(frame, as_of=dt.date(2024, 3, 28))
    assert tabulate(durations, Within(5)).mean.item() == 2 / 4
    assert tabulate(durations, RestrictedMean(30)).mean.item() == (1 + 1 + 30 + 30) / 4
    said = "25% of the applications were withdrawn; with or without a date they count as "
    assert str(tabulate(durations, RestrictedMean(30)).notes[-1]) == f"{said}30 working days."
    assert str(tabulate(durations, Within(5)).notes[-1]) == f"{said}not finished within 5 working days."


def test_the_restricted_mean_is_the_horizon_less_the_area_under_the_completion_curve():
    durations, horizon = known(), 12
    curve = [tabulate(durations, Within(d)) for d in range(horizon)]
    panel = tabulate(durations, RestrictedMean(horizon))
    months = [curve[0].timeline.labels.index(label) for label in panel.timeline.labels]
    area = sum(np.nan_to_num(c.mean[:, months]) for c in curve)
    np.testing.assert_allclose(panel.mean, horizon - area, rtol=1e-12)


def test_a_month_enters_only_when_all_its_cases_were_followed_to_the_horizon():
    frame = cases()
    panel = tabulate(times(frame), RestrictedMean(20))
    last = frame.groupby(frame["received"].dt.strftime("%Y-%m"))["received"].max()
    follow_up = {month: int(CALENDAR.between(day, AS_OF)) for month, day in last.items()}
    assert panel.timeline.labels == tuple(m for m, days in follow_up.items() if days >= 20)
    assert panel.immature == tuple(m for m, days in follow_up.items() if days < 20)


def test_the_month_is_mature_when_the_last_case_has_exactly_the_horizon():
    frame = cases()
    table = maturity(times(frame), RestrictedMean(20)).set_index("month")
    exactly = int(table["least_follow_up"]["2024-10"])
    assert maturity(times(frame), RestrictedMean(exactly)).set_index("month")["mature"]["2024-10"]
    assert not maturity(times(frame), RestrictedMean(exactly + 1)).set_index("month")["mature"]["2024-10"]


def test_one_late_case_of_one_office_makes_the_month_immature_for_all():
    frame = cases()
    early = frame[(frame["received"] < "2024-11-10") | (frame["received"] > "2024-11-30")]
    late = frame[frame["received"].between("2024-11-29", "2024-11-30")].head(1)
    assert "2024-11" in tabulate(times(early), RestrictedMean(30)).timeline.labels
    assert "2024-11" in tabulate(times(pd.concat([early, late])), RestrictedMean(30)).immature


def test_the_maturity_table_counts_cases_and_open_ones():
    frame = cases()
    table = maturity(times(frame), RestrictedMean(30)).set_index("month")
    month = frame["received"].dt.strftime("%Y-%m")
    assert table["cases"].to_dict() == month.value_counts().to_dict()
    assert table["open"].to_dict() == (frame["status"] == "open").groupby(month).sum().to_dict()


def test_a_month_without_a_case_is_a_gap_in_the_timeline():
    frame = cases()
    panel = tabulate(times(frame[frame["received"].dt.month != 5]), Within(5))
    assert "2024-05" not in panel.timeline.labels
    assert 4 not in panel.timeline.steps.tolist()


def test_an_office_without_a_case_in_a_month_has_an_empty_cell_there():
    frame = cases()
    panel = tabulate(times(frame[(frame["office"] != "O2") | (frame["received"].dt.month != 3)]), Within(5))
    cell = (panel.units.index("O2"), panel.timeline.labels.index("2024-03"))
    assert (panel.n[cell], panel.weight[cell], panel.within[cell]) == (0, 0, 0)
    assert np.isnan(panel.mean[cell])
    assert panel.weight.sum() == panel.mean.size - 1


def test_units_of_two_columns_carry_both_as_attributes():
    panel = tabulate(known(), Within(5), by=("office", "service"))
    assert panel.units[:2] == ("O1 / PBG", "O1 / SIP")
    assert panel.attributes.to_dict("list") == {
        "office": ["O1", "O1", "O2", "O2", "O3", "O3"],
        "service": ["PBG", "SIP"] * 3,
    }


def test_offices_by_service_add_up_to_offices():
    durations = known()
    office = tabulate(durations, RestrictedMean(30))
    both = tabulate(durations, RestrictedMean(30), by=("office", "service"))
    total = np.nan_to_num(both.mean * both.n).reshape(3, 2, -1).sum(axis=1)
    np.testing.assert_allclose(total, office.mean * office.n, rtol=1e-12)


def test_the_order_of_the_records_changes_nothing():
    frame = cases()
    panels = [tabulate(times(f), RestrictedMean(30)) for f in (frame, frame.sample(frac=1, random_state=1))]
    for name in ("n", "mean", "weight", "within"):
        np.testing.assert_array_equal(getattr(panels[0], name), getattr(panels[1], name))


def test_a_score_far_from_zero_keeps_its_spread():
    frame = cases()
    moved = frame.assign(answer=frame["answer"] + 1e9)
    near, far = (tabulate(times(f), Score("answer")) for f in (frame, moved))
    np.testing.assert_allclose(far.within, near.within, rtol=1e-9)
    np.testing.assert_allclose(far.mean - 1e9, near.mean, atol=1e-6)
    assert far.immature == ()


def test_missing_scores_are_left_out_and_counted():
    frame = cases()
    frame.loc[:9, "answer"] = np.nan
    with pytest.warns(DataWarning, match="10 records without a value of answer"):
        panel = tabulate(times(frame), Score("answer"))
    assert panel.n.sum() == len(frame) - 10
    assert any("10 records" in str(note) for note in panel.notes)


def test_a_share_is_the_mean_of_ones_and_zeros():
    frame = cases()
    panel = tabulate(times(frame), Share("digital"))
    for cell, rows in cell_by_cell(frame, frame["digital"].to_numpy(dtype=float), panel):
        assert panel.mean[cell] == rows.sum() / len(rows)


def test_a_share_of_other_numbers_than_zero_and_one_is_refused():
    with pytest.raises(InputError, match="other numbers than 0 and 1"):
        tabulate(known(), Share("answer"))


def test_infinite_scores_are_left_out_and_counted():
    frame = cases()
    frame.loc[:4, "answer"] = np.inf
    with pytest.warns(DataWarning, match="5 records without a value of answer"):
        assert np.isfinite(tabulate(times(frame), Score("answer")).mean).all()


def test_a_share_of_fractions_is_refused():
    with pytest.raises(InputError, match="other numbers than 0 and 1"):
        tabulate(times(cases().assign(answer=0.5)), Share("answer"))


@pytest.mark.parametrize("outcome", [Score("service"), Share("service")])
def test_texts_are_no_score_and_no_share(outcome):
    with pytest.raises(InputError, match=r"Column 'service' holds .* no plain number"):
        tabulate(known(), outcome)


def test_records_without_a_service_are_left_out_and_counted():
    frame = cases()
    frame.loc[:6, "service"] = None
    with pytest.warns(DataWarning, match="7 records without office or service"):
        panel = tabulate(times(frame), Count(), by=["office", "service"])
    assert panel.mean.sum() == len(frame) - 7


def test_units_that_would_have_one_name_are_refused():
    frame = cases()
    frame["office"] = frame["office"].replace({"O1": "a / b", "O2": "a"})
    frame["service"] = frame["service"].replace({"SIP": "c", "PBG": "b / c"})
    with pytest.raises(InputError, match="have the same name"):
        tabulate(times(frame), Within(5), by=("office", "service"))


def test_a_unit_needs_a_column():
    with pytest.raises(InputError, match="names no column"):
        tabulate(known(), Within(5), by=())


def test_counts_are_one_observation_a_cell_and_zero_where_nothing_came():
    frame = cases()
    panel = tabulate(times(frame[(frame["office"] != "O2") | (frame["received"].dt.month != 3)]), Count())
    cell = (panel.units.index("O2"), panel.timeline.labels.index("2024-03"))
    assert panel.mean[cell] == 0
    assert (panel.n == 1).all()
    assert len(panel.timeline) == 12  # the year was over on the day of the export


def test_a_month_that_was_not_over_is_no_count():
    frame = cases(as_of=dt.date(2024, 12, 31))
    early = frame[frame["received"] <= "2024-10-15"].assign(decided=pd.NaT, status="open")
    with pytest.warns(DataWarning, match="None of 725 cases has been decided"):
        extract = read_exports(early, as_of=dt.date(2024, 10, 15), selection="received")
    panel = tabulate(measure(extract, CALENDAR), Count())
    assert panel.immature == ("2024-10",)


def test_no_mature_month_is_an_error_that_says_what_there_is():
    with pytest.raises(InputError, match=r"2024-01, followed longest, have \d+ of 900 working days"):
        tabulate(known(), RestrictedMean(900))


def test_a_column_that_does_not_exist_is_named_with_the_alternatives():
    with pytest.raises(InputError, match=r"Column 'ofice' .* Did you mean 'office'"):
        tabulate(known(), Within(5), by="ofice")


def test_the_clock_names_the_unit():
    extract = read_exports(cases(), as_of=AS_OF)
    panel = tabulate(measure(extract, CALENDAR, clock="calendar_days"), RestrictedMean(30))
    assert panel.outcome.unit == "calendar days"


@pytest.mark.parametrize("make", [lambda: Within(-1), lambda: RestrictedMean(0), lambda: Within(2.5)])
def test_a_horizon_is_a_whole_number_of_days(make):
    with pytest.raises(InputError, match="Expected a whole number, "):
        make()


@given(hnp.arrays(np.int64, st.integers(1, 30), elements=st.integers(0, 20_000)))
def test_the_sum_around_the_mean_is_that_of_exact_fractions(values):
    n, total, squares = len(values), int(values.sum()), int((values * values).sum())
    found = _around_mean(np.array([n]), np.array([total]), np.array([squares]))[0]
    assert found == pytest.approx((n * squares - total * total) / n, rel=1e-12, abs=1e-9)


def unchanging_office(count):
    """Waits of whole working days from one distribution, whatever the month."""
    frame = cases(count, seed=11)
    rng = np.random.default_rng(12)
    workdays = CALENDAR.days[CALENDAR.working]
    finish = CALENDAR.number(frame["received"]) + rng.geometric(0.1, count)
    decided = pd.Series(workdays[finish - 1].astype("datetime64[us]"))
    is_open = decided > pd.Timestamp(AS_OF)
    status = np.where(is_open, "open", "granted")
    return frame.assign(decided=decided.mask(is_open), status=status)


def test_where_nothing_happens_closed_cases_look_faster_and_restricted_means_do_not():
    """The trap the whole design exists for: censoring alone makes the mean of the finished cases fall."""
    frame = unchanging_office(40_000)
    closed = frame[frame["status"].isin(["granted", "rejected"])]
    naive = pd.Series(wait_of(closed)).groupby(closed["received"].dt.month.to_numpy()).mean()
    panel = tabulate(times(frame), RestrictedMean(20))
    restricted = (panel.mean * panel.n).sum(axis=0) / panel.n.sum(axis=0)
    assert naive[12] < 0.7 * naive[1:6].mean()
    assert np.ptp(restricted) < 0.1 * restricted.mean()
    assert panel.immature == ("2024-12",)


def test_a_panel_of_durations_is_lazy_until_tabulated():
    assert isinstance(known().records, nw.LazyFrame)


def test_a_completion_curve_needs_waiting_times():
    class Answers:
        """Dated records without waiting times."""

        def __init__(self, durations):
            self.records, self.as_of = durations.records, durations.as_of
            self.as_of_day, self.notes = durations.as_of_day, durations.notes

    answers = Answers(known())
    assert tabulate(answers, Score("answer")).n.sum() == 900
    with pytest.raises(InputError, match="completion_curve_30 is an outcome of waiting times"):
        tabulate(answers, CompletionCurve(30))


def test_records_without_a_unit_are_left_out_of_the_curve_and_counted():
    frame = cases()
    frame.loc[:6, "service"] = None
    with pytest.warns(DataWarning, match="7 records without office or service"):
        panel = tabulate(times(frame), CompletionCurve(5, immature="kaplan_meier"), by=["office", "service"])
    assert panel.n.sum() == len(frame) - 7
