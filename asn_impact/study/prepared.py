"""From the study to the design: data read, outcomes tabulated, groups made, or the reason why that cannot be."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import inspect
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.arguments import did_you_mean
from asn_impact.errors import AsnImpactError, DesignError, InputError
from asn_impact.identifiers import hidden
from asn_impact.study import offers
from asn_impact.study.gains import tests_parts
from asn_impact.study.keys import Setting
from asn_impact.study.kinds import TEXT, TEXTS
from asn_impact.study.measured import column_of, made_ready, moments_of, renamed
from asn_impact.study.settings import Study
from asn_impact.verbs import public_verb
from asn_impact.words import Message, each_once, paragraph

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.designs import Design
    from asn_impact.intake.extract import Extract, Source
    from asn_impact.intake.fields.local import NumberStyle
    from asn_impact.intake.ledger import Ledger
    from asn_impact.intake.readers.training import Rollout
    from asn_impact.intake.records import Observations
    from asn_impact.measures.durations import Durations
    from asn_impact.measures.panel import Panel
    from asn_impact.measures.tabulate import Dated
    from asn_impact.study.gains import Tests
    from asn_impact.topics.surveys.answers import SurveyAggregates

__all__ = ["Prepared", "Tried", "attempted", "prepared", "staff_of", "with_panel"]

FIELDS: Final = ("case", "office", "service", "received", "decided", "status")  # of every application
PERIOD: Final = "period"  # names the periods themselves, where a rule clusters by them


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything before the first estimate.

    Attributes
    ----------
    panel
        The cells.
    sources
        Files read, with their hashes.
    extract, times, months
        Records with their ledger, their waits, and the maturity table; None for a ready panel.
    frame
        The rows of a ready panel; None for records.
    design
        Who is compared with whom; None when `refusal` says why not.
    refusal
        Why no effect can be estimated.
    notes
        What was left out or assumed, each once.
    courses
        Other courses that were completed: office, course, month; None without training records.
    observed
        Answers or other dated records with their ledger, where the data are no cases.
    """

    panel: Panel
    sources: tuple[Source, ...]
    extract: Extract | None = None
    times: Dated | None = None
    months: pd.DataFrame | None = None
    frame: pd.DataFrame | None = None
    design: Design | None = None
    refusal: Message | None = None
    notes: tuple[Message, ...] = ()
    courses: pd.DataFrame | None = None
    observed: Observations | SurveyAggregates | Tests | None = None

    @property
    def ledger(self) -> Ledger | None:
        """Rows read, left out and kept; None for a ready panel."""
        read = self.extract or self.observed
        return None if read is None else read.ledger

    @property
    def as_of(self) -> dt.date | None:
        """The day of the export; None where there is none."""
        return getattr(self.extract or self.observed, "as_of", None)


@dataclass(frozen=True, eq=False)
class Tried:
    """Whatever could be made before the first estimate, and every refusal on the way.

    Attributes
    ----------
    ready
        What is estimated from; None where something was refused.
    problems
        What was refused, in the order of the sections.
    extract, panel, months, rollout
        Each that could be made.
    notes
        Of what was made.
    """

    ready: Prepared | None
    problems: tuple[AsnImpactError, ...] = ()
    extract: Extract | None = None
    panel: Panel | None = None
    months: pd.DataFrame | None = None
    rollout: Rollout | None = None
    notes: tuple[Message, ...] = ()


@public_verb
def prepared(study: Study) -> Prepared:
    """Read the data and make the design; a design that cannot be is a refusal, not an error."""
    tried = attempted(study)
    if tried.problems:
        raise tried.problems[0]
    assert tried.ready is not None
    return tried.ready


def with_panel(study: Study, panel: Panel) -> Prepared:
    """Return another panel with the training of a study: its design, or the reason why there can be none."""
    ready = Prepared(panel, (), notes=panel.notes)
    if study.rollout is None:
        return replace(ready, refusal=Message("study.no_rollout"))
    with study.place("rollout").explaining():
        rollout = _rollout(study, ready)
    named = study.cluster if study.cluster in panel.attributes.columns else str(panel.attributes.columns[0])
    return _compared(replace(study, cluster=named), ready, rollout)


def attempted(study: Study, tell: Callable[[Message], object] = bool) -> Tried:
    """Return what `prepared` does, as far as it goes: a section that is refused does not hide the others.

    `tell` is told of every step before it begins.
    """
    problems: list[AsnImpactError] = []
    tell(Message("study.step.reading"))
    made: dict[str, Any] = {}
    with _noting(problems):
        parts_of: Callable[..., dict[str, Any]] = _PARTS.get(study.data.name, _record_parts)
        made = parts_of(study, problems, tell)
    ready: Prepared | None = made.get("ready")
    rollout, courses = made.get("rollout"), None
    if study.rollout is not None and (ready is not None or study.rollout.name == "training"):
        tell(Message("study.step.training"))
        with _noting(problems), study.place("rollout").explaining():
            rollout = _rollout(study, ready)
            courses = _other_courses(study)
    if ready is not None and rollout is None and study.rollout is None and ready.refusal is None:
        ready = replace(ready, refusal=Message("study.no_rollout"))
    if ready is not None and rollout is not None:
        tell(Message("study.step.comparing"))
        with _noting(problems):
            ready = _compared(study, replace(ready, courses=courses), rollout)
    parts = {name: made.get(name) for name in ("extract", "panel", "months")}
    notes = each_once(*(x.notes for x in (parts["extract"], parts["panel"], rollout) if x is not None))
    return Tried(None if problems else ready, tuple(problems), **parts, rollout=rollout, notes=notes)


@contextmanager
def _noting(problems: list[AsnImpactError]) -> Iterator[None]:
    """Keep a refusal instead of ending with it."""
    try:
        yield
    except AsnImpactError as problem:
        problems.append(problem)


def _compared(study: Study, ready: Prepared, rollout: Rollout) -> Prepared:
    """Return the design beside the panel, or the reason why there can be none."""
    from asn_impact.designs import assign

    notes = each_once(ready.notes, rollout.notes)
    ready = replace(_with_doses(study, ready, rollout), notes=notes)
    _refuse_unknown_columns(study, ready.panel)
    try:
        design = assign(
            ready.panel, rollout, cluster=study.cluster, weights=study.weights, by=study.by, partly=study.partly
        )
    except DesignError as problem:
        return replace(ready, refusal=problem.message)
    return replace(ready, design=design, notes=each_once(ready.notes, design.notes))


# ------------------------------------------------------------------------------------------------------- records


def _record_parts(study: Study, problems: list[AsnImpactError], tell: Callable[[Message], object]) -> dict[str, Any]:
    """Return extract, months and panel, each that could be made, and all of them together where all could."""
    from asn_impact.measures.tabulate import maturity, tabulate

    cells = offers.cells_of(study.outcome)
    covariates = tuple(dict.fromkeys((*cells.get("covariates", ()), *_named_columns(study)[0])))
    with study.place("data").explaining():
        extract = _extract(study, cells, covariates)
    made: dict[str, Any] = {"extract": extract}
    tell(Message("study.step.measuring"))
    with _noting(problems):
        with study.place("calendar").explaining():
            times = _measure_times(study, extract)
        with study.place("outcome").explaining():
            counted, outcome = made_ready(study.outcome, times)
            by_month = study.outcome.name != "kept" and cells.get("per", "month") == "month"
            made["months"] = months = maturity(times, outcome) if by_month else None
            made["panel"] = panel = tabulate(counted, outcome, **{"by": "office", **cells, "covariates": covariates})
        notes = each_once(extract.notes, times.notes, counted.notes, panel.notes)
        made["ready"] = Prepared(panel, extract.sources, extract=extract, times=times, months=months, notes=notes)
    return made


def _extract(study: Study, cells: Mapping[str, Any], covariates: Sequence[str]) -> Extract:
    parameters = study.data.parameters
    columns = {**parameters.get("columns", {}), **dict.fromkeys(parameters.get("unused", ()))}
    keep = (*parameters.get("keep", ()), *_of_outcome(study, cells), *covariates, *_times(study).values())
    keep = (*keep, *_of_scrutiny(study))
    others = {"keep": tuple(dict.fromkeys(keep))} if keep else {}
    extract: Extract = study.data.made(source=parameters["path"], columns=columns, **others)
    return extract


def _of_outcome(study: Study, cells: Mapping[str, Any]) -> list[str]:
    """Return the columns of the export that the outcome and its cells need, those read anyway left out."""
    by = cells.get("by", ())
    columns = [*([by] if isinstance(by, str) else by), *column_of(study.outcome)]
    return [name for name in columns if name not in FIELDS]


def _of_scrutiny(study: Study) -> list[str]:
    """Return the columns that the finding is held against: kinds of applications, and an outcome of their own."""
    placebo = study.scrutiny.get("placebo_outcome")
    column = None if placebo is None else placebo.parameters.get("column")
    names = [*study.scrutiny.get("mix", ()), *([] if column is None else [column])]
    return [name for name in names if name not in FIELDS]


def _observed_parts(study: Study, problems: list[AsnImpactError], tell: Callable[[Message], object]) -> dict[str, Any]:
    """Return the panel of answers or other dated records."""
    from asn_impact.measures.tabulate import tabulate

    cells = offers.cells_of(study.outcome)
    covariates = tuple(dict.fromkeys((*cells.get("covariates", ()), *_named_columns(study)[0])))
    with study.place("data").explaining():
        observed = _observed(study, cells, covariates)
    tell(Message("study.step.measuring"))
    made: dict[str, Any] = {}
    with _noting(problems), study.place("outcome").explaining():
        counted, outcome = made_ready(study.outcome, observed)
        made["panel"] = panel = tabulate(counted, outcome, **{"by": "office", **cells, "covariates": covariates})
        notes = each_once(observed.notes, counted.notes, panel.notes)
        made["ready"] = Prepared(panel, observed.sources, times=counted, notes=notes, observed=observed)
    return made


def _observed(study: Study, cells: Mapping[str, Any], covariates: Sequence[str]) -> Any:  # noqa: ANN401 - what was read
    """Return answers or dated records with the columns that the outcome needs, offices as the study calls them."""
    given, numbers = study.data.parameters, list(covariates)
    keep = [*given.get("keep", ()), *_of_outcome(study, cells), *_of_scrutiny(study)]
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
    read = study.data.made(source=given["path"], **others)
    return _with_offices(read, given.get("offices", {}))


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


def _recap_parts(study: Study, problems: list[AsnImpactError], _tell: Callable[[Message], object]) -> dict[str, Any]:
    """Return the panel of published results of a survey: its periods are those of the recap."""
    from asn_impact.topics.surveys.satisfaction import satisfaction_panel

    given = study.data.parameters
    with study.place("data").explaining():
        read = study.data.made(source=given["path"])
        rows = read.frame()
        rows["office"] = rows["office"].replace(renamed(given.get("offices", {}), sorted(set(rows["office"]))))
        read = replace(read, rows=rows)
    made: dict[str, Any] = {}
    with _noting(problems), study.place("outcome").explaining():
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


# ------------------------------------------------------------------------------------------------- a ready panel


def _panel_parts(study: Study, _problems: list[AsnImpactError], _tell: Callable[[Message], object]) -> dict[str, Any]:
    ready = _from_panel(study)
    return {"panel": ready.panel, "ready": ready}


def _from_panel(study: Study) -> Prepared:
    from asn_impact.measures.panel import settle_rows

    parameters, column = study.data.parameters, study.outcome.parameters["column"]
    headings = parameters["columns"]
    of_estimator, described = _named_columns(study)
    covariates = tuple(dict.fromkeys((*parameters.get("covariates", ()), *of_estimator)))
    cluster = [study.cluster, *([study.by] if study.by is not None else [])] if study.rollout is not None else []
    known = [*parameters.get("attributes", ()), *cluster]
    attributes = [name for name in dict.fromkeys([*known, *described]) if name != headings["unit"]]
    beside, treated = _rollout_columns(study)
    sized = [headings[key] for key in ("weights", "sizes") if key in headings]
    style = parameters.get("numbers")
    with study.place("data").explaining():
        frame, sources, of_files = _ready_frame(
            parameters["path"],
            unit=headings["unit"],
            texts=[headings["period"], *attributes, *beside],
            numbers=[*dict.fromkeys([column, *covariates, *sized, *_of_scrutiny(study)]), *treated],
            style=style,
        )
        names_of = renamed(parameters.get("offices", {}), sorted({str(u) for u in frame[headings["unit"]].dropna()}))
        frame = frame.assign(**{headings["unit"]: frame[headings["unit"]].replace(names_of)})
        frame = frame.assign(**{name: _numbers_if_all(frame[name], style) for name in described if name not in known})
    with study.place("outcome").explaining():
        names = {"outcome": column, "covariates": covariates, "attributes": attributes, **headings}
        panel = study.data.made(frame=frame, **names)
        panel = replace(panel, outcome=study.outcome.made())
    return Prepared(
        panel,
        sources,
        frame=settle_rows(frame, headings["unit"], headings["period"])[0],
        notes=each_once(of_files, panel.notes),
    )


def _rollout_columns(study: Study) -> tuple[list[str], list[str]]:
    """Columns of the panel's own file that the rollout needs: as they are, and as numbers."""
    if study.rollout is None or study.rollout.name == "training" or "path" in study.rollout.parameters:
        return [], []
    parameters = study.rollout.parameters
    texts = [parameters[key] for key in ("unit", "period", "adopted") if key in parameters]
    return texts, [parameters["treated"]] if "treated" in parameters else []


def _ready_frame(
    path: Path, *, unit: str, texts: Sequence[str], numbers: Sequence[str], style: NumberStyle | None = None
) -> tuple[pd.DataFrame, tuple[Source, ...], tuple[Message, ...]]:
    """Return the named columns of a file, and only those; columns of numbers as numbers, the others as they are.

    Beside it the sources, and what has to be said of the files: cut off, hidden sheets, formulas without values.
    """
    import pandas as pd

    from asn_impact.intake.extract import Source
    from asn_impact.intake.gathering import explaining, gather

    names = list(dict.fromkeys([unit, *texts, *numbers]))
    with _unpacked(path) as file, explaining(file):
        rows = gather(file, (), columns={n: n for n in names}, dates=None, keep=names, required=())
        frame = pd.DataFrame(rows.frame.select(*names).collect().to_pandas())
        sources = tuple(Source(hidden(t.name, names=True), t.relation.shape[0], t.sha256) for t in rows.tables)
    numeric = {name: _numbers(frame[name], style) for name in numbers}
    return frame.assign(**{unit: _without_point_zero(frame[unit]), **numeric}), sources, rows.notes


def _spelt_as(frame: pd.DataFrame, unit: str, units: Sequence[object]) -> pd.DataFrame:
    """Return a list of units with the spelling of the panel, wherever only the spelling differs."""
    from asn_impact.intake.fields.labels import label_key

    known = {label_key(u): u for u in units if isinstance(u, str)}
    return frame.assign(**{unit: frame[unit].map(lambda v: known.get(label_key(v), v) if isinstance(v, str) else v)})


def _spelt_as_panel(rollout: Rollout, panel: Panel, by: str | None) -> Rollout:
    """Return training records with the spelling of the panel, wherever only the spelling of an office differs."""
    from asn_impact.intake.fields.labels import label_key

    if by is not None and by not in panel.attributes.columns:
        return rollout
    labels = panel.units if by is None else panel.attributes[by].tolist()
    every = [label for label in (*labels, *panel.unusable) if isinstance(label, str)]
    known = {label_key(label): label for label in every}
    names = {a: known.get(label_key(a), a) for a in rollout.adopted.index if isinstance(a, str) and a not in every}
    if all(old == new for old, new in names.items()):
        return rollout
    doses = None if rollout.doses is None else rollout.doses.assign(office=rollout.doses["office"].replace(names))
    return replace(rollout, adopted=rollout.adopted.rename(index=names), doses=doses)


def _numbers(column: pd.Series, style: NumberStyle | None) -> pd.Series:
    """Texts as numbers, read in the style of the whole column; a column of numbers stays as it is."""
    import pandas as pd

    from asn_impact.intake.fields.local import parse_numbers

    if not (pd.api.types.is_string_dtype(column) or column.dtype == object):
        return column
    values = [None if pd.isna(value) else str(value) for value in column]
    try:
        return parse_numbers(values, name=str(column.name), style=style).set_axis(column.index)
    except InputError as problem:  # a study settles the separators with another key than the function
        raise InputError(paragraph(problem.message, Message("study.numbers_key"))) from problem


def _numbers_if_all(column: pd.Series, style: NumberStyle | None) -> pd.Series:
    """Return a column that an estimator names as numbers where every value is one: a dose, a code."""
    try:
        return _numbers(column, style)
    except InputError:
        return column


def _without_point_zero(labels: pd.Series) -> pd.Series:
    """Codes that a program wrote as decimals, ``410032.0``, as the codes they are."""
    import pandas as pd

    texts = labels.dropna()
    if not pd.api.types.is_string_dtype(labels) or not texts.str.fullmatch(r"[1-9]\d{0,14}\.0+").all():
        return labels
    return labels.str.replace(r"\.0+$", "", regex=True)


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """Give the file itself, or a temporary copy of what a ``.bz2`` or ``.gz`` file holds, under its own name."""
    open_packed: Any = {".bz2": bz2.open, ".gz": gzip.open}.get(path.suffix.casefold())
    if open_packed is None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="asn_impact.") as folder:
        copy = Path(folder) / path.stem
        with open_packed(path, "rb") as packed, copy.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        yield copy


def _rollout(study: Study, ready: Prepared | None) -> Rollout:
    assert study.rollout is not None
    if study.rollout.name == "training":
        parameters = study.rollout.parameters
        columns = {**parameters.get("columns", {}), **dict.fromkeys(parameters.get("unused", ()))}
        staff = {} if study.staff is None else {"staff": staff_of(study)}
        rollout: Rollout = study.rollout.made(source=parameters["path"], columns=columns, **staff)
        return rollout if ready is None else _spelt_as_panel(rollout, ready.panel, study.by)
    assert ready is not None  # its frame can be that of the list
    parameters = {**_panel_columns(study), **study.rollout.parameters}
    frame = ready.frame
    if "path" in study.rollout.parameters:
        keys = [key for key in ("period", "adopted") if key in parameters and key in study.rollout.keys.kinds]
        texts = [parameters[key] for key in keys]
        treated = [parameters["treated"]] if "treated" in parameters else []
        frame, _, _ = _ready_frame(parameters["path"], unit=parameters["unit"], texts=texts, numbers=treated)
        frame = _spelt_as(frame, parameters["unit"], ready.panel.units)
    rollout = study.rollout.made(**{**parameters, "frame": frame})
    return rollout if "path" in study.rollout.parameters else _of_units(rollout, ready.panel)


def staff_of(study: Study) -> dict[str, float]:
    """Return the size of the staff of each office on the list of offices."""
    assert study.staff is not None
    given = study.staff.parameters
    office, staff = given["columns"]["office"], given["columns"]["staff"]
    with study.place("staff").explaining():
        frame, _, _ = _ready_frame(given["path"], unit=office, texts=[], numbers=[staff])
    names = renamed(given.get("aliases", {}), sorted({str(o) for o in frame[office].dropna()}))
    known = frame.dropna(subset=[office, staff])
    return {names.get(str(o), str(o)): float(n) for o, n in zip(known[office], known[staff], strict=True)}


def _other_courses(study: Study) -> pd.DataFrame | None:
    """Return the other courses in the training records, where the study is about one of them."""
    from asn_impact.intake.readers.other_courses import read_other_courses

    assert study.rollout is not None
    parameters = study.rollout.parameters
    if study.rollout.name != "training" or "course" not in parameters:
        return None
    known = inspect.signature(read_other_courses).parameters
    same = {key: value for key, value in parameters.items() if key in known}
    columns = {**parameters.get("columns", {}), **dict.fromkeys(parameters.get("unused", ()))}
    return read_other_courses(parameters["path"], **{**same, "columns": columns})


def _panel_columns(study: Study) -> dict[str, str]:
    headings = study.data.parameters.get("columns", {}) if study.data.name == "panel" else {}
    return {key: headings[key] for key in ("unit", "period") if key in headings}


def _of_units(rollout: Rollout, panel: Panel) -> Rollout:
    """Return the rollout of the units in the panel: a file of both can name units without a usable outcome."""
    inside = rollout.adopted.index.isin(list(panel.units))
    if inside.all():
        return rollout
    note = Message("study.units_without_rows", n=int((~inside).sum()), units=len(inside))
    return replace(rollout, adopted=rollout.adopted[inside], notes=(*rollout.notes, (note)))


# --------------------------------------------------------------------------- what the estimator and the rule need


def _named_columns(study: Study) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns that the estimator and the rule name: those of numbers, and attributes of the units."""
    if study.rollout is None:
        return (), ()
    numbers, attributes = _columns(study.estimator)
    of_rule, strata = _columns(study.rule)
    return tuple(dict.fromkeys((*numbers, *of_rule))), tuple(dict.fromkeys((*attributes, *strata)))


def _columns(setting: Setting) -> tuple[list[str], list[str]]:
    """Return the columns a setting names: its lists of texts are columns of numbers, its texts attributes."""
    numbers: list[str] = []
    attributes: list[str] = []
    assert setting.keys.home is not None
    defaults = {name: p.default for name, p in inspect.signature(setting.keys.home).parameters.items()}
    for key, kind in setting.keys.kinds.items():
        value = setting.parameters.get(key, defaults.get(setting.keys.parameters.get(key, key)))
        if isinstance(value, Setting):
            inner = _columns(value)
            numbers += inner[0]
            attributes += inner[1]
        elif kind is TEXTS:
            numbers += value
        elif kind is TEXT and isinstance(value, str) and value != PERIOD:
            attributes.append(value)
    return numbers, attributes


def _with_doses(study: Study, ready: Prepared, rollout: Rollout) -> Prepared:
    """Return the panel with the doses that the estimator names: how much of the staff had been trained in the end."""
    missing_doses = [name for name in _named_columns(study)[1] if name not in ready.panel.attributes.columns]
    if rollout.doses is None or study.rollout is None or not missing_doses:
        return ready
    import pandas as pd

    last = rollout.doses.sort_values("month").groupby("office").last()
    last = last.assign(dose=last[study.rollout.parameters.get("dose", "share")])
    panel = ready.panel
    names = panel.units if study.by is None else panel.attributes[study.by]
    offices = pd.Series(list(names), index=panel.attributes.index, dtype=object)
    doses = {name: offices.map(last[name]) for name in missing_doses if name in last.columns}
    return replace(ready, panel=replace(panel, attributes=panel.attributes.assign(**doses)))


def _refuse_unknown_columns(study: Study, panel: Panel) -> None:
    """Refuse a column that is no attribute of the units, before anything is estimated."""
    known = [str(name) for name in panel.attributes.columns]
    for section, setting in (("estimator", study.estimator), ("inference", study.rule)):
        for name in _columns(setting)[1]:
            if name not in known:
                raise study.place(section).refuse(
                    paragraph(
                        Message("study.no_attribute", name=name),
                        did_you_mean(name, known),
                        Message("study.attributes", names=tuple(known)),
                    )
                )


_PARTS: Final[Mapping[str, Callable[..., dict[str, Any]]]] = {
    "panel": _panel_parts,
    "survey": _observed_parts,
    "observations": _observed_parts,
    "survey_recap": _recap_parts,
    "tests": tests_parts,
}
