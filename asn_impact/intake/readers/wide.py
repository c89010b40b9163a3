"""Counts that stand in one column a month -> one row a unit and period."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import pandas as pd

from asn_impact.arguments import Between
from asn_impact.errors import InputError, PrivacyError
from asn_impact.identifiers import persons_in
from asn_impact.intake.cleaning import (
    TOTAL,
)
from asn_impact.intake.fields.columns import match_columns, normalised
from asn_impact.intake.fields.numbers import NumberStyle, parse_numbers
from asn_impact.intake.fields.periods import period_in, year_beside, years_in
from asn_impact.intake.formats import RawTable, open_file
from asn_impact.intake.formats.folder import files_of, paths_of
from asn_impact.intake.gathering import explaining
from asn_impact.intake.privacy import masked
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message, paragraph

Year: TypeAlias = Annotated[int, Between(1900, 2100)]


@public_verb
def read_wide(
    source: str | Path | Sequence[str | Path],
    *,
    unit: str,
    group: str = "",
    year: Year | None = None,
    table: str | None = None,
    numbers: NumberStyle | None = None,
) -> pd.DataFrame:
    r"""Return counts that stand in one column a period, as one row a unit and period, for `read_panel`.

    Periods are months, quarters, half-years or years: ``Jan-24``, ``JANUARI``, a date, ``TW I 2024``, ``Triwulan 1``,
    ``Semester I 2024``, ``2024``. They may stand below titles and in up to three rows, a group above its periods; month
    names may be Indonesian or English, short or long, also mixed. Columns of totals are passed over. So are rows of
    totals and rows without a unit; ``attrs["notes"]`` says how many.

    All sheets of all files that have the column of units are read as one table: a sheet a year, or a sheet a month,
    with the number under the heading `group` and the month in the name of the sheet. Of several sheets the year of
    months may stand there too, in a title or in the name of the file.

    Parameters
    ----------
    source : path or sequence of paths
        A CSV, XLSX, XLS or Parquet file, a folder of them, or several.
    unit : str
        Heading of the column that names the units: ``"JENIS IZIN"``.
    group : str
        Heading above the months, where there are several: ``"JUMLAH IZIN"``. Empty for a table with one. Of a sheet a
        month the heading of its number.
    year : int, optional
        Year of the months, where the headings do not say it.
    table : str, optional
        The one sheet of a workbook to be read.
    numbers : {"1.234,56", "1,234.56"}, optional
        Settles the separators when the values cannot.

    Returns
    -------
    pandas.DataFrame
        ``unit`` under its own heading; ``period``, a month, quarter or year (`pandas.Period`; of a half-year
        its first month); the values under the name of the
        group, or ``value``. Empty cells are missing, not 0.

    Raises
    ------
    InputError
        No column is a period, a period comes twice, the year is not said, a unit comes twice, or a cell is no number; a
        unit has one period in two sheets.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "izin.csv"
    ...     _ = path.write_text("Dinas;Jan;Peb\nA;3;4\nB;5;\n")
    ...     read_wide(path, unit="Dinas", year=2025)["value"].tolist()
    [3.0, 4.0, 5.0, nan]
    """

    def recognise(cells: Sequence[str]) -> int:
        return sum(period_in(c, year) is not None or normalised(c) == normalised(unit) for c in cells)

    with explaining(source):
        files = [file for path in paths_of(source) for file in files_of(path)[0]]
        every = [one for file in files for one in open_file(file, recognise, table)]
        tables = [one for one in every if normalised(unit) in map(normalised, one.headings)] or every[:1]
        years = [year_beside(one) if year is None and len(tables) > 1 else year for one in tables]
        parts = [_stack_periods(one, unit, group, own) for one, own in zip(tables, years, strict=True)]
        left = [one.name for one in every if one not in tables]
        return _as_one(parts, unit, group or "value", numbers, left)


def _as_one(
    parts: Sequence[pd.DataFrame], unit: str, name: str, numbers: NumberStyle | None, left: Sequence[str]
) -> pd.DataFrame:
    """Return the tables below each other, with their numbers read."""
    apart = [part for part in parts if part.attrs["length"] != parts[0].attrs["length"]]
    if apart:
        first, other = (part["asn_file"].iloc[0] for part in (parts[0], apart[0]))
        raise InputError(Message("intake.wide.lengths", first=first, other=other))
    long = pd.concat(parts, ignore_index=True)
    if (twice := long.duplicated([unit, "period"])).any():
        row = long[twice].iloc[0]
        where = long.loc[(long[unit] == row[unit]) & (long["period"] == row["period"]), "asn_file"].tolist()
        shown = {"unit": masked(row[unit]), "period": str(row["period"]), "first": where[0], "other": where[1]}
        raise InputError(Message("intake.wide.two_sheets", n=int(twice.sum()), **shown))
    long[name] = parse_numbers(long.pop("asn_text").tolist(), name=name, style=numbers).to_numpy()
    long = long.drop(columns="asn_file")
    passed = [Alert("intake.wide.passed", n=len(left), names=tuple(left), unit=masked(unit))] if left else []
    long.attrs["notes"] = (*(note for part in parts for note in part.attrs["notes"]), *passed)
    return long


def _stack_periods(table: RawTable, unit: str, group: str, year: int | None) -> pd.DataFrame:
    """Return unit, period, text and file of each cell of a table."""
    heading = match_columns(table.headings, (), columns={unit: unit}, keep=(unit,), source=table.name)[unit]
    every = {i: p for i, h in enumerate(table.headings) if h != heading and (p := period_in(h, year))}
    of_sheet = period_in(table.sheet or "", year) if not every else None
    if of_sheet is not None:  # a sheet a month
        own = [i for i, h in enumerate(table.headings) if normalised(h) == normalised(group)]
        every = {i: (group, *of_sheet[1:]) for i in own}
    groups = [a for a, _, _ in every.values()]
    above = group.casefold() if of_sheet is not None else _group_above(groups, group)
    meant = {i: (p, months) for i, (a, p, months) in every.items() if a.casefold() == above}
    periods = {i: p for i, (p, _) in meant.items()}
    lengths = {months for _, months in meant.values()}
    _check_periods(table, groups, list(periods.values()), lengths, group)
    at = table.headings.index(heading)
    columns = ", ".join(f"CAST(c{i} AS VARCHAR) AS c{i}" for i in (at, *periods))
    rows = table.relation.project(columns).to_df()
    labels = rows[f"c{at}"].astype("string").str.replace(r"\s+", " ", regex=True).str.strip()
    total = labels.str.contains(TOTAL, na=False)
    empty = labels.isna() | (labels == "")
    left = int(total.sum()) + int((empty & rows.drop(columns=f"c{at}").notna().any(axis=1)).sum())
    rows, labels = rows.loc[~(total | empty)], labels.loc[~(total | empty)]
    _check_units(table.name, unit, labels)
    cells = rows[[f"c{i}" for i in periods]].to_numpy(dtype=object).ravel()
    texts = [None if pd.isna(c) else str(c) for c in cells]
    long = pd.DataFrame({unit: labels.astype(object).repeat(len(periods)).to_numpy()})
    long = long.assign(
        period=pd.PeriodIndex(list(periods.values()) * len(labels)),
        asn_text=pd.Series(texts, dtype=object),
        asn_file=table.name,
    )
    out = [Message("intake.wide.left_out", file=table.name, n=left, unit=masked(unit))] if left else []
    long.attrs.update(notes=(*table.notes, *out), length=lengths.pop())
    return long


def _group_above(groups: Sequence[str], group: str) -> str | None:
    """Return the group of the headings that is meant: the same words, or the only one that ends in them."""
    words, known = " ".join(re.findall(r"[^\W\d_]+|\d+", group)).casefold(), {g.casefold() for g in groups}
    ending = [g for g in known if words and g.endswith(f" {words}")]
    return words if words in known else ending[0] if len(ending) == 1 else None


def _check_periods(
    table: RawTable, groups: Sequence[str], periods: Sequence[pd.Period], lengths: set[int], group: str
) -> None:
    """Refuse headings without periods, with a period twice, or months of no year: its name or title may say it."""
    name, titles = table.name, table.titles
    if not periods:
        known = tuple(dict.fromkeys(g for g in groups if g))
        hint = Message("intake.wide.groups", known=known) if known else Message("intake.wide.no_month")
        raise InputError(paragraph(Message("intake.wide.no_periods", file=name, group=group), hint))
    double = [str(p) for p in dict.fromkeys(periods) if periods.count(p) > 1]
    if double:
        raise InputError(Message("intake.wide.period_twice", file=name, period=double[0], group=group))
    if len(lengths) > 1:
        raise InputError(Message("intake.wide.months_and_years", file=name, group=group))
    if any(p.year == 1 for p in periods):
        years = years_in(name, *titles)
        raise InputError(Message("intake.wide.no_year", file=name, year=str(min(years)) if len(years) == 1 else "2025"))


def _check_units(name: str, unit: str, labels: pd.Series) -> None:
    if not len(labels):
        raise InputError(Message("intake.wide.no_units", file=name, unit=masked(unit)))
    if any(persons_in(label) for label in labels):
        raise PrivacyError(Message("intake.wide.persons", file=name, unit=masked(unit)))
    double = labels[labels.duplicated()]
    if len(double):
        names = [masked(d) for d in double.unique()]
        raise InputError(Message("intake.wide.unit_twice", file=name, n=len(names), unit=masked(unit), names=names))
