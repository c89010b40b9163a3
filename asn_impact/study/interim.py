"""To be deleted when every room speaks in messages: what stands in for them until then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from asn_impact.errors import AsnImpactError
from asn_impact.words import Message, languages, verbatim

__all__ = ["as_message", "as_note", "message_of", "messages", "texts"]


def message_of(problem: AsnImpactError) -> Message:
    """Return what an error says; the text of a room that has no messages yet as it is."""
    return as_message(problem.args[0])


def as_message(said: Any) -> Message:  # noqa: ANN401 - a message, a text or one text a language
    """Return a message for a text."""
    return said if isinstance(said, Message) else verbatim(said)


def messages(*notes: Iterable[Any]) -> tuple[Message, ...]:
    """Return notes of several values, each once."""
    return tuple(dict.fromkeys(as_message(note) for some in notes for note in some))


def as_note(message: Message) -> Any:  # noqa: ANN401 - a note as the values hold them today
    """Return a note for a value whose notes are texts and go into a file as they are."""
    return str(message)


def texts(message: Message) -> Mapping[str, Any]:
    """Return the texts of a message by language, for tables that take no messages yet."""
    return {language: message.text(language) for language in languages()}
