"""Private copies of files, so that what is hashed is what is counted; and whether a file has changed."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from asn_impact.errors import InputError
from asn_impact.intake.formats.raw import RawTable
from asn_impact.words import Message

__all__ = ["LONG_TEXT", "copies", "refuse_changed", "snapshot"]

LONG_TEXT = 1 << 23  # bytes of a text file from which parsing it again costs more than writing down what is wanted
MOST_COPIED = 1 << 26  # bytes of a Parquet file that is copied before it is read


@functools.cache
def copies() -> tempfile.TemporaryDirectory[str]:
    """Return the private folder of rewritten copies; removed when Python ends."""
    return tempfile.TemporaryDirectory(prefix="asn-impact-")


def snapshot(path: Path) -> tuple[Path, Callable[[], bool]]:
    """Return a private copy of a file, so that what is hashed is what is counted; and whether the file has changed.

    A file that is too large to be copied is read where it stands, and must be the same afterwards.
    """
    mark = _mark(path)
    folder = ""
    if mark[0] < (MOST_COPIED if path.suffix.casefold() == ".parquet" else LONG_TEXT):
        try:
            folder = tempfile.mkdtemp(dir=copies().name)
            return Path(shutil.copyfile(path, Path(folder) / path.name)), bool
        except OSError:  # no room left
            shutil.rmtree(folder, ignore_errors=True)
    return path, lambda: _mark(path) != mark


def _mark(path: Path) -> tuple[int, int, int]:
    """Return what tells one state of a file from another: size, time of the last change, place on the disk."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return -1, 0, 0
    return now.st_size, now.st_mtime_ns, now.st_ino


def refuse_changed(tables: Sequence[RawTable]) -> None:
    """Refuse to go on with a file that has changed since it was opened.

    Raises
    ------
    InputError
        Naming the file.
    """
    for table in tables:
        if table.changed():
            raise InputError(Message("files.changed", file=table.name))
