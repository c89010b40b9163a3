"""Set up once, then run the analysis or the tests. Standard library only.

python run.py              set-up, then the demo study: executed notebooks, figures, report
python run.py test         set-up, then every check a change has to pass
python run.py WORDS ...    set-up, then `asn-impact WORDS ...`: new FOLDER | check study.toml | run study.toml
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PROGRAMS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = PROGRAMS / ("python.exe" if os.name == "nt" else "python")
LOCK = HERE / "requirements.lock"
STAMP = VENV / "asn_impact.stamp"

TESTS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("pytest", "-n", "2", "--dist", "loadscope", "tests"),
    ("pytest", "--doctest-modules", "asn_impact", "--doctest-glob", "README.md", "README.md"),
    ("pytest", "-n", "2", "--dist", "loadscope", "--nbval", "notebooks"),
)


def fingerprint() -> str:
    """Return what the environment was made from: the lock, the project file and this Python."""
    parts = (LOCK.read_bytes(), (HERE / "pyproject.toml").read_bytes(), sys.version.encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def set_up() -> None:
    """Make the environment in .venv from the hashed lock, unless it is there already."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the Python that starts this file may be any
        raise SystemExit(f"asn_impact needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == fingerprint():
        return
    print("Setting up .venv from requirements.lock: once, a minute or two.", flush=True)
    venv.EnvBuilder(with_pip=True, clear=True).create(VENV)
    pip = (str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    subprocess.run((*pip, "--require-hashes", "-r", str(LOCK)), check=True, cwd=HERE)
    subprocess.run((*pip, "--no-deps", "--no-build-isolation", "-e", str(HERE)), check=True, cwd=HERE)
    STAMP.write_text(fingerprint(), encoding="utf-8")


def test() -> int:
    """Run every check in turn; the first that fails ends it and is named last."""
    for program, *words in TESTS:
        command = f"{program} {' '.join(words)}".rstrip()
        print(f"\n== {command}", flush=True)
        if code := subprocess.run((str(PROGRAMS / program), *words), check=False, cwd=HERE).returncode:
            print(f"\n== failed: {command}", flush=True)
            return code
    return 0


def main(words: list[str]) -> int:
    """Set up, then do what the words say."""
    set_up()
    if words == ["test"]:
        return test()
    command = words or ["run", "data/demo/study.toml"]
    return subprocess.run((str(PYTHON), "-m", "asn_impact", *command), check=False, cwd=HERE).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
