"""One office under several spellings is one office, or is asked about; different codes stay apart."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact import read_exports
from asn_impact.errors import DataWarning
from asn_impact.intake.fields.labels import TOTAL_LABEL, label_key, plain_label, settle_labels

UNSEEN = ["\u200b", "\u00ad", "\ufeff", "\u2060", "\u00a0 ", "  ", "\u3000", "\t"]


def offices_of(labels: list[str], **settings_: object) -> list[str]:
    frame = pd.DataFrame({"office": labels, "received": pd.Timestamp("2024-01-02")})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        extract = read_exports(
            frame.assign(decided=pd.Timestamp("2024-01-09")),
            as_of="2024-02-01",
            **settings_,  # type: ignore[arg-type]
        )
    return sorted(set(extract.records.collect()["office"].to_list()))


@pytest.mark.parametrize(
    "spelling",
    [
        *("DINAS É", "Dinas  É ", "Dinas\u200b É", "\ufeffDinas É", "Dinas\u00a0É", "Dinas E\u0301", "Dinas, É."),
        *("\uff24inas É", "Di\u00adnas É", "dinas-é"),
    ],
)
def test_what_no_eye_sees_makes_no_second_office(spelling: str) -> None:
    assert offices_of(["Dinas É", "Dinas É", spelling, "Dinas B"]) == ["Dinas B", "Dinas É"]


def test_letters_of_another_alphabet_make_no_second_office() -> None:
    assert len(offices_of(["DINAS A", "DINAS A", "DINAS \u0410"])) == 1


@pytest.mark.parametrize("labels", [["1.01", "1.02", "101"], ["1.1", "1.10"], ["A-1", "A1"], ["Seksi 1", "Seksi 2"]])
def test_codes_that_differ_stay_apart(labels: list[str]) -> None:
    assert offices_of(labels) == sorted(labels)


def test_codes_written_in_two_ways_are_one() -> None:
    assert offices_of(["7", "7.0", "8.0", "12"]) == ["12", "7", "8"]
    assert offices_of(["007", "7", "012", "12.0"]) == ["007", "012"]


@pytest.mark.parametrize(
    "other", ["Kec. Sungai Limau", "KEC SEI LIMAU", "Kecamattan Sungai Limau", "Kecamatan Sungailimau"]
)
def test_offices_that_look_alike_are_asked_about_until_settled(other: str) -> None:
    one = "Kecamatan Sungai Limau"
    frame = pd.DataFrame({"office": [one, other], "received": pd.Timestamp("2024-01-02")})
    frame = frame.assign(decided=pd.Timestamp("2024-01-09"))
    with pytest.warns(DataWarning, match=r"look alike.*offices="):
        read_exports(frame, as_of="2024-02-01")
    assert offices_of([one, other], offices={other: one}) == [one]
    apart = read_exports(frame, as_of="2024-02-01", offices={one: one, other: other})
    assert len(set(apart.records.collect()["office"].to_list())) == 2


def test_numbers_of_cases_that_lost_their_zeros_are_the_same_cases() -> None:
    frame = pd.DataFrame(
        {"case": ["000007", "000008", "7", "8.0", " 000009", "000009\u200b", "123456", "0"], "office": "D"}
    )
    frame = frame.assign(received=pd.Timestamp("2024-01-02"), decided=pd.Timestamp("2024-01-09"))
    with pytest.warns(DataWarning, match="lost their zeros"):
        extract = read_exports(frame, as_of="2024-02-01")
    assert sorted(extract.records.collect()["case"].to_list()) == ["000000", "000007", "000008", "000009", "123456"]
    assert len(extract.dropped()) == 3


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas, pa.Table.from_pandas])
@pytest.mark.parametrize("regency", ["all", "B"])
def test_numbers_of_one_office_never_had_the_zeros_of_another(engine, regency) -> None:
    cases = [*(f"{i:012d}" for i in range(20)), *(str(i + 7) for i in range(20)), "009", "9"]
    frame = pd.DataFrame({"case": cases, "office": ["D"] * 40 + ["E"] * 2, "regency": ["A"] * 20 + ["B"] * 22})
    frame = frame.assign(received=pd.Timestamp("2024-01-02"), decided=pd.Timestamp("2024-01-09"))
    with pytest.warns(DataWarning, match="1 case numbers had lost their zeros.*3 digits"):
        extract = read_exports(engine(frame), as_of="2024-02-01", regency=regency)
    own = cases[20 if regency == "B" else 0 : -1]
    assert sorted(extract.records.collect()["case"].to_list()) == sorted(own)


@settings(max_examples=60, deadline=None)
@given(st.text("ABCabc 12", min_size=1), st.lists(st.sampled_from(UNSEEN), max_size=4), st.integers(0, 20))
def test_property_unseen_characters_change_neither_the_label_nor_its_key(text: str, unseen: list[str], at: int) -> None:
    words = f"Dinas {text}".split()
    written = words[0] + "".join(c if c.strip() == c else f" {c}" for c in unseen if not c.isspace()) + " "
    assert plain_label(written + " ".join(words[1:])) == plain_label(" ".join(words))
    assert label_key(plain_label(written)) == label_key(written)
    assert settle_labels({plain_label(text) or "x": 1})[0] == {}


@given(st.sampled_from(("DINKES", "Dinkes", "dinkes.", "Din-Kes".replace("-", ""))), st.integers(1, 9))
def test_an_answer_holds_for_every_spelling_of_its_label(answered: str, n: int) -> None:
    # one spelling answered and met must not leave the others as offices of their own
    counts = {"DINKES": n, "Dinkes": 5, "dinkes.": 2, "Dinas Kesehatan": 30}
    changed, _ = settle_labels(counts, {answered: "Dinas Kesehatan"})
    assert {changed.get(label, label) for label in counts} == {"Dinas Kesehatan"}


def test_a_label_that_stands_for_itself_answers_for_no_other_spelling() -> None:
    changed, _ = settle_labels({"UPT A-1": 3, "UPT A 1": 4}, {"UPT A-1": "UPT A-1"})
    assert {changed.get(label, label) for label in ("UPT A-1", "UPT A 1")} == {"UPT A-1", "UPT A 1"}


def test_what_others_stand_for_is_one_office_in_every_spelling():
    full, shouted = "Dinas Kependudukan dan Pencatatan Sipil", "DINAS KEPENDUDUKAN DAN PENCATATAN SIPIL"
    changed, _ = settle_labels({"Kantor Catatan": 3, shouted: 9, "Dinas Lain": 2}, {"Kantor Catatan": full})
    assert changed == {"Kantor Catatan": full, shouted: full}
    apart, _ = settle_labels({"Kantor Catatan": 3, shouted: 9}, {"Kantor Catatan": full, full: full})
    assert apart == {"Kantor Catatan": full}


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas, lambda f: duckdb.connect().from_df(f)])
def test_as_many_regencies_and_offices_as_a_country_has_are_settled(engine: Callable[[pd.DataFrame], object]) -> None:
    rows = [(f"Kab. Daerah {i}", f"Dinas {i}") for i in range(520)]
    rows += [*rows, *((regency.upper(), office.upper().replace(" ", "-")) for regency, office in rows)]
    frame = pd.DataFrame(rows, columns=["regency", "office"])
    frame = frame.assign(received=pd.Timestamp("2024-01-02"), decided=pd.Timestamp("2024-01-09"))
    with pytest.warns(DataWarning, match="520"):
        extract = read_exports(engine(frame), as_of="2024-02-01", regency="all")
    offices = extract.records.collect()["office"].to_list()
    assert len(offices) == 3 * 520
    assert set(offices) == {f"Daerah {i} / Dinas {i}" for i in range(520)}


@pytest.mark.parametrize("label", ["Jumlah", "TOTAL", "Jumlah 30 orang", "Total 1.250 berkas", "30 orang", "Sub Total"])
def test_a_row_of_sums_names_no_office(label):
    assert TOTAL_LABEL.match(label)


@pytest.mark.parametrize(
    "label", ["Total 5 Express", "Kecamatan 30 Ilir", "Dinas Jumlah", "30 Ilir", "RS 30 orang tua"]
)
def test_an_office_with_a_number_in_its_name_is_one(label):
    assert not TOTAL_LABEL.match(label)


def test_a_cell_that_names_several_offices_is_said():
    changed, notes = settle_labels({"Dinas A": 9, "Dinas B": 9, "Dinas A, Dinas B": 3, "Dinas C dan D": 2})
    assert changed == {}
    (note,) = [note for note in notes if note.key == "intake.office.several"]
    assert "'Dinas A, Dinas B' names several offices in one cell; its 3 rows" in str(note).replace('"', "'")


@pytest.mark.parametrize(
    ("label", "total"),
    [("Kabupaten", True), ("Se-Kabupaten", True), ("Tingkat Kota", True), ("Seluruh OPD", True), ("Keseluruhan", True),
     ("Kota", False), ("Kabupaten Hulu Rimba", False), ("Kecamatan Kota", False), ("Unit Kerja", False)],
)  # fmt: skip
def test_a_row_of_all_offices_is_a_total(label, total):
    assert (TOTAL_LABEL.match(label) is not None) == total
