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
    except BaseException as problem:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(problem, OSError) and problem.errno is not None and problem.filename is None:
            problem.filename = str(path)
        raise


_RUNS = re.compile(r"[\s\x00-\x1f]*[=+\-@]|[\t\r]")
_RUNS_AFTER = re.compile(r"([;\n\r])(?=[\x00-\x1f]*[=+\-@])")  # where an office's program may begin a new cell
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_PLAIN_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?|[-+]?inf|-+")


def shielded(cell: str) -> str:
    """Return a text that no spreadsheet runs as a formula: an apostrophe in front of ``=``, ``+``, ``-`` and ``@``.

    Where a program in Indonesian or German splits at semicolons, what follows one is a cell too. Numbers stay as they
    are; control characters go.

    Examples
    --------
    >>> shielded("=1+1"), shielded("-2.5"), shielded("-inf"), shielded("Dinas A")
    ("'=1+1", '-2.5', '-inf', 'Dinas A')
    >>> shielded("Dinas A;=1+1"), shielded("a; b")
    ("Dinas A;'=1+1", 'a; b')
    """
    if _PLAIN_NUMBER.fullmatch(cell):
        return cell
    safe = _RUNS_AFTER.sub(r"\1'", _CONTROL.sub("", cell))
    return f"'{safe}" if _RUNS.match(safe) else safe
