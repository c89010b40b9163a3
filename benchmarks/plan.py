"""Is the power announced the power found? Pasts and studies to come, drawn from worlds that are known.

    python benchmarks/plan.py                        # 300 pasts a world, five studies after each: an hour
    python benchmarks/plan.py --pasts 20 --only 20   # worlds by part of their name

Each draw makes offices, their past, and the minimum detectable effect that `detectable` announces for a study with
them. Then studies of the same offices are drawn, trained by lot, with an effect of that size: how often is it seen?
GLS imputation chooses its working covariance anew in each study, as it does in earnest.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass, replace
from multiprocessing import Pool

import numpy as np
import pandas as pd

from asn_impact.designs import Design
from asn_impact.errors import AsnImpactError
from asn_impact.estimation import BiasReduced, GLSImputation, GroupTime, Imputation, infer
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline
from asn_impact.topics.planning.power import detectable

ESTIMATORS = {"GLS imputation": GLSImputation(), "Imputation": Imputation(), "GroupTime": GroupTime()}
PIECE, FIRST = 5, 12 * 2022
REPS = 400  # draws of `detectable`


@dataclass(frozen=True)
class World:
    """Offices, their past and the study after it."""

    offices: int
    trained: int
    starts: tuple[int, ...]
    months: int
    past: int
    persistence: float = 0.6  # of the shocks of an office; 1: a random walk
    shocks: float = 1.5  # their standard deviation; of a random walk, after half a year
    noisy: float = 1.0  # trained offices, as a multiple of the others
    known: bool = True  # whether the plan is told so

    def __str__(self) -> str:
        waves = f"{len(self.starts)} wave{'s' if len(self.starts) > 1 else ''}"
        noise = f", trained {self.noisy:g} times as noisy{'' if self.known else ', not told'}" if self.noisy > 1 else ""
        fading = "a random walk" if self.persistence == 1 else f"correlation {self.persistence:g}"
        return (
            f"{self.offices} offices, {self.trained} in {waves}, {self.months} months, past of {self.past}, "
            f"{fading}{noise}"
        )


WORLDS = (
    World(20, 8, (12, 18, 24), 36, 12),
    World(20, 8, (12, 18, 24), 36, 24),
    World(20, 8, (12, 18, 24), 36, 36),
    World(38, 14, (12, 18, 24), 36, 12),
    World(12, 5, (12,), 24, 18),
    World(20, 8, (12, 18, 24), 36, 24, persistence=0.9),
    World(20, 8, (12, 18, 24), 36, 24, persistence=1.0),
    World(20, 8, (12, 18, 24), 36, 24, noisy=2.0),
    World(20, 8, (12, 18, 24), 36, 24, noisy=2.0, known=False),
)


@dataclass(frozen=True, eq=False)
class Offices:
    """How large and how noisy each office is."""

    cases: np.ndarray  # (O,) a month
    scale: np.ndarray  # (O,) of its noise

    @classmethod
    def drawn(cls, world: World, rng: np.random.Generator) -> Offices:
        """Return offices of very unequal size, and of noise that differs by a third."""
        cases = np.maximum(rng.gamma(2.0, 6.0, world.offices), 2.0)
        return cls(cases, np.exp(rng.normal(0, 0.3, world.offices)))

    def observe(self, world: World, months: int, factor: np.ndarray, rng: np.random.Generator) -> Panel:
        """Return cells of so many months: season, shocks that fade, means of skewed waits."""
        shape = (world.offices, months)
        n = np.maximum(rng.poisson(self.cases[:, None], shape), 1)
        waits = (rng.gamma(n * 1.5, 1.0) / n - 1.5) * 8.0 / np.sqrt(1.5)  # mean of n skewed waits with sd 8
        noise = (_shocks(world, shape, rng) + waits) * self.scale[:, None] * factor[:, None]
        names = tuple(f"K{i:02d}" for i in range(world.offices))
        return Panel(
            outcome=Mean("days", "days"),
            units=names,
            timeline=Timeline.months(FIRST + np.arange(months)),
            n=n.astype(np.float64),
            mean=12 + np.sin(np.arange(months) / 2) + rng.normal(0, 2, (world.offices, 1)) + noise,
            weight=np.ones(shape),
            attributes=pd.DataFrame({"office": names}),
        )


def _shocks(world: World, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    z = rng.normal(size=shape)
    if world.persistence == 1.0:
        return np.cumsum(z, axis=1) * world.shocks / np.sqrt(6)
    shock = z.copy()
    for t in range(1, shape[1]):
        shock[:, t] = world.persistence * shock[:, t - 1] + np.sqrt(1 - world.persistence**2) * z[:, t]
    return shock * world.shocks


def announce(world: World, panel: Panel, seed: int) -> dict[str, float]:
    """Return the minimum detectable effect that is announced, by estimator."""
    told = {
        "cluster": "office",
        "treated": world.trained,
        "waves": [world.starts],
        "months": world.months,
        "treated_noise": world.noisy if world.known else 1.0,
    }
    plans = {name: detectable(panel, **told, reps=REPS, seed=seed, estimator=e) for name, e in ESTIMATORS.items()}
    return {name: float(plan.minimum()["effect"][0]) for name, plan in plans.items()}


def one_past(task: tuple[World, int, int]) -> list[tuple[str, float, float]]:
    """Return for one past: estimator, effect announced, share of studies to come in which it was seen."""
    world, seed, studies = task
    rng = np.random.default_rng([seed, world.offices, world.past, world.months])
    offices = Offices.drawn(world, rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        announced = announce(world, offices.observe(world, world.past, np.ones(world.offices), rng), seed)
        seen = {name: [] for name in ESTIMATORS}
        for _ in range(studies):
            starts = np.full(world.offices, np.inf)
            starts[: world.trained] = np.resize(world.starts, world.trained)
            starts = rng.permutation(starts)
            factor = np.where(np.isfinite(starts), world.noisy, 1.0)
            panel = offices.observe(world, world.months, factor, rng)
            design = Design(panel, starts, np.arange(world.offices), panel.units, "office")
            for name, effect in announced.items():
                seen[name].append(sees(design, name, effect))
    return [(name, announced[name], float(np.mean(seen[name]))) for name in ESTIMATORS]


def sees(design: Design, name: str, effect: float) -> bool:
    """Whether a study sees an effect of some size: its whole interval lies below zero."""
    moved = replace(design, panel=replace(design.panel, mean=design.panel.mean + effect * design.treated()))
    try:
        return bool(infer(ESTIMATORS[name](moved).overall(), BiasReduced()).interval(0.95)[1][0] < 0)
    except AsnImpactError:
        return False


def main() -> None:
    """Print a table: world by estimator."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pasts", type=int, default=300)
    parser.add_argument("--studies", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="part of the names of the worlds to draw")
    asked = parser.parse_args()
    print("| world | estimator | announced | found power | its error | in .78 to .82 |")
    print("|---|---|---:|---:|---:|---|")
    begun = time.perf_counter()
    with Pool(asked.processes) as pool:
        for world in (w for w in WORLDS if asked.only in str(w)):
            parts = pool.map(one_past, [(world, seed, asked.studies) for seed in range(asked.pasts)], PIECE)
            frame = pd.DataFrame([row for part in parts for row in part], columns=["name", "announced", "power"])
            for name, rows in frame.groupby("name", sort=False):
                power, error = rows["power"].mean(), rows["power"].std() / np.sqrt(len(rows))
                met = (
                    "yes" if 0.78 <= power <= 0.82 else "within error" if abs(power - 0.8) < 0.02 + 2 * error else "no"
                )
                median = rows["announced"].median()
                print(f"| {world} | {name} | {median:.2f} | {power:.3f} | {error:.3f} | {met} |", flush=True)
    print(f"\n{asked.pasts} pasts a world, {asked.studies} studies after each; {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
