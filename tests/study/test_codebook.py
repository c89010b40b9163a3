"""The codebook of what was read: fields, kinds, words and gaps, never a small group."""

import json

import pandas as pd
import pytest

from asn_impact import read_exports
from asn_impact.intake.codebook import table_schema


@pytest.fixture
def extract():
    days = pd.to_datetime(["2024-01-02"] * 60)
    decided = pd.Series(pd.to_datetime(["2024-01-20"] * 60))
    decided.iloc[:15] = pd.NaT
    frame = pd.DataFrame({
        "case": [f"C{i}" for i in range(60)], "office": ["Dinas A"] * 55 + ["Dinas B"] * 5, "received": days,
        "decided": decided, "service": [None] * 3 + ["Izin"] * 57,
    })  # fmt: skip
    return read_exports(frame, as_of="2024-01-31", selection="received")


def test_small_groups_stand_nowhere_in_the_codebook(extract):
    book = extract.codebook().set_index("field")
    assert book.loc["office", "words"] == ("Dinas A",)
    assert book.loc["decided", "missing"] == 0.25
    assert bool(book.loc["service", "few"])
    assert pd.isna(book.loc["service", "missing"])
    assert book.loc["received", ["type", "first", "last"]].tolist() == ["date", "2024-01", "2024-01"]
    assert book.loc["case", "words"] == ()


def test_the_codebook_is_a_table_schema(extract):
    schema = json.loads(table_schema(extract.codebook(), "id"))
    fields = {field["name"]: field for field in schema["fields"]}
    assert schema["$schema"].endswith("tableschema.json")
    assert fields["received"]["type"] == "date"
    assert fields["office"]["categories"] == ["Dinas A"]
    assert fields["service"]["missing"] is None
    assert fields["office"]["description"] == "kantor yang memproses"
