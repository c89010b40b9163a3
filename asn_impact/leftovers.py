"""What a process that is stopped leaves: folders carry its number, so that those of dead ones can be told and removed.

Ctrl-C comes as a `KeyboardInterrupt`, also from DuckDB, and does not disturb what cleans up.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil

HERE: Final = hashlib.sha256(platform.node().encode()).hexdigest()[:8]  # folders on a share belong to their machines


def marked(name: str) -> str:
    """Return the beginning of the name of a folder that belongs to this process."""
    return f"{name}{HERE}-{os.getpid()}-"


def left_by_the_dead(place: Path, name: str) -> Iterator[Path]:
    """Find the folders in a place that were marked by processes of this machine which are no more."""
    for folder in sorted(place.glob(f"{name}{HERE}-*-*")):
        process = folder.name.removeprefix(f"{name}{HERE}-").partition("-")[0]
        if process.isdecimal() and not psutil.pid_exists(int(process)) and not folder.is_symlink():
            yield folder


def sweep(place: Path, name: str) -> None:
    """Remove what dead processes left in a place; what belongs to other people stays."""
    for folder in left_by_the_dead(place, name):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let a Ctrl-C wait until what is inside is done: it cleans up, or puts a result in its place."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread hears signals
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
    if came and callable(before):
        before(signal.SIGINT, None)


def hear_again() -> None:
    """Let a Ctrl-C that falls into the clean-up of an object be heard a moment later: Python ignores it there."""
    before = sys.unraisablehook

    def hook(ignored: Any) -> None:  # noqa: ANN401 - Python's own
        if issubclass(ignored.exc_type, KeyboardInterrupt):
            later = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
            later.daemon = True
            later.start()
        else:
            before(ignored)

    sys.unraisablehook = hook


@contextmanager
def stoppable() -> Iterator[None]:
    """Let a Ctrl-C that DuckDB hears be one: it says so with a `RuntimeError`."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from None
