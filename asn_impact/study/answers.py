"""What is said to the reader of a study file: the line to write there, in place of the argument in Python."""

from __future__ import annotations

from typing import Any, Final

from asn_impact.words import Message
from asn_impact.words.catalogue import keys_of

__all__ = ["for_file"]

_SUBJECT: Final = "in_file"


def for_file(message: Message) -> Message:
    """Return a message with every sentence that names an argument of Python as the study file answers it.

    Examples
    --------
    >>> str(for_file(Message("intake.columns.name_it", field="office")))
    'Name it in the columns section: office = "...".'
    """
    values = {name: _inside(value) for name, value in message.values}
    key = f"in_file.{message.key}" if message.key in keys_of(_SUBJECT) else message.key
    return type(message)(key, **values)


def _inside(value: Any) -> Any:  # noqa: ANN401 - whatever fills a gap
    if isinstance(value, Message):
        return for_file(value)
    return tuple(_inside(item) for item in value) if isinstance(value, tuple) else value
