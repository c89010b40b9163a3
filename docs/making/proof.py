"""What is held against what: one row a data set and program, from the files of reference values themselves."""

from __future__ import annotations

import json
from pathlib import Path

#: Why a data set is not here although its values are.
NOT_HERE = {"mpdta", "base_stagg", "base_did", "sim_rc"}


def write(values: Path, folder: Path) -> None:
    """Write the table of programs, data and calls."""
    folder.mkdir(exist_ok=True)
    (folder / "programs.md").write_text(table(values), encoding="utf-8")


def table(values: Path) -> str:
    """Return the table of programs, data and calls as Markdown."""
    rows = ["| program (R) | data | calls kept | data in this repository |", "|---|---|---:|---|"]
    for path in sorted(values.glob("*.json"), key=lambda path: path.stem.split("__")[::-1]):
        found = json.loads(path.read_text(encoding="utf-8"))
        name, version = next((name, facts["version"]) for name, facts in found["packages"].items())
        data = path.stem.split("__")[0]
        here = "no: GPL-3" if data in NOT_HERE else "yes"
        rows.append(f"| {name} {version} | {data} | {len(found['results'])} | {here} |")
    return "\n".join(rows) + "\n"
