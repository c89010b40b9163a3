"""From records to cells: applications, answers and other dated records read, measured and counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asn_impact.errors import AsnImpactError, InputError
from asn_impact.study.measured import column_of, made_ready, moments_of, renamed
from asn_impact.study.named import FIELDS, cells_asked, of_scrutiny
from asn_impact.study.ready import Prepared, noting
from asn_impact.study.settings import Study
from asn_impact.study.stepped import panel_of_step
from asn_impact.words import Message, each_once

if TYPE_CHECKING:
    from asn_impact.intake.extract import Extract
    from asn_impact.measures.durations import Durations


def asked_of_records(study: Study) -> dict[str, Any]:
    """Return the arguments with which the records of a study are read."""
    if study.data.name in {"records", "steps"}:
        return _asked_of_cases(study)
    return _asked_of_answers(study)


def record_parts(study: Study, problems: list[AsnImpactError], tell: Callable[[Message], object]) -> dict[str, Any]:
    """Return extract, months and panel, each that could be made, and all of them together where all could."""
    from asn_impact.measures.tabulate import maturity, tabulate

    cells = cells_asked(study)
    with study.place("data").explaining():
        extract: Extract = study.data.made(**_asked_of_cases(study))
    made: dict[str, Any] = {"extract": extract}
    tell(Message("study.step.measuring"))
    with noting(problems):
        with study.place("calendar").explaining():
            times = _measure_times(study, extract)
        with study.place("outcome").explaining():
            counted, outcome = made_ready(study.outcome, times, _other_clocks(study, extract))
            by_month = study.outcome.name != "kept" and cells.get("per", "month") == "month"
            made["months"] = months = maturity(times, outcome) if by_month else None
            of_step = study.outcome.name == "days_in_step"
            made["panel"] = panel = panel_of_step(study, outcome) if of_step else tabulate(counted, outcome, **cells)
        notes = each_once(extract.notes, times.notes, counted.notes, panel.notes)
        # what checks recount is the whole wait
        whole: dict[str, Any] = {} if of_step else {"times": times, "counted": counted}
        made["ready"] = Prepared(panel, extract.sources, extract=extract, months=months, notes=notes, **whole)
    return made


def _asked_of_cases(study: Study) -> dict[str, Any]:
    parameters, cells = study.data.parameters, cells_asked(study)
    columns = {**parameters.get("columns", {}), **dict.fromkeys(parameters.get("unused", ()))}
    keep = (*parameters.get("keep", ()), *_of_outcome(study, cells), *cells["covariates"], *_times(study).values())
    keep = (*keep, *of_scrutiny(study))
    others = {"keep": tuple(dict.fromkeys(keep))} if keep else {}
    return study.data.arguments(source=parameters["path"], columns=columns, **others)


def _of_outcome(study: Study, cells: Mapping[str, Any]) -> list[str]:
    """Return the columns of the export that the outcome and its cells need, those read anyway left out."""
    by = cells.get("by", ())
    columns = [*([by] if isinstance(by, str) else by), *column_of(study.outcome)]
    return [name for name in columns if name not in FIELDS]


def observed_parts(study: Study, problems: list[AsnImpactError], tell: Callable[[Message], object]) -> dict[str, Any]:
    """Return the panel of answers or other dated records."""
    from asn_impact.measures.tabulate import tabulate

    with study.place("data").explaining():
        read = study.data.made(**_asked_of_answers(study))
        observed = _with_offices(read, study.data.parameters.get("offices", {}))
    tell(Message("study.step.measuring"))
    made: dict[str, Any] = {}
    with noting(problems), study.place("outcome").explaining():
        counted, outcome = made_ready(study.outcome, observed)
        made["panel"] = panel = tabulate(counted, outcome, **cells_asked(study))
        notes = each_once(observed.notes, counted.notes, panel.notes)
        made["ready"] = Prepared(
            panel, observed.sources, times=counted, counted=counted, notes=notes, observed=observed
        )
    return made


def _asked_of_answers(study: Study) -> dict[str, Any]:
    """Return the arguments with which answers or dated records are read with the columns that the outcome needs."""
    cells = cells_asked(study)
    given, numbers = study.data.parameters, list(cells["covariates"])
    keep = [*given.get("keep", ()), *_of_outcome(study, cells), *of_scrutiny(study)]
    if study.outcome.name == "score":
        numbers.append(study.outcome.parameters["column"])
        keep = [name for name in keep if name != study.outcome.parameters["column"]]
    moments = [*given.get("moments", ()), *moments_of(study.outcome)]
    others = {
        "columns": {**given.get("columns", {}), **dict.fromkeys(given.get("unused", ()))},
        "keep": tuple(dict.fromkeys(keep if study.data.name == "observations" else [*keep, *numbers])),
        "numbers": tuple(dict.fromkeys([*given.get("numbers", ()), *numbers])),
        "moments": tuple(dict.fromkeys(moments)),
    }
    return study.data.arguments(source=given["path"], **others)


def _with_offices(read: Any, offices: Mapping[str, str]) -> Any:  # noqa: ANN401 - a survey or observations
    """Return records with the names of offices that the study gives in the place of those of the file."""
    import narwhals as nw

    if not offices:
        return read
    found = [str(o) for o in read.records.select("office").unique().collect()["office"].to_list() if o is not None]
    office = nw.col("office")
    for old, new in renamed(offices, sorted(found)).items():
        office = nw.when(nw.col("office") == old).then(nw.lit(new)).otherwise(office)
    return replace(read, records=read.records.with_columns(office.alias("office")))


def recap_parts(study: Study, problems: list[AsnImpactError], _tell: Callable[[Message], object]) -> dict[str, Any]:
    """Return the panel of published results of a survey: its periods are those of the recap."""
    from asn_impact.topics.surveys.satisfaction import satisfaction_panel

    given = study.data.parameters
    with study.place("data").explaining():
        read = study.data.made(source=given["path"])
        rows = read.frame()
        rows["office"] = rows["office"].replace(renamed(given.get("offices", {}), sorted(set(rows["office"]))))
        read = replace(read, rows=rows)
    made: dict[str, Any] = {}
    with noting(problems), study.place("outcome").explaining():
        if "per" in study.outcome.parameters:
            raise InputError(Message("study.recap_periods"))
        _, outcome = made_ready(study.outcome, read)
        made["panel"] = panel = replace(satisfaction_panel(read, outcome.column), outcome=outcome)
        notes = each_once(read.notes, panel.notes)
        made["ready"] = Prepared(panel, read.sources, notes=notes, observed=read)
    return made


def _times(study: Study) -> Mapping[str, str]:
    """Return the columns that hold the time of day of receipt and decision."""
    columns: Mapping[str, str] = study.calendar.parameters.get("times", {})
    return columns


def _measure_times(study: Study, extract: Extract) -> Durations:
    """Return the waits by the clock of the study: days, or minutes within opening hours."""
    from asn_impact.measures.durations import measure

    calendar, parameters = study.calendar.made(), study.calendar.parameters
    clock = parameters.get("clock", "working_days")
    if clock == "working_hours":
        own = [opening.made() for opening in parameters.get("hours", ())]
        return measure(extract, calendar.hours(own=own), times=_times(study) or None)
    return measure(extract, calendar, clock=clock)


def _other_clocks(study: Study, extract: Extract) -> list[Durations]:
    """Return the waits by the other clock in days, where promises may be in both; none for other outcomes."""
    from asn_impact.measures.durations import measure

    clock = study.calendar.parameters.get("clock", "working_days")
    if study.outcome.name != "kept" or clock == "working_hours":
        return []
    other: Any = "calendar_days" if clock == "working_days" else "working_days"
    return [measure(extract, study.calendar.made(), clock=other)]
