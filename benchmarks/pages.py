"""Tables of measurements in pages that people write: what stands between two marks is replaced, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write_between(path: Path, name: str, lines: Sequence[str]) -> None:
    """Replace what stands between the marks of a benchmark on a page.

    Raises
    ------
    ValueError
        The page has not both marks, each once.
    """
    first, last = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = path.read_text(encoding="utf-8")
    if text.count(first) != 1 or text.count(last) != 1:
        raise ValueError(f"{path.name} needs a line {first} and a line {last}, each once")
    before, rest = text.split(first)
    path.write_text("\n".join([before + first, *lines, last]) + rest.split(last)[1], encoding="utf-8")
