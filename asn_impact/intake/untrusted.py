"""Files that could harm are read in a process apart, with a limit on time and, where the system has one, on memory.

A reader of workbooks can be made to end its process, ask for all memory, or never come back, by a file of a few
kilobytes. One process reads all such files of a session, one after the other; when it dies or takes too long the file
is refused and the next one gets a new process. What comes back are values and messages, through a pipe.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final, ParamSpec, TypeVar

from asn_impact.errors import AsnImpactError, InputError
from asn_impact.words import Message

__all__ = ["Limits", "read_apart"]

P = ParamSpec("P")
Result = TypeVar("Result")

#: Seconds for a file of no size, seconds more for each MB, seconds for a process to start.
SECONDS, SECONDS_PER_MB, SECONDS_TO_START = 8.0, 4.0, 60.0
MEMORY: Final = 3 << 30  # bytes of address space for a file of no size; a process needs about 1 GB for itself
MEMORY_PER_BYTE, MOST_MEMORY = 60, 12 << 30
_HEAD: Final = struct.Struct(">Q")
_PROGRAM: Final = "from asn_impact.intake.untrusted import _serve; _serve()"


class Limits:
    """How long and with how much memory a file of a size may be read."""

    def __init__(self, size: int) -> None:
        self.seconds = SECONDS + SECONDS_PER_MB * size / 1e6
        self.memory = min(MEMORY + MEMORY_PER_BYTE * size, MOST_MEMORY)


def read_apart(function: Callable[P, Result], path: Path, *more: Any) -> Result:  # noqa: ANN401
    """Return ``function(path, *more)``, worked out in the process for untrusted files.

    The function is one of a module of this package; what it takes and returns goes through `pickle`.

    Raises
    ------
    InputError
        What the function raises of ours; and when the process died, ran out of memory or took too long.
    """
    with _LOCK:
        answer = _reader().ask(function, path, more)
    if isinstance(answer, AsnImpactError):
        raise answer
    result: Result = answer
    return result


class _Reader:
    """The process, and the pipe to it."""

    def __init__(self) -> None:
        places = [str(Path(__file__).parents[2]), *(place for place in sys.path if place)]
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM],  # -P: no module of the folder we happen to be in
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.is_fresh = True

    @property
    def lives(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None

    def ask(self, function: Callable[..., Any], path: Path, more: tuple[Any, ...]) -> Any:  # noqa: ANN401
        limits = Limits(path.stat().st_size)
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.process.kill()

        clock = threading.Timer(limits.seconds + (SECONDS_TO_START if self.is_fresh else 0), stop)
        clock.daemon = True
        clock.start()
        try:
            if self.is_fresh:
                _receive(self._out)
                self.is_fresh = False
                clock.cancel()
                clock = threading.Timer(limits.seconds, stop)
                clock.daemon = True
                clock.start()
            _send(self._in, (function.__module__, function.__name__, path.absolute(), more, limits.memory))
            return _receive(self._out)
        except (EOFError, OSError, pickle.UnpicklingError):
            self.close()
            key = "files.took_too_long" if late.is_set() else "files.ended_the_reader"
            return InputError(Message(key, file=path.name, seconds=round(limits.seconds)))
        except BaseException:  # Ctrl-C: what comes next through the pipe would answer another question
            self.close()
            raise
        finally:
            clock.cancel()

    @property
    def _in(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def _out(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def close(self) -> None:
        if self.owner != os.getpid():
            return
        self.process.kill()
        for pipe in (self._in, self._out):
            with contextlib.suppress(OSError):
                pipe.close()
        self.process.wait()


_LOCK: Final = threading.Lock()
_READERS: Final[list[_Reader]] = []


def _reader() -> _Reader:
    """Return the process of this session, a new one where there is none or it is another session's."""
    if not _READERS or not _READERS[0].lives:
        _close()
        _READERS[:] = [_Reader()]
    return _READERS[0]


@atexit.register
def _close() -> None:
    for reader in _READERS:
        reader.close()


def _send(pipe: IO[bytes], value: object) -> None:
    content = pickle.dumps(value, protocol=5)
    pipe.write(_HEAD.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:  # noqa: ANN401
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    content = pipe.read(_HEAD.unpack(head)[0])
    return pickle.loads(content)


# --- inside the process -------------------------------------------------------------------------------------------


def _serve() -> None:
    """Answer questions until the pipe closes."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a reader prints does not mix with the answers
    from asn_impact.intake import formats  # noqa: F401 - the time it takes is that of the start

    _send(answers, "ready")
    while True:
        try:
            module, name, path, more, memory = _receive(questions)
        except EOFError:
            return
        with _limited(memory):
            answer = _answer(module, name, path, more)
        try:
            _send(answers, answer)
        except MemoryError:
            os._exit(1)


def _answer(module: str, name: str, path: Path, more: tuple[Any, ...]) -> Any:  # noqa: ANN401
    try:
        return getattr(sys.modules[module], name)(path, *more)
    except AsnImpactError as error:
        return error
    except (MemoryError, RecursionError):
        os._exit(1)
    except OSError as error:
        why = error.strerror or Message("files.unreadable")
        return InputError(Message("files.not_opened", file=path.name[:80], why=why))


@contextlib.contextmanager
def _limited(memory: int) -> Iterator[None]:
    """Limit the address space of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the limit on time alone
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = memory if before[1] == resource.RLIM_INFINITY else min(memory, before[1])
    with contextlib.suppress(ValueError, OSError):  # macOS knows the limit and refuses it
        resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, before)
