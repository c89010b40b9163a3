"""The table of a satisfaction report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from asn_impact.reporting.tables.cells import ELEMENTS, Kind, Printed, as_message
from asn_impact.reporting.tables.small import FEW, MINIMUM_CELL
from asn_impact.reporting.tables.table import Table
from asn_impact.topics.surveys.bands import band, half_up
from asn_impact.topics.surveys.satisfaction import SatisfactionIndex
from asn_impact.verbs import public_verb
from asn_impact.words import Message, Quantity, paragraph
from asn_impact.words.writing import find_decimals

_REGULATIONS: Final[Mapping[str, str]] = {"2017": "PermenPANRB 14/2017", "2004": "KEP/25/M.PAN/2/2004"}


@public_verb
def skm(index: SatisfactionIndex) -> Table:
    """Return the table of a satisfaction report: NRR by element with its weighted value, the index, IKM and band.

    The form is that of the guide (PermenPANRB 14/2017, annex; before it KEP/25/M.PAN/2/2004).
    An index of one row gives a line an element, with the band of each; one of several rows gives a line a unit and
    period. Numbers are rounded half up, as offices round. What rests on fewer than ten respondents is not shown.

    Parameters
    ----------
    index
        From `skm_index`.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> from asn_impact.topics.surveys.answers import ELEMENTS
    >>> frame = pd.DataFrame({"office": "O1", "Tanggal": ["2024-03-04"] * 40, **{e: [3, 4] * 20 for e in ELEMENTS}})
    >>> survey = ai.read_survey(frame, as_of="2024-12-31")
    >>> ai.tables.skm(ai.skm_index(survey, weight=0.11))
    Table(Public satisfaction index (IKM): 11 rows)
    """
    return _by_element(index) if len(index.rows) == 1 else _by_unit(index)


def _note(index: SatisfactionIndex, respondents: float | None) -> Message:
    """Return the note; nobody is named, but five answers can be, so few respondents are not counted."""
    people = None
    if respondents is not None:
        few = respondents < MINIMUM_CELL
        people = Message("tables.skm.respondents", n=FEW if few else int(respondents))
    weight = Quantity(index.weight, "index.weight", find_decimals(round(index.weight, 4), 4))
    return paragraph(people, Message("tables.skm.note", weight=weight, rule=_REGULATIONS[index.regime]))


def _round(value: float, decimals: int) -> float:
    return float(half_up(value, decimals)) if np.isfinite(value) else np.nan


def _by_element(index: SatisfactionIndex) -> Table:
    row = index.rows.iloc[0]
    few = bool(row["respondents"] < MINIMUM_CELL)
    values = {e: np.nan if few else float(row[e]) for e in index.elements}
    ikm = np.nan if few else float(row["ikm"])
    lines: list[tuple[object, object, object, object]] = [
        (
            _element(code),
            Printed((_round(value, 3),), 3),
            Printed((_round(value * index.weight, 3),), 3),
            _letter(25 * value, index),
        )
        for code, value in values.items()
    ]
    lines.append((Message("tables.skm.index"), "", Printed((_round(ikm / 25, 3),), 3), ""))
    lines.append((Message("tables.heading.ikm"), "", Printed((_round(ikm, 2),), 2), _letter_in_words(ikm, index)))
    return Table(
        frame=pd.DataFrame(lines, columns=["element", "nrr", "weighted", "quality"], dtype=object),
        title=Message("tables.skm.title"),
        note=_note(index, float(row["respondents"])),
        kinds={"nrr": "printed", "weighted": "printed"},
    )


def _element(code: str) -> Message:
    return ELEMENTS.get(code) or as_message(code)


def _letter(ikm: float, index: SatisfactionIndex) -> str | None:
    """Return the letter of a value from 25 to 100."""
    return band(ikm, regime=index.regime).letter if np.isfinite(ikm) else None


def _letter_in_words(ikm: float, index: SatisfactionIndex) -> Message | None:
    letter = _letter(ikm, index)
    if letter is None:
        return None
    return Message("tables.skm.band", letter=letter, words=Message(f"tables.skm.performance.{letter}"))


def _by_unit(index: SatisfactionIndex) -> Table:
    rows = index.frame()
    keys = [str(c) for c in rows.columns[: list(rows.columns).index("respondents")]]
    few = rows["respondents"] < MINIMUM_CELL
    elements = {e: [_round(float(v), 2) for v in rows[e].mask(few)] for e in index.elements}
    ikm = rows["ikm"].astype(float).mask(few)
    letters = pd.Series([_letter(float(v), index) for v in ikm], dtype=object)
    frame = rows[[*keys, "respondents"]].assign(**elements, ikm=[_round(v, 2) for v in ikm], quality=letters)
    kinds: dict[str, Kind] = {**dict.fromkeys(index.elements, "two"), "ikm": "two", "respondents": "records"}
    return Table(
        frame=frame.astype({key: object for key in keys}),
        title=Message("tables.skm.title"),
        note=_note(index, None),
        kinds={**kinds, **({"period": "period"} if "period" in keys else {})},
        headings={e: _element(e) for e in index.elements},
    )
