"""Complaints as SP4N-LAPOR and the registers of offices export them: cases that wait for an answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from asn_impact.arguments import Names
from asn_impact.intake.cleaning import NATURE
from asn_impact.intake.extract import Extract
from asn_impact.intake.fields.columns import Headings, normalised
from asn_impact.intake.fields.date_columns import Order
from asn_impact.intake.gathering import explaining, gather, headings_of
from asn_impact.intake.readers.exports import read_exports
from asn_impact.reference import read_headings
from asn_impact.verbs import public_verb

#: What SP4N-LAPOR calls where a report stands; one that is closed without an answer was decided all the same.
_STATUSES: Final = {
    **dict.fromkeys(("belum terverifikasi", "belum diverifikasi", "menunggu verifikasi", "terverifikasi"), "open"),
    **dict.fromkeys(("diproses", "proses", "dalam proses", "didisposisikan", "terdisposisi", "disposisi"), "open"),
    **dict.fromkeys(("selesai", "sudah ditindaklanjuti", "ditindaklanjuti", "telah ditindaklanjuti"), "granted"),
    **dict.fromkeys(("ditutup/arsip", "ditutup / arsip", "ditutup", "arsip", "diarsipkan"), "rejected"),
}


@public_verb
def read_complaints(
    source: Any,  # noqa: ANN401 - a path, or any frame narwhals knows
    *,
    as_of: dt.date | str,
    exported: Mapping[str, dt.date | str] | None = None,
    columns: Headings | None = None,
    dates: Mapping[str, Order] | None = None,
    keep: Names = (),
    office: str | None = None,
    offices: Mapping[str, str] | None = None,
    regency: str | None = None,
    status_words: Mapping[str, str] | None = None,
    table: str | None = None,
    zone: str | None = None,
    sheets: Names = (),
    fill_down: Names = (),
) -> Extract:
    """Return the complaints of an export, one row a case, for `measure`: the wait from the report to the answer.

    The headings and statuses of SP4N-LAPOR are known (Tracking ID, Tanggal Laporan, Instansi Terdisposisi, Status),
    and those of offices' own registers. Title and text of a complaint are not read. A report that was closed or
    archived was decided; one that is not verified, not followed up or in process is open. Rows that a column
    (``Klasifikasi``) calls a suggestion or a request for information are left out; ``columns={"nature": None}`` counts
    them.

    Parameters
    ----------
    source, as_of, exported, columns, dates, keep, office, offices, regency, table, zone, sheets, fill_down
        As for `read_exports`.
    status_words
        As for `read_exports`; words of SP4N-LAPOR are known.

    Raises
    ------
    InputError
        A column is missing, a status is not known, a date can be read in two ways.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"Tracking ID": ["1", "2"], "Judul Laporan": ["...", "..."], "Status": ["Selesai", "Diproses"],
    ...         "Tanggal Laporan": ["3 Jan 2024", "4 Jan 2024"], "Instansi Terdisposisi": ["Dinas A", "Dinas B"],
    ...         "Tanggal Selesai": ["10 Jan 2024", ""]}
    >>> read_complaints(pd.DataFrame(rows), as_of="2024-12-31").records.collect()["status"].to_list()
    ['granted', 'open']
    """
    asked = locals()
    asked["columns"] = {**_found(source, table, sheets), **(columns or {})}
    asked["status_words"] = {**_STATUSES, **(status_words or {})}
    return read_exports(**asked)


def _found(source: Any, table: str | None, sheets: Names) -> dict[str, str]:  # noqa: ANN401 - see read_complaints
    """Return field -> its heading: the first one of those it can have that is there; no heading counts twice."""
    with explaining(source):
        rows = gather(source, ("status",), columns=None, dates=None, keep=(), required=(), table=table, sheets=sheets)
    there = {normalised(heading): heading for heading in reversed(headings_of(source, rows))}
    found: dict[str, str] = {}
    for field, words in _headings().items():
        known = (there[normalised(word)] for word in words if normalised(word) in there)
        taken = () if field == NATURE else found.values()  # the kind of service may say what a row is
        if (heading := next((h for h in known if h not in taken), None)) is not None:
            found[field] = heading
    return found


@cache
def _headings() -> Mapping[str, tuple[str, ...]]:
    """Return field -> the headings it can have, the first ones first."""
    return read_headings("complaint_headings.csv")
