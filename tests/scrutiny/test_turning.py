"""What would change the conclusion is what happens when it is left out; three rows are three estimates of the same."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.estimation import BiasReduced, GLSImputation, GroupTime, TwoWay, infer
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import RestrictedMean, Within
from asn_impact.measures.panel import read_panel
from asn_impact.measures.tabulate import tabulate
from asn_impact.scrutiny.scrutinise import scrutinise
from asn_impact.scrutiny.three_rows import three_rows
from asn_impact.scrutiny.turning import _by_pull, _cells_of, _without, what_would_change

RULE, WAIT, PAIRS = BiasReduced(), RestrictedMean(30), GroupTime()
EXACT = 1e-10
pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
MONTHS = pd.period_range("2024-01", periods=12, freq="M")


@functools.cache
def cases(*, odd=0, still_open=0, effect=2, seed=3, offices=12):
    """Applications of twelve offices of which five are trained in July; `odd` of an untrained one take 29 days.

    Of the trained offices `still_open` were never recorded as ended.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for office in range(offices):
        for t, month in enumerate(MONTHS):
            for i in range(10):
                days = int(rng.integers(4, 12)) + 3 - effect * (office < 5 and t >= 6)
                if office == 11 and t >= 6 and i < odd:
                    days = 29
                is_open = office < 5 and t >= 6 and i < still_open
                received = month.start_time + pd.Timedelta(days=i)
                decided = None if is_open else received + pd.Timedelta(days=days)
                rows.append(
                    (f"C{len(rows):05d}", f"O{office:02d}", received, decided, "open" if is_open else "granted")
                )
    last = pd.Timestamp("2025-03-03")  # the export goes on: every month above has been followed to its end
    rows.append((f"C{len(rows):05d}", "O11", last, last, "granted"))
    frame = pd.DataFrame(rows, columns=["case", "office", "received", "decided", "status"])
    return frame.assign(decided=pd.to_datetime(frame["decided"]))


def timed(frame):
    return measure(read_exports(frame, as_of="2025-03-03"), WorkCalendar.indonesia(), clock="calendar_days")


@functools.cache
def timed_cases(**made):
    return timed(cases(**made))


def design_of(durations, outcome, **more):
    panel = tabulate(durations, outcome)
    dates = pd.DataFrame({"office": panel.units, "trained": ["2024-07" if u < "O05" else None for u in panel.units]})
    return assign(panel, read_rollout(dates, unit="office", adopted="trained"), cluster="office", **more)


def found(durations, outcome=WAIT, estimator=PAIRS, **more):
    return infer(estimator(design_of(durations, outcome, **more)).overall(), RULE), durations


def row_of(turning, what, turns=None):
    rows = turning.table[turning.table["what"] == what]
    return (rows if turns is None else rows[rows["turns"] == turns]).iloc[0]


# ------------------------------------------------------------------------------------------------ applications


@pytest.mark.parametrize("weights", ["units", "records"])
@pytest.mark.parametrize("outcome", [RestrictedMean(30), Within(8)])
@pytest.mark.parametrize("estimator", [GroupTime(), GLSImputation(), TwoWay()])
def test_fewer_applications_than_an_even_draw_turn_it_and_it_does_turn(estimator, outcome, weights):
    """Leaving applications out at random moves nothing; those that are named move the interval to zero."""
    finding, durations = found(timed_cases(), outcome, estimator, weights=weights)
    turning = what_would_change(finding, durations=durations)
    row = row_of(turning, "applications", "interval")
    assert row["of"] == 12 * 12 * 10
    assert 0 < row["fewest"] < 0.3 * row["of"]
    assert row["conf_low"] <= 0 <= row["conf_high"]
    assert turning.fewest("applications", "sign") >= row["fewest"]
    assert np.sign(row_of(turning, "applications", "sign")["estimate"]) == -np.sign(finding.estimate[0])


def test_a_few_odd_applications_that_make_the_finding_are_the_ones_found():
    """Without an effect, slow cases of one office in the comparison look like one: without them it is gone.

    The slow twin takes exactly the odd cases out of the export and estimates again.
    """
    frame = cases(odd=2, effect=0)
    finding, durations = found(timed_cases(odd=2, effect=0))
    odd = (frame["decided"] - frame["received"]).dt.days == 29
    without, _ = found(timed(frame[~odd]))
    sign = what_would_change(finding, durations=durations).fewest("applications", "sign")
    turned_by_them = np.sign(without.estimate[0]) != np.sign(finding.estimate[0])
    assert turned_by_them == (sign <= odd.sum())


def test_the_numbers_are_those_of_an_export_without_these_applications():
    """Cells counted again from the cells are those of the records that are left: means, numbers, what lies inside."""
    frame = cases()
    finding, durations = found(timed_cases(), weights="records")
    design = finding.effects.design
    cells = _cells_of(design, durations)
    removed = _by_pull(cells, finding.effects.loadings()[0], 1.0).first(7, cells.counts.shape)
    assert removed.sum() == 7
    days = (frame["decided"] - frame["received"]).dt.days.clip(upper=31)
    gone = []
    for u, t, v in np.argwhere(removed > 0):
        here = (frame["office"] == design.panel.units[u]) & (frame["received"].dt.month == t + 1) & (days == v)
        gone += list(frame.index[here][: removed[u, t, v]])
    twin = design_of(timed(frame.drop(index=gone)), RestrictedMean(30), weights="records").panel
    ours = _without(design, cells, removed).panel
    for name in ("n", "mean", "weight", "within"):
        np.testing.assert_allclose(getattr(ours, name), getattr(twin, name), rtol=EXACT, atol=EXACT)


def test_records_that_are_not_behind_the_panel_are_not_used():
    finding, _ = found(timed_cases())
    other = timed_cases(offices=13)
    assert "applications" in set(what_would_change(finding, durations=other).table["what"])  # an office more
    fewer = timed(cases().drop(index=range(5)))
    assert "applications" not in set(what_would_change(finding, durations=fewer).table["what"])


def test_an_interval_that_holds_zero_is_asked_what_would_make_it_speak():
    finding, durations = found(timed_cases(effect=0))
    low, high = (float(end[0]) for end in finding.interval())
    assert low < 0 < high
    turning = what_would_change(finding, durations=durations)
    row = row_of(turning, "applications", "interval")
    assert row["conf_low"] > 0 or row["conf_high"] < 0
    assert np.sign(row["estimate"]) == np.sign(finding.estimate[0])
    assert "no longer hold zero" in turning.said
    within = what_would_change(finding, durations=durations, margin=3.0)
    assert "margin named beforehand" in within.said


# -------------------------------------------------------------------------------------- offices, dates, open cases


def ready(effect=-2.0, carrier=0.0, seed=1):
    rng = np.random.default_rng(seed)
    rows = [
        (f"O{o:02d}", str(m), 9 + 0.3 * o + 0.3 * rng.normal() + (effect + carrier * (o == 2)) * (o < 5 and t >= 6))
        for o in range(14)
        for t, m in enumerate(MONTHS)
    ]
    frame = pd.DataFrame(rows, columns=["office", "month", "days"])
    frame["trained"] = np.where(frame["office"] < "O05", "2024-07", None)
    panel = read_panel(frame, unit="office", period="month", outcome="days")
    return assign(panel, read_rollout(frame, unit="office", adopted="trained"), cluster="office")


def test_one_office_that_carries_the_sign_is_enough():
    turning = what_would_change(infer(GroupTime()(ready(effect=0.2, carrier=-9.0)).overall(), RULE))
    assert turning.fewest("offices", "sign") == 1
    assert "1 of 14 clusters" in turning.said
    assert "applications" not in set(turning.table["what"])


def test_dates_a_month_off_are_the_estimates_of_shifted_designs():
    effects = GroupTime()(ready()).overall()
    turning = what_would_change(infer(effects, RULE))
    for name, steps in (("earlier", -1), ("later", 1)):
        other = infer(effects.again(effects.design.shifted(steps)), RULE)
        assert row_of(turning, name)["estimate"] == pytest.approx(other.estimate[0], rel=EXACT)


@pytest.mark.parametrize("outcome", [RestrictedMean(30), Within(8)])
def test_open_cases_are_ended_on_the_last_day_that_turns_it(outcome):
    """The day is found by halving; here it is tried, with the one after it and days all over the horizon."""
    frame = cases(still_open=4, effect=1)
    finding, durations = found(timed_cases(still_open=4, effect=1), outcome)
    turning = what_would_change(finding, durations=durations)
    row = row_of(turning, "open")
    assert row["fewest"] == frame["decided"].isna().sum()

    def at(day):
        ended = frame.assign(decided=frame["decided"].fillna(frame["received"] + pd.Timedelta(days=day)))
        return found(timed(ended.assign(status="granted")), outcome)[0]

    def same(other):
        return np.sign(other.estimate[0]) == np.sign(finding.estimate[0]) and side(other) == side(finding)

    def side(inference):
        low, high = (float(end[0]) for end in inference.interval())
        return int(low > 0) - int(high < 0)

    tried = sorted({*range(0, outcome.horizon + 1, 6), row["day"], min(row["day"] + 1, outcome.horizon)})
    turned = [day for day in tried if not same(at(day))]
    assert turned, "the data do not make the case"
    assert row["day"] == turned[-1]
    assert row["estimate"] == pytest.approx(at(turned[-1]).estimate[0], rel=EXACT)


def test_open_cases_of_quarters_are_counted_as_those_of_months_are():
    frame = cases(still_open=4, effect=1)
    durations = timed_cases(still_open=4, effect=1)
    panel = tabulate(durations, WAIT, by="office", per="quarter")
    starts = pd.DataFrame({"office": [f"O{i:02d}" for i in range(5)], "from": "2024-07"})
    design = assign(panel, read_rollout(starts, unit="office", adopted="from"), cluster="office")
    finding = infer(PAIRS(design).overall(), RULE)
    table = what_would_change(finding, durations=durations).table
    assert {"applications", "open"} <= set(table["what"])
    assert row_of(what_would_change(finding, durations=durations), "open")["fewest"] == frame["decided"].isna().sum()


def test_both_languages_say_it_with_their_own_numbers():
    finding, durations = found(timed_cases())
    said = what_would_change(finding, durations=durations).said
    assert "of 1,440 applications" in said.en
    assert "dari 1.440 permohonan" in said.id
    assert "What would change" in what_would_change(finding)._repr_html_()
    shown = {quoted.shown for quoted in said.text("id").numbers}
    assert "1.440" in shown


# ------------------------------------------------------------------------------------------------------ three rows


def test_the_rows_are_the_estimates_they_say_they_are():
    design = ready()
    effects = GLSImputation()(design).overall()
    rows = {row.kind: row for row in three_rows(effects, rule=RULE, chosen=("2024-04", "2024-05"))}
    assert rows["all_months"].inference.estimate[0] == effects.estimate[0]
    assert rows["without_choice"].inference.estimate[0] != effects.estimate[0]
    assert len(rows["all_months"].months) == 12
    assert len(rows["without_choice"].months) == 10
    own = GLSImputation(trend="differential")(design).overall()
    assert rows["with_trend"].inference.estimate[0] == pytest.approx(own.estimate[0], rel=EXACT)


def test_a_straight_trend_of_the_trained_is_in_the_first_row_and_not_in_the_third():
    design = ready(effect=0.0)
    t = np.arange(12)
    drift = np.where(np.isfinite(design.adopted)[:, None], 0.5 * t[None, :], 0.0)
    design = replace(design, panel=replace(design.panel, mean=design.panel.mean + drift))
    rows = three_rows(GLSImputation()(design).overall(), rule=RULE, chosen=())
    assert abs(rows[0].inference.estimate[0]) > 1.5
    assert abs(rows[2].inference.estimate[0]) < 0.6


def test_months_that_nobody_named_are_not_taken_out():
    row = three_rows(GroupTime()(ready()).overall(), rule=RULE)[1]
    assert row.inference is None
    assert "does not say which periods" in row.reason.en


def test_scrutiny_carries_both():
    scrutiny = scrutinise(GroupTime()(ready()), rule=RULE, seed=1, reps=19, chosen=())
    assert [row.kind for row in scrutiny.rows] == ["all_months", "without_choice", "with_trend"]
    assert "clusters of offices" in scrutiny.turning.said or "No small part" in scrutiny.turning.said


def test_what_else_is_known_of_offices_changes_nothing():
    """Staff or doses joined to the panel name no unit of the records."""
    finding, durations = found(timed_cases(still_open=4, effect=1))
    panel = finding.effects.design.panel
    more = replace(panel, attributes=panel.attributes.assign(dose=np.arange(len(panel.units)), staff=9))
    design = replace(finding.effects.design, panel=more)
    other = infer(finding.effects.again(design), RULE)
    pd.testing.assert_frame_equal(
        what_would_change(other, durations=durations).table, what_would_change(finding, durations=durations).table
    )
