"""How often a study of nothing is claimed at some look, when it is looked at every month.

python benchmarks/looking.py [--draws 400] [--offices 16] [--treated 6] [--looks 12] [--seed 1]
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from asn_impact.designs import Design, assign
from asn_impact.estimation import BiasReduced, GLSImputation
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel
from asn_impact.scrutiny.looks import levels_of_looks

BEFORE = 12


def history(offices: int, treated: int, looks: int) -> Design:
    """Return a year before training and as many months after it as there will be looks."""
    months = [str(m) for m in pd.period_range("2023-01", periods=BEFORE + looks, freq="M")]
    rows = [(f"O{o:03d}", m, 0.0, months[BEFORE] if o < treated else None) for o in range(offices) for m in months]
    frame = pd.DataFrame(rows, columns=["office", "month", "days", "trained"])
    panel = read_panel(frame, unit="office", period="month", outcome="days")
    return assign(panel, read_rollout(frame, unit="office", adopted="trained"), cluster="office")


def drawn(design: Design, rng: np.random.Generator) -> Design:
    """Return the design with waits of offices that differ, drift (0.6 from month to month) and vary."""
    shape = design.panel.mean.shape
    shocks = rng.normal(size=shape)
    drift = np.zeros(shape)
    for t in range(shape[1]):
        drift[:, t] = (0.6 * drift[:, t - 1] if t else 0.0) + 0.8 * shocks[:, t]
    mean = 2 * rng.normal(size=(shape[0], 1)) + drift + rng.normal(size=shape)
    return replace(design, panel=replace(design.panel, mean=mean))


def so_far(design: Design, months: int) -> Design:
    """Return what is known after some months."""
    panel, keep = design.panel, slice(0, months)
    first = panel.timeline.select(np.arange(months))
    cells = {name: getattr(panel, name)[:, keep] for name in ("n", "mean", "weight", "within", "x")}
    return replace(design, panel=replace(panel, timeline=first, **cells))


def rates(draws: int, offices: int, treated: int, looks: int, seed: int) -> tuple[float, float, float]:
    """Return how often some look speaks at 95 % each, at the levels of looks, and how often the last one alone does."""
    rng, design, rule = np.random.default_rng(seed), history(offices, treated, looks), BiasReduced()
    levels = levels_of_looks(looks)
    plain = kept = last = 0
    for _ in range(draws):
        whole = drawn(design, rng)
        p = [float(rule(GLSImputation()(so_far(whole, BEFORE + j + 1)).overall()).p_value[0]) for j in range(looks)]
        plain += min(p) < 0.05
        kept += bool((np.array(p) < 1 - levels).any())
        last += p[-1] < 0.05
    return plain / draws, kept / draws, last / draws


def main() -> None:
    """Print the three rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("draws", 400), ("offices", 16), ("treated", 6), ("looks", 12), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    plain, kept, last = rates(**vars(parser.parse_args()))
    print(f"some look at 95 % each {plain:.3f}; at the levels of looks {kept:.3f}; the last look alone {last:.3f}")


if __name__ == "__main__":
    main()
