"""The cheat sheet: one page, set by typst from its source; the code in it is run by the tests."""

from __future__ import annotations

from pathlib import Path

import typst


def write(source: Path, target: Path) -> None:
    """Set the page, and a picture of it beside."""
    target.write_bytes(typst.compile(str(source)))
    target.with_suffix(".png").write_bytes(typst.compile(str(source), format="png", ppi=110))
