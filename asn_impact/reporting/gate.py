"""The gate: nothing leaves with something in it that identifies a person. What cannot be read cannot pass.

`release` looks at what is about to be written. The rules below it look at the numbers before they are: small cells that
margins or an earlier table give away, sums that are one contributor, ends of small groups, shares that say it of all.
Minimum 10 and the dominance rules (n, k) = (2, 0.90) and p = 10 % are conventions; the law names no number.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
import struct
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from html.parser import HTMLParser
from pathlib import PurePath
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from asn_impact.arrays import Bool, Float, readonly
from asn_impact.errors import InputError, PrivacyError
from asn_impact.identifiers import persons_in
from asn_impact.intake.written import shielded
from asn_impact.words import Message

Content = TypeVar("Content", str, bytes)

MINIMUM: Final = 10  # never below 5: a convention, no law names a number
LEAST_MINIMUM: Final = 5
_SMALL: Final = frozenset(str(n) for n in range(1, LEAST_MINIMUM))
_HASH: Final = re.compile(r"\b[0-9a-f]{64}\b")
_MEASUREMENT: Final = re.compile(r"[-+\u2212]?\d{0,6}[.,]\d+(?:[eE][-+]?\d+)?")  # decimals, not a name
_GEOMETRY: Final = frozenset(
    {"d", "points", "transform", "viewBox", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry"}
    | {"width", "height", "style", "id", "class", "href", "clip-path"}
)
_PDF_TEXT: Final = re.compile(rb"\(((?:[^()\\]|\\.)*)\)")


def release(content: Content, name: str, *, counts: Collection[str] = ()) -> Content:
    r"""Return the content unchanged when nothing in it looks like a person's number or name; refuse it otherwise.

    Looks at what a reader could get out of the file: text, comments and metadata of an SVG, every cell of a CSV,
    every key and value of a JSON, text and attributes of an HTML page and the pictures inside it, the text
    chunks of a PNG, the document information of a PDF; of anything else, the whole text. A CSV also does not leave
    with a count from 1 to 4 in a column of `COUNTS`, nor with one hidden count alone among shown ones, which the total
    gives back.

    Parameters
    ----------
    content
        What is about to be written.
    name
        File name; its ending says how the content is read.
    counts
        Columns of a CSV that are known to count persons or cases, whatever they are called, besides those of `COUNTS`.

    Raises
    ------
    PrivacyError
        Something is shaped like a number, an address or a titled name of a person, a count points at few persons,
        or the content cannot be read. The message names the file and counts, never the number itself.

    Examples
    --------
    >>> release("office,days\nDinas A,7.25\n", "table.csv")
    'office,days\nDinas A,7.25\n'
    """
    count = sum(len(persons_in(_HASH.sub("", piece))) for piece in _pieces(content, name, counts))
    if count:
        raise PrivacyError(Message("gate.identifiers", name=name, n=count))
    return content


def _pieces(content: str | bytes, name: str, counts: Collection[str]) -> Iterator[str]:
    """Every piece of text a reader of the file could get out of it, its name included."""
    yield PurePath(name).stem
    ending = PurePath(name).suffix.casefold()
    reader = partial(_csv, counts=counts) if ending == ".csv" else _READERS.get(ending, _text)
    try:
        yield from reader(content)
    except _SmallError as small:
        raise PrivacyError(Message("gate.small", name=name, why=small.why)) from None
    except _RunsError:
        raise PrivacyError(Message("gate.formula", name=name)) from None
    except (ValueError, ElementTree.ParseError, struct.error, zlib.error, csv.Error) as error:
        raise PrivacyError(
            Message("gate.unreadable", name=name, form=PurePath(name).suffix or "text", problem=type(error).__name__)
        ) from error


class _RunsError(Exception):
    """A cell of a CSV begins as a formula does."""


def _decode(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("utf-8-sig")


def _encode(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _text(content: str | bytes) -> Iterator[str]:
    yield _decode(content)


class _SmallError(Exception):
    """A column of counts points at few persons; `why` says how."""

    def __init__(self, why: Message) -> None:
        super().__init__(why)
        self.why = why


#: Headings under which a CSV of ours counts persons or their cases.
COUNTS: Final = frozenset({"records", "records_before", "records_after", "respondents", "cases", "open"})
_HIDDEN: Final = re.compile(r"<\d+|\*")


def _refuse_small_counts(rows: list[list[str]], counts: Collection[str]) -> None:
    """Refuse counts from 1 to below 5, and a single hidden count among shown ones."""
    headings = rows[0] if rows else []
    for at in (i for i, name in enumerate(headings) if name in counts or name.strip().casefold() in COUNTS):
        cells = [row[at].strip() for row in rows[1:] if at < len(row)]
        small = sum(cell in _SMALL for cell in cells)
        hidden = sum(_HIDDEN.fullmatch(cell) is not None for cell in cells)
        if small:
            raise _SmallError(Message("gate.small_counts", n=small, least=LEAST_MINIMUM, column=rows[0][at]))
        if hidden == 1 and sum(cell not in {"", "0"} for cell in cells) > 1:
            raise _SmallError(Message("gate.one_hidden", column=rows[0][at]))


def _csv(content: str | bytes, counts: Collection[str] = ()) -> Iterator[str]:
    rows = list(csv.reader(io.StringIO(_decode(content)), strict=True))
    _refuse_small_counts(rows, counts)
    for row in rows:
        if any(shielded(cell) != cell for cell in row):
            raise _RunsError
        yield from (cell for cell in row if not _MEASUREMENT.fullmatch(cell.strip()))


def _json(content: str | bytes) -> Iterator[str]:
    yield from _values(json.loads(_decode(content)))


def _values(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a JSON text holds
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)


def _svg(content: str | bytes) -> Iterator[str]:
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True, insert_pis=True))
    parser.feed(_encode(content))
    for element in parser.close().iter():
        style = isinstance(element.tag, str) and element.tag.endswith("style")
        yield from (text for text in (element.text, element.tail) if text and not style)
        for key, value in element.attrib.items():
            if key.rpartition("}")[2] not in _GEOMETRY:
                yield value


class _Page(HTMLParser):
    """Collects the text, comments and attributes of a page, and the pictures embedded in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._style = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style += tag == "style"
        for key, value in attrs:
            if value and value.startswith("data:"):
                self.pieces.extend(_read_embedded(value))
            elif value and key not in {"style", "class", "id", "href"}:
                self.pieces.append(value)

    def handle_endtag(self, tag: str) -> None:
        self._style -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.pieces.append(data)

    def handle_comment(self, data: str) -> None:
        self.pieces.append(data)


def _html(content: str | bytes) -> Iterator[str]:
    page = _Page()
    page.feed(_decode(content))
    page.close()
    yield from page.pieces


def _read_embedded(address: str) -> Iterator[str]:
    """Yield the text inside a picture that is written into the page itself."""
    head, _, body = address.partition(",")
    if head.endswith(";base64"):
        try:
            content = base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise ValueError("embedded picture") from error
    else:
        content = urllib.parse.unquote_to_bytes(body)
    kind = head.removeprefix("data:").partition(";")[0]
    yield from _READERS[{"image/svg+xml": ".svg", "image/png": ".png"}.get(kind, ".txt")](content)


def _png(content: str | bytes) -> Iterator[str]:
    data = _encode(content)
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("no PNG")
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, chunk = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"tEXt":
            yield chunk.decode("latin-1")
        elif kind == b"zTXt":
            yield zlib.decompress(chunk.partition(b"\0")[2][1:]).decode("latin-1")
        elif kind == b"iTXt":
            yield _international(chunk)
        at += 12 + length


def _international(chunk: bytes) -> str:
    """Text of an iTXt chunk: keyword, two flags, language, translated keyword, text."""
    keyword, _, rest = chunk.partition(b"\0")
    body = rest[2:].split(b"\0", 2)[2]
    return (keyword + b" " + (zlib.decompress(body) if rest[:1] == b"\1" else body)).decode("utf-8")


def _pdf(content: str | bytes) -> Iterator[str]:
    data = _encode(content)
    if not data.startswith(b"%PDF"):
        raise ValueError("no PDF")
    for match in _PDF_TEXT.finditer(re.sub(rb"stream\r?\n.*?endstream", b"", data, flags=re.DOTALL)):
        text = match[1]
        yield text.decode("utf-16-be", "replace") if text.startswith(b"\xfe\xff") else text.decode("latin-1")


_READERS: Final[Mapping[str, Callable[[str | bytes], Iterator[str]]]] = {
    ".svg": _svg,
    ".csv": _csv,
    ".json": _json,
    ".html": _html,
    ".png": _png,
    ".pdf": _pdf,
    ".txt": _text,
}


# --- rules for numbers ----------------------------------------------------------------------------------------


def _check_minimum(minimum: int) -> int:
    if minimum < LEAST_MINIMUM:
        raise InputError(Message("gate.minimum", minimum=minimum))
    return minimum


def withheld(counts: npt.ArrayLike, *, minimum: int = MINIMUM) -> Bool:
    """Return which cells of a table with totals must not be shown, so that no small count can be worked out.

    Counts from 1 to below the minimum go first. Then the smallest other cells go until no hidden count follows from
    the totals of rows and columns, alone or together, and what is hidden in a row or column is never below the
    minimum in sum.

    Parameters
    ----------
    counts
        (R, C) counts without their totals; the totals are taken to be shown. One row is a list with its total.
    minimum
        Smallest count that may be shown, 5 or more.

    Returns
    -------
    (R, C) booleans

    Raises
    ------
    InputError
        The counts are negative or no table, or the minimum is below 5.

    Examples
    --------
    >>> withheld([[40, 12, 25], [30, 3, 20]]).astype(int).tolist()
    [[0, 1, 1], [0, 1, 1]]
    """
    _check_minimum(minimum)
    table = np.atleast_2d(np.asarray(counts, dtype=np.float64))
    if table.ndim != 2 or not np.isfinite(table).all() or (table < 0).any():
        raise InputError(Message("gate.no_table"))
    hidden = (table > 0) & (table < minimum)
    while hidden.any() and (line := _open_line(table, hidden, minimum)) is not None:
        hidden[line] = True
    return readonly(hidden)


def _open_line(table: Float, hidden: Bool, minimum: int) -> tuple[int, int] | None:
    """Cell to hide next: the smallest one beside a hidden cell that is still given away; None when none is."""
    away = _find_given_away(hidden) | _small_in_sum(table, hidden, minimum)
    rows, columns = np.nonzero(away)
    beside = np.zeros_like(hidden)
    beside[rows, :] = True
    beside[:, columns] = table.shape[0] > 1
    candidates = beside & ~hidden & (table > 0)
    if not candidates.any():
        return None
    at = np.argmin(np.where(candidates, table, np.inf))
    row, column = np.unravel_index(at, table.shape)
    return int(row), int(column)


def _find_given_away(hidden: Bool) -> Bool:
    """Hidden cells that follow from the totals: those that are 0 in every solution of what is left (null space)."""
    at = np.argwhere(hidden)
    sums = np.zeros((hidden.shape[0] + hidden.shape[1], len(at)))
    sums[at[:, 0], np.arange(len(at))] = 1
    if hidden.shape[0] > 1:  # a list has one total, and no totals of its columns
        sums[hidden.shape[0] + at[:, 1], np.arange(len(at))] = 1
    _, values, directions = np.linalg.svd(sums)
    free = directions[int((values > 1e-9).sum()) :]
    away = np.zeros_like(hidden)
    away[at[:, 0], at[:, 1]] = (np.abs(free) < 1e-9).all(axis=0)
    return away


def _small_in_sum(table: Float, hidden: Bool, minimum: int) -> Bool:
    """Hidden cells of a row or column in which all that is hidden is below the minimum in sum."""
    inside = np.where(hidden, table, 0.0)
    small = (inside.sum(axis=1, keepdims=True) < minimum) & hidden
    small_column = (inside.sum(axis=0, keepdims=True) < minimum) & hidden & (table.shape[0] > 1)
    both: Bool = np.logical_or(small, small_column)
    return both


def differing(earlier: Mapping[str, int], later: Mapping[str, int], *, minimum: int = MINIMUM) -> tuple[str, ...]:
    """Return the labels whose counts in two tables differ by a small number of persons, which the difference shows.

    Parameters
    ----------
    earlier, later
        Label -> count, as published and as about to be. Labels in one table only are no difference of two.
    minimum
        Smallest difference that may be shown, 5 or more. No difference at all shows nothing.

    Examples
    --------
    >>> differing({"Dinas A": 57, "Dinas B": 80}, {"Dinas A": 54, "Dinas B": 60})
    ('Dinas A',)
    """
    _check_minimum(minimum)
    return tuple(name for name in earlier if name in later and 0 < abs(earlier[name] - later[name]) < minimum)


def differing_tables(earlier: str, later: str, *, counts: Collection[str] = ()) -> tuple[str, ...]:
    r"""Return the rows of two versions of a CSV whose counts differ by a small number of persons.

    Rows are the same when every cell is that is no count (`COUNTS`) and no measurement. Whoever has both versions sees
    the difference; hidden counts show none.

    Parameters
    ----------
    earlier, later
        Texts of the file as published and as about to be.
    minimum
        As for `differing`.
    counts
        Columns that count, besides those of `COUNTS`.

    Returns
    -------
    tuple of str
        Column and row, as in ``records of Dinas A``.

    Examples
    --------
    >>> differing_tables("office,records\nDinas A,57\n", "office,records\nDinas A,54\n")
    ('records of Dinas A',)
    """
    return differing(_count_rows(earlier, counts), _count_rows(later, counts))


def _count_rows(text: str, known: Collection[str]) -> dict[str, int]:
    """Column and row of a CSV -> the count there, where one is shown."""
    cells: dict[str, int] = {}
    for row in csv.DictReader(io.StringIO(text)):
        counts = {k: str(cell) for k, cell in row.items() if k in known or str(k).strip().casefold() in COUNTS}
        others = [str(cell) for key, cell in row.items() if key not in counts and not _is_measurement(str(cell))]
        label = " ".join(others)
        cells |= {f"{key} of {label}": int(cell) for key, cell in counts.items() if cell.isdecimal()}
    return cells


def _is_measurement(cell: str) -> bool:
    return cell == "" or _MEASUREMENT.fullmatch(cell) is not None


def dominated(contributions: npt.ArrayLike, *, n: int = 2, k: float = 0.90, p: float = 0.10) -> bool:
    """Return whether a sum says too much of its largest contributors: (n, k) dominance, or the p % rule.

    The n largest hold more than the share k of the sum; or the sum without the two largest is less than p times the
    largest, so that the second knows the first to within p.

    Raises
    ------
    InputError
        A contribution is negative or missing.

    Examples
    --------
    >>> dominated([990, 2, 1, 1, 1, 1, 1, 1, 1, 1]), dominated([10] * 10)
    (True, False)
    """
    sizes = np.sort(np.asarray(contributions, dtype=np.float64))[::-1]
    if not np.isfinite(sizes).all() or (sizes < 0).any():
        raise InputError(Message("gate.contributions"))
    total = float(sizes.sum())
    return bool(total > 0 and (sizes[:n].sum() > k * total or total - sizes[:2].sum() < p * sizes[0]))


def points_at_few(n: float, q: float) -> bool:
    """Return whether a quantile of n persons has fewer than the minimum below or above it: minima and maxima always do.

    Parameters
    ----------
    n
        How many persons or cases it is taken over.
    q
        Between 0 and 1.
    minimum
        5 or more.

    Examples
    --------
    >>> points_at_few(100, 0.5), points_at_few(99, 0.9), points_at_few(12, 0.5)
    (False, True, True)
    """
    return round(n * min(q, 1 - q), 6) < MINIMUM
