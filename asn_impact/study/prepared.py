"""From the study to the design: data read, outcomes tabulated, groups made, or the reason why that cannot be."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw

from asn_impact.errors import AsnImpactError, DesignError, InputError
from asn_impact.intake.fields.labels import TOTAL_LABEL, label_key, plain_label
from asn_impact.intake.fields.regencies import REGENCY, settle_regencies
from asn_impact.study.counted import observed_parts, recap_parts, record_parts
from asn_impact.study.gains import OF_PERSONS, tests_parts
from asn_impact.study.happened import RISE, event_of
from asn_impact.study.inputs import inputs_of
from asn_impact.study.keys import once
from asn_impact.study.measured import renamed
from asn_impact.study.named import refuse_unknown_columns, with_doses
from asn_impact.study.ready import Prepared as Prepared
from asn_impact.study.ready import Tried as Tried
from asn_impact.study.ready import noting
from asn_impact.study.ready_panel import panel_parts, ready_frame
from asn_impact.study.settings import Study
from asn_impact.verbs import public_verb
from asn_impact.words import Message, each_once

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.intake.readers.training import Rollout
    from asn_impact.measures.panel import Panel


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
    with noting(problems):
        parts_of: Callable[..., dict[str, Any]] = _PARTS.get(study.data.name, record_parts)
        made = parts_of(study, problems, tell)
    ready: Prepared | None = made.get("ready")
    rollout, courses = made.get("rollout"), None
    if rollout is not None and ready is not None:
        rollout = _blindly(study, ready, rollout)
    if study.rollout is not None and (ready is not None or study.rollout.name == "training"):
        tell(Message("study.step.training"))
        with noting(problems), study.place("rollout").explaining():
            rollout = _rollout(study, ready)
            courses = _other_courses(study)
    if ready is not None and rollout is None and study.rollout is None and ready.refusal is None:
        ready = replace(ready, refusal=Message("study.no_rollout"))
    if ready is not None and rollout is not None:
        tell(Message("study.step.comparing"))
        with noting(problems):
            ready = _compared(study, replace(ready, courses=courses), rollout)
    if ready is not None:
        ready = replace(ready, sources=inputs_of(study, ready.sources))
    parts = {name: made.get(name) for name in ("extract", "panel", "months")}
    notes = each_once(*(x.notes for x in (parts["extract"], parts["panel"], rollout) if x is not None))
    return Tried(None if problems else ready, tuple(problems), **parts, rollout=rollout, notes=notes)


def _compared(study: Study, ready: Prepared, rollout: Rollout) -> Prepared:
    """Return the design beside the panel, or the reason why there can be none."""
    from asn_impact.designs import assign
    from asn_impact.designs.after_event import after_event
    from asn_impact.designs.design import in_periods

    rollout = in_periods(rollout, ready.panel)
    notes = each_once(ready.notes, rollout.notes)
    ready = replace(with_doses(study, ready, rollout), notes=notes)
    refuse_unknown_columns(study, ready.panel)
    panel = ready.panel
    try:
        if study.outcome.name == RISE:
            at, event = event_of(study)
            panel, rollout = after_event(panel, rollout, at=at, event=event, by=study.by)
            notes = each_once(ready.notes, rollout.notes)
        design = assign(panel, rollout, cluster=study.cluster, weights=study.weights, by=study.by, partly=study.partly)
    except DesignError as problem:
        return replace(ready, refusal=problem.message)
    return replace(ready, design=design, notes=each_once(notes, design.notes))


def read_rollout_of(study: Study, ready: Prepared, *, columns: Mapping[str, str] | None = None, **how: Any) -> Rollout:  # noqa: ANN401
    """Return who was trained when, with further headings of the list, or read in another way."""
    with study.place("rollout").explaining():
        return _rollout(study, ready, columns, **how)


def _rollout(
    study: Study,
    ready: Prepared | None,
    further: Mapping[str, str] | None = None,
    **how: Any,  # noqa: ANN401 - of the reader
) -> Rollout:
    rollout = _rollout_as_written(study, ready, further, **how)
    return rollout if ready is None else _blindly(study, ready, rollout)


def _blindly(study: Study, ready: Prepared, rollout: Rollout) -> Rollout:
    """Return who was trained when, dealt out anew where the study is blind."""
    if study.blind is None:
        return rollout
    from asn_impact.study.blind import dealt_anew

    panel = ready.panel
    labels = panel.attributes[study.by].tolist() if study.by in panel.attributes.columns else panel.units
    return dealt_anew(rollout, labels, study.blind)


def _rollout_as_written(
    study: Study,
    ready: Prepared | None,
    further: Mapping[str, str] | None = None,
    **how: Any,  # noqa: ANN401 - of the reader
) -> Rollout:
    assert study.rollout is not None
    if study.rollout.name == "training":
        asked = asked_of_training(study)
        columns = {**asked["columns"], **(further or {})}
        rollout: Rollout = study.rollout.made(**{**asked, "columns": columns, **how})
        if ready is None:
            return rollout
        rollout = _spelt_as_panel(rollout, ready.panel, study.by)
        return rollout if study.staff is None else _of_offices_here(rollout, ready.panel, study.by)
    assert ready is not None  # its frame can be that of the list
    parameters = {**_panel_columns(study), **study.rollout.parameters}
    frame = ready.frame
    if "path" in study.rollout.parameters:
        keys = [key for key in ("period", "adopted") if key in parameters and key in study.rollout.keys.kinds]
        texts = [parameters[key] for key in keys]
        treated = [parameters["treated"]] if "treated" in parameters else []
        frame, _, _ = ready_frame(parameters["path"], unit=parameters["unit"], texts=texts, numbers=treated)
        frame = _spelt_as(frame, parameters["unit"], ready.panel.units)
    rollout = study.rollout.made(**{**parameters, "frame": frame})
    if "path" in study.rollout.parameters:
        return rollout
    return _of_units(rollout, rollout.adopted.index.isin(list(ready.panel.units)))


def asked_of_training(study: Study) -> dict[str, Any]:
    """Return the arguments with which the training records of a study are read."""
    assert study.rollout is not None
    parameters = study.rollout.parameters
    columns = {**parameters.get("columns", {}), **dict.fromkeys(parameters.get("unused", ()))}
    staff = {} if study.staff is None else {"staff": staff_of(study)}
    return study.rollout.arguments(source=parameters["path"], columns=columns, **staff)


def staff_of(study: Study) -> dict[str, float]:
    """Return the size of the staff of each office on the list of offices."""
    assert study.staff is not None
    given = study.staff.parameters
    regencies = [REGENCY] if REGENCY in given else []
    with study.place("staff").explaining():
        frame, _, _ = ready_frame(
            given["path"], unit="office", texts=regencies, numbers=["staff"], columns=given.get("columns", {})
        )
        if regencies:
            frame = settle_regencies(nw.from_native(frame).lazy(), given[REGENCY])[0].collect().to_pandas()
        known = frame.dropna(subset=["office", "staff"])
        known = known[[not TOTAL_LABEL.match(plain_label(str(office))) for office in known["office"]]]
        names = renamed(given.get("aliases", {}), sorted(set(map(str, known["office"]))))
        sizes = known.assign(office=[names.get(str(o), str(o)) for o in known["office"]]).groupby("office")["staff"]
        if len(twice := sizes.nunique().loc[lambda n: n > 1]):
            raise InputError(Message("programme.staff_twice", office=str(twice.index[0])))
    return {str(office): float(n) for office, n in sizes.first().items()}


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
    courses: pd.DataFrame = once(read_other_courses, {"source": parameters["path"], **same, "columns": columns})
    return courses


def _panel_columns(study: Study) -> dict[str, str]:
    headings = study.data.parameters.get("columns", {}) if study.data.name == "panel" else {}
    return {key: headings[key] for key in ("unit", "period") if key in headings}


def _of_units(rollout: Rollout, inside: Any) -> Rollout:  # noqa: ANN401 - an array of truths
    """Return the rollout of some of its units, and how many are left out."""
    if inside.all():
        return rollout
    note = Message("study.units_without_rows", n=int((~inside).sum()), units=len(inside))
    return replace(rollout, adopted=rollout.adopted[inside], notes=(*rollout.notes, note))


def _of_offices_here(rollout: Rollout, panel: Panel, by: str | None) -> Rollout:
    """Return the rollout of the offices in the panel: the list of offices holds some that have nothing in this file.

    An office that the list does not know may be one of them under another name: then nothing is done.
    """
    if by is not None and by not in panel.attributes.columns:
        return rollout
    here = {*(panel.units if by is None else panel.attributes[by]), *panel.unusable}
    inside = rollout.adopted.index.isin(list(here))
    if inside.all() or not here <= set(rollout.adopted.index):
        return rollout
    absent = rollout.adopted[~inside]
    note = Message(
        "study.offices_without_rows", n=len(absent), names=tuple(map(str, absent.index)), k=int(absent.notna().sum())
    )
    return replace(rollout, adopted=rollout.adopted[inside], notes=(*rollout.notes, note))


def _spelt_as(frame: pd.DataFrame, unit: str, units: Sequence[object]) -> pd.DataFrame:
    """Return a list of units with the spelling of the panel, wherever only the spelling differs."""
    known = {label_key(u): u for u in units if isinstance(u, str)}
    return frame.assign(**{unit: frame[unit].map(lambda v: known.get(label_key(v), v) if isinstance(v, str) else v)})


def _spelt_as_panel(rollout: Rollout, panel: Panel, by: str | None) -> Rollout:
    """Return training records with the spelling of the panel, wherever only the spelling of an office differs."""
    if by is not None and by not in panel.attributes.columns:
        return rollout
    labels = panel.units if by is None else panel.attributes[by].tolist()
    every = [label for label in (*labels, *panel.unusable) if isinstance(label, str)]
    known = {label_key(label): label for label in every}
    names = {a: known.get(label_key(a), a) for a in rollout.adopted.index if isinstance(a, str) and a not in every}
    if all(old == new for old, new in names.items()):
        return rollout
    doses = None if rollout.doses is None else rollout.doses.assign(office=rollout.doses["office"].replace(names))
    providers = None if rollout.providers is None else rollout.providers.rename(index=names)
    return replace(rollout, adopted=rollout.adopted.rename(index=names), doses=doses, providers=providers)


_PARTS: Final[Mapping[str, Callable[..., dict[str, Any]]]] = {
    "panel": panel_parts,
    "survey": observed_parts,
    "observations": observed_parts,
    "survey_recap": recap_parts,
    **dict.fromkeys(OF_PERSONS, tests_parts),
}
