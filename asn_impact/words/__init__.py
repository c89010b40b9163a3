"""What is said: messages, the texts behind their keys in each language, and how numbers and dates are written."""

from asn_impact.words.catalogue import IN_FILE, Speech, languages
from asn_impact.words.habits import CALLS
from asn_impact.words.message import (
    Alert,
    Language,
    Message,
    Quantity,
    Quoted,
    Sentence,
    each_once,
    for_file,
    paragraph,
    spoken_of,
    together,
    verbatim,
)

__all__ = [
    "CALLS",
    "IN_FILE",
    "Alert",
    "Language",
    "Message",
    "Quantity",
    "Quoted",
    "Sentence",
    "Speech",
    "each_once",
    "for_file",
    "languages",
    "paragraph",
    "spoken_of",
    "together",
    "verbatim",
]
