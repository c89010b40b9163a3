"""Size, length and power of each estimator on the same draws of records, with the rule each would be reported with.

    python benchmarks/power.py                        # 400 draws a world, this package alone: some minutes
    python benchmarks/power.py --draws 2000 --peers   # beside pyfixest, diff-diff and csdid where they are installed

Records are waits: skewed, heaped at the promised day, offices unequally large (one has 40 % of the cases), office-month
shocks that fade, treated offices as noisy as the others or twice. No effect, and an effect of two days for everyone
treated. Every estimator sees the same cells; peers get the same cells as a frame and print their own intervals.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import Pool

import numpy as np
import pandas as pd

from asn_impact.designs import Design
from asn_impact.estimation import BiasReduced, GLSImputation, GroupTime, Imputation, infer
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline

EFFECT, HORIZON, PROMISED = -2.0, 30, 10
ESTIMATORS = {"GroupTime": GroupTime(), "Imputation": Imputation(), "GLSImputation": GLSImputation()}
PEERS = ("pyfixest two-stage", "diff-diff Callaway-Sant'Anna", "diff-diff imputation", "csdid")


@dataclass(frozen=True)
class World:
    """How many offices, how many of them treated in which months, and how noisy."""

    offices: int
    treated: int
    starts: tuple[int, ...]
    months: int
    noisy: float
    persistence: float = 0.6

    def __str__(self) -> str:
        waves = f"{len(self.starts)} wave{'s' if len(self.starts) > 1 else ''}"
        noise = "twice as noisy" if self.noisy > 1 else "as noisy"
        return f"{self.offices} offices, {self.treated} treated in {waves}, {self.months} months, treated {noise}"


WORLDS = (
    World(20, 8, (15, 19, 23), 36, 1.0),
    World(20, 8, (15, 19, 23), 36, 2.0),
    World(38, 14, (15, 20, 25), 36, 2.0),
    World(38, 8, (24,), 48, 1.0),
)


def draw_cells(world: World, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return cell sums, records and the month of adoption of each office; no effect anywhere."""
    rng = np.random.default_rng(seed)
    starts = np.full(world.offices, np.inf)
    starts[: world.treated] = np.resize(world.starts, world.treated)
    starts = rng.permutation(starts)
    size = np.concatenate([[0.4], 0.6 * rng.dirichlet(np.full(world.offices - 1, 2.0))]) * 12 * world.offices
    n = np.maximum(rng.poisson(rng.permutation(size)[:, None], (world.offices, world.months)), 1)
    noise = np.where(np.isfinite(starts), world.noisy, 1.0)
    innovation = rng.normal(size=(world.offices, world.months)) * 1.2 * noise[:, None]
    shock = np.empty_like(innovation)
    shock[:, 0] = innovation[:, 0] / np.sqrt(1 - world.persistence**2)
    for t in range(1, world.months):
        shock[:, t] = world.persistence * shock[:, t - 1] + innovation[:, t]
    level = 11 + 2 * rng.normal(size=(world.offices, 1)) + 0.8 * np.sin(np.arange(world.months) / 2) + shock
    cell = np.repeat(np.arange(n.size), n.ravel())
    waits = np.exp(rng.normal(np.log(np.maximum(level.ravel()[cell], 1.0)) - 0.32, 0.8))
    heaped = (waits > PROMISED) & (waits < PROMISED + 3) & (rng.random(len(waits)) < 0.5)
    waits = np.minimum(np.where(heaped, PROMISED, np.round(waits)), HORIZON)
    total = np.bincount(cell, waits, minlength=n.size).reshape(n.shape)
    return total, n.astype(np.float64), starts


def build_design(world: World, seed: int, effect: float) -> Design:
    """Return the design of one draw."""
    total, n, starts = draw_cells(world, seed)
    steps = np.arange(world.months)
    mean = total / n + effect * (steps[None, :] >= starts[:, None])
    offices = tuple(f"K{i:02d}" for i in range(world.offices))
    panel = Panel(
        outcome=Mean("days", "days"),
        units=offices,
        timeline=Timeline.months(12 * 2022 + steps),
        n=n,
        mean=mean,
        weight=np.ones_like(n),
        attributes=pd.DataFrame({"office": offices}),
    )
    return Design(panel, starts, np.arange(world.offices), offices, "office")


def analyse_ours(design: Design) -> Iterator[tuple[str, float, float]]:
    """Yield the ends of the interval of each estimator under the default rule."""
    for name, estimator in ESTIMATORS.items():
        low, high = infer(estimator.estimate(design).overall(), BiasReduced()).interval(0.95)
        yield name, float(low[0]), float(high[0])


def analyse_peers(design: Design) -> Iterator[tuple[str, float, float]]:
    """Yield the ends of what each installed peer prints for the same cells."""
    frame = design.panel.frame().assign(unit=lambda f: f["unit"].astype("category").cat.codes)
    steps = {label: i + 1 for i, label in enumerate(design.panel.timeline.labels)}
    starts = pd.Series(design.adopted + 1, index=range(len(design.adopted))).replace(np.inf, 0)
    frame = frame.assign(time=frame["period"].map(steps), first=frame["unit"].map(starts).astype(int), y=frame["mean"])
    for name, call in {
        PEERS[0]: _pyfixest,
        PEERS[1]: lambda f: _diff_diff(f, "CallawaySantAnna"),
        PEERS[2]: lambda f: _diff_diff(f, "ImputationDiD"),
        PEERS[3]: _csdid,
    }.items():
        try:
            yield name, *call(frame)
        except ImportError:
            continue


def _pyfixest(frame: pd.DataFrame) -> tuple[float, float]:
    import pyfixest

    treated = frame.assign(treated=((frame["first"] > 0) & (frame["time"] >= frame["first"])).astype(int))
    fit = pyfixest.did2s(
        treated,
        yname="y",
        first_stage="~ 0 | unit + time",
        second_stage="~ treated",
        treatment="treated",
        cluster="unit",
    )
    low, high = fit.confint().iloc[-1, :2]
    return float(low), float(high)


def _diff_diff(frame: pd.DataFrame, name: str) -> tuple[float, float]:
    import diff_diff

    fit = getattr(diff_diff, name)().fit(frame, outcome="y", unit="unit", time="time", first_treat="first")
    low, high = fit.overall_conf_int
    return float(low), float(high)


def _csdid(frame: pd.DataFrame) -> tuple[float, float]:
    from csdid.att_gt import ATTgt

    fit = ATTgt(yname="y", tname="time", idname="unit", gname="first", data=frame, control_group="notyettreated")
    overall = fit.fit(est_method="reg", bstrap=False, cband=False).aggte("simple", bstrap=False, cband=False).atte
    estimate, error = float(overall["overall_att"]), float(np.ravel(overall["overall_se"])[0])
    return estimate - 1.96 * error, estimate + 1.96 * error


def one_draw(task: tuple[World, int, bool]) -> list[tuple[str, float, float, float]]:
    """Return the intervals of one draw without effect, and of the same draw with it."""
    world, seed, peers = task
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for effect in (0.0, EFFECT):
            design = build_design(world, seed, effect)
            rows += [(name, effect, low, high) for name, low, high in analyse_ours(design)]
            if peers:
                rows += [(name, effect, low, high) for name, low, high in analyse_peers(design)]
    return rows


def summarise(rows: list[tuple[str, float, float, float]]) -> pd.DataFrame:
    """Return size, power, coverage and mean length by estimator."""
    frame = pd.DataFrame(rows, columns=["estimator", "effect", "low", "high"])
    frame = frame.assign(
        claims=(frame["low"] > 0) | (frame["high"] < 0),
        holds=(frame["low"] <= frame["effect"]) & (frame["effect"] <= frame["high"]),
        length=frame["high"] - frame["low"],
    )
    none, some = frame[frame["effect"] == 0], frame[frame["effect"] != 0]
    by = "estimator"
    table = pd.DataFrame(
        {
            "size": none.groupby(by, sort=False)["claims"].mean(),
            "power at -2": some.groupby(by, sort=False)["claims"].mean(),
            "covers -2": some.groupby(by, sort=False)["holds"].mean(),
            "mean length": none.groupby(by, sort=False)["length"].mean(),
        }
    )
    return table.round({"size": 3, "power at -2": 3, "covers -2": 3, "mean length": 2})


def main() -> None:
    """Print one table a world."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    run: Callable[..., list[list[tuple[str, float, float, float]]]]
    for number, world in enumerate(WORLDS):
        begun = time.perf_counter()
        with Pool(chosen.processes) as pool:
            run = pool.map
            rows = run(one_draw, [(world, 100_000 * number + i, chosen.peers) for i in range(chosen.draws)], 8)
        print(f"\n{world}: {chosen.draws} draws, {time.perf_counter() - begun:.0f} s")
        print(summarise([row for part in rows for row in part]).to_string())


if __name__ == "__main__":
    main()
