"""From the study to the design: data read, outcomes tabulated, groups made, or the reason why that cannot be."""

from __future__ import annotations

import bz2
import gzip
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.errors import AsnImpactError, DataWarning, DesignError, InputError, StudyError
from asn_impact.study.keys import Place, Text
from asn_impact.study.settings import ROLLOUT, Setting, Study

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.designs import Design
    from asn_impact.intake.exports import Extract, Source
    from asn_impact.intake.local import NumberStyle
    from asn_impact.intake.training import Rollout
    from asn_impact.measures.calendar import WorkCalendar
    from asn_impact.measures.durations import Durations
    from asn_impact.measures.panel import Panel

__all__ = ["REFUSED", "Prepared", "noted", "prepared"]


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
        Why no effect can be estimated, in both languages.
    notes
        What was left out or assumed, in sentences.
    """

    panel: Panel
    sources: tuple[Source, ...]
    extract: Extract | None = None
    times: Durations | None = None
    months: pd.DataFrame | None = None
    frame: pd.DataFrame | None = None
    design: Design | None = None
    refusal: Text | None = None
    notes: tuple[str, ...] = ()


_NOROLLOUT: Final[Text] = {
    "id": "Studi ini tidak menyebut siapa yang dilatih dan sejak kapan (bagian [rollout] di study.toml), sehingga "
    "tidak ada dampak yang dapat diperkirakan. Yang dilaporkan hanya lama proses.",
    "en": "The study does not say who was trained since when ([rollout] in study.toml), so there is no effect to "
    "estimate. Only the service times are reported.",
}
REFUSED: Final = "Dampak tidak dapat diperkirakan dari data ini; alasannya tercatat dalam bahasa Inggris di run.json."


@contextmanager
def noted() -> Iterator[list[str]]:
    """Collect what DataWarnings say, each once, instead of printing them."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        yield said
    for warning in caught:
        if not issubclass(warning.category, DataWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        elif str(warning.message) not in said:
            said.append(str(warning.message))


@contextmanager
def _telling(study: Study, section: str) -> Iterator[None]:
    """Say in which part of which study file an error has its cause."""
    try:
        yield
    except StudyError:
        raise
    except AsnImpactError as problem:
        raise Place(study.file, section).refuse(str(problem)) from problem


def prepared(study: Study) -> Prepared:
    """Read the data and make the design; a design that cannot be is a refusal, not an error."""
    with noted() as said:
        ready = _from_panel(study) if study.data.name == "panel" else _from_records(study)
        if study.rollout is None:
            ready = replace(ready, refusal=_NOROLLOUT)
        else:
            with _telling(study, "rollout"):
                rollout = _rollout(study, ready)
            try:
                from asn_impact.designs import assign

                ready = replace(
                    ready, design=assign(ready.panel, rollout, cluster=study.cluster, weights=study.weights)
                )
            except DesignError as problem:
                ready = replace(ready, refusal={"id": REFUSED, "en": str(problem)})
    return replace(ready, notes=tuple(said))


def _from_records(study: Study) -> Prepared:
    from asn_impact.measures.tabulate import maturity, tabulate

    given = dict(study.data.parameters)
    source, unused = given.pop("path"), given.pop("unused", ())
    columns = {**given.pop("columns", {}), **dict.fromkeys(unused)}
    of_outcome = [study.outcome.parameters["column"]] if study.outcome.name in {"score", "share"} else []
    if kept := tuple(dict.fromkeys((*given.get("keep", ()), *of_outcome, *_times(study).values()))):
        given["keep"] = kept
    with _telling(study, "data"):
        extract = Setting(study.data.name, {"source": source, "columns": columns, **given}, study.data.home).made()
    with _telling(study, "calendar"):
        times = _measured(study, extract)
    with _telling(study, "outcome"):
        outcome = study.outcome.made()
        months, panel = maturity(times, outcome), tabulate(times, outcome)
    return Prepared(panel=panel, sources=extract.sources, extract=extract, times=times, months=months)


def _times(study: Study) -> Mapping[str, str]:
    """Return the columns that hold the time of day of receipt and decision."""
    named: Mapping[str, str] = study.calendar.parameters.get("times", {})
    return named


def _measured(study: Study, extract: Extract) -> Durations:
    """Return the waits by the clock of the study: days, or minutes within opening hours."""
    from asn_impact.measures.durations import measure

    clock = study.calendar.parameters.get("clock", "working_days")
    if clock == "working_hours":
        return measure(extract, _calendar(study).hours(), times=_times(study) or None)
    return measure(extract, _calendar(study), clock=clock)


def _calendar(study: Study) -> WorkCalendar:
    from asn_impact.measures.calendar import WorkCalendar

    given = {key: value for key, value in study.calendar.parameters.items() if key not in {"clock", "times"}}
    return WorkCalendar.indonesia(**given) if study.calendar.name == "indonesia" else WorkCalendar.weekdays(**given)


def _from_panel(study: Study) -> Prepared:
    from asn_impact.measures.outcomes import Mean
    from asn_impact.measures.panel import read_panel

    given, outcome = study.data.parameters, study.outcome.parameters
    named = given["columns"]
    covariates = tuple(
        dict.fromkeys(c for key in ("regressors", "covariates") for c in study.estimator.parameters.get(key, ()))
    )
    numbers = [outcome["column"], *covariates, *(named[key] for key in ("weights", "sizes") if key in named)]
    described = [*given.get("attributes", ()), *([study.cluster] if study.rollout is not None else [])]
    attributes = [name for name in dict.fromkeys(described) if name != named["unit"]]
    beside, treated = _rollout_columns(study)
    with _telling(study, "data"):
        frame, sources = _ready_frame(
            given["path"],
            unit=named["unit"],
            texts=[named["period"], *attributes, *beside],
            numbers=[*numbers, *treated],
            style=given.get("numbers"),
        )
    with _telling(study, "outcome"):
        panel = read_panel(frame, outcome=outcome["column"], covariates=covariates, attributes=attributes, **named)
    panel = replace(panel, outcome=Mean(outcome["column"], outcome.get("unit", "")))
    return Prepared(panel=panel, sources=sources, frame=frame)


def _rollout_columns(study: Study) -> tuple[list[str], list[str]]:
    """Columns of the panel's own file that the rollout needs: as they are, and as numbers."""
    if study.rollout is None or study.rollout.name == "training" or "path" in study.rollout.parameters:
        return [], []
    given = study.rollout.parameters
    texts = [given[key] for key in ("unit", "period", "adopted") if key in given]
    return texts, [given["treated"]] if "treated" in given else []


def _ready_frame(
    path: Path, *, unit: str, texts: Sequence[str], numbers: Sequence[str], style: NumberStyle | None = None
) -> tuple[pd.DataFrame, tuple[Source, ...]]:
    """Return the named columns of a file, and only those; columns of numbers as numbers, the others as they are."""
    import pandas as pd

    from asn_impact.intake.exports import Source, explaining, gather

    names = list(dict.fromkeys([unit, *texts, *numbers]))
    with _unpacked(path) as file, explaining(file):
        rows = gather(file, (), columns={n: n for n in names}, dates=None, keep=names, required=())
        frame = pd.DataFrame(rows.frame.select(*names).collect().to_pandas())
        sources = tuple(Source(t.name, t.relation.shape[0], t.sha256) for t in rows.tables)
    read = {name: _numbers(frame[name], style) for name in numbers}
    return frame.assign(**{unit: _without_point_zero(frame[unit]), **read}), sources


def _numbers(column: pd.Series, style: NumberStyle | None) -> pd.Series:
    """Texts as numbers, read in the style of the whole column; a column of numbers stays as it is."""
    import pandas as pd

    from asn_impact.intake.local import parse_numbers

    if not (pd.api.types.is_string_dtype(column) or column.dtype == object):
        return column
    values = [None if pd.isna(value) else str(value) for value in column]
    try:
        return parse_numbers(values, name=str(column.name), style=style).set_axis(column.index)
    except InputError as problem:  # a study settles the separators with another key than the function
        raise InputError(str(problem).replace("style=", "numbers = ")) from problem


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


def _rollout(study: Study, ready: Prepared) -> Rollout:
    assert study.rollout is not None
    if study.rollout.name == "training":
        from asn_impact.intake.training import read_training

        given = dict(study.rollout.parameters)
        source, unused = given.pop("path"), given.pop("unused", ())
        columns = {**given.pop("columns", {}), **dict.fromkeys(unused)}
        return read_training(source, columns=columns, **given)
    given = {**_panel_columns(study), **study.rollout.parameters}
    frame = ready.frame
    if "path" in study.rollout.parameters:
        texts = [
            given[key] for key in ("period", "adopted") if key in given and key in ROLLOUT[study.rollout.name].types
        ]
        treated = [given["treated"]] if "treated" in given else []
        frame, _ = _ready_frame(given["path"], unit=given["unit"], texts=texts, numbers=treated)
    rollout = _rollout_of_frame(frame, given)
    return rollout if "path" in study.rollout.parameters else _of_units(rollout, ready.panel)


def _panel_columns(study: Study) -> dict[str, str]:
    named = study.data.parameters.get("columns", {}) if study.data.name == "panel" else {}
    return {key: named[key] for key in ("unit", "period") if key in named}


def _rollout_of_frame(frame: pd.DataFrame | None, given: Mapping[str, Any]) -> Rollout:
    from asn_impact.intake.training import read_rollout, read_rollout_from_status

    if "adopted" in given:
        return read_rollout(frame, unit=given["unit"], adopted=given["adopted"])
    return read_rollout_from_status(
        frame,
        unit=given["unit"],
        period=given["period"],
        treated=given["treated"],
        absorbing=given.get("absorbing", "required"),
    )


def _of_units(rollout: Rollout, panel: Panel) -> Rollout:
    """Return the rollout of the units in the panel: a file of both can name units without a usable outcome."""
    inside = rollout.adopted.index.isin(list(panel.units))
    if inside.all():
        return rollout
    note = f"{int((~inside).sum())} of {len(inside)} units have no usable row and are in no comparison."
    return replace(rollout, adopted=rollout.adopted[inside], notes=(*rollout.notes, note))
