"""The steps of a log beside the dates of their case: cut to it, as intervals of numbers of working days."""

from __future__ import annotations

from typing import Any, TypeAlias

import narwhals as nw
import pandas as pd

from asn_impact.intake.readers.step_rows import NUMBER
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import brought_in
from asn_impact.topics.clocks.step_log import StepLog
from asn_impact.words import Alert, Message

Frame: TypeAlias = "nw.LazyFrame[Any]"

CASE, START, STOP, UNENDED = NUMBER, "asn_start", "asn_stop", "asn_unended"


def plain_name(name: str | None) -> str:
    """Return the name of a step as steps are compared: case and spacing do not matter; nothing for one without."""
    return "" if pd.isna(name) else " ".join(str(name).split()).casefold()


def _keys(log: StepLog) -> list[str]:
    """Return what a step and its case have in common."""
    return [CASE] if CASE in log.numbered.steps.collect_schema().names() else ["office", "case"]


def leave_out(log: StepLog) -> tuple[Frame, tuple[Message, ...]]:
    """Return the cases all of whose steps can be placed, and what was left out."""
    wrong = nw.col("began").is_null() | (nw.col("ended") < nw.col("began"))
    if not int(log.numbered.steps.filter(wrong).select(nw.len()).collect().item()):
        return log.numbered.cases, ()
    bad = log.numbered.steps.filter(wrong).select(*_keys(log)).unique()
    out = int(log.numbered.cases.join(bad, on=_keys(log), how="semi").select(nw.len()).collect().item())
    if not out:
        return log.numbered.cases, ()
    note = Alert("measures.clocks.left_out", n=out)
    return log.numbered.cases.join(bad, on=_keys(log), how="anti"), (note,)


def place_steps(log: StepLog, cases: Frame, calendar: WorkCalendar) -> Frame:
    """Return the steps of numbered cases with the numbers of the days on which each began and ended.

    A step is cut to (received, decided]; one without an end runs to the decision, or in an open case to the day of the
    export, and is true in ``asn_unended``. Steps that began after the decision are not in it.
    """
    as_of = nw.lit(log.cases.as_of)
    close = nw.when(nw.col("decided").is_null()).then(as_of).otherwise(nw.col("decided"))
    keys = _keys(log)
    dated = cases.select(*dict.fromkeys((*keys, CASE)), "received", "decided")
    steps = log.numbered.steps.join(dated, on=keys, how="inner").with_columns(
        close.cast(nw.Date).alias("asn_close"), nw.col("received").cast(nw.Date)
    )
    late = nw.col("ended").is_null() | (nw.col("ended") > nw.col("asn_close"))
    spans = steps.select(
        CASE,
        "step",
        nw.when(nw.col("began") < nw.col("received")).then(nw.col("received")).otherwise(nw.col("began")).alias(START),
        nw.when(late).then(nw.col("asn_close")).otherwise(nw.col("ended")).alias(STOP),
        nw.col("ended").is_null().alias(UNENDED),
    ).filter(nw.col(STOP) >= nw.col(START))
    table = brought_in(calendar.table()[["date", "number"]], spans)
    key = table.collect_schema()["date"]
    for name in (START, STOP):
        spans = spans.with_columns(nw.col(name).cast(key)).join(
            table.rename({"number": f"{name}_number"}), how="left", left_on=name, right_on="date"
        )
    numbers = [nw.col(f"{name}_number").alias(name) for name in (START, STOP)]
    return spans.select(CASE, "step", *numbers, UNENDED)
