"""Files that could harm are read in a process apart, with a limit on time and on memory.

A reader can be made to end its process, ask for all memory, or never come back, by a file of a few kilobytes. One
process looks at all files of a session first, one after the other; when it dies or takes too long the file is refused
and the next one gets a new process. What comes back are values and messages, through a pipe. Memory is limited by the
system where it can (Linux), and elsewhere by a watch on the process.
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
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, TypeVar

import psutil

from asn_impact.errors import AsnImpactError, InputError
from asn_impact.words import Message

Result = TypeVar("Result")

#: Seconds for a file of no size, seconds more for each MB, seconds for a process to start.
SECONDS, SECONDS_PER_MB, SECONDS_TO_START = 8.0, 4.0, 60.0
MEMORY: Final = 3 << 30  # bytes for a file of no size; a process needs about 1 GB of addresses for itself
MEMORY_PER_BYTE, MOST_MEMORY = 60, 12 << 30
#: Where the environment says so, these hold for every file, whatever its size: seconds, and GB.
SECONDS_VARIABLE, MEMORY_VARIABLE = "ASN_IMPACT_READ_SECONDS", "ASN_IMPACT_READ_MEMORY"
MOST: Final = 1e6  # seconds or GB: what is more, or endless, is no limit
LIMITED_BY_THE_SYSTEM: Final = sys.platform == "linux"  # macOS knows the limit and does not keep it
TICK: Final = 0.05  # seconds between two looks at the memory of the process
_NO_MEMORY: Final = 77  # how the process ends when it got no more
_HEAD: Final = struct.Struct(">Q")
_PROGRAM: Final = "from asn_impact.intake.formats.untrusted import _serve; _serve()"


class Limits(NamedTuple):
    """How long and with how many bytes of memory a file may be read."""

    seconds: float
    memory: int


def limits_of(size: int) -> Limits:
    """Return the limits for a file of a size, or those that the environment sets.

    Raises
    ------
    InputError
        What the environment says is no number between 0 and a million.

    Examples
    --------
    >>> limits_of(1_000_000).seconds
    12.0
    """
    seconds = number_in(SECONDS_VARIABLE)
    memory = number_in(MEMORY_VARIABLE)
    return Limits(
        SECONDS + SECONDS_PER_MB * size / 1e6 if seconds is None else seconds,
        min(MEMORY + MEMORY_PER_BYTE * size, MOST_MEMORY) if memory is None else int(memory * 1e9),
    )


def number_in(variable: str) -> float | None:
    """Return the number between 0 and `MOST` that an environment variable holds, None where it is not set."""
    said = os.environ.get(variable, "")
    if not said:
        return None
    with contextlib.suppress(ValueError):
        if 0 < float(said) < MOST:
            return float(said)
    raise InputError(Message("files.no_limit", variable=variable, value=said))


def read_apart(function: Callable[..., Result], path: Path, *more: Any, name: str = "") -> Result:  # noqa: ANN401
    """Return ``function(path, *more)``, worked out in the process for untrusted files.

    The function is one of a module of this package; what it takes and returns goes through `pickle`. `name` is what
    the file is called in a refusal, where that is not its own.

    Raises
    ------
    InputError
        What the function raises of ours; and when the process died, ran out of memory or took too long.
    """
    with _LOCK:
        answer = _reader().ask(function, path, more, name or path.name)
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

    def ask(self, function: Callable[..., Any], path: Path, more: tuple[Any, ...], name: str) -> Any:  # noqa: ANN401
        limits = limits_of(path.stat().st_size)
        watch: _Watch | None = None
        try:
            if self.is_fresh:
                watch = _Watch(self.process, Limits(SECONDS_TO_START, sys.maxsize))
                _receive(self._out)
                self.is_fresh = False
                watch.done.set()
            watch = _Watch(self.process, limits)
            _send(self._in, (function.__module__, function.__name__, path.absolute(), more, limits.memory))
            return _receive(self._out)
        except (EOFError, OSError, MemoryError, pickle.UnpicklingError):
            self.close()
            return InputError(self._why(name, limits, watch))
        except BaseException:  # Ctrl-C: what comes next through the pipe would answer another question
            self.close()
            raise
        finally:
            if watch is not None:
                watch.done.set()

    def _why(self, file: str, limits: Limits, watch: _Watch | None) -> Message:
        if watch is not None and watch.found == "time":
            seconds = round(limits.seconds) or round(limits.seconds, 2)
            return Message("files.took_too_long", file=file, seconds=seconds, variable=SECONDS_VARIABLE)
        gigabytes = limits.memory / 1e9
        if self.process.returncode == _NO_MEMORY or (watch is not None and watch.found == "memory"):
            return Message("files.too_much_memory", file=file, gb=gigabytes, variable=MEMORY_VARIABLE)
        return Message("files.ended_the_reader", file=file, gb=gigabytes, variable=MEMORY_VARIABLE)

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


class _Watch(threading.Thread):
    """Ends a process that takes longer than its limit or, where the system does not see to it, holds more."""

    def __init__(self, process: subprocess.Popen[bytes], limits: Limits) -> None:
        super().__init__(daemon=True)
        self.process, self.limits = process, limits
        self.done = threading.Event()
        self.found: Literal["", "time", "memory"] = ""
        self.start()

    def run(self) -> None:
        """Look until the answer is there."""
        end = time.monotonic() + self.limits.seconds
        while (left := end - time.monotonic()) > 0:
            if self.done.wait(left if LIMITED_BY_THE_SYSTEM else min(left, TICK)):
                return
            if not LIMITED_BY_THE_SYSTEM and _resident(self.process.pid) > self.limits.memory:
                return self._end("memory")
        self._end("time")

    def _end(self, found: Literal["time", "memory"]) -> None:
        if not self.done.is_set():
            self.found = found
            self.process.kill()


def _resident(process: int) -> int:
    """Return the bytes of memory that a process holds, 0 where it is no more."""
    try:
        return int(psutil.Process(process).memory_info().rss)
    except psutil.Error:
        return 0


_LOCK: Final = threading.Lock()
_READERS: Final[list[_Reader]] = []


def _reader() -> _Reader:
    """Return the process of this session, a new one where there is none or it is another session's."""
    if not _READERS or not _READERS[0].lives:
        _close()
        _READERS[:] = [_Reader()]
    return _READERS[0]


def begin() -> None:
    """Start the process, so that it is loading while this one is; its first file waits less."""
    with _LOCK:
        _reader()


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
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a reader or its engine prints (a bar after two seconds) does not mix with the answers
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
            os._exit(_NO_MEMORY)


def _answer(module: str, name: str, path: Path, more: tuple[Any, ...]) -> Any:  # noqa: ANN401
    try:
        return getattr(sys.modules[module], name)(path, *more)
    except AsnImpactError as error:
        return error
    except MemoryError:
        os._exit(_NO_MEMORY)
    except RecursionError:
        os._exit(1)
    except OSError as error:
        why = error.strerror or Message("files.unreadable")
        return InputError(Message("files.not_opened", file=path.name[:80], why=why))


@contextlib.contextmanager
def _limited(memory: int) -> Iterator[None]:
    """Limit the address space of this process, where the system keeps to it."""
    if not LIMITED_BY_THE_SYSTEM:
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    most = memory if before[1] == resource.RLIM_INFINITY else min(memory, before[1])
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
