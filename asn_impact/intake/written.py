"""Files that the package writes itself: whole or not at all, and without what a spreadsheet would run."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

__all__ = ["shielded", "write_beside"]


def write_beside(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that under its name there is the old one or the new one, never half of either.

    Raises
    ------
    OSError
        The folder cannot be written or the disk is full; the old file is still there.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


_RUNS = re.compile(r"\s*[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?|[-+]?inf|-+")


def shielded(cell: str) -> str:
    """Return a text that no spreadsheet runs as a formula: an apostrophe in front of ``=``, ``+``, ``-`` and ``@``.

    Numbers stay as they are.

    Examples
    --------
    >>> shielded("=1+1"), shielded("-2.5"), shielded("-inf"), shielded("Dinas A")
    ("'=1+1", '-2.5', '-inf', 'Dinas A')
    """
    return f"'{cell}" if _RUNS.match(cell) and not _PLAIN_NUMBER.fullmatch(cell) else cell
