"""The steps of an export beside its cases: each step once, and whose step its name says it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

import narwhals as nw
import pandas as pd

from asn_impact.arguments import Names, Share
from asn_impact.display import card
from asn_impact.intake.checks import MOST_LOST
from asn_impact.intake.extract import Extract
from asn_impact.intake.fields.columns import Headings
from asn_impact.intake.fields.date_columns import Order
from asn_impact.intake.readers.step_rows import NUMBER, Numbered
from asn_impact.intake.readers.steps import cases_and_steps
from asn_impact.reference import read_rows
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message

Frame: TypeAlias = "nw.LazyFrame[Any]"


@dataclass(frozen=True, eq=False)
class StepLog(Guided):
    """The cases of a step export, and their steps: what `clocks` needs.

    Attributes
    ----------
    cases : Extract
        What `read_steps` returns: received, decided and status of each case.
    steps : narwhals.LazyFrame
        ``office``, ``case``, ``step`` texts, ``began`` and ``ended`` dates (missing where nobody wrote one), each row
        of the export once.
    numbered : Numbered
        The same cases and steps with a number, ``asn_case``, for what puts them together.
    owners : pandas.DataFrame
        ``step``, ``rows``, and ``suggested``: whose step the name says it is, or missing. A suggestion, not a decision.

    Examples
    --------
    >>> import asn_impact as ai
    >>> log = ai.read_step_log(ai.example_steps(), as_of="2025-03-31")
    >>> log.owners["step"].tolist()
    ['Penetapan', 'Perbaikan Dokumen', 'Verifikasi']
    """

    cases: Extract
    steps: Frame
    numbered: Numbered
    owners: pd.DataFrame

    @property
    def notes(self) -> tuple[Message, ...]:
        """Those of the cases."""
        return self.cases.notes

    def __repr__(self) -> str:
        return f"StepLog({len(self.owners)} kinds of steps, {self.cases!r})"

    def _repr_html_(self) -> str:
        return card("Step log", [("as of", self.cases.as_of)], table=self.owners)


@public_verb
def read_step_log(
    source: Any,  # noqa: ANN401
    *,
    as_of: dt.date | str,
    columns: Headings | None = None,
    dates: Mapping[str, Order] | None = None,
    finished: Names = ("Selesai",),
    last_step: str | None = None,
    office: str | None = None,
    offices: Mapping[str, str] | None = None,
    regency: str | None = None,
    selection: Literal["received", "completed"] | None = None,
    most_lost: Share = MOST_LOST,
    table: str | None = None,
    zone: str | None = None,
    sheets: Names = (),
) -> StepLog:
    """Return the cases of an export with one row a step, and the steps themselves.

    Parameters, errors and warnings are those of `read_steps`; a column with the name of the step is needed.

    Examples
    --------
    >>> steps = pd.DataFrame({
    ...     "case": ["1", "1"], "office": "O1", "step": ["Verifikasi", "Perbaikan Dokumen"], "status": "Selesai",
    ...     "step_start": pd.to_datetime(["2024-01-02", "2024-01-05"]),
    ...     "step_end": pd.to_datetime(["2024-01-05", "2024-01-09"])})
    >>> read_step_log(steps, as_of="2024-01-31").owners
                    step  rows  suggested
    0  Perbaikan Dokumen     1  applicant
    1         Verifikasi     1     office
    """
    cases, numbered = cases_and_steps(**locals(), needed=("step",))
    named = _name_steps(numbered.steps)
    steps = named.select("office", "case", "step", "began", "ended")
    counts = steps.group_by("step").agg(nw.len().alias("rows")).collect().to_pandas().sort_values("step")
    names = [None if pd.isna(name) else str(name) for name in counts["step"]]
    owners = pd.DataFrame({"step": names, "rows": counts["rows"].astype("int64").to_numpy()})
    suggested = pd.Series([suggested_owner(name or "") for name in names], index=owners.index, dtype="str")
    return StepLog(cases, steps, Numbered(numbered.cases, named), owners.assign(suggested=suggested))


def _name_steps(distinct: Frame) -> Frame:
    """Return office, case, step, began and ended, and after them the number of the case where steps have it.

    A blank name is a missing one.
    """
    name = nw.col("step").str.strip_chars()
    return distinct.select(
        nw.col("office"),
        nw.col("case"),
        nw.when(name != "").then(name),
        nw.col("step_start").cast(nw.Date).alias("began"),
        nw.col("step_end").cast(nw.Date).alias("ended"),
        *(name for name in distinct.collect_schema().names() if name == NUMBER),
    )


@cache
def _owner_words() -> tuple[tuple[str, str], ...]:
    return tuple((row["kata"], row["pemilik"]) for row in read_rows("step_owners.csv"))


def suggested_owner(step: str) -> str | None:
    """Return whose step its name says it is, or None; the first word of the table that is in the name decides.

    Examples
    --------
    >>> suggested_owner("Menunggu Pembayaran Retribusi"), suggested_owner("Rekomendasi Dinas Teknis")
    ('applicant', 'elsewhere')
    >>> suggested_owner("Xyz") is None
    True
    """
    plain = " ".join(step.split()).casefold()
    return next((owner for word, owner in _owner_words() if word in plain), None)
