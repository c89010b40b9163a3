"""Measures of records that are made before they are counted: what [outcome] calls them, and the column they need."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from asn_impact.arguments import Times, did_you_mean
from asn_impact.errors import InputError
from asn_impact.intake.fields.labels import label_key
from asn_impact.measures.outcomes import Better, RestrictedMean, Score, Share
from asn_impact.study.keys import Setting
from asn_impact.words import IN_FILE, Message, paragraph, verbatim

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asn_impact.measures.tabulate import Dated
    from asn_impact.study.settings import Study

_OF_CASES: Final = ("restricted_mean", "within", "count", "score", "share", "kept", "rise_after")
#: What the days between steps are called as a step.
WAITING: Final = ("waiting", "menunggu")
#: Kind of data -> the outcomes that it can have.
FITTING: Final[Mapping[str, tuple[str, ...]]] = {
    "records": _OF_CASES,
    "steps": (*_OF_CASES, "days_in_step"),
    "complaints": _OF_CASES,
    "survey": ("index", "element", "score", "share", "count"),
    "survey_recap": ("index", "element"),
    "observations": ("score", "share", "days_between", "count"),
    "panel": ("mean",),
    "tests": ("gain",),
    "ratings": ("gain",),
}


#: Kind of data -> what one of its records is called, where the file does not say it: a set of words/nouns.toml.
CALLED: Final[Mapping[str, str]] = {
    **{"records": "applications", "steps": "applications", "complaints": "complaints"},
    **{"survey": "answers", "survey_recap": "answers", "observations": "records", "panel": "records"},
    **{"tests": "participants", "ratings": "participants"},
}


def nouns_of(study: Study) -> tuple[str, ...]:
    """Return what things are called where a study is spoken of: its records, and what its groups differ in."""
    called = study.data.parameters.get("called", CALLED[study.data.name])
    return (called, *(["event"] if study.outcome.name == "rise_after" else []), IN_FILE)


def index(*, better: Better | None = "higher", label: Message | None = None) -> Score:
    """Return the satisfaction index of a respondent, 25 to 100.

    Examples
    --------
    >>> index().column
    'ikm'
    """
    return Score("ikm", unit="points (25 to 100)", better=better, label=label)


def element(of: str, *, better: Better | None = "higher", label: Message | None = None) -> Score:
    """Return the answer to an element of the satisfaction survey, 1 to 4."""
    return Score(of, unit="points (1 to 4)", better=better, label=label)


def days_between(
    start: str, end: str, horizon: Times, *, better: Better | None = None, label: Message | None = None
) -> Score:
    """Return the calendar days from one date of a record to another, each counted up to the horizon."""
    label = label or Message("outcomes.days_between", start=start, end=end)
    return Score(f"{end} - {start}", unit="calendar days", better=better, label=label)


def kept(promises: str, *, better: Better | None = "higher", label: Message | None = None) -> Share:
    """Return the share of cases decided within the time promised for their service."""
    return Share("kept", better=better, label=label)


def days_in_step(
    step: str, horizon: Times, *, waiting: Literal["apart", "next"] = "apart", label: Message | None = None
) -> RestrictedMean:
    """Return the days of a wait that a step had, as `split_days` gives them to it; ``waiting`` names those of none.

    Examples
    --------
    >>> str(days_in_step("Verifikasi", 30).words.short)
    'Days in step Verifikasi'
    """
    name = Message("clocks.waiting") if step in WAITING else verbatim(step)
    return RestrictedMean(horizon, label=label or Message("clocks.in_step", step=name))


def rise_after(event: str, horizon: Times, *, label: Message | None = None) -> RestrictedMean:
    """Return the wait, of which the rise after an event is compared; `event` is its name among [events], or a date.

    Examples
    --------
    >>> str(rise_after("Perbup 3/2025", 30).words.name)
    'the rise of the wait after Perbup 3/2025 (offices trained before it)'
    """
    return RestrictedMean(horizon, label=label or Message("outcomes.rise_after", event=event))


def column_of(outcome: Setting) -> tuple[str, ...]:
    """Return the columns of texts or numbers that an outcome needs, besides those read anyway."""
    return (outcome.parameters["column"],) if outcome.name in {"score", "share"} else ()


def moments_of(outcome: Setting) -> tuple[str, ...]:
    """Return the columns of dates that an outcome needs."""
    return (outcome.parameters["start"], outcome.parameters["end"]) if outcome.name == "days_between" else ()


def flag_of(outcome: Setting) -> str:
    """Return what a share of some words is called as a column."""
    return f"{outcome.parameters['column']}: {', '.join(outcome.parameters['is'])}"


def made_ready(outcome: Setting, dated: Dated, others: Sequence[Any] = ()) -> tuple[Dated, Any]:
    """Return the records with the column that the outcome reads, and the outcome.

    `others` are the same waits by other clocks: promises may be in working days and in calendar days.
    """
    given, measure = outcome.parameters, outcome.made()
    if outcome.name == "share" and "is" in given:
        from asn_impact.intake.readers.derived import with_flag

        name = flag_of(outcome)
        found: Any = dated  # a dataclass of ours, its records in DuckDB
        return with_flag(found, column=given["column"], true=given["is"], name=name), replace(measure, column=name)
    if outcome.name == "days_between":
        from asn_impact.intake.readers.derived import with_days

        observed: Any = dated
        span = {"start": given["start"], "end": given["end"], "horizon": given["horizon"]}
        return with_days(observed, name=measure.column, **span), measure
    if outcome.name == "kept":
        from asn_impact.topics.promises.promises import kept as which_kept
        from asn_impact.topics.promises.promises import read_promises

        times: Any = (dated, *others)
        return which_kept(times, read_promises(given["promises"])), measure
    if outcome.name == "element":
        _refuse_unknown(given["of"], dated)
    return dated, measure


def _refuse_unknown(element: str, dated: Any) -> None:  # noqa: ANN401 - a survey, or published results
    known = (*dated.elements, "ikm")
    if element not in known:
        absent = Message("satisfaction.no_element", of=element)
        raise InputError(paragraph(absent, did_you_mean(element, known), Message("satisfaction.elements", known=known)))


def renamed(offices: Mapping[str, str], labels: list[str]) -> dict[str, str]:
    """Return label -> the one that stands for it, for labels that the study spells otherwise.

    Examples
    --------
    >>> renamed({"Dinkes": "Dinas Kesehatan"}, ["DINKES", "Dinas Sosial"])
    {'DINKES': 'Dinas Kesehatan'}
    >>> renamed({"Dinkes": "Dinas Kesehatan"}, ["Tebo / Dinkes"])
    {'Tebo / Dinkes': 'Tebo / Dinas Kesehatan'}
    """
    known = {label_key(short): full for short, full in offices.items()}
    parts = {label: ("", label) if label_key(label) in known else _apart(label) for label in labels}
    return {label: before + known[label_key(own)] for label, (before, own) in parts.items() if label_key(own) in known}


def _apart(label: str) -> tuple[str, str]:
    """Return the regency of an office with the stroke behind it, "" without one, and its own name."""
    regency, stroke, own = label.partition(" / ")
    return (regency + stroke, own) if own else ("", label)
