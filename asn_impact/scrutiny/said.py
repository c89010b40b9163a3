"""What a check says, in Indonesian and in English, with numbers written as each language writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from asn_impact.display import card
from asn_impact.errors import InputError

__all__ = ["Check", "Said", "Verdict", "cannot_say", "refused", "say"]

Verdict = Literal["holds", "doubtful", "fails", "cannot_say"]

_VERDICTS: Mapping[str, tuple[str, str]] = {
    "holds": ("bertahan", "holds"),
    "doubtful": ("meragukan", "doubtful"),
    "fails": ("tidak bertahan", "fails"),
    "cannot_say": ("tidak dapat dijawab", "cannot say"),
}


@dataclass(frozen=True)
class Said:
    """A sentence in both languages.

    Examples
    --------
    >>> say("naik {x}", "up {x}", x=1.25)
    Said(id='naik 1,25', en='up 1.25')
    """

    id: str
    en: str

    def __add__(self, other: Said) -> Said:
        return Said(f"{self.id} {other.id}".strip(), f"{self.en} {other.en}".strip())


def say(id: str, en: str, **values: float | int | str) -> Said:
    """Return both sentences with the values put in: decimal comma in Indonesian, decimal point in English.

    Texts stay as they are; whole numbers from 10,000 on get their thousands mark. Other numbers get three digits that
    count, p-values (``p``, ``p_...``) three decimals, and shares (``share``, ``share_...``) become per cent.
    """
    plain = {name: _written(name, value) for name, value in values.items()}
    comma = {name: text if isinstance(values[name], str) else _comma(text) for name, text in plain.items()}
    return Said(id.format(**comma), en.format(**plain))


def _written(name: str, value: float | int | str) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) and abs(value) >= 10_000 else str(value)
    if not np.isfinite(value):
        return "–" if np.isnan(value) else ("−∞" if value < 0 else "∞")
    kind = name.split("_")[0]
    if kind == "p":
        return "<0.001" if value < 0.001 else f"{value:.3f}"
    if kind == "share":
        return f"{100 * value:.0f}%" if abs(value) >= 0.1 or value == 0 else f"{100 * value:.1f}%"
    size = abs(value)
    decimals = 0 if value == 0 or size >= 1000 else int(min(max(2 - np.floor(np.log10(size)), 1), 6))
    return f"{value:.{decimals}f}".replace("-", "−")


def _comma(text: str) -> str:
    return text.translate({ord("."): ",", ord(","): "."})


@dataclass(frozen=True, eq=False)
class Check:
    """One way in which a finding could be wrong, and what the data say about it.

    Attributes
    ----------
    name
        Short name, the same in code and in files.
    question, answer
        In both languages.
    verdict
        ``"holds"``, ``"doubtful"``, ``"fails"`` or ``"cannot_say"``.
    table
        The numbers behind the answer.
    source
        Where the method comes from.
    """

    name: str
    question: Said
    answer: Said
    verdict: Verdict
    table: pd.DataFrame
    source: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in _VERDICTS:
            raise InputError(f"verdict={self.verdict!r} is not known. Expected one of {list(_VERDICTS)}.")

    def verdict_said(self) -> Said:
        """Return the verdict as a word in both languages."""
        return Said(*_VERDICTS[self.verdict])

    def __repr__(self) -> str:
        return f"Check({self.name}: {self.verdict}. {self.answer.en})"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [
            ("pertanyaan", self.question.id),
            ("question", self.question.en),
            ("jawaban", self.answer.id),
            ("answer", self.answer.en),
            ("verdict", f"{self.verdict_said().en} ({self.verdict_said().id})"),
        ]
        if self.source:
            facts.append(("source", self.source))
        return card(f"Check: {self.name}", facts, table=_short(self.table))


def _short(table: pd.DataFrame) -> pd.DataFrame | None:
    numbers = {name: table[name].round(4) for name in table.select_dtypes("number").columns}
    return None if table.empty else table.assign(**numbers).head(30)


def refused(problem: Exception) -> Said:
    """Return why a check could not be run, from the error; errors are in English, so the Indonesian says only that."""
    why = "Pemeriksaan ini tidak dapat dijalankan dengan data dan cara hitung ini; sebabnya tercatat di manifest.json."
    return Said(why, str(problem))


def cannot_say(name: str, question: Said, why: Said, source: str = "") -> Check:
    """Return a check that could not be run, with the reason."""
    return Check(name, question, why, "cannot_say", pd.DataFrame(), source)
