"""What the E-Government course cost: prices invented, quantities quantities in the training records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from synthetic.catalogue import COURSE

_SOURCE = "rekaan, data sintetis"
_YEAR = 2025
# Component, what its quantity counts, unit, rupiah a unit. All prices are invented.
_PRICES: tuple[tuple[str, str, str, int], ...] = (
    ("Honorarium narasumber", "lessons", "JP", 900_000),
    ("Perjalanan pengajar", "face_to_face", "sesi", 2_500_000),
    ("Sewa ruang dan peralatan", "room_days", "hari", 1_500_000),
    ("Konsumsi peserta", "person_days_together", "orang-hari", 95_000),
    ("Transpor peserta", "person_days_together", "orang-hari", 110_000),
    ("Langganan kelas daring", "persons_online", "orang", 350_000),
    ("Modul dan bahan", "persons", "orang", 75_000),
    ("Waktu kerja peserta", "person_days", "orang-hari", 260_000),
    ("Pengelolaan dan evaluasi", "programme", "paket", 40_000_000),
)


def costs(training: pd.DataFrame) -> pd.DataFrame:
    """Return the cost table of the E-Government course: one row a component, quantities from its sessions."""
    quantities = _quantities(training.loc[training["Nama Pelatihan"] == COURSE])
    rows = [(name, quantities[count], unit, price, _SOURCE, _YEAR) for name, count, unit, price in _PRICES]
    headings = ["komponen", "jumlah", "satuan", "harga_satuan", "sumber", "tahun_harga"]
    table = pd.DataFrame(rows, columns=headings)
    return table.loc[table["jumlah"] > 0].reset_index(drop=True)


def _quantities(sessions: pd.DataFrame) -> Mapping[str, int]:
    days, passed = sessions["JP"] // 8, sessions["Jumlah Peserta Lulus"]
    together, online = sessions["Format"] != "Daring", sessions["Format"] != "Tatap muka"
    return {
        "face_to_face": int(together.sum()),
        "lessons": int(sessions["JP"].sum()),
        "person_days": int((days * passed).sum()),
        "person_days_together": int((days * passed)[together].sum()),
        "persons": int(passed.sum()),
        "persons_online": int(passed[online].sum()),
        "programme": 1,
        "room_days": int(days[together].sum()),
    }


def costs_truth(table: pd.DataFrame, training: pd.DataFrame, wait: Mapping[str, Any]) -> dict[str, Any]:
    """Return the total, and what a working day of waiting saved until the export cost; null when none was saved.

    `wait` is the truth of ``RestrictedMean(30)``: days saved are its mean over cases times its cases, those of
    mature months alone.
    """
    total = int((table["jumlah"] * table["harga_satuan"]).sum())
    passed = int(training.loc[training["Nama Pelatihan"] == COURSE, "Jumlah Peserta Lulus"].sum())
    saved = -float(wait["att_cases"]) * int(wait["cases"])
    return {
        "case_days_saved": saved,
        "million_rupiah": total / 1e6,
        "million_rupiah_per_participant": total / passed / 1e6,
        "participants": passed,
        "rupiah_per_case_day_saved": total / saved if saved > 0 else np.nan,
    }
