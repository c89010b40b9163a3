"""Whole columns decide; nothing is guessed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.fields.date_columns import parse_dates
from asn_impact.intake.fields.numbers import parse_numbers
from asn_impact.starts import MONTHS
from asn_impact.words.writing import number

DAYS = st.lists(st.dates(dt.date(1971, 1, 1), dt.date(2068, 12, 31)), min_size=20, max_size=40)
MONTH_NAMES = ["Januari", "Februari", "Maret", "April", "Mei", "Juni"]
MONTH_NAMES += ["Juli", "Agustus", "September", "Oktober", "November", "Desember"]
FORMS = {
    "iso": lambda d: d.isoformat(),
    "iso with time": lambda d: f"{d.isoformat()} 08:30:00",
    "words": lambda d: f"{d.day} {MONTH_NAMES[d.month - 1]} {d.year}",
    "weekday and words": lambda d: f"Kamis, {d.day} {MONTH_NAMES[d.month - 1].upper()} {d.year}",
    "short words": lambda d: f"{d.day}-{MONTH_NAMES[d.month - 1][:3]}-{d.year % 100:02d}",
    "serial": lambda d: str((d - dt.date(1899, 12, 30)).days),
    "basic": lambda d: d.strftime("%Y%m%d"),
}
ORDERED = {
    "day-first": ("{d:02d}/{m:02d}/{y}", "{d}-{m}-{y}", "{d:02d}.{m:02d}.{y}", "{d}/{m}/{y} 10:15"),
    "month-first": ("{m:02d}/{d:02d}/{y}", "{m}-{d}-{y}"),
}


def days(values: list[str | None], **settings: str) -> list[dt.date | None]:
    return [
        None if v is None else v.date()
        for v in parse_dates(values, **settings).astype(object).where(lambda s: s.notna(), None)
    ]


@settings(max_examples=2)  # of twenty days and more
@given(DAYS)
@pytest.mark.parametrize("form", FORMS)
def test_a_written_date_is_read_back(form: str, dates: list[dt.date]) -> None:
    assert days([FORMS[form](d) for d in dates]) == [None if d == dt.date(1970, 1, 1) else d for d in dates]


@settings(max_examples=2)  # of twenty days and more
@given(DAYS)
@pytest.mark.parametrize(("order", "form"), [(o, f) for o, forms in ORDERED.items() for f in forms])
def test_the_order_asked_for_is_used(order: str, form: str, dates: list[dt.date]) -> None:
    texts = [form.format(d=d.day, m=d.month, y=d.year) for d in dates]
    assert days(texts, order=order) == dates


def test_one_value_above_12_decides_for_the_column() -> None:
    assert days(["03/04/2024", "25/04/2024"]) == [dt.date(2024, 4, 3), dt.date(2024, 4, 25)]
    assert days(["03/04/2024", "04/25/2024"]) == [dt.date(2024, 3, 4), dt.date(2024, 4, 25)]


def test_an_ambiguous_column_is_refused_with_examples_and_the_setting() -> None:
    with pytest.raises(InputError, match=r"01/02/2024.*03/04/2024.*05/06/2024.*dates=\{\"received\": \"day-first\"\}"):
        parse_dates(["01/02/2024", "03/04/2024", "05/06/2024"], name="received")


def test_two_orders_in_one_column_are_refused() -> None:
    with pytest.raises(InputError, match="mixes two orders"):
        parse_dates(["13/04/2024", "04/25/2024"])


@pytest.mark.parametrize("text", ["2023-02-29", "31 April 2024", "2024", "32/01/2024", "2024-13-01"])
def test_a_date_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no date of the calendar"):
        parse_dates([text, "2024-02-29"])


@pytest.mark.parametrize(
    "text",
    [
        "-",
        "",
        "NULL",
        "#N/A",
        "belum",
        "0000-00-00",
        "0001-01-01 00:00:00",
        "1900-01-00",
        "00/00/0000",
        "1899-12-30",
        "9999-12-31",
        "30/12/1899",
        "01/01/1900",
        "0",
        "1970-01-01",
        "2958465",
    ],
)
def test_words_and_dates_for_no_date_are_missing(text: str) -> None:
    assert days([text, "25/12/2024"]) == [None, dt.date(2024, 12, 25)]


def test_every_month_word_is_known() -> None:
    found = days([f"17 {word.title()} 2023" for word in MONTHS])
    assert dict(zip(MONTHS, found, strict=True)) == {word: dt.date(2023, n, 17) for word, n in MONTHS.items()}


@pytest.mark.parametrize("text", ["Jum'at, 1 Pebruari 2024", "1 Feb 2024 pukul 07.30 WIB", "2024-02-01T07:30:00+07:00"])
def test_weekdays_clock_times_and_zones_do_not_disturb(text: str) -> None:
    assert days([text]) == [dt.date(2024, 2, 1)]


def test_mixed_time_zones_are_refused() -> None:
    with pytest.raises(InputError, match="time zones"):
        parse_dates(["2024-01-01 23:30 WIB", "2024-01-01 23:30 WIT"])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=10))
def test_money_written_in_indonesia_is_read_back(cents: list[int]) -> None:
    texts = [
        ("-" if c < 0 else "") + "Rp" + f"{abs(c) // 100:,}".replace(",", ".") + f",{abs(c) % 100:02d}" for c in cents
    ]
    texts = [t.replace("-Rp", "Rp-") for t in texts]
    assert np.allclose(parse_numbers(texts), [c / 100 for c in cents])


@pytest.mark.parametrize(("language", "style"), [("id", "1.234,56"), ("en", "1,234.56")])
@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=10))
def test_numbers_and_shares_as_we_print_them_are_read_back(language: Any, style: Any, cents: list[int]) -> None:
    printed = [number(c / 100, 2, language) for c in cents]
    assert np.allclose(parse_numbers(printed, style=style), [c / 100 for c in cents])
    shares = [f"{text}%" for text in printed]
    assert np.allclose(parse_numbers(shares, style=style), [c / 10_000 for c in cents])


def test_a_thousands_dot_is_never_guessed() -> None:
    with pytest.raises(InputError, match=r"1\.234.*style="):
        parse_numbers(["1.234", "5.678"])
    assert parse_numbers(["1.234", "5.678,5"]).tolist() == [1234.0, 5678.5]
    assert parse_numbers(["1.234", "5.5"]).tolist() == [1.234, 5.5]
    assert parse_numbers(["1.234"], style="1.234,56").tolist() == [1234.0]


def test_decimal_commas_and_points_in_one_column_are_refused() -> None:
    with pytest.raises(InputError, match="mixes"):
        parse_numbers(["12,5", "12.5"])


def test_scales_and_percent() -> None:
    assert np.allclose(parse_numbers(["Rp 2,7 juta", "Rp. 2.785.700,-"]), [2_700_000, 2_785_700])
    assert np.allclose(parse_numbers(["88,31%"]), [0.8831])


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=6),
    st.sampled_from(["Rp{}", "Rp. {},-", "IDR {}", "{} rupiah"]),
)
def test_property_an_amount_in_any_spelling_is_itself(amounts: list[int], spelling: str) -> None:
    texts = [spelling.format(f"{amount:,}".replace(",", ".")) for amount in [*amounts, 1_234_567]]
    assert parse_numbers(texts).tolist() == [*amounts, 1_234_567]


@given(st.integers(1, 100), st.data())
def test_property_scores_out_of_one_total_are_scores(total: int, data: st.DataObject) -> None:
    scores = data.draw(st.lists(st.integers(0, total), min_size=1, max_size=6))
    spaces = data.draw(st.sampled_from(["{}/{}", "{} / {}", " {} /{} "]))
    assert parse_numbers([*(spaces.format(s, total) for s in scores), "-"]).tolist()[:-1] == scores


@pytest.mark.parametrize("texts", [["35/50", "40/60"], ["35/50", "80"], ["60/50"]])
def test_scores_of_several_scales_are_refused(texts: list[str]) -> None:
    with pytest.raises(InputError, match="several totals"):
        parse_numbers(texts)


def test_the_files_with_each_order_are_named(tmp_path: Path) -> None:
    head = "Perangkat Daerah;Tanggal Masuk;Tanggal Selesai\n"
    (tmp_path / "a.csv").write_text(head + "".join(f"Dinas A;{d}/01/2024;{d}/02/2024\n" for d in range(13, 29)))
    (tmp_path / "b.csv").write_text(head + "".join(f"Dinas A;01/{d}/2025;02/{d}/2025\n" for d in range(13, 29)))
    with pytest.warns(DataWarning, match=r"files differ.*Day first in 'a.csv'. Month first in 'b.csv'"):
        ai.read_exports(tmp_path, as_of="2025-12-31", selection="received")
    (tmp_path / "b.csv").write_text((tmp_path / "a.csv").read_text() + "Dinas B;01/30/2024;02/28/2024\n")
    with pytest.raises(InputError, match=r"Both in 'b.csv'"):
        ai.read_exports([tmp_path / "b.csv"], as_of="2025-12-31")
