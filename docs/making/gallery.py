"""The gallery: every figure and table of the library on the demo, made by running the line that stands under it."""

from __future__ import annotations

import hashlib
import io
import tomllib
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Entry:
    """One exhibit: the name of its function, what it asks in both languages, the lines before, and the line itself."""

    name: str
    asks: Mapping[str, str]
    line: str
    before: str = ""

    @property
    def kind(self) -> str:
        """Whether it is a figure or a table: the module it is typed from."""
        return "tables" if self.line.startswith("ai.tables") else "figures"

    def code(self, language: str) -> str:
        """Return the lines as they are typed in a notebook, in a language."""
        line = self.line
        if self.kind == "figures":
            line = f"{line[:-1]}{WORDS[language]})"
        elif language != "en":
            line = f'HTML({line}.html("{language}"))'
        return f"{self.before}{line}"


WORDS = {"en": "", "id": ', language="id"'}
with Path(__file__).with_suffix(".toml").open("rb") as file:
    GALLERY = tomllib.load(file)
BEFORE = GALLERY["before"]  # written once on the page; everything below it is drawn from these names
ENTRIES = tuple(Entry(**exhibit) for exhibit in GALLERY["exhibit"])
SAID = GALLERY["said"]
SHELF = ("figures", "tables")


def write(folder: Path) -> None:
    """Run every line and write what it draws, unless library, data and lines are those of the last time."""
    folder = folder.resolve()
    stamp = folder / "stamp"
    now = _fingerprint()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == now:
        return
    (folder / "en").mkdir(parents=True, exist_ok=True)
    (folder / "id").mkdir(exist_ok=True)
    shown = run(folder)
    for language in SAID:
        (folder / f"{language}.md").write_text(_page(language, shown), encoding="utf-8")
    stamp.write_text(now, encoding="utf-8")


def run(folder: Path) -> dict[tuple[int, str], str]:
    """Run every line once and return, by its place and language, what the page shows."""
    names: dict[str, Any] = {}
    shown = {}
    with chdir(ROOT):
        exec(BEFORE, names)
        exec("from IPython.display import HTML", names)
        for place, entry in enumerate(ENTRIES):
            exec(entry.before, names)
            for language in SAID:
                drawn = eval(entry.code(language).removeprefix(entry.before), names)
                shown[place, language] = _shown(entry, drawn, language, folder)
    return shown


def _shown(entry: Entry, drawn: Any, language: str, folder: Path) -> str:  # noqa: ANN401 - a chart, a table or a text
    if isinstance(drawn, str):
        return f"> {drawn}"
    if entry.kind == "tables":
        html = drawn.html(language) if hasattr(drawn, "html") else drawn.data
        return f"```{{raw}} html\n{html}\n```"
    file = folder / language / f"{entry.name}.png"
    file.write_bytes(_smaller(drawn.png()))
    alt = str(drawn.alt).replace("\n", " ")
    return f"```{{image}} {language}/{file.name}\n:alt: {alt}\n:class: exhibit\n```"


def _smaller(png: bytes) -> bytes:
    """Return a picture in 64 colours: a quarter of the size, and a chart looks the same."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _page(language: str, shown: Mapping[tuple[int, str], str]) -> str:
    said = SAID[language]
    parts = [
        f"# {said['title']}",
        said["other"],
        said["lead"],
        said["save"],
        f"## {said['before']}",
        said["before_lead"],
    ]
    parts.append(f"```python\n{BEFORE}```")
    for kind in SHELF:
        parts.append(f"## {said[kind]}")
        for place, entry in enumerate(ENTRIES):
            if entry.kind == kind:
                parts += [
                    f"### {entry.asks[language]}",
                    shown[place, language],
                    f"```python\n{entry.code(language)}\n```",
                    f"{{py:obj}}`ai.{kind}.{entry.name} <asn_impact.{kind}.{entry.name}>`",
                ]
    return "\n\n".join(parts) + "\n"


def _fingerprint() -> str:
    """Return what the gallery was made from: the library, the demo, and these two files."""
    library = sorted(path for path in (ROOT / "asn_impact").rglob("*") if path.suffix in {".py", ".toml", ".csv"})
    demo = sorted((ROOT / "data" / "demo").rglob("*.csv"))
    digest = hashlib.sha256()
    for path in (*library, *demo, Path(__file__), Path(__file__).with_suffix(".toml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
