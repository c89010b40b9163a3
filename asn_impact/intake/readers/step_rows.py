"""Processing steps -> cases, as expressions: when the first step began, when the last one ended, what is unfinished."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple, TypeAlias

import narwhals as nw
import pandas as pd

from asn_impact.intake.cleaning import BLANK, names_a_test, without_placeholders
from asn_impact.intake.copies import SERIES, held, in_series
from asn_impact.intake.formats.engine import identifier
from asn_impact.words import Alert, Message

Frame: TypeAlias = "nw.LazyFrame[Any]"

STEPS = "asn_steps"  # rows of the export that a case stands for
NUMBER = "asn_case"  # of a case, compared faster than two texts
_REASON = "asn_step_reason"
_RUN, _SERVICE = "asn_run", "asn_service"
_NEVER = 99_999_999
_OF_CASE = 'hash(office, "case")'
_BITS, _SHIFTS, _NAMES = 126, 50, 1000
_ROWS = "asn_step_rows"  # rows of the export that a step stands for
_BEGAN, _DONE = ("start", "started", "mulai"), ("complete", "completed", "selesai")
_DELETED = ("1", "true", "ya", "y", "yes")


def _reason(frame: Frame) -> nw.Expr:
    """Why a step cannot be used; the first that applies."""
    names = frame.collect_schema().names()
    reasons: dict[str, nw.Expr] = {}
    if "deleted" in names:
        reasons["deleted_step"] = nw.col("deleted").str.to_lowercase().is_in(list(_DELETED))
    reasons["step_without_case"] = nw.col("case").is_null() | (nw.col("case") == "")
    reasons["test_row"] = names_a_test()
    bad = [nw.col(n) for n in names if n.startswith("asn_") and n.endswith("_bad")]
    if bad:
        reasons["step_is_no_date"] = reduce(or_, bad)
    chosen: Any = nw.lit("")
    for code, condition in reversed(list(reasons.items())):
        chosen = nw.when(condition).then(nw.lit(code)).otherwise(chosen)
    return chosen  # type: ignore[no-any-return]


class Steps(NamedTuple):
    """Steps, each once, and all steps of the cases in which one may come twice: None where there are no such cases."""

    rows: Frame
    again: Frame | None

    def with_columns(self, **columns: nw.Expr) -> Steps:
        """Return both with more columns."""
        return Steps(*(None if frame is None else frame.with_columns(**columns) for frame in self))  # type: ignore[arg-type]


def distinct_steps(frame: Frame) -> tuple[Steps, dict[str, int], int]:
    """Return the steps that can be used, each once; rows left out by code; how many dates were placeholders."""
    names = frame.collect_schema().names()
    fields = ("case", "office", "service", "received", "step", "step_start", "step_end", "status")
    columns = [c for c in fields if c in names]
    rows = without_placeholders(frame, [c for c in ("received", "step_start", "step_end") if c in names])
    rows = rows.with_columns(_reason(frame).alias(_REASON))
    groups = rows.group_by(_REASON).agg(n=nw.len(), blank=nw.col(BLANK).sum()).sort(_REASON).collect().rows(named=True)
    counts = {r[_REASON]: int(r["n"]) for r in groups}
    blanks = sum(int(r["blank"]) for r in groups if r[_REASON] == "")
    usable = counts.pop("", 0)
    marked = bool(counts or blanks)
    distinct = _each_once(
        held(rows.filter(nw.col(_REASON) == "").select(*columns)) if marked else frame.select(*columns)
    )
    return distinct, {**counts, "repeated_step": usable - _count(distinct.rows)}, blanks


def _each_once(frame: Frame) -> Steps:
    """Return the steps without copies. DuckDB keeps their order where there are none.

    A case whose steps have as many names as there are rows of it has no copy; only rows of the others are compared.
    """
    if not frame.implementation.is_duckdb():
        return Steps(*2 * (held(frame.unique()),))
    steps: Any = nw.to_native(frame)
    whole = f"(hash({', '.join(map(identifier, steps.columns))}) % {_BITS})::INTEGER"
    bits = f"bit_count(bit_or(1::HUGEINT << {_bit_of_name(steps) if 'step' in steps.columns else whole}))"
    alike = f"SELECT {_OF_CASE} AS asn_of FROM asn_rows GROUP BY 1 HAVING count(*) > {bits}"
    found = held(nw.from_native(steps.query("asn_rows", alike)))
    if not _count(found):
        return Steps(frame, None)
    of_case: Frame = nw.from_native(steps.project(f"*, {_OF_CASE} AS asn_of"))
    again = held(of_case.join(found, on="asn_of", how="semi").drop("asn_of"))
    once = held(again.group_by(*steps.columns).agg(asn_n=nw.len()).drop("asn_n"))
    if _count(once) == _count(again):
        return Steps(frame, again)
    others = of_case.join(found, on="asn_of", how="anti").drop("asn_of")
    return Steps(held(nw.concat([others, once], how="vertical")), once)


def _bit_of_name(steps: Any) -> str:  # noqa: ANN401 - a relation of DuckDB
    """Write a bit of the name of a step: of many ways that in which most names have one of their own."""
    hashes = steps.query("asn_rows", f"SELECT DISTINCT hash(step) FROM asn_rows LIMIT {_NAMES}").fetchall()
    kinds = {shift: len({(number >> shift) % _BITS for (number,) in hashes}) for shift in range(_SHIFTS)}
    return f"((hash(step) >> {max(kinds, key=lambda shift: kinds[shift])}) % {_BITS})::INTEGER"


def _count(frame: Frame) -> int:
    return int(frame.select(nw.len()).collect().item())


def pair_stamps(steps: Steps) -> tuple[Steps, list[Message]]:
    """Return steps of a log with one time a row as steps with a beginning and an end, and what was read.

    Rows of a start and of a completion (a lifecycle) make one step, the first start with the first completion of the
    step, and so on. Without such rows a time is that of the whole step.
    """
    names, notes = steps.rows.collect_schema().names(), list[Message]()
    if "step_start" not in names:
        steps, notes = steps.with_columns(step_start=nw.col("step_end")), [Alert("intake.one_stamp")]
    if not {"status", "step"} <= set(names):
        return steps, notes
    frame = steps.rows
    found = frame.group_by("status").agg(n=nw.len()).collect()
    words = {str(w).strip().casefold() for w in found["status"].to_list()}
    if not (words & set(_BEGAN) and words & set(_DONE)) or not words <= {*_BEGAN, *_DONE}:
        return steps, notes
    rows = pd.DataFrame(frame.collect().to_pandas())
    ends = rows["status"].str.strip().str.casefold().isin(_DONE)
    rows["asn_time"] = rows["step_end"].where(rows["step_end"].notna(), rows["step_start"])
    rows = rows.assign(asn_end=ends).sort_values("asn_time", kind="stable")
    keys = [c for c in ("office", "case", "step") if c in rows]
    rows["asn_nth"] = rows.groupby([*keys, "asn_end"], dropna=False).cumcount()
    done = rows["status"].where(rows["asn_end"])
    moments = {
        "step_start": rows["asn_time"].where(~rows["asn_end"]),
        "step_end": rows["asn_time"].where(rows["asn_end"]),
    }
    groups = rows.assign(**moments, asn_done=done).groupby([*keys, "asn_nth"], dropna=False, sort=False)
    pairs = groups.agg(
        step_start=("step_start", "first"),
        step_end=("step_end", "first"),
        asn_done=("asn_done", "first"),
        status=("status", "first"),
        **{_ROWS: ("asn_time", "size")},
        **{c: (c, "first") for c in ("service", "received") if c in rows},
    ).reset_index()
    pairs = pairs.assign(
        step_start=pd.to_datetime(pairs["step_start"].fillna(pairs["step_end"])),
        step_end=pd.to_datetime(pairs["step_end"]),
        status=pairs["asn_done"].fillna(pairs["status"]),
    )
    days = [nw.col(c).cast(nw.Date) for c in ("step_start", "step_end", "received") if c in pairs]
    table = nw.from_native(pairs.drop(columns=["asn_nth", "asn_done"])).lazy().with_columns(*days)
    return Steps(table, table), [Message("intake.paired", n=int((pairs[_ROWS] == 2).sum()))]


def tell_cases_apart(steps: Steps, last_step: str | None = None) -> tuple[Frame, list[Message]]:
    """Return the steps with numbers that begin again (each year, say) known by both; and what has to be said.

    A case begins again where its first step does, after all the others of it have ended and a last one was among them.
    """
    frame, keys = steps.rows, ["office", "case"]
    if steps.again is None or "step" not in frame.collect_schema().names():
        return frame, []
    groups = steps.again.group_by(*keys).agg(n=nw.len(), steps=nw.col("step").n_unique())
    again = held(groups.filter(nw.col("n") > nw.col("steps")).select(*keys))
    if not _count(again):
        return frame, []
    rows = _with_runs(held(steps.again.join(again, on=keys, how="inner")), last_step)
    runs = held(rows.group_by(*keys, _SERVICE, _RUN).agg(received=nw.col("asn_day").min()))
    runs = runs.rename({_SERVICE: "service"})
    before = _count_shared(runs, keys)
    if not before:
        return frame, []
    if (
        numbered := in_series(runs, before, lambda runs: _count_shared(runs, [*keys, SERIES]), _every_run(frame, runs))
    ) is None:
        cases = runs.group_by(*keys).agg(n=nw.len()).filter(nw.col("n") > 1)
        return frame, [Alert("intake.copies.begun_again", n=_count(cases))]
    series, notes = numbered
    known = [*keys, _SERVICE, _RUN]
    several = nw.len().over(*keys)
    label = series.rename({"service": _SERVICE}).with_columns(asn_several=several).select(*known, SERIES, "asn_several")
    both = nw.concat_str([nw.col("case"), nw.col(SERIES)], separator=" / ")
    split = rows.join(label, on=known, how="inner").with_columns(
        case=nw.when(nw.col("asn_several") > 1).then(both).otherwise(nw.col("case"))
    )
    others = frame.join(again, on=keys, how="anti")
    return held(nw.concat([others, split.select(*frame.collect_schema().names())], how="vertical")), list(notes)


def _every_run(frame: Frame, runs: Frame) -> Frame:
    """Return the runs of cases that begin again, with the one of each other case."""
    service = nw.col("service") if "service" in frame.collect_schema().names() else nw.lit("")
    cases = frame.with_columns(asn_day=_day(frame), service=service).group_by("office", "case").agg(
        service=nw.col("service").max(), received=nw.col("asn_day").min()
    )  # fmt: skip
    others = cases.join(runs.select("office", "case").unique(), on=["office", "case"], how="anti")
    names = ["office", "case", "service", "received"]
    return nw.concat([runs.select(*names), others.select(*names)], how="vertical")


def _day(rows: Frame) -> nw.Expr:
    names = rows.collect_schema().names()
    return nw.coalesce(*(nw.col(c).cast(nw.Date) for c in ("received", "step_start", "step_end") if c in names))


def _with_runs(rows: Frame, last_step: str | None) -> Frame:
    """Return the steps with the run of their case, its service where a number has several, and when the run began."""
    keys, names = ["office", "case"], rows.collect_schema().names()
    start, end = _sortable("step_start"), _sortable("step_end")
    rows = rows.with_columns(
        asn_day=_day(rows),
        asn_start=nw.coalesce(start, end, nw.lit(_NEVER)),
        asn_stop=nw.coalesce(end, start, nw.lit(0)),
        asn_ends=nw.coalesce(end, nw.lit(_NEVER)),
    )
    first = nw.col("asn_start").min()
    rows = held(rows.with_columns(asn_first=first.over(*keys, "step") == first.over(*keys)))
    rows = rows.with_columns(
        asn_later=nw.when(nw.col("asn_first")).then(0).otherwise(1),
        asn_opened=nw.when(nw.col("asn_first")).then(nw.col("asn_start")).otherwise(0),
        asn_ended=nw.when(_ends_cases(rows, last_step)).then(nw.col("asn_stop")).otherwise(0),
        **{_SERVICE: _service_of_number() if "service" in names else nw.lit("")},
    )
    keys, order = [*keys, _SERVICE], ["asn_start", "asn_later", "asn_stop"]
    edges = {
        name: nw.col(name).cum_max().over(*keys, order_by=order) for name in ("asn_opened", "asn_ended", "asn_stop")
    }
    rows = rows.with_columns(**{f"{name}_by": latest for name, latest in edges.items()})
    before = {name: nw.col(f"{name}_by").shift(1).over(*keys, order_by=order) for name in edges}
    rows = rows.with_columns(**{f"{name}_before": earlier for name, earlier in before.items()})
    over = nw.col("asn_ended_before") >= nw.col("asn_opened_before")
    begins = nw.col("asn_first") & over & (nw.col("asn_stop_before") < nw.col("asn_start"))
    rows = rows.with_columns(asn_begins=nw.when(begins).then(1).otherwise(0))
    return held(rows.with_columns(nw.col("asn_begins").cum_sum().over(*keys, order_by=order).alias(_RUN)))


def _sortable(column: str) -> nw.Expr:
    """Return days as whole numbers in the order of the days: 20240131."""
    day = nw.col(column).dt
    return (day.year().cast(nw.Int64) * 10_000 + day.month().cast(nw.Int64) * 100 + day.day().cast(nw.Int64)).cast(
        nw.Int64
    )


def _ends_cases(rows: Frame, last_step: str | None) -> nw.Expr:
    """Return whether a step is the one that decides, or that most cases of its service end with."""
    if last_step is not None:
        return _plain("step") == last_step.strip().casefold()
    service = nw.col("service").fill_null("") if "service" in rows.collect_schema().names() else nw.lit("")
    kind = nw.concat_str([service, nw.col("step")], separator="|")
    at_end = nw.col("asn_ends") == nw.col("asn_ends").max().over("office", "case")
    ends = rows.filter(at_end & (nw.col("asn_ends") < _NEVER)).with_columns(asn_of=service)
    counts = ends.group_by("asn_of", "step").agg(n=nw.len()).sort("n", "step").collect().rows(named=True)
    return kind.is_in([f"{service}|{step}" for service, step in {r["asn_of"]: r["step"] for r in counts}.items()])


def _service_of_number() -> nw.Expr:
    """Return the service where the first steps of a number are of several, else nothing."""
    service = nw.col("service").fill_null("")
    of_first = nw.when(nw.col("asn_first")).then(service)
    several = of_first.min().over("office", "case") != of_first.max().over("office", "case")
    return nw.when(several).then(service).otherwise(nw.lit(""))


def _count_shared(runs: Frame, keys: Sequence[str]) -> int:
    """Return how many runs share their number."""
    groups = runs.group_by(*keys).agg(n=nw.len()).filter(nw.col("n") > 1)
    return int(groups.select(nw.col("n").sum()).collect().item() or 0)


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
    words += _DONE if _ROWS in names else ()
    if "status" in names:
        done = nw.col("status").str.strip_chars().str.to_lowercase().is_in(words)
    else:
        done = ~nw.col("step_end").is_null()
    deciding = done if last_step is None else done & (_plain("step") == last_step.strip().casefold())
    absent = nw.lit(None, dtype=nw.Date)
    rows = frame.with_columns(
        nw.when(done).then(0).otherwise(1).alias("asn_unfinished"),
        nw.when(deciding).then(1).otherwise(0).alias("asn_deciding"),
        nw.when(deciding).then(nw.col("step_end").cast(nw.Date)).otherwise(absent).alias("asn_end"),
        nw.col("step_start").cast(nw.Date),
        *([] if "service" in names else [nw.lit(None, dtype=nw.String).alias("service")]),
        *([nw.col("received").cast(nw.Date)] if "received" in names else [absent.alias("received")]),
    )
    cases = rows.group_by("office", "case").agg(
        nw.col("service").max(),
        nw.col("received").min(),
        nw.col("step_start").min().alias("asn_start"),
        nw.col("asn_end").max(),
        nw.col("asn_unfinished").sum(),
        nw.col("asn_deciding").sum(),
        (nw.col(_ROWS).sum() if _ROWS in names else nw.len()).alias(STEPS),
    )
    closed = nw.col("asn_unfinished") == 0 if last_step is None else nw.col("asn_deciding") > 0
    return cases.with_columns(
        received=nw.when(nw.col("received").is_null()).then(nw.col("asn_start")).otherwise(nw.col("received")),
        decided=nw.when(closed).then(nw.col("asn_end")).otherwise(absent),
        status=nw.when(closed).then(nw.lit("granted")).otherwise(nw.lit("open")),
    ).select("case", "office", "service", "received", "decided", "status", STEPS)


class Numbered(NamedTuple):
    """Cases, each with a number, and steps with that of their case, where their engine tells it without a join."""

    cases: Frame
    steps: Frame


def number_cases(cases: Frame, steps: Frame) -> Numbered:
    """Return the cases, worked out once, and the steps with their numbers.

    The number is DuckDB's hash of office and case, with as much salt as it needs for no two cases to share one. Other
    engines count the cases, and their steps have no number.
    """
    cases = held(cases)
    if not cases.implementation.is_duckdb():
        return Numbered(cases.with_row_index(NUMBER, order_by=["office", "case"]), steps)
    relations: list[Any] = [nw.to_native(cases), nw.to_native(steps)]
    for salt in itertools.count():
        number = f'hash(office, "case", {salt})'
        shared = f"SELECT 1 FROM asn_rows GROUP BY {number} HAVING count(*) > 1 LIMIT 1"
        if not relations[0].query("asn_rows", shared).fetchall():
            break
    return Numbered(*(nw.from_native(rows.project(f"*, {number} AS {NUMBER}")) for rows in relations))


def _plain(column: str) -> nw.Expr:
    return nw.col(column).str.strip_chars().str.to_lowercase()
