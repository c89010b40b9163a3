"""SQL for one field of one raw table: what a cell means before its column is parsed."""

from __future__ import annotations

from asn_impact.intake.fields.canonical import DATE_FIELDS, TEXT_FIELDS
from asn_impact.intake.fields.zones import ZONED, local_moment
from asn_impact.intake.formats import RawTable

MOST_EXACT = 1e15  # larger floats are written with an exponent, or have lost digits


#: What keeps a spreadsheet from reading 007 as 7: an apostrophe in front, or ="007".
_SHIELD = """'^(?:''|="([^"]*)"$)'"""


def _sql_text(column: str, kind: str, *, loose: bool) -> str:
    """Write SQL for a text: numbers written out, and in loose text files spaces at the ends cut."""
    if kind == "VARCHAR":
        return _bare(column) if loose else column
    if kind not in ("DOUBLE", "FLOAT"):
        return f"CAST({column} AS VARCHAR)"
    exact = f"{column} = trunc({column}) AND abs({column}) < {MOST_EXACT}"  # inf and nan are no codes
    lost = "error('asn_long_float')"
    return (
        f"CASE WHEN {column} IS NULL OR isnan({column}) THEN NULL "
        f"WHEN {exact} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) "
        f"WHEN abs({column}) < {MOST_EXACT} THEN CAST({column} AS VARCHAR) ELSE {lost} END"
    )


def _bare(text: str) -> str:
    """Write SQL for a text without spaces at its ends and without its shield, and missing where nothing is left.

    Nearly every text is of ASCII, begins behind the signs that could be cut and ends without a space: it is told by
    comparing bytes, a fifth of the time of cutting.
    """
    plain = f"{text} >= '(' AND ({text} < '=' OR {text} >= '>') AND strlen({text}) = length({text})"
    cut = f"trim({text})"
    bare = f"CASE WHEN left({cut}, 1) IN (chr(39), '=') THEN regexp_replace({cut}, {_SHIELD}, '\\1') ELSE {cut} END"
    return f"CASE WHEN {plain} AND NOT suffix({text}, ' ') THEN {text} ELSE nullif({bare}, '') END"


#: What a spreadsheet shows where a formula failed. It is not empty: nobody knows what should stand there.
_ERROR = r"'^\s*#(ref!|value!|div/0!|name\?|num!|null!|spill!|calc!|getting_data)|^\s*err:\d+'"


def _without_errors(column: str) -> str:
    """Write SQL for a text of a date in which the error of a formula is no date, and not a missing one."""
    looks = f"(contains({column}, '#') OR contains({column}, ':')) AND left(trim({column}), 1) IN ('#', 'E', 'e')"
    shown = f"{looks} AND regexp_matches({column}, {_ERROR}, 'i')"
    return f"CASE WHEN {shown} THEN 'formula: ' || {column} ELSE {column} END"


def is_sql_temporal(kind: str) -> bool:
    """Return whether DuckDB calls a kind of column one of dates."""
    return kind.startswith(("DATE", "TIMESTAMP"))


def moment_sql(column: str, kind: str, zone: str | None) -> str:
    """Write SQL for a typed date or moment as local time, within the years 1 to 9999 that Python knows.

    Without end (``infinity`` of a database) is the first or last of these days, which mean "no date"; a year beyond
    them becomes the day beside, so that its row is left out for the same reason as one of the year 9000.
    """
    if kind == ZONED:  # without end stays so
        column, kind = f"coalesce({local_moment(column, zone)}, CAST({column} AS TIMESTAMP))", "TIMESTAMP"
    kind = "DATE" if kind == "DATE" else "TIMESTAMP"
    day = f"CAST({column} AS DATE)"
    known = f"{day} IS NULL OR {day} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
    ends = f"CASE WHEN {day} > DATE '2000-01-01' THEN DATE '9999-12-31' ELSE DATE '0001-01-01' END"
    beside = f"CASE WHEN {day} > DATE '2000-01-01' THEN DATE '9999-12-30' ELSE DATE '0001-01-02' END"
    return (
        f"CASE WHEN {known} THEN CAST({column} AS {kind}) "
        f"ELSE CAST(CASE WHEN isinf({day}) THEN {ends} ELSE {beside} END AS {kind}) END"
    )


def field_sql(
    table: RawTable, field: str, heading: str | None, *, typed: bool, zone: str | None, name: str = ""
) -> str:
    """Write SQL for one field of one table, under its own name or the one given."""
    if heading is None:
        if typed and field not in DATE_FIELDS | TEXT_FIELDS:  # of the kind that it has in the other tables
            return f'NULL AS "{name or field}"'
        return f'CAST(NULL AS {"DATE" if typed and field in DATE_FIELDS else "VARCHAR"}) AS "{name or field}"'
    at = table.headings.index(heading)
    column, kind = f"c{at}", str(table.relation.types[at])
    if is_sql_temporal(kind):
        column = moment_sql(column, kind, zone)
    if field in TEXT_FIELDS:
        sql = _sql_text(column, kind, loose=table.loose)
    elif field in DATE_FIELDS:
        sql = _without_errors(column) if kind == "VARCHAR" else column if typed else f"CAST({column} AS VARCHAR)"
    else:
        sql = column if typed else f"CAST({column} AS VARCHAR)"
    return f'{sql} AS "{name or field}"'
