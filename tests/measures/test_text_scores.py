"""A score or a share kept from an export is text: plain numbers are numbers, other words are shown."""

import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")


def times_of(tmp_path, marks):
    rows = pd.DataFrame(
        {
            "nomor": [f"K{i:04d}" for i in range(120)],
            "perangkat daerah": [f"Dinas {'ABC'[i % 3]}" for i in range(120)],
            "tanggal masuk": [f"2024-0{1 + i % 4}-1{i % 9}" for i in range(120)],
            "tanggal selesai": [f"2024-0{1 + i % 4}-2{i % 8}" if i % 11 else "" for i in range(120)],
            "nilai": [marks[i % len(marks)] for i in range(120)],
        }
    )
    rows.to_csv(tmp_path / "izin.csv", index=False)
    return ai.measure(
        ai.read_exports(tmp_path / "izin.csv", as_of="2024-12-31", keep=["nilai"]), ai.WorkCalendar.indonesia()
    )


def test_whole_numbers_kept_from_a_file_are_a_score(tmp_path):
    panel = ai.tabulate(times_of(tmp_path, ["3", "4", "5", ""]), ai.Score("nilai"))
    assert panel.mean[panel.observed].mean() == pytest.approx(4.0, abs=0.5)


def test_words_in_a_column_of_scores_are_refused(tmp_path):
    with pytest.raises(InputError, match="nilai"):
        ai.tabulate(times_of(tmp_path, ["3", "baik"]), ai.Score("nilai"))
