"""Identifiers of persons put into every place that a study's files have, and how many of them come out.

    python benchmarks/seeded.py [--identifiers 100000] [--seed 1] [--check]

A small study is written once for each place: cells of persons' columns and of free text, numbers of cases, words of
status and service, dates, names of offices and courses, headings, sheets, files, folders, comments and properties of a
workbook, settings and comments of the study file, notebooks that show and that fail. Each study is checked, its dropped
rows are listed, and it is run where the place allows it. Every file written, in what it shows and in what it says of
itself, and all that is printed is searched for each identifier put in, in any spelling. The identifiers are impossible
ones. Prints the places and the count that came out, which must be 0.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import openpyxl
import pandas as pd
from openpyxl.comments import Comment

sys.path.insert(0, str(Path(__file__).parents[1]))

from asn_impact.cli import main as command
from asn_impact.identifiers import _normalised
from tests.intake.spellings import identifiers
from tests.test_study import small_study

WINDOW = 11  # digits in a row by which an identifier is known again
PERSONS = ("Nama Pemohon", "NIK Pemohon", "No HP", "Email", "Keterangan", "Alamat")


class Seeds:
    """Identifiers to put somewhere, counted, and what they are known by."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.texts = self._make()
        self.placed = 0
        self.windows: dict[str, str] = {}
        self.words: dict[str, str] = {}

    def _make(self) -> Iterator[str]:
        while True:
            self.seed += 1
            for kind, _, text in identifiers(self.seed, 3):
                yield from self._known(kind, text)

    def _known(self, kind: str, text: str) -> Iterator[str]:
        plain = _normalised(text)[0]
        digits = re.sub(r"\D", "", plain)
        if len(digits) >= WINDOW and kind not in ("mail", "plate"):
            for at in range(len(digits) - WINDOW + 1):
                self.windows[digits[at : at + WINDOW]] = text
            yield text
        elif kind in ("plate", "passport") and (word := re.search(r"[A-Z]{1,2}\W?\d{4,7}(?:\W?[A-Z]{2})?", plain)):
            self.words[re.sub(r"\W", "", word.group())] = text
            yield text
        elif kind == "mail":
            self.words["contoh.example"] = self.words["kantor.example"] = "an e-mail address"
            yield text

    def one(self, longest: int = 10_000) -> str:
        """Return the next identifier of a line, no longer than said."""
        self.placed += 1
        return next(text for text in self.texts if len(text) <= longest and "\n" not in text)

    def found_in(self, text: str) -> list[str]:
        """Return what of the identifiers is in a text, however it is spelt there."""
        plain = _normalised(text)[0]
        runs = (re.sub(r"\D", "", m.group()) for m in re.finditer(r"\d(?:[ ./()_-]{0,3}\d){10,}", plain))
        found = [
            r[i : i + WINDOW] for r in runs for i in range(len(r) - WINDOW + 1) if r[i : i + WINDOW] in self.windows
        ]
        plates = re.findall(r"\b[A-Z]{1,2}\W?\d{4,7}(?:\W?[A-Z]{2})?\b", plain)
        found += [w for word in plates if (w := re.sub(r"\W", "", word)) in self.words]
        return found + [address for address in ("contoh.example", "kantor.example") if address in plain]


# --- places -------------------------------------------------------------------------------------------------------

Place = Callable[[Path, Seeds], None]
PLACES: dict[str, tuple[Place, bool]] = {}


def place(name: str, *, runs: bool = False) -> Callable[[Place], Place]:
    """Register what puts identifiers somewhere; `runs` where the study is run as well as checked."""

    def register(put: Place) -> Place:
        PLACES[name] = put, runs
        return put

    return register


def cases(folder: Path) -> pd.DataFrame:
    """Return the cases of the study as texts."""
    return pd.read_csv(folder / "cases.csv", dtype=str, keep_default_na=False)


def edit(folder: Path, old: str, new: str) -> None:
    """Change the study file."""
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text, old
    file.write_text(text.replace(old, new), encoding="utf-8")


@place("cells of persons and free text", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    for name in PERSONS:
        frame[name] = [seeds.one() for _ in range(len(frame))]
    frame.to_csv(folder / "cases.csv", index=False)


@place("numbers of cases", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    frame["No Permohonan"] = [f"{seeds.one()} {i}" for i in range(len(frame))]
    frame.to_csv(folder / "cases.csv", index=False)


@place("some words of status", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    frame.loc[:24, "Status"] = [f"Selesai {seeds.one(60)}" for _ in range(25)]
    frame.to_csv(folder / "cases.csv", index=False)


@place("some services", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder).assign(**{"Jenis Izin": "IMB"})
    frame.loc[:19, "Jenis Izin"] = [f"Izin {seeds.one(60)}" for _ in range(20)]
    frame.to_csv(folder / "cases.csv", index=False)


@place("all services")
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    frame["Jenis Izin"] = [f"Izin {seeds.one()}" for _ in range(len(frame))]
    frame.to_csv(folder / "cases.csv", index=False)


@place("dates", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    frame.loc[:29, "Tanggal Selesai"] = [seeds.one() for _ in range(30)]
    frame.to_csv(folder / "cases.csv", index=False)


@place("dates, most of them")
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    frame["Tanggal Selesai"] = [seeds.one() for _ in range(len(frame))]
    frame.to_csv(folder / "cases.csv", index=False)


@place("offices", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    names = {office: f"{office} {seeds.one(60)}" for office in frame["Perangkat Daerah"].unique()}
    frame["Perangkat Daerah"] = frame["Perangkat Daerah"].map(names)
    frame.to_csv(folder / "cases.csv", index=False)


@place("offices of some rows")
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    frame.loc[::7, "Perangkat Daerah"] = [seeds.one(80) for _ in range(len(frame.iloc[::7]))]
    frame.to_csv(folder / "cases.csv", index=False)


@place("offices of the training")
def _(folder: Path, seeds: Seeds) -> None:
    text = (folder / "training.csv").read_text(encoding="utf-8")
    (folder / "training.csv").write_text(re.sub(r"(?m)^Dinas [ABC],", lambda m: f'"{seeds.one()}",', text))


@place("courses", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    text = (folder / "training.csv").read_text(encoding="utf-8")
    (folder / "training.csv").write_text(re.sub("E-Gov dasar", lambda m: f'"E-Gov dasar {seeds.one()}"', text))


@place("columns of the training", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    frame = pd.read_csv(folder / "training.csv", dtype=str)
    for name in ("Nama Peserta", "NIP", "Keterangan"):
        frame[name] = [seeds.one() for _ in range(len(frame))]
    frame.to_csv(folder / "training.csv", index=False)


@place("headings", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    for _ in range(40):
        frame[f"Catatan {seeds.one()}"] = "x"
    frame.to_csv(folder / "cases.csv", index=False)


@place("headings in place of the needed ones")
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    frame.rename(columns={"Tanggal Selesai": f"Tgl {seeds.one()}", "Status": seeds.one()}).to_csv(
        folder / "cases.csv", index=False
    )


@place("titles above the headings", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    text = (folder / "cases.csv").read_text(encoding="utf-8")
    above = "".join(f'"Dicetak oleh {seeds.one()}",,,,\n' for _ in range(3))
    (folder / "cases.csv").write_text(above + text, encoding="utf-8")


@place("sheets, comments and properties of a workbook", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = re.sub(r"[\[\]:*?/\\]", "-", seeds.one(28))
    sheet.append(list(frame.columns))
    for row in frame.itertuples(index=False):
        sheet.append(list(row))
    for i in range(2, 60):
        sheet.cell(i, 1).comment = Comment(seeds.one(), re.sub(r"[\x00-\x1f]", "", seeds.one()))
    book.properties.creator, book.properties.title = "x " + seeds.one(), "x " + seeds.one()
    book.create_sheet(re.sub(r"[\[\]:*?/\\]", "-", seeds.one(28))).append(["x", seeds.one()])
    book.save(folder / "cases.xlsx")
    edit(folder, 'path = "cases.csv"', 'path = "cases.xlsx"')


@place("names of files", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    (folder / "files").mkdir()
    frame = cases(folder)
    for i in range(3):
        name = re.sub(r"[/\\:*?\"<>|\x00-\x1f]", "-", seeds.one(60))
        frame.iloc[i::3].to_csv(folder / "files" / f"izin {name}.csv", index=False)
    (folder / "files" / f"catatan {re.sub(r'[/]', '-', seeds.one(60))}.doc").write_text("x")
    edit(folder, 'path = "cases.csv"', 'path = "files"')


@place("a file that is not there")
def _(folder: Path, seeds: Seeds) -> None:
    edit(folder, 'path = "cases.csv"', f"path = '{re.sub(chr(39), '', seeds.one(60))}.csv'")


@place("comments of the study file", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    edit(folder, "[outcome]", "".join(f"# {seeds.one()}\n" for _ in range(20)) + "[outcome]")


@place("title and source of the study", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    edit(folder, '"Made up"', repr(re.sub(r"['\\\x00-\x1f]", "", seeds.one(60))))


@place("a key of the study file")
def _(folder: Path, seeds: Seeds) -> None:
    edit(folder, "[outcome]", f"'{re.sub(chr(39), '', seeds.one(60))}' = 1\n[outcome]")


@place("a value of the study file")
def _(folder: Path, seeds: Seeds) -> None:
    edit(folder, 'course = "e-gov"', f"course = '{re.sub(chr(39), '', seeds.one(60))}'")


@place("damaged rows")
def _(folder: Path, seeds: Seeds) -> None:
    frame = cases(folder)
    frame["Keterangan"] = [seeds.one() for _ in range(len(frame))]
    frame.to_csv(folder / "cases.csv", index=False)
    with (folder / "cases.csv").open("a") as file:
        file.write(f"{seeds.one()},{seeds.one()}\n")


def _notebook(folder: Path, code: str, words: str = "x") -> None:
    cells = [nbformat.v4.new_markdown_cell(words), nbformat.v4.new_code_cell(code)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "a.ipynb")
    edit(folder, "[inference]", '[report]\nnotebooks = ["a.ipynb"]\n\n[inference]')


@place("a notebook that fails", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    words = "\\n".join(repr(seeds.one())[1:-1].replace('"', "") for _ in range(20))
    _notebook(folder, f'raise KeyError("{words}")')


@place("a notebook that shows", runs=True)
def _(folder: Path, seeds: Seeds) -> None:
    _notebook(folder, f"print({seeds.one()!r})", seeds.one())


# --- what comes out -----------------------------------------------------------------------------------------------


def texts_of(content: bytes) -> Iterator[str]:
    """Yield every text in a file: as it is, the parts of a package, the packed streams of PDF and PNG, pages."""
    yield content.decode("utf-8", errors="replace")
    if b"\x00" in content[:200]:
        yield content.decode("utf-16-be", errors="ignore")
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            for part in package.infolist():
                yield part.filename
                if not part.is_dir():
                    data = package.read(part)
                    yield re.sub(r"<[^>]*>", "", data.decode("utf-8", errors="replace"))
                    yield from texts_of(data)
    if content.startswith(b"%PDF"):
        import pypdf

        reader = pypdf.PdfReader(io.BytesIO(content))
        yield str(reader.metadata)
        yield from (page.extract_text() for page in reader.pages)
    for start in re.finditer(rb"(?:stream\r?\n|zTXt|iTXt|iCCP)", content):
        for at in range(start.end(), start.end() + 40):
            with contextlib.suppress(zlib.error):
                text = zlib.decompressobj().decompress(content[at:]).decode("latin-1")
                if content.startswith(b"\x89PNG") or "xpacket" in text:  # the others are drawings, full of numbers
                    yield text
                break


def written_by(folder: Path, before: set[Path]) -> Iterator[tuple[str, str]]:
    """Yield where and what for each new file below a folder, its name included."""
    for path in sorted(folder.rglob("*")):
        if path not in before:
            yield "name", path.name
            if path.is_file():
                for text in texts_of(path.read_bytes()):
                    yield path.name, text


def came_out(put: Place, runs: bool, seeds: Seeds) -> tuple[list[str], str]:
    """Return the identifiers that came out of one study, with where, and how its steps ended."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "study"
        folder.mkdir()
        small_study(folder)
        edit(folder, "synthetic", 'language = "en"\nsynthetic')
        put(folder, seeds)
        before = set(folder.rglob("*"))
        printed, ends = io.StringIO(), []
        steps = [["check", str(folder), "--dropped", str(folder / "dropped.csv")], ["check", str(folder)]]
        steps += [["run", str(folder)]] if runs else []
        for step in steps:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                ends.append(f"{step[0]} {command(step)}")
        found = [f"printed: {known}" for known in seeds.found_in(printed.getvalue())]
        for where, text in written_by(folder, before):
            found += [f"{where}: {known}" for known in seeds.found_in(text)]
    return found, ", ".join(ends)


def main() -> int:
    """Print what came out of each place; the exit code says whether anything did."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--identifiers", type=int, default=100_000, help="least number in all; once each place for 0")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--check", action="store_true", help="check the studies and run none, which takes most time")
    asked.add_argument("--only", default="", help="part of the name of the places to try")
    given = asked.parse_args()
    warnings.simplefilter("default")
    total, placed, again = 0, 0, 0
    while not again or placed < given.identifiers:
        for name, (put, runs) in PLACES.items():
            if given.only not in name or (again and placed >= given.identifiers):
                continue
            if again and name not in ("cells of persons and free text", "damaged rows", "all services"):
                continue  # one or a few identifiers each: once is enough
            seeds = Seeds(10_000 * given.seed + 100 * again + sorted(PLACES).index(name))
            found, ends = came_out(put, runs and not given.check, seeds)
            placed, total = placed + seeds.placed, total + len(found)
            print(f"{len(found):4} of {seeds.placed:6,} came out of {name} ({ends})", flush=True)
            for line in sorted(set(found))[:5]:
                print(f"       {line}")
        again += 1
        if given.only or given.check:
            break
    print(f"{total} of {placed:,} identifiers came out, {len(PLACES)} places")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
