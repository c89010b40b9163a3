"""The codebook of what was read: fields, kinds, words and the share that is missing, as a table and as Table Schema."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Final

import narwhals as nw
import pandas as pd

from asn_impact.identifiers import hidden, persons_in
from asn_impact.words import Language, Message

SMALLEST: Final = 10  # rows that share a word or a gap before it is shown: that of the release rule
MOST_WORDS: Final = 60
_KINDS: Final[Mapping[str, str]] = {
    **{"received": "date", "decided": "date", "promised": "date", "case": "string"},
    **{"office": "string", "service": "string", "status": "string"},
}
_NO_WORDS: Final = frozenset({"case"})  # every application has its own


def codebook(records: nw.LazyFrame[Any], headings: Mapping[str, str], *, smallest: int = SMALLEST) -> pd.DataFrame:
    """Return one row a field: see `Extract.codebook`."""
    schema = records.collect_schema()
    total = int(records.select(n=nw.len()).collect().rows(named=True)[0]["n"])
    rows = []
    for name in schema.names():
        kind = _KINDS.get(name) or _kind(schema[name])
        facts = records.select(there=nw.col(name).count()).collect().rows(named=True)[0]
        gaps = total - int(facts["there"])
        few = 0 < gaps < smallest or 0 < total - gaps < smallest
        first, last = _months(records, name) if kind == "date" and total - gaps >= smallest else ("", "")
        words = _words(records, name, smallest) if kind == "string" and name not in _NO_WORDS else ()
        missing = None if few or not total else round(gaps / total, 3)
        said = (hidden(text, names=True) for text in (name, headings.get(name, "")))
        rows.append((*said, kind, missing, few, first, last, words))
    columns = ["field", "heading", "type", "missing", "few", "first", "last", "words"]
    return pd.DataFrame(rows, columns=columns)


def _kind(dtype: Any) -> str:  # noqa: ANN401 - a kind of narwhals
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    return "date" if dtype.is_temporal() else "boolean" if dtype == nw.Boolean else "string"


def _months(records: nw.LazyFrame[Any], name: str) -> tuple[str, str]:
    ends = records.select(a=nw.col(name).min(), b=nw.col(name).max()).collect().rows(named=True)[0]
    first, last = (v.date() if isinstance(v, dt.datetime) else v for v in (ends["a"], ends["b"]))
    return f"{first:%Y-%m}", f"{last:%Y-%m}"


def _words(records: nw.LazyFrame[Any], name: str, smallest: int) -> tuple[str, ...]:
    """Return the words that enough rows share; none for a column of free text."""
    counted = records.group_by(name).agg(n=nw.len()).filter(nw.col("n") >= smallest).head(MOST_WORDS + 1)
    words = sorted(str(r[name]) for r in counted.collect().rows(named=True) if r[name] is not None)
    return () if len(words) > MOST_WORDS else tuple(word for word in words if not persons_in(word))


def table_schema(book: pd.DataFrame, language: Language = "en") -> bytes:
    """Return a codebook as Frictionless Table Schema (datapackage.org, version 2), in JSON."""
    fields = []
    for row in book.to_dict("records"):
        about = Message(f"codebook.field.{row['field']}") if row["field"] in _KINDS else None
        field = {"name": row["field"], "type": row["type"], "title": row["heading"] or row["field"]}
        if about is not None:
            field["description"] = about.text(language).text
        if row["words"]:
            field["categories"] = list(row["words"])
        field["missing"] = None if pd.isna(row["missing"]) else float(row["missing"])
        fields.append(field)
    schema = {"$schema": "https://datapackage.org/profiles/2.0/tableschema.json", "fields": fields}
    return f"{json.dumps(schema, ensure_ascii=False, indent=2)}\n".encode()
