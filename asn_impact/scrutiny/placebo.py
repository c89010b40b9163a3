"""Effects where there can be none: before training, in offices nobody trained, in outcomes training cannot touch.

Each is the same estimator on another design, so every estimator gets them.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int
from asn_impact.designs import Design
from asn_impact.errors import AsnImpactError, DataWarning, EstimationError
from asn_impact.estimation import Inference
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Rule
from asn_impact.scrutiny.said import Check, Said, Verdict, cannot_say, refused, say

__all__ = ["before_training", "leave_one_out", "placebo_in_space", "placebo_in_time", "placebo_outcome"]

_TIME = say(
    "Apakah ada 'dampak' sebelum pelatihan, bila tanggalnya dimajukan?",
    "Is there an 'effect' before training, when its dates are moved forward?",
)
_SPACE = say(
    "Seberapa sering kantor yang tidak dilatih menunjukkan 'dampak' sebesar ini?",
    "How often do offices that nobody trained show an 'effect' as large as this?",
)
OUTCOME = say(
    "Apakah ada 'dampak' pada ukuran yang tidak dapat dipengaruhi pelatihan?",
    "Is there an 'effect' on an outcome that training cannot touch?",
)
_ONE_OUT = say("Apakah hasilnya bergantung pada satu kantor?", "Does the finding rest on a single office?")
_LEVEL = 0.05
_DOUBT = 0.20


def one_estimate(effects: Effects) -> Effects:
    """Return effects of one number, or refuse."""
    if len(effects.terms) != 1:
        raise EstimationError(f"{len(effects.terms)} estimates. Expected one: effects.overall().")
    return effects


def under(rule: Rule, effects: Effects) -> Inference:
    """Return the inference without repeating warnings that the main result has given."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return rule(effects)


def again(effects: Effects, design: Design) -> Effects:
    """Return the same estimate on another design, without repeating warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return effects.again(design)


# ----------------------------------------------------------------------------------------------------- in time


def before_training(design: Design, *, steps: int) -> Design:
    """Return the design with training `steps` periods earlier, on the cells before the real training alone.

    Units whose moved date has no period before it are left out.
    """
    if steps < 1:
        raise EstimationError(f"steps={steps!r}. Expected how many periods to move training forward, 1 or more.")
    panel, hidden = design.panel, design.treated()
    last = np.flatnonzero((panel.observed & ~hidden).any(axis=0)).max(initial=0) + 1
    keep = np.arange(last)
    masked = replace(
        panel,
        timeline=panel.timeline.select(keep),
        n=np.where(hidden, 0.0, panel.n)[:, keep],
        mean=np.where(hidden, np.nan, panel.mean)[:, keep],
        weight=np.where(hidden, 0.0, panel.weight)[:, keep],
        within=np.where(hidden[:, :, None, None], 0.0, panel.within)[:, keep],
        x=panel.x[:, keep],
    )
    moved = replace(design, panel=masked).shifted(-steps)
    return moved.where(moved.adopted >= 1)


def placebo_in_time(effects: Effects, *, rule: Rule, steps: int) -> Check:
    """Return the check that moves training `steps` periods forward and uses the time before training alone.

    Fails: the interval excludes zero. Doubtful: it holds zero but also the real estimate, so that it could not tell.
    """
    moved = before_training(one_estimate(effects).design, steps=steps)
    try:
        fake = under(rule, again(effects, moved))
    except AsnImpactError as problem:
        return cannot_say("placebo_in_time", _TIME, refused(problem))
    answer = say(
        "Dengan tanggal {k} periode lebih awal dan data sebelum pelatihan saja, 'dampak'nya {x} (p = {p}).",
        "With dates {k} periods earlier and data before training only, the 'effect' is {x} (p = {p}).",
        k=steps,
        x=float(fake.estimate[0]),
        p=float(fake.p_value[0]),
    )
    verdict, more = _zero_or_real(fake, float(effects.estimate[0]))
    return Check("placebo_in_time", _TIME, answer + more, verdict, fake.table().assign(steps=steps))


def _zero_or_real(fake: Inference, real: float) -> tuple[Verdict, Said]:
    """Return what an interval says that ought to hold zero and ought not to hold the real estimate."""
    low, high = (float(end[0]) for end in fake.interval())
    if np.isnan(low):
        return "cannot_say", say("Galat bakunya tidak dapat dihitung.", "It has no standard error.")
    if low > 0 or high < 0:
        return "fails", Said("", "")
    if np.isfinite(real) and low <= real <= high:
        return "doubtful", say(
            "Intervalnya juga memuat dampak yang sebenarnya diduga ({x}): uji ini terlalu lemah.",
            "Its interval also holds the real estimate ({x}): this check is too weak to tell.",
            x=real,
        )
    return "holds", Said("", "")


def placebo_outcome(other: Inference, *, real: float = np.nan) -> Check:
    """Return the check of an outcome or service that training cannot have touched.

    Parameters
    ----------
    other
        Inference of one number on the other outcome.
    real
        The effect on the outcome of interest, if it has the same unit: the check is doubtful when it cannot tell the
        two apart.
    """
    one_estimate(other.effects)
    answer = say(
        "'Dampak' pada {name}: {x} (p = {p}).",
        "'Effect' on {name}: {x} (p = {p}).",
        name=other.effects.design.panel.outcome.name,
        x=float(other.estimate[0]),
        p=float(other.p_value[0]),
    )
    verdict, more = _zero_or_real(other, real)
    return Check("placebo_outcome", OUTCOME, answer + more, verdict, other.table())


# ---------------------------------------------------------------------------------------------------- in space


def placebo_in_space(effects: Effects, *, seed: int, reps: int) -> Check:
    """Return the check that deals the real training dates among offices that were never trained.

    As many clusters get each date as in truth, or in the same proportions when fewer than twice as many are untrained.
    The t statistic of the real effect is ranked among theirs: ``p = (1 + number as large) / (1 + reps)``.

    Holds: p at most 0.05. Doubtful: at most 0.20.
    """
    design = one_estimate(effects).design
    free = ~np.isin(design.cluster, design.cluster[np.isfinite(design.adopted)])
    if (untrained := len(np.unique(design.cluster[free]))) < 4:
        return cannot_say("placebo_in_space", _SPACE, _too_few(untrained))
    pool = design.where(free)
    dates = _dates(design, untrained)
    real = _studentised(effects)
    rng = np.random.default_rng(seed)
    drawn = np.array([_drawn(effects, pool, dates, rng) for _ in range(reps)])
    known = drawn[np.isfinite(drawn[:, 1])]
    if len(known) < reps / 2 or not np.isfinite(real):
        return cannot_say("placebo_in_space", _SPACE, _too_few(untrained))
    p = float((1 + (np.abs(known[:, 1]) >= abs(real)).sum()) / (1 + len(known)))
    verdict: Verdict = "holds" if p <= _LEVEL else "doubtful" if p <= _DOUBT else "fails"
    answer = say(
        "Dari {k} pembagian tanggal di antara {u} kelompok yang tidak dilatih, 'dampak' sekuat ini muncul {m} kali "
        "(p = {p}).",
        "In {k} deals of the dates among {u} untrained clusters, an 'effect' this strong came up {m} times (p = {p}).",
        k=len(known),
        u=untrained,
        m=int((np.abs(known[:, 1]) >= abs(real)).sum()),
        p=p,
    )
    table = pd.DataFrame(
        {
            "term": ["real", *(f"placebo {q:g}%" for q in (2.5, 50, 97.5))],
            "estimate": [float(effects.estimate[0]), *np.percentile(known[:, 0], (2.5, 50, 97.5))],
            "statistic": [real, *np.percentile(known[:, 1], (2.5, 50, 97.5))],
            "p_value": [p, np.nan, np.nan, np.nan],
        }
    )
    return Check("placebo_in_space", _SPACE, answer, verdict, table)


def _too_few(untrained: int) -> Said:
    return say(
        "Hanya {u} kelompok yang tidak dilatih; dampak palsu tidak dapat dibandingkan.",
        "Only {u} untrained clusters, or no effect among them: nothing to rank against.",
        u=untrained,
    )


def _dates(design: Design, untrained: int) -> Float:
    """(untrained,) dates to deal: those of the trained clusters, thinned so that at least half stay without."""
    first = [design.adopted[design.cluster == c].min() for c in np.unique(design.cluster)]
    waves, counts = np.unique([d for d in first if np.isfinite(d)], return_counts=True)
    shrunk = np.maximum(1, np.floor(counts * min(1.0, untrained / 2 / counts.sum()))).astype(np.int64)
    dealt = np.repeat(waves, shrunk)[: untrained // 2]
    return np.concatenate([dealt, np.full(untrained - len(dealt), np.inf)])


def _drawn(effects: Effects, pool: Design, dates: Float, rng: np.random.Generator) -> tuple[float, float]:
    dealt: Float = rng.permutation(dates)[pool.cluster]
    try:
        fake = again(effects, replace(pool, adopted=dealt))
    except AsnImpactError:
        return np.nan, np.nan
    return float(fake.estimate[0]), _studentised(fake)


def _studentised(effects: Effects) -> float:
    spread = float(np.sqrt((effects.influence[:, 0] ** 2).sum()))
    return float(effects.estimate[0]) / spread if spread > 0 else np.nan


# ------------------------------------------------------------------------------------------------- leave one out


def leave_one_out(effects: Effects) -> Check:
    """Return the check of the estimate without each cluster in turn.

    Fails: without one cluster the sign changes. Doubtful: it moves by more than half its size, or cannot be estimated.
    """
    one_estimate(effects)
    full, without = float(effects.estimate[0]), effects.leave_one_out()[:, 0]
    labels = [str(label) for label in effects.design.clusters]
    order: Int = np.argsort(-np.nan_to_num(np.abs(without - full), nan=np.inf), kind="stable")
    table = pd.DataFrame({"without": labels, "estimate": without, "change": without - full}).iloc[order]
    if np.isnan(without).all() or np.isnan(full):
        why = say("Tidak dapat diduga tanpa salah satunya.", "It cannot be estimated without any of them.")
        return cannot_say("leave_one_out", _ONE_OUT, why)
    worst = int(np.nanargmax(np.abs(without - full)))
    answer = say(
        "Tanpa satu per satu, hasilnya antara {low} dan {high}; paling berubah tanpa {name} ({x}).",
        "Leaving out one at a time, it lies between {low} and {high}; it moves most without {name} ({x}).",
        low=float(np.nanmin(without)),
        high=float(np.nanmax(without)),
        name=labels[worst],
        x=float(without[worst]),
    )
    if np.isnan(without).any():
        answer += say(
            "Tanpa {k} di antaranya tidak dapat diduga.",
            "Without {k} of them it cannot be estimated.",
            k=int(np.isnan(without).sum()),
        )
    return Check("leave_one_out", _ONE_OUT, answer, _rests(full, without), table.reset_index(drop=True))


def _rests(full: float, without: Float) -> Verdict:
    known = without[np.isfinite(without)]
    if (np.sign(known) != np.sign(full)).any():
        return "fails"
    moved = np.abs(known - full).max() > 0.5 * abs(full)
    return "doubtful" if moved or len(known) < len(without) else "holds"
