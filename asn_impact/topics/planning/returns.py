"""Was it worth it? Cost per application-day saved, break-even points and net present value, with their uncertainty.

What is uncertain is the effect: days by which a wait changed for each application. Everything that follows is linear in
it. So its t distribution is carried through by simulation and, where a closed form exists, in closed form.
Costs, the number of applications and the value of a day are the analyst's: none has a default.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
import scipy

from asn_impact.arguments import AtLeast, Level, check_fields
from asn_impact.arrays import Float
from asn_impact.designs import Design
from asn_impact.display import card
from asn_impact.errors import InputError
from asn_impact.estimation.inference import Inference
from asn_impact.topics.planning.costs import Costs
from asn_impact.topics.planning.money import rupiah
from asn_impact.topics.planning.statements import DAYS, Rows, notes_of, statements_of
from asn_impact.verbs import Guided, Held, public_verb
from asn_impact.words import Language, Message, Sentence
from asn_impact.words.writing import number

Across: TypeAlias = Literal["weighted", "equal"]

DISCOUNTS: Final = (0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.11, 0.12)  # the span a public programme is tested with
HALF_LIVES: Final = (None, 3.0, 1.0)  # years until half of the effect is left; None: it stays
_OF_MONEY: Final = ("rupiah", "rupiah per day")
Amount: TypeAlias = Annotated[float, AtLeast(0)]
Draws: TypeAlias = Annotated[int, AtLeast(100)]


@dataclass(frozen=True)
class StaffTime(Guided):
    """Working hours that staff save on each application, as the analyst found them; they fade as the effect does.

    Parameters
    ----------
    hours_per_case
        Hours saved on each application in a trained office.
    value_of_an_hour
        Rupiah.

    Examples
    --------
    >>> StaffTime(hours_per_case=0.5, value_of_an_hour=60_000)
    StaffTime(hours_per_case=0.5, value_of_an_hour=60000)
    """

    hours_per_case: Amount
    value_of_an_hour: Amount

    def __post_init__(self) -> None:
        check_fields(self)
        _refuse_infinite(hours_per_case=self.hours_per_case, value_of_an_hour=self.value_of_an_hour)


@public_verb
def cases_per_month(design: Design) -> float:
    """Return the applications a month that trained offices received once trained, added up over the offices.

    For each treated unit: its mean number of records in its treated periods that hold any. Cells are counted as they
    are in the panel, so a month left out as immature says nothing.

    Raises
    ------
    InputError
        The panel does not say how many records are behind its cells, or its periods are plain numbers.

    Examples
    --------
    >>> import asn_impact as ai
    >>> cases_per_month(ai.example_design())
    72.0
    """
    panel = design.panel
    if panel.timeline.kind == "step":
        raise InputError(Message("planning.returns.not_months"))
    cells_trained = design.treated() & panel.observed
    if (panel.n[cells_trained] == 1).all():
        raise InputError(Message("planning.returns.one_record"))
    cells = cells_trained.sum(axis=1)
    total = np.where(cells_trained, panel.n, 0.0).sum(axis=1)
    each = np.divide(total, cells, out=np.zeros_like(total), where=cells > 0)
    return float(each.sum() / panel.timeline.period_months)


@public_verb
def returns(
    inference: Inference,
    costs: Costs,
    *,
    cases_per_month: Amount,
    value_of_a_day: Amount,
    years: Amount,
    discount: Amount,
    reps: Draws,
    seed: int,
    fade_half_life: Amount | None = None,
    staff: StaffTime | None = None,
    across_offices: Across = "weighted",
) -> Returns:
    """Return what a training programme gives back for what it cost.

    Days saved are the effect on one application, times applications, over `years` from the training on. For that the
    effect must be one on applications: estimated with ``assign(..., weights="records")``. An effect in which every
    office counts alike is the effect on an office-month. Times applications it is wrong wherever large offices gain
    more or less than small ones. It is refused unless the analyst says that the effect is equal in all offices.

    Parameters
    ----------
    inference
        One effect in days, negative where waits became shorter.
    costs
        From `read_costs`.
    cases_per_month
        Applications a month in all trained offices together; see the function of that name.
    value_of_a_day
        Rupiah that one applicant gains from waiting one day less.
    years
        How long the effect is counted; beyond the months that were observed this is an assumption, and said to be.
    discount
        Yearly rate. Month m counts for ``(1 + discount) ** (-m / 12)``, year k of the costs for
        ``(1 + discount) ** (-k)``.
    reps, seed
        Number of draws from the t distribution of the effect, and the seed.
    fade_half_life
        Years until half of the effect is left; None: it stays.
    staff
        Working time saved, where it was measured.
    across_offices
        ``"weighted"``: the effect weighs offices by their applications. ``"equal"``: the analyst takes the effect to be
        the same in every office, so that its weights do not matter.

    Raises
    ------
    InputError
        The effect is not in days, not one number, has no standard error or not the weights asked for; a number is
        missing, negative or no number.

    Warns
    -----
    DataWarning
        The effect is counted for longer than it was observed; prices are those of the worked example.

    Notes
    -----
    Linear in the effect b (days, negative is good): ``NPV = value * D * (-b) + H - C``. D is the discounted number of
    applications less their fade, H the value of staff time and C the present value of the costs.
    Boardman et al. (2018), Cost-Benefit Analysis, chapters 6 and 11; the interval of a cost per day follows by
    inverting that of the effect (Fieller's problem with a fixed numerator).

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> fee = {"komponen": "Narasumber", "jumlah": 24, "satuan": "jam", "harga_satuan": "Rp900.000,00"}
    >>> costs = ai.read_costs(pd.DataFrame([fee]), origin="DPA 2024, hlm. 4", price_year=2024)
    >>> design = ai.assign(ai.example_design().panel, ai.example_rollout(), cluster="office", weights="records")
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> choices = {"cases_per_month": 72, "value_of_a_day": 50_000, "years": 0.5, "discount": 0.05}
    >>> made = ai.returns(answer, costs, **choices, reps=500, seed=1)
    >>> sorted(made.rows())[:2]
    ['benefit', 'break_even_effect']
    """
    given = {"cases_per_month": cases_per_month, "value_of_a_day": value_of_a_day, "years": years, "discount": discount}
    amounts: dict[str, Any] = {name: float(value) for name, value in given.items()}
    _refuse_infinite(**given, fade_half_life=fade_half_life or 0.0)
    if min(cases_per_month, years) == 0 or fade_half_life == 0:
        raise InputError(Message("planning.returns.zero"))
    if discount > 1:
        raise InputError(Message("planning.returns.discount", value=repr(discount), share=float(discount)))
    _refuse_effect(inference, across_offices)
    rng = np.random.default_rng(seed)
    effect = inference.estimate[0] + inference.std_error[0] * rng.standard_t(inference.df[0], size=reps)
    back = Returns(
        inference=inference,
        costs=costs,
        **amounts,
        fade_half_life=None if fade_half_life is None else float(fade_half_life),
        staff=staff,
        across_offices=across_offices,
        draws=effect,
        seed=seed,
    )
    return replace(back, notes=tuple(notes_of(back)))


def _refuse_infinite(**amounts: float) -> None:
    for name, value in amounts.items():
        if not math.isfinite(value):
            raise InputError(Message("planning.returns.infinite", name=name, value=repr(value)))


def _refuse_effect(inference: Inference, across_offices: Across) -> None:
    outcome = inference.effects.outcome
    if len(inference.estimate) != 1:
        raise InputError(Message("planning.returns.several_effects", n=len(inference.estimate)))
    if outcome.unit not in DAYS:
        unit = outcome.unit or Message("planning.returns.no_unit")
        raise InputError(Message("planning.returns.not_days", outcome=outcome.name, unit=unit))
    if across_offices == "weighted" and inference.effects.design.weights != "records":
        raise InputError(Message("planning.returns.office_months"))
    if not (np.isfinite(inference.std_error[0]) and np.isfinite(inference.df[0]) and inference.df[0] > 0):
        raise InputError(Message("planning.returns.no_error"))


@dataclass(frozen=True, eq=False)
class Returns(Held):
    """What a programme gives back, with the uncertainty of its effect.

    Attributes
    ----------
    inference, costs, cases_per_month, value_of_a_day, years, discount, fade_half_life, staff, across_offices, seed
        As given to `returns`.
    draws
        (R,) effects drawn from the t distribution of the estimate, in days for each application.
    notes
        What was assumed.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> fee = {"komponen": "Narasumber", "jumlah": 24, "satuan": "jam", "harga_satuan": "Rp900.000,00"}
    >>> costs = ai.read_costs(pd.DataFrame([fee]), origin="DPA 2024, hlm. 4", price_year=2024)
    >>> design = ai.assign(ai.example_design().panel, ai.example_rollout(), cluster="office", weights="records")
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> choices = {"cases_per_month": 72, "value_of_a_day": 50_000, "years": 0.5, "discount": 0.05}
    >>> made = ai.returns(answer, costs, **choices, reps=500, seed=1)
    >>> made.probability_positive, made.net_present_value().shape
    (1.0, (500,))
    """

    inference: Inference
    costs: Costs
    cases_per_month: float
    value_of_a_day: float
    years: float
    discount: float
    fade_half_life: float | None
    staff: StaffTime | None
    across_offices: Across
    draws: Float
    seed: int
    notes: tuple[Message, ...] = ()

    @cached_property
    def cases(self) -> float:
        """Applications over the years, each counted as what is left of the effect; not discounted."""
        return self.cases_per_month * _exposure(self.years, 0.0, self.fade_half_life)

    @cached_property
    def discounted_cases(self) -> float:
        """The same, discounted month by month: D in the equation."""
        return self.cases_per_month * _exposure(self.years, self.discount, self.fade_half_life)

    @property
    def costs_now(self) -> float:
        """Present value of the costs: C in the equation."""
        return self.costs.present_value(self.discount)

    @property
    def staff_value(self) -> float:
        """Present value of the staff time saved; 0 where none was given."""
        if self.staff is None:
            return 0.0
        return self.discounted_cases * self.staff.hours_per_case * self.staff.value_of_an_hour

    @property
    def break_even_effect(self) -> float:
        """Days that must be saved on each application for benefits to equal costs; 0 where staff time alone pays.

        NaN where a day is worth nothing.
        """
        short = max(self.costs_now - self.staff_value, 0.0)
        worth = self.value_of_a_day * self.discounted_cases
        return short / worth if worth > 0 else math.nan

    def net_present_value(self) -> Float:
        """(R,) net present values of the draws, in rupiah."""
        return self.value_of_a_day * self.discounted_cases * -self.draws + self.staff_value - self.costs_now

    @property
    def probability_positive(self) -> float:
        """Share of the draws with a net present value above zero."""
        return float((self.net_present_value() > 0).mean())

    @property
    def settled(self) -> bool:
        """Whether the 95 % interval of the effect leaves out zero."""
        low, high = self.inference.interval()
        return bool(low[0] > 0 or high[0] < 0)

    @property
    def observed_months(self) -> int:
        """Months after training in which the effect could be observed, of the unit trained first."""
        design = self.inference.effects.design
        timeline = design.panel.timeline
        reach = timeline.steps[-1] - design.adopted[np.isfinite(design.adopted)]
        months = timeline.step * (1 if timeline.kind == "month" else timeline.period_months)
        return int(reach.max(initial=-1) * months) + timeline.period_months

    @property
    def cases_until_now(self) -> float:
        """Applications of trained offices since training, as the data hold them; NaN where a cell is one record."""
        design = self.inference.effects.design
        own = design.panel.n[design.treated() & design.panel.observed]
        known = design.panel.timeline.kind != "step" and bool((own != 1).any())
        return float(own.sum()) if known else math.nan

    @property
    def beyond_observation(self) -> bool:
        """Whether the effect is counted for longer than it was observed."""
        kind = self.inference.effects.design.panel.timeline.kind
        return kind != "step" and 12 * self.years > self.observed_months + 1e-9

    @public_verb
    def table(self, level: Level = 0.95) -> pd.DataFrame:
        """Return one row a quantity: term, unit, estimate, std_error, statistic, df, p_value, conf_low, conf_high.

        ``days_saved_per_case``, ``days_saved`` (not discounted), ``benefit`` and ``net_present_value`` are linear in
        the effect and have its t distribution. ``cost_per_day`` is undiscounted costs over undiscounted days,
        ``break_even_value`` the value of a day at which the net present value is zero: their intervals invert that of
        the effect, end at infinity where the effect may be zero, and are undefined (NaN) where no day is saved.
        ``cost`` and ``break_even_effect`` do not depend on the effect and have no interval.
        """
        return pd.DataFrame(list(self.rows(level).values()))

    @public_verb
    def rows(self, level: Level = 0.95) -> Rows:
        """Return the rows of `table` by their term."""
        value = self.value_of_a_day * self.discounted_cases
        short = max(self.costs_now - self.staff_value, 0.0)
        rows = [
            self._linear("days_saved_per_case", "days", 1.0, 0.0, level),
            self._linear("days_saved", "days", self.cases, 0.0, level),
            _constant("cost", "rupiah", self.costs_now),
            self._linear("benefit", "rupiah", value, self.staff_value, level),
            self._linear("net_present_value", "rupiah", value, self.staff_value - self.costs_now, level),
            self._inverse("cost_per_day", "rupiah per day", self.costs.total / self.cases, level),
            self._inverse("break_even_value", "rupiah per day", short / self.discounted_cases, level),
            _constant("break_even_effect", "days per application", self.break_even_effect),
        ]
        return {row["term"]: row for row in rows}

    def _ends(self, level: float) -> tuple[float, float, float]:
        """Days saved on an application, estimate and ends of the t interval."""
        saved, error = -float(self.inference.estimate[0]), float(self.inference.std_error[0])
        reach = float(scipy.stats.t.ppf((1 + level) / 2, self.inference.df[0])) * error
        return saved, saved - reach, saved + reach

    def _linear(self, term: str, unit: str, slope: float, shift: float, level: float) -> dict[str, Any]:
        saved, low, high = self._ends(level)
        error, df = slope * float(self.inference.std_error[0]), float(self.inference.df[0])
        estimate = slope * saved + shift
        statistic = estimate / error if error > 0 else math.nan
        return {
            "term": term,
            "unit": unit,
            "estimate": estimate,
            "std_error": error,
            "statistic": statistic,
            "df": df,
            "p_value": float(2 * scipy.stats.t.sf(abs(statistic), df)),
            "conf_low": slope * low + shift,
            "conf_high": slope * high + shift,
        }

    def _inverse(self, term: str, unit: str, top: float, level: float) -> dict[str, Any]:
        saved, low, high = self._ends(level)
        row = _constant(term, unit, top / saved if saved > 0 else math.nan)
        if high > 0:
            row |= {"conf_low": top / high, "conf_high": top / low if low > 0 else math.inf}
        return row

    @public_verb
    def sensitivity(
        self,
        discounts: Sequence[float] = DISCOUNTS,
        half_lives: Sequence[float | None] = HALF_LIVES,
        level: Level = 0.95,
    ) -> pd.DataFrame:
        """Return the net present value under other discount rates and fading, one row a pair.

        Columns: discount, fade_half_life (years; NaN: the effect stays), net_present_value, conf_low, conf_high,
        probability_positive (of the same draws), break_even_effect, break_even_value.
        """
        rows = []
        for fade, discount in itertools.product(half_lives, discounts):
            other = replace(self, discount=discount, fade_half_life=fade, notes=())
            terms = other.rows(level)
            value = terms["net_present_value"]
            rows.append(
                {
                    "discount": discount,
                    "fade_half_life": math.nan if fade is None else fade,
                    "net_present_value": value["estimate"],
                    **{name: value[name] for name in ("conf_low", "conf_high")},
                    **{name: getattr(other, name) for name in ("probability_positive", "break_even_effect")},
                    "break_even_value": terms["break_even_value"]["estimate"],
                }
            )
        return pd.DataFrame(rows)

    def sentences(self, language: Language, level: float = 0.95) -> tuple[Sentence, ...]:
        """Return what can be said, in Indonesian (``"id"``) or English (``"en"``), verdict first."""
        return tuple(statement.text(language) for statement in self.statements(level))

    @public_verb
    def statements(self, level: Level = 0.95) -> tuple[Message, ...]:
        """Return what can be said before it is said in a language: verdict first, then amounts, then the notes."""
        return statements_of(self, self.rows(level), level)

    def __repr__(self) -> str:
        value = rupiah(self.rows()["net_present_value"]["estimate"], "id")
        return (
            f"Returns({value} net present value over {self.years:g} years at {self.discount:.1%}; positive in "
            f"{self.probability_positive:.1%} of {len(self.draws)} draws)"
        )

    def _repr_html_(self) -> str:
        facts = [("en", statement) for statement in self.statements()]
        return card("Returns", facts, table=pd.DataFrame([_write_row(row) for row in self.rows().values()]))


def _exposure(years: float, discount: float, half_life: float | None) -> float:
    """Months over the years, each counted as what is left of the effect in its middle and discounted at its end.

    A last part of a month counts as that part.
    """
    whole = math.ceil(12 * years - 1e-9)
    month = np.arange(1, whole + 1)
    share = np.minimum(1.0, 12 * years - (month - 1))
    remainder = np.ones(whole) if half_life is None else 0.5 ** ((month - 0.5) / 12 / half_life)
    return float((share * remainder * (1 + discount) ** (-month / 12)).sum())


def _constant(term: str, unit: str, value: float) -> dict[str, Any]:
    nothing = dict.fromkeys(("std_error", "statistic", "df", "p_value", "conf_low", "conf_high"), math.nan)
    return {"term": term, "unit": unit, "estimate": value, **nothing}


def _write_row(row: dict[str, Any]) -> dict[str, str]:
    """Return a row with its numbers as people write them: whole rupiah, two decimals of days."""
    amounts = {
        name: rupiah(row[name], "en") if row["unit"] in _OF_MONEY else number(row[name], 2, "en")
        for name in ("estimate", "std_error", "conf_low", "conf_high")
    }
    others = {
        name: number(row[name], decimals, "en") for name, decimals in {"statistic": 2, "df": 1, "p_value": 3}.items()
    }
    return {**row, **amounts, **others}
