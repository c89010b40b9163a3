"""Values keep frames and arrays of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from asn_impact.arrays import Float
from asn_impact.topics.planning.costs import Costs
from asn_impact.verbs import Held


@dataclass(frozen=True, eq=False)
class Value(Held):
    frame: pd.DataFrame
    draws: Float


def test_what_a_value_was_made_of_can_change_and_the_value_does_not():
    frame, draws = pd.DataFrame({"biaya": [1.0, 2.0]}), np.array([1.0, 2.0])
    value, costs = Value(frame, draws), Costs(frame)
    frame["biaya"] = 0.0
    frame["other"] = 1
    assert value.frame["biaya"].tolist() == [1.0, 2.0]
    assert (costs.total, list(costs.components)) == (3.0, ["biaya"])
    with pytest.raises(ValueError, match="read-only"):
        value.draws[0] = 5.0
