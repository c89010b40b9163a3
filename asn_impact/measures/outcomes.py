"""What is measured in each case, and how long a case must have been followed before it can answer.

An export holds finished and open applications. The mean of the finished ones falls in every recent month,
because only the fast ones can be finished by then. So `Within`, `RestrictedMean` and `CompletionCurve` declare a
horizon; a month whose cases have not all been followed that long is left out by `tabulate`, or enters as far as it
was followed where `CompletionCurve` is told so. A withdrawn case is a competing event, never a completion.

Each outcome also says which way is better, and its words: how it is called and what is said of its change.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import narwhals as nw

from asn_impact.arguments import Steps, Times, check_fields
from asn_impact.measures.calendar import DayUnit
from asn_impact.measures.outcome_words import (
    Limit,
    OutcomeWords,
    called,
    change_words,
    limit_of,
    names_of,
    score_words,
    share_words,
    unit_words,
    wait_words,
    within_words,
)
from asn_impact.verbs import Guided
from asn_impact.words import Message

Immature: TypeAlias = Literal["leave_out", "kaplan_meier"]
Better: TypeAlias = Literal["lower", "higher"]


@dataclass(frozen=True)
class _Checked(Guided):
    """What is given to an outcome is checked."""

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True)
class _Called(_Checked):
    """An outcome that a study may call by a name of its own."""

    label: Message | None = field(default=None, kw_only=True, repr=False)

    @property
    def words(self) -> OutcomeWords:
        """How it is spoken of."""
        return called(self._words, self.label)

    @property
    @abstractmethod
    def _words(self) -> OutcomeWords:
        """How we speak of it."""


@dataclass(frozen=True)
class _Anytime(_Called):
    """An outcome that needs no follow-up; which way is hoped for is yours to say."""

    better: Better | None = field(default=None, kw_only=True, repr=False)

    @property
    def horizon(self) -> None:
        """None: it needs no follow-up."""


@dataclass(frozen=True)
class Within(_Called):
    """The share of cases decided within a number of days: 1 when decided in time, 0 otherwise.

    Cases undecided or withdrawn by then count 0, so the mean of a cell is the Aalen-Johansen estimate of the
    completion curve at `days`, withdrawal competing; no case of a mature month is censored before `days`.

    Parameters
    ----------
    days
        The limit, in the days of the clock the cases were measured with; 0 is the day of receipt.
    counted_in
        ``"working days"`` or ``"calendar days"``; `tabulate` sets it from the clock.
    label
        What it is called, in the place of our name: ``verbatim({"id": ..., "en": ...})``.

    Examples
    --------
    >>> Within(5).name, Within(5).unit, Within(5).horizon
    ('within_5', 'share', 5)
    """

    days: Steps
    counted_in: DayUnit = "working days"

    @property
    def name(self) -> str:
        """Short name, for instance ``within_5``."""
        return f"within_{self.days}"

    @property
    def unit(self) -> str:
        """Always ``share``: a number between 0 and 1."""
        return "share"

    @property
    def horizon(self) -> int:
        """Days each case of a month must have been followed."""
        return self.days

    def value(self, days: nw.Expr) -> nw.Expr:
        """Return 1 where a case was decided in time, 0 elsewhere; a missing duration counts 0."""
        return nw.when(days <= self.days).then(nw.lit(1, nw.Int32)).otherwise(nw.lit(0, nw.Int32))

    @property
    def better(self) -> Better:
        """More decided in time is better."""
        return "higher"

    @property
    def limit(self) -> Limit:
        """The limit as people say it."""
        return limit_of(self.horizon, self.counted_in, self.name)

    @property
    def _words(self) -> OutcomeWords:
        return within_words(self.limit, explained=Message("outcomes.within.explained", limit=self.limit.message))


@dataclass(frozen=True)
class RestrictedMean(_Called):
    """The mean days to a decision, each wait counted up to the horizon: min(T, horizon).

    Cases undecided or withdrawn at the horizon count as `horizon`. The mean of a cell is therefore the
    horizon minus the area under the Aalen-Johansen completion curve from 0 to the horizon, withdrawal
    competing; without withdrawals it is the restricted mean survival time. No case of a mature month is
    censored before the horizon.

    Parameters
    ----------
    horizon
        The longest wait that is told apart, in the days of the clock the cases were measured with.
    counted_in
        ``"working days"`` or ``"calendar days"``; `tabulate` sets it from the clock.
    label
        What it is called, in the place of our name: ``verbatim({"id": ..., "en": ...})``.

    Examples
    --------
    >>> RestrictedMean(30).name, RestrictedMean(30).unit, RestrictedMean(30).horizon
    ('restricted_mean_30', 'working days', 30)
    """

    horizon: Times
    counted_in: DayUnit = "working days"

    @property
    def name(self) -> str:
        """Short name, for instance ``restricted_mean_30``."""
        return f"restricted_mean_{self.horizon}"

    @property
    def unit(self) -> str:
        """``working days`` or ``calendar days``."""
        return self.counted_in

    def value(self, days: nw.Expr) -> nw.Expr:
        """Return min(days, horizon) as a whole number; a missing duration counts as the horizon."""
        return nw.when(days < self.horizon).then(days).otherwise(nw.lit(self.horizon, nw.Int32))

    @property
    def better(self) -> Better:
        """A shorter wait is better."""
        return "lower"

    @property
    def limit(self) -> Limit:
        """The limit as people say it."""
        return limit_of(self.horizon, self.counted_in, self.name)

    @property
    def _words(self) -> OutcomeWords:
        return wait_words(self.limit)


@dataclass(frozen=True)
class CompletionCurve(_Checked):
    """The whole curve: the share of cases decided within d days, for every d from 0 to the horizon.

    Cases undecided or withdrawn by then count 0, as for `Within`. `tabulate` gives a `CurvePanel`.

    Parameters
    ----------
    horizon
        The last day of the curve, in the days of the clock the cases were measured with.
    immature
        ``"leave_out"``: a month enters when all its cases were followed to the horizon. ``"kaplan_meier"``: the others
        enter too, each cell as far as its cases were followed, by the product-limit estimate of the cumulative
        incidence of a decision.
    counted_in
        ``"working days"`` or ``"calendar days"``; `tabulate` sets it from the clock.

    Examples
    --------
    >>> CompletionCurve(30).name, CompletionCurve(30).unit, CompletionCurve(30).horizon
    ('completion_curve_30', 'share', 30)
    """

    horizon: Times
    immature: Immature = "leave_out"
    counted_in: DayUnit = "working days"

    @property
    def name(self) -> str:
        """Short name, for instance ``completion_curve_30``."""
        return f"completion_curve_{self.horizon}"

    @property
    def unit(self) -> str:
        """Always ``share``: a number between 0 and 1."""
        return "share"

    def on(self, day: int) -> Within:
        """Return the outcome of one day of the curve: the share decided within so many days."""
        return Within(day, self.counted_in)

    @property
    def better(self) -> Better:
        """More decided by each day is better."""
        return "higher"

    @property
    def limit(self) -> Limit:
        """The limit as people say it."""
        return limit_of(self.horizon, self.counted_in, self.name)

    @property
    def words(self) -> OutcomeWords:
        """How it is spoken of."""
        return within_words(self.limit)


@dataclass(frozen=True)
class Score(_Anytime):
    """The mean of a column of numbers: a survey answer, a test, an index. Missing values are left out.

    Parameters
    ----------
    column
        A column of the records, kept by naming it when the export was read.
    unit
        Unit of the number.
    better
        ``"higher"`` or ``"lower"``: which way is the one hoped for. Not said, a report gives no advice of direction.
    label
        What it is called, in the place of our name: ``verbatim({"id": ..., "en": ...})``.

    Examples
    --------
    >>> Score("answer", unit="points").name
    'answer'
    """

    column: str
    unit: str = ""

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.column

    @property
    def _words(self) -> OutcomeWords:
        return score_words(self.column, self.unit)


@dataclass(frozen=True)
class Share(_Anytime):
    """The share of records for which a column is true (or 1). Missing values are left out.

    Parameters
    ----------
    column
        A column of true and false, or of 1 and 0.
    better
        ``"higher"`` or ``"lower"``: which way is the one hoped for. Not said, a report gives no advice of direction.
    label
        What it is called, in the place of our name: ``verbatim({"id": ..., "en": ...})``.

    Examples
    --------
    >>> Share("digital").name, Share("digital").unit
    ('share_digital', 'share')
    """

    column: str

    @property
    def name(self) -> str:
        """Short name, for instance ``share_digital``."""
        return f"share_{self.column}"

    @property
    def unit(self) -> str:
        """Always ``share``: a number between 0 and 1."""
        return "share"

    @property
    def _words(self) -> OutcomeWords:
        return share_words(self.column)


@dataclass(frozen=True)
class Count(_Anytime):
    """The number of applications received: one number a cell, and a true 0 where a unit received none.

    Needs no follow-up, but a month that was not over on the day of the export is left out: part of a month is
    not a count.

    Parameters
    ----------
    better
        ``"higher"`` or ``"lower"``: which way is the one hoped for. Not said, a report gives no advice of direction.
    label
        What it is called, in the place of our name: ``verbatim({"id": ..., "en": ...})``.

    Examples
    --------
    >>> Count().name, Count().unit
    ('count', 'applications')
    """

    @property
    def name(self) -> str:
        """Always ``count``."""
        return "count"

    @property
    def unit(self) -> str:
        """Always ``applications``."""
        return "applications"

    @property
    def _words(self) -> OutcomeWords:
        return change_words(names_of("outcomes.count"), who="training", unit=unit_words("applications"), decimals=2)


@dataclass(frozen=True)
class Mean(_Anytime):
    """The outcome of a ready panel, as it came.

    Parameters
    ----------
    name
        The column of the panel.
    unit
        Unit of the number, "" when it has none.
    better
        ``"higher"`` or ``"lower"``: which way is the one hoped for. Not said, a report gives no advice of direction.
    label
        What it is called, in the place of our name: ``verbatim({"id": ..., "en": ...})``.

    Examples
    --------
    >>> Mean("l_homicide")
    Mean(name='l_homicide', unit='')
    """

    name: str
    unit: str = ""

    @property
    def _words(self) -> OutcomeWords:
        return change_words(
            names_of("outcomes.mean", column=self.name), who="treatment", unit=unit_words(self.unit), decimals=2
        )


DurationOutcome: TypeAlias = Within | RestrictedMean | CompletionCurve
CellOutcome: TypeAlias = Within | RestrictedMean | Score | Share | Count
RecordOutcome: TypeAlias = CellOutcome | CompletionCurve
