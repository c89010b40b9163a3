"""Where a figure or report comes from: inputs by hash, versions of what computed it; no clock, no machine."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import math
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from asn_impact.arguments import check_choice
from asn_impact.errors import InputError
from asn_impact.intake.formats.lake import parts_of
from asn_impact.intake.written import write_beside as write_beside
from asn_impact.words import Message, Quoted

COMMIT_VARIABLE: Final = "ASN_IMPACT_COMMIT"
_PACKAGES: Final = ("asn-impact", "matplotlib", "numpy", "pandas", "scipy")


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes in hexadecimal.

    Examples
    --------
    >>> sha256(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(content).hexdigest()


def split_ending(path: str | Path, known: Iterable[str], *, usual: tuple[str, ...]) -> tuple[Path, tuple[str, ...]]:
    """Return a path without its ending and what to write: what the ending says, the usual files where there is none.

    An ending that is none of a file, as in ``results.v2``, is part of the name.

    Raises
    ------
    InputError
        It is the ending of a file that cannot be written from this value.

    Examples
    --------
    >>> split_ending("figures/main.PNG", ["png", "svg"], usual=("png", "svg"))[1]
    ('png',)
    >>> split_ending("figures/main.v2", ["png", "svg"], usual=("png", "svg"))[1]
    ('png', 'svg')
    """
    file, endings = Path(path), tuple(known)
    ending = file.suffix.removeprefix(".").casefold()
    if ending in endings:
        return file.with_suffix(""), (ending,)
    if ending in _ENDINGS:
        check_choice("ending", ending, endings)
    return file, usual


#: Endings of files that people name; any other is part of a name.
_ENDINGS: Final = frozenset(
    [
        *("bmp", "eps", "gif", "jpeg", "jpg", "pdf", "png", "ps", "svg", "tif", "tiff", "webp"),
        *("csv", "doc", "docx", "htm", "html", "json", "md", "odt", "ods", "rtf", "tex", "txt", "typ", "xls", "xlsx"),
    ]
)


def list_inputs(inputs: Iterable[Any]) -> list[dict[str, object]]:
    """Return name, rows and hash of each input, without the folder it lay in.

    Parameters
    ----------
    inputs
        `Source` values (``extract.sources``) or anything with ``name`` and ``sha256``.

    Examples
    --------
    >>> class Source:
    ...     name, rows, sha256 = "permits/permohonan_2024.csv", 12, "e3b0"
    >>> list_inputs([Source()])
    [{'name': 'permohonan_2024.csv', 'rows': 12, 'sha256': 'e3b0'}]
    >>> Source.name = "permits/regency=Tebo/part-0.parquet"
    >>> list_inputs([Source()])[0]["name"]
    'regency=Tebo/part-0.parquet'
    """
    entries = []
    for source in inputs:
        if not (hasattr(source, "name") and hasattr(source, "sha256")):
            raise InputError(Message("charts.inputs", kind=type(source).__name__))
        path = Path(str(source.name))
        entry: dict[str, object] = {"name": "/".join((*parts_of(path), path.name)), "sha256": source.sha256}
        rows = getattr(source, "rows", None)
        entries.append(entry if rows is None else {**entry, "rows": int(rows)})
    return [{key: entry[key] for key in sorted(entry)} for entry in entries]


def shown_number(quoted: Quoted) -> dict[str, object]:
    """Return a number of a sentence: as it is shown, where it came from, and as JSON can hold it, ten digits of it."""
    value = float(f"{quoted.value:.10g}") if math.isfinite(quoted.value) else None
    return {"shown": quoted.shown, "source": quoted.source, "value": value}


def provenance(parameters: Mapping[str, object], inputs: Iterable[Any] = ()) -> dict[str, object]:
    """Return what has to travel with a result: parameters, inputs, versions and, if known, the commit.

    The commit is known when the environment variable ``ASN_IMPACT_COMMIT`` holds it; a file cannot name the
    commit that contains it, so it is not looked up.

    Examples
    --------
    >>> sorted(provenance({"level": 0.95}))
    ['commit', 'inputs', 'parameters', 'versions']
    """
    return {
        "commit": os.environ.get(COMMIT_VARIABLE) or None,
        "inputs": list_inputs(inputs),
        "parameters": dict(sorted(parameters.items())),
        "versions": {"python": platform.python_version(), **{name: _find_version(name) for name in _PACKAGES}},
    }


@functools.cache
def _find_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
