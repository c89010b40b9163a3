"""Two releases of the same thing: whoever has both sees what a few persons more or less have changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from asn_impact.errors import PrivacyError
from asn_impact.reporting.chapters import Exhibits
from asn_impact.reporting.gate import MINIMUM, differing, differing_tables
from asn_impact.words import Message

__all__ = ["MANIFEST", "differences"]

MANIFEST: Final = "manifest.json"
_TOTALS: Final = ("ledger.read", "ledger.kept", "panel.n.sum()")  # of sentences: rows read and kept, records analysed


def differences(
    earlier: Path, files: Mapping[str, bytes], documents: Sequence[Exhibits], *, allowed: bool
) -> tuple[str, ...]:
    """Return the counts that differ from an earlier report by fewer than ten.

    Parameters
    ----------
    earlier
        Folder of the earlier report; where there is none, nothing differs.
    files
        Of the new report.
    documents
        Report and brief: what is shown in them.
    allowed
        Whether such a report may be replaced.

    Raises
    ------
    PrivacyError
        Some do, and it is not allowed: it names them, and the line that allows it.
    """
    record = _record(earlier)
    found = tuple(dict.fromkeys([*_of_totals(record, documents), *_of_tables(earlier, record, files, documents)]))
    if found and not allowed:
        raise PrivacyError(Message("release.close", n=len(found), names=found, folder=earlier.name, least=MINIMUM))
    return found


def _record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _of_totals(record: Mapping[str, Any], documents: Sequence[Exhibits]) -> tuple[str, ...]:
    before = {n["source"]: int(n["value"]) for n in record.get("numbers", ()) if n["source"] in _TOTALS}
    quoted = (n for pages in documents for sentence in pages.sentences for n in sentence.numbers)
    return differing(before, {n.source: int(n.value) for n in quoted if n.source in _TOTALS})


def _of_tables(
    folder: Path, record: Mapping[str, Any], files: Mapping[str, bytes], documents: Sequence[Exhibits]
) -> Iterator[str]:
    """Yield the cells of count columns, compared between exhibits that have the same columns."""
    before = [text for entry in record.get("exhibits", ()) if (text := _text(folder / str(entry["data"])))]
    for entry in (entry for pages in documents for entry in pages.listed if entry["counts"]):
        text = files[entry["data"]].decode("utf-8")
        heading = text.partition("\n")[0]
        for old in before:
            if old.partition("\n")[0] == heading:
                yield from differing_tables(old, text, counts=entry["counts"])


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8-sig").replace("\r\n", "\n") if file.is_file() else ""
