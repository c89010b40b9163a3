"""Private copies of files, so that what is hashed is what is counted; and whether a file has changed."""

from __future__ import annotations

import atexit
import errno
import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asn_impact.errors import InputError
from asn_impact.leftovers import marked, sweep
from asn_impact.words import Message

if TYPE_CHECKING:
    from asn_impact.intake.formats.raw import RawTable

LONG_TEXT = 1 << 23  # bytes of a text file from which parsing it again costs more than writing down what is wanted
MOST_COPIED = 1 << 26  # bytes of a Parquet file that is copied before it is read
MOST_COPIED_IN_ALL = 1 << 28  # bytes of all copies of a session from which Parquet files are no longer copied


class Folder:
    """A folder that only its owner can look into; removed when the process that made it ends."""

    def __init__(self) -> None:
        place = _place()
        sweep(place, _OURS)
        self.name = tempfile.mkdtemp(prefix=marked(_OURS), dir=place)
        self.owner, self.taken = os.getpid(), 0
        atexit.register(self.remove)

    def remove(self) -> None:
        """Remove the folder, where this is the process that made it and not a fork of it."""
        if os.getpid() == self.owner:
            shutil.rmtree(self.name, ignore_errors=True)


def _place() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:  # a full disk: folders and links need no room
        return Path(os.environ.get("TMPDIR", f"{os.sep}tmp"))


_OURS: Final = "asn-impact-"


@functools.cache
def copies() -> Folder:
    """Return the private folder of copies and of what the engine puts aside: the one place that it may read."""
    return Folder()


def snapshot(path: Path, parts: Sequence[str] = ()) -> tuple[Path, Callable[[], bool]]:
    """Return a private copy of a file, so that what is hashed is what is counted; and whether the file has changed.

    The copy lies in folders of the names given. A file that is too large to be copied, alone or with those copied
    before, is read where it stands, through a link, and must be the same afterwards. It
    is copied all the same where no link can be made (another disk).

    Raises
    ------
    InputError
        There is no room for the copy.
    OSError
        The file cannot be read.
    """
    mark = _mark(path)
    most = min(MOST_COPIED, MOST_COPIED_IN_ALL - copies().taken) if path.suffix.casefold() == ".parquet" else LONG_TEXT
    small = mark[0] < most
    inside = Path(tempfile.mkdtemp(dir=copies().name)).joinpath(*parts, path.name)
    inside.parent.mkdir(parents=True, exist_ok=True)
    why: OSError | None = None
    for make in (shutil.copyfile, os.link) if small else (os.link, shutil.copyfile):
        try:
            make(path.resolve(), inside)
        except OSError as error:  # no room left; another disk, or one without links
            inside.unlink(missing_ok=True)
            why = why if make is os.link else error
        else:
            if make is shutil.copyfile:
                copies().taken += mark[0]
                return inside, bool
            return inside, lambda: _mark(path) != mark
    assert why is not None
    if why.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        raise why
    raise InputError(Message("files.no_room", file=path.name, size=max(mark[0] >> 20, 1))) from None


_FIRST: Final[dict[tuple[str, str], Path]] = {}


def first_copy(copy: Path, sha256: str) -> Path:
    """Return the first private copy of the same bytes and name, and remove this one: what was learnt of it holds."""
    first = _FIRST.get((sha256, copy.name), copy)
    if first == copy or not first.exists():  # what cleans up after others may have taken it
        _FIRST[sha256, copy.name] = copy
        return copy
    copies().taken -= copy.stat().st_size
    copy.unlink()
    return first


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
