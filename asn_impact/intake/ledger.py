"""Every row accounted for: read = kept + dropped, by reason."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["Ledger"]


@dataclass(frozen=True, eq=False)
class Ledger:
    """Rows read, rows kept, and rows dropped by reason; it balances or it does not exist.

    Raises
    ------
    ValueError
        When read is not kept plus dropped, or a count is negative.

    Examples
    --------
    >>> Ledger(read=10, kept=8, dropped={"no received date": 2})
    Ledger(read 10 = kept 8 + dropped 2: no received date 2)
    """

    read: int
    kept: int
    dropped: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = {reason: int(n) for reason, n in self.dropped.items() if n}
        if self.read < 0 or self.kept < 0 or any(n < 0 for n in counts.values()):
            raise ValueError(f"A ledger has no negative counts: read {self.read}, kept {self.kept}, dropped {counts}.")
        if self.read != self.kept + sum(counts.values()):
            raise ValueError(
                f"The ledger does not balance: read {self.read}, kept {self.kept}, dropped {sum(counts.values())}."
            )
        object.__setattr__(self, "dropped", MappingProxyType(counts))

    def __add__(self, other: Ledger) -> Ledger:
        reasons = list(dict.fromkeys([*self.dropped, *other.dropped]))
        both = {r: self.dropped.get(r, 0) + other.dropped.get(r, 0) for r in reasons}
        return Ledger(self.read + other.read, self.kept + other.kept, both)

    def __reduce__(self) -> tuple[type[Ledger], tuple[int, int, dict[str, int]]]:
        return Ledger, (self.read, self.kept, dict(self.dropped))

    def __repr__(self) -> str:
        total = sum(self.dropped.values())
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in self.dropped.items())
        return f"Ledger(read {self.read:,} = kept {self.kept:,} + dropped {total:,}{': ' if reasons else ''}{reasons})"

    def _repr_html_(self) -> str:
        rows = [("read", self.read), *((f"dropped: {r}", n) for r, n in self.dropped.items()), ("kept", self.kept)]
        cells = "".join(
            f'<tr><td>{html.escape(label)}</td><td style="text-align:right">{n:,}</td></tr>' for label, n in rows
        )
        return f"<table><thead><tr><th>rows</th><th>n</th></tr></thead><tbody>{cells}</tbody></table>"
