"""A panel that is ready: the named columns of its file, and only those."""

from __future__ import annotations

import bz2
import gzip
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from asn_impact.errors import AsnImpactError, InputError
from asn_impact.identifiers import hidden
from asn_impact.intake.fields.numbers import parse_numbers
from asn_impact.intake.fields.regencies import REGENCY, settle_regencies
from asn_impact.intake.gathering import explaining, gather
from asn_impact.intake.readers.given import values_beside
from asn_impact.study.measured import renamed
from asn_impact.study.named import named_columns, of_scrutiny
from asn_impact.study.ready import Prepared
from asn_impact.study.settings import Study
from asn_impact.words import Message, each_once, paragraph

if TYPE_CHECKING:
    from asn_impact.intake.extract import Source
    from asn_impact.intake.fields.numbers import NumberStyle


def panel_parts(study: Study, _problems: list[AsnImpactError], _tell: Callable[[Message], object]) -> dict[str, Any]:
    """Return the panel of a ready panel, and everything before the estimate."""
    ready = _from_panel(study)
    return {"panel": ready.panel, "ready": ready}


def _from_panel(study: Study) -> Prepared:
    from asn_impact.measures.panel import settle_rows

    parameters, column = study.data.parameters, study.outcome.parameters["column"]
    headings = {name: heading for name, heading in parameters["columns"].items() if name != REGENCY}
    of_estimator, described = named_columns(study)
    covariates = tuple(dict.fromkeys((*parameters.get("covariates", ()), *of_estimator)))
    cluster = [study.cluster, *([study.by] if study.by is not None else [])] if study.rollout is not None else []
    known = [*parameters.get("attributes", ()), *cluster]
    attributes = [name for name in dict.fromkeys([*known, *described]) if name != headings["unit"]]
    beside, treated = _rollout_columns(study)
    sized = [headings[key] for key in ("weights", "sizes") if key in headings]
    style = parameters.get("numbers")
    with study.place("data").explaining():
        frame, sources, of_files = ready_frame(
            parameters["path"],
            unit=headings["unit"],
            texts=[headings["period"], *attributes, *beside],
            numbers=[*dict.fromkeys([column, *covariates, *sized, *of_scrutiny(study)]), *treated],
            style=style,
            sheets=parameters.get("sheets", ()),
            regency=parameters.get(REGENCY),
            regencies=parameters["columns"].get(REGENCY),
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


def ready_frame(
    path: Path,
    *,
    unit: str,
    texts: Sequence[str],
    numbers: Sequence[str],
    style: NumberStyle | None = None,
    columns: Mapping[str, str] | None = None,
    sheets: Sequence[str] | None = None,
    regency: str | None = None,
    regencies: str | None = None,
) -> tuple[pd.DataFrame, tuple[Source, ...], tuple[Message, ...]]:
    """Return the named columns of a file, and only those; columns of numbers as numbers, the others as they are.

    The names are headings; with `columns` they are fields, found by those headings or by the usual ones. With `regency`
    the rows of that one alone, by the column `regencies` or the usual one.
    Beside it the sources, and what has to be said of the files: cut off, hidden sheets, formulas without values.
    """
    from asn_impact.intake.extract import Source

    names = list(dict.fromkeys([unit, *texts, *numbers]))
    asked = {} if regency is None or regencies is None else {REGENCY: regencies}
    notes: list[Message] = []
    with _unpacked(path) as file, explaining(file):
        headings = {n: n for n in names} if columns is None else columns
        fields = [] if columns is None else names
        wanted, keep = [*fields, *([] if regency is None else [REGENCY])], [] if fields else names
        rows = gather(
            file, wanted, columns={**headings, **asked}, dates=None, keep=keep, required=wanted, sheets=sheets
        )
        lazy = rows.frame
        if regency is not None:
            lazy, notes = settle_regencies(lazy.rename({unit: "office"}), regency)
            lazy = lazy.rename({"office": unit})
        frame = pd.DataFrame(lazy.select(*names).collect().to_pandas())
        if columns is None:
            notes += values_beside(numbers[0], names, rows.tables) if numbers else []
        sources = tuple(Source(hidden(t.name, names=True), t.relation.shape[0], t.sha256) for t in rows.tables)
    numeric = {name: _numbers(frame[name], style) for name in numbers}
    return frame.assign(**{unit: _without_point_zero(frame[unit]), **numeric}), sources, (*rows.notes, *notes)


def _numbers(column: pd.Series, style: NumberStyle | None) -> pd.Series:
    """Texts as numbers, read in the style of the whole column; a column of numbers stays as it is."""
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
