"""Who wrote a report, for whom to ask, and how to cite it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from asn_impact.arguments import check_fields
from asn_impact.errors import InputError
from asn_impact.identifiers import hidden
from asn_impact.words import Language, Message
from asn_impact.words.writing import date

LOGO = "logo.png"
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, eq=False, kw_only=True)
class Imprint:
    """Who wrote a report. Names stand here because their owners put them here; numbers of persons still do not leave.

    Examples
    --------
    >>> Imprint(authors=("A. Rahman", "B. Sari"), published=dt.date(2026, 1, 15)).cited("Training and waits", "en")
    'A. Rahman, B. Sari (2026). Training and waits.'
    """

    authors: tuple[str, ...] = ()  #: names, in order
    institution: Message | None = None  #: of the authors
    contact: str = ""  #: an address of the office: to whom questions go
    published: dt.date | None = None  #: the day of the report
    logo: Path | None = None  #: a PNG file

    def __post_init__(self) -> None:
        check_fields(self)
        if self.logo is not None and self.picture()[:8] != _PNG:
            raise InputError(Message("report.refused.logo", name=self.logo.name))

    def picture(self) -> bytes:
        """Return the logo; empty where there is none."""
        return b"" if self.logo is None else self.logo.read_bytes()

    def by(self, language: Language) -> tuple[str, ...]:
        """Return authors, institution and day, each that is known."""
        day = "" if self.published is None else date(self.published, language)
        return tuple(part for part in (", ".join(map(hidden, self.authors)), self._institution(language), day) if part)

    def cited(self, title: str, language: Language) -> str:
        """Return how the report is cited; empty where nobody is named."""
        who = ", ".join(map(hidden, self.authors)) or self._institution(language)
        if not who:
            return ""
        year = "" if self.published is None else f" ({self.published.year})"
        behind = f" {self._institution(language)}." if self.authors and self._institution(language) else ""
        return f"{who}{year}. {title}.{behind}"

    def _institution(self, language: Language) -> str:
        return "" if self.institution is None else hidden(self.institution.text(language).text)
