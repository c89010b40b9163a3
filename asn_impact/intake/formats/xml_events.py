"""XML as a stream of elements, without entities: a file that defines any is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from xml.parsers import expat

from asn_impact.errors import InputError
from asn_impact.words import Message


class Listener(Protocol):
    """What hears of each element; names without their namespaces."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Hear of the beginning of an element."""

    def end(self, tag: str) -> None:
        """Hear of its end."""

    def data(self, text: str) -> None:
        """Hear of a piece of text."""


class _EntitiesError(Exception):
    pass


def read_xml(path: Path, listener: Listener, content: bytes | None = None) -> None:
    """Tell a listener of all elements of an XML file, or of its content where that was read already.

    Raises
    ------
    InputError
        The file is no whole XML, or defines entities.
    """

    def refuse(*_: object) -> None:
        raise _EntitiesError

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda tag, given: listener.start(_bare(tag), {_bare(k): v for k, v in given.items()})
    parser.EndElementHandler = lambda tag: listener.end(_bare(tag))
    parser.CharacterDataHandler = listener.data
    try:
        if content is not None:
            parser.Parse(content, True)  # noqa: FBT003
        else:
            with path.open("rb") as handle:
                parser.ParseFile(handle)
    except _EntitiesError:
        raise InputError(Message("files.xml_entities", file=path.name)) from None
    except (expat.ExpatError, ValueError, LookupError):
        raise InputError(Message("files.damaged_xml", file=path.name)) from None


def _bare(name: str) -> str:
    return name.rpartition(" ")[2]
