"""What is fixed before any application comes in: the offices, when they are trained, and the world they live in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from asn_impact.arguments import check_fields
from asn_impact.arrays import Bool, Float, Int
from asn_impact.errors import DesignError, InputError
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.words import verbatim
from synthetic.catalogue import OFFICES, RAMADAN

World: TypeAlias = Literal["effect", "no_effect", "diverging", "selected", "system_change", "few_treated"]
Dates: TypeAlias = npt.NDArray[np.datetime64]

FIRST_MONTH = np.datetime64("2023-01", "M")
WAVES: tuple[tuple[int, int], ...] = ((14, 5), (20, 5), (26, 4))  # months since 2023-01, offices
USUAL_EFFECT = -0.40
TREND = -0.02  # log points a month, in the diverging world
SYSTEM = -0.20  # log points, in the world of the system change
_STREAMS = (
    "offices",
    "shocks",
    "rollout",
    "volume",
    "received",
    "waits",
    "status",
    "training",
    "survey",
    "dirt",
    "channel",
    "providers",
    "workshops",
    "formats",
    "projects",
    "learning",
    "complaints",
    "adaptation",
)  # a part is known by its place: new ones go to the end


@dataclass(frozen=True, eq=False, kw_only=True)
class Regency:
    """What is fixed before anything is drawn.

    Parameters
    ----------
    seed
        Two regencies with the same parameters and seed are the same to the last byte.
    offices
        Number of offices, 20 to 38.
    months
        Months from January 2023, 30 to 48; the export is made on the last day of the last month.
    effect
        Log change of the office's own working time once the training works fully. The default, -0.40, is
        about 33 % shorter: far more than to hope for in earnest, so that a first analysis sees it. It rises
        over three months (one third, two thirds, full) and differs between offices (sd 0.2 of its size).
        Survey scores move in proportion.
    world
        ``effect``: training works; trained offices were drawn by lot.
        ``no_effect``: training does nothing, whatever `effect` says.
        ``diverging``: trained offices were already getting faster, month by month.
        ``selected``: the offices with the worst past year were trained, and would have recovered anyway.
        ``system_change``: trained offices got a new computer system in the same month.
        ``few_treated``: two trained offices.

    Raises
    ------
    DesignError
        Too few or too many offices or months.
    InputError
        An unknown world or an effect that is not a finite number.

    Examples
    --------
    >>> Regency(seed=1, world="no_effect").training_effect
    0.0
    """

    seed: int
    offices: int = 38
    months: int = 36
    effect: float = USUAL_EFFECT
    world: World = "effect"

    def __post_init__(self) -> None:
        check_fields(self)
        if not 20 <= self.offices <= len(OFFICES):
            text = f"offices is {self.offices}; expected 20 to {len(OFFICES)}. Choose a number in that range."
            raise DesignError(verbatim(text))
        if not 30 <= self.months <= 48:
            text = f"months is {self.months}; expected 30 to 48, so that every wave of training can be followed."
            raise DesignError(verbatim(text))
        if not np.isfinite(self.effect):
            raise InputError(verbatim(f"effect is {self.effect}; expected a finite log change such as -0.40."))

    @property
    def training_effect(self) -> float:
        """The log change that training causes at full dose: `effect`, or 0 in the world without one."""
        return 0.0 if self.world == "no_effect" else float(self.effect)

    @property
    def scale(self) -> float:
        """The effect of any training relative to the usual one: 1 by default, 0 in the world without effect."""
        return self.training_effect / USUAL_EFFECT

    @property
    def as_of(self) -> dt.date:
        """The day the export is made: the last day of the last month."""
        years, months = divmod(self.months, 12)
        return dt.date(2023 + years, months + 1, 1) - dt.timedelta(days=1)

    def draw(self, part: str) -> np.random.Generator:
        """Return the generator of one part: a change in one part leaves the draws of the others alone."""
        return np.random.default_rng([self.seed, _STREAMS.index(part)])


# --- Calendar -----------------------------------------------------------------------------------------------


def working_day(calendar: WorkCalendar, number: Int) -> Dates:
    """Return the working day of each number; the last covered day, far beyond any export, for later ones."""
    working: Dates = calendar.days[calendar.working]
    dates: Dates = working[np.minimum(number, len(working)) - 1]
    return dates


def month_starts(months: Int) -> Dates:
    """Return the first day of each month, months counted from January 2023."""
    return (FIRST_MONTH + months).astype("datetime64[D]")


# --- Offices ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Offices:
    """Offices before any application comes in. O offices, T months; logs of working time."""

    names: npt.NDArray[np.object_]  # (O,)
    volume: Float  # (O,) applications a month
    staff: Int  # (O,) staff who handle cases
    adopted: Float  # (O,) month of training since 2023-01; inf = never
    without: Float  # (O, T) log shift without training
    system: Float  # (O, T) log shift of the new system, part of `without`
    dose: Float  # (O, T) share of the full effect at work
    response: Float  # (O,) effect of an office relative to the usual one


def draw_offices(regency: Regency) -> Offices:
    """Draw levels, staff, shocks and the lottery of the E-Government course."""
    draw = regency.draw("offices")
    count = regency.offices
    volume = np.array([office[1] for office in OFFICES[:count]], dtype=np.float64)
    level = draw.normal(0.0, 0.20, count)
    staff = draw.integers(6, 25, count) + (volume // 8).astype(np.int64)
    response = np.clip(draw.normal(1.0, 0.2, count), 0.5, 1.5)
    shocks = _shocks(regency)
    adopted = _adopted(regency, shocks)
    since = np.arange(regency.months) - adopted[:, None]  # (O, T); -inf for offices never trained
    system = np.where((since >= 0) & (regency.world == "system_change"), SYSTEM, 0.0)
    drift = np.where(np.isfinite(adopted)[:, None] & (regency.world == "diverging"), TREND, 0.0)
    return Offices(
        names=np.array([office[0] for office in OFFICES[:count]], dtype=object),
        volume=volume,
        staff=staff,
        adopted=adopted,
        without=level[:, None] + shocks + system + drift * np.arange(regency.months),
        system=system,
        dose=np.clip((since + 1) / 3, 0.0, 1.0),
        response=response,
    )


def _shocks(regency: Regency) -> Float:
    """Shocks of office and month (O, T): autoregressive within an office, plus one common to the month."""
    draw = regency.draw("shocks")
    memory, spread = (0.85, 0.30) if regency.world == "selected" else (0.50, 0.12)
    fresh = draw.normal(0.0, spread, (regency.offices, regency.months))
    shocks = np.empty_like(fresh)
    shocks[:, 0] = fresh[:, 0]
    for month in range(1, regency.months):
        shocks[:, month] = memory * shocks[:, month - 1] + np.sqrt(1 - memory**2) * fresh[:, month]
    return shocks + draw.normal(0.0, 0.04, regency.months)


def _adopted(regency: Regency, shocks: Float) -> Float:
    """Month of training of each office (O,): by lot, or those whose past year was worst."""
    waves = ((14, 2),) if regency.world == "few_treated" else WAVES
    lot = regency.draw("rollout").random(regency.offices)
    adopted = np.full(regency.offices, np.inf)
    for month, size in waves:
        claim = shocks[:, month - 12 : month].mean(axis=1) if regency.world == "selected" else lot
        waiting = np.flatnonzero(np.isinf(adopted))
        adopted[waiting[np.argsort(-claim[waiting], kind="stable")[:size]]] = month
    return adopted


def in_ramadan(dates: Dates) -> Bool:
    """Say for each date whether it lies in Ramadan."""
    inside = np.zeros(dates.shape, dtype=np.bool_)
    for first, last in RAMADAN:
        inside |= (dates >= np.datetime64(first)) & (dates <= np.datetime64(last))
    return inside
