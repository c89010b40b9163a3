"""A ready panel is read the same whatever the order of its rows and the type of its whole numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.measures.panel import read_panel
from asn_impact.timeline import coded

FIELDS = ("n", "mean", "weight", "x")


def frame(units=(3, 1, 7), years=(2021, 2022, 2024)):
    rng = np.random.default_rng(1)
    rows = [(u, t) for u in sorted(units) for t in years]
    table = pd.DataFrame(rows, columns=["office", "year"])
    return table.assign(
        days=rng.normal(size=len(rows)), load=rng.normal(size=len(rows)), w=rng.uniform(1, 2, len(rows))
    )


def read(table):
    return read_panel(table, unit="office", period="year", outcome="days", covariates=["load"], weights="w")


@given(
    order=st.permutations(range(9)), whole=st.sampled_from(["int64", "int16", "uint16", "uint64", "Int64", "float64"])
)
@settings(max_examples=25, deadline=None)
def test_order_of_rows_and_type_of_whole_numbers_do_not_matter(order, whole):
    expected, found = read(frame()), read(frame().iloc[list(order)].astype({"office": whole, "year": whole}))
    assert found.units == expected.units == (1, 3, 7)
    assert found.timeline.labels == ("2021", "2022", "2024")
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("order", [list(range(9)), list(range(8, -1, -1))])
def test_the_panel_shares_no_memory_with_the_frame(order):
    """What happens to the frame afterwards does not change the panel."""
    table = frame().iloc[order].reset_index(drop=True)
    panel = read(table)
    for name, column in (("mean", "days"), ("x", "load"), ("weight", "w")):
        assert not np.shares_memory(getattr(panel, name), table[column].to_numpy())


@given(values=st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5), min_size=1, max_size=12))
def test_codes_and_distinct_values_give_the_column_back(values):
    codes, distinct = coded(pd.Series(values, dtype="int64"))
    assert [int(distinct[c]) for c in codes] == values
    assert sorted({int(v) for v in distinct}) == sorted(set(values))
