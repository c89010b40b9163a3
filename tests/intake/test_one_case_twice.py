"""One case under two names or two spellings of its number is one case, or it is asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from .conftest import codes, said
from .test_exports import ENGINES, quietly


def frame(rows: list[tuple[str, str, str, str | None]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["case", "office", "received", "decided"])
    return table.assign(received=pd.to_datetime(table["received"]), decided=pd.to_datetime(table["decided"]))


def yearly(first: str, second: str, number: Callable[[int], str] = "503/{:04d}/2024".format) -> pd.DataFrame:
    """Thirty cases under one office, decided in March, and five of them again, decided, under the other."""
    old = [(f"503/{i:04d}/2024", first, f"2024-02-{1 + i % 28:02d}", "2024-03-05") for i in range(30)]
    left = [(*row[:3], None) if i < 5 else row for i, row in enumerate(old)]
    new = [(number(i), second, row[2], "2024-03-20") for i, row in enumerate(old[:5])]
    more = [(f"503/{i:04d}/2024", second, f"2024-04-{1 + i % 28:02d}", "2024-05-05") for i in range(100, 130)]
    return frame([*left, *new, *more])


@pytest.mark.parametrize("engine", ENGINES)
def test_numbers_that_two_offices_share_with_their_day_are_asked_about(engine: str) -> None:
    extract = quietly(ENGINES[engine](yearly("Disnaker", "Dinas Tenaga Kerja")))
    assert "'Disnaker' and 'Dinas Tenaga Kerja' share 5 case numbers" in said(extract)
    one = quietly(ENGINES[engine](yearly("Disnaker", "Naker")), offices={"Disnaker": "Naker"})
    assert codes(one.ledger) == {"open_copy": 5}
    assert "share" not in said(one)


def test_two_offices_that_share_numbers_can_be_said_to_be_two() -> None:
    names = {name: name for name in ("Disnaker", "Dinas Tenaga Kerja")}
    assert "share" not in said(quietly(yearly(*names), offices=names))


def test_offices_that_number_by_themselves_are_not_asked_about() -> None:
    days = {"Dinas A": 4, "Dinas B": 5, "Dinas C": 3}
    rows = [
        (f"{i}/2024", office, f"2024-{1 + i // step % 12:02d}-{1 + i * step % 28:02d}", ended)
        for office, step in days.items()
        for i, ended in enumerate([*["2024-12-30"] * 46, *[None] * 4])
    ]
    assert "share" not in said(
        quietly(frame([*rows, ("7", "Dinas D", rows[6][2], None), ("7", "Dinas E", rows[6][2], None)]))
    )


SPACED = ["503 / {:04d} / 2024", "503/ {:04d}/2024", "503 /\u00a0{:04d}/2024 "]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("number", SPACED)
def test_blanks_around_signs_tell_no_cases_apart(number: str, engine: str) -> None:
    source: Any = ENGINES[engine](yearly("Dinas A", "Dinas A", number.format))
    assert codes(quietly(source).ledger) == {"open_copy": 5}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "number",
    ["503-{:04d}-2024", "503/{:d}/2024", "503.{:04d}/2024", "#503/{:04d}/2024", "- 0503/{:d}/2024", "503/{:04d}/2024/"],
)
def test_numbers_that_differ_in_their_signs_only_are_said(number: str, engine: str) -> None:
    extract = quietly(ENGINES[engine](yearly("Dinas A", "Dinas A", number.format)))
    assert not extract.ledger.dropped
    assert "5 case numbers differ only in signs or zeros" in said(extract)


def test_other_numbers_of_one_day_are_other_cases() -> None:
    rows = [(f"503/{i}/{j}", "Dinas A", "2024-02-05", "2024-03-05") for i in range(1, 13) for j in range(1, 13)]
    assert "signs" not in said(quietly(frame(rows)))


def of_regencies(shared: int) -> pd.DataFrame:
    """Two regencies with long numbers of their own; of the first some stand in the second too."""
    rows = [
        (f"503/{i:04d}/2024", "Dinas A", f"2024-03-{1 + i % 28:02d}", f"2024-05-{1 + i % 28:02d}") for i in range(60)
    ]
    first, second = frame(rows[:30]), frame(rows[30:])
    listed = pd.concat([second, first.head(shared)], ignore_index=True)
    return pd.concat([first.assign(regency="Kab. Hulu"), listed.assign(regency="Kab. Hilir")], ignore_index=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_case_that_a_second_regency_lists_too_is_told(engine: str) -> None:
    text = said(quietly(ENGINES[engine](of_regencies(4)), regency="all"))
    assert "4 cases of 'Hilir' also stand in 'Hulu'" in text
    assert "also stand" not in said(quietly(ENGINES[engine](of_regencies(0)), regency="all"))
