"""What the verbs of intake refuse at the door, and what they say in Indonesian."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from asn_impact import read_exports, read_steps, read_wide
from asn_impact.errors import InputError
from asn_impact.topics.clocks.step_log import read_step_log
from asn_impact.words import Message

from .conftest import HEADINGS, lines

AS_OF = "2024-12-31"
CASES = pd.DataFrame(
    {
        "office": ["a", "b"],
        "received": pd.to_datetime(["2024-01-02"] * 2),
        "decided": pd.to_datetime(["2024-01-09"] * 2),
    }
)
STEPS = pd.DataFrame(
    {
        "case": ["1"],
        "office": "O",
        "step": "a",
        "step_start": pd.to_datetime(["2024-01-02"]),
        "step_end": pd.to_datetime(["2024-01-03"]),
    }
)

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"selection": "recieved"}, r"read_exports\(selection='recieved'\)\. .*Did you mean 'received'\?"),
    ({"keep": "district"}, r"Expected a tuple of names: keep=\('district',\)\."),
    ({"office": 7}, r"read_exports\(office=7\)\. Expected a text"),
    ({"table": 1}, r"read_exports\(table=1\)"),
    ({"columns": "office"}, r"columns='office'\)\. Expected pairs"),
    ({"columns": {"ofice": "x"}}, r"columns names 'ofice', which is no field here\. Did you mean 'office'\?"),
    ({"dates": ["received"]}, "dates=.*Expected pairs"),
    ({"dates": {"recieved": "day-first"}}, r"dates names 'recieved'.*Did you mean 'received'\?"),
    ({"dates": {"received": "day first"}}, r"dates\['received'\]='day first'\)\..*Did you mean 'day-first'\?"),
    ({"as_of": 2024}, "as_of is 2024; expected a date"),
]


@pytest.mark.parametrize(("settings", "words"), WRONG)
def test_a_wrong_argument_of_read_exports_is_refused(settings: Mapping[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_exports(CASES, **{"as_of": AS_OF, **settings})


def test_status_words_are_pairs_of_known_statuses() -> None:
    with pytest.raises(InputError, match=r"status_words='Selesai'\)\. Expected pairs"):
        read_exports(CASES.assign(status="Selesai"), as_of=AS_OF, status_words="Selesai")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"maps to 'grant'.*Did you mean 'granted'\?"):
        read_exports(CASES.assign(status="x"), as_of=AS_OF, status_words={"x": "grant"})


@pytest.mark.parametrize("verb", [read_steps, read_step_log])
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"finished": "Selesai"}, r"finished=\('Selesai',\)"),
        ({"last_step": 3}, "last_step=3"),
        ({"office": ("a", "b")}, "office="),
        ({"dates": {"step_start": "mdy"}}, r"dates\['step_start'\]='mdy'"),
    ],
)
def test_a_wrong_argument_of_steps_is_refused(
    verb: Callable[..., Any], settings: Mapping[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        verb(STEPS, as_of=AS_OF, **settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"year": 25}, r"year=25\)\. Expected a number between 1900 and 2100"),
        ({"year": "2025"}, "year='2025'"),
        ({"numbers": "1,234"}, "numbers='1,234'.*Expected '1.234,56' or '1,234.56'"),
        ({"group": None}, "group=None"),
        ({"unit": 3}, "unit=3"),
    ],
)
def test_a_wrong_argument_of_read_wide_is_refused(tmp_path: Path, settings: Mapping[str, Any], words: str) -> None:
    (tmp_path / "a.csv").write_text("Dinas;Jan;Peb\nA;3;4\n")
    with pytest.raises(InputError, match=words):
        read_wide(tmp_path / "a.csv", **{"unit": "Dinas", "year": 2025, **settings})


def test_an_error_is_said_in_indonesian() -> None:
    with pytest.raises(InputError) as caught:
        read_exports(CASES.drop(columns="office"), as_of=AS_OF)
    assert caught.value.text("id") == (
        "Data itu tidak mempunyai kolom untuk 'office'. Yang ada: 'received', 'decided'. "
        'Sebutkan: columns={"office": "..."}.'
    )


SAID: dict[str, tuple[str, dict[str, Any]]] = {
    "LAPORAN\n" + HEADINGS + lines(): ("izin.csv: 1 baris di atas judul kolom dilewati.", {}),
    HEADINGS + lines(): ("Tanggal masuk: ditulis hari-bulan (32 nilai menunjukkannya).", {}),
    HEADINGS + lines() + ";20/03/2024;21/03/2024\n" * 2: (
        "2 dari 62 baris dikeluarkan: tanpa nama perangkat daerah 2.",
        {},
    ),
}


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("content", SAID)
def test_every_note_is_said_in_indonesian(export: Callable[..., Path], content: str) -> None:
    expected, settings = SAID[content]
    notes = read_exports(export(content), as_of=AS_OF, **settings).notes
    assert all(isinstance(note, Message) for note in notes)
    assert expected in [note.text("id") for note in notes]
