"""Files of every format, damaged in a million ways, and how reading each one ends.

    python benchmarks/mutations.py --files 1000000 --seconds 3600 [--seed 1] [--first 0] [--keep FOLDER]

Each file is a whole one with one to four changes: bits flipped, an end cut off, a part put elsewhere or repeated,
numbers of lengths set to their limits, elements of XML doubled, torn or nested, parts of a zip file changed inside and
packed again. It is opened and all its rows are read; one in 32 goes through `read_exports` to the last record. A
session reads many of them; it must outlive them all. Counted are

* aborts: the session itself died;
* hangs: one file took more than ten seconds of CPU of the session and the process that reads for it;
* foreign exceptions: anything but a refusal of this package.

Any of them is printed with its number, and ``--seed S --only N`` reads that file alone. The counts so far are printed
every few minutes, with the number at which ``--first`` goes on after a run that was stopped.
"""

from __future__ import annotations

import argparse
import gzip
import io
import math
import queue
import random
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

HANG, PATIENCE = 10.0, 120.0  # seconds of CPU for one file; of waiting, where other programs have the machine
A_SESSION = 4000  # files; then a new one begins, which leaves no copies behind
WHOLE_WAY = 32  # one file in so many is read to the last record
LENGTHS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 2**64 - 1)
NUMBERS = (b"0", b"-1", b"1048576", b"2147483648", b"99999999999999999999", b"1e308", b"NaN", b"")


# --- whole files --------------------------------------------------------------------------------------------------


def whole_files(folder: Path) -> dict[str, bytes]:
    """Return name -> content of a small whole file of each format, in each of its common ways."""
    import duckdb

    from tests.intake.test_formats import FORMS, HEADINGS, ROWS

    written = {}
    for way, (name, write) in FORMS.items():
        path = folder / name
        write(path, ROWS)
        written[f"{way.replace(' ', '-')}/{name}"] = path.read_bytes()
        path.unlink()
    text = written["csv/a.csv"].decode()
    written["utf16/a.csv"] = text.encode("utf-16")
    written["bare/a.csv"] = text.replace('"', "").encode()
    written["cp1252/a.txt"] = text.replace("Dinas", "Dinàs").encode("cp1252")
    names = HEADINGS
    events = "".join(
        f'<trace><string key="concept:name" value="K{i}"/><event><string key="unit" value="A"/>'
        f'<date key="time:timestamp" value="2024-01-{i % 28 + 1:02d}T00:00:00"/></event></trace>'
        for i in range(30)
    )
    written["xes/a.xes"] = f'<?xml version="1.0"?><log>{events}</log>'.encode()
    written["xes-packed/a.xes.gz"] = gzip.compress(written["xes/a.xes"])
    rows = (
        "(VALUES "
        + ", ".join(str(tuple(r)) for r in ROWS)
        + f") t({', '.join(f'{chr(34)}{n}{chr(34)}' for n in names)})"
    )
    columns = ", ".join(f'TRY_CAST("{n}" AS DATE) AS "{n}"' if i > 1 else f'"{n}"' for i, n in enumerate(names))
    with duckdb.connect() as engine:
        for codec in ("uncompressed", "snappy", "zstd", "gzip"):
            for version in ("v1", "v2"):
                path = folder / "a.parquet"
                engine.execute(
                    f"COPY (SELECT {columns}, 1.5::DECIMAL(9,2) AS n, [1, 2] AS l, {{'a': 1}} AS s FROM {rows}) "
                    f"TO '{path}' (COMPRESSION {codec}, PARQUET_VERSION {version})"
                )
                written[f"parquet-{codec}-{version}/a.parquet"] = path.read_bytes()
    with duckdb.connect(str(folder / "a.duckdb")) as database:
        database.execute(f"CREATE TABLE permohonan AS SELECT {columns} FROM {rows}")
    written["duckdb/a.duckdb"] = (folder / "a.duckdb").read_bytes()
    return written


# --- changes ------------------------------------------------------------------------------------------------------

Change = Callable[[random.Random, bytes], bytes]


def flipped(rng: random.Random, content: bytes) -> bytes:
    """Flip one bit, or set some bytes, anywhere."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        at = rng.randrange(len(changed))
        changed[at] = changed[at] ^ 1 << rng.randrange(8) if rng.random() < 0.5 else rng.randrange(256)
    return bytes(changed)


def flipped_near_an_end(rng: random.Random, content: bytes) -> bytes:
    """Set some bytes near the beginning or the end, where formats say how long things are."""
    near = min(len(content), rng.choice((16, 64, 512)))
    if rng.random() < 0.5:
        return flipped(rng, content[:near]) + content[near:]
    return content[:-near] + flipped(rng, content[-near:])


def cut(rng: random.Random, content: bytes) -> bytes:
    """Leave an end or a beginning away, or a part in the middle."""
    a, b = sorted((rng.randrange(len(content)), rng.randrange(len(content) + 1)))
    return rng.choice((content[:b], content[a:], content[:a] + content[b:]))


def spliced(rng: random.Random, content: bytes) -> bytes:
    """Put a part somewhere else."""
    a = rng.randrange(len(content))
    part = content[a : a + rng.choice((1, 4, 16, 256, 4096))]
    to = rng.randrange(len(content))
    return content[:to] + part + content[to + (len(part) if rng.random() < 0.5 else 0) :]


def repeated(rng: random.Random, content: bytes) -> bytes:
    """Repeat a part up to half a megabyte."""
    a = rng.randrange(len(content))
    part = content[a : a + rng.choice((1, 2, 5, 40, 300))]
    times = rng.choice((2, 10, 1000, 100_000))
    return content[:a] + (part * times)[: 1 << 19] + content[a:]


def resized(rng: random.Random, content: bytes) -> bytes:
    """Set a field of two, four or eight bytes to a limit of lengths."""
    size = rng.choice((2, 4, 8))
    at = rng.randrange(max(len(content) - size, 1))
    if rng.random() < 0.4:
        at = max(0, len(content) - size - rng.randrange(min(len(content), 64)))
    value = rng.choice(LENGTHS) & ((1 << 8 * size) - 1)
    return content[:at] + value.to_bytes(size, rng.choice(("little", "big"))) + content[at + size :]


_TAG = re.compile(rb"<[^<>]{1,300}>")
_VALUE = re.compile(rb"(?<=[\"'>])-?\d[\d.]*(?=[\"'<])")


def marked_up(rng: random.Random, content: bytes) -> bytes:
    """Double, drop, tear, nest or renumber the elements of XML or HTML."""
    tags = list(_TAG.finditer(content))
    if not tags:
        return flipped(rng, content)
    tag = rng.choice(tags)
    way = rng.randrange(6)
    if way == 0:
        return content[: tag.start()] + content[tag.end() :]
    if way == 1:
        return content[: tag.start()] + tag.group() * rng.choice((2, 50, 20_000)) + content[tag.end() :]
    if way == 2:
        return content[: tag.start()] + tag.group()[:-1] + content[tag.end() :]
    if way == 3:
        other = rng.choice(tags)
        return content[: tag.start()] + other.group() + content[tag.end() :]
    if way == 4 and (values := list(_VALUE.finditer(content))):
        value = rng.choice(values)
        return content[: value.start()] + rng.choice(NUMBERS) + content[value.end() :]
    attribute = rng.choice(
        (b' r="XFD1048576"', b' t="s"', b' t="e"', b' colspan="9999"', b' hidden="1"', b' s="99999"')
    )
    attribute = rng.choice((attribute, b' table:number-columns-repeated="99999999"', b' ss:Index="99999999"'))
    return content[: tag.end() - 1] + attribute + content[tag.end() - 1 :]


ANYWHERE: tuple[Change, ...] = (flipped, flipped_near_an_end, cut, spliced, repeated, resized)


def repacked(rng: random.Random, content: bytes) -> bytes:
    """Change a part inside a zip file, its name, or how it is packed, and pack it again."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = [(p.filename, package.read(p)) for p in package.infolist()]
    except Exception:
        return flipped(rng, content)
    if not parts:  # an earlier change took the last one out
        return flipped(rng, content)
    i = rng.randrange(len(parts))
    name, inside = parts[i]
    way = rng.random()
    if way < 0.75 and inside:
        parts[i] = name, rng.choice((*ANYWHERE, marked_up, marked_up, marked_up))(rng, inside)
    elif way < 0.85:
        parts[i] = rng.choice((name.upper(), "../" + name, name + "/", "a" * 60_000, parts[0][0])), inside
    elif way < 0.93:
        parts.append(parts[i])
    else:
        del parts[i]
    packing = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    memory = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(memory, "w", packing if way < 0.5 else zipfile.ZIP_DEFLATED) as new:
        warnings.simplefilter("ignore")  # two parts of one name
        for each, data in parts:
            new.writestr(each, data)
    return memory.getvalue()


def unpacked_changed(rng: random.Random, content: bytes) -> bytes:
    """Change what is in a gzip file and pack it again."""
    try:
        inside = gzip.decompress(content)
    except Exception:
        return flipped(rng, content)
    return gzip.compress(rng.choice((*ANYWHERE, marked_up))(rng, inside or b"0"), compresslevel=1)


def resized_footer(rng: random.Random, content: bytes) -> bytes:
    """Say another length of the footer of a Parquet file, or change what is in it."""
    (size,) = struct.unpack("<I", content[-8:-4].rjust(4, b"\0"))
    if rng.random() < 0.2 or not 0 < size < len(content) - 8:
        return content[:-8] + struct.pack("<I", rng.choice(LENGTHS) & 0xFFFFFFFF) + content[-4:]
    footer = rng.choice((flipped, spliced, resized))(rng, content[-8 - size : -8])
    return content[: -8 - size] + footer + struct.pack("<I", len(footer)) + content[-4:]


def changed(rng: random.Random, name: str, content: bytes) -> bytes:
    """Return a file with one to four changes, of the kinds that its format invites."""
    start = content[:2]
    kinds: tuple[Change, ...] = ANYWHERE
    if start == b"PK":
        kinds += (repacked,) * 9
    elif start == b"\x1f\x8b":
        kinds += (unpacked_changed,) * 5
    elif name.endswith(".parquet"):
        kinds += (resized_footer,) * 5
    elif b"<" in content[:200]:
        kinds += (marked_up,) * 5
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        content = rng.choice(kinds)(rng, content) or b"\0"
    return content


def file_number(seed: int, number: int, whole: dict[str, bytes]) -> tuple[str, bytes]:
    """Return name and content of one changed file; the same on every machine."""
    rng = random.Random(f"{seed}/{number}")
    name = rng.choice(sorted(whole))
    return name, changed(rng, name, whole[name])


# --- one session --------------------------------------------------------------------------------------------------


def session(seed: int, first: int, last: int) -> None:
    """Read files one after the other and print how each one ended; this process is the one that must not die."""
    import asn_impact as ai
    from asn_impact.intake.formats import open_file
    from asn_impact.intake.formats.engine import reading

    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        whole = whole_files(folder)
        print("ready", flush=True)
        for number in range(first, last):
            name, content = file_number(seed, number, whole)
            path = folder / f"{number}{''.join(Path(name).suffixes)}"
            path.write_bytes(content)
            table = "permohonan" if path.suffix == ".duckdb" else None
            try:
                if number % WHOLE_WAY:
                    with reading(path.name):
                        for one in open_file(path, len, table):
                            one.relation.to_arrow_table()  # years that Python does not have stay in Arrow
                    outcome = "read"
                else:
                    extract = ai.read_exports(path, as_of="2024-12-31", table=table)
                    outcome = "read" if len(extract.records.collect()) == extract.ledger.kept else "foreign: ledger"
            except ai.AsnImpactError as error:
                key = getattr(error.message, "key", "")
                outcome = {
                    "files.ended_the_reader": "its reader ended",
                    "files.took_too_long": "its reader was stopped",
                    "files.too_much_memory": "its reader had no memory",
                }.get(key, "refused")
                del error
            except BaseException as error:
                outcome = f"foreign: {type(error).__name__}: {str(error)[:150]!r}"
            path.unlink()
            print(number, name.partition("/")[0], outcome, sep="\t", flush=True)


# --- the run ------------------------------------------------------------------------------------------------------


def cpu_of(process: psutil.Process) -> float:
    """Return the CPU seconds of a session and of the process that reads for it."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            total += sum(one.cpu_times()[:2])
        except psutil.Error:  # it has just ended
            continue
    return total


def listen(lines: IO[str], heard: queue.Queue[str]) -> None:
    """Pass on each line; an empty one at the end."""
    for line in lines:
        heard.put(line)
    heard.put("")


def run(
    files: int, seconds: float, seed: int, first: int = 0, every: float = math.inf
) -> tuple[Counter[str], Counter[tuple[str, str]], list[str]]:
    """Read changed files in sessions until there are enough or time is up; return the counts and what went wrong.

    Every so many seconds the counts so far are printed.
    """
    outcomes: Counter[str] = Counter()
    by_format: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    began, number, said = time.monotonic(), first, time.monotonic()
    while number < files and time.monotonic() - began < seconds:
        last = min(number + A_SESSION, files)
        command = [sys.executable, __file__, "--session", str(number), str(last), "--seed", str(seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout is not None
            heard: queue.Queue[str] = queue.Queue()
            threading.Thread(target=listen, args=(process.stdout, heard), daemon=True).start()
            problem, since = "", time.monotonic()
            used: float | None = None  # None while the session begins
            while number < last:
                try:
                    line = heard.get(timeout=0.5)
                except queue.Empty:
                    busy = 0.0 if used is None else cpu_of(psutil.Process(process.pid)) - used
                    if busy > HANG or time.monotonic() - since > PATIENCE:
                        problem = "hang"
                        break
                    continue
                if not line:
                    problem = "abort"
                    break
                since = time.monotonic()
                if line != "ready\n":
                    number, kind, outcome = int(line.split("\t")[0]) + 1, *line.rstrip("\n").split("\t")[1:]
                    outcomes[outcome.partition(":")[0]] += 1
                    by_format[kind, outcome.partition(":")[0]] += 1
                    if outcome.startswith("foreign"):
                        wrong.append(f"{number - 1} {kind}: {outcome}")
                if heard.empty() and process.poll() is None:
                    used = cpu_of(psutil.Process(process.pid)) if line == "ready\n" or used is None else used
                    used = cpu_of(psutil.Process(process.pid)) if number % 10 == 0 else used
                if time.monotonic() - said > every:
                    said = time.monotonic()
                    print(f"files {first}-{number - 1}, seed {seed}: {dict(outcomes)}", *wrong, sep="\n  ", flush=True)
                if time.monotonic() - began > seconds:
                    break
            for one in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ():
                one.kill()
            process.kill()
            if problem:
                outcomes[problem] += 1
                wrong.append(f"{number}: {problem}")
                number += 1
    return outcomes, by_format, wrong


def main() -> int:
    """Run, print the counts; the exit code says whether anything went wrong."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--files", type=int, default=1_000_000)
    asked.add_argument("--seconds", type=float, default=120.0)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--every", type=float, default=300.0, help="seconds between two prints of the counts")
    asked.add_argument("--only", type=int, help="write this one file into --keep and say how reading it ends")
    asked.add_argument("--keep", type=Path, default=Path())
    asked.add_argument("--session", type=int, nargs=2, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.session:
        session(given.seed, *given.session)
        return 0
    if given.only is not None:
        with tempfile.TemporaryDirectory() as place:
            name, content = file_number(given.seed, given.only, whole_files(Path(place)))
        (given.keep / f"{given.only}{''.join(Path(name).suffixes)}").write_bytes(content)
        session(given.seed, given.only, given.only + 1)
        return 0
    outcomes, by_format, wrong = run(given.files, given.seconds, given.seed, given.first, given.every)
    bad = {name: outcomes.pop(name, 0) for name in ("abort", "hang", "foreign")}
    print(
        f"{outcomes.total() + sum(bad.values()):,} files of {len({k for k, _ in by_format})} kinds, seed {given.seed}"
    )
    print(f"aborts {bad['abort']}, hangs {bad['hang']}, foreign exceptions {bad['foreign']}")
    print(", ".join(f"{name} {n:,}" for name, n in outcomes.most_common()))
    for kind in sorted({k for k, _ in by_format}):
        print(f"    {kind:28}" + ", ".join(f"{o} {n}" for (k, o), n in sorted(by_format.items()) if k == kind))
    print("\n".join(wrong[:40]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
