"""Set up once, then run the analysis or the tests. Standard library only.

python run.py              set-up, then the demo study: executed notebooks, figures, report
python run.py test         set-up, then every check a change has to pass
python run.py WORDS ...    set-up, then `asn-impact WORDS ...`: new FOLDER | check study.toml | run study.toml

Paths are seen from the folder you stand in; the demo and the tests are those beside this file.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PROGRAMS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = PROGRAMS / ("python.exe" if os.name == "nt" else "python")
LOCK = HERE / "requirements.lock"
STAMP = VENV / "asn_impact.stamp"
STOPPED = (130, -signal.SIGINT)
GRACE = 3  # seconds a program that was stopped has to clean up before it is told again
#: Of many short programs each loads the library: what Python has compiled is kept, also where a shell says otherwise.
KEPT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
NAMED = {**KEPT, "ASN_IMPACT_COMMAND": "python run.py"}  # what messages call the program

#: Checks that are shown as they run, and those that run beside them, which need one core.
SHOWN = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("pytest", "-p", "no:nbval", "-n", "2", "--dist", "worksteal", "tests"),
    ("pytest", "-n", "2", "--dist", "loadscope", "--nbval", "notebooks", "docs/tutorials", "docs/replications"),
)
BESIDE = (
    ("mypy",),
    ("lint-imports",),
    ("pytest", "-p", "no:nbval", "--doctest-modules", "asn_impact", "--doctest-glob", "README.md", "README.md"),
    ("python", "docs/build_site.py"),
)
ONE_CORE = {"OMP_NUM_THREADS": "1", **KEPT}  # each program has a core; threads for small matrices only wait


def fingerprint() -> str:
    """Return what the environment was made from: the lock, the project file, this Python, and where it lies."""
    parts = (LOCK.read_bytes(), (HERE / "pyproject.toml").read_bytes(), sys.version.encode(), str(VENV).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def set_up() -> None:
    """Make the environment in .venv from the hashed lock, unless it is there already."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the Python that starts this file may be any
        raise SystemExit(f"asn_impact needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == fingerprint():
        return
    print("Setting up .venv from requirements.lock: once, a minute or two.", flush=True)
    venv.EnvBuilder(with_pip=True, clear=True).create(VENV)
    # what is imported is compiled then; compiling all that is installed takes as long as installing it
    pip = (str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile")
    for words in (("--require-hashes", "-r", str(LOCK)), ("--no-deps", "--no-build-isolation", "-e", str(HERE))):
        if code := call((*pip, *words), cwd=HERE):
            raise SystemExit(stopped() if code in STOPPED else f"run.py: the set-up failed at: pip {' '.join(words)}")
    STAMP.write_text(fingerprint(), encoding="utf-8")


def call(command: tuple[str, ...], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> int:
    """Run a program to its end and return its exit code; one that is stopped with Ctrl-C says so itself, once."""
    with subprocess.Popen(command, cwd=cwd, env=env) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # from a terminal the program has heard it too
                try:
                    return process.wait(GRACE)
                except subprocess.TimeoutExpired:
                    process.terminate() if os.name == "nt" else process.send_signal(signal.SIGINT)


def stopped() -> int:
    """Say that the work was stopped and return the exit code for it."""
    print("run.py: stopped.", file=sys.stderr)
    return STOPPED[0]


def test() -> int:
    """Run every check, in two lanes beside each other; the first that fails ends both and is named last."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        code, failed = run_lanes({None: iter(SHOWN), said: iter(BESIDE)})
        said.seek(0)
        print(said.read(), end="")
    if failed:
        print(f"\n== failed: {failed}", flush=True)
    return code


def run_lanes(lanes: dict[IO[str] | None, Iterator[tuple[str, ...]]]) -> tuple[int, str]:
    """Run the programs of each lane in turn, into its file; return the code and the line of the first that fails."""
    running: dict[IO[str] | None, tuple[str, subprocess.Popen[bytes]]] = {}
    try:
        while True:
            for out in lanes.keys() - running.keys():
                if program := next(lanes[out], None):
                    command = " ".join(program)
                    print(f"\n== {command}", file=out, flush=True)
                    path = (str(PROGRAMS / program[0]), *program[1:])
                    running[out] = (command, subprocess.Popen(path, cwd=HERE, env=ONE_CORE, stdout=out, stderr=out))
            if not running:
                return 0, ""
            for out, (command, process) in list(running.items()):
                if code := process.poll():
                    return code, command
                if code == 0:
                    del running[out]
            time.sleep(0.1)
    finally:
        for _, process in running.values():
            process.terminate()
            process.wait()


def main(words: list[str]) -> int:
    """Set up, then do what the words say."""
    set_up()
    if words == ["test"]:
        return test()
    command = words or ["run", str(HERE / "data" / "demo" / "study.toml")]
    code = call((str(PYTHON), "-m", "asn_impact", *command), env=NAMED)
    return stopped() if code == -signal.SIGINT else code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(stopped())
