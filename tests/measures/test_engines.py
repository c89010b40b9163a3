"""The same records give the same panel in every engine: whole numbers bit by bit, scores to rounding."""

import datetime as dt

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.readers.exports import read_exports
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import CompletionCurve, Count, RestrictedMean, Score, Share, Within
from asn_impact.measures.tabulate import maturity, tabulate
from tests.estimation.random_designs import quietly

ROUNDING = 1e-12  # engines add decimals in different orders
CALENDAR = WorkCalendar.indonesia()
AS_OF = dt.date(2024, 12, 31)


def cases(count=2_000):
    rng = np.random.default_rng(7)
    received = np.datetime64("2024-01-01") + rng.integers(0, 366, count)
    decided = received + rng.geometric(0.06, count) - 1
    status = rng.choice(["granted", "rejected", "withdrawn"], count, p=[0.8, 0.1, 0.1]).astype(object)
    late = decided > np.datetime64(AS_OF)
    status[late] = "open"
    return pd.DataFrame(
        {
            "case": [f"c{i}" for i in range(count)],
            "office": rng.choice(["O1", "O2", "O3"], count),
            "service": rng.choice(["SIP", "PBG"], count),
            "received": received.astype("datetime64[us]"),
            "decided": pd.Series(decided.astype("datetime64[us]")).mask(late),
            "status": pd.Series(status, dtype="str"),
            "answer": rng.normal(3, 1, count),
            "digital": rng.random(count) < 0.4,
        }
    )


FRAME = cases()
ENGINES = {
    "pandas": lambda: FRAME,
    "pandas over arrow": lambda: FRAME.convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda: pl.from_pandas(FRAME),
    "polars lazy": lambda: pl.from_pandas(FRAME).lazy(),
    "duckdb": lambda: duckdb.connect().from_df(FRAME),
    "arrow": lambda: pa.Table.from_pandas(FRAME),
}
OUTCOMES = [RestrictedMean(30), Within(5), Count(), Share("digital"), Score("answer")]


def measured(frame):
    return measure(read_exports(frame, as_of=AS_OF, keep=["answer", "digital"]), CALENDAR)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("by", ["office", ("office", "service")])
def test_every_engine_gives_the_same_panel(engine, by):
    reference, other = measured(FRAME), measured(ENGINES[engine]())
    for outcome in OUTCOMES:
        expected, found = (tabulate(times, outcome, by=by) for times in (reference, other))
        assert (found.units, found.immature, found.timeline.labels) == (
            expected.units,
            expected.immature,
            expected.timeline.labels,
        )
        tolerance = ROUNDING if isinstance(outcome, Score) else 0
        for name in ("n", "mean", "weight", "within"):
            np.testing.assert_allclose(
                getattr(found, name), getattr(expected, name), rtol=tolerance, err_msg=f"{outcome.name} {name}"
            )


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_the_same_maturity_table(engine):
    expected = maturity(measured(FRAME), RestrictedMean(30))
    pd.testing.assert_frame_equal(maturity(measured(ENGINES[engine]()), RestrictedMean(30)), expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_outcomes_in_one_pass_are_those_one_by_one(engine):
    data = measured(ENGINES[engine]())
    together = tabulate(data, [*OUTCOMES, CompletionCurve(20)], by=("office", "service"))
    assert isinstance(together, tuple)
    for panel, outcome in zip(together, [*OUTCOMES, CompletionCurve(20)], strict=True):
        same_panel(panel, tabulate(data, outcome, by=("office", "service")), exact=not isinstance(outcome, Score))


def test_outcomes_in_one_pass_with_covariates_leave_out_their_own_records():
    frame = FRAME.assign(answer=FRAME["answer"].mask(np.arange(len(FRAME)) % 7 == 0), size=np.arange(len(FRAME)) % 5.0)
    data = measure(read_exports(frame, as_of=AS_OF, keep=["answer", "digital", "size"]), CALENDAR)
    some = [RestrictedMean(30), Score("answer"), Within(5)]
    with pytest.warns(DataWarning, match="without"):
        together = tabulate(data, some, covariates="size")
    for panel, outcome in zip(together, some, strict=True):
        alone = quietly(tabulate, data, outcome, covariates="size")
        same_panel(panel, alone, exact=False)
        assert panel.notes == alone.notes


def test_outcomes_in_one_pass_read_the_records_once(monkeypatch):
    data, passes = measured(FRAME), []
    collect = nw.LazyFrame.collect
    monkeypatch.setattr(nw.LazyFrame, "collect", lambda self, *a, **k: passes.append(1) or collect(self, *a, **k))
    tabulate(data, [RestrictedMean(30), RestrictedMean(60), Within(5), Within(10), Count()])
    assert len(passes) == 1


def test_an_empty_list_of_outcomes_is_refused():
    with pytest.raises(InputError, match=r"list of outcomes is empty.*RestrictedMean\(30\)"):
        tabulate(measured(FRAME), [])


def same_panel(one, other, *, exact):
    """The same numbers to the bit; decimals are added up in the order that the engine likes."""
    assert one.outcome == other.outcome
    assert one.units == other.units
    assert one.timeline.labels == other.timeline.labels
    assert one.immature == other.immature
    for name in ("n", "mean", "weight", "within", "x"):
        tolerance = 0 if exact else ROUNDING
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=tolerance, atol=tolerance)
