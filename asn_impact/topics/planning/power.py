"""What the next wave could detect: power by simulation from a model of an office's own past.

Histories of any length are drawn from the working covariance that the past without treatment chooses, each office's
noise as large as that of an office of the past, and larger or smaller by as much as such a past may err. Of the effect
it is assumed that it is a constant, added to every treated cell. Every estimate that moves one for one with such a
constant, and whose standard error does not, needs the draws without an effect only. With an effect e each interval
moves by e. So the power at every e, and the smallest effect that is seen often enough, are order statistics of the ends
of intervals.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
import scipy

from asn_impact.arguments import AtLeast, Level, Share
from asn_impact.arrays import Float
from asn_impact.designs.design import Weighing
from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.estimation.effects import Estimator
from asn_impact.estimation.gls import GLSImputation
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.jackknife import BiasReduced
from asn_impact.measures.panel import Panel
from asn_impact.topics.planning.past import Past, Scenario, leave_off, past_of
from asn_impact.topics.planning.simulation import PlannedStudy, intervals
from asn_impact.verbs import Held, public_verb
from asn_impact.words import Alert, Language, Message, Quantity, Sentence

if TYPE_CHECKING:
    from tqdm import tqdm

Direction: TypeAlias = Literal["lower", "higher"]
Draws: TypeAlias = Annotated[int, AtLeast(20)]
Factor: TypeAlias = Annotated[float, AtLeast(0.1)]

_GLS: Final = GLSImputation()
_BIAS_REDUCED: Final = BiasReduced()
_SIZES: Final = ("offices", "treated", "waves", "months")  # of a scenario
_TOO_OFTEN: Final = 0.01  # share of draws without an interval from which on a reader must know


# --------------------------------------------------------------------------------------------------------- the question


@public_verb
def detectable(
    panel: Panel,
    *,
    cluster: str,
    treated: int | Sequence[int],
    waves: int | Sequence[int | tuple[int, ...]],
    months: int | Sequence[int],
    reps: Draws,
    seed: int,
    offices: int | Sequence[int] | None = None,
    estimator: Estimator = _GLS,
    rule: Rule = _BIAS_REDUCED,
    weights: Weighing = "units",
    direction: Direction = "lower",
    power: Share = 0.8,
    level: Level = 0.95,
    treated_noise: Factor = 1.0,
) -> Power:
    """Return what studies like these could detect, by simulation from a past without treatment.

    Each draw takes the sizes of whole clusters with replacement, and noise from a model of the past, of any length: the
    working covariance of `GLSImputation`, each cluster with the scale of one of the past. The first of them get the
    training dates of the scenario, and the interval of the effect, which is none, is made. A past of few clusters may
    err about the noise of all: each study has more or less of it by as much (without that the power would be less than
    announced).

    The effect is a constant in the unit of the outcome, the same in every treated cell. Then the draws without effect
    serve for every size of it: exact for every estimate that moves one for one with a constant on the treated cells
    while its standard error stays. That is tried on a draw for the given estimator and rule, and refused otherwise.

    Parameters
    ----------
    panel
        Cells without any treatment in them: a panel from before the programme, `pre_period` or `never_treated`.
    cluster
        Attribute of the units that is drawn and trained as a whole.
    treated, waves, months, offices
        One number, or several: every combination is a scenario. `offices` is by default the number of clusters of the
        panel. A wave may be a number of waves at even distances, or a tuple of the months before each wave begins.
    reps, seed
        Number of studies drawn for each scenario, and the seed.
    estimator, rule, weights
        How the study would be analysed. What the estimator anticipates is left off a past from `pre_period`, and no
        wave may start before a period that lies ahead of it. `GLSImputation` gets the working covariance of the past;
        choosing it anew in each study would cost time and change little.
    direction
        The side on which an effect is hoped for: ``"lower"`` for waiting times, ``"higher"`` for shares done in time.
        An effect is seen when the whole interval lies on that side of zero.
    power, level
        How often it is to be seen, and the level of the interval.
    treated_noise
        How noisy the trained offices are, as a multiple of the others. A past cannot tell; where the offices with the
        most irregular waits will be trained, say 2.

    Raises
    ------
    InputError
        A scenario that cannot be, or a share outside 0 to 1.
    DesignError
        The past has a gap, a single cluster, or no attribute of that name.
    EstimationError
        The estimate does not move one for one with a constant effect.

    Notes
    -----
    Burlig, Preonas and Woerman (2020), Journal of Development Economics 144, on serial correlation in such plans; Bloom
    (1995), Evaluation Review 19, for the closed form that the tests compare with. The minimum detectable effect solves
    ``E F(e s) = power``, with F the distribution of the ends of intervals under the noise that was found, and
    ``(G - 1) s^2`` chi squared with G - 1 degrees of freedom; for normal ends it is k times the one at s = 1, with
    ``E Phi(k s (c + z) - c) = power``. Announced and found power: ``benchmarks/plan.py``.

    Examples
    --------
    >>> import asn_impact as ai
    >>> past = ai.never_treated(ai.example_design())
    >>> plan = ai.detectable(past, cluster="office", treated=[4, 6], waves=2, months=12, offices=12, reps=40, seed=1)
    >>> plan
    Power(restricted_mean_30: 2 scenarios of 40 draws; seen in 80% of studies at level 0.95)
    """
    panel, notes = leave_off(panel, estimator.anticipation)
    past = past_of(panel, cluster, weights)
    scenarios = _scenarios(offices if offices is not None else len(past.members), treated, waves, months)
    if early := [one.starts[0] for one in scenarios if one.starts[0] <= estimator.anticipation]:
        raise InputError(Message("planning.power.early_wave", start=early[0], anticipation=estimator.anticipation))
    study = PlannedStudy(estimator, rule, level)
    ends, own_notes = [], [*notes, _say_model(past)]
    for scenario in scenarios:
        with _bar(reps, scenario) as bar:
            ends_of, without = intervals(
                past, scenario, study, reps, seed, treated_noise=float(treated_noise), tick=bar.update
            )
        ends.append(ends_of)
        if without > _TOO_OFTEN * reps:
            own_notes.append(Alert("planning.power.without_interval", n=without, reps=reps, scenario=repr(scenario)))
    return Power(
        panel=panel,
        scenarios=scenarios,
        ends=np.stack(ends),
        estimator=estimator,
        rule=rule,
        direction=direction,
        power=power,
        level=level,
        seed=seed,
        treated_noise=float(treated_noise),
        notes=tuple(own_notes),
    )


def _bar(reps: int, scenario: Scenario) -> tqdm[Any]:
    """Return a bar that shows on a terminal, and nowhere else, where the draws take longer than two seconds."""
    from tqdm import tqdm  # not tqdm.auto, whose bar in a notebook is an output that differs from run to run

    words = f"{scenario.treated} of {scenario.offices} offices, {scenario.months} months"
    return tqdm(total=reps, desc=words, delay=2, leave=False, disable=None)


def _say_model(past: Past) -> Message:
    """Say what the histories are drawn from."""
    working = past.working
    key = "model" if working.chosen else "model_fallback"
    numbers = {"correlation": working.correlation, "ratio": working.ratio}
    return Message(f"planning.power.{key}", **numbers, periods=len(past.panel.timeline), clusters=len(past.members))


def _scenarios(
    offices: int | Sequence[int],
    treated: int | Sequence[int],
    waves: int | Sequence[int | tuple[int, ...]],
    months: int | Sequence[int],
) -> tuple[Scenario, ...]:
    several: tuple[Sequence[Any], ...] = tuple(
        value if isinstance(value, Sequence) else (value,) for value in (offices, treated, waves, months)
    )
    if not all(len(values) for values in several):
        raise InputError(Message("planning.power.empty_list"))
    return tuple(
        Scenario(o, t, tuple(w), m)
        if isinstance(w, Sequence)
        else Scenario.even(offices=o, treated=t, waves=w, months=m)
        for o, t, w, m in itertools.product(*several)
    )


# ----------------------------------------------------------------------------------------------------------- the answer


@dataclass(frozen=True, eq=False)
class Power(Held):
    """What planned studies could detect.

    Attributes
    ----------
    panel
        The past that was drawn from.
    scenarios
        The S studies.
    ends
        (S, R, 2) lower and upper ends of the intervals of R studies without an effect; NaN where a study has none.
    estimator, rule, direction, power, level, seed, treated_noise
        As asked for.
    notes
        What was assumed.

    Examples
    --------
    >>> import asn_impact as ai
    >>> past = ai.pre_period(ai.example_design(effect=0.0))
    >>> plan = ai.detectable(past, cluster="office", treated=6, waves=1, months=5, reps=40, seed=1)
    >>> plan
    Power(restricted_mean_30: 1 scenario of 40 draws; seen in 80% of studies at level 0.95)
    """

    panel: Panel
    scenarios: tuple[Scenario, ...]
    ends: Float
    estimator: Estimator
    rule: Rule
    direction: Direction
    power: float
    level: float
    seed: int
    treated_noise: float = 1.0
    notes: tuple[Message, ...] = ()

    @property
    def _sizes_needed(self) -> Float:
        """(S, R) size above which an effect is seen in each draw, sorted; infinite where it never is."""
        reach = self.ends[:, :, 1] if self.direction == "lower" else -self.ends[:, :, 0]
        return np.sort(np.where(np.isnan(reach), np.inf, reach), axis=1)

    def table(self, effects: Sequence[float]) -> pd.DataFrame:
        """Return the power at each size of the effect: one row a scenario and size.

        Columns: offices, treated, waves, months, effect (signed, in the unit of the outcome), power (share of studies
        whose interval lies wholly on the side of the effect), monte_carlo_error (standard error of that share).

        Raises
        ------
        InputError
            Sizes on the side that the study does not look at.
        """
        sign = -1 if self.direction == "lower" else 1
        wrong = [effect for effect in effects if not (math.isfinite(effect) and sign * effect >= 0)]
        if wrong:
            raise InputError(Message("planning.power.wrong_side", effects=map(repr, wrong), direction=self.direction))
        rows = []
        for scenario, needed in zip(self.scenarios, self._sizes_needed, strict=True):
            for effect in effects:
                share = float(np.searchsorted(needed, abs(effect), side="left")) / len(needed)
                rows.append({**_numbers_of(scenario), "effect": float(effect), **_share(share, len(needed))})
        return pd.DataFrame(rows)

    def minimum(self) -> pd.DataFrame:
        """Return the minimum detectable effect of each scenario, one row each.

        Columns: offices, treated, waves, months, effect (signed; NaN where no size is seen often enough), conf_low
        and conf_high (95 % interval of `effect` for Monte-Carlo error, from order statistics), power (of the
        draws at that size), monte_carlo_error, rejected_at_zero (share of studies without effect whose interval leaves
        out zero on either side: to be about 1 - level), draws.
        """
        return pd.DataFrame(self._minimum())

    def _minimum(self) -> list[dict[str, Any]]:
        rows = []
        for scenario, needed, ends in zip(self.scenarios, self._sizes_needed, self.ends, strict=True):
            size, low, high = _quantile(needed, self.power)
            sign = -1.0 if self.direction == "lower" else 1.0
            rejected = float(((ends[:, 0] > 0) | (ends[:, 1] < 0)).mean())
            share = float((needed <= size).mean()) if math.isfinite(size) else math.nan
            rows.append(
                {
                    **_numbers_of(scenario),
                    "effect": sign * size if math.isfinite(size) else math.nan,
                    "conf_low": min(sign * low, sign * high),
                    "conf_high": max(sign * low, sign * high),
                    **_share(share, len(needed)),
                    "rejected_at_zero": rejected,
                    "draws": len(needed),
                }
            )
        return rows

    def compare(self, *others: Power) -> pd.DataFrame:
        """Return the minimum detectable effect by estimator, one row a scenario and plan: all from the same draws.

        Parameters
        ----------
        others
            Plans of the same scenarios from the same past with the same seed, analysed in another way.

        Columns: estimator, rule, then those of `minimum`, and ``of_first``: the effect over that of this plan.

        Raises
        ------
        InputError
            The other power is not of the same draws.
        """
        for other in others:
            if self._drawn != other._drawn or self.panel.mean.tobytes() != other.panel.mean.tobytes():
                raise InputError(Message("planning.power.other_draws", name=other.estimator.entry.name))
        plans = [(plan, plan._minimum()) for plan in (self, *others)]
        rows = [
            {
                "estimator": plan.estimator.name,
                "rule": plan.rule.name,
                **minimum[i],
                "of_first": minimum[i]["effect"] / plans[0][1][i]["effect"],
            }
            for i in range(len(self.scenarios))
            for plan, minimum in plans
        ]
        return pd.DataFrame(rows)

    @property
    def _drawn(self) -> tuple[object, ...]:
        """What two plans have in common that were drawn alike and asked alike."""
        return self.scenarios, self.ends.shape, self.seed, self.treated_noise, self.direction, self.power, self.level

    def sentences(self, language: Language) -> tuple[Sentence, ...]:
        """Return one sentence a scenario, in Indonesian (``"id"``) or English (``"en"``); sizes are rounded up."""
        return tuple(statement.text(language) for statement in self.statements())

    def statements(self) -> tuple[Message, ...]:
        """Return what is said of each scenario, before it is said in a language."""
        return tuple(_say(row, i, self) for i, row in enumerate(self._minimum()))

    def __repr__(self) -> str:
        s = len(self.scenarios)
        return (
            f"Power({self.panel.outcome.name}: {s} scenario{'s' if s > 1 else ''} of {self.ends.shape[1]} draws; seen "
            f"in {self.power:.0%} of studies at level {self.level:g})"
        )

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [
            ("past", f"{self.panel!r}"),
            ("estimator", self.estimator.name),
            ("inference", self.rule.name),
            *noted(self),
        ]
        return card("Minimum detectable effect", facts, table=self.minimum().round(4))


def _numbers_of(scenario: Scenario) -> dict[str, Any]:
    return {name: getattr(scenario, name) for name in _SIZES}


def _share(share: float, draws: int) -> dict[str, object]:
    return {"power": share, "monte_carlo_error": math.sqrt(share * (1 - share) / draws) if share == share else math.nan}


def _quantile(needed: Float, power: float) -> tuple[float, float, float]:
    """Return the size that a share `power` of the sorted draws needs at most, with the ends of a 95 % interval.

    The number of draws below the true quantile is binomial: its 2.5 and 97.5 % points are ranks of the interval.
    """
    draws = len(needed)
    ranks = np.array([power * draws, *(scipy.stats.binom.ppf(q, draws, power) for q in (0.025, 0.975))])
    at, low, high = needed[np.clip(np.ceil(ranks - 1e-9), 1, draws).astype(np.int64) - 1]
    return float(at), float(low), float(high)


def _unit(panel: Panel) -> tuple[float, Message | None]:
    """Return what a size is multiplied with where it is said, and its unit; a share is said in percentage points."""
    if panel.outcome.unit == "share":
        return 100.0, Message("planning.points")
    return 1.0, panel.outcome.words.unit if panel.outcome.unit else None


def _round_up(size: float, source: str) -> Quantity:
    """Return a size rounded up to two digits that count: a plan must not promise more than it has."""
    decimals = max(0, 1 - math.floor(math.log10(size))) if size > 0 else 0
    return Quantity(math.ceil(round(size * 10**decimals, 9)) / 10**decimals, source, decimals)


def _say(row: dict[str, Any], at: int, power: Power) -> Message:
    scale, unit = _unit(power.panel)
    hundred = 100 * power.power
    often = Quantity(hundred, "100 * power.power", 0 if float(hundred).is_integer() else 1)
    plan = {**{name: int(row[name]) for name in _SIZES}, "shown": often}
    if math.isnan(row["effect"]):
        return Message("planning.power.unseen", **plan)
    size = _round_up(abs(row["effect"]) * scale, f"power.minimum().effect[{at}]")
    if unit is None:
        return Message("planning.power.seen_plain", **plan, size=size)
    return Message("planning.power.seen", **plan, size=size, unit=unit)
