"""What else happened: rule changes, new systems, outages. Each with its source, and whether anybody has checked it.

An effect that begins in the month of a new system is not an effect of training alone. The table of national events
travels with the package; unverified rows say so, and no regency's own events are in it: those must be given.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from asn_impact.arguments import Steps, did_you_mean
from asn_impact.display import card
from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import normalised
from asn_impact.intake.fields.date_columns import parse_dates
from asn_impact.intake.formats import open_file
from asn_impact.intake.frames import in_pandas
from asn_impact.intake.gathering import explaining
from asn_impact.intake.privacy import masked
from asn_impact.timeline import Timeline
from asn_impact.verbs import Held, public_verb
from asn_impact.words import Message, paragraph

_HEADINGS = {
    "date": ("tanggal", "tgl", "date"),
    "until": ("sampai", "tanggal akhir", "until", "end"),
    "precision": ("ketelitian", "precision"),
    "kind": ("jenis", "kind"),
    "name": ("nama", "peristiwa", "uraian", "name", "event"),
    "services": ("izin_terdampak", "izin", "layanan", "services"),
    "source": ("sumber", "source"),
    "verified": ("terverifikasi", "verified"),
}
_REQUIRED = ("date", "kind", "services", "source", "verified")
_YES, _NO = {"ya", "y", "yes", "true", "1"}, {"tidak", "belum", "t", "n", "no", "false", "0", ""}
_PRECISION = {
    "": "day",
    "hari": "day",
    "day": "day",
    "bulan": "month",
    "month": "month",
    "tahun": "year",
    "year": "year",
}
_EVERY = "semua"


@dataclass(frozen=True, eq=False)
class Events(Held):
    """Dated events that can move waiting times without any training.

    Attributes
    ----------
    rows : pandas.DataFrame
        ``date`` and ``until`` (timestamps; the same day for an event without an end), ``kind``, ``name``, ``services``
        (text, separated by ``;``; ``semua`` for all), ``source``, ``verified`` (bool) and ``precision`` of the date:
        ``day``, ``month`` or ``year``.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> frame = pd.DataFrame({"tanggal": ["2 Juni 2024"], "jenis": ["sistem"], "izin_terdampak": ["semua"],
    ...                       "sumber": ["SK Bupati"], "terverifikasi": ["ya"], "nama": ["Aplikasi baru"]})
    >>> events = ai.read_events(frame)
    >>> len(events)
    1
    """

    rows: pd.DataFrame

    @classmethod
    def indonesia(cls) -> Events:
        """Return the national events 2017 to 2025 that travel with the package.

        Rows with ``verified`` False rest on general knowledge: somebody must look them up before a report says so.

        Examples
        --------
        >>> Events.indonesia().near(["2025-06"], within=0).verified().frame()["name"].str[:10].tolist()
        ['PP 28/2025']
        """
        text = (resources.files("asn_impact.reference") / "events_id.csv").read_text(encoding="utf-8")
        lines = list(csv.reader(text.splitlines()))
        return _events(lines[0], lines[1:], "events_id.csv")

    def frame(self) -> pd.DataFrame:
        """Return a new frame in order of date: date, kind, name, services, source, verified, until, precision."""
        return self.rows.copy()

    def verified(self) -> Events:
        """Return the events that somebody has checked."""
        return replace(self, rows=self.rows.loc[self.rows["verified"]].reset_index(drop=True))

    def concerning(self, service: str) -> Events:
        """Return the events that name a service, or all services."""
        name = normalised(service)
        parts = self.rows["services"].map(lambda text: [normalised(part) for part in text.split(";")])
        hit = parts.map(lambda services: any(s == name or s.startswith(_EVERY) for s in services)).astype(bool)
        return replace(self, rows=self.rows.loc[hit].reset_index(drop=True))

    @public_verb
    def near(self, months: Iterable[Any], *, within: Steps) -> Events:
        """Return the events that began, or were going on, within some months of one of the months given.

        Parameters
        ----------
        months
            Texts such as ``"2025-06"``, dates, `pandas.Period` values, or labels of a `Timeline` of months.
        within
            Months on either side; 0 is the month itself.

        Raises
        ------
        InputError
            A month that is none, or of another kind of timeline.

        Examples
        --------
        >>> events = Events.indonesia()
        >>> len(events.near(["2021-09"], within=1).frame()) > len(events.near(["2021-09"], within=0).frame())
        True
        """
        at = _ordinals(months)
        first, last = _month(self.rows["date"]), _month(self.rows["until"])
        close = (first[:, None] - within <= at[None, :]) & (at[None, :] <= last[:, None] + within)
        return replace(self, rows=self.rows.iloc[np.flatnonzero(close.any(axis=1))].reset_index(drop=True))

    def __add__(self, other: Events) -> Events:
        return Events(_sort(pd.concat([self.rows, other.rows], ignore_index=True)))

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        if self.rows.empty:
            return "Events(none)"
        first, last = self.rows["date"].iloc[0], self.rows["date"].iloc[-1]
        verified = int(self.rows["verified"].sum())
        return f"Events({len(self.rows)} from {first:%Y-%m-%d} to {last:%Y-%m-%d}, {verified} verified)"

    def _repr_html_(self) -> str:
        table = self.rows.assign(date=self.rows["date"].dt.strftime("%Y-%m-%d"))
        return card(repr(self), table=table[["date", "kind", "name", "services", "verified"]])


@public_verb
def read_events(source: Any) -> Events:  # noqa: ANN401 (a path or a frame)
    """Return the events of a file or frame.

    Parameters
    ----------
    source : path or frame
        Columns ``tanggal``, ``jenis``, ``izin_terdampak``, ``sumber``, ``terverifikasi`` (ya / tidak), and if there are
        ``nama``, ``sampai`` (the last day) and ``ketelitian`` (hari, bulan, tahun); or the same in English: date, kind,
        services, source, verified, name, until, precision.

    Raises
    ------
    InputError
        A column is absent, a date cannot be read, an event ends before it begins or has no source, or ``terverifikasi``
        holds another word than ya and tidak.

    Examples
    --------
    >>> frame = pd.DataFrame({"tanggal": ["2 Juni 2025"], "jenis": ["sistem"], "izin_terdampak": ["semua"],
    ...                       "sumber": ["SK Bupati"], "terverifikasi": ["ya"], "nama": ["Aplikasi baru"]})
    >>> read_events(frame)
    Events(1 from 2025-06-02 to 2025-06-02, 1 verified)
    """
    if not isinstance(source, str | Path):
        frame = in_pandas(source)
        texts = frame.astype(object).where(frame.notna(), None)
        return _events([str(c) for c in frame.columns], texts.to_numpy().tolist(), Message("events.the_frame"))
    with explaining(source):
        tables = open_file(Path(source), lambda cells: len(_columns(cells)))
        rows = tables[0].relation.fetchall()
    return _events(list(tables[0].headings), rows, tables[0].name)


def _columns(headings: Sequence[str]) -> dict[str, int]:
    """Return field -> position of its heading."""
    plain = [normalised(h) for h in headings]
    places = {
        f: [plain.index(normalised(s)) for s in words if normalised(s) in plain] for f, words in _HEADINGS.items()
    }
    return {field: positions[0] for field, positions in places.items() if positions}


def _events(headings: Sequence[str], rows: Sequence[Sequence[Any]], name: str | Message) -> Events:
    at = _columns(headings)
    lacking = [f for f in _REQUIRED if f not in at]
    if lacking:
        lacking_names, names = [_HEADINGS[f][0] for f in lacking], [masked(h) for h in headings]
        problem = Message("events.no_column", source=name, names=lacking_names)
        raise InputError(
            paragraph(problem, did_you_mean(lacking_names[0], names), Message("events.columns", names=names[:20]))
        )
    cells = {f: [_text(row[i]) for row in rows] for f, i in at.items()}
    if not rows:
        raise InputError(Message("events.none", source=name))
    dates = _dates(cells["date"], "tanggal", name)
    _refuse_rows(dates.isna(), lambda **at: Message("events.no_date", source=name, **at))
    until = _dates(cells["until"], "sampai", name).fillna(dates) if "until" in cells else dates
    _refuse_rows(until < dates, lambda **at: Message("events.ends_early", source=name, **at))
    sources = pd.Series(cells["source"])
    _refuse_rows(sources == "", lambda **at: Message("events.no_source", source=name, **at))
    kinds = cells["kind"]
    frame = pd.DataFrame(
        {
            "date": dates,
            "kind": kinds,
            "name": cells.get("name", kinds),
            "services": [text or _EVERY for text in cells["services"]],
            "source": sources,
            "verified": _read_verified(cells["verified"], name),
            "until": until,
            "precision": _precision(cells.get("precision", [""] * len(rows)), name),
        }
    )
    return Events(_sort(frame))


def _sort(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(["date", "name"], kind="stable", ignore_index=True)


def _text(value: Any) -> str:  # noqa: ANN401
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return " ".join(str(value).split())


def _dates(texts: Sequence[str], column: str, name: str | Message) -> pd.Series:
    try:
        return parse_dates([text or None for text in texts], name=column)
    except InputError as error:
        raise InputError(Message("events.in_file", source=name, problem=error.message)) from None


def _refuse_rows(wrong: pd.Series, problem: Callable[..., Message]) -> None:
    if wrong.any():
        raise InputError(problem(n=int(wrong.sum()), row=int(np.argmax(wrong.to_numpy())) + 1))


def _read_verified(words: Sequence[str], name: str | Message) -> list[bool]:
    unknown = sorted({w for w in words if w.casefold() not in _YES | _NO})
    if unknown:
        raise InputError(Message("events.verified", source=name, words=unknown))
    return [w.casefold() in _YES for w in words]


def _precision(words: Sequence[str], name: str | Message) -> list[str]:
    unknown = sorted({w for w in words if w.casefold() not in _PRECISION})
    if unknown:
        raise InputError(Message("events.precision", source=name, words=unknown))
    return [_PRECISION[w.casefold()] for w in words]


def _month(dates: pd.Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(12 * dates.dt.year + dates.dt.month - 1, dtype=np.int64)


def _ordinals(months: Iterable[Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    texts = [f"{m.year:04d}-{m.month:02d}" if hasattr(m, "month") else str(m)[:7] for m in months]
    if not texts:
        return np.zeros(0, dtype=np.int64)
    line, position = Timeline.read(pd.Series(texts, dtype=object), column="months")
    if line.kind != "month":
        raise InputError(Message("events.months", months=texts))
    return line.ordinals[position]
