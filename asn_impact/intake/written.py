"""Files that the package writes itself: whole or not at all, and without what a spreadsheet would run."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_beside(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that under its name there is the old one or the new one, never half of either.

    Raises
    ------
    OSError
        The folder cannot be written or the disk is full; the old file is still there.
    """
    with _beside(path, content, mode) as temporary:
        temporary.replace(path)


def write_new(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file that is not there yet: whole or not at all, and never over another.

    Raises
    ------
    FileExistsError
        There is one of that name.
    OSError
        The folder cannot be written or the disk is full; nothing is there.
    """
    with _beside(path, content, mode) as temporary:
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:  # a disk without links
            if path.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
            temporary.replace(path)


@contextmanager
def _beside(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """Give a file with the content beside its place; afterwards it is gone. What fails is said of the place."""
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        yield temporary
    except OSError as problem:
        if problem.errno is not None:
            problem.filename, problem.filename2 = str(path), None
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


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
