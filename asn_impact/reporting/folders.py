"""Folders of results: whole or not there at all, whatever happens while they are made.

A result is made in a private folder beside its place, named after the process, and put there by renaming. What a killed
process left is put right by the next one: an old result that was moved aside comes back, the rest is removed.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from asn_impact.leftovers import left_by_the_dead, marked, undisturbed

ATTEMPTS: Final = 5  # to put the folder in its place while another run does


@contextmanager
def make_beside(folder: Path) -> Iterator[Path]:
    """Make an empty folder on the same disk as `folder`, beside it; on leaving it is gone if it was not put in place.

    Raises
    ------
    OSError
        Nothing can be written there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    put_right(folder)
    work = Path(tempfile.mkdtemp(prefix=marked(f".{folder.name}."), dir=folder.parent))
    try:
        fresh = work / "new"
        fresh.mkdir()
        yield fresh
    finally:
        with undisturbed():
            shutil.rmtree(work, ignore_errors=True)


def put_right(folder: Path) -> None:
    """Bring back the result that a killed process had moved aside, and remove what such processes left."""
    for work in left_by_the_dead(folder.parent, f".{folder.name}."):
        for old in sorted(work.glob("old*"), reverse=True):
            with suppress(OSError):  # another run may be faster
                if not folder.exists():
                    old.rename(folder)
        shutil.rmtree(work, ignore_errors=True)


def put_in_place(folder: Path, fresh: Path) -> None:
    """Put the new folder in the place of the old one; when that fails, the old one is still there.

    Another run may put its own there at the same moment: it is then the old one.

    Raises
    ------
    OSError
        A file of the old folder is in use, or the new one is gone.
    """
    for attempt in range(ATTEMPTS):
        old = fresh.with_name(f"old{attempt}")
        with undisturbed():
            try:
                if folder.exists():
                    folder.rename(old)
                fresh.rename(folder)
            except OSError:
                if old.exists() and not folder.exists():
                    old.rename(folder)
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return


def missing_files(folder: Path, names: Iterable[str]) -> list[str]:
    """Return those of the files that were written which are no longer there."""
    return sorted(name for name in set(names) if not (folder / name).is_file())


def plain_name(name: str) -> str:
    """Return a name as part of the name of a file.

    Examples
    --------
    >>> plain_name("waktu/izin: 2024")
    'waktu_izin_2024'
    """
    plain = "".join(sign if sign.isalnum() or sign in ".-" else " " for sign in name)
    return "_".join(plain.split()).strip("._") or "claim"


def is_made_by(record: Path, maker: str) -> bool:
    """Return whether a JSON file says that this maker wrote it."""
    try:
        return record.is_file() and json.loads(record.read_text(encoding="utf-8")).get("made_by") == maker
    except (ValueError, AttributeError):
        return False
