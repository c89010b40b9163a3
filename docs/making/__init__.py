"""What the site says that follows from the library: made when the site is built, never by hand."""

from __future__ import annotations

from pathlib import Path

from making import gallery, notebooks, proof, reference, sheet

__all__ = ["make_all"]


def make_all(docs: Path) -> None:
    """Write every page and file that is made, under docs/api, docs/gallery, docs/notebooks and docs/proof."""
    reference.write(docs / "api")
    notebooks.copy(docs.parent / "notebooks", docs / "notebooks")
    proof.write(docs.parent / "tests" / "reference" / "values", docs / "proof")
    gallery.write(docs / "gallery")
    sheet.write(docs / "cheat_sheet.typ", docs / "_static" / "cheat_sheet.pdf")
