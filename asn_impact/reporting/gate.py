"""The gate: nothing leaves with something in it that identifies a person. What cannot be read cannot pass."""

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
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import PurePath
from typing import Any, Final, TypeVar

from asn_impact.errors import PrivacyError
from asn_impact.intake.privacy import identifiers_in

__all__ = ["release"]

Content = TypeVar("Content", str, bytes)

_HASH: Final = re.compile(r"\b[0-9a-f]{64}\b")
_MEASUREMENT: Final = re.compile(r"[-+\u2212]?\d{0,6}[.,]\d+(?:[eE][-+]?\d+)?")  # decimals, not a name
_GEOMETRY: Final = frozenset(
    {"d", "points", "transform", "viewBox", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry"}
    | {"width", "height", "style", "id", "class", "href", "clip-path"}
)
_PDF_TEXT: Final = re.compile(rb"\(((?:[^()\\]|\\.)*)\)")


def release(content: Content, name: str) -> Content:
    r"""Return the content unchanged when nothing in it looks like a person's number; refuse it otherwise.

    Looks at what a reader could get out of the file: text, comments and metadata of an SVG, every cell of a CSV,
    every key and value of a JSON, text and attributes of an HTML page and the pictures inside it, the text
    chunks of a PNG, the document information of a PDF; of anything else, the whole text.

    Parameters
    ----------
    content
        What is about to be written.
    name
        File name; its ending says how the content is read.

    Raises
    ------
    PrivacyError
        Something is shaped like a NIK, a NIP or a telephone number, or the content cannot be read. The
        message names the file and counts, never the number itself.

    Examples
    --------
    >>> release("office,days\nDinas A,7.25\n", "table.csv")
    'office,days\nDinas A,7.25\n'
    """
    found = sum(len(list(identifiers_in(_HASH.sub("", piece)))) for piece in _pieces(content, name))
    if found:
        raise PrivacyError(
            f"{name} holds {found} number(s) shaped like a NIK, a NIP or a telephone number: it was not "
            "written. Expected none. Leave out the column or label they come from, or replace it by pseudonyms."
        )
    return content


def _pieces(content: str | bytes, name: str) -> Iterator[str]:
    """Every piece of text a reader of the file could get out of it, its name included."""
    yield PurePath(name).stem
    reader = _READERS.get(PurePath(name).suffix.casefold(), _text)
    try:
        yield from reader(content)
    except (ValueError, ElementTree.ParseError, struct.error, zlib.error, csv.Error) as error:
        raise PrivacyError(
            f"{name} cannot be read as {PurePath(name).suffix or 'text'} ({type(error).__name__}), so it cannot "
            "be checked and was not written. Give it the ending that fits its content."
        ) from error


def _decoded(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("utf-8-sig")


def _encoded(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _text(content: str | bytes) -> Iterator[str]:
    yield _decoded(content)


def _csv(content: str | bytes) -> Iterator[str]:
    for row in csv.reader(io.StringIO(_decoded(content)), strict=True):
        yield from (cell for cell in row if not _MEASUREMENT.fullmatch(cell.strip()))


def _json(content: str | bytes) -> Iterator[str]:
    yield from _values(json.loads(_decoded(content)))


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
    parser.feed(_encoded(content))
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
                self.pieces.extend(_embedded(value))
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
    page.feed(_decoded(content))
    page.close()
    yield from page.pieces


def _embedded(address: str) -> Iterator[str]:
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
    data = _encoded(content)
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
    data = _encoded(content)
    if not data.startswith(b"%PDF"):
        raise ValueError("no PDF")
    for found in _PDF_TEXT.finditer(re.sub(rb"stream\r?\n.*?endstream", b"", data, flags=re.DOTALL)):
        text = found[1]
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
