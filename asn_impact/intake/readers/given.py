"""One office given for all rows of a source: what the source itself says of offices is not overruled in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import narwhals as nw

from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import THE_DATA, normalised, synonyms
from asn_impact.intake.fields.labels import TOTAL_LABEL, label_key
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.server import on_server
from asn_impact.intake.frames import narwhal
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message

_MANY = 1000  # labels of a column that are counted
_MOSTLY = 0.5  # of the cells are numbers in a column of numbers


def office_given(office: str | None, source: Any, tables: Sequence[RawTable]) -> list[Message]:  # noqa: ANN401
    """Refuse a heading given for the name of the office; say which columns of several offices the name stands for."""
    if office is None:
        return []
    of_files = isinstance(source, str | Path | list | tuple) or on_server(source)
    frames = [] if of_files else [source]
    names: list[tuple[str | Message, tuple[str, ...]]] = [(table.name, table.headings) for table in tables]
    if frames:
        names = [(THE_DATA, tuple(_whole(source).collect_schema().names()))]
    for name, headings in names:
        if (heading := {label_key(h): h for h in headings}.get(label_key(office))) is not None:
            raise InputError(Message("intake.office.heading", file=name, office=office, heading=heading))
    found = [(name, heading, len(labels)) for name, heading, labels in _labels(frames, [] if frames else tables)]
    return [
        Alert("intake.office.over", file=name, heading=masked(heading), n=n, office=masked(office))
        for name, heading, n in found
        if n > 1
    ]


#: Words of columns that measure one thing in two ways; the first of the first kind is what was planned.
_PLANNED: Final = ("target", "rencana", "plan", "planned", "pagu")
_KINDS: Final = (
    (*_PLANNED, "realisasi", "capaian", "aktual", "actual", "realised", "realized"),
    ("hari", "days", "jam", "hours", "menit", "minutes", "lama", "terlambat", "keterlambatan", "telat", "late"),
    ("skor", "score", "nilai", "indeks", "index", "ikm", "skm"),
)
_PLACES_IN_TIME: Final = frozenset(["tanggal", "tgl", "date", "tahun", "no", "nomor", "kode", "buka", "tutup"])


def values_beside(heading: str, asked: Sequence[str], tables: Sequence[RawTable]) -> list[Message]:
    """Say which columns that are not asked for measure what one does; aloud where that says what was planned."""
    known = {*map(normalised, asked)}
    words = frozenset(re.findall("[a-z]+", heading.casefold()))
    kind = next((frozenset(kind) for kind in _KINDS if words & {*kind}), frozenset[str]())
    others: dict[str, frozenset[str]] = {}
    for table in tables:
        for at, other in enumerate(table.headings):
            told = frozenset(re.findall("[a-z]+", other.casefold()))
            if told & kind and normalised(other) not in known and not told & _PLACES_IN_TIME:
                filled = table.relation.project(f"trim(CAST(c{at} AS VARCHAR)) AS v").filter("v <> ''")
                share = "avg(CAST(regexp_matches(v, '^-?[0-9][0-9.,]*%?$') AS INTEGER))"
                if (filled.aggregate(share).fetchall()[0][0] or 0) > _MOSTLY:
                    others[other] = told
    if not others:
        return []
    planned = words & {*_PLANNED} and not all(told & {*_PLANNED} for told in others.values())
    shown = {"heading": masked(heading), "others": tuple(map(masked, others))}
    return [Alert("observations.planned_beside", **shown) if planned else Message("observations.beside", **shown)]


def _whole(source: Any) -> nw.LazyFrame[Any]:  # noqa: ANN401 - a frame
    """Return a frame without columns that stand there twice: whether one of them is needed is asked elsewhere."""
    return narwhal(source, lambda _: None)


def _labels(frames: Sequence[Any], tables: Sequence[RawTable]) -> Iterator[tuple[Any, str, set[str]]]:
    """Yield each column that is known to hold offices: the name of its source, its heading, its labels."""
    for one in frames:
        frame = _whole(one)
        for heading in _of_offices(frame.collect_schema().names()):
            rows = frame.group_by(heading).agg(asn_n=nw.len()).head(_MANY).collect()
            yield THE_DATA, heading, _told_apart(rows.get_column(heading).to_list())
    for table in tables:
        for heading in () if table.on_server else _of_offices(table.headings):
            column = table.relation.select(f"c{table.headings.index(heading)}").distinct().limit(_MANY)
            yield table.name, heading, _told_apart([row[0] for row in column.fetchall()])


def _of_offices(headings: Sequence[str]) -> list[str]:
    return [heading for heading in headings if "office" in synonyms().get(normalised(heading), ())]


def _told_apart(values: Sequence[Any]) -> set[str]:
    labels = [value for value in values if isinstance(value, str) and not TOTAL_LABEL.match(value)]
    return {label_key(label) for label in labels} - {""}
