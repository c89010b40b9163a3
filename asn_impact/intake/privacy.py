"""Persons stay outside: keyed pseudonyms, and a scan for what identifies a person."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from asn_impact.errors import PrivacyError
from asn_impact.identifiers import hidden
from asn_impact.identifiers import identifiers_in as identifiers_in
from asn_impact.words import Message

LOOKED_THROUGH = 4000  # characters of a text of which 40 are shown
SHORTEST_KEY = 32  # bytes; half a SHA-256 block, RFC 2104 section 3 wants at least the 32 bytes of the digest


def masked(text: str, longest: int = 40) -> str:
    """Return a text that may be shown in a message: cut short, identifiers of persons replaced.

    Examples
    --------
    >>> masked("telp 081234567890")
    'telp [identifier]'
    """
    text = veiled(text[:LOOKED_THROUGH])
    return text if len(text) <= longest else text[: longest - 1] + "…"


def veiled(text: str) -> str:
    """Return a whole text with identifiers of persons replaced: for what is written to a file, never cut.

    Examples
    --------
    >>> veiled("telp 081234567890")
    'telp [identifier]'
    """
    return re.sub(r"\d{9,}", "[number]", hidden(text, names=True))


def pseudonym(kind: str, identifier: str, key: bytes) -> str:
    """Return 32 hexadecimal digits that stand for one person in one project, and cannot be turned back.

    HMAC-SHA256 over the kind and the normalised identifier (digits and letters only, capital letters), so the
    same person has the same pseudonym however the number was spaced. Without a key a NIP falls to brute
    force in under an hour, which is why there is no version without one.

    Raises
    ------
    PrivacyError
        For a short key, and for an identifier that a spreadsheet has damaged (``1.98E+17``, or ending in 000).

    Examples
    --------
    >>> pseudonym("nip", "A 1", b"k" * 32) == pseudonym("nip", "a1", b"k" * 32)
    True
    """
    if len(key) < SHORTEST_KEY:
        raise PrivacyError(Message("intake.key.short", n=len(key), least=SHORTEST_KEY))
    normal = re.sub(r"[\W_]", "", str(identifier)).upper()
    if not normal:
        raise PrivacyError(Message("intake.key.no_identifier"))
    scientific = re.fullmatch(r"\s*\d[.,]\d+E\+?\d+\s*", str(identifier), re.IGNORECASE)
    if scientific or re.fullmatch(r"\d{15}000", normal):
        raise PrivacyError(Message("intake.key.damaged_identifier"))
    message = f"{kind}\x1f{normal}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]


def _holds(folder: Path, file: Path) -> bool:
    return file == folder or folder in file.parents


def _in_git(file: Path) -> bool:
    return any((parent / ".git").exists() for parent in file.parents)


def load_key(path: str | os.PathLike[str], *, outside: Iterable[str | os.PathLike[str]]) -> bytes:
    """Return the project's secret key, read from a file that only its owner can read.

    Parameters
    ----------
    path : path
        A file with at least 32 random bytes and mode 0600.
    outside : iterable of paths
        Folders the key must not lie in: data, outputs. A git work tree is refused always.

    Raises
    ------
    PrivacyError
        When the file is missing, short, readable by others, or lies where data, outputs or code go.

    Examples
    --------
    >>> load_key("no-such-key", outside=[])
    Traceback (most recent call last):
    asn_impact.errors.PrivacyError: There is no key file 'no-such-key'. Make one of 32 random bytes, mode 0600.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise PrivacyError(Message("intake.key.absent", file=Path(path).name))
    for folder in outside:
        if _holds(Path(folder).resolve(), file):
            raise PrivacyError(Message("intake.key.in_folder", folder=Path(folder).name))
    if _in_git(file):
        raise PrivacyError(Message("intake.key.in_git"))
    if os.name == "posix" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PrivacyError(Message("intake.key.readable"))
    key = file.read_bytes()
    if len(key) < SHORTEST_KEY:
        raise PrivacyError(Message("intake.key.short", n=len(key), least=SHORTEST_KEY))
    return key
