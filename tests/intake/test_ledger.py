"""The ledger balances or does not exist."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn_impact.intake.ledger import Ledger

COUNTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 99))


@given(st.integers(0, 99), COUNTS, st.integers(0, 99), COUNTS)
def test_sums_of_balanced_ledgers_balance(k1: int, d1: dict[str, int], k2: int, d2: dict[str, int]) -> None:
    both = Ledger(k1 + sum(d1.values()), k1, d1) + Ledger(k2 + sum(d2.values()), k2, d2)
    assert both.read == both.kept + sum(both.dropped.values())
    assert both.kept == k1 + k2


def test_an_unbalanced_ledger_is_refused() -> None:
    with pytest.raises(ValueError, match="does not balance"):
        Ledger(read=3, kept=1, dropped={"no date": 1})


def test_the_ledger_cannot_be_changed_and_shows_itself() -> None:
    ledger = Ledger(read=3, kept=1, dropped={"no <date>": 2})
    with pytest.raises(TypeError):
        ledger.dropped["x"] = 1  # type: ignore[index]
    assert "no &lt;date&gt;" in ledger._repr_html_()
    assert repr(pickle.loads(pickle.dumps(ledger))) == repr(ledger)
