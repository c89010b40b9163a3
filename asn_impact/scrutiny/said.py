"""The old name of a message, from the time when a sentence was a pair of texts."""

from asn_impact.words import Message

Said = Message
