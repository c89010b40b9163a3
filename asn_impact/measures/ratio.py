"""An outcome whose effect is a ratio: told as a change in per cent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from asn_impact.measures.outcome_words import OutcomeWords, unit_words
from asn_impact.measures.panel import Outcome


@dataclass(frozen=True)
class RatioOf:
    """What an effect on the log of an expected count is on: the change of an outcome in per cent.

    Examples
    --------
    >>> from asn_impact.measures.outcomes import Count
    >>> words = RatioOf(Count()).words
    >>> f"{words.shown(-0.2231):.1f} {words.unit}"
    '-20.0 per cent'
    """

    of: Outcome

    @property
    def name(self) -> str:
        """Name of the outcome."""
        return self.of.name

    @property
    def unit(self) -> str:
        """Always ``per cent``."""
        return "per cent"

    @property
    def better(self) -> Literal["lower", "higher"] | None:
        """Which way is hoped for."""
        return self.of.better

    @property
    def words(self) -> OutcomeWords:
        """How its change is spoken of."""
        return replace(self.of.words, unit=unit_words(self.unit), scale=100.0, decimals=1, ratio=True)
