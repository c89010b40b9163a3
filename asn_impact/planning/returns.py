"""Was it worth it? Cost per application-day saved, break-even points and net present value, with their uncertainty.

What is uncertain is the effect: days by which a wait changed for each application. Everything that follows from it is
linear in it, so its t distribution is carried through by simulation and, where a closed form exists, in closed form.
Costs, the number of applications and the value of a day are the analyst's: none has a default.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from asn_impact.arrays import Float, readonly
from asn_impact.designs import Design
from asn_impact.display import card
from asn_impact.errors import DataWarning, InputError
from asn_impact.estimation.inference import Inference
from asn_impact.estimation.resampling import Resampled
from asn_impact.planning.costs import Costs, Language, number, rupiah

__all__ = ["Across", "Returns", "StaffTime", "cases_per_month", "returns"]

Across: TypeAlias = Literal["weighted", "equal"]
Rows: TypeAlias = dict[str, dict[str, Any]]

DISCOUNTS: Final = (0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.11, 0.12)  # the span a public programme is tested with
HALF_LIVES: Final = (None, 3.0, 1.0)  # years until half of the effect is left; None: it stays
_DAYS: Final = ("day", "days", "working days", "calendar days", "hari", "hari kerja", "hari kalender")


@dataclass(frozen=True)
class StaffTime:
    """Working hours that staff save on each application, as the analyst found them; they fade as the effect does.

    Parameters
    ----------
    hours_per_case
        Hours saved on each application in a trained office.
    value_of_an_hour
        Rupiah.
    """

    hours_per_case: float
    value_of_an_hour: float

    def __post_init__(self) -> None:
        _refuse_number("hours_per_case", self.hours_per_case)
        _refuse_number("value_of_an_hour", self.value_of_an_hour)


def cases_per_month(design: Design) -> float:
    """Return the applications a month that trained offices received once trained, added up over the offices.

    For each treated unit: its mean number of records in its treated periods that hold any. Cells are counted as they
    are in the panel, so a month left out as immature says nothing.

    Raises
    ------
    InputError
        The panel does not say how many records are behind its cells, or its periods are not months.
    """
    panel = design.panel
    if panel.timeline.kind != "month":
        raise InputError(f"The periods of the panel are {panel.timeline.kind}s, not months. Give cases_per_month.")
    counted = design.treated() & panel.observed
    if (panel.n[counted] == 1).all():
        raise InputError(
            "Every cell of the panel holds one record: it is a ready panel without sizes=, or Count(). "
            "The applications behind a cell are not known. Give cases_per_month."
        )
    cells = counted.sum(axis=1)
    total = np.where(counted, panel.n, 0.0).sum(axis=1)
    return float(np.divide(total, cells, out=np.zeros_like(total), where=cells > 0).sum())


def returns(
    inference: Inference,
    costs: Costs,
    *,
    cases_per_month: float,
    value_of_a_day: float,
    years: float,
    discount: float,
    reps: int,
    seed: int,
    fade_half_life: float | None = None,
    staff: StaffTime | None = None,
    across_offices: Across = "weighted",
) -> Returns:
    """Return what a training programme gives back for what it cost.

    Days saved are the effect on one application, times applications, over `years` from the training on. For that the
    effect must be one on applications: estimated with ``assign(..., weights="records")``. An effect in which every
    office counts alike is the effect on an office-month; times applications it is wrong wherever large offices gain
    more or less than small ones, and refused unless the analyst says that the effect is equal in all offices.

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
    Linear in the effect b (days, negative is good): ``NPV = value * D * (-b) + H - C`` with D the discounted number of
    applications less their fade, H the value of staff time and C the present value of the costs.
    Boardman et al. (2018), Cost-Benefit Analysis, chapters 6 and 11; the interval of a cost per day follows by
    inverting that of the effect (Fieller's problem with a fixed numerator).
    """
    for name, value in (
        ("cases_per_month", cases_per_month),
        ("value_of_a_day", value_of_a_day),
        ("years", years),
        ("discount", discount),
    ):
        _refuse_number(name, value)
    if fade_half_life is not None:
        _refuse_number("fade_half_life", fade_half_life)
    if min(cases_per_month, years) == 0 or fade_half_life == 0:
        raise InputError("cases_per_month, years and fade_half_life must be above zero.")
    if discount > 1:
        raise InputError(f"discount={discount!r} is {discount:.0%} a year. Expected a share, for instance 0.08.")
    if isinstance(reps, bool) or reps < 100:
        raise InputError(f"reps={reps!r}. Expected a whole number of draws, 100 or more.")
    _refuse_effect(inference, across_offices)
    rng = np.random.default_rng(seed)
    effect = inference.estimate[0] + inference.std_error[0] * rng.standard_t(inference.df[0], size=reps)
    made = Returns(
        inference=inference,
        costs=costs,
        cases_per_month=float(cases_per_month),
        value_of_a_day=float(value_of_a_day),
        years=float(years),
        discount=float(discount),
        fade_half_life=None if fade_half_life is None else float(fade_half_life),
        staff=staff,
        across_offices=across_offices,
        draws=effect,
        seed=seed,
    )
    made = replace(made, notes=tuple(_notes(made)))
    for note in made.notes:
        warnings.warn(note, DataWarning, stacklevel=2)
    return made


def _refuse_number(name: str, value: object) -> None:
    good = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not good or not math.isfinite(float(value)) or float(value) < 0:  # type: ignore[arg-type]
        raise InputError(f"{name}={value!r}. Expected a number, 0 or more.")


def _refuse_effect(inference: Inference, across_offices: Across) -> None:
    outcome = inference.effects.design.panel.outcome
    if len(inference.estimate) != 1:
        raise InputError(f"{len(inference.estimate)} effects were given. Expected one: infer(effects.overall(), rule).")
    if outcome.unit not in _DAYS:
        raise InputError(
            f"The effect is on {outcome.name} in {outcome.unit or 'no unit'}. Days saved need an outcome in days, such "
            "as RestrictedMean(30)."
        )
    if across_offices not in ("weighted", "equal"):
        raise InputError(f"across_offices={across_offices!r}. Expected 'weighted' or 'equal'.")
    if across_offices == "weighted" and inference.effects.design.weights != "records":
        raise InputError(
            "Every office counts alike in this effect (weights='units'): it is the effect on an office-month, not on "
            "an application, and cannot be multiplied by applications. Estimate with assign(..., weights='records'); "
            "or, if the effect is the same in every office, say across_offices='equal'."
        )
    if not (np.isfinite(inference.std_error[0]) and np.isfinite(inference.df[0]) and inference.df[0] > 0):
        raise InputError("The effect has no standard error, so nothing can be said about its return.")


@dataclass(frozen=True, eq=False)
class Returns:
    """What a programme gives back, with the uncertainty of its effect.

    Attributes
    ----------
    inference, costs, cases_per_month, value_of_a_day, years, discount, fade_half_life, staff, across_offices, seed
        As given to `returns`.
    draws
        (R,) effects drawn from the t distribution of the estimate, in days for each application.
    notes
        What was assumed, in sentences.
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
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "draws", readonly(np.asarray(self.draws, dtype=np.float64)))

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
        reach = design.panel.timeline.steps[-1] + 1 - design.adopted[np.isfinite(design.adopted)]
        return int(reach.max(initial=0))

    @property
    def beyond_observation(self) -> bool:
        """Whether the effect is counted for longer than it was observed."""
        kind = self.inference.effects.design.panel.timeline.kind
        return kind == "month" and 12 * self.years > self.observed_months + 1e-9

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row a quantity: term, unit, estimate, std_error, statistic, df, p_value, conf_low, conf_high.

        ``days_saved_per_case``, ``days_saved`` (not discounted), ``benefit`` and ``net_present_value`` are linear in
        the effect and have its t distribution. ``cost_per_day`` is undiscounted costs over undiscounted days,
        ``break_even_value`` the value of a day at which the net present value is zero: their intervals invert that of
        the effect, end at infinity where the effect may be zero, and are undefined (NaN) where no day is saved.
        ``cost`` and ``break_even_effect`` do not depend on the effect and have no interval.
        """
        return pd.DataFrame(list(self.rows(level).values()))

    def rows(self, level: float = 0.95) -> Rows:
        """Return the rows of `table` by their term."""
        value = self.value_of_a_day * self.discounted_cases
        short = max(self.costs_now - self.staff_value, 0.0)
        rows = [
            self._linear("days_saved_per_case", "days", 1.0, 0.0, level),
            self._linear("days_saved", "days", self.cases, 0.0, level),
            _fixed("cost", "rupiah", self.costs_now),
            self._linear("benefit", "rupiah", value, self.staff_value, level),
            self._linear("net_present_value", "rupiah", value, self.staff_value - self.costs_now, level),
            self._inverse("cost_per_day", "rupiah per day", self.costs.total / self.cases, level),
            self._inverse("break_even_value", "rupiah per day", short / self.discounted_cases, level),
            _fixed("break_even_effect", "days per application", self.break_even_effect),
        ]
        return {row["term"]: row for row in rows}

    def _ends(self, level: float) -> tuple[float, float, float]:
        """Days saved on an application, estimate and ends of the t interval."""
        if not 0 < level < 1:
            raise InputError(f"level={level!r}. Expected a share between 0 and 1, for instance 0.95.")
        saved, error = -float(self.inference.estimate[0]), float(self.inference.std_error[0])
        reach = float(stats.t.ppf((1 + level) / 2, self.inference.df[0])) * error
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
            "p_value": float(2 * stats.t.sf(abs(statistic), df)),
            "conf_low": slope * low + shift,
            "conf_high": slope * high + shift,
        }

    def _inverse(self, term: str, unit: str, top: float, level: float) -> dict[str, Any]:
        saved, low, high = self._ends(level)
        row = _fixed(term, unit, top / saved if saved > 0 else math.nan)
        if high > 0:
            row |= {"conf_low": top / high, "conf_high": top / low if low > 0 else math.inf}
        return row

    def sensitivity(
        self,
        discounts: Sequence[float] = DISCOUNTS,
        half_lives: Sequence[float | None] = HALF_LIVES,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return the net present value under other discount rates and fading, one row a pair.

        Columns: discount, fade_half_life (years; NaN: the effect stays), net_present_value, conf_low, conf_high,
        probability_positive (of the same draws), break_even_effect, break_even_value.
        """
        rows = []
        for fade in half_lives:
            for discount in discounts:
                other = replace(self, discount=discount, fade_half_life=fade, notes=())
                found = other.rows(level)
                rows.append(
                    {
                        "discount": discount,
                        "fade_half_life": math.nan if fade is None else fade,
                        "net_present_value": found["net_present_value"]["estimate"],
                        "conf_low": found["net_present_value"]["conf_low"],
                        "conf_high": found["net_present_value"]["conf_high"],
                        "probability_positive": other.probability_positive,
                        "break_even_effect": other.break_even_effect,
                        "break_even_value": found["break_even_value"]["estimate"],
                    }
                )
        return pd.DataFrame(rows)

    def sentences(self, language: Language, level: float = 0.95) -> tuple[str, ...]:
        """Return what can be said, in Indonesian (``"id"``) or English (``"en"``), verdict first."""
        return tuple(_sentences(self, language, level))

    def __repr__(self) -> str:
        value = rupiah(self.rows()["net_present_value"]["estimate"], "id")
        return (
            f"Returns({value} net present value over {self.years:g} years at {self.discount:.1%}; positive in "
            f"{self.probability_positive:.1%} of {len(self.draws)} draws)"
        )

    def _repr_html_(self) -> str:
        told = len(_of_notes(self, "en"))  # the first notes, which the sentences say already
        facts = [("en", said) for said in self.sentences("en")] + [("note", note) for note in self.notes[told:]]
        return card("Returns", facts, table=pd.DataFrame([_as_written(row) for row in self.rows().values()]))


def _exposure(years: float, discount: float, half_life: float | None) -> float:
    """Months over the years, each counted as what is left of the effect in its middle and discounted at its end.

    A last part of a month counts as that part.
    """
    whole = math.ceil(12 * years - 1e-9)
    month = np.arange(1, whole + 1)
    share = np.minimum(1.0, 12 * years - (month - 1))
    left = np.ones(whole) if half_life is None else 0.5 ** ((month - 0.5) / 12 / half_life)
    return float((share * left * (1 + discount) ** (-month / 12)).sum())


def _fixed(term: str, unit: str, value: float) -> dict[str, Any]:
    nothing = dict.fromkeys(("std_error", "statistic", "df", "p_value", "conf_low", "conf_high"), math.nan)
    return {"term": term, "unit": unit, "estimate": value, **nothing}


def _as_written(row: dict[str, Any]) -> dict[str, str]:
    """Return a row with its numbers as people write them: whole rupiah, two decimals of days."""
    money = row["unit"].startswith("rupiah")
    amounts = {
        name: rupiah(row[name], "en") if money else number(row[name], 2, "en")
        for name in ("estimate", "std_error", "conf_low", "conf_high")
    }
    others = {
        name: number(row[name], decimals, "en") for name, decimals in {"statistic": 2, "df": 1, "p_value": 3}.items()
    }
    return {**row, **amounts, **others}


def _notes(made: Returns) -> list[str]:
    design = made.inference.effects.design
    notes = list(made.costs.notes[: 1 if made.costs.example else 0])
    if made.beyond_observation:
        notes.append(
            f"The effect was observed for {made.observed_months} months at most and is counted for "
            f"{12 * made.years:g}: that it lasts so long is an assumption."
        )
    if made.across_offices == "equal" and design.weights != "records":
        notes.append("Taken as equal in all offices: every office counts alike in the effect, not every application.")
    if isinstance(made.inference, Resampled):
        notes.append(
            f"Draws and intervals here are from t({made.inference.df[0]:.1f}) around the estimate; "
            f"the rule ({made.inference.rule.name}) has its own intervals, which may be wider."
        )
    return notes


# --------------------------------------------------------------------------------------------------------------- words


def _sentences(made: Returns, language: Language, level: float) -> list[str]:
    rows = made.rows(level)
    return [
        _verdict(made, rows, language, level),
        _of_days(made, rows, language, level),
        _of_costs(made, rows, language, level),
        _of_break_even(made, language),
        _of_value(made, rows, language, level),
        *_of_notes(made, language),
    ]


def _range(row: dict[str, Any], language: Language, level: float, decimals: int | None) -> str:
    """Return the interval of a row in brackets; `decimals` None for rupiah."""
    low, high = (
        rupiah(float(row[end]), language) if decimals is None else number(float(row[end]), decimals, language)
        for end in ("conf_low", "conf_high")
    )
    share = number(100 * level, 0, language)
    to = {"id": "sampai", "en": "to"}[language]
    if math.isinf(float(row["conf_high"])):
        word = {"id": "atau lebih, tanpa batas atas", "en": "or more, without an upper end"}[language]
        return {"id": f"(selang {share}%: {low} {word})", "en": f"({share}% interval: {low} {word})"}[language]
    return {"id": f"(selang {share}%: {low} {to} {high})", "en": f"({share}% interval: {low} {to} {high})"}[language]


def _verdict(made: Returns, rows: Rows, language: Language, level: float) -> str:
    saved, npv = rows["days_saved_per_case"], rows["net_present_value"]
    if saved["conf_low"] <= 0 <= saved["conf_high"]:
        return {
            "id": "Manfaat pelatihan belum dapat dipastikan: selang kepercayaan dampaknya memuat nol.",
            "en": "Whether the training paid cannot be said yet: the interval of its effect holds zero.",
        }[language]
    if saved["conf_high"] < 0:
        return {
            "id": "Waktu tunggu bertambah lama: pelatihan tidak menghemat hari bagi pemohon.",
            "en": "Waits became longer: the training saved applicants no days.",
        }[language]
    if npv["conf_low"] > 0:
        return {
            "id": "Manfaat pelatihan melebihi biayanya pada asumsi yang disebutkan.",
            "en": "The benefits of the training exceed its costs under the assumptions stated.",
        }[language]
    if npv["conf_high"] < 0:
        return {
            "id": "Biaya pelatihan melebihi manfaatnya pada asumsi yang disebutkan.",
            "en": "The costs of the training exceed its benefits under the assumptions stated.",
        }[language]
    return {
        "id": "Waktu tunggu menjadi lebih singkat, tetapi belum dapat dipastikan bahwa manfaatnya melebihi biayanya.",
        "en": "Waits became shorter, but it cannot be said yet that the benefits exceed the costs.",
    }[language]


def _day(made: Returns, language: Language) -> str:
    unit = made.inference.effects.design.panel.outcome.unit
    kind = next((k for k in ("working", "calendar") if k in unit), "working" if "kerja" in unit else "")
    return {
        "id": {"working": "hari kerja", "calendar": "hari kalender", "": "hari"}[kind],
        "en": f"{kind} days".strip(),
    }[language]


def _of_days(made: Returns, rows: Rows, language: Language, level: float) -> str:
    one, all_ = rows["days_saved_per_case"], rows["days_saved"]
    each = number(one["estimate"], 2, language)
    total = number(all_["estimate"], 0, language)
    return {
        "id": f"Perkiraan {_day(made, language)} yang dihemat pada setiap permohonan: {each} "
        f"{_range(one, language, level, 2)}; seluruhnya {total} hari pemohon {_range(all_, language, level, 0)}.",
        "en": f"Estimated {_day(made, language)} saved on each application: {each} {_range(one, language, level, 2)}; "
        f"{total} applicant days in all {_range(all_, language, level, 0)}.",
    }[language]


def _of_costs(made: Returns, rows: Rows, language: Language, level: float) -> str:
    row = rows["cost_per_day"]
    total = rupiah(made.costs.total, language)
    if math.isnan(row["estimate"]):
        return {
            "id": f"Biaya program {total}; biaya per hari yang dihemat tidak terdefinisi karena menurut perkiraan "
            "tidak ada hari yang dihemat.",
            "en": f"The programme cost {total}; the cost of a day saved is undefined because by the estimate no day "
            "was saved.",
        }[language]
    each = rupiah(row["estimate"], language)
    return {
        "id": f"Biaya program {total}, yaitu {each} untuk setiap hari yang dihemat "
        f"{_range(row, language, level, None)}.",
        "en": f"The programme cost {total}: {each} for each day saved {_range(row, language, level, None)}.",
    }[language]


def _of_break_even(made: Returns, language: Language) -> str:
    if math.isnan(made.break_even_effect):
        return {
            "id": "Titik impas tidak terdefinisi karena satu hari diberi nilai nol.",
            "en": "There is no break-even point because a day is valued at nothing.",
        }[language]
    days, value = number(made.break_even_effect, 2, language), rupiah(made.value_of_a_day, language)
    return {
        "id": f"Titik impas: manfaat sama dengan biaya bila setiap permohonan selesai "
        f"{days} {_day(made, language)} lebih cepat (nilai satu hari {value}).",
        "en": f"Break-even: benefits equal costs when each application is finished {days} "
        f"{_day(made, language)} sooner (a day is worth {value}).",
    }[language]


def _of_value(made: Returns, rows: Rows, language: Language, level: float) -> str:
    row = rows["net_present_value"]
    amount, chance = rupiah(row["estimate"], language), number(100 * made.probability_positive, 0, language)
    years, rate = _plain(made.years, language), _plain(100 * made.discount, language)
    fade = _fading(made.fade_half_life, language)
    draws = number(len(made.draws), 0, language)
    return {
        "id": f"Nilai kini bersih selama {years} tahun dengan tingkat diskonto {rate}% ({fade}): {amount} "
        f"{_range(row, language, level, None)}; positif dalam {chance}% dari {draws} simulasi.",
        "en": f"Net present value over {years} year{'' if made.years == 1 else 's'} at a discount rate of {rate}% "
        f"({fade}): {amount} "
        f"{_range(row, language, level, None)}; positive in {chance}% of {draws} draws.",
    }[language]


def _fading(half_life: float | None, language: Language) -> str:
    if half_life is None:
        return {"id": "dampak dianggap tetap", "en": "the effect is taken to last"}[language]
    years = _plain(half_life, language)
    return {
        "id": f"dampak tinggal separuh setiap {years} tahun",
        "en": f"half of the effect is left after every {years} years",
    }[language]


def _plain(value: float, language: Language) -> str:
    decimals = next(d for d in range(7) if d == 6 or abs(round(value, d) - value) < 1e-9)
    return number(value, decimals, language)


def _of_notes(made: Returns, language: Language) -> list[str]:
    said = []
    if made.beyond_observation:
        seen, counted = number(made.observed_months, 0, language), _plain(12 * made.years, language)
        said.append(
            {
                "id": f"Dampak teramati paling lama {seen} bulan setelah pelatihan, tetapi dihitung untuk {counted} "
                "bulan: bahwa dampak bertahan selama itu adalah asumsi.",
                "en": f"The effect was observed for {seen} months after training at most and is counted for {counted}: "
                "that it lasts so long is an assumption.",
            }[language]
        )
    if made.across_offices == "equal" and made.inference.effects.design.weights != "records":
        said.append(
            {
                "id": "Dampak dianggap sama di semua kantor, besar maupun kecil.",
                "en": "The effect is taken to be the same in all offices, large or small.",
            }[language]
        )
    if made.costs.example:
        count = made.costs.example
        said.append(
            {
                "id": f"{count} komponen biaya masih contoh rekaan: angka rupiah di sini bukan hasil evaluasi.",
                "en": f"{count} cost components are still the invented example: the amounts here are no result.",
            }[language]
        )
    return said
