"""The shape of the package in numbers: lines, longest file, names shown by Tab, strings where values should be.

python benchmarks/structure.py
"""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "asn_impact"
#: Reading files and looking for identifiers in what leaves are about text; nothing else is.
ABOUT_TEXT = (
    *("intake", "identifiers.py", "starts.py", "timeline.py", "measures/panel.py"),
    *(
        "topics/surveys",
        "topics/promises",
        "topics/planning",
        "reporting/gate.py",
        "study/proposal",
        "words/in_file.py",
    ),
)
CORE = ("words", "reference", "intake", "measures", "designs", "estimation", "scrutiny")


def sources() -> Iterator[tuple[str, str]]:
    """Yield the name of every file of the package, from its root, and its text."""
    for file in sorted(PACKAGE.rglob("*.py")):
        yield file.relative_to(PACKAGE).as_posix(), file.read_text(encoding="utf-8")


@functools.cache
def calls(text: str) -> list[tuple[int, str]]:
    """Return the line and the dotted name of every call."""
    found = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return [(node.lineno, ast.unparse(node.func)) for node in found]


def regular_expressions() -> list[str]:
    """Return where a regular expression is used outside of what is about text."""
    return [
        f"{name}:{line}"
        for name, text in sources()
        if not name.startswith(ABOUT_TEXT)
        for line, called in calls(text)
        if called.startswith("re.")
    ]


def looked_up() -> list[str]:
    """Return where estimation, checks, plans and reports ask an object whether it has an attribute."""
    rooms = ("estimation", "scrutiny", "topics", "reporting")
    return [
        f"{name}:{line}"
        for name, text in sources()
        if name.startswith(rooms)
        for line, called in calls(text)
        if called in {"getattr", "hasattr"}
    ]


def warned() -> list[str]:
    """Return where something else than the one channel warns or silences."""
    return [
        f"{name}:{line}"
        for name, text in sources()
        if name != "verbs.py"
        for line, called in calls(text)
        if called.startswith("warnings.")
    ]


def participles() -> list[str]:
    """Return assignments of a bare participle that says nothing of what is in it."""
    bare = {"found", "said", "made", "given", "shown", "asked", "named", "counted", "written", "wanted", "told"}
    return [
        f"{name}:{node.lineno} {node.id}"
        for name, text in sources()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in bare
    ]


def lines() -> dict[str, int]:
    """Return the number of lines of every file."""
    return {name: text.count("\n") for name, text in sources()}


def import_time() -> float:
    """Return the least of five times, in milliseconds, that a fresh Python takes to import the package."""
    code = "import time; t = time.perf_counter(); import asn_impact; print(1000 * (time.perf_counter() - t))"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    return min(float(run.stdout) for run in runs)


def main() -> None:
    """Print the table."""
    import asn_impact

    by_file = lines()
    longest = max(by_file, key=lambda name: by_file[name])
    core = sum(n for name, n in by_file.items() if name.split("/")[0] in CORE or "/" not in name)
    for what, value in (
        ("lines in all", sum(by_file.values())),
        ("lines of the core (top level, " + ", ".join(CORE) + ")", core),
        ("longest file", f"{longest}, {by_file[longest]} lines"),
        ("files", len(by_file)),
        ("names shown by Tab", len(dir(asn_impact))),
        ("regular expressions outside of reading and the gate", len(regular_expressions())),
        ("getattr and hasattr in estimation, checks, plans and reports", len(looked_up())),
        ("warnings outside of the one channel", len(warned())),
        ("assignments of a bare participle", len(participles())),
        ("import asn_impact, milliseconds", f"{import_time():.0f}"),
    ):
        print(f"{what:70s} {value}")


if __name__ == "__main__":
    main()
