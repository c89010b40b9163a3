"""The notebooks of the demo, as pages: copies of what is committed executed, with what a page cannot show left out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

WIDGET = "application/vnd.jupyter.widget-view+json"


def copy(source: Path, target: Path) -> None:
    """Write a copy of every notebook, without the outputs that need a running Python."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path in sorted(source.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if "outputs" in cell:
                cell["outputs"] = [output for output in cell["outputs"] if _can_be_shown(output)]
        notebook["metadata"].pop("widgets", None)
        (target / path.name).write_text(json.dumps(notebook), encoding="utf-8")


def _can_be_shown(output: dict[str, Any]) -> bool:
    return WIDGET not in output.get("data", {})
