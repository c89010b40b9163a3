"""Packed files: a gzip file is the file in it, a zip file the tables in it; how much comes out is limited."""

from __future__ import annotations

import gzip
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO

from asn_impact.errors import AsnImpactError, InputError
from asn_impact.intake.formats.raw import CHUNK, MOST_PARTS, MOST_UNPACKED, RawTable, sha256
from asn_impact.intake.formats.snapshots import copies, snapshot
from asn_impact.leftovers import stoppable, undisturbed
from asn_impact.words import Message

MOST_TIMES = 100  # a text of numbers and names shrinks to a tenth, hardly ever to a hundredth; a bomb to a thousandth

OpenOne = Callable[[Path], list[RawTable]]


def open_gzip(path: Path, open_one: OpenOne) -> list[RawTable]:
    """Return the tables of the one file in a gzip file, under the name and with the hash of the gzip file."""
    packed, changed = snapshot(path)
    with _unpacking(path), _room() as folder, gzip.open(packed) as content:
        inside = folder / path.stem
        _copy(content, inside, path)
    digest = sha256(packed)
    return [replace(t, name=_named(t, inside, path.name), sha256=digest, changed=changed) for t in open_one(inside)]


def open_zip(path: Path, open_one: OpenOne, readable: Callable[[Path], bool]) -> list[RawTable]:
    """Return the tables of the files in a zip file, each under the name of the zip file and its own."""
    packed, _ = snapshot(path)
    with _unpacking(path), zipfile.ZipFile(packed) as package:
        parts = [p for p in package.infolist() if not p.is_dir() and readable(Path(p.filename)) and _is_own(p.filename)]
        if len(package.infolist()) > MOST_PARTS:
            raise InputError(Message("files.damaged_zip", file=path.name))
        if any(p.flag_bits & 1 for p in package.infolist()):
            raise InputError(Message("files.locked", file=path.name))
        if not parts:
            raise InputError(Message("files.empty_zip", file=path.name))
        files = []
        for part in sorted(parts, key=lambda p: p.filename):
            with _room() as folder, package.open(part) as content:
                inside = folder / PurePosixPath(part.filename).name
                _copy(content, inside, path)
            files.append((part.filename, inside))
    return [
        replace(t, name=_named(t, inside, f"{path.name}/{name}")) for name, inside in files for t in open_one(inside)
    ]


def _is_own(name: str) -> bool:
    """Return whether a part of a zip file is a file of its maker, and not one of his system."""
    return not any(part.startswith((".", "__MACOSX", "~$")) for part in PurePosixPath(name).parts)


def _named(table: RawTable, inside: Path, name: str) -> str:
    return name + table.name.removeprefix(inside.name)


@contextmanager
def _room() -> Iterator[Path]:
    """Give a private folder; it is removed when Python ends, or at once where nothing came of it."""
    folder = Path(tempfile.mkdtemp(dir=copies().name))
    try:
        yield folder
    except BaseException:
        with undisturbed():
            shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def _unpacking(path: Path) -> Iterator[None]:
    try:
        with stoppable():
            yield
    except (AsnImpactError, MemoryError):
        raise
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError):
        raise InputError(Message("files.damaged_zip", file=path.name)) from None
    except OSError:  # the disk, not the file
        raise
    except Exception:  # a damaged list of parts fails in any way, an empty name for instance
        raise InputError(Message("files.damaged_zip", file=path.name)) from None


def _copy(content: IO[bytes] | gzip.GzipFile, target: Path, packed: Path) -> None:
    most = max(MOST_UNPACKED, MOST_TIMES * packed.stat().st_size)
    written = 0
    with target.open("wb") as file:
        while chunk := content.read(CHUNK):
            written += len(chunk)
            if written > most:
                raise InputError(Message("files.unpacks", file=packed.name, most=most >> 20))
            file.write(chunk)
