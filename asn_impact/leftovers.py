"""Folders that a process makes for itself carry its number, so that what a dead one left can be told and removed."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

__all__ = ["left_by_the_dead", "marked", "sweep"]

HERE: Final = hashlib.sha256(platform.node().encode()).hexdigest()[:8]  # folders on a share belong to their machines


def marked(name: str) -> str:
    """Return the beginning of the name of a folder that belongs to this process."""
    return f"{name}{HERE}-{os.getpid()}-"


def left_by_the_dead(place: Path, name: str) -> Iterator[Path]:
    """Find the folders in a place that were marked by processes of this machine which are no more."""
    for folder in sorted(place.iterdir()):
        process, dash, _ = folder.name.removeprefix(f"{name}{HERE}-").partition("-")
        ours = folder.name.startswith(f"{name}{HERE}-") and process.isdecimal() and dash
        if ours and not psutil.pid_exists(int(process)) and not folder.is_symlink():
            yield folder


def sweep(place: Path, name: str) -> None:
    """Remove what dead processes left in a place; what belongs to other people stays."""
    for folder in left_by_the_dead(place, name):
        shutil.rmtree(folder, ignore_errors=True)
