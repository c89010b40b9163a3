"""The satisfaction survey: nine elements, of which training moves three."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int
from synthetic.catalogue import ELEMENTS
from synthetic.regency import USUAL_EFFECT, Offices, Regency


def ask(regency: Regency, offices: Offices, export: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers of applicants on the day they got their permit, and what training added to each answer."""
    draw = regency.draw("survey")
    answering = np.minimum(0.4, 3.0 / offices.volume)[export["office"].to_numpy()]
    invited = (draw.random(len(export)) < answering) & (export["status"] == "Selesai").to_numpy()
    people = export.loc[invited]
    office = people["office"].to_numpy()
    month = (people["ended"].dt.year.to_numpy() - 2023) * 12 + people["ended"].dt.month.to_numpy() - 1
    usual, gain = np.array(list(ELEMENTS.values())).T
    mood = draw.normal(0.0, 0.14, regency.offices)[office] + draw.normal(0.0, 0.30, len(people))
    without = usual + mood[:, None] + draw.normal(0.0, 0.40, (len(people), len(ELEMENTS)))
    scale = regency.training_effect / USUAL_EFFECT * offices.dose[office, month] * offices.response[office]
    score, score_without = _scored(without + scale[:, None] * gain), _scored(without)
    labels = list(ELEMENTS)
    who = {"Perangkat Daerah": offices.names[office], "Jenis Izin": people["service"].to_numpy()}
    answers = pd.DataFrame({**who, "Tanggal": people["ended"].to_numpy()}).join(pd.DataFrame(score, columns=labels))
    gains = pd.DataFrame(score - score_without, columns=labels).assign(office=office, month=month)
    in_order = answers.sort_values(["Tanggal", "Perangkat Daerah", "Jenis Izin"], kind="stable", ignore_index=True)
    return in_order, gains.loc[month >= offices.adopted[office]]


def _scored(latent: Float) -> Int:
    return np.clip(np.rint(latent), 1, 4).astype(np.int64)


def survey_truth(gains: pd.DataFrame) -> dict[str, Any]:
    """Mean gain in score by element among respondents of trained offices, and equally over office-months."""
    cells = gains.groupby(["office", "month"]).mean()
    by_element = {
        name: {"att_office_months": cells[name].mean(), "att_respondents": gains[name].mean()} for name in ELEMENTS
    }
    index = 25 * cells[list(ELEMENTS)].mean(axis=1).mean()
    return {"elements": by_element, "ikm_att_office_months": index, "respondents": len(gains)}
