"""Everything before the first estimate, as a value: what could be made, and every refusal on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asn_impact.errors import AsnImpactError
from asn_impact.words import Message

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.designs import Design
    from asn_impact.intake.extract import Extract, Source
    from asn_impact.intake.ledger import Ledger
    from asn_impact.intake.readers.training import Rollout
    from asn_impact.intake.records import Observations
    from asn_impact.measures.panel import Panel
    from asn_impact.measures.tabulate import Dated
    from asn_impact.study.gains import Tests
    from asn_impact.topics.surveys.answers import SurveyAggregates


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything before the first estimate."""

    panel: Panel  #: the cells
    sources: tuple[Source, ...]  #: files read, with their hashes
    #: Records with their ledger, their waits, and the maturity table; None for a ready panel.
    extract: Extract | None = None
    times: Dated | None = None
    counted: Dated | None = (
        None  #: the records that the outcome counts, with its column; None where they are no records
    )
    months: pd.DataFrame | None = None
    frame: pd.DataFrame | None = None  #: the rows of a ready panel; None for records
    design: Design | None = None  #: who is compared with whom; None when `refusal` says why not
    refusal: Message | None = None  #: why no effect can be estimated
    notes: tuple[Message, ...] = ()  #: what was left out or assumed, each once
    #: Other courses that were completed: office, course, month; None without training records.
    courses: pd.DataFrame | None = None
    #: Answers or other dated records with their ledger, where the data are no cases.
    observed: Observations | SurveyAggregates | Tests | None = None

    @property
    def ledger(self) -> Ledger | None:
        """Rows read, left out and kept; None for a ready panel."""
        read = self.extract or self.observed
        return None if read is None else read.ledger

    @property
    def as_of(self) -> dt.date | None:
        """The day of the export; None where there is none."""
        return getattr(self.extract or self.observed, "as_of", None)


@dataclass(frozen=True, eq=False)
class Tried:
    """Whatever could be made before the first estimate, and every refusal on the way."""

    ready: Prepared | None  #: what is estimated from; None where something was refused
    problems: tuple[AsnImpactError, ...] = ()  #: what was refused, in the order of the sections
    #: Each that could be made.
    extract: Extract | None = None
    panel: Panel | None = None
    months: pd.DataFrame | None = None
    rollout: Rollout | None = None
    notes: tuple[Message, ...] = ()  #: of what was made


@contextmanager
def noting(problems: list[AsnImpactError]) -> Iterator[None]:
    """Keep a refusal instead of ending with it."""
    try:
        yield
    except AsnImpactError as problem:
        problems.append(problem)
