"""Processing steps -> cases: when the first step began, when the last one ended, and what is unfinished."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from importlib import resources
from operator import or_
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import narwhals as nw
import pandas as pd

from asn_impact.display import card
from asn_impact.intake.cleaning import BLANK, TEST_ROW, without_placeholders

if TYPE_CHECKING:
    from asn_impact.intake.exports import Extract

__all__ = ["STEPS", "Owner", "StepLog", "cases_of_steps", "distinct_steps", "read_step_log", "suggested_owner"]

Owner: TypeAlias = Literal["office", "applicant", "elsewhere"]

Frame: TypeAlias = "nw.LazyFrame[Any]"

STEPS = "asn_steps"  # rows of the export that a case stands for
_REASON = "asn_step_reason"
_DELETED = ("1", "true", "ya", "y", "yes")


def _reason(frame: Frame) -> nw.Expr:
    """Why a step cannot be used; the first that applies."""
    names = frame.collect_schema().names()
    reasons: dict[str, nw.Expr] = {}
    if "deleted" in names:
        reasons["deleted step"] = nw.col("deleted").str.to_lowercase().is_in(list(_DELETED))
    reasons["step without a case number"] = nw.col("case").is_null() | (nw.col("case") == "")
    reasons["test row"] = nw.col("case").str.contains(TEST_ROW)
    bad = [nw.col(n) for n in names if n.startswith("asn_") and n.endswith("_bad")]
    if bad:
        reasons["a date of the step is no date"] = reduce(or_, bad)
    chosen: Any = nw.lit("")
    for reason, condition in reversed(list(reasons.items())):
        chosen = nw.when(condition).then(nw.lit(reason)).otherwise(chosen)
    return chosen  # type: ignore[no-any-return]


def distinct_steps(frame: Frame) -> tuple[Frame, dict[str, int], int]:
    """Return the steps that can be used, each once; rows left out by reason; how many dates were placeholders."""
    dates = [c for c in ("received", "step_start", "step_end") if c in frame.collect_schema().names()]
    judged = without_placeholders(frame, dates).with_columns(_reason(frame).alias(_REASON))
    groups = judged.group_by(_REASON).agg(n=nw.len(), blank=nw.col(BLANK).sum()).collect().rows(named=True)
    counts = {r[_REASON]: int(r["n"]) for r in groups}
    blanks = sum(int(r["blank"]) for r in groups if r[_REASON] == "")
    fields = ("case", "office", "service", "received", "step", "step_start", "step_end", "status")
    columns = [c for c in fields if c in frame.collect_schema().names()]
    distinct = judged.filter(nw.col(_REASON) == "").select(*columns).unique()
    left = int(distinct.select(nw.len()).collect().item())
    usable = counts.pop("", 0)
    return distinct, {**counts, "repeated step": usable - left}, blanks


def cases_of_steps(frame: Frame, *, finished: Sequence[str], last_step: str | None) -> Frame:
    """Return one row a case: ``received``, ``decided`` (missing while open), ``status``, and its number of steps.

    Examples
    --------
    >>> import pandas as pd
    >>> steps = nw.from_native(pd.DataFrame({
    ...     "case": ["1"], "office": ["O1"], "step_start": [pd.Timestamp(2024, 1, 2)],
    ...     "step_end": [pd.Timestamp(2024, 1, 9)]})).lazy()
    >>> cases_of_steps(steps, finished=["Selesai"], last_step=None).collect()["status"].to_list()
    ['granted']
    """
    names = frame.collect_schema().names()
    words = [" ".join(w.split()).casefold() for w in finished]
    if "status" in names:
        done = nw.col("status").str.strip_chars().str.to_lowercase().is_in(words)
    else:
        done = ~nw.col("step_end").is_null()
    deciding = done if last_step is None else done & (_plain("step") == last_step.strip().casefold())
    absent = nw.lit(None, dtype=nw.Date)
    marked = frame.with_columns(
        nw.when(done).then(0).otherwise(1).alias("asn_unfinished"),
        nw.when(deciding).then(1).otherwise(0).alias("asn_deciding"),
        nw.when(deciding).then(nw.col("step_end").cast(nw.Date)).otherwise(absent).alias("asn_end"),
        nw.col("step_start").cast(nw.Date),
        *([] if "service" in names else [nw.lit(None, dtype=nw.String).alias("service")]),
        *([nw.col("received").cast(nw.Date)] if "received" in names else [absent.alias("received")]),
    )
    grouped = marked.group_by("office", "case").agg(
        nw.col("service").max(),
        nw.col("received").min(),
        nw.col("step_start").min().alias("asn_start"),
        nw.col("asn_end").max(),
        nw.col("asn_unfinished").sum(),
        nw.col("asn_deciding").sum(),
        nw.len().alias(STEPS),
    )
    closed = nw.col("asn_unfinished") == 0 if last_step is None else nw.col("asn_deciding") > 0
    return grouped.with_columns(
        received=nw.when(nw.col("received").is_null()).then(nw.col("asn_start")).otherwise(nw.col("received")),
        decided=nw.when(closed).then(nw.col("asn_end")).otherwise(absent),
        status=nw.when(closed).then(nw.lit("granted")).otherwise(nw.lit("open")),
    ).select("case", "office", "service", "received", "decided", "status", STEPS)


def _plain(column: str) -> nw.Expr:
    return nw.col(column).str.strip_chars().str.to_lowercase()


# --- the steps themselves -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class StepLog:
    """The cases of a step export, and their steps: what `clocks` needs.

    Attributes
    ----------
    cases : Extract
        What `read_steps` returns: received, decided and status of each case.
    steps : narwhals.LazyFrame
        ``office``, ``case``, ``step`` texts, ``began`` and ``ended`` dates (missing where nobody wrote one), each row
        once.
    owners : pandas.DataFrame
        ``step``, ``rows``, and ``suggested``: whose step the name says it is, or missing. A suggestion, not a decision.
    """

    cases: Extract
    steps: Frame
    owners: pd.DataFrame

    def __repr__(self) -> str:
        return f"StepLog({len(self.owners)} kinds of steps, {self.cases!r})"

    def _repr_html_(self) -> str:
        return card("Step log", [("as of", self.cases.as_of)], table=self.owners)


def read_step_log(
    source: Any,  # noqa: ANN401
    *,
    as_of: dt.date | str,
    columns: Mapping[str, str | None] | None = None,
    dates: Mapping[str, str] | None = None,
    finished: Sequence[str] = ("Selesai",),
    last_step: str | None = None,
    office: str | None = None,
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
    # exports.py imports this module: the names are fetched when they are needed
    from asn_impact.intake.exports import STEP_FIELDS, explaining, gather, read_steps

    cases = read_steps(
        source, as_of=as_of, columns=columns, dates=dates, finished=finished, last_step=last_step, office=office
    )
    wanted = [field for field in STEP_FIELDS if not (field == "office" and office is not None)]
    required = ["case", "step", "step_start", "step_end", *([] if office is not None else ["office"])]
    with explaining(source):
        rows = gather(source, wanted, columns=columns, dates=dates, keep=(), required=required)
        frame = rows.frame if office is None else rows.frame.with_columns(nw.lit(office).alias("office"))
        distinct, _, _ = distinct_steps(frame)
        steps = _named_steps(distinct)
        counted = steps.group_by("step").agg(nw.len().alias("rows")).collect().to_pandas().sort_values("step")
    names = [None if pd.isna(name) else str(name) for name in counted["step"]]
    found = pd.DataFrame({"step": names, "rows": counted["rows"].astype("int64").to_numpy()})
    suggested = pd.Series([suggested_owner(name or "") for name in names], index=found.index, dtype="str")
    return StepLog(cases, steps, found.assign(suggested=suggested))


def _named_steps(distinct: Frame) -> Frame:
    """Return office, case, step, began and ended; names of offices spaced as in the cases."""
    office = nw.col("office").str.replace_all("[\\s\u00a0]+", " ").str.strip_chars()
    return distinct.select(
        office.alias("office"),
        nw.col("case"),
        nw.col("step").str.strip_chars(),
        nw.col("step_start").cast(nw.Date).alias("began"),
        nw.col("step_end").cast(nw.Date).alias("ended"),
    ).unique()


@cache
def _owner_words() -> tuple[tuple[str, str], ...]:
    text = (resources.files("asn_impact.reference") / "step_owners.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return tuple((row["kata"], row["pemilik"]) for row in rows)


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
