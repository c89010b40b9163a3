"""Every row accounted for: read = kept + dropped, by reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from asn_impact.errors import InputError
from asn_impact.verbs import Guided
from asn_impact.words import Alert, Language, Message, verbatim

if TYPE_CHECKING:
    import pandas as pd

MANY_LOST: Final = 0.01  # share of the rows that were cases and were lost, above which a reader is warned


def reason(code: str) -> Message:
    """Return why rows are left out, in words, by the short code the engines use.

    Examples
    --------
    >>> reason("test_row").text("id")
    'baris uji coba'
    """
    return Message(f"reasons.{code}")


#: Rows without which no case is lost.
_NO_CASES: Final = ("row_of_totals", "below_the_table", "test_row", "no_complaint")
_COPIES: Final = ("repeated_copy", "open_copy", "deleted_step", "repeated_step")
_NO_LOSS: Final = frozenset(map(reason, (*_NO_CASES, *_COPIES)))


@dataclass(frozen=True, eq=False)
class Ledger(Guided):
    """Rows read, rows kept, and rows dropped by reason; it balances or it does not exist.

    Attributes
    ----------
    read, kept
        Numbers of rows.
    dropped
        Reason -> number of rows. A reason is a `Message`; a text is taken as somebody's own words.

    Raises
    ------
    InputError
        When read is not kept plus dropped, or a count is negative.

    Examples
    --------
    >>> ledger = Ledger(read=10, kept=8, dropped={reason("no_received_date"): 2})
    >>> ledger
    Ledger(read 10 = kept 8 + dropped 2: no received date 2)
    >>> ledger.note().text("id")
    '2 dari 10 baris dikeluarkan: tanpa tanggal diterima 2.'
    """

    read: int
    kept: int
    dropped: Mapping[Message, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = {verbatim(r) if isinstance(r, str) else r: int(n) for r, n in self.dropped.items() if n}
        if self.read < 0 or self.kept < 0 or any(n < 0 for n in counts.values()):
            raise InputError(
                Message("intake.ledger.negative", read=self.read, kept=self.kept, reasons=_reasons(counts))
            )
        total = sum(counts.values())
        if self.read != self.kept + total:
            raise InputError(Message("intake.ledger.unbalanced", read=self.read, kept=self.kept, dropped=total))
        object.__setattr__(self, "dropped", MappingProxyType(counts))

    def __add__(self, other: Ledger) -> Ledger:
        every = dict.fromkeys([*self.dropped, *other.dropped])
        both = {r: self.dropped.get(r, 0) + other.dropped.get(r, 0) for r in every}
        return Ledger(self.read + other.read, self.kept + other.kept, both)

    def __reduce__(self) -> tuple[type[Ledger], tuple[int, int, dict[Message, int]]]:
        return Ledger, (self.read, self.kept, dict(self.dropped))

    def note(self, key: str = "intake.rows_left_out") -> Message | None:
        """Return the rows left out as a sentence, or None when all were kept.

        It is an alert when more than one row in a hundred was a case and is lost; rows of totals, copies and tests
        are none. `key` is a text with the same gaps.
        """
        if not self.dropped:
            return None
        kind = Alert if self.lost > MANY_LOST * self.read else Message
        return kind(key, dropped=self.read - self.kept, read=self.read, reasons=self.reasons())

    @property
    def lost(self) -> int:
        """Number of rows that were cases and are lost; rows of totals, copies and tests are none."""
        return sum(n for r, n in self.dropped.items() if r not in _NO_LOSS)

    @property
    def cases(self) -> int:
        """Number of rows that were cases: kept or lost."""
        return self.kept + self.lost

    def reasons(self) -> tuple[Message, ...]:
        """Return each reason with its number of rows, for a gap in a message."""
        return _reasons(self.dropped)

    def table(self, language: Language = "en") -> pd.DataFrame:
        """Return the ledger as a table in a language: what became of the rows, and of how many.

        Examples
        --------
        >>> Ledger(read=3, kept=1, dropped={reason("test_row"): 2}).table("id")["baris"].tolist()
        ['dibaca', 'dikeluarkan: baris uji coba', 'dipakai']
        """
        import pandas as pd

        lines = [
            (Message("intake.ledger.read"), self.read),
            *((Message("intake.ledger.dropped", reason=r), n) for r, n in self.dropped.items()),
            (Message("intake.ledger.kept"), self.kept),
        ]
        title = Message("intake.ledger.rows").text(language).text
        return pd.DataFrame([(label.text(language).text, n) for label, n in lines], columns=[title, "n"])

    def __repr__(self) -> str:
        reasons = ", ".join(map(str, self.reasons()))
        total = self.read - self.kept
        return f"Ledger(read {self.read:,} = kept {self.kept:,} + dropped {total:,}{': ' if reasons else ''}{reasons})"

    def _repr_html_(self) -> str:
        return str(self.table().to_html(index=False, border=0, formatters={"n": "{:,}".format}))


def _reasons(counts: Mapping[Message, int]) -> tuple[Message, ...]:
    return tuple(Message("intake.ledger.reason", reason=r, n=n) for r, n in counts.items())
