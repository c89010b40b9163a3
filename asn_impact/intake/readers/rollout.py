"""Which unit was treated from when, from a column of a ready panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from asn_impact.arguments import did_you_mean
from asn_impact.display import card, noted
from asn_impact.errors import DesignError, InputError
from asn_impact.intake.frames import in_pandas
from asn_impact.intake.privacy import masked
from asn_impact.timeline import Timeline
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Message, paragraph

_MOST: Final = 20  # names shown in a refusal


@dataclass(frozen=True, eq=False)
class Rollout(Guided):
    """Which unit was treated from when.

    Attributes
    ----------
    adopted : pandas.Series
        Index: unit labels. Values as they were given (a month, a year, a code); missing means never.
    label : str
        Name of the course or treatment.
    notes : tuple of Message
        The rule used, and what was left out.
    doses : pandas.DataFrame or None
        ``office``, ``month``, ``share``: the share of staff that had completed the course by the end of each
        month in which somebody completed it. Only from training records with staff numbers. With ``dose="hours"`` also
        ``hours``: hours of training (JP) completed so far for each member of the staff.
    status : pandas.DataFrame or None
        ``unit``, ``period``, ``on``: who was treated when, where treatment may end; else None.
    providers : pandas.Series or None
        Trained office -> who gave the course to most of those that made it trained; missing where nobody did. Only
        from training records that say so: for `compare_groups`.

    Examples
    --------
    >>> import asn_impact as ai
    >>> ai.example_rollout()
    Rollout('e-government': 6 of 6 units with a date)
    """

    adopted: pd.Series
    label: str = "treatment"
    notes: tuple[Message, ...] = ()
    doses: pd.DataFrame | None = None
    status: pd.DataFrame | None = None
    providers: pd.Series | None = None

    def __post_init__(self) -> None:
        for name in ("adopted", "doses", "status", "providers"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, value.copy(deep=False))

    def __repr__(self) -> str:
        treated = int(self.adopted.notna().sum())
        return f"Rollout({self.label!r}: {treated} of {len(self.adopted)} units with a date)"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [
            ("units", len(self.adopted)),
            ("with a date", int(self.adopted.notna().sum())),
        ]
        counts = self.adopted.dropna().astype(str).value_counts().sort_index()
        table = pd.DataFrame({"from": counts.index.to_numpy(), "units": counts.to_numpy()})
        return card(f"Rollout: {self.label}", [*facts, *noted(self)], table=table)


def columns_of(frame: Any, names: tuple[str, ...]) -> pd.DataFrame:  # noqa: ANN401
    """Return the named columns as a pandas frame, values untouched."""
    if isinstance(frame, pd.DataFrame):
        headings = [str(c) for c in frame.columns]
    else:
        try:
            lazy = nw.from_native(frame).lazy()
        except TypeError:
            raise InputError(Message("training.no_frame", kind=type(frame).__name__)) from None
        headings = list(lazy.collect_schema().names())
    for name in names:
        if headings.count(name) > 1:
            raise InputError(Message("training.double_column", n=headings.count(name), name=name))
        if name not in headings:
            raise InputError(unknown_name(Message("training.no_column", name=name), name, headings))
    if isinstance(frame, pd.DataFrame):
        frame = frame.reset_index(drop=True)
    return in_pandas(frame, list(dict.fromkeys(names)))


def unknown_name(problem: Message, name: str, known: Sequence[str]) -> Message:
    """Return a refusal with the nearest of the names there are, and with all of them."""
    names = tuple(masked(k) for k in known[:_MOST])
    return paragraph(problem, did_you_mean(name, names), Message("training.columns", names=names))


def _plain(values: pd.Series) -> pd.Series:
    """Return a categorical as the values it stands for."""
    return values.astype(values.cat.categories.dtype) if isinstance(values.dtype, pd.CategoricalDtype) else values


def _drop_missing(table: pd.DataFrame, names: tuple[str, ...]) -> tuple[pd.DataFrame, tuple[Message, ...]]:
    """Return the rows with all of the named values, and what has to be said about the others."""
    notes = []
    for name in names:
        missing = table[name].isna()
        if missing.any():
            notes.append(Alert("training.without_value", n=int(missing.sum()), name=name))
            table = table.loc[~missing]
    return table, tuple(notes)


def _refuse_no_rows(table: pd.DataFrame) -> None:
    if table.empty:
        raise InputError(Message("training.no_rows"))


@public_verb
def read_rollout(frame: Any, *, unit: str, adopted: str) -> Rollout:  # noqa: ANN401
    """Return the first treated period of each unit, from a column of a panel or of a list of units.

    Values are kept as they are: what is a month, a year or a code for never is decided when the rollout meets
    the periods of a panel.

    Parameters
    ----------
    frame : frame
        pandas, polars, pyarrow, DuckDB; one row a unit, or a panel in which each unit says the same in all rows.
    unit, adopted : str
        Names of the columns. A missing value of ``adopted`` means never treated.

    Raises
    ------
    InputError
        When a column is absent or double, or there are no rows.
    DesignError
        When rows of one unit disagree.

    Examples
    --------
    >>> panel = pd.DataFrame({"state": ["A", "A", "B"], "effyear": [2006.0, 2006.0, None]})
    >>> read_rollout(panel, unit="state", adopted="effyear").adopted.to_dict()
    {'A': 2006.0, 'B': nan}
    """
    table, notes = _drop_missing(columns_of(frame, (unit, adopted)), (unit,))
    _refuse_no_rows(table)
    pairs = pd.DataFrame({"unit": _plain(table[unit]), "adopted": _plain(table[adopted])}).drop_duplicates()
    double = pairs.loc[pairs["unit"].duplicated(), "unit"].drop_duplicates()
    if len(double):
        units = _mask_units(double)
        raise DesignError(Message("training.several_values", n=len(double), adopted=adopted, units=units))
    return Rollout(_series(pairs["unit"], pairs["adopted"], unit, adopted), adopted, notes)


def _series(units: pd.Series, values: pd.Series, unit: str, name: str) -> pd.Series:
    return pd.Series(values.array, index=pd.Index(units.array, name=unit), name=name)


def _zero_one(values: pd.Series, name: str) -> pd.Series:
    """(n,) booleans of a 0/1 column; anything else is refused."""
    expected = Message("training.zero_one")
    if values.isna().any():
        raise InputError(paragraph(Message("training.status_missing", n=int(values.isna().sum()), name=name), expected))
    numeric = pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values)
    objects = values.map(type).isin([bool, int, float, np.bool_]).all()
    if not (numeric or objects):
        raise InputError(paragraph(Message("training.status_text", name=name), expected))
    wrong = sorted(set(values.astype(float)) - {0.0, 1.0})
    if wrong:
        shown = tuple(masked(str(w)) for w in wrong)
        raise InputError(paragraph(Message("training.status_holds", name=name, values=shown), expected))
    return values.astype(float) == 1.0


@public_verb
def read_rollout_from_status(
    frame: Any,  # noqa: ANN401
    *,
    unit: str,
    period: str,
    treated: str,
    absorbing: Literal["required", "first", "ends"] = "required",
) -> Rollout:
    """Return the first period in which each unit is treated, from a 0/1 column of a panel.

    Parameters
    ----------
    frame : frame
        A panel: one row a unit and period.
    unit, period, treated : str
        Names of the columns; ``treated`` is 0 or 1 and, once 1, stays 1 unless ``absorbing`` says otherwise.
    absorbing : {"required", "first", "ends"}
        ``"first"`` for a 0/1 column that marks an event, such as the year of a grant: the unit counts as treated from
        the first 1 on, whatever follows. ``"ends"`` for a treatment that ends and may come back, such as staff who
        leave or a system switched off: the column is kept as it is, for `Switchers`. ``"required"`` refuses a treatment
        that ends again.

    Raises
    ------
    InputError
        When ``treated`` is text, missing, or holds other numbers than 0 and 1.
    DesignError
        When a unit's treatment ends again, or two rows of one unit and period disagree.

    Examples
    --------
    >>> panel = pd.DataFrame({"u": ["A", "A", "B", "B"], "t": [1, 2, 1, 2], "d": [0, 1, 0, 0]})
    >>> read_rollout_from_status(panel, unit="u", period="t", treated="d").adopted.to_dict()
    {'A': 2.0, 'B': nan}
    """
    table, notes = _drop_missing(columns_of(frame, (unit, period, treated)), (unit, period))
    _refuse_no_rows(table)
    on = _zero_one(_plain(table[treated]), treated).to_numpy()
    raw, owner = _plain(table[period]).reset_index(drop=True), _plain(table[unit]).reset_index(drop=True)
    _, position = Timeline.read(raw, column=period)
    rows = pd.DataFrame({"unit": owner, "at": position, "on": on})
    first = rows.loc[rows["on"]].groupby("unit", sort=False)["at"].min()
    start = rows["unit"].map(first)
    double = rows.groupby(["unit", "at"], sort=False)["on"].transform("min") != rows["on"]
    both = rows.loc[double, "unit"].drop_duplicates()
    if len(both):
        units = _mask_units(both)
        raise DesignError(Message("training.status_disagrees", n=len(both), name=treated, units=units))
    lapses = rows.loc[(rows["at"] > start) & ~rows["on"], "unit"].drop_duplicates()
    if len(lapses) and absorbing == "required":
        units = _mask_units(lapses)
        raise DesignError(Message("training.status_ends", n=len(lapses), units=units, name=treated))
    if len(lapses) and absorbing == "first":
        notes = (*notes, Message("training.counts_from_first", name=treated, n=len(lapses)))
    notes = (*notes, *_gaps(rows, first, treated))
    labels = rows["unit"].drop_duplicates()
    at = {int(p): i for i, p in reversed(list(enumerate(position)))}
    rows_of_starts = [at.get(int(first[u])) if u in first.index else None for u in labels]
    values = raw.reindex([-1 if i is None else i for i in rows_of_starts])
    status = pd.DataFrame({"unit": owner, "period": raw, "on": on}) if absorbing == "ends" else None
    return Rollout(_series(labels, values, unit, treated), treated, notes, status=status)


def _gaps(rows: pd.DataFrame, first: pd.Series, treated: str) -> tuple[Message, ...]:
    """Say which units have no row in the period before their first 1: they may have been treated from then on."""
    before = first[first > 0] - 1
    seen = set(zip(rows["unit"], rows["at"], strict=True))
    holes = pd.Series([unit for unit, at in before.items() if (unit, at) not in seen], dtype=object)
    return (Alert("training.gap_before", n=len(holes), name=treated, units=_mask_units(holes)),) if len(holes) else ()


def _mask_units(units: pd.Series) -> tuple[object, ...]:
    return tuple(masked(u) if isinstance(u, str) else u for u in units.tolist())
