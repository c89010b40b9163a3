"""The ledger balances or does not exist."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn_impact.intake.ledger import Ledger, reason
from asn_impact.words import Alert, catalogue

COUNTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 99))


@given(st.integers(0, 99), COUNTS, st.integers(0, 99), COUNTS)
def test_sums_of_balanced_ledgers_balance(k1: int, d1: dict[str, int], k2: int, d2: dict[str, int]) -> None:
    both = Ledger(k1 + sum(d1.values()), k1, d1) + Ledger(k2 + sum(d2.values()), k2, d2)
    assert both.read == both.kept + sum(both.dropped.values())
    assert both.kept == k1 + k2


def test_a_ledger_speaks_every_language() -> None:
    ledger = Ledger(read=1_500, kept=1_498, dropped={reason("test_row"): 2})
    assert ledger.note() is not None
    assert str(ledger.note()) == "2 of 1,500 rows left out: test row 2."
    assert ledger.note().text("id") == "2 dari 1.500 baris dikeluarkan: baris uji coba 2."
    table = ledger.table("id")
    assert table["baris"].tolist() == ["dibaca", "dikeluarkan: baris uji coba", "dipakai"]
    assert table["n"].tolist() == [1500, 2, 1498]
    assert Ledger(read=1, kept=1).note() is None


@pytest.mark.parametrize("code", sorted(catalogue.keys_of("reasons")))
def test_every_reason_has_words_of_its_own_in_each_language(code: str) -> None:
    assert reason(code).text("id") != reason(code).text("en")


@pytest.mark.parametrize(
    ("code", "n", "surprises"), [("no_office", 2, True), ("no_office", 1, False), ("row_of_totals", 50, False)]
)
def test_lost_cases_surprise_and_rows_that_are_none_do_not(code: str, n: int, surprises: bool) -> None:
    assert isinstance(Ledger(read=100, kept=100 - n, dropped={reason(code): n}).note(), Alert) is surprises


def test_an_unbalanced_ledger_is_refused() -> None:
    with pytest.raises(ValueError, match="does not balance"):
        Ledger(read=3, kept=1, dropped={"no date": 1})


def test_the_ledger_cannot_be_changed_and_shows_itself() -> None:
    ledger = Ledger(read=3, kept=1, dropped={"no <date>": 2})
    with pytest.raises(TypeError):
        ledger.dropped["x"] = 1  # type: ignore[index]
    assert "no &lt;date&gt;" in ledger._repr_html_()
    assert repr(pickle.loads(pickle.dumps(ledger))) == repr(ledger)
