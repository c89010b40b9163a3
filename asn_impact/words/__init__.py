"""What is said: messages, the texts behind their keys in each language, and how numbers and dates are written."""

from asn_impact.words.catalogue import languages
from asn_impact.words.habits import CALLS
from asn_impact.words.message import (
    Alert,
    Language,
    Message,
    Quantity,
    Quoted,
    Sentence,
    each_once,
    paragraph,
    verbatim,
)

__all__ = [
    "CALLS",
    "Alert",
    "Language",
    "Message",
    "Quantity",
    "Quoted",
    "Sentence",
    "each_once",
    "languages",
    "paragraph",
    "verbatim",
]
