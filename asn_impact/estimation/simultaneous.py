"""Many estimates at once: bands that hold for all of them together, and p-values for families of outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.errors import InferenceError, listed
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Inference, conclude, refuse_single_cluster

__all__ = ["Banded", "Multiplier", "romano_wolf"]

_DRAWS, _CLUSTERS = 256, 2048  # a block of signs that stays in the processor's cache; clusters in whole bytes


@dataclass(frozen=True, eq=False)
class Banded(Inference):
    """Inference whose intervals cover all estimates together; p-values are adjusted for their number.

    Attributes
    ----------
    largest
        (N,) sorted largest absolute t statistic over the estimates, in each draw.
    """

    largest: Float = None  # type: ignore[assignment]

    @property
    def p_value(self) -> Float:
        """(k,) share of draws whose largest statistic reaches that of the estimate (single-step adjusted)."""
        statistic = np.abs(self.estimate / self.std_error)
        above = len(self.largest) - np.searchsorted(self.largest, statistic, side="left")
        return np.where(np.isfinite(statistic), above / len(self.largest), np.nan)

    def interval(self, level: float = 0.95) -> tuple[Float, Float]:
        """Return the ends of the (k,) simultaneous intervals."""
        if not 0 < level < 1:
            raise InferenceError(f"level={level!r}. Expected a share between 0 and 1, for instance 0.95.")
        reach = float(np.quantile(self.largest, level)) * self.std_error
        return self.estimate - reach, self.estimate + reach


@dataclass(frozen=True)
class Multiplier:
    """Simultaneous (sup-t) bands from the influence, multiplied by random signs cluster by cluster.

    Callaway and Sant'Anna (2021), algorithm 1, with CR1 standard errors in place of their interquartile ranges and
    Rademacher in place of Mammen weights. A statement about the whole event study or completion curve at once.
    """

    reps: int
    seed: int

    @property
    def name(self) -> str:
        """Name and convention as printed."""
        return f"multiplier bootstrap, simultaneous (sup-t) band, {self.reps} draws"

    def __call__(self, effects: Effects) -> Inference:
        """Attach the simultaneous band."""
        refuse_single_cluster(effects)
        g = len(effects.design.clusters)
        influence = effects.influence
        factor = g / (g - 1) * effects.fit.correction
        df = np.full(len(effects.terms), g - 1.0)
        base = conclude(effects, self, factor * influence.T @ influence, df)
        known = np.isfinite(base.std_error)
        drawn = _sums(influence[:, known], self.reps, self.seed)
        scale = np.sqrt((influence[:, known] ** 2).sum(axis=0))
        largest = np.sort((np.abs(drawn) / scale).max(axis=1)) if known.any() else np.full(self.reps, np.nan)
        return Banded(**{name: getattr(base, name) for name in base.__dataclass_fields__}, largest=largest)


def romano_wolf(inferences: Sequence[Inference], *, reps: int, seed: int) -> pd.DataFrame:
    """Return step-down p-values for a family of single estimates on the same clusters.

    The chance, if no outcome of the family is affected, of seeing anywhere in it a t statistic as large as this one:
    Romano and
    Wolf (2005, algorithm 4.1; 2016), drawing the influences of all outcomes with the same signs for a cluster.

    Parameters
    ----------
    inferences
        Each with one estimate, for instance overall effects on several outcomes; their clusters must have the same
        labels.

    Returns
    -------
    DataFrame
        One row an outcome: outcome, estimate, std_error, statistic, p_value (its own), p_adjusted.
    """
    if not inferences:
        raise InferenceError("No inference was given. Expected one for each outcome of the family.")
    labels = [str(i) for i in inferences[0].effects.design.clusters]
    columns = []
    for inference in inferences:
        if len(inference.estimate) != 1:
            raise InferenceError(
                f"Expected one estimate for each outcome, found {len(inference.estimate)}. Use .overall()."
            )
        own = [str(i) for i in inference.effects.design.clusters]
        if sorted(own) != sorted(labels):
            apart = sorted(set(own) ^ set(labels))
            raise InferenceError(
                f"The outcomes rest on different clusters, first: {listed(apart)}. Restrict them to the same ones."
            )
        columns.append(inference.effects.influence[[own.index(label) for label in labels], 0])
    influence = np.stack(columns, axis=1)
    drawn = np.abs(_sums(influence, reps, seed)) / np.sqrt((influence**2).sum(axis=0))
    statistic = np.array([i.estimate[0] / i.std_error[0] for i in inferences])
    return pd.DataFrame(
        {
            "outcome": [i.effects.design.panel.outcome.name for i in inferences],
            "estimate": [i.estimate[0] for i in inferences],
            "std_error": [i.std_error[0] for i in inferences],
            "statistic": statistic,
            "p_value": [i.p_value[0] for i in inferences],
            "p_adjusted": _step_down(np.abs(statistic), drawn),
        }
    )


def _step_down(statistic: Float, drawn: Float) -> Float:
    """(m,) adjusted p-values: the largest statistic first, each against the largest draw among those not above it."""
    adjusted, order, floor = np.empty(len(statistic)), np.argsort(-statistic), 0.0
    for position, j in enumerate(order):
        largest = drawn[:, order[position:]].max(axis=1)
        floor = max(floor, float((1 + (largest >= statistic[j]).sum()) / (len(largest) + 1)))
        adjusted[j] = floor
    return adjusted


def _sums(influence: Float, reps: int, seed: int) -> Float:
    """(reps, k) sums over clusters of the influence times random signs.

    A sign is one random bit; the sum of the influences with a plus is doubled and the sum of all taken off.
    """
    rng = np.random.default_rng(seed)
    g, k = influence.shape
    width = -(-g // 8)
    plus = np.zeros((reps, k))
    for start in range(0, reps, _DRAWS):
        draws = slice(start, min(start + _DRAWS, reps))
        bits = np.frombuffer(rng.bytes((draws.stop - start) * width), dtype=np.uint8).reshape(-1, width)
        for first in range(0, g, _CLUSTERS):
            some = influence[first : first + _CLUSTERS]
            signs = np.unpackbits(bits[:, first // 8 : (first + _CLUSTERS) // 8], axis=1, count=len(some))
            plus[draws] += signs.astype(np.float64) @ some
    return np.asarray(2 * plus - influence.sum(axis=0))
