"""JSON: a list of records, or one record a line."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from asn_impact.errors import InputError
from asn_impact.intake.formats.raw import MOST_CELLS, Asked, RawTable, cell_text, check_width, text_relation
from asn_impact.intake.formats.untrusted import read_apart
from asn_impact.words import Message

MOST_JSON = 1 << 30  # bytes; a JSON file is held in memory as a whole


def open_json(path: Path, asked: Asked) -> list[RawTable]:
    """Read a list of records, alone or inside ``{"data": ...}`` as SiCantik answers; every value becomes text."""
    if path.stat().st_size > MOST_JSON:
        raise InputError(Message("files.large_json", file=path.name, most=MOST_JSON >> 20))
    columns, digest = read_apart(_read_json, path)
    return [RawTable(path.name, tuple(columns), text_relation(list(columns.values())), digest, loose=True)]


def _read_json(path: Path) -> tuple[dict[str, list[str | None]], str]:
    """Return heading -> texts, and the SHA-256 of the file; runs in the process for untrusted files."""
    content = path.read_bytes()
    try:
        records = _records(_tree(content))
    except _DoubleFieldError as error:
        raise InputError(Message("files.json_double_field", file=path.name, field=str(error))) from None
    except (ValueError, RecursionError):
        raise InputError(Message("files.no_json", file=path.name)) from None
    if records is None:
        raise InputError(Message("files.json_no_list", file=path.name))
    headings = tuple(dict.fromkeys(field for record in records for field in record))
    check_width(path.name, len(headings))
    if not headings:
        raise InputError(Message("files.json_no_records", file=path.name))
    if len(headings) * len(records) > MOST_CELLS:
        raise InputError(Message("files.too_many_cells", file=path.name, most=MOST_CELLS))
    try:
        columns = {h: [_json_text(r.get(h)) for r in records] for h in headings}
    except (ValueError, RecursionError):  # lists in lists, a number of thousands of digits
        raise InputError(Message("files.no_json", file=path.name)) from None
    return columns, hashlib.sha256(content).hexdigest()


def _tree(content: bytes) -> Any:  # noqa: ANN401
    """Return the JSON tree of a file, or of JSON lines the list of what each line holds."""
    text = content.decode("utf-16" if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
    try:
        return json.loads(text, object_pairs_hook=_fields)
    except json.JSONDecodeError:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines[:2]):
            raise
        return [json.loads(line, object_pairs_hook=_fields) for line in lines]


class _DoubleFieldError(Exception):
    pass


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        times = Counter(name for name, _ in pairs)
        raise _DoubleFieldError(next(name for name, n in times.items() if n > 1))
    return fields


def _records(tree: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401
    """Return the list of records of a JSON tree: the tree itself, or what is under the one field that leads there."""
    if isinstance(tree, list):
        return tree if all(isinstance(record, dict) for record in tree) else None
    if not isinstance(tree, dict):
        return None
    below = [found for value in tree.values() if (found := _records(value))]
    return below[0] if len(below) == 1 else None


def _json_text(value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, bool):
        return str(value).casefold()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    try:
        return cell_text(value.encode().decode() if isinstance(value, str) else value)
    except UnicodeError:  # half of a surrogate pair
        return None
